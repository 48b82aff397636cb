//! The small language narratives are written in: `[a|b|]` chooses, `{slot}` is filled in.

use crate::crime::Tool;

/// Something known about a case that a sentence may depend on: a bit for each [`Tool`], one for
/// a loss and one for being a person.
pub(crate) type Needs = u32;

pub(crate) const LOSS: Needs = 1 << 30;
/// The victim has an age.
pub(crate) const PERSON: Needs = 1 << 29;

pub(crate) const fn needs_of(tool: Tool) -> Needs {
    1 << tool as u32
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(&'static str),
    Slot(&'static str),
    Choice(Vec<Line>),
}

/// A sentence or a part of one, with what it cannot do without.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub parts: Vec<Part>,
    pub needs: Needs,
}

/// Reads a whole line. The error says where brackets do not match.
pub(crate) fn line(text: &'static str) -> Result<Line, String> {
    let mut rest = text;
    let line = sequence(&mut rest, 0)?;
    if rest.is_empty() {
        Ok(line)
    } else {
        Err(format!("`{rest}` is left of `{text}`"))
    }
}

fn sequence(rest: &mut &'static str, depth: usize) -> Result<Line, String> {
    let mut parts = Vec::new();
    loop {
        let end = rest.find(['[', '{', '|', ']']).unwrap_or(rest.len());
        // Outside a choice a bar or a closing bracket is a mistake, not text.
        let (text, after) = rest.split_at(end);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        *rest = after;
        match after.as_bytes().first() {
            Some(b'{') => {
                let close = after
                    .find('}')
                    .ok_or_else(|| format!("no `}}` in `{after}`"))?;
                parts.push(Part::Slot(&after[1..close]));
                *rest = &after[close + 1..];
            }
            Some(b'[') => {
                *rest = &after[1..];
                parts.push(Part::Choice(choice(rest, depth + 1)?));
            }
            Some(_) if depth == 0 => return Err(format!("stray bracket in `{after}`")),
            _ => break,
        }
    }
    let needs = parts.iter().map(part_needs).fold(0, |a, b| a | b);
    Ok(Line { parts, needs })
}

fn choice(rest: &mut &'static str, depth: usize) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    loop {
        lines.push(sequence(rest, depth)?);
        let closing = rest.as_bytes().first().copied();
        *rest = rest.get(1..).unwrap_or("");
        match closing {
            Some(b'|') => {}
            Some(b']') => return Ok(lines),
            _ => return Err("a choice is not closed".to_owned()),
        }
    }
}

fn part_needs(part: &Part) -> Needs {
    match part {
        Part::Text(_) => 0,
        Part::Slot("loss" | "part" | "gain") => LOSS,
        Part::Slot("age") => PERSON,
        Part::Slot(name) => Tool::named(name).map_or(0, needs_of),
        // What every alternative needs, the choice needs.
        Part::Choice(lines) => lines
            .iter()
            .map(|l| l.needs)
            .reduce(|a, b| a & b)
            .unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_parses() {
        let read = line("{i} paid [{loss}|{part}] by [card|[bank |]transfer].").unwrap();
        assert_eq!(read.parts.len(), 6);
        assert_eq!(read.needs, LOSS);
        assert_eq!(line("[{phone}|none]").unwrap().needs, 0);
    }

    #[test]
    fn broken_lines_are_refused() {
        for broken in ["[a|b", "a]", "{i", "a|b"] {
            assert!(line(broken).is_err(), "{broken}");
        }
    }
}
