//! A model to start from, for a table nobody has tuned for.
//!
//! [`Profile`] looks at headings and values and drafts a model with every blocking rule worth
//! trying; [`refine`] estimates it on the table and keeps the rules that find the most for the
//! least.

mod candidates;
mod choose;
mod draft;
mod kinds;
mod parts;
mod positions;
mod text;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::batch::intern::Interner;
use crate::batch::kernel::Kernel;
use crate::batch::train::{RANDOM_PAIRS, estimate};
use crate::batch::{Between, Parameters, Population, Rows, Sketches};
use crate::blocking::Part;
use crate::model::{Kind, Model};
use candidates::{Candidate, candidates};
use draft::DraftColumn;
use kinds::{Reading, Role, Sight};
use parts::{MOST_PARTS, Parts};

pub use text::retrained;

/// Lists of words that a draft takes over, by kind of column: the parts of a model file that
/// hold them.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WordLists {
    #[serde(default)]
    pub(crate) unknown: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) drop_words: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) abbreviations: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) nicknames: BTreeMap<String, Vec<String>>,
}

impl WordLists {
    /// The lists of a model file, whatever else it says. A column's lists serve every column of the
    /// same kind.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn from_toml(text: &str) -> Result<Self, Box<toml::de::Error>> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(default)]
            columns: BTreeMap<String, String>,
            #[serde(flatten)]
            lists: WordLists,
        }
        let Listed { columns, mut lists } = toml::from_str(text).map_err(Box::new)?;
        for by_column in [&mut lists.unknown, &mut lists.drop_words] {
            let named = std::mem::take(by_column);
            for (column, words) in named {
                if let Some(kind) = columns.get(&column) {
                    by_column.entry(kind.clone()).or_default().extend(words);
                }
            }
        }
        Ok(lists)
    }
}

/// What a table's columns look like.
pub struct Profile {
    headings: Vec<String>,
    columns: Vec<Seen>,
    records: u64,
}

struct Seen {
    texts: Interner,
    counts: Vec<u64>,
}

/// The first draft of a model.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The model file, with every blocking rule worth trying.
    pub toml: String,
    /// Heading of the id column, if one was found.
    pub id: Option<String>,
    /// Columns that are left out, and why.
    pub left_out: Vec<(String, &'static str)>,
}

impl WordLists {
    /// Whether a single word is a forename, formal or short.
    pub(crate) fn is_forename(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        self.nicknames.contains_key(&word)
            || self
                .nicknames
                .values()
                .flatten()
                .any(|short| *short == word)
    }
}

impl Profile {
    /// Begins with a table's headings.
    pub fn new(headings: Vec<String>) -> Self {
        let seen = |_| Seen {
            texts: Interner::new(),
            counts: vec![0],
        };
        Self {
            columns: headings.iter().map(seen).collect(),
            headings,
            records: 0,
        }
    }

    /// The table's headings.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// Looks at some rows.
    pub fn add(&mut self, rows: &impl Rows) {
        self.records += rows.len() as u64;
        for (at, seen) in self.columns.iter_mut().enumerate() {
            let texts = (0..rows.len()).map(|row| rows.field(row, at).trim_ascii());
            seen.texts.numbers(texts, |number| {
                // A column beyond what can be numbered has told enough.
                let Some(number) = number else {
                    return;
                };
                if number as usize == seen.counts.len() {
                    seen.counts.push(0);
                }
                seen.counts[number as usize] += 1;
            });
        }
    }

    /// Drafts a model. `id`: heading of the id column where the caller knows it.
    ///
    /// # Errors
    /// When no column is worth comparing: says what was seen in each.
    pub fn draft(&self, id: Option<&str>, lists: &WordLists) -> Result<Draft, String> {
        let texts: Vec<Vec<(String, u64)>> = self.columns.iter().map(Seen::values).collect();
        let sights = self.sights(&texts);
        let id = id.map(str::to_owned).or_else(|| {
            let called = sights
                .iter()
                .find(|sight| sight.is_unique() && sight.is_called_id());
            called.map(|sight| sight.heading.to_owned())
        });
        let mut columns = Vec::new();
        let mut left_out = Vec::new();
        for sight in &sights {
            if Some(sight.heading) == id.as_deref() {
                continue;
            }
            let mut compare = |called: &str, kind: Kind, role: Role| {
                let column = drafted(sight, name_of(called, &columns), kind, role);
                columns.push(column);
            };
            match sight.reading(lists) {
                Reading::LeftOut(why) => left_out.push((sight.heading.to_owned(), why)),
                Reading::Compared(kind, role) => compare(sight.heading, kind, role),
                Reading::Contact => {
                    for kind in [Kind::Phone, Kind::Email] {
                        let called = format!("{} {}", sight.heading, kind.name());
                        compare(&called, kind, Role::Plain);
                    }
                }
            }
        }
        with_postcodes(&mut columns, &sights);
        positions::join(&mut columns, &sights);
        let surplus = surplus(&mut columns);
        let headings = surplus.into_iter().flat_map(|column| column.headings);
        left_out.extend(headings.map(|heading| (heading, "a model compares 32 columns at most")));
        if columns.is_empty() {
            let why: Vec<String> = left_out
                .iter()
                .map(|(heading, why)| format!("{heading}: {why}"))
                .collect();
            return Err(format!(
                "no column of the table tells who a record is about ({})",
                why.join("; ")
            ));
        }
        Ok(Draft {
            toml: text::draft(&columns, lists, id.as_deref()),
            id,
            left_out,
        })
    }

    fn sights<'s>(&'s self, texts: &'s [Vec<(String, u64)>]) -> Vec<Sight<'s>> {
        let sight = |(heading, values): (&'s String, &'s Vec<(String, u64)>)| Sight {
            heading,
            records: self.records,
            filled: values.iter().map(|(_, count)| count).sum(),
            values: values
                .iter()
                .map(|(value, count)| (value.as_str(), *count))
                .collect(),
        };
        self.headings.iter().zip(texts).map(sight).collect()
    }
}

/// A column of the draft, under a name of its own.
fn drafted(sight: &Sight<'_>, name: String, kind: Kind, role: Role) -> DraftColumn {
    DraftColumn {
        name,
        headings: vec![sight.heading.to_owned()],
        kind,
        role,
        separator: sight.separator(kind),
        month_first: kind == Kind::Date && sight.month_first(),
        distinct_share: sight.values.len() as f64 / sight.filled.max(1) as f64,
    }
}

/// Takes out what is more than a model compares, those that tell least first.
fn surplus(columns: &mut Vec<DraftColumn>) -> Vec<DraftColumn> {
    let tells = |column: &DraftColumn| match column.role {
        Role::Category => 2,
        Role::Code | Role::Degrees => 1,
        _ => 0,
    };
    if columns.len() <= MOST_COLUMNS {
        return Vec::new();
    }
    columns.sort_by_key(tells);
    columns.split_off(MOST_COLUMNS)
}

/// Where addresses end in postcodes and no column is one, the postcode is compared by itself.
fn with_postcodes(columns: &mut Vec<DraftColumn>, sights: &[Sight<'_>]) {
    if columns.iter().any(|column| column.kind == Kind::Postcode) {
        return;
    }
    let holds = |column: &&DraftColumn| {
        let sight = sights
            .iter()
            .find(|sight| column.headings == [sight.heading]);
        column.role == Role::Address && sight.is_some_and(|sight| sight.with_postcode() >= 0.3)
    };
    let Some(address) = columns.iter().find(holds).cloned() else {
        return;
    };
    columns.push(DraftColumn {
        name: name_of("postcode", columns),
        kind: Kind::Postcode,
        role: Role::Plain,
        ..address
    });
}

/// A heading as a name that conditions can write: letters, digits and underscores, unlike the others.
fn name_of(heading: &str, taken: &[DraftColumn]) -> String {
    let plain = heading.to_lowercase();
    let words: Vec<&str> = plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name = if words.is_empty() {
        "column".to_owned()
    } else {
        words.join("_")
    };
    let mut unlike = name.clone();
    let mut number = 2;
    while taken.iter().any(|column| column.name == unlike) {
        unlike = format!("{name}_{number}");
        number += 1;
    }
    unlike
}

impl Seen {
    /// The distinct values, the most frequent first.
    fn values(&self) -> Vec<(String, u64)> {
        let mut values: Vec<(String, u64)> = (1..self.texts.len() as u32)
            .map(|number| {
                let text = String::from_utf8_lossy(self.texts.text(number)).into_owned();
                (text, self.counts[number as usize])
            })
            .collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        values
    }
}

/// What [`refine`] found.
#[derive(Debug, Clone)]
pub struct Refined {
    /// The model file with the rules that were kept and the estimated figures.
    pub toml: String,
    /// The rules kept: as written, the share of matches found with it and those before, and the
    /// pairs looked at with it and those before.
    pub rules: Vec<(String, f64, f64)>,
    /// What was estimated.
    pub parameters: Parameters,
}

/// Estimates a draft on a population, or on a sample of it, and keeps the blocking rules worth
/// their comparisons. `records`: how many there are in all, for the budget of pairs.
pub fn refine(
    draft: &str,
    model: &Model,
    people: &Population,
    records: u64,
    between: Between,
) -> Refined {
    let sampled = (people.rows() as f64 / records.max(1) as f64).min(1.0);
    let scale = 1.0 / (sampled * sampled);
    let budget = (records as f64 * PAIRS_A_RECORD).max(LEAST_BUDGET) / scale;
    let (known, places) = single_parts(model);
    let parts = Parts::new(&known, people);
    let candidates = candidates(&known, &parts, budget, sampled);
    let with = |rules: &[Candidate]| {
        let joined = |rule: &Candidate| rule.parts.iter().map(|part| places[*part]).collect();
        let joined: Vec<Vec<usize>> = rules.iter().map(joined).collect();
        model.with_joined(joined.iter().map(Vec::as_slice))
    };
    let among = (between, sampled);
    let tried = with(&candidates);
    let sketches = Sketches::new(model, people);
    let kernel = Kernel::new(&tried, people, &sketches);
    let look = choose::look(&kernel, &parts, &candidates, PAIRS_TRIED, among);
    let trained = tried.with(&estimate(&kernel, &look.samples, RANDOM_TRIED, between));
    let chosen = choose::choose(
        &Kernel::new(&trained, people, &sketches),
        &look,
        budget,
        records,
    );
    // Estimated once more on what the chosen rules find, and on more of it.
    let mut kept: Vec<Candidate> = chosen
        .iter()
        .map(|(rule, ..)| candidates[*rule].clone())
        .collect();
    if kept.is_empty() {
        // Nobody seems to be there twice: what is likeliest to find them when they are.
        kept.extend(candidates.iter().take(3).cloned());
    }
    let kept_model = with(&kept);
    let kernel = Kernel::new(&kept_model, people, &sketches);
    let look = choose::look(&kernel, &parts, &kept, PAIRS_KEPT, among);
    let parameters = estimate(&kernel, &look.samples, RANDOM_PAIRS, between);
    let noted = |(at, rule): (usize, &str)| {
        let unfound = (0, 0.0, kept[at].pairs);
        let (_, found, pairs) = chosen.get(at).copied().unwrap_or(unfound);
        (rule.to_owned(), found, pairs * scale)
    };
    let rules: Vec<(String, f64, f64)> =
        kept_model.written_rules().enumerate().map(noted).collect();
    Refined {
        // The draft was read before, so it is TOML.
        toml: text::refined(draft, &parameters, &rules).unwrap_or_else(|_| draft.to_owned()),
        rules,
        parameters,
    }
}

/// The parts that rules may be put together from, and the places of the draft's rules that name them.
fn single_parts(model: &Model) -> (Vec<&Part>, Vec<usize>) {
    let rules = model.rules.iter().enumerate();
    let single = rules.filter_map(|(at, rule)| match rule.parts() {
        [only] => Some((only, at)),
        _ => None,
    });
    single.take(MOST_PARTS).unzip()
}

/// Columns compared at most: estimation keeps the levels of so many comparisons for a pair.
const MOST_COLUMNS: usize = 32;
/// Pairs taken at random while rules are tried.
const RANDOM_TRIED: u64 = 100_000;
/// Pairs looked at of each rule that is tried.
const PAIRS_TRIED: f64 = 6_000.0;
/// Pairs looked at of each rule that is kept.
const PAIRS_KEPT: f64 = 30_000.0;
/// Pairs looked at for each record, at most.
const PAIRS_A_RECORD: f64 = 4.0;
/// Pairs that are always affordable.
const LEAST_BUDGET: f64 = 3_000_000.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::batch::{Builder, Layout};

    struct Cells(Vec<Vec<String>>);

    impl Rows for Cells {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn field(&self, row: usize, column: usize) -> &[u8] {
            self.0[row].get(column).map_or(b"", String::as_bytes)
        }
    }

    fn lists() -> WordLists {
        WordLists::from_toml(
            "[columns]\nsurname = \"name\"\n[unknown]\nsurname = [\"unknown\"]\n[nicknames]\nmargaret = [\"peggy\"]",
        )
        .unwrap()
    }

    /// The model suggested for a table, as far as one can be.
    fn suggested(headings: &[String], rows: Vec<Vec<String>>) -> Result<(Draft, Model), String> {
        let rows = Cells(rows);
        let mut profile = Profile::new(headings.to_vec());
        profile.add(&rows);
        let draft = profile.draft(None, &lists())?;
        let model =
            Model::from_toml(&draft.toml).unwrap_or_else(|error| panic!("{error}\n{}", draft.toml));
        let place = |heading: &str| headings.iter().position(|known| known == heading).unwrap();
        let columns = model
            .headings()
            .map(|from| from.iter().map(|heading| place(heading)).collect())
            .collect();
        let mut builder = Builder::new(&model);
        builder
            .add(
                &rows,
                &Layout {
                    columns,
                    id: None,
                    source: 0,
                },
            )
            .unwrap();
        let people = Population::new(builder.finish().unwrap());
        let refined = refine(
            &draft.toml,
            &model,
            &people,
            people.rows() as u64,
            Between::Everybody,
        );
        let model = Model::from_toml(&refined.toml)
            .unwrap_or_else(|error| panic!("{error}\n{}", refined.toml));
        Ok((draft, model))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn any_table_gives_a_model_or_says_why_not(
            headings in prop::collection::vec("[a-zA-Z_. ]{0,9}|name|home|address|postcode|dob|phone|email|lat|lon|where|\\PC{0,6}", 0..7),
            kinds in prop::collection::vec(0..10_usize, 7),
            rows in prop::collection::vec(prop::collection::vec((0..30_u32, "\\PC{0,12}"), 7), 0..40),
        ) {
            let value = |kind: usize, number: u32, text: &str| match kind {
                0 => text.to_owned(),
                1 => String::new(),
                2 => format!("{:02}/{:02}/19{:02}", number % 12 + 1, number + 1, number),
                3 => format!("{number} High Street, SG{number} 1AA"),
                4 => format!("07700 9{number:05}; a{number}@b.example"),
                5 => format!("a{number}@b.example"),
                6 => format!("51.{number:04}"),
                9 => format!("51.{number:04}, -0.{number}"),
                7 => format!("SMITH, {}", char::from(b'A' + (number % 26) as u8)),
                _ => number.to_string(),
            };
            let rows = rows
                .iter()
                .map(|row| row.iter().enumerate().map(|(at, (number, text))| value(kinds[at], *number, text)).collect())
                .collect();
            if let Err(why) = suggested(&headings, rows) {
                prop_assert!(why.contains("no column"), "{}", why);
            }
        }
    }

    #[test]
    fn a_wide_table_keeps_the_columns_that_tell_most() {
        let mut headings: Vec<String> = (0..40).map(|at| format!("code{at}")).collect();
        headings.push("surname".to_owned());
        let rows = (0..50_u32).map(|row| {
            let mut cells: Vec<String> = (0..40).map(|at| (row * 7 + at).to_string()).collect();
            cells.push(format!("s{}", char::from(b'a' + (row % 26) as u8)));
            cells
        });
        let (draft, model) = suggested(&headings, rows.collect()).unwrap();
        assert!(model.columns().any(|(name, _)| name == "surname"));
        assert_eq!(model.columns().count(), MOST_COLUMNS);
        assert_eq!(draft.left_out.len(), headings.len() - MOST_COLUMNS);
    }

    #[test]
    fn latitudes_and_longitudes_are_one_position() {
        let headings = [
            "name", "work lng", "Home_Lat", "work lat", "home_lon", "lat", "seen",
        ]
        .map(str::to_owned);
        let row = |at: u32| {
            vec![
                format!("Smith {}", char::from(b'a' + (at % 26) as u8)),
                format!("-0.{:03}", at % 100),
                format!("51.{:04}", at % 300),
                format!("52.{:04}", at % 250),
                format!("0.{:04}", at % 280),
                format!("5.{at}"),
                format!("51.{at}, -0.{at}"),
            ]
        };
        let (draft, model) = suggested(&headings, (0..400).map(row).collect()).unwrap();
        let columns: Vec<(&str, Kind, &[String])> = model
            .columns
            .iter()
            .filter(|column| column.kind == Kind::Position || column.kind == Kind::Number)
            .map(|column| (column.name.as_str(), column.kind, column.from.as_slice()))
            .collect();
        let from = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            columns,
            [
                (
                    "home_position",
                    Kind::Position,
                    &from(&["Home_Lat", "home_lon"])[..]
                ),
                // Without a longitude.
                ("lat", Kind::Number, &[]),
                ("seen", Kind::Position, &[]),
                (
                    "work_position",
                    Kind::Position,
                    &from(&["work lat", "work lng"])[..]
                ),
            ]
        );
        for level in [
            "within_km <= 0.5",
            "within_km <= 5",
            "within_km <= 50",
            "0,0",
        ] {
            assert!(draft.toml.contains(level), "{level}");
        }
    }

    #[test]
    fn contacts_and_whole_addresses_are_taken_apart() {
        let headings = ["Contact", "Address", "D.O.B."].map(str::to_owned);
        let row = |at: u32| {
            vec![
                if at.is_multiple_of(3) {
                    format!("a{at}@b.example")
                } else {
                    format!("07700 900{at:03}")
                },
                format!("{at} High Street, Lowtown, SG{} 1AA", at % 9 + 1),
                format!("{:02}/{:02}/1980", at % 12 + 1, at % 28 + 1),
            ]
        };
        let (_, model) = suggested(&headings, (0..60).chain(0..20).map(row).collect()).unwrap();
        let columns: Vec<(&str, Kind)> = model.columns().collect();
        for expected in [
            ("contact_email", Kind::Email),
            ("contact_phone", Kind::Phone),
            ("postcode", Kind::Postcode),
            ("d_o_b", Kind::Date),
        ] {
            assert!(columns.contains(&expected), "{columns:?}");
        }
        let dates = model
            .columns
            .iter()
            .find(|column| column.kind == Kind::Date)
            .unwrap();
        assert!(dates.month_first);
    }
}
