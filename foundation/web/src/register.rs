//! The register of people: who may sign in, in which roles, from when until when.
//!
//! People, roles, units and compartments are dated rows: who held what on a past day can always be
//! told. Nothing is deleted; a person who leaves has an end date.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use record::Marking;
use record::access::{Act, ActKind, Actor, Authority, Resource};
use record::ids::{ActorId, RecordId};
use record::time::Timestamp;
use sha2::{Digest, Sha256};
use store::{Migration, OnConflict, Row, Sql, Store};

/// Adds or changes a person in the register.
pub const MANAGE: Act = Act::new("person.manage", ActKind::Access, "Manage people and roles");
/// Issues or revokes an API token.
pub const ISSUE_TOKEN: Act = Act::new("token.issue", ActKind::Access, "Issue API tokens");
/// Lists the people on duty, to allocate work to.
pub const LIST: Act = Act::new(
    "person.list",
    ActKind::Open,
    "See who work can be allocated to",
);

pub(crate) const ACTS: &[Act] = &[MANAGE, ISSUE_TOKEN, LIST];

/// Tables of identity, written by this crate alone.
pub const TABLES: &[&str] = &[
    "access_person",
    "access_role",
    "access_compartment",
    "access_session",
    "access_token",
];

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 10,
    name: "register of people, sessions and tokens",
    sql: "
create table access_person (
  id {id} not null primary key,
  username {text} not null unique,
  name {text} not null,
  title {text} not null,
  unit {text} not null,
  force {text} not null,
  ceiling {int} not null,
  password {text} not null,
  totp_secret {text},
  totp_step {int} not null,
  failures {int} not null,
  locked_until {int},
  active_from {int} not null,
  active_until {int},
  shortcuts {int} not null
) {strict};
create table access_role (
  person {id} not null references access_person (id),
  role {text} not null,
  from_at {int} not null,
  until_at {int},
  primary key (person, role, from_at)
) {strict};
create table access_compartment (
  person {id} not null references access_person (id),
  compartment {text} not null,
  from_at {int} not null,
  until_at {int},
  primary key (person, compartment, from_at)
) {strict};
create table access_session (
  token {text} not null primary key,
  person {id} not null references access_person (id),
  csrf {text} not null,
  purpose {text} not null,
  started_at {int} not null,
  expires_at {int} not null,
  ended_at {int}
) {strict};
create table access_token (
  token {text} not null primary key,
  id {id} not null unique,
  person {id} not null references access_person (id),
  name {text} not null,
  scopes {text} not null,
  issued_at {int} not null,
  expires_at {int} not null,
  revoked_at {int}
) {strict};
",
}];

/// A person to be added.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub username: String,
    pub name: String,
    /// Rank or job, shown under the name.
    pub title: String,
    pub unit: String,
    pub force: String,
    pub ceiling: Marking,
    pub password: String,
    pub roles: Vec<String>,
}

/// A person work can be given to.
#[derive(Clone)]
pub struct Colleague {
    pub id: ActorId,
    pub name: String,
    pub title: String,
    pub unit: String,
    actor: Actor,
}

impl Colleague {
    /// Whether they may do an act on things of their own unit: work is given only to who may do it.
    pub fn may(&self, act: &Act) -> bool {
        let any = Resource::of("page", act.name).of_unit(self.unit.clone());
        self.actor.may(act, &any)
    }
}

/// Hashes a password with Argon2id at its recommended cost. Takes tens of milliseconds: call it
/// where blocking is allowed.
pub fn hash_password(password: &str) -> Result<String, store::Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| store::Error::Invalid(format!("the password could not be hashed: {e}")))
}

/// Whether a password is the one that was hashed. An unreadable hash is never matched.
pub fn verify_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// A new secret of 32 random bytes as text, and the digest of it that is stored.
pub fn new_secret() -> Result<(String, String), store::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| store::Error::Invalid(format!("no randomness from the system: {e}")))?;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let stored = secret_digest(&text);
    Ok((text, stored))
}

/// What is stored of a secret.
pub fn secret_digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Shortest password accepted. NCSC advice: three random words; length beats complexity.
pub const SHORTEST_PASSWORD: usize = 12;

/// Adds a person with roles from today.
pub async fn add_person(
    store: &Store,
    by: &Actor,
    person: NewPerson,
) -> Result<ActorId, store::Error> {
    let grant = by.permit(
        &MANAGE,
        &Resource::of("person", person.username.clone()),
        "added",
    )?;
    for role in &person.roles {
        match by.authority().role(role) {
            Some(role) if !role.system => {}
            _ => {
                let known: Vec<&str> = by
                    .authority()
                    .roles()
                    .filter(|r| !r.system)
                    .map(|r| r.id.as_str())
                    .collect();
                return Err(store::Error::Invalid(format!(
                    "{role:?} is not a role. Roles: {}",
                    known.join(", ")
                )));
            }
        }
    }
    if person.password.chars().count() < SHORTEST_PASSWORD {
        return Err(store::Error::Invalid(format!(
            "the password is too short. Use at least {SHORTEST_PASSWORD} characters, for example three words"
        )));
    }
    let password = person.password.clone();
    let hash = tokio::task::spawn_blocking(move || hash_password(&password))
        .await
        .map_err(|e| store::Error::Stopped(e.to_string()))??;
    store
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("select count(*) as n from access_person where ")
                    .with("username = ?", [person.username.as_str().into()]);
                if tx.count(sql).await? > 0 {
                    return Err(store::Error::Invalid(format!(
                        "there is a person with the user name {:?} already",
                        person.username
                    )));
                }
                let (id, now) = (ActorId(tx.id()), tx.now());
                let row = vec![
                    id.into(),
                    person.username.into(),
                    person.name.into(),
                    person.title.into(),
                    person.unit.into(),
                    person.force.into(),
                    person.ceiling.level().into(),
                    hash.into(),
                    0i64.into(),
                    0i64.into(),
                    now.into(),
                    1i64.into(),
                ];
                let columns = &[
                    "id",
                    "username",
                    "name",
                    "title",
                    "unit",
                    "force",
                    "ceiling",
                    "password",
                    "totp_step",
                    "failures",
                    "active_from",
                    "shortcuts",
                ];
                tx.insert("access_person", columns, vec![row], OnConflict::Fail)
                    .await?;
                let roles = person
                    .roles
                    .into_iter()
                    .map(|role| vec![id.into(), role.into(), now.into()])
                    .collect();
                tx.insert(
                    "access_role",
                    &["person", "role", "from_at"],
                    roles,
                    OnConflict::Fail,
                )
                .await?;
                Ok(id)
            })
        })
        .await
}

/// Ends a person's access from now: roles, sessions and tokens.
pub async fn end_person(store: &Store, by: &Actor, username: &str) -> Result<(), store::Error> {
    let grant = by.permit(&MANAGE, &Resource::of("person", username), "access ended")?;
    let username = username.to_owned();
    store
        .write(&grant, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let sql = Sql::new("update access_person set ")
                    .with("active_until = ? where username = ?", [now.into(), username.as_str().into()]);
                if tx.run(sql).await? == 0 {
                    return Err(store::Error::NotFound);
                }
                let sql = Sql::new("update access_session set ").with(
                    "ended_at = ? where ended_at is null and person = (select id from access_person where username = ?)",
                    [now.into(), username.as_str().into()],
                );
                tx.run(sql).await?;
                let sql = Sql::new("update access_token set ").with(
                    "revoked_at = ? where revoked_at is null and person = (select id from access_person where username = ?)",
                    [now.into(), username.as_str().into()],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await
}

/// Sets a new password, clears a lock-out and ends running sessions.
pub async fn set_password(
    store: &Store,
    by: &Actor,
    username: &str,
    password: String,
) -> Result<(), store::Error> {
    let grant = by.permit(&MANAGE, &Resource::of("person", username), "password set")?;
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(store::Error::Invalid(format!(
            "the password is too short. Use at least {SHORTEST_PASSWORD} characters"
        )));
    }
    let hash = tokio::task::spawn_blocking(move || hash_password(&password))
        .await
        .map_err(|e| store::Error::Stopped(e.to_string()))??;
    let username = username.to_owned();
    store
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("update access_person set failures = 0, locked_until = null, ")
                    .with("password = ? where username = ?", [hash.into(), username.as_str().into()]);
                if tx.run(sql).await? == 0 {
                    return Err(store::Error::NotFound);
                }
                let now = tx.now();
                let sql = Sql::new("update access_session set ").with(
                    "ended_at = ? where ended_at is null and person = (select id from access_person where username = ?)",
                    [now.into(), username.as_str().into()],
                );
                tx.run(sql).await.map(drop)
            })
        })
        .await
}

/// Issues an API token limited to acts. The token is shown once; only its digest is stored.
pub async fn issue_token(
    store: &Store,
    by: &Actor,
    username: &str,
    name: &str,
    scopes: Vec<String>,
    expires_at: Timestamp,
) -> Result<String, store::Error> {
    let grant = by.permit(&ISSUE_TOKEN, &Resource::of("person", username), name)?;
    for scope in &scopes {
        if !by.authority().declares(scope) {
            return Err(store::Error::Invalid(format!(
                "{scope:?} is not an act. `fourfold policy acts` lists them"
            )));
        }
    }
    let (secret, stored) = new_secret()?;
    let (username, name) = (username.to_owned(), name.to_owned());
    store
        .write(&grant, move |tx| {
            Box::pin(async move {
                let sql = Sql::new("select id from access_person where ")
                    .with("username = ?", [username.into()]);
                let person: ActorId = tx
                    .first(sql)
                    .await?
                    .ok_or(store::Error::NotFound)?
                    .get("id")?;
                let id = RecordId(tx.id());
                let row = vec![
                    stored.into(),
                    id.into(),
                    person.into(),
                    name.into(),
                    scopes.join(" ").into(),
                    tx.now().into(),
                    expires_at.into(),
                ];
                let columns = &[
                    "token",
                    "id",
                    "person",
                    "name",
                    "scopes",
                    "issued_at",
                    "expires_at",
                ];
                tx.insert("access_token", columns, vec![row], OnConflict::Fail)
                    .await
            })
        })
        .await?;
    Ok(secret)
}

/// People who can be given work now, by name, each with the roles they hold now.
pub async fn colleagues(store: &Store, who: &Actor) -> Result<Vec<Colleague>, store::Error> {
    let grant = who.permit(&LIST, &Resource::of("page", "colleagues"), "")?;
    let mut db = store.read(&grant).await?;
    let now = store.now();
    let sql = Sql::new("select p.id, p.name, p.title, p.unit, p.force, p.ceiling, r.role from (")
        .then("select id, name, title, unit, force, ceiling from access_person where ")
        .with(
            "active_from <= ? and (active_until is null or active_until > ?)",
            [now.into(), now.into()],
        )
        .then(" order by name, id limit 500) p left join access_role r on r.person = p.id and ")
        .with(
            "r.from_at <= ? and (r.until_at is null or r.until_at > ?)",
            [now.into(), now.into()],
        )
        .then(" order by p.name, p.id");
    let mut all: Vec<Colleague> = Vec::new();
    // One row for each role held; the rows of a person stand together.
    for row in &db.rows(sql).await? {
        let id: ActorId = row.get("id")?;
        if all.last().is_none_or(|last| last.id != id) {
            all.push(colleague(who, id, row)?);
        }
        let role: Option<String> = row.get("role")?;
        if let (Some(one), Some(role)) = (all.last_mut(), role) {
            one.actor.roles.insert(role);
        }
    }
    Ok(all)
}

fn colleague(who: &Actor, id: ActorId, row: &Row) -> Result<Colleague, store::Error> {
    let actor = actor_of(who.authority(), row)?;
    Ok(Colleague {
        id,
        name: actor.name.clone(),
        title: row.get("title")?,
        unit: actor.unit.clone(),
        actor,
    })
}

/// The person of a row with `id`, `name`, `unit`, `force` and `ceiling`, holding nothing yet.
pub(crate) fn actor_of(authority: &Arc<Authority>, row: &Row) -> Result<Actor, store::Error> {
    let name: String = row.get("name")?;
    let mut actor = Actor::new(Arc::clone(authority), row.get("id")?, name);
    actor.unit = row.get("unit")?;
    actor.force = row.get("force")?;
    actor.ceiling = Marking::of_level(row.get("ceiling")?);
    Ok(actor)
}
