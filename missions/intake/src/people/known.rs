//! What is known of one person or organisation, in reports the actor may see.

use std::collections::{BTreeMap, HashMap};

use record::access::Scope;
use record::ids::{MentionId, PersonId, ReportId};
use record::report::{Party, Report};
use record::time::Timestamp;
use store::{Conn, Result, Sql};

use super::pairs::{PairLink, links_of};
use crate::receive::{Desk, SUSPECT, VICTIM};
use crate::reports::visible::visible;

/// Descriptions on one page.
pub(super) const PAGE: usize = 25;
/// Merges followed from an old identifier to the living one.
const MOST_MERGES: usize = 50;

/// One description, and the report it is in.
#[derive(Debug, Clone)]
pub struct Described {
    pub mention: MentionId,
    pub role: String,
    pub report: ReportId,
    pub reference: String,
    pub title: String,
    pub received_at: Timestamp,
    pub loss_pence: Option<i64>,
    pub party: Party,
    /// Names of fields whose value differs from what most descriptions say.
    pub differs: Vec<&'static str>,
}

/// A judgement a person made about two descriptions.
#[derive(Debug, Clone)]
pub struct JudgementLine {
    pub at: Timestamp,
    pub author: String,
    pub verdict: String,
    pub reason: String,
}

/// A line of a person's history.
#[derive(Debug, Clone)]
pub struct HistoryLine {
    pub at: Timestamp,
    pub what: String,
    pub other: Option<PersonId>,
    pub by: String,
    pub reason: String,
}

/// A person or organisation as known.
pub struct Known {
    pub id: PersonId,
    pub kind: String,
    pub label: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// Reports as victim, and as suspect.
    pub as_victim: i64,
    pub as_suspect: i64,
    /// Reports as victim within the policy's window.
    pub recent: i64,
    pub repeat: bool,
    pub chronic: bool,
    /// Latest entered first.
    pub descriptions: Vec<Described>,
    /// The last description of the page, when there are more.
    pub next: Option<MentionId>,
    pub pairs: Vec<PairLink>,
    pub judgements: Vec<JudgementLine>,
    pub history: Vec<HistoryLine>,
}

/// The living identifier of a person who may have been merged into another.
pub(crate) async fn live(conn: &mut Conn<'_>, id: PersonId) -> Result<PersonId> {
    let mut at = id;
    for _ in 0..MOST_MERGES {
        let sql =
            Sql::new("select merged_into from intake_person where ").with("id = ?", [at.into()]);
        let row = conn.first(sql).await?.ok_or(store::Error::NotFound)?;
        match row.get("merged_into")? {
            Some(into) => at = into,
            None => return Ok(at),
        }
    }
    Err(store::Error::NotFound)
}

/// Reads a person. Somebody in no report the actor may see is not there.
pub(super) async fn load(
    conn: &mut Conn<'_>,
    desk: &Desk,
    scope: &Scope,
    id: PersonId,
    before: Option<MentionId>,
    now: Timestamp,
) -> Result<Known> {
    let sql = Sql::new("select kind, label from intake_person where ")
        .with("id = ? and merged_into is null", [id.into()]);
    let row = conn.first(sql).await?.ok_or(store::Error::NotFound)?;
    let (as_victim, first_at, last_at) = counted(conn, scope, id, VICTIM).await?;
    let (as_suspect, first_suspect, last_suspect) = counted(conn, scope, id, SUSPECT).await?;
    if as_victim + as_suspect == 0 {
        return Err(store::Error::NotFound);
    }
    let firsts = [first_at, first_suspect];
    let lasts = [last_at, last_suspect];
    let (descriptions, next) = descriptions(conn, scope, id, before).await?;
    let mentions: Vec<MentionId> = descriptions.iter().map(|d| d.mention).collect();
    let (recent, flagged) = recent(conn, desk, scope, id, now).await?;
    let policy = &desk.triage.policy.repeat_victim;
    Ok(Known {
        id,
        kind: row.get("kind")?,
        label: row.get("label")?,
        first_at: firsts.into_iter().flatten().min().unwrap_or_default(),
        last_at: lasts.into_iter().flatten().max().unwrap_or_default(),
        as_victim,
        as_suspect,
        recent,
        repeat: flagged || recent >= i64::from(policy.repeat_min),
        chronic: recent >= i64::from(policy.chronic_min),
        pairs: links_of(conn, scope, &mentions).await?,
        judgements: judgements(conn, &mentions).await?,
        history: history(conn, id).await?,
        descriptions,
        next,
    })
}

type Counted = (i64, Option<Timestamp>, Option<Timestamp>);

async fn counted(conn: &mut Conn<'_>, scope: &Scope, id: PersonId, role: &str) -> Result<Counted> {
    let sql = Sql::new(
        "select count(*) as n, min(r.received_at) as first_at, max(r.received_at) as last_at \
         from intake_mention m join intake_report r on r.id = m.report where ",
    )
    .with("m.person = ? and m.role = ?", [id.into(), role.into()]);
    match conn.first(visible(sql, scope)).await? {
        Some(row) => Ok((row.get("n")?, row.get("first_at")?, row.get("last_at")?)),
        None => Ok((0, None, None)),
    }
}

/// Reports as victim within the window, and whether one has a code that always flags.
async fn recent(
    conn: &mut Conn<'_>,
    desk: &Desk,
    scope: &Scope,
    id: PersonId,
    now: Timestamp,
) -> Result<(i64, bool)> {
    let policy = &desk.triage.policy.repeat_victim;
    let from = now.plus_days(-policy.window_days);
    let sql = Sql::new("select r.code, count(*) as n from intake_report r where ").with(
        "r.person = ? and r.received_at >= ?",
        [id.into(), from.into()],
    );
    let (mut all, mut flagged) = (0, false);
    for row in conn
        .rows(visible(sql, scope).then(" group by r.code"))
        .await?
    {
        all += row.get::<i64>("n")?;
        flagged |= policy
            .always_flag_codes
            .contains(&row.get::<String>("code")?);
    }
    Ok((all, flagged))
}

async fn descriptions(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: PersonId,
    before: Option<MentionId>,
) -> Result<(Vec<Described>, Option<MentionId>)> {
    let mut sql = Sql::new(
        "select m.id, m.role, m.report, r.reference, r.title, r.received_at, r.loss_pence, \
         r.content from intake_mention m join intake_report r on r.id = m.report where ",
    )
    .with("m.person = ?", [id.into()]);
    if let Some(before) = before {
        sql = sql.with(" and m.id < ?", [before.into()]);
    }
    let most = i64::try_from(PAGE + 1).unwrap_or(26);
    let sql = visible(sql, scope).with(" order by m.id desc limit ?", [most.into()]);
    let mut all = Vec::new();
    for row in conn.rows(sql).await? {
        let role: String = row.get("role")?;
        let report: Report = row.json("content")?;
        let party = if role == SUSPECT {
            report.suspect.unwrap_or_default()
        } else {
            report.victim
        };
        all.push(Described {
            mention: row.get("id")?,
            role,
            report: row.get("report")?,
            reference: row.get("reference")?,
            title: row.get("title")?,
            received_at: row.get("received_at")?,
            loss_pence: row.get("loss_pence")?,
            party,
            differs: Vec::new(),
        });
    }
    let next = (all.len() > PAGE)
        .then(|| all.get(PAGE - 1).map(|d| d.mention))
        .flatten();
    all.truncate(PAGE);
    mark_differences(&mut all);
    Ok((all, next))
}

/// The parts of a description that are compared, by the name the page uses.
pub(crate) fn parts(party: &Party) -> [(&'static str, Option<String>); 6] {
    let name = party.display_name();
    [
        ("Name", (name != "Name not given").then_some(name)),
        ("Date of birth", party.date_of_birth.map(|d| d.show())),
        ("Phone", party.phone.clone()),
        ("Email", party.email.clone()),
        ("Address", party.address.clone()),
        ("Postcode", party.postcode.clone()),
    ]
}

/// Marks what differs from the value most descriptions give; the newest wins a tie.
fn mark_differences(all: &mut [Described]) {
    let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    let mut counts: HashMap<&'static str, BTreeMap<String, usize>> = HashMap::new();
    let mut newest: HashMap<&'static str, String> = HashMap::new();
    for described in all.iter() {
        for (field, value) in parts(&described.party) {
            if let Some(value) = value.map(|v| plain(&v)) {
                newest.entry(field).or_insert_with(|| value.clone());
                *counts.entry(field).or_default().entry(value).or_default() += 1;
            }
        }
    }
    let usual: HashMap<&'static str, String> = counts
        .iter()
        .filter_map(|(field, values)| {
            let most = values.values().max()?;
            let first = newest
                .get(field)
                .filter(|v| values.get(*v) == Some(most))
                .or_else(|| values.iter().find(|(_, n)| *n == most).map(|(v, _)| v))?;
            Some((*field, first.clone()))
        })
        .collect();
    for described in all {
        described.differs = parts(&described.party)
            .into_iter()
            .filter_map(|(field, value)| {
                let value = plain(&value?);
                (usual.get(field) != Some(&value)).then_some(field)
            })
            .collect();
    }
}

/// Judgements about these descriptions, latest first.
pub(crate) async fn judgements(
    conn: &mut Conn<'_>,
    mentions: &[MentionId],
) -> Result<Vec<JudgementLine>> {
    let mut all = BTreeMap::new();
    for column in [" left_id in", " right_id in"] {
        let sql = Sql::new(
            "select id, at, author_name, verdict, reason from intake_judgement \
             where what = 'people' and",
        )
        .within(column, mentions.iter().map(|m| (*m).into()))
        .then(" limit 50");
        for row in conn.rows(sql).await? {
            let at: Timestamp = row.get("at")?;
            let line = JudgementLine {
                at,
                author: row.get("author_name")?,
                verdict: row.get("verdict")?,
                reason: row.get("reason")?,
            };
            let id: record::ids::RecordId = row.get("id")?;
            all.insert((std::cmp::Reverse(at), id), line);
        }
    }
    Ok(all.into_values().collect())
}

async fn history(conn: &mut Conn<'_>, id: PersonId) -> Result<Vec<HistoryLine>> {
    let sql = Sql::new("select at, what, other, by_name, reason from intake_person_event where ")
        .with("person = ?", [id.into()])
        .then(" order by at desc, id desc limit 50");
    conn.rows(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(HistoryLine {
                at: row.get("at")?,
                what: row.get("what")?,
                other: row.get("other")?,
                by: row.get("by_name")?,
                reason: row.get("reason")?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(forename: &str, phone: Option<&str>) -> Described {
        Described {
            mention: MentionId(Default::default()),
            role: VICTIM.to_owned(),
            report: ReportId(Default::default()),
            reference: String::new(),
            title: String::new(),
            received_at: Timestamp::default(),
            loss_pence: None,
            party: Party {
                forename: Some(forename.to_owned()),
                phone: phone.map(str::to_owned),
                ..Party::default()
            },
            differs: Vec::new(),
        }
    }

    #[test]
    fn the_odd_one_out_is_marked_and_a_gap_is_not() {
        let mut all = vec![
            described("Marjorie", None),
            described("Margaret", Some("07700 900123")),
            described("margaret ", Some("07700900123")),
        ];
        mark_differences(&mut all);
        assert_eq!(all[0].differs, ["Name"]);
        assert!(all[1].differs.is_empty() && all[2].differs.is_empty());
    }
}
