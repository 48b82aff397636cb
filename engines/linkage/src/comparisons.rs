//! The comparisons and ceilings of a model: read and checked, so that scoring need not.

use crate::condition::{self, Scope, Test, TestKind};
use crate::error::Error;
use crate::model::{Ceiling, Column, Comparison, Level};
use crate::written::{WrittenCeiling, WrittenComparison, WrittenLevel};

/// Bits a rare value may gain where the model does not say.
const FREQUENCY_MOST: f64 = 3.0;
/// How far the m or u of a comparison may be from adding up to 1: a slip of rounding by hand.
const SUM_TOLERANCE: f64 = 0.001;

pub(crate) fn comparison(
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
    let (m, u) = (written.m, written.u);
    let r = written.r.unwrap_or(u);
    for (letter, value) in [('m', m), ('u', u), ('r', r)] {
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
    Ok(Level {
        label,
        tests,
        exact,
        m,
        u,
        r,
        weight: (m / u).log2(),
        against_related: (m / r).log2(),
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
        ('r', levels.iter().map(|level| level.r).sum::<f64>()),
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

pub(crate) fn ceiling(
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
    condition::set_floors(tests.iter_mut());
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
