//! What an observable can be: the closed list of kinds, under the names the wire uses.

use std::fmt;
use std::str::FromStr;

/// The kind of an observable. The name of each ([`Kind::name`]) and the form of its canonical
/// value are a contract with every reader of extracted observables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// E-mail address; the domain in lower case, the local part as written (RFC 5321 §2.4).
    Email,
    /// Telephone number in E.164 form.
    Phone,
    /// URL, refanged and serialised by the WHATWG URL standard.
    Url,
    /// Domain name under a known public suffix, in lower-case A-labels.
    Domain,
    /// IPv4 address in dotted decimal.
    Ipv4,
    /// IPv6 address in the form of RFC 5952.
    Ipv6,
    /// Bitcoin address (base58check, or bech32 and bech32m by BIP 173 and BIP 350).
    Btc,
    /// Bitcoin Cash address in CashAddr form with its `bitcoincash:` prefix.
    Bch,
    /// Litecoin address.
    Ltc,
    /// Dogecoin address.
    Doge,
    /// Ethereum address in the mixed-case form of EIP-55.
    Eth,
    /// Monero address (standard, subaddress or integrated).
    Xmr,
    /// Tron address.
    Tron,
    /// XRP Ledger classic address.
    Xrp,
    /// Solana address: 32 bytes in base58; the chain has no checksum, so words nearby decide.
    Sol,
    /// Cardano Shelley address (bech32, `addr1…`).
    Ada,
    /// International bank account number (ISO 13616), without spaces.
    Iban,
    /// UK sort code and account number as `200000:12345678`.
    UkBankAccount,
    /// UK sort code to which no account number belongs, as `20-00-00`.
    SortCode,
    /// UK postcode with one space.
    UkPostcode,
    /// UK vehicle registration mark, without spaces.
    UkVrm,
    /// UK company number as Companies House writes it: eight characters.
    UkCompanyNumber,
    /// UK National Insurance number, without spaces.
    UkNino,
    /// Payment card: first six and last four digits, the rest masked (PCI DSS 3.4.1).
    Card,
    /// Account on a named platform as `platform:name`, in lower case.
    Handle,
    /// MD5 digest in lower-case hexadecimal.
    Md5,
    /// SHA-1 digest in lower-case hexadecimal.
    Sha1,
    /// SHA-256 digest in lower-case hexadecimal.
    Sha256,
    /// SHA-512 digest in lower-case hexadecimal.
    Sha512,
    /// CVE identifier, as `CVE-2024-12345`.
    Cve,
    /// MITRE ATT&CK technique or sub-technique, as `T1566` or `T1566.001`.
    AttackTechnique,
    /// Sum of money as ISO 4217 code and decimal, such as `GBP 1234.50`.
    Amount,
    /// Calendar date by ISO 8601, such as `2026-04-03`.
    Date,
}

/// Every kind with its name on the wire, in the order of the contract.
const NAMES: [(Kind, &str); 33] = [
    (Kind::Email, "email"),
    (Kind::Phone, "phone"),
    (Kind::Url, "url"),
    (Kind::Domain, "domain"),
    (Kind::Ipv4, "ipv4"),
    (Kind::Ipv6, "ipv6"),
    (Kind::Btc, "btc"),
    (Kind::Bch, "bch"),
    (Kind::Ltc, "ltc"),
    (Kind::Doge, "doge"),
    (Kind::Eth, "eth"),
    (Kind::Xmr, "xmr"),
    (Kind::Tron, "tron"),
    (Kind::Xrp, "xrp"),
    (Kind::Sol, "sol"),
    (Kind::Ada, "ada"),
    (Kind::Iban, "iban"),
    (Kind::UkBankAccount, "uk_bank_account"),
    (Kind::SortCode, "sort_code"),
    (Kind::UkPostcode, "uk_postcode"),
    (Kind::UkVrm, "uk_vrm"),
    (Kind::UkCompanyNumber, "uk_company_number"),
    (Kind::UkNino, "uk_nino"),
    (Kind::Card, "card"),
    (Kind::Handle, "handle"),
    (Kind::Md5, "md5"),
    (Kind::Sha1, "sha1"),
    (Kind::Sha256, "sha256"),
    (Kind::Sha512, "sha512"),
    (Kind::Cve, "cve"),
    (Kind::AttackTechnique, "attack_technique"),
    (Kind::Amount, "amount"),
    (Kind::Date, "date"),
];

impl Kind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Kind; 33] = {
        let mut all = [Kind::Email; 33];
        let mut at = 0;
        while at < all.len() {
            all[at] = NAMES[at].0;
            at += 1;
        }
        all
    };

    /// The name on the wire, such as `uk_bank_account`.
    pub const fn name(self) -> &'static str {
        NAMES[self as usize].1
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no kind of observable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of observable")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(kind, _)| *kind)
            .ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_its_kind() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at, "the table is in the order of the enum");
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!(
            "postcode".parse::<Kind>(),
            Err(UnknownKind("postcode".into()))
        );
    }
}
