//! Full verification: every entry against the tree, the tree against every signed checkpoint.

use ledger::{Builder, Checkpoint, Hash};
use record::access::Grant;

use crate::entries::EntryRow;
use crate::error::Error;
use crate::sequencer::{hash_of, hashes, ledger_error, to_u64, tree_size};
use crate::sql::Sql;
use crate::{Reader, Result, Store};

const PAGE: u64 = 4_000;

/// The first thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Sequence number of the entry, when one entry is at fault.
    pub entry: Option<i64>,
    pub problem: String,
}

/// What full verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries folded into the tree and checked.
    pub entries: u64,
    /// Entries not folded yet; they are checked by the next run.
    pub waiting: u64,
    pub checkpoints: u64,
    pub fault: Option<Fault>,
}

impl Store {
    /// Recomputes everything. Stops at the first fault and names it.
    pub async fn verify_ledger(&self, grant: &Grant) -> Result<Verified> {
        let mut db = self.read(grant).await?;
        let size = tree_size(&mut db.conn()).await?;
        let waiting = to_u64(
            db.count(
                "select count(*) as n from ledger_entry e \
                 where not exists (select 1 from ledger_position p where p.entry = e.seq)",
            )
            .await?,
        );
        let mut checked = Verified {
            entries: 0,
            waiting,
            checkpoints: 0,
            fault: None,
        };
        let mut notes = db
            .rows("select size, note from ledger_checkpoint order by size")
            .await?;
        notes.reverse();
        let key = self.ledger_verifier()?;
        let mut builder = Builder::new();
        let mut at = 0u64;
        while at < size {
            let until = size.min(at + PAGE);
            let leaves = match page(&mut db, at, until).await? {
                Ok(leaves) => leaves,
                Err(fault) => {
                    checked.fault = Some(fault);
                    return Ok(checked);
                }
            };
            for leaf in leaves {
                builder.append(leaf).map_err(ledger_error)?;
                checked.entries += 1;
                while let Some(note) = notes.last() {
                    let noted = to_u64(note.get("size")?);
                    if noted > checked.entries {
                        break;
                    }
                    let text: String = note.get("note")?;
                    if let Err(problem) = check(&text, &key, noted, checked.entries, builder.root())
                    {
                        checked.fault = Some(Fault {
                            entry: None,
                            problem,
                        });
                        return Ok(checked);
                    }
                    checked.checkpoints += 1;
                    notes.pop();
                }
            }
            at = until;
        }
        if let Some(note) = notes.last() {
            let noted: i64 = note.get("size")?;
            checked.fault = Some(Fault {
                entry: None,
                problem: format!(
                    "a checkpoint was signed for {noted} entries, but only {size} are there: \
                     entries were removed"
                ),
            });
        }
        Ok(checked)
    }
}

fn check(
    note: &str,
    key: &ledger::VerifierKey,
    noted: u64,
    at: u64,
    root: Hash,
) -> std::result::Result<(), String> {
    let signed = Checkpoint::open(note, key)
        .map_err(|e| format!("the checkpoint of {noted} entries is not signed by our key: {e}"))?;
    if noted != at || signed.size != noted || signed.root != root {
        return Err(format!(
            "the checkpoint of {noted} entries does not match the entries: \
             the log was changed after it was signed"
        ));
    }
    Ok(())
}

/// Leaf hashes of a run of positions, each compared with the tree; or the first fault.
async fn page(
    db: &mut Reader,
    from: u64,
    until: u64,
) -> Result<std::result::Result<Vec<Hash>, Fault>> {
    let as_i64 = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let sql = Sql::new(
        "select p.position, p.entry, e.seq, e.at, e.actor, e.actor_name, e.act, e.kind, \
         e.resource_kind, e.resource_id, e.purpose, e.reason, e.decided_by, e.refused, \
         e.content, e.detail from ledger_position p left join ledger_entry e on e.seq = p.entry \
         where ",
    )
    .with(
        "p.position >= ? and p.position < ?",
        [as_i64(from).into(), as_i64(until).into()],
    )
    .then(" order by p.position");
    let rows = db.rows(sql).await?;
    let mut leaves = Vec::with_capacity(rows.len());
    let mut expected = from;
    for row in &rows {
        let (position, entry) = (to_u64(row.get("position")?), row.get::<i64>("entry")?);
        if position != expected {
            let problem = format!("position {expected} of the log is missing");
            return Ok(Err(Fault {
                entry: None,
                problem,
            }));
        }
        if row.get::<Option<i64>>("seq")?.is_none() {
            let problem = format!("entry {entry} was removed");
            return Ok(Err(Fault {
                entry: Some(entry),
                problem,
            }));
        }
        leaves.push((entry, ledger::leaf_hash(&EntryRow::of_row(row)?.leaf())));
        expected += 1;
    }
    if expected != until {
        let problem = format!("position {expected} of the log is missing");
        return Ok(Err(Fault {
            entry: None,
            problem,
        }));
    }
    compare(db, from, until, leaves).await
}

async fn compare(
    db: &mut Reader,
    from: u64,
    until: u64,
    leaves: Vec<(i64, Hash)>,
) -> Result<std::result::Result<Vec<Hash>, Fault>> {
    let edge = hashes(
        &mut db.conn(),
        &ledger::root_reads(from).map_err(ledger_error)?,
    )
    .await?;
    let bare: Vec<Hash> = leaves.iter().map(|(_, h)| *h).collect();
    let should = ledger::append(from, &bare, &edge).map_err(ledger_error)?;
    let first = ledger::stored_count(from).map_err(ledger_error)?;
    let last = ledger::stored_count(until).map_err(ledger_error)?;
    let as_i64 = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let sql = Sql::new("select place, hash from ledger_hash where ").with(
        "place >= ? and place < ? order by place",
        [as_i64(first).into(), as_i64(last).into()],
    );
    let stored = db
        .rows(sql)
        .await?
        .iter()
        .map(|r| Ok((to_u64(r.get("place")?), hash_of(r.get("hash")?)?)))
        .collect::<Result<std::collections::BTreeMap<_, _>>>()?;
    for (place, hash) in should {
        if stored.get(&place) == Some(&hash) {
            continue;
        }
        // A leaf that differs names its entry; a differing inner hash lies above intact leaves.
        let leaf = ledger::leaf_of_stored_index(place).map_err(ledger_error)?;
        let entry = leaf
            .and_then(|l| usize::try_from(l.checked_sub(from)?).ok())
            .and_then(|i| leaves.get(i))
            .map(|(entry, _)| *entry);
        let problem = match entry {
            Some(entry) => format!("entry {entry} is not what was entered: it was changed"),
            None => format!("stored hash {place} of the tree was changed or is missing"),
        };
        return Ok(Err(Fault { entry, problem }));
    }
    Ok(Ok(bare))
}

impl Verified {
    /// Whether everything fits.
    pub fn is_sound(&self) -> bool {
        self.fault.is_none()
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Ledger(fault.problem)
    }
}
