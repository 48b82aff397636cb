//! The look-ups themselves.

use std::collections::{BTreeMap, BTreeSet};

use record::access::Scope;
use record::ids::{NetworkId, ObservableId, PersonId, ReportId};
use record::time::Timestamp;
use serde::Serialize;
use store::{Conn, Result, Row, Sql, TextIndex, Value};
use utoipa::ToSchema;
use web::parts::words::plural;

use super::organisations::organisations;
use crate::network_pages::{Line, without_hidden};
use crate::receive::VICTIM;
use crate::reports::visible::{hidden_of_values, visible};
use crate::sightings::kind_title;

const WORDS: TextIndex = TextIndex {
    index: "intake_report_fts",
    column: "vector",
};

/// Longest query, in characters.
const LONGEST: usize = 200;
/// Rounds of the text index before a page is sent with what it has: what is sealed may hide many.
const MOST_ROUNDS: usize = 4;

/// What a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Report,
    Person,
    Observable,
    Network,
    /// A record of the work with an organisation.
    Organisation,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Report,
        Kind::Person,
        Kind::Organisation,
        Kind::Observable,
        Kind::Network,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Kind::Report => "report",
            Kind::Person => "person",
            Kind::Observable => "observable",
            Kind::Network => "network",
            Kind::Organisation => "organisation",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Kind::Report => "Reports",
            Kind::Person => "People and organisations",
            Kind::Observable => "Observables",
            Kind::Network => "Networks",
            Kind::Organisation => "Organisations on record",
        }
    }

    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// One thing found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hit {
    pub kind: Kind,
    pub id: String,
    pub title: String,
    /// What it is, in a word: "Report", "Telephone".
    pub label: String,
    pub text: String,
    pub href: String,
}

/// Hits of one kind, and where the next page begins.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub hits: Vec<Hit>,
    pub next: Option<String>,
}

/// What is asked: the words, how many of a kind, and where a page begins.
pub struct Asked<'a> {
    pub words: &'a str,
    pub most: usize,
    pub after: Option<&'a str>,
}

/// Words as they are searched: no control characters, single spaces, bounded.
pub fn clean(query: &str) -> String {
    let plain: String = query
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Finds things of one kind that the actor may see.
pub async fn find(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: Kind,
    asked: &Asked<'_>,
) -> Result<Found> {
    if asked.words.is_empty() {
        return Ok(Found::default());
    }
    match kind {
        Kind::Report => reports(conn, scope, asked).await,
        Kind::Person => people(conn, scope, asked).await,
        Kind::Observable => observables(conn, scope, asked).await,
        Kind::Network => networks(conn, scope, asked).await,
        Kind::Organisation => organisations(conn, scope, asked).await,
    }
}

const REPORT: &str = "select r.seq, r.id, r.reference, r.title, r.received_at, r.victim_label \
    from intake_report r where";

async fn reports(conn: &mut Conn<'_>, scope: &Scope, asked: &Asked<'_>) -> Result<Found> {
    let mut rows: Vec<Row> = Vec::new();
    let first_page = asked.after.is_none();
    if first_page {
        rows = by_reference(conn, scope, asked.words, asked.most).await?;
    }
    let known: BTreeSet<ReportId> = rows.iter().map(|r| r.get("id")).collect::<Result<_>>()?;
    let mut before = number(asked.after);
    let batch = asked.most * 2 + 1;
    let mut next = None;
    'rounds: for _ in 0..MOST_ROUNDS {
        let take = i64::try_from(batch).unwrap_or(i64::MAX);
        let numbers = conn
            .newest_matching(&WORDS, asked.words, false, before, take)
            .await?;
        let exhausted = numbers.len() < batch;
        for row in by_number(conn, scope, &numbers).await? {
            if known.contains(&row.get("id")?) {
                continue;
            }
            if rows.len() >= asked.most {
                // The page ends before this one.
                next = Some((row.get::<i64>("seq")? + 1).to_string());
                break 'rounds;
            }
            rows.push(row);
        }
        match numbers.last() {
            Some(last) if !exhausted => {
                before = *last;
                next = Some(last.to_string());
            }
            _ => {
                next = None;
                break;
            }
        }
    }
    let hits = rows.iter().map(report_hit).collect::<Result<_>>()?;
    Ok(Found { hits, next })
}

fn number(after: Option<&str>) -> i64 {
    after.and_then(|a| a.parse().ok()).unwrap_or(i64::MAX)
}

/// Reports whose reference begins as typed.
async fn by_reference(
    conn: &mut Conn<'_>,
    scope: &Scope,
    words: &str,
    most: usize,
) -> Result<Vec<Row>> {
    let end = format!("{words}\u{10FFFF}");
    let sql = Sql::new(REPORT).with(
        " r.reference >= ? and r.reference < ?",
        [words.into(), end.into()],
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    conn.rows(visible(sql, scope).with(" order by r.reference limit ?", [most.into()]))
        .await
}

async fn by_number(conn: &mut Conn<'_>, scope: &Scope, numbers: &[i64]) -> Result<Vec<Row>> {
    let sql = Sql::new(REPORT).within(" r.seq in", numbers.iter().map(|n| (*n).into()));
    conn.rows(visible(sql, scope).then(" order by r.seq desc"))
        .await
}

fn report_hit(row: &Row) -> Result<Hit> {
    let id: ReportId = row.get("id")?;
    let at: Timestamp = row.get("received_at")?;
    Ok(Hit {
        kind: Kind::Report,
        id: id.to_string(),
        title: row.get("title")?,
        label: "Report".to_owned(),
        text: format!(
            "{}. {}. {}",
            row.get::<String>("reference")?,
            at.day().show(),
            row.get::<String>("victim_label")?
        ),
        href: format!("/reports/{id}"),
    })
}

/// People whose name holds the words, in the newest reports that hold them as a phrase; and the
/// victims a telephone, address or company number belongs to.
async fn people(conn: &mut Conn<'_>, scope: &Scope, asked: &Asked<'_>) -> Result<Found> {
    let mut found: BTreeMap<PersonId, usize> = BTreeMap::new();
    if asked.after.is_none() {
        for person in of_values(conn, scope, asked.words, asked.most).await? {
            let place = found.len();
            found.entry(person).or_insert(place);
        }
    }
    let wanted: Vec<String> = tokens(asked.words);
    let batch = asked.most * 8;
    let take = i64::try_from(batch).unwrap_or(i64::MAX);
    let numbers = conn
        .newest_matching(&WORDS, asked.words, true, number(asked.after), take)
        .await?;
    let mut next = (numbers.len() == batch)
        .then(|| numbers.last().copied())
        .flatten();
    let sql = Sql::new(
        "select r.seq, m.person, m.label from intake_report r \
         join intake_mention m on m.report = r.id where",
    )
    .within(" r.seq in", numbers.iter().map(|n| (*n).into()));
    for row in conn
        .rows(visible(sql, scope).then(" order by r.seq desc"))
        .await?
    {
        let label = tokens(&row.get::<String>("label")?);
        let person: PersonId = row.get("person")?;
        if found.contains_key(&person) || !wanted.iter().all(|w| label.contains(w)) {
            continue;
        }
        if found.len() >= asked.most {
            next = Some(row.get::<i64>("seq")? + 1);
            break;
        }
        let place = found.len();
        found.insert(person, place);
    }
    let hits = person_hits(conn, scope, &found).await?;
    Ok(Found {
        hits,
        next: next.map(|n| n.to_string()),
    })
}

fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect()
}

async fn of_values(
    conn: &mut Conn<'_>,
    scope: &Scope,
    words: &str,
    most: usize,
) -> Result<Vec<PersonId>> {
    let mut people = Vec::new();
    for (id, ..) in values(conn, words).await?.into_iter().take(5) {
        let sql = Sql::new(
            "select distinct m.person from intake_sighting s \
             join intake_report r on r.id = s.report \
             join intake_mention m on m.report = s.report and m.role = s.role where ",
        )
        .with(
            "s.observable = ? and s.field = 'victim' and s.role = ?",
            [id.into(), VICTIM.into()],
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        for row in conn
            .rows(visible(sql, scope).with(" limit ?", [most.into()]))
            .await?
        {
            people.push(row.get("person")?);
        }
    }
    people.truncate(most);
    Ok(people)
}

async fn person_hits(
    conn: &mut Conn<'_>,
    scope: &Scope,
    found: &BTreeMap<PersonId, usize>,
) -> Result<Vec<Hit>> {
    let sql = Sql::new(
        "select p.id, p.kind, p.label, \
         count(case when m.role = 'victim' then 1 end) as as_victim, \
         count(case when m.role = 'suspect' then 1 end) as as_suspect \
         from intake_person p join intake_mention m on m.person = p.id \
         join intake_report r on r.id = m.report where",
    )
    .within(" p.id in", found.keys().map(|p| Value::from(*p)));
    let mut hits = Vec::new();
    for row in conn
        .rows(visible(sql, scope).then(" group by p.id, p.kind, p.label"))
        .await?
    {
        let id: PersonId = row.get("id")?;
        let count = |n: i64| n.max(0).unsigned_abs();
        let label = match row.get::<String>("kind")?.as_str() {
            "organisation" => "Organisation",
            _ => "Person",
        };
        let hit = Hit {
            kind: Kind::Person,
            id: id.to_string(),
            title: row.get("label")?,
            label: label.to_owned(),
            text: format!(
                "{} as victim, {} as suspect",
                plural(count(row.get("as_victim")?), "report", "reports"),
                count(row.get("as_suspect")?)
            ),
            href: format!("/people/{id}"),
        };
        hits.push((found.get(&id).copied().unwrap_or(usize::MAX), hit));
    }
    hits.sort_by_key(|(place, _)| *place);
    Ok(hits.into_iter().map(|(_, hit)| hit).collect())
}

/// Values the words are, read as each kind in turn and as text that holds values.
async fn values(
    conn: &mut Conn<'_>,
    words: &str,
) -> Result<Vec<(ObservableId, String, String, i64)>> {
    let mut wanted: BTreeSet<(String, &'static str)> = observables::Kind::ALL
        .into_iter()
        .filter_map(|k| Some((observables::normalise(k, words)?, k.name())))
        .collect();
    for seen in observables::extract(words) {
        wanted.insert((seen.value, seen.kind.name()));
    }
    let texts: BTreeSet<&str> = wanted.iter().map(|(v, _)| v.as_str()).collect();
    let sql = Sql::new("select id, kind, value, reports from intake_observable where")
        .within(" value in", texts.into_iter().map(Value::from));
    let mut all = Vec::new();
    for row in conn.rows(sql.then(" order by value, kind")).await? {
        let (kind, value): (String, String) = (row.get("kind")?, row.get("value")?);
        if wanted.iter().any(|(v, k)| *v == value && *k == kind) {
            all.push((row.get("id")?, kind, value, row.get("reports")?));
        }
    }
    Ok(all)
}

async fn observables(conn: &mut Conn<'_>, scope: &Scope, asked: &Asked<'_>) -> Result<Found> {
    let mut hits = Vec::new();
    let start: usize = asked.after.and_then(|a| a.parse().ok()).unwrap_or(0);
    let mut all = values(conn, asked.words).await?;
    // A bare handle is the name on any platform.
    all.dedup_by_key(|v| v.0);
    let more = all.len() > start + asked.most;
    let page: Vec<_> = all.into_iter().skip(start).take(asked.most).collect();
    let ids: Vec<ObservableId> = page.iter().map(|v| v.0).collect();
    let hidden = hidden_of_values(conn, scope, &ids).await?;
    for (id, kind, value, reports) in page {
        let sql = Sql::new(
            "select 1 as n from intake_sighting s join intake_report r on r.id = s.report where ",
        )
        .with("s.observable = ?", [id.into()]);
        if conn
            .first(visible(sql, scope).then(" limit 1"))
            .await?
            .is_none()
        {
            continue;
        }
        let shown = (reports - hidden.get(&id).copied().unwrap_or(0)).max(0);
        hits.push(Hit {
            kind: Kind::Observable,
            id: id.to_string(),
            title: value,
            label: kind_title(&kind),
            text: format!(
                "The offender's in {}",
                plural(shown.unsigned_abs(), "report", "reports")
            ),
            href: format!("/observables/{id}"),
        });
    }
    Ok(Found {
        hits,
        next: more.then(|| (start + asked.most).to_string()),
    })
}

/// Networks whose name begins as typed.
async fn networks(conn: &mut Conn<'_>, scope: &Scope, asked: &Asked<'_>) -> Result<Found> {
    let name = titled(asked.words);
    let end = format!("{name}\u{10FFFF}");
    let mut sql =
        Sql::new("select id, name, reports, first_at, last_at from intake_network where ").with(
            "merged_into is null and reports > 1 and name >= ? and name < ?",
            [name.into(), end.into()],
        );
    let after = asked.after.and_then(|text| {
        let (id, name) = text.split_once('.')?;
        Some((id.parse::<NetworkId>().ok()?, name.to_owned()))
    });
    if let Some((id, name)) = after {
        sql = sql.with(" and (name, id) > (?, ?)", [name.into(), id.into()]);
    }
    let most = i64::try_from(asked.most + 1).unwrap_or(i64::MAX);
    let mut lines = Vec::new();
    for row in conn
        .rows(sql.with(" order by name, id limit ?", [most.into()]))
        .await?
    {
        lines.push(Line {
            id: row.get("id")?,
            name: row.get("name")?,
            reports: row.get("reports")?,
            first_at: row.get("first_at")?,
            last_at: row.get("last_at")?,
        });
    }
    let more = lines.len() > asked.most;
    lines.truncate(asked.most);
    let next = lines
        .last()
        .filter(|_| more)
        .map(|l| format!("{}.{}", l.id, l.name));
    without_hidden(conn, scope, &mut lines).await?;
    let hits = lines
        .into_iter()
        .map(|line| Hit {
            kind: Kind::Network,
            id: line.id.to_string(),
            label: "Network".to_owned(),
            text: format!(
                "{}, latest on {}",
                plural(line.reports.max(0).unsigned_abs(), "report", "reports"),
                line.last_at.day().show()
            ),
            href: format!("/networks/{}", line.id),
            title: line.name,
        })
        .collect();
    Ok(Found { hits, next })
}

/// Each word with a capital letter, as networks are named.
fn titled(words: &str) -> String {
    let each = words.split_whitespace().map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first
                .to_uppercase()
                .chain(letters.flat_map(char::to_lowercase))
                .collect()
        })
    });
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_cleaned_and_names_capitalised() {
        assert_eq!(clean("  a\0b \n c "), "a b c");
        assert_eq!(clean(&"x".repeat(900)).len(), LONGEST);
        assert_eq!(titled("aMBER finch"), "Amber Finch");
        assert_eq!(tokens("O'Brien-Smith, Zoë"), ["o", "brien", "smith", "zoë"]);
    }
}
