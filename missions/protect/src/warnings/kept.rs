//! A warning as it is kept, what was done about it, and how it moves on.

use record::access::Resource;
use record::ids::{ActorId, RecordId};
use record::marking::Marking;
use record::time::Timestamp;
use sha2::{Digest as _, Sha256};
use store::{Conn, Entry, Error, OnConflict, Result, Row, Sql, Tx, Value};

use super::draft::Draft;
use super::state::{Channel, State};

/// How a warning ended that was a mistake: such a one is not counted.
pub const BY_MISTAKE: &str = "entered_in_error";

/// A warning with everything the pages show of it.
#[derive(Debug, Clone)]
pub struct Warning {
    pub id: RecordId,
    /// Rises with every change.
    pub version: i64,
    /// Rises when the text changes: a check is of one edition.
    pub edition: i64,
    pub state: State,
    pub draft: Draft,
    pub unit: String,
    pub created_at: Timestamp,
    pub created_by_name: String,
    pub changed_at: Timestamp,
    pub changed_by_name: String,
    /// By when it should reach the public, if the threat is immediate.
    pub issue_by: Timestamp,
    pub sent_at: Option<Timestamp>,
    /// When the first channel carried it.
    pub issued_at: Option<Timestamp>,
    pub cleared_at: Option<Timestamp>,
    pub cleared_how: String,
}

/// Something that was done about a warning.
#[derive(Debug, Clone)]
pub struct Done {
    pub at: Timestamp,
    pub actor: ActorId,
    pub by_name: String,
    pub what: What,
    /// Of which edition.
    pub edition: i64,
    pub reason: String,
    /// More that was recorded: the officer in the case, the lines that were ticked.
    pub detail: String,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Written,
    Submitted,
    /// A check of policy, by its id.
    Checked(String),
    /// Back to its writer.
    SentBack,
    /// An approval of policy, by its id.
    Approved(String),
    Sent,
    Posted(Channel),
    Cleared,
    Withdrawn,
}

impl What {
    fn name(&self) -> String {
        match self {
            What::Written => "written".to_owned(),
            What::Submitted => "submitted".to_owned(),
            What::Checked(id) => format!("checked:{id}"),
            What::SentBack => "sent_back".to_owned(),
            What::Approved(id) => format!("approved:{id}"),
            What::Sent => "sent".to_owned(),
            What::Posted(channel) => format!("posted:{}", channel.name()),
            What::Cleared => "cleared".to_owned(),
            What::Withdrawn => "withdrawn".to_owned(),
        }
    }

    fn parse(name: &str) -> Option<What> {
        Some(match name.split_once(':').unwrap_or((name, "")) {
            ("written", _) => What::Written,
            ("submitted", _) => What::Submitted,
            ("checked", id) => What::Checked(id.to_owned()),
            ("sent_back", _) => What::SentBack,
            ("approved", id) => What::Approved(id.to_owned()),
            ("sent", _) => What::Sent,
            ("posted", channel) => What::Posted(Channel::parse(channel)?),
            ("cleared", _) => What::Cleared,
            ("withdrawn", _) => What::Withdrawn,
            _ => return None,
        })
    }
}

/// The resource an act on a warning is asked for. What is not public yet is not for everybody inside.
pub fn resource(id: RecordId, unit: &str) -> Resource {
    Resource::of("warning", id.to_string())
        .marked(Marking::OfficialSensitive, None)
        .of_unit(unit)
}

const COLUMNS: &[&str] = &[
    "id",
    "version",
    "edition",
    "state",
    "created_at",
    "created_by",
    "created_by_name",
    "changed_at",
    "changed_by",
    "changed_by_name",
    "cleared_how",
    "unit",
    "marking",
    "policy",
    "template",
    "template_version",
    "topic",
    "event",
    "kind",
    "immediate",
    "title",
    "what",
    "steps",
    "link",
    "source",
    "places",
    "sectors",
    "interests",
    "channels",
    "cause_kind",
    "network",
    "cause",
    "decided_at",
    "issue_by",
    "expires_at",
    "replaces",
];

fn json(list: &[String]) -> Value {
    serde_json::Value::from(list).to_string().into()
}

/// The values of a draft, in the order of the last columns.
fn draft_values(draft: &Draft, issue_by: Timestamp) -> Vec<Value> {
    let channels: Vec<String> = draft.channels.iter().map(|c| c.name().to_owned()).collect();
    vec![
        draft.template.as_str().into(),
        draft.template_version.into(),
        draft.topic.as_str().into(),
        draft.event.as_str().into(),
        draft.kind.as_str().into(),
        draft.immediate.into(),
        draft.title.as_str().into(),
        draft.what.as_str().into(),
        json(&draft.steps),
        draft.link.as_str().into(),
        draft.source.as_str().into(),
        json(&draft.places),
        json(&draft.sectors),
        json(&draft.interests),
        json(&channels),
        draft.trigger.as_str().into(),
        draft.network.into(),
        draft.cause.as_str().into(),
        draft.decided_at.into(),
        issue_by.into(),
        draft.expires_at.into(),
        draft.replaces.into(),
    ]
}

fn read_draft(row: &Row) -> Result<Draft> {
    let channels: Vec<String> = row.json("channels")?;
    Ok(Draft {
        template: row.get("template")?,
        template_version: row.get("template_version")?,
        topic: row.get("topic")?,
        event: row.get("event")?,
        kind: row.get("kind")?,
        immediate: row.get("immediate")?,
        title: row.get("title")?,
        what: row.get("what")?,
        steps: row.json("steps")?,
        link: row.get("link")?,
        source: row.get("source")?,
        places: row.json("places")?,
        sectors: row.json("sectors")?,
        interests: row.json("interests")?,
        channels: channels.iter().filter_map(|c| Channel::parse(c)).collect(),
        trigger: row.get("cause_kind")?,
        network: row.get("network")?,
        cause: row.get("cause")?,
        decided_at: row.get("decided_at")?,
        expires_at: row.get("expires_at")?,
        replaces: row.get("replaces")?,
    })
}

/// A row of the table.
pub fn of_row(row: &Row) -> Result<Warning> {
    let state: String = row.get("state")?;
    Ok(Warning {
        id: row.get("id")?,
        version: row.get("version")?,
        edition: row.get("edition")?,
        state: State::parse(&state)
            .ok_or_else(|| Error::Invalid(format!("{state:?} is no state")))?,
        draft: read_draft(row)?,
        unit: row.get("unit")?,
        created_at: row.get("created_at")?,
        created_by_name: row.get("created_by_name")?,
        changed_at: row.get("changed_at")?,
        changed_by_name: row.get("changed_by_name")?,
        issue_by: row.get("issue_by")?,
        sent_at: row.get("sent_at")?,
        issued_at: row.get("issued_at")?,
        cleared_at: row.get("cleared_at")?,
        cleared_how: row.get("cleared_how")?,
    })
}

/// One warning.
pub async fn find(conn: &mut Conn<'_>, id: RecordId) -> Result<Warning> {
    let sql = Sql::new("select * from protect_warning where ").with("id = ?", [id.into()]);
    of_row(&conn.first(sql).await?.ok_or(Error::NotFound)?)
}

/// What was done about a warning, oldest first.
pub async fn history(conn: &mut Conn<'_>, id: RecordId) -> Result<Vec<Done>> {
    let sql = Sql::new(
        "select at, actor, by_name, what, edition, reason, detail from protect_warning_step where ",
    )
    .with("warning = ? order by at, id limit 500", [id.into()]);
    let rows = conn.rows(sql).await?;
    rows.iter()
        .map(|row| {
            let what: String = row.get("what")?;
            Ok(Done {
                at: row.get("at")?,
                actor: row.get("actor")?,
                by_name: row.get("by_name")?,
                what: What::parse(&what)
                    .ok_or_else(|| Error::Invalid(format!("{what:?} is no step")))?,
                edition: row.get("edition")?,
                reason: row.get("reason")?,
                detail: row.get("detail")?,
            })
        })
        .collect()
}

/// Digest of what the public would read: a check, an approval and a sending commit to it.
pub fn digest(draft: &Draft) -> String {
    let mut hash = Sha256::new();
    let texts = [&draft.title, &draft.what, &draft.link];
    for part in texts.into_iter().chain(&draft.steps) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Something that is being done: what, why, and more.
pub struct Step {
    pub what: What,
    pub reason: String,
    pub detail: String,
}

impl Step {
    pub fn new(what: What, reason: &str) -> Step {
        Step {
            what,
            reason: reason.to_owned(),
            detail: String::new(),
        }
    }
}

/// Keeps what was done, and enters it.
async fn note(
    tx: &mut Tx<'_>,
    (id, edition): (RecordId, i64),
    step: Step,
    content: String,
) -> Result<()> {
    let what = step.what.name();
    let row = vec![
        tx.id().into(),
        id.into(),
        tx.now().into(),
        tx.grant().actor().into(),
        tx.grant().actor_name().into(),
        what.as_str().into(),
        edition.into(),
        step.reason.into(),
        step.detail.into(),
    ];
    let columns = &[
        "id", "warning", "at", "actor", "by_name", "what", "edition", "reason", "detail",
    ];
    tx.insert("protect_warning_step", columns, vec![row], OnConflict::Fail)
        .await?;
    tx.enter(Entry {
        kind: "warning",
        id: id.to_string(),
        content,
        detail: serde_json::json!({ "step": what, "edition": edition }).to_string(),
    });
    Ok(())
}

/// What is new of a draft apart from its text.
pub struct Written {
    pub draft: Draft,
    pub issue_by: Timestamp,
    pub unit: String,
    /// Digest of the policy.
    pub policy: String,
}

/// Keeps a new draft.
pub async fn create(tx: &mut Tx<'_>, written: Written) -> Result<RecordId> {
    let id = RecordId(tx.id());
    let (by, name) = (tx.grant().actor(), tx.grant().actor_name().to_owned());
    let now = tx.now();
    let mut row: Vec<Value> = vec![
        id.into(),
        1i64.into(),
        1i64.into(),
        State::Draft.name().into(),
        now.into(),
        by.into(),
        name.as_str().into(),
        now.into(),
        by.into(),
        name.as_str().into(),
        "".into(),
        written.unit.into(),
        Marking::OfficialSensitive.level().into(),
        written.policy.into(),
    ];
    row.extend(draft_values(&written.draft, written.issue_by));
    tx.insert("protect_warning", COLUMNS, vec![row], OnConflict::Fail)
        .await?;
    let digest = digest(&written.draft);
    note(tx, (id, 1), Step::new(What::Written, ""), digest).await?;
    Ok(id)
}

/// Keeps a changed draft, if it is still being written and nobody else changed it since `seen`.
pub async fn rewrite(tx: &mut Tx<'_>, id: RecordId, seen: i64, written: Written) -> Result<()> {
    let before = find(tx, id).await?;
    if before.version != seen || before.state != State::Draft {
        return Err(Error::Conflict);
    }
    // The row is written anew as a whole, so that the columns are named in one place.
    let update = "on conflict (id) do update set version = excluded.version, edition = excluded.edition, \
        changed_at = excluded.changed_at, changed_by = excluded.changed_by, \
        changed_by_name = excluded.changed_by_name, policy = excluded.policy, kind = excluded.kind, \
        immediate = excluded.immediate, title = excluded.title, what = excluded.what, \
        steps = excluded.steps, link = excluded.link, source = excluded.source, places = excluded.places, \
        sectors = excluded.sectors, interests = excluded.interests, channels = excluded.channels, \
        cause_kind = excluded.cause_kind, network = excluded.network, cause = excluded.cause, \
        event = excluded.event, decided_at = excluded.decided_at, issue_by = excluded.issue_by, \
        expires_at = excluded.expires_at \
        where protect_warning.version = excluded.version - 1";
    let edition = before.edition + 1;
    let (by, name, now) = (
        tx.grant().actor(),
        tx.grant().actor_name().to_owned(),
        tx.now(),
    );
    let mut row: Vec<Value> = vec![
        id.into(),
        (seen + 1).into(),
        edition.into(),
        State::Draft.name().into(),
        before.created_at.into(),
        by.into(),
        before.created_by_name.into(),
        now.into(),
        by.into(),
        name.into(),
        "".into(),
        before.unit.into(),
        Marking::OfficialSensitive.level().into(),
        written.policy.into(),
    ];
    row.extend(draft_values(&written.draft, written.issue_by));
    let changed = tx
        .insert(
            "protect_warning",
            COLUMNS,
            vec![row],
            OnConflict::Update(update),
        )
        .await?;
    if changed != 1 {
        return Err(Error::Conflict);
    }
    let digest = digest(&written.draft);
    note(tx, (id, edition), Step::new(What::Written, ""), digest).await
}

/// Moves a warning on from the version its reader saw, or is a conflict.
pub async fn advance(tx: &mut Tx<'_>, warning: &Warning, to: State, step: Step) -> Result<()> {
    let sql = Sql::new("update protect_warning set ").with(
        "state = ?, version = version + 1 where id = ? and version = ? and state = ?",
        [
            to.name().into(),
            warning.id.into(),
            warning.version.into(),
            warning.state.name().into(),
        ],
    );
    if tx.run(sql).await? != 1 {
        return Err(Error::Conflict);
    }
    note(
        tx,
        (warning.id, warning.edition),
        step,
        digest(&warning.draft),
    )
    .await
}

/// Keeps a step that moves nothing.
pub async fn note_only(tx: &mut Tx<'_>, warning: &Warning, step: Step) -> Result<()> {
    note(tx, (warning.id, warning.edition), step, String::new()).await
}

/// Records the end of a warning that was in force or never was.
pub async fn end(tx: &mut Tx<'_>, id: RecordId, how: &str) -> Result<()> {
    let sql = Sql::new("update protect_warning set ").with(
        "cleared_at = ?, cleared_how = ? where id = ?",
        [tx.now().into(), how.into(), id.into()],
    );
    tx.run(sql).await.map(drop)
}
