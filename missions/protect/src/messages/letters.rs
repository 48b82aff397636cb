//! Letters to victims: made from the same checked texts, read and printed here, and recorded as posted,
//! which is the letter of the attempt plan.

use askama::Template as Askama;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Resource, Scope};
use record::ids::{RecordId, WorkItemId};
use record::marking::Marking;
use record::time::Timestamp;
use record::work::WorkState;
use serde::Deserialize;
use store::{Entry, Error as StoreError, Row, Sql, Tx, Value, work};
use web::parts::{Button, Choice, FieldErrors, Hidden, Html, Inset, Page, TimeStamp, TimelineItem};
use web::{App, Error, Form, SignedIn};

use super::compose::merge;
use super::many::{Whose, Written, make_letters};
use super::policy::MessagePolicy;
use super::{SEND, VIEW};
use crate::care_record::fields::Fields;
use crate::care_record::{Drawn, FormPage, Made};
use crate::victim_care::duty::{Channel, Effect};
use crate::victim_care::{
    self, Caller, Care, Direction, NewContact, Opened, Sheet, permit, record_contact,
};

/// Why no letter may be made for this victim.
fn refusal(sheet: &Sheet, now: Timestamp) -> Option<String> {
    if sheet.domestic_abuse() {
        let text = "There is a domestic abuse link: contact is by the agreed safe method only, and a \
                    letter may be opened by somebody else.";
        return Some(text.to_owned());
    }
    if let Some(rule) = sheet
        .needs
        .as_ref()
        .and_then(|n| n.content.broken_by(now, Channel::Letter, false))
    {
        return Some(format!("{rule}."));
    }
    sheet
        .addresses()
        .is_empty()
        .then(|| "No postal address is held for this victim.".to_owned())
}

async fn sheet(app: &App, who: &SignedIn, id: &str) -> Result<Sheet, Error> {
    let id: WorkItemId = id.parse().map_err(|_| Error::NotFound)?;
    match victim_care::open(app, &who.actor, id).await? {
        Opened::Sheet(sheet) => Ok(*sheet),
        Opened::Follows(lead) => Err(Error::Conflict {
            what: "This report is worked together with another of this victim".to_owned(),
            href: format!("/victim-care/{lead}/letter"),
        }),
    }
}

/// Letters made for this victim before, latest first.
async fn made(app: &App, who: &SignedIn, sheet: &Sheet) -> Result<Vec<TimelineItem>, Error> {
    let policy = app.policy::<MessagePolicy>()?;
    let grant = permit(app, &who.actor, &SEND, &work::resource(&sheet.item), "").await?;
    let sql = Sql::new("select template, state, created_at, created_by_name from protect_letter ")
        .with(
            "where item = ? order by created_at desc limit 50",
            [sheet.item.id.into()],
        );
    let mut made = Vec::new();
    for row in app.store().read(&grant).await?.rows(sql).await? {
        let (template, state): (String, String) = (row.get("template")?, row.get("state")?);
        let title = policy.template(&template).map(|t| t.title.clone());
        let at: Timestamp = row.get("created_at")?;
        let item = TimelineItem::new(title.unwrap_or(template), at);
        made.push(
            item.by(row.get::<String>("created_by_name")?)
                .text(state_words(&state)),
        );
    }
    Ok(made)
}

async fn build(
    app: &App,
    who: &SignedIn,
    sheet: &Sheet,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let policy = app.policy::<MessagePolicy>()?;
    let back = format!("/victim-care/{}", sheet.item.id);
    let sendable = policy
        .templates
        .iter()
        .filter(|t| policy.hindrance(t).is_none());
    let templates: Vec<Choice> = sendable.map(|t| Choice::new(&t.id, &t.title)).collect();
    let addresses: Vec<Choice> = sheet
        .addresses()
        .iter()
        .map(|a| Choice::new(a, a))
        .collect();
    let fields = match refusal(sheet, app.now()) {
        Some(refusal) => Html::of(&Inset::new(refusal)),
        None if templates.is_empty() => Html::of(&Inset::new(
            "No text may be sent yet. Each needs a recorded legal check first.",
        )),
        None => Drawn::new(form, &errors)
            .radios("template", "Text", "", &templates)
            .radios("address", "Address", "", &addresses)
            .done(),
    };
    let page = who.page(app, &format!("Letter to {}", sheet.name), "/victim-care");
    let form = FormPage::of(Made {
        page: page.back("Call page", &back),
        action: format!("{back}/letter"),
        fields,
        button: "Make the letter",
        errors,
    });
    Ok(form
        .intro("You read and print it on the next page. It counts when you record it as posted.")
        .history("Letters so far", made(app, who, sheet).await?))
}

fn state_words(state: &str) -> &'static str {
    match state {
        "posted" => "Posted",
        "withdrawn" => "Withdrawn",
        _ => "To be posted",
    }
}

/// `GET /victim-care/{id}/letter`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let sheet = sheet(&app, &who, &id).await?;
    build(&app, &who, &sheet, &Fields::default(), FieldErrors::new())
        .await?
        .show()
}

fn read_form(
    app: &App,
    who: &SignedIn,
    sheet: &Sheet,
    form: &Fields,
    errors: &mut FieldErrors,
) -> Result<Option<Written>, Error> {
    let (policy, care) = (app.policy::<MessagePolicy>()?, app.policy::<Care>()?);
    if let Some(refusal) = refusal(sheet, app.now()) {
        errors.add("template", refusal);
    }
    let template = policy.template(form.text("template"));
    match template.map(|t| policy.hindrance(t)) {
        None => errors.add("template", "Choose a text"),
        Some(Some(hindrance)) => errors.add("template", hindrance),
        Some(None) => {}
    }
    // Compared by words: a browser ends lines otherwise.
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let typed = plain(form.text("address"));
    let address = sheet.addresses().into_iter().find(|a| plain(a) == typed);
    if address.is_none() {
        errors.add("address", "Choose an address that is held for the victim");
    }
    let merged = template.map(|t| (t, t.merged(&merge(&care, who, sheet))));
    let (Some((template, Ok((subject, body)))), Some(address), true) =
        (merged, address, errors.is_empty())
    else {
        return Ok(None);
    };
    Ok(Some(Written {
        whose: Whose::of(&sheet.item, &sheet.name),
        address,
        template: template.id.clone(),
        version: template.version,
        language: template.language.clone(),
        subject,
        body,
    }))
}

/// `POST /victim-care/{id}/letter`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let sheet = sheet(&app, &who, &id).await?;
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let Some(letter) = read_form(&app, &who, &sheet, &form, &mut errors)? else {
        return build(&app, &who, &sheet, &form, errors).await?.show();
    };
    let resource = work::resource(&sheet.item);
    let grant = permit(&app, &who.actor, &SEND, &resource, "").await?;
    let policy = app.policy::<MessagePolicy>()?.digest.clone();
    let made = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { make_letters(tx, &policy, vec![letter]).await })
        })
        .await?;
    let id = made.first().ok_or(Error::NotFound)?;
    Ok(Redirect::to(&format!("/letters/{id}")).into_response())
}

/// A letter's row, to be posted.
pub(super) fn row(tx: &Tx<'_>, id: RecordId, one: Written, policy: &str) -> Vec<Value> {
    let (by, by_name) = (tx.grant().actor(), tx.grant().actor_name());
    vec![
        id.into(),
        one.whose.item.into(),
        one.whose.reference.into(),
        one.whose.name.into(),
        one.address.into(),
        one.template.into(),
        i64::from(one.version).into(),
        one.body.into(),
        "to_post".into(),
        tx.now().into(),
        by.into(),
        by_name.into(),
        one.whose.unit.into(),
        one.whose.marking.into(),
        one.whose.compartment.into(),
        policy.into(),
        one.subject.into(),
        one.language.into(),
    ]
}

pub(super) const COLUMNS: &[&str] = &[
    "id",
    "item",
    "reference",
    "name",
    "address",
    "template",
    "template_version",
    "body",
    "state",
    "created_at",
    "created_by",
    "created_by_name",
    "unit",
    "marking",
    "compartment",
    "policy",
    "subject",
    "language",
];

/// A letter as it is kept.
pub(super) struct Letter {
    pub id: RecordId,
    pub item: WorkItemId,
    pub reference: String,
    pub name: String,
    pub address: String,
    /// The line above the text.
    pub subject: String,
    pub body: String,
    /// BCP 47.
    pub language: String,
    pub state: String,
    pub created_at: Timestamp,
    posted_at: Option<Timestamp>,
    posted_by: Option<String>,
    pub resource: Resource,
}

impl Letter {
    pub(super) fn of_row(row: &Row) -> store::Result<Letter> {
        let id: RecordId = row.get("id")?;
        let reference: String = row.get("reference")?;
        let subject: String = row.get("subject")?;
        let marking = Marking::of_level(row.get("marking")?);
        Ok(Letter {
            id,
            item: row.get("item")?,
            // Letters of earlier versions were kept without the line.
            subject: match subject.as_str() {
                "" => format!("Your reference {reference}"),
                _ => subject,
            },
            reference,
            name: row.get("name")?,
            address: row.get("address")?,
            body: row.get("body")?,
            language: row.get("language")?,
            state: row.get("state")?,
            created_at: row.get("created_at")?,
            posted_at: row.get("posted_at")?,
            posted_by: row.get("posted_by_name")?,
            resource: Resource::of("letter", id.to_string())
                .marked(marking, row.get("compartment")?)
                .of_unit(row.get::<String>("unit")?),
        })
    }
}

/// A letter whoever is signed in may open: a consultation of it.
pub(super) async fn find(app: &App, who: &SignedIn, id: &str) -> Result<Letter, Error> {
    let id: RecordId = id.parse().map_err(|_| Error::NotFound)?;
    let looked = Resource::of("letter", id.to_string()).of_unit(who.actor.unit.clone());
    let grant = permit(app, &who.actor, &VIEW, &looked, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select * from protect_letter where ").with("id = ?", [id.into()]);
    let row = reader.first(sql).await?.ok_or(Error::NotFound)?;
    let letter = Letter::of_row(&row)?;
    // Whoever may not see the item may not see what was written about it.
    work::find(&mut reader.conn(), &who.actor.scope(), letter.item).await?;
    Ok(letter)
}

#[derive(Askama)]
#[template(path = "messages/letter.html")]
struct LetterPage {
    page: Page,
    letter: Letter,
    force: String,
    state: String,
    may_post: bool,
    /// Address of the same as PDF; none in a build without documents.
    pdf: Option<String>,
}

/// `GET /letters/{id}`: the letter, to be read and printed.
pub async fn one(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let letter = find(&app, &who, &id).await?;
    let state = match (&letter.posted_by, letter.posted_at) {
        (Some(by), Some(at)) => format!("{} by {by} at {}", state_words(&letter.state), at.show()),
        _ => state_words(&letter.state).to_owned(),
    };
    web::html(&LetterPage {
        page: who
            .page(&app, "Letter", "/victim-care")
            .back("Call page", format!("/victim-care/{}", letter.item)),
        force: app.policy::<Care>()?.force.clone(),
        state,
        pdf: documents::BUILT.then(|| format!("/letters/{}/letter.pdf", letter.id)),
        may_post: letter.state == "to_post" && who.actor.may(&SEND, &letter.resource),
        letter,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    decision: String,
}

/// `POST /letters/{id}`: posted, which is recorded as a contact while the duty is open; or withdrawn.
pub async fn done(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Done>,
) -> Result<Response, Error> {
    let letter = find(&app, &who, &id).await?;
    let state = match form.decision.as_str() {
        "posted" => "posted",
        "withdrawn" => "withdrawn",
        _ => {
            return Err(Error::BadRequest(
                "choose whether the letter was posted or withdrawn".to_owned(),
            ));
        }
    };
    let grant = permit(&app, &who.actor, &SEND, &letter.resource, "").await?;
    let care = app.policy::<Care>()?;
    let by = Caller {
        id: who.actor.id,
        name: who.actor.name.clone(),
        unit: who.actor.unit.clone(),
    };
    let (id, item, scope) = (letter.id, letter.item, who.actor.scope());
    let written = app.store().write(&grant, move |tx| {
        Box::pin(async move { settle(tx, &care, (&scope, by), (id, item), state).await })
    });
    match written.await {
        Err(StoreError::Conflict) => Err(Error::Conflict {
            what: "Somebody else has recorded what became of this letter".to_owned(),
            href: format!("/letters/{id}"),
        }),
        other => {
            other?;
            Ok(Redirect::to(&format!("/letters/{id}")).into_response())
        }
    }
}

/// Records what became of a letter. One that was posted is a contact while the duty is open.
///
/// # Errors
/// A conflict when it was recorded before.
pub(super) async fn settle(
    tx: &mut Tx<'_>,
    care: &Care,
    (scope, by): (&Scope, Caller),
    (id, item): (RecordId, WorkItemId),
    state: &'static str,
) -> store::Result<()> {
    mark(tx, id, state, &by.name).await?;
    let held = work::find(tx, scope, item).await?;
    if state == "posted" && held.state != WorkState::Closed {
        let made = contact(tx.now(), item, by, care)?;
        record_contact(tx, care, &made).await?;
    }
    tx.enter(Entry {
        kind: "letter",
        id: id.to_string(),
        ..Entry::default()
    });
    Ok(())
}

async fn mark(tx: &mut Tx<'_>, id: RecordId, state: &'static str, by: &str) -> store::Result<()> {
    let sql = Sql::new("update protect_letter set ").with(
        "state = ?, posted_at = ?, posted_by_name = ? where id = ? and state = 'to_post'",
        [state.into(), tx.now().into(), by.into(), id.into()],
    );
    match tx.run(sql).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

fn contact(at: Timestamp, item: WorkItemId, by: Caller, care: &Care) -> store::Result<NewContact> {
    let outcome = care.outcomes.iter().find(|o| o.effect == Effect::Message);
    let outcome =
        outcome.ok_or_else(|| StoreError::invalid("no outcome says that a letter was sent"))?;
    Ok(NewContact {
        item,
        seen: None,
        reports: Vec::new(),
        at,
        by,
        direction: Direction::Out,
        channel: Channel::Letter,
        outcome: outcome.id.clone(),
        minutes: None,
        next_at: None,
        topics: Vec::new(),
        support: Vec::new(),
        note: String::new(),
    })
}
