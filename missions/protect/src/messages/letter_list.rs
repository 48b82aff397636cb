//! Letters that wait to be posted: listed, printed all together, and recorded as posted.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Grant, Resource, Scope};
use record::ids::RecordId;
use record::time::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use store::{Conn, Entry, Error as StoreError, Result, Shown, Sql, work};
use web::parts::words::plural;
use web::parts::{Button, Empty, Hidden, Notice, Page, Pagination, SubNav, Tick, TimeStamp};
use web::{App, Error, Form, SignedIn};

use super::letter_pdf::{answer, hindrance, made, refuse_unbuilt};
use super::letters::{Letter, settle};
use super::{LETTERS_LIST, PRINT, SEND};
use crate::care_record::fields::Fields;
use crate::victim_care::{Caller, Care, permit};

/// Letters on one page of the list.
const PAGE: usize = 100;
/// Letters in one PDF; the next ones are printed when these are recorded as posted.
const MOST_PRINTED: usize = 300;
/// Identifiers in one entry of a disclosure.
const IN_ONE_ENTRY: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    after: String,
    done: String,
    count: u64,
}

struct Row {
    id: String,
    name: String,
    reference: String,
    address: String,
    at: Timestamp,
    /// Why it is not in the PDF.
    left_out: Option<String>,
}

#[derive(Template)]
#[template(path = "messages/letters.html")]
struct LettersPage {
    page: Page,
    views: Option<SubNav>,
    rows: Vec<Row>,
    count: String,
    may_post: bool,
    /// "Print 12 letters (PDF)"; none when there is nothing to print or no right to.
    print: Option<String>,
    built: bool,
    pages: Pagination,
}

/// Letters that wait, oldest first, as far as the reader may see them. They lie with the item they are about.
fn waiting(scope: &Scope, select: &'static str) -> Sql {
    let sql = Sql::new(select)
        .then(" from protect_letter l join work_item w on w.id = l.item where l.state = 'to_post'");
    let mut sql = sql.with(" and l.marking <= ?", [scope.ceiling.into()]);
    if scope.compartments.is_empty() {
        sql = sql.then(" and l.compartment is null");
    } else {
        let named = scope.compartments.iter().map(|c| c.as_str().into());
        sql = sql
            .then(" and (l.compartment is null or")
            .within(" l.compartment in", named)
            .then(")");
    }
    work::visible(sql, scope)
}

async fn letters(
    conn: &mut Conn<'_>,
    scope: &Scope,
    after: Option<(i64, RecordId)>,
    most: usize,
) -> Result<Vec<Letter>> {
    let mut sql = waiting(scope, "select l.*");
    if let Some((at, id)) = after {
        sql = sql.with(" and (l.created_at, l.id) > (?, ?)", [at.into(), id.into()]);
    }
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let sql = sql.with(" order by l.created_at, l.id limit ?", [most.into()]);
    conn.rows(sql).await?.iter().map(Letter::of_row).collect()
}

fn resource(who: &SignedIn) -> Resource {
    Resource::of("page", "letters").of_unit(who.actor.unit.clone())
}

/// `GET /letters`.
pub async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> std::result::Result<Response, Error> {
    let grant = permit(&app, &who.actor, &LETTERS_LIST, &resource(&who), "").await?;
    let scope = who.actor.scope();
    let after = asked
        .after
        .split_once('.')
        .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id.parse::<RecordId>().ok()?)));
    let mut reader = app.store().read_to_show(&grant).await?;
    let mut conn = reader.conn();
    let mut found = letters(&mut conn, &scope, after, PAGE + 1).await?;
    let count = conn.count(waiting(&scope, "select count(*) as n")).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let shown = Shown {
        kind: "letter",
        query: "to post".to_owned(),
        ids: found.iter().map(|l| l.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    let next = found.last().filter(|_| more);
    let next = next.map(|l| format!("/letters?after={}.{}", l.created_at.micros(), l.id));
    let total = usize::try_from(count).unwrap_or(0);
    let printed = total.min(MOST_PRINTED) as u64;
    let prints = documents::BUILT && printed > 0 && who.may(&PRINT);
    let mut page = who.page(&app, "Letters to post", "/messages");
    page.notice = notice(&asked);
    web::html(&LettersPage {
        page,
        views: who.may_open(&app, "/messages").then(|| {
            SubNav::new("Views")
                .view("Messages", "/messages", false, None)
                .view("Letters", "/letters", true, None)
        }),
        rows: found.iter().map(row).collect(),
        count: plural(total as u64, "letter waits", "letters wait"),
        may_post: who.may(&SEND),
        print: prints.then(|| match total > MOST_PRINTED {
            true => format!("Print the first {printed} letters (PDF)"),
            false => format!("Print {} (PDF)", plural(printed, "letter", "letters")),
        }),
        built: documents::BUILT,
        pages: Pagination::new("Pages of letters").next(next),
    })
}

fn notice(asked: &Asked) -> Option<Notice> {
    match asked.done.as_str() {
        "posted" => {
            let letters = plural(asked.count, "letter", "letters");
            Some(Notice::success(format!("Recorded: {letters} posted.")))
        }
        "nothing" => Some(Notice::error("Tick the letters that were posted.")),
        "none" => Some(Notice::info("No letter waits that can be printed.")),
        _ => None,
    }
}

fn row(letter: &Letter) -> Row {
    let address = letter.address.split_whitespace().collect::<Vec<_>>();
    Row {
        id: letter.id.to_string(),
        name: letter.name.clone(),
        reference: letter.reference.clone(),
        address: address.join(" "),
        at: letter.created_at,
        left_out: hindrance(letter),
    }
}

/// `GET /letters/to-post.pdf`: all letters that wait, for the printer. What it holds is entered before it is given out.
pub async fn print(State(app): State<App>, who: SignedIn) -> std::result::Result<Response, Error> {
    refuse_unbuilt()?;
    let grant = permit(&app, &who.actor, &PRINT, &resource(&who), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let mut all = letters(&mut reader.conn(), &who.actor.scope(), None, MOST_PRINTED).await?;
    drop(reader);
    all.retain(|l| hindrance(l).is_none());
    if all.is_empty() {
        return Ok(Redirect::to("/letters?done=none").into_response());
    }
    let ids: Vec<String> = all.iter().map(|l| l.id.to_string()).collect();
    let of = hex::encode(Sha256::digest(ids.join(",")));
    let pdf = made(
        &app,
        "Letters to post".to_owned(),
        format!("letters {of}"),
        all,
    )
    .await?;
    disclose(&app, &grant, ids, hex::encode(Sha256::digest(&pdf))).await?;
    Ok(answer("letters-to-post.pdf", pdf))
}

async fn disclose(
    app: &App,
    grant: &Grant,
    ids: Vec<String>,
    digest: String,
) -> std::result::Result<(), Error> {
    let entered = app.store().write(grant, move |tx| {
        Box::pin(async move {
            for part in ids.chunks(IN_ONE_ENTRY) {
                tx.enter(Entry {
                    kind: "letter",
                    id: "to-post.pdf".to_owned(),
                    content: digest.clone(),
                    detail: serde_json::json!({ "shown": part, "count": ids.len() }).to_string(),
                });
            }
            Ok(())
        })
    });
    Ok(entered.await?)
}

/// `POST /letters`: those ticked were posted, all of them or none.
pub async fn posted(
    State(app): State<App>,
    who: SignedIn,
    Form(pairs): Form<Vec<(String, String)>>,
) -> std::result::Result<Response, Error> {
    let ticked: BTreeSet<RecordId> = Fields(pairs)
        .all("letter")
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    if ticked.is_empty() {
        return Ok(Redirect::to("/letters?done=nothing").into_response());
    }
    let grant = permit(&app, &who.actor, &SEND, &resource(&who), "").await?;
    let (scope, care) = (who.actor.scope(), app.policy::<Care>()?);
    let mut reader = app.store().read(&grant).await?;
    let sql =
        waiting(&scope, "select l.*").within(" and l.id in", ticked.iter().map(|i| (*i).into()));
    let held = reader.rows(sql).await?;
    drop(reader);
    let held = held
        .iter()
        .map(Letter::of_row)
        .collect::<Result<Vec<_>>>()?;
    let changed = || Error::Conflict {
        what:
            "Somebody else has recorded what became of one of these letters. Nothing was recorded"
                .to_owned(),
        href: "/letters".to_owned(),
    };
    let may = |letter: &Letter| who.actor.may(&SEND, &letter.resource);
    if held.len() != ticked.len() || !held.iter().all(may) {
        return Err(changed());
    }
    let by = Caller {
        id: who.actor.id,
        name: who.actor.name.clone(),
        unit: who.actor.unit.clone(),
    };
    let count = held.len();
    let written = app.store().write(&grant, move |tx| {
        Box::pin(async move {
            for letter in held {
                let one = (letter.id, letter.item);
                settle(tx, &care, (&scope, by.clone()), one, "posted").await?;
            }
            Ok(())
        })
    });
    match written.await {
        Err(StoreError::Conflict) => Err(changed()),
        other => {
            other?;
            Ok(Redirect::to(&format!("/letters?done=posted&count={count}")).into_response())
        }
    }
}
