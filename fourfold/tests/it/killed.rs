#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! The program is killed at random points of an import, a hundred times. Nothing it acknowledged is
//! lost, nothing is doubled, and the ledger still verifies.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use record::access::Resource;
use store::{Location, Sql, Store};
use uuid::Uuid;
use web::App;

/// Reports generated; the victim list holds somewhat more than half of them.
const REPORTS: u64 = 130;
/// Small transactions, so that a kill finds the import anywhere between many of them.
const BATCH: &str = "5";

struct Chance(u64);

impl Chance {
    /// SplitMix64: the same points each time.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A moment before `most`.
    fn within(&mut self, most: Duration) -> Duration {
        let share = self.next() % 1_000;
        most * u32::try_from(share).unwrap() / 1_000
    }
}

/// A file of reports and how many it holds.
fn generated(folder: &Path, seed: u64) -> (PathBuf, usize) {
    let settings = county::Settings::new(REPORTS, seed, jiff::civil::date(2026, 11, 20));
    county::write_files(folder, settings).unwrap();
    let file = folder.join("national-victim-list.csv");
    let rows = csv_rows(&file);
    assert!(rows > 50, "{rows} rows are too few to be killed among");
    (file, rows)
}

fn csv_rows(file: &Path) -> usize {
    let limits = intake::files::Limits::default();
    let mut source = intake::files::Source::open(file, &limits, &Default::default()).unwrap();
    let mut rows = 0;
    while source.next_row().unwrap().is_some() {
        rows += 1;
    }
    rows
}

fn start(file: &Path, location: &Location) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fourfold"));
    command
        .arg("import")
        .arg(file)
        .args(["--json", "--batch", BATCH]);
    command.arg("--data").arg(location.folder());
    match location {
        Location::Postgres { url, .. } => command.env("DATABASE_URL", url),
        Location::Folder(_) => command.env_remove("DATABASE_URL"),
    };
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Opens what the dead process left behind, as the next process would.
pub async fn opened(location: &Location) -> App {
    let setting = web::AppSetting {
        location: location.clone(),
        store: store::Setting::default(),
        policy: fourfold::assemble::policy(None).unwrap(),
        secure_cookies: true,
        demonstration: false,
    };
    App::start(setting, fourfold::assemble::capabilities())
        .await
        .unwrap()
}

/// Everything that must hold whatever happened; says how many reports are held.
async fn checked(location: &Location) -> usize {
    let app = opened(location).await;
    let store = app.store();
    store.sequence(&store.ledger_key().unwrap()).await.unwrap();
    let any = Resource::of("ledger", "");
    let grant = app
        .command_line()
        .permit(&web::audit::VERIFY, &any, "test")
        .unwrap();
    let mut db = store.read(&grant).await.unwrap();
    for (what, sql) in [
        (
            "a reference is held twice",
            "select count(*) as n from (select reference from intake_report \
             group by reference, source having count(*) > 1) twice",
        ),
        (
            "a receipt does not tell what is held of it",
            "select count(*) as n from intake_import i where i.accepted <> \
             (select count(*) from intake_report r where r.import = i.id)",
        ),
        (
            "a report is of no receipt",
            "select count(*) as n from intake_report r where not exists \
             (select 1 from intake_import i where i.id = r.import)",
        ),
        (
            "a report has no triage item, or two",
            "select count(*) as n from intake_report r where 1 <> (select count(*) \
             from work_item w where w.subject = r.id and w.queue = 'intake.triage')",
        ),
        (
            "a victim has no duty, or two",
            "select count(*) as n from intake_report r where 1 <> (select count(*) \
             from work_item w where w.subject = r.id and w.queue = 'protect.victim_care')",
        ),
        (
            "a report has no proposal",
            "select count(*) as n from intake_report r where not exists \
             (select 1 from intake_triage t where t.report = r.id)",
        ),
        (
            "the total is not what is held",
            "select (select count(*) from intake_report) - \
             coalesce((select n from intake_total where name = 'reports'), 0) as n",
        ),
    ] {
        assert_eq!(db.count(sql).await.unwrap(), 0, "{what}");
    }
    let held: BTreeSet<Uuid> = ids(&mut db).await;
    let sql = "select resource_id from ledger_entry where resource_kind = 'report'";
    let entered: Vec<Uuid> = db
        .rows(Sql::new(sql))
        .await
        .unwrap()
        .iter()
        .map(|row| row.get::<String>("resource_id").unwrap().parse().unwrap())
        .collect();
    assert_eq!(entered.len(), held.len(), "reports and their entries");
    assert_eq!(
        entered.into_iter().collect::<BTreeSet<_>>(),
        held,
        "an entry for each report"
    );
    drop(db);
    sound(store, &grant).await;
    store.close().await;
    held.len()
}

async fn ids(db: &mut store::Reader) -> BTreeSet<Uuid> {
    let rows = db.rows("select id from intake_report").await.unwrap();
    rows.iter().map(|row| row.get("id").unwrap()).collect()
}

async fn sound(store: &Store, grant: &record::access::Grant) {
    let verified = store.verify_ledger(grant).await.unwrap();
    assert!(verified.is_sound(), "{verified:?}");
}

/// What a dead import leaves is closed by the next process, and says that it can be repeated.
async fn closed(location: &Location) {
    let app = opened(location).await;
    intake::imports::close_abandoned(&app).await.unwrap();
    let any = Resource::of("import", "");
    let grant = app
        .command_line()
        .permit(&intake::imports::VIEW, &any, "test")
        .unwrap();
    let mut db = app.store().read(&grant).await.unwrap();
    let running = "select count(*) as n from intake_import where state = 'running'";
    assert_eq!(
        db.count(running).await.unwrap(),
        0,
        "an import runs that nobody runs"
    );
    drop(db);
    app.store().close().await;
}

/// How long an import takes that nobody disturbs.
fn undisturbed(file: &Path, location: &Location) -> Duration {
    let began = Instant::now();
    assert!(
        start(file, location)
            .wait()
            .unwrap()
            .code()
            .is_some_and(|c| c < 2)
    );
    began.elapsed()
}

/// Kills the import so often, each time at another point. A place that is complete is left for the
/// next of `places`, or tried again where there is none.
async fn killed(
    file: &Path,
    rows: usize,
    longest: Duration,
    kills: u32,
    seed: u64,
    mut places: impl Iterator<Item = Location>,
) {
    let mut chance = Chance(seed);
    let mut here = places.next().unwrap();
    let (mut done, mut completed, mut before) = (0, 0, 0);
    while done < kills {
        let mut child = start(file, &here);
        tokio::time::sleep(chance.within(longest)).await;
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            child.wait().unwrap();
            done += 1;
            let held = checked(&here).await;
            assert!(
                held >= before,
                "{held} reports are held where {before} were"
            );
            before = held;
            continue;
        }
        assert_eq!(
            checked(&here).await,
            rows,
            "an import that ended holds every report once"
        );
        completed += 1;
        if let Some(next) = places.next() {
            (here, before) = (next, 0);
        }
    }
    undisturbed(file, &here);
    assert_eq!(
        checked(&here).await,
        rows,
        "in the end every report is held once"
    );
    closed(&here).await;
    println!("{done} kills, {completed} imports ended between them");
}

fn on_embedded(kills: u32, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (file, rows) = generated(&folder.path().join("files"), seed);
    let place = |n: u32| Location::Folder(folder.path().join(format!("data-{n}")));
    let longest = undisturbed(&file, &place(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(killed(&file, rows, longest, kills, seed, (1..).map(place)));
}

#[test]
fn killing_an_import_loses_and_doubles_nothing() {
    on_embedded(45, 11);
}

#[test]
fn killing_an_import_of_another_county_loses_and_doubles_nothing() {
    on_embedded(45, 12);
}

#[test]
fn killing_an_import_on_postgresql_loses_and_doubles_nothing() {
    store::testing::locations(|location, _, _| async move {
        if matches!(location, Location::Folder(_)) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (file, rows) = generated(&folder.path().join("files"), 13);
        // One database only: the point of each kill is drawn from a guess of the whole.
        let longest = Duration::from_millis(1_500);
        killed(&file, rows, longest, 10, 13, std::iter::once(location)).await;
    });
}
