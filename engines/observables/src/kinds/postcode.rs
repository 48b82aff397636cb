//! UK postcodes, by the grammar of BS 7666 and the list of postcode areas.

use crate::cue::Cue;
use crate::family::{Family, Finds};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::UkPostcode],
    wakes_on: &[Mark::Mixed],
    find,
    normalise,
};

/// The areas of Great Britain, Northern Ireland, the Channel Islands and the Isle of Man.
const AREAS: &str = " AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE \
    DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT \
    KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S \
    SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV \
    YO ZE ";

/// Districts that end in a letter exist in central London only.
const LETTERED: &str = " E1W EC1A EC1M EC1N EC1P EC1R EC1V EC1Y EC2A EC2M EC2N EC2P EC2R EC2V EC2Y \
    EC3A EC3B EC3M EC3N EC3P EC3R EC3V EC4A EC4M EC4N EC4P EC4R EC4V EC4Y N1C N1P NW1W SE1P SW1A \
    SW1E SW1H SW1P SW1V SW1W SW1X SW1Y W1A W1B W1C W1D W1F W1G W1H W1J W1K W1M W1N W1P W1R W1S W1T \
    W1U W1V W1W W1X W1Y WC1A WC1B WC1E WC1H WC1N WC1R WC1V WC1X WC2A WC2B WC2E WC2H WC2N WC2R ";

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
    let listed = |list: &str, word: &str| list.contains(&format!(" {word} "));
    match number.as_bytes() {
        [first] => first.is_ascii_digit() && listed(AREAS, area),
        [first, second] if second.is_ascii_digit() => {
            first.is_ascii_digit() && *first != b'0' && listed(AREAS, area)
        }
        [_, _] => listed(LETTERED, outward),
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
