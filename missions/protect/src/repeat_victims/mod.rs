//! Repeat victims: found through linkage, shown with their earlier reports and the risk of another.
//!
//! *Who uses it*: callers, on the call list and the call page. *What it serves*: PROTECT-06 ("so as not
//! to become a repeat victim"). *What it decides*: nothing; a person does.
//!
//! Intake puts the descriptions in reports together into people (decision 12); whoever shares a person
//! is a repeat victim, whatever they called themselves. [`risk`] weighs what is known by the rules of
//! `policy/protect/repeat-victims.toml`.

mod card;
mod earlier;
mod policy;
pub mod risk;

use record::measure::{Measure, Window};
use web::{Capability, PolicyFile};

pub(crate) use card::{Card, RepeatVictim};
pub use earlier::{Earlier, counts, earlier};
pub use policy::RepeatPolicy;

/// The capability. Its parts of pages are on those of victim care.
pub const REPEAT_VICTIMS: Capability = Capability {
    name: "protect.repeat_victims",
    title: "Repeat victims",
    commitments: &["PROTECT-06"],
    measures: &[REPEAT_RATE],
    policies: &[PolicyFile {
        file: "protect/repeat-victims.toml",
        load: RepeatPolicy::load,
    }],
    ..Capability::NONE
};

/// PROTECT-06, companion: victims with another report within 365 days of advice, of those advised.
/// A victim counts once, by the first advice; who is no person on record counts as one of their own.
/// A window stays provisional for 365 days after its end: until then more may report again.
/// 31,536,000,000,000 are the microseconds of 365 days, as instants are kept.
const REPEAT_RATE: Measure = Measure {
    commitment: "PROTECT-06",
    name: "Repeat rate",
    version: 1,
    window: Window::RollingYear,
    lag_days: 365,
    target: None,
    cohort: "select d.report as subject, d.ended_at as at, \
        case when exists (select 1 from shared_report o where o.person = r.person \
             and o.received_at > d.ended_at and o.received_at <= d.ended_at + 31536000000000) \
             then 1 else 0 end as met, \
        case when exists (select 1 from shared_report o where o.person = r.person \
             and o.received_at > d.ended_at and o.received_at <= d.ended_at + 31536000000000) \
             then 'reported_again' else 'not_reported_again' end as line, \
        0 as excluded, r.victim_label || ' ' || r.reference as label, r.marking as marking, \
        r.compartment as compartment \
        from protect_duty d join shared_report r on r.id = d.report \
        where d.line = 'advised' and r.national = 1 \
        and not exists (select 1 from shared_report e join protect_duty f on f.report = e.id \
            where e.person = r.person and e.national = 1 and f.line = 'advised' \
            and (f.ended_at < d.ended_at or (f.ended_at = d.ended_at and f.report < d.report)))",
    meaning: "Victims advised who made another report within 365 days of the advice. The share can \
        only rise until these days are over",
};
