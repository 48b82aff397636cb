use record::access::{Act, ActKind};
use store::testing::{TEST_WRITE, grant, on_both};
use store::{Sql, Store};

const VERIFY: Act = Act::new("ledger.verify", ActKind::Open, "Verify the ledger");

async fn write(store: &Store, n: usize) {
    for i in 0..n {
        store
            .write(&grant(&TEST_WRITE, &i.to_string()), |_| {
                Box::pin(async { Ok(()) })
            })
            .await
            .unwrap();
    }
}

#[test]
fn entries_fold_prove_and_verify() {
    on_both(&[], |store, _| async move {
        let key = store.ledger_key().unwrap();
        assert_eq!(store.sequence(&key).await.unwrap().size, 0);
        write(&store, 23).await;
        assert_eq!(store.sequence(&key).await.unwrap().added, 23);
        write(&store, 5).await;
        let grant = grant(&VERIFY, "");
        let early = store.verify_ledger(&grant).await.unwrap();
        assert_eq!(
            (early.entries, early.waiting, early.checkpoints),
            (23, 5, 1)
        );
        assert_eq!(store.sequence(&key).await.unwrap().size, 28);
        let whole = store.verify_ledger(&grant).await.unwrap();
        assert_eq!(
            (whole.entries, whole.waiting, whole.checkpoints),
            (28, 0, 2)
        );
        assert!(whole.is_sound(), "{:?}", whole.fault);

        let proof = store.prove(&grant, 9).await.unwrap();
        let signed = ledger::Checkpoint::open(&proof.checkpoint, &key.verifier_key()).unwrap();
        let leaf = ledger::leaf_hash(&proof.entry.leaf());
        ledger::verify_inclusion(
            proof.position,
            signed.size,
            leaf,
            signed.root,
            &proof.hashes,
        )
        .unwrap();
        let mut forged = proof.entry.clone();
        forged.reason.push('!');
        let leaf = ledger::leaf_hash(&forged.leaf());
        assert!(
            ledger::verify_inclusion(
                proof.position,
                signed.size,
                leaf,
                signed.root,
                &proof.hashes
            )
            .is_err()
        );
    });
}

#[test]
fn tampering_is_found_and_named() {
    on_both(&[], |store, _| async move {
        let key = store.ledger_key().unwrap();
        write(&store, 12).await;
        store.sequence(&key).await.unwrap();
        // Somebody with the database file and no respect for triggers.
        let off = if store.is_postgres() {
            "drop trigger ledger_entry_stays on ledger_entry"
        } else {
            "drop trigger ledger_entry_no_update"
        };
        store
            .write(&grant(&TEST_WRITE, "x"), move |tx| {
                Box::pin(async move {
                    tx.run(off).await?;
                    let sql = Sql::new("update ledger_entry set ")
                        .with("reason = ? where seq = ?", ["another".into(), 7i64.into()]);
                    tx.run(sql).await
                })
            })
            .await
            .unwrap();
        let found = store.verify_ledger(&grant(&VERIFY, "")).await.unwrap();
        assert_eq!(found.fault.unwrap().entry, Some(7));
    });
}

#[test]
fn removed_entries_are_noticed() {
    on_both(&[], |store, _| async move {
        let key = store.ledger_key().unwrap();
        write(&store, 6).await;
        store.sequence(&key).await.unwrap();
        store
            .write(&grant(&TEST_WRITE, "x"), |tx| {
                Box::pin(async move {
                    tx.run("delete from ledger_position where position >= 4")
                        .await
                })
            })
            .await
            .unwrap();
        let found = store.verify_ledger(&grant(&VERIFY, "")).await.unwrap();
        assert!(found.fault.unwrap().problem.contains("removed"));
    });
}
