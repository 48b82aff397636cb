//! A form becomes a sealed file: the last moment at which this process can read it.

use std::io;
use std::sync::Arc;

use record::ids::SubmissionId;
use record::submission::{Submission, SubmissionKind};
use record::time::Timestamp;
use sealing::PublicKey;
use zeroize::Zeroizing;

use crate::dropbox::DropBox;

/// Letters and digits that are not taken for one another when read out.
pub(crate) const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A reference a person can read out: eight of 32 signs, which is 40 bits.
pub fn reference(bytes: &[u8]) -> String {
    let signs = bytes.iter().take(8);
    grouped(signs.map(|byte| char::from(LETTERS[usize::from(byte % 32)])))
}

/// Signs in groups of four, to be read out and written down.
pub(crate) fn grouped(signs: impl Iterator<Item = char>) -> String {
    let mut text = String::with_capacity(20);
    for (at, sign) in signs.enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(sign);
    }
    text
}

/// An id of random form from bytes nobody can guess.
pub fn id(bytes: &[u8; 32]) -> SubmissionId {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *bytes;
    let sixteen = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p];
    SubmissionId(uuid::Builder::from_random_bytes(sixteen).into_uuid())
}

/// What seals and where it is put.
#[derive(Debug, Clone)]
pub struct Sealer {
    pub key: PublicKey,
    pub drop_box: Arc<DropBox>,
}

impl Sealer {
    /// Seals a submission and puts it into the box. Returns when it is safe.
    pub async fn seal(
        &self,
        id: SubmissionId,
        kind: SubmissionKind,
        at: Timestamp,
        reference: String,
        fields: crate::forms::Filled,
    ) -> io::Result<()> {
        let key = self.key.clone();
        let work = move || {
            let submission = Submission {
                version: Submission::VERSION,
                id,
                kind,
                at: at.micros(),
                reference,
                fields,
            };
            let open = Zeroizing::new(serde_json::to_vec(&submission)?);
            drop(submission);
            sealing::seal(&open, &key).map_err(io::Error::other)
        };
        // Off the threads that answer visitors.
        let sealed = tokio::task::spawn_blocking(work)
            .await
            .map_err(io::Error::other)??;
        self.drop_box.put(id, sealed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_can_be_read_out() {
        assert_eq!(reference(&[0, 1, 2, 3, 4, 5, 6, 31, 99]), "ABCD-EFG9");
        assert_eq!(reference(&[32; 8]), "AAAA-AAAA");
        assert_eq!(id(&[1; 32]).uuid().get_version_num(), 4);
    }
}
