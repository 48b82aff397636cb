//! "Same" draws two people into one; "not the same" takes them apart again.

use std::collections::{BTreeMap, BTreeSet};

use linkage::{Edge, components};
use record::ids::{MentionId, PersonId, RecordId, ReportId};
use record::report::PartyKind;
use record::time::Timestamp;
use store::{Entry, Error, OnConflict, Result, Sql, Tx, Value, work};

use super::{Judgement, Verdict, keep};
use crate::receive::{Desk, SUSPECT, VICTIM};

/// Most descriptions of one person that are taken apart at once.
const MOST_MENTIONS: usize = 20_000;

struct Description {
    person: PersonId,
    kind: String,
    report: ReportId,
}

/// Records what a person says of two descriptions, and draws the people together or apart.
///
/// Same: both become one person, who keeps the identifier of the one with more reports. Refused
/// while somebody's "not the same" stands between them. Not the same: the largest part keeps the
/// identifier. Returns the people the two descriptions now belong to.
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
            merge(tx, desk, a.person, b.person, reason).await?
        }
        Verdict::NotSame if a.person == b.person => split(tx, desk, a.person, reason).await?,
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

/// Descriptions of a person, with what linking knows of each.
async fn mentions_of(tx: &mut Tx<'_>, person: PersonId) -> Result<BTreeMap<MentionId, ReportId>> {
    let most = i64::try_from(MOST_MENTIONS + 1).unwrap_or(i64::MAX);
    let sql = Sql::new("select id, report from intake_mention where ")
        .with("person = ? limit ?", [person.into(), most.into()]);
    let mut all = BTreeMap::new();
    for row in tx.rows(sql).await? {
        all.insert(row.get("id")?, row.get("report")?);
    }
    if all.len() > MOST_MENTIONS {
        return Err(Error::invalid(
            "this record has too many descriptions to be judged here. Ask for the batch link to \
             be run",
        ));
    }
    Ok(all)
}

/// What was last said of each pair among these descriptions.
async fn verdicts(
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

async fn merge(tx: &mut Tx<'_>, desk: &Desk, a: PersonId, b: PersonId, reason: &str) -> Result<()> {
    let (of_a, of_b) = (mentions_of(tx, a).await?, mentions_of(tx, b).await?);
    let all: Vec<MentionId> = of_a.keys().chain(of_b.keys()).copied().collect();
    let parted = verdicts(tx, &all).await?.into_iter().any(|((l, r), same)| {
        let across = (of_a.contains_key(&l) && of_b.contains_key(&r))
            || (of_a.contains_key(&r) && of_b.contains_key(&l));
        across && !same
    });
    if parted {
        return Err(Error::invalid(
            "somebody judged other descriptions of these two not to be the same. Change that \
             judgement first",
        ));
    }
    let size = |n: &BTreeMap<MentionId, ReportId>, id: PersonId| (n.len(), std::cmp::Reverse(id));
    let (kept, gone, moved) = if size(&of_a, a) >= size(&of_b, b) {
        (a, b, of_b)
    } else {
        (b, a, of_a)
    };
    move_mentions(tx, &moved, gone, kept).await?;
    let sql = Sql::new("update intake_person set ").with(
        "merged_into = ?, reports = 0 where id = ?",
        [kept.into(), gone.into()],
    );
    tx.run(sql).await?;
    recount(tx, kept).await?;
    event(tx, kept, "merged", gone, reason).await?;
    event(tx, gone, "merged_away", kept, reason).await?;
    super::sightings::move_nominal(tx, desk, gone, kept, reason).await
}

async fn split(tx: &mut Tx<'_>, desk: &Desk, person: PersonId, reason: &str) -> Result<()> {
    let mentions = mentions_of(tx, person).await?;
    let ids: Vec<MentionId> = mentions.keys().copied().collect();
    let verdicts = verdicts(tx, &ids).await?;
    let mut edges = links_within(tx, &mentions).await?;
    let judged = |same: bool| {
        verdicts
            .iter()
            .filter(move |(_, said)| **said == same)
            .map(|(pair, _)| *pair)
            .filter(|(l, r)| mentions.contains_key(l) && mentions.contains_key(r))
    };
    edges.extend(judged(true).map(|(left, right)| Edge {
        left,
        right,
        weight: f64::INFINITY,
    }));
    let vetoes: Vec<(MentionId, MentionId)> = judged(false).collect();
    let mut groups = components(&ids, &edges, &vetoes).groups;
    // The largest part keeps the identifier; of equal parts, the one described first.
    groups.sort_by_key(|g| (std::cmp::Reverse(g.len()), g.first().copied()));
    for group in groups.iter().skip(1) {
        let moved: BTreeMap<MentionId, ReportId> = group
            .iter()
            .filter_map(|m| Some((*m, *mentions.get(m)?)))
            .collect();
        let new = new_person(tx, person, &moved).await?;
        move_mentions(tx, &moved, person, new).await?;
        recount(tx, new).await?;
        enter_keys(tx, desk, &moved).await?;
        event(tx, person, "split", new, reason).await?;
        event(tx, new, "split_from", person, reason).await?;
        super::sightings::move_nominal(tx, desk, person, new, reason).await?;
    }
    recount(tx, person).await
}

/// Links that held the descriptions of one person together.
async fn links_within(
    tx: &mut Tx<'_>,
    mentions: &BTreeMap<MentionId, ReportId>,
) -> Result<Vec<Edge<MentionId>>> {
    let ids: Vec<MentionId> = mentions.keys().copied().collect();
    let mut edges = Vec::new();
    for part in ids.chunks(1_024) {
        let sql =
            Sql::new("select low, high, weight from intake_mention_link where band = 'link' and")
                .within(" low in", part.iter().map(|m| Value::from(*m)));
        for row in tx.rows(sql).await? {
            let edge = Edge {
                left: row.get("low")?,
                right: row.get("high")?,
                weight: row.get("weight")?,
            };
            if mentions.contains_key(&edge.right) {
                edges.push(edge);
            }
        }
    }
    Ok(edges)
}

async fn new_person(
    tx: &mut Tx<'_>,
    from: PersonId,
    moved: &BTreeMap<MentionId, ReportId>,
) -> Result<PersonId> {
    let first = moved.keys().next().copied().ok_or(Error::NotFound)?;
    let sql =
        Sql::new("select kind, label from intake_mention where ").with("id = ?", [first.into()]);
    let row = tx.first(sql).await?.ok_or(Error::NotFound)?;
    let new = PersonId(tx.id());
    let now = tx.now();
    let row = vec![
        new.into(),
        row.get::<String>("kind")?.into(),
        row.get::<String>("label")?.into(),
        0i64.into(),
        now.into(),
        now.into(),
    ];
    let columns = &["id", "kind", "label", "reports", "first_at", "last_at"];
    tx.insert("intake_person", columns, vec![row], OnConflict::Fail)
        .await?;
    tx.enter(Entry {
        kind: "nominal",
        id: new.to_string(),
        content: String::new(),
        detail: serde_json::json!({ "split_from": from.to_string() }).to_string(),
    });
    Ok(new)
}

/// Moves descriptions, the reports whose victim they describe, and the work about them.
async fn move_mentions(
    tx: &mut Tx<'_>,
    moved: &BTreeMap<MentionId, ReportId>,
    from: PersonId,
    to: PersonId,
) -> Result<()> {
    let ids: Vec<MentionId> = moved.keys().copied().collect();
    let mut as_victim = Vec::new();
    for part in ids.chunks(512) {
        let sql = Sql::new("update intake_mention set ")
            .with("person = ? where", [to.into()])
            .within(" id in", part.iter().map(|m| Value::from(*m)));
        tx.run(sql).await?;
        let sql = Sql::new("select report from intake_mention where ")
            .with("role = ? and", [VICTIM.into()])
            .within(" id in", part.iter().map(|m| Value::from(*m)));
        for row in tx.rows(sql).await? {
            as_victim.push(row.get::<ReportId>("report")?);
        }
    }
    for part in as_victim.chunks(512) {
        let sql = Sql::new("update intake_report set ")
            .with("person = ? where person = ? and", [to.into(), from.into()])
            .within(" id in", part.iter().map(|r| Value::from(*r)));
        tx.run(sql).await?;
    }
    work::move_about(tx, &as_victim, from, to).await
}

/// Counts a person's reports and days anew.
async fn recount(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let sql = Sql::new(
        "select count(case when m.role = 'victim' then 1 end) as n, \
         min(r.received_at) as first_at, max(r.received_at) as last_at \
         from intake_mention m join intake_report r on r.id = m.report where ",
    )
    .with("m.person = ?", [person.into()]);
    let Some(row) = tx.first(sql).await? else {
        return Ok(());
    };
    let (n, first, last): (i64, Option<Timestamp>, Option<Timestamp>) =
        (row.get("n")?, row.get("first_at")?, row.get("last_at")?);
    let sql = Sql::new("update intake_person set ").with(
        "reports = ?, first_at = ?, last_at = ? where id = ?",
        [
            n.into(),
            first.unwrap_or_default().into(),
            last.unwrap_or_default().into(),
            person.into(),
        ],
    );
    tx.run(sql).await.map(drop)
}

/// Makes descriptions findable again: a person is entered under a key once, by one description, and
/// that one may have stayed with the other part.
async fn enter_keys(
    tx: &mut Tx<'_>,
    desk: &Desk,
    moved: &BTreeMap<MentionId, ReportId>,
) -> Result<()> {
    let ids: Vec<MentionId> = moved.keys().copied().collect();
    let mut rows = Vec::new();
    for part in ids.chunks(512) {
        let sql = Sql::new("select id, kind, prepared from intake_mention where")
            .within(" id in", part.iter().map(|m| Value::from(*m)));
        for row in tx.rows(sql).await? {
            let kind = match row.get::<String>("kind")?.as_str() {
                "organisation" => PartyKind::Organisation,
                _ => PartyKind::Person,
            };
            let model = desk.model(kind);
            let Ok(prepared) = model.restore(&row.get::<String>("prepared")?) else {
                continue;
            };
            let id: MentionId = row.get("id")?;
            for key in model.keys(&prepared) {
                rows.push(vec![key.cast_signed().into(), id.into()]);
            }
        }
    }
    tx.insert(
        "intake_mention_key",
        &["key", "mention"],
        rows,
        OnConflict::Keep,
    )
    .await
    .map(drop)
}

async fn event(
    tx: &mut Tx<'_>,
    person: PersonId,
    what: &str,
    other: PersonId,
    reason: &str,
) -> Result<()> {
    let row = vec![
        RecordId(tx.id()).into(),
        person.into(),
        tx.now().into(),
        what.into(),
        other.into(),
        tx.grant().actor_name().into(),
        reason.into(),
    ];
    let columns = &["id", "person", "at", "what", "other", "by_name", "reason"];
    tx.insert("intake_person_event", columns, vec![row], OnConflict::Fail)
        .await
        .map(drop)
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
