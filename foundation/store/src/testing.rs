//! Stores for tests: the same body runs on SQLite and on a real PostgreSQL server.

use std::future::Future;
use std::sync::Arc;

use record::access::{Act, ActKind, Actor, Authority, Grant, PolicyText, Resource, RolesFile};
use record::ids::{ActorId, SeededIds};
use record::time::{SetClock, Timestamp};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{Location, Migration, Setting, Store};

/// Runs a test body on an embedded store and, when `FOURFOLD_TEST_POSTGRES` names a server, on a
/// new database of that server. Without a server the second half is skipped, except in CI, where
/// it fails.
///
/// # Panics
/// When a store cannot be made: a test cannot go on without one.
#[allow(clippy::expect_used)]
pub fn on_both<F>(steps: &[Migration], body: impl Fn(Store, Arc<SetClock>) -> F)
where
    F: Future<Output = ()>,
{
    locations(|location, setting, clock| {
        let body = &body;
        async move {
            let store = Store::open(&location, steps, setting)
                .await
                .expect("a store for the test");
            body(store.clone(), clock).await;
            store.close().await;
        }
    });
}

/// The same, for bodies that open the store themselves.
///
/// # Panics
/// As [`on_both`].
#[allow(clippy::expect_used, clippy::panic)]
pub fn locations<F>(body: impl Fn(Location, Setting, Arc<SetClock>) -> F)
where
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for the test");
    let noon = Timestamp::parse("2026-11-23T12:00:00Z").expect("a fixed time");
    let given = || {
        let clock = Arc::new(SetClock::at(noon));
        let setting = Setting {
            clock: Arc::<SetClock>::clone(&clock),
            ids: Arc::new(SeededIds::new(1)),
        };
        (setting, clock)
    };
    let folder = tempfile::tempdir().expect("a folder for the test");
    let (setting, clock) = given();
    runtime.block_on(body(
        Location::Folder(folder.path().to_owned()),
        setting,
        clock,
    ));
    let Ok(server) = std::env::var("FOURFOLD_TEST_POSTGRES") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "FOURFOLD_TEST_POSTGRES is not set: run the tests with `make test`"
        );
        eprintln!("skipped on PostgreSQL: FOURFOLD_TEST_POSTGRES is not set (use `make test`)");
        return;
    };
    let name = format!("t_{}", uuid::Uuid::now_v7().simple());
    let url = match server.rsplit_once('/') {
        Some((base, _)) => format!("{base}/{name}"),
        None => panic!("{server} names no database"),
    };
    runtime.block_on(async {
        let mut admin = PgConnection::connect(&server)
            .await
            .expect("the test server");
        admin
            .execute(AssertSqlSafe(format!("create database {name}")))
            .await
            .expect("a database for the test");
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (setting, clock) = given();
        body(
            Location::Postgres {
                url,
                folder: folder.path().to_owned(),
            },
            setting,
            clock,
        )
        .await;
        admin
            .execute(AssertSqlSafe(format!("drop database {name} with (force)")))
            .await
            .expect("the database can be dropped");
    });
}

/// An act of each kind for tests.
pub const TEST_WRITE: Act = Act::new("test.write", ActKind::Alteration, "Change a test record");
pub const TEST_READ: Act = Act::new("test.read", ActKind::Consultation, "Read a test record");

/// An actor whom everything in `acts` is permitted.
///
/// # Panics
/// When an act's name cannot be part of a policy.
#[allow(clippy::expect_used)]
pub fn actor(acts: &[Act]) -> Actor {
    let mut all = vec![TEST_WRITE, TEST_READ];
    all.extend(
        acts.iter()
            .filter(|a| **a != TEST_WRITE && **a != TEST_READ),
    );
    let roles: RolesFile = RolesFile {
        role: vec![record::access::Role {
            id: "tester".to_owned(),
            title: "Tester".to_owned(),
            sees: record::access::Sees::Force,
            system: false,
        }],
    };
    let text = "@id(\"test\") permit(principal in Role::\"tester\", action, resource);".to_owned();
    let policies = [PolicyText {
        file: "test.cedar".to_owned(),
        text,
    }];
    let authority = Authority::new(&all, roles, &policies).expect("a test policy");
    let mut actor = Actor::new(
        Arc::new(authority),
        ActorId(uuid::Uuid::from_u128(7)),
        "Test Actor",
    );
    actor.roles.insert("tester".to_owned());
    actor.ceiling = record::Marking::OfficialSensitive;
    actor
}

/// A grant for a test act.
///
/// # Panics
/// When the test policy does not permit it.
#[allow(clippy::expect_used)]
pub fn grant(act: &Act, id: &str) -> Grant {
    actor(&[*act])
        .permit(act, &Resource::of("test", id), "test")
        .expect("the test policy permits it")
}
