//! Signed notes: a text, and under it one line for each signature (C2SP signed-note).
//!
//! Ed25519 only (signature type 1). Signatures by keys that the reader does not know are kept out
//! of the judgement, as the standard asks, so that witnesses can add theirs.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer as _};
use sha2::{Digest as _, Sha256};

use crate::Error;

/// Signature type of Ed25519 in the signed-note standard.
const ED25519: u8 = 1;
/// Begins every signature line.
const DASH: &str = "\u{2014} ";
/// Begins every signing key.
const PRIVATE: &str = "PRIVATE+KEY+";
/// The most signature lines accepted, as in the reference implementation.
const MOST_SIGNATURES: usize = 100;

/// A key that signs. Its text form, `PRIVATE+KEY+NAME+ID+KEY`, is a secret.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key from 32 bytes of chance, which the caller takes from the operating system. `name` is
    /// commonly a host and path that the signer controls.
    ///
    /// # Errors
    /// [`Error::KeyName`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, Error> {
        named(name)?;
        Ok(Self {
            name: name.to_owned(),
            key: ed25519_dalek::SigningKey::from_bytes(seed),
        })
    }

    /// Name under which this key signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that others need to check its signatures.
    pub fn verifier_key(&self) -> VerifierKey {
        VerifierKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The secret text form. Named so that no secret is printed by formatting alone.
    pub fn to_secret_text(&self) -> String {
        let identifier = self.verifier_key().identifier();
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        format!(
            "{PRIVATE}{}+{identifier:08x}+{}",
            self.name,
            BASE64_STANDARD.encode(bytes)
        )
    }
}

impl FromStr for SigningKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, identifier, seed) =
            key_parts(text.strip_prefix(PRIVATE).ok_or(Error::KeyText)?)?;
        let key = Self::from_seed(name, &seed)?;
        if key.verifier_key().identifier() != identifier {
            return Err(Error::KeyIdentifier);
        }
        Ok(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret)", self.name)
    }
}

/// A key that checks signatures. Its text form, `NAME+ID+KEY`, is public.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// Name under which the key signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over name, newline, signature type and key: written before
    /// every signature, so that a reader finds the one to check.
    pub fn identifier(&self) -> u32 {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }
}

impl FromStr for VerifierKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, identifier, bytes) = key_parts(text)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| Error::KeyText)?;
        let key = Self {
            name: name.to_owned(),
            key,
        };
        if key.identifier() != identifier {
            return Err(Error::KeyIdentifier);
        }
        Ok(key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            self.identifier(),
            BASE64_STANDARD.encode(bytes)
        )
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// A text with signature lines, read but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    identifier: u32,
    signature: Vec<u8>,
}

impl Note {
    /// A note without signatures. The text ends with a newline.
    ///
    /// # Errors
    /// [`Error::NoteText`] for a text that does not, or that holds control characters.
    pub fn new(text: &str) -> Result<Self, Error> {
        let forbidden = |c: char| c < ' ' && c != '\n';
        if !text.ends_with('\n') || text.contains(forbidden) {
            return Err(Error::NoteText);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures: Vec::new(),
        })
    }

    /// Adds a signature. Ed25519 is deterministic: signing twice gives the same line, and the
    /// second is left out.
    pub fn sign(&mut self, key: &SigningKey) {
        let line = SignatureLine {
            name: key.name.clone(),
            identifier: key.verifier_key().identifier(),
            signature: key.key.sign(self.text.as_bytes()).to_bytes().to_vec(),
        };
        if !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
    }

    /// The text, if `key` signed it.
    ///
    /// # Errors
    /// [`Error::NotSigned`] when no line is by this key; [`Error::SignatureWrong`] when a line
    /// claims to be and fails, even if another would pass.
    pub fn verify(&self, key: &VerifierKey) -> Result<&str, Error> {
        let identifier = key.identifier();
        let mut by_key = self
            .signatures
            .iter()
            .filter(|line| line.name == key.name && line.identifier == identifier)
            .peekable();
        if by_key.peek().is_none() {
            return Err(Error::NotSigned {
                name: key.name.clone(),
            });
        }
        let right = by_key.all(|line| {
            Signature::from_slice(&line.signature).is_ok_and(|signature| {
                key.key
                    .verify_strict(self.text.as_bytes(), &signature)
                    .is_ok()
            })
        });
        if !right {
            return Err(Error::SignatureWrong {
                name: key.name.clone(),
            });
        }
        Ok(&self.text)
    }

    /// The key names on the signature lines, unverified: for showing who claims to have signed.
    pub fn claimed_signers(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|line| line.name.as_str())
    }
}

impl FromStr for Note {
    type Err = Error;

    fn from_str(note: &str) -> Result<Self, Error> {
        // The last blank line divides: the text itself may hold others.
        let (_, lines) = note.rsplit_once("\n\n").ok_or(Error::NoteText)?;
        let text = &note[..note.len() - lines.len() - 1];
        let lines = lines.strip_suffix('\n').ok_or(Error::NoteText)?;
        let mut read = Self::new(text)?;
        for (at, line) in lines.split('\n').enumerate() {
            if at == MOST_SIGNATURES {
                return Err(Error::TooManySignatures {
                    most: MOST_SIGNATURES,
                });
            }
            let line = SignatureLine::read(line).ok_or(Error::SignatureLine { line: at + 1 })?;
            read.signatures.push(line);
        }
        Ok(read)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let mut bytes = line.identifier.to_be_bytes().to_vec();
            bytes.extend_from_slice(&line.signature);
            writeln!(f, "{DASH}{} {}", line.name, BASE64_STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl SignatureLine {
    fn read(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
        named(name).ok()?;
        let bytes = BASE64_STANDARD.decode(encoded).ok()?;
        let (identifier, signature) = bytes.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            identifier: u32::from_be_bytes(*identifier),
            signature: signature.to_vec(),
        })
    }
}

/// `NAME+ID+KEY` in its parts, the type byte checked and taken off.
fn key_parts(text: &str) -> Result<(&str, u32, [u8; 32]), Error> {
    // The key is last and its base64 may hold plus signs; name and identifier hold none.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(identifier), Some(encoded)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::KeyText);
    };
    named(name)?;
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if identifier.len() != 8 || !identifier.bytes().all(lower_hex) {
        return Err(Error::KeyText);
    }
    let identifier = u32::from_str_radix(identifier, 16).map_err(|_| Error::KeyText)?;
    let bytes = BASE64_STANDARD
        .decode(encoded)
        .map_err(|_| Error::KeyText)?;
    let (kind, key) = bytes.split_first().ok_or(Error::KeyText)?;
    if *kind != ED25519 {
        return Err(Error::KeyAlgorithm);
    }
    Ok((
        name,
        identifier,
        key.try_into().map_err(|_| Error::KeyText)?,
    ))
}

fn named(name: &str) -> Result<(), Error> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(forbidden) {
        return Err(Error::KeyName);
    }
    Ok(())
}
