//! A person's own views: a filter kept under a name.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::ActorId;
use serde::Deserialize;
use store::{Conn, OnConflict, Sql};
use web::{App, Form, SignedIn};

use super::query::Query;
use super::{SAVE_VIEW, permit};

/// Most characters of a name.
const LONGEST_NAME: usize = 40;
/// Most views one person keeps.
const MOST: i64 = 12;

/// A view as kept.
#[derive(Debug, Clone)]
pub struct Saved {
    pub name: String,
    pub query: Query,
}

/// The person's views, by name.
pub async fn of(conn: &mut Conn<'_>, person: ActorId) -> store::Result<Vec<Saved>> {
    let sql = Sql::new("select name, query from intake_view where ")
        .with("person = ?", [person.into()])
        .with(" order by name limit ?", [MOST.into()]);
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Saved {
                name: row.get("name")?,
                query: Query::parse(&row.get::<String>("query")?),
            })
        })
        .collect()
}

#[derive(Deserialize)]
pub struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
}

/// Keeps the filter under a name; a name used before now means the new filter.
pub async fn save(
    State(app): State<App>,
    who: SignedIn,
    Form(fields): Form<Fields>,
) -> web::Result<Response> {
    let query = Query::parse(&fields.query).but(|_| {});
    let href = query.href();
    keep(&app, &who, &fields.name, query).await?;
    Ok(Redirect::to(&href).into_response())
}

/// Keeps a filter under a name, after asking for permission.
pub(super) async fn keep(app: &App, who: &SignedIn, name: &str, query: Query) -> web::Result<()> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        let remedy = format!("give the view a name of at most {LONGEST_NAME} characters");
        return Err(web::Error::BadRequest(remedy));
    }
    let person = who.actor.id;
    let thing = Resource::of("inbox_view", name.clone());
    let grant = permit(app, &who.actor, &SAVE_VIEW, &thing, "").await?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("select count(*) as n from intake_view where ").with(
                    "person = ? and name <> ?",
                    [person.into(), name.as_str().into()],
                );
                if tx.count(sql).await? >= MOST {
                    return Err(store::Error::Invalid(format!(
                        "you have {MOST} views. Remove one before you save another"
                    )));
                }
                let row = vec![
                    person.into(),
                    name.into(),
                    query.text().into(),
                    tx.now().into(),
                ];
                let columns = &["person", "name", "query", "saved_at"];
                let update = "on conflict (person, name) do update set query = excluded.query, \
                    saved_at = excluded.saved_at";
                tx.insert(
                    "intake_view",
                    columns,
                    vec![row],
                    OnConflict::Update(update),
                )
                .await
            })
        })
        .await?;
    Ok(())
}

/// Removes a view of one's own. The filter it stood for stays on the page.
pub async fn remove(
    State(app): State<App>,
    who: SignedIn,
    Form(fields): Form<Fields>,
) -> web::Result<Response> {
    let href = Query::parse(&fields.query).href();
    forget(&app, &who, fields.name).await?;
    Ok(Redirect::to(&href).into_response())
}

/// Removes a view by its name, after asking for permission. A name that is not there is no fault.
pub(super) async fn forget(app: &App, who: &SignedIn, name: String) -> web::Result<()> {
    let person = who.actor.id;
    let thing = Resource::of("inbox_view", name.clone());
    let grant = permit(app, &who.actor, &SAVE_VIEW, &thing, "").await?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("delete from intake_view where ")
                    .with("person = ? and name = ?", [person.into(), name.into()]);
                tx.run(sql).await
            })
        })
        .await?;
    Ok(())
}
