//! The reading half of an import: rows become ready reports on all cores, in the file's order.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use record::Finding;
use record::finding::Severity;
use record::time::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::files::{Digest, FileError, Headings, Mapper, Mapping, Reading, RejectedWriter, Source};
use crate::receive::{Desk, Ready};

/// Reports received in one transaction: large enough to share its costs, small enough that others
/// never wait long.
pub const BATCH: usize = 500;

/// Rows after which progress is told although none of them could be kept: findings are handed on
/// before they pile up.
const TELL_EVERY: u64 = 2_000;

/// Batches worked out ahead of the writer.
const AHEAD: usize = 4;

/// A run of rows on its way to the writer.
pub(super) struct Chunk {
    pub ready: JoinHandle<Vec<(u64, Ready)>>,
    pub findings: Vec<Finding>,
    pub read_rows: u64,
    pub rejected: u64,
    pub bytes_read: u64,
}

/// How reading ended.
pub(super) struct End {
    pub digest: Option<Digest>,
    pub problem: Option<FileError>,
}

pub(super) struct Running {
    pub chunks: mpsc::Receiver<Chunk>,
    pub end: JoinHandle<Result<End, std::io::Error>>,
}

/// Starts reading on a thread of its own.
pub(super) fn start(
    desk: Arc<Desk>,
    path: PathBuf,
    mapping: Mapping,
    now: Timestamp,
    rejected_file: Option<PathBuf>,
    batch: usize,
) -> Running {
    let (sender, chunks) = mpsc::channel(AHEAD);
    let end = tokio::task::spawn_blocking(move || {
        let mut reader = Reader {
            desk,
            sender,
            batch: batch.max(1),
            rows: Vec::new(),
            findings: Vec::new(),
            read_rows: 0,
            rejected: 0,
            out: Rejects {
                file: rejected_file,
                writer: None,
            },
        };
        reader.read(&path, &mapping, now)
    });
    Running { chunks, end }
}

struct Reader {
    desk: Arc<Desk>,
    sender: mpsc::Sender<Chunk>,
    batch: usize,
    rows: Vec<(u64, record::report::Report)>,
    findings: Vec<Finding>,
    read_rows: u64,
    rejected: u64,
    out: Rejects,
}

impl Reader {
    fn read(
        &mut self,
        path: &Path,
        mapping: &Mapping,
        now: Timestamp,
    ) -> Result<End, std::io::Error> {
        let mut source = match Source::open(path, &self.desk.limits, &mapping.format) {
            Ok(source) => source,
            Err(problem) => {
                return Ok(End {
                    digest: None,
                    problem: Some(problem),
                });
            }
        };
        let fit = mapping.validate(source.headings());
        let unfit = fit.iter().any(|f| f.severity == Severity::Rejected);
        self.findings.extend(fit);
        if unfit {
            self.send(source.bytes_read());
            return Ok(End {
                digest: None,
                problem: None,
            });
        }
        let codes: BTreeSet<String> = self.desk.codes.iter().map(|c| c.code.clone()).collect();
        let mut mapper = mapping.mapper(&codes, now);
        let mut noted = 0;
        let mut problem = None;
        loop {
            let reading = match source.next_row() {
                Ok(Some(reading)) => reading,
                Ok(None) => break,
                Err(error) => {
                    problem = Some(error);
                    break;
                }
            };
            self.note(reading, &mut mapper, source.headings())?;
            let found = source.findings().len();
            self.findings
                .extend_from_slice(&source.findings()[noted..found]);
            noted = found;
            let full = self.rows.len() >= self.batch || self.read_rows >= TELL_EVERY;
            if full && !self.send(source.bytes_read()) {
                break;
            }
        }
        let found = source.findings().len();
        self.findings
            .extend_from_slice(&source.findings()[noted..found]);
        self.send(source.bytes_read());
        self.out.finish()?;
        if problem.is_some() {
            return Ok(End {
                digest: None,
                problem,
            });
        }
        let (digest, problem) = match source.finish() {
            Ok(digest) => (Some(digest), None),
            Err(error) => (None, Some(error)),
        };
        Ok(End { digest, problem })
    }

    /// A report for its batch, or a rejected row for its file.
    fn note(
        &mut self,
        reading: Reading,
        mapper: &mut Mapper<'_>,
        headings: &Headings,
    ) -> Result<(), std::io::Error> {
        self.read_rows += 1;
        match reading {
            Reading::Row(row) => {
                let (report, findings) = mapper.apply(&row);
                match report {
                    Some(report) => self.rows.push((row.number, report)),
                    None => {
                        self.rejected += 1;
                        self.out.open()?.row(&row, &findings)?;
                    }
                }
                self.findings.extend(findings);
            }
            Reading::Rejected(rejection) => {
                self.rejected += 1;
                self.out.open()?.rejection(headings, &rejection)?;
                self.findings.push(rejection.finding);
            }
        }
        Ok(())
    }

    /// Hands a batch on; false when nobody takes it any more.
    fn send(&mut self, bytes_read: u64) -> bool {
        let rows = std::mem::take(&mut self.rows);
        let desk = Arc::clone(&self.desk);
        let ready = tokio::task::spawn_blocking(move || {
            rows.into_iter()
                .map(|(row, report)| (row, desk.ready(report)))
                .collect()
        });
        let chunk = Chunk {
            ready,
            findings: std::mem::take(&mut self.findings),
            read_rows: std::mem::take(&mut self.read_rows),
            rejected: std::mem::take(&mut self.rejected),
            bytes_read,
        };
        self.sender.blocking_send(chunk).is_ok()
    }
}

/// The file of rejected rows, made when the first one comes.
struct Rejects {
    file: Option<PathBuf>,
    writer: Option<RejectedWriter<Box<dyn Write + Send>>>,
}

impl Rejects {
    fn open(&mut self) -> Result<&mut RejectedWriter<Box<dyn Write + Send>>, std::io::Error> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let out: Box<dyn Write + Send> = match &self.file {
                    Some(file) => Box::new(std::io::BufWriter::new(std::fs::File::create(file)?)),
                    None => Box::new(std::io::sink()),
                };
                RejectedWriter::new(out)
            }
        };
        Ok(self.writer.insert(writer))
    }

    fn finish(&mut self) -> Result<(), std::io::Error> {
        match self.writer.take() {
            Some(writer) => writer.finish()?.flush(),
            None => Ok(()),
        }
    }
}
