//! Text without what cannot be seen: direction overrides, zero-width and control characters.
//!
//! In a name or an identifier they hide one value behind another (Unicode TR 36, section 2), so they
//! come out. In a narrative they are what the victim wrote: they stay, and the page isolates them.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// Characters that change the direction of text or have no width.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{061C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t' | '\r')
}

/// The character meant by a control character from U+0080 to U+009F: such text was Windows-1252 and
/// was once converted as if it were Latin-1.
fn meant(c: char) -> Option<char> {
    let byte = u8::try_from(c).ok().filter(|b| (0x80..=0x9F).contains(b))?;
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
    text.chars().next().filter(|c| !c.is_control())
}

/// A cell made ready, and what was done to it.
pub(super) struct Cleaned<'a> {
    pub text: Cow<'a, str>,
    /// Hidden characters were taken out.
    pub hidden: bool,
    /// Control characters were taken out.
    pub control: bool,
    /// Characters mangled by an earlier conversion were restored.
    pub restored: bool,
}

/// Trims; takes control characters out, and hidden ones unless the text is a narrative.
pub(super) fn clean(cell: &str, narrative: bool) -> Cleaned<'_> {
    let cell = cell.trim();
    let mut cleaned = Cleaned {
        text: Cow::Borrowed(cell),
        hidden: false,
        control: false,
        restored: false,
    };
    // Nearly every cell: printable ASCII has nothing to hide.
    if cell.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return cleaned;
    }
    if !cell.contains(|c| is_control(c) || is_hidden(c)) {
        return cleaned;
    }
    let mut text = String::with_capacity(cell.len());
    for c in cell.chars() {
        if is_control(c) {
            match meant(c) {
                Some(restored) => {
                    text.push(restored);
                    cleaned.restored = true;
                }
                None => cleaned.control = true,
            }
        } else if is_hidden(c) && !narrative {
            cleaned.hidden = true;
        } else {
            text.push(c);
        }
    }
    cleaned.text = Cow::Owned(text.trim().to_owned());
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_leave_names_and_stay_in_narratives() {
        let text = "J\u{202E}ohn\u{200B}";
        let name = clean(text, false);
        assert!(name.hidden && name.text == "John");
        let told = clean(text, true);
        assert!(!told.hidden && told.text == text);
        assert!(clean("bell\u{7}", true).control);
        assert_eq!(clean("\u{A0} Zoë ", false).text, "Zoë");
    }

    #[test]
    fn mangled_windows_characters_are_restored() {
        let cleaned = clean("don\u{92}t \u{80}5", true);
        assert!(cleaned.restored && !cleaned.control);
        assert_eq!(cleaned.text, "don’t €5");
        assert!(clean("\u{81}", true).control);
    }
}
