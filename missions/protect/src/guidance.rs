//! The guidance the public reads: who keeps each page true, and whether it is inside its day of review.
//!
//! *Who uses it*: the strategy board. *What it serves*: PREVENT-05. The pages are files of policy
//! (`protect/advice/`, `protect/pages/`); the public side checks and shows them. Here one row for each page and
//! month is kept, so that the figure of a month that is over stays what it was.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use record::access::{Act, ActKind, Grant, Resource};
use record::marking::Marking;
use record::measure::{Measure, Window};
use record::policy::{Files, PolicyError};
use record::time::{Date, Timestamp};
use serde::Deserialize;
use store::{Migration, OnConflict, Result, Sql, Value};
use web::{App, Capability, Job, PolicyFile, Tick};

/// Done by the system alone.
const LOOK: Act = Act::new(
    "guidance.look",
    ActKind::Open,
    "Look which guidance is recorded",
);
const RECORD: Act = Act::new(
    "guidance.record",
    ActKind::Alteration,
    "Record the month's published guidance",
);

pub const GUIDANCE: Capability = Capability {
    name: "protect.guidance",
    title: "Guidance in date",
    commitments: &["PREVENT-05"],
    acts: &[LOOK, RECORD],
    tables: &["protect_guidance"],
    migrations: &[Migration {
        version: 3720,
        name: "published guidance by month",
        sql: "
create table protect_guidance (
  id {id} not null primary key,
  page {text} not null,
  month {int} not null,
  label {text} not null,
  in_date {int} not null,
  marking {int} not null,
  compartment {text}
) {strict};
create unique index protect_guidance_page on protect_guidance (month, page);
",
    }],
    measures: &[IN_DATE],
    policies: &[PolicyFile {
        file: "protect/advice",
        load: Guidance::load,
    }],
    jobs: &[Job {
        name: "protect.record_guidance",
        every_seconds: 600,
        run: tick,
    }],
    ..Capability::NONE
};

/// PREVENT-05.
const IN_DATE: Measure = Measure {
    commitment: "PREVENT-05",
    name: "Guidance in date",
    version: 1,
    window: Window::Month,
    lag_days: 1,
    target: Some(100.0),
    cohort: "select id as subject, month as at, in_date as met, \
        case when in_date = 1 then 'in_date' else 'past_its_review' end as line, \
        0 as excluded, label, marking, compartment from protect_guidance",
    meaning: "Published pages of guidance inside their day of review, of all published pages, as they last stood \
        in the month",
};

/// A published page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    title: String,
    owner: String,
    review_by: Date,
}

/// Every published page, by its path below `protect/`.
#[derive(Debug)]
pub struct Guidance {
    items: BTreeMap<String, Item>,
}

/// The part of a page's head that is read here; the public side checks the rest.
#[derive(Debug, Deserialize)]
struct Head {
    title: String,
    owner: String,
    review_by: String,
}

impl Guidance {
    fn load(files: &Files) -> std::result::Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        Guidance::read(files).map(|g| Arc::new(g) as Arc<dyn Any + Send + Sync>)
    }

    fn read(files: &Files) -> std::result::Result<Guidance, PolicyError> {
        let mut items = BTreeMap::new();
        for folder in ["protect/advice/", "protect/pages/"] {
            for (file, text) in files.below(folder) {
                let wrong = |problem: String| PolicyError::new(file, problem);
                let head = text
                    .strip_prefix("+++\n")
                    .and_then(|rest| rest.split_once("\n+++"))
                    .map(|(head, _)| head)
                    .ok_or_else(|| {
                        wrong("begins with no head between two lines of +++".to_owned())
                    })?;
                let head: Head = toml::from_str(head).map_err(|e| wrong(e.to_string()))?;
                let review_by = Date::parse(&head.review_by)
                    .ok_or_else(|| wrong("review_by is a day like 2026-11-02".to_owned()))?;
                let page = file.strip_prefix("protect/").unwrap_or(file);
                let item = Item {
                    title: head.title,
                    owner: head.owner,
                    review_by,
                };
                items.insert(page.to_owned(), item);
            }
        }
        Ok(Guidance { items })
    }
}

/// A row as it is kept.
type Kept = BTreeMap<String, (String, bool)>;

fn wanted(guidance: &Guidance, today: Date) -> Kept {
    let row = |(page, item): (&String, &Item)| {
        let label = format!(
            "{} ({page}), {}, review by {}",
            item.title,
            item.owner,
            item.review_by.show()
        );
        (page.clone(), (label, today <= item.review_by))
    };
    guidance.items.iter().map(row).collect()
}

fn grant(app: &App, act: &Act) -> Result<Grant> {
    let system = app.system();
    let all = Resource::of("guidance", "all").of_unit(system.unit.clone());
    Ok(system.permit(act, &all, "")?)
}

/// Records the running month's pages. Changes nothing when they stand as they are kept.
pub async fn record(app: &App) -> Result<()> {
    let guidance = app.policy::<Guidance>()?;
    let today = app.now().day();
    let month = Timestamp::start_of(today.first_of_month());
    let wanted = wanted(&guidance, today);
    let mut reader = app.store().read(&grant(app, &LOOK)?).await?;
    let sql = Sql::new("select page, label, in_date from protect_guidance where ")
        .with("month = ?", [month.into()]);
    let rows = reader.rows(sql).await?;
    drop(reader);
    let kept = rows
        .iter()
        .map(|row| Ok((row.get("page")?, (row.get("label")?, row.get("in_date")?))))
        .collect::<Result<Kept>>()?;
    if kept == wanted {
        return Ok(());
    }
    app.store()
        .write(&grant(app, &RECORD)?, move |tx| {
            Box::pin(async move {
                let gone = kept.keys().filter(|page| !wanted.contains_key(*page));
                let gone: Vec<Value> = gone.map(|page| page.as_str().into()).collect();
                if !gone.is_empty() {
                    let sql = Sql::new("delete from protect_guidance where ")
                        .with("month = ?", [month.into()])
                        .within(" and page in", gone);
                    tx.run(sql).await?;
                }
                let row = |(page, (label, in_date)): (String, (String, bool))| {
                    let marking = Marking::Official.level();
                    vec![tx.id().into(), page.into(), month.into(), label.into(), in_date.into(), marking.into()]
                };
                let rows = wanted.into_iter().map(row).collect();
                let columns = &["id", "page", "month", "label", "in_date", "marking"];
                let update = OnConflict::Update(
                    "on conflict (month, page) do update set label = excluded.label, in_date = excluded.in_date",
                );
                tx.insert("protect_guidance", columns, rows, update).await.map(drop)
            })
        })
        .await
}

fn tick(app: App) -> Tick {
    Box::pin(async move { record(&app).await })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn pages_are_read_with_their_owner_and_day() {
        let files = crate::warnings::tests::files();
        let guidance = Guidance::read(&files).unwrap();
        assert!(guidance.items.len() > 40, "{}", guidance.items.len());
        let item = &guidance.items["advice/phishing.md"];
        assert!(!item.owner.is_empty());
        let after = wanted(&guidance, item.review_by.plus_days(1));
        let (label, in_date) = &after["advice/phishing.md"];
        assert!(!in_date && label.contains(&item.owner), "{label}");
        assert!(wanted(&guidance, item.review_by)["advice/phishing.md"].1);
        let mut broken = files.clone();
        broken
            .0
            .insert("protect/advice/x.md".to_owned(), "no head".to_owned());
        assert!(
            Guidance::read(&broken)
                .unwrap_err()
                .to_string()
                .contains("advice/x.md")
        );
    }
}
