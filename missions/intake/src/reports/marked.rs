//! A narrative in pieces: plain text, values that were found, and characters that would deceive the
//! eye, each written out. The template escapes every piece.

use record::ids::ObservableId;

use super::open::Sighting;

/// One piece of a narrative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// A value found here: its own text and the observable it became.
    Found(String, ObservableId),
    /// A character that has no shape or changes the direction of others, by its code point.
    Hidden(String),
}

/// Cuts a narrative at the sightings that stand in it. Offsets that do not fit the text, or overlap
/// an earlier one, leave the text as it is.
pub fn pieces(narrative: &str, sightings: &[Sighting]) -> Vec<Piece> {
    let mut found: Vec<&Sighting> = sightings
        .iter()
        .filter(|s| s.field == "narrative" && s.end > s.start)
        .collect();
    found.sort_by_key(|s| (s.start, std::cmp::Reverse(s.end)));
    let mut all = Vec::new();
    let mut at = 0;
    for seen in found {
        let before = narrative.get(at..seen.start);
        let inside = narrative.get(seen.start..seen.end);
        let (Some(before), Some(inside)) = (before, inside) else {
            continue;
        };
        text(before, &mut all);
        let shown: String = inside.chars().filter(|c| !is_hidden(*c)).collect();
        all.push(Piece::Found(shown, seen.observable));
        at = seen.end;
    }
    text(narrative.get(at..).unwrap_or_default(), &mut all);
    all
}

fn text(text: &str, all: &mut Vec<Piece>) {
    let mut plain = String::new();
    for c in text.chars() {
        let joins_script = matches!(c, '\u{200C}' | '\u{200D}')
            && plain.chars().last().is_some_and(|p| !p.is_ascii());
        if is_hidden(c) && !joins_script {
            if !plain.is_empty() {
                all.push(Piece::Text(std::mem::take(&mut plain)));
            }
            all.push(Piece::Hidden(format!("U+{:04X}", u32::from(c))));
        } else {
            plain.push(c);
        }
    }
    if !plain.is_empty() {
        all.push(Piece::Text(plain));
    }
}

/// Zero-width characters, direction controls, soft hyphens (Unicode TR 36, section 2).
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::open::Sighting;

    fn seen(start: usize, end: usize) -> Sighting {
        Sighting {
            observable: ObservableId(Default::default()),
            kind: "phone".to_owned(),
            value: String::new(),
            role: "offender".to_owned(),
            field: "narrative".to_owned(),
            raw: String::new(),
            start,
            end,
            rejected: false,
            reports: 1,
            joins: true,
        }
    }

    fn shapes(text: &str, sightings: &[Sighting]) -> Vec<String> {
        pieces(text, sightings)
            .into_iter()
            .map(|p| match p {
                Piece::Text(t) => t,
                Piece::Found(t, _) => format!("[{t}]"),
                Piece::Hidden(t) => format!("<{t}>"),
            })
            .collect()
    }

    #[test]
    fn values_are_cut_out_by_bytes() {
        let text = "Zoë rang 07700900123 twice";
        let start = text.find("077").unwrap();
        assert_eq!(
            shapes(text, &[seen(start, start + 11)]),
            ["Zoë rang ", "[07700900123]", " twice"]
        );
    }

    #[test]
    fn offsets_that_do_not_fit_change_nothing() {
        let text = "Zoë";
        for wrong in [seen(3, 4), seen(2, 3), seen(1, 99), seen(2, 1)] {
            assert_eq!(shapes(text, &[wrong]).concat(), text);
        }
        assert_eq!(
            shapes("abcdef", &[seen(0, 4), seen(2, 6), seen(4, 6)]),
            ["[abcd]", "[ef]"]
        );
        assert!(shapes("", &[]).is_empty());
    }

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(
            shapes("pay\u{202E}lap\u{200B}.", &[]),
            ["pay", "<U+202E>", "lap", "<U+200B>", "."]
        );
        // A joiner inside a script that needs it stays.
        assert_eq!(shapes("می\u{200C}خواهم", &[]), ["می\u{200C}خواهم"]);
        assert_eq!(shapes("سلام", &[]), ["سلام"]);
    }
}
