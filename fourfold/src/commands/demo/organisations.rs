//! Work with the county's organisations that were victims, and one call from an organisation under
//! attack, through the same functions as the pages.

use anyhow::Result;
use protect::organisations::{
    Asked, AssessmentInput, EngagementInput, OrganisationPolicy, incidents, link, list_page,
    make_contact, record_assessment, record_engagement,
};
use web::App;

/// Organisations somebody has begun to work with; the others wait.
const BEGUN: usize = 8;

/// Connects reports with their organisations, and begins with a few of these.
pub async fn work(app: &App) -> Result<()> {
    link(app).await?;
    let who = app.system();
    let policy = app.policy::<OrganisationPolicy>()?;
    let listing = list_page(app, &who, &Asked::default()).await?;
    let today = app.now().day().to_string();
    for (n, listed) in listing.rows.iter().take(BEGUN).enumerate() {
        let id = listed.organisation.id;
        // Whoever is of interest to others waits for a person.
        if !make_contact(app, &who, id, "victim").await? {
            continue;
        }
        let engagement = EngagementInput {
            on: today.clone(),
            body: "force".to_owned(),
            officers: "PC Nadia Rahman".to_owned(),
            format: "visit".to_owned(),
            topics: vec!["phishing".to_owned(), "response".to_owned()],
            schemes: vec!["cyber_essentials".to_owned(), "cisp".to_owned()],
            ..EngagementInput::default()
        };
        record_engagement(app, &who, &id.to_string(), &engagement).await?;
        let sets = if n % 2 == 0 {
            ["readiness-check", "insider-threat"]
        } else {
            ["five-minute-check", ""]
        };
        for set in sets.iter().filter_map(|id| policy.sets.newest(id)) {
            // Every fifth answer is a no, every seventh is not known.
            let answer = |place: usize| match place + n {
                k if k % 5 == 0 => "no",
                k if k % 7 == 0 => "unknown",
                _ => "yes",
            };
            let answers = set.questions.iter().enumerate();
            let input = AssessmentInput {
                set: set.id.clone(),
                answers: answers
                    .map(|(place, q)| (q.id.clone(), answer(place).to_owned()))
                    .collect(),
                assessment: String::new(),
            };
            record_assessment(app, &who, &id.to_string(), &input).await?;
        }
    }
    let call = incidents::CallInput {
        name: "Millbrook Dental Practice".to_owned(),
        caller: "Ruth Okoye".to_owned(),
        role: "Practice manager".to_owned(),
        phone: "01632 960 145".to_owned(),
        trigger: "attack".to_owned(),
        about: "Appointment system locked since this morning, with a note that asks for money."
            .to_owned(),
        ..incidents::CallInput::default()
    };
    incidents::make(app, &who, &call).await?;
    Ok(())
}
