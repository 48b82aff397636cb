//! Letters as documents: tagged PDF/A and PDF/UA, the address where it shows in the window of a DL envelope.
//!
//! A victim's copy says nothing of how the record is marked or who made it, in its text or in its metadata. The same
//! letter gives the same bytes.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use record::time::Timestamp;
use sha2::{Digest as _, Sha256};
use store::Entry;
use web::{App, Error, SignedIn};

use super::VIEW;
use super::letter_head::LetterHead;
use super::letters::{Letter, find};
use super::policy::MessagePolicy;
use crate::victim_care::{Care, permit};

/// Layout of a letter. Data reach it as JSON alone, never as source.
const LAYOUT: &str = include_str!("../../templates/messages/letter.typ");

/// Lines of an address, the name among them, that are read well through a window.
const ADDRESS_LINES: usize = 7;
/// A line of a text that is longer was broken by whoever wrote the policy file, not by the letter.
const BROKEN_AFTER: usize = 60;

/// Why a letter is not made as a document; none when it can be.
pub(super) fn hindrance(letter: &Letter) -> Option<String> {
    let shown = [&letter.subject, &letter.body];
    let odd = shown
        .into_iter()
        .find_map(|text| documents::unknown(text))?;
    Some(format!(
        "no font of this program shows {odd:?}, and the letter would be posted with gaps. Print its page instead"
    ))
}

pub(super) fn refuse_unbuilt() -> Result<(), Error> {
    if documents::BUILT {
        return Ok(());
    }
    Err(Error::BadRequest(
        "this build leaves documents out, so it makes no letters as PDF. Print the page of the letter, or build with \
         `make build`"
            .to_owned(),
    ))
}

/// `GET /letters/{id}/letter.pdf`.
pub(super) async fn download(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    refuse_unbuilt()?;
    let letter = find(&app, &who, &id).await?;
    if let Some(told) = hindrance(&letter) {
        return Err(Error::BadRequest(told));
    }
    let title = format!("Letter, reference {}", letter.reference);
    let ident = format!("letter {}", letter.id);
    let (file, resource) = (format!("letter-{}.pdf", letter.id), letter.resource.clone());
    let pdf = made(&app, title, ident, vec![letter]).await?;
    let grant = permit(&app, &who.actor, &VIEW, &resource, "").await?;
    let (id, digest) = (resource.id.clone(), hex::encode(Sha256::digest(&pdf)));
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                tx.enter(Entry {
                    kind: "letter",
                    id,
                    content: digest,
                    detail: serde_json::json!({ "file": "pdf" }).to_string(),
                });
                Ok(())
            })
        })
        .await?;
    Ok(answer(&file, pdf))
}

/// A PDF that is saved under a name.
pub(super) fn answer(file: &str, pdf: Vec<u8>) -> Response {
    let head = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ),
    ];
    (head, pdf).into_response()
}

/// Lays letters out, each from a page of its own on. Made at the time of the latest, so that bytes repeat.
pub(super) async fn made(
    app: &App,
    title: String,
    ident: String,
    letters: Vec<Letter>,
) -> Result<Vec<u8>, Error> {
    let force = app.policy::<Care>()?.force.clone();
    let data = data(
        &app.policy::<MessagePolicy>()?.letter,
        &force,
        &title,
        &letters,
    );
    let at = letters.iter().map(|l| l.created_at).max();
    let made_at = at.map_or(0, |at| at.micros() / 1_000_000);
    // Laying out takes a core for long enough that others would wait for this thread.
    let work = tokio::task::spawn_blocking(move || {
        let document = documents::Document {
            source: LAYOUT,
            data: &data,
            ident: &ident,
            made_at,
        };
        let pdf = document.pdf();
        // What victims are told stays no longer in memory than it must.
        documents::forget();
        pdf
    });
    let pdf = work.await.map_err(|e| Error::internal(&e))?;
    pdf.map_err(|e| Error::internal(&e))
}

fn data(head: &LetterHead, force: &str, title: &str, letters: &[Letter]) -> serde_json::Value {
    let letters: Vec<serde_json::Value> = letters
        .iter()
        .map(|letter| {
            serde_json::json!({
                "address": address(&letter.name, &letter.address),
                "day": day(letter.created_at, &letter.language),
                "subject": letter.subject,
                "text": paragraphs(&letter.body),
                "language": primary(&letter.language),
            })
        })
        .collect();
    serde_json::json!({
        "title": title,
        "force": force,
        "head": head.head,
        "place": head.window.always_shown(),
        "letters": letters,
    })
}

/// The language alone, without a region: "en" of "en-GB". What is no language is English.
fn primary(language: &str) -> String {
    let first = language.split('-').next().unwrap_or_default();
    let is_one = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    if is_one {
        first.to_lowercase()
    } else {
        "en".to_owned()
    }
}

/// The day of a letter: in words where we have them, else in figures.
fn day(at: Timestamp, language: &str) -> String {
    let day = at.day();
    if primary(language) == "en" {
        return day.show();
    }
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}

/// Name and address line by line. Addresses come on one line with commas as often as not; a house number stays with
/// its street, and what is too much for the window stands together in the last line but one.
fn address(name: &str, address: &str) -> Vec<String> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = vec![plain(name)];
    let parts = address.split(['\n', ',']).map(plain);
    let mut number = String::new();
    for part in parts.filter(|p| !p.is_empty()) {
        let short = part.chars().count() <= 5 && part.starts_with(|c: char| c.is_ascii_digit());
        if short && number.is_empty() {
            number = part;
            continue;
        }
        lines.push(plain(&format!("{} {part}", std::mem::take(&mut number))));
    }
    if !number.is_empty() {
        lines.push(number);
    }
    while lines.len() > ADDRESS_LINES {
        // The last line is the postcode, as a rule.
        let from = lines.len() - 3;
        let next = lines.remove(from + 1);
        lines[from] = format!("{}, {next}", lines[from]);
    }
    lines
}

/// A text as paragraphs of lines. Lines that were broken because they were long flow again.
fn paragraphs(body: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let (mut fresh, mut flows) = (true, false);
    for line in body.lines().map(str::trim) {
        if line.is_empty() {
            fresh = true;
            continue;
        }
        if fresh {
            all.push(Vec::new());
            flows = false;
        }
        if let Some(paragraph) = all.last_mut() {
            match paragraph.last_mut().filter(|_| flows) {
                Some(last) => {
                    last.push(' ');
                    last.push_str(line);
                }
                None => paragraph.push(line.to_owned()),
            }
        }
        (fresh, flows) = (false, line.chars().count() > BROKEN_AFTER);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_line_by_line() {
        assert_eq!(
            address("Ann  Ashdown", "12, High Street, Watford\nWD17 1AA"),
            ["Ann Ashdown", "12 High Street", "Watford", "WD17 1AA"]
        );
        assert_eq!(address("A", "Flat 2\n\n7"), ["A", "Flat 2", "7"]);
        let long = address("A", "1, a, b, c, d, e, f, g, AL1 3JE");
        assert_eq!(long, ["A", "1 a", "b", "c", "d", "e, f, g", "AL1 3JE"]);
    }

    #[test]
    fn lines_flow_again_where_only_the_file_broke_them() {
        let long = "a ".repeat(40);
        let body = format!("Dear A\n\n{long}\nand on.\n\n\nPriya\nForce\n");
        let long = long.trim();
        assert_eq!(
            paragraphs(&body),
            [
                vec!["Dear A".to_owned()],
                vec![format!("{long} and on.")],
                vec!["Priya".to_owned(), "Force".to_owned()],
            ]
        );
        assert!(paragraphs("\n \n").is_empty());
    }

    #[test]
    fn a_day_is_in_words_in_english_only() {
        let at = Timestamp::parse("2026-11-03T09:00:00Z").unwrap();
        assert_eq!(day(at, "en-GB"), "3 November 2026");
        assert_eq!(day(at, "pl"), "03/11/2026");
        assert_eq!(primary("x\"#panic()"), "en");
    }
}
