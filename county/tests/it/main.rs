//! The county seen from outside: the same for a seed, near its settings, true to its truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use county::{County, Generated, Identity, Role, Settings, write_files};
use jiff::civil::date;

fn settings(reports: u64, seed: u64) -> Settings {
    Settings::new(reports, seed, date(2026, 6, 30))
}

fn generated(reports: u64, seed: u64) -> Vec<Generated> {
    County::new(settings(reports, seed)).reports().collect()
}

/// The share of the reports that pass.
fn share(reports: &[Generated], pass: impl Fn(&Generated) -> bool) -> f64 {
    reports.iter().filter(|r| pass(r)).count() as f64 / reports.len() as f64
}

/// FNV-1a over every field, to compare without keeping.
fn digest(reports: &[Generated]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for report in reports {
        for (field, text) in &report.fields {
            for byte in field.bytes().chain(text.bytes()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    hash
}

#[test]
fn a_seed_decides_everything_and_two_seeds_differ() {
    let one = generated(3_000, 5);
    assert_eq!(one, generated(3_000, 5));
    let other = generated(3_000, 6);
    let texts: BTreeSet<&str> = one.iter().filter_map(|r| r.field("narrative")).collect();
    let same = other
        .iter()
        .filter(|r| r.field("narrative").is_some_and(|n| texts.contains(n)));
    assert!(same.count() < 60);
    assert_ne!(digest(&one), digest(&other));
}

#[test]
fn reports_are_as_many_as_asked_and_in_order() {
    for (reports, days) in [
        (0, 365),
        (1, 365),
        (37, 365),
        (500, 1),
        (4_000, 90),
        (2_000, 800),
    ] {
        let county = County::new(Settings {
            days,
            ..settings(reports, 3)
        });
        let all: Vec<Generated> = county.reports().collect();
        assert_eq!(all.len() as u64, reports, "{days} days");
        let received: Vec<&str> = all
            .iter()
            .map(|r| r.field("received_at").unwrap())
            .collect();
        assert!(received.is_sorted());
        let references: BTreeSet<&str> =
            all.iter().map(|r| r.field("reference").unwrap()).collect();
        assert_eq!(references.len(), all.len());
        for report in &all {
            let at: jiff::Timestamp = report.field("received_at").unwrap().parse().unwrap();
            let day = at
                .to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap())
                .date();
            assert!(day <= date(2026, 6, 30));
            assert_eq!(report.field("feed"), Some(report.feed));
        }
    }
}

#[test]
fn what_is_planted_stands_where_it_is_said_to() {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for report in generated(6_000, 8) {
        for planted in &report.truth.observables {
            let text = report.field(planted.field).unwrap_or("");
            assert!(text.contains(&planted.written), "{planted:?} in {text}");
            *kinds.entry(planted.kind).or_default() += 1;
        }
        if report.truth.suspect.is_some() {
            let named = report.field("suspect_surname").is_some();
            assert!(named, "a suspect in truth is named in the fields");
        }
    }
    let wanted = [
        "phone",
        "email",
        "url",
        "domain",
        "ipv4",
        "ipv6",
        "btc",
        "eth",
        "tron",
        "iban",
        "uk_bank_account",
        "sort_code",
        "uk_vrm",
        "handle",
        "sha256",
        "amount",
        "date",
    ];
    for kind in wanted {
        assert!(kinds.get(kind).is_some_and(|n| *n > 3), "{kind}: {kinds:?}");
    }
}

#[test]
fn shares_are_near_their_settings() {
    let all = generated(12_000, 1);
    let code = |wanted: &'static str| share(&all, |r| r.field("nfib_code") == Some(wanted));
    assert!((0.15..0.22).contains(&code("NFIB3A")), "{}", code("NFIB3A"));
    assert!(
        (0.09..0.14).contains(&code("NFIB52C")),
        "{}",
        code("NFIB52C")
    );
    assert!(code("NFIB3A") > code("NFIB52C") && code("NFIB52C") > code("NFIB1D"));
    let courier = share(&all, |r| r.truth.family == "courier");
    assert!((0.015..0.035).contains(&courier), "{courier}");
    let national = share(&all, |r| r.feed == "victim_list");
    assert!((0.55..0.75).contains(&national), "{national}");
    let calls = share(&all, |r| r.feed == "call_for_service");
    assert!((0.08..0.2).contains(&calls), "{calls}");
    let campaigns = share(&all, |r| r.truth.campaign.is_some());
    assert!((0.2..0.4).contains(&campaigns), "{campaigns}");
    let organisations = share(&all, |r| {
        matches!(r.truth.victim, Identity::Organisation(_))
    });
    assert!((0.05..0.15).contains(&organisations), "{organisations}");
    let young = share(&all, |r| {
        r.field("markers")
            .is_some_and(|m| m.contains("child_involved"))
    });
    assert!((0.01..0.06).contains(&young), "{young}");
    let common = share(&all, |r| {
        r.truth.observables.iter().any(|p| p.role == Role::Common)
    });
    assert!((0.02..0.09).contains(&common), "{common}");
    let suspects = share(&all, |r| r.truth.suspect.is_some());
    assert!((0.01..0.08).contains(&suspects), "{suspects}");
    let weekend = share(&all, |r| {
        let at: jiff::Timestamp = r.field("received_at").unwrap().parse().unwrap();
        at.strftime("%u").to_string().parse::<u8>().unwrap() >= 6
    });
    assert!((0.02..0.08).contains(&weekend), "{weekend}");
}

#[test]
fn some_victims_come_again_and_families_share_an_address() {
    let all = generated(14_000, 2);
    let mut counts: BTreeMap<Identity, u32> = BTreeMap::new();
    let mut again = 0;
    for report in &all {
        let count = counts.entry(report.truth.victim).or_default();
        again += u32::from(*count > 0);
        *count += 1;
    }
    let share = f64::from(again) / all.len() as f64;
    assert!((0.055..0.085).contains(&share), "{share}");
    assert!(
        counts.values().filter(|n| **n >= 3).count() > 20,
        "some are chronic"
    );
    let homes: BTreeMap<u64, BTreeSet<u64>> =
        counts.keys().fold(BTreeMap::new(), |mut homes, id| {
            if let Identity::Person(person) = id {
                homes
                    .entry(person / 8)
                    .or_insert_with(BTreeSet::new)
                    .insert(*person);
            }
            homes
        });
    let shared = homes.values().filter(|people| people.len() > 1).count();
    assert!(shared > 70, "{shared} homes with two victims");
    let recovery: Vec<&Generated> = all
        .iter()
        .filter(|r| r.truth.family == "recovery")
        .collect();
    let repeat = recovery
        .iter()
        .filter(|r| counts[&r.truth.victim] > 1)
        .count();
    assert!(
        repeat * 10 > recovery.len() * 8,
        "{repeat} of {}",
        recovery.len()
    );
}

#[test]
fn campaigns_rise_and_fall_and_leave_links() {
    let all = generated(20_000, 4);
    let mut campaigns: BTreeMap<u32, Vec<&Generated>> = BTreeMap::new();
    for report in &all {
        if let Some(campaign) = report.truth.campaign {
            campaigns.entry(campaign).or_default().push(report);
        }
    }
    let sizes: Vec<usize> = campaigns.values().map(Vec::len).collect();
    assert!(
        sizes.iter().any(|n| *n > 60) && sizes.iter().any(|n| *n < 6),
        "{sizes:?}"
    );
    let mut linked = 0;
    let mut members = 0;
    for reports in campaigns.values().filter(|r| r.len() > 5) {
        let mut seen: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        let offender = |r: &&'_ &Generated| {
            r.truth
                .observables
                .iter()
                .filter(|p| p.role == Role::Offender)
                .map(|p| (p.kind, p.value.clone()))
                .collect::<BTreeSet<_>>()
        };
        let sets: Vec<BTreeSet<(&str, String)>> = reports.iter().map(|r| offender(&r)).collect();
        for set in &sets {
            for (kind, value) in set {
                *seen.entry((kind, value)).or_default() += 1;
            }
        }
        members += sets.len();
        linked += sets
            .iter()
            .filter(|s| s.iter().any(|(k, v)| seen[&(*k, v.as_str())] > 1))
            .count();
    }
    let share = linked as f64 / members as f64;
    assert!(
        (0.5..0.98).contains(&share),
        "{share} of campaign reports share something"
    );
    let lone: Vec<&Generated> = all.iter().filter(|r| r.truth.campaign.is_none()).collect();
    let mut values: BTreeMap<&str, u32> = BTreeMap::new();
    for planted in lone.iter().flat_map(|r| &r.truth.observables) {
        if planted.role == Role::Offender && planted.kind == "phone" && planted.field != "narrative"
        {
            *values.entry(&planted.value).or_default() += 1;
        }
    }
    let chance_links = values.values().filter(|n| **n > 1).count();
    assert!(
        chance_links < 20,
        "{chance_links} lone offenders share a phone by chance"
    );
}

#[test]
fn narratives_are_not_a_handful_of_sentences() {
    let all = generated(12_000, 12);
    let texts: Vec<&str> = all.iter().map(|r| r.field("narrative").unwrap()).collect();
    let distinct: BTreeSet<&str> = texts.iter().copied().collect();
    assert!(
        distinct.len() * 1_000 > texts.len() * 995,
        "{} of {}",
        distinct.len(),
        texts.len()
    );
    // Still different with every identifier, sum and figure taken out.
    let bare: BTreeSet<String> = all
        .iter()
        .map(|r| {
            let mut text = r.field("narrative").unwrap().to_lowercase();
            for planted in r
                .truth
                .observables
                .iter()
                .filter(|p| p.field == "narrative")
            {
                text = text.replace(&planted.written.to_lowercase(), "");
            }
            text.retain(|c| c.is_alphabetic() || c == ' ');
            text
        })
        .collect();
    assert!(
        bare.len() * 100 > texts.len() * 97,
        "{} of {}",
        bare.len(),
        texts.len()
    );
    let lengths: Vec<usize> = texts.iter().map(|t| t.len()).collect();
    assert!(
        lengths.iter().all(|n| (40..=1_200).contains(n)),
        "{:?}",
        lengths.iter().minmax()
    );
    assert!(lengths.iter().any(|n| *n < 80) && lengths.iter().any(|n| *n > 800));
    let families: BTreeSet<&str> = all.iter().map(|r| r.truth.family).collect();
    assert!(families.len() >= 24, "{families:?}");
    for text in texts {
        assert!(
            !text.contains(['{', '}', '|']) && !text.contains("  "),
            "{text}"
        );
    }
}

trait MinMax {
    fn minmax(self) -> Option<(usize, usize)>;
}

impl<'a, I: Iterator<Item = &'a usize> + Clone> MinMax for I {
    fn minmax(self) -> Option<(usize, usize)> {
        Some((*self.clone().min()?, *self.max()?))
    }
}

#[test]
fn what_is_recorded_of_a_victim_is_true_and_partial() {
    let all = generated(8_000, 21);
    let (mut recorded, mut possible) = (0, 0);
    for report in &all {
        possible += report.truth.vulnerability.len();
        for (factor, truth) in &report.truth.vulnerability {
            if let Some(answer) = report.field(factor) {
                assert_eq!(answer, truth, "{factor}");
                recorded += 1;
            }
        }
    }
    let share = f64::from(recorded) / possible as f64;
    assert!((0.1..0.4).contains(&share), "{share}");
    let visits = share_of(&all, "courier", "home_visit_by_offender", "yes");
    assert!((0.75..0.95).contains(&visits), "{visits}");
}

fn share_of(all: &[Generated], family: &str, factor: &str, answer: &str) -> f64 {
    let of: Vec<&Generated> = all.iter().filter(|r| r.truth.family == family).collect();
    let so = of.iter().filter(|r| {
        r.truth
            .vulnerability
            .iter()
            .any(|(f, a)| *f == factor && a == answer)
    });
    so.count() as f64 / of.len() as f64
}

#[test]
fn answers_and_codes_are_those_of_the_policy() {
    let Some(domain) = shared("domain") else {
        return;
    };
    let codes = fs::read_to_string(domain.join("crime-codes.csv")).unwrap();
    let known: BTreeSet<&str> = codes.lines().filter_map(|l| l.split(',').next()).collect();
    let scoring = fs::read_to_string(domain.join("triage-scoring.toml")).unwrap();
    for report in generated(6_000, 13) {
        if let Some(code) = report.field("nfib_code") {
            assert!(known.contains(code), "{code}");
        }
        for (factor, answer) in &report.truth.vulnerability {
            let line = scoring.split(&format!("id = \"{factor}\"")).nth(1);
            let Some(points) = line.and_then(|l| l.split("points = {").nth(1)) else {
                continue;
            };
            let points = points.split('}').next().unwrap();
            let words: Vec<&str> = points
                .split(',')
                .filter_map(|p| p.split('=').next())
                .map(|w| w.trim().trim_matches('"'))
                .collect();
            // A scene without anything is "none" even where a record may say so by silence.
            assert!(
                words.contains(&answer.as_str()),
                "{factor} = {answer}, not in {words:?}"
            );
        }
    }
}

/// A folder beside the project, when this machine has it.
fn shared(name: &str) -> Option<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let folder = root.parent()?.join("shared").join(name);
    folder.is_dir().then_some(folder)
}

#[test]
fn dirt_is_as_much_as_asked_and_is_owned_up_to() {
    let clean = generated(2_000, 3);
    assert!(clean.iter().all(|r| r.truth.broken.is_none()));
    let county = County::new(Settings {
        dirt: 0.1,
        ..settings(5_000, 3)
    });
    let all: Vec<Generated> = county.reports().collect();
    let broken = share(&all, |r| r.truth.broken.is_some());
    assert!((0.085..0.115).contains(&broken), "{broken}");
    let kinds: BTreeSet<&str> = all.iter().filter_map(|r| r.truth.broken).collect();
    assert!(kinds.len() >= 6, "{kinds:?}");
    for report in &all {
        let missing = report.field("reference").is_none();
        assert_eq!(missing, report.truth.broken == Some("reference_missing"));
    }
}

#[test]
fn files_hold_every_report_once_and_the_same_bytes_each_time() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let written = write_files(one.path(), settings(1_500, 17)).unwrap();
    write_files(two.path(), settings(1_500, 17)).unwrap();
    assert_eq!(written.reports, 1_500);
    assert_eq!(written.files.iter().map(|(_, n)| n).sum::<u64>(), 1_500);
    let names = [
        "national-victim-list.csv",
        "national-pursue.csv",
        "contact-centre.csv",
        "partner.jsonl",
        "recorded-crime.csv",
        "truth/victims.csv",
        "truth/campaigns.csv",
        "truth/observables.csv",
        "truth/people.csv",
        "truth/organisations.csv",
        "truth/circumstances.csv",
    ];
    for name in names {
        let bytes = fs::read(one.path().join(name)).unwrap();
        assert!(bytes.len() > 100, "{name}");
        assert_eq!(bytes, fs::read(two.path().join(name)).unwrap(), "{name}");
    }
    let mut victims = csv::Reader::from_path(one.path().join("truth/victims.csv")).unwrap();
    assert_eq!(victims.records().count(), 1_500);
    let mut list = csv::Reader::from_path(one.path().join("national-victim-list.csv")).unwrap();
    assert_eq!(&list.headers().unwrap()[0], "reference");
    let people = fs::read_to_string(one.path().join("truth/people.csv")).unwrap();
    let ids: Vec<&str> = people.lines().filter_map(|l| l.split(',').next()).collect();
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        ids.len(),
        "each person once"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "a file").unwrap();
    let error = write_files(&taken, settings(10, 1)).unwrap_err();
    assert!(error.to_string().contains("taken"), "{error}");
}

#[test]
fn recorded_crime_covers_the_window() {
    let county = County::new(settings(12_000, 1));
    let months = county.recorded_crime();
    assert_eq!(months.len(), 12);
    let total: u64 = months.iter().map(|(_, n)| n).sum();
    assert!((12_000..16_000).contains(&total), "{total}");
}
