//! What victims were told of this before, and the write that tells them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use record::access::Scope;
use record::ids::{NetworkId, RecordId, ReportId, WorkItemId};
use record::time::{Date, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{Conn, Entry, Error, OnConflict, Result, Row, Sql, Tx, Value};

use super::read::{self, Network};
use super::standing::{Standing, Stands, Told, Victim, Way, standing};
use crate::messages::{
    Merge, MessagePolicy, State, Template, Turn, Written, make_letters, queue_all,
};

/// Values in one question.
const PART: usize = 512;

/// Adds what each of these victims was told before, latest first.
pub async fn add_told(
    conn: &mut Conn<'_>,
    policy: &MessagePolicy,
    network: NetworkId,
    victims: &mut [Victim],
) -> Result<()> {
    let mut of: HashMap<WorkItemId, usize> = HashMap::new();
    for (n, victim) in victims.iter().enumerate() {
        of.extend(victim.items.iter().map(|item| (*item, n)));
    }
    let items: Vec<WorkItemId> = of.keys().copied().collect();
    let texts = policy.templates.iter().filter(|t| t.helped.is_some());
    let texts: Vec<Value> = texts.map(|t| t.id.as_str().into()).collect();
    for part in items.chunks(PART) {
        for select in [MESSAGES, LETTERS] {
            // Also what a text said that policy has no more.
            let sql = Sql::new(select)
                .within(" m.item in", part.iter().map(|i| (*i).into()))
                .then(" and (h.id is not null or")
                .within(" m.template in", texts.clone())
                .then(")");
            for row in conn.rows(sql).await? {
                let n = of.get(&row.get::<WorkItemId>("item")?);
                if let Some(victim) = n.and_then(|n| victims.get_mut(*n)) {
                    let told = told(&row, policy, network, victim)?;
                    victim.told.extend(told);
                }
            }
        }
    }
    for victim in victims {
        victim.told.sort_by_key(|t| std::cmp::Reverse(t.at));
    }
    Ok(())
}

const MESSAGES: &str = "select m.id, 'message' as kind, m.item, m.template, m.state, m.created_at, \
    m.created_by_name, h.happened, h.network, v.report from protect_message m \
    left join protect_helped_victim v on v.message = m.id \
    left join protect_helped h on h.id = v.helped where m.purpose = 'victim' and";

const LETTERS: &str = "select m.id, 'letter' as kind, m.item, m.template, m.state, m.created_at, \
    m.created_by_name, h.happened, h.network, v.report from protect_letter m \
    left join protect_helped_victim v on v.letter = m.id \
    left join protect_helped h on h.id = v.helped where";

fn told(
    row: &Row,
    policy: &MessagePolicy,
    network: NetworkId,
    victim: &Victim,
) -> Result<Option<Told>> {
    let (kind, state): (String, String) = (row.get("kind")?, row.get("state")?);
    let id: RecordId = row.get("id")?;
    let is_letter = kind == "letter";
    let stands = if is_letter {
        Stands::of_letter(&state)
    } else {
        let state = State::parse(&state)
            .ok_or_else(|| Error::invalid(format!("{state:?} is no state of a message")))?;
        Stands::of_message(state)
    };
    let template: String = row.get("template")?;
    let decided: Option<String> = row.get("happened")?;
    let happened = decided.or_else(|| policy.template(&template)?.helped.clone());
    let (Some(stands), Some(happened)) = (stands, happened) else {
        return Ok(None);
    };
    // A network that was merged into this one, or split off, took its reports along.
    let about: Option<ReportId> = row.get("report")?;
    let here = about.is_some_and(|report| victim.reports.iter().any(|r| r.report == report));
    let of: Option<NetworkId> = row.get("network")?;
    Ok(Some(Told {
        message: (!is_letter).then_some(id),
        letter: is_letter.then_some(id),
        happened,
        at: row.get("created_at")?,
        by: row.get("created_by_name")?,
        stands,
        network: if here { Some(network) } else { of },
    }))
}

/// What an officer decides, as the page or the API gives it.
#[derive(Debug, Clone)]
pub struct Decided {
    pub network: NetworkId,
    /// Word of the policy's texts.
    pub happened: String,
    pub on: Date,
    pub authorised_by: String,
    pub reason: String,
    /// Victims that could be told and are left out, by their key.
    pub left_out: BTreeSet<ReportId>,
    /// What the officer saw, as [`seen`] has it.
    pub seen: String,
}

/// Who writes, for the texts.
#[derive(Debug, Clone)]
pub struct Caller {
    pub name: String,
    pub body: String,
    pub force: String,
    pub unit: String,
}

/// A digest of everything a choice rests on: who is in the network, how each can be told, in which text, and how many
/// decisions there are. Whoever confirms confirms this.
pub fn seen(
    policy: &MessagePolicy,
    network: &Network,
    happened: &str,
    decisions: i64,
    now: Timestamp,
) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{happened} {decisions} {}\n", policy.digest));
    for victim in &network.victims {
        let stands = match standing(policy, victim, network.id, Some(happened), now) {
            Standing::Can { way, address, text } => {
                let text = text.map_or("", |t| t.id.as_str());
                format!("{} {address:?} {text}", way.name())
            }
            Standing::Cannot(why) => why.name().to_owned(),
        };
        let reports: Vec<String> = victim
            .reports
            .iter()
            .map(|r| r.report.to_string())
            .collect();
        hash.update(format!("{} {} {stands}\n", victim.key, reports.join(",")));
    }
    hex::encode(hash.finalize())
}

/// How many decisions there are about a network.
pub async fn decisions(conn: &mut Conn<'_>, network: NetworkId) -> Result<i64> {
    let sql = Sql::new("select count(*) as n from protect_helped where ")
        .with("network = ?", [network.into()]);
    conn.count(sql).await
}

/// The text a victim reads.
///
/// # Errors
/// In words, when the text of policy cannot be merged.
pub fn written(
    victim: &Victim,
    text: &Template,
    address: &str,
    caller: &Caller,
) -> std::result::Result<Written, String> {
    let with = Merge {
        reference: victim.whose.reference.clone(),
        name: victim.whose.name.clone(),
        caller: caller.name.clone(),
        body: caller.body.clone(),
        force: caller.force.clone(),
    };
    let (subject, body) = text.merged(&with)?;
    Ok(Written {
        whose: victim.whose.clone(),
        address: address.to_owned(),
        template: text.id.clone(),
        version: text.version,
        language: text.language.clone(),
        subject,
        body,
    })
}

/// One row of a decision, before it is known which message it has.
struct Chosen {
    victim: ReportId,
    reports: usize,
    way: Option<Way>,
    why: &'static str,
    /// Whether the victim is told; one who could be told and is not was left out.
    told: bool,
}

/// Records the decision and puts what is to go out where it is sent and printed from, in one transaction. The network
/// is read again within it.
///
/// # Errors
/// A conflict when anything the choice rests on has changed.
pub async fn tell(
    tx: &mut Tx<'_>,
    policy: &Arc<MessagePolicy>,
    scope: &Scope,
    decided: &Decided,
    caller: &Caller,
) -> Result<RecordId> {
    // Two decisions at the same moment would not see each other's messages.
    tx.alone("protect.helped").await?;
    let network = read::network(tx, scope, policy, decided.network).await?;
    let number = decisions(tx, decided.network).await?;
    let now = tx.now();
    if seen(policy, &network, &decided.happened, number, now) != decided.seen {
        return Err(Error::Conflict);
    }
    let (mut chosen, mut messages, mut letters) = (Vec::new(), Vec::new(), Vec::new());
    for victim in &network.victims {
        let stands = standing(policy, victim, network.id, Some(&decided.happened), now);
        let (way, why, told) = match stands {
            Standing::Can { way, address, text } => {
                let told = !decided.left_out.contains(&victim.key);
                if let (true, Some(text)) = (told, text) {
                    let one = written(victim, text, &address, caller).map_err(Error::Invalid)?;
                    match way {
                        Way::Email => messages.push(one),
                        Way::Letter => letters.push(one),
                    }
                }
                (Some(way), "", told)
            }
            Standing::Cannot(why) => (None, why.name(), false),
        };
        chosen.push(Chosen {
            victim: victim.key,
            reports: victim.reports.len(),
            way,
            why,
            told,
        });
    }
    let id = keep(tx, policy, &network, decided, caller, number + 1).await?;
    let messages = queue_all(tx, &policy.digest, Turn::OfMany, messages).await?;
    let letters = make_letters(tx, &policy.digest, letters).await?;
    enter(tx, id, decided, &chosen);
    keep_victims(tx, id, chosen, messages, letters).await?;
    Ok(id)
}

async fn keep(
    tx: &mut Tx<'_>,
    policy: &MessagePolicy,
    network: &Network,
    decided: &Decided,
    caller: &Caller,
    number: i64,
) -> Result<RecordId> {
    let id = RecordId(tx.id());
    let row = vec![
        id.into(),
        network.id.into(),
        number.into(),
        network.name.as_str().into(),
        decided.happened.as_str().into(),
        policy.happening_title(&decided.happened).into(),
        decided.on.into(),
        decided.authorised_by.as_str().into(),
        decided.reason.as_str().into(),
        tx.now().into(),
        tx.grant().actor().into(),
        caller.name.as_str().into(),
        caller.unit.as_str().into(),
        policy.digest.as_str().into(),
    ];
    let columns = &[
        "id",
        "network",
        "number",
        "network_name",
        "happened",
        "title",
        "happened_on",
        "authorised_by",
        "reason",
        "at",
        "actor",
        "by_name",
        "unit",
        "policy",
    ];
    // The number is each decision's own: of two at the same moment one is first.
    match tx
        .insert("protect_helped", columns, vec![row], OnConflict::Keep)
        .await?
    {
        1 => Ok(id),
        _ => Err(Error::Conflict),
    }
}

fn enter(tx: &mut Tx<'_>, id: RecordId, decided: &Decided, chosen: &[Chosen]) {
    let told = |way| {
        let by = chosen.iter().filter(|c| c.told && c.way == Some(way));
        by.count()
    };
    let left_out = chosen.iter().filter(|c| c.way.is_some() && !c.told).count();
    tx.enter(Entry {
        kind: "helped",
        id: id.to_string(),
        content: hex::encode(Sha256::digest(&decided.reason)),
        detail: serde_json::json!({
            "network": decided.network.to_string(),
            "happened": decided.happened,
            "messages": told(Way::Email),
            "letters": told(Way::Letter),
            "left_out": left_out,
            "cannot": chosen.iter().filter(|c| c.way.is_none()).count(),
        })
        .to_string(),
    });
}

async fn keep_victims(
    tx: &mut Tx<'_>,
    id: RecordId,
    chosen: Vec<Chosen>,
    messages: Vec<RecordId>,
    letters: Vec<RecordId>,
) -> Result<()> {
    let (mut messages, mut letters) = (messages.into_iter(), letters.into_iter());
    let row = |one: Chosen| -> Vec<Value> {
        let (message, letter) = match one.way.filter(|_| one.told) {
            Some(Way::Email) => (messages.next(), None),
            Some(Way::Letter) => (None, letters.next()),
            None => (None, None),
        };
        vec![
            id.into(),
            one.victim.into(),
            i64::try_from(one.reports).unwrap_or(i64::MAX).into(),
            one.way.map_or("", Way::name).into(),
            one.why.into(),
            message.into(),
            letter.into(),
        ]
    };
    let rows: Vec<Vec<Value>> = chosen.into_iter().map(row).collect();
    let columns = &[
        "helped", "report", "reports", "way", "why", "message", "letter",
    ];
    tx.insert("protect_helped_victim", columns, rows, OnConflict::Fail)
        .await?;
    Ok(())
}
