//! Measuring: every measure of every capability, counted window by window and kept.
//!
//! Runs in the background and on demand. Counting reads without an entry, because it opens no
//! person's record; keeping the figures is a write like any other.

use std::collections::BTreeMap;

use record::access::{Act, ActKind, Resource};
use record::measure::{Measure, Window};
use record::time::{Date, Timestamp};
use store::{Migration, OnConflict, Reader, Result, Sql, Tx};
use web::{App, Capability, Job, PolicyFile, Tick};

use crate::benchmarks;
use crate::figures::{self, Counted, Figure};
use crate::policy::Strategy;
use crate::windows::{self, Span};

/// Counts records for the figures; opens none.
pub const COUNT: Act = Act::new(
    "measure.count",
    ActKind::Open,
    "Count records for the figures",
);
/// Keeps the figures that were counted.
pub const KEEP: Act = Act::new(
    "measure.keep",
    ActKind::Alteration,
    "Keep the strategy's figures",
);

pub const MEASURING: Capability = Capability {
    name: "strategy.measuring",
    title: "Measuring",
    commitments: &["GEN-01"],
    acts: &[COUNT, KEEP],
    tables: &["strategy_value", "strategy_run"],
    migrations: &[Migration {
        version: 5000,
        name: "figures of the strategy",
        sql: "
create table strategy_value (
  commitment {text} not null,
  measure {text} not null,
  version {int} not null,
  window_start {int} not null,
  window_end {int} not null,
  revision {int} not null,
  computed_at {int} not null,
  numerator {int} not null,
  denominator {int} not null,
  unknown {int} not null,
  excluded {text} not null,
  lines {text} not null,
  missing {text},
  frozen {int} not null,
  reason {text},
  primary key (commitment, measure, version, window_start, window_end, revision)
) {clustered};
create index strategy_value_end on strategy_value (window_end);
create table strategy_run (
  id {int} not null primary key,
  seen_entry {int} not null,
  ran_at {int} not null,
  took_ms {int} not null
) {strict};
",
    }],
    policies: &[PolicyFile {
        file: "strategy",
        load: Strategy::load,
    }],
    jobs: &[Job {
        name: "strategy.measure",
        every_seconds: 60,
        run: tick,
    }],
    ..Capability::NONE
};

/// A run may take at most this part of the time: after a long one, the next waits longer.
const REST: i64 = 20;

/// Every measure of every capability, in order of commitment.
pub fn measures(app: &App) -> Vec<&'static Measure> {
    let mut all: Vec<&'static Measure> =
        app.capabilities().iter().flat_map(|c| c.measures).collect();
    all.sort_by_key(|m| (m.commitment, m.name));
    all
}

struct Run {
    seen: i64,
    at: Timestamp,
    took_ms: i64,
}

fn tick(app: App) -> Tick {
    Box::pin(async move {
        if is_due(&app).await? {
            compute(&app).await?;
        }
        Ok(())
    })
}

/// Whether records changed, or a day began, since the last run; and that run was long enough ago.
async fn is_due(app: &App) -> Result<bool> {
    let mut db = counting(app).await?;
    let Some(run) = last_run(&mut db).await? else {
        return Ok(true);
    };
    let now = app.now();
    if now.day() != run.at.day() {
        return Ok(true);
    }
    if now.micros() - run.at.micros() < run.took_ms.saturating_mul(1000 * REST) {
        return Ok(false);
    }
    db.changed_since(run.seen, KEEP.name).await
}

async fn counting(app: &App) -> Result<Reader> {
    let system = app.system();
    let grant = system.permit(&COUNT, &Resource::of("measure", "all"), "")?;
    app.store().read(&grant).await
}

async fn last_run(db: &mut Reader) -> Result<Option<Run>> {
    let row = db
        .first("select seen_entry, ran_at, took_ms from strategy_run where id = 1")
        .await?;
    row.map(|row| {
        Ok(Run {
            seen: row.get("seen_entry")?,
            at: row.get("ran_at")?,
            took_ms: row.get("took_ms")?,
        })
    })
    .transpose()
}

/// When the figures were last brought up to date.
pub async fn last_computed(db: &mut Reader) -> Result<Option<Timestamp>> {
    Ok(last_run(db).await?.map(|run| run.at))
}

/// Counts every measure and keeps what is new. Running it twice changes nothing.
pub async fn compute(app: &App) -> Result<()> {
    let began = std::time::Instant::now();
    let now = app.now();
    let mut db = counting(app).await?;
    // Before counting: what comes in meanwhile is seen by the next run.
    let seen = db.last_entry().await?;
    let mut counted = Vec::new();
    for measure in measures(app) {
        let windows = count_windows(&mut db, measure, now).await?;
        counted.extend(windows.into_iter().map(|(span, c)| (measure, span, c)));
    }
    drop(db);
    let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let system = app.system();
    let grant = system.permit(&KEEP, &Resource::of("measure", "all"), "")?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                tx.alone("strategy_value").await?;
                keep(tx, counted).await?;
                let row = vec![1i64.into(), seen.into(), now.into(), took_ms.into()];
                let columns = &["id", "seen_entry", "ran_at", "took_ms"];
                let update = OnConflict::Update(
                    "on conflict (id) do update set seen_entry = excluded.seen_entry, \
                     ran_at = excluded.ran_at, took_ms = excluded.took_ms",
                );
                tx.insert("strategy_run", columns, vec![row], update)
                    .await
                    .map(drop)
            })
        })
        .await
}

/// The counts of every window shown today.
async fn count_windows(
    db: &mut Reader,
    measure: &Measure,
    now: Timestamp,
) -> Result<Vec<(Span, Counted)>> {
    let spans = windows::shown(measure.window, now.day());
    let Some(first) = spans.first().map(|s| s.from) else {
        return Ok(Vec::new());
    };
    let whole = Span {
        from: first,
        until: now.day().month_after(1),
    };
    let months: Vec<Date> = whole.months().collect();
    let by_month = count_months(db, measure, &months, whole, now).await?;
    let mut out: Vec<(Span, Counted)> = spans
        .into_iter()
        .map(|span| (span, sum(&months, &by_month, span)))
        .collect();
    if measure.commitment == benchmarks::SHARE_OF_CRIME.commitment {
        benchmarks::add_recorded_crime(db, &mut out).await?;
    }
    Ok(out)
}

/// One group of like rows in one month.
struct Group {
    month: i64,
    met: Option<i64>,
    line: Option<String>,
    excluded: bool,
    n: i64,
}

/// What stands before a statement with a cohort, so that the cohort can say `(select now from asked)`.
/// Named and not numbered: SQLite would read `$1` as a value of its own.
pub(crate) const ASKED: &str = "with asked as (select cast(? as bigint) as now) ";

/// One pass over the cohort: groups of like rows by month.
async fn count_months(
    db: &mut Reader,
    measure: &Measure,
    months: &[Date],
    whole: Span,
    now: Timestamp,
) -> Result<Vec<Group>> {
    let mut sql = Sql::default().with(ASKED, [now.into()]).then("select case");
    for (n, month) in (0i64..).zip(months) {
        let end = Timestamp::start_of(month.month_after(1));
        sql = sql.with(" when c.at < ? then ?", [end.into(), n.into()]);
    }
    let sql = sql
        .then(" end as month, c.met as met, c.line as line, c.excluded as excluded, ")
        .then("count(*) as n from (")
        .then(measure.cohort)
        .with(
            ") c where c.at >= ? and c.at < ? group by 1, 2, 3, 4",
            [whole.start().into(), whole.end().into()],
        );
    db.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Group {
                month: row.get("month")?,
                met: row.get("met")?,
                line: row.get("line")?,
                excluded: row.get("excluded")?,
                n: row.get("n")?,
            })
        })
        .collect()
}

/// The groups of a window's months, added up.
fn sum(months: &[Date], groups: &[Group], span: Span) -> Counted {
    let mut counted = Counted::default();
    for group in groups {
        let month = usize::try_from(group.month)
            .ok()
            .and_then(|n| months.get(n));
        if !month.is_some_and(|m| span.from <= *m && *m < span.until) {
            continue;
        }
        let line = group.line.clone().unwrap_or_default();
        if group.excluded {
            *counted.excluded.entry(line).or_default() += group.n;
            continue;
        }
        counted.denominator += group.n;
        match group.met {
            None => counted.unknown += group.n,
            Some(0) => {}
            Some(_) => counted.numerator += group.n,
        }
        *counted.lines.entry(line).or_default() += group.n;
    }
    counted
}

/// Keeps what is new: provisional figures are replaced, frozen ones restated beside.
async fn keep(tx: &mut Tx<'_>, counted: Vec<(&'static Measure, Span, Counted)>) -> Result<()> {
    let held = held(tx, &counted).await?;
    let now = tx.now();
    let mut rows = Vec::new();
    for (measure, span, counted) in counted {
        let key = (measure.commitment, measure.name, measure.version, span);
        let figure = next_revision(measure, span, counted, held.get(&key), now);
        if let Some(figure) = figure {
            rows.push(figures::values(&figure)?);
        }
    }
    let update = OnConflict::Update(
        "on conflict (commitment, measure, version, window_start, window_end, revision) \
         do update set computed_at = excluded.computed_at, numerator = excluded.numerator, \
         denominator = excluded.denominator, unknown = excluded.unknown, \
         excluded = excluded.excluded, lines = excluded.lines, missing = excluded.missing, \
         frozen = excluded.frozen, reason = excluded.reason",
    );
    tx.insert("strategy_value", figures::COLUMNS, rows, update)
        .await
        .map(drop)
}

type Key = (&'static str, &'static str, i64, Span);

/// The last revision held of each window counted.
async fn held(
    tx: &mut Tx<'_>,
    counted: &[(&'static Measure, Span, Counted)],
) -> Result<BTreeMap<Key, Figure>> {
    let Some(since) = counted.iter().map(|(_, span, _)| span.from).min() else {
        return Ok(BTreeMap::new());
    };
    let all = figures::revisions_in(tx, Timestamp::start_of(since)).await?;
    let mut held = BTreeMap::new();
    for figure in figures::last_revisions(all) {
        let measure = counted.iter().map(|(m, ..)| *m).find(|m| figure.is_of(m));
        if let Some(m) = measure {
            held.insert((m.commitment, m.name, m.version, figure.span), figure);
        }
    }
    Ok(held)
}

/// What is to be written for a window; none when nothing changed.
fn next_revision(
    measure: &Measure,
    span: Span,
    counted: Counted,
    held: Option<&Figure>,
    now: Timestamp,
) -> Option<Figure> {
    // A window with something missing is not frozen: it has no figure to keep.
    let frozen = span.end().plus_days(measure.lag_days) <= now && counted.missing.is_none();
    let fresh = |revision, reason| {
        Some(Figure {
            commitment: measure.commitment.to_owned(),
            measure: measure.name.to_owned(),
            version: measure.version,
            span,
            revision,
            counted: counted.clone(),
            frozen,
            computed_at: now,
            reason,
        })
    };
    let Some(held) = held else {
        return fresh(0, None);
    };
    if held.counted == counted && (held.frozen || !frozen) {
        return None;
    }
    if !held.frozen {
        return fresh(held.revision, held.reason.clone());
    }
    let reason = format!(
        "Records of this window changed after it was frozen: it was {} of {}",
        held.counted.numerator, held.counted.denominator
    );
    // The restatements of one day are one.
    if held.revision > 0 && held.computed_at.day() == now.day() {
        return fresh(held.revision, held.reason.clone());
    }
    fresh(held.revision + 1, Some(reason))
}

/// The oldest end of a window that any page shows.
pub(crate) fn oldest_shown(now: Timestamp) -> Timestamp {
    let first = windows::shown(Window::Month, now.day());
    first.first().map_or(now, |span| span.start())
}

/// Whether a capability measures this commitment.
pub(crate) fn of_commitment(app: &App, id: &str) -> Vec<&'static Measure> {
    let mut own = measures(app);
    own.retain(|m| m.commitment == id);
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURE: Measure = Measure {
        commitment: "PROTECT-06",
        name: "Advice delivered",
        version: 1,
        window: Window::Month,
        lag_days: 30,
        target: Some(100.0),
        cohort: "",
        meaning: "",
    };

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn october() -> Span {
        Span::ending_with(Window::Month, Date::parse("2026-10-01").unwrap())
    }

    fn counted(numerator: i64, denominator: i64) -> Counted {
        Counted {
            numerator,
            denominator,
            ..Counted::default()
        }
    }

    #[test]
    fn groups_are_added_up_by_window() {
        let months: Vec<Date> = Span {
            from: Date::parse("2026-09-01").unwrap(),
            until: Date::parse("2026-11-01").unwrap(),
        }
        .months()
        .collect();
        let group = |month, met, line: &str, excluded, n| Group {
            month,
            met,
            line: Some(line.to_owned()),
            excluded,
            n,
        };
        let groups = [
            group(0, Some(1), "advised", false, 99),
            group(1, Some(1), "advised", false, 7),
            group(1, Some(0), "declined", false, 2),
            group(1, None, "advised", false, 1),
            group(1, Some(1), "duplicate", true, 3),
        ];
        let sum = sum(&months, &groups, october());
        assert_eq!((sum.numerator, sum.denominator, sum.unknown), (7, 10, 1));
        assert_eq!(sum.lines["advised"], 8);
        assert_eq!(sum.lines["declined"], 2);
        assert_eq!(sum.excluded["duplicate"], 3);
        assert_eq!(Counted::default().percent(), None);
    }

    #[test]
    fn a_window_freezes_after_its_lag_and_is_then_restated() {
        let early = at("2026-11-10T12:00:00Z");
        let first = next_revision(&MEASURE, october(), counted(1, 2), None, early).unwrap();
        assert!(!first.frozen);
        let same = next_revision(&MEASURE, october(), counted(1, 2), Some(&first), early);
        assert_eq!(same, None);
        let late = at("2026-12-05T12:00:00Z");
        let frozen = next_revision(&MEASURE, october(), counted(1, 2), Some(&first), late).unwrap();
        assert!(frozen.frozen && frozen.revision == 0);
        let restated =
            next_revision(&MEASURE, october(), counted(2, 2), Some(&frozen), late).unwrap();
        assert_eq!(restated.revision, 1);
        assert!(
            restated
                .reason
                .as_deref()
                .unwrap()
                .ends_with("it was 1 of 2")
        );
        // Later the same day: the same restatement, with its first reason.
        let again =
            next_revision(&MEASURE, october(), counted(2, 3), Some(&restated), late).unwrap();
        assert_eq!((again.revision, &again.reason), (1, &restated.reason));
        let next_day = late.plus_days(1);
        let third =
            next_revision(&MEASURE, october(), counted(3, 3), Some(&again), next_day).unwrap();
        assert_eq!(third.revision, 2);
        assert!(third.reason.unwrap().ends_with("it was 2 of 3"));
    }

    #[test]
    fn a_window_without_its_comparison_is_never_frozen() {
        let missing = Counted {
            missing: Some("Recorded crime is missing for Oct 2026".to_owned()),
            ..counted(1, 2)
        };
        assert_eq!(missing.percent(), None);
        let late = at("2027-06-01T12:00:00Z");
        let first = next_revision(&MEASURE, october(), missing, None, late).unwrap();
        assert!(!first.frozen);
    }
}
