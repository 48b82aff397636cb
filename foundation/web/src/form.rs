//! Forms of this site: the session's token is checked before the fields are read.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::identify::SignedIn;

/// Most bytes of a form that is not an upload.
const MOST_BYTES: usize = 256 * 1024;

/// The fields of a posted form. Repeated names are kept, in order.
pub struct Form<T>(pub T);

impl<T, S> FromRequest<S> for Form<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let who = request.extensions().get::<SignedIn>().cloned();
        let body = axum::body::to_bytes(request.into_body(), MOST_BYTES)
            .await
            .map_err(|_| Error::TooLarge("a form may hold 256 kB".to_owned()))?;
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(&body)
            .map_err(|e| Error::BadRequest(format!("the form could not be read: {e}")))?;
        if let Some(who) = who {
            let sent = pairs
                .iter()
                .find(|(name, _)| name == "csrf")
                .map(|(_, v)| v.as_str());
            check_csrf(&who, sent.unwrap_or_default())?;
        }
        serde_html_form::from_bytes(&body)
            .map(Form)
            .map_err(|e| Error::BadRequest(format!("the form could not be read: {e}")))
    }
}

/// Whether a posted token is the session's own. For forms that are read in another way (uploads).
pub fn check_csrf(who: &SignedIn, sent: &str) -> Result<(), Error> {
    // Compared as digests, so that the time taken tells nothing about the token.
    let digest = |text: &str| {
        use sha2::Digest as _;
        sha2::Sha256::digest(text.as_bytes())
    };
    if who.csrf.is_empty() || digest(sent) == digest(&who.csrf) {
        return Ok(());
    }
    Err(Error::BadRequest(
        "this form is from an earlier session. Go back, reload the page and send it again"
            .to_owned(),
    ))
}
