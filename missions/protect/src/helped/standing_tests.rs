#![allow(clippy::unwrap_used, reason = "tests")]

use record::ids::{NetworkId, RecordId, ReportId, WorkItemId};
use record::time::Timestamp;
use uuid::Uuid;

use super::standing::{Elsewhere, Reported, Standing, Stands, Told, Victim, Way, Why, standing};
use crate::care_record::Needs;
use crate::messages::{MessagePolicy, Whose};
use crate::victim_care::duty::Line;

/// The shipped policy with a legal check of one text, and the same text in Polish, unchecked.
fn policy() -> MessagePolicy {
    let mut files = crate::warnings::tests::files();
    const FILE: &str = "protect/messages.toml";
    let text = files.text(FILE).unwrap().replace(
        "helped = \"charged\"",
        "helped = \"charged\"\nlegal_checked = 2026-11-02",
    );
    let polish = "\n[[template]]\nid = \"pl\"\nhelped = \"charged\"\ntitle = \"T\"\nowner = \"O\"\n\
                  version = 1\nlanguage = \"pl\"\nsubject = \"S\"\nbody = \"B\"\n";
    files.0.insert(FILE.to_owned(), format!("{text}{polish}"));
    let loaded = MessagePolicy::load(&files).unwrap();
    let policy = loaded.downcast::<MessagePolicy>().unwrap();
    std::sync::Arc::into_inner(policy).unwrap()
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

const HERE: u128 = 7;

fn victim() -> Victim {
    Victim {
        key: ReportId(id(1)),
        whose: Whose {
            item: WorkItemId(id(2)),
            reference: "R-1".to_owned(),
            name: "Ann Ashdown".to_owned(),
            unit: "sfcu".to_owned(),
            marking: 1,
            compartment: None,
        },
        items: vec![WorkItemId(id(2))],
        reports: vec![reported(Line::Advised)],
        emails: vec!["ann@victim.example".to_owned()],
        addresses: vec!["4 Mill Lane\nAL1 1AA".to_owned()],
        language: String::new(),
        safe_contact: Vec::new(),
        needs: None,
        declined: false,
        elsewhere: Elsewhere::default(),
        told: Vec::new(),
    }
}

fn reported(line: Line) -> Reported {
    Reported {
        report: ReportId(id(1)),
        reference: "R-1".to_owned(),
        received_at: Timestamp::from_micros(0),
        line,
        reason: String::new(),
        domestic_abuse: false,
        child: false,
    }
}

fn told(network: Option<u128>, happened: &str, stands: Stands) -> Told {
    Told {
        message: Some(RecordId(id(9))),
        letter: None,
        happened: happened.to_owned(),
        at: Timestamp::from_micros(0),
        by: "Priya".to_owned(),
        stands,
        network: network.map(|n| NetworkId(id(n))),
    }
}

/// Where the victim stands after a change, for somebody being charged: how they are told, or why not.
fn after(change: impl FnOnce(&mut Victim)) -> Result<(Way, String), Why> {
    let policy = policy();
    let mut victim = victim();
    change(&mut victim);
    let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
    match standing(&policy, &victim, NetworkId(id(HERE)), Some("charged"), now) {
        Standing::Can { way, address, text } => {
            assert_eq!(text.unwrap().id, "helped_network_charged");
            Ok((way, address))
        }
        Standing::Cannot(why) => Err(why),
    }
}

fn needs(change: impl FnOnce(&mut Needs)) -> Option<Needs> {
    let mut needs = Needs::default();
    change(&mut needs);
    Some(needs)
}

#[test]
fn an_email_goes_before_a_letter_and_only_where_each_is_safe() {
    let email = Ok((Way::Email, "ann@victim.example".to_owned()));
    let letter = Ok((Way::Letter, "4 Mill Lane\nAL1 1AA".to_owned()));
    assert_eq!(after(|_| {}), email);
    assert_eq!(after(|v| v.emails.clear()), letter);
    assert_eq!(after(|v| v.emails = vec!["no address".to_owned()]), letter);
    let only = |channels: &[&str]| {
        let channels = channels.iter().map(|c| (*c).to_owned()).collect();
        needs(|n| n.channels = channels)
    };
    assert_eq!(after(|v| v.needs = only(&["phone", "email"])), email);
    assert_eq!(after(|v| v.needs = only(&["letter"])), letter);
    assert_eq!(after(|v| v.needs = only(&["phone"])), Err(Why::NoSafeWay));
    let unsafe_letter = after(|v| {
        v.emails.clear();
        v.needs = only(&["email"]);
    });
    assert_eq!(unsafe_letter, Err(Why::NoSafeWay));
    let nothing = after(|v| {
        v.emails.clear();
        v.addresses.clear();
    });
    assert_eq!(nothing, Err(Why::NoAddress));
    // Hours and days are of calls: a message is read when it is read.
    assert_eq!(
        after(|v| v.needs = needs(|n| n.hours = Some((0, 1)))),
        email
    );
}

#[test]
fn whoever_must_not_be_written_to_is_not() {
    assert_eq!(
        after(|v| v.reports[0].domestic_abuse = true),
        Err(Why::DomesticAbuse)
    );
    for line in [Line::Unsafe, Line::Barred] {
        assert_eq!(after(|v| v.reports[0].line = line), Err(Why::Unsafe));
    }
    // What a report outside the network says holds, and is not told apart.
    assert_eq!(
        after(|v| v.elsewhere.domestic_abuse = true),
        Err(Why::Unsafe)
    );
    assert_eq!(after(|v| v.elsewhere.is_unsafe = true), Err(Why::Unsafe));
    let died = "deceased".to_owned();
    assert_eq!(
        after(|v| v.elsewhere.reasons.push(died.clone())),
        Err(Why::Never)
    );
    assert_eq!(after(|v| v.reports[0].reason = died), Err(Why::Never));
    assert_eq!(after(|v| v.declined = true), Err(Why::Declined));
    // An error alone ends it; a duplicate beside a true report does not.
    assert_eq!(after(|v| v.reports[0].line = Line::Error), Err(Why::Error));
    assert!(after(|v| v.reports.push(reported(Line::Error))).is_ok());
    // Advice declined, or never reached, says nothing against a letter of thanks.
    for line in [Line::Declined, Line::NotReached, Line::Awaiting] {
        assert!(after(|v| v.reports[0].line = line).is_ok(), "{line:?}");
    }
}

#[test]
fn rules_in_words_are_for_a_person_to_read() {
    let by_hand = Err(Why::OneByOne);
    assert_eq!(after(|v| v.safe_contact.push("6pm".to_owned())), by_hand);
    assert_eq!(after(|v| v.reports[0].child = true), by_hand);
    assert_eq!(after(|v| v.needs = needs(|n| n.child = true)), by_hand);
    let words = needs(|n| n.words_to_avoid = "police".to_owned());
    assert_eq!(after(|v| v.needs = words), by_hand);
    let answers = needs(|n| n.who_may_answer = "The aunt".to_owned());
    assert_eq!(after(|v| v.needs = answers), by_hand);
}

#[test]
fn nobody_is_told_the_same_twice() {
    let before = |network, happened: &'static str, stands| {
        after(move |v| v.told.push(told(network, happened, stands)))
    };
    assert_eq!(before(Some(HERE), "charged", Stands::Told), Err(Why::Told));
    // From the call page: nobody can say which network was meant.
    assert_eq!(before(None, "charged", Stands::Told), Err(Why::Told));
    assert_eq!(
        before(None, "charged", Stands::ToDecide),
        Err(Why::ToDecide)
    );
    // Something else, or of another network.
    assert!(before(Some(HERE), "helped", Stands::Told).is_ok());
    assert!(before(Some(8), "charged", Stands::Told).is_ok());
}

#[test]
fn a_text_is_in_the_victims_language_or_not_sent() {
    let of = |language: &'static str| after(move |v| v.language = language.to_owned());
    assert!(of("en").is_ok() && of("EN").is_ok());
    assert_eq!(of("pl"), Err(Why::Unchecked));
    assert_eq!(of("ur"), Err(Why::Language));
    // Before anybody says what happened the language does not matter.
    let policy = policy();
    let mut one = victim();
    one.language = "ur".to_owned();
    let now = Timestamp::from_micros(0);
    let stands = standing(&policy, &one, NetworkId(id(HERE)), None, now);
    assert!(matches!(stands, Standing::Can { text: None, .. }));
}
