//! How an organisation stands in the schemes that help it: told, applied, joined, certified until when.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::ids::RecordId;
use record::time::{Date, Timestamp};
use store::{Conn, OnConflict, Result as Stored, Sql, Tx};
use web::parts::{Choice, FieldErrors};
use web::{App, Error, Form, SignedIn};

use super::SCHEME;
use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, heading, paragraph};
use super::identity::quarter;
use super::policy::{OrganisationPolicy, Scheme, Step};
use super::rows::{Noted, Organisation, opened, step};

/// How an organisation stands in one scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub scheme: String,
    pub step: String,
    pub since: Timestamp,
    pub expires_at: Option<Timestamp>,
}

impl Standing {
    /// Whether what was reached has run out.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// "Certified since 1 March 2026, until 1 March 2027".
    pub fn in_words(&self, policy: &OrganisationPolicy, now: Timestamp) -> String {
        let scheme = policy.scheme(&self.scheme);
        let step = scheme.and_then(|s| s.step(&self.step));
        let title = step.map_or(self.step.as_str(), |s| s.title.as_str());
        let since = self.since.day().show();
        match self.expires_at {
            Some(at) if self.has_expired(now) => {
                format!("Expired on {}: {title} since {since}", at.day().show())
            }
            Some(at) => format!("{title} since {since}, until {}", at.day().show()),
            None => format!("{title} since {since}"),
        }
    }
}

/// How an organisation stands in each scheme it was told of.
pub async fn of(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Vec<Standing>> {
    let sql = Sql::new("select scheme, step, since, expires_at from protect_org_scheme where ")
        .with("organisation = ?", [organisation.into()]);
    let rows = conn.rows(sql).await?;
    let read = rows.iter().map(|row| {
        Ok(Standing {
            scheme: row.get("scheme")?,
            step: row.get("step")?,
            since: row.get("since")?,
            expires_at: row.get("expires_at")?,
        })
    });
    read.collect()
}

/// Records a step that was reached by the way: an organisation that stands further on stays there.
pub async fn tell(
    tx: &mut Tx<'_>,
    policy: &OrganisationPolicy,
    organisation: RecordId,
    (scheme, reached): (&str, &str),
    since: Timestamp,
) -> Stored<()> {
    let Some(scheme) = policy.scheme(scheme) else {
        return Ok(());
    };
    let standing = of(tx, organisation).await?;
    let held = standing.iter().find(|s| s.scheme == scheme.id);
    let held = held.and_then(|s| scheme.place(&s.step));
    let (Some(place), Some(step)) = (scheme.place(reached), scheme.step(reached)) else {
        return Ok(());
    };
    if held.is_some_and(|held| held >= place) {
        return Ok(());
    }
    set(tx, organisation, (scheme, step), since, None).await
}

/// The day a step runs out, when policy says that it lasts so long.
fn ends(step: &Step, since: Date) -> Option<Date> {
    let months = i32::try_from(step.months?).ok()?;
    let first = since.month_after(months);
    // A certificate of 29 February ends with the month.
    let day = i64::from(since.day()) - 1;
    let last = first.month_after(1).plus_days(-1);
    Some(first.plus_days(day).min(last))
}

/// Writes where an organisation stands, and that it was so.
async fn set(
    tx: &mut Tx<'_>,
    organisation: RecordId,
    (scheme, step): (&Scheme, &Step),
    since: Timestamp,
    expires: Option<Date>,
) -> Stored<()> {
    let expires = expires.or_else(|| ends(step, since.day()));
    let expires = expires.map(Timestamp::start_of);
    let taken_up = step.taken_up.then_some(since);
    let columns = &[
        "id",
        "organisation",
        "scheme",
        "step",
        "since",
        "expires_at",
        "told_at",
        "told_quarter",
        "taken_up_at",
    ];
    let row = vec![
        tx.id().into(),
        organisation.into(),
        scheme.id.as_str().into(),
        step.id.as_str().into(),
        since.into(),
        expires.into(),
        since.into(),
        quarter(since).into(),
        taken_up.into(),
    ];
    // Whoever joined was told by then at the latest; the first of each stays.
    let update = OnConflict::Update(
        "on conflict (organisation, scheme) do update set step = excluded.step, \
         since = excluded.since, expires_at = excluded.expires_at, \
         taken_up_at = coalesce(protect_org_scheme.taken_up_at, excluded.taken_up_at)",
    );
    tx.insert("protect_org_scheme", columns, vec![row], update)
        .await?;
    keep_step(tx, organisation, (&scheme.id, &step.id), (since, expires)).await
}

/// One line of what an organisation reached, and until when.
async fn keep_step(
    tx: &mut Tx<'_>,
    organisation: RecordId,
    (scheme, step): (&str, &str),
    (since, expires): (Timestamp, Option<Timestamp>),
) -> Stored<()> {
    let columns = &[
        "id",
        "organisation",
        "scheme",
        "step",
        "since",
        "expires_at",
        "at",
        "by_name",
    ];
    let row = vec![
        tx.id().into(),
        organisation.into(),
        scheme.into(),
        step.into(),
        since.into(),
        expires.into(),
        tx.now().into(),
        tx.grant().actor_name().into(),
    ];
    tx.insert(
        "protect_org_scheme_step",
        columns,
        vec![row],
        OnConflict::Fail,
    )
    .await
    .map(drop)
}

async fn draw(
    app: &App,
    who: &SignedIn,
    organisation: &Organisation,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let mut asked = Vec::new();
    for scheme in &policy.schemes {
        let mut choices = vec![Choice::new("", "Not told")];
        choices.extend(scheme.steps.iter().map(|s| Choice::new(&s.id, &s.title)));
        let id = &scheme.id;
        asked.push(heading(&scheme.title));
        asked.push(drawn.select(&format!("step-{id}"), "Where they stand", &choices));
        asked.push(drawn.day(&format!("since-{id}"), "Since", ""));
        if scheme.steps.iter().any(|s| s.months.is_some()) {
            let hint = "Left empty, it is as long as the certificate lasts";
            asked.push(drawn.day(
                &format!("expires-{id}"),
                "Certificate ends (optional)",
                hint,
            ));
        }
    }
    FormPage {
        lead: paragraph(
            "What is changed is kept with its day; what stands as before is left alone.",
        ),
        fields: asked,
        button: "Save schemes",
        ..FormPage::of(
            organisation,
            format!("Schemes of {}", organisation.name),
            "schemes",
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/schemes`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &SCHEME).await?;
    let mut reader = app.store().read(&grant).await?;
    let standing = of(&mut reader.conn(), organisation.id).await?;
    drop(reader);
    let mut fields = Fields::default();
    for one in &standing {
        fields.set(&format!("step-{}", one.scheme), one.step.as_str());
        fields.set_day(&format!("since-{}", one.scheme), one.since.day());
        if let Some(at) = one.expires_at {
            fields.set_day(&format!("expires-{}", one.scheme), at.day());
        }
    }
    draw(&app, &who, &organisation, &fields, FieldErrors::new()).await
}

/// A change the form asks for.
struct Wanted {
    scheme: Scheme,
    step: Step,
    since: Date,
    expires: Option<Date>,
}

/// What the form changes; what stands as before is not among it.
fn wanted(
    policy: &OrganisationPolicy,
    standing: &[Standing],
    fields: &Fields,
    checks: &mut Checks,
) -> Vec<Wanted> {
    let mut list = Vec::new();
    for scheme in &policy.schemes {
        let (step_field, since_field) = (
            format!("step-{}", scheme.id),
            format!("since-{}", scheme.id),
        );
        let expires_field = format!("expires-{}", scheme.id);
        let held = standing.iter().find(|s| s.scheme == scheme.id);
        let asked = fields.text(&step_field);
        if asked.is_empty() {
            if held.is_some() {
                let message = format!("{}: what they were told cannot be untold", scheme.title);
                checks.errors.add(&step_field, message);
            }
            continue;
        }
        let Some(step) = scheme.step(asked) else {
            let message = format!("{}: choose where they stand", scheme.title);
            checks.errors.add(&step_field, message);
            continue;
        };
        let since = checks.past_day(&since_field, &fields.day(&since_field));
        let expires = checks.day(&expires_field, &fields.day(&expires_field));
        let Some(since) = since else {
            checks
                .errors
                .add(&since_field, format!("{}: enter the day", scheme.title));
            continue;
        };
        if expires.is_some_and(|e| e <= since) {
            checks
                .errors
                .add(&expires_field, "The certificate must end after it began");
        }
        let same = held.is_some_and(|h| {
            h.step == step.id
                && h.since.day() == since
                && h.expires_at.map(Timestamp::day) == expires.or_else(|| ends(step, since))
        });
        if !same {
            list.push(Wanted {
                scheme: scheme.clone(),
                step: step.clone(),
                since,
                // A day left over from another step says nothing about this one.
                expires: expires.filter(|_| step.months.is_some()),
            });
        }
    }
    list
}

/// `POST /organisations/{id}/schemes`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &SCHEME).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut reader = app.store().read(&grant).await?;
    let standing = of(&mut reader.conn(), organisation.id).await?;
    drop(reader);
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    let wanted = wanted(&policy, &standing, &fields, &mut checks);
    if !checks.errors.is_empty() {
        return draw(&app, &who, &organisation, &fields, checks.errors).await;
    }
    let back = organisation.href();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                for one in &wanted {
                    let since = Timestamp::start_of(one.since);
                    let reached = (&one.scheme, &one.step);
                    set(tx, organisation.id, reached, since, one.expires).await?;
                    let what = format!("{}: {}", one.scheme.title, one.step.title);
                    let noted = Noted {
                        what: &what,
                        note: "",
                    };
                    let same = (organisation.state, organisation.state);
                    step(tx, organisation.id, same, noted).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(Redirect::to(&back).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_ends_after_its_months() {
        let step = |months| Step {
            id: "certified".to_owned(),
            title: "Certified".to_owned(),
            taken_up: true,
            months,
        };
        let on = |text: &str, months| {
            let day = Date::parse(text).unwrap();
            ends(&step(months), day).map(|d| d.to_string())
        };
        assert_eq!(on("2026-03-15", Some(12)).as_deref(), Some("2027-03-15"));
        assert_eq!(on("2028-02-29", Some(12)).as_deref(), Some("2029-02-28"));
        assert_eq!(on("2026-08-31", Some(6)).as_deref(), Some("2027-02-28"));
        assert_eq!(on("2026-03-15", None), None);
    }

    #[test]
    fn what_has_run_out_says_so() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let standing = Standing {
            scheme: "cyber_essentials".to_owned(),
            step: "certified".to_owned(),
            since: at("2025-11-01T00:00:00Z"),
            expires_at: Some(at("2026-11-01T00:00:00Z")),
        };
        assert!(standing.has_expired(at("2026-11-01T00:00:00Z")));
        assert!(!standing.has_expired(at("2026-10-31T23:59:00Z")));
    }
}
