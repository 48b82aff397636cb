//! The linkage model: read from its file, checked, and ready to use.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::blocking::{self, Rule};
use crate::condition::{Scope, Test, TestKind};
use crate::error::Error;
use crate::written::Written;
use crate::{Prepared, columns, comparisons, position};

/// Training counts patterns of levels: so many comparisons of so many levels fit one number, with
/// one value of each left for "missing".
const MOST_COMPARISONS: usize = 32;
const MOST_LEVELS: usize = 15;
/// Version of the file form.
const VERSION: u32 = 1;

/// A linkage model, read from a TOML file (see the crate's example).
///
/// - `version`, `prior`, `link`, `review`: see [`Model::prior_weight`] and [`Model::band`].
///   `id`: heading of a table's id column. `country_code`: what a leading 0 of a telephone number
///   stands for, 44 unless given.
/// - `[columns]`: name and [`Kind`] of each; or `{ kind, from, separator, order }`, where `from` lists
///   the headings of a table it is read from, `separator` parts several values in one cell, and
///   `order = "mdy"` reads dates month first. Several columns may be read from one heading.
/// - `[[comparison]]`: `column`, or `name` and `columns`; `levels` from the strongest agreement
///   down to `else`, each with `when`, `m`, `u` and, for the reader, a `label`. m and u each add up
///   to 1. With `frequency = true`, the share of the value takes the place of u where the level is
///   `exact`, rare values gaining `frequency_most` bits at most (3 unless given).
/// - `[related]`, with a `prior` of its own: two records may also be of two people of one household
///   or family, who share names and homes without being the same. Each level may then have an `r`
///   beside its m and u (u unless given). The pair must outweigh both readings.
/// - `when`: tests joined by `&`, `not` before one turning it round. `exact`, `jaro_winkler >= N`,
///   `shares_word`, `words >= N` (share of all words that are in both), `nickname`, `initial`,
///   `soundex`, `metaphone`, `swapped(other column)`, `one_character_off`, `day_month_swapped`,
///   `within_days <= N`, `same_year`, `year_only` (one is 1 January), `same_sector`, `same_district`, `same_local_part`,
///   `within <= N`, `within_km <= N`. In a comparison of several columns each names its own: `exact(postcode)`.
///   A missing value passes no test. Of several values the best pair counts.
/// - `[[ceiling]]`: `name`, `when` and `at_most`, in bits. Here `differs(column)` may also be
///   asked: both values are there, and their comparison reached `else`.
/// - `blocking`: a list of rules, each of parts joined by `+`: `exact`, `soundex`, `metaphone`, `initial`,
///   `word`, `nickname`, `unordered(column, column)`, `year`, `month_day`, `sector`, `district`, `local_part`,
///   `near(column, km)`.
/// - `[unknown]`: values that mean "not known", by column. `[drop_words]`: words that say nothing,
///   by column. `[abbreviations]`: short and full form of words in `text` columns.
///   `[nicknames]`: a formal forename and its short forms.
#[derive(Debug, Clone)]
pub struct Model {
    /// In order of name.
    pub(crate) columns: Vec<Column>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) ceilings: Vec<Ceiling>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) prior_weight: f64,
    /// log2 of how much likelier two records taken at random are of the same than of related
    /// people; `None` where the model knows no related people.
    pub(crate) related_weight: Option<f64>,
    link: f64,
    review: f64,
    id: Option<String>,
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
    /// A date, ISO 8601 or day first; month first where the column's `order` says so.
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
    /// A position on the earth: latitude and longitude in degrees of WGS 84, in this order, in one
    /// text or under two headings.
    Position,
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
            Kind::Position => "position",
        }
    }
}

/// Where a match weight lies. A band is advice; a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
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
    /// Headings of a table it is read from; its name where there are none.
    pub from: Vec<String>,
    /// What parts several values in one cell of a table.
    pub separator: Option<char>,
    /// Whether dates are written month first.
    pub month_first: bool,
    /// Whether the model asks how its names sound.
    pub heard: bool,
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
    /// How often records of related people fall here; u where the model does not say.
    pub r: f64,
    /// log2(m/u).
    pub weight: f64,
    /// log2(m/r).
    pub against_related: f64,
}

impl Column {
    /// Whether it is a position read from two headings: the latitude and the longitude.
    pub(crate) fn is_pair(&self) -> bool {
        self.kind == Kind::Position && self.from.len() == 2
    }

    /// The values written in one row of a table: what stands under its headings, parted.
    pub(crate) fn parts<'t>(&self, fields: impl Iterator<Item = &'t str>) -> Vec<Cow<'t, str>> {
        let parted = |field: &'t str| field.split(|c| Some(c) == self.separator);
        if self.is_pair() {
            position::pairs(fields.map(|field| parted(field).collect()))
        } else {
            fields.flat_map(parted).map(Cow::Borrowed).collect()
        }
    }
}

impl Level {
    /// Sets what was estimated, and the weights that follow.
    pub(crate) fn set(&mut self, rates: Rates) {
        let Rates { m, u, r } = rates;
        (self.m, self.u, self.r) = (m, u, r);
        self.weight = (m / u).log2();
        self.against_related = (m / r).log2();
    }
}

/// How often a level is reached, by who the two records are of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Of the same.
    pub m: f64,
    /// Of two who have nothing to do with each other.
    pub u: f64,
    /// Of two who are related: of one household or family.
    pub r: f64,
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
        let mut columns = columns::columns(&written)?;
        let comparisons = written
            .comparison
            .iter()
            .enumerate()
            .map(|(at, written)| comparisons::comparison(at + 1, written, &columns))
            .collect::<Result<Vec<_>, _>>()?;
        let ceilings = written
            .ceiling
            .iter()
            .map(|written| comparisons::ceiling(written, &columns, &comparisons))
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
        let tests = comparisons.iter().flat_map(|comparison| &comparison.levels);
        let tests = tests.flat_map(|level| &level.tests);
        let tests = tests.chain(ceilings.iter().flat_map(|ceiling| &ceiling.tests));
        let asked = tests.filter(|test| test.kind == TestKind::Metaphone);
        let asked = asked.map(|test| test.column);
        for at in asked.chain(rules.iter().flat_map(Rule::hears)) {
            columns[at].heard = true;
        }
        Ok(Self {
            prior_weight: crate::bits(written.prior),
            related_weight: written
                .related
                .as_ref()
                .map(|related| (written.prior / related.prior).log2()),
            id: written.id.clone(),
            link: written.link,
            review: written.review,
            abbreviations: columns::abbreviations(&written)?,
            nicknames: columns::nicknames(&written)?,
            normal_digest: columns::normal_digest(&written),
            country_code: written.country_code,
            columns,
            comparisons,
            ceilings,
            rules,
        })
    }

    /// This model with other parameters.
    pub fn with(&self, parameters: &crate::batch::Parameters) -> Self {
        let mut model = self.clone();
        let prior = parameters.prior;
        model.prior_weight = crate::bits(prior);
        if self.related_weight.is_some() {
            model.related_weight = Some((prior / parameters.related).log2());
        }
        for (comparison, levels) in model.comparisons.iter_mut().zip(&parameters.levels) {
            for (level, rates) in comparison.levels.iter_mut().zip(levels) {
                level.set(*rates);
            }
        }
        model
    }

    /// The columns in order of name, with their kinds.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.columns
            .iter()
            .map(|column| (column.name.as_str(), column.kind))
    }

    /// Heading of a table's id column, where the model names it.
    pub fn id_heading(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The headings of a table that each column is read from, in order of the columns' names.
    pub fn headings(&self) -> impl Iterator<Item = Vec<&str>> {
        self.columns
            .iter()
            .map(|column| match column.from.as_slice() {
                [] => vec![column.name.as_str()],
                from => from.iter().map(String::as_str).collect(),
            })
    }

    /// The blocking rules as the model writes them.
    pub fn written_rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(Rule::written)
    }

    /// This model with other blocking rules: each puts together some of its own, by place.
    pub(crate) fn with_joined<'r>(&self, rules: impl Iterator<Item = &'r [usize]>) -> Self {
        let joined = |places: &[usize]| {
            let parts: Vec<&Rule> = places.iter().map(|place| &self.rules[*place]).collect();
            Rule::joined(&parts)
        };
        let mut model = self.clone();
        model.rules = rules.map(joined).collect();
        model
    }

    /// The columns whose frequencies scoring asks for (see [`crate::Frequencies`]), so that the
    /// caller counts no others.
    pub fn frequency_columns(&self) -> impl Iterator<Item = &str> {
        let adjusted = self
            .comparisons
            .iter()
            .filter(|comparison| comparison.frequency_most.is_some());
        adjusted
            .flat_map(|comparison| &comparison.columns)
            .map(|at| self.columns[*at].name.as_str())
    }

    /// Whether the model tells related people from the same.
    pub fn knows_related(&self) -> bool {
        self.related_weight.is_some()
    }

    /// Every comparison's name and its levels' labels and rates.
    pub fn rates(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = (&str, Rates)>)> {
        self.comparisons.iter().map(|comparison| {
            let levels = comparison.levels.iter();
            let rates = levels.map(|level| {
                let Level { m, u, r, .. } = *level;
                (level.label.as_str(), Rates { m, u, r })
            });
            (comparison.name.as_str(), rates)
        })
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

/// Checks that no part is empty and none larger than the engine counts.
fn plausible_counts(written: &Written) -> Result<(), Error> {
    for (what, count) in [
        ("columns", written.columns.len()),
        ("comparisons", written.comparison.len()),
        ("blocking rules", written.blocking.len()),
    ] {
        if count == 0 {
            return Err(Error::Nothing { what });
        }
    }
    let most_levels = written
        .comparison
        .iter()
        .map(|comparison| comparison.levels.len())
        .max();
    for (what, found, most) in [
        ("comparisons", written.comparison.len(), MOST_COMPARISONS),
        (
            "levels in one comparison",
            most_levels.unwrap_or(0),
            MOST_LEVELS,
        ),
    ] {
        if found > most {
            let place = "the linkage model".to_owned();
            return Err(Error::TooMany {
                place,
                what,
                found,
                most,
            });
        }
    }
    Ok(())
}

/// Checks the numbers.
fn plausible(written: &Written) -> Result<(), Error> {
    if written.version != VERSION {
        return Err(Error::Version {
            found: written.version,
            reads: VERSION,
        });
    }
    plausible_counts(written)?;
    if !(written.prior > 0.0 && written.prior < 1.0) {
        return Err(Error::Prior {
            value: written.prior,
        });
    }
    if let Some(related) = &written.related
        && !(related.prior > 0.0 && related.prior < 1.0)
    {
        return Err(Error::Prior {
            value: related.prior,
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

fn named_once<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), Error> {
    let mut seen = FxHashSet::default();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::TwiceNamed { name: name.clone() });
        }
    }
    Ok(())
}
