//! JSON: objects framed one at a time, so that neither the file nor a broken object is held whole.
//!
//! Read are an array of objects, one object a line (JSON Lines), and one object with an array of
//! objects in it. Nested objects become headings with dots (`victim.email`), lists of plain values
//! become one cell with semicolons.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::Value;

use super::encoding;

/// How the objects lie in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    Array,
    Lines,
    /// In the array under this key of the outermost object.
    Under(String),
    /// The file is one object and one row.
    Single,
}

/// Whether a file that starts so is JSON, and how its objects lie.
pub(super) fn recognise(head: &[u8], whole: bool, records: Option<&str>) -> Option<Layout> {
    let text = head.trim_ascii_start();
    let mut after = text.get(1..)?.iter().filter(|b| !b.is_ascii_whitespace());
    match (text.first()?, after.next()) {
        (b'[', Some(b'{' | b']')) => return Some(Layout::Array),
        (b'{', Some(b'"' | b'}')) => {}
        _ => return None,
    }
    if let Some(key) = records {
        return Some(Layout::Under(key.to_owned()));
    }
    let mut framer = Framer::new(text, usize::MAX);
    let mut object = Vec::new();
    let framed = framer.value(&mut object).ok()?;
    if framed == Framed::Whole && matches!(framer.peek(), Ok(Some(_))) {
        return Some(Layout::Lines);
    }
    match array_key(text) {
        Some(key) => Some(Layout::Under(key)),
        None if framed == Framed::Whole || !whole => Some(Layout::Single),
        // Broken before its end: line by line, the whole lines can still be read.
        None => Some(Layout::Lines),
    }
}

/// The first key of the outermost object whose value is an array of objects.
fn array_key(text: &[u8]) -> Option<String> {
    let mut framer = Framer::new(text, usize::MAX);
    framer.next_byte().ok()?;
    loop {
        let key = framer.key().ok()??;
        if framer.peek().ok()? == Some(b'[') {
            let rest = framer.input.buffer();
            let mut inside = rest.iter().skip(1).filter(|b| !b.is_ascii_whitespace());
            if inside.next() == Some(&b'{') {
                return Some(key);
            }
        }
        if framer.value(&mut Vec::new()).ok()? != Framed::Whole {
            return None;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framed {
    Whole,
    TooLong,
    /// The file ended first.
    Unfinished,
}

/// Finds where JSON values end, by brackets and strings alone.
struct Framer<R> {
    input: BufReader<R>,
    max_bytes: usize,
}

impl<R: Read> Framer<R> {
    fn new(input: R, max_bytes: usize) -> Framer<R> {
        Framer {
            input: BufReader::with_capacity(64 << 10, input),
            max_bytes,
        }
    }

    /// The next byte that is not white space, left where it is.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            if let Some(at) = buffer.iter().position(|b| !b.is_ascii_whitespace()) {
                let byte = buffer[at];
                self.input.consume(at);
                return Ok(Some(byte));
            }
            let n = buffer.len();
            self.input.consume(n);
        }
    }

    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }

    /// The next key of an object and the colon after it; none at the object's end.
    fn key(&mut self) -> io::Result<Option<String>> {
        while self.peek()? == Some(b',') {
            self.input.consume(1);
        }
        if self.peek()? != Some(b'"') {
            return Ok(None);
        }
        let mut raw = Vec::new();
        if self.value(&mut raw)? != Framed::Whole || self.peek()? != Some(b':') {
            return Ok(None);
        }
        self.input.consume(1);
        Ok(serde_json::from_slice(&raw).ok())
    }

    /// Copies one value to `out`, which stops growing at the limit while the value is still read.
    fn value(&mut self, out: &mut Vec<u8>) -> io::Result<Framed> {
        out.clear();
        if self.peek()?.is_none() {
            return Ok(Framed::Unfinished);
        }
        let mut shape = Shape::default();
        let mut too_long = false;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                let scalar = shape.depth == 0 && !shape.string && !out.is_empty();
                return Ok(match (scalar, too_long) {
                    (_, true) => Framed::TooLong,
                    (true, _) => Framed::Whole,
                    (false, _) => Framed::Unfinished,
                });
            }
            let (used, done) = shape.run(buffer);
            let room = self.max_bytes.saturating_sub(out.len());
            too_long |= used > room;
            out.extend_from_slice(&buffer[..used.min(room)]);
            self.input.consume(used);
            if done {
                return Ok(if too_long {
                    Framed::TooLong
                } else {
                    Framed::Whole
                });
            }
        }
    }

    /// Copies one line to `out`, like [`Framer::value`].
    fn line(&mut self, out: &mut Vec<u8>) -> io::Result<Option<Framed>> {
        out.clear();
        let mut too_long = false;
        let mut any = false;
        loop {
            let buffer = self.input.fill_buf()?;
            let (used, done) = match memchr::memchr(b'\n', buffer) {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            any |= used > 0;
            let room = self.max_bytes.saturating_sub(out.len());
            too_long |= used > room;
            out.extend_from_slice(&buffer[..used.min(room)]);
            self.input.consume(used);
            if !done {
                continue;
            }
            let framed = if too_long {
                Framed::TooLong
            } else {
                Framed::Whole
            };
            return Ok(any.then_some(framed));
        }
    }
}

/// Where in a value's brackets and strings the framer is.
#[derive(Default)]
struct Shape {
    depth: u64,
    string: bool,
    escaped: bool,
    scalar: bool,
}

impl Shape {
    /// How many bytes belong to the value, and whether it ends with them.
    fn run(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (i, &b) in bytes.iter().enumerate() {
            if self.string {
                match b {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.string = false;
                        if self.depth == 0 {
                            return (i + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            let ends_scalar = matches!(b, b',' | b']' | b'}' | b':') || b.is_ascii_whitespace();
            if self.depth == 0 && self.scalar && ends_scalar {
                return (i, true);
            }
            match b {
                b'"' => self.string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => return (i + 1, true),
                b'}' | b']' => self.depth -= 1,
                _ => self.scalar = true,
            }
        }
        (bytes.len(), false)
    }
}

/// One object of the file.
#[derive(Debug, PartialEq)]
pub(super) enum Element {
    /// Heading and cell, in the object's order of names.
    Cells(Vec<(String, String)>, Decoded),
    TooLong(String),
    /// Why it could not be read, and how it begins.
    Broken(String, String),
}

/// How the object's bytes became text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoded {
    AsUtf8,
    AsWindows1252,
}

/// The objects of a JSON file, one after another.
pub(super) struct Elements<R> {
    framer: Framer<R>,
    layout: Layout,
    inside: bool,
    ended: bool,
    held: Vec<u8>,
}

impl<R: Read> Elements<R> {
    pub(super) fn new(input: R, layout: Layout, max_bytes: usize) -> Elements<R> {
        Elements {
            framer: Framer::new(input, max_bytes),
            layout,
            inside: false,
            ended: false,
            held: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Element>> {
        if self.ended {
            return Ok(None);
        }
        if !self.inside {
            self.inside = true;
            if !self.enter()? {
                self.ended = true;
                return Ok(Some(Element::Broken(
                    "there is no array of objects where the mapping says".to_owned(),
                    String::new(),
                )));
            }
        }
        let framed = match self.layout {
            Layout::Lines => loop {
                match self.framer.line(&mut self.held)? {
                    None => return Ok(None),
                    Some(_) if self.held.trim_ascii().is_empty() => {}
                    Some(framed) => break framed,
                }
            },
            Layout::Single => {
                self.ended = true;
                self.framer.value(&mut self.held)?
            }
            Layout::Array | Layout::Under(_) => {
                while self.framer.peek()? == Some(b',') {
                    self.framer.input.consume(1);
                }
                match self.framer.peek()? {
                    None => {
                        self.ended = true;
                        self.held.clear();
                        Framed::Unfinished
                    }
                    Some(b']') => {
                        self.ended = true;
                        return Ok(None);
                    }
                    Some(_) => self.framer.value(&mut self.held)?,
                }
            }
        };
        self.ended |= framed == Framed::Unfinished;
        Ok(Some(self.element(framed)))
    }

    /// Moves to the first object.
    fn enter(&mut self) -> io::Result<bool> {
        match self.layout.clone() {
            Layout::Lines | Layout::Single => Ok(true),
            Layout::Array => Ok(self.framer.next_byte()? == Some(b'[')),
            Layout::Under(wanted) => {
                if self.framer.next_byte()? != Some(b'{') {
                    return Ok(false);
                }
                while let Some(key) = self.framer.key()? {
                    if key == wanted {
                        return Ok(self.framer.next_byte()? == Some(b'['));
                    }
                    self.framer.value(&mut self.held)?;
                }
                Ok(false)
            }
        }
    }

    fn element(&self, framed: Framed) -> Element {
        let begins = || {
            let head = &self.held[..self.held.len().min(200)];
            String::from_utf8_lossy(head).into_owned()
        };
        match framed {
            Framed::TooLong => return Element::TooLong(begins()),
            Framed::Unfinished => {
                return Element::Broken("the file ends before the object does".into(), begins());
            }
            Framed::Whole => {}
        }
        let (parsed, decoded) = match std::str::from_utf8(&self.held) {
            Ok(text) => (serde_json::from_str(text), Decoded::AsUtf8),
            Err(_) => {
                let text = encoding::from_windows_1252(&self.held);
                (serde_json::from_str(&text), Decoded::AsWindows1252)
            }
        };
        match parsed {
            Ok(Value::Object(object)) => {
                let mut cells = Vec::with_capacity(object.len());
                for (key, value) in &object {
                    flatten(key, value, &mut cells);
                }
                Element::Cells(cells, decoded)
            }
            Ok(_) => Element::Broken("this is not an object".into(), begins()),
            Err(e) => Element::Broken(format!("this is not JSON ({e})"), begins()),
        }
    }
}

fn flatten(key: &str, value: &Value, cells: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (inner, value) in object {
                flatten(&format!("{key}.{inner}"), value, cells);
            }
        }
        Value::Array(list) if list.iter().all(|v| !v.is_object() && !v.is_array()) => {
            let items: Vec<String> = list.iter().map(scalar).collect();
            cells.push((key.to_owned(), items.join(";")));
        }
        Value::Array(_) => cells.push((key.to_owned(), value.to_string())),
        _ => cells.push((key.to_owned(), scalar(value))),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Element> {
        let layout = recognise(text.as_bytes(), true, None).expect("JSON");
        let mut elements = Elements::new(text.as_bytes(), layout, 100);
        let mut out = Vec::new();
        while let Some(e) = elements.next().unwrap() {
            out.push(e);
        }
        out
    }

    fn cells(pairs: &[(&str, &str)]) -> Element {
        let pairs = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        Element::Cells(pairs.collect(), Decoded::AsUtf8)
    }

    #[test]
    fn array_lines_wrapped_and_single() {
        let two = [cells(&[("a", "1")]), cells(&[("a", "x]}")])];
        assert_eq!(read(r#"[{"a":1}, {"a":"x]}"}]"#), two);
        assert_eq!(read("{\"a\":1}\n\n{\"a\":\"x]}\"}\n"), two);
        assert_eq!(read(r#"{"n":[1],"rows":[{"a":1},{"a":"x]}"}]}"#), two);
        assert_eq!(read(r#"{"a":1}"#), two[..1]);
    }

    #[test]
    fn nesting_becomes_dots_and_semicolons() {
        let got = read(r#"[{"m":["a","b"],"o":[{"k":1}],"v":{"e":"x","n":null}}]"#);
        let want = [
            ("m", "a;b"),
            ("o", r#"[{"k":1}]"#),
            ("v.e", "x"),
            ("v.n", ""),
        ];
        assert_eq!(got, [cells(&want)]);
    }

    #[test]
    fn a_broken_or_huge_object_costs_itself() {
        let long = format!(
            "[{{\"a\":\"{}\"}},{{\"a\" 1}},3,{{\"a\":2}}]",
            "y".repeat(300)
        );
        let got = read(&long);
        assert!(matches!(got[0], Element::TooLong(_)));
        assert!(matches!(got[1], Element::Broken(..)));
        assert!(matches!(got[2], Element::Broken(..)));
        assert_eq!(got[3], cells(&[("a", "2")]));
    }

    #[test]
    fn a_file_cut_short_says_so() {
        let got = read(r#"[{"a":1},{"a":"#);
        assert_eq!(got.len(), 2);
        assert!(matches!(&got[1], Element::Broken(why, _) if why.contains("ends")));
    }
}
