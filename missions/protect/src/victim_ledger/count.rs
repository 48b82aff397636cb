//! The sum as the records say it now.

use std::collections::{BTreeMap, BTreeSet};

use record::access::Scope;
use record::ids::{ReportId, WorkItemId};
use record::time::Timestamp;
use store::{Conn, Error, Result, Row, Sql, Value};

use super::asked::{Area, Asked, Series};
use super::standing::{Figures, Place, Standing};
use crate::victim_care::QUEUE;
use crate::victim_care::duty::Line;
use crate::victim_care::schema::HANDED_OVER;

/// A report's duty is due from the item intake left for it. Whatever became of the item since, handed
/// over or closed, the victim was received: so this asks for any item, not for one that is open.
const RECEIVED: &str = " exists (select 1 from work_item w where w.subject = r.id and w.queue = ";

/// The sum of one period and area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    pub national: Figures,
    pub direct: Figures,
    /// Every area with victims received in the period, whichever area was asked for.
    pub areas: BTreeMap<Area, [i64; 2]>,
}

impl Sum {
    pub fn of(&self, series: Series) -> &Figures {
        match series {
            Series::National => &self.national,
            Series::Direct => &self.direct,
        }
    }

    pub(super) fn of_mut(&mut self, series: Series) -> &mut Figures {
        match series {
            Series::National => &mut self.national,
            Series::Direct => &mut self.direct,
        }
    }

    fn add_area(&mut self, area: Area, series: Series, n: i64) {
        let at = usize::from(!series.is_national());
        self.areas.entry(area).or_default()[at] += n;
    }
}

/// Counts everybody received in a period. Counts every record: names are shown to whom may see them.
pub async fn sum(conn: &mut Conn<'_>, asked: &Asked) -> Result<Sum> {
    let sql = Sql::new(
        "select r.national, r.district, d.line, case when d.line = 'error' then d.reason else '' \
         end as reason, count(*) as n from shared_report r \
         left join protect_duty d on d.report = r.id where",
    );
    let sql = received_in(sql, asked).then(" group by 1, 2, 3, 4");
    let mut sum = Sum::default();
    for row in conn.rows(sql).await? {
        let (place, n) = (place_of(&row)?, row.get("n")?);
        let (series, district) = (series_of(&row)?, row.get::<String>("district")?);
        if matches!(place, Place::Counted(_)) {
            sum.add_area(Area::of_report(&district), series, n);
        }
        if asked.area.holds(&district) {
            let reason: String = row.get("reason")?;
            sum.of_mut(series).add(place, &reason, n);
        }
    }
    Ok(sum)
}

/// The condition that a report `r` brought a duty and was received in the period.
fn received_in(sql: Sql, asked: &Asked) -> Sql {
    sql.then(RECEIVED).with(
        "?) and r.received_at >= ? and r.received_at < ?",
        [QUEUE.into(), asked.start().into(), asked.end().into()],
    )
}

fn series_of(row: &Row) -> Result<Series> {
    Ok(if row.get::<bool>("national")? {
        Series::National
    } else {
        Series::Direct
    })
}

/// The place of a row with a column `line`. A line nobody knows fails: it is never counted wrong.
fn place_of(row: &Row) -> Result<Place> {
    let Some(name) = row.get::<Option<String>>("line")? else {
        return Ok(Place::of(None));
    };
    match Line::parse(&name) {
        Some(line) => Ok(Place::of(Some(line))),
        None => Err(Error::invalid(format!("{name:?} is no state of a duty"))),
    }
}

/// Which names of a period are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    pub series: Series,
    /// Those in one figure; all received when neither is said.
    pub standing: Option<Standing>,
    /// Those left out as true errors for this reason; for any reason when it is empty.
    pub left_out: Option<String>,
}

/// A name behind a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub report: ReportId,
    /// The item its duty is worked by now.
    pub item: Option<WorkItemId>,
    pub reference: String,
    pub label: String,
    pub district: String,
    pub received_at: Timestamp,
    pub place: Place,
    /// Outcome that ended the duty; empty while it waits.
    pub reason: String,
    pub ended_at: Option<Timestamp>,
    /// Reports the contact that ended it was about: one conversation may end several duties.
    pub together: i64,
}

/// Where a page of names ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at: Timestamp,
    report: ReportId,
}

impl Cursor {
    pub fn parse(text: &str) -> Option<Cursor> {
        let (at, report) = text.split_once('.')?;
        Some(Cursor {
            at: Timestamp::from_micros(at.parse().ok()?),
            report: report.parse().ok()?,
        })
    }

    pub fn text(&self) -> String {
        format!("{}.{}", self.at.micros(), self.report)
    }
}

/// Names of a part of the sum, as far as somebody may see them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub names: Vec<Name>,
    pub next: Option<String>,
    /// All that are counted, and how many of them are held back from this person.
    pub counted: i64,
    pub held_back: i64,
}

/// A page of the names behind a figure, latest received first.
pub async fn names(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: &Asked,
    part: &Part,
    (after, most): (Option<Cursor>, i64),
) -> Result<Names> {
    let counting = || {
        Sql::new(
            "select count(*) as n from shared_report r left join protect_duty d on d.report = r.id where",
        )
    };
    let counted = conn.count(of_part(counting(), asked, part)).await?;
    let visible = open_to(of_part(counting(), asked, part), scope);
    let seen = conn.count(visible).await?;
    let sql = Sql::new(
        "select r.id, r.reference, r.victim_label, r.district, r.received_at, d.line, \
         coalesce(d.reason, '') as reason, d.ended_at from shared_report r \
         left join protect_duty d on d.report = r.id where",
    );
    let mut sql = open_to(of_part(sql, asked, part), scope);
    if let Some(Cursor { at, report }) = after {
        sql = sql.with(
            " and (r.received_at, r.id) < (?, ?)",
            [at.into(), report.into()],
        );
    }
    let sql = sql.with(
        " order by r.received_at desc, r.id desc limit ?",
        [most.saturating_add(1).into()],
    );
    let mut names = Vec::new();
    for row in conn.rows(sql).await? {
        names.push(name_of(&row)?);
    }
    let more = i64::try_from(names.len()).is_ok_and(|n| n > most);
    if more {
        names.pop();
    }
    let next = names.last().filter(|_| more).map(|last| {
        let (at, report) = (last.received_at, last.report);
        Cursor { at, report }.text()
    });
    add_items(conn, &mut names).await?;
    add_together(conn, &mut names).await?;
    Ok(Names {
        names,
        next,
        counted,
        held_back: counted.saturating_sub(seen),
    })
}

fn name_of(row: &Row) -> Result<Name> {
    Ok(Name {
        report: row.get("id")?,
        item: None,
        reference: row.get("reference")?,
        label: row.get("victim_label")?,
        district: row.get("district")?,
        received_at: row.get("received_at")?,
        place: place_of(row)?,
        reason: row.get("reason")?,
        ended_at: row.get("ended_at")?,
        together: 0,
    })
}

fn of_part(sql: Sql, asked: &Asked, part: &Part) -> Sql {
    let mut sql = received_in(sql, asked).with(
        " and r.national = ?",
        [i64::from(part.series.is_national()).into()],
    );
    sql = match &asked.area {
        Area::All => sql,
        Area::NotRecorded => sql.then(" and r.district = ''"),
        Area::District(named) => {
            sql.with(" and lower(r.district) = ?", [named.to_lowercase().into()])
        }
    };
    match (&part.left_out, part.standing) {
        (Some(any), _) if any.is_empty() => sql.then(" and d.line = 'error'"),
        (Some(reason), _) => sql.with(
            " and d.line = 'error' and d.reason = ?",
            [reason.as_str().into()],
        ),
        (None, None) => sql.then(" and (d.line is null or d.line <> 'error')"),
        (None, Some(Standing::Awaiting)) => {
            sql.then(" and (d.line is null or d.line = 'awaiting')")
        }
        (None, Some(ended)) => sql.with(" and d.line = ?", [ended.name().into()]),
    }
}

/// The condition that somebody may see the report `r` and every item of its duty. Whoever sees their
/// own unit alone sees those whose duty is worked there now.
pub fn open_to(mut sql: Sql, scope: &Scope) -> Sql {
    sql = sql.with(" and r.marking <= ?", [scope.ceiling.into()]);
    sql = unsealed(
        sql.then(" and (r.compartment is null"),
        " or r.compartment in",
        scope,
    );
    sql = sql.with(
        " and not exists (select 1 from work_item h where h.subject = r.id and h.queue = ? \
         and (h.marking > ?",
        [QUEUE.into(), scope.ceiling.into()],
    );
    sql = sql.then(" or not (h.compartment is null");
    sql = unsealed(sql, " or h.compartment in", scope);
    if let Some(unit) = &scope.unit {
        sql = sql.with(
            " or (h.unit <> ? and (h.outcome is null or h.outcome <> ?))",
            [unit.as_str().into(), HANDED_OVER.into()],
        );
    }
    sql.then("))")
}

fn unsealed(sql: Sql, text: &'static str, scope: &Scope) -> Sql {
    if scope.compartments.is_empty() {
        return sql.then(")");
    }
    let open = scope.compartments.iter().map(|c| c.as_str().into());
    sql.within(text, open).then(")")
}

/// The item each duty is worked by now: the one that was not handed on.
async fn add_items(conn: &mut Conn<'_>, names: &mut [Name]) -> Result<()> {
    let mut items = BTreeMap::new();
    for part in names.chunks(512) {
        let sql = Sql::new("select id, subject from work_item where ")
            .with(
                "queue = ? and (outcome is null or outcome <> ?) and",
                [QUEUE.into(), HANDED_OVER.into()],
            )
            .within(" subject in", part.iter().map(|n| n.report.into()));
        for row in conn.rows(sql).await? {
            items.insert(row.get::<ReportId>("subject")?, row.get("id")?);
        }
    }
    for name in names {
        name.item = items.get(&name.report).copied();
    }
    Ok(())
}

/// How many reports the contact that ended each duty was about. Nothing follows an end, so it is the
/// duty's last contact.
async fn add_together(conn: &mut Conn<'_>, names: &mut [Name]) -> Result<()> {
    let ended: BTreeSet<ReportId> = names
        .iter()
        .filter(|n| n.ended_at.is_some())
        .map(|n| n.report)
        .collect();
    let ended: Vec<ReportId> = ended.into_iter().collect();
    let mut together: BTreeMap<ReportId, (Timestamp, i64)> = BTreeMap::new();
    for part in ended.chunks(512) {
        let sql = Sql::new(
            "select p.report, c.entered_at, (select count(*) from protect_contact_report o \
             where o.contact = p.contact) as n from protect_contact_report p \
             join protect_contact c on c.id = p.contact where",
        )
        .within(" p.report in", part.iter().map(|r| Value::from(*r)));
        for row in conn.rows(sql).await? {
            let (at, n): (Timestamp, i64) = (row.get("entered_at")?, row.get("n")?);
            let last = together.entry(row.get("report")?).or_insert((at, n));
            if at >= last.0 {
                *last = (at, n);
            }
        }
    }
    for name in names {
        name.together = together.get(&name.report).map_or(0, |(_, n)| *n);
    }
    Ok(())
}

/// A duty of the period as the ledger is held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub report: ReportId,
    pub series: Series,
    pub district: String,
    pub place: Place,
    pub reason: String,
}

/// Everybody received in the period, in all areas.
pub(super) async fn received(conn: &mut Conn<'_>, asked: &Asked) -> Result<Vec<Received>> {
    let sql = Sql::new(
        "select r.id, r.national, r.district, d.line, coalesce(d.reason, '') as reason \
         from shared_report r left join protect_duty d on d.report = r.id where",
    );
    let rows = conn.rows(received_in(sql, asked)).await?;
    let read = rows.iter().map(|row| {
        Ok(Received {
            report: row.get("id")?,
            series: series_of(row)?,
            district: row.get("district")?,
            place: place_of(row)?,
            reason: row.get("reason")?,
        })
    });
    read.collect()
}

/// The resource an act on the sum is asked for.
pub(super) fn resource(asked: &Asked) -> record::access::Resource {
    record::access::Resource::of("victim_ledger", asked.to_string())
}
