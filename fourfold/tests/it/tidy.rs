//! The rules of the house as tests, over the source tree, the capabilities and the policy.

mod source;

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::MetadataCommand;
use serde::Deserialize;
use store::testing::locations;
use web::App;

use super::harness::{ROLES, on_both, shipped};
use source::{Source, product};

/// What each room may stand on. The folder is the layer; `fourfold` may use everything.
fn may_use(from: &str, to: &str) -> bool {
    let layer = |room: &str| room.split('/').next().unwrap_or_default().to_owned();
    match (layer(from).as_str(), from, to) {
        ("fourfold", ..) => true,
        ("missions", _, to) => matches!(layer(to).as_str(), "foundation" | "engines"),
        (_, "foundation/web", to) => matches!(
            to,
            "foundation/store" | "foundation/parts" | "foundation/record"
        ),
        (_, "foundation/parts", to) => to == "foundation/record",
        // The public side reaches no store, and no mission.
        (_, "portal", to) => matches!(
            to,
            "foundation/parts"
                | "foundation/record"
                | "foundation/remote"
                | "engines/sealing"
                | "engines/documents"
        ),
        (_, "foundation/store", to) => matches!(to, "foundation/record" | "engines/ledger"),
        _ => false,
    }
}

#[test]
fn arrows_point_one_way() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let root = metadata.workspace_root.as_str();
    let rooms: BTreeMap<String, String> = metadata
        .packages
        .iter()
        .map(|p| {
            let folder = p.manifest_path.parent().unwrap().as_str();
            let room = folder.trim_start_matches(root).trim_start_matches('/');
            (p.name.to_string(), room.to_owned())
        })
        .collect();
    assert!(rooms.len() > 10, "the workspace was not read: {rooms:?}");
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let from = &rooms[package.name.as_str()];
        for dependency in &package.dependencies {
            // Tests may stand on the generated county and on features made for tests.
            if dependency.kind == cargo_metadata::DependencyKind::Development {
                continue;
            }
            let to = rooms.get(&dependency.name);
            if let Some(to) = to.filter(|to| *to != from && !may_use(from, to)) {
                wrong.push(format!("{from} must not depend on {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_arrows_rule_can_fail() {
    assert!(!may_use("missions/pursue", "missions/intake"));
    assert!(!may_use("engines/linkage", "foundation/record"));
    assert!(!may_use("foundation/record", "engines/ledger"));
    assert!(!may_use("county", "engines/observables"));
    assert!(!may_use("engines/linkage", "cluster"));
    assert!(!may_use("cluster", "engines/linkage"));
    assert!(!may_use("portal", "foundation/store"));
    assert!(!may_use("portal", "foundation/web"));
    assert!(!may_use("foundation/parts", "foundation/store"));
    assert!(!may_use("foundation/remote", "foundation/record"));
    assert!(may_use("missions/intake", "engines/linkage"));
    assert!(may_use("fourfold", "county"));
}

/// Every package that what `name` builds is made of, itself included.
fn made_of(name: &str) -> BTreeSet<String> {
    let metadata = MetadataCommand::new().exec().unwrap();
    let nodes = metadata.resolve.unwrap().nodes;
    let named = |id: &cargo_metadata::PackageId| {
        let package = metadata.packages.iter().find(|p| p.id == *id).unwrap();
        package.name.to_string()
    };
    let mut waiting: Vec<_> = nodes.iter().filter(|n| named(&n.id) == name).collect();
    let mut found = BTreeSet::new();
    while let Some(node) = waiting.pop() {
        if !found.insert(named(&node.id)) {
            continue;
        }
        for dependency in &node.deps {
            let built = |kind: &cargo_metadata::DepKindInfo| {
                kind.kind == cargo_metadata::DependencyKind::Normal
            };
            if dependency.dep_kinds.iter().any(built) {
                waiting.extend(nodes.iter().filter(|n| n.id == dependency.pkg));
            }
        }
    }
    found
}

#[test]
fn the_public_side_has_no_database_in_it() {
    let portal = made_of("portal");
    assert!(
        portal.contains("sealing") && portal.len() > 50,
        "{portal:?}"
    );
    for forbidden in [
        "store",
        "web",
        "rusqlite",
        "sqlx",
        "libsqlite3-sys",
        "protect",
    ] {
        assert!(
            !portal.contains(forbidden),
            "the portal is made with {forbidden}"
        );
    }
    assert!(made_of("protect").contains("rusqlite"), "the rule can fail");
}

/// Words that belong to a mission: what the unit does, not what it stands on. Held against
/// identifiers only. Comments and texts may name a mission as an example of what hangs on a noun;
/// code that does would know it. `report`, `person`, `network`, `victim` (a party of a report) and
/// `vulnerable` (a fact of a work item) are shared nouns and not on the list.
const MISSION_WORDS: [&str; 12] = [
    "triage",
    "victim_care",
    "allocation",
    "investigation",
    "exhibit",
    "disruption",
    "crime_group",
    "referral",
    "intervention",
    "safeguarding",
    "warning_letter",
    "call_list",
];

/// `VictimCare` and `VICTIM_CARE` as `victim_care`.
fn snake(identifier: &str) -> String {
    let mut out = String::new();
    let mut lower_before = false;
    for c in identifier.chars() {
        if c.is_ascii_uppercase() && lower_before {
            out.push('_');
        }
        lower_before = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn mission_word(identifier: &str) -> Option<&'static str> {
    let name = format!("_{}_", snake(identifier));
    let has = |word: &&&str| name.contains(&format!("_{word}_"));
    MISSION_WORDS.iter().find(has).copied()
}

#[test]
fn foundation_and_engines_know_no_mission() {
    let mut wrong = Vec::new();
    for source in product() {
        if !source.is_below(&["foundation/", "engines/"]) {
            continue;
        }
        for (line, word) in source.identifiers() {
            if let Some(found) = mission_word(&word) {
                wrong.push(format!("{}:{line}: {word} ({found})", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(mission_word("VictimCareQueue"), Some("victim_care"));
    assert_eq!(mission_word("TRIAGE_OFFICER"), Some("triage"));
    assert_eq!(mission_word("exhibition"), None);
}

fn tables() -> BTreeSet<String> {
    let mut all: BTreeSet<String> = store::TABLES
        .iter()
        .chain(web::register::TABLES)
        .map(ToString::to_string)
        .collect();
    for capability in fourfold::assemble::capabilities() {
        all.extend(capability.tables.iter().map(ToString::to_string));
    }
    all
}

/// The words of a text with which SQL changes a table, each followed by the table.
fn changes(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .collect();
    words
        .windows(3)
        .filter_map(|w| match w {
            ["insert", "into", table] | ["delete", "from", table] => Some((*table).to_owned()),
            ["update", table, "set"] => Some((*table).to_owned()),
            _ => None,
        })
        .collect()
}

fn wrong_tables(source: &Source, mission: &str, tables: &BTreeSet<String>) -> Vec<String> {
    let own = |table: &str| table.starts_with(&format!("{mission}_"));
    let mut wrong = Vec::new();
    for (line, text) in source.texts() {
        let place = format!("{}:{line}", source.path);
        for table in changes(&text) {
            if tables.contains(&table) && !own(&table) {
                wrong.push(format!("{place}: changes {table}"));
            }
        }
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        for word in words {
            let shared = word == "work_item" || word.starts_with("shared_");
            if tables.contains(word) && !own(word) && !shared {
                wrong.push(format!("{place}: names {word}"));
            }
        }
    }
    for (line, table) in source.inserted() {
        if !own(&table) {
            wrong.push(format!("{}:{line}: inserts into {table}", source.path));
        }
    }
    wrong
}

#[test]
fn a_mission_writes_only_its_own_tables() {
    let tables = tables();
    let mut wrong = Vec::new();
    for source in product() {
        let Some(mission) = source.mission() else {
            continue;
        };
        wrong.extend(wrong_tables(&source, mission, &tables));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for capability in fourfold::assemble::capabilities() {
        let mission = capability.name.split('.').next().unwrap();
        for table in capability.tables {
            let own = format!("{mission}_");
            assert!(table.starts_with(&own), "{}: {table}", capability.name);
        }
        let own_mission = format!("{mission}.");
        for step in capability.migrations {
            for table in created(step.sql) {
                // A later step of a mission may change a table another of its capabilities owns.
                let known = fourfold::assemble::capabilities()
                    .iter()
                    .filter(|c| c.name.starts_with(&own_mission))
                    .any(|c| c.tables.contains(&table.as_str()));
                assert!(known, "{}: {table} is not in `tables`", capability.name);
            }
        }
    }
}

fn created(sql: &str) -> BTreeSet<String> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    words
        .windows(2)
        .filter(|w| w[0] == "table")
        .map(|w| w[1].trim_end_matches('(').to_owned())
        .collect()
}

#[test]
fn the_tables_rule_can_fail() {
    let tables = tables();
    let text = "fn f() { tx.run(\"update work_item set state = 1\"); \
                tx.insert(\"intake_report\", C, r, O); db.rows(\"select 1 from access_person\"); }";
    let source = Source::new("missions/pursue/src/x.rs", text);
    let wrong = wrong_tables(&source, "pursue", &tables);
    assert_eq!(wrong.len(), 4, "{wrong:#?}");
    let fine = "fn f() { db.rows(\"select id from shared_report r join work_item w\"); }";
    let source = Source::new("missions/pursue/src/x.rs", fine);
    assert!(wrong_tables(&source, "pursue", &tables).is_empty());
}

#[test]
fn every_act_is_used() {
    let routed: BTreeSet<&str> = fourfold::assemble::capabilities()
        .iter()
        .flat_map(|c| {
            let pages = c.routes.iter().map(|r| r.act.name);
            pages.chain(c.api.iter().map(|r| r.act.name))
        })
        .collect();
    let all: Vec<Source> = product();
    let mut unused = Vec::new();
    for act in web::acts(&fourfold::assemble::capabilities()) {
        let declared = all
            .iter()
            .find_map(|s| Some((s.room(), s.act_named(act.name)?)));
        let Some((room, constant)) = declared else {
            unused.push(format!("{} is declared as no constant", act.name));
            continue;
        };
        let mut near = all
            .iter()
            .filter(|s| s.room() == room || s.room() == "fourfold/src");
        let asked = near.any(|s| s.asks_for(&constant));
        if !asked && !routed.contains(act.name) {
            unused.push(format!("{} ({constant}) is asked for nowhere", act.name));
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
}

#[derive(Deserialize)]
struct Row {
    id: String,
}

#[test]
fn every_commitment_has_a_capability_or_a_reason() {
    let policy = fourfold::assemble::policy(None).unwrap();
    let strategy = ::strategy::policy::Strategy::read(&policy).unwrap();
    let served: BTreeSet<&str> = fourfold::assemble::capabilities()
        .iter()
        .flat_map(|c| c.commitments)
        .copied()
        .collect();
    let known: BTreeSet<String> = strategy
        .commitments
        .iter()
        .map(|c| Row { id: c.id.clone() }.id)
        .collect();
    let mut wrong = Vec::new();
    for id in &known {
        match (served.contains(id.as_str()), strategy.not_yet.get(id)) {
            (false, None) => wrong.push(format!("{id} has neither a capability nor a reason")),
            (true, Some(_)) => wrong.push(format!(
                "{id} has a capability now: remove it from policy/strategy/not-yet.toml"
            )),
            (false, Some(reason)) if reason.trim().len() < 10 => {
                wrong.push(format!("{id} needs a reason in words"));
            }
            _ => {}
        }
    }
    for id in served.iter().filter(|id| !known.contains(**id)) {
        wrong.push(format!("a capability serves {id}, which is no commitment"));
    }
    for measure in fourfold::assemble::capabilities()
        .iter()
        .flat_map(|c| c.measures)
    {
        if !known.contains(measure.commitment) {
            wrong.push(format!("{} measures no commitment", measure.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    files: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
}

/// Most lines of a file and of a function, tests apart.
const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 60;

#[test]
fn files_and_functions_are_short_or_say_why_not() {
    let text = include_str!("allowed.toml");
    let allowed: Allowed = record::policy::read("allowed.toml", text).unwrap().policy;
    let (mut files, mut functions) = (BTreeSet::new(), BTreeSet::new());
    for source in product() {
        if source.lines() > LONGEST_FILE {
            files.insert(source.path.clone());
        }
        for (name, lines) in source.functions() {
            if lines > LONGEST_FUNCTION {
                functions.insert(format!("{}:{name}", source.path));
            }
        }
    }
    let mut wrong = Vec::new();
    for (kind, found, listed) in [
        ("file", &files, &allowed.files),
        ("function", &functions, &allowed.functions),
    ] {
        for name in found.iter().filter(|n| !listed.contains_key(*n)) {
            wrong.push(format!("{name} is too long a {kind}: split it, or say why"));
        }
        for (name, reason) in listed {
            if !found.contains(name) {
                wrong.push(format!("{name} is short now: remove it from allowed.toml"));
            }
            if reason.trim().len() < 10 {
                wrong.push(format!("{name} is allowed without a reason"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_unfinished_is_left() {
    let words = ["todo", "dbg", "unimplemented"].map(|w| format!("{w}!"));
    let calls = [format!(".{}()", "unwrap"), format!("{}!(", "panic")];
    let mut wrong = Vec::new();
    for source in product() {
        // What other crates' tests stand on may stop a test.
        if source.path.ends_with("/testing.rs") || source.path.contains("/examples/") {
            continue;
        }
        for (line, code) in source.code() {
            let bad = words
                .iter()
                .chain(&calls)
                .any(|w| code.contains(w.as_str()));
            if bad {
                wrong.push(format!("{}:{line}: {}", source.path, code.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_speaks_of_how_it_was_made() {
    // Put together here, so that this file does not hold what it looks for.
    let words: Vec<String> = [
        ("cla", "ude"),
        ("anth", "ropic"),
        ("chat", "gpt"),
        ("co", "pilot"),
        ("large language", " model"),
        ("/work/", "shared"),
        ("/work/", "target"),
        ("generated by", " an ai"),
        ("ai", " assistant"),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect();
    let mut wrong = Vec::new();
    for (path, text) in source::every_text() {
        for (n, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            if let Some(word) = words.iter().find(|w| line.contains(w.as_str())) {
                wrong.push(format!("{path}:{}: {word}", n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_queue_act_and_nav_entry_fits() {
    let capabilities = fourfold::assemble::capabilities();
    let mut orders = BTreeMap::new();
    for capability in &capabilities {
        assert!(
            capability.name.contains('.'),
            "{} is not mission.name",
            capability.name
        );
        let Some(nav) = capability.nav else { continue };
        let routed = capability.routes.iter().any(|r| r.path == nav.href);
        assert!(routed, "{}: {} is no page of it", capability.name, nav.href);
        if let Some(other) = orders.insert(nav.order, nav.title) {
            panic!("{other} and {} have the same place in the menu", nav.title);
        }
    }
}

/// The matrix gives every act a role; the start refuses one without. Here it is read back.
#[test]
fn every_act_has_a_role() {
    locations(|location, setting, _| async move {
        let setting = shipped(location, setting);
        let capabilities = fourfold::assemble::capabilities();
        let app = App::start(setting, capabilities.clone()).await.unwrap();
        for act in web::acts(&capabilities) {
            let roles = &app.authority().matrix()[act.name];
            assert!(!roles.is_empty(), "{}", act.name);
        }
        app.store().close().await;
    });
}

#[test]
fn each_role_opens_exactly_what_policy_says() {
    on_both(|site| async move {
        let pages: Vec<(&str, &str)> = site
            .app
            .capabilities()
            .iter()
            .flat_map(|c| c.routes)
            .filter(|r| r.methods.contains("GET") && !r.path.contains('{'))
            .map(|r| (r.path, r.act.name))
            .collect();
        assert!(pages.len() > 3, "{pages:?}");
        let mut wrong = Vec::new();
        for role in ROLES {
            let visitor = site.sign_in(role).await;
            for (path, act) in &pages {
                let may = site.app.authority().matrix()[act].contains(role);
                let status = visitor.get(path).await.status.as_u16();
                let right = if may {
                    // A page that asks about things named in its address knows none here.
                    matches!(status, 200 | 303 | 404)
                } else {
                    status == 403
                };
                if !right {
                    wrong.push(format!("{role} {path}: {status}, may: {may}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}
