//! The conditions of levels and ceilings: tests joined by `&`, each on one column.
//!
//! Inside a comparison of one column the column need not be named: `jaro_winkler >= 0.92`. Else it
//! is: `exact(postcode) & words(address) >= 0.6`. `not` before a test turns it round.

use crate::error::{Error, Fault};
use crate::model::{Column, Kind};
use crate::packed::PackedDate;
use crate::sheet::{Record, Value};
use crate::{normal, position, similarity};

/// One test in a condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Test {
    pub kind: TestKind,
    pub negated: bool,
    pub column: usize,
    /// Second column of `swapped`.
    pub other: usize,
    /// Bound of a test that has one.
    pub bound: f64,
    /// Of `jaro_winkler`: the lowest bound asked of this column in the same condition or
    /// comparison. Below it no figure is needed.
    pub floor: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestKind {
    Exact,
    JaroWinkler,
    SharesWord,
    Words,
    Nickname,
    Initial,
    Soundex,
    Metaphone,
    Swapped,
    OneCharacterOff,
    DayMonthSwapped,
    WithinDays,
    SameYear,
    YearOnly,
    SameSector,
    SameDistrict,
    SameLocalPart,
    Within,
    WithinKm,
    Differs,
}

/// What follows the name of a test.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    None,
    AtLeast,
    AtMost,
}

struct Rule {
    name: &'static str,
    kind: TestKind,
    bound: Bound,
    /// Kinds of column it reads; empty for all.
    reads: &'static [Kind],
}

const NAMES: &[Kind] = &[Kind::Name, Kind::Forename];
const WORDED: &[Kind] = &[Kind::Name, Kind::Forename, Kind::Text];
const WRITTEN: &[Kind] = &[
    Kind::Name,
    Kind::Forename,
    Kind::Text,
    Kind::Email,
    Kind::Identifier,
];

/// Every test there is. One more test: one line here, one arm in [`Test::between`].
const RULES: &[Rule] = &[
    Rule {
        name: "exact",
        kind: TestKind::Exact,
        bound: Bound::None,
        reads: &[],
    },
    Rule {
        name: "jaro_winkler",
        kind: TestKind::JaroWinkler,
        bound: Bound::AtLeast,
        reads: WRITTEN,
    },
    Rule {
        name: "shares_word",
        kind: TestKind::SharesWord,
        bound: Bound::None,
        reads: WORDED,
    },
    Rule {
        name: "words",
        kind: TestKind::Words,
        bound: Bound::AtLeast,
        reads: WORDED,
    },
    Rule {
        name: "nickname",
        kind: TestKind::Nickname,
        bound: Bound::None,
        reads: &[Kind::Forename],
    },
    Rule {
        name: "initial",
        kind: TestKind::Initial,
        bound: Bound::None,
        reads: NAMES,
    },
    Rule {
        name: "soundex",
        kind: TestKind::Soundex,
        bound: Bound::None,
        reads: NAMES,
    },
    Rule {
        name: "metaphone",
        kind: TestKind::Metaphone,
        bound: Bound::None,
        reads: NAMES,
    },
    Rule {
        name: "swapped",
        kind: TestKind::Swapped,
        bound: Bound::None,
        reads: NAMES,
    },
    Rule {
        name: "one_character_off",
        kind: TestKind::OneCharacterOff,
        bound: Bound::None,
        reads: &[
            Kind::Date,
            Kind::Phone,
            Kind::Postcode,
            Kind::Identifier,
            Kind::Email,
        ],
    },
    Rule {
        name: "day_month_swapped",
        kind: TestKind::DayMonthSwapped,
        bound: Bound::None,
        reads: &[Kind::Date],
    },
    Rule {
        name: "within_days",
        kind: TestKind::WithinDays,
        bound: Bound::AtMost,
        reads: &[Kind::Date],
    },
    Rule {
        name: "same_year",
        kind: TestKind::SameYear,
        bound: Bound::None,
        reads: &[Kind::Date],
    },
    Rule {
        name: "year_only",
        kind: TestKind::YearOnly,
        bound: Bound::None,
        reads: &[Kind::Date],
    },
    Rule {
        name: "same_sector",
        kind: TestKind::SameSector,
        bound: Bound::None,
        reads: &[Kind::Postcode],
    },
    Rule {
        name: "same_district",
        kind: TestKind::SameDistrict,
        bound: Bound::None,
        reads: &[Kind::Postcode],
    },
    Rule {
        name: "same_local_part",
        kind: TestKind::SameLocalPart,
        bound: Bound::None,
        reads: &[Kind::Email],
    },
    Rule {
        name: "within",
        kind: TestKind::Within,
        bound: Bound::AtMost,
        reads: &[Kind::Number],
    },
    Rule {
        name: "within_km",
        kind: TestKind::WithinKm,
        bound: Bound::AtMost,
        reads: &[Kind::Position],
    },
    Rule {
        name: "differs",
        kind: TestKind::Differs,
        bound: Bound::None,
        reads: &[],
    },
];

/// Where an expression stands, and what it may name.
pub(crate) struct Scope<'a> {
    pub place: String,
    pub columns: &'a [Column],
    /// Column of a test that names none.
    pub default: Option<usize>,
    /// Whether `differs` may be asked, which needs all comparisons made.
    pub ceiling: bool,
}

impl Scope<'_> {
    pub(crate) fn column(&self, name: &str) -> Result<usize, Error> {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .ok_or_else(|| Error::UnknownColumn {
                place: self.place.clone(),
                column: name.to_owned(),
            })
    }

    /// Refuses a column of a kind that a test or key cannot read; an empty list reads all.
    pub(crate) fn suits(&self, test: &str, reads: &[Kind], at: usize) -> Result<(), Fault> {
        let column = &self.columns[at];
        if reads.is_empty() || reads.contains(&column.kind) {
            return Ok(());
        }
        Err(Fault::Unsuitable {
            test: test.to_owned(),
            column: column.name.clone(),
            kind: column.kind.name(),
        })
    }

    pub(crate) fn fault(&self, expression: &str, fault: Fault) -> Error {
        Error::Expression {
            place: self.place.clone(),
            expression: expression.to_owned(),
            fault,
        }
    }
}

/// `name` or `name(column, column)` in its parts.
pub(crate) fn call(text: &str) -> Result<(&str, Vec<&str>), Fault> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else {
        return if text.is_empty() {
            Err(Fault::Malformed)
        } else {
            Ok((text, Vec::new()))
        };
    };
    let inside = rest.strip_suffix(')').ok_or(Fault::Malformed)?;
    let columns: Vec<&str> = inside.split(',').map(str::trim).collect();
    if name.trim().is_empty() || columns.iter().any(|column| column.is_empty()) {
        return Err(Fault::Malformed);
    }
    Ok((name.trim(), columns))
}

/// Reads a whole condition. All of it must hold, so the cheap tests come first.
pub(crate) fn parse(text: &str, scope: &Scope<'_>) -> Result<Vec<Test>, Error> {
    let mut tests: Vec<Test> = text
        .split('&')
        .map(|part| test(part.trim(), scope))
        .collect::<Result<_, _>>()?;
    tests.sort_by_key(|test| match test.kind {
        TestKind::Differs => 0,
        TestKind::Exact => 1,
        TestKind::JaroWinkler => 3,
        _ => 2,
    });
    Ok(tests)
}

fn test(text: &str, scope: &Scope<'_>) -> Result<Test, Error> {
    let wrong = |fault| scope.fault(text, fault);
    let (negated, positive) = match text.strip_prefix("not ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (head, sign, number) = match (positive.split_once(">="), positive.split_once("<=")) {
        (Some((head, number)), _) => (head, Bound::AtLeast, number),
        (None, Some((head, number))) => (head, Bound::AtMost, number),
        (None, None) => (positive, Bound::None, ""),
    };
    let (name, named) = call(head).map_err(wrong)?;
    let rule = rule(name, scope).map_err(wrong)?;
    let bound = bound(rule, sign, number).map_err(wrong)?;

    let mut columns = Vec::with_capacity(2);
    columns.extend(
        scope
            .default
            .filter(|_| rule.kind == TestKind::Swapped || named.is_empty()),
    );
    for column in named {
        columns.push(scope.column(column)?);
    }
    let takes = |takes| {
        wrong(Fault::Columns {
            test: name.to_owned(),
            takes,
        })
    };
    let (column, other) = match (rule.kind, columns.as_slice()) {
        (TestKind::Swapped, [column, other]) if column != other => (*column, *other),
        (TestKind::Swapped, _) => return Err(takes("another column")),
        (_, [column]) => (*column, *column),
        _ => return Err(takes("one column")),
    };
    for at in [column, other] {
        scope.suits(name, rule.reads, at).map_err(wrong)?;
    }
    Ok(Test {
        kind: rule.kind,
        negated,
        column,
        other,
        bound,
        floor: bound,
    })
}

fn rule(name: &str, scope: &Scope<'_>) -> Result<&'static Rule, Fault> {
    let allowed = |rule: &&Rule| rule.kind != TestKind::Differs || scope.ceiling;
    RULES
        .iter()
        .filter(allowed)
        .find(|rule| rule.name == name)
        .ok_or_else(|| {
            let known: Vec<&str> = RULES.iter().filter(allowed).map(|rule| rule.name).collect();
            Fault::Unknown {
                found: name.to_owned(),
                known: known.join(", "),
            }
        })
}

/// The bound as a number; 0 for a test that has none.
fn bound(rule: &Rule, sign: Bound, number: &str) -> Result<f64, Fault> {
    let (form, most) = match rule.bound {
        Bound::None => ("NAME, without a bound", 0.0),
        Bound::AtLeast => ("NAME >= SHARE, from 0 to 1", 1.0),
        Bound::AtMost => ("NAME <= DIFFERENCE, 0 or more", f64::MAX),
    };
    let found = if sign == Bound::None {
        Some(0.0)
    } else {
        number.trim().parse().ok()
    };
    found
        // "Not a number" lies in no range, so it is refused here too.
        .filter(|bound| sign == rule.bound && (0.0..=most).contains(bound))
        .ok_or_else(|| Fault::Bound {
            test: rule.name.to_owned(),
            form,
        })
}

/// Lowers the floor of each `jaro_winkler` test to the lowest bound among those on its column.
pub(crate) fn set_floors<'t>(tests: impl Iterator<Item = &'t mut Test>) {
    let mut tests: Vec<&mut Test> = tests
        .filter(|test| test.kind == TestKind::JaroWinkler)
        .collect();
    for at in 0..tests.len() {
        let column = tests[at].column;
        let on_column = tests.iter().filter(|test| test.column == column);
        tests[at].floor = on_column
            .map(|test| test.bound)
            .fold(f64::INFINITY, f64::min);
    }
}

/// Similarities already measured for the comparison at hand, so that several thresholds on one
/// pair of values cost one measurement.
#[derive(Default)]
pub(crate) struct Measured {
    jaro_winkler: Option<(usize, f64)>,
}

impl Test {
    /// Whether some pair of the two records' values passes. A missing value passes nothing.
    /// `Differs` is answered by the caller, who knows the levels.
    pub(crate) fn holds<R: Record>(&self, a: R, b: R, measured: &mut Measured) -> bool {
        let found = match self.kind {
            TestKind::Swapped => self.swapped(a, b),
            TestKind::JaroWinkler => self.measure(a, b, measured) >= self.bound,
            TestKind::Exact if let Some(told) = a.agrees(&b, self.column) => told,
            _ => a
                .values(self.column)
                .any(|a| b.values(self.column).any(|b| self.between(a, b))),
        };
        found != self.negated
    }

    fn between(&self, a: Value<'_>, b: Value<'_>) -> bool {
        let same_part = |part: fn(&str) -> Option<&str>| {
            part(a.text()).is_some_and(|left| part(b.text()) == Some(left))
        };
        match self.kind {
            TestKind::Exact => a.equals(b),
            TestKind::SharesWord => similarity::common(a.words(), b.words()) > 0,
            TestKind::Words => similarity::shared_words(a.words(), b.words()) >= self.bound,
            TestKind::Nickname => similarity::common(a.formal(), b.formal()) > 0,
            TestKind::Initial => initial(a.text(), b.text()),
            TestKind::Soundex => {
                let code = similarity::soundex(a.text());
                code.is_some() && code == similarity::soundex(b.text())
            }
            TestKind::Metaphone => a.sounds().meet(b.sounds()),
            TestKind::OneCharacterOff => a
                .packed()
                .one_off(b.packed())
                .unwrap_or_else(|| similarity::one_character_off(a.text(), b.text())),
            TestKind::DayMonthSwapped
            | TestKind::WithinDays
            | TestKind::SameYear
            | TestKind::YearOnly => {
                let dates = a.packed().date().zip(b.packed().date());
                dates.is_some_and(|(a, b)| dates_agree(self.kind, self.bound, a, b))
            }
            TestKind::SameSector => same_part(normal::sector),
            TestKind::SameDistrict => same_part(normal::district),
            TestKind::SameLocalPart => same_part(normal::local_part),
            TestKind::Within => {
                let numbers = a
                    .text()
                    .parse::<f64>()
                    .ok()
                    .zip(b.text().parse::<f64>().ok());
                numbers.is_some_and(|(a, b)| (a - b).abs() <= self.bound)
            }
            TestKind::WithinKm => position::within(a.packed(), b.packed(), self.bound),
            // Answered before: they look at more than one pair of values.
            TestKind::JaroWinkler | TestKind::Swapped | TestKind::Differs => false,
        }
    }

    /// What stands in one column here stands in the other there, and the other way round.
    fn swapped<R: Record>(&self, a: R, b: R) -> bool {
        let meets =
            |of_a: usize, of_b: usize| a.values(of_a).any(|a| b.values(of_b).any(|b| a.equals(b)));
        meets(self.column, self.other) && meets(self.other, self.column)
    }

    fn measure<R: Record>(&self, a: R, b: R, measured: &mut Measured) -> f64 {
        if let Some((column, found)) = measured.jaro_winkler
            && column == self.column
        {
            return found;
        }
        let mut best = f64::NEG_INFINITY;
        for a in a.values(self.column) {
            for b in b.values(self.column) {
                best = best.max(similarity::jaro_winkler(a.text(), b.text(), self.floor));
            }
        }
        measured.jaro_winkler = Some((self.column, best));
        best
    }
}

/// Whether two dates pass a test of dates.
pub(crate) fn dates_agree(kind: TestKind, bound: f64, a: PackedDate, b: PackedDate) -> bool {
    match kind {
        TestKind::DayMonthSwapped => {
            a.year == b.year && a.month == b.day && a.day == b.month && a.month != a.day
        }
        TestKind::WithinDays => {
            a.may_be_within(b, bound) && a.number().abs_diff(b.number()) as f64 <= bound
        }
        // 1 January is what people write when they know no more than the year.
        TestKind::YearOnly => {
            let first = |date: PackedDate| date.month == 0x10 && date.day == 0x10;
            a.year == b.year && (first(a) || first(b))
        }
        _ => a.year == b.year,
    }
}

/// Whether one of the names is only the first letter of the other.
fn initial(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    short.chars().count() == 1 && long.starts_with(short)
}
