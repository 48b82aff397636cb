//! UK company numbers, as Companies House issues them, near words that call them so.

use crate::cue::Cue;
use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::Words;

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::UkCompanyNumber],
    wakes_on: &[
        Wake::on(Mark::Digits).long(7, 8),
        Wake::on(Mark::Mixed).long(8, 8),
    ],
    find,
    normalise,
};

/// Prefixes of numbers issued outside England and Wales, or to other than companies.
static PREFIXES: Words = Words::new(
    " ac br ce cs es fc fe ge gn gs ic ip lp na nc nf ni nl no np nr nv nz oc oe \
    pc rc rs sa sc se sf sg si sl so sp sr sz zc ",
);

/// How far before the number its words may stand.
const NEAR: usize = 60;

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let (start, end) = (anchor.start, anchor.end);
    let length = end - start;
    if !matches!(length, 7 | 8) || !scan.opens(start) || !scan.closes(end) {
        return;
    }
    let Some(company) = scan.distance_before(start, NEAR, Cue::Company.set()) else {
        return;
    };
    let prefixed = scan.bytes[start].is_ascii_alphabetic();
    // Nearer words of banking claim an eight-digit number for an account.
    let rival = if prefixed {
        None
    } else {
        scan.distance_before(start, NEAR, Cue::Account.set())
    };
    if rival.is_some_and(|account| account < company) || !(prefixed || announced(scan, start)) {
        return;
    }
    if let Some(value) = read(&scan.text[start..end]) {
        finds.push(Kind::UkCompanyNumber, start, end, value);
    }
}

/// For bare digits a word for "number" must stand between the company and the digits, or the
/// company's word right before them: `Acme Ltd (01234567)`.
fn announced(scan: &Scan<'_>, start: usize) -> bool {
    let between = &scan.text.as_bytes()[start.saturating_sub(24)..start];
    let near = String::from_utf8_lossy(between).to_ascii_lowercase();
    let said = [
        "number", "no", "reg", "house", "crn", "wales", "england", "#",
    ];
    said.iter().any(|word| near.contains(word))
        || scan.distance_before(start, 4, Cue::Company.set()).is_some()
}

fn read(written: &str) -> Option<String> {
    let value = written.to_ascii_uppercase();
    let bytes = value.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) {
        // Leading zeros are often left off; numbers of seven digits and fewer have them.
        return matches!(bytes.len(), 7 | 8).then(|| format!("{value:0>8}"));
    }
    let prefix = value.get(..2)?;
    let number = value.get(2..)?;
    let listed = prefix == "R0" || PREFIXES.has(prefix);
    (value.len() == 8 && listed && number.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some(value)
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    read(field)
}

#[cfg(test)]
mod tests {
    use crate::Kind::UkCompanyNumber;
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn numbers_near_their_words() {
        check(
            "Acme Ltd, company number 01234567",
            &[(UkCompanyNumber, "01234567")],
        );
        check(
            "registered in Scotland SC123456",
            &[(UkCompanyNumber, "SC123456")],
        );
        check(
            "Companies House no. 1234567",
            &[(UkCompanyNumber, "01234567")],
        );
        check(
            "Registered in England and Wales No: 09876543",
            &[(UkCompanyNumber, "09876543")],
        );
    }

    #[test]
    fn not_without_them() {
        check("I was quoted 01234567 and SC123456", &[]);
        check("the company took my account number 12345678", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::UkCompanyNumber, "oc301234").as_deref(),
            Some("OC301234")
        );
        assert_eq!(normalise(Kind::UkCompanyNumber, "XX301234"), None);
    }
}
