//! The box is emptied: each sealed file is opened, recorded once, and removed.
//!
//! A file, or an object of a store, is removed only after its record is committed. If the program ends in between, the
//! id is on record at the next collection, and only the file goes. What no key opens is set aside and tried again at
//! the next start, when a key may be back.

use std::fs;
use std::path::{Path, PathBuf};

use record::access::{Grant, Resource};
use record::ids::{ReportId, SubmissionId, WorkItemId};
use record::marking::Marking;
use record::submission::{Submission, SubmissionKind};
use record::time::Timestamp;
use remote::Objects;
use sealing::{PrivateKey, PublicKey};
use store::{Entry, Error, OnConflict, Result, Sql, Tx, work};
use web::App;

use super::COLLECT;
use super::place::{Name, Place, Sealed, fault};
use super::policy::RequestPolicy;
use crate::victim_care::{Care, QUEUE};
use crate::warnings::{WarningPolicy, subscribers};

/// Beginning of a private key's file name in the keys folder.
pub const KEY_PREFIX: &str = "portal-";
/// Submissions recorded in one write.
const BATCH: usize = 100;

/// What a collection came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    pub recorded: usize,
    /// On record already: only the file was left.
    pub known: usize,
    pub unopened: usize,
}

/// Empties a box.
#[derive(Debug)]
pub struct Collector {
    place: Place,
    keys: Vec<PrivateKey>,
}

impl Collector {
    /// Reads the keys in the data folder and looks at the box, a folder.
    pub fn open(data: &Path, folder: PathBuf) -> Result<Collector> {
        let keys = Collector::needed_keys(data)?;
        let place = Place::folder(folder)?;
        Ok(Collector { place, keys })
    }

    /// The same for a box in an object store. The store is first asked when it is emptied.
    pub fn of(data: &Path, objects: Objects) -> Result<Collector> {
        let keys = Collector::needed_keys(data)?;
        let place = Place::objects(objects);
        Ok(Collector { place, keys })
    }

    fn needed_keys(data: &Path) -> Result<Vec<PrivateKey>> {
        let keys = Collector::keys_in(data)?;
        if keys.is_empty() {
            return Err(Error::Invalid(format!(
                "{} holds no {KEY_PREFIX}….key. Make one with `fourfold portal key`, or bring back the copy",
                data.join("keys").display()
            )));
        }
        Ok(keys)
    }

    /// The private keys of the public side, newest file last.
    pub fn keys_in(data: &Path) -> Result<Vec<PrivateKey>> {
        let folder = data.join("keys");
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .filter(|p| {
                let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
                name.starts_with(KEY_PREFIX) && name.ends_with(".key")
            })
            .collect();
        files.sort_by_key(|f| fs::metadata(f).and_then(|m| m.modified()).ok());
        let read = |file: &PathBuf| {
            let text = fs::read_to_string(file).map_err(fault(file))?;
            text.parse()
                .map_err(|e| Error::Invalid(format!("{}: {e}", file.display())))
        };
        files.iter().map(read).collect()
    }

    /// The public half of the newest key.
    pub fn public_key(&self) -> Option<PublicKey> {
        self.keys.last().map(PrivateKey::public)
    }

    /// Takes everything in the box into the records.
    pub async fn collect(&self, app: &App) -> Result<Collected> {
        let mut all = Collected::default();
        loop {
            let names = self.place.sealed(BATCH).await?;
            let mut taken = Vec::with_capacity(names.len());
            let mut submissions = Vec::with_capacity(names.len());
            let mut set_aside = 0;
            for (name, sealed) in self.place.read(names).await? {
                let opened = match &sealed {
                    Sealed::Whole(bytes) => self.opened(&name, bytes),
                    Sealed::TooLong => {
                        tracing::error!(file = %name.display(), "too long for a sealed request");
                        None
                    }
                    // Another process collects too.
                    Sealed::Gone => continue,
                };
                match opened {
                    Some(submission) => {
                        taken.push(name);
                        submissions.push(submission);
                    }
                    None => {
                        self.place.set_aside(name)?;
                        set_aside += 1;
                    }
                }
            }
            let count = submissions.len();
            // Nothing there, or nothing that was not somebody else's.
            if count + set_aside == 0 {
                return Ok(all);
            }
            let recorded = record(app, submissions).await?;
            self.place.remove(taken).await?;
            all.recorded += recorded;
            all.known += count - recorded;
            all.unopened += set_aside;
        }
    }

    /// What is in a file, or none when it cannot be opened and must wait.
    fn opened(&self, name: &Name, sealed: &[u8]) -> Option<Submission> {
        let opened = match sealing::open(sealed, &self.keys) {
            Ok(opened) => opened,
            Err(error) => {
                tracing::error!(file = %name.display(), %error, "a sealed request cannot be opened");
                return None;
            }
        };
        let named = Path::new(name).file_stem().and_then(|n| n.to_str());
        let named = named.and_then(|n| n.parse::<SubmissionId>().ok());
        match serde_json::from_slice::<Submission>(&opened) {
            Ok(s) if s.version == Submission::VERSION && Some(s.id) == named => Some(s),
            _ => {
                // The error would quote what was sent.
                tracing::error!(file = %name.display(), "a sealed request is of no form we know");
                None
            }
        }
    }
}

/// Records submissions that are new, in one write, and tells how many they were.
async fn record(app: &App, submissions: Vec<Submission>) -> Result<usize> {
    if submissions.is_empty() {
        return Ok(0);
    }
    let system = app.system();
    let resource = Resource::of("drop_box", "public").of_unit(system.unit.clone());
    let grant: Grant = system.permit(&COLLECT, &resource, "")?;
    let (policy, care) = (app.policy::<RequestPolicy>()?, app.policy::<Care>()?);
    let warnings = app.policy::<WarningPolicy>()?;
    let scope = system.scope();
    let unit = system.unit.clone();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let mut recorded = 0;
                for mut submission in submissions {
                    // The public side's clock may be wrong. What lies ahead would never fall due.
                    submission.at = submission.at.min(tx.now().micros());
                    if !is_new(tx, &submission).await? {
                        continue;
                    }
                    recorded += 1;
                    match submission.kind {
                        SubmissionKind::PageViews => {
                            add_views(tx, &submission).await?;
                            continue;
                        }
                        SubmissionKind::Subscribe
                        | SubmissionKind::ConfirmSubscription
                        | SubmissionKind::LeaveSubscription => {
                            subscribers::take(tx, &warnings, &unit, &submission).await?;
                            continue;
                        }
                        _ => {}
                    }
                    let due = policy.due(&submission, &care.plan.calendar);
                    let found = bring_forward(tx, &scope, &submission, due).await?;
                    insert(tx, &submission, due, found, &unit, &policy.digest).await?;
                }
                Ok(recorded)
            })
        })
        .await
}

/// Notes the id, unless it is there.
async fn is_new(tx: &mut Tx<'_>, submission: &Submission) -> Result<bool> {
    let row = vec![
        submission.id.into(),
        submission.kind.name().into(),
        tx.now().into(),
    ];
    let columns = &["id", "kind", "at"];
    let added = tx
        .insert("protect_collected", columns, vec![row], OnConflict::Keep)
        .await?;
    Ok(added == 1)
}

/// The report a call is asked for about, and its open duty, brought forward.
async fn bring_forward(
    tx: &mut Tx<'_>,
    scope: &record::access::Scope,
    submission: &Submission,
    due: Timestamp,
) -> Result<(Option<ReportId>, Option<WorkItemId>)> {
    let told = submission.field("report");
    if submission.kind != SubmissionKind::CallBack || told.is_empty() {
        return Ok((None, None));
    }
    let sql = Sql::new("select id from shared_report where ")
        .with("reference = ?", [told.to_uppercase().into()])
        .with(" or reference = ?", [told.into()])
        .then(" order by received_at limit 10");
    let mut found = None;
    for row in tx.rows(sql).await? {
        let report: ReportId = row.get("id")?;
        found = found.or(Some(report));
        for item in work::of_subject(tx, scope, report).await? {
            if item.queue != QUEUE || item.closed_at.is_some() {
                continue;
            }
            if due < item.due_at {
                work::reschedule(tx, item.id, item.version, due).await?;
            }
            return Ok((Some(report), Some(item.id)));
        }
    }
    Ok((found, None))
}

const COLUMNS: &[&str] = &[
    "id",
    "kind",
    "received_at",
    "collected_at",
    "due_at",
    "reference",
    "fields",
    "report",
    "item",
    "unit",
    "marking",
    "policy",
];

async fn insert(
    tx: &mut Tx<'_>,
    submission: &Submission,
    due: Timestamp,
    (report, item): (Option<ReportId>, Option<WorkItemId>),
    unit: &str,
    policy: &str,
) -> Result<()> {
    let fields = serde_json::to_string(&submission.fields)
        .map_err(|e| Error::Invalid(format!("fields of a request: {e}")))?;
    let row = vec![
        submission.id.into(),
        submission.kind.name().into(),
        submission.received_at().into(),
        tx.now().into(),
        due.into(),
        submission.reference.as_str().into(),
        fields.as_str().into(),
        report.into(),
        item.into(),
        unit.into(),
        Marking::OfficialSensitive.level().into(),
        policy.into(),
    ];
    tx.insert("protect_request", COLUMNS, vec![row], OnConflict::Fail)
        .await?;
    tx.enter(Entry {
        kind: "request",
        id: submission.id.to_string(),
        content: String::new(),
        detail: serde_json::json!({ "kind": submission.kind.name() }).to_string(),
    });
    Ok(())
}

/// Adds an hour's page views to their day.
async fn add_views(tx: &mut Tx<'_>, submission: &Submission) -> Result<()> {
    let day = Timestamp::start_of(submission.received_at().day());
    let mut rows = Vec::new();
    for (page, counts) in &submission.fields {
        let mut counts = counts.split(' ').map(|n| n.parse::<i64>().unwrap_or(0));
        let (views, returning) = (counts.next().unwrap_or(0), counts.next().unwrap_or(0));
        rows.push(vec![
            page.as_str().into(),
            day.into(),
            views.into(),
            returning.into(),
        ]);
    }
    let add = "on conflict (page, day) do update set views = protect_page_view.views + excluded.views, \
        visits_again = protect_page_view.visits_again + excluded.visits_again";
    let columns = &["page", "day", "views", "visits_again"];
    tx.insert("protect_page_view", columns, rows, OnConflict::Update(add))
        .await
        .map(drop)
}
