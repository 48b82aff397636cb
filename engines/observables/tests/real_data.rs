//! Real text: short messages, ransom notes and analysts' lists, kept beside the project and not in
//! it. The tests say so and pass where that folder is absent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use observables::{Kind, extract};

/// The folder of real data beside the project, or beside the project's work trees.
fn folder(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folder = root.join("../shared/data").join(name);
    if !folder.is_dir() {
        println!("skipped: {} is absent", folder.display());
        return None;
    }
    Some(folder)
}

/// The text of every file of a folder.
fn texts(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            String::from_utf8_lossy(&std::fs::read(path).expect("the file can be read"))
                .into_owned()
        })
        .collect()
}

/// How often each kind was found, and every value.
struct Found {
    counts: BTreeMap<Kind, usize>,
    values: Vec<(Kind, String)>,
}

impl Found {
    fn in_texts(texts: &[String]) -> Self {
        let mut found = Found {
            counts: BTreeMap::new(),
            values: Vec::new(),
        };
        for text in texts {
            for observable in extract(text) {
                assert_eq!(&text[observable.start..observable.end], observable.raw);
                *found.counts.entry(observable.kind).or_default() += 1;
                found.values.push((observable.kind, observable.value));
            }
        }
        println!("{:?}", found.counts);
        found
    }

    fn count(&self, kind: Kind) -> usize {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    #[track_caller]
    fn holds(&self, kind: Kind, value: &str) {
        let there = self.values.iter().any(|(k, v)| *k == kind && v == value);
        assert!(there, "{kind} {value} was not found");
    }
}

#[test]
fn short_messages() {
    let Some(folder) = folder("sms") else { return };
    let found = Found::in_texts(&texts(&folder));
    // Premium and mobile numbers in the spam; almost nothing of the rarer kinds in either.
    assert!((340..=430).contains(&found.count(Kind::Phone)));
    assert!((420..=560).contains(&found.count(Kind::Amount)));
    assert!((20..=35).contains(&found.count(Kind::Date)));
    assert_eq!(
        found.count(Kind::Ipv4) + found.count(Kind::Card) + found.count(Kind::Iban),
        0
    );
    assert_eq!(
        found.count(Kind::UkBankAccount) + found.count(Kind::SortCode),
        0
    );
    found.holds(Kind::Phone, "+449061743386");
    found.holds(Kind::Phone, "+448000930705");
    found.holds(Kind::Email, "customersqueries@netvision.uk.com");
    found.holds(Kind::UkPostcode, "CR9 5WB");
    found.holds(Kind::Date, "2005-05-06");
    found.holds(Kind::Url, "http://alto18.co.uk/wave/wave.asp?o=44345");
}

#[test]
fn ransom_notes() {
    let Some(folder) = folder("ransom-notes") else {
        return;
    };
    let found = Found::in_texts(&texts(&folder));
    assert!((180..=240).contains(&found.count(Kind::Url)));
    assert!((18..=30).contains(&found.count(Kind::Email)));
    let onions = found
        .values
        .iter()
        .filter(|(k, v)| *k == Kind::Domain && v.ends_with(".onion"))
        .count();
    assert!((60..=160).contains(&onions), "{onions}");
    assert_eq!(
        found.count(Kind::UkVrm) + found.count(Kind::UkBankAccount),
        0
    );
    found.holds(Kind::Btc, "1NJNG57hFPPcmSmFYbxKmL33uc5nLwYLCK");
    found.holds(Kind::Email, "moremo123123@cock.li");
    found.holds(Kind::Url, "http://m6s6axasulxjkhzh.onion/");
    found.holds(Kind::Amount, "USD 5000000.00");
}

#[test]
fn analysts_lists() {
    let Some(folder) = folder("ioc-text/eset") else {
        return;
    };
    let texts = texts(&folder);
    let found = Found::in_texts(&texts);
    // Every stand-alone run of 40 hexadecimal digits is a digest there, and nothing else is.
    let is_digest = |word: &&str| {
        word.len() == 40
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.bytes().any(|byte| !word.starts_with(char::from(byte)))
    };
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let digests: usize = texts
        .iter()
        .map(|text| text.split(word).filter(is_digest).count())
        .sum();
    assert!(digests > 1_000);
    let missing = digests - found.count(Kind::Sha1);
    // Magnet links and paths hold a few inside a URL, where the URL is reported.
    assert!(
        missing * 100 <= digests,
        "{missing} of {digests} digests missed"
    );
    assert!((250..=360).contains(&found.count(Kind::Ipv4)));
    assert!(found.count(Kind::UkVrm) == 0 && found.count(Kind::UkPostcode) <= 1);
    found.holds(Kind::Sha1, "da9562f5268fa61d19648dff9c6a57fb8ab7b0d7");
    found.holds(Kind::Ipv4, "83.24.9.124");
    found.holds(Kind::Domain, "mssql.waterglue.org");
    found.holds(
        Kind::Bch,
        "bitcoincash:qph3s8p27pfg2lxgpzqmdel25tsmlryatyhxwzx3x5",
    );
    found.holds(Kind::Handle, "x:jamesscott1990");
    found.holds(Kind::Cve, "CVE-2020-0968");
}
