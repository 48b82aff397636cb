//! Whole pages, extended from the layouts the way a mission extends them: through an `askama.toml`
//! that names its own templates and, two folders up, those of the web crate.

use askama::Template;
use record::time::Timestamp;
use record::work::Priority;
use web::parts::*;

struct Row {
    reference: String,
    title: String,
    network: &'static str,
    size: u64,
    priority: Priority,
    loss_pence: Option<i64>,
    due: Timestamp,
    received: Timestamp,
}

#[derive(Template)]
#[template(path = "queue.html", config = "tests/pages/askama.toml")]
struct QueuePage {
    page: Page,
    lede: String,
    views: SubNav,
    filter: FilterPanel,
    rows: Vec<Row>,
    now: Timestamp,
    errors: FieldErrors,
    postcode: String,
    ends: Vec<Choice>,
    note: Option<String>,
}

#[derive(Template)]
#[template(path = "question.html", config = "tests/pages/askama.toml")]
struct QuestionPage {
    page: Page,
    errors: FieldErrors,
    user: String,
}

const ATTACK: &str = r#"<script>alert("x")</script>' onload='y"#;

fn signed_in(title: &str) -> Page {
    let mut page = Page::new(title)
        .breadcrumb("Home", "/")
        .notice(Notice::success("You took CY-26-01482."));
    page.force = "Northmere Police".to_owned();
    page.csrf = "token-1".to_owned();
    page.search = true;
    page.person = Some(SignedIn {
        name: "PC Priya Okafor".to_owned(),
        role: "Triage officer".to_owned(),
    });
    page.nav = vec![
        NavItem {
            title: "Inbox".to_owned(),
            href: "/inbox".to_owned(),
            current: true,
        },
        NavItem {
            title: "Strategy".to_owned(),
            href: "/strategy".to_owned(),
            current: false,
        },
    ];
    page.assets = Assets {
        stylesheet: "/assets/app.0123456789.css".to_owned(),
        script: "/assets/app.0123456789.js".to_owned(),
        js_enabled: "/assets/js-enabled.0123456789.js".to_owned(),
        favicon: "/assets/favicon.0123456789.svg".to_owned(),
    };
    page
}

fn queue(text: &str) -> QueuePage {
    let now = Timestamp::parse("2026-11-23T18:52:00Z").expect("a time");
    let mut errors = FieldErrors::new();
    errors.add("postcode", "Enter a full UK postcode");
    let only = [Choice::new("vulnerable", "Vulnerable victims").count(2)];
    QueuePage {
        page: signed_in("Duty inbox").with_errors(&errors),
        lede: text.to_owned(),
        views: SubNav::new("Inbox views")
            .view(
                "To triage",
                "/inbox",
                true,
                Some(CountPill::capped(1_000, 1_000)),
            )
            .view("Mine", "/inbox?mine", false, None),
        filter: FilterPanel::new(
            "/inbox",
            Html::of(&Checkboxes::new("only", "Show only", &only).small()),
        ),
        rows: vec![Row {
            reference: "CY-26-01482".to_owned(),
            title: text.to_owned(),
            network: "Larch",
            size: 14,
            priority: Priority::High,
            loss_pence: Some(4_820_000),
            due: now.plus_minutes(-70),
            received: now.plus_minutes(-370),
        }],
        now,
        errors,
        postcode: text.to_owned(),
        ends: vec![
            Choice::new("advised", "Advice given by phone"),
            Choice::new("no_answer", "No answer"),
        ],
        note: Some(text.to_owned()),
    }
}

#[test]
fn a_mission_composes_a_page_from_the_layout_and_parts() {
    let html = queue("2 replies are overdue").render().unwrap();
    for expected in [
        r#"<html lang="en-GB" class="govuk-template">"#,
        "<title>Error: Duty inbox - Fourfold</title>",
        r##"<a href="#main-content" class="govuk-skip-link""##,
        r#"<header class="govuk-generic-header ff-header">"#,
        r#"<form class="ff-header__search" role="search" aria-label="Everything" method="get" action="/search">"#,
        r#"<strong class="ff-marking">OFFICIAL-SENSITIVE</strong><span>PC Priya Okafor</span>"#,
        r#"<form class="ff-inline-form" method="post" action="/sign-out"><input type="hidden" name="csrf" value="token-1">"#,
        r#"<a class="govuk-service-navigation__link" href="/inbox" aria-current="true">"#,
        r#"<a class="govuk-breadcrumbs__link" href="/">Home</a>"#,
        r#"<p class="govuk-notification-banner__heading">You took CY-26-01482.</p>"#,
        r#"<h1 class="govuk-heading-l govuk-!-margin-bottom-1">Duty inbox</h1><p class="govuk-body"#,
        r##"<li><a href="#postcode">Enter a full UK postcode</a></li>"##,
        r#"<span class="ff-count">1,000+</span>"#,
        r#"<div class="ff-scroll" tabindex="0" role="region" aria-label="Reports to triage"><table"#,
        r#"<strong class="govuk-tag govuk-tag--red">High</strong>"#,
        "£48,200",
        "<strong>1 hour 10 minutes overdue</strong>",
        r#"id="end" name="end" type="radio" value="advised" checked>"#,
        r#"<dialog id="shortcuts""#,
        r#"<a class="govuk-footer__link" href="/accessibility">Accessibility statement</a>"#,
        "OFFICIAL-SENSITIVE. Everything you view is recorded.",
        "Northmere Police",
        r#"<script type="module" src="/assets/graph.js"></script>"#,
        r#"<noscript><meta http-equiv="refresh""#,
        r#"<link rel="stylesheet" href="/assets/app.0123456789.css">"#,
    ] {
        assert!(html.contains(expected), "missing {expected}\nin {html}");
    }
    assert_eq!(html.matches("<h1").count(), 1);
    let place = |text: &str| html.find(text).expect(text);
    assert!(
        place("govuk-error-summary") < place("<h1"),
        "errors come first"
    );
    assert_eq!(html.trim_start().get(..15), Some("<!DOCTYPE html>"));
}

#[derive(Template)]
#[template(path = "record.html", config = "tests/pages/askama.toml")]
struct RecordPage {
    page: Page,
    text: String,
    at: Timestamp,
    errors: FieldErrors,
    choices: Vec<Choice>,
    facts: SummaryList,
    history: Timeline,
    stats: StatRow,
    trend: Vec<Option<f64>>,
    target: Option<f64>,
    attained: f64,
    standing: Standing,
    pages: Pagination,
    link: Link,
}

fn record(text: &str) -> RecordPage {
    let at = Timestamp::parse("2026-11-23T18:52:00Z").expect("a time");
    let mut errors = FieldErrors::new();
    errors.add("born", "Enter a real date");
    errors.add("end", "Say how the call ended");
    let mut page = signed_in(text).back("Inbox", "/inbox").with_errors(&errors);
    page.notice = Some(Notice::warning(text));
    RecordPage {
        page,
        text: text.to_owned(),
        at,
        errors,
        choices: vec![
            Choice::new("a", text).hint(text).count(2),
            Choice::new("b", "No answer"),
        ],
        facts: SummaryList::new()
            .compact()
            .row("Victim", text)
            .row_to_change("Postcode", text, "/edit"),
        history: Timeline::new(vec![TimelineItem::new("Taken", at).by(text).text(text)]),
        stats: StatRow::new(vec![
            Stat::new("2", "Met").href("/s").standing(Standing::Met),
            Stat::new("1", "Off track").standing(Standing::OffTrack),
        ]),
        trend: vec![Some(81.0), Some(84.0), None, Some(90.0), Some(93.0)],
        target: Some(100.0),
        attained: 0.93,
        standing: Standing::AtRisk,
        pages: Pagination::new("Pages of reports")
            .previous(Some("?before=1".to_owned()))
            .next(Some("?after=9".to_owned())),
        link: Link::new("Clear filters", "/inbox"),
    }
}

#[test]
fn every_other_part_stands_in_a_template() {
    let html = record("Advice given").render().unwrap();
    for expected in [
        r#"<a href="/inbox" class="govuk-back-link">Inbox</a>"#,
        "moj-alert--warning",
        r#"points="4.0,28.0 32.0,24.2""#,
        "From 81% in May to 93% in November, target 100%",
        r#"<section class="ff-section" aria-labelledby="told">"#,
        r#"<div class="govuk-inset-text ff-inset">Off track: <strong"#,
        "£9,350.50",
        "Not known",
        r#"rel="prev""#,
    ] {
        assert!(html.contains(expected), "missing {expected}\nin {html}");
    }
}

#[test]
fn a_page_is_well_formed_and_keeps_to_the_content_security_policy() {
    let mut plain = signed_in("Sign in").narrow();
    plain.person = None;
    let question = QuestionPage {
        page: plain,
        errors: FieldErrors::new(),
        user: ATTACK.to_owned(),
    };
    let pages = [
        queue(ATTACK).render().unwrap(),
        record(ATTACK).render().unwrap(),
        question.render().unwrap(),
    ];
    for html in pages {
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("alert(\""), "{html}");
        check(&html);
    }
}

#[test]
fn pages_outside_sign_in_have_no_search_navigation_or_sign_out() {
    let mut page = signed_in("Sign in").narrow();
    page.shortcuts_on = false;
    page.search = false;
    page.person = None;
    let mut errors = FieldErrors::new();
    errors.add("user", "Enter your username and password again");
    let html = QuestionPage {
        page: page.with_errors(&errors),
        errors,
        user: "okafor".to_owned(),
    }
    .render()
    .unwrap();
    assert!(html.contains("<title>Error: Sign in - Fourfold</title>"));
    assert!(html.contains(r##"<li><a href="#user">Enter your username"##));
    assert!(html.contains(r#"autocomplete="username" aria-describedby="user-error">"#));
    assert!(!html.contains("never shown"), "a password was sent back");
    for absent in [
        "/sign-out",
        "/search",
        "govuk-service-navigation",
        "ff-wide",
    ] {
        assert!(!html.contains(absent), "{absent}");
    }
}

#[test]
fn shortcuts_can_be_turned_off() {
    let mut page = queue("x");
    assert!(!page.render().unwrap().contains("data-shortcuts=\"off\""));
    page.page.shortcuts_on = false;
    assert!(
        page.render()
            .unwrap()
            .contains(r#"<body class="govuk-template__body" data-shortcuts="off">"#)
    );
}

/// Elements close in the order they were opened, ids are unique and are there when named, and
/// nothing inline runs or styles.
fn check(html: &str) {
    let void = ["meta", "link", "input", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find('>').expect("a tag ends");
        let tag = &after[..end];
        rest = &after[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closing </{name}>");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        for (key, value) in attributes(tag) {
            assert!(key != "style" && !key.starts_with("on"), "{key} in <{tag}>");
            match key {
                "id" => ids.push(value),
                "for" => named.push(value),
                "aria-describedby" | "aria-labelledby" | "aria-controls" => {
                    named.extend(value.split(' '));
                }
                "href" if value.starts_with('#') => named.push(&value[1..]),
                _ => {}
            }
        }
        if name == "script" {
            assert!(tag.contains("src="), "inline script");
        }
        if !void.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id twice among {ids:?}");
    for name in named {
        assert!(ids.contains(&name), "nothing has the id {name}");
    }
}

/// Attributes that have a value, as every one of ours is quoted.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some(at) = rest.find("=\"") {
        let key = rest[..at].rsplit(' ').next().unwrap_or_default();
        let value = &rest[at + 2..];
        let end = value.find('"').expect("a quoted value ends");
        found.push((key, &value[..end]));
        rest = &value[end + 1..];
    }
    found
}
