//! The kinds, one file each or one for a closely related family. Each has its `FAMILY`, how it is
//! recognised, its canonical form, and examples as tests at the foot.

pub(crate) mod amount;
pub(crate) mod bank;
pub(crate) mod base58;
pub(crate) mod bech32;
mod byron;
pub(crate) mod card;
pub(crate) mod cashaddr;
pub(crate) mod company;
pub(crate) mod cve;
pub(crate) mod date;
pub(crate) mod domain;
pub(crate) mod email;
pub(crate) mod eth;
pub(crate) mod handle;
pub(crate) mod hash;
pub(crate) mod host;
pub(crate) mod iban;
pub(crate) mod ip;
pub(crate) mod modulus;
pub(crate) mod monero;
pub(crate) mod nino;
pub(crate) mod phone;
pub(crate) mod plate;
pub(crate) mod postcode;
pub(crate) mod split;
pub(crate) mod technique;
pub(crate) mod url;

/// `check(text, expected)`: the kinds given in `expected` are exactly those found in `text`.
#[cfg(test)]
#[track_caller]
pub(crate) fn check(text: &str, expected: &[(crate::Kind, &str)]) {
    let found = crate::extract(text);
    for observable in &found {
        assert_eq!(&text[observable.start..observable.end], observable.raw);
    }
    let found: Vec<_> = found
        .iter()
        .map(|observable| (observable.kind, observable.value.as_str()))
        .collect();
    assert_eq!(found, expected, "in {text:?}");
}
