//! Cues: the words that decide how a number or a name nearby is to be read.

/// What a word in the text says about its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cue {
    /// Bank account words.
    Account,
    /// `sort`, as in sort code.
    Sort,
    /// Bank transfers and payees: weaker than [`Cue::Account`].
    Payee,
    /// Registration, number plate.
    Plate,
    /// Car, van, vehicle and makes.
    Vehicle,
    /// Company, Ltd, Companies House.
    Company,
    /// Postcode, address, street.
    Place,
    /// Phone, call, text, WhatsApp.
    Phone,
    /// Debit, credit, card.
    Card,
    /// References, orders, parcels, policies: numbers that only identify paper.
    Reference,
    /// Version, release, firmware.
    Version,
    /// Money words that are part of an amount: pounds, quid, GBP.
    Money,
    /// Losing, paying, sending: verbs that an amount follows.
    Paying,
    /// Names of months.
    Month,
    /// Names of platforms on which people have handles.
    Platform,
    /// Username, handle, called: what announces a name.
    Naming,
    /// Wallets, coins and exchanges.
    Crypto,
    /// Solana in particular.
    Solana,
    /// The spelled-out dot of a domain.
    Dot,
    /// The letters CVE.
    Cve,
    /// Site, link, visit: what announces a domain.
    Site,
    /// ATT&CK, technique, TTP.
    Technique,
    /// Born, dated: what announces a date, whatever its form.
    Dated,
    /// Stones, weighed: pounds that are no money.
    Weight,
    /// Digits as words with which a spoken telephone number begins.
    Nought,
}

impl Cue {
    pub(crate) const fn set(self) -> CueSet {
        CueSet(1 << self as u32)
    }
}

/// A set of cues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CueSet(u32);

impl CueSet {
    pub(crate) const fn of(cues: &[Cue]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at < cues.len() {
            set |= cues[at].set().0;
            at += 1;
        }
        CueSet(set)
    }

    #[cfg(test)]
    pub(crate) const ALL: CueSet = CueSet(u32::MAX);

    pub(crate) const fn any(self, wanted: CueSet) -> bool {
        self.0 & wanted.0 != 0
    }

    pub(crate) const fn has(self, cue: Cue) -> bool {
        self.0 & cue.set().0 != 0
    }
}

const WORDS: &[(Cue, &str)] = &[
    (
        Cue::Account,
        "account accounts acc acct acno accno accountnumber accnum bank barclays lloyds natwest \
         hsbc santander monzo starling halifax nationwide tsb revolut metro rbs tide",
    ),
    (Cue::Sort, "sort sortcode sc"),
    (
        Cue::Payee,
        "payee transfer transferred transfers bacs chaps iban beneficiary deposit",
    ),
    (
        Cue::Plate,
        "reg reg registration plate plates vrm vrn numberplate",
    ),
    (
        Cue::Vehicle,
        "car cars van vans vehicle vehicles lorry motorbike motorcycle moped truck taxi driving \
         drove parked ford bmw audi vauxhall mercedes volkswagen vw golf corsa astra fiesta focus \
         transit toyota nissan kia hyundai peugeot renault citroen honda mazda skoda seat volvo \
         tesla jaguar mini fiat suzuki rover insurance mot dvla",
    ),
    (
        Cue::Company,
        "company companies ltd limited plc llp crn incorporated co registered",
    ),
    (
        Cue::Place,
        "postcode postcodes postal address street road avenue lane close drive flat house live \
         lives living st rd ave crescent court gardens terrace grove way place",
    ),
    (
        Cue::Phone,
        "phone phones telephone tel mobile mob cell call called calls caller calling rang ring \
         ringing text texted texts txt whatsapp landline number numbers contact dial dialled fax \
         sms voicemail rung helpline hotline",
    ),
    (
        Cue::Card,
        "card cards visa mastercard amex debit credit pan cardholder cvv expiry maestro",
    ),
    (
        Cue::Reference,
        "ref refs reference references order tracking parcel invoice policy crime claim ticket \
         booking customer quote urn serial imei barcode consignment nhs case batch lot part item \
         sku meter mpan passport utr isbn ean",
    ),
    (
        Cue::Version,
        "version versions ver v build release firmware revision section paragraph clause chapter \
         chapters pages openssl kernel windows chrome android ios nginx apache \
         fixed patched",
    ),
    (
        Cue::Money,
        "pounds pound quid gbp sterling eur euro euros usd dollar dollars grand pence btc eth ltc \
         xmr usdt usdc doge naira fiver fivers tenner tenners aud cad nzd chf aed ngn ghs inr pkr zar pln sek \
         nok dkk hkd sgd",
    ),
    (
        Cue::Paying,
        "lost lose losing paid pay paying send sent sending transferred transfer invest invested \
         investing cost costs took taken owe owed owes borrowed lent deposit deposited charged \
         charge worth asked demanded wanted demanding for another about approximately around \
         roughly nearly over total least only received withdrew gave give stole stolen price fee",
    ),
    (
        Cue::Month,
        "january february march april may june july august september october november december \
         jan feb mar apr jun jul aug sep sept oct nov dec",
    ),
    (
        Cue::Platform,
        "instagram insta ig telegram tg twitter facebook fb messenger snapchat snap tiktok discord \
         linkedin youtube reddit signal wechat skype kik wickr threads twitch steam onlyfans vinted \
         depop ebay pinterest github mastodon bluesky cashapp session tox",
    ),
    (
        Cue::Naming,
        "username usernames user handle handles called named name id profile account tag nickname \
         alias screenname",
    ),
    (
        Cue::Crypto,
        "wallet wallets crypto cryptocurrency bitcoin ethereum coin coins coinbase binance kraken \
         blockchain token tokens usdt usdc tether xrp ripple tron trx",
    ),
    (Cue::Solana, "sol solana phantom"),
    (Cue::Dot, "dot"),
    (Cue::Cve, "cve"),
    (
        Cue::Site,
        "site website websites webpage link links url domain visit visited www http page",
    ),
    (
        Cue::Technique,
        "technique techniques mitre attack attacks attacker attackers att ttp ttps tactic tactics \
         malware ransomware persistence execution lateral exfil exfiltration beacon phishing mapped \
         ioc iocs intrusion actor actors payload exploited",
    ),
    (Cue::Dated, "dob born birth birthday date dated"),
    (
        Cue::Weight,
        "stone stones weigh weighs weighed weight lb lbs kilo kilos ounces oz",
    ),
    (Cue::Nought, "oh zero nought naught double"),
];

/// The longest word that can be a cue.
pub(crate) const LONGEST: usize = 16;
/// Letters that may be a cue by what stands around them, which is for the reader to tell.
const BY_NEIGHBOURS: [&str; 2] = ["c", "x"];
/// Slots of the table: a power of two, several times the number of words.
const SLOTS: usize = 2048;
/// The sieve, as numbers of 64 bits: so many that of a hundred words that are no cue one falls through.
const SIEVE: usize = 1 << 10;

/// The letters of a word in lower case, packed; unused bytes are zero.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Packed {
    first: u64,
    second: u64,
}

const LOWER: u64 = 0x2020_2020_2020_2020;

/// Of eight bytes, those of a word of so many letters; words of eight and more have them all.
const OF_WORD: [u64; LONGEST + 1] = {
    let mut masks = [!0; LONGEST + 1];
    let mut length = 0;
    while length < 8 {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};

impl Packed {
    /// The word of `length` letters, at most [`LONGEST`], at `start`; `eight` are the bytes from
    /// there on.
    #[inline(always)]
    fn of(eight: u64, bytes: &[u8], start: usize, length: usize) -> Self {
        let second = match length {
            9.. => letters(eight_from(bytes, start + 8), length - 8),
            _ => 0,
        };
        Packed {
            first: letters(eight, length),
            second,
        }
    }
}

/// The letters of a word of `length` among eight bytes, in lower case.
#[inline(always)]
fn letters(eight: u64, length: usize) -> u64 {
    (eight | LOWER) & OF_WORD[length]
}

/// Eight bytes of a text, as far as there are any.
#[inline(always)]
pub(crate) fn eight_from(bytes: &[u8], start: usize) -> u64 {
    match bytes.get(start..).and_then(|rest| rest.first_chunk()) {
        Some(eight) => u64::from_le_bytes(*eight),
        None => last(bytes, start),
    }
}

/// The last few bytes of a text.
#[cold]
#[inline(never)]
fn last(bytes: &[u8], start: usize) -> u64 {
    let mut eight = [0; 8];
    for (to, from) in eight.iter_mut().zip(&bytes[start..]) {
        *to = *from;
    }
    u64::from_le_bytes(eight)
}

/// Spreads the first eight letters and the length of a word over 64 bits.
#[inline(always)]
fn hash(first: u64, length: usize) -> u64 {
    (first ^ (length as u64).rotate_right(8)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Where the hash stands in the sieve: in which of its numbers, at which bit.
#[inline(always)]
fn sieve_word(hash: u64) -> usize {
    (hash >> 54) as usize
}

#[inline(always)]
fn sieve_bit(hash: u64) -> u64 {
    1 << (hash >> 48 & 63)
}

/// Where a word with this hash is looked for first.
#[inline]
fn slot(hash: u64) -> usize {
    hash as usize >> 20 & (SLOTS - 1)
}

#[derive(Clone, Copy)]
struct Slot {
    word: Packed,
    cues: u32,
}

/// Cue words by hash of their letters. A sieve of single bits answers for the words of a text that
/// are no cues, which are most; the table answers for the rest.
pub(crate) struct Cues {
    sieve: [u64; SIEVE],
    slots: Vec<Slot>,
}

impl Cues {
    /// The table of all cue words; built at the first call.
    pub(crate) fn table() -> &'static Cues {
        static TABLE: std::sync::LazyLock<Cues> = std::sync::LazyLock::new(Cues::build);
        &TABLE
    }

    fn build() -> Self {
        let empty = Slot {
            word: Packed {
                first: 0,
                second: 0,
            },
            cues: 0,
        };
        let mut cues = Cues {
            sieve: [0; SIEVE],
            slots: vec![empty; SLOTS],
        };
        for letter in BY_NEIGHBOURS {
            cues.sift(hash(eight_from(letter.as_bytes(), 0), letter.len()));
        }
        for (cue, words) in WORDS {
            for word in words.split_whitespace() {
                let eight = eight_from(word.as_bytes(), 0);
                let packed = Packed::of(eight, word.as_bytes(), 0, word.len());
                let hash = hash(packed.first, word.len());
                cues.sift(hash);
                let mut at = slot(hash);
                while cues.slots[at].cues != 0 && cues.slots[at].word != packed {
                    at = (at + 1) & (SLOTS - 1);
                }
                cues.slots[at].word = packed;
                cues.slots[at].cues |= cue.set().0;
            }
        }
        cues
    }

    /// Lets words of this hash through the sieve.
    fn sift(&mut self, hash: u64) {
        self.sieve[sieve_word(hash)] |= sieve_bit(hash);
    }

    /// Whether the word of `length` ASCII letters, at most [`LONGEST`], may give a cue; `eight` are the
    /// bytes from its first letter on. Most others are told at once.
    #[inline(always)]
    pub(crate) fn may(&self, eight: u64, length: usize) -> bool {
        let hash = hash(letters(eight, length), length);
        self.sieve[sieve_word(hash)] & sieve_bit(hash) != 0
    }

    /// The cues that the word of ASCII letters at `start..end` gives, if any.
    pub(crate) fn of(&self, bytes: &[u8], start: usize, end: usize) -> Option<CueSet> {
        let listed = (1..=LONGEST).contains(&(end - start));
        listed.then(|| self.listed(eight_from(bytes, start), bytes, start, end - start))?
    }

    /// The same of a word of `length` letters, at most [`LONGEST`], where `eight` are the bytes from
    /// its start on.
    #[inline]
    pub(crate) fn listed(
        &self,
        eight: u64,
        bytes: &[u8],
        start: usize,
        length: usize,
    ) -> Option<CueSet> {
        let word = Packed::of(eight, bytes, start, length);
        let mut at = slot(hash(word.first, length));
        loop {
            let slot = &self.slots[at];
            if slot.cues == 0 {
                return None;
            }
            if slot.word == word {
                return Some(CueSet(slot.cues));
            }
            at = (at + 1) & (SLOTS - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cues_of(word: &str) -> Option<CueSet> {
        let text = format!("a {word} b and so on");
        let table = Cues::table();
        let of = |text: &[u8], start| {
            let cues = table.of(text, start, start + word.len());
            assert!(cues.is_none() || table.may(eight_from(text, start), word.len()));
            cues
        };
        let (alone, within) = (of(word.as_bytes(), 0), of(text.as_bytes(), 2));
        assert_eq!(alone, within, "what stands around a word does not matter");
        alone
    }

    #[test]
    fn a_word_gives_all_its_cues_in_any_case() {
        let both = cues_of("Transferred").expect("a cue");
        assert!(both.has(Cue::Payee) && both.has(Cue::Paying) && !both.has(Cue::Sort));
        assert!(cues_of("SORT").is_some_and(|cues| cues.has(Cue::Sort)));
        assert!(cues_of("elephant").is_none() && cues_of("sor").is_none());
        assert!(cues_of("extraordinarilylong").is_none());
        assert!(Cues::table().of(b"account", 3, 3).is_none());
    }

    #[test]
    fn every_word_is_found_again() {
        for (cue, words) in WORDS {
            for word in words.split_whitespace() {
                assert!(cues_of(word).is_some_and(|cues| cues.has(*cue)), "{word}");
            }
        }
    }
}
