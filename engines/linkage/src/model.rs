//! The linkage model: read from its file, checked, and ready to use.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::blocking::{self, Rule};
use crate::condition::{self, Scope, Test, TestKind};
use crate::error::Error;
use crate::stable::{self, Stable};
use crate::written::{Written, WrittenCeiling, WrittenComparison, WrittenLevel};
use crate::{Prepared, normal};

/// Version of the file form.
const VERSION: u32 = 1;
/// Bits a rare value may gain where the model does not say.
const FREQUENCY_MOST: f64 = 3.0;
/// How far the m or u of a comparison may be from adding up to 1: a slip of rounding by hand.
const SUM_TOLERANCE: f64 = 0.001;

/// A linkage model. See the crate's example for its file form and `docs/` for what each part means.
#[derive(Debug, Clone)]
pub struct Model {
    /// In order of name.
    pub(crate) columns: Vec<Column>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) ceilings: Vec<Ceiling>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) prior_weight: f64,
    link: f64,
    review: f64,
    pub(crate) country_code: String,
    pub(crate) abbreviations: FxHashMap<String, String>,
    /// Hashes of the formal names each nickname may stand for.
    pub(crate) nicknames: FxHashMap<String, Vec<u64>>,
    /// Of everything that shapes a normal form; see [`Model::restore`].
    pub(crate) normal_digest: u64,
}

/// What a column holds, which decides how its values are brought to normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A surname, or the name of an organisation.
    Name,
    /// A given name, or several; nicknames apply.
    Forename,
    /// A date, ISO 8601 or day first.
    Date,
    /// A postcode.
    Postcode,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// Words, such as a postal address; abbreviations apply.
    Text,
    /// A number.
    Number,
    /// A reference of letters and digits, such as a company number.
    Identifier,
}

impl Kind {
    /// The word for it in a model file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Name => "name",
            Kind::Forename => "forename",
            Kind::Date => "date",
            Kind::Postcode => "postcode",
            Kind::Phone => "phone",
            Kind::Email => "email",
            Kind::Text => "text",
            Kind::Number => "number",
            Kind::Identifier => "identifier",
        }
    }
}

/// Where a match weight lies. A band is advice; a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Band {
    /// Below the review threshold: not taken to be the same.
    Apart,
    /// Between the thresholds: a person should look.
    Review,
    /// At or above the link threshold: taken to be the same.
    Link,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub name: String,
    pub kind: Kind,
    /// Normal forms that stand for "not known".
    pub unknown: FxHashSet<String>,
    /// Words that say nothing in this column.
    pub drop_words: FxHashSet<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub name: String,
    pub columns: Vec<usize>,
    /// Bits a rare value may gain; `None` without term-frequency adjustment.
    pub frequency_most: Option<f64>,
    pub levels: Vec<Level>,
}

#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub label: String,
    /// All must hold. Empty for `else`.
    pub tests: Vec<Test>,
    /// Whether it is plain equality, which term frequency adjusts.
    pub exact: bool,
    pub m: f64,
    pub u: f64,
    /// log2(m/u).
    pub weight: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct Ceiling {
    pub name: String,
    pub tests: Vec<Test>,
    pub at_most: f64,
}

impl Model {
    /// Reads and checks a model file.
    ///
    /// # Errors
    /// Every way a model can be wrong; each message names the place and the remedy. See [`Error`].
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let written: Written = toml::from_str(text).map_err(Box::new)?;
        plausible(&written)?;
        let columns = columns(&written)?;
        let comparisons = written
            .comparison
            .iter()
            .enumerate()
            .map(|(at, written)| comparison(at + 1, written, &columns))
            .collect::<Result<Vec<_>, _>>()?;
        let ceilings = written
            .ceiling
            .iter()
            .map(|written| ceiling(written, &columns, &comparisons))
            .collect::<Result<Vec<_>, _>>()?;
        let scope = Scope {
            place: "`blocking`".to_owned(),
            columns: &columns,
            default: None,
            ceiling: false,
        };
        let rules = written
            .blocking
            .iter()
            .map(|rule| blocking::parse(rule, &scope))
            .collect::<Result<Vec<_>, _>>()?;
        let names = comparisons
            .iter()
            .map(|c| &c.name)
            .chain(ceilings.iter().map(|c| &c.name));
        named_once(names)?;
        Ok(Self {
            prior_weight: (written.prior / (1.0 - written.prior)).log2(),
            link: written.link,
            review: written.review,
            abbreviations: abbreviations(&written)?,
            nicknames: nicknames(&written)?,
            normal_digest: normal_digest(&written),
            country_code: written.country_code,
            columns,
            comparisons,
            ceilings,
            rules,
        })
    }

    /// The columns in order of name, with their kinds.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.columns
            .iter()
            .map(|column| (column.name.as_str(), column.kind))
    }

    /// Weight of the prior in bits: log2 of the odds that two records taken at random match.
    pub fn prior_weight(&self) -> f64 {
        self.prior_weight
    }

    /// Match weight in bits from which two records are taken to be the same.
    pub fn link_threshold(&self) -> f64 {
        self.link
    }

    /// Match weight in bits from which a person should look.
    pub fn review_threshold(&self) -> f64 {
        self.review
    }

    /// The band of a match weight.
    pub fn band(&self, weight: f64) -> Band {
        if weight >= self.link {
            return Band::Link;
        }
        if weight >= self.review {
            Band::Review
        } else {
            Band::Apart
        }
    }

    /// Whether two records have a blocking key in common: whether linkage would look at the pair.
    pub fn are_candidates(&self, a: &Prepared, b: &Prepared) -> bool {
        crate::similarity::common(&self.keys(a), &self.keys(b)) > 0
    }
}

/// Checks the numbers and that no part is empty.
fn plausible(written: &Written) -> Result<(), Error> {
    if written.version != VERSION {
        return Err(Error::Version {
            found: written.version,
            reads: VERSION,
        });
    }
    for (what, count) in [
        ("columns", written.columns.len()),
        ("comparisons", written.comparison.len()),
        ("blocking rules", written.blocking.len()),
    ] {
        if count == 0 {
            return Err(Error::Nothing { what });
        }
    }
    if !(written.prior > 0.0 && written.prior < 1.0) {
        return Err(Error::Prior {
            value: written.prior,
        });
    }
    let (link, review) = (written.link, written.review);
    if !(link.is_finite() && review.is_finite() && review <= link) {
        return Err(Error::Thresholds { link, review });
    }
    let code = &written.country_code;
    let digits = code.bytes().all(|b| b.is_ascii_digit()) && !code.starts_with('0');
    if !digits || !(1..=3).contains(&code.len()) {
        return Err(Error::CountryCode {
            found: code.clone(),
        });
    }
    Ok(())
}

fn columns(written: &Written) -> Result<Vec<Column>, Error> {
    for (place, named) in [
        ("`[unknown]`", written.unknown.keys()),
        ("`[drop_words]`", written.drop_words.keys()),
    ] {
        for column in named {
            if !written.columns.contains_key(column) {
                return Err(Error::UnknownColumn {
                    place: place.to_owned(),
                    column: column.clone(),
                });
            }
        }
    }
    let column = |(name, kind): (&String, &Kind)| {
        let unknown = written.unknown.get(name).into_iter().flatten();
        let dropped = written.drop_words.get(name).into_iter().flatten();
        Ok(Column {
            name: name.clone(),
            kind: *kind,
            unknown: unknown
                .filter_map(|text| normal_unknown(*kind, text, &written.country_code))
                .collect(),
            drop_words: dropped
                .map(|word| one_word(word, || format!("`[drop_words]` of `{name}`")))
                .collect::<Result<_, _>>()?,
        })
    };
    written.columns.iter().map(column).collect()
}

/// An entry of a word list in normal form.
fn one_word(text: &str, place: impl FnOnce() -> String) -> Result<String, Error> {
    let word = normal::words(text);
    if word.is_empty() || word.contains(' ') {
        return Err(Error::NotOneWord {
            place: place(),
            found: text.to_owned(),
        });
    }
    Ok(word)
}

/// A value of `[unknown]` as its column writes it.
fn normal_unknown(kind: Kind, text: &str, country_code: &str) -> Option<String> {
    match kind {
        Kind::Name | Kind::Forename | Kind::Text => Some(normal::words(text)),
        Kind::Date => normal::date(text),
        Kind::Postcode => normal::postcode(text),
        Kind::Phone => normal::phone(text, country_code),
        Kind::Email => normal::email(text),
        Kind::Number => normal::number(text),
        Kind::Identifier => normal::identifier(text),
    }
}

fn comparison(
    number: usize,
    written: &WrittenComparison,
    columns: &[Column],
) -> Result<Comparison, Error> {
    let (name, named) = match (&written.name, &written.column, &written.columns) {
        (name, Some(column), None) => (
            name.clone().unwrap_or_else(|| column.clone()),
            std::slice::from_ref(column),
        ),
        (Some(name), None, Some(columns)) if !columns.is_empty() => {
            (name.clone(), columns.as_slice())
        }
        _ => return Err(Error::ComparisonColumns { number }),
    };
    let mut scope = Scope {
        place: format!("comparison `{name}`"),
        columns,
        default: None,
        ceiling: false,
    };
    let places = named
        .iter()
        .map(|name| scope.column(name))
        .collect::<Result<Vec<_>, _>>()?;
    scope.default = if let [only] = places.as_slice() {
        Some(*only)
    } else {
        None
    };
    let mut levels = written
        .levels
        .iter()
        .map(|written| level(&name, written, &scope))
        .collect::<Result<Vec<_>, _>>()?;
    condition::set_floors(levels.iter_mut().flat_map(|level| &mut level.tests));
    check_levels(&name, &levels)?;
    let most = written.frequency_most.unwrap_or(FREQUENCY_MOST);
    if !(most.is_finite() && most >= 0.0) {
        return Err(Error::Bits {
            place: format!("`frequency_most` of `{name}`"),
            value: most,
        });
    }
    if written.frequency && !levels.iter().any(|level| level.exact) {
        return Err(Error::FrequencyWithoutExact { comparison: name });
    }
    Ok(Comparison {
        name,
        columns: places,
        frequency_most: written.frequency.then_some(most),
        levels,
    })
}

fn level(comparison: &str, written: &WrittenLevel, scope: &Scope<'_>) -> Result<Level, Error> {
    let when = written.when.trim();
    let label = written.label.clone().unwrap_or_else(|| when.to_owned());
    for (letter, value) in [('m', written.m), ('u', written.u)] {
        if !(value > 0.0 && value < 1.0) {
            let comparison = comparison.to_owned();
            return Err(Error::Probability {
                comparison,
                level: label,
                letter,
                value,
            });
        }
    }
    let tests = if when == "else" {
        Vec::new()
    } else {
        condition::parse(when, scope)?
    };
    let exact = matches!(
        tests.as_slice(),
        [Test { kind: TestKind::Exact, negated: false, column, .. }] if Some(*column) == scope.default
    );
    let (m, u) = (written.m, written.u);
    Ok(Level {
        label,
        tests,
        exact,
        m,
        u,
        weight: (m / u).log2(),
    })
}

/// Levels are read from the top and the first that holds is taken, so they must fall.
fn check_levels(name: &str, levels: &[Level]) -> Result<(), Error> {
    let comparison = || name.to_owned();
    let first_else = levels.iter().position(|level| level.tests.is_empty());
    if first_else.is_none() || first_else.map(|at| at + 1) != Some(levels.len()) {
        return Err(Error::ElseLast {
            comparison: comparison(),
        });
    }
    for (letter, sum) in [
        ('m', levels.iter().map(|level| level.m).sum::<f64>()),
        ('u', levels.iter().map(|level| level.u).sum::<f64>()),
    ] {
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(Error::Sum {
                comparison: comparison(),
                letter,
                sum,
            });
        }
    }
    for (at, level) in levels.iter().enumerate().skip(1) {
        if levels[..at]
            .iter()
            .any(|above| takes_all(&above.tests, &level.tests))
        {
            return Err(Error::Unreachable {
                comparison: comparison(),
                level: level.label.clone(),
            });
        }
        let above = levels[at - 1].weight;
        if level.weight > above {
            return Err(Error::LevelOrder {
                comparison: comparison(),
                level: level.label.clone(),
                weight: level.weight,
                above,
            });
        }
    }
    Ok(())
}

/// Whether every pair that passes `later` passes `earlier`: each test of the earlier level is
/// implied by one of the later.
fn takes_all(earlier: &[Test], later: &[Test]) -> bool {
    let implied = |weak: &Test| {
        later.iter().any(|strong| {
            let same = strong.kind == weak.kind
                && strong.negated == weak.negated
                && strong.column == weak.column
                && strong.other == weak.other;
            let at_least_as_strict = match weak.kind {
                TestKind::JaroWinkler | TestKind::Words => strong.bound >= weak.bound,
                _ => strong.bound <= weak.bound,
            };
            // Turned round by `not`, strictness turns round too; equal bounds stay equal.
            same && if weak.negated {
                strong.bound == weak.bound
            } else {
                at_least_as_strict
            }
        })
    };
    !later.is_empty() && earlier.iter().all(implied)
}

fn ceiling(
    written: &WrittenCeiling,
    columns: &[Column],
    comparisons: &[Comparison],
) -> Result<Ceiling, Error> {
    let place = format!("ceiling `{}`", written.name);
    let scope = Scope {
        place: place.clone(),
        columns,
        default: None,
        ceiling: true,
    };
    let mut tests = condition::parse(&written.when, &scope)?;
    for test in tests
        .iter_mut()
        .filter(|test| test.kind == TestKind::Differs)
    {
        // `differs` is answered by the comparison of the column on its own.
        test.other = comparisons
            .iter()
            .position(|comparison| comparison.columns == [test.column])
            .ok_or_else(|| Error::UnknownColumn {
                place: format!("{place} asks `differs`, but no comparison of one column"),
                column: columns[test.column].name.clone(),
            })?;
    }
    if !written.at_most.is_finite() {
        return Err(Error::Ceiling {
            name: written.name.clone(),
            value: written.at_most,
        });
    }
    Ok(Ceiling {
        name: written.name.clone(),
        tests,
        at_most: written.at_most,
    })
}

fn named_once<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), Error> {
    let mut seen = FxHashSet::default();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::TwiceNamed { name: name.clone() });
        }
    }
    Ok(())
}

fn abbreviations(written: &Written) -> Result<FxHashMap<String, String>, Error> {
    let place = || "`[abbreviations]`".to_owned();
    let mut long_of = FxHashMap::default();
    for (word, full) in &written.abbreviations {
        long_of.insert(one_word(word, place)?, one_word(full, place)?);
    }
    // Else a normal form would change when it is brought to normal form again.
    match long_of.iter().find(|(_, full)| long_of.contains_key(*full)) {
        Some((word, full)) => Err(Error::Abbreviation {
            word: word.clone(),
            full: full.clone(),
        }),
        None => Ok(long_of),
    }
}

fn nicknames(written: &Written) -> Result<FxHashMap<String, Vec<u64>>, Error> {
    let mut formal_of: FxHashMap<String, Vec<u64>> = FxHashMap::default();
    for (formal, short_forms) in &written.nicknames {
        let hash = stable::hash(&one_word(formal, || "`[nicknames]`".to_owned())?);
        for short in short_forms {
            let short = one_word(short, || format!("`[nicknames]`, `{formal}`"))?;
            formal_of.entry(short).or_default().push(hash);
        }
    }
    Ok(formal_of)
}

/// A digest of all that shapes a normal form: this crate's rules, the columns and their kinds, and
/// the lists that drop or replace. Weights and thresholds may change without it.
fn normal_digest(written: &Written) -> u64 {
    let mut digest = Stable::NEW
        .add_number(normal::RULES)
        .add_text(&written.country_code);
    for (name, kind) in &written.columns {
        digest = digest.add_text(name).add_text(kind.name());
    }
    for lists in [&written.unknown, &written.drop_words] {
        digest = digest.add(&[0]);
        for (column, list) in lists {
            digest = list.iter().fold(digest.add_text(column), |digest, text| {
                digest.add_text(text)
            });
        }
    }
    let abbreviations = written.abbreviations.iter();
    abbreviations
        .fold(digest, |digest, (word, full)| {
            digest.add_text(word).add_text(full)
        })
        .finish()
}
