//! Work that follows its person: when two records turn out to be one person, or one turns out to be
//! two, open items are led anew on both sides.

use std::collections::BTreeMap;

use record::ids::{PersonId, ReportId, WorkItemId};

use crate::sql::Sql;
use crate::{Result, Tx};

/// An open item, as far as leading depends on it.
struct Open {
    id: WorkItemId,
    lead: Option<WorkItemId>,
    priority: i64,
    due_at: i64,
}

/// Moves the items of these reports from one person to another, and leads both persons' open items
/// anew.
pub async fn move_about(
    tx: &mut Tx<'_>,
    subjects: &[ReportId],
    from: PersonId,
    to: PersonId,
) -> Result<()> {
    for part in subjects.chunks(512) {
        let sql = Sql::new("update work_item set ")
            .with(
                "about = ?, version = version + 1 where about = ? and",
                [to.into(), from.into()],
            )
            .within(" subject in", part.iter().map(|s| (*s).into()));
        tx.run(sql).await?;
    }
    for person in [from, to] {
        lead_anew(tx, person).await?;
    }
    Ok(())
}

/// One lead for a person's open items on each queue: the one already taken, else the most pressing.
async fn lead_anew(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let sql = Sql::new("select id, queue, lead, priority, due_at from work_item where ")
        .with("about = ? and state <> 'closed'", [person.into()])
        .then(" order by queue, case when state = 'taken' then 0 else 1 end, priority, due_at, id");
    let mut queues: BTreeMap<String, Vec<Open>> = BTreeMap::new();
    for row in tx.rows(sql).await? {
        let open = Open {
            id: row.get("id")?,
            lead: row.get("lead")?,
            priority: row.get("priority")?,
            due_at: row.get("due_at")?,
        };
        queues.entry(row.get("queue")?).or_default().push(open);
    }
    for open in queues.values() {
        thread(tx, open).await?;
    }
    Ok(())
}

/// Puts the first in front, as pressing as the most pressing of them, and the others behind it.
async fn thread(tx: &mut Tx<'_>, open: &[Open]) -> Result<()> {
    let Some((lead, followers)) = open.split_first() else {
        return Ok(());
    };
    let worst = open.iter().map(|o| o.priority).min();
    let soonest = open.iter().map(|o| o.due_at).min();
    let sql = Sql::new("update work_item set lead = null, ").with(
        "priority = ?, due_at = ?, version = version + 1 \
         where id = ? and (lead is not null or priority <> ? or due_at <> ?)",
        [
            worst.into(),
            soonest.into(),
            lead.id.into(),
            worst.into(),
            soonest.into(),
        ],
    );
    tx.run(sql).await?;
    for follower in followers.iter().filter(|f| f.lead != Some(lead.id)) {
        let sql = Sql::new("update work_item set ").with(
            "lead = ?, version = version + 1 where id = ?",
            [lead.id.into(), follower.id.into()],
        );
        tx.run(sql).await?;
    }
    Ok(())
}
