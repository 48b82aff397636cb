//! Host names as they stand in text, also with their dots defanged or spelled out.

use compact_str::CompactString;
use url::Host as Parsed;

use crate::scan::{Scan, host_byte};

/// A chain of labels, read from the text.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The labels joined by plain dots, otherwise as written.
    pub(crate) name: CompactString,
    pub(crate) labels: usize,
    /// Somebody took care that it would not work as a link: it is no file name or slip.
    pub(crate) defanged: bool,
}

/// Longer names cannot be resolved (RFC 1035 §2.3.4); in characters of UTF-8 some slack.
const LONGEST: usize = 1000;

/// The width of a dot at `at` in any of its disguises, and whether it was disguised. That most bytes
/// begin none is cheap to see.
#[inline]
pub(crate) fn dot_at(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let (width, disguised) = match bytes.get(at)? {
        b'.' => {
            // "example.]com": half a pair of brackets.
            let half = matches!(bytes.get(at + 1), Some(b']' | b')'));
            (1 + usize::from(half), half)
        }
        b' ' | b'[' | b'(' | b'{' => (bracketed(bytes, at, &[b".", b"dot", b"d0t"])?, true),
        _ => return None,
    };
    bytes
        .get(at + width)
        .is_some_and(|byte| host_byte(*byte))
        .then_some((width, disguised))
}

/// The width of one of `words` in brackets at `at`, with spaces around it if they are even.
pub(crate) fn bracketed(bytes: &[u8], at: usize, words: &[&[u8]]) -> Option<usize> {
    let spaced = usize::from(bytes.get(at) == Some(&b' '));
    let open = at + spaced;
    let close = match bytes.get(open)? {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        _ => return None,
    };
    let inner = open + 1 + usize::from(bytes.get(open + 1) == Some(&b' '));
    let word = words.iter().find(|word| {
        bytes
            .get(inner..inner + word.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(word))
    })?;
    let mut end = inner + word.len();
    // "example[.com": the closing bracket is sometimes forgotten.
    let forgotten = word.len() == 1 && bytes.get(end).is_some_and(|byte| host_byte(*byte));
    if !forgotten {
        end += usize::from(bytes.get(end) == Some(&b' '));
        if bytes.get(end) != Some(&close) {
            return None;
        }
        end += 1;
    }
    end += usize::from(spaced == 1 && bytes.get(end) == Some(&b' '));
    Some(end - at)
}

/// The width of a spelled-out ` dot ` at `at`.
pub(crate) fn spoken_dot_at(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..at + 5)?;
    let spoken = word.eq_ignore_ascii_case(b" dot ");
    (spoken && bytes.get(at + 5).is_some_and(u8::is_ascii_alphanumeric)).then_some(5)
}

/// Reads labels and dots from `start` on; with `spoken`, dots may be words.
pub(crate) fn host_at(scan: &Scan<'_>, start: usize, spoken: bool) -> Host {
    let mut host = Host {
        start,
        end: start,
        name: CompactString::default(),
        labels: 0,
        defanged: false,
    };
    let mut at = start;
    let mut end = label_end(scan.text, at);
    while end > at {
        if host.name.len() < LONGEST {
            if host.labels > 0 {
                host.name.push('.');
            }
            host.name.push_str(&scan.text[at..end]);
        }
        host.labels += 1;
        host.end = end;
        let joint = dot_at(scan.bytes, end).or_else(|| {
            spoken.then(|| spoken_dot_at(scan.bytes, end).map(|width| (width, true)))?
        });
        let Some((width, defanged)) = joint else {
            return host;
        };
        at = end + width;
        end = label_end(scan.text, at);
        // What follows the dot must be a label, or the dot ends a sentence.
        host.defanged |= defanged && end > at;
    }
    host
}

/// The end of the label that starts at `at`.
fn label_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    while let Some(byte) = bytes.get(end) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            end += 1;
            continue;
        }
        if *byte < 0x80 {
            break;
        }
        match text[end..].chars().next() {
            Some(letter) if letter.is_alphanumeric() => end += letter.len_utf8(),
            _ => break,
        }
    }
    end
}

/// The start of the label that ends at `end`; labels have at most 63 letters.
pub(crate) fn label_start(text: &str, end: usize) -> usize {
    let mut start = end;
    for letter in text[..end].chars().rev().take(64) {
        if !(letter.is_alphanumeric() || matches!(letter, '-' | '_')) {
            break;
        }
        start -= letter.len_utf8();
    }
    start
}

/// The name in lower-case A-labels, when it lies under a known public suffix.
pub(crate) fn registrable(name: &str) -> Option<CompactString> {
    let name = name.trim_matches(['-', '_']);
    if name.len() > LONGEST
        || !name.is_ascii()
            && !name
                .chars()
                .all(|c| c.is_alphanumeric() || c == '.' || c == '-')
    {
        return None;
    }
    if !name.is_ascii() {
        return mapped(name);
    }
    let mut lower = CompactString::from(name);
    lower.make_ascii_lowercase();
    // Most chains of labels in a text end in no known suffix: that is cheap to see.
    if !known(&lower) {
        return None;
    }
    // Plain letters, digits and hyphens are their own A-labels; Punycode has to be checked.
    if lower.contains("xn--") {
        return mapped(&lower);
    }
    shaped(&lower).then_some(lower)
}

/// The A-labels of a name by the mapping of UTS 46.
fn mapped(name: &str) -> Option<CompactString> {
    let Ok(Parsed::Domain(ascii)) = Parsed::parse(name) else {
        return None;
    };
    (shaped(&ascii) && known(&ascii)).then(|| ascii.into())
}

/// Whether labels are as long as the DNS allows and hold what host names hold: a URL's may hold more.
fn shaped(ascii: &str) -> bool {
    let held = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    ascii.len() <= 253
        && ascii.split('.').all(|label| {
            (1..=63).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(held)
        })
}

/// Whether the public suffix of a lower-case name is listed, and the name is more than it. The
/// top-level domain kept for examples (RFC 2606) counts as listed: training material uses it.
fn known(name: &str) -> bool {
    // Underscores are for service labels below the registered name (RFC 8552), not in it.
    // Suffixes that are sites themselves, and spoken of as such.
    if matches!(name, "gov.uk" | "police.uk" | "nhs.uk") {
        return true;
    }
    if let Some(rest) = name.strip_suffix(".example") {
        let registered = rest.rsplit('.').next().unwrap_or_default();
        return !registered.is_empty() && !registered.contains('_');
    }
    psl::domain(name.as_bytes())
        .is_some_and(|domain| domain.suffix().typ().is_some() && !domain.as_bytes().contains(&b'_'))
}
