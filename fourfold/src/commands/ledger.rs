//! `fourfold ledger …` and `fourfold verify`: the log proves itself.

use std::path::PathBuf;

use anyhow::{Context, Result};
use record::access::Resource;
use serde::{Deserialize, Serialize};

use super::Done;
use crate::assemble::Place;

#[derive(Debug, clap::Subcommand)]
pub enum Ledger {
    /// Recompute the whole log and name the first entry that does not fit
    Verify,
    /// Fold waiting entries and print the latest signed checkpoint
    Checkpoint,
    /// Write a proof that an entry is in the log
    Prove {
        /// Sequence number of the entry
        entry: i64,
        /// File to write; standard output when it is not given
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// A proof bundle: all a stranger needs besides our public key.
#[derive(Serialize, Deserialize)]
pub struct Bundle {
    format: String,
    position: u64,
    /// The entry as hashed: a JSON array.
    leaf: String,
    /// Audit path, base64.
    proof: Vec<String>,
    checkpoint: String,
    /// Public key the checkpoint is signed with. Compare it with the one published.
    key: String,
}

const FORMAT: &str = "fourfold-proof-v1";

impl Ledger {
    pub async fn run(self, place: &Place, json: bool) -> Result<Done> {
        let app = place.app(true, false).await?;
        let (store, actor) = (app.store(), app.command_line());
        let grant = actor.permit(&web::audit::VERIFY, &Resource::of("ledger", "all"), "")?;
        let key = store.ledger_key()?;
        let done = match self {
            Ledger::Verify => {
                let found = store.verify_ledger(&grant).await?;
                if json {
                    let fault = found.fault.as_ref();
                    let answer = serde_json::json!({
                        "entries": found.entries,
                        "waiting": found.waiting,
                        "checkpoints": found.checkpoints,
                        "sound": found.is_sound(),
                        "fault": fault.map(|f| &f.problem),
                        "entry": fault.and_then(|f| f.entry),
                    });
                    println!("{answer:#}");
                } else {
                    println!(
                        "{} entries and {} checkpoints fit; {} entries wait to be folded.",
                        found.entries, found.checkpoints, found.waiting
                    );
                }
                match found.fault {
                    None => Done::Clean,
                    Some(fault) => {
                        eprintln!("fourfold: {}", fault.problem);
                        Done::WithFindings
                    }
                }
            }
            Ledger::Checkpoint => {
                store.sequence(&key).await?;
                let note = store.checkpoint(&grant).await?;
                print!(
                    "{}",
                    note.context("the log is empty: nothing has been signed yet")?
                );
                Done::Clean
            }
            Ledger::Prove { entry, out } => {
                store.sequence(&key).await?;
                let proof = store
                    .prove(&grant, entry)
                    .await
                    .with_context(|| format!("there is no entry {entry} in the log"))?;
                let leaf = String::from_utf8(proof.entry.leaf())?;
                let bundle = Bundle {
                    format: FORMAT.to_owned(),
                    position: proof.position,
                    leaf,
                    proof: proof.hashes.iter().map(ToString::to_string).collect(),
                    checkpoint: proof.checkpoint,
                    key: proof.key,
                };
                let text = serde_json::to_string_pretty(&bundle)?;
                match out {
                    Some(file) => std::fs::write(&file, text + "\n")
                        .with_context(|| format!("{} cannot be written", file.display()))?,
                    None => println!("{text}"),
                }
                Done::Clean
            }
        };
        store.close().await;
        Ok(done)
    }
}

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Proof bundle written by `fourfold ledger prove`
    bundle: PathBuf,
    /// Public key to hold the bundle against, in place of the one inside it
    #[arg(long)]
    key: Option<String>,
}

impl Verify {
    pub fn run(self) -> Result<Done> {
        let file = self.bundle.display();
        let text = std::fs::read_to_string(&self.bundle)
            .with_context(|| format!("{file} cannot be read"))?;
        let bundle: Bundle =
            serde_json::from_str(&text).with_context(|| format!("{file} is not a proof bundle"))?;
        anyhow::ensure!(
            bundle.format == FORMAT,
            "{file} is of format {:?}; this program reads {FORMAT:?}",
            bundle.format
        );
        let key = self
            .key
            .as_deref()
            .unwrap_or(&bundle.key)
            .parse::<ledger::VerifierKey>()?;
        let path = bundle
            .proof
            .iter()
            .map(|h| h.parse::<ledger::Hash>())
            .collect::<Result<Vec<_>, _>>()?;
        let checked = ledger::Checkpoint::open(&bundle.checkpoint, &key).and_then(|signed| {
            let leaf = ledger::leaf_hash(bundle.leaf.as_bytes());
            ledger::verify_inclusion(bundle.position, signed.size, leaf, signed.root, &path)
                .map(|()| signed)
        });
        match checked {
            Ok(signed) => {
                println!(
                    "The entry stands at position {} of the log of {} entries signed by {}.",
                    bundle.position,
                    signed.size,
                    key.name()
                );
                println!("{}", bundle.leaf);
                Ok(Done::Clean)
            }
            Err(error) => {
                eprintln!("fourfold: {file}: {error}");
                Ok(Done::WithFindings)
            }
        }
    }
}
