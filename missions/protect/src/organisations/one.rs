//! The page of an organisation: what is known, what was done, what is due.

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use record::access::{Act, Actor};
use record::ids::{RecordId, ReportId};
use record::time::Timestamp;
use store::{Conn, Result as Stored, Sql};
use web::parts::{
    Button, DueCell, Hidden, Page, SummaryList, Tag, TimeStamp, Timeline, TimelineItem,
};
use web::{App, Error, SignedIn};

use super::actions::{self, Action};
use super::assessment::{self, Assessment};
use super::contact::{self, Interest, is_current, last_check};
use super::engage::{self, Engagement};
use super::linking::{self, Linked};
use super::list::tag;
use super::people::{self, Person};
use super::policy::{OrganisationPolicy, title_of};
use super::referral::{self, Referral};
use super::rows::{Organisation, opened};
use super::schemes::{self, Standing};
use super::state::State;
use super::{
    ASSESS, CLOSE, DECONFLICT, ENGAGE, FOLLOW_UP, INTEREST, LINK, RECORD, REFER, SCHEME, VIEW,
};

/// Everything that is kept about an organisation and that the actor may see.
pub struct Whole {
    pub organisation: Organisation,
    pub people: Vec<Person>,
    /// None for those who may not see whether others have an interest.
    pub interests: Option<Vec<Interest>>,
    pub checked_at: Option<Timestamp>,
    pub engagements: Vec<Engagement>,
    pub assessments: Vec<Assessment>,
    pub actions: Vec<Action>,
    pub schemes: Vec<Standing>,
    pub referrals: Vec<Referral>,
    pub reports: Vec<Linked>,
    pub steps: Vec<Step>,
}

/// One line of the history.
pub struct Step {
    pub at: Timestamp,
    pub what: String,
    pub note: String,
    pub after: State,
    pub before: State,
    pub by: String,
}

async fn steps(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Vec<Step>> {
    let sql =
        Sql::new("select at, what, note, before, after, by_name from protect_org_step where ")
            .with(
                "organisation = ? order by at desc, id desc limit 200",
                [organisation.into()],
            );
    let rows = conn.rows(sql).await?;
    let state = |text: String| State::parse(&text).unwrap_or(State::Identified);
    let read = rows.iter().map(|row| {
        Ok(Step {
            at: row.get("at")?,
            what: row.get("what")?,
            note: row.get("note")?,
            after: state(row.get("after")?),
            before: state(row.get("before")?),
            by: row.get("by_name")?,
        })
    });
    read.collect()
}

/// Opens an organisation: a consultation.
pub async fn open(app: &App, actor: &Actor, id: &str) -> Result<Whole, Error> {
    let (organisation, grant) = opened(app, actor, id, &VIEW).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let sees_interests = contact::may_see(actor, &organisation);
    if sees_interests {
        // The look itself is in the ledger, besides that the record was opened.
        let of = organisation.resource();
        let look = crate::victim_care::permit(app, actor, &DECONFLICT, &of, "").await?;
        app.store().read_to_show(&look).await?.opened().await?;
    }
    let mut reader = app.store().read(&grant).await?;
    let mut conn = reader.conn();
    let id = organisation.id;
    let interests = match sees_interests {
        true => Some(contact::interests(&mut conn, &policy, id, app.now()).await?),
        false => None,
    };
    // Other bodies' visits are an interest, too.
    let mut engagements = engage::of(&mut conn, id).await?;
    let mut steps = steps(&mut conn, id).await?;
    if !sees_interests {
        engagements.retain(|e| e.body == super::policy::FORCE);
        let ours = policy.body_title(super::policy::FORCE);
        let by_others = |s: &Step| {
            s.what
                .strip_prefix("Engagement by ")
                .is_some_and(|body| body != ours)
        };
        steps.retain(|s| !by_others(s));
    }
    Ok(Whole {
        people: people::of(&mut conn, id).await?,
        checked_at: last_check(&mut conn, id).await?,
        assessments: assessment::of(&mut conn, id).await?,
        actions: actions::of(&mut conn, id).await?,
        schemes: schemes::of(&mut conn, id).await?,
        referrals: referral::of(&mut conn, id).await?,
        reports: linking::reports(&mut conn, &actor.scope(), &organisation).await?,
        interests,
        engagements,
        steps,
        organisation,
    })
}

/// A way on from the page.
struct Way {
    href: String,
    title: &'static str,
}

#[derive(Template)]
#[template(path = "organisations/one.html")]
struct OnePage {
    page: Page,
    href: String,
    now: Timestamp,
    state: State,
    state_tag: Tag<'static>,
    critical: bool,
    /// The button of the page: what is to be done next.
    next: Option<Way>,
    ways: Vec<Way>,
    interests: Option<Vec<Interest>>,
    checked: String,
    facts: SummaryList,
    people: Vec<Person>,
    assessments: Vec<Assessment>,
    actions: Vec<Action>,
    engagements: Vec<ShownEngagement>,
    schemes: SummaryList,
    referrals: Vec<Referral>,
    reports: Vec<Linked>,
    history: Timeline,
    may_follow_up: bool,
    may_refer: bool,
    may_link: bool,
    sees_reports: bool,
}

impl OnePage {
    fn report_href(&self, id: &ReportId) -> String {
        format!("/reports/{id}")
    }
}

/// An engagement with its words.
struct ShownEngagement {
    by: String,
    on: Timestamp,
    facts: SummaryList,
}

fn engagement(policy: &OrganisationPolicy, of: &Engagement) -> ShownEngagement {
    let titles = |ids: &[String], title: &dyn Fn(&str) -> String| {
        let all: Vec<String> = ids.iter().map(|id| title(id)).collect();
        all.join(", ")
    };
    let topics = titles(&of.topics, &|id| title_of(&policy.topics, id).to_owned());
    let schemes = titles(&of.schemes, &|id| {
        policy
            .scheme(id)
            .map_or_else(|| id.to_owned(), |s| s.title.clone())
    });
    let some = |text: String| (!text.is_empty()).then_some(text);
    let attended = (of.attendees > 0).then(|| of.attendees.to_string());
    let joint = of.joint_with.map(|_| "With another body");
    let facts = SummaryList::new()
        .compact()
        .row("Format", title_of(&policy.formats, &of.format))
        .row("Officers", of.officers.as_str())
        .row("Topics", topics)
        .row_if("People there", attended)
        .row_if("Told of", some(schemes))
        .row_if("Joint", joint)
        .row_if("Note", some(of.note.clone()))
        .row_if("Next contact", of.follow_up_at.map(|at| at.day().show()));
    ShownEngagement {
        by: policy.body_title(&of.body).to_owned(),
        on: of.on,
        facts,
    }
}

fn facts(policy: &OrganisationPolicy, of: &Organisation) -> SummaryList {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let size = match of.size.as_str() {
        "" => "Not known",
        size => policy.size_title(size),
    };
    SummaryList::new()
        .compact()
        .row("Kind", title_of(&policy.kinds, &of.kind))
        .row("Staff", size)
        .row_if("Sector", some(title_of(&policy.sectors, &of.sector)))
        .row_if("District", some(&of.district))
        .row_if("Postcode", of.postcode.as_deref())
        .row_if("Company number", of.company_number.as_deref())
        .row_if("IT provider", some(&of.it_provider))
        .row_if("Cyber insurer", some(&of.insurer))
        .row("Reason for contact", title_of(&policy.reasons, &of.reason))
        .row(
            "Recorded",
            format!("{} by {}", of.created_at.day().show(), of.created_by),
        )
}

fn standing(policy: &OrganisationPolicy, schemes: &[Standing], now: Timestamp) -> SummaryList {
    policy
        .schemes
        .iter()
        .fold(SummaryList::new().compact(), |list, scheme| {
            let held = schemes.iter().find(|s| s.scheme == scheme.id);
            let words = held.map_or_else(|| "Not told".to_owned(), |s| s.in_words(policy, now));
            list.row(&scheme.title, words)
        })
}

fn history(steps: &[Step]) -> Timeline {
    let items = steps.iter().map(|step| {
        let item = TimelineItem::new(&step.what, step.at).by(&step.by);
        match (step.after == step.before, step.note.is_empty()) {
            (true, true) => item,
            (true, false) => item.text(&step.note),
            (false, true) => item.text(format!("Now {}.", step.after.title().to_lowercase())),
            (false, false) => item.text(format!(
                "Now {}. {}",
                step.after.title().to_lowercase(),
                step.note
            )),
        }
    });
    Timeline::new(items.collect())
}

/// What the person may do here, the step that comes next apart.
fn ways(actor: &Actor, organisation: &Organisation, current: bool) -> (Option<Way>, Vec<Way>) {
    let resource = organisation.resource();
    let base = organisation.href();
    let mut all: Vec<(&'static str, &'static str, &Act)> = vec![
        ("contact", "Look at other interests before contact", &ENGAGE),
        ("engagements", "Record an engagement", &ENGAGE),
        ("assess", "Start an assessment", &ASSESS),
        ("referrals/new", "Offer a referral to the Centre", &REFER),
        ("schemes", "Record schemes", &SCHEME),
        ("people", "Add a contact", &RECORD),
        ("facts", "Change facts", &RECORD),
        ("interests", "Record another body's interest", &INTEREST),
        ("close", "Close the work", &CLOSE),
    ];
    all.retain(|(_, _, act)| actor.may(act, &resource));
    if organisation.state == State::Closed {
        all.retain(|(end, ..)| *end != "close");
    }
    let first = match organisation.state {
        State::Identified | State::Closed => "contact",
        State::Contacted if !current => "contact",
        State::Contacted => "engagements",
        State::Engaged => "assess",
        State::Assessed | State::Advised | State::FollowUp => "",
    };
    let way = |(end, title, _): (&'static str, &'static str, &Act)| Way {
        href: format!("{base}/{end}"),
        title,
    };
    let next = all.iter().position(|(end, ..)| *end == first);
    let next = next.map(|at| way(all.remove(at)));
    (next, all.into_iter().map(way).collect())
}

/// `GET /organisations/{id}`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let whole = open(&app, &who.actor, &id).await?;
    let (now, of) = (app.now(), &whole.organisation);
    let current = is_current(&policy, whole.checked_at, now);
    let (next, ways) = ways(&who.actor, of, current);
    let resource = of.resource();
    let may = |act: &Act| who.actor.may(act, &resource);
    let checked = match whole.checked_at {
        Some(at) if current => format!("Last looked at on {}.", at.day().show()),
        Some(at) => format!(
            "Last looked at on {}: look again before contact.",
            at.day().show()
        ),
        None => "Nobody has looked yet.".to_owned(),
    };
    web::html(&OnePage {
        page: who
            .page(&app, &of.name, "/organisations")
            .back("Organisations", "/organisations"),
        href: of.href(),
        now,
        state: of.state,
        state_tag: tag(of.state),
        critical: of.critical,
        next,
        ways,
        checked,
        facts: facts(&policy, of),
        engagements: whole
            .engagements
            .iter()
            .map(|e| engagement(&policy, e))
            .collect(),
        schemes: standing(&policy, &whole.schemes, now),
        history: history(&whole.steps),
        may_follow_up: may(&FOLLOW_UP),
        may_refer: may(&REFER),
        may_link: may(&LINK),
        sees_reports: who.may_open(&app, "/reports/{id}"),
        interests: whole.interests,
        people: whole.people,
        assessments: whole.assessments,
        actions: whole.actions,
        referrals: whole.referrals,
        reports: whole.reports,
    })
}
