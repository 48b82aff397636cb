//! Writes down the numbering plans of all countries, which libphonenumber's metadata describe, as a
//! table in Rust: loading the metadata takes a tenth of a second, which every start would pay.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;

/// Country codes have up to three digits (ITU-T E.164, section 6.2.1).
const CODES: std::ops::RangeInclusive<u16> = 1..=999;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut table = String::from("static PLANS: &[Plan] = &[\n");
    for code in CODES {
        if let Some(regions) = DATABASE.by_code(&code) {
            writeln!(table, "Plan {{ code: {code}, regions: &[")?;
            for region in regions {
                write_region(&mut table, region)?;
            }
            writeln!(table, "] }},")?;
        }
    }
    table.push_str("];\n");
    let folder = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&folder).join("plans.rs"), table)?;
    Ok(())
}

fn write_region(table: &mut String, region: &Metadata) -> std::fmt::Result {
    let all = region.descriptors();
    let types = [
        all.fixed_line(),
        all.mobile(),
        all.toll_free(),
        all.premium_rate(),
        all.shared_cost(),
        all.personal_number(),
        all.voip(),
        all.pager(),
        all.uan(),
        all.voicemail(),
    ];
    let leading = region.leading_digits().map(|digits| plain(digits.as_str()));
    // Some expressions for prefixes rewrite what follows: not worth it for numbers from abroad.
    let parsed = region
        .national_prefix_for_parsing()
        .filter(|_| region.national_prefix_transform_rule().is_none());
    let prefix = parsed.map(|prefix| plain(prefix.as_str()));
    let prefix = prefix.or_else(|| region.national_prefix().map(str::to_owned));
    writeln!(
        table,
        "Region {{ leading: {leading:?}, prefix: {prefix:?}, types: &["
    )?;
    for one in types.into_iter().flatten() {
        // A type that names no lengths has those of the whole plan.
        let lengths = match one.possible_length() {
            [] => all.general().possible_length(),
            lengths => lengths,
        };
        let bits = lengths.iter().fold(0u32, |bits, length| bits | 1 << length);
        let pattern = plain(one.national_number().as_str());
        writeln!(table, "({bits:#x}, {pattern:?}),")?;
    }
    writeln!(table, "] }},")
}

/// The expression without its white space, and for ASCII digits alone.
fn plain(pattern: &str) -> String {
    let bare: String = pattern.chars().filter(|c| !c.is_whitespace()).collect();
    bare.replace(r"\d", "[0-9]")
}
