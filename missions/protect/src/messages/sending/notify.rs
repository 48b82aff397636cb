//! GOV.UK Notify takes messages (its REST API, version 2).
//!
//! What a message is known by there is its id here, as `reference`. Notify does not refuse a second message of the same
//! reference, so it is asked for the reference before each one: what it has already is not sent again, whoever asks
//! for it, and whatever became of the answer the first time.

use std::collections::BTreeSet;
use std::fmt;

use record::ids::RecordId;
use record::time::Timestamp;
use remote::{Answer, Client, Lost};
use serde::Deserialize;
use store::{Error, Result};
use url::Url;
use uuid::Uuid;

use super::super::policy::{MessagePolicy, NotifyTemplate, line};
use super::plain::plain;
use super::{After, Claimed, Outcome, words};

/// Days for which Notify knows what it was given, unless a service has asked for fewer.
pub(super) const KEPT_DAYS: i64 = 7;
/// Length of a UUID in its usual form.
const UUID: usize = 36;
/// Seconds to rest when Notify asks for it without saying how long; and the most that is believed.
const REST: u32 = 60;
const LONGEST_REST: u32 = 3_600;

/// The way to Notify.
pub(super) struct Notify {
    client: Client,
    base: Url,
    /// Id of the service: the key's issuer.
    service: String,
    secret: String,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notify({}, service {})", self.base, self.service)
    }
}

/// What Notify knows of a message.
pub(super) enum Known {
    /// It has it: delivered, or on its way.
    Accepted,
    /// It had it, and could not deliver it.
    NotDelivered(String),
    Unknown,
}

#[derive(Deserialize)]
struct Sendings {
    notifications: Vec<Sending>,
}

#[derive(Deserialize)]
struct Sending {
    reference: Option<String>,
    status: String,
}

#[derive(Deserialize)]
struct Template {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    subject: Option<String>,
    body: String,
}

#[derive(Deserialize)]
struct Problems {
    errors: Vec<Problem>,
}

/// Notify's documentation asks to go by the kind, because messages change.
#[derive(Deserialize)]
struct Problem {
    error: String,
    message: String,
}

impl Notify {
    /// Notify by the address of its API and a key as it gives them out: a name, the service's id and a secret, joined
    /// by hyphens.
    pub(super) fn open(address: &str, key: &str) -> Result<Notify> {
        let wrong = |e: remote::Error| Error::Invalid(format!("GOV.UK Notify: {e}"));
        let base = remote::encrypted("GOV.UK Notify", address)
            .map_err(|e| Error::Invalid(e.to_string()))?;
        let (service, secret) = parts(key.trim()).ok_or_else(|| {
            Error::Invalid(
                "GOV.UK Notify: the key is not of the form name-SERVICE-SECRET with two UUIDs at its end. Make an API \
                 key on Notify's page \"API integration\" and give it whole"
                    .to_owned(),
            )
        })?;
        Ok(Notify {
            client: Client::open(&base).map_err(wrong)?,
            base,
            service,
            secret,
        })
    }

    pub(super) async fn hand_over(
        &self,
        policy: &MessagePolicy,
        message: &Claimed,
        now: Timestamp,
        is_ready: &mut bool,
    ) -> Outcome {
        let Some(template) = &policy.notify else {
            return Outcome::away("policy names no template of GOV.UK Notify");
        };
        if let Err(problem) = message.address() {
            return Outcome::refused(problem);
        }
        // Before anything is sent, an error is certain to mean that nothing was.
        if !*is_ready {
            if let Err(outcome) = self.look_at(template, now).await {
                return outcome;
            }
            *is_ready = true;
        }
        match self.find(message.id, now).await {
            Ok(Known::Accepted) => return Outcome::sent(),
            // What certainly did not arrive may be sent again, when a person says so.
            Ok(Known::NotDelivered(problem)) if !message.decided => {
                return Outcome::refused(problem);
            }
            Ok(_) => {}
            Err(outcome) => return outcome,
        }
        self.send(policy, template, message, now).await
    }

    /// Sends it, once.
    async fn send(
        &self,
        policy: &MessagePolicy,
        template: &NotifyTemplate,
        message: &Claimed,
        now: Timestamp,
    ) -> Outcome {
        let names = [line(&message.name), line(&message.reference)];
        let mut email = serde_json::json!({
            "email_address": message.address,
            "template_id": template.id,
            "reference": message.id.to_string(),
            "personalisation": {
                "subject": message.subject,
                "body": plain(&message.body, &names),
            },
        });
        if let Some(reply_to) = &template.reply_to {
            email["email_reply_to_id"] = reply_to.as_str().into();
        }
        // Notify takes no other; the text of a notice has the link too.
        if message.leave.starts_with("https://") {
            email["one_click_unsubscribe_url"] = message.leave.as_str().into();
        }
        let asked = match self.request(&["v2", "notifications", "email"], now) {
            Ok(asked) => asked,
            Err(problem) => return Outcome::away(problem),
        };
        let answered = self
            .client
            .post(asked.url, &asked.token, email.to_string())
            .await;
        let doubt = match answered {
            Ok(answer) if answer.status == 201 => return Outcome::sent(),
            Ok(answer) => match refusal(&answer, now) {
                Some(outcome) => return outcome,
                None => said(&answer),
            },
            Err(Lost::NotSent(problem)) => return Outcome::away(problem),
            Err(Lost::Unknown(problem)) => problem,
        };
        // Whatever the next message met now would be in doubt too.
        let wait = now.plus_minutes(i64::from(policy.wait(1)));
        match self.find(message.id, now).await {
            Ok(Known::Accepted) => Outcome::sent(),
            Ok(Known::NotDelivered(problem)) => Outcome::refused(problem),
            Ok(Known::Unknown) => {
                let told = "GOV.UK Notify gave no clear answer, and does not know the message yet. It is asked again";
                Outcome::unsure(format!("{told}: {doubt}")).then(After::Rest(wait))
            }
            Err(outcome) => {
                let told =
                    "GOV.UK Notify gave no clear answer, and cannot be asked. It is asked again";
                let told = format!("{told}: {doubt}; {}", outcome.problem);
                Outcome::unsure(words(&told)).then(After::Rest(wait))
            }
        }
    }

    /// Asks what became of a message. An outcome where it cannot be known now; nothing was sent by asking.
    pub(super) async fn find(
        &self,
        id: RecordId,
        now: Timestamp,
    ) -> std::result::Result<Known, Outcome> {
        let mut asked = self
            .request(&["v2", "notifications"], now)
            .map_err(Outcome::away)?;
        let reference = id.to_string();
        asked
            .url
            .query_pairs_mut()
            .append_pair("reference", &reference);
        let answer = self.ask(asked, now).await?;
        let read: Sendings = serde_json::from_slice(&answer.body)
            .map_err(|e| Outcome::away(format!("GOV.UK Notify's list cannot be read: {e}")))?;
        let mut known = Known::Unknown;
        for sending in read.notifications {
            if sending.reference.as_deref() != Some(&reference) {
                continue;
            }
            match sending.status.as_str() {
                "permanent-failure" | "temporary-failure" | "technical-failure" => {
                    let status = sending.status;
                    known = Known::NotDelivered(format!(
                        "GOV.UK Notify took it and could not deliver it ({status})"
                    ));
                }
                _ => return Ok(Known::Accepted),
            }
        }
        Ok(known)
    }

    /// Looks whether the template there is what a message needs. Without that each message would be refused by itself.
    async fn look_at(
        &self,
        template: &NotifyTemplate,
        now: Timestamp,
    ) -> std::result::Result<(), Outcome> {
        let asked = self
            .request(&["v2", "template", &template.id], now)
            .map_err(Outcome::away)?;
        let answer = self.ask(asked, now).await?;
        let there: Template = serde_json::from_slice(&answer.body)
            .map_err(|e| Outcome::away(format!("GOV.UK Notify's template cannot be read: {e}")))?;
        fits(&there).map_err(|problem| {
            Outcome::away(format!(
                "The template {} of GOV.UK Notify {problem}. See docs/operations.md",
                template.id
            ))
        })
    }

    /// Asks something, and gives only an answer that answers it.
    async fn ask(&self, asked: Asked, now: Timestamp) -> std::result::Result<Answer, Outcome> {
        let answer = match self.client.get(asked.url, &asked.token).await {
            Ok(answer) if answer.status == 200 => return Ok(answer),
            Ok(answer) => answer,
            Err(lost) => return Err(Outcome::away(lost.to_string())),
        };
        let outcome = refusal(&answer, now).unwrap_or_else(|| Outcome::away(said(&answer)));
        // It was only asked: no message has been refused by it.
        Err(match outcome.after {
            After::Rest(until) => Outcome::away(outcome.problem).then(After::Rest(until)),
            After::GoOn | After::Stop => Outcome::away(outcome.problem),
        })
    }

    /// A path of the API, with a token made now: it is good for thirty seconds.
    fn request(&self, path: &[&str], now: Timestamp) -> std::result::Result<Asked, String> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| "the address of GOV.UK Notify has no path".to_owned())?
            .pop_if_empty()
            .extend(path);
        let token = remote::token(&self.service, &self.secret, now.micros() / 1_000_000)
            .map_err(|e| e.to_string())?;
        Ok(Asked { url, token })
    }
}

/// Where to ask, and with what right.
struct Asked {
    url: Url,
    token: String,
}

/// The service's id and the secret of a key. A key's name may have hyphens of its own.
fn parts(key: &str) -> Option<(String, String)> {
    let secret = key.get(key.len().checked_sub(UUID)?..)?;
    let rest = key.get(..key.len() - UUID)?.strip_suffix('-')?;
    let service = rest.get(rest.len().checked_sub(UUID)?..)?;
    let named = rest.get(..rest.len() - UUID)?;
    let is_uuid = |text: &str| Uuid::try_parse(text).is_ok();
    let whole = (named.is_empty() || named.ends_with('-')) && is_uuid(service) && is_uuid(secret);
    whole.then(|| (service.to_owned(), secret.to_owned()))
}

/// The first thing an answer names as wrong; none where it is not of Notify's form.
fn problem(answer: &Answer) -> Option<Problem> {
    let read: Problems = serde_json::from_slice(&answer.body).ok()?;
    read.errors.into_iter().next()
}

/// What an answer says, in words.
fn said(answer: &Answer) -> String {
    match problem(answer) {
        Some(problem) => words(&format!(
            "GOV.UK Notify says: {} ({}, {})",
            problem.message, problem.error, answer.status
        )),
        None => format!("GOV.UK Notify answered {}", answer.status),
    }
}

/// What an answer other than the one hoped for means, where it is certain that nothing was sent; none where it is not.
fn refusal(answer: &Answer, now: Timestamp) -> Option<Outcome> {
    let problem = problem(answer);
    let kind = problem.as_ref().map_or("", |p| p.error.as_str());
    let told = said(answer);
    Some(match answer.status {
        // About what was sent: the address, or a text that is too long.
        400 | 413 if kind != "BadRequestError" => Outcome::refused(told),
        // About this address, a key for the team only, a service on trial, or how the service is set up. Notify gives
        // them one name, so the next message does not follow at once.
        400 => Outcome::refused(told).then(After::Stop),
        401 | 403 => Outcome::away(format!(
            "{told}. Check the key in FOURFOLD_NOTIFY_KEY and this machine's clock"
        )),
        404 => Outcome::away(format!(
            "{told}. Check the address of --notify and the template's id in policy"
        )),
        429 => Outcome::away(told).then(After::Rest(rest(answer, kind, now))),
        // "Notify was unable to process the request, resend your notification", in its own words; and a service that
        // says it takes nothing now (RFC 9110, section 15.6.4).
        500 if problem.is_some() => Outcome::away(told).then(After::Rest(now.plus_minutes(1))),
        503 => Outcome::away(told).then(After::Rest(rest(answer, kind, now))),
        // Somebody on the way gave up waiting.
        408 => return None,
        402..=499 => Outcome::away(told),
        _ => return None,
    })
}

/// Until when to leave Notify alone.
fn rest(answer: &Answer, kind: &str, now: Timestamp) -> Timestamp {
    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 86_400 * SECOND;
    // The limit of a day. It ends at midnight, which Notify takes from UTC.
    if kind == "TooManyRequestsError" {
        let midnight = (now.micros().div_euclid(DAY) + 1) * DAY;
        return Timestamp::from_micros(midnight);
    }
    let seconds = answer.retry_after.unwrap_or(REST).clamp(1, LONGEST_REST);
    Timestamp::from_micros(now.micros() + i64::from(seconds) * SECOND)
}

/// Whether a template takes a message whole, and plainly.
fn fits(template: &Template) -> std::result::Result<(), String> {
    if template.kind != "email" {
        return Err(format!("is for {}, not for e-mail", template.kind));
    }
    let subject = template.subject.as_deref().unwrap_or_default();
    let only = |text: &str, name: &str| fields(text) == BTreeSet::from([name.to_owned()]);
    if !only(subject, "subject") {
        return Err("must have ((subject)) in its subject, and no other field".to_owned());
    }
    let alone = |line: &str| line.trim().eq_ignore_ascii_case("((body))");
    if !only(&template.body, "body") || !template.body.lines().any(alone) {
        return Err(
            "must have ((body)) on a line of its own in its text, and no other field".to_owned(),
        );
    }
    Ok(())
}

/// Names of a text's fields, as Notify compares them: in small letters, without what stands between words.
fn fields(text: &str) -> BTreeSet<String> {
    let inside = text.split("((").skip(1);
    let names = inside.filter_map(|rest| rest.split_once("))").map(|(name, _)| name));
    let plainly = |name: &str| {
        let name = name.split("??").next().unwrap_or_default();
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    names.map(plainly).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::Fate;
    use super::*;

    const SERVICE: &str = "26785a09-ab16-4eb0-8407-a37497a57506";
    const SECRET: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";

    #[test]
    fn a_key_is_a_name_a_service_and_a_secret() {
        for name in ["live-", "a name-with-hyphens-", ""] {
            let (service, secret) = parts(&format!("{name}{SERVICE}-{SECRET}")).unwrap();
            assert_eq!((service.as_str(), secret.as_str()), (SERVICE, SECRET));
        }
        for wrong in [
            String::new(),
            SECRET.to_owned(),
            format!("{SERVICE}{SECRET}"),
            format!("live{SERVICE}-{SECRET}"),
            format!("live-{SERVICE}-{}", SECRET.replace('3', "g")),
            "é".repeat(80),
        ] {
            assert!(parts(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn neither_errors_nor_debug_show_the_key() {
        let key = format!("live-{SERVICE}-{SECRET}");
        if remote::BUILT {
            let notify = Notify::open("https://api.example", &key).unwrap();
            assert!(!format!("{notify:?}").contains(SECRET));
        }
        let short = format!("{SERVICE}x{SECRET}");
        for (address, key) in [
            ("http://api.example", &key),
            ("https://api.example", &short),
        ] {
            let told = Notify::open(address, key).unwrap_err().to_string();
            assert!(!told.contains(SECRET), "{told}");
            assert!(told.starts_with("GOV.UK Notify: "), "{told}");
        }
    }

    fn answer(status: u16, kind: &str, retry_after: Option<u32>) -> Answer {
        let errors = serde_json::json!([{ "error": kind, "message": "because" }]);
        let body = serde_json::json!({ "status_code": status, "errors": errors });
        Answer {
            status,
            retry_after,
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn every_answer_has_its_meaning() {
        let now = Timestamp::parse("2026-11-23T18:30:00Z").unwrap();
        let at = |text: &str| After::Rest(Timestamp::parse(text).unwrap());
        for (status, kind, wait, fate, after) in [
            (400, "ValidationError", None, Fate::Refused, After::GoOn),
            (400, "BadRequestError", None, Fate::Refused, After::Stop),
            (401, "AuthError", None, Fate::Waiting, After::Stop),
            (403, "AuthError", None, Fate::Waiting, After::Stop),
            (404, "NoResultFound", None, Fate::Waiting, After::Stop),
            (413, "x", None, Fate::Refused, After::GoOn),
            (418, "x", None, Fate::Waiting, After::Stop),
            (
                429,
                "RateLimitError",
                None,
                Fate::Waiting,
                at("2026-11-23T18:31:00Z"),
            ),
            (
                429,
                "RateLimitError",
                Some(5),
                Fate::Waiting,
                at("2026-11-23T18:30:05Z"),
            ),
            (
                429,
                "TooManyRequestsError",
                None,
                Fate::Waiting,
                at("2026-11-24T00:00:00Z"),
            ),
            (
                500,
                "Exception",
                None,
                Fate::Waiting,
                at("2026-11-23T18:31:00Z"),
            ),
            (
                503,
                "x",
                Some(120),
                Fate::Waiting,
                at("2026-11-23T18:32:00Z"),
            ),
        ] {
            let outcome = refusal(&answer(status, kind, wait), now).unwrap();
            assert_eq!(
                (outcome.fate, outcome.after),
                (fate, after),
                "{status} {kind}"
            );
            assert!(outcome.problem.contains("because"), "{}", outcome.problem);
        }
        // Something between us and Notify: nobody knows what Notify did.
        for status in [200, 202, 302, 408, 500, 502, 504] {
            let unknown = Answer {
                status,
                retry_after: None,
                body: b"<html>".to_vec(),
            };
            assert!(refusal(&unknown, now).is_none(), "{status}");
        }
    }

    #[test]
    fn a_template_takes_subject_and_body_and_nothing_else() {
        let template = |kind: &str, subject: &str, body: &str| Template {
            kind: kind.to_owned(),
            subject: Some(subject.to_owned()),
            body: body.to_owned(),
        };
        for (subject, body) in [
            ("((subject))", "((body))"),
            ("Police: ((Subject))", "((body))\r\n\r\nCall 101."),
        ] {
            fits(&template("email", subject, body)).unwrap();
        }
        for (kind, subject, body) in [
            ("sms", "((subject))", "((body))"),
            ("email", "Hello", "((body))"),
            ("email", "((subject)) ((name))", "((body))"),
            ("email", "((subject))", "# ((body))"),
            ("email", "((subject))", "((body))\n((name))"),
            ("email", "((subject))", "((body))\n((urgent??Now))"),
            ("email", "((subject))", ""),
        ] {
            assert!(
                fits(&template(kind, subject, body)).is_err(),
                "{kind} {subject} {body}"
            );
        }
    }
}
