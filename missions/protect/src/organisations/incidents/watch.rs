//! Clocks of calls that ran out without advice: noted once.

use record::access::Resource;
use record::ids::RecordId;
use record::time::Timestamp;
use store::{Result, Sql};
use web::{App, Tick};

use super::{BREACH, LOOK};

/// Calls noted in one run; the next run goes on.
const MOST: i64 = 500;

/// The job's run.
pub fn run(app: App) -> Tick {
    Box::pin(async move { note(&app).await.map(drop) })
}

/// Notes the breaches that are new, and tells how many.
pub async fn note(app: &App) -> Result<usize> {
    let system = app.system();
    let all = Resource::of("incident_call", "all").of_unit(system.unit.clone());
    let mut reader = app.store().read(&system.permit(&LOOK, &all, "")?).await?;
    let late = reader.rows(late(app.now())).await?;
    drop(reader);
    let ids = late
        .iter()
        .map(|row| row.get("id"))
        .collect::<Result<Vec<RecordId>>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    let grant = system.permit(&BREACH, &all, "")?;
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let mut noted = 0;
                for id in ids {
                    // Advice that was recorded in between was late or in time by itself.
                    let sql = Sql::new("update protect_incident_call set ").with(
                        "breached_at = due_at where id = ? and breached_at is null \
                         and first_advice_at is null",
                        [id.into()],
                    );
                    if tx.run(sql).await? == 0 {
                        continue;
                    }
                    noted += 1;
                    tx.enter(store::Entry {
                        kind: "incident_call",
                        id: id.to_string(),
                        detail: serde_json::json!({ "breach": "first_advice" }).to_string(),
                        ..store::Entry::default()
                    });
                }
                Ok(noted)
            })
        })
        .await
}

fn late(now: Timestamp) -> Sql {
    Sql::new("select id from protect_incident_call where ").with(
        "closed_at is null and first_advice_at is null and breached_at is null and due_at < ? \
         order by due_at limit ?",
        [now.into(), MOST.into()],
    )
}
