//! MITRE ATT&CK techniques: `T` and four digits, and the three digits of a sub-technique.

use crate::cue::Cue;
use crate::family::{Bytes, Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::AttackTechnique],
    wakes_on: &[Wake::on(Mark::Mixed).long(5, 5).first(Bytes::of(b"T"))],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let token = &scan.bytes[anchor.start..anchor.end];
    // Lower case is how product names and times are written, not techniques.
    if token.len() != 5 || token[0] != b'T' || !scan.opens(anchor.start) {
        return;
    }
    let Some((value, end)) = read(scan.bytes, anchor.start) else {
        return;
    };
    // A number alone could be a part or a vehicle: the three digits of a sub-technique, a word of
    // the trade or another technique beside it make it one.
    let sub = end - anchor.start > 5;
    let said = || scan.near(anchor.start, end, 200, Cue::Technique.set());
    let beside = || another(scan, anchor.start, end);
    let known = token[1] == b'0' && said() || token[1] == b'1' && token[1..] > b"1000"[..];
    if known && (sub || said() || beside()) && scan.closes(end) && scan.before(anchor.start) != b'-'
    {
        finds.push(Kind::AttackTechnique, anchor.start, end, value);
    }
}

/// Whether another technique stands within a few words.
fn another(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    let before = &scan.bytes[start.saturating_sub(32)..start];
    let behind = &scan.bytes[end..(end + 32).min(scan.bytes.len())];
    let technique = |part: &[u8]| {
        part.windows(6).any(|six| {
            !six[0].is_ascii_alphanumeric()
                && six[1] == b'T'
                && six[2..].iter().all(u8::is_ascii_digit)
        })
    };
    technique(before) || technique(behind)
}

fn read(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let digits = |from: usize, count: usize| {
        bytes
            .get(from..from + count)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    if !bytes.get(start)?.eq_ignore_ascii_case(&b'T') || !digits(start + 1, 4) {
        return None;
    }
    let mut end = start + 5;
    if matches!(bytes.get(end), Some(b'.' | b'/')) && digits(end + 1, 3) {
        end += 4;
    }
    let text = std::str::from_utf8(&bytes[start..end]).ok()?;
    Some((text.to_ascii_uppercase().replace('/', "."), end))
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    read(field.as_bytes(), 0)
        .filter(|(_, end)| *end == field.len())
        .map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use crate::Kind::AttackTechnique;
    use crate::kinds::check;

    #[test]
    fn techniques() {
        check(
            "Initial access by T1566.002, then T1078.",
            &[(AttackTechnique, "T1566.002"), (AttackTechnique, "T1078")],
        );
        check(
            "ATT&CK for ICS technique T0886",
            &[(AttackTechnique, "T0886")],
        );
        check(
            "a t1000 model, a T9000 coach, part XT1566, T15660, T0886",
            &[],
        );
    }
}
