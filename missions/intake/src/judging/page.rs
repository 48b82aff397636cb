//! The questions a judgement is given on, and what comes of the buttons.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::{MentionId, ObservableId, ReportId};
use serde::Deserialize;
use store::Sql;
use web::parts::{Button, Choice, FieldErrors, Hidden, Page, Radios, Textarea, WeightBar, words};
use web::{App, Form, SignedIn};

use super::{JUDGE, JUDGE_LINK, Verdict, judge_people, reason, reject_link, restore_link};
use crate::people::{JudgementLine, PairView, ends, judgements, links_of, parts};
use crate::receive::{Desk, SUSPECT};
use crate::reports::visible::visible;
use crate::reports::{Wanted, permit, permit_thing};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Pair {
    #[serde(default)]
    left: String,
    #[serde(default)]
    right: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    back: String,
}

impl Pair {
    fn ids(&self) -> web::Result<(MentionId, MentionId)> {
        match (self.left.parse(), self.right.parse()) {
            (Ok(left), Ok(right)) => Ok((left, right)),
            _ => Err(web::Error::NotFound),
        }
    }

    /// Where to go on: a page of this site, never another.
    fn back(&self) -> &str {
        let own = ["/reports/", "/people/"];
        if own.iter().any(|p| self.back.starts_with(p)) {
            return &self.back;
        }
        "/search"
    }
}

/// One description beside the other.
struct Compared {
    part: &'static str,
    left: String,
    right: String,
}

#[derive(Template)]
#[template(path = "person_judge.html")]
struct JudgePage {
    page: Page,
    errors: FieldErrors,
    pair: Pair,
    left_title: String,
    right_title: String,
    compared: Vec<Compared>,
    view: Option<PairView>,
    earlier: Vec<JudgementLine>,
    choices: Vec<Choice>,
}

/// The two descriptions side by side, the waterfall, what was said before, and the question.
pub(super) async fn ask(
    State(app): State<App>,
    who: SignedIn,
    Query(pair): Query<Pair>,
) -> web::Result<Response> {
    let page = question(&app, &who, pair, FieldErrors::new()).await?;
    web::html(&page)
}

async fn question(
    app: &App,
    who: &SignedIn,
    pair: Pair,
    errors: FieldErrors,
) -> web::Result<JudgePage> {
    let (left, right) = pair.ids()?;
    let resource = Resource::of("nominal", "");
    let wanted = Wanted {
        act: &crate::people::VIEW,
        reason: "",
    };
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let mut db = app.store().read_to_show(&grant).await?;
    let scope = who.actor.scope();
    let ends = ends(&mut db.conn(), &scope, vec![left, right]).await?;
    let (Some(a), Some(b)) = (ends.get(&left), ends.get(&right)) else {
        return Err(web::Error::NotFound);
    };
    let mut sides = Vec::new();
    for end in [a, b] {
        let sql = Sql::new("select r.content from intake_report r where ")
            .with("r.id = ?", [end.report.into()]);
        let row = db.first(visible(sql, &scope)).await?;
        let row = row.ok_or(web::Error::NotFound)?;
        let report: record::report::Report = row.json("content")?;
        let party = if end.role == SUSPECT {
            report.suspect.unwrap_or_default()
        } else {
            report.victim
        };
        sides.push(parts(&party));
    }
    let links = links_of(&mut db.conn(), &scope, &[left]).await?;
    let view = links
        .into_iter()
        .find(|l| l.there.mention == right)
        .map(PairView::of);
    let earlier = judgements(&mut db.conn(), &[left, right]).await?;
    let ids = vec![a.report.to_string(), b.report.to_string()];
    let title = |end: &crate::people::PairEnd| format!("{} ({})", end.reference, end.role);
    let (left_title, right_title) = (title(a), title(b));
    db.shown(store::Shown {
        kind: "report",
        query: "two descriptions to judge".to_owned(),
        ids,
    })
    .await?;
    let given = |v: &Option<String>| v.clone().unwrap_or_else(|| "Not given".to_owned());
    let compared = match sides.as_slice() {
        [l, r] => l.iter().zip(r).map(|(l, r)| Compared {
            part: l.0,
            left: given(&l.1),
            right: given(&r.1),
        }),
        _ => return Err(web::Error::NotFound),
    };
    let heading = "Are these the same person or organisation?";
    Ok(JudgePage {
        page: who
            .page(app, heading, "/people")
            .narrow()
            .back("Back", pair.back())
            .with_errors(&errors),
        left_title,
        right_title,
        compared: compared.collect(),
        view,
        earlier,
        choices: vec![
            Choice::new("same", "Same").chosen(pair.verdict == "same"),
            Choice::new("not_same", "Not the same").chosen(pair.verdict == "not_same"),
        ],
        errors,
        pair,
    })
}

pub(super) async fn judge(
    State(app): State<App>,
    who: SignedIn,
    Form(pair): Form<Pair>,
) -> web::Result<Response> {
    let (left, right) = pair.ids()?;
    let mut errors = FieldErrors::new();
    let verdict = Verdict::parse(&pair.verdict);
    if verdict.is_none() {
        errors.add("verdict", "Select whether they are the same");
    }
    if let Err(problem) = reason(&pair.reason) {
        errors.add("reason", problem);
    }
    let Some(verdict) = verdict.filter(|_| errors.is_empty()) else {
        let page = question(&app, &who, pair, errors).await?;
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let back = pair.back().to_owned();
    let outcome = judged(&app, &who, (left, right), verdict, &pair.reason).await;
    match outcome {
        Ok(()) => Ok(Redirect::to(&back).into_response()),
        Err(web::Error::BadRequest(problem)) => {
            errors.add("verdict", words::capital(&problem));
            let page = question(&app, &who, pair, errors).await?;
            web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error),
    }
}

/// Asks for permission on both descriptions' reports and judges.
pub(super) async fn judged(
    app: &App,
    who: &SignedIn,
    (left, right): (MentionId, MentionId),
    verdict: Verdict,
    text: &str,
) -> web::Result<()> {
    let desk = app.policy::<Desk>()?;
    let reason = text.trim().to_owned();
    let locate = app
        .system()
        .permit(
            &crate::reports::LOCATE,
            &Resource::of("nominal", left.to_string()),
            "",
        )
        .map_err(store::Error::from)?;
    let mut db = app.store().read(&locate).await?;
    let both = ends(&mut db.conn(), &who.actor.scope(), vec![left, right]).await?;
    drop(db);
    let (Some(a), Some(_)) = (both.get(&left), both.get(&right)) else {
        return Err(web::Error::NotFound);
    };
    let resource = Resource::of("nominal", a.person.to_string()).of_unit(who.actor.unit.clone());
    let wanted = Wanted {
        act: &JUDGE,
        reason: &reason,
    };
    let grant = permit_thing(app, &who.actor, wanted, &resource).await?;
    let told = reason.clone();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                judge_people(tx, &desk, left, right, verdict, &told)
                    .await
                    .map(drop)
            })
        })
        .await?;
    Ok(())
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct LinkForm {
    #[serde(default)]
    observable: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
}

#[derive(Template)]
#[template(path = "report_link.html")]
struct LinkPage {
    page: Page,
    errors: FieldErrors,
    id: ReportId,
    form: LinkForm,
    button: &'static str,
}

/// Rejects or restores a link of a report by one value.
pub(super) async fn judge_link(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<LinkForm>,
) -> web::Result<Response> {
    let id: ReportId = id.parse().map_err(|_| web::Error::NotFound)?;
    let value: ObservableId = form.observable.parse().map_err(|_| web::Error::NotFound)?;
    let reject = wants_rejection(&form.verdict)?;
    if let Err(problem) = reason(&form.reason) {
        let mut errors = FieldErrors::new();
        errors.add("reason", problem);
        let (title, button) = if reject {
            ("Why does this value not join the reports?", "Reject link")
        } else {
            (
                "Why does this value join the reports after all?",
                "Restore link",
            )
        };
        let page = LinkPage {
            page: who
                .page(&app, title, "/reports")
                .narrow()
                .back("Back to the report", format!("/reports/{id}"))
                .with_errors(&errors),
            errors,
            id,
            form,
            button,
        };
        return web::html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    link_judged(&app, &who, (id, value), reject, &form.reason).await?;
    Ok(Redirect::to(&format!("/reports/{id}")).into_response())
}

/// Whether a verdict about a link rejects it, or restores one that was rejected.
pub(super) fn wants_rejection(verdict: &str) -> web::Result<bool> {
    match verdict {
        "rejected" => Ok(true),
        "restored" => Ok(false),
        _ => Err(web::Error::BadRequest(
            "choose to reject or restore".to_owned(),
        )),
    }
}

/// Asks for permission on the report and rejects or restores its link by a value.
pub(super) async fn link_judged(
    app: &App,
    who: &SignedIn,
    (id, value): (ReportId, ObservableId),
    reject: bool,
    text: &str,
) -> web::Result<()> {
    let told = text.trim().to_owned();
    let wanted = Wanted {
        act: &JUDGE_LINK,
        reason: &told,
    };
    let grant = permit(app, &who.actor, wanted, id).await?;
    let desk = app.policy::<Desk>()?;
    let done = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                if reject {
                    reject_link(tx, &desk, id, value, &told).await
                } else {
                    restore_link(tx, &desk, id, value, &told).await
                }
            })
        })
        .await;
    match done {
        Err(store::Error::Conflict) => Err(web::Error::Conflict {
            what: "Somebody else judged this link first. Their judgement stands".to_owned(),
            href: format!("/reports/{id}"),
        }),
        other => other.map_err(web::Error::from),
    }
}
