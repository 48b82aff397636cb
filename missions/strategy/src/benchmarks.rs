//! Recorded crime: the monthly totals that the share of fraud and cyber crime is taken of (GEN-08).
//!
//! A month entered twice with another number is not overwritten: whoever enters it is told who was
//! first, and may replace it on purpose. Earlier numbers are kept.

mod api;
mod pages;
mod read;

use record::access::{Act, ActKind};
use record::ids::ActorId;
use record::measure::{Measure, Window};
use record::time::{Date, Timestamp};
use store::{Migration, OnConflict, Reader, Result, Row, Sql, Tx};
use web::{ApiRoute, Capability, Route};

use crate::figures::Counted;
use crate::windows::Span;

pub use read::{LIMIT, read_totals};

/// Opens the list of recorded crime; it holds no personal record.
pub const VIEW: Act = Act::new("benchmark.view", ActKind::Open, "See recorded crime totals");
/// Enters recorded crime.
pub const ENTER: Act = Act::new(
    "benchmark.enter",
    ActKind::Alteration,
    "Enter recorded crime totals",
);

/// What the totals are kept under.
const RECORDED_CRIME: &str = "recorded_crime";

/// GEN-08. The cohort is the numerator, with the names behind it; the denominator adds recorded
/// crime. A national Pursue package may be about a suspect in the county and victims elsewhere:
/// without a district of ours its victim is not known to be in the county.
pub const SHARE_OF_CRIME: Measure = Measure {
    commitment: "GEN-08",
    name: "Cyber and fraud share of demand",
    version: 1,
    window: Window::RollingYear,
    lag_days: 30,
    target: None,
    cohort: "select id as subject, received_at as at, 1 as met, \
        case when feed = 'pursue' and district = '' then 'victim_not_known_to_be_in_the_county' \
             else 'reported' end as line, \
        case when feed = 'pursue' and district = '' then 1 else 0 end as excluded, \
        reference as label, marking, compartment from shared_report",
    meaning: "Fraud and cyber reports with a victim in the county, as a share of those reports \
        and all other recorded crime together.",
};

pub const BENCHMARKS: Capability = Capability {
    name: "strategy.benchmarks",
    title: "Recorded crime",
    commitments: &["GEN-08"],
    acts: &[VIEW, ENTER],
    tables: &["strategy_benchmark"],
    measures: &[SHARE_OF_CRIME],
    migrations: &[Migration {
        version: 5010,
        name: "recorded crime by month",
        sql: "
create table strategy_benchmark (
  name {text} not null,
  month {int} not null,
  revision {int} not null,
  value {int} not null,
  source {text} not null,
  entered_by {id} not null,
  entered_by_name {text} not null,
  at {int} not null,
  primary key (name, month, revision)
) {clustered};
",
    }],
    routes: &[
        Route::get("/strategy/benchmarks", &VIEW, pages::get),
        Route::post("/strategy/benchmarks/enter", &ENTER, pages::post_one),
        Route::post("/strategy/benchmarks/import", &ENTER, pages::post_file),
    ],
    api: &[
        ApiRoute {
            path: "/benchmarks",
            methods: "GET",
            act: &VIEW,
            make: api::list,
        },
        ApiRoute {
            path: "/benchmarks/entries",
            methods: "POST",
            act: &ENTER,
            make: api::entry,
        },
    ],
    ..Capability::NONE
};

/// A month's total, to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthTotal {
    /// Any day of the month.
    pub month: Date,
    /// All crime recorded in the county except the reports this product counts itself.
    pub value: i64,
    /// Where the number is from.
    pub source: String,
}

/// A total as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benchmark {
    pub month: Date,
    pub revision: i64,
    pub value: i64,
    pub source: String,
    pub entered_by_name: String,
    pub at: Timestamp,
}

impl Benchmark {
    fn of_row(row: &Row) -> Result<Benchmark> {
        let month: Timestamp = row.get("month")?;
        Ok(Benchmark {
            month: month.day(),
            revision: row.get("revision")?,
            value: row.get("value")?,
            source: row.get("source")?,
            entered_by_name: row.get("entered_by_name")?,
            at: row.get("at")?,
        })
    }
}

/// What came of entering totals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entered {
    pub added: u64,
    /// There already with the same number.
    pub same: u64,
    pub replaced: u64,
    /// There already with another number, and left as they are: who entered what.
    pub standing: Vec<Benchmark>,
}

/// Enters monthly totals inside a write. A month that is there with another number is replaced
/// only when `replace` says so; otherwise it is told back in [`Entered::standing`].
pub async fn enter_benchmark(
    tx: &mut Tx<'_>,
    totals: Vec<MonthTotal>,
    replace: bool,
) -> Result<Entered> {
    tx.alone("strategy_benchmark").await?;
    let held = rows(&mut *tx, LIMIT, None).await?;
    let (by, by_name) = (tx.grant().actor(), tx.grant().actor_name().to_owned());
    let now = tx.now();
    let mut entered = Entered::default();
    let mut new = Vec::new();
    let mut seen = std::collections::BTreeMap::new();
    for total in totals {
        let month = total.month.first_of_month();
        let before = held.iter().find(|b| b.month == month);
        if seen.insert(month, total.value).is_some() {
            continue;
        }
        let revision = match before {
            Some(b) if b.value == total.value => {
                entered.same += 1;
                continue;
            }
            Some(b) if !replace => {
                entered.standing.push(b.clone());
                continue;
            }
            Some(b) => {
                entered.replaced += 1;
                b.revision + 1
            }
            None => {
                entered.added += 1;
                0
            }
        };
        new.push(row(month, revision, &total, (by, &by_name), now));
    }
    tx.insert("strategy_benchmark", COLUMNS, new, OnConflict::Fail)
        .await?;
    Ok(entered)
}

const COLUMNS: &[&str] = &[
    "name",
    "month",
    "revision",
    "value",
    "source",
    "entered_by",
    "entered_by_name",
    "at",
];

fn row(
    month: Date,
    revision: i64,
    total: &MonthTotal,
    by: (ActorId, &str),
    now: Timestamp,
) -> Vec<store::Value> {
    vec![
        RECORDED_CRIME.into(),
        Timestamp::start_of(month).into(),
        revision.into(),
        total.value.into(),
        total.source.as_str().into(),
        by.0.into(),
        by.1.into(),
        now.into(),
    ]
}

/// The totals in force, newest month first, of months before `before`.
async fn rows(
    conn: &mut store::Conn<'_>,
    limit: i64,
    before: Option<Date>,
) -> Result<Vec<Benchmark>> {
    let mut sql = Sql::new(
        "select b.month, b.revision, b.value, b.source, b.entered_by_name, b.at \
         from strategy_benchmark b where ",
    )
    .with("b.name = ?", [RECORDED_CRIME.into()])
    .then(
        " and b.revision = (select max(l.revision) from strategy_benchmark l \
         where l.name = b.name and l.month = b.month)",
    );
    if let Some(before) = before {
        sql = sql.with(" and b.month < ?", [Timestamp::start_of(before).into()]);
    }
    let sql = sql.with(" order by b.month desc limit ?", [limit.into()]);
    conn.rows(sql)
        .await?
        .iter()
        .map(Benchmark::of_row)
        .collect()
}

/// Completes the denominators of GEN-08: reports plus recorded crime of the window's months. A
/// month without its total leaves the window without a figure, and says which.
pub(crate) async fn add_recorded_crime(
    db: &mut Reader,
    windows: &mut [(Span, Counted)],
) -> Result<()> {
    let held = rows(&mut db.conn(), LIMIT, None).await?;
    for (span, counted) in windows {
        let mut missing = Vec::new();
        for month in span.months() {
            match held.iter().find(|b| b.month == month) {
                Some(total) => {
                    counted.denominator += total.value;
                    *counted
                        .lines
                        .entry("other_recorded_crime".to_owned())
                        .or_default() += total.value;
                }
                None => missing.push(month.show_month()),
            }
        }
        counted.missing = say_missing(&missing);
    }
    Ok(())
}

fn say_missing(months: &[String]) -> Option<String> {
    match months {
        [] => None,
        [one] => Some(format!("Recorded crime is missing for {one}")),
        [first, second] => Some(format!(
            "Recorded crime is missing for {first} and {second}"
        )),
        [first, .., last] => Some(format!(
            "Recorded crime is missing for {} months from {first} to {last}",
            months.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_months_are_said() {
        let months = |n: usize| -> Vec<String> {
            ["Aug 2026", "Sep 2026", "Oct 2026"][..n]
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(say_missing(&months(0)), None);
        let say = |n| say_missing(&months(n)).unwrap();
        assert_eq!(say(1), "Recorded crime is missing for Aug 2026");
        assert_eq!(
            say(2),
            "Recorded crime is missing for Aug 2026 and Sep 2026"
        );
        assert!(say(3).ends_with("3 months from Aug 2026 to Oct 2026"));
    }
}
