//! The token of a form: signed, aged, and good for one sending.
//!
//! Time is the time since the process began, so that a clock that jumps changes nothing. The key is
//! the process's own: after a restart a token is an old one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Drafts that can be begun with one token: a lost answer or two, and no flood.
const MOST_SAVED: u8 = 3;
/// Forms remembered as sent, and as many as saved. Beyond it the oldest are forgotten; they would only repeat a file.
const MOST_REMEMBERED: usize = 200_000;

const NONCE: usize = 16;
const TIME: usize = 8;
const TAG: usize = 32;

/// What a token turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// Take the form; the nonce is what its id is made of.
    Good([u8; NONCE]),
    /// Open for too short a time: ask again after so many seconds.
    Early(u64),
    /// From before a restart, too old, or none of ours.
    Old,
    /// The same form again: thank again.
    Again([u8; NONCE]),
    /// Another form with a token that was used.
    Used,
}

/// Nonces sent, each with when and with a digest of the form.
type Sent = HashMap<[u8; NONCE], (Duration, [u8; TAG])>;

/// Nonces drafts were begun with, each with when it was first, and how many.
type Saved = HashMap<[u8; NONCE], (Duration, u8)>;

/// Makes and checks tokens.
pub struct Tokens {
    key: [u8; 32],
    longest: Duration,
    sent: Mutex<Sent>,
    saved: Mutex<Saved>,
}

impl Tokens {
    pub fn new(key: [u8; 32], longest_hours: u64) -> Tokens {
        Tokens {
            key,
            longest: Duration::from_secs(longest_hours * 3_600),
            sent: Mutex::default(),
            saved: Mutex::default(),
        }
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; TAG] {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return [0; TAG];
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A token for a form, begun now.
    pub fn issue(&self, form: &str, nonce: [u8; NONCE], now: Duration) -> String {
        let time = u64::try_from(now.as_millis())
            .unwrap_or(u64::MAX)
            .to_be_bytes();
        let tag = self.mac(&[b"token", form.as_bytes(), &nonce, &time]);
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), &time, &tag].concat())
    }

    /// What to do with a form that came with this token. `least` is how long it must have been open.
    pub fn present(
        &self,
        form: &str,
        token: &str,
        body: &[u8],
        now: Duration,
        least: Duration,
    ) -> Presented {
        let Some((nonce, age)) = self.read(form, token, now) else {
            return Presented::Old;
        };
        let digest = self.mac(&[b"body", body]);
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        match sent.get(&nonce) {
            Some((_, before)) if *before == digest => return Presented::Again(nonce),
            Some(_) => return Presented::Used,
            None => {}
        }
        if age > self.longest {
            return Presented::Old;
        }
        match least.checked_sub(age) {
            Some(left) if !left.is_zero() => {
                Presented::Early(left.as_millis().div_ceil(1_000) as u64)
            }
            _ => Presented::Good(nonce),
        }
    }

    /// Remembers a form as sent, after it is safe on disk.
    pub fn spent(&self, nonce: [u8; NONCE], body: &[u8], now: Duration) {
        let digest = self.mac(&[b"body", body]);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget(&mut sent, now);
        sent.insert(nonce, (now, digest));
    }

    /// Whether one more draft may be begun with this token; counts it when it may.
    pub fn may_save(&self, nonce: [u8; NONCE], now: Duration) -> bool {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget(&mut saved, now);
        let (_, count) = saved.entry(nonce).or_insert((now, 0));
        let may = *count < MOST_SAVED;
        *count += u8::from(may);
        may
    }

    /// Takes back what [`Tokens::may_save`] counted: the draft could not be kept.
    pub fn not_saved(&self, nonce: [u8; NONCE]) {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = saved.get_mut(&nonce) {
            *count = count.saturating_sub(1);
        }
    }

    /// Makes room among too many: first what no token is good for any more, then the older half.
    fn forget<T>(&self, all: &mut HashMap<[u8; NONCE], (Duration, T)>, now: Duration) {
        if all.len() >= MOST_REMEMBERED {
            all.retain(|_, (at, _)| *at + self.longest > now);
        }
        if all.len() >= MOST_REMEMBERED {
            let mut times: Vec<Duration> = all.values().map(|(at, _)| *at).collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            all.retain(|_, (at, _)| *at > median);
        }
    }

    /// Bytes for the id and the reference of what a nonce stands for.
    pub fn derive(&self, purpose: &[u8], nonce: [u8; NONCE]) -> [u8; TAG] {
        self.mac(&[purpose, &nonce])
    }

    fn read(&self, form: &str, token: &str, now: Duration) -> Option<([u8; NONCE], Duration)> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let bytes: [u8; NONCE + TIME + TAG] = bytes.try_into().ok()?;
        let nonce: [u8; NONCE] = bytes[..NONCE].try_into().ok()?;
        let time: [u8; TIME] = bytes[NONCE..NONCE + TIME].try_into().ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        for part in [b"token".as_slice(), form.as_bytes(), &nonce, &time] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        // In constant time.
        mac.verify_slice(&bytes[NONCE + TIME..]).ok()?;
        let issued = Duration::from_millis(u64::from_be_bytes(time));
        Some((nonce, now.checked_sub(issued)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Duration = Duration::from_secs(3);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_ages_serves_once_and_ends() {
        let tokens = Tokens::new([7; 32], 1);
        let token = tokens.issue("feedback", [1; 16], at(100));
        let present = |body: &[u8], now| tokens.present("feedback", &token, body, now, LEAST);
        assert_eq!(present(b"a", at(101)), Presented::Early(2));
        assert_eq!(present(b"a", at(103)), Presented::Good([1; 16]));
        tokens.spent([1; 16], b"a", at(103));
        assert_eq!(present(b"a", at(104)), Presented::Again([1; 16]));
        assert_eq!(present(b"b", at(104)), Presented::Used);
        let other = tokens.issue("feedback", [2; 16], at(100));
        assert_eq!(
            tokens.present("feedback", &other, b"a", at(3_701), LEAST),
            Presented::Old
        );
    }

    #[test]
    fn a_token_begins_few_drafts() {
        let tokens = Tokens::new([7; 32], 1);
        let begun = |nonce| (0..6).filter(|_| tokens.may_save(nonce, at(1))).count();
        assert_eq!((begun([1; 16]), begun([2; 16])), (3, 3));
        tokens.not_saved([1; 16]);
        assert_eq!(begun([1; 16]), 1);
    }

    #[test]
    fn a_token_of_another_form_key_or_time_is_old() {
        let tokens = Tokens::new([7; 32], 1);
        let token = tokens.issue("feedback", [1; 16], at(100));
        let old = |tokens: &Tokens, form: &str, token: &str, now| {
            assert_eq!(
                tokens.present(form, token, b"a", now, LEAST),
                Presented::Old,
                "{form} {token}"
            );
        };
        old(&tokens, "call-back", &token, at(110));
        old(&Tokens::new([8; 32], 1), "feedback", &token, at(110));
        // Begun in the future: made by a process that ran for longer.
        old(&tokens, "feedback", &token, at(99));
        old(&tokens, "feedback", "", at(110));
        let mut forged = token.into_bytes();
        forged[5] ^= 1;
        old(
            &tokens,
            "feedback",
            &String::from_utf8_lossy(&forged),
            at(110),
        );
    }
}
