//! Decisions by Cedar policies: default deny, and a `forbid` no `permit` can override.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::{OnceLock, PoisonError, RwLock};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use serde::Deserialize;

use super::{Act, Actor, Origin, Resource};
use crate::policy::PolicyError;

/// One file of `policy/access/`.
#[derive(Debug, Clone)]
pub struct PolicyText {
    pub file: String,
    pub text: String,
}

/// How much of the force's records a role's lists show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sees {
    Force,
    OwnUnit,
}

/// A role a person may hold for a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub id: String,
    pub title: String,
    pub sees: Sees,
    /// A role only the system's own work holds; never given to a person.
    #[serde(default)]
    pub system: bool,
}

/// `policy/access/roles.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolesFile {
    pub role: Vec<Role>,
}

/// Name of the somebody and the thing that are asked about when no real ones are.
const PROBE: &str = "matrix";

/// Most decisions remembered; when there are as many, remembering starts afresh.
const MOST_REMEMBERED: usize = 65_536;

/// Decides on acts. Built once at start from the declared acts and the force's policy files.
///
/// A decision depends on the act, on what is known of the actor and on the attributes of the
/// resource, never on which single record it is; so it is worked out once and remembered.
pub struct Authority {
    authorizer: Authorizer,
    policies: PolicySet,
    roles: BTreeMap<String, Role>,
    role_entities: Vec<Entity>,
    actor_type: EntityTypeName,
    action_type: EntityTypeName,
    resource_type: EntityTypeName,
    role_type: EntityTypeName,
    /// For each role, somebody who holds it alone, and an unsealed thing of their unit.
    probes: Vec<(String, Entities)>,
    /// For each act, the roles that may do it to such a thing. Each is worked out when first asked for:
    /// it takes as many decisions as there are roles.
    matrix: BTreeMap<&'static str, OnceLock<BTreeSet<String>>>,
    remembered: RwLock<HashMap<String, Decided>>,
}

/// What a decision was and which policies decided it.
#[derive(Clone)]
pub(super) struct Decided {
    pub allowed: bool,
    pub policies: Vec<String>,
}

impl Authority {
    /// Reads and checks access policy against the acts the product declares. Refuses a policy that
    /// Cedar's strict validation refuses, an act nobody may do, and an unknown role.
    pub fn new(
        acts: &[Act],
        roles: RolesFile,
        texts: &[PolicyText],
    ) -> Result<Authority, PolicyError> {
        let schema_text = schema_text(acts);
        let (schema, _) = Schema::from_cedarschema_str(&schema_text)
            .map_err(|e| PolicyError::new("policy/access", format!("schema: {e}")))?;
        let mut policies = PolicySet::new();
        for PolicyText { file, text } in texts {
            let set = PolicySet::from_str(text)
                .map_err(|e| PolicyError::new(file, format!("{e}: {e:?}")))?;
            for policy in set.policies() {
                let id = policy.annotation("id").ok_or_else(|| {
                    PolicyError::new(
                        file,
                        "a policy has no @id. Give each policy a name of its own",
                    )
                })?;
                let named = policy.new_id(cedar_policy::PolicyId::new(id));
                policies
                    .add(named)
                    .map_err(|e| PolicyError::new(file, e.to_string()))?;
            }
        }
        let checked = Validator::new(schema).validate(&policies, ValidationMode::Strict);
        if let Some(error) = checked.validation_errors().next() {
            return Err(PolicyError::new("policy/access", error.to_string()));
        }
        let name = |text: &str| {
            EntityTypeName::from_str(text)
                .map_err(|e| PolicyError::new("policy/access", e.to_string()))
        };
        let role_type = name("Role")?;
        let roles: BTreeMap<String, Role> =
            roles.role.into_iter().map(|r| (r.id.clone(), r)).collect();
        let role_entities = roles
            .keys()
            .map(|id| Entity::new_no_attrs(uid(&role_type, id), HashSet::new()))
            .collect();
        let mut authority = Authority {
            authorizer: Authorizer::new(),
            policies,
            roles,
            role_entities,
            actor_type: name("Actor")?,
            action_type: name("Action")?,
            resource_type: name("Resource")?,
            role_type,
            probes: Vec::new(),
            matrix: acts.iter().map(|act| (act.name, OnceLock::new())).collect(),
            remembered: RwLock::default(),
        };
        authority.probes = authority.probes()?;
        authority.check_that_each_act_has_a_role()?;
        Ok(authority)
    }

    fn check_that_each_act_has_a_role(&self) -> Result<(), PolicyError> {
        // Neighbouring acts are mostly the same role's: it is asked first.
        let mut last = 0;
        for act in self.matrix.keys() {
            let mut from_last = (0..self.probes.len()).map(|n| (last + n) % self.probes.len());
            last = from_last
                .find(|n| self.probe(&self.probes[*n].1, act))
                .ok_or_else(|| {
                    PolicyError::new(
                        "policy/access",
                        format!(
                            "no role may do {act:?}. Permit it to a role, or the product cannot be used"
                        ),
                    )
                })?;
        }
        Ok(())
    }

    pub(super) fn decide(&self, actor: &Actor, act: &Act, resource: &Resource) -> Decided {
        if let Origin::Token { scopes } = &actor.origin
            && !scopes.contains(act.name)
        {
            return Decided {
                allowed: false,
                policies: vec!["token-scope".to_owned()],
            };
        }
        let key = key_of(actor, act, resource);
        // A lock is poisoned only by a panic between two whole insertions.
        let remembered = self.remembered.read();
        if let Some(decided) = remembered.unwrap_or_else(PoisonError::into_inner).get(&key) {
            return decided.clone();
        }
        let decided = self
            .evaluate(actor, act, resource)
            .unwrap_or_else(|| Decided {
                // A request that cannot even be built is refused: default deny.
                allowed: false,
                policies: vec!["not-decidable".to_owned()],
            });
        let remembered = self.remembered.write();
        let mut remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(key, decided.clone());
        decided
    }

    fn evaluate(&self, actor: &Actor, act: &Act, resource: &Resource) -> Option<Decided> {
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let principal = uid(&self.actor_type, &actor.id.to_string());
        let parents: HashSet<EntityUid> = actor
            .roles
            .iter()
            .map(|r| uid(&self.role_type, r))
            .collect();
        let compartments =
            RestrictedExpression::new_set(actor.compartments.iter().map(|c| text(c)));
        let actor_entity = Entity::new(
            principal.clone(),
            HashMap::from([
                ("unit".to_owned(), text(&actor.unit)),
                ("force".to_owned(), text(&actor.force)),
                (
                    "ceiling".to_owned(),
                    RestrictedExpression::new_long(actor.ceiling.level()),
                ),
                ("compartments".to_owned(), compartments),
            ]),
            parents,
        )
        .ok()?;
        // Without the identifier: policies decide by attributes, not record by record.
        let resource_uid = uid(&self.resource_type, resource.kind);
        let resource_entity = Entity::new(
            resource_uid.clone(),
            HashMap::from([
                ("kind".to_owned(), text(resource.kind)),
                ("unit".to_owned(), text(&resource.unit)),
                (
                    "marking".to_owned(),
                    RestrictedExpression::new_long(resource.marking.level()),
                ),
                (
                    "compartment".to_owned(),
                    text(resource.compartment.as_deref().unwrap_or("")),
                ),
            ]),
            HashSet::new(),
        )
        .ok()?;
        let entities = Entities::from_entities(
            self.role_entities
                .iter()
                .cloned()
                .chain([actor_entity, resource_entity]),
            None,
        )
        .ok()?;
        let action = uid(&self.action_type, act.name);
        let request = Request::new(principal, action, resource_uid, Context::empty(), None).ok()?;
        let answer = self
            .authorizer
            .is_authorized(&request, &self.policies, &entities);
        Some(Decided {
            allowed: answer.decision() == Decision::Allow,
            policies: answer
                .diagnostics()
                .reason()
                .map(ToString::to_string)
                .collect(),
        })
    }

    fn probes(&self) -> Result<Vec<(String, Entities)>, PolicyError> {
        let text = RestrictedExpression::new_string("unit".to_owned());
        let none = RestrictedExpression::new_string(String::new());
        let wrong = |problem: String| PolicyError::new("policy/access", problem);
        let thing = Entity::new(
            uid(&self.resource_type, PROBE),
            HashMap::from([
                ("kind".to_owned(), none.clone()),
                ("unit".to_owned(), text.clone()),
                ("marking".to_owned(), RestrictedExpression::new_long(0)),
                ("compartment".to_owned(), none.clone()),
            ]),
            HashSet::new(),
        )
        .map_err(|e| wrong(e.to_string()))?;
        let probe = |role: &String| {
            let somebody = Entity::new(
                uid(&self.actor_type, PROBE),
                HashMap::from([
                    ("unit".to_owned(), text.clone()),
                    ("force".to_owned(), none.clone()),
                    ("ceiling".to_owned(), RestrictedExpression::new_long(1)),
                    ("compartments".to_owned(), RestrictedExpression::new_set([])),
                ]),
                HashSet::from([uid(&self.role_type, role)]),
            )
            .map_err(|e| wrong(e.to_string()))?;
            let all = self.role_entities.iter().cloned();
            let all = all.chain([somebody, thing.clone()]);
            let entities = Entities::from_entities(all, None).map_err(|e| wrong(e.to_string()))?;
            Ok((role.clone(), entities))
        };
        self.roles.keys().map(probe).collect()
    }

    /// Whether the somebody of a probe may do the act to its thing.
    fn probe(&self, entities: &Entities, act: &str) -> bool {
        let request = Request::new(
            uid(&self.actor_type, PROBE),
            uid(&self.action_type, act),
            uid(&self.resource_type, PROBE),
            Context::empty(),
            None,
        );
        request.is_ok_and(|request| {
            let answer = self
                .authorizer
                .is_authorized(&request, &self.policies, entities);
            answer.decision() == Decision::Allow
        })
    }

    /// The roles that may do an act; none for an act that was not declared.
    fn roles_of(&self, act: &str) -> Option<&BTreeSet<String>> {
        let roles = self.matrix.get(act)?;
        let may = |(_, entities): &&(String, Entities)| self.probe(entities, act);
        Some(roles.get_or_init(|| {
            let permitted = self.probes.iter().filter(may);
            permitted.map(|(role, _)| role.clone()).collect()
        }))
    }

    /// Titles of the roles people may hold that permit an act.
    pub fn roles_that_may(&self, act: &Act) -> Vec<String> {
        self.roles_of(act.name)
            .into_iter()
            .flatten()
            .filter_map(|id| self.roles.get(id))
            .filter(|r| !r.system)
            .map(|r| r.title.clone())
            .collect()
    }

    /// Whether the product has an act of this name.
    pub fn declares(&self, act: &str) -> bool {
        self.matrix.contains_key(act)
    }

    /// The permission matrix: act name to role ids.
    pub fn matrix(&self) -> BTreeMap<&'static str, &BTreeSet<String>> {
        let of_act = |act: &&'static str| Some((*act, self.roles_of(act)?));
        self.matrix.keys().filter_map(of_act).collect()
    }

    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.get(id)
    }

    pub(super) fn sees_force(&self, held: &BTreeSet<String>) -> bool {
        held.iter()
            .filter_map(|id| self.roles.get(id))
            .any(|r| r.sees == Sees::Force)
    }
}

/// Everything [`Authority::evaluate`] looks at, each part with its length before it, so that no two
/// requests share a key.
fn key_of(actor: &Actor, act: &Act, resource: &Resource) -> String {
    let mut key = String::with_capacity(256);
    let mut part = |text: &str| {
        // Writing to a String cannot fail.
        let _ = write!(key, "{}:{text}", text.len());
    };
    part(act.name);
    part(&actor.unit);
    part(&actor.force);
    part(resource.kind);
    part(&resource.unit);
    part(resource.compartment.as_deref().unwrap_or(""));
    for set in [&actor.roles, &actor.compartments] {
        part(&set.len().to_string());
        set.iter().for_each(|held| part(held));
    }
    let _ = write!(
        key,
        "{}/{}/{}",
        actor.id.0.as_u128(),
        actor.ceiling.level(),
        resource.marking.level()
    );
    key
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn schema_text(acts: &[Act]) -> String {
    let mut text = String::from(
        "entity Role;\n\
         entity Actor in [Role] {\n  unit: String, force: String, ceiling: Long, \
         compartments: Set<String>\n};\n\
         entity Resource {\n  kind: String, unit: String, marking: Long, compartment: String\n};\n",
    );
    for act in acts {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "action {:?} appliesTo {{ principal: [Actor], resource: [Resource] }};",
            act.name
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{ActKind, Actor, Resource};
    use super::*;
    use crate::ids::ActorId;
    use crate::marking::Marking;

    const VIEW: Act = Act::new("report.view", ActKind::Consultation, "Open a report");
    const BASE: &str = r#"
        @id("marking-ceiling") forbid(principal, action, resource)
          when { principal.ceiling < resource.marking };
        @id("sealed") forbid(principal, action, resource)
          when { resource.compartment != "" && !principal.compartments.contains(resource.compartment) };
        @id("triage") permit(principal in Role::"triage_officer", action == Action::"report.view", resource);
    "#;

    fn authority(text: &str) -> Result<Authority, PolicyError> {
        let roles = RolesFile {
            role: vec![Role {
                id: "triage_officer".to_owned(),
                title: "Triage officer".to_owned(),
                sees: Sees::Force,
                system: false,
            }],
        };
        Authority::new(
            &[VIEW],
            roles,
            &[PolicyText {
                file: "t.cedar".into(),
                text: text.into(),
            }],
        )
    }

    #[test]
    fn ceilings_and_seals_beat_permits() {
        let authority = Arc::new(authority(BASE).unwrap());
        let mut actor = Actor::new(authority, ActorId(uuid::Uuid::nil()), "PC Okafor");
        let report = Resource::of("report", "1");
        assert!(actor.permit(&VIEW, &report, "").is_err());
        actor.roles.insert("triage_officer".into());
        assert!(actor.permit(&VIEW, &report, "").is_ok());
        let sensitive = report.clone().marked(Marking::OfficialSensitive, None);
        assert!(actor.permit(&VIEW, &sensitive, "").is_err());
        actor.ceiling = Marking::OfficialSensitive;
        assert!(actor.permit(&VIEW, &sensitive, "").is_ok());
        let sealed = report.marked(Marking::Official, Some("larch".into()));
        let refused = actor.permit(&VIEW, &sealed, "").unwrap_err();
        assert_eq!(refused.roles_that_may, ["Triage officer"]);
        assert!(refused.attempt().is_refusal());
        actor.compartments.insert("larch".into());
        assert!(actor.permit(&VIEW, &sealed, "").is_ok());
    }

    #[test]
    fn bad_policies_are_refused_at_start() {
        let unknown = r#"@id("x") permit(principal, action == Action::"report.burn", resource);"#;
        assert!(authority(unknown).is_err());
        let nobody = r#"@id("x") forbid(principal, action, resource);"#;
        assert!(
            authority(nobody)
                .err()
                .unwrap()
                .problem
                .contains("no role may do")
        );
        let unnamed = "permit(principal, action, resource);";
        assert!(authority(unnamed).err().unwrap().problem.contains("@id"));
    }
}
