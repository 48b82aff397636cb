use store::testing::{TEST_READ, TEST_WRITE, grant, on_both};
use store::{Entry, Error, Migration, OnConflict, Sql, Store};

const STEPS: &[Migration] = &[Migration {
    version: 100,
    name: "test table",
    sql: "create table test_thing (id {int} not null primary key, word {text}, amount {real}) {strict};",
}];

async fn things(store: &Store) -> i64 {
    let mut db = store.read(&grant(&TEST_READ, "all")).await.unwrap();
    db.count("select count(*) as n from test_thing")
        .await
        .unwrap()
}

async fn entries(store: &Store) -> i64 {
    let open = record::Act::new("test.open", record::ActKind::Open, "Open");
    let mut db = store.read(&grant(&open, "")).await.unwrap();
    db.count("select count(*) as n from ledger_entry")
        .await
        .unwrap()
}

#[test]
fn a_change_and_its_entries_stand_or_fall_together() {
    on_both(STEPS, |store, _| async move {
        store
            .write(&grant(&TEST_WRITE, "1"), |tx| {
                Box::pin(async move {
                    let rows = vec![vec![1i64.into(), "one".into(), 1.5f64.into()]];
                    tx.insert(
                        "test_thing",
                        &["id", "word", "amount"],
                        rows,
                        OnConflict::Fail,
                    )
                    .await?;
                    tx.enter(Entry {
                        kind: "thing",
                        id: "1".into(),
                        ..Entry::default()
                    });
                    Ok(())
                })
            })
            .await
            .unwrap();
        assert_eq!(entries(&store).await, 2);
        let failed: Result<(), Error> = store
            .write(&grant(&TEST_WRITE, "2"), |tx| {
                Box::pin(async move {
                    let rows = vec![vec![
                        2i64.into(),
                        Option::<&str>::None.into(),
                        Option::<f64>::None.into(),
                    ]];
                    tx.insert(
                        "test_thing",
                        &["id", "word", "amount"],
                        rows,
                        OnConflict::Fail,
                    )
                    .await?;
                    Err(Error::invalid("changed my mind"))
                })
            })
            .await;
        assert!(matches!(failed, Err(Error::Invalid(_))));
        assert_eq!(entries(&store).await, 2);
        assert_eq!(things(&store).await, 1);
        // Reading was entered; counting entries with an act of kind Open was not.
        assert_eq!(entries(&store).await, 3);
    });
}

#[test]
fn many_writers_at_once_lose_nothing_and_a_panic_harms_only_itself() {
    on_both(STEPS, |store, _| async move {
        let writes = (0..200i64).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(&grant(&TEST_WRITE, &n.to_string()), move |tx| {
                        Box::pin(async move {
                            let rows = vec![vec![n.into(), "x".into(), 0.0f64.into()]];
                            tx.insert(
                                "test_thing",
                                &["id", "word", "amount"],
                                rows,
                                OnConflict::Fail,
                            )
                            .await?;
                            assert!(n % 50 != 7, "planted");
                            Ok(n)
                        })
                    })
                    .await
            })
        });
        let mut kept = 0;
        for write in writes {
            match write.await.unwrap() {
                Ok(_) => kept += 1,
                Err(Error::Stopped(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(kept, 196);
        assert_eq!(things(&store).await, 196);
        assert_eq!(entries(&store).await, 196 + 1);
    });
}

#[test]
fn entries_cannot_be_changed_even_by_sql() {
    on_both(STEPS, |store, _| async move {
        let write = grant(&TEST_WRITE, "1");
        store
            .write(&write, |_| Box::pin(async { Ok(()) }))
            .await
            .unwrap();
        for text in [
            "update ledger_entry set reason = 'x'",
            "delete from ledger_entry",
        ] {
            let refused = store
                .write(&write, move |tx| {
                    Box::pin(async move { tx.run(text).await })
                })
                .await;
            assert!(refused.is_err(), "{text}");
        }
    });
}

#[test]
fn lists_and_nulls_bind_alike() {
    on_both(STEPS, |store, _| async move {
        store
            .write(&grant(&TEST_WRITE, "1"), |tx| {
                Box::pin(async move {
                    let rows = (0..1000i64)
                        .map(|n| vec![n.into(), Option::<String>::None.into(), (n as f64).into()])
                        .collect();
                    tx.insert(
                        "test_thing",
                        &["id", "word", "amount"],
                        rows,
                        OnConflict::Keep,
                    )
                    .await
                })
            })
            .await
            .unwrap();
        let mut db = store.read(&grant(&TEST_READ, "all")).await.unwrap();
        let sql = Sql::new("select id, word from test_thing where")
            .within(" id in", (0..7i64).map(|n| (n * 100).into()))
            .with(" and amount < ? order by id", [350.0f64.into()]);
        let rows = db.rows(sql).await.unwrap();
        let ids: Vec<i64> = rows.iter().map(|r| r.get("id").unwrap()).collect();
        assert_eq!(ids, [0, 100, 200, 300]);
        assert_eq!(rows[0].get::<Option<String>>("word").unwrap(), None);
    });
}

#[test]
fn a_newer_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let location = store::Location::Folder(folder.path().to_owned());
        let newer = Store::open(&location, STEPS, store::Setting::default())
            .await
            .unwrap();
        newer.close().await;
        let older = Store::open(&location, &[], store::Setting::default()).await;
        let message = older.err().unwrap().to_string();
        assert!(message.contains("newer than this program"), "{message}");
    });
}

#[test]
fn a_list_enters_once_what_it_showed_or_that_it_was_opened() {
    on_both(STEPS, |store, _| async move {
        let shown = |ids: &[&str]| store::Shown {
            kind: "thing",
            query: "all".to_owned(),
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        let list = grant(&TEST_READ, "all");
        let reader = store.read_to_show(&list).await.unwrap();
        assert_eq!(reader.resource().id, "all");
        reader.shown(shown(&["1", "2"])).await.unwrap();
        assert_eq!(entries(&store).await, 2);
        let reader = store.read_to_show(&list).await.unwrap();
        reader.opened().await.unwrap();
        assert_eq!(entries(&store).await, 3);
        // Ended before anything was shown: the consultation is entered all the same, soon after.
        drop(store.read_to_show(&list).await.unwrap());
        for _ in 0..200 {
            if entries(&store).await == 4 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the consultation was not entered");
    });
}

#[test]
fn a_refused_write_takes_nothing_of_its_group_along() {
    on_both(STEPS, |store, _| async move {
        let insert = |id: i64, fails: bool| {
            let store = store.clone();
            async move {
                store
                    .write(&grant(&TEST_WRITE, &id.to_string()), move |tx| {
                        Box::pin(async move {
                            let row = vec![id.into(), "word".into(), 0.5f64.into()];
                            let columns = &["id", "word", "amount"];
                            tx.insert("test_thing", columns, vec![row], OnConflict::Fail)
                                .await?;
                            if fails {
                                return Err(Error::invalid("refused on purpose"));
                            }
                            Ok(())
                        })
                    })
                    .await
            }
        };
        // The first of a group, one in its midst and the last are refused in turn.
        let all = (0..60i64).map(|id| insert(id, id % 3 == 0));
        let outcomes = futures_util::future::join_all(all).await;
        let kept = outcomes.iter().filter(|o| o.is_ok()).count();
        assert_eq!((kept, things(&store).await), (40, 40));
        assert_eq!(
            entries(&store).await,
            40 + 1,
            "one for each, one for the count"
        );
    });
}

#[cfg(debug_assertions)]
#[test]
fn a_task_that_opens_a_second_reader_is_stopped() {
    on_both(STEPS, |store, _| async move {
        let two = tokio::spawn(async move {
            let list = grant(&TEST_READ, "all");
            let one = store.read(&list).await.unwrap();
            let two = store.read(&list).await.unwrap();
            drop((one, two));
        });
        assert!(two.await.unwrap_err().is_panic());
    });
}
