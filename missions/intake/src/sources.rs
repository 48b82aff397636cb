//! Sources: where reports come from, how their files are read, and when the next is expected.
//!
//! *What it does*: remembers for every source the mapping a person confirmed and when something
//! last arrived. A source that policy expects and that stays silent raises an alarm on its clock:
//! once, with an entry in the ledger, shown until the next arrival clears it.

use std::any::Any;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use record::access::{Act, ActKind, Actor, Resource};
use record::policy::{Files, PolicyError};
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Conn, Entry, Migration, OnConflict, Sql, Tx};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::parts::*;
use web::{ApiRoute, App, Capability, Job, PolicyFile, Route, SignedIn, Tick};

use crate::files::Mapping;

/// Names and times of sources hold no personal data.
pub const VIEW: Act = Act::new("source.view", ActKind::Open, "See sources and their clocks");
/// The system's own: the alarm of a silent source.
pub const WATCH: Act = Act::new(
    "source.watch",
    ActKind::Alteration,
    "Raise the alarm of a source",
);

pub const SOURCES: Capability = Capability {
    name: "intake.sources",
    title: "Sources",
    commitments: &["PROTECT-06"],
    acts: &[VIEW, WATCH],
    migrations: &[Migration {
        version: 1081,
        name: "since when a source is expected",
        sql: "alter table intake_source add column expected_since {int};",
    }],
    policies: &[PolicyFile {
        file: "intake/sources.toml",
        load: ImportPolicy::load,
    }],
    routes: &[Route::get("/sources", &VIEW, || get(page))],
    api: &[ApiRoute {
        path: "/sources",
        methods: "GET",
        act: &VIEW,
        make: || OpenApiRouter::new().routes(routes!(list_sources)),
    }],
    jobs: &[Job {
        name: "intake.sources.watch",
        every_seconds: 300,
        run: watching,
    }],
    ..Capability::NONE
};

/// `policy/intake/sources.toml`: how large files may be, how long they are kept, what is expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportPolicy {
    pub max_upload_bytes: u64,
    pub inline_bytes: u64,
    pub dry_run_rows: u64,
    pub keep_raw_days: i64,
    pub keep_unused_hours: i64,
    pub stalled_minutes: i64,
    #[serde(default)]
    pub source: Vec<Expected>,
}

/// A source that is expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub name: String,
    pub title: String,
    pub every_hours: i64,
}

impl ImportPolicy {
    fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        ImportPolicy::read(files).map(|p| Arc::new(p) as Arc<dyn Any + Send + Sync>)
    }

    pub fn read(files: &Files) -> Result<ImportPolicy, PolicyError> {
        let file = "intake/sources.toml";
        let policy = files.read::<ImportPolicy>(file)?.policy;
        let wrong = |problem: String| Err(PolicyError::new(file, problem));
        if policy.max_upload_bytes == 0 || policy.dry_run_rows == 0 {
            return wrong("max_upload_bytes and dry_run_rows must be more than 0".to_owned());
        }
        let times = [
            policy.keep_raw_days,
            policy.keep_unused_hours,
            policy.stalled_minutes,
        ];
        if times.iter().any(|t| *t < 1) {
            return wrong("times must be at least 1".to_owned());
        }
        if let Some(s) = policy
            .source
            .iter()
            .find(|s| s.every_hours < 1 || s.name.is_empty())
        {
            return wrong(format!(
                "source {:?} needs a name and every_hours of 1 or more",
                s.name
            ));
        }
        Ok(policy)
    }

    /// When a source's next file is due; none when nothing is expected of it.
    fn due(&self, name: &str, since: Timestamp) -> Option<Timestamp> {
        let expected = self.source.iter().find(|s| s.name == name)?;
        Some(since.plus_minutes(expected.every_hours.saturating_mul(60)))
    }
}

const COLUMNS: &[&str] = &[
    "name",
    "title",
    "mapping",
    "last_at",
    "updated_at",
    "updated_by",
];

/// Tells a source's clock that something arrived, and clears its alarm. For every way in that has a
/// source: files, feeds, the API.
pub async fn note_arrival(tx: &mut Tx<'_>, source: &str, title: &str) -> store::Result<()> {
    let sql = Sql::new("select name from intake_source where ")
        .with("name = ? and silent_since is not null", [source.into()]);
    if tx.first(sql).await?.is_some() {
        tx.enter(Entry {
            kind: "source",
            id: source.to_owned(),
            detail: serde_json::json!({ "alarm": "cleared" }).to_string(),
            ..Entry::default()
        });
    }
    let (now, by) = (tx.now(), tx.grant().actor_name().to_owned());
    let row = vec![
        source.into(),
        title.into(),
        "".into(),
        now.into(),
        now.into(),
        by.as_str().into(),
    ];
    let update = "on conflict (name) do update set last_at = excluded.last_at, silent_since = null";
    tx.insert(
        "intake_source",
        COLUMNS,
        vec![row],
        OnConflict::Update(update),
    )
    .await
    .map(drop)
}

/// Keeps the mapping a person confirmed for a source, to be offered next time.
pub async fn save_mapping(tx: &mut Tx<'_>, mapping: &Mapping) -> store::Result<()> {
    let text = mapping
        .to_toml()
        .map_err(|e| store::Error::invalid(e.to_string()))?;
    let (now, by) = (tx.now(), tx.grant().actor_name().to_owned());
    let row = vec![
        mapping.source.as_str().into(),
        mapping.title.as_str().into(),
        text.into(),
        store::Value::Int(None),
        now.into(),
        by.into(),
    ];
    let update = "on conflict (name) do update set mapping = excluded.mapping, \
        title = excluded.title, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    tx.insert(
        "intake_source",
        COLUMNS,
        vec![row],
        OnConflict::Update(update),
    )
    .await
    .map(drop)
}

/// Mappings people confirmed, by source. One that cannot be read any more is passed over: the
/// mapping page offers the next best.
pub async fn saved_mappings(conn: &mut Conn<'_>) -> store::Result<Vec<Mapping>> {
    let rows = conn
        .rows("select name, mapping from intake_source where mapping <> '' order by name limit 500")
        .await?;
    let mut saved = Vec::with_capacity(rows.len());
    for row in rows {
        let (name, text): (String, String) = (row.get("name")?, row.get("mapping")?);
        saved.extend(Mapping::from_toml(&name, &text).ok());
    }
    Ok(saved)
}

/// The same for whoever may see sources.
pub async fn saved(app: &App, who: &Actor) -> store::Result<Vec<Mapping>> {
    let grant = who.permit(
        &VIEW,
        &Resource::of("source", "").of_unit(who.unit.clone()),
        "",
    )?;
    saved_mappings(&mut app.store().read(&grant).await?.conn()).await
}

/// A source and its clock.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceClock {
    /// Key of the source.
    pub name: String,
    pub title: String,
    /// Hours within which something is expected; none when nothing is.
    pub every_hours: Option<i64>,
    /// When something new last arrived.
    #[schema(value_type = Option<String>)]
    pub last_at: Option<Timestamp>,
    /// When the next is due.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// Since when the source has been silent although something was due.
    #[schema(value_type = Option<String>)]
    pub silent_since: Option<Timestamp>,
    /// Whether a mapping was confirmed and is offered for its next file.
    pub has_mapping: bool,
}

/// All sources, those that policy expects first. A force has tens of them.
pub async fn clocks(conn: &mut Conn<'_>, policy: &ImportPolicy) -> store::Result<Vec<SourceClock>> {
    let rows = conn
        .rows(
            "select name, title, last_at, silent_since, expected_since, \
             case when mapping = '' then 0 else 1 end as has_mapping \
             from intake_source order by name limit 500",
        )
        .await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let (name, last_at): (String, Option<Timestamp>) = (row.get("name")?, row.get("last_at")?);
        let since = last_at.or(row.get("expected_since")?);
        let expected = policy.source.iter().find(|s| s.name == name);
        all.push(SourceClock {
            title: expected.map_or(row.get("title")?, |e| e.title.clone()),
            every_hours: expected.map(|e| e.every_hours),
            due_at: since.and_then(|since| policy.due(&name, since)),
            silent_since: expected.map_or(Ok(None), |_| row.get("silent_since"))?,
            has_mapping: row.get("has_mapping")?,
            last_at,
            name,
        });
    }
    all.sort_by_key(|s| s.every_hours.is_none());
    Ok(all)
}

/// Sources whose alarm is raised now.
pub async fn silent(app: &App, who: &Actor) -> store::Result<Vec<SourceClock>> {
    let mut all = list(app, who).await?;
    all.retain(|s| s.silent_since.is_some());
    Ok(all)
}

/// Every source and its clock, for whoever may see them.
pub async fn list(app: &App, who: &Actor) -> store::Result<Vec<SourceClock>> {
    let grant = who.permit(
        &VIEW,
        &Resource::of("source", "").of_unit(who.unit.clone()),
        "",
    )?;
    let mut db = app.store().read(&grant).await?;
    let policy = app.policy::<ImportPolicy>()?;
    clocks(&mut db.conn(), &policy).await
}

fn watching(app: App) -> Tick {
    Box::pin(async move { watch(&app).await.map(drop) })
}

/// Starts the clock of newly expected sources and raises the alarm of silent ones, each once; says
/// the names of those raised.
pub async fn watch(app: &App) -> store::Result<Vec<String>> {
    let policy = app.policy::<ImportPolicy>()?;
    let known = list(app, &app.system()).await?;
    let mut raised = Vec::new();
    for expected in &policy.source {
        let clock = known.iter().find(|s| s.name == expected.name);
        let started = clock.is_some_and(|c| c.due_at.is_some());
        if !started {
            start_clock(app, expected).await?;
            continue;
        }
        let due = clock
            .filter(|c| c.silent_since.is_none())
            .and_then(|c| c.due_at);
        if let Some(due) = due.filter(|due| *due < app.now())
            && raise(app, expected, due).await?
        {
            tracing::warn!(source = %expected.name, "nothing has arrived for too long");
            raised.push(expected.name.clone());
        }
    }
    Ok(raised)
}

async fn start_clock(app: &App, expected: &Expected) -> store::Result<()> {
    let grant = app.system().permit(
        &WATCH,
        &Resource::of("source", expected.name.clone()),
        "expected from now on",
    )?;
    let (name, title) = (expected.name.clone(), expected.title.clone());
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let row = vec![
                    name.into(),
                    title.into(),
                    "".into(),
                    now.into(),
                    "system".into(),
                    now.into(),
                ];
                let columns = &[
                    "name",
                    "title",
                    "mapping",
                    "updated_at",
                    "updated_by",
                    "expected_since",
                ];
                let update = "on conflict (name) do update set expected_since = \
                    coalesce(intake_source.expected_since, excluded.expected_since)";
                tx.insert(
                    "intake_source",
                    columns,
                    vec![row],
                    OnConflict::Update(update),
                )
                .await
                .map(drop)
            })
        })
        .await
}

/// Raises the alarm unless it is raised, or something has just arrived.
async fn raise(app: &App, expected: &Expected, due: Timestamp) -> store::Result<bool> {
    let grant = app.system().permit(
        &WATCH,
        &Resource::of("source", expected.name.clone()),
        "nothing arrived in time",
    )?;
    let (name, hours) = (expected.name.clone(), expected.every_hours);
    let raised = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let since = tx.now().plus_minutes(-hours.saturating_mul(60));
                let sql = Sql::new("update intake_source set ").with(
                    "silent_since = ? where name = ? and silent_since is null \
                     and (last_at is null or last_at < ?)",
                    [due.into(), name.into(), since.into()],
                );
                if tx.run(sql).await? == 0 {
                    Err(store::Error::Conflict)
                } else {
                    Ok(())
                }
            })
        })
        .await;
    match raised {
        Ok(()) => Ok(true),
        Err(store::Error::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage {
    page: Page,
    sources: Vec<SourceClock>,
    silent: usize,
    may_import: bool,
}

async fn page(State(app): State<App>, who: SignedIn) -> web::Result<Response> {
    let sources = list(&app, &who.actor).await?;
    let silent = sources.iter().filter(|s| s.silent_since.is_some()).count();
    web::html(&SourcesPage {
        page: who
            .page(&app, "Sources", "/imports")
            .breadcrumb("Imports", "/imports"),
        may_import: who.may(&crate::imports::IMPORT),
        sources,
        silent,
    })
}

/// Sources and their clocks: what last arrived, what is due, what is overdue.
#[utoipa::path(
    get, path = "/sources", summary = "List sources and their clocks",
    responses((status = 200, description = "Every source, expected ones first", body = Vec<SourceClock>))
)]
async fn list_sources(State(app): State<App>, who: SignedIn) -> web::Result<Response> {
    let sources = list(&app, &who.actor).await?;
    Ok(web::json(axum::http::StatusCode::OK, &sources))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl Fn(&str) -> String) -> Result<ImportPolicy, PolicyError> {
        let shipped = include_str!("../../../policy/intake/sources.toml");
        let mut files = Files::default();
        files
            .0
            .insert("intake/sources.toml".to_owned(), change(shipped));
        ImportPolicy::read(&files)
    }

    #[test]
    fn the_shipped_policy_is_sound_and_its_sources_have_mappings() {
        let policy = read(str::to_owned).unwrap();
        let shipped: Vec<&str> = crate::files::SHIPPED
            .iter()
            .map(|(name, _)| *name)
            .collect();
        for source in &policy.source {
            assert!(shipped.contains(&source.name.as_str()), "{}", source.name);
        }
    }

    #[test]
    fn mistakes_are_refused_by_name() {
        for (from, to, says) in [
            ("keep_raw_days = 90", "keep_raw_days = 0", "at least 1"),
            ("every_hours = 168", "every_hours = 0", "every_hours"),
            (
                "max_upload_bytes = 1_073_741_824",
                "max_upload_bytes = 0",
                "max_upload_bytes",
            ),
            ("keep_raw_days", "keep_row_days", "keep_row_days"),
        ] {
            let error = read(|text| text.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn only_expected_sources_are_due() {
        let policy = read(str::to_owned).unwrap();
        let since = Timestamp::from_micros(0);
        assert_eq!(
            policy.due("national-pursue", since),
            Some(since.plus_days(7))
        );
        assert_eq!(policy.due("county-list", since), None);
    }
}
