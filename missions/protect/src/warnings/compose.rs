//! A warning as each channel carries it.

use record::publication::{Area, Carriers, Earlier, Publication};
use record::time::Timestamp;

use super::draft::Draft;
use super::kept::Warning;
use super::policy::WarningPolicy;
use super::state::Channel;

/// Whom a warning is for, in words.
pub fn audience(policy: &WarningPolicy, draft: &Draft) -> String {
    let subjects = |ids: &[String], all: &[record::publication::Subject]| -> Vec<String> {
        all.iter()
            .filter(|s| ids.contains(&s.id))
            .map(|s| s.title.clone())
            .collect()
    };
    let audiences = &policy.audiences;
    let who = match subjects(&draft.sectors, &audiences.sectors) {
        sectors if sectors.is_empty() => "Everybody".to_owned(),
        sectors => sectors.join(", "),
    };
    let about = subjects(&draft.interests, &audiences.interests);
    let places: Vec<String> = areas(policy, draft).into_iter().map(|a| a.name).collect();
    let about = match about.is_empty() {
        true => String::new(),
        false => format!(". {}", about.join(", ")),
    };
    format!("{who} in {}{about}", places.join(", "))
}

/// The places a warning is about: those it names, or the whole county.
pub fn areas(policy: &WarningPolicy, draft: &Draft) -> Vec<Area> {
    let area = |place: &record::publication::Place| Area {
        name: place.title.clone(),
        gss: place.gss.clone(),
    };
    let audiences = &policy.audiences;
    if draft.places.is_empty() {
        return vec![area(&audiences.everywhere)];
    }
    let named = draft.places.iter().filter_map(|id| audiences.place(id));
    named.map(area).collect()
}

/// What is handed to the public side, for a warning sent at `sent`.
pub fn publication(
    policy: &WarningPolicy,
    warning: &Warning,
    sent: Timestamp,
    earlier: Option<Earlier>,
) -> Option<Publication> {
    let draft = &warning.draft;
    let kind = policy.kind(&draft.kind)?;
    let advice = match draft.topic.as_str() {
        "" => String::new(),
        topic => format!("/advice/{topic}"),
    };
    Some(Publication {
        version: Publication::VERSION,
        id: warning.id.to_string(),
        sort: kind.title.clone(),
        title: draft.title.clone(),
        what: draft.what.clone(),
        steps: draft.steps.clone(),
        link: draft.link.clone(),
        event: draft.event.clone(),
        advice,
        audience: audience(policy, draft),
        areas: areas(policy, draft),
        language: policy.language.clone(),
        grade: kind.grade(draft.immediate),
        category: policy.category.clone(),
        sender_name: policy.force.clone(),
        sender: policy.sender.clone(),
        issued: sent.micros(),
        expires: draft.expires_at.micros(),
        cleared: warning.cleared_at.map(Timestamp::micros),
        carriers: Carriers {
            page: draft.channels.contains(&Channel::Page),
            atom: draft.channels.contains(&Channel::Atom),
            cap: draft.channels.contains(&Channel::Cap),
        },
        earlier,
    })
}

/// Where its readers are led: the page of alerts if it stands there, or the site.
pub fn link(policy: &WarningPolicy, warning: &Warning) -> String {
    match warning.draft.channels.contains(&Channel::Page) {
        true => policy.link(&warning.id.to_string()),
        false => policy.address.clone(),
    }
}

/// Subject and text of the e-mail, without its foot.
pub fn email(policy: &WarningPolicy, warning: &Warning) -> (String, String) {
    let draft = &warning.draft;
    let steps: String = draft.steps.iter().map(|s| format!("- {s}\n")).collect();
    let more = match draft.link.as_str() {
        "" => String::new(),
        link => format!("{link}\n"),
    };
    let body = format!(
        "{}\n\n{}\n\nWhat to do\n{steps}\nRead more\n{}\n{more}",
        draft.title,
        draft.what,
        link(policy, warning)
    );
    (draft.title.clone(), body)
}

/// A post of at most so many characters: title and link whole, and between them as many whole steps as fit.
pub fn post(policy: &WarningPolicy, warning: &Warning, longest: usize) -> String {
    let draft = &warning.draft;
    let link = link(policy, warning);
    let length = |text: &str| text.chars().count();
    let mut text = draft.title.clone();
    let room = |text: &str, more: &str| length(text) + length(more) + 2 + length(&link) < longest;
    let first = draft.what.split("\n\n").next().unwrap_or_default();
    for part in std::iter::once(first).chain(draft.steps.iter().map(String::as_str)) {
        if !part.is_empty() && room(&text, part) {
            text = format!("{text}\n{part}");
        }
    }
    format!("{text}\n{link}")
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::warnings::draft::Typed;
    use crate::warnings::state::State;
    use crate::warnings::tests::policy;

    pub fn warning(policy: &WarningPolicy) -> Warning {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let template = policy.template("courier_fraud").unwrap();
        let mut typed = Typed::from_template(policy, template, now);
        typed.immediate = "yes".to_owned();
        typed.trigger = "trend".to_owned();
        typed.cause = "Calls".to_owned();
        typed.places = vec!["watford".to_owned()];
        Warning {
            id: "0198f5d2-0000-7000-8000-000000000001".parse().unwrap(),
            version: 5,
            edition: 1,
            state: State::Sent,
            draft: typed.check(policy, now).unwrap(),
            unit: "sfcu".to_owned(),
            created_at: now,
            created_by_name: "A".to_owned(),
            changed_at: now,
            changed_by_name: "A".to_owned(),
            issue_by: now.plus_days(1),
            sent_at: Some(now),
            issued_at: None,
            cleared_at: None,
            cleared_how: String::new(),
        }
    }

    #[test]
    fn posts_fit_and_keep_title_and_link_whole() {
        let policy = policy();
        let mut warning = warning(&policy);
        for post in &policy.posts {
            let text = super::post(&policy, &warning, post.longest);
            assert!(text.chars().count() <= post.longest, "{text}");
            assert!(
                text.starts_with(&warning.draft.title)
                    && text.ends_with(&policy.link(&warning.id.to_string()))
            );
        }
        let longest = policy.posts.last().unwrap().longest;
        assert!(super::post(&policy, &warning, longest).contains("Call 159"));
        warning.draft.title = "é".repeat(policy.limits.title);
        for post in &policy.posts {
            let text = super::post(&policy, &warning, post.longest);
            assert!(text.chars().count() <= post.longest, "{text}");
        }
    }

    #[test]
    fn the_public_gets_what_was_written_and_nothing_else() {
        let policy = policy();
        let warning = warning(&policy);
        let made = publication(&policy, &warning, warning.created_at, None).unwrap();
        assert_eq!(made.areas[0].gss, "E07000103");
        assert_eq!(made.grade.urgency, "Immediate");
        assert_eq!(made.advice, "/advice/courier_fraud");
        let text = serde_json::to_string(&made).unwrap();
        // Who wrote it, why and in which unit stay inside.
        assert!(
            !text.contains("sfcu") && !text.contains("Calls\""),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Publication>(&text).unwrap(), made);
    }
}
