//! Bytes sealed to a public key, so that whoever seals them cannot open them again.
//!
//! The format is age version 1 (<https://age-encryption.org/v1>, X25519 recipients). Before it is
//! encrypted a message is filled up to a size class, so that a sealed file's length says little about
//! what is in it.
//!
//! Invariants
//! - What was opened, and what was filled up, is overwritten in memory when it is let go.
//! - Opening never panics, whatever the bytes.
//!
//! Start reading at [`seal`] and [`open`].

use std::fmt;
use std::io::Read as _;
use std::str::FromStr;

use age::secrecy::ExposeSecret as _;
use zeroize::{Zeroize as _, Zeroizing};

/// Sizes a message is filled up to, in bytes, its length and content included.
pub const SIZES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];
/// Bytes that say how long the message is.
const LENGTH: usize = 4;
/// The most a sealed message may be: the largest class with age's header and tags, generously.
pub const MOST_SEALED: usize = SIZES[SIZES.len() - 1] + 4096;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is not a public key: it begins with age1 and has 62 characters")]
    NotAPublicKey,
    #[error("this is not a private key: it begins with AGE-SECRET-KEY-1")]
    NotAPrivateKey,
    #[error("a message may have {} bytes at most", SIZES[SIZES.len() - 1] - LENGTH)]
    TooLong,
    #[error("sealing failed: {0}")]
    Seal(String),
    /// None of the keys fits, or the bytes were changed.
    #[error("no key at hand opens this")]
    NoKeyFits,
    #[error("the sealed bytes are damaged: {0}")]
    Damaged(String),
}

/// The key that seals. Public.
#[derive(Clone)]
pub struct PublicKey(age::x25519::Recipient);

impl FromStr for PublicKey {
    type Err = Error;
    fn from_str(text: &str) -> Result<PublicKey, Error> {
        let key = text.trim().parse().map_err(|_| Error::NotAPublicKey)?;
        Ok(PublicKey(key))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// The key that opens. Never printed.
pub struct PrivateKey(age::x25519::Identity);

impl PrivateKey {
    /// A new key from the system's random source.
    pub fn generate() -> PrivateKey {
        PrivateKey(age::x25519::Identity::generate())
    }

    /// The key of 32 secret bytes, always the same for the same bytes. Whoever knows the bytes can
    /// open what is sealed to it.
    ///
    /// # Errors
    /// None for any bytes that age takes for a key, which is all of them.
    pub fn of_secret(secret: &[u8; 32]) -> Result<PrivateKey, Error> {
        // age reads keys as text only: Bech32 (BIP 173), in capitals.
        let prefix = bech32::Hrp::parse("age-secret-key-").map_err(|_| Error::NotAPrivateKey)?;
        let text = bech32::encode_upper::<bech32::Bech32>(prefix, secret);
        Zeroizing::new(text.map_err(|_| Error::NotAPrivateKey)?).parse()
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.to_public())
    }

    /// The key as text, for its file.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }
}

impl FromStr for PrivateKey {
    type Err = Error;
    fn from_str(text: &str) -> Result<PrivateKey, Error> {
        // A key file may have comments, as age's own have.
        let line = text
            .lines()
            .map(str::trim)
            .find(|l| !l.is_empty() && !l.starts_with('#'))
            .ok_or(Error::NotAPrivateKey)?;
        let key = line.parse().map_err(|_| Error::NotAPrivateKey)?;
        Ok(PrivateKey(key))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey of {}", self.public())
    }
}

/// Fills a message up to its size class and seals it.
pub fn seal(message: &[u8], key: &PublicKey) -> Result<Vec<u8>, Error> {
    let needed = LENGTH + message.len();
    let class = SIZES.into_iter().find(|s| *s >= needed);
    let class = class.ok_or(Error::TooLong)?;
    let length = u32::try_from(message.len()).map_err(|_| Error::TooLong)?;
    let mut filled = Zeroizing::new(vec![0u8; class]);
    filled[..LENGTH].copy_from_slice(&length.to_be_bytes());
    filled[LENGTH..needed].copy_from_slice(message);
    age::encrypt(&key.0, &filled).map_err(|e| Error::Seal(e.to_string()))
}

/// Opens what one of the keys fits.
pub fn open(sealed: &[u8], keys: &[PrivateKey]) -> Result<Zeroizing<Vec<u8>>, Error> {
    if sealed.len() > MOST_SEALED {
        return Err(Error::Damaged("it is longer than any we make".to_owned()));
    }
    let damaged = |e: &dyn fmt::Display| Error::Damaged(e.to_string());
    let decryptor = age::Decryptor::new(sealed).map_err(|e| damaged(&e))?;
    let mut reader = decryptor
        .decrypt(keys.iter().map(|k| &k.0 as &dyn age::Identity))
        .map_err(|e| match e {
            age::DecryptError::NoMatchingKeys => Error::NoKeyFits,
            other => damaged(&other),
        })?;
    let mut filled = Zeroizing::new(Vec::with_capacity(MOST_SEALED));
    reader.read_to_end(&mut filled).map_err(|e| damaged(&e))?;
    let head = filled.first_chunk::<LENGTH>();
    let length = head.map(|b| u32::from_be_bytes(*b) as usize);
    let Some(length) = length.filter(|l| LENGTH + l <= filled.len()) else {
        return Err(Error::Damaged("its length does not fit".to_owned()));
    };
    filled.truncate(LENGTH + length);
    filled.drain(..LENGTH);
    // What the drain and the truncation left behind the end.
    filled.spare_capacity_mut().zeroize();
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_read_back() {
        let key = PrivateKey::generate();
        let file = format!("# made for a test\n\n{}\n", key.text().as_str());
        let again: PrivateKey = file.parse().unwrap();
        assert_eq!(again.public().to_string(), key.public().to_string());
        let public: PublicKey = key.public().to_string().parse().unwrap();
        assert_eq!(public.to_string(), key.public().to_string());
        assert_eq!(
            "age1no".parse::<PublicKey>().unwrap_err(),
            Error::NotAPublicKey
        );
        assert_eq!("".parse::<PrivateKey>().unwrap_err(), Error::NotAPrivateKey);
        assert!(!format!("{key:?}").contains("SECRET"));
    }

    #[test]
    fn the_same_secret_is_the_same_key() {
        let key = |byte| PrivateKey::of_secret(&[byte; 32]).unwrap();
        assert_eq!(key(7).public().to_string(), key(7).public().to_string());
        assert_ne!(key(7).public().to_string(), key(8).public().to_string());
        let sealed = seal(b"call me", &key(7).public()).unwrap();
        assert_eq!(open(&sealed, &[key(7)]).unwrap().as_slice(), b"call me");
        assert_eq!(open(&sealed, &[key(8)]).unwrap_err(), Error::NoKeyFits);
        for byte in [0, 255] {
            assert!(PrivateKey::of_secret(&[byte; 32]).is_ok());
        }
    }

    #[test]
    fn the_length_tells_only_the_class() {
        let key = PrivateKey::generate();
        // age adds a stanza of random length, so that readers learn to skip what they do not know.
        let near = |n: usize, m: usize| {
            let length = |n: usize| seal(&vec![7; n], &key.public()).unwrap().len();
            length(n).abs_diff(length(m)) < 1_024
        };
        assert!(near(0, 4_092));
        assert!(!near(4_092, 4_093));
        assert!(near(4_093, 16_380));
        assert!(!near(16_380, 16_381));
        assert!(seal(&vec![7; 65_532], &key.public()).unwrap().len() <= MOST_SEALED);
        let long = vec![0; 65_533];
        assert_eq!(seal(&long, &key.public()), Err(Error::TooLong));
    }

    #[test]
    fn an_older_key_still_opens_and_a_stranger_does_not() {
        let (old, new, other) = (
            PrivateKey::generate(),
            PrivateKey::generate(),
            PrivateKey::generate(),
        );
        let sealed = seal(b"call me", &old.public()).unwrap();
        assert_eq!(open(&sealed, &[other]).unwrap_err(), Error::NoKeyFits);
        assert_eq!(open(&sealed, &[]).unwrap_err(), Error::NoKeyFits);
        assert_eq!(open(&sealed, &[new, old]).unwrap().as_slice(), b"call me");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_is_sealed_opens(message in prop::collection::vec(any::<u8>(), 0..6_000)) {
            let key = PrivateKey::generate();
            let sealed = seal(&message, &key.public()).unwrap();
            prop_assert_eq!(open(&sealed, &[key]).unwrap().to_vec(), message);
        }

        #[test]
        fn a_changed_byte_is_noticed(at in 0usize..4_000, bit in 0u8..8) {
            let key = PrivateKey::generate();
            let mut sealed = seal(b"call me", &key.public()).unwrap();
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            prop_assert!(open(&sealed, &[key]).is_err());
        }

        #[test]
        fn no_bytes_stop_it(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(open(&bytes, &[PrivateKey::generate()]).is_err());
        }
    }
}
