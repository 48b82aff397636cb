//! How a task and its answer travel: stamped with run and number, and sealed with a digest.
//!
//! ```text
//! frame  = digest (32 bytes, BLAKE3 of what follows) body
//! body   = kind (1) version-length (1) version run (16) number (8, little-endian) payload
//! ```
//!
//! An answer repeats the stamp of its task. So it fits whichever attempt it came from, a stray one of another run is
//! not taken, and bytes that changed on the way are noticed.

/// Most bytes of a task or an answer: with its copies it stays far from the 2 GiB of the messages that carry it.
pub const MOST_BYTES: usize = 512 << 20;

/// The version of this program, the same on every machine of a run.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const DIGEST: usize = 32;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Asks whether an executor is there; answered with nothing.
    Ping,
    /// Work for the kernel.
    Task,
    /// What the kernel made of it.
    Answer,
    /// Why the kernel made nothing of it, in UTF-8.
    Failure,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Ping, Kind::Task, Kind::Answer, Kind::Failure];
}

/// Which task of which run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub run: [u8; 16],
    pub number: u64,
}

/// A frame that was read; its digest is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'b> {
    pub kind: Kind,
    /// The version of the program that wrote it.
    pub version: &'b str,
    pub stamp: Stamp,
    pub payload: &'b [u8],
}

/// Writes a frame of this version.
pub fn write(kind: Kind, stamp: Stamp, payload: &[u8]) -> Vec<u8> {
    write_as(VERSION, kind, stamp, payload)
}

/// Writes a frame as another version would.
pub fn write_as(version: &str, kind: Kind, stamp: Stamp, payload: &[u8]) -> Vec<u8> {
    let version = &version.as_bytes()[..version.len().min(usize::from(u8::MAX))];
    let mut bytes = Vec::with_capacity(DIGEST + 26 + version.len() + payload.len());
    bytes.extend_from_slice(&[0; DIGEST]);
    bytes.extend([kind as u8, version.len() as u8]);
    bytes.extend_from_slice(version);
    bytes.extend_from_slice(&stamp.run);
    bytes.extend_from_slice(&stamp.number.to_le_bytes());
    bytes.extend_from_slice(payload);
    let digest = blake3::hash(&bytes[DIGEST..]);
    bytes[..DIGEST].copy_from_slice(digest.as_bytes());
    bytes
}

/// Reads a frame; the error says what is wrong with the bytes.
pub fn read(bytes: &[u8]) -> Result<Frame<'_>, &'static str> {
    const SHORT: &str = "the bytes end too early";
    let (digest, body) = bytes.split_at_checked(DIGEST).ok_or(SHORT)?;
    if blake3::hash(body).as_bytes() != digest {
        return Err("the bytes changed on the way: their digest is another");
    }
    let ([kind, length], rest) = body.split_first_chunk().ok_or(SHORT)?;
    let kind = *Kind::ALL
        .get(usize::from(*kind))
        .ok_or("the kind of frame is not known")?;
    let (version, rest) = rest.split_at_checked(usize::from(*length)).ok_or(SHORT)?;
    let version = str::from_utf8(version).map_err(|_| "the version is no text")?;
    let (run, rest) = rest.split_first_chunk().ok_or(SHORT)?;
    let (number, payload) = rest.split_first_chunk().ok_or(SHORT)?;
    let stamp = Stamp {
        run: *run,
        number: u64::from_le_bytes(*number),
    };
    Ok(Frame {
        kind,
        version,
        stamp,
        payload,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames() -> impl Strategy<Value = (usize, String, [u8; 16], u64, Vec<u8>)> {
        let payload = prop::collection::vec(any::<u8>(), 0..300);
        (
            0..4usize,
            "[0-9a-z.é-]{0,12}",
            any::<[u8; 16]>(),
            any::<u64>(),
            payload,
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read((kind, version, run, number, payload) in frames()) {
            let (kind, stamp) = (Kind::ALL[kind], Stamp { run, number });
            let bytes = write_as(&version, kind, stamp, &payload);
            let frame = read(&bytes).unwrap();
            prop_assert_eq!(frame, Frame { kind, version: &version, stamp, payload: &payload });
        }

        #[test]
        fn one_changed_bit_is_noticed((kind, version, run, number, payload) in frames(), at: prop::sample::Index, bit in 0..8u8) {
            let mut bytes = write_as(&version, Kind::ALL[kind], Stamp { run, number }, &payload);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(read(&bytes).is_err());
        }

        #[test]
        fn a_shorter_frame_is_noticed((kind, version, run, number, payload) in frames(), end: prop::sample::Index) {
            let bytes = write_as(&version, Kind::ALL[kind], Stamp { run, number }, &payload);
            prop_assert!(read(&bytes[..end.index(bytes.len())]).is_err());
        }

        #[test]
        fn any_bytes_with_a_right_digest_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut bytes = blake3::hash(&body).as_bytes().to_vec();
            bytes.extend(body);
            let _ = read(&bytes);
        }
    }
}
