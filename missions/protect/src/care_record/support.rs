//! The support plan, action by action, and support that was refused.

use axum::extract::{Path, State};
use axum::response::Response;
use record::ids::RecordId;
use store::{Entry, Sql, Value, work};
use web::parts::{Choice, FieldErrors, Html};
use web::{App, Error, Form, SignedIn};

use super::fields::Fields;
use super::form::{Drawn, FormPage, Made, frame};
use super::keep::{New, first, keep};
use super::policy::{RecordPolicy, choices_or_none, has};
use super::read::{PlanAction, Victim, open};
use super::{SUPPORT, saved};
use crate::victim_care::permit;

/// Who may refuse support in a victim's name.
pub const REFUSED_BY: [(&str, &str); 4] = [
    ("victim", "The victim"),
    ("parent", "A parent or guardian"),
    ("carer", "A carer"),
    ("attorney", "An attorney or deputy"),
];

fn plan_page(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let policy = app.policy::<RecordPolicy>()?;
    let doers = choices_or_none(&policy.doers, "", "Choose who does it");
    let fields = Drawn::new(form, &errors)
        .area("plan_action", "What is to be done", "One action at a time")
        .select("doer", "Who does it", "", &doers)
        .day("due", "Due", "For example, 4 12 2026")
        .done();
    let made = Made {
        page: frame(app, who, victim, &format!("Plan for {}", victim.sheet.name)),
        action: victim.href("plan"),
        fields,
        button: "Add to the plan",
        errors,
    };
    Ok(FormPage::of(made).intro("A plan, or a recorded refusal, settles the offer of support."))
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    plan_page(&app, &who, &victim, &Fields::default(), FieldErrors::new())?.show()
}

const ACTION: &[&str] = &[
    "id", "report", "at", "by_name", "unit", "action", "doer", "due_on", "evidence", "version",
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
    let action = form.long_text("plan_action", policy.longest_text, &mut errors);
    if action.is_empty() {
        errors.add("plan_action", "Say what is to be done");
    }
    let doer = form.text("doer").to_owned();
    if !has(&policy.doers, &doer) {
        errors.add("doer", "Choose who does it");
    }
    let due = form.day("due", &mut errors);
    if due.is_none() {
        errors.add("due", "Enter the day it is due, such as 4 12 2026");
    }
    if !errors.is_empty() {
        return plan_page(&app, &who, &victim, &form, errors)?.show();
    }
    let row: Vec<Value> = vec![action.into(), doer.into(), due.into(), "".into(), 1.into()];
    let new = New {
        table: "protect_plan_action",
        kind: "plan_action",
        columns: ACTION,
        rows: vec![row],
        settles: true,
    };
    keep(&app, &who, &victim, &SUPPORT, new).await?;
    Ok(saved(&victim, "planned"))
}

fn action_of<'v>(victim: &'v Victim, id: &str) -> Result<&'v PlanAction, Error> {
    let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
    let mut actions = victim.known.actions.iter();
    actions.find(|a| a.id == id).ok_or(Error::NotFound)
}

fn done_form(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    action: &PlanAction,
    form: &Fields,
    errors: FieldErrors,
) -> FormPage {
    let fields = Drawn::new(form, &errors)
        .hidden("version", &action.version.to_string())
        .day("done", "Done on", "Leave empty for today")
        .area("evidence", "Evidence", "How you know that it was done")
        .done();
    let made = Made {
        page: frame(app, who, victim, "An action of the plan is done"),
        action: victim.href(&format!("plan/{}", action.id)),
        fields,
        button: "Save as done",
        errors,
    };
    FormPage::of(made).aside("The action", Html::text(&action.action))
}

pub(super) async fn done_page(
    State(app): State<App>,
    who: SignedIn,
    Path((id, action)): Path<(String, String)>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let action = action_of(&victim, &action)?;
    let (form, errors) = (Fields::default(), FieldErrors::new());
    done_form(&app, &who, &victim, action, &form, errors).show()
}

pub(super) async fn done(
    State(app): State<App>,
    who: SignedIn,
    Path((id, action)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let action = action_of(&victim, &action)?;
    let policy = app.policy::<RecordPolicy>()?;
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let day = form.past_day("done", app.now(), &mut errors);
    let evidence = form.long_text("evidence", policy.longest_text, &mut errors);
    if evidence.is_empty() {
        errors.add("evidence", "Say how you know that it was done");
    }
    if !errors.is_empty() {
        return done_form(&app, &who, &victim, action, &form, errors).show();
    }
    let seen: i64 = form.text("version").parse().unwrap_or_default();
    let resource = work::resource(&victim.sheet.item);
    let grant = permit(&app, &who.actor, &SUPPORT, &resource, "").await?;
    let (id, name) = (action.id, who.actor.name.clone());
    let changed = app.store().write(&grant, move |tx| {
        Box::pin(async move {
            let sql = Sql::new("update protect_plan_action set ").with(
                "done_on = ?, done_by_name = ?, evidence = ?, version = version + 1 \
                 where id = ? and version = ? and done_on is null",
                [
                    day.into(),
                    name.into(),
                    evidence.into(),
                    id.into(),
                    seen.into(),
                ],
            );
            tx.enter(Entry {
                kind: "plan_action",
                id: id.to_string(),
                ..Entry::default()
            });
            tx.run(sql).await
        })
    });
    first(changed.await?, &victim)?;
    Ok(saved(&victim, "action_done"))
}

fn refusal_form(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    form: &Fields,
    errors: FieldErrors,
) -> FormPage {
    let by: Vec<Choice> = REFUSED_BY
        .iter()
        .map(|(id, t)| Choice::new(*id, *t))
        .collect();
    let fields = Drawn::new(form, &errors)
        .radios("refused_by", "Who refused", "", &by)
        .day("refused", "Refused on", "Leave empty for today")
        .area(
            "refusal_reason",
            "In their words",
            "Leave empty when no reason was given",
        )
        .done();
    let title = format!("Support refused for {}", victim.sheet.name);
    let made = Made {
        page: frame(app, who, victim, &title),
        action: victim.href("refusal"),
        fields,
        button: "Save refusal",
        errors,
    };
    FormPage::of(made).intro("It is offered once more after some weeks.")
}

pub(super) async fn refusal_page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    refusal_form(&app, &who, &victim, &Fields::default(), FieldErrors::new()).show()
}

const REFUSAL: &[&str] = &[
    "id",
    "report",
    "at",
    "by_name",
    "unit",
    "refused_on",
    "refused_by",
    "reason",
];

pub(super) async fn refuse(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let policy = app.policy::<RecordPolicy>()?;
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let refused_by = form.text("refused_by").to_owned();
    if !REFUSED_BY.iter().any(|(id, _)| *id == refused_by) {
        errors.add("refused_by", "Choose who refused");
    }
    let on = form.past_day("refused", app.now(), &mut errors);
    let reason = form.long_text("refusal_reason", policy.longest_text, &mut errors);
    if !errors.is_empty() {
        return refusal_form(&app, &who, &victim, &form, errors).show();
    }
    let new = New {
        table: "protect_support_refusal",
        kind: "support_refusal",
        columns: REFUSAL,
        rows: vec![vec![on.into(), refused_by.into(), reason.into()]],
        settles: true,
    };
    keep(&app, &who, &victim, &SUPPORT, new).await?;
    Ok(saved(&victim, "refused"))
}
