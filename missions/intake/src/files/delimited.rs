//! Delimited text: records framed line by line, so that one broken quotation mark costs one row.
//!
//! Quoting follows RFC 4180. A record is framed first (where does it end?) and its cells are read
//! by `csv-core` after. When a frame turns out broken — text after a closing quotation mark, no
//! closing mark at all, or more lines or bytes than the limits allow — only its first physical
//! line is given up and framing starts again at the next one.
//!
//! Re-reading cannot become quadratic: a long open quotation that fails has no lone quotation mark
//! inside, so the lines it spanned do not open another.

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2};

use super::limits::Limits;

/// How records and cells are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// Whether a quotation mark at the start of a cell quotes it.
    pub quoting: bool,
    /// Line feed; carriage return in files of old Macintosh programs.
    pub terminator: u8,
}

const QUOTE: u8 = b'"';
const CHUNK: usize = 256 << 10;

/// What is wrong with the lines of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Text follows a closing quotation mark.
    StrayQuote,
    /// The file ends inside a quotation.
    Unclosed,
    /// A quotation spans more lines than the limit.
    TooManyLines,
    /// The row has more bytes than the limit.
    TooLong,
}

/// One record's bytes within the buffer, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub range: Range<usize>,
    /// Physical line it starts on, from 1.
    pub line: u64,
    pub broken: Option<Broken>,
}

/// Frames the records of a stream. Holds one record and one chunk, never more.
pub(super) struct Frames<R> {
    input: R,
    dialect: Dialect,
    max_bytes: usize,
    max_lines: u64,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// Physical lines consumed.
    lines: u64,
}

/// Where the search for a record's end has come to, relative to its start.
#[derive(Default)]
struct Search {
    at: usize,
    quoted: bool,
    stray: bool,
    /// Line ends inside quotations, and the place of the first.
    line_ends: u64,
    first_line_end: Option<usize>,
}

enum Found {
    /// The record is this long; a line end follows unless the file ends here.
    End(usize),
    More,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(input: R, dialect: Dialect, limits: &Limits) -> Frames<R> {
        Frames {
            input,
            dialect,
            max_bytes: limits.max_row_bytes,
            max_lines: limits.max_lines_in_record,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
            lines: 0,
        }
    }

    /// The bytes of a frame; valid until the next call of [`Frames::next`].
    pub(super) fn bytes(&self, frame: &Frame) -> &[u8] {
        &self.buffer[frame.range.clone()]
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The next record, whole or broken.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let mut search = Search::default();
        loop {
            let pending = &self.buffer[self.start..self.end];
            if let Found::End(len) = search.run(pending, self.dialect, self.ended) {
                return Ok(self.close(&search, len));
            }
            if search.line_ends > self.max_lines {
                return Ok(Some(self.give_up(&search, Broken::TooManyLines)));
            }
            if pending.len() > self.max_bytes {
                if search.first_line_end.is_some() {
                    return Ok(Some(self.give_up(&search, Broken::TooLong)));
                }
                return self.skip_line().map(Some);
            }
            if self.ended {
                if pending.is_empty() {
                    return Ok(None);
                }
                return Ok(Some(self.give_up(&search, Broken::Unclosed)));
            }
            self.refill()?;
        }
    }

    /// A record with an end: whole, or broken and cut to its first line.
    fn close(&mut self, search: &Search, len: usize) -> Option<Frame> {
        if search.line_ends > self.max_lines {
            return Some(self.give_up(search, Broken::TooManyLines));
        }
        if len > self.max_bytes {
            return Some(self.give_up(search, Broken::TooLong));
        }
        if search.stray {
            return Some(self.give_up(search, Broken::StrayQuote));
        }
        Some(self.take(len, None))
    }

    /// Gives up the first physical line only.
    fn give_up(&mut self, search: &Search, broken: Broken) -> Frame {
        let pending = &self.buffer[self.start..self.end];
        let len = search
            .first_line_end
            .or_else(|| memchr(self.dialect.terminator, pending))
            .unwrap_or(pending.len());
        let mut frame = self.take(len, Some(broken));
        if broken == Broken::TooLong {
            frame.range.end = frame.range.end.min(frame.range.start + EXCERPT);
        }
        frame
    }

    /// Consumes `len` bytes and the line end after them.
    fn take(&mut self, len: usize, broken: Option<Broken>) -> Frame {
        let line = self.lines + 1;
        let begin = self.start;
        let mut until = begin + len;
        let record = &self.buffer[begin..until];
        self.lines += memchr_iter(self.dialect.terminator, record).count() as u64;
        self.start = until;
        if until < self.end {
            self.start += 1;
            self.lines += 1;
        }
        if self.dialect.terminator == b'\n' && self.buffer[begin..until].ends_with(b"\r") {
            until -= 1;
        }
        Frame {
            range: begin..until,
            line,
            broken,
        }
    }

    /// A line longer than the limit: its beginning is kept as the frame, the rest is let go.
    fn skip_line(&mut self) -> io::Result<Frame> {
        let line = self.lines + 1;
        let kept = (self.end - self.start).min(EXCERPT);
        self.buffer.copy_within(self.start..self.start + kept, 0);
        let mut from = self.start.max(kept);
        loop {
            if let Some(at) = memchr(self.dialect.terminator, &self.buffer[from..self.end]) {
                self.start = from + at + 1;
                break;
            }
            self.start = self.end;
            if self.ended {
                break;
            }
            self.end = kept;
            self.buffer.resize(kept + CHUNK, 0);
            let n = self.input.read(&mut self.buffer[kept..])?;
            self.ended = n == 0;
            self.end = kept + n;
            from = kept;
        }
        self.lines += 1;
        Ok(Frame {
            range: 0..kept,
            line,
            broken: Some(Broken::TooLong),
        })
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < self.end + CHUNK {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        let n = self.input.read(&mut self.buffer[self.end..])?;
        self.ended = n == 0;
        self.end += n;
        Ok(())
    }
}

/// How much of an over-long line is kept to show.
const EXCERPT: usize = 200;

impl Search {
    fn run(&mut self, text: &[u8], dialect: Dialect, ended: bool) -> Found {
        if !dialect.quoting {
            return self.line_end(text, dialect, ended);
        }
        while self.at < text.len() {
            let here = &text[self.at..];
            if self.quoted {
                let close = memchr(QUOTE, here).map(|i| self.at + i);
                self.count_lines(text, close.unwrap_or(text.len()), dialect);
                let Some(close) = close else {
                    self.at = text.len();
                    return Found::More;
                };
                self.at = close;
                match text.get(close + 1) {
                    // Whether this closes or doubles depends on a byte not yet read.
                    None if !ended => return Found::More,
                    Some(&QUOTE) => self.at = close + 2,
                    after => {
                        self.quoted = false;
                        self.stray |= after.is_some_and(|&b| {
                            b != dialect.delimiter && b != dialect.terminator && b != b'\r'
                        });
                        self.at = close + 1;
                    }
                }
                continue;
            }
            let Some(found) = memchr2(QUOTE, dialect.terminator, here).map(|i| self.at + i) else {
                self.at = text.len();
                break;
            };
            if text[found] == dialect.terminator {
                return Found::End(found);
            }
            self.quoted = found == 0 || text[found - 1] == dialect.delimiter;
            self.at = found + 1;
        }
        if ended && !self.quoted && !text.is_empty() {
            return Found::End(text.len());
        }
        Found::More
    }

    fn line_end(&mut self, text: &[u8], dialect: Dialect, ended: bool) -> Found {
        if let Some(found) = memchr(dialect.terminator, &text[self.at..]) {
            return Found::End(self.at + found);
        }
        self.at = text.len();
        if ended && !text.is_empty() {
            return Found::End(text.len());
        }
        Found::More
    }

    fn count_lines(&mut self, text: &[u8], until: usize, dialect: Dialect) {
        for i in memchr_iter(dialect.terminator, &text[self.at..until]) {
            self.line_ends += 1;
            self.first_line_end.get_or_insert(self.at + i);
        }
    }
}

/// Reads the cells of one framed record.
pub(super) struct Cells {
    reader: csv_core::Reader,
    output: Vec<u8>,
    ends: Vec<usize>,
    max_columns: usize,
}

impl Cells {
    pub(super) fn new(dialect: Dialect, max_columns: usize) -> Cells {
        Cells {
            reader: csv_core::ReaderBuilder::new()
                .delimiter(dialect.delimiter)
                .terminator(csv_core::Terminator::Any(dialect.terminator))
                .quoting(dialect.quoting)
                .build(),
            output: Vec::new(),
            ends: vec![0; max_columns + 1],
            max_columns,
        }
    }

    /// The unquoted bytes of all cells and where each ends; none when there are too many columns.
    pub(super) fn split(&mut self, record: &[u8]) -> Option<(&[u8], &[usize])> {
        use csv_core::ReadRecordResult as Read;
        self.reader.reset();
        if self.output.len() < record.len() {
            self.output.resize(record.len(), 0);
        }
        let (mut read, mut written, mut ends) = (0, 0, 0);
        loop {
            let (result, r, w, e) = self.reader.read_record(
                &record[read..],
                &mut self.output[written..],
                &mut self.ends[ends..],
            );
            read += r;
            written += w;
            ends += e;
            match result {
                // The next, empty input tells the reader that the record ends here.
                Read::InputEmpty => {}
                Read::Record | Read::End => break,
                Read::OutputEndsFull => return None,
                Read::OutputFull => self.output.resize(self.output.len() * 2 + 16, 0),
            }
        }
        if ends > self.max_columns {
            return None;
        }
        Some((&self.output[..written], &self.ends[..ends]))
    }
}

/// The delimiter that splits the first lines most evenly; comma when none does.
pub(super) fn find_delimiter(head: &str) -> u8 {
    let lines: Vec<&str> = head.lines().filter(|l| !l.is_empty()).take(30).collect();
    // The last line of a head may be cut short.
    let whole = &lines[..lines.len().saturating_sub(usize::from(lines.len() > 2))];
    let mut best = (0, b',');
    for delimiter in [b',', b';', b'\t', b'|'] {
        let counts: Vec<usize> = whole.iter().map(|l| count_outside(l, delimiter)).collect();
        let Some(&first) = counts.first() else {
            continue;
        };
        if first == 0 {
            continue;
        }
        let even = counts.iter().filter(|&&c| c == first).count();
        let score = even * 1_000 / counts.len().max(1) * 100 + first.min(99);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

fn count_outside(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let mut n = 0;
    for b in line.bytes() {
        match b {
            QUOTE => quoted = !quoted,
            b if b == delimiter && !quoted => n += 1,
            _ => {}
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect {
        delimiter: b',',
        quoting: true,
        terminator: b'\n',
    };

    /// Reads one byte at a time, so that every boundary falls between two reads.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(1).min(buf.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn frames(text: &str) -> Vec<(String, u64, Option<Broken>)> {
        let limits = Limits {
            max_row_bytes: 250,
            max_lines_in_record: 4,
            ..Limits::default()
        };
        let read = |input: Box<dyn Read + '_>| {
            let mut frames = Frames::new(input, COMMA, &limits);
            let mut out = Vec::new();
            while let Some(f) = frames.next().unwrap() {
                let text = String::from_utf8(frames.bytes(&f).to_vec()).unwrap();
                out.push((text, f.line, f.broken));
            }
            out
        };
        let at_once = read(Box::new(text.as_bytes()));
        assert_eq!(at_once, read(Box::new(Drip(text.as_bytes()))));
        at_once
    }

    #[test]
    fn quoted_line_ends_stay_inside() {
        let got = frames("a,\"b\nc \"\"d\"\"\",e\r\nf,g,h");
        assert_eq!(got[0].0, "a,\"b\nc \"\"d\"\"\",e");
        assert_eq!((got[1].0.as_str(), got[1].1), ("f,g,h", 3));
        assert!(got.iter().all(|g| g.2.is_none()));
    }

    #[test]
    fn broken_quote_costs_one_line() {
        let got = frames("1,\"open\n2,\"ok\"\n3,x\n");
        assert_eq!(got[0], ("1,\"open".into(), 1, Some(Broken::StrayQuote)));
        assert_eq!(got[1], ("2,\"ok\"".into(), 2, None));
        assert_eq!(got[2], ("3,x".into(), 3, None));
    }

    #[test]
    fn quote_open_at_the_end_costs_one_line() {
        let got = frames("1,\"open\n2,a\n3,b");
        assert_eq!(got[0].2, Some(Broken::Unclosed));
        assert_eq!(got.len(), 3);
        assert!(got[1].2.is_none() && got[2].2.is_none());
    }

    #[test]
    fn too_many_lines_and_too_long_lines() {
        let got = frames("1,\"a\nb\nc\nd\ne\nf\"\nend,x\n");
        assert_eq!(got[0], ("1,\"a".into(), 1, Some(Broken::TooManyLines)));
        assert_eq!(got.last().unwrap().0, "end,x");
        let long = format!("{}\nnext,row\n", "x".repeat(5_000));
        let got = frames(&long);
        assert_eq!(got[0].2, Some(Broken::TooLong));
        assert_eq!(got[1], ("next,row".into(), 2, None));
    }

    #[test]
    fn delimiters_are_found() {
        assert_eq!(find_delimiter("a,b,c\n1,2,3\n4,5,6\n"), b',');
        assert_eq!(find_delimiter("a;b\n\"1,2,3\";2\n4;5\n"), b';');
        assert_eq!(find_delimiter("a\tb, c\n1\t2\n3\t4, 5\n"), b'\t');
        assert_eq!(find_delimiter("a|b|c\n1|2|3\n"), b'|');
        assert_eq!(find_delimiter("alone\none\n"), b',');
    }
}
