//! What the victim decided: each decision dated, each may change, earlier ones stay.

use axum::extract::{Path, State};
use axum::response::Response;
use web::parts::{Choice, FieldErrors, TimelineItem};
use web::{App, Error, Form, SignedIn};

use super::fields::{Fields, noon};
use super::form::{Drawn, FormPage, Made, frame};
use super::keep::{New, keep};
use super::policy::{RecordPolicy, title};
use super::read::{Decided, Victim, open};
use super::{DECIDE, saved};

fn build(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let policy = app.policy::<RecordPolicy>()?;
    let mut drawn = Drawn::new(form, &errors);
    for question in &policy.questions {
        let mut choices = vec![Choice::new("", "No change")];
        choices.extend(
            question
                .answers
                .iter()
                .map(|a| Choice::new(&a.id, &a.title)),
        );
        let decided = victim.known.decisions.iter();
        let now = decided.into_iter().find(|d| d.question == question.id);
        let hint = now.map_or_else(
            || "Not asked yet".to_owned(),
            |d| {
                let answer = title(&question.answers, &d.answer);
                format!("Now: {answer}, since {}", d.on.show())
            },
        );
        drawn = drawn.select(&question.id, &question.title, &hint, &choices);
    }
    let fields = drawn
        .day("decided", "Decided on", "Leave empty for today")
        .area("decision_note", "Note", "")
        .done();
    let item = |d: &Decided| {
        let question = policy.question(&d.question);
        let name = question.map_or(d.question.as_str(), |q| q.title.as_str());
        let answer = question.map_or_else(|| d.answer.clone(), |q| title(&q.answers, &d.answer));
        TimelineItem::new(format!("{name}: {answer}"), noon(d.on, app.now()))
            .by(&d.by)
            .text(&d.note)
    };
    let history = victim.known.decisions.iter().map(item).collect();
    let heading = format!("Decisions of {}", victim.sheet.name);
    let made = Made {
        page: frame(app, who, victim, &heading),
        action: victim.href("decision"),
        fields,
        button: "Save decisions",
        errors,
    };
    Ok(FormPage::of(made)
        .intro("Each decision is the victim's, and may change.")
        .history("So far", history))
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    build(&app, &who, &victim, &Fields::default(), FieldErrors::new())?.show()
}

/// Question and answer of each decision the form holds.
fn answers(
    form: &Fields,
    policy: &RecordPolicy,
    errors: &mut FieldErrors,
) -> Vec<(String, String)> {
    let mut made: Vec<(String, String)> = Vec::new();
    for question in &policy.questions {
        let answer = form.text(&question.id);
        if question.answers.iter().any(|a| a.id == answer) {
            made.push((question.id.clone(), answer.to_owned()));
        } else if !answer.is_empty() {
            errors.add(&question.id, "Choose an answer from the list");
        }
    }
    if made.is_empty() && errors.is_empty() {
        let first = policy.questions.first();
        let first = first.map_or("decided", |q| q.id.as_str());
        errors.add(first, "Choose at least one decision");
    }
    made
}

const COLUMNS: &[&str] = &[
    "id",
    "report",
    "at",
    "by_name",
    "unit",
    "decided_on",
    "question",
    "answer",
    "note",
];

pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let policy = app.policy::<RecordPolicy>()?;
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let made = answers(&form, &policy, &mut errors);
    let on = form.past_day("decided", app.now(), &mut errors);
    let note = form.long_text("decision_note", policy.longest_text, &mut errors);
    if !errors.is_empty() {
        return build(&app, &who, &victim, &form, errors)?.show();
    }
    let row = |(q, a): (String, String)| vec![on.into(), q.into(), a.into(), note.as_str().into()];
    let new = New {
        table: "protect_victim_decision",
        kind: "victim_decision",
        columns: COLUMNS,
        rows: made.into_iter().map(row).collect(),
        settles: false,
    };
    keep(&app, &who, &victim, &DECIDE, new).await?;
    Ok(saved(&victim, "decided"))
}
