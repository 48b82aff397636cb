//! A message is chosen, read as the victim will read it, and queued.

use askama::Template as Askama;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use lettre::Address;
use record::ids::RecordId;
use record::time::Timestamp;
use serde::Deserialize;
use store::{Error as StoreError, Sql, work};
use web::parts::{
    Button, Checkboxes, Choice, FieldErrors, Hidden, LabelSize, Page, Radios, Tag, TimeStamp,
};
use web::{App, Error, Form, SignedIn};

use super::SEND;
use super::policy::{Merge, MessagePolicy, Template};
use super::queue::{NewMessage, queue};
use super::state::State;
use crate::victim_care::{self, Care, Opened, Sheet};

/// A message that was made for this victim before.
struct Made {
    id: RecordId,
    title: String,
    template: String,
    state: State,
    at: Timestamp,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Typed {
    template: String,
    address: String,
    step: String,
    again: String,
    /// How many messages the page showed: a form sent twice does not make two.
    seen: i64,
}

/// What the victim will read.
struct Preview {
    subject: String,
    body: String,
}

#[derive(Askama)]
#[template(path = "messages/compose.html")]
struct ComposePage {
    page: Page,
    action: String,
    back: String,
    name: String,
    refusal: Option<String>,
    safe: Vec<String>,
    templates: Vec<Choice>,
    addresses: Vec<Choice>,
    hindrances: Vec<String>,
    made: Vec<Made>,
    seen: String,
    ask_again: Vec<Choice>,
    preview: Option<Preview>,
    typed: Typed,
    errors: FieldErrors,
}

/// `GET /victim-care/{id}/message`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let sheet = match sheet(&app, &who, &id).await? {
        Opened::Sheet(sheet) => sheet,
        Opened::Follows(lead) => {
            return Ok(Redirect::to(&format!("/victim-care/{lead}/message")).into_response());
        }
    };
    let typed = Typed {
        address: sheet.emails().into_iter().next().unwrap_or_default(),
        ..Typed::default()
    };
    let page = build(&app, &who, &sheet, typed, FieldErrors::new(), None).await?;
    web::html(&page)
}

/// Opening the call page is a consultation of its own; sending is asked for beside it.
async fn sheet(app: &App, who: &SignedIn, id: &str) -> Result<Opened, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    victim_care::open(app, &who.actor, id).await
}

/// Why nothing may be sent to this victim at all.
fn refusal(sheet: &Sheet) -> Option<String> {
    if sheet.domestic_abuse() {
        return Some(
            "There is a domestic abuse link: contact is by the agreed safe method only, and an e-mail \
             may be read by somebody else. Call instead."
                .to_owned(),
        );
    }
    if sheet.emails().is_empty() {
        return Some("No e-mail address is held for this victim.".to_owned());
    }
    None
}

async fn build(
    app: &App,
    who: &SignedIn,
    sheet: &Sheet,
    typed: Typed,
    errors: FieldErrors,
    preview: Option<Preview>,
) -> Result<ComposePage, Error> {
    let policy = app.policy::<MessagePolicy>()?;
    let made = made(app, who, sheet, &policy).await?;
    let choice = |t: &Template| {
        let hint = format!("{}, version {}, {}", t.owner, t.version, t.language);
        Choice::new(&t.id, &t.title).hint(hint)
    };
    let sendable = |t: &&Template| policy.hindrance(t).is_none();
    let back = format!("/victim-care/{}", sheet.item.id);
    let title = format!("Write to {}", sheet.name);
    let page = who
        .page(app, &title, "/victim-care")
        .back("Call page", &back)
        .with_errors(&errors);
    let asks = errors.get("again").is_some();
    Ok(ComposePage {
        page,
        action: format!("{back}/message"),
        back,
        name: sheet.name.clone(),
        refusal: refusal(sheet),
        safe: sheet.safe_contact(),
        templates: policy
            .templates
            .iter()
            .filter(sendable)
            .map(choice)
            .collect(),
        addresses: sheet.emails().iter().map(|a| Choice::new(a, a)).collect(),
        hindrances: policy
            .templates
            .iter()
            .filter_map(|t| policy.hindrance(t))
            .collect(),
        seen: made.len().to_string(),
        made,
        ask_again: asks
            .then(|| Choice::new("yes", "Send it again"))
            .into_iter()
            .collect(),
        preview,
        typed,
        errors,
    })
}

/// What was made for this victim before, latest first.
async fn made(
    app: &App,
    who: &SignedIn,
    sheet: &Sheet,
    policy: &MessagePolicy,
) -> Result<Vec<Made>, Error> {
    let resource = work::resource(&sheet.item);
    let grant = victim_care::permit(app, &who.actor, &SEND, &resource, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select id, template, state, created_at from protect_message where ").with(
        "item = ? order by created_at desc, id desc",
        [sheet.item.id.into()],
    );
    let rows = reader.rows(sql).await?;
    let read = rows.iter().map(|row| {
        let template: String = row.get("template")?;
        let state: String = row.get("state")?;
        Ok(Made {
            id: row.get("id")?,
            title: policy
                .template(&template)
                .map_or_else(|| template.clone(), |t| t.title.clone()),
            template,
            state: State::parse(&state)
                .ok_or_else(|| StoreError::Invalid(format!("{state:?} is no state")))?,
            at: row.get("created_at")?,
        })
    });
    Ok(read.collect::<Result<Vec<_>, StoreError>>()?)
}

/// What has to be right before a preview, and again before sending.
fn check<'p>(
    policy: &'p MessagePolicy,
    sheet: &Sheet,
    typed: &Typed,
    errors: &mut FieldErrors,
) -> Option<&'p Template> {
    if let Some(refusal) = refusal(sheet) {
        errors.add("template", refusal);
        return None;
    }
    let template = policy.template(&typed.template);
    match template.map(|t| policy.hindrance(t)) {
        None => errors.add("template", "Choose a message"),
        Some(Some(hindrance)) => errors.add("template", hindrance),
        Some(None) => {}
    }
    // An address that was not in the report is not typed here: it is put right in the record.
    if !sheet.emails().contains(&typed.address) {
        errors.add("address", "Choose an address that is held for the victim");
    } else if let Err(problem) = typed.address.parse::<Address>() {
        let told = format!("This is no e-mail address: {problem}. Put it right in the report");
        errors.add("address", told);
    }
    template.filter(|_| errors.is_empty())
}

pub(super) fn merge(care: &Care, who: &SignedIn, sheet: &Sheet) -> Merge {
    let script = victim_care::Script::of(care, who, sheet);
    Merge {
        reference: script.reference,
        name: sheet.name.clone(),
        caller: script.caller,
        body: script.body,
        force: care.force.clone(),
    }
}

/// What to say when the same text was made for this victim a short time ago.
fn repeated(
    app: &App,
    policy: &MessagePolicy,
    template: &Template,
    before: &[Made],
) -> Option<String> {
    let recent = app.now().plus_days(-i64::from(policy.again_after_days));
    let same =
        |m: &&Made| m.template == template.id && m.at > recent && m.state != State::Withdrawn;
    before.iter().find(same).map(|one| {
        format!(
            "\"{}\" was made for this victim on {}. Tick the box to send it again",
            template.title,
            one.at.show()
        )
    })
}

/// `POST /victim-care/{id}/message`: first a preview, then it is queued.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let sheet = match sheet(&app, &who, &id).await? {
        Opened::Sheet(sheet) => sheet,
        Opened::Follows(lead) => {
            return Err(Error::Conflict {
                what: "This report is worked together with another of this victim".to_owned(),
                href: format!("/victim-care/{lead}/message"),
            });
        }
    };
    let policy = app.policy::<MessagePolicy>()?;
    let mut errors = FieldErrors::new();
    let template = check(&policy, &sheet, &typed, &mut errors);
    let care = app.policy::<Care>()?;
    let text = template.map(|t| (t, t.merged(&merge(&care, &who, &sheet))));
    let Some((template, Ok((subject, body)))) = text else {
        let page = build(&app, &who, &sheet, typed, errors, None).await?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let before = made(&app, &who, &sheet, &policy).await?;
    if let Some(told) = repeated(&app, &policy, template, &before).filter(|_| typed.again != "yes")
    {
        errors.add("again", told);
    }
    if typed.step != "send" || !errors.is_empty() {
        let preview = Some(Preview { subject, body });
        let wrong = !errors.is_empty();
        let page = build(&app, &who, &sheet, typed, errors, preview).await?;
        return match wrong {
            true => web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page),
            false => web::html(&page),
        };
    }
    let message = NewMessage {
        address: typed.address.clone(),
        template: template.clone(),
        subject,
        body,
        policy: policy.digest.clone(),
        seen: typed.seen,
    };
    let id = queue(&app, &who.actor, &sheet, message).await?;
    Ok(Redirect::to(&format!("/messages/{id}?done=queued")).into_response())
}
