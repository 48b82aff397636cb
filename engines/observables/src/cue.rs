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
         booking customer quote urn serial imei barcode consignment nhs case",
    ),
    (
        Cue::Version,
        "version versions ver v build release firmware revision section paragraph clause",
    ),
    (
        Cue::Money,
        "pounds pound quid gbp sterling eur euro euros usd dollar dollars grand pence btc eth ltc \
         xmr usdt usdc doge",
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
        "technique techniques mitre attack att ttp ttps tactic tactics",
    ),
];

/// The longest word that can be a cue.
const LONGEST: usize = 16;

/// Cue words by hash of their letters: one probe decides for nearly every word of a text.
struct Table {
    slots: Vec<Slot>,
    mask: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    word: u128,
    cues: u32,
}

/// The letters of a short word packed in one number, in lower case; nothing for longer words.
fn pack(word: &[u8]) -> u128 {
    word.iter()
        .fold(0, |packed, byte| packed << 8 | u128::from(byte | 0x20))
}

fn hash(word: u128) -> usize {
    let folded = (word as u64) ^ ((word >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize
}

impl Table {
    fn build() -> Self {
        let mut mask = 4096 - 1;
        let mut slots = vec![Slot { word: 0, cues: 0 }; mask + 1];
        for (cue, words) in WORDS {
            for word in words.split_whitespace() {
                let word = pack(word.as_bytes());
                let mut at = hash(word) & mask;
                while slots[at].word != 0 && slots[at].word != word {
                    at = (at + 1) & mask;
                }
                slots[at].word = word;
                slots[at].cues |= cue.set().0;
            }
        }
        mask = slots.len() - 1;
        Table { slots, mask }
    }
}

static TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(Table::build);

/// The cues that a word of ASCII letters gives, if any.
pub(crate) fn cues_of(word: &[u8]) -> Option<CueSet> {
    if word.len() > LONGEST {
        return None;
    }
    let table = &*TABLE;
    let word = pack(word);
    let mut at = hash(word) & table.mask;
    loop {
        let slot = table.slots[at];
        if slot.word == word {
            return Some(CueSet(slot.cues));
        }
        if slot.word == 0 {
            return None;
        }
        at = (at + 1) & table.mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_gives_all_its_cues_in_any_case() {
        let both = cues_of(b"Transferred").expect("a cue");
        assert!(both.has(Cue::Payee) && both.has(Cue::Paying) && !both.has(Cue::Sort));
        assert!(cues_of(b"SORT").is_some_and(|cues| cues.has(Cue::Sort)));
        assert!(cues_of(b"elephant").is_none());
        assert!(cues_of(b"extraordinarilylong").is_none());
    }
}
