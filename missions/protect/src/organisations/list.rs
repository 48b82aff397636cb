//! The list of organisations.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use record::access::{Actor, Resource};
use record::ids::RecordId;
use record::time::Timestamp;
use serde::Deserialize;
use store::{Error as StoreError, Shown, Sql};
use web::parts::{
    Button, Choice, DueCell, Empty, FilterPanel, Html, Input, Page, Pagination, Select, SubNav, Tag,
};
use web::{App, Error, SignedIn};

use super::identity;
use super::policy::{OrganisationPolicy, title_of};
use super::rows::{COLUMNS, Organisation, visible};
use super::state::State;
use super::{LIST, RECORD};
use crate::victim_care::permit;

const ROWS: usize = 50;

/// What the list is asked for.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Name, company number or postcode.
    pub q: String,
    /// `open`, `due` or `closed`.
    pub view: String,
    pub state: String,
    /// Where the page begins: `next` of the page before.
    pub after: String,
}

/// An organisation on the list.
pub struct Listed {
    pub organisation: Organisation,
    /// When the next agreed action is due, of those still open, and when it was agreed.
    pub due: Option<(Timestamp, Timestamp)>,
}

/// A page of the list.
pub struct Listing {
    pub rows: Vec<Listed>,
    pub next: Option<String>,
}

/// Open actions of an organisation.
const OPEN_ACTIONS: &str = "from protect_org_action a where a.organisation = o.id \
    and (a.result is null or a.result in ('part', 'not'))";

fn wanted(actor: &Actor, asked: &Asked, now: Timestamp) -> Sql {
    let mut sql = Sql::new(COLUMNS);
    sql = match asked.view.as_str() {
        "closed" => sql.then("o.state = 'closed'"),
        "due" => sql
            .then("exists (select 1 ")
            .then(OPEN_ACTIONS)
            .with(" and a.due_at <= ?)", [now.into()]),
        _ => sql.then("o.state <> 'closed'"),
    };
    if let Some(state) = State::parse(&asked.state) {
        sql = sql.with(" and o.state = ?", [state.name().into()]);
    }
    if !asked.q.trim().is_empty() {
        // A normal form holds letters, figures and spaces: nothing that `like` would read otherwise.
        let name = format!("%{}%", identity::name_key(&asked.q));
        sql = sql.with(
            " and (o.name_key like ? or o.company_number = ? or o.postcode = ?)",
            [
                name.into(),
                identity::company_number(&asked.q).into(),
                identity::postcode(&asked.q).into(),
            ],
        );
    }
    if let Some((at, id)) = place(&asked.after) {
        sql = sql.with(
            " and (o.changed_at < ? or (o.changed_at = ? and o.id < ?))",
            [at.into(), at.into(), id.into()],
        );
    }
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    visible(sql, &actor.scope()).with(
        " order by o.changed_at desc, o.id desc limit ?",
        [limit.into()],
    )
}

fn place(text: &str) -> Option<(i64, RecordId)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

/// Reads a page of the list; what it shows is in the ledger before it is sent.
pub async fn read(app: &App, actor: &Actor, asked: &Asked) -> Result<Listing, Error> {
    let of = Resource::of("page", "organisations").of_unit(actor.unit.clone());
    let grant = permit(app, actor, &LIST, &of, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let found = reader.rows(wanted(actor, asked, app.now())).await?;
    let mut all = found
        .iter()
        .map(Organisation::of)
        .collect::<Result<Vec<_>, StoreError>>()?;
    let more = all.len() > ROWS;
    all.truncate(ROWS);
    let sql = Sql::new(
        "select organisation, due_at, agreed_at from protect_org_action where \
         (result is null or result in ('part', 'not')) and",
    )
    .within(" organisation in", all.iter().map(|o| o.id.into()))
    .then(" order by due_at desc");
    let mut due: BTreeMap<RecordId, (Timestamp, Timestamp)> = BTreeMap::new();
    for row in reader.rows(sql).await? {
        // The soonest comes last and stays.
        due.insert(
            row.get("organisation")?,
            (row.get("due_at")?, row.get("agreed_at")?),
        );
    }
    let shown = Shown {
        kind: "organisation",
        query: format!("{} {} {}", asked.view, asked.state, asked.q),
        ids: all.iter().map(|o| o.id.to_string()).collect(),
    };
    reader.shown(shown).await?;
    let next = all
        .last()
        .filter(|_| more)
        .map(|last| format!("{}.{}", last.changed_at.micros(), last.id));
    let rows = all.into_iter().map(|organisation| Listed {
        due: due.get(&organisation.id).copied(),
        organisation,
    });
    Ok(Listing {
        rows: rows.collect(),
        next,
    })
}

/// A row, ready to be shown.
struct Row {
    href: String,
    name: String,
    kind: String,
    size: String,
    district: String,
    state: State,
    critical: bool,
    due: Option<(Timestamp, Timestamp)>,
}

impl Row {
    fn tag(&self) -> Tag<'static> {
        tag(self.state)
    }
}

/// A state as a tag.
pub fn tag(state: State) -> Tag<'static> {
    match state {
        State::Identified => Tag::grey(state.title()),
        State::Closed => Tag::grey(state.title()),
        State::FollowUp | State::Advised => Tag::green(state.title()),
        _ => Tag::blue(state.title()),
    }
}

#[derive(Template)]
#[template(path = "organisations/list.html")]
struct ListPage {
    page: Page,
    views: SubNav,
    filters: FilterPanel,
    rows: Vec<Row>,
    now: Timestamp,
    may_record: bool,
    pages: Pagination,
}

/// Views: name and title.
const VIEWS: [(&str, &str); 3] = [
    ("open", "Open"),
    ("due", "Follow-up due"),
    ("closed", "Closed"),
];

fn filters(asked: &Asked) -> FilterPanel {
    let mut states = vec![Choice::new("", "Any state")];
    let open = State::ALL.into_iter().filter(|s| *s != State::Closed);
    states.extend(open.map(|s| Choice::new(s.name(), s.title())));
    let fields = Html::of(&Input::new("q", "Name, company number or postcode").value(&asked.q))
        .and(&Select::new("state", "State", &states).chosen(&asked.state))
        .and(&web::parts::Hidden::new("view", &asked.view));
    FilterPanel::new("/organisations", fields)
}

/// An address of the list with these values.
fn address(asked: &Asked, after: &str) -> String {
    let pairs = [
        ("view", asked.view.as_str()),
        ("state", asked.state.as_str()),
        ("q", asked.q.as_str()),
        ("after", after),
    ];
    let kept: Vec<(&str, &str)> = pairs.into_iter().filter(|(_, v)| !v.is_empty()).collect();
    let query = serde_html_form::to_string(kept).unwrap_or_default();
    format!("/organisations?{query}")
}

/// `GET /organisations`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let listing = read(&app, &who.actor, &asked).await?;
    let rows = listing.rows.into_iter().map(|listed| {
        let of = listed.organisation;
        Row {
            href: of.href(),
            kind: title_of(&policy.kinds, &of.kind).to_owned(),
            size: policy.size_title(&of.size).to_owned(),
            name: of.name,
            district: of.district,
            state: of.state,
            critical: of.critical,
            due: listed.due,
        }
    });
    let current = match VIEWS.iter().find(|(name, _)| *name == asked.view) {
        Some((name, _)) => *name,
        None => "open",
    };
    let views = VIEWS
        .iter()
        .fold(SubNav::new("Views"), |nav, (name, title)| {
            let href = format!("/organisations?view={name}");
            nav.view(*title, href, *name == current, None)
        });
    web::html(&ListPage {
        page: who.page(&app, "Organisations", "/organisations"),
        views,
        filters: filters(&asked),
        rows: rows.collect(),
        now: app.now(),
        may_record: who.may(&RECORD),
        pages: Pagination::new("Pages of organisations")
            .next(listing.next.map(|next| address(&asked, &next))),
    })
}
