//! Head of a letter, and where its address stands so that it shows in the window of an envelope.

use serde::{Deserialize, Serialize};

/// Lines of a head at most, and characters of one.
const MOST_LINES: usize = 6;
const LONGEST_LINE: usize = 60;
/// A DL envelope (ISO 269) and a sheet of A4 folded into three, in millimetres.
const ENVELOPE: (i32, i32) = (220, 110);
const FOLDED: (i32, i32) = (210, 99);
/// An address needs so much of the window however the sheet lies in the envelope.
const LEAST: (i32, i32) = (60, 20);

/// `[letter]` of `protect/messages.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterHead {
    /// Printed under the force's name, line by line.
    pub head: Vec<String>,
    pub window: Window,
}

/// The window of a DL envelope seen from the front, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub from_left: i32,
    pub from_bottom: i32,
    pub width: i32,
    pub height: i32,
}

/// A rectangle of the sheet, in millimetres from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    pub left: i32,
    pub top: i32,
    pub width: i32,
    pub height: i32,
}

impl Window {
    /// The part of the folded sheet that shows wherever the sheet lies in its envelope: it can move by what the
    /// envelope is wider and higher than the sheet.
    pub fn always_shown(&self) -> Place {
        let play = (ENVELOPE.0 - FOLDED.0, ENVELOPE.1 - FOLDED.1);
        Place {
            left: self.from_left,
            top: ENVELOPE.1 - self.from_bottom - self.height,
            width: self.width - play.0,
            height: self.height - play.1,
        }
    }
}

impl LetterHead {
    /// # Errors
    /// In words, for a head that does not fit and a window no address shows in.
    pub(super) fn checked(self) -> Result<LetterHead, String> {
        let fits = |line: &String| {
            !line.trim().is_empty()
                && line.chars().count() <= LONGEST_LINE
                && !line.chars().any(char::is_control)
        };
        if self.head.len() > MOST_LINES || !self.head.iter().all(fits) {
            return Err(format!(
                "letter.head: give at most {MOST_LINES} lines, each of 1 to {LONGEST_LINE} characters"
            ));
        }
        let Window {
            from_left,
            from_bottom,
            width,
            height,
        } = self.window;
        let inside = |from: i32, size: i32, whole: i32| {
            from >= 0 && (0..=whole).contains(&size) && from <= whole - size
        };
        let shown = || self.window.always_shown();
        if !inside(from_left, width, ENVELOPE.0)
            || !inside(from_bottom, height, ENVELOPE.1)
            || shown().width < LEAST.0
            || shown().height < LEAST.1
        {
            return Err(format!(
                "letter.window: no address shows in it. It lies in an envelope of {} by {} mm, and is at \
                 least {} mm wide and {} mm high",
                ENVELOPE.0,
                ENVELOPE.1,
                LEAST.0 + ENVELOPE.0 - FOLDED.0,
                LEAST.1 + ENVELOPE.1 - FOLDED.1
            ));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Window = Window {
        from_left: 20,
        from_bottom: 18,
        width: 90,
        height: 35,
    };

    fn head(lines: &[&str], window: Window) -> Result<LetterHead, String> {
        let head = lines.iter().map(|l| (*l).to_owned()).collect();
        LetterHead { head, window }.checked()
    }

    #[test]
    fn an_address_shows_however_the_sheet_lies() {
        let place = USUAL.always_shown();
        assert_eq!((place.left, place.top), (20, 57));
        assert_eq!((place.width, place.height), (80, 24));
        // The sheet at the top left and at the bottom right of its envelope: the place stays in the window.
        for (right, down) in [(0, 0), (10, 11), (10, 0), (0, 11)] {
            let (left, top) = (place.left + right, place.top + down);
            assert!(left >= 20 && left + place.width <= 110, "{right}");
            assert!(top >= 57 && top + place.height <= 92, "{down}");
        }
        // Above the fold.
        assert!(place.top + place.height <= FOLDED.1);
    }

    #[test]
    fn a_head_or_a_window_that_does_not_fit_is_told() {
        assert!(head(&["Victim Care", "Call 101"], USUAL).is_ok());
        assert!(head(&[], USUAL).is_ok());
        let long = "x".repeat(61);
        let wrong: [&[&str]; 4] = [&[""], &["a\nb"], &["x"; 7], &[long.as_str()]];
        for lines in wrong {
            assert!(head(lines, USUAL).unwrap_err().contains("letter.head"));
        }
        let odd = [
            Window { width: 60, ..USUAL },
            Window {
                height: 25,
                ..USUAL
            },
            Window {
                from_left: 131,
                ..USUAL
            },
            Window {
                from_bottom: -1,
                ..USUAL
            },
            Window {
                height: i32::MAX,
                ..USUAL
            },
            Window {
                width: i32::MIN,
                ..USUAL
            },
        ];
        for window in odd {
            let told = head(&[], window).unwrap_err();
            assert!(told.contains("letter.window"), "{window:?}");
        }
    }
}
