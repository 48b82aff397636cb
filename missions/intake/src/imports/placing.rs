//! The mapping page: what each column of an uploaded file is, tried before it is done.

use std::path::PathBuf;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::ids::ImportId;
use record::report::{FIELDS, Feed};
use serde::Deserialize;
use store::{Reader, Sql};
use web::parts::*;
use web::{App, Form, SignedIn};

use super::choose::tells_of_reports;
use super::offered::{every_mapping, look, starts};
use super::pages::{counted, findings, id_of};
use super::placed::{feed_of, field_of, key_of, placed, shown, title_of};
use super::receipt::{Receipt, State as Standing};
use super::trial::{Columns, Trial};
use super::{IMPORT, allow, begin, receipts, resource, watch};
use crate::files::{DateOrder, Mapping};
use crate::receive::Desk;
use crate::sources::{self, ImportPolicy};

/// Which mapping to start from, when it is not the one that fits.
#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    mapping: String,
}

/// The file as it lies on the mapping page.
struct Table {
    receipt: Receipt,
    path: PathBuf,
    /// Key of the mapping begun from: `saved:NAME`, `shipped:NAME` or `guessed`.
    start: String,
    mapping: Mapping,
    how: String,
    columns: Columns,
    all: Vec<(String, Mapping)>,
}

/// Why a file cannot be placed: it is not waiting any more, or cannot be read.
enum Cannot {
    Gone(Receipt),
    Read {
        receipt: Receipt,
        problem: String,
        all: Vec<(String, Mapping)>,
    },
}

/// One heading of the form.
struct Column {
    number: usize,
    heading: String,
    examples: Vec<String>,
    field: Option<&'static str>,
}

/// One field that can be chosen.
struct FieldChoice {
    name: &'static str,
    title: String,
    about: &'static str,
}

impl FieldChoice {
    fn of(field: &record::report::Field) -> FieldChoice {
        FieldChoice {
            name: field.name,
            title: title_of(field.name),
            about: field.about,
        }
    }
}

/// A value of a drop-down list, in a fixed order.
type Worded = (&'static str, &'static str);

const DATE_ORDERS: [(DateOrder, Worded); 3] = [
    (DateOrder::DayFirst, ("day_first", "Day first: 23/11/2026")),
    (
        DateOrder::MonthFirst,
        ("month_first", "Month first: 11/23/2026"),
    ),
    (
        DateOrder::UnixSeconds,
        ("unix_seconds", "Seconds since 1970"),
    ),
];

#[derive(Template)]
#[template(path = "import_mapping.html")]
struct MappingPage {
    page: Page,
    receipt: Receipt,
    errors: FieldErrors,
    start: String,
    how: String,
    starts: Vec<Choice>,
    source: String,
    feeds: Vec<Choice>,
    date_orders: Vec<Choice>,
    columns: Vec<Column>,
    fields: Vec<FieldChoice>,
    trial: Option<Trial>,
    held_already: i64,
}

#[derive(Template)]
#[template(path = "import_unreadable.html")]
struct UnreadablePage {
    page: Page,
    receipt: Receipt,
    problem: String,
    starts: Vec<Choice>,
}

/// What the form said.
struct Answers {
    start: String,
    source: String,
    feed: Option<Feed>,
    date_order: Option<DateOrder>,
    fields: Vec<Option<&'static str>>,
    import: bool,
}

impl Answers {
    fn read(pairs: &[(String, String)]) -> Answers {
        let of = |name: &str| {
            pairs
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.trim())
                .unwrap_or_default()
        };
        let placed = |i: usize| pairs.iter().find(|(n, _)| *n == format!("col-{i}"));
        let mut fields = Vec::new();
        while let Some((_, word)) = placed(fields.len() + 1) {
            fields.push(field_of(word));
        }
        let date_order = DATE_ORDERS
            .iter()
            .find(|(_, (w, _))| *w == of("date_order"));
        Answers {
            start: of("start").to_owned(),
            source: of("source").to_owned(),
            feed: feed_of(of("feed")),
            date_order: date_order.map(|(order, _)| *order),
            fields,
            import: of("do") == "import",
        }
    }

    /// The mapping these answers make, and what is wrong with them.
    fn mapping(&self, table: &Table) -> (Mapping, FieldErrors) {
        let mut errors = FieldErrors::new();
        let mut mapping = placed(&table.mapping, &table.columns.headings, &self.fields);
        mapping.feed = self.feed.unwrap_or(mapping.feed);
        mapping.date_order = self.date_order.unwrap_or(mapping.date_order);
        let source = key_of(&self.source);
        if source.is_empty() {
            errors.add("source", "Enter a name for the source, such as county-list");
        } else {
            if source != mapping.source && table.start == "guessed" {
                self.source.clone_into(&mut mapping.title);
            }
            mapping.name.clone_from(&source);
            mapping.source = source;
        }
        if !tells_of_reports(&mapping) {
            let says = "Say which column is the reference, the narrative or something of the \
                victim's. Without one of these the rows are no reports";
            errors.add_at("columns", "col-1", says);
        }
        if let Some(wrong) = unfit(&mapping, &table.columns.headings) {
            errors.add_at("columns", "col-1", wrong);
        }
        (mapping, errors)
    }
}

fn unfit(mapping: &Mapping, headings: &[String]) -> Option<String> {
    let headings = crate::files::Headings::new(headings.iter().cloned());
    let rejected = record::Severity::Rejected;
    let findings = mapping.validate(&headings);
    findings
        .iter()
        .find(|f| f.severity == rejected)
        .map(ToString::to_string)
}

/// The page as it stands before anything was answered.
pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
) -> web::Result<Response> {
    let id = id_of(&id)?;
    let (mut db, desk) = open(&app, &who, id).await?;
    match table(&app, &mut db, &desk, id, &ask.mapping).await? {
        Err(cannot) => refuse(&app, &who, cannot),
        Ok(table) => {
            let fields = shown(&table.mapping, &table.columns.headings);
            let page = MappingPage::of(&app, &who, table, &fields, FieldErrors::new());
            web::html(&page)
        }
    }
}

/// The dry run, or the import itself.
pub(super) async fn answered(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> web::Result<Response> {
    let answers = Answers::read(&pairs);
    let id = id_of(&id)?;
    let (mut db, desk) = open(&app, &who, id).await?;
    let table = match table(&app, &mut db, &desk, id, &answers.start).await? {
        Ok(table) => table,
        Err(Cannot::Gone(receipt)) if answers.import => {
            return Err(web::Error::Conflict {
                what: format!(
                    "{} began this import at {}",
                    receipt.by_name,
                    receipt.started_at.show()
                ),
                href: format!("/imports/{id}"),
            });
        }
        Err(cannot) => return refuse(&app, &who, cannot),
    };
    let (mapping, errors) = answers.mapping(&table);
    if answers.import && errors.is_empty() {
        drop(db);
        begin::start(&app, &who.actor, &table.receipt, mapping, true).await?;
        return Ok(Redirect::to(&format!("/imports/{id}")).into_response());
    }
    let tried = if errors.is_empty() {
        Some(tried(&app, &mut db, &desk, &table, &mapping).await?)
    } else {
        None
    };
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let mut page = MappingPage::of(&app, &who, table, &answers.fields, errors);
    page.answered(&answers);
    if let Some((trial, held)) = tried {
        page.held_already = held;
        page.trial = Some(trial);
    }
    web::html_with(status, &page)
}

async fn open(
    app: &App,
    who: &SignedIn,
    id: ImportId,
) -> web::Result<(Reader, std::sync::Arc<Desk>)> {
    let desk = app.policy::<Desk>()?;
    let grant = allow(app, &who.actor, &IMPORT, &resource(&desk, id), "columns").await?;
    Ok((app.store().read(&grant).await?, desk))
}

fn refuse(app: &App, who: &SignedIn, cannot: Cannot) -> web::Result<Response> {
    match cannot {
        Cannot::Gone(receipt) => {
            Ok(Redirect::to(&format!("/imports/{}", receipt.id)).into_response())
        }
        Cannot::Read {
            receipt,
            problem,
            all,
        } => {
            let page = UnreadablePage {
                page: who
                    .page(app, "The file cannot be read", "/imports")
                    .breadcrumb("Imports", "/imports"),
                starts: starts(&all, ""),
                receipt,
                problem,
            };
            web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

async fn table(
    app: &App,
    db: &mut Reader,
    desk: &Desk,
    id: ImportId,
    start: &str,
) -> web::Result<Result<Table, Cannot>> {
    let held = receipts::find(db, id).await?;
    if held.receipt.state != Standing::Waiting || !held.has_raw {
        return Ok(Err(Cannot::Gone(held.receipt)));
    }
    let saved = sources::saved_mappings(&mut db.conn()).await?;
    let all = every_mapping(&saved);
    let path = watch::raw_file(app.store(), id);
    let named = all.iter().find(|(key, _)| key == start).cloned();
    let (limits, place, guess) = (desk.limits.clone(), path.clone(), start == "guessed");
    let looked = tokio::task::spawn_blocking(move || look(&place, &limits, saved, named, guess))
        .await
        .map_err(|e| web::Error::internal(&e))?;
    Ok(match looked {
        Ok((start, mapping, how, columns)) => Ok(Table {
            receipt: held.receipt,
            path,
            start,
            mapping,
            how,
            columns,
            all,
        }),
        Err(problem) => Err(Cannot::Read {
            receipt: held.receipt,
            problem: problem.to_string(),
            all,
        }),
    })
}

/// The dry run, and how many of its references are held already.
async fn tried(
    app: &App,
    db: &mut Reader,
    desk: &std::sync::Arc<Desk>,
    table: &Table,
    mapping: &Mapping,
) -> web::Result<(Trial, i64)> {
    let most = app.policy::<ImportPolicy>()?.dry_run_rows;
    let (desk, path, mapping, now) = (
        std::sync::Arc::clone(desk),
        table.path.clone(),
        mapping.clone(),
        app.now(),
    );
    let source = mapping.source.clone();
    let trial = tokio::task::spawn_blocking(move || Trial::run(&path, &mapping, &desk, now, most))
        .await
        .map_err(|e| web::Error::internal(&e))?;
    let references: Vec<&String> = trial.references.iter().collect();
    let mut held = 0;
    for part in references.chunks(512) {
        let sql = Sql::new("select count(*) as n from intake_report where ")
            .with("source = ? and", [source.as_str().into()])
            .within(" reference in", part.iter().map(|r| r.as_str().into()));
        held += db.count(sql).await?;
    }
    Ok((trial, held))
}

/// Reports that would be new.
fn counted_less(accepted: &u64, held: &i64) -> String {
    counted(&accepted.saturating_sub(held.unsigned_abs()))
}

impl MappingPage {
    fn of(
        app: &App,
        who: &SignedIn,
        table: Table,
        fields: &[Option<&'static str>],
        errors: FieldErrors,
    ) -> MappingPage {
        let Table {
            receipt,
            start,
            mapping,
            how,
            columns,
            all,
            ..
        } = table;
        let title = format!("Columns of {}", receipt.file_name);
        let columns = columns
            .headings
            .into_iter()
            .zip(columns.examples)
            .enumerate();
        let columns = columns
            .map(|(i, (heading, examples))| Column {
                number: i + 1,
                heading,
                examples,
                field: fields.get(i).copied().flatten(),
            })
            .collect();
        let feed = |f: &Feed| Choice::new(f.name(), f.title()).chosen(*f == mapping.feed);
        let order = |(order, (word, title)): &(DateOrder, Worded)| {
            Choice::new(*word, *title).chosen(*order == mapping.date_order)
        };
        MappingPage {
            page: who
                .page(app, &title, "/imports")
                .breadcrumb("Imports", "/imports")
                .with_errors(&errors),
            receipt,
            errors,
            starts: starts(&all, &start),
            // A guess has no source yet: a person names it.
            source: if start == "guessed" {
                String::new()
            } else {
                mapping.source
            },
            start,
            how,
            feeds: Feed::ALL.iter().map(feed).collect(),
            date_orders: DATE_ORDERS.iter().map(order).collect(),
            columns,
            fields: FIELDS.iter().map(FieldChoice::of).collect(),
            trial: None,
            held_already: 0,
        }
    }

    /// Keeps what was typed.
    fn answered(&mut self, answers: &Answers) {
        self.source.clone_from(&answers.source);
        if let Some(feed) = answers.feed {
            for choice in &mut self.feeds {
                choice.chosen = choice.value == feed.name();
            }
        }
        if let Some(order) = answers.date_order {
            for (choice, (this, _)) in self.date_orders.iter_mut().zip(DATE_ORDERS) {
                choice.chosen = this == order;
            }
        }
    }
}
