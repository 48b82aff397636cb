//! Text without what cannot be seen: direction overrides, zero-width and control characters.
//!
//! In a name or an identifier they hide one value behind another (Unicode TR 36, section 2), so they
//! come out. In a narrative they are what the victim wrote: they stay, and the page isolates them.

use std::borrow::Cow;

/// Characters that change the direction of text or have no width.
pub(super) fn is_hidden(c: char) -> bool {
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

/// A cell made ready, and what was taken out of it.
pub(super) struct Cleaned<'a> {
    pub text: Cow<'a, str>,
    pub hidden: bool,
    pub control: bool,
}

/// Trims; takes control characters out, and hidden ones unless the text is a narrative.
pub(super) fn clean(cell: &str, narrative: bool) -> Cleaned<'_> {
    let cell = cell.trim();
    // Nearly every cell: printable ASCII has nothing to hide.
    if cell.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Cleaned {
            text: Cow::Borrowed(cell),
            hidden: false,
            control: false,
        };
    }
    let hidden = !narrative && cell.contains(is_hidden);
    let control = cell.contains(is_control);
    let text = if hidden || control {
        let kept = cell
            .chars()
            .filter(|&c| !is_control(c) && (narrative || !is_hidden(c)));
        Cow::Owned(kept.collect::<String>().trim().to_owned())
    } else {
        Cow::Borrowed(cell)
    };
    Cleaned {
        text,
        hidden,
        control,
    }
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
}
