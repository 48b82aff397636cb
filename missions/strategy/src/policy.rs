//! The commitments and how the board judges them, as policy: `policy/strategy/`.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use record::policy::{Files, PolicyError};
use serde::Deserialize;

const COMMITMENTS: &str = "strategy/commitments.csv";
const BOARD: &str = "strategy/board.toml";
const NOT_YET: &str = "strategy/not-yet.toml";

/// One commitment, as `commitments.csv` has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// For example `PROTECT-06`.
    pub id: String,
    /// The theme whose table it stands in.
    pub strategy_section: String,
    /// Which of the four Ps the duty is about in substance.
    pub serves: String,
    pub duty: String,
    pub owner: String,
    pub feature_or_data: String,
    /// In brackets where the duty has no measure of its own.
    pub measure_name: String,
    pub numerator: String,
    pub denominator: String,
    pub window: String,
    pub target: String,
    pub notes: String,
}

impl Commitment {
    /// What the board calls it: its measure's name, or the duty where it has no measure of its own.
    pub fn title(&self) -> &str {
        if self.has_definition() {
            &self.measure_name
        } else {
            &self.duty
        }
    }

    /// Whether the strategy defines a measure for it at all.
    pub fn has_definition(&self) -> bool {
        !self.measure_name.starts_with('(')
    }
}

/// A table of the board.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    pub id: String,
    pub title: String,
}

/// A figure of somebody else, with date and source. Shown, never compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    pub commitment: String,
    pub figure: String,
    pub as_of: String,
    pub what: String,
    pub source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoardFile {
    on_track_from: f64,
    at_risk_from: f64,
    #[serde(default)]
    at_most: BTreeSet<String>,
    theme: Vec<Theme>,
    #[serde(default)]
    external: Vec<External>,
}

/// Everything under `policy/strategy/`.
#[derive(Debug, Clone)]
pub struct Strategy {
    pub commitments: Vec<Commitment>,
    pub themes: Vec<Theme>,
    /// Shares of the target from which a commitment is on track, and at risk.
    pub on_track_from: f64,
    pub at_risk_from: f64,
    /// Commitments whose target is a ceiling: their figure is to stay at or below it.
    pub at_most: BTreeSet<String>,
    pub externals: Vec<External>,
    /// Why nothing is recorded for a commitment.
    pub not_yet: BTreeMap<String, String>,
}

impl Strategy {
    /// For `Capability::policies`.
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        Ok(Arc::new(Strategy::read(files)?))
    }

    /// Reads and checks all three files; the first thing that does not fit is named.
    pub fn read(files: &Files) -> Result<Strategy, PolicyError> {
        let board = files.read::<BoardFile>(BOARD)?.policy;
        let not_yet = files.read::<BTreeMap<String, String>>(NOT_YET)?.policy;
        let mut commitments = Vec::new();
        let mut reader = csv::Reader::from_reader(files.text(COMMITMENTS)?.as_bytes());
        for row in reader.deserialize() {
            let row: Commitment = row.map_err(|e| PolicyError::new(COMMITMENTS, e.to_string()))?;
            commitments.push(row);
        }
        let strategy = Strategy {
            commitments,
            themes: board.theme,
            on_track_from: board.on_track_from,
            at_risk_from: board.at_risk_from,
            at_most: board.at_most,
            externals: board.external,
            not_yet,
        };
        strategy.check()?;
        Ok(strategy)
    }

    pub fn commitment(&self, id: &str) -> Option<&Commitment> {
        self.commitments.iter().find(|c| c.id == id)
    }

    fn check(&self) -> Result<(), PolicyError> {
        let mut seen = BTreeSet::new();
        for commitment in &self.commitments {
            let id = &commitment.id;
            if !well_formed(id) {
                return Err(PolicyError::new(
                    COMMITMENTS,
                    format!("{id:?} is not an id such as PROTECT-06"),
                ));
            }
            if !seen.insert(id.as_str()) {
                let problem = format!("{id} is there twice. Keep one");
                return Err(PolicyError::new(COMMITMENTS, problem));
            }
            if !self
                .themes
                .iter()
                .any(|t| t.id == commitment.strategy_section)
            {
                return Err(PolicyError::new(
                    BOARD,
                    format!(
                        "{id} belongs to {:?}, which is no theme of the board. Add the theme",
                        commitment.strategy_section
                    ),
                ));
            }
        }
        if let Some(unknown) = self.not_yet.keys().find(|id| !seen.contains(id.as_str())) {
            let problem = format!("{unknown} is not in {COMMITMENTS}. Remove the line");
            return Err(PolicyError::new(NOT_YET, problem));
        }
        if let Some(id) = self.at_most.iter().find(|id| self.commitment(id).is_none()) {
            return Err(PolicyError::new(
                BOARD,
                format!("at_most names {id:?}, which is no commitment of {COMMITMENTS}"),
            ));
        }
        let ordered = 0.0 < self.at_risk_from
            && self.at_risk_from < self.on_track_from
            && self.on_track_from <= 1.0;
        if !ordered {
            return Err(PolicyError::new(
                BOARD,
                "at_risk_from must be above 0 and below on_track_from, which is at most 1",
            ));
        }
        Ok(())
    }
}

fn well_formed(id: &str) -> bool {
    id.split_once('-').is_some_and(|(theme, number)| {
        !theme.is_empty()
            && theme.chars().all(|c| c.is_ascii_uppercase())
            && number.len() == 2
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id,strategy_section,serves,duty,owner,feature_or_data,measure_name,numerator,denominator,window,target,notes\n";
    const SHIPPED: [(&str, &str); 3] = [
        (
            COMMITMENTS,
            include_str!("../../../policy/strategy/commitments.csv"),
        ),
        (BOARD, include_str!("../../../policy/strategy/board.toml")),
        (
            NOT_YET,
            include_str!("../../../policy/strategy/not-yet.toml"),
        ),
    ];

    fn shipped() -> Files {
        Files(
            SHIPPED
                .into_iter()
                .map(|(f, t)| (f.to_owned(), t.to_owned()))
                .collect(),
        )
    }

    fn with(file: &str, text: &str) -> String {
        let mut files = shipped();
        files.0.insert(file.to_owned(), text.to_owned());
        Strategy::read(&files).unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_commitments_are_read() {
        let strategy = Strategy::read(&shipped()).unwrap();
        assert_eq!(strategy.commitments.len(), 57);
        let advice = strategy.commitment("PROTECT-06").unwrap();
        assert_eq!(advice.title(), "Advice delivered");
        assert!(!strategy.commitment("PURSUE-01").unwrap().has_definition());
        assert_eq!(strategy.externals[0].as_of, "2021");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let row = "GEN-01,general,all,d,o,f,m,n,d,w,t,\n";
        let twice = with(COMMITMENTS, &format!("{HEAD}{row}{row}"));
        assert!(twice.contains("GEN-01 is there twice"), "{twice}");
        let odd = with(
            COMMITMENTS,
            &format!("{HEAD}gen1,general,all,d,o,f,m,n,d,w,t,\n"),
        );
        assert!(odd.contains("\"gen1\" is not an id"), "{odd}");
        let column = with(COMMITMENTS, "id,colour\nGEN-01,red\n");
        assert!(column.contains("colour"), "{column}");
        let theme = with(
            COMMITMENTS,
            &format!("{HEAD}GEN-01,moon,all,d,o,f,m,n,d,w,t,\n"),
        );
        assert!(theme.contains("no theme of the board"), "{theme}");
        let unknown = with(NOT_YET, "GEN-99 = \"?\"");
        assert!(unknown.contains("GEN-99 is not in"), "{unknown}");
        let board = SHIPPED[1].1.replace("0.75", "0.95");
        assert!(with(BOARD, &board).contains("at_risk_from must be"));
    }
}
