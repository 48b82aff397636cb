//! What an organisation agreed to do, and what became of it.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Actor;
use record::ids::RecordId;
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Conn, Error as StoreError, OnConflict, Result as Stored, Row, Sql, Tx};
use utoipa::ToSchema;
use web::parts::{Choice, FieldErrors, Hidden, Html, Tag, Timeline, TimelineItem};
use web::{App, Error, Form, SignedIn};

use super::FOLLOW_UP;
use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, Written, paragraph};
use super::rows::{Noted, Organisation, advance, conflict, opened, record_id};
use super::state::Event;

const LONGEST: usize = 2_000;

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    Done,
    Part,
    Not,
    /// They decided against it.
    Declined,
}

impl Became {
    pub const ALL: [Became; 4] = [Became::Done, Became::Part, Became::Not, Became::Declined];

    pub const fn name(self) -> &'static str {
        match self {
            Became::Done => "done",
            Became::Part => "part",
            Became::Not => "not",
            Became::Declined => "declined",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Became::Done => "Done",
            Became::Part => "Done in part",
            Became::Not => "Not done",
            Became::Declined => "Declined",
        }
    }

    pub fn parse(name: &str) -> Option<Became> {
        Became::ALL.into_iter().find(|r| r.name() == name)
    }

    /// Whether nothing is left to follow up.
    pub const fn is_final(self) -> bool {
        matches!(self, Became::Done | Became::Declined)
    }
}

/// Something an organisation agreed to do.
#[derive(Debug, Clone)]
pub struct Action {
    pub id: RecordId,
    pub assessment: RecordId,
    /// The question it answers; empty when it is none of the set's.
    pub question: String,
    pub what: String,
    /// A role at the organisation.
    pub owner: String,
    pub due_at: Timestamp,
    pub agreed_at: Timestamp,
    pub by: String,
    pub result: Option<Became>,
    pub version: i64,
}

impl Action {
    fn of(row: &Row) -> Stored<Action> {
        let result: Option<String> = row.get("result")?;
        Ok(Action {
            id: row.get("id")?,
            assessment: row.get("assessment")?,
            question: row.get("question")?,
            what: row.get("what")?,
            owner: row.get("owner")?,
            due_at: row.get("due_at")?,
            agreed_at: row.get("agreed_at")?,
            by: row.get("by_name")?,
            result: result.as_deref().and_then(Became::parse),
            version: row.get("version")?,
        })
    }

    fn in_words(&self) -> String {
        let (due, agreed) = (self.due_at.day().show(), self.agreed_at.day().show());
        format!(
            "{}, by {due}. Agreed on {agreed} with {}.",
            self.owner, self.by
        )
    }

    pub fn is_open(&self) -> bool {
        self.result.is_none_or(|r| !r.is_final())
    }

    pub fn tag(&self) -> Tag<'static> {
        match self.result {
            None => Tag::blue("Agreed"),
            Some(Became::Done) => Tag::green(Became::Done.title()),
            Some(Became::Declined) => Tag::grey(Became::Declined.title()),
            Some(left) => Tag::yellow(left.title()),
        }
    }
}

/// Actions of an organisation, soonest due first.
pub async fn of(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Vec<Action>> {
    let sql = Sql::new("select * from protect_org_action where ").with(
        "organisation = ? order by due_at, id limit 500",
        [organisation.into()],
    );
    conn.rows(sql).await?.iter().map(Action::of).collect()
}

/// An action about to be agreed.
#[derive(Debug, Clone)]
pub struct NewAction {
    pub what: String,
    pub question: String,
    pub insider: bool,
    pub owner: String,
    pub due_at: Timestamp,
}

const COLUMNS: &[&str] = &[
    "id",
    "organisation",
    "assessment",
    "question",
    "insider",
    "what",
    "owner",
    "due_at",
    "agreed_at",
    "by_name",
    "result",
    "result_at",
    "version",
];

/// Records what was agreed, in a write under way.
pub async fn agree(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    assessment: RecordId,
    list: Vec<NewAction>,
) -> Stored<()> {
    let count = list.len();
    let mut rows = Vec::with_capacity(count);
    for action in list {
        let id = RecordId(tx.id());
        tx.enter(store::Entry {
            kind: "action",
            id: id.to_string(),
            ..store::Entry::default()
        });
        rows.push(vec![
            id.into(),
            organisation.id.into(),
            assessment.into(),
            action.question.into(),
            action.insider.into(),
            action.what.into(),
            action.owner.into(),
            action.due_at.into(),
            tx.now().into(),
            tx.grant().actor_name().into(),
            Option::<&str>::None.into(),
            Option::<Timestamp>::None.into(),
            1i64.into(),
        ]);
    }
    tx.insert("protect_org_action", COLUMNS, rows, OnConflict::Fail)
        .await?;
    let what = match count {
        1 => "1 action agreed".to_owned(),
        n => format!("{n} actions agreed"),
    };
    let noted = Noted {
        what: &what,
        note: "",
    };
    advance(tx, organisation, Event::Agreement, noted).await
}

/// What became of an action, as a form or the API sends it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FollowUpInput {
    /// `done`, `part`, `not` or `declined`.
    pub result: String,
    /// How it is known.
    pub evidence: String,
    /// What it changed.
    pub effect: String,
    /// Version of the action as it was shown.
    pub version: i64,
}

/// Follows up an action.
pub async fn follow_up(
    app: &App,
    actor: &Actor,
    (id, action): (&str, &str),
    input: &FollowUpInput,
) -> Result<Written, Error> {
    let (organisation, grant) = opened(app, actor, id, &FOLLOW_UP).await?;
    let action = record_id(action)?;
    let mut checks = Checks::at(app.now());
    let result = Became::parse(&input.result);
    if result.is_none() {
        checks.errors.add("result", "Choose what became of it");
    }
    checks.needed("evidence", &input.evidence, "how you know");
    checks.longest("evidence", &input.evidence, LONGEST);
    checks.longest("effect", &input.effect, LONGEST);
    let Some(result) = result.filter(|_| checks.errors.is_empty()) else {
        return Ok(Written::Wrong(checks.errors));
    };
    let (back, input) = (organisation.href(), input.clone());
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { keep(tx, &organisation, (action, result), &input).await })
        })
        .await;
    conflict(written, "Somebody else followed this up first", &back)?;
    Ok(Written::Done(()))
}

async fn keep(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    (action, result): (RecordId, Became),
    input: &FollowUpInput,
) -> Stored<()> {
    let of = Sql::new("select id from protect_org_action where ").with(
        "id = ? and organisation = ?",
        [action.into(), organisation.id.into()],
    );
    tx.first(of).await?.ok_or(StoreError::NotFound)?;
    let sql = Sql::new("update protect_org_action set ").with(
        "result = ?, result_at = ?, version = version + 1 where id = ? and version = ?",
        [
            result.name().into(),
            tx.now().into(),
            action.into(),
            input.version.into(),
        ],
    );
    if tx.run(sql).await? == 0 {
        return Err(StoreError::Conflict);
    }
    let columns = &[
        "id", "action", "at", "result", "evidence", "effect", "by_name",
    ];
    let row = vec![
        tx.id().into(),
        action.into(),
        tx.now().into(),
        result.name().into(),
        input.evidence.as_str().into(),
        input.effect.as_str().into(),
        tx.grant().actor_name().into(),
    ];
    tx.insert(
        "protect_org_follow_up",
        columns,
        vec![row],
        OnConflict::Fail,
    )
    .await?;
    tx.enter(store::Entry {
        kind: "action",
        id: action.to_string(),
        detail: serde_json::json!({ "result": result.name() }).to_string(),
        ..store::Entry::default()
    });
    let what = format!("Action followed up: {}", result.title().to_lowercase());
    let noted = Noted {
        what: &what,
        note: "",
    };
    advance(tx, organisation, Event::FollowUp, noted).await
}

async fn draw(
    app: &App,
    who: &SignedIn,
    (id, action): (&str, &str),
    fields: Option<&Fields>,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(app, &who.actor, id, &FOLLOW_UP).await?;
    let wanted = record_id(action)?;
    let mut reader = app.store().read(&grant).await?;
    let all = of(&mut reader.conn(), organisation.id).await?;
    let made =
        Sql::new("select at, result, evidence, effect, by_name from protect_org_follow_up where ")
            .with(
                "action = ? order by at desc, id desc limit 50",
                [wanted.into()],
            );
    let made = reader.rows(made).await?;
    drop(reader);
    let found = all
        .into_iter()
        .find(|a| a.id == wanted)
        .ok_or(Error::NotFound)?;
    let none = Fields::default();
    let fields = fields.unwrap_or(&none);
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let results = Became::ALL.map(|r| Choice::new(r.name(), r.title()));
    let seen = match fields.text("version") {
        "" => found.version.to_string(),
        seen => seen.to_owned(),
    };
    let lead = lead(&found, &made)?;
    FormPage {
        lead,
        fields: vec![
            drawn.radios("result", "What became of it", &results),
            drawn.text(
                "evidence",
                "How you know",
                "What was seen, or who said so by role",
            ),
            drawn.text("effect", "What it changed (optional)", ""),
            Html::of(&Hidden::new("version", &seen)),
        ],
        button: "Save follow-up",
        ..FormPage::of(
            &organisation,
            found.what.clone(),
            &format!("actions/{}", found.id),
        )
    }
    .draw(app, who, errors)
}

/// What was agreed, and what became of it so far.
fn lead(found: &Action, made: &[Row]) -> Stored<Html> {
    let about = paragraph(found.in_words());
    let history = made.iter().map(history).collect::<Stored<Vec<_>>>()?;
    Ok(match history.is_empty() {
        true => about,
        false => about.and(&Timeline::new(history).heading_level(2)),
    })
}

fn history(row: &Row) -> Stored<TimelineItem> {
    let result: String = row.get("result")?;
    let title = Became::parse(&result).map_or("", Became::title);
    let at: Timestamp = row.get("at")?;
    let (evidence, effect): (String, String) = (row.get("evidence")?, row.get("effect")?);
    let text = match effect.as_str() {
        "" => evidence,
        effect => format!("{evidence} Effect: {effect}"),
    };
    let item = TimelineItem::new(title, at).text(text);
    Ok(item.by(row.get::<String>("by_name")?))
}

/// `GET /organisations/{id}/actions/{action}`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, action)): Path<(String, String)>,
) -> Result<Response, Error> {
    draw(&app, &who, (&id, &action), None, FieldErrors::new()).await
}

/// `POST /organisations/{id}/actions/{action}`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path((id, action)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let fields = Fields(pairs);
    let input = FollowUpInput {
        result: fields.owned("result"),
        evidence: fields.owned("evidence"),
        effect: fields.owned("effect"),
        version: fields.text("version").parse().unwrap_or_default(),
    };
    match follow_up(&app, &who.actor, (&id, &action), &input).await? {
        Written::Done(()) => Ok(Redirect::to(&format!("/organisations/{id}")).into_response()),
        Written::Wrong(errors) => draw(&app, &who, (&id, &action), Some(&fields), errors).await,
    }
}
