//! What can be wrong with a model or a stored record, and what to do about it.

use thiserror::Error;

/// Why a model or a stored normal form was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("the linkage model cannot be read: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// A model written for another version of this crate.
    #[error("the linkage model has version {found}; this program reads version {reads}")]
    Version {
        /// Version the file names.
        found: u32,
        /// Version this crate reads.
        reads: u32,
    },
    /// A part of the model, named by what should be there, is empty.
    #[error("the linkage model has no {what}: give at least one")]
    Nothing {
        /// What is missing.
        what: &'static str,
    },
    /// More comparisons, or levels of one, than the engine keeps count of.
    #[error("{place} has {found} {what}: at most {most} are read")]
    TooMany {
        /// Where in the model.
        place: String,
        /// What there are too many of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// The prior is not a probability.
    #[error("`prior` is {value}: it must lie between 0 and 1 (one in a million is 0.000001)")]
    Prior {
        /// Value in the file.
        value: f64,
    },
    /// The thresholds are not numbers, or `review` is above `link`.
    #[error(
        "`review` is {review} bits and `link` {link}: both must be numbers, and `review` no higher"
    )]
    Thresholds {
        /// `link` in the file.
        link: f64,
        /// `review` in the file.
        review: f64,
    },
    /// A column that `[columns]` does not list.
    #[error("{place} names the column `{column}`, which `[columns]` does not list")]
    UnknownColumn {
        /// Where in the model.
        place: String,
        /// The column named.
        column: String,
    },
    /// A comparison must name either one column or a name and several columns.
    #[error("comparison {number}: give either `column`, or `name` and `columns`")]
    ComparisonColumns {
        /// Which comparison, counted from 1.
        number: usize,
    },
    /// Two comparisons or ceilings of one name.
    #[error("two parts of the model are called `{name}`: give one of them a `name` of its own")]
    TwiceNamed {
        /// The name.
        name: String,
    },
    /// An m or u that is no probability.
    #[error(
        "comparison `{comparison}`, level `{level}`: {letter} is {value} but must lie strictly \
         between 0 and 1"
    )]
    Probability {
        /// Name of the comparison.
        comparison: String,
        /// Label of the level.
        level: String,
        /// `m`, `u` or `r`.
        letter: char,
        /// Value in the file.
        value: f64,
    },
    /// The levels' m or u do not add up: a pair falls into exactly one level.
    #[error(
        "comparison `{comparison}`: the {letter} of its levels add up to {sum:.6} but a pair falls \
         into exactly one level, so they must add up to 1; adjust `else`"
    )]
    Sum {
        /// Name of the comparison.
        comparison: String,
        /// `m`, `u` or `r`.
        letter: char,
        /// What they add up to.
        sum: f64,
    },
    /// A level that the one above it always takes.
    #[error(
        "comparison `{comparison}`: level `{level}` can never be reached, since an earlier level \
         takes all its pairs; make the earlier one stricter or remove this one"
    )]
    Unreachable {
        /// Name of the comparison.
        comparison: String,
        /// Label of the level.
        level: String,
    },
    /// `else` is missing, or not last, or there twice.
    #[error("comparison `{comparison}`: the last level, and only the last, must be `else`")]
    ElseLast {
        /// Name of the comparison.
        comparison: String,
    },
    /// An expression that cannot be understood.
    #[error("{place}: `{expression}`: {fault}")]
    Expression {
        /// Where in the model.
        place: String,
        /// The expression as written.
        expression: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A number that must be zero or more, and is not.
    #[error("{place}: {value} must be a number of bits, 0 or more")]
    Bits {
        /// Where in the model.
        place: String,
        /// Value in the file.
        value: f64,
    },
    /// A ceiling without a height.
    #[error("ceiling `{name}`: `at_most` is {value}, which is no number of bits")]
    Ceiling {
        /// Name of the ceiling.
        name: String,
        /// Value in the file.
        value: f64,
    },
    /// Term frequencies on a comparison that has no single exact level to adjust.
    #[error(
        "comparison `{comparison}`: `frequency` needs a comparison of one column with a level \
         `exact`"
    )]
    FrequencyWithoutExact {
        /// Name of the comparison.
        comparison: String,
    },
    /// A replacement that would itself be replaced.
    #[error("`[abbreviations]`: `{word}` stands for `{full}`, which is itself an abbreviation")]
    Abbreviation {
        /// The short form.
        word: String,
        /// What it stands for.
        full: String,
    },
    /// A list of words with something else in it, which would never be met.
    #[error("{place}: `{found}` must be one word, without punctuation")]
    NotOneWord {
        /// Which list.
        place: String,
        /// The entry.
        found: String,
    },
    /// A country code that is not one to three digits.
    #[error("`country_code` is `{found}`: it must be one to three digits, such as 44")]
    CountryCode {
        /// Value in the file.
        found: String,
    },
    /// An order of day and month for a column that holds no dates.
    #[error("column `{column}` has an `order`, which only a date has: leave it out")]
    Order {
        /// The column.
        column: String,
    },
    /// A position read from more headings than a latitude and a longitude.
    #[error(
        "column `{column}` is a position and `from` names {found} headings: name one that holds \
         both, or two, the latitude and then the longitude"
    )]
    PositionFrom {
        /// The column.
        column: String,
        /// How many it names.
        found: usize,
    },
    /// Positions parted by a sign that stands within a position.
    #[error(
        "column `{column}` is a position, and {separator:?} may stand within one: part several by \
         `;` or `|`"
    )]
    PositionSeparator {
        /// The column.
        column: String,
        /// The sign.
        separator: char,
    },
    /// A stored normal form made under other columns or rules: prepare the record anew.
    #[error("the stored normal form was made by another model: prepare the record anew")]
    Stale,
    /// A stored normal form that was damaged.
    #[error("the stored normal form is damaged: prepare the record anew")]
    Damaged,
}

/// What is wrong with one expression of a model.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No such test or key.
    #[error("`{found}` is not known; known are {known}")]
    Unknown {
        /// The word found.
        found: String,
        /// The words understood here.
        known: String,
    },
    /// A test or key on a column of a kind it cannot read.
    #[error("`{test}` cannot be used on `{column}`, which is of kind {kind}")]
    Unsuitable {
        /// The test or key.
        test: String,
        /// The column.
        column: String,
        /// The column's kind.
        kind: &'static str,
    },
    /// Too few or too many columns.
    #[error("`{test}` takes {takes} here")]
    Columns {
        /// The test or key.
        test: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A bound is missing, needless or no number.
    #[error("`{test}` is written `{form}`")]
    Bound {
        /// The test.
        test: String,
        /// How it is written.
        form: &'static str,
    },
    /// A bracket does not close, or a part is empty.
    #[error("a bracket or a part is missing")]
    Malformed,
}
