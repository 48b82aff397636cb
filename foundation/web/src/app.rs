//! The product as assembled: store, policy, access, capabilities.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use record::access::{Act, Actor, Authority, PolicyText, RolesFile};
use record::policy::{Files, PolicyError};
use record::time::Timestamp;
use store::{Location, Migration, Store};

use crate::assets::Assets;
use crate::capability::Capability;
use crate::identify::SessionKey;
use crate::sign_in::SignInPolicy;

/// How the product is run, apart from policy.
#[derive(Clone)]
pub struct AppSetting {
    pub location: Location,
    pub store: store::Setting,
    pub policy: Files,
    /// Whether cookies are sent over TLS only. Off for a plain listener on loopback.
    pub secure_cookies: bool,
    /// A generated county: the page says so, and a second factor is not asked for.
    pub demonstration: bool,
}

/// Shared by every request. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    authority: Arc<Authority>,
    policies: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    capabilities: Vec<&'static Capability>,
    assets: Assets,
    force: Force,
    sign_in: SignInPolicy,
    session_key: SessionKey,
    secure_cookies: bool,
    demonstration: bool,
}

/// `policy/force.toml`: whose system this is.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Force {
    /// Name shown in the header.
    pub name: String,
    /// The strategy's title, for the board.
    pub strategy: String,
    /// Unit that owns reports until they are allocated.
    pub unit: String,
    /// Telephone for "there is a problem" pages.
    pub help: String,
}

impl App {
    /// Opens the store and reads every policy. Refuses to start on the first thing that does not
    /// fit, and says what and where.
    pub async fn start(
        setting: AppSetting,
        capabilities: Vec<&'static Capability>,
    ) -> Result<App, store::Error> {
        let invalid = |e: PolicyError| store::Error::Invalid(format!("policy/{e}"));
        check(&capabilities).map_err(invalid)?;
        let files = &setting.policy;
        for check in capabilities.iter().flat_map(|c| c.checks) {
            check(files, &capabilities).map_err(invalid)?;
        }
        let acts = acts(&capabilities);
        let authority = Arc::new(authority(files, &acts).map_err(invalid)?);
        let force = files.read::<Force>("force.toml").map_err(invalid)?.policy;
        let sign_in = files
            .read::<SignInPolicy>("access/sign-in.toml")
            .map_err(invalid)?
            .policy;
        let mut policies = HashMap::new();
        for policy in capabilities.iter().flat_map(|c| c.policies) {
            let loaded = (policy.load)(files).map_err(invalid)?;
            policies.insert((*loaded).type_id(), loaded);
        }
        let store =
            Store::open(&setting.location, &migrations(&capabilities), setting.store).await?;
        let session_key = SessionKey::load(store.folder())?;
        Ok(App {
            inner: Arc::new(Inner {
                store,
                authority,
                policies,
                capabilities,
                assets: Assets::read(),
                force,
                sign_in,
                session_key,
                secure_cookies: setting.secure_cookies,
                demonstration: setting.demonstration,
            }),
        })
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub fn now(&self) -> Timestamp {
        self.inner.store.now()
    }

    pub fn authority(&self) -> &Arc<Authority> {
        &self.inner.authority
    }

    pub fn capabilities(&self) -> &[&'static Capability] {
        &self.inner.capabilities
    }

    pub fn force(&self) -> &Force {
        &self.inner.force
    }

    pub fn is_demonstration(&self) -> bool {
        self.inner.demonstration
    }

    pub(crate) fn assets(&self) -> &Assets {
        &self.inner.assets
    }

    pub(crate) fn sign_in(&self) -> &SignInPolicy {
        &self.inner.sign_in
    }

    pub(crate) fn session_key(&self) -> &SessionKey {
        &self.inner.session_key
    }

    pub(crate) fn secure_cookies(&self) -> bool {
        self.inner.secure_cookies
    }

    /// A policy some capability loaded at start.
    pub fn policy<T: Any + Send + Sync>(&self) -> Result<Arc<T>, store::Error> {
        self.inner
            .policies
            .get(&TypeId::of::<T>())
            .cloned()
            .and_then(|p| p.downcast::<T>().ok())
            .ok_or_else(|| {
                store::Error::Invalid(format!(
                    "no capability loads the policy {}",
                    std::any::type_name::<T>()
                ))
            })
    }

    /// The system itself, for its own work.
    pub fn system(&self) -> Actor {
        let mut actor = Actor::system(Arc::clone(&self.inner.authority), "system");
        actor.unit.clone_from(&self.inner.force.unit);
        actor
    }

    /// Somebody at the command line of the machine that holds the records.
    pub fn command_line(&self) -> Actor {
        let mut actor = Actor::system(Arc::clone(&self.inner.authority), "command_line");
        actor.unit.clone_from(&self.inner.force.unit);
        actor.name = "command line".to_owned();
        actor.origin = record::access::Origin::CommandLine;
        actor
    }
}

/// Every act of every capability, and the foundation's own.
pub fn acts(capabilities: &[&'static Capability]) -> Vec<Act> {
    let own = crate::sign_in::ACTS
        .iter()
        .chain(crate::register::ACTS)
        .chain(crate::shortcuts::ACTS)
        .chain(crate::audit::ACTS);
    let mut acts: Vec<Act> = capabilities
        .iter()
        .flat_map(|c| c.acts)
        .chain(own)
        .copied()
        .collect();
    acts.sort_by_key(|a| a.name);
    acts.dedup();
    acts
}

/// Every migration, lowest version first.
pub fn migrations(capabilities: &[&'static Capability]) -> Vec<Migration> {
    let own = crate::register::MIGRATIONS.iter();
    own.chain(capabilities.iter().flat_map(|c| c.migrations))
        .copied()
        .collect()
}

fn authority(files: &Files, acts: &[Act]) -> Result<Authority, PolicyError> {
    let roles = files.read::<RolesFile>("access/roles.toml")?.policy;
    let texts: Vec<PolicyText> = files
        .below("access/")
        .filter(|(file, _)| file.ends_with(".cedar"))
        .map(|(file, text)| PolicyText {
            file: file.to_owned(),
            text: text.to_owned(),
        })
        .collect();
    Authority::new(acts, roles, &texts)
}

/// Refuses an assembly in which two capabilities own the same queue, table or migration, or a
/// route names an act nobody declares.
fn check(capabilities: &[&'static Capability]) -> Result<(), PolicyError> {
    let twice = |what: &str, name: &str| {
        PolicyError::new("capabilities", format!("{what} {name} is declared twice"))
    };
    let mut seen = BTreeSet::new();
    for capability in capabilities {
        for queue in capability.queues {
            if !seen.insert(("queue", queue.name.to_owned())) {
                return Err(twice("queue", queue.name));
            }
        }
        for table in capability.tables {
            if !seen.insert(("table", (*table).to_owned())) {
                return Err(twice("table", table));
            }
        }
        for step in capability.migrations {
            if !seen.insert(("migration", step.version.to_string())) {
                return Err(twice("migration", step.name));
            }
        }
    }
    let acts: BTreeMap<&str, Act> = acts(capabilities).iter().map(|a| (a.name, *a)).collect();
    for capability in capabilities {
        let routes = capability.routes.iter().map(|r| (r.path, r.act));
        for (path, act) in routes.chain(capability.api.iter().map(|r| (r.path, r.act))) {
            if acts.get(act.name) != Some(act) {
                return Err(PolicyError::new(
                    "capabilities",
                    format!(
                        "route {path} names the act {:?}, which no capability declares",
                        act.name
                    ),
                ));
            }
        }
    }
    Ok(())
}
