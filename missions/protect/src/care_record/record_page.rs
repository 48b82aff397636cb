//! The care record on one page: what holds now, and where each part is changed.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use store::work;
use web::parts::{
    Button, Html, Page, PriorityTag, SummaryList, Tag, TimeStamp, Timeline, TimelineItem,
    WarningText,
};
use web::{App, Error, SignedIn};

use super::policy::{RecordPolicy, title};
use super::read::{Broken, Escalation, PlanAction, Referral, Refused, Victim, open};
use super::{ASSESS, DECIDE, ESCALATE, NEEDS, SUPPORT};
use crate::victim_care::notice;

#[derive(Template)]
#[template(path = "care_record/record.html")]
struct RecordPage {
    page: Page,
    victim: Victim,
    needs: SummaryList,
    needs_by: String,
    assessment: Option<SummaryList>,
    withheld: bool,
    actions: Vec<ActionLine>,
    refusals: Vec<String>,
    referrals: Vec<ReferralLine>,
    decisions: SummaryList,
    escalations: Timeline,
    broken: Vec<String>,
    escalate_href: String,
    may_needs: bool,
    may_assess: bool,
    may_support: bool,
    may_decide: bool,
    may_escalate: bool,
}

struct ActionLine {
    what: String,
    facts: String,
    done: Option<String>,
    href: String,
}

struct ReferralLine {
    body: String,
    facts: String,
    state: &'static str,
    href: String,
    ended: bool,
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let policy = app.policy::<RecordPolicy>()?;
    let resource = work::resource(&victim.sheet.item);
    let may = |act| who.actor.may(act, &resource);
    let heading = format!("Care record of {}", victim.sheet.name);
    let mut page = who.page(&app, &heading, "/victim-care").back(
        "Call page",
        format!("/victim-care/{}", victim.sheet.item.id),
    );
    page.notice = notice(&pairs);
    let known = &victim.known;
    let (needs, needs_by) = needs(&victim, &policy);
    web::html(&RecordPage {
        needs,
        needs_by,
        assessment: assessment(&victim, &policy),
        withheld: known.withheld,
        actions: known
            .actions
            .iter()
            .map(|a| action(a, &victim, &policy))
            .collect(),
        refusals: known.refusals.iter().map(refusal).collect(),
        referrals: known
            .referrals
            .iter()
            .map(|r| referral(r, &victim, &policy))
            .collect(),
        decisions: decisions(&victim, &policy),
        escalations: Timeline::new(known.escalations.iter().map(escalation).collect()),
        broken: known.broken.iter().map(broken).collect(),
        may_needs: may(&NEEDS),
        may_assess: may(&ASSESS),
        may_support: may(&SUPPORT),
        may_decide: may(&DECIDE),
        may_escalate: may(&ESCALATE),
        escalate_href: victim.href("escalate"),
        page,
        victim,
    })
}

fn needs(victim: &Victim, policy: &RecordPolicy) -> (SummaryList, String) {
    let list = SummaryList::new().compact();
    let Some(kept) = victim.known.needs.first() else {
        return (list, String::new());
    };
    let lines = kept.content.lines(policy).into_iter();
    let list = lines.fold(list, |list, (name, text)| list.row(name, text));
    let by = format!("Recorded by {} at {}.", kept.by, kept.at.show());
    (list, by)
}

fn escalation(asked: &Escalation) -> TimelineItem {
    let mut text = asked.reason.clone();
    if let (Some(by), Some(at)) = (&asked.answered_by, asked.answered_at) {
        text = format!("{text} {by} answered at {}: {}", at.show(), asked.answer);
    }
    TimelineItem::new("Asked a supervisor", asked.at)
        .by(&asked.by)
        .text(text)
}

fn refusal(refused: &Refused) -> String {
    let mut known = super::support::REFUSED_BY.iter();
    let who = known.find(|(id, _)| *id == refused.refused_by);
    let who = who.map_or("Somebody", |(_, words)| words);
    let reason = match refused.reason.as_str() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    let (on, by) = (refused.on.show(), &refused.by);
    format!("{who} refused on {on}, recorded by {by}{reason}")
}

fn broken(one: &Broken) -> String {
    let Broken {
        at,
        rule,
        reason,
        by,
    } = one;
    format!("{}: {rule}. {by} gave the reason: {reason}", at.show())
}

fn assessment(victim: &Victim, policy: &RecordPolicy) -> Option<SummaryList> {
    let last = victim.known.assessments.first()?;
    let named = |list: &[super::policy::Named], ids: &[String]| {
        ids.iter()
            .map(|id| title(list, id))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let enhanced = if last.enhanced { "Yes" } else { "No" };
    let mut list = SummaryList::new()
        .compact()
        .row(
            "Vulnerability",
            Html::of(&PriorityTag::of(last.band)).and_text(format!(", {} points", last.points)),
        )
        .row(
            "Enhanced rights",
            format!("{enhanced}. {}", last.content.reason),
        );
    if !last.content.groups.is_empty() {
        list = list.row("Groups", named(&policy.code_groups, &last.content.groups));
    }
    if !last.content.needs.is_empty() {
        list = list.row("Needs", named(&policy.needs, &last.content.needs));
    }
    if !last.content.note.is_empty() {
        list = list.row("Note", last.content.note.as_str());
    }
    Some(list.row(
        "Assessed",
        Html::text(format!("{}, ", last.by)).and(&TimeStamp::new(last.at)),
    ))
}

fn action(action: &PlanAction, victim: &Victim, policy: &RecordPolicy) -> ActionLine {
    ActionLine {
        what: action.action.clone(),
        facts: format!(
            "{}, due {}, agreed by {}",
            title(&policy.doers, &action.doer),
            action.due_on.show(),
            action.by
        ),
        done: action.done_on.map(|on| {
            let by = action.done_by.as_deref().unwrap_or("somebody");
            format!(
                "Done on {}, recorded by {by}: {}",
                on.show(),
                action.evidence
            )
        }),
        href: victim.href(&format!("plan/{}", action.id)),
    }
}

fn referral(referral: &Referral, victim: &Victim, policy: &RecordPolicy) -> ReferralLine {
    let ground = policy.ground(&referral.ground);
    let ground = ground.map_or(referral.ground.as_str(), |g| g.title.as_str());
    let mut facts = vec![
        referral.reason.clone(),
        match referral.agreed_on {
            Some(on) => format!("{ground} on {}", on.show()),
            None => format!("{ground}: {}", referral.ground_note),
        },
        format!("Sent {} by {}", referral.sent_on.show(), referral.by),
    ];
    if let Some(on) = referral.answered_on {
        facts.push(format!("Answered {}", on.show()));
    }
    if let (Some(outcome), Some(on)) = (&referral.outcome, referral.outcome_on) {
        let outcome = title(&policy.referral_outcomes, outcome);
        facts.push(format!("{outcome}, {}", on.show()));
    }
    ReferralLine {
        body: title(&policy.bodies, &referral.body),
        facts: facts.join(". "),
        state: match referral.accepted {
            None => "Waiting",
            Some(true) => "Accepted",
            Some(false) => "Not accepted",
        },
        href: victim.href(&format!("referral/{}", referral.id)),
        ended: referral.outcome.is_some(),
    }
}

fn decisions(victim: &Victim, policy: &RecordPolicy) -> SummaryList {
    let mut list = SummaryList::new().compact();
    for question in &policy.questions {
        let decided = victim
            .known
            .decisions
            .iter()
            .find(|d| d.question == question.id);
        let text = decided.map_or_else(
            || "Not asked yet".to_owned(),
            |d| format!("{}, {}", title(&question.answers, &d.answer), d.on.show()),
        );
        list = list.row(&question.title, text);
    }
    list
}
