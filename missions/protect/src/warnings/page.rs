//! One warning: what the public reads, how each channel carries it, what was done about it, and what may be
//! done next; and its press release.

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use record::time::Timestamp;
use serde::Deserialize;
use store::{Error as StoreError, Reader, Sql};
use web::parts::words::minutes_in_words;
use web::parts::{
    Button, DueCell, Hidden, Html, Input, Notice, Page, SummaryList, Tag, Textarea, TimeStamp,
    Timeline, TimelineItem,
};
use web::{App, Error, SignedIn};

use super::draft::TRIGGERS;
use super::edit::network_name;
use super::kept::{self, BY_MISTAKE, Done, Warning, What};
use super::policy::{WarningPolicy, holds};
use super::publish::{BY_HAND, EXPIRED, REPLACED};
use super::state::{Channel, State};
use super::steps::{Standing, has_written};
use super::{APPROVE, CHECK, CLEAR, Opened, SEND, VIEW, WRITE, compose, open};
use crate::victim_care::permit;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    done: String,
}

/// A channel of a warning that was sent.
struct Carried {
    channel: Channel,
    issued_at: Option<Timestamp>,
    by: String,
    reach: String,
    note: String,
    /// Whether somebody may record that it was carried out.
    may_post: bool,
    /// Ids of the fields, of which each channel has its own.
    reach_id: String,
    note_id: String,
}

/// A post ready to be copied.
struct Post {
    id: String,
    title: String,
    text: String,
    length: usize,
    longest: usize,
}

/// Something to do next, on a page of its own.
struct Next {
    href: String,
    text: String,
}

/// A form with one button.
struct Press {
    action: String,
    text: &'static str,
}

#[derive(Template)]
#[template(path = "warnings/one.html")]
struct OnePage {
    page: Page,
    warning: Warning,
    paragraphs: Vec<String>,
    facts: SummaryList,
    now: Timestamp,
    press: Option<Press>,
    next: Vec<Next>,
    waits_for: Vec<String>,
    seen: String,
    carried: Vec<Carried>,
    posts: Vec<Post>,
    has_press: bool,
    timeline: Timeline,
}

/// What the page shows beside the warning itself.
struct Around {
    carried: Vec<Carried>,
    network: Option<String>,
    subscribers: usize,
}

/// `GET /warnings/{id}`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let Opened { warning, done } = open(&app, &who.actor, &id).await?;
    let policy = app.policy::<WarningPolicy>()?;
    let around = around(&app, &who, &warning).await?;
    let mut page = who
        .page(&app, &warning.draft.title, "/warnings")
        .back("Warnings", "/warnings");
    page.notice = notice(&asked.done);
    let posts = policy
        .posts
        .iter()
        .filter(|_| warning.draft.channels.contains(&Channel::Posts));
    let posts = posts.map(|post| {
        let text = compose::post(&policy, &warning, post.longest);
        Post {
            id: post.id.clone(),
            title: post.title.clone(),
            length: text.chars().count(),
            longest: post.longest,
            text,
        }
    });
    let (press, next) = (
        press_of(&who, &warning),
        next(&who, &policy, (&warning, &done)),
    );
    web::html(&OnePage {
        page,
        paragraphs: warning
            .draft
            .what
            .split("\n\n")
            .map(str::to_owned)
            .collect(),
        facts: facts(&app, &policy, &who, (&warning, &around)),
        now: app.now(),
        waits_for: waits_for(&policy, (&warning, &done)),
        press,
        next,
        seen: warning.version.to_string(),
        carried: around.carried,
        posts: posts.collect(),
        has_press: warning.draft.channels.contains(&Channel::Press),
        timeline: Timeline::new(done.iter().rev().map(|d| item(&policy, d)).collect()),
        warning,
    })
}

fn notice(done: &str) -> Option<Notice> {
    let text = match done {
        "written" => "Saved. When the text is right, give it to be checked.",
        "submitted" => "It is being checked now.",
        "decided" => "Your decision is recorded.",
        "sent" => "Sent. The public side shows it within a minute, and email goes out in turn.",
        "posted" => "Recorded.",
        _ => return None,
    };
    Some(Notice::success(text))
}

async fn around(app: &App, who: &SignedIn, warning: &Warning) -> Result<Around, Error> {
    let resource = kept::resource(warning.id, &warning.unit);
    let grant = permit(app, &who.actor, &VIEW, &resource, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let carried = carried(&mut reader, who, warning, app.now()).await?;
    // Who may not open the network's page learns nothing of it here.
    let network = match warning.draft.network {
        Some(id) if who.may_open(app, "/networks/{id}") => {
            network_name(&mut reader.conn(), &who.actor.scope(), id).await?
        }
        _ => None,
    };
    let readers = super::subscribers::confirmed(&mut reader.conn()).await?;
    reader.opened().await?;
    Ok(Around {
        carried,
        network,
        subscribers: readers.iter().filter(|r| r.wants(&warning.draft)).count(),
    })
}

async fn carried(
    reader: &mut Reader,
    who: &SignedIn,
    warning: &Warning,
    now: Timestamp,
) -> Result<Vec<Carried>, StoreError> {
    let sql = Sql::new(
        "select channel, issued_at, by_name, reach, note from protect_warning_channel where ",
    )
    .with("warning = ?", [warning.id.into()]);
    let rows = reader.rows(sql).await?;
    let mut all = Vec::new();
    for channel in Channel::ALL {
        let named = |row: &&store::Row| {
            row.get::<String>("channel")
                .is_ok_and(|c| c == channel.name())
        };
        let Some(row) = rows.iter().find(named) else {
            continue;
        };
        let reach: Option<i64> = row.get("reach")?;
        let reach = match channel {
            Channel::Email => email_reach(reader, warning).await?,
            Channel::Page => page_reach(reader, warning, now).await?,
            _ => reach
                .map(|n| format!("{n} people reached"))
                .unwrap_or_default(),
        };
        all.push(Carried {
            channel,
            issued_at: row.get("issued_at")?,
            by: row.get("by_name")?,
            reach,
            note: row.get("note")?,
            may_post: channel.is_by_hand() && who.may(&SEND),
            reach_id: format!("reach-{}", channel.name()),
            note_id: format!("note-{}", channel.name()),
        });
    }
    Ok(all)
}

/// How far the e-mail has come.
async fn email_reach(reader: &mut Reader, warning: &Warning) -> Result<String, StoreError> {
    let sql =
        Sql::new("select state, count(*) as n from protect_message where purpose = 'warning' and ")
            .with(
                "item = ? group by state order by state",
                [warning.id.into()],
            );
    let mut parts = Vec::new();
    for row in reader.rows(sql).await? {
        let (state, n): (String, i64) = (row.get("state")?, row.get("n")?);
        let words = match state.as_str() {
            "sent" => "sent",
            "queued" | "handed_over" => "on the way",
            "failed" => "refused by the receiving server",
            "unsure" => "not known, and not sent again",
            _ => "taken back",
        };
        parts.push(format!("{n} {words}"));
    }
    Ok(match parts.is_empty() {
        true => "Nobody has asked for warnings like this".to_owned(),
        false => parts.join(", "),
    })
}

/// Views of the page of alerts on the days the warning stood there. Days are the finest the counts are kept in.
async fn page_reach(
    reader: &mut Reader,
    warning: &Warning,
    now: Timestamp,
) -> Result<String, StoreError> {
    let Some(sent) = warning.sent_at else {
        return Ok(String::new());
    };
    let until = warning.cleared_at.unwrap_or(now);
    // A sum is a numeric in PostgreSQL, unless it is cast.
    let sql = Sql::new(
        "select cast(coalesce(sum(views), 0) as bigint) as n from protect_page_view where page = '/alerts' and ",
    )
    .with(
        "day >= ? and day <= ?",
        [Timestamp::start_of(sent.day()).into(), until.into()],
    );
    let views = reader.count(sql).await?;
    Ok(format!(
        "The page was opened {views} times on the days it stood there"
    ))
}

fn facts(
    app: &App,
    policy: &WarningPolicy,
    who: &SignedIn,
    (warning, around): (&Warning, &Around),
) -> SummaryList {
    let draft = &warning.draft;
    let kind = policy
        .kind(&draft.kind)
        .map_or(draft.kind.as_str(), |k| k.title.as_str());
    let trigger = TRIGGERS
        .iter()
        .find(|(id, _)| *id == draft.trigger)
        .map_or("", |(_, title)| *title);
    let channels: Vec<&str> = draft.channels.iter().map(|c| c.title()).collect();
    let email = draft.channels.contains(&Channel::Email) && warning.sent_at.is_none();
    let facts = SummaryList::new()
        .row("Kind", kind)
        .row(
            "Immediate threat",
            if draft.immediate { "Yes" } else { "No" },
        )
        .row("For", compose::audience(policy, draft))
        .row("Channels", channels.join(", "))
        .row_if(
            "Subscribers it would reach",
            email.then(|| around.subscribers.to_string()),
        )
        .row("Because of", format!("{trigger}. {}", draft.cause));
    let facts = match (draft.network, &around.network) {
        (Some(id), Some(name)) => {
            facts.row("Network", network_link(&format!("/networks/{id}"), name))
        }
        _ => facts,
    };
    let facts = facts
        .row_if(
            "Figures",
            Some(draft.source.as_str()).filter(|s| !s.is_empty()),
        )
        .row("Decided to warn", draft.decided_at.show())
        .row_if("Sent", warning.sent_at.map(Timestamp::show))
        .row_if(
            "Reached the public",
            warning.issued_at.map(|at| took(at, draft.decided_at)),
        )
        .row("In force until", draft.expires_at.show())
        .row_if(
            "Ended",
            warning.cleared_at.map(|at| ended(at, &warning.cleared_how)),
        );
    let replaces = draft
        .replaces
        .filter(|_| who.may_open(app, "/warnings/{id}"));
    facts.row_if(
        "Takes the place of",
        replaces.map(|id| network_link(&format!("/warnings/{id}"), "an earlier warning")),
    )
}

fn ended(at: Timestamp, how: &str) -> String {
    let how = match how {
        BY_HAND => "cleared down by hand",
        EXPIRED => "its time was over",
        REPLACED => "another took its place",
        BY_MISTAKE => "entered by mistake, and not counted",
        _ => "not needed any more",
    };
    format!("{}: {how}", at.show())
}

fn took(at: Timestamp, decided: Timestamp) -> String {
    format!(
        "{}, {} after the decision",
        at.show(),
        minutes_in_words(at.minutes_since(decided))
    )
}

fn network_link(href: &str, text: &str) -> Html {
    Html::of(&Button::link(text).href(href).flush())
}

/// The one step that needs no page of its own.
fn press_of(who: &SignedIn, warning: &Warning) -> Option<Press> {
    let (path, text, act) = match warning.state {
        State::Draft => ("submit", "Give it to be checked", &WRITE),
        State::Approved => ("send", "Send it now", &SEND),
        _ => return None,
    };
    who.may(act).then(|| Press {
        action: format!("/warnings/{}/{path}", warning.id),
        text,
    })
}

/// What else this person may do next.
fn next(who: &SignedIn, policy: &WarningPolicy, (warning, done): (&Warning, &[Done])) -> Vec<Next> {
    let at = |path: String, text: String| Next {
        href: format!("/warnings/{}/{path}", warning.id),
        text,
    };
    let standing = Standing::of(done);
    let wrote = has_written(done, who.actor.id);
    let mut next = Vec::new();
    match warning.state {
        State::Draft if who.may(&WRITE) => {
            next.push(at("edit".to_owned(), "Change the text".to_owned()))
        }
        State::Checking if who.may(&CHECK) => {
            let open = policy
                .checks
                .iter()
                .filter(|c| !standing.has_checked(&c.id));
            let own = open.filter(|c| holds(&who.actor, &c.roles) && !(c.by_another && wrote));
            next.extend(own.map(|c| {
                at(
                    format!("check/{}", c.id),
                    format!("Check: {}", c.title.to_lowercase()),
                )
            }));
        }
        State::Approving if who.may(&APPROVE) && !wrote && !standing.approved_by(who.actor.id) => {
            let open = policy
                .approvals(warning.draft.immediate)
                .filter(|a| !standing.has_approved(&a.id));
            let own = open.filter(|a| holds(&who.actor, &a.roles));
            next.extend(own.map(|a| {
                at(
                    format!("approve/{}", a.id),
                    format!("Approve: {}", a.title.to_lowercase()),
                )
            }));
        }
        State::Sent => {
            if who.may(&CLEAR) {
                next.push(at("clear".to_owned(), "Clear it down".to_owned()));
            }
            if who.may(&WRITE) {
                next.push(Next {
                    href: format!("/warnings/new?replaces={}", warning.id),
                    text: "Write an update".to_owned(),
                });
            }
        }
        _ => {}
    }
    if warning.state.is_in_hand() && who.may(&WRITE) {
        next.push(at("withdraw".to_owned(), "Withdraw it".to_owned()));
    }
    next
}

/// What has to happen before it can be sent, and by whom.
fn waits_for(policy: &WarningPolicy, (warning, done): (&Warning, &[Done])) -> Vec<String> {
    let standing = Standing::of(done);
    match warning.state {
        State::Checking => policy
            .checks
            .iter()
            .filter(|c| !standing.has_checked(&c.id))
            .map(|c| format!("Check: {}", c.title.to_lowercase()))
            .collect(),
        State::Approving => policy
            .approvals(warning.draft.immediate)
            .filter(|a| !standing.has_approved(&a.id))
            .map(|a| format!("Approval: {}", a.title.to_lowercase()))
            .collect(),
        _ => Vec::new(),
    }
}

fn item(policy: &WarningPolicy, done: &Done) -> TimelineItem {
    let title = match &done.what {
        What::Written => format!("Written, edition {}", done.edition),
        What::Submitted => "Given to be checked".to_owned(),
        What::Checked(id) => {
            let title = policy.check(id).map_or(id.as_str(), |c| c.title.as_str());
            format!("Checked: {}", title.to_lowercase())
        }
        What::SentBack => "Sent back to its writer".to_owned(),
        What::Approved(id) => {
            let title = policy
                .approval(id)
                .map_or(id.as_str(), |a| a.title.as_str());
            format!("Approved: {}", title.to_lowercase())
        }
        What::Sent => "Sent".to_owned(),
        What::Posted(channel) => format!("Carried out: {}", channel.title().to_lowercase()),
        What::Cleared => "Cleared down".to_owned(),
        What::Withdrawn => "Withdrawn".to_owned(),
    };
    let text: Vec<&str> = [done.reason.as_str(), &done.detail]
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect();
    TimelineItem::new(title, done.at)
        .by(done.by_name.as_str())
        .text(Html::text(text.join(". ")))
}
