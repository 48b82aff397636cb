//! The assessment of vulnerability, harm and needs: factors are answered, a person decides the band
//! and whether the Victims' Code gives enhanced rights.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use record::ids::ReportId;
use record::time::Timestamp;
use record::work::Priority;
use store::{OnConflict, Tx, work};
use web::parts::{Choice, FieldErrors, Html, Inset, TimelineItem, words};
use web::{App, Error, Form, SignedIn};

use super::fields::Fields;
use super::form::{Drawn, FormPage, Made, frame};
use super::keep::{New, insert};
use super::policy::{Factor, RecordPolicy, choices, has, title};
use super::read::{Assessed, Assessment, Victim, open};
use super::{ASSESS, SENSITIVE, saved};
use crate::victim_care::{Care, permit};

/// Prefix of the fields of factors.
const FACTOR: &str = "factor-";

pub(super) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let policy = app.policy::<RecordPolicy>()?;
    let form = typed(&victim, &policy);
    build(&app, &who, &victim, &form, FieldErrors::new())?.show()
}

/// The answers as they stand: of the last assessment, or of the report where nobody made one.
fn typed(victim: &Victim, policy: &RecordPolicy) -> Fields {
    let mut pairs = Vec::new();
    let mut add = |name: String, value: &str| pairs.push((name, value.to_owned()));
    match victim.known.assessments.first() {
        Some(last) => {
            for (factor, answer) in last.content.answers.iter().chain(&last.sensitive) {
                add(format!("{FACTOR}{factor}"), answer);
            }
            for group in &last.content.groups {
                add("group".to_owned(), group);
            }
            for need in &last.content.needs {
                add("need".to_owned(), need);
            }
            add(
                "enhanced".to_owned(),
                if last.enhanced { "yes" } else { "no" },
            );
            add("assess_note".to_owned(), &last.content.note);
        }
        None => {
            let told = victim.sheet.matters.iter().flat_map(|m| &m.report.answers);
            for (factor, answer) in told {
                let known = policy
                    .factors
                    .iter()
                    .find(|f| f.id == *factor && !f.sensitive);
                if known.is_some_and(|f| f.points.contains_key(answer)) {
                    add(format!("{FACTOR}{factor}"), answer);
                }
            }
        }
    }
    Fields(pairs)
}

fn build(
    app: &App,
    who: &SignedIn,
    victim: &Victim,
    form: &Fields,
    errors: FieldErrors,
) -> Result<FormPage, Error> {
    let policy = app.policy::<RecordPolicy>()?;
    let sensitive = who
        .actor
        .may(&SENSITIVE, &work::resource(&victim.sheet.item));
    let history = victim
        .known
        .assessments
        .iter()
        .map(|one| version(one, &policy));
    let history = history.collect();
    let made = Made {
        page: frame(app, who, victim, &format!("Assess {}", victim.sheet.name)),
        action: victim.href("assessment"),
        fields: fields(&policy, sensitive, form, &errors),
        button: "Save assessment",
        errors,
    };
    Ok(FormPage::of(made)
        .intro("What is not known is left open: it is never read as no.")
        .history("Earlier assessments", history))
}

fn version(one: &Assessed, policy: &RecordPolicy) -> TimelineItem {
    let enhanced = if one.enhanced { "yes" } else { "no" };
    let mut text = format!(
        "{} points. Enhanced rights: {enhanced}. {}",
        one.points, one.content.reason
    );
    for need in &one.content.needs {
        text = format!("{text} {} needs.", title(&policy.needs, need));
    }
    TimelineItem::new(format!("{} vulnerability", one.band.title()), one.at)
        .by(&one.by)
        .text(text)
}

fn fields(policy: &RecordPolicy, sensitive: bool, form: &Fields, errors: &FieldErrors) -> Html {
    let mut drawn = Drawn::new(form, errors);
    for factor in policy.factors.iter().filter(|f| sensitive || !f.sensitive) {
        drawn = drawn.select(
            &format!("{FACTOR}{}", factor.id),
            &factor.question,
            "",
            &answers(factor),
        );
    }
    let mut html = drawn.done();
    if !sensitive {
        let note = "Questions on health, care and self-harm are asked by victim care officers. What they \
                    recorded stays part of the points.";
        html = html.and(&Inset::new(note));
    }
    html.and(&judgement(policy, form, errors))
}

fn judgement(policy: &RecordPolicy, form: &Fields, errors: &FieldErrors) -> Html {
    let none = |_: &str| false;
    let bands: Vec<Choice> = std::iter::once(Choice::new("", "As the answers give it"))
        .chain(Priority::ALL.map(|b| Choice::new(b.name(), b.title())))
        .collect();
    let enhanced = [Choice::new("yes", "Yes"), Choice::new("no", "No")];
    Drawn::new(form, errors)
        .ticks("need", "Needs", "", &choices(&policy.needs, none))
        .ticks(
            "group",
            "Groups of the Victims' Code",
            "",
            &choices(&policy.code_groups, none),
        )
        .radios("enhanced", "Enhanced rights", "", &enhanced)
        .select(
            "band",
            "Vulnerability",
            "Choose another band only with a reason",
            &bands,
        )
        .area(
            "assess_reason",
            "Reason",
            "Why enhanced or not, and why another band",
        )
        .area("assess_note", "Note", "")
        .done()
}

/// The answers of a factor, fewest points first.
fn answers(factor: &Factor) -> Vec<Choice> {
    let mut answers: Vec<_> = factor.points.iter().collect();
    answers.sort_by_key(|(answer, points)| (**points, answer.as_str()));
    let mut all = vec![Choice::new("", "Not known")];
    all.extend(
        answers
            .into_iter()
            .map(|(a, _)| Choice::new(a, words::readable(a))),
    );
    all
}

/// What a form comes to.
struct Judged {
    content: Assessment,
    sensitive: BTreeMap<String, String>,
    points: i64,
    band: Priority,
    enhanced: bool,
}

/// Answers as sent: those open to all, and the sensitive ones.
type Answers = BTreeMap<String, String>;

fn read_answers(
    policy: &RecordPolicy,
    sees_sensitive: bool,
    form: &Fields,
    errors: &mut FieldErrors,
) -> (Answers, Answers) {
    let (mut answers, mut sensitive) = (BTreeMap::new(), BTreeMap::new());
    for factor in &policy.factors {
        let name = format!("{FACTOR}{}", factor.id);
        let answer = form.text(&name);
        if answer.is_empty() {
            continue;
        }
        if !factor.points.contains_key(answer) {
            errors.add(name, "Choose an answer from the list");
        } else if !factor.sensitive {
            answers.insert(factor.id.clone(), answer.to_owned());
        } else if sees_sensitive {
            sensitive.insert(factor.id.clone(), answer.to_owned());
        }
    }
    (answers, sensitive)
}

fn judged(
    policy: &RecordPolicy,
    victim: &Victim,
    kept_apart: Option<Answers>,
    form: &Fields,
    errors: &mut FieldErrors,
) -> Judged {
    let (answers, mut sensitive) = read_answers(policy, kept_apart.is_none(), form, errors);
    if let Some(kept_apart) = kept_apart {
        // Whoever may not see them cannot take them away either.
        sensitive = kept_apart;
    }
    let together = answers.iter().chain(&sensitive);
    let together = together.map(|(f, a)| (f.clone(), a.clone())).collect();
    let (points, proposed) = policy.score(&together);
    let (groups, needs) = (form.all("group"), form.all("need"));
    if !groups.iter().all(|g| has(&policy.code_groups, g)) {
        errors.add("group", "Choose groups from the list");
    }
    if !needs.iter().all(|n| has(&policy.needs, n)) {
        errors.add("need", "Choose needs from the list");
    }
    let enhanced = form.is_yes("enhanced");
    if !matches!(form.text("enhanced"), "yes" | "no") {
        errors.add("enhanced", "Say whether the victim has enhanced rights");
    }
    if enhanced && groups.is_empty() && !victim.sheet.is_organisation() {
        errors.add("group", "Choose the group that gives enhanced rights");
    }
    let reason = form.long_text("assess_reason", policy.longest_text, errors);
    let band = match form.text("band") {
        "" => proposed,
        chosen => Priority::parse(chosen).unwrap_or_else(|| {
            errors.add("band", "Choose a band from the list");
            proposed
        }),
    };
    if reason.is_empty() {
        let other = band != proposed;
        let why = if other {
            "why another band"
        } else {
            "why enhanced or not"
        };
        errors.add("assess_reason", format!("Give the reason: {why}"));
    }
    Judged {
        content: Assessment {
            answers,
            groups,
            needs,
            reason,
            note: form.long_text("assess_note", policy.longest_text, errors),
        },
        sensitive,
        points,
        band,
        enhanced,
    }
}

pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let victim = open(&app, &who.actor, &id).await?;
    let policy = app.policy::<RecordPolicy>()?;
    let care = app.policy::<Care>()?;
    let resource = work::resource(&victim.sheet.item);
    let grant = permit(&app, &who.actor, &ASSESS, &resource, "").await?;
    let sees = who.actor.may(&SENSITIVE, &resource);
    let kept_apart = if sees {
        None
    } else {
        Some(held_apart(&app, &victim).await?)
    };
    let form = Fields(pairs);
    let mut errors = FieldErrors::new();
    let judged = judged(&policy, &victim, kept_apart, &form, &mut errors);
    if !errors.is_empty() {
        return build(&app, &who, &victim, &form, errors)?.show();
    }
    // One assessment of the victim stands for each of the reports worked in this call.
    let of = victim
        .sheet
        .matters
        .iter()
        .map(|m| (m.item.subject, m.item.vulnerable));
    let of: Vec<(ReportId, bool)> = of.collect();
    let offer_by = care.support_limit(app.now());
    let vulnerable = policy.is_vulnerable(judged.band);
    let (actor, digest) = (who.actor.clone(), policy.digest.clone());
    let report = victim.report();
    app.store()
        .write(&grant, move |tx| {
            Box::pin(async move {
                keep(
                    tx,
                    report,
                    (&actor.name, &actor.unit),
                    &judged,
                    vulnerable,
                    &digest,
                )
                .await?;
                stand(tx, &of, vulnerable, judged.enhanced, offer_by).await
            })
        })
        .await?;
    Ok(saved(&victim, "assessed"))
}

/// An assessment of one report's victim by what was answered on a call: the band as the answers give it,
/// enhanced rights for the bands policy gives them to. For callers that have no page, such as a
/// generator's staff.
pub async fn assess(
    tx: &mut Tx<'_>,
    (policy, care): (&RecordPolicy, &Care),
    (report, triage_said_so): (ReportId, bool),
    by: (&str, &str),
    (answers, reason): (Answers, &str),
) -> store::Result<()> {
    let (points, band) = policy.score(&answers);
    let judged = Judged {
        content: Assessment {
            answers,
            reason: reason.to_owned(),
            ..Assessment::default()
        },
        sensitive: BTreeMap::new(),
        points,
        band,
        enhanced: care.is_enhanced(band),
    };
    // What triage found is not taken back by a short call: a person would have to say so.
    let vulnerable = policy.is_vulnerable(band) || triage_said_so;
    keep(tx, report, by, &judged, vulnerable, &policy.digest).await?;
    let offer_by = care.support_limit(tx.now());
    stand(
        tx,
        &[(report, triage_said_so)],
        vulnerable,
        judged.enhanced,
        offer_by,
    )
    .await
}

/// The sensitive answers of the last assessment, carried over unseen.
async fn held_apart(app: &App, victim: &Victim) -> Result<BTreeMap<String, String>, Error> {
    let Some(last) = victim.known.assessments.first() else {
        return Ok(BTreeMap::new());
    };
    let resource = work::resource(&victim.sheet.item);
    let grant = app
        .system()
        .permit(&SENSITIVE, &resource, "carried over unseen");
    let grant = grant.map_err(store::Error::from)?;
    let mut reader = app.store().read(&grant).await?;
    let sql = store::Sql::new("select content from protect_assessment_sensitive where ")
        .with("assessment = ?", [last.id.into()]);
    let row = reader.first(sql).await?;
    Ok(row.map_or_else(|| Ok(BTreeMap::new()), |r| r.json("content"))?)
}

const COLUMNS: &[&str] = &[
    "id",
    "report",
    "at",
    "by_name",
    "unit",
    "band",
    "points",
    "vulnerable",
    "enhanced",
    "content",
    "policy",
];

async fn keep(
    tx: &mut Tx<'_>,
    report: ReportId,
    by: (&str, &str),
    judged: &Judged,
    vulnerable: bool,
    digest: &str,
) -> store::Result<()> {
    let row = vec![
        judged.band.rank().into(),
        judged.points.into(),
        vulnerable.into(),
        judged.enhanced.into(),
        json(&judged.content)?.into(),
        digest.into(),
    ];
    let new = New {
        table: "protect_assessment",
        kind: "assessment",
        columns: COLUMNS,
        rows: vec![row],
        settles: false,
    };
    let id = insert(tx, report, by, &new).await?;
    if !judged.sensitive.is_empty() {
        let purpose = "Safeguarding of a victim (Data Protection Act 2018, Schedule 8)";
        let row = vec![id.into(), purpose.into(), json(&judged.sensitive)?.into()];
        let columns = &["assessment", "purpose", "content"];
        let table = "protect_assessment_sensitive";
        tx.insert(table, columns, vec![row], OnConflict::Fail)
            .await?;
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> store::Result<String> {
    serde_json::to_string(value).map_err(|e| store::Error::invalid(e.to_string()))
}

/// How each report stands. The first assessment's day stays; so does the limit of the offer that the
/// first finding of vulnerability set.
async fn stand(
    tx: &mut Tx<'_>,
    of: &[(ReportId, bool)],
    vulnerable: bool,
    enhanced: bool,
    offer_by: Timestamp,
) -> store::Result<()> {
    let rows = of.iter().map(|(report, triage_said_so)| {
        let limit = (vulnerable && !triage_said_so).then_some(offer_by);
        vec![
            (*report).into(),
            tx.now().into(),
            vulnerable.into(),
            enhanced.into(),
            limit.into(),
            0.into(),
        ]
    });
    let rows = rows.collect();
    let columns = &[
        "report",
        "assessed_at",
        "vulnerable",
        "enhanced",
        "offer_by",
        "settled",
    ];
    let update = "on conflict (report) do update set vulnerable = excluded.vulnerable, \
        enhanced = excluded.enhanced, \
        assessed_at = coalesce(protect_standing.assessed_at, excluded.assessed_at), \
        offer_by = coalesce(protect_standing.offer_by, excluded.offer_by)";
    tx.insert(
        "protect_standing",
        columns,
        rows,
        OnConflict::Update(update),
    )
    .await?;
    Ok(())
}
