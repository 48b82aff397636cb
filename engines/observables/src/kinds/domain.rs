//! Domain names under a known public suffix, and URLs written without their scheme.
//!
//! A dot between letters is more often a missing space or a file name than a domain. The Public
//! Suffix List settles most; endings that are also words or file types need more than the name.

use super::host::{Host, bracketed, dot_at, host_at, label_start, registrable, spoken_dot_at};
use super::{email, ip, url};
use crate::cue::Cue;
use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};
use crate::words::Words;

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Domain],
    wakes_on: &[
        Wake::on(Mark::Dot),
        Wake::on(Mark::Bracket),
        Wake::at(Cue::Dot.set()),
    ],
    find,
    normalise,
};

/// Top-level domains that are words: a sentence may begin there without a space before it.
static WORDS: Words = Words::new(
    " it is in my me no so to us as at am be by do pm an one how now \
    you here today life live family house home next open case call money bank fund cash \
    read show work party contact support free name company limited report team world email \
    group",
);
/// Top-level domains that are file types.
static FILES: Words = Words::new("zip mov py sh rs md so ps");
/// Words that end a sentence without its space more often than they name a site.
static COMMON: Words = Words::new(
    " account address anything around away back bank before bill call called card \
    code company computer contact day details device email everything fraud going he her here him \
    his home house i it job link line me message money month more mum name number off online on out \
    over payment phone please police post said scam scammed she site something that them then there \
    they this time today transfer up us was website week well work you your yesterday",
);

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    if anchor.start < finds.hosts_read_to {
        return;
    }
    let Some((start, spoken)) = first_label(scan, anchor) else {
        return;
    };
    let host = host_at(scan, start, spoken);
    finds.hosts_read_to = host.end;
    if host.labels < 2 || email::at_sign_at(scan.bytes, host.end).is_some() {
        return;
    }
    if spoken {
        return spoken_name(scan, &host, finds);
    }
    if host
        .name
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return address(scan, &host, finds);
    }
    if matches!(scan.before(start), b'@' | b'\\' | b'/' | b'.' | b'=') && !host.defanged {
        return;
    }
    name(scan, &host, finds);
}

/// Where the label before the dot at the anchor starts, and whether the dot is a word.
fn first_label(scan: &Scan<'_>, anchor: &Anchor) -> Option<(usize, bool)> {
    let spaced = |at: usize| at - usize::from(at > 0 && scan.before(at) == b' ');
    let (dot, spoken) = match anchor.mark {
        Mark::Dot => (anchor.start, false),
        Mark::Bracket => (spaced(anchor.start), false),
        _ if anchor.cues.has(Cue::Dot) && anchor.start > 0 => (anchor.start - 1, true),
        _ => return None,
    };
    let dotted = if spoken {
        spoken_dot_at(scan.bytes, dot).is_some()
    } else {
        dot_at(scan.bytes, dot).is_some()
    };
    // Only then a character ends here.
    let start = dotted.then(|| label_start(scan.text, dot))?;
    (start < dot).then_some((start, spoken))
}

/// Four numbers: an address, with a path a URL.
fn address(scan: &Scan<'_>, host: &Host, finds: &mut Finds) {
    let Some(value) = ip::octets(scan, host) else {
        return;
    };
    // "10.0.0.0/8" is a network, not a page.
    let width = scan.bytes[host.end..]
        .iter()
        .skip(1)
        .take(3)
        .take_while(|b| b.is_ascii_digit());
    let width = width.count();
    let network =
        scan.byte(host.end) == b'/' && matches!(width, 1 | 2) && scan.closes(host.end + 1 + width);
    if !network && scheme_less(scan, host, &value, finds) {
        return;
    }
    finds.push(Kind::Ipv4, host.start, host.end, value);
}

fn name(scan: &Scan<'_>, host: &Host, finds: &mut Finds) {
    let Some(value) = registrable(&host.name) else {
        return;
    };
    if email::said_at(scan, host, &value, finds) {
        return;
    }
    let linked = scan.byte(host.end) == b'/' && scan.byte(host.end + 1).is_ascii_alphanumeric();
    if !plausible(scan, host, linked) || scheme_less(scan, host, &value, finds) {
        return;
    }
    finds.push(Kind::Domain, host.start, host.end, value);
}

/// Whether the chain was meant as a domain, not as a file or two sentences.
fn plausible(scan: &Scan<'_>, host: &Host, linked: bool) -> bool {
    let labels: Vec<&str> = host.name.split('.').collect();
    let [.., before, last] = labels.as_slice() else {
        return false;
    };
    let www = labels[0].eq_ignore_ascii_case("www");
    if host.defanged || www && labels.len() > 2 {
        return true;
    }
    // "M.Sc": an abbreviation.
    if labels.len() == 2 && matches!(before.as_bytes(), [b'A'..=b'Z']) {
        return false;
    }
    let lower = last.to_ascii_lowercase();
    let capital = |word: &str| {
        word.bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_uppercase())
            && word[1..].bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let twice = [
        "exe", "pdf", "doc", "docx", "xls", "xlsx", "jpg", "tar", "txt",
    ]
    .iter()
    .any(|kind| before.eq_ignore_ascii_case(kind));
    let file = FILES.has(&lower) && (labels.len() == 2 || twice) && !linked;
    // "…the bank.It was": a capital behind the dot starts a sentence unless all labels have one.
    let sentence = capital(last) && last.is_ascii() && (WORDS.has(&lower) || !capital(before));
    let before_lower = before.to_ascii_lowercase();
    let numbered = before.bytes().all(|byte| byte.is_ascii_digit());
    let said = scan.led_by(host.start, 40, Cue::Site.set());
    // "and also differ.be sure to": the sentence goes on in small letters.
    let goes_on = scan.byte(host.end) == b' ' && scan.byte(host.end + 1).is_ascii_lowercase();
    let plain = !before
        .bytes()
        .any(|byte| byte.is_ascii_digit() || byte == b'-');
    let words = WORDS.has(&lower)
        && labels.len() == 2
        && !linked
        && (goes_on && plain && !said
            || COMMON.has(&before_lower)
            || numbered
            || lower.len() > 2 && plain && !said);
    // "paid.com" was never meant after "he said he".
    let site = matches!(host.name.to_ascii_lowercase().as_str(), "police.uk");
    let common =
        !site && COMMON.has(&before_lower) && lower.len() == 2 && labels.len() == 2 && !linked;
    !(file || sentence || words || common)
}

/// Reads a path behind a host without scheme; whether it was a URL.
fn scheme_less(scan: &Scan<'_>, host: &Host, value: &str, finds: &mut Finds) -> bool {
    let mut at = host.end;
    if scan.byte(at) == b':' {
        let digits = scan.bytes[at + 1..]
            .iter()
            .take(6)
            .take_while(|byte| byte.is_ascii_digit());
        let count = digits.count();
        at += if (1..=5).contains(&count) {
            1 + count
        } else {
            0
        };
    }
    let next = scan.byte(at + 1);
    let path = match scan.byte(at) {
        b'/' => true,
        b'?' => next.is_ascii_alphanumeric(),
        _ => false,
    };
    if !path {
        return false;
    }
    let port = &scan.text[host.end..at];
    let (tail, end) = url::tail(scan, at);
    finds.hosts_read_to = finds.hosts_read_to.max(end);
    let address = format!("http://{value}{port}{tail}");
    match url::read(scan, &address, host.start, host.start, end) {
        Some(find) if end > host.end => {
            finds.list.push(find);
            true
        }
        _ => false,
    }
}

/// Suffixes that people say.
pub(super) static SAID: Words = Words::new(
    " com co uk org net info io app online site shop xyz help live club me biz \
    onion gov london",
);

/// `natwest dot help`: the suffix must be one that people say, and the name no article.
fn spoken_name(scan: &Scan<'_>, host: &Host, finds: &mut Finds) {
    static ARTICLES: Words = Words::new(
        " the a an and or then is was big polka micro black red this that dot every each with",
    );
    if email::spoken_at(scan, host, finds) {
        return;
    }
    let first = host
        .name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let last = host
        .name
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if !SAID.has(&last) || ARTICLES.has(&first) {
        return;
    }
    if let Some(value) = registrable(&host.name) {
        finds.push(Kind::Domain, host.start, host.end, value);
    }
}

pub(crate) fn normalise(_: Kind, field: &str) -> Option<String> {
    let bytes = field.as_bytes();
    let mut name = String::with_capacity(field.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some(width) = bracketed(bytes, at, &[b".", b"dot"]) {
            name.push('.');
            at += width;
            continue;
        }
        let letter = field[at..].chars().next()?;
        name.push(letter);
        at += letter.len_utf8();
    }
    if name.contains(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '.' | '_')) {
        return None;
    }
    registrable(name.strip_suffix('.').unwrap_or(&name)).map(String::from)
}

#[cfg(test)]
mod tests {
    use crate::Kind::Domain;
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn domains_in_text() {
        check(
            "from royalmail-fees.co.uk.",
            &[(Domain, "royalmail-fees.co.uk")],
        );
        check("WWW.Example.COM!", &[(Domain, "www.example.com")]);
        check("(`travelasist[.]com`)", &[(Domain, "travelasist.com")]);
        check("evil dot co dot uk is fake", &[(Domain, "evil.co.uk")]);
        check("login-bank (dot) com", &[(Domain, "login-bank.com")]);
        // The last byte of the sign is no space; found by fuzzing.
        check("no 3\u{208b}dot com", &[]);
        check(
            "hosted at abcdefghij234567.onion",
            &[(Domain, "abcdefghij234567.onion")],
        );
        check("“example.org”", &[(Domain, "example.org")]);
        check("site bit.ly, t.me", &[(Domain, "bit.ly"), (Domain, "t.me")]);
    }

    #[test]
    fn what_only_looks_like_one() {
        check(
            "report.docx invoice.pdf setup.exe archive.zip main.rs readme.md",
            &[],
        );
        check("I spoke to the bank.It was closed.So I left.My wife", &[]);
        check(
            "i told him.it was late.he left e.g. this, i.e. that, 10.30am, U.K. p.m",
            &[],
        );
        check("the dot com bubble and polka dot dress, jo_at_x.com", &[]);
        check(r"C:\Users\me\command.com /etc/host.conf co.uk", &[]);
        check(
            "version 2.0.1, £3.50, v1.2.3",
            &[(Kind::Amount, "GBP 3.50")],
        );
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::Domain, "Evil[.]COM").as_deref(),
            Some("evil.com")
        );
        assert_eq!(
            normalise(Kind::Domain, "bücher.de").as_deref(),
            Some("xn--bcher-kva.de")
        );
        assert_eq!(normalise(Kind::Domain, "report.docx"), None);
    }
}
