//! `policy/protect/care-record.toml`: what a care record may say.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use record::policy::{Files, PolicyError, Versioned};
use record::work::Priority;
use serde::Deserialize;
use web::parts::Choice;

const FILE: &str = "protect/care-record.toml";
const TRIAGE: &str = "intake/triage.toml";

/// A value that can be chosen, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub id: String,
    pub title: String,
}

/// The ground on which data is given to another body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    pub id: String,
    pub title: String,
    /// Whether somebody agreed; else it is a legal gateway.
    pub consent: bool,
}

/// Something a victim decides, with the answers there are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: String,
    pub title: String,
    pub answers: Vec<Named>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordFile {
    longest_text: usize,
    vulnerable_bands: Vec<String>,
    voicemail_outcomes: Vec<String>,
    language: Vec<Named>,
    accessibility: Vec<Named>,
    relation: Vec<Named>,
    code_group: Vec<Named>,
    need: Vec<Named>,
    doer: Vec<Named>,
    body: Vec<Named>,
    ground: Vec<Ground>,
    referral_outcome: Vec<Named>,
    question: Vec<Question>,
}

/// A factor of the vulnerability assessment, as triage has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Factor {
    pub id: String,
    pub question: String,
    /// Points of each answer.
    pub points: BTreeMap<String, i64>,
    /// Answers that make the band high whatever the sum.
    #[serde(default)]
    pub override_high: Vec<String>,
    /// Health, care, self-harm: sensitive processing (Data Protection Act 2018, s.35).
    #[serde(default)]
    pub sensitive: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Band {
    name: String,
    min: i64,
}

#[derive(Deserialize)]
struct TriageFile {
    vulnerability: VulnerabilityPart,
}

#[derive(Deserialize)]
struct VulnerabilityPart {
    bands: Vec<Band>,
    factor: Vec<Factor>,
}

/// Everything decided about care records, checked.
#[derive(Debug)]
pub struct RecordPolicy {
    pub digest: String,
    pub longest_text: usize,
    pub voicemail_outcomes: Vec<String>,
    pub languages: Vec<Named>,
    pub accessibility: Vec<Named>,
    pub relations: Vec<Named>,
    pub code_groups: Vec<Named>,
    pub needs: Vec<Named>,
    pub doers: Vec<Named>,
    pub bodies: Vec<Named>,
    pub grounds: Vec<Ground>,
    pub referral_outcomes: Vec<Named>,
    pub questions: Vec<Question>,
    pub factors: Vec<Factor>,
    bands: Vec<Band>,
    vulnerable: BTreeSet<String>,
}

impl RecordPolicy {
    pub fn load(files: &Files) -> Result<Arc<dyn Any + Send + Sync>, PolicyError> {
        RecordPolicy::read(files).map(|p| Arc::new(p) as Arc<dyn Any + Send + Sync>)
    }

    /// Reads and checks the file. Ids given twice, empty lists and odd bands stop the start.
    pub fn read(files: &Files) -> Result<RecordPolicy, PolicyError> {
        let Versioned { policy, digest } = files.read::<RecordFile>(FILE)?;
        check(&policy).map_err(|problem| PolicyError::new(FILE, problem))?;
        let triage: TriageFile = toml::from_str(files.text(TRIAGE)?)
            .map_err(|e| PolicyError::new(TRIAGE, e.to_string()))?;
        Ok(RecordPolicy {
            digest,
            longest_text: policy.longest_text,
            voicemail_outcomes: policy.voicemail_outcomes,
            languages: policy.language,
            accessibility: policy.accessibility,
            relations: policy.relation,
            code_groups: policy.code_group,
            needs: policy.need,
            doers: policy.doer,
            bodies: policy.body,
            grounds: policy.ground,
            referral_outcomes: policy.referral_outcome,
            questions: policy.question,
            factors: triage.vulnerability.factor,
            bands: triage.vulnerability.bands,
            vulnerable: policy.vulnerable_bands.into_iter().collect(),
        })
    }

    /// Points and band of a set of answers, as triage counts them. What is not answered counts
    /// nothing: it is never read as "no".
    pub fn score(&self, answers: &BTreeMap<String, String>) -> (i64, Priority) {
        let mut points = 0;
        let mut high = false;
        for factor in &self.factors {
            let Some(answer) = answers.get(&factor.id) else {
                continue;
            };
            points += factor.points.get(answer).copied().unwrap_or(0);
            high |= factor.override_high.contains(answer);
        }
        if high {
            return (points, Priority::High);
        }
        let reached = self.bands.iter().filter(|b| points >= b.min);
        let band = reached.max_by_key(|b| b.min).map(|b| b.name.as_str());
        let band = band.and_then(Priority::parse);
        (points, band.unwrap_or(Priority::Standard))
    }

    /// Whether a victim of this band counts as vulnerable (PROTECT-08).
    pub fn is_vulnerable(&self, band: Priority) -> bool {
        self.vulnerable.contains(band.name())
    }

    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.id == id)
    }

    pub fn ground(&self, id: &str) -> Option<&Ground> {
        self.grounds.iter().find(|g| g.id == id)
    }
}

/// Whether an id is in a list.
pub fn has(list: &[Named], id: &str) -> bool {
    list.iter().any(|n| n.id == id)
}

/// The words of an id; the id itself where a later policy no longer has it.
pub fn title(list: &[Named], id: &str) -> String {
    let found = list.iter().find(|n| n.id == id);
    found.map_or_else(|| id.replace('_', " "), |n| n.title.clone())
}

/// A list as choices of a field.
pub fn choices(list: &[Named], chosen: impl Fn(&str) -> bool) -> Vec<Choice> {
    let choice = |n: &Named| Choice::new(&n.id, &n.title).chosen(chosen(&n.id));
    list.iter().map(choice).collect()
}

/// The same with a first line for "not said".
pub fn choices_or_none(list: &[Named], chosen: &str, none: &str) -> Vec<Choice> {
    let mut all = vec![Choice::new("", none)];
    all.extend(choices(list, |id| id == chosen));
    all
}

fn check(file: &RecordFile) -> Result<(), String> {
    let ids = |list: &[Named]| list.iter().map(|n| n.id.clone()).collect::<Vec<_>>();
    let mut lists = vec![
        ("language", ids(&file.language)),
        ("accessibility", ids(&file.accessibility)),
        ("relation", ids(&file.relation)),
        ("code_group", ids(&file.code_group)),
        ("need", ids(&file.need)),
        ("doer", ids(&file.doer)),
        ("body", ids(&file.body)),
        ("ground", file.ground.iter().map(|g| g.id.clone()).collect()),
        ("referral_outcome", ids(&file.referral_outcome)),
        (
            "question",
            file.question.iter().map(|q| q.id.clone()).collect(),
        ),
    ];
    lists.extend(file.question.iter().map(|q| ("answers", ids(&q.answers))));
    for (list, ids) in lists {
        if ids.is_empty() {
            return Err(format!("{list}: the list is empty"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = ids.iter().find(|id| !seen.insert(*id)) {
            return Err(format!("{list}: {twice} is there twice"));
        }
    }
    if let Some(band) = file
        .vulnerable_bands
        .iter()
        .find(|b| Priority::parse(b).is_none())
    {
        return Err(format!(
            "vulnerable_bands: {band:?} is not high, medium or standard"
        ));
    }
    Ok(())
}
