//! Recording a report by hand: a call for service the force takes itself.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::Finding;
use record::access::Resource;
use record::report::Feed;
use web::parts::{
    Button, Choice, DateInput, FieldErrors, Hidden, Input, Page, Radios, Select, Textarea,
};
use web::{App, Form, SignedIn};

use super::RECORD;
use super::accept::{read_fields, record as receive_one};
use super::open::{Wanted, permit_thing};
use super::view::in_words;
use crate::receive::Desk;

/// Key of the source of reports recorded on this page.
const SOURCE: &str = "form";

/// Days on the form, each in three boxes.
const DAYS: [&str; 3] = ["victim_date_of_birth", "event_from", "event_to"];

/// A question of the triage policy.
struct Question {
    name: String,
    legend: String,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "report_new.html")]
struct NewPage {
    page: Page,
    errors: FieldErrors,
    values: BTreeMap<String, String>,
    kinds: Vec<Choice>,
    codes: Vec<Choice>,
    questions: Vec<Question>,
}

impl NewPage {
    /// What was typed into a field.
    fn typed(&self, name: &str) -> &str {
        self.values
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    }
}

pub(super) async fn blank(State(app): State<App>, who: SignedIn) -> web::Result<Response> {
    let desk = app.policy::<Desk>()?;
    let page = form(&app, &who, &desk, BTreeMap::new(), FieldErrors::new());
    web::html(&page)
}

pub(super) async fn record(
    State(app): State<App>,
    who: SignedIn,
    Form(sent): Form<Vec<(String, String)>>,
) -> web::Result<Response> {
    let desk = app.policy::<Desk>()?;
    let sent: BTreeMap<String, String> = sent.into_iter().filter(|(n, _)| n != "csrf").collect();
    let mut values = fields(&sent);
    // The reference is counted when the report is received.
    values.insert("reference".to_owned(), "new".to_owned());
    let feed = Feed::CallForService;
    let (report, findings) = read_fields(&desk, SOURCE, feed, app.now(), 1, &values);
    let errors = errors(&values, &findings);
    let report = match report.filter(|_| errors.is_empty()) {
        Some(report) => report,
        None => {
            let page = form(&app, &who, &desk, sent, errors);
            return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let resource = Resource::of("report", "").of_unit(desk.unit.clone());
    let wanted = Wanted {
        act: &RECORD,
        reason: "",
    };
    let grant = permit_thing(&app, &who.actor, wanted, &resource).await?;
    let id = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { receive_one(tx, &desk, report).await })
        })
        .await?;
    Ok(Redirect::to(&format!("/reports/{id}")).into_response())
}

/// The form's fields under the contract's names; a day of three boxes becomes one text.
fn fields(sent: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = sent
        .iter()
        .filter(|(name, value)| {
            !value.trim().is_empty() && record::report::field_named(name).is_some()
        })
        .map(|(name, value)| (name.clone(), value.trim().to_owned()))
        .collect();
    for day in DAYS {
        let part = |which: &str| {
            let typed = sent.get(&format!("{day}-{which}"));
            typed.map(|t| t.trim()).unwrap_or_default()
        };
        let (d, m, y) = (part("day"), part("month"), part("year"));
        if !(d.is_empty() && m.is_empty() && y.is_empty()) {
            values.insert(day.to_owned(), format!("{d}/{m}/{y}"));
        }
    }
    // Who takes the call decides these, not the form.
    for own in ["reference", "feed", "received_at"] {
        values.remove(own);
    }
    values
}

fn errors(values: &BTreeMap<String, String>, findings: &[Finding]) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let has = |name: &str| values.contains_key(name);
    if !has("victim_kind") {
        errors.add(
            "victim_kind",
            "Select whether the victim is a person or an organisation",
        );
    }
    let organisation = values
        .get("victim_kind")
        .is_some_and(|k| k == "organisation");
    if organisation && !has("victim_organisation") {
        errors.add("victim_organisation", "Enter the name of the organisation");
    }
    if !organisation && !has("victim_surname") {
        errors.add("victim_surname", "Enter the victim's surname");
    }
    if !has("narrative") {
        errors.add("narrative", "Enter what happened");
    }
    for finding in findings {
        // Unseen characters are taken out without asking: nobody can correct what they cannot see.
        if finding.column == "reference" || finding.problem.contains("taken out") {
            continue;
        }
        errors.add(finding.column.as_str(), mend(&finding.column, finding));
    }
    errors
}

/// How to put a field right, in the words of the form.
fn mend(field: &str, finding: &Finding) -> String {
    match field {
        "loss" => "Enter the loss in pounds, such as 1,234.50".to_owned(),
        "victim_date_of_birth" => "Enter a real date of birth, such as 27 3 1961".to_owned(),
        "event_from" => "Enter the first day as a real date that is not in the future".to_owned(),
        "event_to" => "Enter the last day as a real date, not before the first day".to_owned(),
        "victim_staff_count" => "Enter the number of staff in digits".to_owned(),
        _ => format!("{}: {}", in_words(field), finding.problem),
    }
}

fn form(
    app: &App,
    who: &SignedIn,
    desk: &Desk,
    values: BTreeMap<String, String>,
    errors: FieldErrors,
) -> NewPage {
    let chosen = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let kind = chosen("victim_kind");
    let kinds = vec![
        Choice::new("person", "A person").chosen(kind == "person"),
        Choice::new("organisation", "An organisation").chosen(kind == "organisation"),
    ];
    let code = chosen("nfib_code");
    let none = Choice::new("", "Not known yet");
    let codes = std::iter::once(none).chain(desk.codes.iter().map(|c| {
        Choice::new(c.code.as_str(), format!("{} ({})", c.title, c.code)).chosen(c.code == code)
    }));
    let policy = &desk.triage.policy;
    let questions = policy
        .vulnerability
        .factor
        .iter()
        // Asked only where nothing else tells.
        .filter(|f| !f.question.is_empty() && f.id != "age_band")
        .map(|f| {
            let answer = chosen(&f.id);
            let unknown = Choice::new("", "Not asked").chosen(answer.is_empty());
            let mut answers: Vec<(&String, &i64)> = f.points.iter().collect();
            answers.sort_by_key(|(name, points)| (std::cmp::Reverse(**points), name.as_str()));
            let given = answers
                .into_iter()
                .map(|(a, _)| Choice::new(a.as_str(), in_words(a)).chosen(a == answer));
            Question {
                name: f.id.clone(),
                legend: f.question.clone(),
                choices: given.chain(std::iter::once(unknown)).collect(),
            }
        })
        .collect();
    let page = who
        .page(app, "Record a report", "/reports")
        .narrow()
        .with_errors(&errors);
    let page = back_to_list(page);
    NewPage {
        page,
        kinds,
        codes: codes.collect(),
        questions,
        errors,
        values,
    }
}

/// A way back to the list the report is recorded from: the inbox, the call list, or for who has
/// neither the first of the menu.
fn back_to_list(page: Page) -> Page {
    let from = |href: &str| page.nav.iter().find(|n| n.href == href);
    let list = from("/inbox").or_else(|| from("/victim-care"));
    let Some(list) = list.or(page.nav.first()) else {
        return page;
    };
    let words = format!("Back to {}", list.title.to_lowercase());
    let href = list.href.clone();
    page.back(words, href)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn three_boxes_are_one_day_and_own_fields_are_not_taken() {
        let values = fields(&sent(&[
            ("event_from-day", "3"),
            ("event_from-month", "11"),
            ("event_from-year", "2026"),
            ("feed", "urgent"),
            ("reference", "forged"),
            ("victim_surname", " Ashdown "),
            ("unheard_of", "x"),
        ]));
        assert_eq!(values["event_from"], "3/11/2026");
        assert_eq!(values["victim_surname"], "Ashdown");
        assert_eq!(values.len(), 2);
    }

    #[test]
    fn what_is_needed_is_asked_for() {
        let errors = errors(&sent(&[("victim_kind", "organisation")]), &[]);
        assert!(errors.get("victim_organisation").is_some());
        assert!(errors.get("victim_surname").is_none());
        assert!(errors.get("narrative").is_some());
    }
}
