//! URLs, refanged and serialised by the WHATWG standard. A URL brings its host with it as a domain
//! or address, and the account it names when the host is a platform.

use url::{Host as Parsed, Url};

use super::host::{Host, dot_at, host_at, registrable};
use super::{handle, phone};
use crate::family::{Family, Find, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Url],
    wakes_on: &[Wake::on(Mark::Scheme)],
    find,
    normalise,
};

/// Browsers and servers refuse much shorter ones.
const LONGEST: usize = 4096;

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    if anchor.start < finds.hosts_read_to {
        return;
    }
    let Some((scheme, start, body)) = scheme(scan, anchor.start) else {
        return;
    };
    let (tail, end) = tail(scan, body);
    finds.hosts_read_to = end;
    if end - body > LONGEST {
        return;
    }
    if let Some(find) = read(scan, &format!("{scheme}://{tail}"), start, body, end) {
        finds.list.push(find);
    }
}

/// The scheme before the colon at `colon`, where it starts, and where what follows it starts.
fn scheme(scan: &Scan<'_>, colon: usize) -> Option<(&'static str, usize, usize)> {
    let opened = scan.before(colon) == b'[';
    let letters_end = colon - usize::from(opened);
    let letters = scan.bytes[..letters_end]
        .iter()
        .rev()
        .take(7)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'*')
        .count();
    let start = letters_end - letters;
    let scheme = match scan.text[start..letters_end].to_ascii_lowercase().as_str() {
        "http" | "hxxp" | "h**p" | "htxp" | "hxtp" | "httx" | "hhtp" | "htpp" | "ttp" => "http",
        "https" | "hxxps" | "h**ps" | "htxps" | "hxtps" | "hhtps" | "htpps" | "ttps" => "https",
        "ftp" | "fxp" => "ftp",
        _ => return None,
    };
    let mut body = colon + 1;
    let closed = |at: usize| usize::from(opened && scan.byte(at) == b']');
    body += closed(body);
    body += 2;
    body += closed(body);
    Some((scheme, start, body))
}

/// Reads the rest of a URL from `from`: refanged text, and where it ends in the text.
pub(crate) fn tail(scan: &Scan<'_>, from: usize) -> (String, usize) {
    let mut out = String::new();
    // (position in the text, length of the output) behind every character kept.
    let mut at = from;
    let (mut kept_at, mut kept) = (from, 0);
    let mut open = 0usize;
    loop {
        // Most of a URL is letters, digits and what else is never a sentence's.
        let plain = plain_at(scan.bytes, at).min((LONGEST + 1).saturating_sub(at - from));
        if plain > 0 {
            out.push_str(&scan.text[at..at + plain]);
            at += plain;
            (kept_at, kept) = (at, out.len());
            if at - from > LONGEST {
                break;
            }
        }
        let Some(letter) = scan.text[at..].chars().next() else {
            break;
        };
        if let Some((width, true)) = dot_at(scan.bytes, at) {
            out.push('.');
            at += width;
            continue;
        }
        match letter {
            '(' => open += 1,
            ')' if open == 0 => break,
            ')' => open -= 1,
            // An IPv6 host stands in brackets; elsewhere they are the text's own.
            '[' if at == from => {}
            ']' if out.starts_with('[') && !out.contains(']') => {}
            '[' | ']' | '{' | '}' | '<' | '>' | '"' | '|' | '`' | '\\' | '^' => break,
            c if c.is_whitespace() || c.is_control() => break,
            c if !c.is_ascii() && !c.is_alphanumeric() => break,
            _ => {}
        }
        out.push(letter);
        at += letter.len_utf8();
        // Punctuation at the end belongs to the sentence.
        if !matches!(
            letter,
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '~' | '(' | '+'
        ) {
            (kept_at, kept) = (at, out.len());
        }
        if at - from > LONGEST {
            break;
        }
    }
    out.truncate(kept);
    (settled(out).unwrap_or_default(), kept_at)
}

/// How many bytes from `at` on belong to a URL wherever they stand in it.
fn plain_at(bytes: &[u8], at: usize) -> usize {
    let plain = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'=' | b'&' | b'%')
    };
    bytes[at..].iter().take_while(plain).count()
}

/// How often a disguise may lie within a disguise.
const DISGUISES: usize = 4;

/// What was refanged must not read as a disguise again, `((.]info` for one: the same as normal
/// form would not be the same. Nothing where there is no end to it.
fn settled(mut written: String) -> Option<String> {
    for _ in 0..DISGUISES {
        match undisguised(&written) {
            Some(plain) => written = plain,
            None => return Some(written),
        }
    }
    None
}

/// The text with plain dots, if it had others.
fn undisguised(text: &str) -> Option<String> {
    if !text.contains(['[', ']', '(', ')', '{']) {
        return None;
    }
    let mut plain = String::new();
    let (mut at, mut taken) = (0, 0);
    while at < text.len() {
        match dot_at(text.as_bytes(), at) {
            Some((width, true)) => {
                plain.push_str(&text[taken..at]);
                plain.push('.');
                at += width;
                taken = at;
            }
            _ => at += 1,
        }
    }
    (taken > 0).then(|| plain + &text[taken..])
}

/// A URL with what it brings: host and account.
pub(crate) fn read(
    scan: &Scan<'_>,
    address: &str,
    start: usize,
    body: usize,
    end: usize,
) -> Option<Find> {
    let url = Url::parse(address).ok()?;
    // However many slashes are written, the host follows them (WHATWG URL, "special authority
    // ignore slashes").
    let written = &scan.text[body..end];
    let body = end - written.trim_start_matches(['/', '\\']).len();
    let authority = scan.text[body..end]
        .find(['/', '?', '#'])
        .map_or(end, |at| body + at);
    let body = scan.text[body..authority]
        .rfind('@')
        .map_or(body, |at| body + at + 1);
    let host = host_at(scan, body, false);
    let part = match url.host()? {
        // Brackets that disguise nothing: no name holds them, and they would be read again.
        Parsed::Domain(name) if name.contains(['(', ')']) => return None,
        Parsed::Domain(name) if name.contains('.') => {
            registrable(name).map(|name| Find::new(Kind::Domain, host.start, host.end, name))
        }
        Parsed::Domain(_) => return None,
        Parsed::Ipv4(address) => {
            let written = host.labels == 4;
            written.then(|| Find::new(Kind::Ipv4, host.start, host.end, address.to_string()))
        }
        Parsed::Ipv6(address) => {
            let close = scan.text[body..end].find(']')?;
            Some(Find::new(
                Kind::Ipv6,
                body + 1,
                body + close,
                address.to_string(),
            ))
        }
    };
    let mut find = Find::new(Kind::Url, start, end, url.to_string());
    find.parts
        .extend(part.filter(|part| part.start < part.end && part.end <= end));
    find.parts.extend(account(scan, &url, &host, end));
    Some(find)
}

/// The account or telephone number that a platform's URL names.
fn account(scan: &Scan<'_>, url: &Url, host: &Host, end: usize) -> Option<Find> {
    let (kind, value, written) = match handle::in_url(url) {
        Some((value, name)) => (Kind::Handle, value.into(), name),
        None => {
            let number = phone::in_url(url)?;
            (Kind::Phone, phone::international(&number)?, number)
        }
    };
    // Where the name stands; written in escapes it is the whole path.
    let from = host.end.min(end);
    let at = scan.text[from..end].find(&written).map(|at| from + at);
    let (start, end) = at.map_or((from, end), |at| (at, at + written.len()));
    Some(Find::new(kind, start, end, value))
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    let found = crate::extract(field)
        .into_iter()
        .find(|found| found.kind == Kind::Url);
    if let Some(found) = found.filter(|found| found.raw.len() == field.len()) {
        return Some(found.value);
    }
    // In a field labelled as a link a bare host is one.
    let name = super::domain::normalise(Kind::Domain, field);
    name.map(|name| format!("http://{name}/"))
        .or_else(|| plain(field))
}

/// A URL whose form the finder would not take from running text.
fn plain(field: &str) -> Option<String> {
    let web = ["http://", "https://", "ftp://"]
        .iter()
        .any(|scheme| field.starts_with(scheme));
    let url = web.then(|| Url::parse(field).ok())??;
    // What the parser had to escape would be escaped again: only a settled form is canonical.
    // So would what reads as a dot in disguise be read again.
    let settled = Url::parse(url.as_str()).ok()? == url
        && !field.contains(char::is_whitespace)
        && undisguised(url.as_str()).is_none();
    settled.then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Domain, Handle, Ipv4, Ipv6, Phone, Url};
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn urls_plain_and_defanged() {
        for text in [
            "see http://evil.com/login.",
            "see hxxp://evil[.]com/login",
            "hXXp://evil(.)com/login)",
            "http[:]//evil[.]com/login",
            "http[://]evil.com/login,",
            "(http://evil[.com/login)",
            "<http://EVIL.com:80/login>",
            "hxxp://evil [.] com/login next",
            "evil.com/login",
            "evil[.]com/login",
        ] {
            check(
                text,
                &[(Url, "http://evil.com/login"), (Domain, "evil.com")],
            );
        }
        // A disguise within a disguise, found by fuzzing.
        assert_eq!(normalise(Url, "https://(.le/x y"), None);
        assert_eq!(normalise(Url, "https://(.le/frdb://x.\u{19}chf"), None);
        let twice = [(Url, "http://ify.info/cr~cab.info/x"), (Domain, "ify.info")];
        check("ify[.]info/cr~cab(.]info/x", &twice);
        check("ify[.]info/cr~cab((.]info/x", &twice);
        check(
            "https://a.co.uk/x_(y)?q=1#f, ok",
            &[(Url, "https://a.co.uk/x_(y)?q=1#f"), (Domain, "a.co.uk")],
        );
        check(
            "http://bücher.de/",
            &[
                (Url, "http://xn--bcher-kva.de/"),
                (Domain, "xn--bcher-kva.de"),
            ],
        );
    }

    #[test]
    fn a_host_holds_no_brackets() {
        let text = "https://login.28((((.sa/@x.com/y";
        let urls = crate::extract(text);
        let urls = urls.iter().filter(|found| found.kind == Url);
        for url in urls {
            assert_eq!(
                normalise(Url, &url.value).as_deref(),
                Some(url.value.as_str())
            );
            assert!(!url.value.contains('('), "{url:?}");
        }
    }

    #[test]
    fn slashes_may_be_too_many() {
        let found = crate::extract("see https:///evil.com/x now");
        let [url, domain] = found.as_slice() else {
            panic!("a URL and its host: {found:?}");
        };
        assert_eq!((url.value.as_str(), url.kind), ("https://evil.com/x", Url));
        assert_eq!((domain.raw, domain.kind), ("evil.com", Domain));
    }

    #[test]
    fn a_host_that_the_dns_does_not_hold_is_no_domain() {
        let odd = "https://www.fa!cebook.com/sandra";
        check(odd, &[(Url, odd)]);
    }

    #[test]
    fn hosts_that_are_addresses() {
        check(
            "http://81.2.69.142:8080/a",
            &[(Url, "http://81.2.69.142:8080/a"), (Ipv4, "81.2.69.142")],
        );
        check(
            "http://[2001:db8::1]/a",
            &[(Url, "http://[2001:db8::1]/a"), (Ipv6, "2001:db8::1")],
        );
        check(
            "81.2.69.142:80/a",
            &[(Url, "http://81.2.69.142/a"), (Ipv4, "81.2.69.142")],
        );
    }

    #[test]
    fn accounts_in_urls() {
        check(
            "https://www.instagram.com/Lucy.Smith_x/",
            &[
                (Url, "https://www.instagram.com/Lucy.Smith_x/"),
                (Domain, "www.instagram.com"),
                (Handle, "instagram:lucy.smith_x"),
            ],
        );
        check(
            "https://wa.me/447911123456",
            &[
                (Url, "https://wa.me/447911123456"),
                (Domain, "wa.me"),
                (Phone, "+447911123456"),
            ],
        );
    }

    #[test]
    fn no_urls() {
        check("http://localhost/x and http:// and ://evil", &[]);
        assert_eq!(normalise(Kind::Url, "not a link"), None);
        assert_eq!(
            normalise(Kind::Url, "evil.com").as_deref(),
            Some("http://evil.com/")
        );
    }
}
