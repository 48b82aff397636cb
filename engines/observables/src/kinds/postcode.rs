//! UK postcodes, by the grammar of BS 7666 and the list of postcode areas.

use crate::cue::Cue;
use crate::family::{Bytes, Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::Words;

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::UkPostcode],
    wakes_on: &[
        Wake::on(Mark::Mixed).long(5, 7).first(Bytes::LETTER),
        // The district alone; the rest stands behind a space.
        Wake::on(Mark::Mixed)
            .long(2, 4)
            .first(Bytes::LETTER)
            .behind(&[(Bytes::of(b" "), Bytes::DIGIT.or(Bytes::of(b" ")))]),
    ],
    find,
    normalise,
};

/// The areas of Great Britain, Northern Ireland, the Channel Islands and the Isle of Man.
static AREAS: Words = Words::new(
    " ab al b ba bb bd bf bh bl bn br bs bt bx ca cb cf ch cm co cr ct cv cw da dd de \
    dg dh dl dn dt dy e ec eh en ex fk fy g gl gu gy ha hd hg hp hr hs hu hx ig im ip iv je ka kt \
    kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol ox pa pe ph pl po pr rg rh rm s \
    sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd wf wn wr ws wv \
    yo ze",
);

/// Districts that end in a letter exist in central London only.
static LETTERED: Words = Words::new(
    " e1w ec1a ec1m ec1n ec1p ec1r ec1v ec1y ec2a ec2m ec2n ec2p ec2r ec2v ec2y \
    ec3a ec3b ec3m ec3n ec3p ec3r ec3v ec4a ec4m ec4n ec4p ec4r ec4v ec4y n1c n1p nw1w se1p sw1a \
    sw1e sw1h sw1p sw1v sw1w sw1x sw1y w1a w1b w1c w1d w1f w1g w1h w1j w1k w1m w1n w1p w1r w1s w1t \
    w1u w1v w1w w1x w1y wc1a wc1b wc1e wc1h wc1n wc1r wc1v wc1x wc2a wc2b wc2e wc2h wc2n wc2r",
);

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let (start, length) = (anchor.start, anchor.end - anchor.start);
    if !(2..=7).contains(&length) || !scan.opens(start) || !scan.bytes[start].is_ascii_alphabetic()
    {
        return;
    }
    let spaced = length <= 4;
    let end = if spaced { anchor.end + 4 } else { anchor.end };
    let Some(written) = scan.text.get(start..end) else {
        return;
    };
    if spaced && scan.bytes[anchor.end] != b' ' || !scan.closes(end) {
        return;
    }
    let Some(value) = read(written) else {
        return;
    };
    if certain(scan, start, written, spaced) || said(scan, start, end) {
        finds.push(Kind::UkPostcode, start, end, value);
    }
}

fn said(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    scan.near(start, end, 60, Cue::Place.set())
}

/// Whether the form alone says postcode: capitals throughout, or small letters that do not spell
/// an ordinal number (`e5 4th`) behind a district long enough not to be a size or a road.
fn certain(scan: &Scan<'_>, start: usize, written: &str, spaced: bool) -> bool {
    let lower = written.bytes().any(|byte| byte.is_ascii_lowercase());
    if !lower {
        // A plate without its space, or a product code, can look like a postcode without one.
        return spaced || !scan.led_by(start, 40, Cue::Reference.set());
    }
    let inward = written[written.len() - 2..].to_ascii_lowercase();
    let ordinal = matches!(inward.as_str(), "st" | "nd" | "rd" | "th");
    spaced && !ordinal && written.find(' ').is_some_and(|at| at >= 3)
}

/// The canonical form of a postcode with or without spaces.
fn read(written: &str) -> Option<String> {
    let mut letters = [0u8; 7];
    let mut length = 0;
    for byte in written.bytes().filter(|byte| *byte != b' ') {
        *letters.get_mut(length)? = byte.to_ascii_uppercase();
        length += 1;
    }
    if !letters.is_ascii() || length < 5 {
        return None;
    }
    let (outward, inward) = letters[..length].split_at(length - 3);
    let unit = |byte: u8| byte.is_ascii_uppercase() && !b"CIKMOV".contains(&byte);
    if !inward[0].is_ascii_digit() || !unit(inward[1]) || !unit(inward[2]) {
        return None;
    }
    let outward = std::str::from_utf8(outward).ok()?;
    let inward = std::str::from_utf8(inward).ok()?;
    district(outward).then(|| format!("{outward} {inward}"))
}

fn district(outward: &str) -> bool {
    let area = outward.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (area, number) = outward.split_at(area);
    match number.as_bytes() {
        [first] => first.is_ascii_digit() && AREAS.has(area),
        [first, second] if second.is_ascii_digit() => {
            first.is_ascii_digit() && *first != b'0' && AREAS.has(area)
        }
        [_, _] => LETTERED.has(outward),
        _ => false,
    }
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    read(field)
}

#[cfg(test)]
mod tests {
    use crate::Kind::UkPostcode;
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn postcodes_in_addresses() {
        check("10 Downing Street, SW1A 2AA", &[(UkPostcode, "SW1A 2AA")]);
        check("Croydon CR9 5WB 0870", &[(UkPostcode, "CR9 5WB")]);
        check("delivered to hp1 1aa", &[(UkPostcode, "HP1 1AA")]);
        check("postcode is m1 1ae", &[(UkPostcode, "M1 1AE")]);
        check("Hatfield AL109NE", &[(UkPostcode, "AL10 9NE")]);
    }

    #[test]
    fn what_only_looks_like_one() {
        check("on the e5 4th junction at 9am", &[]);
        check("QZ1 1AA, ZZ99 9ZZ, A1 2CD, SW1Z 1AA, L1 1CM", &[]);
        check("order ref AB12CD", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::UkPostcode, " ec1a  1bb ").as_deref(),
            Some("EC1A 1BB")
        );
        assert_eq!(normalise(Kind::UkPostcode, "EC1A 1B"), None);
    }
}
