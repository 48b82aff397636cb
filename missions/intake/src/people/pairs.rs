//! Links between two descriptions of people, with the weights that made them.

use std::collections::{BTreeSet, HashMap};

use record::access::Scope;
use record::ids::{MentionId, PersonId, ReportId};
use record::time::Timestamp;
use store::{Conn, Result, Row, Sql};
use web::parts::words::signed_weight;

use crate::receive::{WEAK, WeightPart};
use crate::reports::in_words;
use crate::reports::visible::visible;

/// Most links read for one page.
const MOST_LINKS: i64 = 100;

/// One end of a link: a description and the report it is in.
#[derive(Debug, Clone)]
pub struct PairEnd {
    pub mention: MentionId,
    pub role: String,
    pub label: String,
    pub person: PersonId,
    pub report: ReportId,
    pub reference: String,
    pub received_at: Timestamp,
}

/// A link between a description of the record in view and another.
#[derive(Debug, Clone)]
pub struct PairLink {
    pub here: PairEnd,
    pub there: PairEnd,
    /// Match weight in bits.
    pub weight: f64,
    /// `link`; `weak` where somebody should look at what is linked; `review` where the score alone
    /// does not decide.
    pub band: String,
    /// Why somebody should look, in plain words; empty where nobody need.
    pub why: String,
    /// What a person said of the pair: `same` or `not_same`.
    pub decided: Option<String>,
    pub parts: Vec<WeightPart>,
}

impl PairLink {
    /// Whether both descriptions are held to be of one person.
    pub fn is_one(&self) -> bool {
        self.here.person == self.there.person
    }

    /// Whether the pair waits for a person's judgement.
    pub fn is_open(&self) -> bool {
        self.decided.is_none() && self.is_one() == (self.band == WEAK)
    }
}

/// Links of these descriptions to others in reports the actor may see, strongest first.
pub async fn links_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    mentions: &[MentionId],
) -> Result<Vec<PairLink>> {
    let mut found: HashMap<(MentionId, MentionId), Row> = HashMap::new();
    for column in [" low in", " high in"] {
        let sql = Sql::new(
            "select low, high, weight, band, why, parts, decided from intake_mention_link where",
        )
        .within(column, mentions.iter().map(|m| (*m).into()))
        .with(" limit ?", [MOST_LINKS.into()]);
        for row in conn.rows(sql).await? {
            found.insert((row.get("low")?, row.get("high")?), row);
        }
    }
    let ids = found.keys().flat_map(|(low, high)| [*low, *high]);
    let ends = ends(conn, scope, ids.collect()).await?;
    let mut links = Vec::with_capacity(found.len());
    for ((low, high), row) in found {
        let (here, there) = if mentions.contains(&low) {
            (low, high)
        } else {
            (high, low)
        };
        let (Some(here), Some(there)) = (ends.get(&here), ends.get(&there)) else {
            continue;
        };
        links.push(PairLink {
            here: here.clone(),
            there: there.clone(),
            weight: row.get("weight")?,
            band: row.get("band")?,
            why: row.get("why")?,
            decided: row.get("decided")?,
            parts: row.json("parts")?,
        });
    }
    links.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then((a.here.mention, a.there.mention).cmp(&(b.here.mention, b.there.mention)))
    });
    Ok(links)
}

/// Descriptions with their reports, as far as the actor may see them.
pub(crate) async fn ends(
    conn: &mut Conn<'_>,
    scope: &Scope,
    mut ids: Vec<MentionId>,
) -> Result<HashMap<MentionId, PairEnd>> {
    ids.sort_unstable();
    ids.dedup();
    let sql = Sql::new(
        "select m.id, m.role, m.label, m.person, r.id as report, r.reference, r.received_at \
         from intake_mention m join intake_report r on r.id = m.report where",
    )
    .within(" m.id in", ids.into_iter().map(Into::into));
    let mut ends = HashMap::new();
    for row in conn.rows(visible(sql, scope)).await? {
        let end = PairEnd {
            mention: row.get("id")?,
            role: row.get("role")?,
            label: row.get("label")?,
            person: row.get("person")?,
            report: row.get("report")?,
            reference: row.get("reference")?,
            received_at: row.get("received_at")?,
        };
        ends.insert(end.mention, end);
    }
    Ok(ends)
}

/// Pairs that hold the descriptions together, and pairs that wait for a judgement: of these the
/// strongest for each other person. At most ten of either.
pub(crate) fn sorted(pairs: &[PairLink]) -> (Vec<PairView>, Vec<PairView>) {
    let mut asked = BTreeSet::new();
    let (mut linked, mut open) = (Vec::new(), Vec::new());
    for pair in pairs {
        // Of weak links within a person, each is asked about.
        let mut first = || pair.is_one() || asked.insert((pair.here.person, pair.there.person));
        let list = if pair.is_open() && first() {
            &mut open
        } else if pair.is_one() {
            &mut linked
        } else {
            continue;
        };
        if list.len() < 10 {
            list.push(PairView::of(pair.clone()));
        }
    }
    (linked, open)
}

/// One line of a waterfall, for a table.
#[derive(Debug, Clone)]
pub(crate) struct WaterfallLine {
    pub compared: String,
    pub outcome: String,
    pub weight: f64,
}

impl WaterfallLine {
    /// The weight with its sign: "+12.4".
    pub fn signed(&self) -> String {
        signed_weight(self.weight)
    }
}

/// A link with its waterfall, as pages show it.
pub(crate) struct PairView {
    pub pair: PairLink,
    pub lines: Vec<WaterfallLine>,
    /// The weight whose bar is of full length.
    pub full: f64,
}

impl PairView {
    pub fn of(pair: PairLink) -> PairView {
        let lines: Vec<WaterfallLine> = pair
            .parts
            .iter()
            .map(|p| WaterfallLine {
                compared: match p.comparison.as_str() {
                    "prior" => "Starting point".to_owned(),
                    "ceiling" => "Contradiction".to_owned(),
                    other => in_words(other),
                },
                outcome: p.level.clone(),
                weight: p.weight,
            })
            .collect();
        let full = lines.iter().map(|l| l.weight.abs()).fold(1.0, f64::max);
        PairView { pair, lines, full }
    }

    /// Names the table of weights, unlike any other on a page.
    pub fn name(&self) -> String {
        let (here, there) = (&self.pair.here, &self.pair.there);
        format!(
            "Weights: {} in {}, {} in {}",
            here.role, here.reference, there.role, there.reference
        )
    }

    /// The sum with its sign.
    pub fn together(&self) -> String {
        signed_weight(self.pair.weight)
    }

    /// The sum as a likelihood, never said to be certain: "99.8% likely".
    pub fn likely(&self) -> String {
        let odds = self.pair.weight.clamp(-60.0, 60.0).exp2();
        let percent = (100.0 * odds / (1.0 + odds)).clamp(0.1, 99.9);
        format!("{percent:.1}% likely to be one person")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(weight: f64, parts: &[(&str, f64)]) -> PairView {
        let end = PairEnd {
            mention: MentionId(Default::default()),
            role: "victim".to_owned(),
            label: String::new(),
            person: PersonId(Default::default()),
            report: ReportId(Default::default()),
            reference: String::new(),
            received_at: Timestamp::default(),
        };
        let part = |(comparison, weight): &(&str, f64)| WeightPart {
            comparison: (*comparison).to_owned(),
            level: "same".to_owned(),
            weight: *weight,
        };
        PairView::of(PairLink {
            here: end.clone(),
            there: end,
            weight,
            band: "link".to_owned(),
            why: String::new(),
            decided: None,
            parts: parts.iter().map(part).collect(),
        })
    }

    #[test]
    fn a_waterfall_in_words() {
        let shown = view(9.0, &[("prior", -19.9), ("date_of_birth", 14.5)]);
        assert_eq!(shown.lines[0].compared, "Starting point");
        assert_eq!(shown.lines[1].compared, "Date of birth");
        assert_eq!(shown.lines[1].signed(), "+14.5");
        assert!((shown.full - 19.9).abs() < 1e-9);
        assert_eq!(shown.likely(), "99.8% likely to be one person");
    }

    #[test]
    fn nothing_is_certain() {
        assert!((view(0.0, &[]).full - 1.0).abs() < 1e-9);
        assert_eq!(view(400.0, &[]).likely(), "99.9% likely to be one person");
        assert_eq!(view(-400.0, &[]).likely(), "0.1% likely to be one person");
    }
}
