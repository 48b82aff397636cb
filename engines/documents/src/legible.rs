//! Text the fonts can show. PDF/A and PDF/UA refuse a character without a glyph, and a name somebody
//! typed must never keep a document from being made.

use serde_json::Value;

use crate::world::has_glyph;

/// Stands for a character no font of the program has.
const UNKNOWN: char = '\u{fffd}';

/// The same data with every text legible. Keys stay as they are: the source names them.
pub fn legible(data: &Value) -> Value {
    match data {
        Value::String(text) => Value::String(shown(text)),
        Value::Array(items) => items.iter().map(legible).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields.map(|(key, v)| (key.clone(), legible(v))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => data.clone(),
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| match c {
            '\n' | '\t' => c,
            _ if has_glyph(c) => c,
            _ if has_glyph(UNKNOWN) => UNKNOWN,
            _ => '?',
        })
        .collect()
}

/// The first character of a text that has no glyph.
pub fn unknown(text: &str) -> Option<char> {
    let mut shown = text.chars().filter(|c| !is_hidden(*c));
    shown.find(|c| !matches!(c, '\n' | '\t') && !has_glyph(*c))
}

/// Characters that show nothing: controls, and those that turn the direction of what follows, with
/// which a text can be made to read as another.
fn is_hidden(c: char) -> bool {
    let turns =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    let varies = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}');
    turns || varies || (c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_font_has_is_shown_as_such() {
        assert_eq!(
            shown("Zo\u{eb} O\u{2019}Hara, \u{141}\u{f3}d\u{17a}"),
            "Zo\u{eb} O\u{2019}Hara, \u{141}\u{f3}d\u{17a}"
        );
        let odd = shown("a\u{202e}b\u{0}c\u{1f600}d\u{4f60}");
        assert!(odd.starts_with("abc"), "{odd}");
        assert!(
            !odd.contains('\u{1f600}') && !odd.contains('\u{202e}'),
            "{odd}"
        );
        assert_eq!(unknown("Zo\u{eb}\n\u{202e}\u{141}"), None);
        assert_eq!(unknown("a\u{1f600}\u{4f60}"), Some('\u{1f600}'));
        let data = serde_json::json!({ "n": [1, null, true, "\u{7}x"] });
        assert_eq!(
            legible(&data),
            serde_json::json!({ "n": [1, null, true, "x"] })
        );
    }
}
