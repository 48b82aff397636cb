//! The names behind a figure: who is counted, for whom may see them, and how many are held back.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use record::access::Actor;
use record::time::Timestamp;
use store::Shown;
use web::parts::{Button, Empty, Link, Page, Pagination, Tag, TimeStamp, words};
use web::{App, SignedIn, html};

use super::asked::{Area, Asked, Series, Typed};
use super::count::{self, Cursor, Name, Names, Part};
use super::standing::{Place, Standing};
use super::{EXPORT, NAMES, link};
use crate::victim_care::{Care, permit};

/// Names on one page.
const PAGE: i64 = 50;
/// In an address, those left out as true errors.
const LEFT_OUT: &str = "left_out";

/// Which names an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub asked: Asked,
    pub part: Part,
    pub after: Option<Cursor>,
}

impl Question {
    /// Reads an address.
    ///
    /// # Errors
    /// With a message, for a period or a part that is none.
    pub fn of_pairs(app: &App, pairs: &[(String, String)]) -> Result<Question, web::Error> {
        let asked = Typed::of_pairs(pairs).read(app.now().day());
        let asked = asked.map_err(|faults| {
            let lines: Vec<String> = faults.iter().map(|(f, m)| format!("{f}: {m}")).collect();
            web::Error::BadRequest(lines.join("; "))
        })?;
        let mut question = Question {
            asked,
            part: Part::default(),
            after: None,
        };
        for (name, value) in pairs {
            match name.as_str() {
                "series" => question.part.series = series(value)?,
                "part" => (question.part.standing, question.part.left_out) = part(value)?,
                "after" => question.after = Some(place(value)?),
                _ => {}
            }
        }
        Ok(question)
    }

    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.asked.pairs();
        pairs.push(("series", self.part.series.name().to_owned()));
        let part = match (&self.part.left_out, self.part.standing) {
            (Some(reason), _) => Some(left_out(reason)),
            (None, standing) => standing.map(|s| s.name().to_owned()),
        };
        pairs.extend(part.map(|p| ("part", p)));
        pairs
    }

    pub fn title(&self) -> &'static str {
        match (&self.part.left_out, self.part.standing) {
            (Some(_), _) => "Left out as errors",
            (None, Some(standing)) => standing.title(),
            (None, None) => "Received",
        }
    }

    /// For the ledger's entry.
    pub fn in_words(&self) -> String {
        let series = self.part.series.title();
        format!("{}: {series}, {}", self.title(), self.asked)
    }
}

fn series(text: &str) -> Result<Series, web::Error> {
    let wrong = || format!("{text:?} is no series. Use national or direct");
    Series::parse(text).ok_or_else(|| web::Error::BadRequest(wrong()))
}

/// The part of an address for those left out, for one reason or any.
pub(super) fn left_out(reason: &str) -> String {
    if reason.is_empty() {
        return LEFT_OUT.to_owned();
    }
    format!("{LEFT_OUT}.{reason}")
}

fn part(text: &str) -> Result<(Option<Standing>, Option<String>), web::Error> {
    let reason = text.strip_prefix(LEFT_OUT);
    match (text, Standing::parse(text), reason) {
        ("" | "received", ..) => Ok((None, None)),
        (_, Some(standing), _) => Ok((Some(standing), None)),
        (_, None, Some("")) => Ok((None, Some(String::new()))),
        (_, None, Some(rest)) if rest.starts_with('.') => Ok((None, Some(rest[1..].to_owned()))),
        (_, None, _) => Err(web::Error::BadRequest(format!(
            "{text:?} is no part of the sum. Use received, advised, declined, not_reached, barred, \
             unsafe, awaiting or left_out"
        ))),
    }
}

fn place(text: &str) -> Result<Cursor, web::Error> {
    Cursor::parse(text).ok_or_else(|| {
        web::Error::BadRequest(
            "this page of the list cannot be found. Start again from the figures".to_owned(),
        )
    })
}

/// Reads a page of names; the consultation is entered with what it shows before it is sent.
pub(super) async fn listed(
    app: &App,
    actor: &Actor,
    question: &Question,
) -> Result<Names, web::Error> {
    let resource = count::resource(&question.asked).of_unit(actor.unit.clone());
    let grant = permit(app, actor, &NAMES, &resource, "").await?;
    let mut reader = app.store().read_to_show(&grant).await?;
    let (asked, part) = (&question.asked, &question.part);
    let names = count::names(
        &mut reader.conn(),
        &actor.scope(),
        asked,
        part,
        (question.after, PAGE),
    )
    .await?;
    let shown = Shown {
        kind: "victim_ledger",
        query: question.in_words(),
        ids: names.names.iter().map(|n| n.report.to_string()).collect(),
    };
    reader.shown(shown).await?;
    Ok(names)
}

struct RowView {
    label: String,
    href: Option<String>,
    reference: String,
    district: String,
    received_at: Timestamp,
    stands: String,
    ended_at: Option<Timestamp>,
    /// "1 contact for 3 reports".
    together: Option<String>,
}

#[derive(Template)]
#[template(path = "victim_ledger/names.html")]
struct NamesPage {
    page: Page,
    period: String,
    series: &'static str,
    rows: Vec<RowView>,
    counted: i64,
    held_back: Option<String>,
    csv_href: Option<String>,
    sum: Link,
    pages: Pagination,
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let question = Question::of_pairs(&app, &pairs)?;
    let names = listed(&app, &who.actor, &question).await?;
    let care = app.policy::<Care>()?;
    let next = names.next.as_ref().map(|after| {
        let mut pairs = question.pairs();
        pairs.push(("after", after.clone()));
        link("/victim-ledger/names", &pairs)
    });
    let first = question
        .after
        .map(|_| link("/victim-ledger/names", &question.pairs()));
    let title = format!("Victims: {}", question.title().to_lowercase());
    let sum_href = link("/victim-ledger", &question.asked.pairs());
    html(&NamesPage {
        page: who
            .page(&app, &title, "/victim-ledger")
            .back("Every victim", &sum_href),
        period: question.asked.to_string(),
        series: question.part.series.title(),
        counted: names.counted,
        held_back: held_back(names.held_back),
        csv_href: (who.may(&EXPORT) && !names.names.is_empty())
            .then(|| link("/victim-ledger/names.csv", &question.pairs())),
        rows: names
            .names
            .into_iter()
            .map(|name| row(&app, &who, &care, name))
            .collect(),
        sum: Link::new("Back to the figures", sum_href),
        pages: Pagination::new("Pages of victims")
            .previous(first)
            .next(next),
    })
}

/// "3 of them are held back: …"; nothing when all may be seen.
pub(super) fn held_back(count: i64) -> Option<String> {
    let count = u64::try_from(count).ok().filter(|n| *n > 0)?;
    let who = words::plural(count, "victim is", "victims are");
    Some(format!(
        "{who} held back: marked above your ceiling, sealed, or of another unit."
    ))
}

fn row(app: &App, who: &SignedIn, care: &Care, name: Name) -> RowView {
    let call = name
        .item
        .filter(|_| who.may_open(app, "/victim-care/{id}"))
        .map(|item| format!("/victim-care/{item}"));
    let report = who
        .may_open(app, "/reports/{id}")
        .then(|| format!("/reports/{}", name.report));
    let together = u64::try_from(name.together).unwrap_or_default();
    RowView {
        stands: match name.place {
            Place::Counted(standing) => standing.title().to_owned(),
            Place::LeftOut => format!("Error: {}", care.outcome_words(&name.reason).to_lowercase()),
        },
        label: name.label,
        href: call.or(report),
        reference: name.reference,
        district: Area::of_report(&name.district).title().to_owned(),
        received_at: name.received_at,
        ended_at: name.ended_at,
        together: (together > 1).then(|| format!("1 contact for {together} reports")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_or_refused() {
        assert_eq!(part("").unwrap(), (None, None));
        assert_eq!(part("unsafe").unwrap(), (Some(Standing::Unsafe), None));
        for reason in ["", "duplicate"] {
            let read = part(&left_out(reason)).unwrap();
            assert_eq!(read, (None, Some(reason.to_owned())));
        }
        assert!(part("left_outside").is_err());
        assert!(part("error").is_err() && series("both").is_err() && place("x").is_err());
    }

    #[test]
    fn who_is_held_back_is_said() {
        assert_eq!(held_back(0), None);
        assert!(held_back(1).unwrap().starts_with("1 victim is held back"));
        assert!(held_back(2).unwrap().starts_with("2 victims are held back"));
    }
}
