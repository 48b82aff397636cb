//! Asking for a grant, with a refusal entered in the ledger before it is told.

use record::access::{Act, Actor, Grant, Resource};
use web::{App, Error};

/// The grant, or the refusal after it has been entered.
pub(crate) async fn ask(
    app: &App,
    actor: &Actor,
    act: &Act,
    resource: &Resource,
) -> Result<Grant, Error> {
    match actor.permit(act, resource, "") {
        Ok(grant) => Ok(grant),
        Err(refused) => {
            app.store().note_refusal(refused.attempt()).await?;
            Err(refused.into())
        }
    }
}
