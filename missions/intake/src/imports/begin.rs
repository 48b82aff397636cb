//! An uploaded file's import begins: claimed by one person, then run beside the requests.

use std::sync::Arc;

use record::access::Actor;
use record::ids::ImportId;
use store::Sql;
use web::App;

use super::receipt::Receipt;
use super::{BATCH, IMPORT, Import, allow, receipts, resource, run, watch};
use crate::files::Mapping;
use crate::receive::Desk;
use crate::sources;

/// Claims a waiting file and starts its import in the background. When somebody else was first, says
/// who.
pub(super) async fn start(
    app: &App,
    actor: &Actor,
    receipt: &Receipt,
    mapping: Mapping,
    keep_mapping: bool,
) -> web::Result<()> {
    claim(app, actor, receipt.id, &mapping, keep_mapping).await?;
    let (app, actor, receipt) = (app.clone(), actor.clone(), receipt.clone());
    tokio::spawn(async move {
        let id = receipt.id;
        // The receipt tells what went wrong, so there is nobody else to tell.
        if let Err(error) = carry_out(&app, &actor, &receipt, mapping).await {
            tracing::error!(import = %id, %error, "an import stopped");
        }
    });
    Ok(())
}

/// The same to the end, for a caller who waits.
pub(super) async fn start_and_wait(
    app: &App,
    actor: &Actor,
    receipt: &Receipt,
    mapping: Mapping,
) -> web::Result<Receipt> {
    claim(app, actor, receipt.id, &mapping, false).await?;
    Ok(carry_out(app, actor, receipt, mapping).await?)
}

async fn claim(
    app: &App,
    actor: &Actor,
    id: ImportId,
    mapping: &Mapping,
    keep_mapping: bool,
) -> web::Result<()> {
    let desk = app.policy::<Desk>()?;
    let grant = allow(app, actor, &IMPORT, &resource(&desk, id), "begun").await?;
    let (mapping, by) = (mapping.clone(), actor.name.clone());
    let claimed = app
        .store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let sql = Sql::new("update intake_import set state = 'running', ").with(
                    "source = ?, mapping = ?, by_name = ?, started_at = ?, beat_at = ? \
                     where id = ? and state = 'waiting'",
                    [
                        mapping.source.as_str().into(),
                        mapping.name.as_str().into(),
                        by.into(),
                        now.into(),
                        now.into(),
                        id.into(),
                    ],
                );
                if tx.run(sql).await? == 0 {
                    return Err(store::Error::Conflict);
                }
                if keep_mapping {
                    sources::save_mapping(tx, &mapping).await?;
                }
                Ok(())
            })
        })
        .await;
    match claimed {
        Err(store::Error::Conflict) => Err(who_was_first(app, actor, id).await?),
        other => Ok(other?),
    }
}

async fn who_was_first(app: &App, actor: &Actor, id: ImportId) -> web::Result<web::Error> {
    let held = receipts::open(app, actor, id).await?.receipt;
    Ok(web::Error::Conflict {
        what: format!(
            "{} began this import at {}",
            held.by_name,
            held.started_at.show()
        ),
        href: format!("/imports/{id}"),
    })
}

/// Reads an upload as an import would and keeps nothing of it, not even the upload.
pub(super) async fn try_and_drop(
    app: &App,
    actor: &Actor,
    receipt: &Receipt,
    mapping: Mapping,
) -> web::Result<Receipt> {
    let desk = app.policy::<Desk>()?;
    let mut import = import_of(app, receipt, mapping);
    import.dry_run = true;
    let tried = run(app.store(), &desk, actor, import, &|_| {}).await;
    let told = "this was a dry run: nothing was kept".to_owned();
    watch::refuse(app, actor, receipt.id, told).await?;
    Ok(tried?)
}

fn import_of(app: &App, receipt: &Receipt, mapping: Mapping) -> Import {
    Import {
        path: watch::raw_file(app.store(), receipt.id),
        file_name: receipt.file_name.clone(),
        mapping,
        dry_run: false,
        rejected_file: Some(watch::rejected_file(app.store(), receipt.id)),
        id: Some(receipt.id),
        batch: BATCH,
    }
}

async fn carry_out(
    app: &App,
    actor: &Actor,
    receipt: &Receipt,
    mapping: Mapping,
) -> store::Result<Receipt> {
    let desk = app.policy::<Desk>()?;
    let import = import_of(app, receipt, mapping);
    let done = run(app.store(), &Arc::clone(&desk), actor, import, &|_| {}).await;
    if let Err(error) = &done {
        let problem = format!(
            "the import could not go on: {error}. What was accepted is kept. Import the file \
             again: what is held already is not doubled"
        );
        watch::fail(app, &desk, receipt.id, problem).await?;
    }
    done
}
