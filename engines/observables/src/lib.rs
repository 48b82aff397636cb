//! Finds observables in text: the phone numbers, accounts, addresses, links, wallets, sums and
//! dates in what a victim, an analyst or an offender wrote.
//!
//! The kinds and their canonical values follow the standard of each: E.164 for telephone numbers
//! (metadata of libphonenumber), the WHATWG URL standard and the Public Suffix List, RFC 5952 for
//! IPv6, ISO 13616 and ISO 7064 for IBANs, ISO/IEC 7812 for cards, BIP 173, BIP 350 and EIP-55 for
//! wallets, BS 7666 for postcodes, ISO 8601 for dates, ISO 4217 for currencies.
//!
//! *Invariants.* Values in, values out: no file, network, clock or randomness. [`extract`] never
//! panics, is deterministic, and takes time linear in the length of the text. Every offset is a
//! byte offset into the text as it was given, and `&text[start..end] == raw`. [`normalise`] is
//! idempotent. A full card number leaves the crate only as `raw`, never in a value.
//!
//! ```
//! use observables::{Kind, extract, normalise};
//!
//! let found = extract("He rang from 07700 900123 and sent me to hxxp://secure-bank[.]com/login");
//! let values: Vec<_> = found.iter().map(|o| (o.kind, o.value.as_str())).collect();
//! assert_eq!(values, [
//!     (Kind::Phone, "+447700900123"),
//!     (Kind::Url, "http://secure-bank.com/login"),
//!     (Kind::Domain, "secure-bank.com"),
//! ]);
//! assert_eq!(normalise(Kind::UkPostcode, "sw1a1aa").as_deref(), Some("SW1A 1AA"));
//! ```
//!
//! Start reading at [`extract`]; for many texts use an [`Extractor`], which keeps its memory. Then `scan.rs` (the one pass over the bytes), `family.rs` (the
//! register of finders) and any file under `kinds/`.

mod cue;
mod extractor;
mod family;
mod fold;
mod kind;
mod kinds;
mod resolve;
mod scan;
mod wake;
mod words;

pub use extractor::{Answers, Extractor, Found};
pub use kind::{Kind, UnknownKind};
pub use kinds::modulus::{Modulus, ModulusError};

/// Something found in a text that can be shared, searched and linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observable<'t> {
    /// What it is.
    pub kind: Kind,
    /// The canonical value: equal for all ways of writing the same thing.
    pub value: String,
    /// The characters it was read from, as written.
    pub raw: &'t str,
    /// Byte offset of the first character in the text.
    pub start: usize,
    /// Byte offset behind the last character.
    pub end: usize,
}

/// Finds every observable in `text`, in order of position.
///
/// Overlapping readings are settled for the more specific one, with one exception: a URL is
/// followed by its host as a domain or IP address and, on a platform, by the account it names,
/// since networks form on those. The domain of an e-mail address is not reported by itself.
pub fn extract(text: &str) -> Vec<Observable<'_>> {
    Extractor::new().extract(text)
}

/// The canonical value of the whole of `field` read as a `kind`, or nothing when it is not one.
///
/// For the content of one form field, where the label has said what is meant: no context is
/// asked for. Idempotent: a canonical value is its own canonical value.
pub fn normalise(kind: Kind, field: &str) -> Option<String> {
    let field = field.trim();
    // A folded character is at most four times as long as what it is folded to.
    if field.is_empty() || field.len() > 4 * LONGEST_FIELD {
        return None;
    }
    let mut folder = fold::Folder::default();
    let field = folder.fold(field).text.trim();
    if field.is_empty() || field.len() > LONGEST_FIELD {
        return None;
    }
    family::of(kind).and_then(|family| (family.normalise)(kind, field))
}

/// No observable is longer; longer fields are refused before any work is done on them.
const LONGEST_FIELD: usize = 4096;
