//! One commitment: its duty, its definition, its windows, and what is behind each number.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use record::access::{Actor, Resource};
use record::measure::{Measure, Window};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::parts::{Html, Page, Sparkline, SummaryList, TimeStamp, words};
use web::{ApiRoute, App, Capability, Error, Problem, Route, SignedIn};

use crate::ask::ask;
use crate::board::VIEW;
use crate::figures::{self, Figure};
use crate::policy::{Commitment, External, Strategy};
use crate::standing::{Status, show_percent, show_target, stands};
use crate::{compute, names};

pub const COMMITMENT: Capability = Capability {
    name: "strategy.commitment",
    title: "Commitments",
    routes: &[Route::get("/strategy/{id}", &VIEW, page_route)],
    api: &[ApiRoute {
        path: "/commitments/{id}",
        methods: "GET",
        act: &VIEW,
        make: || OpenApiRouter::new().routes(routes!(api_one)),
    }],
    ..Capability::NONE
};

/// A commitment with every revision of its windows.
pub struct Opened {
    pub commitment: Commitment,
    pub measures: Vec<Measured>,
    pub externals: Vec<External>,
    pub not_yet: Option<String>,
}

/// A measure of it, with its figures.
pub struct Measured {
    pub measure: &'static Measure,
    pub status: Status,
    /// The target in words; empty when the strategy sets none.
    pub target: String,
    /// The figure shown, by its window.
    pub now: Option<Figure>,
    /// Last revisions, oldest window first.
    pub windows: Vec<Figure>,
    /// Every revision, for what was restated.
    pub revisions: Vec<Figure>,
}

/// Opens a commitment for somebody who may see the board.
pub async fn open(app: &App, actor: &Actor, id: &str) -> Result<Opened, Error> {
    let grant = ask(app, actor, &VIEW, &Resource::of("commitment", id)).await?;
    let strategy = app.policy::<Strategy>()?;
    let commitment = strategy.commitment(id).ok_or(Error::NotFound)?.clone();
    let now = app.now();
    let mut db = app.store().read(&grant).await?;
    let revisions = figures::revisions(&mut db, Some(id), compute::oldest_shown(now)).await?;
    let last = figures::last_revisions(revisions.clone());
    let measures = compute::of_commitment(app, id)
        .into_iter()
        .map(|measure| {
            let stands = stands(measure, &last, &strategy, now);
            Measured {
                measure,
                status: stands.status,
                target: show_target(measure, &strategy).unwrap_or_default(),
                now: stands.now.cloned(),
                windows: stands.trend.into_iter().cloned().collect(),
                revisions: revisions
                    .iter()
                    .filter(|f| f.is_of(measure))
                    .cloned()
                    .collect(),
            }
        })
        .collect();
    Ok(Opened {
        externals: strategy
            .externals
            .iter()
            .filter(|e| e.commitment == id)
            .cloned()
            .collect(),
        not_yet: strategy.not_yet.get(id).cloned(),
        commitment,
        measures,
    })
}

/// A reason or a line with its count, and where its names are.
struct Part {
    title: String,
    count: String,
    href: Option<String>,
}

struct WindowRow {
    title: String,
    href: Option<String>,
    percent: String,
    numerator: String,
    denominator: String,
    unknown: String,
    excluded: String,
    state: &'static str,
    restated: Option<String>,
}

struct Section {
    anchor: String,
    name: &'static str,
    meaning: &'static str,
    status: Status,
    sentence: String,
    spark: Sparkline,
    shown: Option<String>,
    lines: Vec<Part>,
    excluded: Vec<Part>,
    rows: Vec<WindowRow>,
    counted: Option<record::Timestamp>,
}

#[derive(Template)]
#[template(path = "commitment.html")]
struct CommitmentPage {
    page: Page,
    definition: SummaryList,
    sections: Vec<Section>,
    externals: Vec<External>,
    not_yet: String,
    may_names: bool,
}

fn page_route() -> MethodRouter<App> {
    get(page)
}

async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let opened = open(&app, &who.actor, &id).await?;
    let may_names = who.may(&names::LIST);
    let mut page = who.page(&app, opened.commitment.title(), "/strategy");
    page = page.breadcrumb("Strategy", "/strategy");
    let sections = (0..).zip(&opened.measures);
    web::html(&CommitmentPage {
        page,
        definition: definition(&opened),
        sections: sections
            .map(|(n, measured)| section(n, measured, may_names))
            .collect(),
        externals: opened.externals,
        not_yet: opened.not_yet.unwrap_or_default(),
        may_names,
    })
}

fn definition(opened: &Opened) -> SummaryList {
    let c = &opened.commitment;
    let known = |text: &str| (text != "-" && !text.is_empty()).then(|| Html::text(text));
    SummaryList::new()
        .compact()
        .row("Commitment", Html::text(&c.id))
        .row("Duty", Html::text(&c.duty))
        .row("Owner", Html::text(&c.owner))
        .row("Serves", Html::text(&c.serves))
        .row("Measure", Html::text(&c.measure_name))
        .row_if("Counted", known(&c.numerator))
        .row_if("Out of", known(&c.denominator))
        .row_if("Window", known(&c.window))
        .row_if("Target", known(&c.target))
}

fn section(n: usize, measured: &Measured, may_names: bool) -> Section {
    let measure = measured.measure;
    let href =
        |figure: &Figure, tail: &str| names_href(measure, n, figure, tail).filter(|_| may_names);
    let parts = |of: &BTreeMap<String, i64>, kind: &str| -> Vec<Part> {
        let Some(figure) = &measured.now else {
            return Vec::new();
        };
        of.iter()
            .map(|(line, count)| Part {
                title: names::line_title(line),
                count: words::count_in_words(count.unsigned_abs()),
                href: href(figure, &format!("&{kind}={}", names::encoded(line)))
                    .filter(|_| line != "other_recorded_crime"),
            })
            .collect()
    };
    let empty = BTreeMap::new();
    let counted = measured.now.as_ref().map(|f| &f.counted);
    let percents: Vec<Option<f64>> = measured
        .windows
        .iter()
        .map(|f| f.counted.percent())
        .collect();
    let title = |f: Option<&Figure>| f.map(|f| f.span.title()).unwrap_or_default();
    Section {
        anchor: format!("measure-{n}"),
        name: measure.name,
        meaning: measure.meaning,
        status: measured.status,
        sentence: sentence(measured),
        spark: Sparkline::new(&percents)
            .target(measure.target)
            .between(
                title(measured.windows.first()),
                title(measured.windows.last()),
            )
            .unit("%"),
        shown: measured.now.as_ref().map(|f| f.span.title()),
        lines: parts(counted.map_or(&empty, |c| &c.lines), "line"),
        excluded: parts(counted.map_or(&empty, |c| &c.excluded), "excluded"),
        rows: measured
            .windows
            .iter()
            .rev()
            .map(|f| window_row(measured, f, href(f, "")))
            .collect(),
        counted: measured.windows.iter().map(|f| f.computed_at).max(),
    }
}

fn names_href(measure: &Measure, n: usize, figure: &Figure, tail: &str) -> Option<String> {
    let some = figure.counted.denominator > 0 || !figure.counted.excluded.is_empty();
    some.then(|| {
        format!(
            "/strategy/{}/names?measure={n}&window={}{tail}",
            measure.commitment,
            figure.span.key()
        )
    })
}

/// How the measure stands, in one sentence.
fn sentence(measured: &Measured) -> String {
    let Some(figure) = &measured.now else {
        return "The figures have not been counted yet.".to_owned();
    };
    if let Some(missing) = &figure.counted.missing {
        return format!(
            "{missing}, so there is no figure for {}.",
            figure.span.title()
        );
    }
    let Some(percent) = figure.counted.percent() else {
        return "No cases in any of the windows.".to_owned();
    };
    let target = match measured.target.as_str() {
        "" => "The strategy sets no fixed target.".to_owned(),
        target => format!("The target is {target}."),
    };
    format!(
        "{} in {}: {} of {}. {target}",
        show_percent(percent),
        figure.span.title(),
        words::count_in_words(figure.counted.numerator.unsigned_abs()),
        words::count_in_words(figure.counted.denominator.unsigned_abs()),
    )
}

fn window_row(measured: &Measured, figure: &Figure, href: Option<String>) -> WindowRow {
    let counted = &figure.counted;
    let count = |n: i64| words::count_in_words(n.unsigned_abs());
    let left_out: i64 = counted.excluded.values().sum();
    let restated: Vec<String> = measured
        .revisions
        .iter()
        .filter(|f| f.span == figure.span)
        .filter_map(|f| {
            let reason = f.reason.as_ref()?;
            Some(format!(
                "Restated {}. {reason}.",
                f.computed_at.day().show()
            ))
        })
        .collect();
    WindowRow {
        title: figure.span.title(),
        href,
        percent: match (&counted.missing, counted.percent()) {
            (Some(missing), _) => missing.clone(),
            (None, Some(percent)) => show_percent(percent),
            (None, None) => "No cases".to_owned(),
        },
        numerator: count(counted.numerator),
        denominator: count(counted.denominator),
        unknown: count(counted.unknown),
        excluded: count(left_out),
        state: if figure.frozen {
            "Frozen"
        } else {
            "Provisional"
        },
        restated: (!restated.is_empty()).then(|| restated.join(" ")),
    }
}

/// One window of a measure.
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowFigure {
    /// Its last month.
    #[schema(example = "2026-10")]
    pub window: String,
    /// First day.
    pub from: String,
    /// The day after the last.
    pub until: String,
    pub numerator: i64,
    pub denominator: i64,
    /// None when there are no cases or something is missing.
    pub per_cent: Option<f64>,
    pub unknown: i64,
    /// Left out as errors, by reason.
    pub excluded: BTreeMap<String, i64>,
    /// What became of those in the denominator.
    pub lines: BTreeMap<String, i64>,
    pub missing: Option<String>,
    pub frozen: bool,
    /// Rises with each restatement.
    pub revision: i64,
    pub reason: Option<String>,
    /// RFC 3339.
    pub computed_at: String,
}

/// A measure of the commitment, with its windows, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureFigures {
    pub name: String,
    pub version: i64,
    pub meaning: String,
    /// `month`, `quarter` or `rolling_year`.
    pub window: String,
    pub lag_days: i64,
    pub target: Option<f64>,
    pub status: String,
    pub windows: Vec<WindowFigure>,
}

/// One commitment with its definition and every measure of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommitmentDetail {
    pub id: String,
    pub theme: String,
    pub duty: String,
    pub owner: String,
    pub measure_name: String,
    pub numerator: String,
    pub denominator: String,
    pub window: String,
    pub target: String,
    /// Why nothing is recorded yet.
    pub not_yet: Option<String>,
    pub measures: Vec<MeasureFigures>,
}

impl WindowFigure {
    fn of(figure: &Figure) -> WindowFigure {
        let counted = &figure.counted;
        WindowFigure {
            window: figure.span.key(),
            from: figure.span.from.to_string(),
            until: figure.span.until.to_string(),
            numerator: counted.numerator,
            denominator: counted.denominator,
            per_cent: counted.percent(),
            unknown: counted.unknown,
            excluded: counted.excluded.clone(),
            lines: counted.lines.clone(),
            missing: counted.missing.clone(),
            frozen: figure.frozen,
            revision: figure.revision,
            reason: figure.reason.clone(),
            computed_at: figure.computed_at.rfc3339(),
        }
    }
}

impl MeasureFigures {
    fn of(measured: &Measured) -> MeasureFigures {
        let measure = measured.measure;
        MeasureFigures {
            name: measure.name.to_owned(),
            version: measure.version,
            meaning: measure.meaning.to_owned(),
            window: match measure.window {
                Window::Month => "month",
                Window::Quarter => "quarter",
                Window::RollingYear => "rolling_year",
            }
            .to_owned(),
            lag_days: measure.lag_days,
            target: measure.target,
            status: measured.status.name().to_owned(),
            windows: measured.windows.iter().map(WindowFigure::of).collect(),
        }
    }
}

#[utoipa::path(
    get,
    path = "/commitments/{id}",
    summary = "One commitment, its definition and its windows",
    params(("id" = String, Path, description = "For example PROTECT-06")),
    responses(
        (status = 200, description = "The commitment", body = CommitmentDetail),
        (status = 403, description = "The token's person may not", body = Problem),
        (status = 404, description = "No commitment has that id", body = Problem),
    )
)]
async fn api_one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let opened = open(&app, &who.actor, &id).await?;
    let c = opened.commitment;
    let detail = CommitmentDetail {
        id: c.id,
        theme: c.strategy_section,
        duty: c.duty,
        owner: c.owner,
        measure_name: c.measure_name,
        numerator: c.numerator,
        denominator: c.denominator,
        window: c.window,
        target: c.target,
        not_yet: opened.not_yet,
        measures: opened.measures.iter().map(MeasureFigures::of).collect(),
    };
    Ok(web::json(StatusCode::OK, &detail))
}
