//! What a visitor met. Rendered as a page or as an API problem by the router, which knows who asks.

use axum::response::{IntoResponse, Response};
use record::access::Refused;

/// Every variant is something the person at the page can understand and act on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("Page not found")]
    NotFound,
    /// Who may, for the page that says how to ask.
    #[error("You cannot do this: {what}")]
    Refused { what: String, roles: Vec<String> },
    /// Somebody else was first: what happened and where to look.
    #[error("{what}")]
    Conflict { what: String, href: String },
    /// The request cannot be understood; the message says what and the remedy.
    #[error("{0}")]
    BadRequest(String),
    /// Signed out, or idle for too long.
    #[error("Sign in to go on")]
    SignIn { next: String },
    #[error("Too large: {0}")]
    TooLarge(String),
    /// Our fault. The reference is in the log.
    #[error("Sorry, there is a problem with the service")]
    Internal { reference: String },
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        match error {
            store::Error::NotFound => Error::NotFound,
            store::Error::Conflict => Error::Conflict {
                what: "Somebody else changed this first".to_owned(),
                href: String::new(),
            },
            store::Error::Invalid(message) => Error::BadRequest(message),
            store::Error::Refused(refused) => refused.into(),
            other => Error::internal(&other),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error::Refused {
            what: refused.attempt().act().title.to_owned(),
            roles: refused.roles_that_may,
        }
    }
}

impl Error {
    /// Logs what happened under a reference and keeps the detail from the page.
    pub fn internal(error: &dyn std::fmt::Display) -> Error {
        let mut bytes = [0u8; 4];
        // Without randomness the reference is zero, which is still a reference.
        let _ = getrandom::fill(&mut bytes);
        let reference = hex::encode(bytes);
        tracing::error!(%reference, %error, "request failed");
        Error::Internal { reference }
    }

    pub(crate) fn status(&self) -> axum::http::StatusCode {
        use axum::http::StatusCode;
        match self {
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Refused { .. } => StatusCode::FORBIDDEN,
            Error::Conflict { .. } => StatusCode::CONFLICT,
            Error::BadRequest(_) => StatusCode::BAD_REQUEST,
            Error::SignIn { .. } => StatusCode::UNAUTHORIZED,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        // The router replaces the body: it knows whether a person or a program asked.
        let mut response = (self.status(), self.to_string()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
