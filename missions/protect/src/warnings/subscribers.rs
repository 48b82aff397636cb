//! Who gets warnings by e-mail: an address counts once its holder has confirmed it, and is deleted when they
//! stop. Consent is asked and given by Regulation 22 of the Privacy and Electronic Communications (EC Directive)
//! Regulations 2003.

use lettre::Address;
use record::ids::RecordId;
use record::submission::{Submission, SubmissionKind};
use record::time::Timestamp;
use store::{Conn, Entry, Error, OnConflict, Result, Row, Sql, Tx};

use super::draft::Draft;
use super::policy::WarningPolicy;
use crate::messages::{About, Notice, Purpose, Which, forget_notices, queue_notices};

/// Somebody who confirmed an address.
pub struct Subscriber {
    pub email: String,
    token: String,
    places: Vec<String>,
    sectors: Vec<String>,
    interests: Vec<String>,
}

impl Subscriber {
    fn of(row: &Row) -> Result<Subscriber> {
        Ok(Subscriber {
            email: row.get("email")?,
            token: row.get("token")?,
            places: row.json("places")?,
            sectors: row.json("sectors")?,
            interests: row.json("interests")?,
        })
    }

    /// Whether a warning is for this person. Whoever chose no place or no interest gets all; a warning to
    /// a sector is only for those who named the sector.
    pub fn wants(&self, draft: &Draft) -> bool {
        let meets = |wanted: &[String], of: &[String]| {
            wanted.is_empty() || of.is_empty() || of.iter().any(|id| wanted.contains(id))
        };
        let in_sector =
            draft.sectors.is_empty() || draft.sectors.iter().any(|s| self.sectors.contains(s));
        meets(&self.places, &draft.places) && meets(&self.interests, &draft.interests) && in_sector
    }

    /// The warning as this person gets it.
    pub fn notice(
        &self,
        policy: &WarningPolicy,
        (subject, body): &(String, String),
    ) -> Result<Notice> {
        let leave = leave_link(policy, &self.token);
        let foot = policy.foot(&leave).map_err(Error::Invalid)?;
        Ok(Notice {
            address: self.email.clone(),
            subject: subject.clone(),
            body: format!("{body}\n{foot}"),
            leave,
        })
    }
}

fn leave_link(policy: &WarningPolicy, token: &str) -> String {
    format!("{}/subscribe/leave/{token}", policy.address)
}

/// Everybody whose address is confirmed.
pub async fn confirmed(conn: &mut Conn<'_>) -> Result<Vec<Subscriber>> {
    let sql = "select email, token, places, sectors, interests from protect_subscription \
        where confirmed_at is not null order by id";
    conn.rows(sql).await?.iter().map(Subscriber::of).collect()
}

/// Takes what was sent on the public side, in the write that collects it.
pub(crate) async fn take(
    tx: &mut Tx<'_>,
    policy: &WarningPolicy,
    unit: &str,
    submission: &Submission,
) -> Result<()> {
    match submission.kind {
        SubmissionKind::Subscribe => ask(tx, policy, unit, submission).await,
        SubmissionKind::ConfirmSubscription => confirm(tx, policy, submission.field("token")).await,
        SubmissionKind::LeaveSubscription => leave(tx, submission.field("token")).await,
        _ => Ok(()),
    }
}

/// Ids among those that can be chosen, as JSON.
fn chosen<'a>(sent: &str, all: impl Iterator<Item = &'a String>) -> String {
    let sent: Vec<&str> = sent.split(' ').collect();
    let chosen: Vec<&String> = all.filter(|id| sent.contains(&id.as_str())).collect();
    serde_json::json!(chosen).to_string()
}

/// The address with its host in small letters: the part before it is the receiving server's own affair.
fn canonical(typed: &str) -> Option<String> {
    let address: Address = typed.trim().parse().ok()?;
    Some(format!(
        "{}@{}",
        address.user(),
        address.domain().to_lowercase()
    ))
}

fn entry(tx: &mut Tx<'_>, id: RecordId, what: &str) {
    // The address stays out of the ledger: it could never be deleted there.
    tx.enter(Entry {
        kind: "subscription",
        id: id.to_string(),
        content: String::new(),
        detail: serde_json::json!({ "step": what }).to_string(),
    });
}

/// Somebody gave an address: its holder is asked to confirm it.
async fn ask(
    tx: &mut Tx<'_>,
    policy: &WarningPolicy,
    unit: &str,
    submission: &Submission,
) -> Result<()> {
    // The public side has checked the form; what comes out of the box is checked all the same.
    let Some(email) = canonical(submission.field("email")) else {
        return Ok(());
    };
    let sql = Sql::new("select count(*) as n from protect_subscription where ").with(
        "email = ? and asked_at > ?",
        [email.as_str().into(), tx.now().plus_days(-1).into()],
    );
    // Nobody's mailbox is filled by asking again and again.
    if tx.count(sql).await? >= policy.subscribing.most_confirmations_a_day {
        return Ok(());
    }
    let id = RecordId(tx.id());
    // Two identifiers hold more chance than anybody could guess, and come from where all identifiers come from.
    let token = format!("{}{}", tx.id().simple(), tx.id().simple());
    let audiences = &policy.audiences;
    let row = vec![
        id.into(),
        email.as_str().into(),
        token.as_str().into(),
        chosen(
            submission.field("places"),
            audiences.places.iter().map(|p| &p.id),
        )
        .into(),
        chosen(
            submission.field("sectors"),
            audiences.sectors.iter().map(|s| &s.id),
        )
        .into(),
        chosen(
            submission.field("interests"),
            audiences.interests.iter().map(|s| &s.id),
        )
        .into(),
        tx.now().into(),
    ];
    let columns = &[
        "id",
        "email",
        "token",
        "places",
        "sectors",
        "interests",
        "asked_at",
    ];
    tx.insert("protect_subscription", columns, vec![row], OnConflict::Fail)
        .await?;
    ask_back(tx, policy, unit, (id, email, &token)).await?;
    entry(tx, id, "asked");
    Ok(())
}

/// Queues the message that asks for the confirmation.
async fn ask_back(
    tx: &mut Tx<'_>,
    policy: &WarningPolicy,
    unit: &str,
    (id, email, token): (RecordId, String, &str),
) -> Result<()> {
    let link = format!("{}/subscribe/confirm/{token}", policy.address);
    let (subject, body) = policy.confirmation(&link).map_err(Error::Invalid)?;
    let about = About {
        purpose: Purpose::Confirmation,
        record: id,
        template: "confirm_subscription",
        template_version: 1,
        unit,
        policy: &policy.digest,
    };
    let notice = Notice {
        address: email,
        subject,
        body,
        leave: String::new(),
    };
    queue_notices(tx, &about, vec![notice]).await.map(drop)
}

/// The holder pressed the button: this choice takes the place of an earlier one.
async fn confirm(tx: &mut Tx<'_>, policy: &WarningPolicy, token: &str) -> Result<()> {
    let since = tx
        .now()
        .plus_minutes(-60 * policy.subscribing.confirm_within_hours);
    let sql = Sql::new("select id, email from protect_subscription where ").with(
        "token = ? and confirmed_at is null and asked_at > ?",
        [token.into(), since.into()],
    );
    let Some(row) = tx.first(sql).await? else {
        return Ok(());
    };
    let (id, email): (RecordId, String) = (row.get("id")?, row.get("email")?);
    let others = Sql::new("delete from protect_subscription where ")
        .with("email = ? and id <> ?", [email.into(), id.into()]);
    tx.run(others).await?;
    let sql = Sql::new("update protect_subscription set ").with(
        "confirmed_at = ? where id = ?",
        [tx.now().into(), id.into()],
    );
    tx.run(sql).await?;
    entry(tx, id, "confirmed");
    Ok(())
}

/// The holder stops: the address goes, also from what was sent, and what was on its way to it stays.
async fn leave(tx: &mut Tx<'_>, token: &str) -> Result<()> {
    let sql = Sql::new("select id, email from protect_subscription where ")
        .with("token = ?", [token.into()]);
    let Some(row) = tx.first(sql).await? else {
        return Ok(());
    };
    let (id, email): (RecordId, String) = (row.get("id")?, row.get("email")?);
    let sql = Sql::new("delete from protect_subscription where ")
        .with("email = ?", [email.as_str().into()]);
    tx.run(sql).await?;
    forget_notices(tx, &Which::To(&email)).await?;
    entry(tx, id, "left");
    Ok(())
}

/// Deletes addresses nobody confirmed in time.
pub async fn forget_unconfirmed(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    let sql = Sql::new("select id from protect_subscription where ")
        .with("confirmed_at is null and asked_at <= ?", [before.into()]);
    for row in tx.rows(sql).await? {
        let id: RecordId = row.get("id")?;
        // The message that asked for the confirmation holds the address too.
        forget_notices(tx, &Which::About(id)).await?;
        let sql = Sql::new("delete from protect_subscription where ").with("id = ?", [id.into()]);
        tx.run(sql).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::warnings::compose::tests::warning;
    use crate::warnings::tests::policy;

    fn subscriber(places: &[&str], sectors: &[&str], interests: &[&str]) -> Subscriber {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Subscriber {
            email: "ann@example.org".to_owned(),
            token: "00".to_owned(),
            places: owned(places),
            sectors: owned(sectors),
            interests: owned(interests),
        }
    }

    #[test]
    fn a_warning_reaches_those_it_is_for() {
        let mut draft = warning(&policy()).draft;
        assert_eq!(draft.places, ["watford"]);
        assert!(subscriber(&[], &[], &[]).wants(&draft));
        assert!(subscriber(&["watford", "dacorum"], &[], &["money"]).wants(&draft));
        assert!(!subscriber(&["dacorum"], &[], &[]).wants(&draft));
        assert!(!subscriber(&[], &[], &["shopping"]).wants(&draft));
        draft.sectors = vec!["school".to_owned()];
        assert!(!subscriber(&[], &[], &[]).wants(&draft));
        assert!(subscriber(&[], &["school"], &[]).wants(&draft));
        draft.places.clear();
        assert!(subscriber(&["dacorum"], &["school"], &[]).wants(&draft));
    }

    #[test]
    fn only_an_address_is_an_address() {
        assert_eq!(
            canonical(" Ann@EXAMPLE.org ").as_deref(),
            Some("Ann@example.org")
        );
        for bad in [
            "ann@example.org\r\nBcc: all@example.org",
            "ann@example.org, bob@example.org",
            "Ann <ann@example.org>",
            "ann",
            "",
        ] {
            assert_eq!(canonical(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn every_warning_says_how_to_stop() {
        let policy = policy();
        let text = super::super::compose::email(&policy, &warning(&policy));
        let notice = subscriber(&[], &[], &[]).notice(&policy, &text).unwrap();
        assert!(notice.body.contains(&notice.leave));
        assert!(notice.leave.ends_with("/subscribe/leave/00"));
    }
}
