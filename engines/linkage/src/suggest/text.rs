//! The model file as text: drafted, and its figures replaced without touching what a person wrote.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Value, value};

use super::WordLists;
use super::draft::{self, DraftColumn, DraftComparison};
use crate::batch::Parameters;
use crate::model::Rates;

const HEAD: &str = "\
# A linkage model: when are two records of the same person or thing?
#
# Every level of a comparison answers:
#   m   of records that ARE the same, how many look like this?
#   u   of records that have nothing to do with each other, how many do by chance?
#   r   of records of two related people (one household, one family), how many do?
# log2(m/u) is the evidence in bits; bits add up; log2(m/r) is what speaks against relatives. The
# first level that fits is taken. A missing value counts for nothing. With `frequency`, agreement on
# a rare value says more than on a common one.
#
# Suggested from the table and estimated without labels. Read it, change it, keep it.

version = 1
";

const THRESHOLDS: &str = "
# Of two records taken at random, how often are they the same?
prior = 0.0001
# Bits from which two records are linked, and from which a person should look. At 0 bits it is as
# likely as not that they are the same.
link = 0.0
review = -3.0

# Which pairs are compared at all: those that agree on everything that one of these rules names.
";

const RELATED: &str = "\
# Of two records taken at random, how often are they of two people of one household or family?
[related]
prior = 0.00001
";

const COLUMNS: &str = "\
# What each column holds, and the heading it is read from where that is another.
[columns]";

/// What many programs write where they found no position: it lies in the Gulf of Guinea.
const NOWHERE: &str = "0,0";

/// A draft of the model file.
pub(crate) fn draft(columns: &[DraftColumn], lists: &WordLists, id: Option<&str>) -> String {
    let mut out = HEAD.to_owned();
    let line = &mut out;
    // Writing to a string cannot fail.
    if let Some(id) = id {
        let _ = writeln!(line, "\n# What tells records apart.\nid = {}", quoted(id));
    }
    line.push_str(THRESHOLDS);
    let _ = writeln!(line, "blocking = [");
    for rule in &draft::rules(columns) {
        let _ = writeln!(line, "    {},", quoted(rule));
    }
    let _ = writeln!(line, "]\n\n{RELATED}\n{COLUMNS}");
    for column in columns {
        write_column(line, column);
    }
    for comparison in draft::comparisons(columns) {
        write_comparison(line, &comparison);
    }
    word_lists(line, columns, lists);
    out
}

fn write_column(line: &mut String, column: &DraftColumn) {
    let mut table = InlineTable::new();
    table.insert("kind", column.kind.name().into());
    if column.headings != [column.name.as_str()] {
        let headings = column.headings.iter().map(String::as_str);
        table.insert("from", Value::Array(Array::from_iter(headings)));
    }
    if let Some(separator) = column.separator {
        table.insert("separator", separator.to_string().into());
    }
    if column.month_first {
        table.insert("order", "mdy".into());
    }
    let _ = if table.len() == 1 {
        writeln!(line, "{} = {}", column.name, quoted(column.kind.name()))
    } else {
        writeln!(line, "{} = {table}", column.name)
    };
}

fn write_comparison(line: &mut String, comparison: &DraftComparison) {
    let _ = writeln!(line, "\n[[comparison]]");
    let _ = match comparison.columns.as_slice() {
        [only] => writeln!(line, "column = {}", quoted(only)),
        several => {
            let several: Vec<String> = several.iter().map(|name| quoted(name)).collect();
            writeln!(
                line,
                "name = {}\ncolumns = [{}]",
                quoted(&comparison.name),
                several.join(", ")
            )
        }
    };
    if comparison.frequency {
        let _ = writeln!(line, "frequency = true");
    }
    let _ = writeln!(line, "levels = [");
    for (when, label, m, u, r) in &comparison.levels {
        let _ = writeln!(
            line,
            "    {{ when = {}, m = {m}, u = {u}, r = {r}, label = {} }},",
            quoted(when),
            quoted(label)
        );
    }
    let _ = writeln!(line, "]");
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string().trim().to_owned()
}

/// The word lists that the columns have a use for.
fn word_lists(out: &mut String, columns: &[DraftColumn], lists: &WordLists) {
    let mut unknown = lists.unknown.clone();
    unknown
        .entry(crate::Kind::Position.name().to_owned())
        .or_insert_with(|| vec![NOWHERE.to_owned()]);
    for (heading, by_kind) in [("unknown", &unknown), ("drop_words", &lists.drop_words)] {
        let of: Vec<(&DraftColumn, &Vec<String>)> = columns
            .iter()
            .filter_map(|column| Some((column, by_kind.get(column.kind.name())?)))
            .collect();
        if !of.is_empty() {
            let _ = writeln!(out, "\n[{heading}]");
        }
        for (column, words) in of {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            let _ = writeln!(out, "{} = [{}]", column.name, words.join(", "));
        }
    }
    let has = |kind: crate::Kind| columns.iter().any(|column| column.kind == kind);
    if has(crate::Kind::Text) {
        let _ = writeln!(out, "\n[abbreviations]");
        for (short, long) in &lists.abbreviations {
            let _ = writeln!(out, "{} = {}", quoted(short), quoted(long));
        }
    }
    if has(crate::Kind::Forename) {
        let _ = writeln!(out, "\n[nicknames]");
        nicknames(out, &lists.nicknames);
    }
}

fn nicknames(out: &mut String, lists: &BTreeMap<String, Vec<String>>) {
    for (formal, short) in lists {
        let short: Vec<String> = short.iter().map(|word| quoted(word)).collect();
        let _ = writeln!(out, "{} = [{}]", quoted(formal), short.join(", "));
    }
}

/// The model file with other parameters; comments, order and everything else stay.
///
/// # Errors
/// When the text is not TOML; a text that a model was read from always is.
pub fn retrained(text: &str, parameters: &Parameters) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    figures(&mut document, parameters);
    Ok(document.to_string())
}

/// The draft with the rules that were kept and the figures that were estimated.
pub(crate) fn refined(
    draft: &str,
    parameters: &Parameters,
    rules: &[(String, f64, f64)],
) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = draft.parse()?;
    figures(&mut document, parameters);
    if rules.is_empty() {
        return Ok(document.to_string());
    }
    let mut array = Array::new();
    for (rule, found, pairs) in rules {
        let mut rule = Value::from(rule.as_str());
        let note = format!(
            "\n    # {:.2} % of matches found, {pairs:.0} pairs compared\n    ",
            100.0 * found
        );
        rule.decor_mut().set_prefix(note);
        array.push_formatted(rule);
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    document["blocking"] = value(array);
    Ok(document.to_string())
}

fn figures(document: &mut DocumentMut, parameters: &Parameters) {
    set(document.get_mut("prior"), parameters.prior);
    let related = document
        .get_mut("related")
        .and_then(|related| related.get_mut("prior"));
    let knows_related = related.is_some();
    set(related, parameters.related);
    let Some(comparisons) = document
        .get_mut("comparison")
        .and_then(Item::as_array_of_tables_mut)
    else {
        return;
    };
    for (comparison, rates) in comparisons.iter_mut().zip(&parameters.levels) {
        let levels = comparison.get_mut("levels").and_then(Item::as_array_mut);
        for (level, rates) in levels
            .into_iter()
            .flat_map(Array::iter_mut)
            .zip(written(rates))
        {
            let Some(level) = level.as_inline_table_mut() else {
                continue;
            };
            for (key, figure) in [("m", rates.m), ("u", rates.u), ("r", rates.r)] {
                if key == "r" && !(knows_related || level.contains_key("r")) {
                    continue;
                }
                let mut new = Value::from(figure);
                match level.get_mut(key) {
                    Some(old) => {
                        *new.decor_mut() = old.decor().clone();
                        *old = new;
                    }
                    None => {
                        level.insert(key, new);
                    }
                }
            }
        }
    }
}

fn set(item: Option<&mut Item>, figure: f64) {
    if let Some(old) = item.and_then(Item::as_value_mut) {
        let mut new = Value::from(rounded(figure));
        *new.decor_mut() = old.decor().clone();
        *old = new;
    }
}

/// Rates rounded for reading, such that they still add up to 1.
fn written(rates: &[Rates]) -> Vec<Rates> {
    let mut out: Vec<Rates> = rates
        .iter()
        .map(|rates| Rates {
            m: rounded(rates.m),
            u: rounded(rates.u),
            r: rounded(rates.r),
        })
        .collect();
    // What rounding took or added goes to the largest.
    type Pick = fn(&mut Rates) -> &mut f64;
    let picks: [Pick; 3] = [
        |rates| &mut rates.m,
        |rates| &mut rates.u,
        |rates| &mut rates.r,
    ];
    for pick in picks {
        let (mut sum, mut largest) = (0.0, 0);
        for at in 0..out.len() {
            let figure = *pick(&mut out[at]);
            sum += figure;
            if figure > *pick(&mut out[largest]) {
                largest = at;
            }
        }
        if let Some(rates) = out.get_mut(largest) {
            let figure = pick(rates);
            *figure = ((*figure + 1.0 - sum) * 1e9).round() / 1e9;
        }
    }
    out
}

/// Four figures that count.
fn rounded(figure: f64) -> f64 {
    format!("{figure:.3e}").parse().unwrap_or(figure)
}
