//! The cookies of this site: the visitor's choice, and the one optional cookie it is about.

use axum::http::{HeaderMap, HeaderValue, header};

/// Remembers the answer to the cookie question.
pub const CHOICE: &str = "cookie_choice";
/// Optional: tells a return visit from a first one.
pub const RETURNING: &str = "returning";
const YEAR: u32 = 31_536_000;
const MONTH: u32 = 2_592_000;

/// What the visitor chose, as far as the browser tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chosen {
    pub choice: Option<bool>,
    pub returning: bool,
}

impl Chosen {
    pub fn read(headers: &HeaderMap) -> Chosen {
        let mut chosen = Chosen::default();
        let lines = headers.get_all(header::COOKIE).iter();
        for pair in lines
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(';'))
        {
            match pair.trim().split_once('=') {
                Some((CHOICE, "yes")) => chosen.choice = Some(true),
                Some((CHOICE, "no")) => chosen.choice = Some(false),
                Some((RETURNING, "1")) => chosen.returning = true,
                _ => {}
            }
        }
        chosen
    }
}

/// The cookies that keep a choice; choosing no removes the optional one.
pub fn keep(headers: &mut HeaderMap, yes: bool, secure: bool) {
    let value = if yes { "yes" } else { "no" };
    set(headers, CHOICE, value, YEAR, secure);
    if !yes {
        set(headers, RETURNING, "", 0, secure);
    }
}

/// The optional cookie, for whoever chose it.
pub fn remember(headers: &mut HeaderMap, secure: bool) {
    set(headers, RETURNING, "1", MONTH, secure);
}

fn set(headers: &mut HeaderMap, name: &str, value: &str, seconds: u32, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    // Our own ASCII text is always a header value.
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_values_count() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(text));
            Chosen::read(&headers)
        };
        assert_eq!(
            read("a=b; cookie_choice=yes; returning=1").choice,
            Some(true)
        );
        assert!(read("a=b; cookie_choice=yes; returning=1").returning);
        assert_eq!(read("cookie_choice=no").choice, Some(false));
        assert_eq!(
            read("cookie_choice=perhaps; xcookie_choice=yes"),
            Chosen::default()
        );
    }
}
