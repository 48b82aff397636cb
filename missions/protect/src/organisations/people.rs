//! Whom to speak to at an organisation, and on which phone when its own systems are down.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use record::ids::RecordId;
use store::{Conn, OnConflict, Result as Stored, Sql, Tx};
use web::parts::FieldErrors;
use web::{App, Error, Form, SignedIn};

use super::RECORD;
use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, paragraph};
use super::rows::{Organisation, opened};

const LONGEST: usize = 200;

/// Somebody who speaks for an organisation.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: RecordId,
    pub name: String,
    pub role: String,
    /// Works when the organisation's computers do not.
    pub phone: String,
    pub email: String,
}

impl Person {
    /// "Ann Example, director, 01632 960 001".
    pub fn in_words(&self) -> String {
        let parts = [&self.name, &self.role, &self.phone];
        let known: Vec<&str> = parts
            .into_iter()
            .map(String::as_str)
            .filter(|p| !p.is_empty())
            .collect();
        known.join(", ")
    }
}

/// Contacts of an organisation, latest first.
pub async fn of(conn: &mut Conn<'_>, organisation: RecordId) -> Stored<Vec<Person>> {
    let sql = Sql::new("select id, name, role, phone, email from protect_org_contact where ").with(
        "organisation = ? order by at desc, id desc limit 100",
        [organisation.into()],
    );
    let rows = conn.rows(sql).await?;
    let read = rows.iter().map(|row| {
        Ok(Person {
            id: row.get("id")?,
            name: row.get("name")?,
            role: row.get("role")?,
            phone: row.get("phone")?,
            email: row.get("email")?,
        })
    });
    read.collect()
}

/// Name, role, phone and e-mail address of a contact.
pub type Told = [String; 4];

/// Adds a contact in a write under way.
pub async fn add(tx: &mut Tx<'_>, organisation: RecordId, told: Told) -> Stored<()> {
    let columns = &[
        "id",
        "organisation",
        "name",
        "role",
        "phone",
        "email",
        "at",
        "by_name",
    ];
    let [name, role, phone, email] = told;
    let row = vec![
        tx.id().into(),
        organisation.into(),
        name.into(),
        role.into(),
        phone.into(),
        email.into(),
        tx.now().into(),
        tx.grant().actor_name().into(),
    ];
    tx.insert("protect_org_contact", columns, vec![row], OnConflict::Fail)
        .await
        .map(drop)
}

fn draw(
    app: &App,
    who: &SignedIn,
    organisation: &Organisation,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let drawn = Drawn {
        fields,
        errors: &errors,
    };
    let asked = vec![
        drawn.line("name", "Name", ""),
        drawn.line("role", "Role", "For example, director or IT manager"),
        drawn.tel(
            "phone",
            "Phone",
            "One that works when their computers do not",
        ),
        drawn.line("email", "Email address (optional)", ""),
    ];
    FormPage {
        lead: paragraph("Only people who speak for the organisation. No other employees."),
        fields: asked,
        button: "Save contact",
        ..FormPage::of(
            organisation,
            format!("Add a contact at {}", organisation.name),
            "people",
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/people`.
pub async fn page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (organisation, _) = opened(&app, &who.actor, &id, &RECORD).await?;
    draw(
        &app,
        &who,
        &organisation,
        &Fields::default(),
        FieldErrors::new(),
    )
}

/// `POST /organisations/{id}/people`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &RECORD).await?;
    let fields = Fields(pairs);
    let mut checks = Checks::at(app.now());
    checks.needed("name", fields.text("name"), "their name");
    checks.needed("role", fields.text("role"), "their role");
    checks.needed("phone", fields.text("phone"), "a phone number");
    let told = ["name", "role", "phone", "email"].map(|name| {
        checks.longest(name, fields.text(name), LONGEST);
        fields.owned(name)
    });
    if !checks.errors.is_empty() {
        return draw(&app, &who, &organisation, &fields, checks.errors);
    }
    let back = organisation.href();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move { add(tx, organisation.id, told).await })
        })
        .await?;
    Ok(Redirect::to(&back).into_response())
}
