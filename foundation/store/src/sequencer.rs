//! Folds entries into the Merkle tree, signs checkpoints, and proves single entries.

use std::path::PathBuf;

use ledger::{Checkpoint, Fetched, Hash, SigningKey, VerifierKey};
use record::access::Grant;

use crate::dialect::LATE_ENTRIES;
use crate::entries::EntryRow;
use crate::error::Error;
use crate::placed::latest_checkpoint;
use crate::sql::{Conn, OnConflict, Sql};
use crate::{Result, Store};

/// Entries folded in one transaction, so that other writers never wait long.
const BATCH: i64 = 1_000;

/// What a run of the sequencer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sequenced {
    pub added: u64,
    /// Entries in the tree now.
    pub size: u64,
}

/// All that shows one entry to be in the log, for somebody who has nothing else.
#[derive(Debug, Clone)]
pub struct Proof {
    pub position: u64,
    pub entry: EntryRow,
    pub hashes: Vec<Hash>,
    /// The signed checkpoint the proof leads to.
    pub checkpoint: String,
    pub key: String,
}

pub(crate) fn ledger_error(error: impl std::fmt::Display) -> Error {
    Error::Ledger(error.to_string())
}

pub(crate) async fn hashes(conn: &mut Conn<'_>, places: &[u64]) -> Result<Fetched> {
    let mut found = Vec::with_capacity(places.len());
    for part in places.chunks(512) {
        let values = part
            .iter()
            .map(|p| i64::try_from(*p).unwrap_or(i64::MAX).into());
        let sql = Sql::new("select place, hash from ledger_hash where").within(" place in", values);
        for row in conn.rows(sql).await? {
            found.push((to_u64(row.get("place")?), hash_of(row.get("hash")?)?));
        }
    }
    Ok(found.into_iter().collect())
}

pub(crate) fn hash_of(bytes: Vec<u8>) -> Result<Hash> {
    <[u8; 32]>::try_from(bytes)
        .map(Hash)
        .map_err(|_| Error::Ledger("a stored hash is not 32 bytes long".to_owned()))
}

pub(crate) fn to_u64(n: i64) -> u64 {
    n.max(0).unsigned_abs()
}

fn to_i64(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(crate) async fn tree_size(conn: &mut Conn<'_>) -> Result<u64> {
    conn.count("select coalesce(max(position) + 1, 0) as n from ledger_position")
        .await
        .map(to_u64)
}

async fn fold(conn: &mut Conn<'_>) -> Result<Sequenced> {
    conn.alone("ledger-sequencer").await?;
    let size = tree_size(conn).await?;
    let late = if conn.is_postgres() { LATE_ENTRIES } else { 0 };
    let sql = Sql::new(
        "select seq, at, actor, actor_name, act, kind, resource_kind, resource_id, purpose, \
         reason, decided_by, refused, content, detail from ledger_entry e where ",
    )
    .with(
        "seq > (select coalesce(max(entry), 0) from ledger_position) - ?",
        [late.into()],
    )
    .then(" and not exists (select 1 from ledger_position p where p.entry = e.seq)")
    .with(" order by seq limit ?", [BATCH.into()]);
    let rows = conn.rows(sql).await?;
    let entries = rows
        .iter()
        .map(EntryRow::of_row)
        .collect::<Result<Vec<_>>>()?;
    if entries.is_empty() {
        return Ok(Sequenced { added: 0, size });
    }
    let leaves: Vec<Hash> = entries
        .iter()
        .map(|e| ledger::leaf_hash(&e.leaf()))
        .collect();
    let edge = hashes(conn, &ledger::root_reads(size).map_err(ledger_error)?).await?;
    let stored = ledger::append(size, &leaves, &edge).map_err(ledger_error)?;
    let places = stored
        .into_iter()
        .map(|(place, hash)| vec![to_i64(place).into(), hash.as_bytes().to_vec().into()])
        .collect();
    conn.insert("ledger_hash", &["place", "hash"], places, OnConflict::Fail)
        .await?;
    let positions = entries
        .iter()
        .zip(size..)
        .map(|(entry, position)| vec![to_i64(position).into(), entry.seq.into()])
        .collect();
    conn.insert(
        "ledger_position",
        &["position", "entry"],
        positions,
        OnConflict::Fail,
    )
    .await?;
    let added = u64::try_from(entries.len()).unwrap_or(0);
    Ok(Sequenced {
        added,
        size: size + added,
    })
}

impl Store {
    fn key_file(&self) -> PathBuf {
        self.folder().join("keys").join("ledger.key")
    }

    /// The key that signs checkpoints; made on first use and kept beside the database, readable by
    /// its owner alone. Keep a copy of the public part elsewhere: see `docs/operations.md`.
    pub fn ledger_key(&self) -> Result<SigningKey> {
        let file = self.key_file();
        let fault = |source| Error::File {
            path: file.display().to_string(),
            source,
        };
        match std::fs::read_to_string(&file) {
            Ok(text) => text.trim().parse::<SigningKey>().map_err(ledger_error),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let mut seed = [0u8; 32];
                getrandom::fill(&mut seed)
                    .map_err(|e| Error::Ledger(format!("no randomness from the system: {e}")))?;
                let key = SigningKey::from_seed("fourfold/ledger", &seed).map_err(ledger_error)?;
                if let Some(folder) = file.parent() {
                    std::fs::create_dir_all(folder).map_err(fault)?;
                }
                write_private(&file, &key.to_secret_text()).map_err(fault)?;
                Ok(key)
            }
            Err(e) => Err(fault(e)),
        }
    }

    /// The public part of the ledger's key.
    pub fn ledger_verifier(&self) -> Result<VerifierKey> {
        Ok(self.ledger_key()?.verifier_key())
    }

    /// Folds all waiting entries into the tree and signs a checkpoint when it grew.
    pub async fn sequence(&self, key: &SigningKey) -> Result<Sequenced> {
        let mut total = Sequenced::default();
        loop {
            let step = self.own(|conn| Box::pin(fold(conn))).await?;
            total = Sequenced {
                added: total.added + step.added,
                size: step.size,
            };
            if step.added < to_u64(BATCH) {
                break;
            }
        }
        if total.added > 0 {
            let (key, at) = (key.clone(), self.now());
            self.own(move |conn| {
                Box::pin(async move {
                    let size = tree_size(conn).await?;
                    let edge =
                        hashes(conn, &ledger::root_reads(size).map_err(ledger_error)?).await?;
                    let root = ledger::root(size, &edge).map_err(ledger_error)?;
                    let note = Checkpoint::new(key.name(), size, root)
                        .and_then(|c| c.sign(&key))
                        .map_err(ledger_error)?;
                    let row = vec![to_i64(size).into(), at.into(), note.into()];
                    conn.insert(
                        "ledger_checkpoint",
                        &["size", "at", "note"],
                        vec![row],
                        OnConflict::Keep,
                    )
                    .await
                    .map(drop)
                })
            })
            .await?;
        }
        Ok(total)
    }

    /// The latest signed checkpoint, if any entry has been folded yet.
    pub async fn checkpoint(&self, grant: &Grant) -> Result<Option<String>> {
        let mut db = self.read(grant).await?;
        latest_checkpoint(&mut db.conn()).await
    }

    /// Proves that the entry with this sequence number is in the log.
    pub async fn prove(&self, grant: &Grant, seq: i64) -> Result<Proof> {
        let mut db = self.read(grant).await?;
        let sql = Sql::new(
            "select p.position, e.seq, e.at, e.actor, e.actor_name, e.act, e.kind, \
             e.resource_kind, e.resource_id, e.purpose, e.reason, e.decided_by, e.refused, \
             e.content, e.detail from ledger_entry e join ledger_position p on p.entry = e.seq \
             where ",
        )
        .with("e.seq = ?", [seq.into()]);
        let row = db.first(sql).await?.ok_or(Error::NotFound)?;
        let position = to_u64(row.get("position")?);
        let entry = EntryRow::of_row(&row)?;
        let note = db
            .first("select size, note from ledger_checkpoint order by size desc limit 1")
            .await?
            .ok_or(Error::NotFound)?;
        let size = to_u64(note.get("size")?);
        let wanted = ledger::inclusion_reads(position, size).map_err(ledger_error)?;
        let fetched = hashes(&mut db.conn(), &wanted).await?;
        let proof = ledger::inclusion_proof(position, size, &fetched).map_err(ledger_error)?;
        Ok(Proof {
            position,
            entry,
            hashes: proof,
            checkpoint: note.get("note")?,
            key: self.ledger_verifier()?.to_string(),
        })
    }
}

/// Writes a secret so that only its owner can read it.
fn write_private(file: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut out = options.open(file)?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.sync_all()
}
