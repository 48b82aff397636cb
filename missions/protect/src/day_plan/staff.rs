//! Who is on duty today: hours, languages, skills.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use record::access::Resource;
use record::ids::ActorId;
use store::{OnConflict, Sql};
use web::parts::{Choice, Empty, FieldErrors, Page, Tag};
use web::register::{self, Colleague};
use web::{App, Error, Form, SignedIn};

use super::policy::PlanPolicy;
use super::{STAFF, read};
use crate::care_record::fields::Fields;
use crate::care_record::needs::in_words;
use crate::care_record::policy::has;
use crate::care_record::{Drawn, FormPage, Made, RecordPolicy};
use crate::victim_care::{TAKE, clock_time, permit};

/// Somebody who may call, and whether they are on duty.
struct Line {
    name: String,
    title: String,
    href: String,
    hours: Option<String>,
}

#[derive(Template)]
#[template(path = "day_plan/staff.html")]
struct StaffPage {
    page: Page,
    day: String,
    lines: Vec<Line>,
}

/// People who may call, of the units the person sees.
async fn callers(app: &App, who: &SignedIn) -> Result<Vec<Colleague>, Error> {
    let scope = who.actor.scope();
    let mut all = register::colleagues(app.store(), &who.actor).await?;
    all.retain(|c| c.may(&TAKE) && scope.unit.as_ref().is_none_or(|unit| *unit == c.unit));
    Ok(all)
}

/// `GET /day-plan/staff`.
pub(super) async fn list(State(app): State<App>, who: SignedIn) -> Result<Response, Error> {
    let today = app.now().day();
    let people = callers(&app, &who).await?;
    let of = Resource::of("page", "staff").of_unit(who.actor.unit.clone());
    let grant = permit(&app, &who.actor, &STAFF, &of, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let on_duty = read::staff(&mut reader.conn(), &who.actor, today).await?;
    drop(reader);
    let lines = people.into_iter().map(|c| {
        let shift = on_duty.iter().find(|s| s.id == c.id);
        Line {
            href: format!("/day-plan/staff/{}", c.id),
            hours: shift.map(|s| format!("{} to {}", s.from.show_time(), s.until.show_time())),
            name: c.name,
            title: c.title,
        }
    });
    web::html(&StaffPage {
        page: who
            .page(&app, "Who is on duty", "/day-plan")
            .back("Plan of the day", "/day-plan"),
        day: today.show(),
        lines: lines.collect(),
    })
}

async fn person(app: &App, who: &SignedIn, id: &str) -> Result<Colleague, Error> {
    let id: ActorId = id.parse().map_err(|_| Error::NotFound)?;
    let all = callers(app, who).await?;
    all.into_iter().find(|c| c.id == id).ok_or(Error::NotFound)
}

fn build(
    app: &App,
    who: &SignedIn,
    person: &Colleague,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let (policy, records) = (app.policy::<PlanPolicy>()?, app.policy::<RecordPolicy>()?);
    let choice = |id: &str, title: &str| Choice::new(id, title);
    let languages: Vec<Choice> = records
        .languages
        .iter()
        .map(|l| choice(&l.id, &l.title))
        .collect();
    let skills: Vec<Choice> = policy
        .skills
        .iter()
        .map(|s| choice(&s.id, &s.title))
        .collect();
    let fields = Drawn::new(form, &errors)
        .short(
            "from",
            "From",
            "For example, 9am. Leave both empty when not on duty",
        )
        .short("until", "Until", "For example, 5pm")
        .ticks("language", "Languages", "Besides English", &languages)
        .ticks("skill", "Skills", "", &skills)
        .done();
    let title = format!("{} today", person.name);
    let page = who.page(app, &title, "/day-plan");
    Ok(FormPage::of(Made {
        page: page.back("Who is on duty", "/day-plan/staff"),
        action: format!("/day-plan/staff/{}", person.id),
        fields,
        button: "Save hours",
        errors,
    }))
}

/// `GET /day-plan/staff/{person}`: what was entered for today, or last time.
pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let person = person(&app, &who, &id).await?;
    let policy = app.policy::<PlanPolicy>()?;
    let of = Resource::of("page", "staff").of_unit(person.unit.clone());
    let grant = permit(&app, &who.actor, &STAFF, &of, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sql =
        Sql::new("select from_minute, until_minute, languages, skills from protect_shift where ")
            .with("person = ? order by day desc limit 1", [person.id.into()]);
    let mut pairs: Vec<(String, String)> = Vec::new();
    let (mut from, mut until) = (policy.shift.from * 60, policy.shift.until * 60);
    if let Some(row) = reader.first(sql).await? {
        (from, until) = (row.get("from_minute")?, row.get("until_minute")?);
        for (name, column) in [("language", "languages"), ("skill", "skills")] {
            let held: Vec<String> = row.json(column)?;
            pairs.extend(held.into_iter().map(|v| (name.to_owned(), v)));
        }
    }
    drop(reader);
    pairs.push(("from".to_owned(), in_words(from)));
    pairs.push(("until".to_owned(), in_words(until)));
    build(&app, &who, &person, &Fields(pairs), FieldErrors::new())?.show()
}

fn minute(form: &Fields, name: &str, errors: &mut FieldErrors) -> Option<i64> {
    let read = clock_time(form.text(name)).map(|(h, m)| i64::from(h) * 60 + i64::from(m));
    if read.is_none() {
        errors.add(name, "Enter a time such as 9am");
    }
    read
}

/// A shift as the form says it; none when the person is not on duty.
fn read_form(
    form: &Fields,
    policy: &PlanPolicy,
    records: &RecordPolicy,
    errors: &mut FieldErrors,
) -> Option<(i64, i64)> {
    if !form
        .all("language")
        .iter()
        .all(|l| has(&records.languages, l))
    {
        errors.add("language", "Choose languages from the list");
    }
    let known = |id: &String| policy.skills.iter().any(|s| s.id == *id);
    if !form.all("skill").iter().all(known) {
        errors.add("skill", "Choose skills from the list");
    }
    if form.text("from").is_empty() && form.text("until").is_empty() {
        return None;
    }
    let (from, until) = (minute(form, "from", errors), minute(form, "until", errors));
    let hours = from.zip(until);
    if hours.is_some_and(|(from, until)| from >= until) {
        errors.add("until", "The hours must end after they begin");
    }
    hours
}

const COLUMNS: &[&str] = &[
    "day",
    "person",
    "name",
    "unit",
    "from_minute",
    "until_minute",
    "languages",
    "skills",
    "entered_at",
    "entered_by",
];

const UPDATE: &str = "on conflict (day, person) do update set from_minute = excluded.from_minute, \
    until_minute = excluded.until_minute, languages = excluded.languages, \
    skills = excluded.skills, entered_at = excluded.entered_at, entered_by = excluded.entered_by";

/// `POST /day-plan/staff/{person}`.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let person = person(&app, &who, &id).await?;
    let (policy, records) = (app.policy::<PlanPolicy>()?, app.policy::<RecordPolicy>()?);
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let hours = read_form(&form, &policy, &records, &mut errors);
    if !errors.is_empty() {
        return build(&app, &who, &person, &form, errors)?.show();
    }
    let of = Resource::of("shift", person.id.to_string()).of_unit(person.unit.clone());
    let grant = permit(&app, &who.actor, &STAFF, &of, "").await?;
    let json = |name: &str| serde_json::to_string(&form.all(name)).map_err(|e| Error::internal(&e));
    let (languages, skills) = (json("language")?, json("skill")?);
    let (today, by) = (app.now().day(), who.actor.name.clone());
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let Some((from, until)) = hours else {
                    let sql = Sql::new("delete from protect_shift where ")
                        .with("day = ? and person = ?", [today.into(), person.id.into()]);
                    return tx.run(sql).await.map(drop);
                };
                let row = vec![
                    today.into(),
                    person.id.into(),
                    person.name.into(),
                    person.unit.into(),
                    from.into(),
                    until.into(),
                    languages.into(),
                    skills.into(),
                    tx.now().into(),
                    by.into(),
                ];
                let update = OnConflict::Update(UPDATE);
                tx.insert("protect_shift", COLUMNS, vec![row], update)
                    .await?;
                Ok(())
            })
        })
        .await?;
    Ok(Redirect::to("/day-plan/staff").into_response())
}
