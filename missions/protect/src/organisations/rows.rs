//! Organisations as they are stored, and who may see which.

use record::access::{Act, Actor, Grant, Resource, Scope};
use record::ids::RecordId;
use record::marking::Marking;
use record::time::Timestamp;
use store::{Error as StoreError, Result as Stored, Row, Sql, Tx};
use web::{App, Error};

use super::identity::Identity;
use super::state::{Event, State};
use super::{LOOK_UP, VIEW};
use crate::victim_care::permit;

/// An organisation.
#[derive(Debug, Clone)]
pub struct Organisation {
    pub id: RecordId,
    pub name: String,
    pub company_number: Option<String>,
    pub postcode: Option<String>,
    pub kind: String,
    pub size: String,
    pub sector: String,
    pub district: String,
    /// Others depend on it: its failure would be felt beyond it.
    pub critical: bool,
    pub it_provider: String,
    pub insurer: String,
    pub state: State,
    pub reason: String,
    pub created_at: Timestamp,
    pub created_by: String,
    pub changed_at: Timestamp,
    pub unit: String,
    pub marking: Marking,
    pub compartment: Option<String>,
    pub version: i64,
}

pub const COLUMNS: &str = "select o.id, o.name, o.company_number, o.postcode, o.kind, o.size, o.sector, \
    o.district, o.critical, o.it_provider, o.insurer, o.state, o.reason, o.created_at, \
    o.created_by_name, o.changed_at, o.unit, o.marking, o.compartment, o.version \
    from protect_organisation o where ";

impl Organisation {
    pub fn of(row: &Row) -> Stored<Organisation> {
        let state: String = row.get("state")?;
        Ok(Organisation {
            id: row.get("id")?,
            name: row.get("name")?,
            company_number: row.get("company_number")?,
            postcode: row.get("postcode")?,
            kind: row.get("kind")?,
            size: row.get("size")?,
            sector: row.get("sector")?,
            district: row.get("district")?,
            critical: row.get("critical")?,
            it_provider: row.get("it_provider")?,
            insurer: row.get("insurer")?,
            state: State::parse(&state)
                .ok_or_else(|| StoreError::Invalid(format!("{state:?} is no state")))?,
            reason: row.get("reason")?,
            created_at: row.get("created_at")?,
            created_by: row.get("created_by_name")?,
            changed_at: row.get("changed_at")?,
            unit: row.get("unit")?,
            marking: Marking::of_level(row.get("marking")?),
            compartment: row.get("compartment")?,
            version: row.get("version")?,
        })
    }

    /// What access is asked for.
    pub fn resource(&self) -> Resource {
        Resource::of("organisation", self.id.to_string())
            .marked(self.marking, self.compartment.clone())
            .of_unit(self.unit.clone())
    }

    pub fn href(&self) -> String {
        href(self.id)
    }

    pub fn identity(&self) -> Identity {
        Identity::of(
            &self.name,
            self.company_number.as_deref(),
            self.postcode.as_deref(),
        )
    }
}

/// Address of a record's page.
pub fn href(id: RecordId) -> String {
    format!("/organisations/{id}")
}

/// Reads an identifier of an address.
pub fn record_id(text: &str) -> Result<RecordId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// Adds the condition that the actor may see the row `o`, of organisations or of incident calls.
pub fn visible(mut sql: Sql, scope: &Scope) -> Sql {
    sql = sql.with(" and o.marking <= ?", [scope.ceiling.into()]);
    if scope.compartments.is_empty() {
        sql = sql.then(" and o.compartment is null");
    } else {
        let named = scope.compartments.iter().map(|c| c.as_str().into());
        sql = sql
            .then(" and (o.compartment is null or")
            .within(" o.compartment in", named)
            .then(")");
    }
    if let Some(unit) = &scope.unit {
        sql = sql.with(" and o.unit = ?", [unit.as_str().into()]);
    }
    sql
}

/// An organisation the actor may see, so that an act on it can be asked for. What the actor may not see
/// is not found.
pub async fn find(app: &App, actor: &Actor, id: RecordId) -> Result<Organisation, Error> {
    let all = Resource::of("organisation", "all");
    let grant = app
        .system()
        .permit(&LOOK_UP, &all, "")
        .map_err(StoreError::from)?;
    let mut reader = app.store().read(&grant).await?;
    let sql = visible(
        Sql::new(COLUMNS).with("o.id = ?", [id.into()]),
        &actor.scope(),
    );
    let row = reader.first(sql).await?.ok_or(Error::NotFound)?;
    Ok(Organisation::of(&row)?)
}

/// Finds an organisation and asks for an act on it. Whoever may not see it at all does not find it.
pub async fn opened(
    app: &App,
    actor: &Actor,
    id: &str,
    act: &Act,
) -> Result<(Organisation, Grant), Error> {
    let organisation = find(app, actor, record_id(id)?).await?;
    let resource = organisation.resource();
    if !actor.may(&VIEW, &resource) {
        permit(app, actor, &VIEW, &resource, "").await?;
    }
    let grant = permit(app, actor, act, &resource, "").await?;
    Ok((organisation, grant))
}

/// What became of an organisation, for its history.
#[derive(Clone, Copy)]
pub struct Noted<'n> {
    pub what: &'n str,
    pub note: &'n str,
}

/// Moves an organisation on by an event, and keeps that it happened.
pub async fn advance(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    event: Event,
    noted: Noted<'_>,
) -> Stored<()> {
    let after = organisation.state.after(event);
    // Whoever saw an older state is told: what comes next may be another thing now.
    let sql = Sql::new("update protect_organisation set ").with(
        "state = ?, changed_at = ?, version = version + 1 where id = ? and state = ?",
        [
            after.name().into(),
            tx.now().into(),
            organisation.id.into(),
            organisation.state.name().into(),
        ],
    );
    if tx.run(sql).await? == 0 {
        return Err(StoreError::Conflict);
    }
    step(tx, organisation.id, (organisation.state, after), noted).await
}

/// One line of an organisation's history.
pub async fn step(
    tx: &mut Tx<'_>,
    id: RecordId,
    (before, after): (State, State),
    noted: Noted<'_>,
) -> Stored<()> {
    let columns = &[
        "id",
        "organisation",
        "at",
        "before",
        "after",
        "what",
        "note",
        "by_name",
    ];
    let row = vec![
        tx.id().into(),
        id.into(),
        tx.now().into(),
        before.name().into(),
        after.name().into(),
        noted.what.into(),
        noted.note.into(),
        tx.grant().actor_name().into(),
    ];
    tx.insert(
        "protect_org_step",
        columns,
        vec![row],
        store::OnConflict::Fail,
    )
    .await
    .map(drop)
}

/// The conflict of a form somebody else was faster than, leading back to the record.
pub fn conflict<T>(result: Stored<T>, what: &str, href: &str) -> Result<T, Error> {
    match result {
        Err(StoreError::Conflict) => Err(Error::Conflict {
            what: what.to_owned(),
            href: href.to_owned(),
        }),
        other => Ok(other?),
    }
}
