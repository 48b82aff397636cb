//! Referrals to other bodies: with consent or through a legal gateway, and what came of them.

use axum::extract::{Path, State};
use axum::response::Response;
use record::ids::RecordId;
use record::time::{Date, Timestamp};
use store::{Entry, Sql, Value, work};
use web::parts::{Choice, FieldErrors, Html};
use web::{App, Error, Form, SignedIn};

use super::fields::Fields;
use super::form::{Drawn, FormPage, Made, frame};
use super::keep::{New, first, keep};
use super::policy::{RecordPolicy, choices, choices_or_none, has, title};
use super::read::{Referral, Victim, open};
use super::{SUPPORT, saved};
use crate::victim_care::permit;

fn build(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let policy = app.policy::<RecordPolicy>()?;
    let bodies = choices_or_none(&policy.bodies, "", "Choose a body");
    let grounds = policy.grounds.iter().map(|g| Choice::new(&g.id, &g.title));
    let grounds: Vec<Choice> = grounds.collect();
    let fields = Drawn::new(form, &errors)
        .select("body", "Refer to", "", &bodies)
        .area(
            "referral_reason",
            "Reason",
            "What the victim needs from them",
        )
        .radios(
            "ground",
            "Ground for passing on personal data",
            "",
            &grounds,
        )
        .day("agreed", "Agreed on", "With consent. Leave empty for today")
        .area(
            "ground_note",
            "Why the gateway applies",
            "Needed without consent",
        )
        .day("sent", "Sent on", "Leave empty for today")
        .done();
    let made = Made {
        page: frame(app, who, victim, &format!("Refer {}", victim.sheet.name)),
        action: victim.href("referral"),
        fields,
        button: "Save referral",
        errors,
    };
    Ok(FormPage::of(made).intro("Pass on what the body needs, and no more."))
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    build(&app, &who, &victim, &Fields::default(), FieldErrors::new())?.show()
}

const COLUMNS: &[&str] = &[
    "id",
    "report",
    "at",
    "by_name",
    "unit",
    "body",
    "reason",
    "ground",
    "ground_note",
    "agreed_on",
    "sent_on",
    "version",
];

/// The values of a referral, after the head of its row.
fn read_form(
    form: &Fields,
    policy: &RecordPolicy,
    now: Timestamp,
    errors: &mut FieldErrors,
) -> Vec<Value> {
    let body = form.text("body").to_owned();
    if !has(&policy.bodies, &body) {
        errors.add("body", "Choose a body to refer to");
    }
    let reason = form.long_text("referral_reason", policy.longest_text, errors);
    if reason.is_empty() {
        errors.add("referral_reason", "Say what the victim needs from them");
    }
    let ground = policy.ground(form.text("ground"));
    let note = form.long_text("ground_note", policy.longest_text, errors);
    let mut agreed = None;
    match ground {
        None => errors.add("ground", "Choose consent or a legal gateway"),
        Some(ground) if ground.consent => agreed = Some(form.past_day("agreed", now, errors)),
        Some(_) if note.is_empty() => errors.add("ground_note", "Say why the gateway applies"),
        Some(_) => {}
    }
    let sent = form.past_day("sent", now, errors);
    vec![
        body.into(),
        reason.into(),
        ground.map_or("", |g| g.id.as_str()).into(),
        note.into(),
        agreed.into(),
        sent.into(),
        1.into(),
    ]
}

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
    let row = read_form(&form, &policy, app.now(), &mut errors);
    if !errors.is_empty() {
        return build(&app, &who, &victim, &form, errors)?.show();
    }
    let new = New {
        table: "protect_referral",
        kind: "referral",
        columns: COLUMNS,
        rows: vec![row],
        settles: false,
    };
    keep(&app, &who, &victim, &SUPPORT, new).await?;
    Ok(saved(&victim, "referred"))
}

fn referral_of<'v>(victim: &'v Victim, id: &str) -> Result<&'v Referral, Error> {
    let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
    let mut referrals = victim.known.referrals.iter();
    referrals.find(|r| r.id == id).ok_or(Error::NotFound)
}

fn answer_form(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    referral: &Referral,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let policy = app.policy::<RecordPolicy>()?;
    let accepted = [
        Choice::new("yes", "Accepted"),
        Choice::new("no", "Not accepted"),
    ];
    let outcomes = choices(&policy.referral_outcomes, |_| false);
    let fields = Drawn::new(form, &errors)
        .hidden("version", &referral.version.to_string())
        .radios("accepted", "What they answered", "", &accepted)
        .day("answered", "Answered on", "Leave empty for today")
        .radios("outcome", "What came of it", "When it is known", &outcomes)
        .done();
    let made = Made {
        page: frame(app, who, victim, "What came of a referral"),
        action: victim.href(&format!("referral/{}", referral.id)),
        fields,
        button: "Save answer",
        errors,
    };
    let body = title(&policy.bodies, &referral.body);
    let told = format!(
        "{body}. {}. Sent {}.",
        referral.reason,
        referral.sent_on.show()
    );
    Ok(FormPage::of(made).aside("The referral", Html::text(told)))
}

pub(super) async fn answer_page(
    State(app): State<App>,
    who: SignedIn,
    Path((id, referral)): Path<(String, String)>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let referral = referral_of(&victim, &referral)?;
    let mut typed = Fields::default();
    if let Some(accepted) = referral.accepted {
        let accepted = if accepted { "yes" } else { "no" };
        typed.0.push(("accepted".to_owned(), accepted.to_owned()));
    }
    answer_form(&app, &who, &victim, referral, &typed, FieldErrors::new())?.show()
}

/// The day of an answer, and what came of the referral if that is known.
fn read_answer(
    form: &Fields,
    policy: &RecordPolicy,
    referral: &Referral,
    now: Timestamp,
    errors: &mut FieldErrors,
) -> (Date, Option<String>) {
    if !matches!(form.text("accepted"), "yes" | "no") {
        errors.add("accepted", "Choose what they answered");
    }
    let day = form.past_day("answered", now, errors);
    if day < referral.sent_on {
        errors.add(
            "answered",
            "The answer cannot be before the referral was sent",
        );
    }
    let outcome = Some(form.text("outcome").to_owned()).filter(|o| !o.is_empty());
    if outcome
        .as_ref()
        .is_some_and(|o| !has(&policy.referral_outcomes, o))
    {
        errors.add("outcome", "Choose what came of it from the list");
    }
    (day, outcome)
}

pub(super) async fn answer(
    State(app): State<App>,
    who: SignedIn,
    Path((id, referral)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let referral = referral_of(&victim, &referral)?;
    let policy = app.policy::<RecordPolicy>()?;
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let (day, outcome) = read_answer(&form, &policy, referral, app.now(), &mut errors);
    if !errors.is_empty() {
        return answer_form(&app, &who, &victim, referral, &form, errors)?.show();
    }
    let resource = work::resource(&victim.sheet.item);
    let grant = permit(&app, &who.actor, &SUPPORT, &resource, "").await?;
    let seen: i64 = form.text("version").parse().unwrap_or_default();
    let (id, accepted) = (referral.id, form.is_yes("accepted"));
    let outcome_on = outcome.as_ref().map(|_| day);
    let sql = Sql::new("update protect_referral set ")
        .with(
            "accepted = ?, answered_on = coalesce(answered_on, ?), outcome = ?, outcome_on = ?, ",
            [
                accepted.into(),
                day.into(),
                outcome.into(),
                outcome_on.into(),
            ],
        )
        .with(
            "version = version + 1 where id = ? and version = ?",
            [id.into(), seen.into()],
        );
    let changed = app.store().write(&grant, move |tx| {
        Box::pin(async move {
            let id = id.to_string();
            tx.enter(Entry {
                kind: "referral",
                id,
                ..Entry::default()
            });
            tx.run(sql).await
        })
    });
    first(changed.await?, &victim)?;
    Ok(saved(&victim, "referral_answered"))
}
