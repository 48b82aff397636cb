//! What must hold for every tree, checked against a tree hash written straight from RFC 6962 §2.1.

use std::cell::Cell;

use ledger::{Builder, EMPTY_ROOT, Error, Fetched, Hash, HashStore, MAXIMUM_SIZE};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

/// RFC 6962 §2.1, word for word: slow, and owes nothing to the code under test.
fn tree_hash(entries: &[Vec<u8>]) -> [u8; 32] {
    match entries.len() {
        0 => Sha256::digest([]).into(),
        1 => Sha256::new()
            .chain_update([0])
            .chain_update(&entries[0])
            .finalize()
            .into(),
        n => {
            let split = n.next_power_of_two() / 2;
            Sha256::new()
                .chain_update([1])
                .chain_update(tree_hash(&entries[..split]))
                .chain_update(tree_hash(&entries[split..]))
                .finalize()
                .into()
        }
    }
}

fn entries(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|n| format!("entry {n}").into_bytes()).collect()
}

fn leaves(entries: &[Vec<u8>]) -> Vec<Hash> {
    entries
        .iter()
        .map(|entry| ledger::leaf_hash(entry))
        .collect()
}

fn table(leaves: &[Hash]) -> Fetched {
    ledger::append(0, leaves, &Fetched::default())
        .unwrap()
        .into_iter()
        .collect()
}

/// Counts how often and how much it is read.
struct Counting {
    rows: Fetched,
    calls: Cell<usize>,
    hashes: Cell<usize>,
}

impl HashStore for Counting {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        assert!(indexes.is_sorted(), "indexes ascend");
        self.calls.set(self.calls.get() + 1);
        self.hashes.set(self.hashes.get() + indexes.len());
        self.rows.read(indexes)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_batching_stores_the_same_hashes_and_gives_the_root_of_the_standard(
        batches in prop::collection::vec(0_usize..40, 1..12),
    ) {
        let entries = entries(batches.iter().sum());
        let leaves = leaves(&entries);
        let mut rows = Fetched::default();
        let mut all = Vec::new();
        let mut size = 0;
        for batch in batches {
            let stored = ledger::append(size as u64, &leaves[size..size + batch], &rows).unwrap();
            rows.extend(stored.iter().copied());
            all.extend(stored);
            size += batch;
            prop_assert_eq!(
                ledger::root(size as u64, &rows).unwrap(),
                Hash(tree_hash(&entries[..size]))
            );
        }
        let indexes: Vec<u64> = all.iter().map(|(index, _)| *index).collect();
        let expected = ledger::stored_count(size as u64).unwrap();
        prop_assert_eq!(indexes, (0..expected).collect::<Vec<_>>());
        prop_assert_eq!(all, ledger::append(0, &leaves, &Fetched::default()).unwrap());

        let mut builder = Builder::new();
        for leaf in &leaves {
            builder.append(*leaf).unwrap();
        }
        prop_assert_eq!(builder.root(), Hash(tree_hash(&entries)));
    }

    #[test]
    fn every_inclusion_proof_verifies_and_no_altered_one_does(
        size in 1_usize..200,
        which in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let leaves = leaves(&entries(size));
        let table = table(&leaves);
        let at = which.index(size);
        let (index, size) = (at as u64, size as u64);
        let root = ledger::root(size, &table).unwrap();
        let proof = ledger::inclusion_proof(index, size, &table).unwrap();
        ledger::verify_inclusion(index, size, leaves[at], root, &proof).unwrap();

        // One bit of leaf, root or proof, wherever it is.
        let mut bytes: Vec<Hash> = [leaves[at], root].into_iter().chain(proof.clone()).collect();
        let place = flip.index(bytes.len() * 32);
        bytes[place / 32].0[place % 32] ^= 1 << bit;
        let altered = ledger::verify_inclusion(index, size, bytes[0], bytes[1], &bytes[2..]);
        prop_assert!(matches!(altered, Err(Error::InclusionRefused)));

        let mut longer = proof.clone();
        longer.push(root);
        prop_assert!(ledger::verify_inclusion(index, size, leaves[at], root, &longer).is_err());
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert!(ledger::verify_inclusion(index, size, leaves[at], root, shorter).is_err());
        }
        let other = (index + 1) % size;
        if other != index {
            prop_assert!(ledger::verify_inclusion(other, size, leaves[at], root, &proof).is_err());
        }
    }

    #[test]
    fn every_consistency_proof_verifies_and_no_altered_one_does(
        new in 1_usize..200,
        old in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let leaves = leaves(&entries(new));
        let table = table(&leaves);
        let (old, new) = (old.index(new + 1) as u64, new as u64);
        let old_root = ledger::root(old, &table).unwrap();
        let new_root = ledger::root(new, &table).unwrap();
        let proof = ledger::consistency_proof(old, new, &table).unwrap();
        ledger::verify_consistency(old, new, old_root, new_root, &proof).unwrap();

        let mut bytes: Vec<Hash> = [old_root, new_root].into_iter().chain(proof.clone()).collect();
        // After nothing anything may come, so there only the empty root can be wrong.
        let reach = if old == 0 { 1 } else { bytes.len() };
        let place = flip.index(reach * 32);
        bytes[place / 32].0[place % 32] ^= 1 << bit;
        let altered = ledger::verify_consistency(old, new, bytes[0], bytes[1], &bytes[2..]);
        prop_assert!(matches!(altered, Err(Error::ConsistencyRefused)));

        let mut longer = proof;
        longer.push(new_root);
        prop_assert!(
            ledger::verify_consistency(old, new, old_root, new_root, &longer).is_err()
        );
    }

    #[test]
    fn what_a_proof_reads_is_known_beforehand(new in 1_u64..300, a in any::<prop::sample::Index>()) {
        let whole: Vec<(u64, Hash)> =
            ledger::append(0, &leaves(&entries(new as usize)), &Fetched::default()).unwrap();
        let only = |reads: Vec<u64>| -> Fetched {
            reads.into_iter().map(|index| whole[index as usize]).collect()
        };
        let table: Fetched = whole.iter().copied().collect();
        let index = a.index(new as usize) as u64;
        prop_assert_eq!(
            ledger::inclusion_proof(index, new, &only(ledger::inclusion_reads(index, new).unwrap())).unwrap(),
            ledger::inclusion_proof(index, new, &table).unwrap()
        );
        prop_assert_eq!(
            ledger::consistency_proof(index, new, &only(ledger::consistency_reads(index, new).unwrap())).unwrap(),
            ledger::consistency_proof(index, new, &table).unwrap()
        );
        prop_assert_eq!(
            ledger::root(new, &only(ledger::root_reads(new).unwrap())).unwrap(),
            ledger::root(new, &table).unwrap()
        );
    }

    #[test]
    fn a_leaf_is_found_under_its_stored_index(index in 0_u64..1 << 40) {
        let stored = ledger::stored_index(index).unwrap();
        prop_assert_eq!(ledger::leaf_of_stored_index(stored).unwrap(), Some(index));
        prop_assert_eq!(stored, ledger::stored_count(index).unwrap());
    }
}

#[test]
fn a_batch_reads_the_old_edge_once() {
    let leaves = leaves(&entries(1_023 + 500));
    let rows = Counting {
        rows: table(&leaves[..1_023]),
        calls: Cell::new(0),
        hashes: Cell::new(0),
    };
    ledger::append(1_023, &leaves[1_023..], &rows).unwrap();
    assert_eq!((rows.calls.get(), rows.hashes.get()), (1, 10));
}

#[test]
fn sizes_that_make_no_sense_are_refused_and_never_overflow() {
    let none = Fetched::default();
    let hash = EMPTY_ROOT;
    for size in [MAXIMUM_SIZE + 1, u64::MAX - 1, u64::MAX] {
        assert!(matches!(
            ledger::root(size, &none),
            Err(Error::TreeTooLarge { .. })
        ));
        assert!(matches!(
            ledger::stored_count(size),
            Err(Error::TreeTooLarge { .. })
        ));
        assert!(matches!(
            ledger::append(size, &[hash], &none),
            Err(Error::TreeTooLarge { .. })
        ));
        assert!(ledger::verify_inclusion(0, size, hash, hash, &[hash; 64]).is_err());
        assert!(ledger::verify_consistency(1, size, hash, hash, &[hash; 64]).is_err());
    }
    assert!(ledger::stored_count(MAXIMUM_SIZE).is_ok());
    assert!(ledger::inclusion_reads(MAXIMUM_SIZE - 1, MAXIMUM_SIZE).is_ok());
    assert!(ledger::consistency_reads(MAXIMUM_SIZE - 1, MAXIMUM_SIZE).is_ok());
    let proof = vec![hash; 100_000];
    assert!(ledger::verify_inclusion(5, MAXIMUM_SIZE, hash, hash, &proof).is_err());
    assert!(matches!(
        ledger::inclusion_proof(3, 3, &none),
        Err(Error::IndexBeyondTree { index: 3, size: 3 })
    ));
    assert!(matches!(
        ledger::consistency_proof(4, 3, &none),
        Err(Error::SizesReversed { old: 4, new: 3 })
    ));
}

#[test]
fn a_store_that_lost_rows_or_lies_about_their_number_is_an_error() {
    struct Short;
    impl HashStore for Short {
        fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
            Ok(vec![EMPTY_ROOT; indexes.len() - 1])
        }
    }
    assert!(matches!(
        ledger::root(3, &Fetched::default()),
        Err(Error::HashMissing { index: 2 })
    ));
    assert!(matches!(
        ledger::inclusion_proof(0, 4, &Fetched::default()),
        Err(Error::HashMissing { index: 1 })
    ));
    assert!(matches!(
        ledger::root(3, &Short),
        Err(Error::StoreAnswer {
            asked: 2,
            returned: 1
        })
    ));
    assert!(matches!(
        ledger::consistency_proof(3, 4, &Short),
        Err(Error::StoreAnswer {
            asked: 3,
            returned: 2
        })
    ));
}
