//! What is known of an organisation: its facts, checked, and put right.

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use store::{Error as StoreError, Result as Stored, Sql, Tx};
use utoipa::ToSchema;
use web::parts::{Checkboxes, Choice, FieldErrors, Hidden, Html};
use web::{App, Error, Form, SignedIn};

use super::RECORD;
use super::fields::{Checks, Drawn, Fields};
use super::form::{FormPage, paragraph};
use super::identity::{self, Identity, Likeness};
use super::new::{Alike, alike};
use super::policy::{OrganisationPolicy, choices, ids, optional};
use super::rows::{Noted, Organisation, conflict, opened, step};

const LONGEST_LINE: usize = 200;

/// What is known of an organisation.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrganisationInput {
    pub name: String,
    /// As registered with Companies House; empty when it has none.
    pub company_number: String,
    pub postcode: String,
    /// Kind of the policy, for example `business`.
    pub kind: String,
    /// Size band of the policy, for example `10-49`; empty when not known.
    pub size: String,
    /// Section of SIC 2007; empty when not known.
    pub sector: String,
    pub district: String,
    /// Others depend on it.
    pub critical: bool,
    pub it_provider: String,
    pub insurer: String,
    /// Reason of the policy for contact, for example `request`.
    pub reason: String,
    /// Made although records are alike: a person looked and said that it is another one.
    pub is_another: bool,
}

impl OrganisationInput {
    pub fn of_fields(fields: &Fields) -> OrganisationInput {
        OrganisationInput {
            name: fields.owned("name"),
            company_number: fields.owned("company_number"),
            postcode: fields.owned("postcode"),
            kind: fields.owned("kind"),
            size: fields.owned("size"),
            sector: fields.owned("sector"),
            district: fields.owned("district"),
            critical: fields.text("critical") == "yes",
            it_provider: fields.owned("it_provider"),
            insurer: fields.owned("insurer"),
            reason: fields.owned("reason"),
            is_another: fields.text("is_another") == "yes",
        }
    }

    fn fields(organisation: &Organisation) -> Fields {
        let mut fields = Fields::default();
        let of = organisation;
        for (name, value) in [
            ("name", of.name.as_str()),
            ("company_number", of.company_number.as_deref().unwrap_or("")),
            ("postcode", of.postcode.as_deref().unwrap_or("")),
            ("kind", of.kind.as_str()),
            ("size", of.size.as_str()),
            ("sector", of.sector.as_str()),
            ("district", of.district.as_str()),
            ("critical", if of.critical { "yes" } else { "" }),
            ("it_provider", of.it_provider.as_str()),
            ("insurer", of.insurer.as_str()),
            ("reason", of.reason.as_str()),
        ] {
            fields.set(name, value);
        }
        fields.set("version", of.version.to_string());
        fields
    }

    pub fn identity(&self) -> Identity {
        Identity::of(&self.name, Some(&self.company_number), Some(&self.postcode))
    }

    /// What is wrong with it.
    pub fn check(&self, policy: &OrganisationPolicy, checks: &mut Checks) {
        checks.needed("name", &self.name, "the organisation's name");
        if identity::name_key(&self.name).is_empty() && !self.name.is_empty() {
            checks.errors.add("name", "Enter a name with letters in it");
        }
        if !self.company_number.is_empty()
            && identity::company_number(&self.company_number).is_none()
        {
            let message = "Enter a company number of eight figures, for example 01234567";
            checks.errors.add("company_number", message);
        }
        if !self.postcode.is_empty() && identity::postcode(&self.postcode).is_none() {
            let message = "Enter a full UK postcode, for example AL1 3JE";
            checks.errors.add("postcode", message);
        }
        checks.one_of("kind", &self.kind, ids(&policy.kinds), "what kind it is");
        let sizes = policy.sizes.iter().map(|s| s.id.as_str());
        checks.one_of("size", &self.size, sizes.chain([""]), "a size band");
        let sectors = ids(&policy.sectors).chain([""]);
        checks.one_of("sector", &self.sector, sectors, "a sector");
        let reasons = ids(&policy.reasons);
        checks.one_of("reason", &self.reason, reasons, "why there is contact");
        for (name, value) in [
            ("name", &self.name),
            ("district", &self.district),
            ("it_provider", &self.it_provider),
            ("insurer", &self.insurer),
        ] {
            checks.longest(name, value, LONGEST_LINE);
        }
    }
}

/// The fields of an organisation's facts.
pub fn facts(policy: &OrganisationPolicy, fields: &Fields, errors: &FieldErrors) -> Vec<Html> {
    let drawn = Drawn { fields, errors };
    let sizes: Vec<Choice> = std::iter::once(Choice::new("", "Not known"))
        .chain(policy.sizes.iter().map(|s| Choice::new(&s.id, &s.title)))
        .collect();
    let critical = [
        Choice::new("yes", "Others depend on it (critical supplier)")
            .chosen(fields.text("critical") == "yes"),
    ];
    vec![
        drawn.line("name", "Name", ""),
        drawn.short(
            "company_number",
            "Company number (optional)",
            "From Companies House, for example 01234567",
            10,
        ),
        drawn.short("postcode", "Postcode (optional)", "", 10),
        drawn.select("kind", "Kind", &with_blank(choices(&policy.kinds))),
        drawn.select("size", "Number of staff", &sizes),
        drawn.select("sector", "Sector", &optional(&policy.sectors)),
        drawn.line("district", "District (optional)", ""),
        Html::of(&Checkboxes::new("critical", "Supply", &critical)),
        drawn.line("it_provider", "IT provider (optional)", ""),
        drawn.line("insurer", "Cyber insurer (optional)", ""),
        drawn.select(
            "reason",
            "Why there is contact",
            &with_blank(choices(&policy.reasons)),
        ),
    ]
}

/// A first choice that says that one is to be made.
pub fn with_blank(mut choices: Vec<Choice>) -> Vec<Choice> {
    choices.insert(0, Choice::new("", "Choose"));
    choices
}

fn draw_change(
    app: &App,
    who: &SignedIn,
    organisation: &Organisation,
    fields: &Fields,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let policy = app.policy::<OrganisationPolicy>()?;
    let mut drawn = facts(&policy, fields, &errors);
    drawn.push(Html::of(&Hidden::new("version", fields.text("version"))));
    FormPage {
        lead: paragraph("What is changed here is in the history of the record."),
        fields: drawn,
        button: "Save facts",
        ..FormPage::of(
            organisation,
            format!("Facts of {}", organisation.name),
            "facts",
        )
    }
    .draw(app, who, errors)
}

/// `GET /organisations/{id}/facts`.
pub async fn change_page(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (organisation, _) = opened(&app, &who.actor, &id, &RECORD).await?;
    let fields = OrganisationInput::fields(&organisation);
    draw_change(&app, &who, &organisation, &fields, FieldErrors::new())
}

/// `POST /organisations/{id}/facts`.
pub async fn change(
    Shared(app): Shared<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (organisation, grant) = opened(&app, &who.actor, &id, &RECORD).await?;
    let policy = app.policy::<OrganisationPolicy>()?;
    let fields = Fields(pairs);
    let input = OrganisationInput::of_fields(&fields);
    let mut checks = Checks::at(app.now());
    input.check(&policy, &mut checks);
    let others = alike(&app, &who.actor, &input.identity()).await?;
    let numbered = |a: &Alike| a.organisation.id != organisation.id && a.likeness == Likeness::Same;
    if let Some(other) = others.iter().find(|a| numbered(a)) {
        let message = format!("This is on record already as {}", other.organisation.name);
        checks.errors.add("name", message);
    }
    if !checks.errors.is_empty() {
        return draw_change(&app, &who, &organisation, &fields, checks.errors);
    }
    let seen: i64 = fields.text("version").parse().unwrap_or_default();
    let back = organisation.href();
    let written = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move { put_right(tx, &organisation, &input, seen).await })
        })
        .await;
    conflict(
        written,
        "Somebody else changed this organisation first",
        &back,
    )?;
    Ok(Redirect::to(&back).into_response())
}

async fn put_right(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    input: &OrganisationInput,
    seen: i64,
) -> Stored<()> {
    let identity = input.identity();
    if let Some(number) = identity.company_number.as_deref() {
        // Somebody else may have recorded it in between.
        let taken = Sql::new("select id from protect_organisation where ").with(
            "company_number = ? and id <> ? and compartment is null",
            [number.into(), organisation.id.into()],
        );
        if tx.first(taken).await?.is_some() {
            return Err(StoreError::Conflict);
        }
    }
    let sql = Sql::new("update protect_organisation set ").with(
        "name = ?, name_key = ?, company_number = ?, postcode = ?, kind = ?, size = ?, sector = ?, \
         district = ?, critical = ?, it_provider = ?, insurer = ?, reason = ?, changed_at = ?, \
         version = version + 1 where id = ? and version = ?",
        [
            input.name.as_str().into(),
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
            input.reason.as_str().into(),
            tx.now().into(),
            organisation.id.into(),
            seen.into(),
        ],
    );
    if tx.run(sql).await? == 0 {
        return Err(StoreError::Conflict);
    }
    let noted = Noted {
        what: "Facts changed",
        note: "",
    };
    let state = organisation.state;
    step(tx, organisation.id, (state, state), noted).await
}
