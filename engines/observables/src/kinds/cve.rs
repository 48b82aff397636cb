//! CVE identifiers: `CVE-` year `-` four digits or more (CVE record format 5, `cveId`).

use crate::cue::Cue;
use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Cve],
    wakes_on: &[Wake::at(Cue::Cve.set())],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    if !anchor.cues.has(Cue::Cve) || !scan.opens(anchor.start) {
        return;
    }
    if let Some((value, end)) = read(scan.bytes, anchor.end)
        && scan.closes(end)
    {
        finds.push(Kind::Cve, anchor.start, end, value);
    }
}

/// Reads `-2024-12345` behind the letters; a space may stand for the first hyphen.
fn read(bytes: &[u8], after_letters: usize) -> Option<(String, usize)> {
    let separator = |at: usize| matches!(bytes.get(at), Some(b'-' | b' ' | b':'));
    let digits = |at: usize| {
        bytes[at.min(bytes.len())..]
            .iter()
            .take(20)
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let year = after_letters + 1;
    let number = year + 5;
    if !separator(after_letters) || digits(year) != 4 || bytes.get(year + 4) != Some(&b'-') {
        return None;
    }
    let length = digits(number);
    // The list began in 1999; nineteen digits is the length the record format allows.
    if !(4..=19).contains(&length) || &bytes[year..year + 4] < b"1999".as_slice() {
        return None;
    }
    let end = number + length;
    let text = std::str::from_utf8(&bytes[year..end]).ok()?;
    Some((format!("CVE-{text}"), end))
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let bytes = field.as_bytes();
    if !bytes.get(..3)?.eq_ignore_ascii_case(b"cve") {
        return None;
    }
    read(bytes, 3)
        .filter(|(_, end)| *end == bytes.len())
        .map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use crate::Kind::Cve;
    use crate::kinds::check;

    #[test]
    fn identifiers() {
        check(
            "unpatched for cve-2021-44228 (Log4Shell)",
            &[(Cve, "CVE-2021-44228")],
        );
        check(
            "CVE 2023-4966, CVE\u{2011}2024\u{2011}3400",
            &[(Cve, "CVE-2023-4966"), (Cve, "CVE-2024-3400")],
        );
        check("CVE-2021-442 CVE-1066-12345 CVE-2021", &[]);
    }
}
