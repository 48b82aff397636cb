//! Faults put into a report on purpose, one for each way a row is refused or questioned.

use crate::Generated;
use crate::chance::Chance;

const FAULTS: [&str; 7] = [
    "reference_missing",
    "received_at_impossible",
    "event_from_impossible",
    "code_unknown",
    "loss_unreadable",
    "feed_unknown",
    "born_in_future",
];

/// Breaks one thing and says which in the truth.
pub(crate) fn soil(report: &mut Generated, chance: &mut Chance) {
    let fault = chance.pick(&FAULTS);
    match fault {
        "reference_missing" => report.fields.retain(|(field, _)| *field != "reference"),
        "received_at_impossible" => set(report, "received_at", "2026-13-45T99:00:00Z"),
        "event_from_impossible" => set(report, "event_from", "31/02/2026"),
        "code_unknown" => set(report, "nfib_code", "NFIB99Z"),
        "loss_unreadable" => {
            report
                .truth
                .observables
                .retain(|planted| planted.field != "loss");
            set(report, "loss", "quite a lot");
        }
        "feed_unknown" => set(report, "feed", "carrier_pigeon"),
        _ => set(report, "victim_date_of_birth", "2150-01-01"),
    }
    report.truth.broken = Some(fault);
}

fn set(report: &mut Generated, name: &'static str, text: &str) {
    match report.fields.iter_mut().find(|(field, _)| *field == name) {
        Some((_, held)) => text.clone_into(held),
        None => report.fields.push((name, text.to_owned())),
    }
}
