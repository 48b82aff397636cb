//! E-mail addresses, also with the at sign in brackets or spelled out.

use compact_str::CompactString;

use super::domain::SAID;
use super::host::{Host, bracketed, host_at, label_start, registrable};
use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::Words;

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Email],
    wakes_on: &[Wake::on(Mark::At), Wake::on(Mark::Bracket)],
    find,
    normalise,
};

/// Providers named often enough that "name at gmail.com" is an address.
static WEBMAIL: Words = Words::new(
    " gmail.com googlemail.com hotmail.com hotmail.co.uk outlook.com live.com \
    live.co.uk yahoo.com yahoo.co.uk ymail.com icloud.com me.com aol.com protonmail.com proton.me \
    btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com mail.com gmx.com tutanota.com \
    msn.com zoho.com yandex.com mail.ru cock.li onionmail.org",
);

const AT: [&[u8]; 2] = [b"at", b"@"];

/// The width of an at sign at `at`, plain or in brackets.
pub(crate) fn at_sign_at(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) == Some(&b'@') {
        return Some(1);
    }
    bracketed(bytes, at, &AT)
}

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let mut at = anchor.start;
    let mut width = 1;
    if anchor.mark == Mark::Bracket {
        at -= usize::from(at > 0 && scan.before(at) == b' ');
        match bracketed(scan.bytes, at, &AT) {
            Some(found) => width = found,
            None => return,
        }
    } else if scan.before(at) == b'[' {
        return;
    }
    let spaced = width == 1 && at > 0 && scan.before(at) == b' ' && scan.byte(at + 1) == b' ';
    if spaced {
        at -= 1;
        width = 3;
    }
    let host = host_at(scan, at + width, width > 1);
    let Some(domain) = registrable(&host.name) else {
        return;
    };
    if host.labels < 2 || spaced && !webmail(&domain) {
        return;
    }
    add(scan, at, width > 1, &host, &domain, finds);
}

/// Adds the address whose local part ends at `local_end`; whether there was one.
fn add(
    scan: &Scan<'_>,
    local_end: usize,
    spoken: bool,
    host: &Host,
    domain: &str,
    finds: &mut Finds,
) -> bool {
    let Some((start, local)) = local_before(scan, local_end, spoken) else {
        return false;
    };
    if message_id(scan, start) {
        finds.hosts_read_to = finds.hosts_read_to.max(host.end);
        return false;
    }
    finds.hosts_read_to = finds.hosts_read_to.max(host.end);
    let address: CompactString = [local.as_str(), "@", domain].into_iter().collect();
    finds.push(Kind::Email, start, host.end, address);
    true
}

/// The number of a message has the form of an address and is none (RFC 5322 §3.6.4).
fn message_id(scan: &Scan<'_>, start: usize) -> bool {
    let head = scan.bytes[..start].strip_suffix(b"<");
    head.is_some_and(|head| {
        let head = last(head, 16).trim_ascii_end().to_ascii_lowercase();
        [b"message-id:".as_slice(), b"in-reply-to:", b"references:"]
            .iter()
            .any(|name| head.ends_with(name))
    })
}

fn webmail(domain: &str) -> bool {
    WEBMAIL.has(domain)
}

fn local_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-'&".contains(&byte)
}

/// The local part that ends at `end` (RFC 5321 allows 64 bytes), with its dots made plain.
fn local_before(scan: &Scan<'_>, end: usize, spoken: bool) -> Option<(usize, String)> {
    let mut local: Vec<u8> = Vec::new();
    let mut start = end;
    while local.len() <= 64 {
        let before = &scan.bytes[..start];
        let closed = matches!(before.last(), Some(b']' | b')'));
        let disguised = [b"[.]".as_slice(), b"(.)", b"[dot]", b"(dot)"]
            .into_iter()
            .find(|dot| closed && before.ends_with(dot));
        let word = spoken && !local.is_empty() && last(before, 5).eq_ignore_ascii_case(b" dot ");
        if let Some(dot) = disguised {
            local.push(b'.');
            start -= dot.len();
        } else if word {
            local.push(b'.');
            start -= 5;
        } else if before.last().is_some_and(|byte| local_byte(*byte)) {
            local.push(scan.before(start));
            start -= 1;
        } else {
            break;
        }
    }
    local.reverse();
    // Quotes, dashes and full stops before the address are the sentence's.
    let trimmed = local
        .iter()
        .take_while(|byte| !byte.is_ascii_alphanumeric() && **byte != b'_')
        .count();
    let written = local
        .get(trimmed..)
        .filter(|rest| !rest.is_empty() && rest.len() <= 64)?;
    let sane = written.last() != Some(&b'.') && !written.windows(2).any(|pair| pair == b"..");
    let local = String::from_utf8(written.to_vec()).ok()?;
    sane.then_some((start + trimmed, local))
}

/// The last `length` bytes, or all there are.
fn last(bytes: &[u8], length: usize) -> &[u8] {
    &bytes[bytes.len().saturating_sub(length)..]
}

/// `jo.smith at gmail.com`: adds the address when `host` is a provider and ` at ` stands before it.
pub(crate) fn said_at(scan: &Scan<'_>, host: &Host, domain: &str, finds: &mut Finds) -> bool {
    let said = last(&scan.bytes[..host.start], 4).eq_ignore_ascii_case(b" at ");
    said && webmail(domain)
        && named(scan, host.start - 4)
        && add(scan, host.start - 4, true, host, domain, finds)
}

/// `jo at gmail dot com`, and `jo dot smith at gmail dot com` read from its last part.
pub(crate) fn spoken_at(scan: &Scan<'_>, host: &Host, finds: &mut Finds) -> bool {
    // The chain may have begun in the local part: "jo dot smith".
    let after = &scan.bytes[host.end..];
    if after
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case(b" at "))
    {
        let domain = host_at(scan, host.end + 4, true);
        return match registrable(&domain.name) {
            Some(name) if domain.labels > 1 => add(scan, host.end, true, &domain, &name, finds),
            _ => false,
        };
    }
    let said = last(&scan.bytes[..host.start], 4).eq_ignore_ascii_case(b" at ");
    if !said || !named(scan, host.start - 4) {
        return false;
    }
    match registrable(&host.name) {
        Some(domain) if SAID.has(domain.rsplit('.').next().unwrap_or_default()) => {
            add(scan, host.start - 4, true, host, &domain, finds)
        }
        _ => false,
    }
}

/// Whether the word that ends at `end` could be a name and not part of the sentence.
fn named(scan: &Scan<'_>, end: usize) -> bool {
    static SENTENCE: Words = Words::new(
        " me him her them us it email emailed mail account address contact look \
        looking someone anyone was is or and am are be works contacted message available",
    );
    let word = &scan.text[label_start(scan.text, end)..end];
    !word.is_empty() && !SENTENCE.has(word)
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let field = field
        .get(..7)
        .filter(|word| word.eq_ignore_ascii_case("mailto:"))
        .map_or(field, |_| &field[7..]);
    if let Some((local, domain)) = field.rsplit_once('@')
        && !local.is_empty()
        && local.len() <= 64
        && local
            .bytes()
            .all(|byte| local_byte(byte) || b"!#$*/=?^`{|}~".contains(&byte))
    {
        return super::domain::normalise(Kind::Domain, domain)
            .map(|domain| format!("{local}@{domain}"));
    }
    crate::extract(field)
        .into_iter()
        .find(|found| found.kind == Kind::Email && found.raw.len() == field.len())
        .map(|found| found.value)
}

#[cfg(test)]
mod tests {
    use crate::Kind::Email;
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn addresses_plain_and_disguised() {
        for text in [
            "write to Jo.Smith@Example.CO.UK.",
            "<Jo.Smith@example.co.uk>",
            "Jo.Smith[at]example[.]co[.]uk",
            "Jo.Smith (at) example (dot) co (dot) uk",
            "Jo.Smith[@]example.co.uk",
            "Jo[.]Smith@example[.]co.uk",
            "mailto:Jo.Smith@example.co.uk?subject=x",
            "Jo dot Smith at example dot co dot uk",
        ] {
            check(text, &[(Email, "Jo.Smith@example.co.uk")]);
        }
        check("jsmith84 at gmail.com", &[(Email, "jsmith84@gmail.com")]);
        check(
            "jsmith84 at gmail dot com",
            &[(Email, "jsmith84@gmail.com")],
        );
        check(
            "a_b+c@proton.me,d@x.io",
            &[(Email, "a_b+c@proton.me"), (Email, "d@x.io")],
        );
    }

    #[test]
    fn no_addresses() {
        check("31p.msg@150x and me@home and j***@gmail.com", &[]);
        check("name@company.local and x@y", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::Email, "Jo@EXAMPLE.com").as_deref(),
            Some("Jo@example.com")
        );
        assert_eq!(
            normalise(Kind::Email, "jo(at)example.com").as_deref(),
            Some("jo@example.com")
        );
        assert_eq!(normalise(Kind::Email, "jo"), None);
    }
}
