use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn table(records: u64, seed: u64) -> Vec<PeopleRecord> {
    PeopleRecords::new(PeopleSettings::new(records, seed)).collect()
}

fn by_person(records: &[PeopleRecord]) -> BTreeMap<Identity, Vec<&PeopleRecord>> {
    let mut people: BTreeMap<Identity, Vec<&PeopleRecord>> = BTreeMap::new();
    for record in records {
        people.entry(record.person).or_default().push(record);
    }
    people
}

fn home(person: Identity) -> u64 {
    match person {
        Identity::Person(id) | Identity::Organisation(id) => id / crate::person::ROOM,
    }
}

#[test]
fn a_shuffle_visits_every_number_once_and_leaves_no_step() {
    for size in [1, 2, 5, 40, 1_000, 65_537] {
        let shuffle = Shuffle::new(size, 9);
        let seen: BTreeSet<u64> = (0..size).map(|n| shuffle.at(n)).collect();
        assert_eq!(seen.len() as u64, size);
        assert!(seen.last() < Some(&size));
    }
    let shuffle = Shuffle::new(10_000, 9);
    let mut steps: BTreeMap<u64, u32> = BTreeMap::new();
    for n in 0..9_999 {
        *steps
            .entry(shuffle.at(n).abs_diff(shuffle.at(n + 1)))
            .or_default() += 1;
    }
    assert!(
        steps.values().all(|count| *count < 20),
        "a step is repeated"
    );
}

#[test]
fn a_block_has_the_people_and_records_it_says() {
    assert_eq!(PEOPLE_WITH.iter().sum::<u64>(), PEOPLE_A_BLOCK);
    let records: u64 = PEOPLE_WITH.iter().zip(1..).map(|(p, r)| p * r).sum();
    assert_eq!(records, RECORDS_A_BLOCK);
    assert_eq!(seats().len() as u64, SEATS);
}

#[test]
fn records_are_as_many_as_asked_of_fewer_people() {
    for records in [0, 1, 7, 1_800, 5_000] {
        assert_eq!(table(records, 2).len() as u64, records);
    }
    let all = table(18_000, 2);
    let people = by_person(&all);
    assert_eq!(people.len(), 10_000);
    let most = people.values().map(Vec::len).max();
    assert_eq!(most, Some(12));
    let once = people.values().filter(|records| records.len() == 1).count();
    assert_eq!(once, 6_210);
    // A table that ends within a block has its share too.
    let few = table(900, 2);
    assert!(
        (450..560).contains(&by_person(&few).len()),
        "{}",
        by_person(&few).len()
    );
}

#[test]
fn a_seed_decides_every_byte() {
    let one = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    for folder in [&one, &other] {
        write_people(folder.path(), PeopleSettings::new(2_000, 4)).unwrap();
    }
    for name in ["people.csv", "truth/people.csv"] {
        let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read(&one), read(&other));
    }
    assert_ne!(table(500, 4), table(500, 5));
}

/// Changes only when the table does: then the figures measured on it are out of date.
#[test]
fn the_table_is_the_one_the_measurements_were_made_on() {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for record in table(3_000, 1) {
        let text = format!("{record:?}");
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(hash, 12_070_395_580_072_061_034);
}

#[test]
fn order_and_ids_say_nothing_of_who_is_who() {
    let all = table(20_000, 3);
    let beside = all
        .windows(2)
        .filter(|pair| pair[0].person == pair[1].person)
        .count();
    assert!(beside <= 4, "{beside} records of one person beside another");
    // Two records of one person are as far apart as two of strangers: two places chosen by chance
    // are within a tenth of the table in 19 cases of 100.
    let row = |record: &PeopleRecord| record.id[1..].parse::<usize>().unwrap();
    let people = by_person(&all);
    let apart: Vec<usize> = people
        .values()
        .filter(|records| records.len() == 2)
        .map(|records| row(records[0]).abs_diff(row(records[1])))
        .collect();
    let near = apart.iter().filter(|rows| **rows < 2_000).count();
    let share = near as f64 / apart.len() as f64;
    assert!((0.16..0.22).contains(&share), "{share}");
    let ids: BTreeSet<&str> = all.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
    assert_eq!(all[41].id, "N0000042");
}

#[test]
fn most_records_have_few_faults_and_some_have_many() {
    let all = table(20_000, 6);
    let share = |pass: &dyn Fn(&PeopleRecord) -> bool| {
        all.iter().filter(|record| pass(record)).count() as f64 / all.len() as f64
    };
    let few = share(&|record| record.faults <= 2);
    let none = share(&|record| record.faults == 0);
    assert!(
        (0.93..0.99).contains(&few) && (0.45..0.7).contains(&none),
        "{few} {none}"
    );
    for (missing, range) in [
        (share(&|record| record.date_of_birth.is_empty()), 0.04..0.09),
        (share(&|record| record.postcode.is_empty()), 0.1..0.2),
        (share(&|record| record.phone.is_empty()), 0.3..0.45),
        (share(&|record| record.email.is_empty()), 0.4..0.6),
        (share(&|record| record.surname.is_empty()), 0.0005..0.006),
    ] {
        assert!(range.contains(&missing), "{missing} is not in {range:?}");
    }
    assert!(share(&|record| record.date_of_birth == "1900-01-01") > 0.001);
    assert!(share(&|record| record.date_of_birth.ends_with("-01-01")) > 0.008);
}

#[test]
fn dates_are_dates() {
    for record in table(20_000, 8) {
        if !record.date_of_birth.is_empty() {
            assert!(
                record.date_of_birth.parse::<Date>().is_ok(),
                "{}",
                record.date_of_birth
            );
        }
    }
}

#[test]
fn families_are_hard_to_tell_apart() {
    let all = table(40_000, 9);
    let mut homes: BTreeMap<u64, Vec<&PeopleRecord>> = BTreeMap::new();
    for record in &all {
        homes.entry(home(record.person)).or_default().push(record);
    }
    let (mut one_phone, mut one_mail, mut twins, mut namesakes) = (0, 0, 0, 0);
    for records in homes.values() {
        for (at, one) in records.iter().enumerate() {
            for other in records[at + 1..].iter().filter(|o| o.person != one.person) {
                let same = |a: &str, b: &str| usize::from(!a.is_empty() && a == b);
                one_phone += same(&one.phone, &other.phone);
                one_mail += same(&one.email, &other.email);
                let surname = same(&one.surname, &other.surname);
                twins += surname * same(&one.date_of_birth, &other.date_of_birth);
                namesakes += surname * same(&one.forename, &other.forename);
            }
        }
    }
    let counts = [one_phone, one_mail, twins, namesakes];
    assert!(counts.iter().all(|count| *count > 12), "{counts:?}");
}

#[test]
fn strangers_share_common_names_and_years_of_birth() {
    let all = table(60_000, 10);
    let mut homes: BTreeMap<(String, String), BTreeSet<u64>> = BTreeMap::new();
    for record in all.iter().filter(|record| record.date_of_birth.len() == 10) {
        let name = format!("{} {}", record.forename, record.surname).to_lowercase();
        let year = record.date_of_birth[..4].to_owned();
        homes
            .entry((name, year))
            .or_default()
            .insert(home(record.person));
    }
    let shared = homes.values().filter(|homes| homes.len() > 1).count();
    assert!(shared > 150, "{shared}");
}

#[test]
fn records_of_one_person_differ_as_in_life() {
    let all = table(40_000, 12);
    let people = by_person(&all);
    let share = |differ: fn(&PeopleRecord) -> &str| {
        let (mut pairs, mut apart) = (0, 0);
        for records in people.values() {
            let known = || {
                records
                    .iter()
                    .map(|r| differ(r))
                    .filter(|text| !text.is_empty())
            };
            for (one, other) in known().zip(known().skip(1)) {
                pairs += 1;
                apart += u32::from(!one.eq_ignore_ascii_case(other));
            }
        }
        f64::from(apart) / f64::from(pairs)
    };
    assert!((0.1..0.4).contains(&share(|record| &record.forename)));
    assert!((0.05..0.25).contains(&share(|record| &record.surname)));
    assert!((0.03..0.2).contains(&share(|record| &record.date_of_birth)));
    assert!((0.15..0.5).contains(&share(|record| &record.postcode)));
    assert!((0.05..0.5).contains(&share(|record| &record.email)));
}

#[test]
fn a_longer_table_goes_on_in_the_next_county() {
    let seated = PeopleRecords::new(PeopleSettings::new(1, 1));
    let (home, member) = seated.seat(700_000);
    assert!(home > 500_000);
    let history = History::of(&seated.population, home, member);
    assert!(
        history.homes[0].postcode.starts_with("BE"),
        "{}",
        history.homes[0].postcode
    );
}
