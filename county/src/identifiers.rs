//! Identifiers of offenders: made in canonical form, and written the many ways people write them.
//!
//! Canonical forms are those of the observables contract: phones E.164, bank accounts
//! `sortcode:account`, URLs as WHATWG writes them. Nothing here was ever given to anybody on
//! purpose: domains are invented, IPv4 comes from the benchmark range of RFC 2544, IPv6 from the
//! documentation prefix of RFC 3849, and wallets are checksums over chance.

use crate::chance::Chance;
use crate::words::WORDS;

/// An identifier of a kind, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identifier {
    pub kind: &'static str,
    pub value: String,
}

/// Whose hand writes an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// A form's own field.
    Field,
    /// A member of the public or a call taker.
    Person,
    /// An analyst, who defangs what must not be clicked.
    Analyst,
}

impl Identifier {
    pub fn new(kind: &'static str, value: String) -> Self {
        Identifier { kind, value }
    }

    /// A UK mobile in a range that numbering metadata holds to be allocated.
    pub fn mobile(chance: &mut Chance) -> Self {
        const RANGES: [&str; 12] = [
            "7300", "7341", "7393", "7411", "7448", "7467", "7532", "7564", "7712", "7745", "7841",
            "7903",
        ];
        let range = chance.pick(&RANGES);
        let last = chance.digits(6);
        Self::new("phone", format!("+44{range}{last}"))
    }

    /// A landline nobody has: within an area code, numbers starting 0 or 1 are never given out
    /// (Ofcom, National Telephone Numbering Plan), though metadata holds them to be well formed.
    pub fn landline(chance: &mut Chance) -> Self {
        const AREAS: [&str; 5] = ["1279", "1438", "1462", "1707", "1923"];
        let area = chance.pick(&AREAS);
        let first = chance.below(2);
        let rest = chance.digits(5);
        Self::new("phone", format!("+44{area}{first}{rest}"))
    }

    pub fn domain(chance: &mut Chance) -> Self {
        let words = &*WORDS;
        let first = words.one("site_first", chance);
        let second = words.one("site_second", chance);
        let ending = words.one("site_endings", chance);
        let number = chance.between(2, 998);
        let third = words.one("site_second", chance);
        let name = match chance.below(6) {
            0 => format!("{first}-{second}{number}"),
            1 => format!("{first}{second}{number}"),
            2 => format!("{second}-{first}-{number}"),
            3 => format!("{first}{second}-{third}{}", number % 90),
            4 => format!("uk-{first}{number}-{second}"),
            _ => format!("{first}-{second}-{third}{}", number % 10),
        };
        Self::new("domain", format!("{name}.{ending}"))
    }

    /// A page of a domain.
    pub fn url(domain: &str, chance: &mut Chance) -> Self {
        let path = WORDS.one("site_paths", chance);
        let tail = match chance.below(3) {
            0 => format!("/{path}"),
            1 => format!("/{path}?id={}", chance.digits(5)),
            _ => format!("/{path}/{}", chance.digits(4)),
        };
        Self::new("url", format!("https://{domain}{tail}"))
    }

    /// A mail box on an invented host, or on the offender's own domain.
    pub fn email(domain: Option<&str>, chance: &mut Chance) -> Self {
        let words = &*WORDS;
        if let Some(domain) = domain
            && chance.yes(0.6)
        {
            let local = words.one("site_second", chance);
            return Self::new("email", format!("{local}@{domain}"));
        }
        let host = words.one("mail_hosts", chance);
        let (first, second) = (
            words.one("handle_first", chance),
            words.one("handle_second", chance),
        );
        let number = chance.between(1, 9_999);
        Self::new("email", format!("{first}.{second}{number}@{host}"))
    }

    pub fn handle(platform: &str, chance: &mut Chance) -> Self {
        let words = &*WORDS;
        let (first, second) = (
            words.one("handle_first", chance),
            words.one("handle_second", chance),
        );
        let number = chance.between(1, 9_999);
        let mark = chance.pick(&["_", ".", "", ""]);
        Self::new(
            "handle",
            format!("{platform}:{first}{mark}{second}{number}"),
        )
    }

    pub fn account(chance: &mut Chance) -> Self {
        const SORT_CODES: [&str; 10] = ["20", "30", "40", "60", "09", "04", "07", "11", "23", "77"];
        let bank = chance.pick(&SORT_CODES);
        let (branch, number) = (chance.digits(4), chance.digits(8));
        Self::new("uk_bank_account", format!("{bank}{branch}:{number}"))
    }

    /// An IBAN with true check digits (ISO 13616): British or Lithuanian.
    pub fn iban(chance: &mut Chance) -> Self {
        let (country, body) = if chance.yes(0.5) {
            let bank = chance.pick(&["BARC", "LOYD", "MIDL", "NWBK", "REVO"]);
            ("GB", format!("{bank}{}", chance.digits(14)))
        } else {
            ("LT", chance.digits(16))
        };
        let check = 98 - mod97(&format!("{body}{country}00"));
        Self::new("iban", format!("{country}{check:02}{body}"))
    }

    /// A wallet with a true checksum where the chain has one. Ether is left in lower case, which
    /// EIP-55 allows.
    pub fn wallet(chance: &mut Chance) -> Self {
        match chance.below(10) {
            0..=3 => {
                let program: [u8; 20] = chance.bytes();
                let address = bech32::segwit::encode_v0(bech32::hrp::BC, &program)
                    .expect("twenty bytes are a valid witness program");
                Self::new("btc", address)
            }
            4..=5 => Self::new("btc", base58(0x00, chance)),
            6..=7 => {
                let bytes: [u8; 20] = chance.bytes();
                Self::new("eth", format!("0x{}", hex(&bytes)))
            }
            _ => Self::new("tron", base58(0x41, chance)),
        }
    }

    pub fn address(chance: &mut Chance) -> Self {
        if chance.yes(0.7) {
            let (a, b, c) = (
                chance.between(18, 19),
                chance.between(0, 255),
                chance.between(1, 254),
            );
            return Self::new("ipv4", format!("198.{a}.{b}.{c}"));
        }
        let part = |chance: &mut Chance| format!("{:x}", chance.between(0x1000, 0xffff));
        let (a, b, c) = (part(chance), part(chance), part(chance));
        Self::new("ipv6", format!("2001:db8:{a}::{b}:{c}"))
    }

    pub fn vehicle(chance: &mut Chance) -> Self {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNOPRSTUVWXY";
        let letter = |chance: &mut Chance| char::from(chance.pick(LETTERS));
        let area: String = (0..2).map(|_| letter(chance)).collect();
        let year = chance.between(13, 25);
        let rest: String = (0..3).map(|_| letter(chance)).collect();
        Self::new("uk_vrm", format!("{area}{year}{rest}"))
    }

    pub fn sha256(chance: &mut Chance) -> Self {
        let bytes: [u8; 32] = chance.bytes();
        Self::new("sha256", hex(&bytes))
    }

    /// The text this hand writes for it.
    pub fn written(&self, hand: Hand, chance: &mut Chance) -> String {
        let value = &self.value;
        match self.kind {
            "phone" => phone(value, hand, chance),
            "uk_bank_account" => account(value, hand, chance),
            "iban" if chance.yes(0.5) => grouped(value),
            "url" if hand == Hand::Analyst => defang(&value.replacen("http", "hxxp", 1), chance),
            "domain" | "ipv4" if hand == Hand::Analyst => defang(value, chance),
            "email" if hand == Hand::Analyst && chance.yes(0.5) => defang(value, chance),
            "handle" if hand != Hand::Field => handle(value, chance),
            "uk_vrm" if chance.yes(0.7) => format!("{} {}", &value[..4], &value[4..]),
            _ => value.clone(),
        }
    }
}

fn phone(canonical: &str, hand: Hand, chance: &mut Chance) -> String {
    let significant = canonical.trim_start_matches("+44");
    let (a, b) = significant.split_at(4);
    let (c, d) = b.split_at(3.min(b.len()));
    let style = if hand == Hand::Field {
        chance.below(5)
    } else {
        chance.below(9)
    };
    match style {
        0 | 1 => format!("0{significant}"),
        2 => format!("0{a} {b}"),
        3 => format!("+44{significant}"),
        4 => format!("+44 {a} {b}"),
        5 => format!("0{a} {c} {d}"),
        6 => format!("0{a}-{b}"),
        7 => format!("0044 {a} {b}"),
        _ => format!("+44 (0){a} {c} {d}"),
    }
}

fn account(canonical: &str, hand: Hand, chance: &mut Chance) -> String {
    let (sort, number) = canonical.split_once(':').unwrap_or((canonical, ""));
    let (a, b, c) = (&sort[..2], &sort[2..4], &sort[4..]);
    if hand == Hand::Field {
        return match chance.below(4) {
            0 => format!("{a}{b}{c} {number}"),
            1 => format!("{a} {b} {c} {number}"),
            _ => format!("{a}-{b}-{c} {number}"),
        };
    }
    match chance.below(8) {
        0 => format!("sort code {a}-{b}-{c} acc {number}"),
        1 => format!("sort code {a}{b}{c}, account number {number}"),
        2 => format!("sort code {a} {b} {c} account {number}"),
        3 => format!("SC {a}-{b}-{c} AN {number}"),
        4 => format!("account number {number}, sort code {a}-{b}-{c}"),
        5 => format!("s/c {a}-{b}-{c} a/c {number}"),
        6 => format!("sort code: {a}-{b}-{c} account no: {number}"),
        _ => format!("{a}-{b}-{c} {number}"),
    }
}

fn handle(canonical: &str, chance: &mut Chance) -> String {
    let (platform, name) = canonical.split_once(':').unwrap_or(("", canonical));
    let mut shown = platform.to_owned();
    if let Some(first) = shown.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    match chance.below(5) {
        0 => format!("@{name} on {shown}"),
        1 => format!("{shown} @{name}"),
        2 => format!("{shown} username {name}"),
        3 => format!("{shown}: @{name}"),
        _ => format!("{shown} (@{name})"),
    }
}

/// Writes the dots so that nothing turns the text into a link.
fn defang(text: &str, chance: &mut Chance) -> String {
    match chance.below(4) {
        0 => text.replace('.', "(.)"),
        1 => text.replace('.', "[.]").replace("://", "[:]//"),
        _ => text.replace('.', "[.]"),
    }
}

/// In fours, as a bank prints an IBAN.
fn grouped(iban: &str) -> String {
    let mut out = String::with_capacity(iban.len() + 6);
    for (at, letter) in iban.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(' ');
        }
        out.push(letter);
    }
    out
}

fn mod97(text: &str) -> u32 {
    text.chars().fold(0, |rest, c| match c.to_digit(36) {
        Some(digit) if digit < 10 => (rest * 10 + digit) % 97,
        Some(letter) => (rest * 100 + letter) % 97,
        None => rest,
    })
}

fn base58(version: u8, chance: &mut Chance) -> String {
    let hash: [u8; 20] = chance.bytes();
    let mut bytes = vec![version];
    bytes.extend(hash);
    bs58::encode(bytes).with_check().into_string()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Stream;

    #[test]
    fn phones_are_valid_and_every_way_of_writing_reads_back() {
        let mut chance = Chance::new(5, Stream::Pool, 1);
        let britain = Some(phonenumber::country::GB);
        for at in 0..800 {
            let made = if at % 4 == 0 {
                Identifier::landline(&mut chance)
            } else {
                Identifier::mobile(&mut chance)
            };
            for hand in [Hand::Field, Hand::Person] {
                let written = made.written(hand, &mut chance);
                let read = phonenumber::parse(britain, &written).unwrap();
                assert!(phonenumber::is_valid(&read), "{written}");
                let e164 = read.format().mode(phonenumber::Mode::E164).to_string();
                assert_eq!(e164, made.value, "{written}");
            }
        }
    }

    #[test]
    fn checksums_hold() {
        let mut chance = Chance::new(5, Stream::Pool, 2);
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let iban = Identifier::iban(&mut chance).value;
            assert_eq!(mod97(&format!("{}{}", &iban[4..], &iban[..4])), 1, "{iban}");
            let wallet = Identifier::wallet(&mut chance);
            kinds.insert(wallet.kind);
            match wallet.kind {
                "btc" if wallet.value.starts_with("bc1") => {
                    bech32::segwit::decode(&wallet.value).unwrap();
                }
                "btc" | "tron" => {
                    bs58::decode(&wallet.value)
                        .with_check(None)
                        .into_vec()
                        .unwrap();
                }
                _ => assert_eq!(wallet.value.len(), 42),
            }
        }
        assert_eq!(kinds.len(), 3);
    }

    #[test]
    fn an_iban_of_the_standard_checks() {
        assert_eq!(mod97("WEST12345698765432GB82"), 1);
    }
}
