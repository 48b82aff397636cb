//! Accounts on platforms, as `platform:name` in lower case: no platform here tells names apart by
//! case. The platform must be named nearby or be the host of a URL; an `@name` alone belongs to
//! nobody. Twitter is recorded under its name of today, `x`.

use url::Url;

use crate::cue::Cue;
use crate::family::{Bytes, Family, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, CueAt, Mark, Scan};
use crate::words::{Lower, Words};

/// No name ends before the sign: that would be the address of a mailbox.
const OPEN: &[Pair] = &[(Bytes::WORD.or(Bytes::of(b"._-/@")).not(), Bytes::ANY)];

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Handle],
    wakes_on: &[
        Wake::on(Mark::At).before(OPEN),
        Wake::at(Cue::Platform.set()),
    ],
    find,
    normalise,
};

/// How far before and behind a name its platform may stand.
const BEFORE: usize = 70;
const BEHIND: usize = 40;

/// The platform's canonical name for a word of the text.
fn platform(word: &str) -> Option<&'static str> {
    Some(match Lower::of(word.as_bytes()).as_bytes() {
        b"instagram" | b"insta" | b"ig" => "instagram",
        b"telegram" | b"tg" => "telegram",
        b"twitter" | b"x" => "x",
        b"facebook" | b"fb" | b"messenger" => "facebook",
        b"snapchat" | b"snap" => "snapchat",
        b"tiktok" => "tiktok",
        b"discord" => "discord",
        b"linkedin" => "linkedin",
        b"youtube" => "youtube",
        b"reddit" => "reddit",
        b"signal" => "signal",
        b"wechat" => "wechat",
        b"skype" => "skype",
        b"kik" => "kik",
        b"wickr" => "wickr",
        b"threads" => "threads",
        b"twitch" => "twitch",
        b"steam" => "steam",
        b"onlyfans" => "onlyfans",
        b"vinted" => "vinted",
        b"depop" => "depop",
        b"ebay" => "ebay",
        b"pinterest" => "pinterest",
        b"github" => "github",
        b"bluesky" => "bluesky",
        b"cashapp" => "cashapp",
        _ => return None,
    })
}

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let found = match anchor.mark {
        Mark::At => at_name(scan, anchor.start),
        _ if anchor.cues.has(Cue::Platform) => {
            after_platform(scan, anchor).or_else(|| before_platform(scan, anchor))
        }
        _ => None,
    };
    if let Some((start, end, value)) = found {
        finds.push(Kind::Handle, start, end, value);
    }
}

/// `@name` with a platform near it.
fn at_name(scan: &Scan<'_>, at: usize) -> Option<(usize, usize, String)> {
    let before = scan.before(at);
    if before.is_ascii_alphanumeric() || matches!(before, b'.' | b'_' | b'-' | b'/' | b'@') {
        return None;
    }
    let platform = platform_of(scan, at, name_end(scan.bytes, at + 1, false))?;
    let end = name_end(scan.bytes, at + 1, hyphened(platform));
    let name = &scan.text[at + 1..end];
    if name.len() < 2 || matches!(scan.byte(end), b'@' | b'*') {
        return None;
    }
    Some((at, end, format!("{platform}:{}", name.to_ascii_lowercase())))
}

/// The platform of a name: right behind it ("@jo on Telegram"), else the nearest before, else
/// the nearest behind.
fn platform_of(scan: &Scan<'_>, start: usize, end: usize) -> Option<&'static str> {
    let named = |cue: &CueAt| platform(&scan.text[cue.start..cue.end]);
    let after = scan
        .cues_in(end, end + BEHIND)
        .find(|cue| cue.cues.has(Cue::Platform));
    if let Some(cue) = after {
        let between = scan
            .text
            .get(end..cue.start)
            .unwrap_or_default()
            .to_ascii_lowercase();
        if matches!(
            between.trim(),
            "on" | "(" | "via" | "(on" | "- " | "[" | "from" | "on their"
        ) {
            return named(cue);
        }
    }
    let from = scan.bytes[start.saturating_sub(BEFORE)..start]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(start.saturating_sub(BEFORE), |at| {
            start.saturating_sub(BEFORE) + at
        });
    let before = scan
        .cues_in(from, start)
        .rev()
        .find_map(|cue| cue.cues.has(Cue::Platform).then(|| named(cue)).flatten());
    before.or_else(|| after.and_then(named))
}

/// `Instagram username jo_smith`, `Snapchat: jo99`: a name behind its platform.
fn after_platform(scan: &Scan<'_>, anchor: &Anchor) -> Option<(usize, usize, String)> {
    let platform = platform(&scan.text[anchor.start..anchor.end])?;
    let (at, announced) = skip_connecting_words(scan, anchor.end)?;
    let quoted = usize::from(matches!(scan.byte(at), b'"' | b'\''));
    named(scan, platform, at + quoted, announced || quoted > 0)
}

/// Walks from the platform over words such as "username is" to where a name may start, and says
/// whether one of them announced it.
fn skip_connecting_words(scan: &Scan<'_>, from: usize) -> Option<(usize, bool)> {
    static LINKING: Words = Words::new(
        " is was as account profile page the my his her their under with of on \
        called named a an using by and to me add at seller buyer trader member",
    );
    static ANNOUNCING: Words =
        Words::new(" username user handle name id called named tag nickname usernames");
    let mut announced = false;
    let mut at = from;
    for _ in 0..6 {
        match (scan.byte(at), scan.byte(at + 1)) {
            (b':' | b'=', _) => {
                announced = true;
                at += 1;
            }
            (b',' | b'-' | b'(', _) | (b'@', b' ') => at += 1,
            _ => {}
        }
        while scan.byte(at) == b' ' && at < scan.bytes.len() && at < from + 60 {
            at += 1;
        }
        if matches!(scan.byte(at), b'-' | b'(' | b':')
            || scan.byte(at) == b'@' && scan.byte(at + 1) == b' '
        {
            continue;
        }
        let length = scan.bytes[at..]
            .iter()
            .take(12)
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        let word = &scan.bytes[at..at + length];
        let announcing = ANNOUNCING.has(word);
        if !announcing && !LINKING.has(word)
            || !scan.closes(at + length)
            || scan.byte(at + length) == b'.' && name_byte(scan.byte(at + length + 1))
        {
            break;
        }
        announced |= announcing;
        at += length;
    }
    (at > from).then_some((at, announced))
}

/// `username jo_smith on Instagram`: a name before its platform.
fn before_platform(scan: &Scan<'_>, anchor: &Anchor) -> Option<(usize, usize, String)> {
    let platform = platform(&scan.text[anchor.start..anchor.end])?;
    let on = [" also on ", " over on ", " on ", " via ", " from "]
        .into_iter()
        .find(|on| scan.text[..anchor.start].ends_with(on))?;
    let end = anchor.start - on.len();
    let length = scan.bytes[..end]
        .iter()
        .rev()
        .take(32)
        .take_while(|b| name_byte(**b))
        .count();
    let start = end - length;
    let announced = scan
        .cues_in(start.saturating_sub(16), start)
        .any(|cue| cue.cues.has(Cue::Naming) && start - cue.end <= 5);
    named(scan, platform, start, announced).filter(|(_, found, _)| *found == end)
}

/// A name without its `@`: announced, or with a figure or underscore that no word has.
fn named(
    scan: &Scan<'_>,
    platform: &str,
    start: usize,
    announced: bool,
) -> Option<(usize, usize, String)> {
    let end = name_end(scan.bytes, start, hyphened(platform));
    let name = scan.text.get(start..end)?;
    let letters = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    let sane = (3..=32).contains(&name.len())
        && letters
        && !matches!(scan.byte(end), b'@' | b'/' | b'*')
        && scan.before(start) != b'@';
    // "YouTube to MP3": short words with a figure are names of other things.
    let marked = name.len() >= 5
        && name
            .bytes()
            .skip(1)
            .any(|byte| byte.is_ascii_digit() || byte == b'_');
    if !sane || !marked && !announced {
        return None;
    }
    // "Someone called Karen": a person's name and not an account's.
    let called = || {
        let before = &scan.bytes[..start];
        [b"called ".as_slice(), b"named "]
            .iter()
            .any(|word| before.ends_with(word))
    };
    let given = name.len() < 10 && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !marked && (COMMON.has(name) || given && called()) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    Some((start, end, format!("{platform}:{lower}")))
}

/// Words that follow "named", "called" or "is" without being a name.
static COMMON: Words = Words::new(
    " and but that this they them then was were has had have been being not who \
    which where when what with from for the his her hers him she our your you are is it its my \
    account profile page username user name handle called contact someone something trading group \
    chat message messages hacked fake real app there here also now still just because after before \
    blocked deleted active unknown messenger whatsapp telegram instagram facebook snapchat \
    asking said told sent saying offering one two caller",
);

fn name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

/// Whether names on the platform may hold hyphens.
fn hyphened(platform: &str) -> bool {
    matches!(
        platform,
        "ebay" | "github" | "vinted" | "reddit" | "linkedin"
    )
}

/// The end of the name at `start`, without the full stops and hyphens behind it.
fn name_end(bytes: &[u8], start: usize, hyphens: bool) -> usize {
    let from = start.min(bytes.len());
    let mut end = from
        + bytes[from..]
            .iter()
            .take(33)
            .take_while(|byte| name_byte(**byte) || hyphens && **byte == b'-')
            .count();
    while end > from && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    end
}

/// The account that a platform's URL names: the canonical value, and the name as written.
pub(crate) fn in_url(url: &Url) -> Option<(String, String)> {
    static PAGES: Words = Words::new(
        " p reel reels explore stories accounts watch share sharer groups events pages \
        profile.php login help hashtag home intent search joinchat s c i status video videos shorts \
        playlist channel feed marketplace privacy terms about legal tr plugins dialog messages me \
        story.php photo photo.php permalink.php settings download jobs company posts pulse tag \
        discover invite embed results signup t",
    );
    let host = url.host_str()?;
    let host = host
        .strip_prefix("www.")
        .or_else(|| host.strip_prefix("m."))
        .unwrap_or(host);
    let platform = match host {
        "instagram.com" | "instagr.am" => "instagram",
        "t.me" | "telegram.me" => "telegram",
        "twitter.com" | "x.com" | "mobile.twitter.com" => "x",
        "facebook.com" | "fb.com" | "fb.me" | "m.me" => "facebook",
        "tiktok.com" => "tiktok",
        "snapchat.com" => "snapchat",
        "linkedin.com" | "uk.linkedin.com" => "linkedin",
        "youtube.com" => "youtube",
        "reddit.com" => "reddit",
        "threads.net" => "threads",
        "twitch.tv" => "twitch",
        "github.com" => "github",
        "onlyfans.com" => "onlyfans",
        "cash.app" => "cashapp",
        _ => return None,
    };
    let mut path = url.path_segments()?;
    let first = path.next()?;
    let name = match (platform, first) {
        ("snapchat", "add") | ("linkedin", "in") | ("reddit", "user" | "u") => path.next()?,
        ("telegram", "s") => path.next()?,
        ("snapchat" | "linkedin" | "reddit", _) => return None,
        ("tiktok" | "youtube", name) if !name.starts_with('@') => return None,
        _ => first,
    };
    let name = name.trim_start_matches(['@', '$']);
    let plain = (2..=64).contains(&name.len())
        && name.bytes().all(|byte| name_byte(byte) || byte == b'-')
        && name.bytes().any(|byte| byte.is_ascii_alphanumeric());
    let lower = name.to_ascii_lowercase();
    (plain && !PAGES.has(&lower)).then(|| (format!("{platform}:{lower}"), name.to_owned()))
}

fn normalise(_: Kind, field: &str) -> Option<String> {
    if let Some((word, name)) = field.split_once(':')
        && let Some(platform) = platform(word.trim())
    {
        let name = name.trim().trim_start_matches('@');
        let plain = (2..=64).contains(&name.len())
            && name.bytes().all(|byte| name_byte(byte) || byte == b'-');
        return plain.then(|| format!("{platform}:{}", name.to_ascii_lowercase()));
    }
    crate::extract(field)
        .into_iter()
        .find(|found| found.kind == Kind::Handle)
        .map(|found| found.value)
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Domain, Handle, Url};
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn names_with_their_platform() {
        check(
            "on Instagram he was @Lucy.Smith_x.",
            &[(Handle, "instagram:lucy.smith_x")],
        );
        check(
            "message @crypto_king99 on Telegram",
            &[(Handle, "telegram:crypto_king99")],
        );
        check("her snapchat: jsmith99", &[(Handle, "snapchat:jsmith99")]);
        check(
            "Telegram username CryptoKing",
            &[(Handle, "telegram:cryptoking")],
        );
        check(
            "the user lucy_x on snapchat",
            &[(Handle, "snapchat:lucy_x")],
        );
        check(
            "insta @one or @two on TikTok",
            &[(Handle, "instagram:one"), (Handle, "tiktok:two")],
        );
        check(
            "t.me/CryptoKing99",
            &[
                (Url, "http://t.me/CryptoKing99"),
                (Domain, "t.me"),
                (Handle, "telegram:cryptoking99"),
            ],
        );
    }

    #[test]
    fn names_of_nobody() {
        check("message @crypto_king99 please", &[]);
        check("I saw it on Facebook and then on Instagram was asked", &[]);
        check("his Facebook account was hacked, Instagram called me", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::Handle, "Telegram: @Jo").as_deref(),
            Some("telegram:jo")
        );
        assert_eq!(
            normalise(Kind::Handle, "https://t.me/Jo_1").as_deref(),
            Some("telegram:jo_1")
        );
        assert_eq!(normalise(Kind::Handle, "jo"), None);
    }
}
