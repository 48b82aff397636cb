//! Judgements: a person's "same", "not the same", "this link is wrong". Kept for ever with author
//! and reason; people and networks are derived anew from links and judgements.
//!
//! *Who uses it*: triage officers, analysts, the inspector. *What it decides*: who is held to be one
//! person, and which value joins a report to others. A judgement wins over any score; the latest
//! about a pair counts. *References*: the record-linkage practice of clerical review.

mod api;
mod moving;
mod page;
mod people;
mod regroup;
mod sightings;

pub use people::judge_people;
pub(crate) use regroup::regroup;
pub use sightings::{reject_link, restore_link};

use axum::routing::{get, post};
use record::access::{Act, ActKind};
use record::ids::RecordId;
use store::{OnConflict, Result, Tx, Value};
use web::{ApiRoute, Capability, Route};

pub const JUDGE: Act = Act::new(
    "nominal.judge",
    ActKind::Combination,
    "Judge whether two descriptions are of one person",
);
pub const JUDGE_LINK: Act = Act::new(
    "link.judge",
    ActKind::Combination,
    "Reject or restore a link between reports",
);

/// Fewest characters of a reason.
pub const SHORTEST_REASON: usize = 10;
/// Most characters of a reason.
pub const LONGEST_REASON: usize = 1_000;

pub const JUDGING: Capability = Capability {
    name: "intake.judging",
    title: "Judgements about links",
    acts: &[JUDGE, JUDGE_LINK],
    routes: &[
        Route {
            path: "/people/judge",
            methods: "GET, POST",
            act: &JUDGE,
            make: || get(page::ask).post(page::judge),
        },
        Route::post("/reports/{id}/links", &JUDGE_LINK, || {
            post(page::judge_link)
        }),
    ],
    api: &[
        ApiRoute {
            path: "/people/judgements",
            methods: "POST",
            act: &JUDGE,
            make: api::people,
        },
        ApiRoute {
            path: "/reports/{id}/links",
            methods: "POST",
            act: &JUDGE_LINK,
            make: api::links,
        },
    ],
    ..Capability::NONE
};

/// What a person says of two descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Same,
    NotSame,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::NotSame => "not_same",
        }
    }

    pub fn parse(name: &str) -> Option<Verdict> {
        [Verdict::Same, Verdict::NotSame]
            .into_iter()
            .find(|v| v.name() == name)
    }
}

/// One judgement, to be kept for ever.
struct Judgement<'a> {
    what: &'a str,
    left: Value,
    right: Value,
    verdict: &'a str,
    reason: &'a str,
}

async fn keep(tx: &mut Tx<'_>, judgement: Judgement<'_>) -> Result<()> {
    let row = vec![
        RecordId(tx.id()).into(),
        judgement.what.into(),
        judgement.left,
        judgement.right,
        judgement.verdict.into(),
        judgement.reason.into(),
        tx.grant().actor().into(),
        tx.grant().actor_name().into(),
        tx.now().into(),
    ];
    let columns = &[
        "id",
        "what",
        "left_id",
        "right_id",
        "verdict",
        "reason",
        "author",
        "author_name",
        "at",
    ];
    tx.insert("intake_judgement", columns, vec![row], OnConflict::Fail)
        .await
        .map(drop)
}

/// A reason that says something, or how to mend it.
pub(crate) fn reason(text: &str) -> std::result::Result<&str, &'static str> {
    let text = text.trim();
    match text.chars().count() {
        n if n < SHORTEST_REASON => Err("Enter a reason of at least 10 characters"),
        n if n > LONGEST_REASON => Err("Shorten the reason to 1,000 characters"),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        assert!(reason("   too short   ").is_err());
        assert!(reason("         ").is_err());
        assert_eq!(reason(" different signatures "), Ok("different signatures"));
        assert!(reason(&"x".repeat(1_001)).is_err());
    }
}
