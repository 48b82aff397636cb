//! The strategy board: every commitment by theme, how it stands and where it is going.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use record::access::{Act, ActKind, Actor, Resource};
use record::measure::Measure;
use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::parts::{
    AttainmentBar, Button, Empty, Link, Page, Sparkline, Stat, StatRow, TimeStamp, words,
};
use web::{ApiRoute, App, Capability, Error, Nav, Problem, Route, SignedIn};

use crate::ask::ask;
use crate::compute;
use crate::figures::{self, Figure};
use crate::policy::{Commitment, Strategy};
use crate::standing::{Status, attained, show_percent, show_target, stands};

/// Opens the board and its figures. It holds counts and no personal record.
pub const VIEW: Act = Act::new("strategy.view", ActKind::Open, "See the strategy board");

pub const BOARD: Capability = Capability {
    name: "strategy.board",
    title: "Strategy board",
    nav: Some(Nav {
        title: "Strategy",
        href: "/strategy",
        act: &VIEW,
        order: 90,
    }),
    commitments: &["GEN-01"],
    acts: &[VIEW],
    routes: &[
        Route::get("/strategy", &VIEW, page_route),
        Route::get("/strategy/figures.csv", &VIEW, download_route),
    ],
    api: &[ApiRoute {
        path: "/commitments",
        methods: "GET",
        act: &VIEW,
        make: || OpenApiRouter::new().routes(routes!(api_list)),
    }],
    ..Capability::NONE
};

/// One line of the board.
#[derive(Debug, Clone)]
pub struct Line {
    pub commitment: Commitment,
    /// The first measure of the commitment, when the product has one.
    pub measure: Option<&'static Measure>,
    pub status: Status,
    pub now: Option<Figure>,
    /// Per cents by window, oldest first; a gap where a window has no figure.
    pub trend: Vec<Option<f64>>,
    /// Titles of the first and the last window of the trend.
    pub between: (String, String),
}

impl Line {
    fn percent(&self) -> Option<f64> {
        self.now.as_ref().and_then(|f| f.counted.percent())
    }

    fn attained(&self, strategy: &Strategy) -> Option<f64> {
        attained(self.percent()?, self.measure?, strategy)
    }

    fn target(&self, strategy: &Strategy) -> String {
        match self.measure {
            Some(measure) => {
                show_target(measure, strategy).unwrap_or_else(|| "No fixed target".to_owned())
            }
            None => self.commitment.target.clone(),
        }
    }
}

/// The board as it stands.
#[derive(Debug)]
pub struct Board {
    pub lines: Vec<Line>,
    pub computed_at: Option<Timestamp>,
}

/// Reads the board for somebody who may see it.
pub async fn read(app: &App, actor: &Actor) -> Result<Board, Error> {
    let grant = ask(app, actor, &VIEW, &Resource::of("page", "strategy")).await?;
    let strategy = app.policy::<Strategy>()?;
    let now = app.now();
    let mut db = app.store().read(&grant).await?;
    let kept = figures::latest(&mut db, None, compute::oldest_shown(now)).await?;
    let computed_at = compute::last_computed(&mut db).await?;
    let measures = compute::measures(app);
    let lines = strategy
        .commitments
        .iter()
        .map(|commitment| {
            let measure = measures
                .iter()
                .find(|m| m.commitment == commitment.id)
                .copied();
            line(commitment, measure, &kept, &strategy, now)
        })
        .collect();
    Ok(Board { lines, computed_at })
}

fn line(
    commitment: &Commitment,
    measure: Option<&'static Measure>,
    kept: &[Figure],
    strategy: &Strategy,
    now: Timestamp,
) -> Line {
    let mut line = Line {
        commitment: commitment.clone(),
        measure,
        status: Status::NothingRecorded,
        now: None,
        trend: Vec::new(),
        between: Default::default(),
    };
    if let Some(measure) = measure {
        let stands = stands(measure, kept, strategy, now);
        line.status = stands.status;
        line.now = stands.now.cloned();
        line.trend = stands.trend.iter().map(|f| f.counted.percent()).collect();
        let title = |f: Option<&&Figure>| f.map(|f| f.span.title()).unwrap_or_default();
        line.between = (title(stands.trend.first()), title(stands.trend.last()));
    }
    line
}

#[derive(Debug, Default, Deserialize)]
struct Chosen {
    status: Option<String>,
}

/// A row of the page, ready to be shown.
struct Row {
    id: String,
    title: String,
    duty: Option<String>,
    owner: String,
    target: String,
    now: String,
    window: String,
    note: Option<String>,
    attained: Option<f64>,
    spark: Sparkline,
    status: Status,
    nothing: Option<String>,
}

struct Table {
    title: String,
    rows: Vec<Row>,
}

/// What is worst, for the sentence above the tables.
struct Worst {
    title: String,
    id: String,
    word: String,
    rest: String,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    page: Page,
    strategy: String,
    computed_at: Option<Timestamp>,
    stats: StatRow,
    worst: Option<Worst>,
    calm: &'static str,
    tables: Vec<Table>,
    chosen: Option<Status>,
    unjudged: String,
    benchmarks: bool,
}

fn page_route() -> MethodRouter<App> {
    get(page)
}

async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Error> {
    let board = read(&app, &who.actor).await?;
    let strategy = app.policy::<Strategy>()?;
    let chosen = chosen.status.as_deref().and_then(Status::parse);
    let counts = counts(&board.lines);
    let tables = strategy
        .themes
        .iter()
        .map(|theme| Table {
            title: theme.title.clone(),
            rows: board
                .lines
                .iter()
                .filter(|l| l.commitment.strategy_section == theme.id)
                .filter(|l| chosen.is_none_or(|c| l.status == c))
                .map(|l| row(l, &strategy))
                .collect(),
        })
        .filter(|table| !table.rows.is_empty())
        .collect();
    web::html(&BoardPage {
        page: who.page(&app, "Strategy board", "/strategy"),
        strategy: app.force().strategy.clone(),
        computed_at: board.computed_at,
        stats: stats(&counts),
        worst: worst(&board.lines, &strategy),
        calm: calm(&counts),
        tables,
        chosen,
        unjudged: unjudged(&counts),
        benchmarks: who.may(&crate::benchmarks::VIEW),
    })
}

type Counts = BTreeMap<&'static str, u64>;

fn counts(lines: &[Line]) -> Counts {
    let mut counts = Counts::new();
    for line in lines {
        *counts.entry(line.status.name()).or_default() += 1;
    }
    counts
}

fn stats(counts: &Counts) -> StatRow {
    let shown = [
        Status::Met,
        Status::OnTrack,
        Status::AtRisk,
        Status::OffTrack,
        Status::NothingRecorded,
    ];
    let stats = shown.into_iter().map(|status| {
        let count = counts.get(status.name()).copied().unwrap_or(0);
        Stat::new(words::count_in_words(count), status.title())
            .href(format!("/strategy?status={}", status.name()))
            .standing(status.standing())
    });
    StatRow::new(stats.collect())
}

/// The commitments no count above holds.
fn unjudged(counts: &Counts) -> String {
    let of = |status: Status| counts.get(status.name()).copied().unwrap_or(0);
    let mut parts = Vec::new();
    if of(Status::NoTarget) > 0 {
        let n = words::plural(of(Status::NoTarget), "commitment has", "commitments have");
        parts.push(format!("{n} a figure but no fixed target."));
    }
    if of(Status::NoFigure) > 0 {
        let n = words::plural(of(Status::NoFigure), "commitment is", "commitments are");
        parts.push(format!("{n} measured but without a figure yet."));
    }
    parts.join(" ")
}

fn calm(counts: &Counts) -> &'static str {
    let judged = [Status::Met, Status::OnTrack].map(Status::name);
    if judged.iter().any(|s| counts.contains_key(s)) {
        return "No commitment that is measured is off track or at risk.";
    }
    "No commitment has a figure against a target yet. Figures appear here when records count towards one."
}

/// The commitment furthest from its target.
fn worst(lines: &[Line], strategy: &Strategy) -> Option<Worst> {
    let line = lines
        .iter()
        .filter(|l| matches!(l.status, Status::OffTrack | Status::AtRisk))
        .filter_map(|l| l.attained(strategy).map(|a| (a, l)))
        .min_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, l)| l)?;
    let figure = line.now.as_ref()?;
    let behind = lines
        .iter()
        .filter(|l| matches!(l.status, Status::OffTrack | Status::AtRisk))
        .count() as u64;
    let others = match behind {
        0 | 1 => String::new(),
        n => format!(
            " {} off track or at risk as well.",
            words::plural(n - 1, "other commitment is", "other commitments are")
        ),
    };
    let rest = format!(
        ": {} ({} of {}) in {}, against a target of {}.{others}",
        show_percent(line.percent()?),
        words::count_in_words(figure.counted.numerator.unsigned_abs()),
        words::count_in_words(figure.counted.denominator.unsigned_abs()),
        figure.span.title(),
        line.target(strategy),
    );
    Some(Worst {
        title: line.commitment.title().to_owned(),
        id: line.commitment.id.clone(),
        word: line.status.title().to_lowercase(),
        rest,
    })
}

fn row(line: &Line, strategy: &Strategy) -> Row {
    let commitment = &line.commitment;
    let (from, to) = &line.between;
    let figure = line.now.as_ref();
    let window = figure.map_or(String::new(), |f| {
        let state = if f.frozen { "" } else { ", provisional" };
        format!("{}{state}", f.span.title())
    });
    Row {
        id: commitment.id.clone(),
        title: commitment.title().to_owned(),
        duty: commitment.has_definition().then(|| commitment.duty.clone()),
        owner: commitment.owner.clone(),
        target: line.target(strategy),
        now: line
            .percent()
            .map_or_else(|| "No cases".to_owned(), show_percent),
        window,
        note: figure.and_then(|f| f.counted.missing.clone()),
        attained: line.attained(strategy),
        spark: Sparkline::new(&line.trend)
            .target(line.measure.and_then(|m| m.target))
            .between(from, to)
            .unit("%"),
        status: line.status,
        nothing: line.measure.is_none().then(|| {
            strategy
                .not_yet
                .get(&commitment.id)
                .cloned()
                .unwrap_or_default()
        }),
    }
}

fn download_route() -> MethodRouter<App> {
    get(download)
}

const HEADING: &[&str] = &[
    "id",
    "theme",
    "duty",
    "owner",
    "measure",
    "target",
    "window",
    "numerator",
    "denominator",
    "per_cent",
    "status",
    "figure_is",
    "missing",
];

async fn download(State(app): State<App>, who: SignedIn) -> Result<Response, Error> {
    let board = read(&app, &who.actor).await?;
    let strategy = app.policy::<Strategy>()?;
    let rows = board.lines.iter().map(|line| {
        let figure = line.now.as_ref();
        let number = |of: fn(&Figure) -> i64| figure.map(|f| of(f).to_string()).unwrap_or_default();
        let commitment = &line.commitment;
        vec![
            commitment.id.clone(),
            commitment.strategy_section.clone(),
            commitment.duty.clone(),
            commitment.owner.clone(),
            commitment.measure_name.clone(),
            line.target(&strategy),
            figure.map(|f| f.span.title()).unwrap_or_default(),
            number(|f| f.counted.numerator),
            number(|f| f.counted.denominator),
            line.percent().map(show_percent).unwrap_or_default(),
            line.status.title().to_owned(),
            figure
                .map(|f| if f.frozen { "frozen" } else { "provisional" })
                .unwrap_or_default()
                .to_owned(),
            figure
                .and_then(|f| f.counted.missing.clone())
                .unwrap_or_default(),
        ]
    });
    let name = format!("strategy-{}.csv", app.now().day());
    Ok(web::csv_download(&name, web::sheet(HEADING, rows)?))
}

/// A commitment and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommitmentStands {
    #[schema(example = "PROTECT-06")]
    pub id: String,
    pub theme: String,
    pub duty: String,
    pub owner: String,
    /// Name of its measure; none when nothing is recorded for it.
    pub measure: Option<String>,
    /// In per cent; none when the strategy sets no target.
    pub target: Option<f64>,
    /// `met`, `on_track`, `at_risk`, `off_track`, `no_target`, `no_figure`, `nothing_recorded`.
    pub status: String,
    /// Window of the figure: its last month, `2026-10`.
    pub window: Option<String>,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    /// None when there are no cases or something is missing.
    pub per_cent: Option<f64>,
    /// What is missing for a figure.
    pub missing: Option<String>,
    pub frozen: Option<bool>,
}

impl CommitmentStands {
    fn of(line: &Line) -> CommitmentStands {
        let figure = line.now.as_ref();
        let commitment = &line.commitment;
        CommitmentStands {
            id: commitment.id.clone(),
            theme: commitment.strategy_section.clone(),
            duty: commitment.duty.clone(),
            owner: commitment.owner.clone(),
            measure: line.measure.map(|m| m.name.to_owned()),
            target: line.measure.and_then(|m| m.target),
            status: line.status.name().to_owned(),
            window: figure.map(|f| f.span.key()),
            numerator: figure.map(|f| f.counted.numerator),
            denominator: figure.map(|f| f.counted.denominator),
            per_cent: line.percent(),
            missing: figure.and_then(|f| f.counted.missing.clone()),
            frozen: figure.map(|f| f.frozen),
        }
    }
}

/// Every commitment, and when the figures were computed.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommitmentList {
    /// RFC 3339; none before the first count.
    pub computed_at: Option<String>,
    pub commitments: Vec<CommitmentStands>,
}

#[utoipa::path(
    get,
    path = "/commitments",
    summary = "Every commitment of the strategy and how it stands",
    responses(
        (status = 200, description = "All commitments, in the order of the strategy", body = CommitmentList),
        (status = 403, description = "The token's person may not", body = Problem),
    )
)]
async fn api_list(State(app): State<App>, who: SignedIn) -> Result<Response, Error> {
    let board = read(&app, &who.actor).await?;
    let list = CommitmentList {
        computed_at: board.computed_at.map(Timestamp::rfc3339),
        commitments: board.lines.iter().map(CommitmentStands::of).collect(),
    };
    Ok(web::json(StatusCode::OK, &list))
}
