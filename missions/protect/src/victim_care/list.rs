//! The call list as a question to the store: which victims, in which order, for whom.

use record::access::{Actor, Scope};
use record::ids::{ActorId, PersonId, WorkItemId};
use record::report::Feed;
use record::time::Timestamp;
use record::work::{Priority, Summary};
use store::{Row, Shown, Sql, Value, work};
use web::App;

use super::schema::HANDED_OVER;
use super::{LIST, permit, queue_of};
use crate::repeat_victims::counts;

/// Rows of a page.
pub const ROWS: usize = 50;
/// Counts beside the views stop here.
pub const MOST_COUNTED: i64 = 1_000;

/// A part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    #[default]
    ToCall,
    Mine,
    Later,
    Taken,
    Closed,
}

impl View {
    pub const ALL: [View; 5] = [
        View::ToCall,
        View::Mine,
        View::Later,
        View::Taken,
        View::Closed,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            View::ToCall => "to_call",
            View::Mine => "mine",
            View::Later => "later",
            View::Taken => "taken",
            View::Closed => "closed_today",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            View::ToCall => "To call",
            View::Mine => "Mine",
            View::Later => "Call back later",
            View::Taken => "With a caller",
            View::Closed => "Closed today",
        }
    }

    fn parse(name: &str) -> Option<View> {
        View::ALL.into_iter().find(|v| v.name() == name)
    }
}

/// What the list is limited to: the query of its address.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub view: View,
    pub bands: Vec<Priority>,
    pub feeds: Vec<String>,
    pub district: String,
    pub overdue: bool,
    pub after: Option<Cursor>,
}

impl Asked {
    /// Reads the address. What cannot be understood does not limit.
    pub fn of_pairs(pairs: &[(String, String)]) -> Asked {
        let mut asked = Asked::default();
        for (name, value) in pairs {
            match name.as_str() {
                "view" => asked.view = View::parse(value).unwrap_or_default(),
                "band" => asked.bands.extend(Priority::parse(value)),
                "feed" if Feed::parse(value).is_some() => asked.feeds.push(value.clone()),
                "district" => value.trim().clone_into(&mut asked.district),
                "overdue" => asked.overdue = value == "1",
                "after" => asked.after = Cursor::parse(value),
                _ => {}
            }
        }
        asked
    }

    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("view", self.view.name().to_owned())];
        pairs.extend(self.bands.iter().map(|b| ("band", b.name().to_owned())));
        pairs.extend(self.feeds.iter().map(|f| ("feed", f.clone())));
        if !self.district.is_empty() {
            pairs.push(("district", self.district.clone()));
        }
        if self.overdue {
            pairs.push(("overdue", "1".to_owned()));
        }
        pairs
    }

    pub fn href(&self) -> String {
        link(&self.pairs())
    }

    pub fn is_filtered(&self) -> bool {
        self.pairs().len() > 1
    }
}

/// An address of the list.
pub fn link(pairs: &[(&'static str, String)]) -> String {
    let query: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    format!("/victim-care?{}", query.join("&"))
}

/// Text for the query of an address.
pub fn escaped(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.bytes()
        .map(|b| {
            if keep(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// The sort key of a page's last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    rank: i64,
    at: i64,
    id: WorkItemId,
}

impl Cursor {
    /// The place just behind a victim who is still to be called.
    pub const fn behind(band: Priority, due: Timestamp, id: WorkItemId) -> Cursor {
        Cursor {
            rank: band.rank(),
            at: due.micros(),
            id,
        }
    }

    pub fn parse(text: &str) -> Option<Cursor> {
        let mut parts = text.splitn(3, '.');
        Some(Cursor {
            rank: parts.next()?.parse().ok()?,
            at: parts.next()?.parse().ok()?,
            id: parts.next()?.parse().ok()?,
        })
    }

    pub fn text(&self) -> String {
        format!("{}.{}.{}", self.rank, self.at, self.id)
    }
}

/// One victim of the list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: WorkItemId,
    pub version: i64,
    pub name: String,
    pub title: String,
    pub district: String,
    pub band: Priority,
    pub feed: String,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub outcome: Option<String>,
    pub assignee_name: Option<String>,
    pub unit: String,
    /// Open reports of the thread.
    pub reports: i64,
    /// Who the report is held to be about.
    pub about: Option<PersonId>,
    /// Other reports of the same person, besides those of the thread.
    pub earlier: i64,
    pub attempts: i64,
    pub summary: Summary,
}

/// A page of the list.
pub struct Listing {
    pub rows: Vec<Listed>,
    pub next: Option<Cursor>,
    /// How many each view holds, in the order of [`View::ALL`], counted up to a cap.
    pub counts: Vec<u64>,
}

/// Reads a page of the list and enters what it shows.
pub async fn read(app: &App, actor: &Actor, asked: &Asked) -> Result<Listing, web::Error> {
    let queue = queue_of(actor);
    let grant = permit(app, actor, &LIST, &queue, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let scope = actor.scope();
    let tried = reader.count(tried_sql()).await?;
    let asking = Asking {
        scope: &scope,
        me: actor.id,
        now: app.now(),
        few_tried: tried < FEW,
    };
    let mut rows = Vec::with_capacity(ROWS);
    for row in reader.rows(page_sql(asked, &asking)).await? {
        rows.push(listed(&row)?);
    }
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let people: Vec<PersonId> = rows.iter().filter_map(|r: &Listed| r.about).collect();
    let counts = counts(&mut reader.conn(), &scope, &people).await?;
    for row in &mut rows {
        let all = row.about.and_then(|person| counts.get(&person)).copied();
        row.earlier = all.unwrap_or(0).saturating_sub(row.reports).max(0);
    }
    let next = rows.last().filter(|_| more).map(|last| Cursor {
        rank: last.band.rank(),
        at: match asked.view {
            View::Closed => last.closed_at.unwrap_or(last.due_at).micros(),
            _ => last.due_at.micros(),
        },
        id: last.id,
    });
    let mut counts = Vec::with_capacity(View::ALL.len());
    for view in View::ALL {
        let one = Asked {
            view,
            after: None,
            ..asked.clone()
        };
        let head = Sql::new("select count(*) as n from (select 1 from ");
        let sql = limited(asking.tables(head, view), &one, &asking);
        let count = reader
            .count(sql.with(" limit ?) counted", [MOST_COUNTED.into()]))
            .await?;
        counts.push(u64::try_from(count).unwrap_or_default());
    }
    let shown = Shown {
        kind: "work_item",
        query: asked.href(),
        ids: rows.iter().map(|r| r.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    Ok(Listing { rows, next, counts })
}

/// Victims tried and not yet reached, up to which a search for those to be tried later begins with them.
const FEW: i64 = 1_000;

fn tried_sql() -> Sql {
    Sql::new("select count(*) as n from (select 1 from protect_duty where line = 'awaiting'")
        .with(" limit ?) tried", [FEW.into()])
}

/// Who asks, and when.
struct Asking<'a> {
    scope: &'a Scope,
    me: ActorId,
    now: Timestamp,
    /// Whether fewer victims than [`FEW`] were tried and not yet reached. They are found first then;
    /// else those due later are, most of whom were tried.
    few_tried: bool,
}

impl Asking<'_> {
    /// The tables rows of a view are chosen from.
    fn tables(&self, head: Sql, view: View) -> Sql {
        head.then(if view == View::Later && self.few_tried {
            // SQLite keeps the order of a cross join.
            "protect_duty d cross join work_item w where "
        } else {
            "work_item w where "
        })
    }
}

/// First which rows, from the indexes of the list alone; then everything about those.
fn page_sql(asked: &Asked, asking: &Asking<'_>) -> Sql {
    let head = Sql::new(
        "select w.id, w.version, w.about, w.priority, w.feed, w.received_at, w.due_at, w.closed_at, \
         w.outcome, w.assignee_name, w.unit, w.summary, r.victim_label, r.title, \
         r.district, coalesce(d.attempts, 0) as attempts, \
         1 + (select count(*) from work_item f where f.lead = w.id and f.state <> 'closed') \
         as reports from (select w.id as item from ",
    );
    let mut sql = limited(asking.tables(head, asked.view), asked, asking);
    if let Some(cursor) = asked.after {
        let (rank, at, id): (Value, Value, Value) =
            (cursor.rank.into(), cursor.at.into(), cursor.id.into());
        sql = match asked.view {
            View::Closed => sql.with(" and (w.closed_at, w.id) < (?, ?)", [at, id]),
            View::Later => sql.with(" and (w.due_at, w.id) > (?, ?)", [at, id]),
            _ => sql.with(
                " and (w.priority, w.due_at, w.id) > (?, ?, ?)",
                [rank, at, id],
            ),
        };
    }
    let order = match asked.view {
        View::Closed => " order by w.closed_at desc, w.id desc",
        View::Later => " order by w.due_at, w.id",
        _ => " order by w.priority, w.due_at, w.id",
    };
    let most = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    sql.then(order)
        .with(" limit ?", [most.into()])
        .then(
            ") page cross join work_item w join shared_report r on r.id = w.subject \
             left join protect_duty d on d.report = w.subject where w.id = page.item",
        )
        .then(order)
}

/// The conditions a page and its count share.
fn limited(sql: Sql, asked: &Asked, asking: &Asking<'_>) -> Sql {
    let sql = in_view(sql, asked.view, asking);
    let sql = filtered(sql, asked, asking.now);
    work::visible(sql, asking.scope)
}

/// Every item has a feed. Asking for one keeps SQLite from the index by due time, which lacks it and
/// would be read from end to end.
const NOT_BY_DUE: &str = " and w.feed <> ''";

fn in_view(sql: Sql, view: View, asking: &Asking<'_>) -> Sql {
    // The queue in words, for the indexes that hold no other.
    let sql = sql.then("w.queue = 'protect.victim_care'");
    let now = asking.now;
    match view {
        // What was tried and is due later is in its own view.
        View::ToCall => sql.then(NOT_BY_DUE).with(
            " and w.state = 'open' and w.lead is null and (w.due_at <= ? \
             or not exists (select 1 from protect_duty t where t.report = w.subject))",
            [now.into()],
        ),
        View::Mine => sql.then(NOT_BY_DUE).with(
            " and w.state = 'taken' and w.lead is null and w.assignee = ?",
            [asking.me.into()],
        ),
        View::Later if asking.few_tried => sql.then(NOT_BY_DUE).with(
            " and w.subject = d.report and d.line = 'awaiting' \
             and w.state <> 'closed' and w.lead is null and w.due_at + 0 > ?",
            [now.into()],
        ),
        View::Later => sql.with(
            " and w.state in ('open', 'taken') and w.lead is null and w.due_at > ? \
             and exists (select 1 from protect_duty d where d.report = w.subject \
             and d.line = 'awaiting')",
            [now.into()],
        ),
        View::Taken => sql
            .then(NOT_BY_DUE)
            .then(" and w.state = 'taken' and w.lead is null"),
        View::Closed => sql.with(
            " and w.state = 'closed' and w.closed_at >= ? and w.outcome <> ?",
            [Timestamp::start_of(now.day()).into(), HANDED_OVER.into()],
        ),
    }
}

/// What the address limits the list to.
fn filtered(mut sql: Sql, asked: &Asked, now: Timestamp) -> Sql {
    let by_priority = !matches!(asked.view, View::Later | View::Closed);
    if !asked.bands.is_empty() {
        let ranks = asked.bands.iter().map(|b| b.rank().into());
        sql = sql.within(" and w.priority in", ranks);
    } else if asked.overdue && by_priority {
        // Band by band, each from its most overdue on: no sorting.
        sql = sql.within(" and w.priority in", Priority::ALL.map(|b| b.rank().into()));
    }
    if !asked.feeds.is_empty() {
        let feeds = asked.feeds.iter().map(|f| f.as_str().into());
        sql = sql.within(" and w.feed in", feeds);
    }
    if !asked.district.is_empty() {
        // As the database folds it.
        let district = asked.district.to_ascii_lowercase();
        sql = sql.with(" and w.district = ?", [district.into()]);
    }
    if asked.overdue {
        sql = sql.with(" and w.due_at < ?", [now.into()]);
    }
    sql
}

fn listed(row: &Row) -> Result<Listed, web::Error> {
    Ok(Listed {
        id: row.get("id")?,
        version: row.get("version")?,
        name: row.get("victim_label")?,
        title: row.get("title")?,
        district: row.get("district")?,
        band: Priority::of_rank(row.get("priority")?),
        feed: row.get("feed")?,
        received_at: row.get("received_at")?,
        due_at: row.get("due_at")?,
        closed_at: row.get("closed_at")?,
        outcome: row.get("outcome")?,
        assignee_name: row.get("assignee_name")?,
        unit: row.get("unit")?,
        reports: row.get("reports")?,
        about: row.get("about")?,
        earlier: 0,
        attempts: row.get("attempts")?,
        summary: row.json("summary")?,
    })
}
