//! A record for an organisation: found when it exists, made when it does not.

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use record::access::{Actor, Resource};
use record::ids::RecordId;
use record::marking::Marking;
use store::{Error as StoreError, OnConflict, Result as Stored, Sql, Tx};
use web::parts::{Checkboxes, Choice, FieldErrors, Html};
use web::{App, Error, Form, SignedIn};

use super::facts::{OrganisationInput, facts};
use super::fields::{Checks, Fields};
use super::form::{FormPage, Written};
use super::identity::{Identity, Likeness};
use super::policy::OrganisationPolicy;
use super::rows::{COLUMNS, Noted, Organisation, conflict, href, step, visible};
use super::state::State;
use super::{LIST, RECORD};
use crate::victim_care::permit;

/// Records that may be the same, shown at most.
const MOST_ALIKE: i64 = 10;

/// A record that may be the same, as the actor may see it.
pub struct Alike {
    pub organisation: Organisation,
    pub likeness: Likeness,
}

/// Records that may be the same organisation, surest first.
pub async fn alike(app: &App, actor: &Actor, identity: &Identity) -> Result<Vec<Alike>, Error> {
    let of = Resource::of("page", "organisations").of_unit(actor.unit.clone());
    let grant = permit(app, actor, &LIST, &of, "").await?;
    let mut reader = app.store().read(&grant).await?;
    let sql = candidates(identity);
    let sql = visible(sql, &actor.scope()).with(" order by o.id limit ?", [MOST_ALIKE.into()]);
    let rows = reader.rows(sql).await?;
    drop(reader);
    let mut found = Vec::new();
    for row in &rows {
        let organisation = Organisation::of(row)?;
        let likeness = identity.likeness(&organisation.identity());
        if likeness > Likeness::Other {
            found.push(Alike {
                organisation,
                likeness,
            });
        }
    }
    found.sort_by_key(|a| std::cmp::Reverse(a.likeness));
    Ok(found)
}

/// Rows that share a number or a name.
pub fn candidates(identity: &Identity) -> Sql {
    Sql::new(COLUMNS).with(
        "(o.company_number = ? or o.name_key = ?)",
        [
            identity.company_number.as_deref().into(),
            identity.name_key.as_str().into(),
        ],
    )
}

/// Inserts a record in a write under way.
pub async fn insert(
    tx: &mut Tx<'_>,
    input: &OrganisationInput,
    unit: &str,
    marking: Marking,
) -> Stored<Organisation> {
    let identity = input.identity();
    let id = RecordId(tx.id());
    let by = tx.grant().actor();
    let row = vec![
        id.into(),
        input.name.trim().into(),
        identity.name_key.as_str().into(),
        identity.company_number.as_deref().into(),
        identity.postcode.as_deref().into(),
        input.kind.as_str().into(),
        input.size.as_str().into(),
        input.sector.as_str().into(),
        input.district.as_str().into(),
        input.critical.into(),
        input.it_provider.as_str().into(),
        input.insurer.as_str().into(),
        State::Identified.name().into(),
        input.reason.as_str().into(),
        tx.now().into(),
        by.into(),
        tx.grant().actor_name().into(),
        tx.now().into(),
        unit.into(),
        marking.level().into(),
        Option::<&str>::None.into(),
        1i64.into(),
    ];
    let added = tx
        .insert(
            "protect_organisation",
            INSERTED,
            vec![row],
            OnConflict::Keep,
        )
        .await?;
    if added == 0 {
        // Somebody else recorded its company number in between.
        return Err(StoreError::Conflict);
    }
    let noted = Noted {
        what: "Recorded",
        note: "",
    };
    step(tx, id, (State::Identified, State::Identified), noted).await?;
    let sql = Sql::new(COLUMNS).with("o.id = ?", [id.into()]);
    let row = tx.first(sql).await?.ok_or(StoreError::NotFound)?;
    Organisation::of(&row)
}

const INSERTED: &[&str] = &[
    "id",
    "name",
    "name_key",
    "company_number",
    "postcode",
    "kind",
    "size",
    "sector",
    "district",
    "critical",
    "it_provider",
    "insurer",
    "state",
    "reason",
    "created_at",
    "created_by",
    "created_by_name",
    "changed_at",
    "unit",
    "marking",
    "compartment",
    "version",
];

/// What came of an attempt to make a record of what is right by itself.
pub enum Created {
    Made(RecordId),
    /// A person has to look first.
    Alike(Vec<Alike>),
}

/// Makes a record, unless there is one already or one that may be it.
pub async fn create(
    app: &App,
    actor: &Actor,
    input: &OrganisationInput,
) -> Result<Written<Created>, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut checks = Checks::at(app.now());
    input.check(&policy, &mut checks);
    if !checks.errors.is_empty() {
        return Ok(Written::Wrong(checks.errors));
    }
    let alike = alike(app, actor, &input.identity()).await?;
    let same = alike.iter().any(|a| a.likeness == Likeness::Same);
    if same || (!alike.is_empty() && !input.is_another) {
        return Ok(Written::Done(Created::Alike(alike)));
    }
    let of = Resource::of("organisation", "new")
        .marked(Marking::OfficialSensitive, None)
        .of_unit(app.force().unit.clone());
    let grant = permit(app, actor, &RECORD, &of, "").await?;
    let (input, unit) = (input.clone(), app.force().unit.clone());
    let made = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let made = insert(tx, &input, &unit, Marking::OfficialSensitive).await?;
                enter(tx, made.id);
                Ok(made.id)
            })
        })
        .await;
    let what = "An organisation with this company number was recorded in the meantime";
    let made = conflict(made, what, "/organisations")?;
    Ok(Written::Done(Created::Made(made)))
}

/// The entry of a record that was made or changed.
pub fn enter(tx: &mut Tx<'_>, id: RecordId) {
    tx.enter(store::Entry {
        kind: "organisation",
        id: id.to_string(),
        ..store::Entry::default()
    });
}

fn draw(
    app: &App,
    who: &SignedIn,
    (fields, alike): (&Fields, &[Alike]),
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut drawn = facts(&policy, fields, &errors);
    let same = alike.iter().any(|a| a.likeness == Likeness::Same);
    if !alike.is_empty() && !same {
        let other = [Choice::new("yes", "None of these: make a new record")];
        let boxes = Checkboxes::new("is_another", "Is it another organisation?", &other);
        drawn.push(Html::of(&boxes.errors(&errors)));
    }
    FormPage {
        title: "Record an organisation".to_owned(),
        menu: "/organisations",
        back: ("Organisations".to_owned(), "/organisations".to_owned()),
        action: "/organisations/new".to_owned(),
        lead: suggestions(alike),
        fields: drawn,
        button: "Save organisation",
    }
    .draw(app, who, errors)
}

#[derive(askama::Template)]
#[template(path = "organisations/alike.html")]
struct Suggestions<'a> {
    alike: &'a [Alike],
}

impl askama::filters::HtmlSafe for Suggestions<'_> {}

/// Records that may be the same, as links.
pub fn suggestions(alike: &[Alike]) -> Html {
    if alike.is_empty() {
        return Html::default();
    }
    Html::of(&Suggestions { alike })
}

/// `GET /organisations/new`.
pub async fn page(Shared(app): Shared<App>, who: SignedIn) -> Result<Response, Error> {
    draw(&app, &who, (&Fields::default(), &[]), FieldErrors::new())
}

/// `POST /organisations/new`.
pub async fn submit(
    Shared(app): Shared<App>,
    who: SignedIn,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let fields = Fields(pairs);
    let input = OrganisationInput::of_fields(&fields);
    match create(&app, &who.actor, &input).await? {
        Written::Done(Created::Made(id)) => Ok(Redirect::to(&href(id)).into_response()),
        Written::Wrong(errors) => draw(&app, &who, (&fields, &[]), errors),
        Written::Done(Created::Alike(alike)) => {
            let mut errors = FieldErrors::new();
            if alike.iter().any(|a| a.likeness == Likeness::Same) {
                errors.add(
                    "name",
                    "This organisation is on record already. Open its record",
                );
            } else {
                let message =
                    "Look at the records that may be the same, or say that it is another one";
                errors.add("is_another", message);
            }
            draw(&app, &who, (&fields, &alike), errors)
        }
    }
}
