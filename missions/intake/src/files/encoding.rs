//! Which characters the bytes are, and a reader that turns them into UTF-8.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// The encodings report files come in. Windows-1252 is read as the WHATWG Encoding Standard says,
/// where every byte has a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// The name people know it by.
    pub const fn title(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16 little-endian",
            Encoding::Utf16Be => "UTF-16 big-endian",
            Encoding::Windows1252 => "Windows-1252",
        }
    }
}

/// What was concluded from the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Detected {
    pub encoding: Encoding,
    /// Length of the byte order mark, to be skipped.
    pub mark: usize,
    /// Nothing in the file says so; it is the best reading.
    pub assumed: bool,
}

/// Byte order mark, else the pattern of NUL bytes, else valid UTF-8, else Windows-1252.
pub(super) fn detect(head: &[u8], wanted: Option<Encoding>) -> Detected {
    let marked = |encoding, mark| Detected {
        encoding,
        mark,
        assumed: false,
    };
    if head.starts_with(&[0xEF, 0xBB, 0xBF]) {
        return marked(Encoding::Utf8, 3);
    }
    if head.starts_with(&[0xFF, 0xFE]) {
        return marked(Encoding::Utf16Le, 2);
    }
    if head.starts_with(&[0xFE, 0xFF]) {
        return marked(Encoding::Utf16Be, 2);
    }
    if let Some(encoding) = wanted {
        return marked(encoding, 0);
    }
    if let Some(encoding) = utf16_by_nul(head) {
        return Detected {
            encoding,
            mark: 0,
            assumed: true,
        };
    }
    let (good, bad) = count_sequences(head);
    if bad > good {
        return Detected {
            encoding: Encoding::Windows1252,
            mark: 0,
            assumed: true,
        };
    }
    marked(Encoding::Utf8, 0)
}

/// Latin text in UTF-16 has a NUL in nearly every second byte, always on the same side.
fn utf16_by_nul(head: &[u8]) -> Option<Encoding> {
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let (mut even, mut odd) = (0, 0);
    for pair in head.chunks_exact(2) {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    let (many, few) = (pairs * 4 / 10, pairs / 20);
    if odd > many && even <= few {
        return Some(Encoding::Utf16Le);
    }
    if even > many && odd <= few {
        return Some(Encoding::Utf16Be);
    }
    None
}

/// Multi-byte sequences that are UTF-8, and bytes that are not. A cut at the end counts as neither.
fn count_sequences(head: &[u8]) -> (usize, usize) {
    let (mut good, mut bad) = (0, 0);
    for chunk in head.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    let cut = std::str::from_utf8(&head[head.len().saturating_sub(3)..])
        .is_err_and(|e| e.error_len().is_none());
    if cut && bad > 0 {
        bad -= 1;
    }
    (good, bad)
}

/// Reads bytes of another encoding as UTF-8.
pub(super) struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    input: Piece,
    output: Piece,
    /// The input has ended; the decoder has been told.
    ended: bool,
    done: bool,
}

/// A buffer, and the part of it that waits to be used.
struct Piece {
    bytes: Vec<u8>,
    from: usize,
    until: usize,
}

impl Piece {
    fn new() -> Piece {
        Piece {
            bytes: vec![0; 64 << 10],
            from: 0,
            until: 0,
        }
    }

    fn waiting(&self) -> &[u8] {
        &self.bytes[self.from..self.until]
    }
}

impl<R: Read> Transcoder<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Transcoder<R> {
        let encoding = match encoding {
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
            Encoding::Windows1252 => WINDOWS_1252,
            Encoding::Utf8 => UTF_8,
        };
        Transcoder {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: Piece::new(),
            output: Piece::new(),
            ended: false,
            done: false,
        }
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.input.waiting().is_empty() && !self.ended {
            self.input.from = 0;
            self.input.until = self.inner.read(&mut self.input.bytes)?;
            self.ended = self.input.until == 0;
        }
        let (result, read, written, _) =
            self.decoder
                .decode_to_utf8(self.input.waiting(), &mut self.output.bytes, self.ended);
        self.input.from += read;
        self.output.from = 0;
        self.output.until = written;
        self.done = self.ended && result == CoderResult::InputEmpty;
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.output.waiting().is_empty() && !self.done {
            self.decode()?;
        }
        let n = self.output.waiting().read(buf)?;
        self.output.from += n;
        Ok(n)
    }
}

/// One row that is not the UTF-8 the rest of its file is.
pub(super) fn from_windows_1252(bytes: &[u8]) -> String {
    WINDOWS_1252
        .decode_without_bom_handling(bytes)
        .0
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(head: &[u8]) -> Encoding {
        detect(head, None).encoding
    }

    #[test]
    fn marks_nul_pattern_utf8_and_the_rest() {
        assert_eq!(detect(b"\xEF\xBB\xBFa", None).mark, 3);
        assert_eq!(encoding(b"\xFF\xFEa\0"), Encoding::Utf16Le);
        assert_eq!(encoding(b"a\0b\0,\0c\0\n\0"), Encoding::Utf16Le);
        assert_eq!(encoding(b"\0a\0b\0,\0c\0\n"), Encoding::Utf16Be);
        assert_eq!(encoding("Zoë, £5".as_bytes()), Encoding::Utf8);
        assert_eq!(encoding(b"Zo\xEB, \xA35"), Encoding::Windows1252);
        assert_eq!(encoding(b"one \0 nul byte,in plain text"), Encoding::Utf8);
    }

    #[test]
    fn a_character_cut_at_the_end_is_no_evidence() {
        assert_eq!(encoding(&"£".as_bytes()[..1]), Encoding::Utf8);
        assert_eq!(encoding(b"abc\xE2\x82"), Encoding::Utf8);
    }

    #[test]
    fn a_lone_surrogate_becomes_a_replacement_character() {
        let mut text = String::new();
        Transcoder::new(&[0x00, 0xD8, 0x41, 0x00][..], Encoding::Utf16Le)
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "\u{FFFD}A");
    }
}
