//! What a caller writes is kept while they speak: a lost connection loses nothing. One draft for each
//! caller and item, seen by nobody else, taken away when the contact is recorded.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use record::access::{Act, ActKind, Resource};
use record::ids::{ActorId, WorkItemId};
use record::time::Timestamp;
use store::{Conn, OnConflict, Sql, Tx, work};
use web::{App, Form, SignedIn, Tick};

use super::{Care, QUEUE, find, href, item_id, notices, permit};

pub const DRAFT: Act = Act::new(
    "victim_care.draft",
    ActKind::Alteration,
    "Keep what is written during a call",
);
/// Done by the system alone.
pub const EXPIRE: Act = Act::new(
    "victim_care.expire_drafts",
    ActKind::Erasure,
    "Take away drafts nobody went on with",
);

/// Longest draft, in bytes: the form with its longest note several times over.
const MOST_BYTES: usize = 64 * 1024;

/// What was written before.
#[derive(Debug, Clone)]
pub struct Draft {
    pub at: Timestamp,
    pub fields: Vec<(String, String)>,
}

/// The caller's own draft, if there is one.
pub async fn read(
    conn: &mut Conn<'_>,
    item: WorkItemId,
    actor: ActorId,
) -> store::Result<Option<Draft>> {
    let sql = Sql::new("select saved_at, fields from protect_draft where ")
        .with("item = ? and actor = ?", [item.into(), actor.into()]);
    let row = conn.first(sql).await?;
    row.map(|r| {
        Ok(Draft {
            at: r.get("saved_at")?,
            fields: r.json("fields")?,
        })
    })
    .transpose()
}

/// Takes the draft away, in the transaction that records the contact.
pub async fn forget(tx: &mut Tx<'_>, item: WorkItemId, actor: ActorId) -> store::Result<()> {
    let sql = Sql::new("delete from protect_draft where ")
        .with("item = ? and actor = ?", [item.into(), actor.into()]);
    tx.run(sql).await.map(drop)
}

/// `POST /victim-care/{id}/draft`: by the page's script as one writes, or by the button.
pub async fn save(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let item = find(&app, &who.actor, item_id(&id)?).await?;
    let grant = permit(&app, &who.actor, &DRAFT, &work::resource(&item), "").await?;
    let kept: Vec<_> = fields
        .into_iter()
        .filter(|(name, _)| name != "csrf")
        .collect();
    let text = serde_json::to_string(&kept).map_err(|e| web::Error::internal(&e))?;
    if text.len() > MOST_BYTES {
        let most = format!(
            "a draft may hold {} kB. Shorten the note",
            MOST_BYTES / 1024
        );
        return Err(web::Error::TooLarge(most));
    }
    let (id, actor) = (item.id, who.actor.id);
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let row = vec![id.into(), actor.into(), tx.now().into(), text.into()];
                let columns = &["item", "actor", "saved_at", "fields"];
                let update = "on conflict (item, actor) do update set saved_at = excluded.saved_at, \
                    fields = excluded.fields";
                tx.insert("protect_draft", columns, vec![row], OnConflict::Update(update)).await
            })
        })
        .await?;
    if headers.contains_key("x-draft") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(notices::go(&href(item.id), "drafted", 1))
}

/// The job's run: drafts older than policy says are taken away.
pub fn expire(app: App) -> Tick {
    Box::pin(async move {
        let care = app.policy::<Care>()?;
        let before = app.now().plus_days(-i64::from(care.draft_days));
        let queue = Resource::of("queue", QUEUE);
        let count = Sql::new("select count(*) as n from protect_draft where ")
            .with("saved_at < ?", [before.into()]);
        let look = app.system().permit(&super::watch::LOOK, &queue, "")?;
        let old = app.store().read(&look).await?.count(count).await?;
        if old == 0 {
            return Ok(());
        }
        let grant = app
            .system()
            .permit(&EXPIRE, &queue, "older than policy keeps them")?;
        app.store()
            .write(&grant, move |tx| {
                Box::pin(async move {
                    let sql = Sql::new("delete from protect_draft where ")
                        .with("saved_at < ?", [before.into()]);
                    tx.run(sql).await.map(drop)
                })
            })
            .await
    })
}
