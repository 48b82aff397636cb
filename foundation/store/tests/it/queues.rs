use record::Marking;
use record::access::Scope;
use record::ids::{ActorId, PersonId, ReportId, WorkItemId};
use record::report::Feed;
use record::time::Timestamp;
use record::work::{NewWorkItem, Priority, Summary, WorkState};
use store::testing::{TEST_READ, TEST_WRITE, grant, on_both};
use store::work::{self, Cursor, Filter, Order};
use store::{Error, Result, Store};
use uuid::Uuid;

const QUEUE: &str = "test.queue";

fn item(n: u128, about: Option<u128>, priority: Priority, due_minutes: i64) -> NewWorkItem {
    let noon = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
    NewWorkItem {
        id: WorkItemId(Uuid::from_u128(n)),
        queue: QUEUE,
        subject: ReportId(Uuid::from_u128(1000 + n)),
        about: about.map(|a| PersonId(Uuid::from_u128(a))),
        origin: None,
        priority,
        band: String::new(),
        feed: Feed::VictimList,
        source: "test".into(),
        vulnerable: false,
        network: None,
        received_at: noon,
        due_at: noon.plus_minutes(due_minutes),
        decide_by: None,
        unit: "sfcu".into(),
        marking: Marking::OfficialSensitive,
        compartment: None,
        summary: Summary {
            reference: format!("R{n}"),
            ..Summary::default()
        },
    }
}

fn scope() -> Scope {
    Scope {
        ceiling: 1,
        compartments: vec![],
        unit: None,
    }
}

async fn leave(store: &Store, items: Vec<NewWorkItem>) {
    store
        .write(&grant(&TEST_WRITE, "leave"), |tx| {
            Box::pin(async move { work::leave(tx, items).await })
        })
        .await
        .unwrap();
}

async fn references(store: &Store, scope: &Scope, filter: &Filter, order: Order) -> Vec<String> {
    let mut db = store.read(&grant(&TEST_READ, "list")).await.unwrap();
    let page = work::list(&mut db.conn(), QUEUE, scope, filter, order, None, 50)
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|i| i.summary.reference)
        .collect()
}

async fn close(store: &Store, n: u128, seen: i64) -> Result<()> {
    store
        .write(&grant(&TEST_WRITE, "close"), move |tx| {
            Box::pin(
                async move { work::close(tx, WorkItemId(Uuid::from_u128(n)), seen, "done").await },
            )
        })
        .await
}

#[test]
fn followers_hide_behind_their_lead_and_take_over() {
    on_both(&[], |store, _| async move {
        leave(&store, vec![item(1, Some(9), Priority::Standard, 60)]).await;
        leave(
            &store,
            vec![
                item(2, Some(9), Priority::High, 90),
                item(3, None, Priority::Medium, 10),
                item(4, Some(9), Priority::Medium, 20),
            ],
        )
        .await;
        let all = Filter::default();
        // The lead has taken the worst priority and the soonest due time of its thread.
        assert_eq!(
            references(&store, &scope(), &all, Order::Priority).await,
            ["R1", "R3"]
        );
        assert_eq!(
            references(&store, &scope(), &all, Order::Due).await,
            ["R3", "R1"]
        );
        let followers = Filter {
            followers: true,
            ..Filter::default()
        };
        assert_eq!(
            references(&store, &scope(), &followers, Order::Due)
                .await
                .len(),
            4
        );
        close(&store, 1, 2).await.unwrap();
        let open = Filter {
            states: vec![WorkState::Open],
            ..Filter::default()
        };
        assert_eq!(
            references(&store, &scope(), &open, Order::Priority).await,
            ["R2", "R3"]
        );
        let mut db = store.read(&grant(&TEST_READ, "t")).await.unwrap();
        let thread = work::thread(&mut db.conn(), &scope(), WorkItemId(Uuid::from_u128(2))).await;
        assert_eq!(thread.unwrap().len(), 2);
    });
}

#[test]
fn pages_join_without_gap_or_overlap() {
    on_both(&[], |store, _| async move {
        let items = (1..=57).map(|n| {
            item(
                n,
                None,
                Priority::ALL[(n % 3) as usize],
                (n as i64 * 7) % 11,
            )
        });
        leave(&store, items.collect()).await;
        for order in [Order::Due, Order::Priority, Order::Newest] {
            let mut seen = Vec::new();
            let mut after: Option<Cursor> = None;
            loop {
                let mut db = store.read(&grant(&TEST_READ, "page")).await.unwrap();
                let page = work::list(
                    &mut db.conn(),
                    QUEUE,
                    &scope(),
                    &Filter::default(),
                    order,
                    after.as_ref(),
                    10,
                )
                .await
                .unwrap();
                seen.extend(page.items.into_iter().map(|i| i.id));
                match page.next {
                    Some(next) => after = Cursor::parse(next.as_str()),
                    None => break,
                }
            }
            assert_eq!(seen.len(), 57, "{order:?}");
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 57, "{order:?}");
        }
        let mut db = store.read(&grant(&TEST_READ, "count")).await.unwrap();
        let n = work::count(&mut db.conn(), QUEUE, &scope(), &Filter::default(), 20)
            .await
            .unwrap();
        assert_eq!(n, 20);
    });
}

#[test]
fn two_people_at_once_meet_a_conflict() {
    on_both(&[], |store, _| async move {
        leave(&store, vec![item(1, None, Priority::High, 5)]).await;
        let take = |who: u128| {
            let store = store.clone();
            async move {
                store
                    .write(&grant(&TEST_WRITE, "take"), move |tx| {
                        Box::pin(async move {
                            let (id, to) = (
                                WorkItemId(Uuid::from_u128(1)),
                                ActorId(Uuid::from_u128(who)),
                            );
                            work::allocate(tx, id, 1, to, "Somebody").await
                        })
                    })
                    .await
            }
        };
        let (first, second) = tokio::join!(take(1), take(2));
        assert_eq!(
            [&first, &second]
                .iter()
                .filter(|r| matches!(r, Err(Error::Conflict)))
                .count(),
            1
        );
        assert!(matches!(close(&store, 1, 1).await, Err(Error::Conflict)));
        close(&store, 1, 2).await.unwrap();
        assert!(matches!(close(&store, 1, 3).await, Err(Error::Conflict)));
    });
}

#[test]
fn what_may_not_be_seen_is_absent() {
    on_both(&[], |store, _| async move {
        let mut sealed = item(1, None, Priority::High, 5);
        sealed.compartment = Some("larch".into());
        let mut other = item(2, None, Priority::High, 6);
        other.unit = "beacon".into();
        leave(
            &store,
            vec![sealed, other, item(3, None, Priority::High, 7)],
        )
        .await;
        let all = Filter::default();
        assert_eq!(
            references(&store, &scope(), &all, Order::Due).await,
            ["R2", "R3"]
        );
        let named = Scope {
            compartments: vec!["larch".into()],
            ..scope()
        };
        assert_eq!(
            references(&store, &named, &all, Order::Due).await,
            ["R1", "R2", "R3"]
        );
        let partner = Scope {
            unit: Some("beacon".into()),
            ..scope()
        };
        assert_eq!(references(&store, &partner, &all, Order::Due).await, ["R2"]);
        let low = Scope {
            ceiling: 0,
            ..scope()
        };
        assert!(references(&store, &low, &all, Order::Due).await.is_empty());
        let mut db = store.read(&grant(&TEST_READ, "find")).await.unwrap();
        let hidden = work::find(&mut db.conn(), &scope(), WorkItemId(Uuid::from_u128(1))).await;
        assert!(matches!(hidden, Err(Error::NotFound)));
    });
}

#[test]
fn work_follows_people_who_are_merged_or_taken_apart() {
    on_both(&[], |store, _| async move {
        let items = vec![
            item(1, Some(9), Priority::Standard, 60),
            item(2, Some(9), Priority::High, 90),
            item(3, Some(8), Priority::Medium, 10),
        ];
        leave(&store, items).await;
        let shift = |subjects: Vec<u128>, from: u128, to: u128| {
            let store = store.clone();
            async move {
                let subject = |n: u128| ReportId(Uuid::from_u128(1000 + n));
                let subjects: Vec<ReportId> = subjects.into_iter().map(subject).collect();
                let person = |n: u128| PersonId(Uuid::from_u128(n));
                let (from, to) = (person(from), person(to));
                store
                    .write(&grant(&TEST_WRITE, "move"), move |tx| {
                        Box::pin(async move { work::move_about(tx, &subjects, from, to).await })
                    })
                    .await
                    .unwrap();
            }
        };
        let all = Filter::default();
        let leads = || async { references(&store, &scope(), &all, Order::Due).await };
        assert_eq!(leads().await.len(), 2);
        shift(vec![3], 8, 9).await;
        assert_eq!(leads().await.len(), 1, "one person, one lead");
        shift(vec![2], 9, 8).await;
        let apart = leads().await;
        assert_eq!(apart.len(), 2, "{apart:?}");
        assert!(apart.contains(&"R2".to_owned()), "{apart:?}");
        shift(vec![], 9, 8).await;
        assert_eq!(leads().await, apart, "no reports, no change");
    });
}
