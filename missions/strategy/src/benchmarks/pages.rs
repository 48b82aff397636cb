//! The page of recorded crime: a list of months, one form for a month, one for a file.

use askama::Template;
use axum::extract::{Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get as on_get, post as on_post};
use record::access::Resource;
use record::time::{Date, Timestamp};
use serde::Deserialize;
use web::parts::{
    Button, Checkboxes, Choice, FieldErrors, FileUpload, Hidden, Input, Notice, Page, Pagination,
    TimeStamp, words,
};
use web::{App, Error, Form, SignedIn, check_csrf};

use super::read::{LIMIT, parse_total};
use super::{Benchmark, ENTER, Entered, MonthTotal, VIEW, enter_benchmark, read_totals, rows};
use crate::ask::ask;
use crate::windows::parse_month;

/// Months on one page.
const PAGE: i64 = 36;
/// Most bytes of a file of totals.
const MOST_BYTES: usize = 256 * 1024;
/// Longest source kept.
const LONGEST_SOURCE: usize = 200;

pub(super) fn get() -> MethodRouter<App> {
    on_get(page)
}

pub(super) fn post_one() -> MethodRouter<App> {
    on_post(enter_one)
}

pub(super) fn post_file() -> MethodRouter<App> {
    on_post(import)
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    before: Option<String>,
    done: Option<String>,
}

/// What was typed, to be shown again when something is wrong.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct Typed {
    month: String,
    value: String,
    source: String,
    replace: String,
}

struct Month {
    title: String,
    value: String,
    source: String,
    by: String,
    at: Timestamp,
    revised: bool,
}

#[derive(Template)]
#[template(path = "benchmarks.html")]
struct BenchmarksPage {
    page: Page,
    months: Vec<Month>,
    missing: String,
    typed: Typed,
    errors: FieldErrors,
    findings: Vec<String>,
    ask_replace: bool,
    replace_one: [Choice; 1],
    replace_all: [Choice; 1],
    next: Option<String>,
}

async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let mut shown = build(&app, &who, asked.before.as_deref()).await?;
    if asked.done.is_some() {
        shown.page = shown.page.notice(Notice::success(
            "The totals are kept. The figures use them within a minute or two.",
        ));
    }
    web::html(&shown)
}

async fn build(app: &App, who: &SignedIn, before: Option<&str>) -> Result<BenchmarksPage, Error> {
    let grant = ask(app, &who.actor, &VIEW, &Resource::of("page", "benchmarks")).await?;
    let before = before
        .map(|text| {
            parse_month(text).ok_or_else(|| Error::BadRequest(format!("{text:?} is not a month")))
        })
        .transpose()?;
    let mut db = app.store().read(&grant).await?;
    let all = rows(&mut db.conn(), LIMIT, None).await?;
    let mut held: Vec<&Benchmark> = all
        .iter()
        .filter(|b| before.is_none_or(|before| b.month < before))
        .collect();
    let page_len = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = held.len() > page_len;
    held.truncate(page_len);
    let next = held.last().filter(|_| more).map(|b| {
        format!(
            "/strategy/benchmarks?before={:04}-{:02}",
            b.month.year(),
            b.month.month()
        )
    });
    let page = who
        .page(app, "Recorded crime", "/strategy")
        .breadcrumb("Strategy", "/strategy");
    Ok(BenchmarksPage {
        page,
        months: held.into_iter().map(shown).collect(),
        missing: missing(&all, app.now().day()),
        typed: Typed::default(),
        errors: FieldErrors::new(),
        findings: Vec::new(),
        ask_replace: false,
        replace_one: [Choice::new(
            "yes",
            "Replace the earlier total. It is kept in the history",
        )],
        replace_all: [Choice::new("yes", "Replace them")],
        next,
    })
}

fn shown(b: &Benchmark) -> Month {
    Month {
        title: b.month.show_month(),
        value: words::count_in_words(b.value.unsigned_abs()),
        source: b.source.clone(),
        by: b.entered_by_name.clone(),
        at: b.at,
        revised: b.revision > 0,
    }
}

/// The months of the last year that are over and have no total.
fn missing(held: &[Benchmark], today: Date) -> String {
    let months: Vec<String> = (1..=12)
        .rev()
        .map(|n| today.month_after(-n))
        .filter(|month| !held.iter().any(|b| b.month == *month))
        .map(Date::show_month)
        .collect();
    months.join(", ")
}

fn source_of(text: &str) -> String {
    text.trim().chars().take(LONGEST_SOURCE).collect()
}

/// A total as typed or sent, or what is wrong with it.
pub(super) fn month_total(
    month: &str,
    value: &str,
    source: &str,
    today: Date,
) -> Result<MonthTotal, FieldErrors> {
    let mut errors = FieldErrors::new();
    let month = parse_month(month);
    match month {
        None => errors.add("month", "Enter the month as 2026-10"),
        Some(month) if month >= today.first_of_month() => {
            errors.add("month", "Enter a month that is over");
        }
        Some(_) => {}
    }
    let value = parse_total(value);
    if value.is_none() {
        errors.add("value", "Enter the number of crimes as a whole number");
    }
    let source = source_of(source);
    if source.is_empty() {
        errors.add("source", "Enter where the number is from");
    }
    match (month, value) {
        (Some(month), Some(value)) if errors.is_empty() => Ok(MonthTotal {
            month,
            value,
            source,
        }),
        _ => Err(errors),
    }
}

async fn enter_one(
    State(app): State<App>,
    who: SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let today = app.now().day();
    let total = match month_total(&typed.month, &typed.value, &typed.source, today) {
        Ok(total) => total,
        Err(errors) => return again(&app, &who, typed, errors, Vec::new()).await,
    };
    let entered = enter(&app, &who, vec![total], typed.replace == "yes").await?;
    if let Some(first) = entered.standing.first() {
        let mut errors = FieldErrors::new();
        errors.add("value", who_was_first(first));
        return conflict(&app, &who, typed, errors, Vec::new()).await;
    }
    Ok(Redirect::to("/strategy/benchmarks?done=1").into_response())
}

pub(super) fn who_was_first(b: &Benchmark) -> String {
    format!(
        "{} entered {} for {} at {}. To replace it, tick “Replace”",
        b.entered_by_name,
        words::count_in_words(b.value.unsigned_abs()),
        b.month.show_month(),
        b.at.show(),
    )
}

pub(super) async fn enter(
    app: &App,
    who: &SignedIn,
    totals: Vec<MonthTotal>,
    replace: bool,
) -> Result<Entered, Error> {
    let resource = Resource::of("benchmark", super::RECORDED_CRIME);
    let grant = ask(app, &who.actor, &ENTER, &resource).await?;
    let entered = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { enter_benchmark(tx, totals, replace).await })
        })
        .await?;
    Ok(entered)
}

async fn again(
    app: &App,
    who: &SignedIn,
    typed: Typed,
    errors: FieldErrors,
    findings: Vec<String>,
) -> Result<Response, Error> {
    let mut shown = build(app, who, None).await?;
    shown.page = shown.page.with_errors(&errors);
    shown.errors = errors;
    shown.typed = typed;
    shown.findings = findings;
    web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

async fn conflict(
    app: &App,
    who: &SignedIn,
    typed: Typed,
    errors: FieldErrors,
    findings: Vec<String>,
) -> Result<Response, Error> {
    let mut shown = build(app, who, None).await?;
    shown.page = shown.page.with_errors(&errors);
    shown.errors = errors;
    shown.typed = typed;
    shown.findings = findings;
    shown.ask_replace = true;
    web::html_with(StatusCode::CONFLICT, &shown)
}

/// An upload as it was sent.
#[derive(Default)]
struct Sent {
    csrf: String,
    source: String,
    replace: bool,
    file_name: String,
    text: String,
}

async fn sent(mut form: Multipart) -> Result<Sent, Error> {
    let broken = |e: axum::extract::multipart::MultipartError| {
        Error::BadRequest(format!("the upload could not be read: {e}"))
    };
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(broken)?;
        if bytes.len() > MOST_BYTES {
            return Err(Error::TooLarge(
                "a file of monthly totals may hold 256 kB".to_owned(),
            ));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "csrf" => sent.csrf = text,
            "source" => sent.source = text,
            "replace" => sent.replace = text == "yes",
            "file" => {
                sent.file_name = file_name;
                sent.text = text;
            }
            _ => {}
        }
    }
    Ok(sent)
}

async fn import(State(app): State<App>, who: SignedIn, form: Multipart) -> Result<Response, Error> {
    let sent = sent(form).await?;
    check_csrf(&who, &sent.csrf)?;
    let mut errors = FieldErrors::new();
    if sent.text.is_empty() {
        errors.add("file", "Choose a CSV file with the months and their totals");
        return again(&app, &who, Typed::default(), errors, Vec::new()).await;
    }
    let mut source = source_of(&sent.source);
    if source.is_empty() {
        source = source_of(&format!("file {}", sent.file_name));
    }
    let (mut totals, findings) = read_totals(&sent.text, &source);
    let mut findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let this_month = app.now().day().first_of_month();
    totals.retain(|t| {
        let over = t.month < this_month;
        if !over {
            findings.push(format!(
                "{} is not over yet, so its total was not kept",
                t.month.show_month()
            ));
        }
        over
    });
    if totals.is_empty() {
        errors.add("file", "No month of this file could be kept");
        return again(&app, &who, Typed::default(), errors, findings).await;
    }
    let entered = enter(&app, &who, totals, sent.replace).await?;
    findings.extend(entered.standing.iter().map(who_was_first));
    if findings.is_empty() {
        return Ok(Redirect::to("/strategy/benchmarks?done=1").into_response());
    }
    let kept = words::plural(entered.added + entered.replaced, "month was", "months were");
    errors.add(
        "file",
        format!("{kept} kept, but not all. See what was wrong"),
    );
    if entered.standing.is_empty() {
        return again(&app, &who, Typed::default(), errors, findings).await;
    }
    conflict(&app, &who, Typed::default(), errors, findings).await
}
