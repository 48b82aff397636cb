//! "Same" draws two people into one; "not the same" takes them apart again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use record::ids::{MentionId, PersonId, RecordId, ReportId};
use record::time::Timestamp;
use store::{Entry, Error, Result, Sql, Tx, Value};

use super::regroup::regroup;
use super::{Judgement, Verdict, keep};
use crate::receive::{Desk, SUSPECT};

/// Most descriptions of one person that are taken apart at once.
const MOST_MENTIONS: usize = 20_000;
/// Said to who judges the same what others judged apart.
const STANDS_BETWEEN: &str = "somebody judged other descriptions of these two not to be the same. \
    Change that judgement first";

struct Description {
    person: PersonId,
    kind: String,
    report: ReportId,
}

/// Records what a person says of two descriptions, and draws the people together or apart.
///
/// Everybody touched is put together anew by the rule of [`linkage::together`], in which judgements
/// win. Of the parts that come of it, the largest keeps the identifier of the person that most of it
/// was. "Same" is refused while somebody's "not the same" stands between the two. Returns the people the two descriptions now belong to.
pub async fn judge_people(
    tx: &mut Tx<'_>,
    desk: &Desk,
    left: MentionId,
    right: MentionId,
    verdict: Verdict,
    reason: &str,
) -> Result<(PersonId, PersonId)> {
    tx.alone("intake").await?;
    if left == right {
        return Err(Error::invalid("choose two different descriptions"));
    }
    let (a, b) = (description(tx, left).await?, description(tx, right).await?);
    if a.kind != b.kind {
        return Err(Error::invalid(
            "a person and an organisation cannot be one. Correct the kind of victim first",
        ));
    }
    let judgement = Judgement {
        what: "people",
        left: left.into(),
        right: right.into(),
        verdict: verdict.name(),
        reason,
    };
    keep(tx, judgement).await?;
    let (low, high) = (left.min(right), left.max(right));
    let sql = Sql::new("update intake_mention_link set ").with(
        "decided = ? where low = ? and high = ?",
        [verdict.name().into(), low.into(), high.into()],
    );
    tx.run(sql).await?;
    match verdict {
        Verdict::Same if a.person != b.person => {
            draw(tx, desk, [a.person, b.person], reason).await?;
            if description(tx, left).await?.person != description(tx, right).await?.person {
                return Err(Error::invalid(STANDS_BETWEEN));
            }
        }
        Verdict::NotSame if a.person == b.person => {
            put_anew(tx, desk, &[a.person], reason).await?;
        }
        _ => {}
    }
    for report in BTreeSet::from([a.report, b.report]) {
        tx.enter(Entry {
            kind: "report",
            id: report.to_string(),
            content: String::new(),
            detail: serde_json::json!({ "judged": verdict.name() }).to_string(),
        });
    }
    Ok((
        description(tx, left).await?.person,
        description(tx, right).await?.person,
    ))
}

async fn description(tx: &mut Tx<'_>, id: MentionId) -> Result<Description> {
    let sql = Sql::new("select person, kind, report from intake_mention where ")
        .with("id = ?", [id.into()]);
    let row = tx.first(sql).await?.ok_or(Error::NotFound)?;
    Ok(Description {
        person: row.get("person")?,
        kind: row.get("kind")?,
        report: row.get("report")?,
    })
}

/// What was last said of each pair among these descriptions.
pub(super) async fn verdicts(
    tx: &mut Tx<'_>,
    mentions: &[MentionId],
) -> Result<BTreeMap<(MentionId, MentionId), bool>> {
    let mut latest: BTreeMap<(MentionId, MentionId), (Timestamp, RecordId, bool)> = BTreeMap::new();
    for part in mentions.chunks(1_024) {
        let sql = Sql::new(
            "select id, left_id, right_id, verdict, at from intake_judgement \
             where what = 'people' and",
        )
        .within(" left_id in", part.iter().map(|m| Value::from(*m)));
        for row in tx.rows(sql).await? {
            let (left, right): (MentionId, MentionId) = (row.get("left_id")?, row.get("right_id")?);
            let said = (
                row.get("at")?,
                row.get("id")?,
                row.get::<String>("verdict")? == Verdict::Same.name(),
            );
            let pair = (left.min(right), left.max(right));
            let held = latest.entry(pair).or_insert(said);
            if (said.0, said.1) > (held.0, held.1) {
                *held = said;
            }
        }
    }
    Ok(latest
        .into_iter()
        .map(|(pair, said)| (pair, said.2))
        .collect())
}

/// Draws two people together, unless somebody said of any two of their descriptions that they are
/// not the same.
async fn draw(tx: &mut Tx<'_>, desk: &Desk, people: [PersonId; 2], reason: &str) -> Result<()> {
    let mut whose: HashMap<MentionId, PersonId> = HashMap::new();
    let sql = Sql::new("select id, person from intake_mention where")
        .within(" person in", people.map(Value::from));
    for row in tx.rows(sql).await? {
        whose.insert(row.get("id")?, row.get("person")?);
    }
    let all: Vec<MentionId> = whose.keys().copied().collect();
    let between = |(left, right): (MentionId, MentionId)| {
        let (left, right) = (whose.get(&left), whose.get(&right));
        left.is_some() && right.is_some() && left != right
    };
    let said = verdicts(tx, &all).await?;
    if said.into_iter().any(|(pair, same)| !same && between(pair)) {
        return Err(Error::invalid(STANDS_BETWEEN));
    }
    put_anew(tx, desk, &people, reason).await
}

async fn put_anew(tx: &mut Tx<'_>, desk: &Desk, people: &[PersonId], why: &str) -> Result<()> {
    if regroup(tx, desk, people, why).await? {
        return Ok(());
    }
    Err(Error::invalid(
        "this record has too many descriptions to be judged here. Ask for the batch link to be run",
    ))
}

/// Reports in which a person is described as a suspect.
pub(super) async fn suspected_in(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<ReportId>> {
    let most = i64::try_from(MOST_MENTIONS).unwrap_or(i64::MAX);
    let sql = Sql::new("select report from intake_mention where ").with(
        "person = ? and role = ? limit ?",
        [person.into(), SUSPECT.into(), most.into()],
    );
    tx.rows(sql)
        .await?
        .iter()
        .map(|r| r.get("report"))
        .collect()
}
