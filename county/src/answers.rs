//! Triage factors: how things truly are with a victim, and what was written down of it.
//!
//! Factors and their answers are those of the triage policy. Truth is complete; a record holds
//! what somebody asked and heard, which is far less, and holds a "yes" sooner than a "no".

use crate::case::Case;
use crate::chance::{Chance, Stream};
use crate::crime::Tool;
use crate::organisation::OrganisationKind;
use crate::person::{Home, Person};
use crate::victims::Victim;

/// Every factor of this case as it truly is, in the order of the import contract.
pub(crate) fn truth(case: &Case, chance: &mut Chance) -> Vec<(&'static str, String)> {
    let mut out = Vec::with_capacity(24);
    let mut add = |factor: &'static str, answer: &str| out.push((factor, answer.to_owned()));
    if let Victim::Person(person) = &case.victim {
        traits(person, case, chance, &mut add);
        offence_against_person(case, chance, &mut add);
    }
    offence(case, chance, &mut add);
    if let Victim::Organisation(organisation) = &case.victim {
        let outage = match case.family.key {
            "ransomware" => chance.log_normal(40.0, 1.0),
            "ddos" => chance.log_normal(6.0, 0.8),
            "intrusion" => chance.log_normal(3.0, 1.0),
            _ => 0.0,
        };
        let people = match case.family.key {
            "ransomware" => chance.log_normal(900.0, 1.5),
            "intrusion" => chance.log_normal(300.0, 1.6),
            "account_hacked" => chance.log_normal(40.0, 1.0),
            _ => 0.0,
        };
        add("service_outage_hours", &(outage as i64).to_string());
        add("data_subjects", &(people as i64).to_string());
        let ill = organisation.kind == OrganisationKind::Surgery && case.family.key == "ransomware";
        add("threat_to_life", yes_no(ill && chance.yes(0.2)));
        let vital = organisation.kind == OrganisationKind::Council || ill;
        add(
            "critical_national_infrastructure",
            yes_no(vital && chance.yes(0.1)),
        );
    }
    out
}

const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn some_marked(some: f64, marked: f64, chance: &mut Chance) -> &'static str {
    let drawn = chance.unit();
    if drawn < marked {
        return "marked";
    }
    if drawn < marked + some {
        "some"
    } else {
        "none"
    }
}

/// What is so of the person whatever happens: the same in each of their reports.
fn traits(
    person: &Person,
    case: &Case,
    chance: &mut Chance,
    add: &mut impl FnMut(&'static str, &str),
) {
    let mut own = Chance::new(person.means.to_bits(), Stream::Person, person.id);
    let age = case.age.unwrap_or(40);
    let alone = matches!(person.home, Home::LoneElder | Home::LoneAdult);
    let (some, marked) = match age {
        ..18 => (0.05, 0.01),
        18..65 => (0.09, 0.02),
        65..80 => (0.10, 0.03),
        _ => (0.20, 0.10),
    };
    let mind = some_marked(some, marked, &mut own);
    let (some, marked) = match age {
        ..45 => (0.05, 0.01),
        45..65 => (0.10, 0.03),
        65..80 => (0.22, 0.06),
        _ => (0.38, 0.15),
    };
    let body = some_marked(some, marked, &mut own);
    let needs_care = match (mind, body, age) {
        ("marked", _, _) | (_, "marked", _) => own.yes(0.7),
        (_, _, 80..) => own.yes(0.2),
        _ => own.yes(0.02),
    };
    let isolated = own.yes(if alone { 0.2 } else { 0.03 });
    let from_elsewhere = !matches!(person.origin, "british" | "scottish" | "irish");
    let (some, marked) = match age {
        80.. => (0.30, 0.15),
        65..80 => (0.15, 0.05),
        _ if from_elsewhere => (0.15, 0.05),
        _ => (0.02, 0.005),
    };
    let barrier = some_marked(some, marked, &mut own);
    let crisis = if case.family.key == "romance" {
        0.3
    } else {
        0.08
    };
    add("lives_alone", yes_no(alone));
    add("cognitive_or_mental_health", mind);
    add("physical_or_sensory", body);
    add("care_or_support_needs", yes_no(needs_care));
    add("recent_bereavement_or_crisis", yes_no(chance.yes(crisis)));
    add("isolation", yes_no(isolated));
    add("language_or_digital_barrier", barrier);
    let share = case.loss_pence as f64 / 100.0 / person.means;
    let impact = match share {
        _ if case.loss_pence == 0 => "none",
        ..0.12 => "low",
        ..0.7 => "serious",
        _ if case.loss_pence >= 100_000 => "life_changing",
        _ => "serious",
    };
    add("financial_impact", impact);
}

/// What the offender still holds over the person.
fn offence_against_person(
    case: &Case,
    chance: &mut Chance,
    add: &mut impl FnMut(&'static str, &str),
) {
    let key = case.family.key;
    let contact = match key {
        "sextortion" => 0.6,
        "mule" => 0.45,
        "recovery" => 0.4,
        "romance" => 0.35,
        "investment" => 0.22,
        "doorstep" => 0.2,
        "advance_fee" | "tech_support" => 0.15,
        "courier" => 0.12,
        _ => 0.03,
    };
    let in_contact = chance.yes(contact);
    let (believes, partly) = match key {
        "romance" => (0.14, 0.2),
        "investment" | "recovery" => (0.06, 0.14),
        "courier" | "advance_fee" => (0.02, 0.06),
        _ => (0.003, 0.01),
    };
    let drawn = chance.unit();
    let belief = if drawn < believes {
        "yes"
    } else if drawn < believes + partly {
        "partly"
    } else {
        "no"
    };
    add("still_in_contact", yes_no(in_contact));
    add("still_believes", belief);
    hurt(key, chance, add);
}

/// What the offence did to the person beside the loss.
fn hurt(key: &str, chance: &mut Chance, add: &mut impl FnMut(&'static str, &str)) {
    let visit = match key {
        "doorstep" => 1.0,
        "courier" => 0.85,
        "position" => 0.35,
        _ => 0.0,
    };
    let despair = match key {
        "sextortion" => 0.06,
        "romance" => 0.035,
        "investment" => 0.018,
        "recovery" => 0.02,
        _ => 0.003,
    };
    let partner = match key {
        "position" => 0.2,
        "device" => 0.1,
        "account_hacked" => 0.04,
        _ => 0.002,
    };
    let images = match key {
        "sextortion" => 0.93,
        "romance" => 0.05,
        "account_hacked" => 0.03,
        _ => 0.0,
    };
    let documents = match key {
        "rental" | "investment" | "recovery" => 0.4,
        "advance_fee" => 0.35,
        "romance" | "identity" | "mule" => 0.14,
        _ => 0.03,
    };
    add("home_visit_by_offender", yes_no(chance.yes(visit)));
    add("self_harm_or_suicide", yes_no(chance.yes(despair)));
    add("domestic_abuse_link", yes_no(chance.yes(partner)));
    add("intimate_image_threat", yes_no(chance.yes(images)));
    add("identity_documents_given", yes_no(chance.yes(documents)));
}

/// What is so of the crime, whoever the victim.
fn offence(case: &Case, chance: &mut Chance, add: &mut impl FnMut(&'static str, &str)) {
    let key = case.family.key;
    let access = match key {
        "account_hacked" => 0.42,
        "device" | "tech_support" => 0.35,
        "ransomware" | "intrusion" => 0.35,
        "mandate" => 0.15,
        "bank_impersonation" => 0.06,
        _ => 0.01,
    };
    add("live_access", yes_no(chance.yes(access)));
    if case.loss_pence > 0 && matches!(case.payment, "Bank transfer" | "Debit card" | "Credit card")
    {
        add(
            "refund_refused",
            chance.of_table(&[("yes", 0.25), ("pending", 0.4), ("no", 0.35)]),
        );
    }
    let scene = match key {
        _ if case.knows(Tool::Vehicle) => "vehicle_or_courier_detail",
        "courier" | "doorstep" if chance.yes(0.35) => "cctv_available",
        "courier" if chance.yes(0.3) => "vehicle_or_courier_detail",
        "shopping" | "identity" if chance.yes(0.1) => "delivery_address",
        _ => "none",
    };
    add("physical_scene", scene);
    let logs: &[(&str, f64)] = match key {
        "ransomware" | "intrusion" | "ddos" => &[
            ("preserved", 0.4),
            ("available_now", 0.3),
            ("at_risk", 0.25),
            ("gone", 0.05),
        ],
        "account_hacked" | "device" | "tech_support" | "mandate" | "sextortion" => &[
            ("preserved", 0.12),
            ("available_now", 0.45),
            ("at_risk", 0.23),
            ("gone", 0.2),
        ],
        _ => &[
            ("preserved", 0.03),
            ("available_now", 0.4),
            ("at_risk", 0.07),
            ("gone", 0.5),
        ],
    };
    add("device_or_logs", chance.of_table(logs));
    add(
        "victim_supports",
        chance.of_table(&[("yes", 0.75), ("unsure", 0.17), ("no", 0.08)]),
    );
}

/// What a report of this feed holds of the truth.
pub(crate) fn recorded<'a>(
    truth: &'a [(&'static str, String)],
    feed: &str,
    chance: &mut Chance,
) -> Vec<(&'static str, &'a str)> {
    let (said, denied) = match feed {
        "call_for_service" => (0.78, 0.5),
        "urgent" => (0.65, 0.3),
        "portal" => (0.55, 0.35),
        "protect" => (0.5, 0.2),
        "partner" => (0.45, 0.15),
        "pursue" => (0.38, 0.12),
        "victim_list" => (0.3, 0.1),
        _ => (0.1, 0.03),
    };
    truth
        .iter()
        .filter(|(_, answer)| {
            let plain = matches!(answer.as_str(), "no" | "none" | "0");
            chance.yes(if plain { denied } else { said })
        })
        .map(|(factor, answer)| (*factor, answer.as_str()))
        .collect()
}
