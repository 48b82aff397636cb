//! Section 10 of the triage reference: what a triage build must pass.

use intake::triage::{Facts, Links, Proposal, TriagePolicy, propose};
use record::report::{PartyKind, Report};
use record::time::Date;

use super::receiving::{desk, policy, report};

fn proposal(one: &Report, links: &Links) -> Proposal {
    let desk = desk();
    let code = one.nfib_code.as_deref().and_then(|c| desk.codes.get(c));
    let facts = Facts::of(one, code, links);
    let class = code.map_or(record::report::CrimeClass::Unknown, |c| c.default_class);
    propose(&desk.triage.policy, &desk.triage.digest, &facts, class)
}

fn answered(pairs: &[(&str, &str)]) -> Report {
    let mut one = report("1");
    one.answers = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    one
}

#[test]
fn same_inputs_and_table_give_the_same_score_and_the_table_is_named() {
    let one = answered(&[("lives_alone", "yes"), ("still_believes", "partly")]);
    let first = proposal(&one, &Links::default());
    assert_eq!(first, proposal(&one, &Links::default()));
    assert_eq!(first.policy, desk().triage.digest);
    // Lives alone 2, partly believes 2, a small loss 1.
    assert_eq!(first.vulnerability.points, 5);
}

#[test]
fn missing_answers_score_nothing_and_lower_the_confidence() {
    let asked = proposal(
        &answered(&[("lives_alone", "no"), ("isolation", "no")]),
        &Links::default(),
    );
    let silent = proposal(&answered(&[]), &Links::default());
    assert_eq!(asked.vulnerability.points, silent.vulnerability.points);
    assert!(
        silent
            .vulnerability
            .unknown
            .contains(&"lives_alone".to_owned())
    );
    assert!(asked.vulnerability.confidence > silent.vulnerability.confidence);
    let odd = proposal(&answered(&[("lives_alone", "perhaps")]), &Links::default());
    assert!(
        odd.vulnerability
            .unknown
            .contains(&"lives_alone".to_owned())
    );
}

#[test]
fn an_override_beats_any_arithmetic() {
    let one = answered(&[("self_harm_or_suicide", "yes")]);
    let found = proposal(&one, &Links::default());
    assert_eq!(found.vulnerability.band, "high");
    assert_eq!(
        found.vulnerability.overridden_by.as_deref(),
        Some("self_harm_or_suicide")
    );
    assert_eq!(found.vulnerability.actions, ["threat_to_life_process"]);
    let mut child = report("2");
    child.victim.date_of_birth = Date::parse("2012-05-01");
    assert_eq!(
        proposal(&child, &Links::default()).vulnerability.band,
        "high"
    );
}

#[test]
fn no_factor_uses_a_protected_characteristic_or_the_place() {
    let policy = TriagePolicy::read(&policy()).unwrap().policy;
    let forbidden = [
        "ethnic",
        "religio",
        "orientation",
        "postcode",
        "deprivation",
        "nationality",
    ];
    for factor in policy
        .vulnerability
        .factor
        .iter()
        .chain(&policy.solvability.factor)
    {
        let text = format!("{} {}", factor.id, factor.question).to_lowercase();
        assert!(!forbidden.iter().any(|f| text.contains(f)), "{}", factor.id);
    }
}

#[test]
fn a_courier_series_must_be_accepted() {
    let mut one = report("1");
    one.nfib_code = Some("NFIB5A".to_owned());
    one.markers.insert("courier".to_owned());
    let alone = proposal(&one, &Links::default());
    assert_eq!(
        alone.vulnerability.overridden_by.as_deref(),
        Some("home_visit_by_offender")
    );
    assert!(alone.must_accept.is_empty());
    let series = proposal(
        &one,
        &Links {
            network_reports: 3,
            ..Links::default()
        },
    );
    assert_eq!(series.must_accept, ["courier_series"]);
    assert_eq!(
        (series.acceptance_band.as_str(), series.route.as_str()),
        ("A", "sfcu")
    );
}

#[test]
fn groups_are_capped_and_reasons_add_up() {
    let mut one = report("1");
    one.loss_pence = Some(30_000_000);
    one.victim.kind = PartyKind::Organisation;
    one.nfib_code = Some("NFIB52A".to_owned());
    one.answers
        .insert("service_outage_hours".to_owned(), "96".to_owned());
    one.answers
        .insert("data_subjects".to_owned(), "20000".to_owned());
    let found = proposal(
        &one,
        &Links {
            network_reports: 120,
            ..Links::default()
        },
    );
    for group in &found.acceptance {
        let sum: i64 = group.reasons.iter().map(|r| r.points).sum();
        assert_eq!(group.points, sum.min(20), "{}", group.id);
    }
    assert_eq!(
        found.acceptance_points,
        found.acceptance.iter().map(|g| g.points).sum::<i64>()
    );
}

#[test]
fn bad_policies_are_refused_with_the_place() {
    for (from, to, says) in [
        ("schema = 1", "schema = 1\nsurprise = 2", "surprise"),
        (
            "override_high = [\"under_18\"]",
            "override_high = [\"under_12\"]",
            "under_12",
        ),
        (
            "\"loss_pounds >= 50000\"",
            "\"loss_pounds >= lots\"",
            "lots",
        ),
        (
            "[clocks.triage]\nurgent",
            "[clocks.triage]\nurgently",
            "urgently",
        ),
    ] {
        let mut files = policy();
        let text = files.0[TriagePolicy::FILE].replacen(from, to, 1);
        assert_ne!(
            text,
            files.0[TriagePolicy::FILE],
            "{from} is not in the file"
        );
        files.0.insert(TriagePolicy::FILE.to_owned(), text);
        let error = TriagePolicy::read(&files).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
