//! Campaigns that rise and fall, the groups behind them, and the things they use.
//!
//! A campaign is a few numbers; its phones, accounts and sites follow from its identity and a
//! place in its pool, so ten thousand campaigns cost no more than their plan. Offenders change
//! what they use as they go: the nth victim meets the items of that time, now and then the ones
//! just before or after, which is what holds a network of reports together.

use crate::calendar::Calendar;
use crate::chance::{Chance, Stream, mix};
use crate::crime::{Tool, Trade};
use crate::families::FAMILIES;
use crate::identifiers::Identifier;
use crate::narrative::needs_of;
use crate::person::{Person, Population};
use crate::words::WORDS;

/// Largest number of victims one campaign finds in the county.
const MOST_VICTIMS: f64 = 250.0;
/// Chance that a new campaign is run by a group that already runs one.
const SAME_GROUP: f64 = 0.45;
/// Campaigns one group runs at most.
const GROUP_MOST: u32 = 5;

/// One campaign's course: when, how many, by whom.
#[derive(Debug, Clone)]
pub(crate) struct Campaign {
    pub id: u32,
    pub group: u32,
    pub family: usize,
    /// Start and length on the calendar's clock.
    start: f64,
    length: f64,
    /// Victims over its whole life, some of it perhaps outside the window.
    pub size: u32,
    /// Below one: keeps small campaigns from all striking at the same point of their course.
    offset: f64,
}

impl Campaign {
    /// Victims before a moment of the clock. Growth is quicker than decay: a triangle whose peak
    /// lies at three tenths.
    pub fn victims_before(&self, clock: f64) -> u32 {
        const PEAK: f64 = 0.3;
        let t = ((clock - self.start) / self.length).clamp(0.0, 1.0);
        let share = if t < PEAK {
            t * t / PEAK
        } else {
            1.0 - (1.0 - t) * (1.0 - t) / (1.0 - PEAK)
        };
        (f64::from(self.size) * share + self.offset) as u32
    }

    fn is_over(&self, clock: f64) -> bool {
        clock >= self.start + self.length
    }
}

/// Every campaign of the window in order of start, and what is left for unconnected offenders.
pub(crate) struct Plan {
    pub campaigns: Vec<Campaign>,
    /// Reports outside campaigns.
    pub background: u64,
    /// Weight of each family among them.
    pub background_weights: Vec<f64>,
    seed: u64,
}

struct Group {
    trade: Trade,
    campaigns: u32,
}

impl Plan {
    pub fn new(seed: u64, reports: u64, calendar: &Calendar) -> Plan {
        let mut chance = Chance::new(seed, Stream::Plan, 0);
        let all: f64 = FAMILIES.iter().map(|f| f.weight).sum();
        let mut campaigns = Vec::new();
        let mut groups = Vec::new();
        let mut background_weights = Vec::with_capacity(FAMILIES.len());
        for (at, family) in FAMILIES.iter().enumerate() {
            let share = reports as f64 * family.weight / all;
            let planned = share * family.in_campaigns;
            let used = add_campaigns(
                at,
                planned,
                calendar,
                &mut campaigns,
                &mut groups,
                &mut chance,
            );
            background_weights.push((share - used as f64).max(0.0));
        }
        campaigns.sort_by(|a, b| a.start.total_cmp(&b.start));
        let used: u64 = campaigns.iter().map(in_window).sum();
        Plan {
            campaigns,
            background: reports - used.min(reports),
            background_weights,
            seed,
        }
    }

    /// What the nth victim of a campaign meets; `knows` are the tools the victim can name.
    pub fn kit(
        &self,
        campaign: &Campaign,
        nth: u32,
        knows: u32,
        population: &Population,
        chance: &mut Chance,
    ) -> Kit {
        let slot = |tool: Tool, chance: &mut Chance| {
            let pool = campaign.size.div_ceil(tool.lasts_victims()).max(1);
            let now = i64::from(nth) * i64::from(pool) / i64::from(campaign.size.max(1));
            let drift = chance.pick(&[0, 0, 0, 0, 0, 0, -1, 1]);
            (now + drift).clamp(0, i64::from(pool) - 1) as u64
        };
        let id = u64::from(campaign.id);
        let mut tools = [0; Tool::ALL.len()];
        for tool in Tool::ALL {
            let at = slot(tool, chance);
            let own = mix(&[id, tool as u64, at, 1]);
            // Groups lend accounts and phones between their campaigns.
            let lends = matches!(tool, Tool::Account | Tool::Phone | Tool::Iban) && own % 100 < 28;
            let shared = mix(&[u64::from(campaign.group), tool as u64, at % 3, 2]);
            tools[tool as usize] = if lends { shared } else { own };
        }
        let keys = Keys {
            tools,
            persona: mix(&[id, u64::from(nth / 11), 4]),
            firm: mix(&[id, u64::from(nth / 60), 5]),
        };
        Kit::new(self.seed, campaign.family, &keys, knows, population, chance)
    }

    /// The kit of an offender nobody else meets.
    pub fn lone_kit(
        &self,
        family: usize,
        index: u64,
        knows: u32,
        population: &Population,
        chance: &mut Chance,
    ) -> Kit {
        let tools = std::array::from_fn(|tool| mix(&[index, tool as u64, 6]));
        let keys = Keys {
            tools,
            persona: mix(&[index, 7]),
            firm: mix(&[index, 8]),
        };
        Kit::new(self.seed, family, &keys, knows, population, chance)
    }
}

/// Names of the things an offender uses, from which the things follow.
struct Keys {
    tools: [u64; Tool::ALL.len()],
    persona: u64,
    firm: u64,
}

fn in_window(campaign: &Campaign) -> u64 {
    u64::from(campaign.victims_before(1.0) - campaign.victims_before(0.0))
}

/// Adds campaigns of one family until about `planned` reports of the window are theirs; returns
/// how many are.
fn add_campaigns(
    family: usize,
    planned: f64,
    calendar: &Calendar,
    campaigns: &mut Vec<Campaign>,
    groups: &mut Vec<Group>,
    chance: &mut Chance,
) -> u64 {
    let days = calendar.days() as f64;
    let lasts = FAMILIES[family].lasts;
    let mut used = 0;
    // Some campaigns fall outside the window altogether, so the loop has its own bound.
    for _ in 0..(planned as u64 + 8) {
        let left = planned - used as f64;
        if left < 2.0 {
            break;
        }
        let most = MOST_VICTIMS.min(left.max(2.0));
        let size = chance.log_normal(13.0, 1.1).clamp(2.0, most) as u32;
        let length = chance.log_normal(lasts, 0.4).clamp(5.0, 400.0);
        let begins = chance.unit() * (days + length * 0.7) - length * 0.7;
        let start = calendar.clock(begins);
        let mut campaign = Campaign {
            id: campaigns.len() as u32 + 1,
            group: 0,
            family,
            start,
            length: (calendar.clock(begins + length) - start).max(1e-9),
            size,
            offset: chance.unit(),
        };
        let counted = in_window(&campaign);
        if counted == 0 {
            continue;
        }
        campaign.group = join_group(FAMILIES[family].trade, groups, chance);
        used += counted;
        campaigns.push(campaign);
    }
    used
}

fn join_group(trade: Trade, groups: &mut Vec<Group>, chance: &mut Chance) -> u32 {
    if chance.yes(SAME_GROUP) {
        let of_trade: Vec<usize> = (0..groups.len())
            .rev()
            .filter(|at| groups[*at].trade == trade && groups[*at].campaigns < GROUP_MOST)
            .take(12)
            .collect();
        if !of_trade.is_empty() {
            let at = chance.pick(&of_trade);
            groups[at].campaigns += 1;
            return at as u32 + 1;
        }
    }
    groups.push(Group {
        trade,
        campaigns: 1,
    });
    groups.len() as u32
}

/// Campaigns that may strike on the days being walked through, in order.
pub(crate) struct Running {
    next: usize,
    active: Vec<usize>,
}

impl Running {
    pub fn new() -> Running {
        Running {
            next: 0,
            active: Vec::new(),
        }
    }

    /// The victims campaigns find between two moments: campaign index and number of the victim.
    /// Call with rising moments.
    pub fn strikes(&mut self, plan: &Plan, from: f64, to: f64) -> Vec<(usize, u32)> {
        while self.next < plan.campaigns.len() && plan.campaigns[self.next].start < to {
            self.active.push(self.next);
            self.next += 1;
        }
        self.active.retain(|at| !plan.campaigns[*at].is_over(from));
        let mut out = Vec::new();
        for at in &self.active {
            let campaign = &plan.campaigns[*at];
            out.extend(
                (campaign.victims_before(from)..campaign.victims_before(to)).map(|nth| (*at, nth)),
            );
        }
        out
    }
}

/// What an offender used on one victim.
pub(crate) struct Kit {
    pub phone: Identifier,
    pub email: Identifier,
    /// Registrable domain of the offender's site, and a page of it.
    pub domain: Identifier,
    pub page: Identifier,
    pub account: Identifier,
    pub iban: Identifier,
    pub wallet: Identifier,
    pub handle: Identifier,
    pub address: Identifier,
    pub vehicle: Identifier,
    pub sample: Identifier,
    /// Who the bank or a witness would name.
    /// Only where the victim knows.
    pub suspect: Option<Person>,
    /// Name the offender gives, and the sex the victim takes them for.
    pub persona: String,
    pub persona_sex: char,
    /// Name of the firm the offender claims.
    pub firm: String,
}

impl Kit {
    fn new(
        seed: u64,
        family: usize,
        keys: &Keys,
        knows: u32,
        population: &Population,
        chance: &mut Chance,
    ) -> Kit {
        let key = |tool: Tool| keys.tools[tool as usize];
        let pool = |tool: Tool| Chance::new(seed, Stream::Pool, key(tool));
        let beside = |tool: Tool| Chance::new(seed, Stream::BesidePool, key(tool));
        let domain = Identifier::domain(&mut pool(Tool::Site));
        // Most victims are sent the same page; some links carry a number of their own.
        let page = if chance.yes(0.6) {
            Identifier::url(&domain.value, &mut beside(Tool::Site))
        } else {
            Identifier::url(&domain.value, chance)
        };
        let mail_domain = Identifier::domain(&mut beside(Tool::Email));
        // The holder of an account is one person, however often the account is used.
        let suspect = (knows & needs_of(Tool::Suspect) != 0)
            .then(|| suspect(seed, family, mix(&[key(Tool::Account), 3]), population));
        let (persona, persona_sex) =
            persona(family, &mut Chance::new(seed, Stream::Pool, keys.persona));
        Kit {
            phone: Identifier::mobile(&mut pool(Tool::Phone)),
            email: Identifier::email(Some(&mail_domain.value), &mut pool(Tool::Email)),
            account: Identifier::account(&mut pool(Tool::Account)),
            iban: Identifier::iban(&mut pool(Tool::Iban)),
            wallet: Identifier::wallet(&mut pool(Tool::Wallet)),
            handle: handle(family, &mut pool(Tool::Handle)),
            address: Identifier::address(&mut pool(Tool::Ip)),
            vehicle: Identifier::vehicle(&mut pool(Tool::Vehicle)),
            sample: Identifier::sha256(&mut pool(Tool::Sha256)),
            firm: firm_name(&mut Chance::new(seed, Stream::Pool, keys.firm)),
            suspect,
            persona,
            persona_sex,
            domain,
            page,
        }
    }
}

fn handle(family: usize, chance: &mut Chance) -> Identifier {
    let platform = match FAMILIES[family].trade {
        Trade::Extortion => chance.pick(&["snapchat", "instagram", "instagram"]),
        Trade::Intrusion => "telegram",
        _ => chance.pick(&["instagram", "facebook", "telegram", "x"]),
    };
    Identifier::handle(platform, chance)
}

/// A person of the county: a young adult who lent an account; a pupil where a school was attacked.
fn suspect(seed: u64, family: usize, key: u64, population: &Population) -> Person {
    let mut chance = Chance::new(seed, Stream::Mule, key);
    let young = FAMILIES[family].key == "ddos";
    for _ in 0..6 {
        let slot = if young {
            chance.between(11, 15)
        } else {
            chance.between(17, 19)
        };
        let household = chance.below(25_000) * 20 + slot as u64;
        let mut people = population.household(household);
        let wanted = people.iter().position(|person| {
            let age = person.age_on(population.today);
            if young {
                (13..18).contains(&age)
            } else {
                age >= 18
            }
        });
        if let Some(at) = wanted {
            return people.swap_remove(at);
        }
    }
    population.find(chance.below(25_000) * 20 * crate::person::ROOM)
}

/// The name an offender gives, and a sex to go with it. Couriers' callers are men in these tales.
fn persona(family: usize, chance: &mut Chance) -> (String, char) {
    let words = &*WORDS;
    let key = FAMILIES[family].key;
    let men = match key {
        "courier" => 1.0,
        "sextortion" => 0.1,
        _ => 0.65,
    };
    let sex = if chance.yes(men) { 'm' } else { 'f' };
    let forename = words.forename(
        "british",
        sex,
        if key == "sextortion" { 2002 } else { 1972 },
        chance,
    );
    let surname = words.surname("british", chance);
    let name = match key {
        "courier" => {
            let rank = chance.pick(&["DC", "DS", "PC", "Detective", "Inspector", "Sergeant", "DI"]);
            let first = if chance.yes(0.5) {
                format!("{forename} ")
            } else {
                String::new()
            };
            format!("{rank} {first}{surname}")
        }
        "sextortion" => forename.to_owned(),
        "romance" if chance.yes(0.5) => forename.to_owned(),
        _ if chance.yes(0.3) => forename.to_owned(),
        _ => format!("{forename} {surname}"),
    };
    (name, sex)
}

fn firm_name(chance: &mut Chance) -> String {
    let words = &*WORDS;
    if chance.yes(0.2) {
        return words.one("firms", chance).to_owned();
    }
    let stem = words.one("organisation_stems", chance);
    let ending = chance.pick(&[
        "Capital",
        "Markets",
        "FX",
        "Wealth",
        "Trading",
        "Asset Management",
        "Investments",
        "Coin",
        "Finance",
        "Holdings",
        "Recovery",
        "Partners",
        "Options",
        "Crypto",
    ]);
    format!("{stem} {ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    fn plan(reports: u64) -> (Plan, Calendar) {
        let calendar = Calendar::new(Date::constant(2026, 6, 30), 365);
        (Plan::new(9, reports, &calendar), calendar)
    }

    #[test]
    fn strikes_add_up_to_the_plan() {
        for reports in [0, 50, 3_000, 20_000] {
            let (plan, calendar) = plan(reports);
            let mut running = Running::new();
            let struck: usize = (0..calendar.days())
                .map(|d| {
                    running
                        .strikes(&plan, calendar.before(d), calendar.before(d + 1))
                        .len()
                })
                .sum();
            assert_eq!(struck as u64 + plan.background, reports, "{reports}");
        }
    }

    #[test]
    fn campaigns_differ_in_size_and_groups_share() {
        let (plan, _) = plan(20_000);
        let sizes: Vec<u32> = plan.campaigns.iter().map(|c| c.size).collect();
        assert!(sizes.iter().all(|s| (2..=250).contains(s)));
        assert!(
            sizes.iter().any(|s| *s < 5) && sizes.iter().any(|s| *s > 60),
            "{sizes:?}"
        );
        let groups: std::collections::BTreeSet<u32> =
            plan.campaigns.iter().map(|c| c.group).collect();
        assert!(
            groups.len() < plan.campaigns.len() * 4 / 5,
            "{} {}",
            groups.len(),
            sizes.len()
        );
    }

    #[test]
    fn victims_of_one_time_meet_the_same_things() {
        let (plan, calendar) = plan(20_000);
        let population = Population {
            seed: 9,
            today: calendar.day(364),
        };
        let large = plan.campaigns.iter().max_by_key(|c| c.size).unwrap();
        let mut chance = Chance::new(9, Stream::Report, 1);
        let phones: Vec<String> = (0..large.size)
            .map(|nth| {
                plan.kit(large, nth, 0, &population, &mut chance)
                    .phone
                    .value
            })
            .collect();
        let different: std::collections::BTreeSet<&String> = phones.iter().collect();
        assert!(
            different.len() > 3 && different.len() * 3 < phones.len(),
            "{}",
            different.len()
        );
    }
}
