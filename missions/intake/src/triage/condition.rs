//! Conditions of the policy: `marker:courier`, `loss_pounds >= 250000`, joined by `&`.

use serde::Deserialize;

use super::facts::Facts;

/// One line of a rule: every part must hold. A rule with several lines holds when any line does.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Fact { name: String, wanted: bool },
    Number { name: String, op: Op, value: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Op {
    AtLeast,
    AtMost,
    More,
    Less,
    Equal,
}

/// Longest first, so that `>=` is not read as `>`.
const OPS: [(&str, Op); 5] = [
    (">=", Op::AtLeast),
    ("<=", Op::AtMost),
    (">", Op::More),
    ("<", Op::Less),
    ("=", Op::Equal),
];

impl Condition {
    /// Reads a condition; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let parts = text
            .split('&')
            .map(|part| Part::parse(part.trim()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|problem| format!("condition {text:?}: {problem}"))?;
        Ok(Condition {
            text: text.to_owned(),
            parts,
        })
    }

    /// Whether every part holds. A number that is not known never holds.
    pub fn holds(&self, facts: &Facts) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Fact { name, wanted } => facts.has(name) == *wanted,
            Part::Number { name, op, value } => facts.number(name).is_some_and(|n| match op {
                Op::AtLeast => n >= *value,
                Op::AtMost => n <= *value,
                Op::More => n > *value,
                Op::Less => n < *value,
                Op::Equal => (n - value).abs() < f64::EPSILON,
            }),
        })
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Part {
    fn parse(text: &str) -> Result<Part, String> {
        if text.is_empty() {
            return Err("a part between & is empty".to_owned());
        }
        for (sign, op) in OPS {
            // `answer:factor=value` is a fact, not a comparison.
            if let Some((name, value)) = text.split_once(sign)
                && !name.contains(':')
            {
                let value = value
                    .trim()
                    .parse()
                    .map_err(|_| format!("{:?} is not a number", value.trim()))?;
                return Ok(Part::Number {
                    name: name.trim().to_owned(),
                    op,
                    value,
                });
            }
        }
        let (name, wanted) = match text.strip_prefix("not ") {
            Some(name) => (name.trim(), false),
            None => (text, true),
        };
        if !name.contains(':') {
            return Err(format!(
                "{name:?} is neither a fact (kind:value) nor a comparison"
            ));
        }
        Ok(Part::Fact {
            name: name.to_owned(),
            wanted,
        })
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Condition::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// The first line of a rule that holds.
pub(super) fn first<'r>(rule: &'r [Condition], facts: &Facts) -> Option<&'r Condition> {
    rule.iter().find(|condition| condition.holds(facts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_numbers_and_negation() {
        let mut facts = Facts::default();
        facts.add("marker:courier");
        facts.add("answer:lives_alone=yes");
        facts.set("loss_pounds", 9_350.0);
        for (text, holds) in [
            ("marker:courier", true),
            ("not marker:courier", false),
            ("marker:courier & loss_pounds >= 9350", true),
            ("loss_pounds > 9350", false),
            ("loss_pounds < 10000 & not marker:romance", true),
            ("answer:lives_alone=yes", true),
            ("victims >= 1", false),
        ] {
            assert_eq!(
                Condition::parse(text).unwrap().holds(&facts),
                holds,
                "{text}"
            );
        }
        for text in ["", "courier", "loss_pounds >= much", "marker:x &"] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
    }
}
