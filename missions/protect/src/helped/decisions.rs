//! Decisions that were made about a network, and what became of each victim.

use record::access::Scope;
use record::ids::{NetworkId, RecordId, ReportId, WorkItemId};
use record::time::{Date, Timestamp};
use store::{Conn, Error, Result, Row, Sql};

use super::standing::Why;
use crate::messages::State;
use crate::victim_ledger::open_to;

/// Decisions of one network that are shown.
const MOST: i64 = 50;

/// A decision as it was recorded.
#[derive(Debug, Clone)]
pub struct Decision {
    pub id: RecordId,
    pub network: NetworkId,
    pub network_name: String,
    /// Word of the policy's texts.
    pub happened: String,
    /// Title of the text when it was decided.
    pub title: String,
    pub on: Date,
    pub authorised_by: String,
    pub reason: String,
    pub at: Timestamp,
    pub by: String,
}

/// What became of a victim of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Became {
    /// The e-mail was sent, or the letter was posted.
    Told,
    /// Waits to go out, or to be posted.
    Waiting,
    /// The mail server refused it.
    Refused,
    /// It may have gone out, and may not.
    Unknown,
    /// A person took it back.
    Withdrawn,
    /// The officer left the victim out.
    LeftOut,
    /// Could not be told.
    Cannot,
}

impl Became {
    pub const ALL: [Became; 7] = [
        Became::Told,
        Became::Waiting,
        Became::Refused,
        Became::Unknown,
        Became::Withdrawn,
        Became::LeftOut,
        Became::Cannot,
    ];

    /// In an address and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Became::Told => "told",
            Became::Waiting => "waiting",
            Became::Refused => "refused",
            Became::Unknown => "unknown",
            Became::Withdrawn => "withdrawn",
            Became::LeftOut => "left_out",
            Became::Cannot => "cannot",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Became::Told => "Told",
            Became::Waiting => "Waiting to go out",
            Became::Refused => "Refused by the mail server",
            Became::Unknown => "Not known whether it arrived",
            Became::Withdrawn => "Withdrawn",
            Became::LeftOut => "Left out by the officer",
            Became::Cannot => "Could not be told",
        }
    }

    pub fn parse(name: &str) -> Option<Became> {
        Became::ALL.into_iter().find(|b| b.name() == name)
    }

    /// From the states of message and letter, and whether the victim could have been told.
    fn of(message: Option<State>, letter: Option<&str>, could: bool) -> Became {
        match (message, letter) {
            (Some(State::Sent), _) | (None, Some("posted")) => Became::Told,
            (Some(State::Queued | State::HandedOver), _) => Became::Waiting,
            (Some(State::Failed), _) => Became::Refused,
            (Some(State::Unsure), _) => Became::Unknown,
            (Some(State::Withdrawn), _) | (None, Some("withdrawn")) => Became::Withdrawn,
            (None, Some(_)) => Became::Waiting,
            (None, None) if could => Became::LeftOut,
            (None, None) => Became::Cannot,
        }
    }
}

/// A victim of a decision, as far as the reader may see them.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub report: ReportId,
    pub reference: String,
    pub name: String,
    /// Item of the call list; none when it has gone.
    pub item: Option<WorkItemId>,
    /// Their reports in the network when it was decided.
    pub reports: i64,
    /// `email`, `letter`, or empty.
    pub way: String,
    pub why: Option<Why>,
    pub message: Option<RecordId>,
    pub letter: Option<RecordId>,
    pub became: Became,
}

/// A decision with its victims, first reported first.
#[derive(Debug, Clone)]
pub struct Known {
    pub decision: Decision,
    pub victims: Vec<Outcome>,
}

impl Known {
    pub fn count(&self, became: Became) -> usize {
        self.victims.iter().filter(|v| v.became == became).count()
    }
}

const SELECT: &str = "select h.id, h.network, h.network_name, h.happened, h.title, h.happened_on, \
    h.authorised_by, h.reason, h.at, h.by_name from protect_helped h where ";

fn decision(row: &Row) -> Result<Decision> {
    let on: String = row.get("happened_on")?;
    Ok(Decision {
        id: row.get("id")?,
        network: row.get("network")?,
        network_name: row.get("network_name")?,
        happened: row.get("happened")?,
        title: row.get("title")?,
        on: Date::parse(&on).ok_or_else(|| Error::invalid(format!("{on:?} is not a day")))?,
        authorised_by: row.get("authorised_by")?,
        reason: row.get("reason")?,
        at: row.get("at")?,
        by: row.get("by_name")?,
    })
}

/// Decisions about a network, also those made about networks whose reports are in it now; latest first. One of whose
/// victims the reader may see none is absent.
pub async fn of_network(
    conn: &mut Conn<'_>,
    scope: &Scope,
    network: NetworkId,
) -> Result<Vec<Known>> {
    let sql = Sql::new(SELECT).with(
        "h.network = ? or h.id in (select v.helped from protect_helped_victim v \
         join shared_report r on r.id = v.report where r.network = ?) \
         order by h.at desc, h.id desc limit ?",
        [network.into(), network.into(), MOST.into()],
    );
    let mut all = Vec::new();
    for row in conn.rows(sql).await? {
        let decision = decision(&row)?;
        let victims = victims(conn, scope, decision.id).await?;
        if !victims.is_empty() {
            all.push(Known { decision, victims });
        }
    }
    Ok(all)
}

/// One decision.
///
/// # Errors
/// Not found when there is none, or none of its victims is one the reader may see.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, id: RecordId) -> Result<Known> {
    let sql = Sql::new(SELECT).with("h.id = ?", [id.into()]);
    let row = conn.first(sql).await?.ok_or(Error::NotFound)?;
    let victims = victims(conn, scope, id).await?;
    if victims.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(Known {
        decision: decision(&row)?,
        victims,
    })
}

async fn victims(conn: &mut Conn<'_>, scope: &Scope, id: RecordId) -> Result<Vec<Outcome>> {
    let sql = Sql::new(
        "select v.report, v.reports, v.way, v.why, v.message, v.letter, m.state as sent, \
         l.state as posted, coalesce(m.item, l.item, w.id) as item, r.reference, r.victim_label \
         from protect_helped_victim v join shared_report r on r.id = v.report \
         left join protect_message m on m.id = v.message left join protect_letter l on l.id = v.letter \
         left join work_item w on w.subject = r.id and ",
    )
    .with(
        "w.queue = ? and (w.outcome is null or w.outcome <> ?) where v.helped = ?",
        [
            crate::victim_care::QUEUE.into(),
            crate::victim_care::schema::HANDED_OVER.into(),
            id.into(),
        ],
    );
    let rows = conn
        .rows(open_to(sql, scope).then(" order by v.report"))
        .await?;
    rows.iter().map(outcome).collect()
}

fn outcome(row: &Row) -> Result<Outcome> {
    let sent: Option<String> = row.get("sent")?;
    let sent = sent.map(|name| {
        State::parse(&name)
            .ok_or_else(|| Error::invalid(format!("{name:?} is no state of a message")))
    });
    let posted: Option<String> = row.get("posted")?;
    let (way, why): (String, String) = (row.get("way")?, row.get("why")?);
    let became = Became::of(sent.transpose()?, posted.as_deref(), !way.is_empty());
    Ok(Outcome {
        report: row.get("report")?,
        reference: row.get("reference")?,
        name: row.get("victim_label")?,
        item: row.get("item")?,
        reports: row.get("reports")?,
        why: Why::parse(&why),
        way,
        message: row.get("message")?,
        letter: row.get("letter")?,
        became,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_victim_of_a_decision_is_in_one_figure() {
        assert_eq!(Became::of(None, None, true), Became::LeftOut);
        assert_eq!(Became::of(None, None, false), Became::Cannot);
        assert_eq!(Became::of(None, Some("to_post"), true), Became::Waiting);
        assert_eq!(Became::of(None, Some("posted"), true), Became::Told);
        assert_eq!(Became::of(None, Some("withdrawn"), true), Became::Withdrawn);
        let of = |state| Became::of(Some(state), None, true);
        assert_eq!(of(State::Sent), Became::Told);
        assert_eq!(of(State::Queued), Became::Waiting);
        assert_eq!(of(State::HandedOver), Became::Waiting);
        assert_eq!(of(State::Failed), Became::Refused);
        assert_eq!(of(State::Unsure), Became::Unknown);
        assert_eq!(of(State::Withdrawn), Became::Withdrawn);
        for one in Became::ALL {
            assert_eq!(Became::parse(one.name()), Some(one));
        }
        for why in Why::ALL {
            assert_eq!(Why::parse(why.name()), Some(why));
        }
    }
}
