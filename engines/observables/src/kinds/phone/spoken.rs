//! Telephone numbers as they are said: in words, with words between the groups, with letters for
//! digits, or run into the words around them.

use super::{Lead, MOST_DIGITS, e164, refused, report};
use crate::cue::{Cue, Cues};
use crate::family::Finds;
use crate::scan::{Anchor, Scan};
use crate::words::{Lower, letters_at};

/// The digits said so far.
#[derive(Default)]
struct Said {
    digits: [u8; MOST_DIGITS],
    count: usize,
}

impl Said {
    /// Adds a digit, if there is room.
    fn push(&mut self, digit: u8) -> Option<()> {
        *self.digits.get_mut(self.count)? = digit;
        self.count += 1;
        Some(())
    }

    fn value(&self) -> Option<(Lead, compact_str::CompactString)> {
        let digits = &self.digits[..self.count];
        let lead = match digits {
            [b'0', b'0', ..] => Lead::Zeros,
            [b'0', ..] => Lead::National,
            _ => return None,
        };
        Some((lead, e164(lead, digits)?))
    }
}

/// Adds the number that begins at `start`, when it is one.
pub(super) fn find(scan: &Scan<'_>, start: usize, finds: &mut Finds) {
    if !scan.opens(start) {
        return;
    }
    let mut said = Said::default();
    let mut best = None;
    let mut at = start;
    while let Some(end) = token(scan.bytes, at, &mut said) {
        if said.count >= 10
            && scan.closes(end)
            && let Some((lead, value)) = said.value()
        {
            best = Some((end, lead, value));
        }
        let Some(next) = next(scan.bytes, end) else {
            break;
        };
        // What more digits follow is no number yet, unless the sentence ends here.
        let more = token(scan.bytes, next, &mut Said::default()).is_some();
        let stop = matches!(scan.byte(end), b'.' | b'\n');
        if more && !stop {
            best = None;
        } else if stop && best.is_some() {
            break;
        }
        at = next;
    }
    if let Some((end, lead, value)) = best
        && !refused(scan, start, end, lead)
    {
        report(finds, start, end, value);
    }
}

/// Reads one word or group of digits at `at` and says where it ends.
fn token(bytes: &[u8], at: usize, said: &mut Said) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let run = rest
        .iter()
        .take(MOST_DIGITS + 1)
        .take_while(|byte| byte.is_ascii_digit() || b"oOlI".contains(byte))
        .count();
    let group = &rest[..run];
    let ends = !rest.get(run).is_some_and(u8::is_ascii_alphanumeric);
    if ends && group.iter().any(u8::is_ascii_digit) {
        for byte in group {
            said.push(match byte {
                b'o' | b'O' => b'0',
                b'l' | b'I' => b'1',
                digit => *digit,
            })?;
        }
        return Some(at + run);
    }
    let word = letters_at(bytes, at, 8);
    let mut end = at + word.len();
    let times = match Lower::of(word).as_bytes() {
        b"double" => 2,
        b"treble" | b"triple" => 3,
        b"hundred" => {
            said.push(b'0')?;
            said.push(b'0')?;
            return Some(end);
        }
        _ => 1,
    };
    let digit = if times == 1 {
        figure(word)?
    } else {
        let next = letters_at(bytes, end + 1, 8);
        let numeral = bytes.get(end + 1).filter(|byte| byte.is_ascii_digit());
        end += 1 + next.len().max(1);
        numeral.copied().or_else(|| figure(next))?
    };
    for _ in 0..times {
        said.push(digit)?;
    }
    Some(end)
}

fn figure(word: &[u8]) -> Option<u8> {
    Some(match Lower::of(word).as_bytes() {
        b"oh" | b"o" | b"zero" | b"nought" | b"naught" => b'0',
        b"one" => b'1',
        b"two" => b'2',
        b"three" => b'3',
        b"four" => b'4',
        b"five" => b'5',
        b"six" => b'6',
        b"seven" => b'7',
        b"eight" => b'8',
        b"nine" => b'9',
        _ => return None,
    })
}

/// Where the next word begins behind the separators and the small words that stand between groups.
fn next(bytes: &[u8], at: usize) -> Option<usize> {
    let skip = |at: usize| {
        let gap = bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take(4)
            .take_while(|byte| b" ,.-\n".contains(byte))
            .count();
        (gap > 0).then_some(at + gap)
    };
    let mut at = skip(at)?;
    for _ in 0..2 {
        let word = letters_at(bytes, at, 9);
        match Lower::of(word).as_bytes() {
            b"then" | b"and" | b"followed" | b"by" => at = skip(at + word.len())?,
            _ => break,
        }
    }
    Some(at)
}

/// `call07700900123now`: eleven digits run into words, as hasty messages have them. A code would
/// have capitals or a single letter at its end.
pub(super) fn run_in(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let token = &scan.bytes[anchor.start..anchor.end];
    let Some(first) = token.iter().position(u8::is_ascii_digit) else {
        return;
    };
    let length = token[first..]
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    let (head, tail) = (&token[..first], &token[first + length..]);
    let word = |part: &[u8], least: usize| {
        part.is_empty() || part.len() >= least && part.iter().all(u8::is_ascii_lowercase)
    };
    let outside = scan.opens(anchor.start) && scan.closes(anchor.end);
    if length != 11 || token[first] != b'0' || !outside || !word(head, 2) || !word(tail, 3) {
        return;
    }
    let (start, end) = (anchor.start + first, anchor.start + first + length);
    let joined = matches!(scan.before(anchor.start), b'-' | b'/' | b'.' | b'@' | b'=');
    let paper = Cues::table()
        .of(scan.bytes, anchor.start, anchor.start + first)
        .is_some_and(|cues| cues.has(Cue::Reference));
    if joined || !head.is_empty() && paper || scan.led_by(start, 22, Cue::Reference.set()) {
        return;
    }
    if let Some(value) = e164(Lead::National, &scan.bytes[start..end]) {
        report(finds, start, end, value);
    }
}

#[cfg(test)]
mod tests {
    use crate::Kind::Phone;
    use crate::kinds::check;

    #[track_caller]
    fn one(text: &str) {
        check(text, &[(Phone, "+447700900123")]);
    }

    #[test]
    fn said_in_words_and_in_pieces() {
        one("it was oh double seven, double oh nine, double oh one two three");
        one("zero seven seven zero zero nine zero zero one two three");
        one("0 double 7 00 900 one two three, I think");
        one("07700 then 900 then 123. One of them said so");
        one("07700 then 900 then 123");
        one("O7700 9OO123");
        one("my number is07700900123thanks");
    }

    #[test]
    fn counting_and_codes_are_no_numbers() {
        check("oh one two three, double glazing, zero tolerance", &[]);
        check(
            "ref oh double seven double oh nine double oh one two three",
            &[],
        );
        check("AB07700900123 and 07700900123x and ref07700900123", &[]);
    }
}
