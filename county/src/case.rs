//! What truly happened to one victim, before anybody writes it down.

use jiff::civil::Date;

use crate::answers;
use crate::calendar::day_after;
use crate::campaign::Kit;
use crate::chance::Chance;
use crate::crime::{Family, Tool};
use crate::identifiers::Identifier;
use crate::narrative::needs_of;
use crate::organisation::OrganisationKind;
use crate::place::Place;
use crate::victims::Victim;

/// The largest loss a report may state, in pence.
const MOST_LOST: i64 = 250_000_000;

/// One crime against one victim.
pub(crate) struct Case {
    pub family: &'static Family,
    pub code: &'static str,
    pub victim: Victim,
    /// Age on the day of the event; none for an organisation.
    pub age: Option<i64>,
    pub kit: Kit,
    pub loss_pence: i64,
    pub event_from: Date,
    pub event_to: Option<Date>,
    pub received: Date,
    pub contact: &'static str,
    pub payment: &'static str,
    pub platform: Option<&'static str>,
    pub markers: Vec<&'static str>,
    /// What of the kit the victim knows, as bits of [`needs_of`].
    pub knows: u32,
    /// Every triage factor as it truly is.
    pub truth: Vec<(&'static str, String)>,
}

/// How the report of a case came about.
pub(crate) struct Circumstances {
    pub received: Date,
    /// Reported within a day.
    pub fresh: bool,
    /// Chosen because it can be worked, as a national package is: more is known of the offender
    /// and more was lost.
    pub keen: bool,
    /// What [`known`] drew.
    pub knows: u32,
}

impl Kit {
    /// The identifier of a tool; a suspect has none, so a name must be asked for apart.
    pub fn identifier(&self, tool: Tool) -> &Identifier {
        match tool {
            Tool::Phone => &self.phone,
            Tool::Email => &self.email,
            Tool::Site => &self.domain,
            Tool::Account | Tool::Suspect => &self.account,
            Tool::Iban => &self.iban,
            Tool::Wallet => &self.wallet,
            Tool::Handle => &self.handle,
            Tool::Ip => &self.address,
            Tool::Vehicle => &self.vehicle,
            Tool::Sha256 => &self.sample,
        }
    }
}

impl Case {
    /// What befell this victim.
    pub fn new(
        family: &'static Family,
        victim: Victim,
        kit: Kit,
        circumstances: Circumstances,
        chance: &mut Chance,
    ) -> Case {
        let Circumstances {
            received,
            fresh,
            keen,
            knows,
        } = circumstances;
        let reported_late = if fresh {
            chance.between(0, 1)
        } else {
            1 + chance.days(family.delay)
        };
        let lasted = if family.delay > 8.0 && chance.yes(0.6) {
            chance.days(family.delay)
        } else {
            0
        };
        let event_to = day_after(received, -reported_late);
        let event_from = day_after(event_to, -lasted);
        let loss_pence = loss(family, &victim, keen, chance);
        let age = match &victim {
            Victim::Person(person) => Some(person.age_on(event_from)),
            Victim::Organisation(_) => None,
        };
        let platform = (!family.platforms.is_empty()).then(|| chance.pick(family.platforms));
        let mut case = Case {
            family,
            code: chance.of_table(family.codes),
            age,
            kit,
            loss_pence,
            event_from,
            event_to: (lasted > 0).then_some(event_to),
            received,
            contact: chance.of_table(family.contact),
            payment: if loss_pence > 0 {
                chance.of_table(family.payment)
            } else {
                ""
            },
            platform,
            markers: Vec::new(),
            knows,
            truth: Vec::new(),
            victim,
        };
        case.truth = answers::truth(&case, chance);
        case.markers = markers(&case, chance);
        case
    }

    pub fn place(&self) -> &Place {
        match &self.victim {
            Victim::Person(person) => &person.place,
            Victim::Organisation(organisation) => &organisation.place,
        }
    }

    /// Sex of a person, or of whoever speaks for an organisation.
    pub fn sex(&self) -> char {
        match &self.victim {
            Victim::Person(person) => person.sex,
            Victim::Organisation(_) => 'f',
        }
    }

    /// A word about the victim as an organisation; a person has an employer for these slots.
    pub fn of_organisation(&self, slot: &str) -> String {
        match (&self.victim, slot) {
            (Victim::Organisation(organisation), "org") => organisation.name.clone(),
            (Victim::Organisation(organisation), "role") => organisation.contact.2.to_owned(),
            (Victim::Organisation(organisation), _) => organisation.staff.to_string(),
            (Victim::Person(_), "org") => "the firm".to_owned(),
            (Victim::Person(_), "role") => "secretary".to_owned(),
            (Victim::Person(_), _) => "ten".to_owned(),
        }
    }

    pub fn knows(&self, tool: Tool) -> bool {
        self.knows & needs_of(tool) != 0
    }

    pub fn answer(&self, factor: &str) -> Option<&str> {
        self.truth
            .iter()
            .find(|(f, _)| *f == factor)
            .map(|(_, answer)| answer.as_str())
    }
}

/// Whole days between two dates, nought when they run backwards.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.until(to)
        .map_or(0, |span| i64::from(span.get_days()))
        .max(0)
}

fn loss(family: &Family, victim: &Victim, keen: bool, chance: &mut Chance) -> i64 {
    if chance.yes(if keen {
        family.loss.nothing / 3.0
    } else {
        family.loss.nothing
    }) {
        return 0;
    }
    let scale = match victim {
        Victim::Organisation(organisation) => match organisation.kind {
            OrganisationKind::Company => 1.3,
            _ => 0.9,
        },
        // The young have less to lose.
        Victim::Person(person) if person.means < 1_000.0 => 0.4,
        Victim::Person(_) => 1.0,
    };
    let median = family.loss.median * scale * if keen { 2.0 } else { 1.0 };
    let pence = (chance.log_normal(median, family.loss.sigma) * 100.0) as i64;
    if pence < 40_000 && chance.yes(0.35) {
        // Prices end in 99.
        return (pence / 100).max(4) * 100 + 99;
    }
    crate::narrative::round(pence).clamp(500, MOST_LOST)
}

/// What of the offender this victim will be able to name, as bits of [`needs_of`].
pub(crate) fn known(family: &Family, keen: bool, chance: &mut Chance) -> u32 {
    let mut known = 0;
    for (tool, probability) in family.knows {
        let tries = if keen { 2 } else { 1 };
        if (0..tries).any(|_| chance.yes(*probability)) {
            known |= needs_of(*tool);
        }
    }
    let account = known & needs_of(Tool::Account) != 0;
    // A bank that was asked names the holder of the account.
    if keen && account && chance.yes(0.5) {
        known |= needs_of(Tool::Suspect);
    }
    known
}

fn markers(case: &Case, chance: &mut Chance) -> Vec<&'static str> {
    let mut out: Vec<&'static str> = case
        .family
        .markers
        .iter()
        .filter(|(_, p)| chance.yes(*p))
        .map(|(m, _)| *m)
        .collect();
    if case.age.is_some_and(|age| age < 18) {
        out.push("child_involved");
    }
    if case.answer("domestic_abuse_link") == Some("yes") {
        out.push("domestic_abuse_link");
    }
    if case.payment == "Cryptocurrency" && !out.contains(&"crypto") {
        out.push("crypto");
    }
    out
}
