//! The form of safe contact and needs.

use axum::extract::{Path, State};
use axum::response::Response;
use web::parts::{Choice, FieldErrors, Html, TimelineItem};
use web::{App, Error, Form, SignedIn};

use super::fields::Fields;
use super::form::{Drawn, FormPage, Made, frame};
use super::keep::{New, keep};
use super::needs::{DAYS, Needs, VOICEMAIL, in_words};
use super::policy::{RecordPolicy, choices, choices_or_none};
use super::read::{Victim, open};
use super::{NEEDS, saved};
use crate::victim_care::duty::Channel;

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let held = victim.known.needs.first().map(|k| k.content.clone());
    let form = typed(&held.unwrap_or_else(|| first_guess(&victim)));
    build(&app, &who, &victim, &form, FieldErrors::new())?.show()
}

/// What the reports already say, for whoever fills the form in for the first time.
fn first_guess(victim: &Victim) -> Needs {
    Needs {
        child: victim.sheet.is_child(),
        note: victim.sheet.told_of_safe_contact().join(". "),
        ..Needs::default()
    }
}

/// A record as the fields of its form.
fn typed(needs: &Needs) -> Fields {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
    for channel in &needs.channels {
        add("safe_channel", channel);
    }
    for day in &needs.days {
        add("day", day);
    }
    if let Some((from, until)) = needs.hours {
        add("safe_from", &in_words(from));
        add("safe_until", &in_words(until));
    }
    add("who_may_answer", &needs.who_may_answer);
    add("words_to_avoid", &needs.words_to_avoid);
    add(
        "voicemail",
        if needs.voicemail.is_empty() {
            VOICEMAIL[0].0
        } else {
            &needs.voicemail
        },
    );
    add("language", &needs.language);
    for one in &needs.accessibility {
        add("accessibility", one);
    }
    for (name, value) in [("interpreter", needs.interpreter), ("child", needs.child)] {
        add(name, if value { "yes" } else { "" });
    }
    add("needs_note", &needs.note);
    // A professional or a friend is the second of the two, if there is only one.
    let linked = |relation: &str| matches!(relation, "parent" | "carer" | "attorney");
    for one in &needs.trusted {
        let who = if linked(&one.relation) {
            "linked"
        } else {
            "trusted"
        };
        add(&format!("{who}_name"), &one.name);
        add(&format!("{who}_relation"), &one.relation);
        add(&format!("{who}_phone"), &one.phone);
        add(
            &format!("{who}_consent"),
            if one.consent { "yes" } else { "" },
        );
        if let Some(day) = one.consent_on {
            add(&format!("{who}_consent_on-day"), &day.day().to_string());
            add(&format!("{who}_consent_on-month"), &day.month().to_string());
            add(&format!("{who}_consent_on-year"), &day.year().to_string());
        }
    }
    Fields(pairs)
}

fn build(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let policy = app.policy::<RecordPolicy>()?;
    let title = format!("Safe contact and needs of {}", victim.sheet.name);
    let history = victim.known.needs.iter().map(|kept| {
        let lines = kept.content.lines(&policy);
        let lines = lines.iter().map(|(name, text)| format!("{name}: {text}"));
        let text = lines.collect::<Vec<_>>().join(". ");
        TimelineItem::new("Recorded", kept.at)
            .by(&kept.by)
            .text(text)
    });
    let history = history.collect();
    let made = Made {
        page: frame(app, who, victim, &title),
        action: victim.href("needs"),
        fields: fields(&policy, form, &errors),
        button: "Save safe contact",
        errors,
    };
    Ok(FormPage::of(made)
        .intro("Every caller sees this before dialling.")
        .history("Earlier versions", history))
}

fn named(pairs: &[(&str, &str)]) -> Vec<Choice> {
    pairs
        .iter()
        .map(|(id, name)| Choice::new(*id, *name))
        .collect()
}

fn fields(policy: &RecordPolicy, form: &Fields, errors: &FieldErrors) -> Html {
    let channels = Channel::ALL.into_iter().filter(|c| *c != Channel::Decision);
    let channels: Vec<Choice> = channels.map(|c| Choice::new(c.name(), c.title())).collect();
    let languages = choices_or_none(&policy.languages, "", "Not asked yet");
    let access = choices(&policy.accessibility, |_| false);
    let any = "Leave all empty when any is safe";
    let drawn = Drawn::new(form, errors)
        .ticks("day", "Safe days", any, &named(&DAYS))
        .short(
            "safe_from",
            "Safe from",
            "For example, 6pm. Leave empty when any hour is safe",
        )
        .short("safe_until", "Safe until", "For example, 8:30pm")
        .ticks("safe_channel", "Safe ways of contact", any, &channels)
        .area(
            "who_may_answer",
            "Who else may answer",
            "And what may be said to them",
        )
        .area(
            "words_to_avoid",
            "Words to avoid",
            "For example, police, fraud, a name",
        )
        .radios("voicemail", "Voicemail", "", &named(&VOICEMAIL))
        .select("language", "Language", "", &languages)
        .tick("interpreter", "Interpreter", "Needs an interpreter")
        .ticks("accessibility", "Access", "", &access)
        .tick("child", "Child", "The victim is under 18");
    let drawn = person(drawn, policy, "linked", "Parent, carer or attorney");
    person(drawn, policy, "trusted", "Somebody the victim trusts")
        .area("needs_note", "Note", "")
        .done()
}

/// The fields of somebody who may be spoken to.
fn person<'a>(drawn: Drawn<'a>, policy: &RecordPolicy, who: &str, legend: &str) -> Drawn<'a> {
    let relations = choices_or_none(&policy.relations, "", "Choose who they are");
    let field = |part: &str| format!("{who}_{part}");
    drawn.group(legend, |d| {
        d.line(&field("name"), "Name", "")
            .select(
                &field("relation"),
                "Who they are to the victim",
                "",
                &relations,
            )
            .line(&field("phone"), "Phone number", "")
            .tick(
                &field("consent"),
                "Consent",
                "The victim agreed that we speak to them",
            )
            .day(
                &field("consent_on"),
                "When the victim agreed",
                "Leave empty for today",
            )
    })
}

const COLUMNS: &[&str] = &["id", "report", "at", "by_name", "unit", "content", "policy"];

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
    let needs = Needs::of_form(&form, &policy, app.now(), &mut errors);
    if !errors.is_empty() {
        return build(&app, &who, &victim, &form, errors)?.show();
    }
    let content = serde_json::to_string(&needs).map_err(|e| Error::internal(&e))?;
    let new = New {
        table: "protect_needs",
        kind: "needs",
        columns: COLUMNS,
        rows: vec![vec![content.into(), policy.digest.as_str().into()]],
        settles: false,
    };
    keep(&app, &who, &victim, &NEEDS, new).await?;
    Ok(saved(&victim, "needs"))
}
