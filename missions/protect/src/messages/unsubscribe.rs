//! Headers by which a mail program offers to end a subscription.

use std::error::Error;

use lettre::message::header::{Header, HeaderName, HeaderValue};

type Parsed<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// `List-Unsubscribe` (RFC 2369, section 3.2): the address of a page with a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave(pub String);

impl Header for Leave {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Parsed<Leave> {
        let address = text.trim().trim_start_matches('<').trim_end_matches('>');
        Ok(Leave(address.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Leave::name(), format!("<{}>", self.0))
    }
}

/// `List-Unsubscribe-Post` (RFC 8058, section 3.1): the same address takes a form from the mail program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaveByOneClick;

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

impl Header for LeaveByOneClick {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(text: &str) -> Parsed<LeaveByOneClick> {
        match text.trim() {
            ONE_CLICK => Ok(LeaveByOneClick),
            other => Err(format!("{other:?} is not {ONE_CLICK}").into()),
        }
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(LeaveByOneClick::name(), ONE_CLICK.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_they_are_written() {
        let link = Leave("https://a.example/subscribe/leave/00".to_owned());
        let shown = link.display();
        let mut headers = lettre::message::header::Headers::new();
        headers.set(link.clone());
        headers.set(LeaveByOneClick);
        assert_eq!(headers.get::<Leave>(), Some(link));
        assert_eq!(headers.get::<LeaveByOneClick>(), Some(LeaveByOneClick));
        assert!(
            headers.to_string().contains("<https://a.example/"),
            "{shown:?}"
        );
        assert!(LeaveByOneClick::parse("x").is_err());
    }
}
