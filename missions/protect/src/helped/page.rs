//! The page of a network's victims, and the steps to telling them: who, what it says, and the sending.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template as Askama;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::ids::{NetworkId, RecordId, ReportId};
use record::time::Timestamp;
use serde::Deserialize;
use store::Error as StoreError;
use web::parts::words::plural;
use web::parts::{
    Button, Colour, Empty, FieldErrors, Hidden, Html, Page, Pagination, SummaryList, Tag, Tick,
    TimeStamp,
};
use web::{App, Error, Form, SignedIn};

use super::decisions::{Became, Known};
use super::form::{Said, Step, carried, first, left_out};
use super::loaded::{Loaded, load};
use super::read::MOST;
use super::standing::{Standing, Victim, Way};
use super::told::{self, Caller, Decided};
use super::{TELL, resource};
use crate::care_record::fields::Fields;
use crate::messages::{MessagePolicy, Written};
use crate::victim_care::{Care, permit};

/// A victim in the list.
struct Row {
    key: String,
    name: String,
    reference: String,
    /// "3 reports"; empty for one.
    reports: String,
    tag: &'static str,
    colour: Colour,
    how: String,
    before: Vec<String>,
    href: Option<String>,
    can: bool,
    ticked: bool,
}

/// A decision on the network's page.
struct Card {
    href: String,
    title: String,
    figures: String,
    by: String,
    at: Timestamp,
}

/// What the victims of one text read, as the first of them will.
struct Preview {
    title: String,
    language: String,
    count: String,
    subject: String,
    body: String,
}

#[derive(Askama)]
#[template(path = "helped/network.html")]
struct NetworkPage {
    page: Page,
    lede: String,
    action: String,
    /// Why nothing can be told from here.
    refusal: Option<String>,
    may_tell: bool,
    fields: Html,
    errors: FieldErrors,
    hindrances: Vec<String>,
    cannot: Vec<(&'static str, usize)>,
    rows: Vec<Row>,
    cards: Vec<Card>,
    pages: Pagination,
}

#[derive(Askama)]
#[template(path = "helped/choose.html")]
struct ChoosePage {
    page: Page,
    lede: String,
    action: String,
    carried: Html,
    out: Vec<String>,
    rows: Vec<Row>,
    errors: FieldErrors,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Askama)]
#[template(path = "helped/preview.html")]
struct PreviewPage {
    page: Page,
    action: String,
    carried: Html,
    out: Vec<String>,
    seen: String,
    facts: SummaryList,
    previews: Vec<Preview>,
    button: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// From one.
    page: usize,
}

fn network_id(text: &str) -> Result<NetworkId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// `GET /helped/{id}`. Whoever opened a network that went into another is led there by the network's own page.
pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let id = network_id(&id)?;
    let policy = app.policy::<MessagePolicy>()?;
    let at = asked.page.saturating_sub(1);
    let loaded = match load(&app, &who.actor, &policy, (id, None, at)).await {
        Err(Error::NotFound) => {
            return Ok(Redirect::to(&format!("/networks/{id}")).into_response());
        }
        other => other?,
    };
    let form = Fields::default();
    web::html(&build(
        &app,
        &who,
        &policy,
        &loaded,
        &form,
        FieldErrors::new(),
    ))
}

fn build(
    app: &App,
    who: &SignedIn,
    policy: &MessagePolicy,
    loaded: &Loaded<'_>,
    form: &Fields,
    errors: FieldErrors,
) -> NetworkPage {
    let id = loaded.network.id;
    let title = "Tell victims that their report helped";
    let page = who.page(app, title, "/networks");
    let at = |page: usize| format!("/helped/{id}?page={page}");
    let (page_no, more) = (loaded.page + 1, loaded.has_next());
    let texts = policy.templates.iter().filter(|t| t.helped.is_some());
    NetworkPage {
        page: page
            .back(&loaded.network.name, format!("/networks/{id}"))
            .with_errors(&errors),
        lede: format!("{}: {}", loaded.network.name, loaded.in_words()),
        action: format!("/helped/{id}"),
        refusal: refusal(policy, loaded),
        may_tell: who.may(&TELL),
        fields: first(form, policy, &errors),
        errors,
        hindrances: texts.filter_map(|t| policy.hindrance(t)).collect(),
        cannot: titles(loaded),
        rows: rows(app, who, policy, loaded, None),
        cards: loaded.known.iter().map(|k| card(id, k)).collect(),
        pages: Pagination::new("Pages of victims")
            .previous((loaded.page > 0).then(|| at(page_no - 1)))
            .next(more.then(|| at(page_no + 1))),
    }
}

fn titles(loaded: &Loaded<'_>) -> Vec<(&'static str, usize)> {
    let cannot = loaded.cannot().into_iter();
    cannot.map(|(why, n)| (why.title(), n)).collect()
}

/// Why nobody can be told from here at all.
fn refusal(policy: &MessagePolicy, loaded: &Loaded<'_>) -> Option<String> {
    if loaded.network.too_large {
        return Some(format!(
            "This network has more than {MOST} reports with a victim: too many to tell at once. Split it by \
             judging its links, or write from the call pages."
        ));
    }
    let mut all = policy.happenings().into_iter();
    if !all.any(|(id, _)| policy.may_be_told(id)) {
        let text = "No text may be sent yet. Each needs a recorded legal check first.";
        return Some(text.to_owned());
    }
    let nobody = loaded.can().is_empty();
    nobody.then(|| "Nobody in this network can be told from here.".to_owned())
}

fn card(network: NetworkId, known: &Known) -> Card {
    let decision = &known.decision;
    let figures = Became::ALL.into_iter().filter_map(|became| {
        let n = known.count(became);
        (n > 0).then(|| format!("{n} {}", became.title().to_lowercase()))
    });
    Card {
        href: format!("/helped/{network}/{}", decision.id),
        title: decision.title.clone(),
        figures: figures.collect::<Vec<_>>().join(", "),
        by: decision.by.clone(),
        at: decision.at,
    }
}

/// The rows of a page; with who is left out, each row that can be told has its tick.
fn rows(
    app: &App,
    who: &SignedIn,
    policy: &MessagePolicy,
    loaded: &Loaded<'_>,
    out: Option<&BTreeSet<ReportId>>,
) -> Vec<Row> {
    let call = who.may_open(app, "/victim-care/{id}");
    let row = |(victim, stands): (&Victim, &Standing<'_>)| {
        let (tag, colour, how) = match stands {
            Standing::Can { way, address, .. } => {
                let address = address.split_whitespace().collect::<Vec<_>>().join(" ");
                let colour = if *way == Way::Email {
                    Colour::Green
                } else {
                    Colour::Blue
                };
                (way.title(), colour, address)
            }
            Standing::Cannot(why) => ("Not told", Colour::Grey, why.title().to_owned()),
        };
        Row {
            key: victim.key.to_string(),
            name: victim.whose.name.clone(),
            reference: victim.whose.reference.clone(),
            reports: match victim.reports.len() {
                1 => String::new(),
                n => plural(n as u64, "report", "reports"),
            },
            tag,
            colour,
            how,
            before: before(policy, victim),
            href: call.then(|| format!("/victim-care/{}", victim.whose.item)),
            can: stands.can(),
            ticked: out.is_some_and(|out| !out.contains(&victim.key)),
        }
    };
    loaded.on_page().map(row).collect()
}

/// What the victim was told before, latest first: "Your report helped, 3 November 2026".
fn before(policy: &MessagePolicy, victim: &Victim) -> Vec<String> {
    let told = victim.told.iter().map(|told| {
        let title = policy.happening_title(&told.happened);
        let kind = if told.letter.is_some() {
            "letter"
        } else {
            "email"
        };
        format!("{title}: {kind} of {} by {}", told.at.day().show(), told.by)
    });
    told.collect()
}

fn changed(id: NetworkId) -> Error {
    Error::Conflict {
        what: "The network has changed, or somebody told its victims in the meantime. Nothing was sent"
            .to_owned(),
        href: format!("/helped/{id}"),
    }
}

/// `POST /helped/{id}`: who is told, then what it says, then the sending.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let id = network_id(&id)?;
    let policy = app.policy::<MessagePolicy>()?;
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let said = Said::of_form(&form, &policy, app.now(), &mut errors);
    let step = Step::of_form(&form);
    let at = if let Step::Choose(page) = step {
        page
    } else {
        0
    };
    let happened = errors.get("happened").is_none();
    let happened = happened.then_some(said.happened.as_str());
    let loaded = match load(&app, &who.actor, &policy, (id, happened, at)).await {
        Err(Error::NotFound) => return Err(changed(id)),
        other => other?,
    };
    if !errors.is_empty() || loaded.network.too_large {
        let page = build(&app, &who, &policy, &loaded, &form, errors);
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    // A form sent twice: what has changed since says more than that nobody is left to tell.
    if matches!(step, Step::Send) && form.text("seen") != loaded.seen {
        return Err(changed(id));
    }
    let out = left_out(&form, step, &loaded);
    if matches!(step, Step::Preview | Step::Send) && out == loaded.can() {
        errors.add("tell", "Tick at least one victim to tell");
        let page = choose(&app, &who, &policy, &loaded, &form, (&out, errors));
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    match step {
        Step::Choose(_) | Step::TickAll | Step::TickNone => {
            let none = FieldErrors::new();
            web::html(&choose(&app, &who, &policy, &loaded, &form, (&out, none)))
        }
        Step::Preview => web::html(&preview(
            &app,
            &who,
            &policy,
            &loaded,
            &form,
            (&said, &out),
        )?),
        Step::Send => {
            let made = send(&app, &who, &policy, decided(id, said, out, &form)).await?;
            Ok(Redirect::to(&format!("/helped/{id}/{made}?done=told")).into_response())
        }
    }
}

fn decided(network: NetworkId, said: Said, left_out: BTreeSet<ReportId>, form: &Fields) -> Decided {
    Decided {
        network,
        happened: said.happened,
        on: said.on,
        authorised_by: said.authorised_by,
        reason: said.reason,
        left_out,
        seen: form.text("seen").to_owned(),
    }
}

fn choose(
    app: &App,
    who: &SignedIn,
    policy: &MessagePolicy,
    loaded: &Loaded<'_>,
    form: &Fields,
    (out, errors): (&BTreeSet<ReportId>, FieldErrors),
) -> ChoosePage {
    let id = loaded.network.id;
    let told = loaded.by(Way::Email, out) + loaded.by(Way::Letter, out);
    let rows = rows(app, who, policy, loaded, Some(out));
    let here: BTreeSet<&str> = rows.iter().map(|r| r.key.as_str()).collect();
    let elsewhere = out.iter().map(ToString::to_string);
    let page = who.page(app, "Choose who is told", "/networks");
    let step = |page: usize| format!("page-{page}");
    ChoosePage {
        page: page
            .back("Begin again", format!("/helped/{id}"))
            .with_errors(&errors),
        lede: format!(
            "{}. {told} ticked, {} left out.",
            policy.happening_title(form.text("happened")),
            out.len()
        ),
        action: format!("/helped/{id}"),
        carried: carried(form),
        out: elsewhere.filter(|k| !here.contains(k.as_str())).collect(),
        previous: loaded.page.checked_sub(1).map(step),
        next: loaded.has_next().then(|| step(loaded.page + 1)),
        rows,
        errors,
    }
}

/// The caller as texts name them.
pub(super) fn caller(app: &App, who: &SignedIn) -> Result<Caller, Error> {
    let care = app.policy::<Care>()?;
    let body = care.partner(&who.actor.unit);
    Ok(Caller {
        name: who.actor.name.clone(),
        body: body.map_or_else(|| care.force.clone(), |p| p.title.clone()),
        force: care.force.clone(),
        unit: who.actor.unit.clone(),
    })
}

/// What the victims of each text will read, with how many they are.
fn previews(
    loaded: &Loaded<'_>,
    out: &BTreeSet<ReportId>,
    caller: &Caller,
) -> Result<Vec<Preview>, Error> {
    let mut found: Vec<(String, Written, usize)> = Vec::new();
    for (victim, stands) in loaded.all() {
        let Standing::Can {
            address,
            text: Some(text),
            ..
        } = stands
        else {
            continue;
        };
        if out.contains(&victim.key) {
            continue;
        }
        match found.iter_mut().find(|(_, w, _)| w.template == text.id) {
            Some((_, _, count)) => *count += 1,
            None => {
                let one = told::written(victim, text, address, caller);
                let one = one.map_err(Error::BadRequest)?;
                found.push((text.title.clone(), one, 1));
            }
        }
    }
    let each = found.into_iter().map(|(title, one, count)| Preview {
        title,
        language: one.language,
        count: plural(count as u64, "victim reads this", "victims read this"),
        subject: one.subject,
        body: one.body,
    });
    Ok(each.collect())
}

fn preview(
    app: &App,
    who: &SignedIn,
    policy: &MessagePolicy,
    loaded: &Loaded<'_>,
    form: &Fields,
    (said, out): (&Said, &BTreeSet<ReportId>),
) -> Result<PreviewPage, Error> {
    let id = loaded.network.id;
    let (email, letter) = (loaded.by(Way::Email, out), loaded.by(Way::Letter, out));
    let cannot: usize = loaded.cannot().iter().map(|(_, n)| n).sum();
    let facts = SummaryList::new()
        .row("Network", loaded.network.name.as_str())
        .row("What happened", policy.happening_title(&said.happened))
        .row("When", said.on.show())
        .row("Authorised by", said.authorised_by.as_str())
        .row("Reason", said.reason.as_str())
        .row("By email", email.to_string())
        .row("By letter, to be printed and posted", letter.to_string())
        .row("Left out by you", out.len().to_string())
        .row("Cannot be told", cannot.to_string());
    let page = who.page(app, "What victims will read", "/networks");
    Ok(PreviewPage {
        page: page.back("Begin again", format!("/helped/{id}")),
        action: format!("/helped/{id}"),
        carried: carried(form),
        out: out.iter().map(ToString::to_string).collect(),
        seen: loaded.seen.clone(),
        facts,
        previews: previews(loaded, out, &caller(app, who)?)?,
        button: format!(
            "Tell {}",
            plural((email + letter) as u64, "victim", "victims")
        ),
    })
}

/// Records the decision and queues what goes out, if nothing has changed.
pub(super) async fn send(
    app: &App,
    who: &SignedIn,
    policy: &Arc<MessagePolicy>,
    decided: Decided,
) -> Result<RecordId, Error> {
    let id = decided.network;
    let actor = &who.actor;
    let grant = permit(app, actor, &TELL, &resource(actor, id), &decided.reason).await?;
    let (policy, scope, caller) = (Arc::clone(policy), actor.scope(), caller(app, who)?);
    let made = app.store().write(&grant, move |tx| {
        Box::pin(async move { told::tell(tx, &policy, &scope, &decided, &caller).await })
    });
    match made.await {
        Err(StoreError::Conflict | StoreError::NotFound) => Err(changed(id)),
        other => Ok(other?),
    }
}
