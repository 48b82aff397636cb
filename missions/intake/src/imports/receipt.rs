//! The receipt of an import: what was read and what became of it.

use record::Finding;
use record::ids::ImportId;
use record::time::Timestamp;
use serde::Serialize;
use store::{Conn, OnConflict, Result, Row, Sql, Tx, Value};

/// Findings kept with a receipt; all others are counted, and stand in the rejected rows' file.
pub const MOST_FINDINGS: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Uploaded; its columns are not confirmed yet.
    Waiting,
    Running,
    Done,
    Failed,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
        }
    }

    /// Words for a page.
    pub const fn title(self) -> &'static str {
        match self {
            State::Waiting => "Waiting for its columns",
            State::Running => "Running",
            State::Done => "Done",
            State::Failed => "Stopped",
        }
    }

    fn parse(name: &str) -> State {
        match name {
            "waiting" => State::Waiting,
            "done" => State::Done,
            "failed" => State::Failed,
            _ => State::Running,
        }
    }
}

/// What became of a file.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    pub id: ImportId,
    pub source: String,
    pub file_name: String,
    /// Name of the mapping its rows were read by.
    pub mapping: String,
    /// SHA-256 of the file's bytes, in hex; empty until it was read to its end.
    pub digest: String,
    pub state: State,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub by_name: String,
    pub read_rows: u64,
    pub accepted: u64,
    pub duplicate: u64,
    pub rejected: u64,
    pub bytes_read: u64,
    pub bytes_total: u64,
    pub findings: Vec<Finding>,
    /// Findings beyond those kept.
    pub more_findings: u64,
    /// Why the import stopped before the end of the file.
    pub problem: Option<String>,
    /// An earlier import of the very same file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_file_as: Option<Timestamp>,
}

impl Receipt {
    /// Keeps a finding, or counts it when there are many.
    pub fn find(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
            return;
        }
        self.more_findings += 1;
    }

    /// Whether anything needs a person's eye.
    pub fn has_findings(&self) -> bool {
        self.rejected > 0 || !self.findings.is_empty() || self.problem.is_some()
    }

    pub(crate) fn of_row(row: &Row) -> Result<Receipt> {
        let count = |name: &str| row.get::<i64>(name).map(|n| n.max(0).unsigned_abs());
        let findings: Kept = row.json("findings")?;
        Ok(Receipt {
            id: row.get("id")?,
            source: row.get("source")?,
            file_name: row.get("file_name")?,
            mapping: row.get("mapping")?,
            digest: row.get("digest")?,
            state: State::parse(&row.get::<String>("state")?),
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            by_name: row.get("by_name")?,
            read_rows: count("read_rows")?,
            accepted: count("accepted")?,
            duplicate: count("duplicate")?,
            rejected: count("rejected")?,
            bytes_read: count("bytes_read")?,
            bytes_total: count("bytes_total")?,
            findings: findings.first,
            more_findings: findings.more,
            problem: row.get("problem")?,
            same_file_as: None,
        })
    }

    /// Writes the receipt as it stands.
    pub async fn save(&self, tx: &mut Tx<'_>) -> Result<()> {
        let kept = Kept {
            first: self.findings.clone(),
            more: self.more_findings,
        };
        let count = |n: u64| Value::from(i64::try_from(n).unwrap_or(i64::MAX));
        let row = vec![
            self.id.into(),
            self.source.as_str().into(),
            self.file_name.as_str().into(),
            self.digest.as_str().into(),
            self.mapping.as_str().into(),
            self.state.name().into(),
            self.started_at.into(),
            self.ended_at.into(),
            self.by_name.as_str().into(),
            count(self.read_rows),
            count(self.accepted),
            count(self.duplicate),
            count(self.rejected),
            count(self.bytes_read),
            count(self.bytes_total),
            serde_json::to_string(&kept).unwrap_or_default().into(),
            self.problem.as_deref().into(),
            tx.now().into(),
        ];
        tx.insert(
            "intake_import",
            COLUMNS,
            vec![row],
            OnConflict::Update(UPDATE),
        )
        .await?;
        Ok(())
    }

    /// When the same bytes were imported to the end before.
    pub async fn earlier(&self, conn: &mut Conn<'_>) -> Result<Option<Timestamp>> {
        if self.digest.is_empty() {
            return Ok(None);
        }
        let sql = Sql::new("select min(started_at) as at from intake_import where ").with(
            "digest = ? and state = 'done' and id <> ? and started_at <= ?",
            [
                self.digest.as_str().into(),
                self.id.into(),
                self.started_at.into(),
            ],
        );
        match conn.first(sql).await? {
            Some(row) => row.get("at"),
            None => Ok(None),
        }
    }
}

const COLUMNS: &[&str] = &[
    "id",
    "source",
    "file_name",
    "digest",
    "mapping",
    "state",
    "started_at",
    "ended_at",
    "by_name",
    "read_rows",
    "accepted",
    "duplicate",
    "rejected",
    "bytes_read",
    "bytes_total",
    "findings",
    "problem",
    "beat_at",
];

/// An upload's digest is known before its import begins, and stays.
const UPDATE: &str = "on conflict (id) do update set source = excluded.source, \
            mapping = excluded.mapping, \
            digest = case when excluded.digest = '' then intake_import.digest \
                     else excluded.digest end, \
            state = excluded.state, started_at = excluded.started_at, \
            ended_at = excluded.ended_at, by_name = excluded.by_name, \
            read_rows = excluded.read_rows, accepted = excluded.accepted, \
            duplicate = excluded.duplicate, rejected = excluded.rejected, \
            bytes_read = excluded.bytes_read, findings = excluded.findings, \
            problem = excluded.problem, beat_at = excluded.beat_at";

#[derive(Serialize, serde::Deserialize)]
struct Kept {
    first: Vec<Finding>,
    more: u64,
}
