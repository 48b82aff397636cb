//! One follow-up: its questions, and what came of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::{ReportId, WorkItemId};
use record::time::Timestamp;
use record::work::{WorkItem, WorkState};
use store::{Conn, Sql, work};
use web::parts::{
    Button, CharacterCount, Choice, FieldErrors, Hidden, Input, LabelSize, Page, Radios,
    WarningText,
};
use web::{App, Error, Form, SignedIn};

use super::answers::{Agreed, changed, scale, to_confirm};
use super::policy::{FollowUpPolicy, RE_OFFER};
use super::write::Saying;
use super::{LOOK, QUEUE, RECORD, VIEW};
use crate::care_record::fields::Fields;
use crate::care_record::safe::Checked;
use crate::care_record::{Kept, Needs, RecordPolicy, needs_of};
use crate::victim_care::duty::Channel;
use crate::victim_care::{Care, permit};

/// Everything the page of one follow-up shows.
struct Opened {
    item: WorkItem,
    name: String,
    phone: Option<String>,
    given: Vec<Agreed>,
    tries: i64,
    needs: Option<Kept<Needs>>,
}

impl Opened {
    /// Why a call at this time breaks the safe-contact rule.
    fn broken_by(&self, at: Timestamp) -> Option<String> {
        let needs = &self.needs.as_ref()?.content;
        needs.broken_by(at, Channel::Phone, false)
    }
}

#[derive(Template)]
#[template(path = "follow_up/one.html")]
struct OnePage {
    page: Page,
    id: WorkItemId,
    version: String,
    lede: String,
    phone: Option<String>,
    dial: String,
    needs: Vec<(String, String)>,
    unsafe_now: Option<String>,
    record_href: Option<String>,
    re_offer: bool,
    confirm: Vec<(String, String)>,
    asked: Asked,
    typed: Fields,
    errors: FieldErrors,
    may_record: bool,
    longest: u32,
    script: String,
}

impl OnePage {
    fn typed(&self, name: &str) -> &str {
        self.typed.text(name)
    }
}

async fn find(app: &App, who: &SignedIn, id: &str) -> Result<WorkItem, Error> {
    let id: WorkItemId = id.parse().map_err(|_| Error::NotFound)?;
    let queue = Resource::of("queue", QUEUE);
    let grant = app
        .system()
        .permit(&LOOK, &queue, "")
        .map_err(store::Error::from)?;
    let mut reader = app.store().read(&grant).await?;
    let item = work::find(&mut reader.conn(), &who.actor.scope(), id).await?;
    if item.queue != QUEUE {
        return Err(Error::NotFound);
    }
    Ok(item)
}

async fn open(app: &App, who: &SignedIn, id: &str) -> Result<Opened, Error> {
    let item = find(app, who, id).await?;
    let grant = permit(app, &who.actor, &VIEW, &work::resource(&item), "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = Sql::new("select victim_label, content from shared_report where ")
        .with("id = ?", [item.subject.into()]);
    let row = reader.first(sql).await?.ok_or(Error::NotFound)?;
    let report: record::report::Report = row.json("content")?;
    let mut conn = reader.conn();
    let given = given(&mut conn, item.subject).await?;
    let tries = Sql::new("select count(*) as n from protect_follow_up_try where ")
        .with("item = ?", [item.id.into()]);
    let tries = conn.count(tries).await?;
    let needs = needs_of(&mut conn, &item).await?;
    Ok(Opened {
        name: row.get("victim_label")?,
        phone: report.victim.phone,
        given,
        tries,
        needs,
        item,
    })
}

/// Topics given on the calls about a report, with the responses.
async fn given(conn: &mut Conn<'_>, report: ReportId) -> store::Result<Vec<Agreed>> {
    let sql = Sql::new(
        "select distinct t.topic, t.response from protect_topic t \
         join protect_contact_report c on c.contact = t.contact where ",
    )
    .with(
        "c.report = ? order by t.topic, t.response limit 500",
        [report.into()],
    );
    let rows = conn.rows(sql).await?;
    let each = rows.iter().map(|r| {
        Ok(Agreed {
            topic: r.get("topic")?,
            response: r.get("response")?,
        })
    });
    each.collect()
}

/// What is asked, with the answers there are.
struct Asked {
    reached: Vec<Choice>,
    new_contact: Vec<Choice>,
    support: Vec<Choice>,
    yes_no: Vec<Choice>,
    satisfied: Vec<Choice>,
}

impl Asked {
    fn new() -> Asked {
        let named = |pairs: &[(&str, &str)]| {
            let choice = |(v, l): &(&str, &str)| Choice::new(*v, *l);
            pairs.iter().map(choice).collect()
        };
        Asked {
            reached: named(&[
                ("yes", "Spoken to"),
                ("no", "Not reached"),
                ("declined", "Did not want to talk"),
            ]),
            new_contact: named(&[
                ("no", "No"),
                ("yes", "Yes"),
                ("unknown", "Does not want to say"),
            ]),
            support: named(&[
                ("accepted", "Wants support now"),
                ("refused", "Still refuses"),
            ]),
            yes_no: named(&[("yes", "Yes, done"), ("no", "Not yet")]),
            satisfied: (1..=5)
                .map(|n| Choice::new(n.to_string(), n.to_string()))
                .collect(),
        }
    }
}

/// What the caller says first.
fn script(care: &Care, who: &SignedIn, item: &WorkItem) -> String {
    let body = care.partner(&who.actor.unit);
    let body = body.map_or(care.force.as_str(), |p| p.title.as_str());
    format!(
        "My name is {}. I am calling from {body} to ask how you are since we spoke. You can check \
         who I am: hang up, call 101 from another phone and give the reference {}.",
        who.actor.name, item.summary.reference
    )
}

fn build(
    app: &App,
    who: &SignedIn,
    opened: &Opened,
    typed: Fields,
    errors: FieldErrors,
) -> Result<OnePage, Error> {
    let (policy, care) = (app.policy::<FollowUpPolicy>()?, app.policy::<Care>()?);
    let records = app.policy::<RecordPolicy>()?;
    let item = &opened.item;
    let page = who.page(app, &format!("Follow up {}", opened.name), "/follow-ups");
    let confirm = to_confirm(&policy, &opened.given).into_iter();
    let confirm = confirm.map(|t| (format!("topic-{t}"), care.words(&t)));
    let needs = opened.needs.iter().flat_map(|k| k.content.lines(&records));
    let phone = opened.phone.clone().unwrap_or_default();
    let may_record = who.actor.may(&RECORD, &work::resource(item));
    Ok(OnePage {
        id: item.id,
        version: item.version.to_string(),
        lede: format!(
            "{}. {}. Tried {} times.",
            policy.title(&item.band),
            item.summary.reference,
            opened.tries
        ),
        dial: phone
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect(),
        phone: opened.phone.clone(),
        needs: needs.map(|(name, text)| (name.to_owned(), text)).collect(),
        unsafe_now: opened.broken_by(app.now()),
        record_href: item.origin.map(|o| format!("/victim-care/{o}/record")),
        re_offer: item.band == RE_OFFER,
        confirm: confirm.collect(),
        asked: Asked::new(),
        may_record: may_record && item.state != WorkState::Closed,
        longest: u32::try_from(policy.longest_note).unwrap_or(u32::MAX),
        script: script(&care, who, item),
        page: page.back("Follow-ups", "/follow-ups").with_errors(&errors),
        typed,
        errors,
    })
}

/// `GET /follow-ups/{id}`.
pub(super) async fn one(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let opened = open(&app, &who, &id).await?;
    web::html(&build(
        &app,
        &who,
        &opened,
        Fields::default(),
        FieldErrors::new(),
    )?)
}

/// A try as the form says it.
pub struct Tried {
    pub reached: bool,
    pub declined: bool,
    pub new_contact: String,
    pub wellbeing: Option<i64>,
    pub satisfaction: Option<i64>,
    pub support: String,
    pub confirmed: Vec<(String, bool)>,
    pub changed: bool,
    pub note: String,
}

/// What the victim said of the actions agreed on the call.
fn confirmed(
    form: &Fields,
    topics: Vec<String>,
    must: bool,
    errors: &mut FieldErrors,
) -> Vec<(String, bool)> {
    let mut said = Vec::new();
    for topic in topics {
        let name = format!("topic-{topic}");
        match form.text(&name) {
            "yes" => said.push((topic, true)),
            "no" => said.push((topic, false)),
            _ if must => errors.add(name, "Ask whether this was done"),
            _ => {}
        }
    }
    said
}

fn number(form: &Fields, name: &str, ends: (i64, i64), errors: &mut FieldErrors) -> Option<i64> {
    scale(form.text(name), ends.0, ends.1).unwrap_or_else(|problem| {
        errors.add(name, problem);
        None
    })
}

fn read_form(
    form: &Fields,
    opened: &Opened,
    policy: &FollowUpPolicy,
    now: Timestamp,
    errors: &mut FieldErrors,
) -> Tried {
    let answer = form.text("reached");
    if !matches!(answer, "yes" | "no" | "declined") {
        errors.add("reached", "Say whether the victim was spoken to");
    }
    let reached = answer == "yes";
    let re_offer = opened.item.band == RE_OFFER;
    let new_contact = form.text("new_contact").to_owned();
    if reached && !re_offer && !matches!(new_contact.as_str(), "yes" | "no" | "unknown") {
        errors.add(
            "new_contact",
            "Ask whether the offender has been in contact again",
        );
    }
    let topics = to_confirm(policy, &opened.given);
    let confirmed = confirmed(form, topics, reached && !re_offer, errors);
    let support = form.text("support").to_owned();
    if reached && re_offer && !matches!(support.as_str(), "accepted" | "refused") {
        errors.add("support", "Record the answer to the offer");
    }
    let (wellbeing, satisfaction) = (
        number(form, "wellbeing", (0, 10), errors),
        number(form, "satisfaction", (1, 5), errors),
    );
    let note = form.long_text("note", policy.longest_note, errors);
    if let (Some(rule), true) = (opened.broken_by(now), note.is_empty()) {
        errors.add(
            "note",
            format!("{rule}. Say in the note why you called all the same"),
        );
    }
    let yes = confirmed
        .iter()
        .filter(|(_, yes)| *yes)
        .map(|(t, _)| t.clone());
    let yes: Vec<String> = yes.collect();
    Tried {
        reached,
        declined: answer == "declined",
        changed: reached && changed(policy, &opened.given, &yes),
        new_contact,
        wellbeing,
        satisfaction,
        support,
        confirmed,
        note,
    }
}

impl Tried {
    /// How the follow-up ends with this try; none when it is tried again.
    fn outcome(&self, tries: i64, policy: &FollowUpPolicy) -> Option<&'static str> {
        let last = tries + 1 >= i64::from(policy.attempts);
        match (self.reached, self.declined) {
            (true, _) => Some("followed_up"),
            (false, true) => Some("declined"),
            (false, false) if last => Some("not_reached"),
            (false, false) => None,
        }
    }
}

/// `POST /follow-ups/{id}`.
pub(super) async fn record(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let opened = open(&app, &who, &id).await?;
    let (policy, care) = (app.policy::<FollowUpPolicy>()?, app.policy::<Care>()?);
    let grant = permit(&app, &who.actor, &RECORD, &work::resource(&opened.item), "").await?;
    let form = Fields(pairs);
    let seen: i64 = form.text("version").parse().unwrap_or_default();
    if opened.item.state == WorkState::Closed || opened.item.version != seen {
        return Err(Error::Conflict {
            what: "Somebody else has changed this follow-up since you opened it".to_owned(),
            href: format!("/follow-ups/{}", opened.item.id),
        });
    }
    let mut errors = FieldErrors::new();
    let now = app.now();
    let tried = read_form(&form, &opened, &policy, now, &mut errors);
    if !errors.is_empty() {
        let page = build(&app, &who, &opened, form, errors)?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let outcome = tried.outcome(opened.tries, &policy);
    let is_rule = opened.needs.as_ref().is_some_and(|k| k.content.is_rule());
    let saying = Saying {
        checked: is_rule.then(|| Checked {
            rule: opened.broken_by(now).unwrap_or_default(),
            reason: tried.note.clone(),
        }),
        item: opened.item,
        by: who.actor.clone(),
        tried,
        outcome,
        again: care.plan.calendar.after(now, 1),
        together: now.plus_days(i64::from(policy.together_days)),
        digest: policy.digest.clone(),
    };
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move { saying.write(tx).await })
        })
        .await?;
    let done = match outcome {
        Some("followed_up") => "recorded",
        Some(_) => "ended",
        None => "again",
    };
    Ok(Redirect::to(&format!("/follow-ups?done={done}")).into_response())
}
