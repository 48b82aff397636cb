//! Source files as the rules read them: comments, texts and tests told apart from code.

use std::path::{Path, PathBuf};

/// One file, with everything after its first `#[cfg(test)]` left out.
pub struct Source {
    pub path: String,
    text: String,
    pieces: Vec<Piece>,
}

/// A run of characters of one kind.
struct Piece {
    kind: Kind,
    line: usize,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Text,
    Comment,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn walk(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    const LEFT_OUT: [&str; 5] = ["target", "node_modules", ".git", "dist", "out"];
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                walk(&path, ends, found);
            }
        } else if ends.iter().any(|e| name.ends_with(e)) {
            found.push(path);
        }
    }
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap();
    path.to_string_lossy().replace('\\', "/")
}

/// Every Rust file of the product, tests apart.
pub fn product() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in [
        "engines",
        "foundation",
        "missions",
        "cluster",
        "county",
        "portal",
        "fourfold",
    ] {
        walk(&root().join(folder), &[".rs"], &mut found);
    }
    let all: Vec<Source> = found
        .iter()
        .filter(|p| {
            let path = relative(p);
            !path.contains("/tests/") && !path.ends_with("tests.rs")
        })
        .map(|p| Source::new(&relative(p), &std::fs::read_to_string(p).unwrap()))
        .collect();
    assert!(all.len() > 100, "the source tree was not found");
    all
}

/// Every text file a reader may open, with its path.
pub fn every_text() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let ends = [
        ".rs", ".toml", ".md", ".html", ".css", ".js", ".mjs", ".csv", ".cedar", ".txt", "Makefile",
    ];
    walk(&root(), &ends, &mut found);
    found
        .iter()
        .filter_map(|p| Some((relative(p), std::fs::read_to_string(p).ok()?)))
        .collect()
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let text: String = text
            .split_inclusive('\n')
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .collect();
        Source {
            path: path.to_owned(),
            pieces: pieces(&text),
            text,
        }
    }

    pub fn is_below(&self, folders: &[&str]) -> bool {
        folders.iter().any(|f| self.path.starts_with(f))
    }

    /// The mission a file belongs to.
    pub fn mission(&self) -> Option<&str> {
        self.path.strip_prefix("missions/")?.split('/').next()
    }

    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = (usize, &str)> {
        self.pieces
            .iter()
            .filter(move |p| p.kind == kind)
            .map(|p| (p.line, p.text.as_str()))
    }

    /// Texts in quotes, with the line they begin on.
    pub fn texts(&self) -> Vec<(usize, String)> {
        self.of(Kind::Text)
            .map(|(n, t)| (n, t.to_owned()))
            .collect()
    }

    /// Lines of code without texts and comments.
    pub fn code(&self) -> Vec<(usize, String)> {
        let mut out = Vec::new();
        for (first, text) in self.of(Kind::Code) {
            let lines = text.split('\n').enumerate();
            out.extend(lines.map(|(n, line)| (first + n, line.to_owned())));
        }
        out
    }

    pub fn identifiers(&self) -> Vec<(usize, String)> {
        let mut out = Vec::new();
        for (line, code) in self.code() {
            let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let named = words.filter(|w| w.starts_with(|c: char| c.is_alphabetic() || c == '_'));
            out.extend(named.map(|w| (line, w.to_owned())));
        }
        out
    }

    /// Tables named as the first argument of an `insert`.
    pub fn inserted(&self) -> Vec<(usize, String)> {
        self.pieces
            .windows(2)
            .filter(|w| w[0].kind == Kind::Code && w[1].kind == Kind::Text)
            .filter(|w| w[0].text.trim_end().ends_with("tx.insert("))
            .map(|w| (w[1].line, w[1].text.clone()))
            .collect()
    }

    /// Functions with their number of lines. The layout of rustfmt is relied upon: a function ends
    /// at the first closing brace of its own indentation.
    pub fn functions(&self) -> Vec<(String, usize)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut out = Vec::new();
        for (first, line) in lines.iter().enumerate() {
            let Some(name) = function(line) else { continue };
            let indent = &line[..line.len() - line.trim_start().len()];
            let close = format!("{indent}}}");
            let rest = lines[first..].iter();
            let whole = |l: &&&str| **l == close || **l == format!("{close},");
            let end = if line.ends_with('}') || line.ends_with(';') {
                Some(0)
            } else {
                rest.clone().position(|l| whole(&l))
            };
            if let Some(end) = end {
                out.push((name.to_owned(), end + 1));
            }
        }
        out
    }

    /// The constant that declares an act of that name.
    pub fn act_named(&self, name: &str) -> Option<String> {
        let quoted = self
            .pieces
            .iter()
            .position(|p| p.kind == Kind::Text && p.text == name)?;
        let before = &self.pieces[quoted.checked_sub(1)?].text;
        let declared = before.rfind("const ")?;
        let (constant, rest) = before[declared + 6..].split_once(':')?;
        rest.contains("Act::new(")
            .then(|| constant.trim().to_owned())
    }

    /// Whether a constant is handed over by reference, other than as the act of a menu entry. Lists
    /// of acts hold it by value.
    pub fn asks_for(&self, constant: &str) -> bool {
        let code: String = self.of(Kind::Code).map(|(_, t)| t).collect();
        code.match_indices(constant).any(|(at, _)| {
            let after = code[at + constant.len()..].chars().next();
            let ends = !after.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            let before = code[..at].trim_end_matches(part);
            ends && before.ends_with('&') && !before.ends_with("act: &")
        })
    }

    /// The folder of its crate.
    pub fn room(&self) -> String {
        self.path.split('/').take(2).collect::<Vec<_>>().join("/")
    }
}

fn function(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    Some(&name[..end])
}

/// Splits Rust into code, texts and comments. Enough of the language for these rules: line and
/// block comments, texts with escapes, raw texts, characters and lifetimes.
fn pieces(text: &str) -> Vec<Piece> {
    let mut cut = Cutter {
        rest: text,
        line: 1,
        out: Vec::new(),
    };
    while !cut.rest.is_empty() {
        cut.step();
    }
    cut.out
}

struct Cutter<'t> {
    rest: &'t str,
    line: usize,
    out: Vec<Piece>,
}

impl Cutter<'_> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            return self.take(end, Kind::Comment, 0, 0);
        }
        if self.rest.starts_with("/*") {
            let end = self.rest.find("*/").map_or(self.rest.len(), |n| n + 2);
            return self.take(end, Kind::Comment, 0, 0);
        }
        if let Some(hashes) = raw_text(self.rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = hashes + 2;
            let end = self.rest[open..]
                .find(&close)
                .map_or(self.rest.len(), |n| open + n + close.len());
            return self.take(end, Kind::Text, open, close.len());
        }
        if self.rest.starts_with('"') {
            let end = text_end(self.rest);
            return self.take(end, Kind::Text, 1, 1);
        }
        let end = match self.rest.as_bytes() {
            [b'\'', b'\\', ..] => self.rest[2..].find('\'').map_or(1, |n| n + 3),
            [b'\'', ..] => character_end(self.rest),
            _ => self.rest.chars().next().map_or(1, char::len_utf8),
        };
        self.take(end, Kind::Code, 0, 0);
    }

    fn take(&mut self, end: usize, kind: Kind, before: usize, after: usize) {
        let (taken, rest) = self.rest.split_at(end);
        let inner = taken
            .get(before..taken.len().saturating_sub(after))
            .unwrap_or_default();
        match self.out.last_mut() {
            Some(last) if last.kind == Kind::Code && kind == Kind::Code => {
                last.text.push_str(inner);
            }
            _ => self.out.push(Piece {
                kind,
                line: self.line,
                text: inner.to_owned(),
            }),
        }
        self.line += taken.matches('\n').count();
        self.rest = rest;
    }
}

/// The number of hashes of a raw text that begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn text_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Where a character such as `'"'` ends; a lifetime ends at its quote.
fn character_end(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[test]
fn code_texts_and_comments_are_told_apart() {
    let text = "fn f<'a>(x: &'a str) { let c = '\"'; // it's a triage\n  g(\"a \\\" b\", r#\"c \" d\"#); }\n";
    let source = Source::new("missions/x/src/y.rs", text);
    let texts: Vec<String> = source.texts().into_iter().map(|(_, t)| t).collect();
    assert_eq!(texts, ["a \\\" b", "c \" d"]);
    assert!(source.identifiers().iter().all(|(_, w)| w != "triage"));
    assert_eq!(source.mission(), Some("x"));
    let long = "pub async fn long(\n    a: u8,\n) {\n    if a {\n    }\n}\n\nfn short() {}\n";
    let functions = Source::new("a.rs", long).functions();
    assert_eq!(functions, [("long".to_owned(), 6), ("short".to_owned(), 1)]);
    let act = "pub const VIEW: Act = Act::new(\n    \"a.view\",\n    ActKind::Open,\n    \"See\",\n);\nfn f() { actor.permit(&VIEW, &r, \"\"); }";
    let source = Source::new("a.rs", act);
    assert_eq!(source.act_named("a.view"), Some("VIEW".to_owned()));
    assert!(source.asks_for("VIEW"));
    assert!(!Source::new("a.rs", "const A: &[Act] = &[VIEW, OTHER];").asks_for("VIEW"));
}
