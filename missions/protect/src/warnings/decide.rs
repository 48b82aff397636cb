//! Decisions about a warning, each on a page of its own: check, approve or send back, clear down, withdraw.

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Act, Actor};
use serde::Deserialize;
use web::parts::{Button, Checkboxes, Choice, FieldErrors, Hidden, Input, Page, Radios, Textarea};
use web::{App, Error, Form, SignedIn};

use super::kept::{self, BY_MISTAKE, Step, Warning, What};
use super::policy::{Approval, Check, WarningPolicy, holds};
use super::publish::{self, BY_HAND};
use super::state::State;
use super::steps::{self, Standing, do_step};
use super::{APPROVE, CHECK, CLEAR, Opened, WRITE, open};

const LONGEST_REASON: usize = 1_000;
const LONGEST_OFFICER: usize = 200;

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Typed {
    seen: i64,
    lines: Vec<String>,
    officer: String,
    decision: String,
    reason: String,
}

/// What is decided on a page.
enum Decision {
    Check(Check),
    Approve(Approval),
    Clear,
    Withdraw,
}

impl Decision {
    fn act(&self) -> &'static Act {
        match self {
            Decision::Check(_) => &CHECK,
            Decision::Approve(_) => &APPROVE,
            Decision::Clear => &CLEAR,
            Decision::Withdraw => &WRITE,
        }
    }

    fn path(&self) -> String {
        match self {
            Decision::Check(check) => format!("check/{}", check.id),
            Decision::Approve(approval) => format!("approve/{}", approval.id),
            Decision::Clear => "clear".to_owned(),
            Decision::Withdraw => "withdraw".to_owned(),
        }
    }

    fn title(&self) -> String {
        match self {
            Decision::Check(check) => format!("Check: {}", check.title.to_lowercase()),
            Decision::Approve(approval) => format!("Approve: {}", approval.title.to_lowercase()),
            Decision::Clear => "Clear down the warning".to_owned(),
            Decision::Withdraw => "Withdraw the warning".to_owned(),
        }
    }

    /// What can be decided: value and words.
    fn choices(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Decision::Check(_) => &[
                ("pass", "It may be approved"),
                ("back", "Send it back to its writer"),
            ],
            Decision::Approve(_) => &[
                ("pass", "Approve it"),
                ("back", "Send it back to its writer"),
            ],
            Decision::Clear => &[],
            Decision::Withdraw => &[
                ("not_needed", "It is not needed any more"),
                (BY_MISTAKE, "It was entered by mistake"),
            ],
        }
    }

    /// Hint of the reason, and the button.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Decision::Check(_) => ("What you looked at, or what has to change", "Save decision"),
            Decision::Approve(_) => ("Why it may go out, or what has to change", "Save decision"),
            Decision::Clear => (
                "Why it is over. Nothing more goes out, and the public side takes it down",
                "Clear down",
            ),
            Decision::Withdraw => ("Why it is not sent", "Withdraw"),
        }
    }

    /// Why this person, or at this time, may not decide it.
    fn hindrance(&self, actor: &Actor, opened: &Opened) -> Option<Error> {
        let standing = Standing::of(&opened.done);
        let by_other = |what: &str, roles: Vec<String>| {
            Some(Error::Refused {
                what: what.to_owned(),
                roles,
            })
        };
        let now = opened.warning.state;
        let (expected, roles, wrote) = match self {
            Decision::Check(check) => {
                (now == State::Checking, Some(&check.roles), check.by_another)
            }
            Decision::Approve(approval) => (now == State::Approving, Some(&approval.roles), true),
            Decision::Clear => (now == State::Sent, None, false),
            Decision::Withdraw => (now.is_in_hand(), None, false),
        };
        let done = match self {
            Decision::Check(check) => standing.has_checked(&check.id),
            Decision::Approve(approval) => standing.has_approved(&approval.id),
            _ => false,
        };
        if !expected || done {
            return Some(steps::moved_on(&opened.warning));
        }
        if roles.is_some_and(|roles| !holds(actor, roles)) {
            let titles = roles.into_iter().flatten();
            let titles = titles
                .filter_map(|r| actor.authority().role(r))
                .map(|r| r.title.clone());
            return by_other(&self.title(), titles.collect());
        }
        if wrote && steps::has_written(&opened.done, actor.id) {
            return by_other(
                "Decide about a warning you wrote: somebody else has to",
                Vec::new(),
            );
        }
        if matches!(self, Decision::Approve(_)) && standing.approved_by(actor.id) {
            return by_other("Approve a warning twice: somebody else has to", Vec::new());
        }
        None
    }

    /// Whether policy asks for it at all, for this warning.
    fn is_asked(&self, policy: &WarningPolicy, warning: &Warning) -> bool {
        match self {
            Decision::Approve(approval) => policy
                .approvals(warning.draft.immediate)
                .any(|needed| needed.id == approval.id),
            _ => true,
        }
    }

    /// What is wrong with what was typed.
    fn faults(&self, typed: &Typed) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let choices = self.choices();
        if !choices.is_empty() && !choices.iter().any(|(id, _)| *id == typed.decision) {
            errors.add("decision", "Choose what is to happen");
        }
        if let Decision::Check(check) = self
            && typed.decision == "pass"
        {
            if (0..check.lines.len()).any(|n| !typed.lines.contains(&n.to_string())) {
                errors.add("lines", "Tick every line, or send it back");
            }
            if check.asks_officer && typed.officer.trim().is_empty() {
                errors.add(
                    "officer",
                    "Enter who the officer in the case is, or that there is no case yet",
                );
            }
        }
        if typed.officer.chars().count() > LONGEST_OFFICER {
            errors.add(
                "officer",
                format!("Use {LONGEST_OFFICER} characters or fewer"),
            );
        }
        if typed.reason.trim().is_empty() {
            errors.add("reason", "Say why");
        }
        if typed.reason.chars().count() > LONGEST_REASON {
            errors.add(
                "reason",
                format!("Use {LONGEST_REASON} characters or fewer"),
            );
        }
        errors
    }
}

/// The decision a page is about.
fn named_check(policy: &WarningPolicy, id: &str) -> Result<Decision, Error> {
    policy
        .check(id)
        .cloned()
        .map(Decision::Check)
        .ok_or(Error::NotFound)
}

fn named_approval(policy: &WarningPolicy, id: &str) -> Result<Decision, Error> {
    policy
        .approval(id)
        .cloned()
        .map(Decision::Approve)
        .ok_or(Error::NotFound)
}

#[derive(Template)]
#[template(path = "warnings/decide.html")]
struct DecidePage {
    page: Page,
    action: String,
    seen: String,
    warning: Warning,
    lines: Vec<Choice>,
    asks_officer: bool,
    choices: Vec<Choice>,
    hint: &'static str,
    button: &'static str,
    typed: Typed,
    errors: FieldErrors,
}

fn build(
    app: &App,
    who: &SignedIn,
    (decision, warning): (&Decision, Warning),
    typed: Typed,
    errors: FieldErrors,
) -> DecidePage {
    let back = format!("/warnings/{}", warning.id);
    let (hint, button) = decision.words();
    let lines = match decision {
        Decision::Check(check) => check.lines.as_slice(),
        _ => &[],
    };
    let line = |(n, text): (usize, &String)| {
        let id = n.to_string();
        let chosen = typed.lines.contains(&id);
        Choice::new(id, text).chosen(chosen)
    };
    DecidePage {
        page: who
            .page(app, &decision.title(), "/warnings")
            .back("The warning", &back)
            .with_errors(&errors),
        action: format!("{back}/{}", decision.path()),
        seen: warning.version.to_string(),
        lines: lines.iter().enumerate().map(line).collect(),
        asks_officer: matches!(decision, Decision::Check(check) if check.asks_officer),
        choices: decision
            .choices()
            .iter()
            .map(|(id, title)| Choice::new(*id, *title))
            .collect(),
        hint,
        button,
        warning,
        typed,
        errors,
    }
}

async fn show(app: &App, who: &SignedIn, id: &str, decision: Decision) -> Result<Response, Error> {
    let opened = open(app, &who.actor, id).await?;
    let policy = app.policy::<WarningPolicy>()?;
    if !decision.is_asked(&policy, &opened.warning) {
        return Err(Error::NotFound);
    }
    if let Some(hindrance) = decision.hindrance(&who.actor, &opened) {
        return Err(hindrance);
    }
    let page = build(
        app,
        who,
        (&decision, opened.warning),
        Typed::default(),
        FieldErrors::new(),
    );
    web::html(&page)
}

async fn take(
    app: &App,
    who: &SignedIn,
    id: &str,
    decision: Decision,
    typed: Typed,
) -> Result<Response, Error> {
    let opened = open(app, &who.actor, id).await?;
    let policy = app.policy::<WarningPolicy>()?;
    if !decision.is_asked(&policy, &opened.warning) {
        return Err(Error::NotFound);
    }
    if let Some(hindrance) = decision.hindrance(&who.actor, &opened) {
        return Err(hindrance);
    }
    if typed.seen != opened.warning.version {
        return Err(steps::moved_on(&opened.warning));
    }
    let errors = decision.faults(&typed);
    if !errors.is_empty() {
        let page = build(app, who, (&decision, opened.warning), typed, errors);
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let warning = opened.warning.clone();
    let href = format!("/warnings/{}?done=decided", warning.id);
    let (to, step) = outcome(&policy, &decision, &opened, &typed);
    do_step(
        app,
        &who.actor,
        decision.act(),
        &warning.clone(),
        move |tx| {
            Box::pin(async move {
                match decision {
                    Decision::Clear => publish::clear(tx, &warning, BY_HAND, &step.reason).await,
                    Decision::Withdraw => {
                        kept::advance(tx, &warning, to, step).await?;
                        kept::end(tx, warning.id, &typed.decision).await
                    }
                    _ => kept::advance(tx, &warning, to, step).await,
                }
            })
        },
    )
    .await?;
    Ok(Redirect::to(&href).into_response())
}

/// Where the warning stands after the decision, and what is kept of it.
fn outcome(
    policy: &WarningPolicy,
    decision: &Decision,
    opened: &Opened,
    typed: &Typed,
) -> (State, Step) {
    let standing = Standing::of(&opened.done);
    let immediate = opened.warning.draft.immediate;
    let passed = typed.decision == "pass";
    let (to, what) = match decision {
        Decision::Check(_) | Decision::Approve(_) if !passed => (State::Draft, What::SentBack),
        Decision::Check(check) => {
            let others = policy.checks.iter().filter(|c| c.id != check.id);
            let all = others.map(|c| &c.id).all(|id| standing.has_checked(id));
            let to = if all {
                State::Approving
            } else {
                State::Checking
            };
            (to, What::Checked(check.id.clone()))
        }
        Decision::Approve(approval) => {
            let others = policy.approvals(immediate).filter(|a| a.id != approval.id);
            let all = others.map(|a| &a.id).all(|id| standing.has_approved(id));
            let to = if all {
                State::Approved
            } else {
                State::Approving
            };
            (to, What::Approved(approval.id.clone()))
        }
        Decision::Clear => (State::Cleared, What::Cleared),
        Decision::Withdraw => (State::Withdrawn, What::Withdrawn),
    };
    let mut step = Step::new(what, typed.reason.trim());
    if let Decision::Check(check) = decision {
        let officer = typed.officer.trim();
        let officer = Some(officer)
            .filter(|o| !o.is_empty())
            .map(|o| format!("Officer in the case: {o}"));
        let ticked = passed.then(|| check.lines.join(". "));
        let kept: Vec<String> = officer.into_iter().chain(ticked).collect();
        step.detail = kept.join(". ");
    }
    (to, step)
}

/// `GET /warnings/{id}/check/{check}`.
pub async fn check(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, check)): Path<(String, String)>,
) -> Result<Response, Error> {
    let policy = app.policy::<WarningPolicy>()?;
    let decision = named_check(&policy, &check)?;
    show(&app, &who, &id, decision).await
}

/// `POST /warnings/{id}/check/{check}`.
pub async fn checked(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, check)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let policy = app.policy::<WarningPolicy>()?;
    let decision = named_check(&policy, &check)?;
    take(&app, &who, &id, decision, typed).await
}

/// `GET /warnings/{id}/approve/{approval}`.
pub async fn approve(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, approval)): Path<(String, String)>,
) -> Result<Response, Error> {
    let policy = app.policy::<WarningPolicy>()?;
    let decision = named_approval(&policy, &approval)?;
    show(&app, &who, &id, decision).await
}

/// `POST /warnings/{id}/approve/{approval}`.
pub async fn approved(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, approval)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let policy = app.policy::<WarningPolicy>()?;
    let decision = named_approval(&policy, &approval)?;
    take(&app, &who, &id, decision, typed).await
}

/// `GET /warnings/{id}/clear`.
pub async fn clear(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    show(&app, &who, &id, Decision::Clear).await
}

/// `POST /warnings/{id}/clear`.
pub async fn cleared(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    take(&app, &who, &id, Decision::Clear, typed).await
}

/// `GET /warnings/{id}/withdraw`.
pub async fn withdraw(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    show(&app, &who, &id, Decision::Withdraw).await
}

/// `POST /warnings/{id}/withdraw`.
pub async fn withdrawn(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    take(&app, &who, &id, Decision::Withdraw, typed).await
}
