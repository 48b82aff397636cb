//! Prints how fast entries are appended, verified and proved on this machine.
//! Run with `cargo run --release -p ledger --example ledger_speed [ENTRIES]`.

use std::time::Instant;

use ledger::{Builder, Error, Hash, HashStore};

/// Hashes in one vector, the place being the stored index.
struct Rows(Vec<Hash>);

impl HashStore for Rows {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let row = |index: &u64| usize::try_from(*index).ok().and_then(|at| self.0.get(at));
        indexes
            .iter()
            .map(|index| {
                row(index)
                    .copied()
                    .ok_or(Error::HashMissing { index: *index })
            })
            .collect()
    }
}

fn main() -> Result<(), Error> {
    const BATCH: usize = 500;
    const PROOFS: u64 = 20_000;
    let entries: usize = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(1_000_000);
    let leaves: Vec<Hash> = (0..entries as u64)
        .map(|n| ledger::leaf_hash(&n.to_be_bytes()))
        .collect();

    let mut rows = Rows(Vec::with_capacity(entries * 2));
    let started = Instant::now();
    let mut size = 0;
    for batch in leaves.chunks(BATCH) {
        let stored = ledger::append(size, batch, &rows)?;
        rows.0.extend(stored.into_iter().map(|(_, hash)| hash));
        size += batch.len() as u64;
    }
    report(
        &format!("append, batches of {BATCH}"),
        entries as u64,
        started,
    );

    let started = Instant::now();
    let mut builder = Builder::new();
    for leaf in &leaves {
        builder.append(*leaf)?;
    }
    let root = builder.root();
    report("recompute the root", size, started);
    assert_eq!(root, ledger::root(size, &rows)?, "both ways give one root");

    let started = Instant::now();
    for n in 0..PROOFS {
        let index = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size;
        let proof = ledger::inclusion_proof(index, size, &rows)?;
        ledger::verify_inclusion(index, size, leaves[index as usize], root, &proof)?;
    }
    report("prove and verify inclusion", PROOFS, started);

    let started = Instant::now();
    for n in 0..PROOFS {
        let old = 1 + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size;
        let proof = ledger::consistency_proof(old, size, &rows)?;
        ledger::verify_consistency(old, size, ledger::root(old, &rows)?, root, &proof)?;
    }
    report("prove and verify consistency", PROOFS, started);
    Ok(())
}

fn report(what: &str, times: u64, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{what:<32} {:>12.0} a second, {:>8.2} µs each",
        times as f64 / seconds,
        seconds * 1e6 / times as f64
    );
}
