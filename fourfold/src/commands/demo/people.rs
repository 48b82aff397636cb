//! The people of the demonstration, one for each role.

use anyhow::Result;
use record::Marking;
use web::App;
use web::register::{self, NewPerson};

/// One password for all of them: this is a generated county.
const PASSWORD: &str = "fourfold demo county";

struct Sample {
    username: &'static str,
    name: &'static str,
    title: &'static str,
    role: &'static str,
    unit: &'static str,
}

const SAMPLES: [Sample; 13] = [
    Sample {
        username: "priya",
        name: "PC Priya Okafor",
        title: "Triage officer",
        role: "triage_officer",
        unit: "sfcu",
    },
    Sample {
        username: "marek",
        name: "Marek Nowak",
        title: "Victim care officer",
        role: "victim_care",
        unit: "sfcu",
    },
    Sample {
        username: "nadia",
        name: "PC Nadia Rahman",
        title: "Protect officer",
        role: "protect_officer",
        unit: "sfcu",
    },
    Sample {
        username: "grace",
        name: "Grace Adeyemi",
        title: "Beacon caller",
        role: "partner_caller",
        unit: "beacon",
    },
    Sample {
        username: "sofia",
        name: "Sofia Lindqvist",
        title: "Beacon coordinator",
        role: "partner_coordinator",
        unit: "beacon",
    },
    Sample {
        username: "owen",
        name: "Owen Baptiste",
        title: "Police support volunteer",
        role: "volunteer",
        unit: "volunteers",
    },
    Sample {
        username: "zara",
        name: "Zara Farooqi",
        title: "Victim care supervisor",
        role: "victim_care_supervisor",
        unit: "sfcu",
    },
    Sample {
        username: "hallam",
        name: "DI Ruth Hallam",
        title: "Detective inspector",
        role: "detective_inspector",
        unit: "sfcu",
    },
    Sample {
        username: "tomos",
        name: "Tomos Price",
        title: "Analyst",
        role: "analyst",
        unit: "sfcu",
    },
    Sample {
        username: "amara",
        name: "Amara Sutton",
        title: "Communications officer",
        role: "communications",
        unit: "sfcu",
    },
    Sample {
        username: "lund",
        name: "DCI Karin Lund",
        title: "Strategy lead",
        role: "strategy_lead",
        unit: "sfcu",
    },
    Sample {
        username: "admin",
        name: "Sam Whitlock",
        title: "Administrator",
        role: "administrator",
        unit: "sfcu",
    },
    Sample {
        username: "audit",
        name: "Elspeth Moir",
        title: "Auditor",
        role: "auditor",
        unit: "sfcu",
    },
];

/// Adds them to the register.
pub async fn add(app: &App) -> Result<()> {
    let by = app.command_line();
    for sample in SAMPLES {
        let person = NewPerson {
            username: sample.username.to_owned(),
            name: sample.name.to_owned(),
            title: sample.title.to_owned(),
            unit: sample.unit.to_owned(),
            force: app.force().name.clone(),
            ceiling: Marking::OfficialSensitive,
            password: PASSWORD.to_owned(),
            roles: vec![sample.role.to_owned()],
        };
        register::add_person(app.store(), &by, person).await?;
    }
    Ok(())
}

/// Tells whoever started the demonstration how to sign in.
pub fn print() {
    println!("Sign in with the password \"{PASSWORD}\" as");
    for sample in SAMPLES {
        println!(
            "  {:<8} {} ({})",
            sample.username, sample.name, sample.title
        );
    }
    println!("Everything in it is generated. Stop it with Ctrl+C.");
}
