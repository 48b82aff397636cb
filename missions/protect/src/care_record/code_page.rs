//! One victim's clocks of the Victims' Code, and what started or satisfied them.

use axum::extract::{Path, State as Shared};
use axum::response::Response;
use record::work::Priority;
use store::work;
use web::parts::{Choice, FieldErrors, Html, SummaryList, Tag, TimeStamp};
use web::{App, Error, Form, SignedIn};

use super::code::{Kind, Standing, State, is_victims, standings};
use super::code_events::{Of, gather};
use super::fields::{Fields, noon};
use super::form::{Drawn, FormPage, Made, frame};
use super::keep::{New, keep};
use super::policy::RecordPolicy;
use super::read::{Victim, open};
use super::{DECIDE, VIEW, saved};
use crate::victim_care::{Care, permit, sentence};

async fn of_victim(app: &App, who: &SignedIn, victim: &Victim) -> Result<Vec<Standing>, Error> {
    let care = app.policy::<Care>()?;
    let resource = work::resource(&victim.sheet.item);
    let grant = permit(app, &who.actor, &VIEW, &resource, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let item = &victim.sheet.item;
    let band = Priority::parse(&item.band).unwrap_or(Priority::High);
    let of = [Of {
        report: item.subject,
        received_at: item.received_at,
        band,
    }];
    let mut found = gather(&mut reader.conn(), &care, &of).await?;
    let (enhanced, events) = found.remove(&item.subject).unwrap_or_default();
    Ok(standings(
        &care.clocks,
        &care.plan.calendar,
        enhanced,
        &events,
        app.now(),
    ))
}

fn build(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    all: &[Standing],
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let care = app.policy::<Care>()?;
    let title = format!("Victims' Code for {}", victim.sheet.name);
    let clocks = care.clocks.iter().filter(|c| is_victims(c)).map(|c| {
        let words = format!(
            "{} ({}: {})",
            sentence(&c.trigger),
            c.clock_id,
            sentence(&c.event_that_satisfies)
        );
        Choice::new(&c.clock_id, words)
    });
    let clocks: Vec<Choice> = std::iter::once(Choice::new("", "Choose a clock"))
        .chain(clocks)
        .collect();
    let kinds = [
        Choice::new("started", "It began: for example, a suspect was arrested"),
        Choice::new("met", "It was done: for example, the victim was told"),
        Choice::new("not_applicable", "It does not arise for this victim"),
    ];
    let fields = Drawn::new(form, &errors)
        .select("clock", "Clock", "", &clocks)
        .radios("kind", "What happened", "", &kinds)
        .day("happened", "When", "Leave empty for today")
        .area(
            "code_note",
            "Note",
            "How the victim was told, or why it does not arise",
        )
        .done();
    let made = Made {
        page: frame(app, who, victim, &title),
        action: victim.href("code"),
        fields,
        button: "Save",
        errors,
    };
    Ok(FormPage::of(made)
        .intro("Contacts, assessments, referrals and decisions are counted by themselves.")
        .aside("Where each right stands", listed(all)))
}

/// The clocks that run or ran, as facts.
fn listed(all: &[Standing]) -> Html {
    let mut list = SummaryList::new().compact();
    for standing in all.iter().filter(|s| s.started.is_some()) {
        let tag = match standing.state {
            State::Late => Tag::red("Late"),
            State::Met => Tag::green("Met"),
            State::Due => Tag::blue("Due"),
            State::NotApplicable => Tag::grey("Not applicable"),
        };
        let mut value = Html::of(&tag);
        if let Some(due) = standing.due {
            value = value.and_text(" by ").and(&TimeStamp::new(due));
        }
        if let Some(met) = standing.met {
            value = value.and_text(", done ").and(&TimeStamp::new(met));
        }
        list = list.row(name_of(standing), value);
    }
    Html::of(&list)
}

fn name_of(standing: &Standing) -> String {
    match standing.right {
        Some(right) => format!("{}, right {right}", standing.clock),
        None => standing.clock.clone(),
    }
}

pub(super) async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let all = of_victim(&app, &who, &victim).await?;
    let (form, errors) = (Fields::default(), FieldErrors::new());
    build(&app, &who, &victim, &all, &form, errors)?.show()
}

const COLUMNS: &[&str] = &[
    "id",
    "report",
    "at",
    "by_name",
    "unit",
    "clock",
    "kind",
    "happened_at",
    "note",
];

pub(super) async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let (policy, care) = (app.policy::<RecordPolicy>()?, app.policy::<Care>()?);
    let all = of_victim(&app, &who, &victim).await?;
    let (form, now) = (Fields(pairs), app.now());
    let mut errors = FieldErrors::new();
    let clock = care
        .clocks
        .get(form.text("clock"))
        .filter(|c| is_victims(c));
    let kind = Kind::parse(form.text("kind"));
    let runs = |id: &str| {
        let of_clock = |s: &Standing| s.clock == id && s.started.is_some() && s.met.is_none();
        all.iter().any(of_clock)
    };
    match (clock, kind) {
        (None, _) => errors.add("clock", "Choose a clock"),
        (_, None) => errors.add("kind", "Choose what happened"),
        (Some(clock), Some(Kind::Met | Kind::NotApplicable)) if !runs(&clock.clock_id) => {
            errors.add(
                "clock",
                "This clock is not running. Record first when it began",
            );
        }
        _ => {}
    }
    let day = form.past_day("happened", now, &mut errors);
    let note = form.long_text("code_note", policy.longest_text, &mut errors);
    if kind == Some(Kind::NotApplicable) && note.is_empty() {
        errors.add("code_note", "Say why it does not arise");
    }
    let (Some(clock), Some(kind), true) = (clock, kind, errors.is_empty()) else {
        return build(&app, &who, &victim, &all, &form, errors)?.show();
    };
    // A day has no hour: on the day the report came it is not before the report.
    let at = noon(day, now).max(victim.sheet.item.received_at.min(now));
    let clock = clock.clock_id.as_str();
    let new = New {
        table: "protect_code_event",
        kind: "code_event",
        columns: COLUMNS,
        rows: vec![vec![
            clock.into(),
            kind.name().into(),
            at.into(),
            note.into(),
        ]],
        settles: false,
    };
    keep(&app, &who, &victim, &DECIDE, new).await?;
    Ok(saved(&victim, "code"))
}
