//! Staff on duty and open duties, read for the plan.

use std::collections::{BTreeSet, HashMap};

use record::access::Actor;
use record::ids::{ActorId, PersonId, ReportId, WorkItemId};
use record::time::{Date, Timestamp};
use record::work::Priority;
use store::{Conn, Row, Sql, work};

use super::plan::{Caller, Duty};
use super::policy::PlanPolicy;
use crate::care_record::Needs;
use crate::care_record::needs::instant;
use crate::{follow_up, victim_care};

/// A duty with what the page says of it.
pub struct Open {
    pub duty: Duty,
    pub name: String,
    pub reference: String,
    pub href: String,
}

/// Callers with a shift on a day, of the units the actor sees.
pub async fn staff(conn: &mut Conn<'_>, actor: &Actor, day: Date) -> store::Result<Vec<Caller>> {
    let sql = Sql::new(
        "select person, name, unit, from_minute, until_minute, languages, skills \
         from protect_shift where ",
    )
    .with("day = ?", [day.into()]);
    let sql = match actor.scope().unit {
        Some(unit) => sql.with(" and unit = ?", [unit.into()]),
        None => sql,
    };
    let rows = conn
        .rows(sql.then(" order by name, person limit 500"))
        .await?;
    rows.iter().map(|row| caller(row, day)).collect()
}

fn caller(row: &Row, day: Date) -> store::Result<Caller> {
    Ok(Caller {
        id: row.get("person")?,
        name: row.get("name")?,
        unit: row.get("unit")?,
        from: instant(day, row.get("from_minute")?),
        until: instant(day, row.get("until_minute")?),
        languages: row.json("languages")?,
        skills: row.json("skills")?,
    })
}

struct Listed {
    id: WorkItemId,
    report: ReportId,
    about: Option<PersonId>,
    domestic_abuse: bool,
}

/// Open duties that fall due within the days of policy, the most pressing first.
pub async fn duties(
    conn: &mut Conn<'_>,
    actor: &Actor,
    policy: &PlanPolicy,
    now: Timestamp,
) -> store::Result<Vec<Open>> {
    let until = now.plus_days(i64::from(policy.days_ahead));
    let sql = Sql::new(
        "select w.id, w.queue, w.version, w.subject, w.about, w.priority, w.due_at, w.unit, w.state, \
         w.assignee, r.victim_label, r.reference, \
         case when r.content like '%\"domestic_abuse_link\":\"yes\"%' \
              or r.content like '%\"domestic_abuse_link\"]%' \
              or r.content like '%\"domestic_abuse_link\",%' then 1 else 0 end as domestic_abuse \
         from work_item w join shared_report r on r.id = w.subject where ",
    )
    .with(
        "w.queue in (?, ?) and w.state <> 'closed' and w.lead is null and w.due_at < ?",
        [victim_care::QUEUE.into(), follow_up::QUEUE.into(), until.into()],
    );
    let sql = work::visible(sql, &actor.scope()).with(
        " order by w.priority, w.due_at, w.id limit ?",
        [policy.most_duties.into()],
    );
    let rows = conn.rows(sql).await?;
    let read = rows.iter().map(|row| one(row, policy));
    let (mut open, listed): (Vec<Open>, Vec<Listed>) =
        read.collect::<store::Result<Vec<_>>>()?.into_iter().unzip();
    let agreed = agreed(conn, &listed, now).await?;
    let needs = needs(conn, &listed).await?;
    for (one, of) in open.iter_mut().zip(&listed) {
        let held = of
            .about
            .and_then(|a| needs.about.get(&a))
            .or_else(|| needs.of.get(&of.report));
        fit(&mut one.duty, held.map(|(_, n)| n), of, policy, now);
        if let Some(at) = agreed.get(&of.id) {
            one.duty.earliest = one.duty.earliest.max(Some(*at));
        }
    }
    Ok(open)
}

fn one(row: &Row, policy: &PlanPolicy) -> store::Result<(Open, Listed)> {
    let is_follow_up = row.get::<String>("queue")? == follow_up::QUEUE;
    let band = Priority::of_rank(row.get("priority")?);
    let id: WorkItemId = row.get("id")?;
    let with: Option<ActorId> = row.get("assignee")?;
    let listed = Listed {
        id,
        report: row.get("subject")?,
        about: row.get("about")?,
        domestic_abuse: row.get("domestic_abuse")?,
    };
    let (page, minutes) = if is_follow_up {
        ("follow-ups", policy.follow_up_minutes)
    } else {
        ("victim-care", policy.minutes(band))
    };
    let open = Open {
        name: row.get("victim_label")?,
        reference: row.get("reference")?,
        href: format!("/{page}/{id}"),
        duty: Duty {
            id,
            version: row.get("version")?,
            unit: row.get("unit")?,
            band,
            due: row.get("due_at")?,
            earliest: None,
            latest: None,
            minutes,
            language: None,
            skills: BTreeSet::new(),
            with: with.filter(|_| row.get::<String>("state").is_ok_and(|s| s == "taken")),
        },
    };
    Ok((open, listed))
}

/// What the care record asks of a call: language, skills, safe times of today, a longer call.
fn fit(duty: &mut Duty, needs: Option<&Needs>, of: &Listed, policy: &PlanPolicy, now: Timestamp) {
    let mut asked: Vec<&str> = of
        .domestic_abuse
        .then_some("domestic_abuse")
        .into_iter()
        .collect();
    if let Some(needs) = needs {
        asked.extend(needs.accessibility.iter().map(String::as_str));
        if needs.child {
            asked.push("child");
        }
        if needs.interpreter {
            duty.minutes += policy.interpreter_minutes;
        } else {
            // With an interpreter anybody can call; without one, who speaks the language.
            duty.language = policy.language(&needs.language);
        }
        duty.earliest = needs.safe_from(now, 0);
        duty.latest = match (duty.earliest, needs.hours) {
            // No safe time is left today.
            (None, _) => Some(now),
            (Some(_), Some((_, until))) => Some(instant(now.day(), until)),
            (Some(_), None) => None,
        };
    }
    duty.skills = policy.skills_for(&asked);
}

/// Times agreed with victims that are still to come.
async fn agreed(
    conn: &mut Conn<'_>,
    listed: &[Listed],
    now: Timestamp,
) -> store::Result<HashMap<WorkItemId, Timestamp>> {
    let mut found = HashMap::new();
    for part in listed.chunks(512) {
        let sql = Sql::new("select item, max(next_at) as at from protect_contact where ")
            .with("next_at >= ? and", [now.into()])
            .within(" item in", part.iter().map(|l| l.id.into()))
            .then(" group by item");
        for row in conn.rows(sql).await? {
            found.insert(row.get("item")?, row.get("at")?);
        }
    }
    Ok(found)
}

/// The latest needs, by person and by report.
#[derive(Default)]
struct AllNeeds {
    about: HashMap<PersonId, (Timestamp, Needs)>,
    of: HashMap<ReportId, (Timestamp, Needs)>,
}

async fn needs(conn: &mut Conn<'_>, listed: &[Listed]) -> store::Result<AllNeeds> {
    let mut all = AllNeeds::default();
    for part in listed.chunks(512) {
        let abouts = part.iter().filter_map(|l| l.about).map(Into::into);
        let sql = Sql::new(
            "select n.at, n.content, n.report, w.about from protect_needs n join work_item w \
             on w.subject = n.report and w.queue = 'protect.victim_care' where",
        )
        .within(" w.about in", abouts)
        .then(" order by n.at");
        for row in conn.rows(sql).await? {
            // In order of time: a later version takes the place of an earlier one.
            all.about
                .insert(row.get("about")?, (row.get("at")?, row.json("content")?));
        }
        let alone = part
            .iter()
            .filter(|l| l.about.is_none())
            .map(|l| l.report.into());
        let sql = Sql::new("select at, content, report from protect_needs where")
            .within(" report in", alone)
            .then(" order by at");
        for row in conn.rows(sql).await? {
            all.of
                .insert(row.get("report")?, (row.get("at")?, row.json("content")?));
        }
    }
    Ok(all)
}
