//! JSON lines in, JSON lines out, in the order they came.
//!
//! The input is read in blocks of whole lines. Each thread takes the next block, answers its lines
//! into a buffer of its own, and writes the buffer when its turn has come.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use anyhow::{Context, Result};
use observables::{Extractor, Modulus};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::Done;
use super::MOST_BYTES;

/// How much is read at once: what a core keeps near itself, with its answers.
const BLOCK: usize = 1 << 17;

#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    id: &'l RawValue,
    #[serde(borrow)]
    text: Cow<'l, str>,
}

/// Whole lines, and the number of the first of them.
struct Block {
    turn: u64,
    first_line: u64,
    bytes: Vec<u8>,
    /// A line behind these bytes that was too long to be kept.
    too_long: bool,
}

/// The input, from which threads take blocks in turn.
struct Input<R> {
    from: R,
    /// The beginning of a line whose end was not read yet.
    rest: Vec<u8>,
    next_line: u64,
    turn: u64,
    ended: bool,
}

/// The output, to which threads write in turn.
struct Output<W> {
    to: W,
    turn: u64,
    done: Done,
    failed: Option<anyhow::Error>,
}

/// Answers every line of `input` on `out`, with so many threads. A line that is no `{"id","text"}`
/// is named on standard error and left out.
pub fn run(
    input: impl Read + Send,
    out: impl Write + Send,
    threads: usize,
    modulus: Option<&Arc<Modulus>>,
) -> Result<Done> {
    let input = Mutex::new(Input {
        from: input,
        rest: Vec::new(),
        next_line: 1,
        turn: 0,
        ended: false,
    });
    let output = Mutex::new(Output {
        to: out,
        turn: 0,
        done: Done::Clean,
        failed: None,
    });
    let turned = Condvar::new();
    let work = || {
        let mut extractor = Extractor::with_modulus(modulus);
        while let Some(block) = take(&input, &output, &turned) {
            let answers = answer(&mut extractor, &block);
            if !give(&output, &turned, block.turn, answers) {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut output = output.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = output.failed {
        return Err(error);
    }
    output.to.flush()?;
    Ok(output.done)
}

/// The next block, or nothing when there is none or something failed.
fn take<R: Read, W>(
    input: &Mutex<Input<R>>,
    output: &Mutex<Output<W>>,
    turned: &Condvar,
) -> Option<Block> {
    let next = input.lock().unwrap_or_else(PoisonError::into_inner).next();
    next.unwrap_or_else(|error| {
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.failed.get_or_insert(error);
        turned.notify_all();
        None
    })
}

/// Writes what was answered when the turn has come; whether there is more to do.
fn give<W: Write>(
    output: &Mutex<Output<W>>,
    turned: &Condvar,
    turn: u64,
    answers: Answers,
) -> bool {
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    while output.turn != turn && output.failed.is_none() {
        output = turned.wait(output).unwrap_or_else(PoisonError::into_inner);
    }
    if output.failed.is_some() {
        return false;
    }
    for fault in &answers.faults {
        eprintln!("{fault}");
        output.done = Done::WithFindings;
    }
    if let Err(error) = output.to.write_all(&answers.bytes) {
        output.failed = Some(error.into());
    }
    output.turn += 1;
    turned.notify_all();
    output.failed.is_none()
}

impl<R: Read> Input<R> {
    /// Reads on to the end of a line.
    fn next(&mut self) -> Result<Option<Block>> {
        if self.ended {
            return Ok(None);
        }
        let rest = std::mem::take(&mut self.rest);
        let mut bytes = Vec::with_capacity(rest.len() + BLOCK + 1);
        bytes.extend_from_slice(&rest);
        let mut too_long = false;
        let mut searched = 0;
        loop {
            let read = (&mut self.from)
                .take(BLOCK as u64)
                .read_to_end(&mut bytes)
                .context("the lines cannot be read")?;
            self.ended = read < BLOCK;
            if self.ended {
                break;
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes[searched..]) {
                self.rest = bytes.split_off(searched + end + 1);
                break;
            }
            searched = bytes.len();
            if bytes.len() > MOST_BYTES {
                // What comes before the long line was given away with an earlier block.
                bytes.clear();
                too_long = true;
                self.skip_line()?;
                break;
            }
        }
        let block = Block {
            turn: self.turn,
            first_line: self.next_line,
            bytes,
            too_long,
        };
        self.turn += 1;
        let ends = memchr::memchr_iter(b'\n', &block.bytes).count() as u64;
        self.next_line += ends + u64::from(too_long);
        Ok(Some(block))
    }

    /// Reads past the end of the line.
    fn skip_line(&mut self) -> Result<()> {
        let mut bytes = Vec::with_capacity(BLOCK);
        loop {
            bytes.clear();
            let read = (&mut self.from)
                .take(BLOCK as u64)
                .read_to_end(&mut bytes)
                .context("the lines cannot be read")?;
            if let Some(end) = memchr::memchr(b'\n', &bytes) {
                self.rest = bytes.split_off(end + 1);
                return Ok(());
            }
            if read < BLOCK {
                self.ended = true;
                return Ok(());
            }
        }
    }
}

/// What came of a block.
#[derive(Default)]
struct Answers {
    bytes: Vec<u8>,
    faults: Vec<String>,
}

fn answer(extractor: &mut Extractor, block: &Block) -> Answers {
    let mut answers = Answers {
        bytes: Vec::with_capacity(block.bytes.len() / 2),
        faults: Vec::new(),
    };
    let text = std::str::from_utf8(&block.bytes).ok();
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', &block.bytes).chain([block.bytes.len()]);
    for (number, end) in (block.first_line..).zip(ends) {
        let line = &block.bytes[start..end];
        if !line.iter().all(u8::is_ascii_whitespace) {
            // A line of a text is a text: what was looked at whole need not be looked at again.
            let read = match text {
                Some(text) => serde_json::from_str(&text[start..end]),
                None => serde_json::from_slice(line),
            };
            match read {
                Ok(line) => lines.push(line),
                Err(error) => answers.faults.push(format!(
                    "line {number}: {error}. Each line is {{\"id\": …, \"text\": \"…\"}} in UTF-8; \
                     the line was left out"
                )),
            }
        }
        start = end + 1;
    }
    let texts: Vec<&str> = lines.iter().map(|line| &*line.text).collect();
    let mut asked = lines.iter();
    extractor.all(&texts, |found| {
        if let Some(line) = asked.next() {
            one(line, found, &mut answers.bytes);
        }
    });
    if block.too_long {
        answers.faults.push(format!(
            "line {}: longer than 256 MB. Split its text; the line was left out",
            block.first_line
        ));
    }
    answers
}

fn one(line: &Line<'_>, observables: observables::Answers<'_, '_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    out.extend_from_slice(line.id.get().as_bytes());
    out.extend_from_slice(b",\"observables\":[");
    let mut separator: &[u8] = b"{\"kind\":\"";
    for found in observables {
        out.extend_from_slice(separator);
        separator = b",{\"kind\":\"";
        out.extend_from_slice(found.kind.name().as_bytes());
        out.extend_from_slice(b"\",\"value\":");
        quoted(out, found.value);
        out.extend_from_slice(b",\"raw\":");
        quoted(out, found.raw);
        let mut figures = itoa::Buffer::new();
        out.extend_from_slice(b",\"start\":");
        out.extend_from_slice(figures.format(found.start).as_bytes());
        out.extend_from_slice(b",\"end\":");
        out.extend_from_slice(figures.format(found.end).as_bytes());
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
}

/// Writes a JSON string.
fn quoted(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: &u8| *byte >= b' ' && !matches!(byte, b'"' | b'\\');
    // To the end, whatever is met: without a way out many bytes are looked at in one step.
    let all_plain = text.bytes().fold(true, |all, byte| all & plain(&byte));
    if all_plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives a few bytes at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let length = to.len().min(self.0.len()).min(1000);
            to[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn answers(input: &str, threads: usize) -> (String, Done) {
        let mut out = Vec::new();
        let done = run(Slow(input.as_bytes()), &mut out, threads, None).unwrap();
        (String::from_utf8(out).unwrap(), done)
    }

    #[test]
    fn answers_keep_the_order_and_the_ids_of_the_lines() {
        let mut input = String::new();
        for at in 0..20_000 {
            let filler = "nothing to see ".repeat(at % 17);
            let line = serde_json::json!({ "id": at, "text": format!("{filler}£{at}\n\"x\"") });
            input.push_str(&line.to_string());
            input.push_str(if at % 5 == 0 { "\r\n\n" } else { "\n" });
        }
        input.pop();
        assert!(input.len() > 2 * BLOCK);
        let (one, done) = answers(&input, 1);
        assert_eq!(done, Done::Clean);
        assert_eq!(one, answers(&input, 3).0);
        assert_eq!(one.lines().count(), 20_000);
        for (at, line) in one.lines().enumerate() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["id"], at);
            assert_eq!(line["observables"][0]["value"], format!("GBP {at}.00"));
        }
    }

    #[test]
    fn what_is_quoted_reads_back() {
        let text = "a \"b\" \\ \u{1} é\n07700\t900123";
        let mut out = Vec::new();
        quoted(&mut out, text);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn bad_lines_are_left_out_and_the_good_ones_kept() {
        let input = "{\"id\":\"a\",\"text\":\"£5\"}\nnonsense\n{\"text\":\"£6\"}\n{\"id\":[1, 2],\"text\":\"£7\"}";
        let (out, done) = answers(input, 2);
        assert_eq!(done, Done::WithFindings);
        let ids: Vec<&str> = out.lines().map(|line| &line[..10]).collect();
        assert_eq!(ids, ["{\"id\":\"a\",", "{\"id\":[1, "]);
    }

    #[test]
    fn faults_name_their_line() {
        let block = Block {
            turn: 0,
            first_line: 7,
            bytes: b"{\"id\":1,\"text\":\"x\"}\n\n{\"id\":2,\"text\":\"\xFF\"}\n{}".to_vec(),
            too_long: false,
        };
        let answers = answer(&mut Extractor::new(), &block);
        assert_eq!(answers.bytes, b"{\"id\":1,\"observables\":[]}\n");
        assert!(
            answers.faults[0].starts_with("line 9: "),
            "{:?}",
            answers.faults
        );
        assert!(answers.faults[1].starts_with("line 10: missing field `id`"));
    }
}
