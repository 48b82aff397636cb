//! The page of the sum: filters, the table of figures, what is shown beside it.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use record::access::Actor;
use record::time::Timestamp;
use web::parts::{
    Button, Choice, DateInput, Empty, FieldErrors, FilterPanel, Html, LabelSize, Page, Select,
    TimeStamp,
};
use web::{App, SignedIn, html, html_with};

use super::asked::{Area, Asked, Series, Typed, TypedDay};
use super::companions::{Companions, companions};
use super::count::{self, Sum};
use super::names_page::left_out;
use super::standing::{Figures, Standing};
use super::{EXPORT, NAMES, VIEW, link};
use crate::victim_care::{Care, permit};

/// Everything one answer says: the sum with both series' companions.
pub(super) struct Answer {
    pub asked: Asked,
    pub sum: Sum,
    /// None where the period holds more duties than are looked at one by one.
    pub companions: [Option<Companions>; 2],
    pub at: Timestamp,
}

/// Counts. Opens nobody's record.
pub(super) async fn answer(app: &App, actor: &Actor, asked: Asked) -> Result<Answer, web::Error> {
    let grant = permit(app, actor, &VIEW, &count::resource(&asked), "").await?;
    let care = app.policy::<Care>()?;
    let mut reader = app.store().read(&grant).await?;
    let mut conn = reader.conn();
    let (sum, now) = (count::sum(&mut conn, &asked).await?, app.now());
    let national = companions(&mut conn, &care, &asked, Series::National, now).await?;
    let direct = companions(&mut conn, &care, &asked, Series::Direct, now).await?;
    Ok(Answer {
        asked,
        sum,
        companions: [national, direct],
        at: now,
    })
}

/// A figure with the list of names behind it.
struct Cell {
    count: i64,
    href: Option<String>,
}

struct RowView {
    title: String,
    cells: Vec<Cell>,
    is_total: bool,
}

struct Beside {
    title: &'static str,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "victim_ledger/sum.html")]
struct SumPage {
    page: Page,
    errors: FieldErrors,
    filter: FilterPanel,
    shown: Option<Shown>,
}

struct Shown {
    period: String,
    series: [&'static str; 2],
    rows: Vec<RowView>,
    left_out: Vec<RowView>,
    sentences: Vec<String>,
    beside: Vec<Beside>,
    is_empty: bool,
    figures_href: String,
    /// Whether this build can make documents.
    makes_packs: bool,
    pack_href: Option<String>,
    may_names: bool,
    may_strategy: bool,
    at: Timestamp,
}

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, web::Error> {
    let typed = Typed::of_pairs(&pairs);
    let page = who.page(&app, "Every victim", "/victim-ledger");
    match typed.read(app.now().day()) {
        Ok(asked) => {
            let answer = answer(&app, &who.actor, asked).await?;
            html(&SumPage {
                page,
                filter: filter(&answer, &FieldErrors::new()),
                shown: Some(shown(&app, &who, answer)?),
                errors: FieldErrors::new(),
            })
        }
        Err(faults) => {
            let mut errors = FieldErrors::new();
            for (field, message) in faults {
                errors.add(field, message);
            }
            let page = SumPage {
                page: page.with_errors(&errors),
                filter: panel(&typed.from, &typed.to, &typed.area, &[], &errors),
                shown: None,
                errors,
            };
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

fn filter(answer: &Answer, errors: &FieldErrors) -> FilterPanel {
    let asked = &answer.asked;
    let areas: Vec<&Area> = answer.sum.areas.keys().collect();
    let (from, to) = (TypedDay::of(asked.from), TypedDay::of(asked.to));
    let panel = panel(&from, &to, asked.area.name(), &areas, errors);
    if asked.area == Area::All {
        return panel;
    }
    let everywhere = Asked {
        area: Area::All,
        ..asked.clone()
    };
    panel.selected(
        asked.area.title(),
        link("/victim-ledger", &everywhere.pairs()),
    )
}

fn panel(
    from: &TypedDay,
    to: &TypedDay,
    area: &str,
    areas: &[&Area],
    errors: &FieldErrors,
) -> FilterPanel {
    let mut choices = vec![Choice::new("", Area::All.title())];
    // An area of the address that the period does not know stays chosen: its sum is nought.
    let known = areas.iter().any(|a| a.name() == area);
    if !area.is_empty() && !known {
        choices.push(Choice::new(area, Area::parse(area).title()));
    }
    choices.extend(areas.iter().map(|a| Choice::new(a.name(), a.title())));
    let fields = Html::of(
        &DateInput::new("from", "Received from")
            .typed(&from.day, &from.month, &from.year)
            .label_size(LabelSize::S)
            .errors(errors),
    )
    .and(
        &DateInput::new("to", "Received to")
            .typed(&to.day, &to.month, &to.year)
            .label_size(LabelSize::S)
            .errors(errors),
    )
    .and(
        &Select::new("area", "Where victims live or trade", &choices)
            .chosen(area)
            .label_size(LabelSize::S),
    );
    FilterPanel::new("/victim-ledger", fields)
}

/// Rows of the sum, each figure leading to its names where somebody may see them.
fn sum_rows(care: &Care, asked: &Asked, sum: &Sum, may_names: bool) -> [Vec<RowView>; 2] {
    let names = |series: Series, part: Option<&str>| {
        let mut pairs = asked.pairs();
        pairs.push(("series", series.name().to_owned()));
        pairs.extend(part.map(|p| ("part", p.to_owned())));
        link("/victim-ledger/names", &pairs)
    };
    let row = |title: &str, part: Option<&str>, count: &dyn Fn(&Figures) -> i64| RowView {
        title: title.to_owned(),
        cells: Series::ALL
            .into_iter()
            .map(|series| {
                let count = count(sum.of(series));
                let href = (may_names && count > 0).then(|| names(series, part));
                Cell { count, href }
            })
            .collect(),
        is_total: part.is_none(),
    };
    let mut rows: Vec<RowView> = Standing::ALL
        .into_iter()
        .map(|s| row(s.title(), Some(s.name()), &|f| f.of(s)))
        .collect();
    rows.push(row("Received", None, &Figures::received));
    let mut reasons: Vec<&String> = Series::ALL
        .into_iter()
        .flat_map(|s| sum.of(s).left_out.keys())
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    let errors = reasons.into_iter().map(|reason| {
        let count = |f: &Figures| f.left_out.get(reason).copied().unwrap_or(0);
        let part = left_out(reason);
        row(&care.outcome_words(reason), Some(&part), &count)
    });
    [rows, errors.collect()]
}

fn shown(app: &App, who: &SignedIn, answer: Answer) -> Result<Shown, web::Error> {
    let Answer {
        asked,
        sum,
        companions,
        at,
    } = answer;
    let may_names = who.may(&NAMES);
    let [rows, left_out] = sum_rows(&*app.policy::<Care>()?, &asked, &sum, may_names);
    Ok(Shown {
        period: asked.to_string(),
        series: Series::ALL.map(Series::title),
        left_out,
        rows,
        sentences: Series::ALL
            .into_iter()
            .map(|s| sentence(s, sum.of(s)))
            .collect(),
        beside: beside(&companions),
        is_empty: sum.national.entered() + sum.direct.entered() == 0,
        figures_href: link("/victim-ledger/figures.csv", &asked.pairs()),
        makes_packs: documents::BUILT,
        pack_href: (documents::BUILT && who.may(&EXPORT))
            .then(|| link("/victim-ledger/pack.zip", &asked.pairs())),
        may_names,
        may_strategy: who.may_open(app, "/strategy/{id}"),
        at,
    })
}

/// "National service: 5 advised + 1 declined + … = 9 received".
pub fn sentence(series: Series, figures: &Figures) -> String {
    let parts: Vec<String> = Standing::ALL
        .into_iter()
        .map(|s| format!("{} {}", figures.of(s), s.title().to_lowercase()))
        .collect();
    format!(
        "{}: {} = {} received.",
        series.title(),
        parts.join(" + "),
        figures.received()
    )
}

/// The words for what the strategy shows beside the sum, one line each.
fn beside(companions: &[Option<Companions>; 2]) -> Vec<Beside> {
    let line = |title, words: &dyn Fn(&Companions) -> String| Beside {
        title,
        cells: companions
            .iter()
            .map(|c| match c {
                Some(known) => words(known),
                None => "Choose a shorter period".to_owned(),
            })
            .collect(),
    };
    vec![
        line(
            "Working days to advice, median",
            &|c| match c.median_working_days_to_advice {
                Some(days) => format!("{days}"),
                None => "Nobody was advised".to_owned(),
            },
        ),
        line("First attempt within its limit", &|c| {
            c.first_attempt_in_time.in_words()
        }),
        line("First contact within the published standard", &|c| {
            c.first_contact_in_time.in_words()
        }),
        line("Another report within 365 days of advice", &|c| {
            c.repeat.in_words()
        }),
        line("Vulnerability decided by a person", &|c| {
            c.assessed.in_words()
        }),
        line("Vulnerable and supported in time", &|c| {
            c.supported.in_words()
        }),
        line("Followed up, and had done a protective action", &|c| {
            c.behaviour_change.in_words()
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_said_in_words() {
        let figures = Figures {
            advised: 5,
            awaiting: 3,
            declined: 1,
            ..Figures::default()
        };
        let text = sentence(Series::National, &figures);
        assert_eq!(
            text,
            "National service: 5 advised + 1 declined + 0 not reached + 0 contact barred + \
             0 unsafe to call + 3 awaiting advice = 9 received."
        );
    }
}
