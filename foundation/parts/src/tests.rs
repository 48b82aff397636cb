//! Every part: its key markup, and that no text gets through unescaped.

use askama::filters::HtmlSafe;
use record::time::Timestamp;
use record::work::Priority;

use super::*;

/// Would end a text, an attribute or an element.
const ATTACK: &str = r#"<script>"'&</script>"#;
const ESCAPED: &str = "&#60;script&#62;&#34;&#39;&#38;&#60;/script&#62;";

/// Asserts that the part renders the attack `times` times, each time escaped.
#[track_caller]
fn escapes(part: &impl HtmlSafe, times: usize) {
    let html = part.to_string();
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains("\"'&"), "{html}");
    assert_eq!(html.matches(ESCAPED).count(), times, "{html}");
}

#[track_caller]
fn holds(part: &impl HtmlSafe, expected: &[&str]) {
    let html = part.to_string();
    for piece in expected {
        assert!(html.contains(piece), "missing {piece}\nin {html}");
    }
}

fn then() -> Timestamp {
    Timestamp::parse("2026-11-23T18:52:00Z").unwrap()
}

#[test]
fn html_is_escaped_text_or_parts() {
    assert_eq!(Html::text("a < b").as_str(), "a &#60; b");
    assert_eq!(Html::from("&").as_str(), "&#38;");
    let two = Html::of(&Tag::red("High"))
        .and_text(" & ")
        .and(&Tag::grey("Low"));
    assert_eq!(
        two.as_str(),
        r#"<strong class="govuk-tag govuk-tag--red">High</strong> &#38; <strong class="govuk-tag govuk-tag--grey">Low</strong>"#
    );
    // Ready HTML put into a part is not escaped a second time.
    assert!(Inset::new(&two).to_string().contains(two.as_str()));
}

#[test]
fn tags_have_every_colour_of_the_style_sheet() {
    let classes: Vec<String> = Colour::ALL
        .iter()
        .map(|colour| Tag::new("x", colour).to_string())
        .collect();
    assert_eq!(classes[0], r#"<strong class="govuk-tag">x</strong>"#);
    let names = [
        "grey", "green", "teal", "purple", "magenta", "red", "orange", "yellow",
    ];
    for (html, name) in classes[1..].iter().zip(names) {
        assert!(html.contains(&format!("govuk-tag--{name}\"")), "{html}");
    }
    for tag in [
        Tag::blue(ATTACK),
        Tag::green(ATTACK),
        Tag::teal(ATTACK),
        Tag::purple(ATTACK),
        Tag::magenta(ATTACK),
        Tag::orange(ATTACK),
    ] {
        escapes(&tag, 1);
    }
}

#[test]
fn priorities_have_their_colours() {
    let of = |priority| PriorityTag::of(priority).to_string();
    assert!(of(Priority::High).contains(r#"govuk-tag--red">High"#));
    assert!(of(Priority::Medium).contains(r#"govuk-tag--yellow">Medium"#));
    assert!(of(Priority::Standard).contains(r#"govuk-tag--grey">Standard"#));
}

#[test]
fn badges_and_pills() {
    escapes(&NetworkBadge::new(ATTACK, 2, ATTACK), 2);
    holds(
        &NetworkBadge::new("Larch", 1, "/n/1"),
        &[
            r#"<span class="govuk-visually-hidden">Network </span>Larch"#,
            r#"1<span class="govuk-visually-hidden"> report</span>"#,
        ],
    );
    assert!(
        NetworkBadge::new("Larch", 1_400, "/")
            .to_string()
            .contains(">1,400<")
    );
    assert_eq!(CountPill::new(1_240).text(), "1,240");
    assert_eq!(CountPill::capped(999, 1_000).text(), "999");
    assert_eq!(CountPill::capped(1_000, 1_000).text(), "1,000+");
    assert_eq!(CountPill::capped(5_000, 1_000).text(), "1,000+");
}

#[test]
fn errors_keep_the_order_of_the_form_and_the_first_message() {
    let mut errors = FieldErrors::new();
    assert_eq!(errors.summary().to_string(), "");
    errors.add("postcode", "Enter a full UK postcode");
    errors.add("postcode", "Something else");
    errors.add_at("born", "born-month", "Enter the month as a number");
    assert_eq!(errors.get("postcode"), Some("Enter a full UK postcode"));
    assert_eq!(errors.get("name"), None);
    assert_eq!(errors.len(), 2);
    holds(
        &errors.summary(),
        &[
            r#"<div class="govuk-error-summary" data-module="govuk-error-summary"><div role="alert">"#,
            r##"<li><a href="#postcode">Enter a full UK postcode</a></li><li><a href="#born-month">Enter the month"##,
            "There is a problem",
        ],
    );
    escapes(&ErrorSummary::new(vec![(ATTACK, ATTACK)]).titled(ATTACK), 3);
}

#[test]
fn inputs_are_labelled_and_described() {
    let mut errors = FieldErrors::new();
    errors.add("postcode", "Enter a full UK postcode");
    holds(
        &Input::new("postcode", "Postcode")
            .hint("For example, SW1A 2AA")
            .value("SW1A")
            .characters(9)
            .autocomplete("postal-code")
            .label_size(LabelSize::S)
            .errors(&errors),
        &[
            r#"<div class="govuk-form-group govuk-form-group--error"><label class="govuk-label govuk-label--s" for="postcode">Postcode</label>"#,
            r#"<div id="postcode-hint" class="govuk-hint">For example, SW1A 2AA</div>"#,
            r#"<p id="postcode-error" class="govuk-error-message"><span class="govuk-visually-hidden">Error:</span> Enter a full UK postcode</p>"#,
            r#"<input class="govuk-input govuk-input--width-10 govuk-input--error" id="postcode" name="postcode" type="text" value="SW1A" autocomplete="postal-code" aria-describedby="postcode-hint postcode-error">"#,
        ],
    );
    assert_eq!(
        Input::new("name", "Name").to_string(),
        r#"<div class="govuk-form-group"><label class="govuk-label" for="name">Name</label><input class="govuk-input" id="name" name="name" type="text"></div>"#
    );
    escapes(
        &Input::new(ATTACK, ATTACK)
            .value(ATTACK)
            .prefix(ATTACK)
            .autocomplete(ATTACK)
            .inputmode(ATTACK),
        // Label and its `for`, id, name, value, prefix, autocomplete, inputmode.
        8,
    );
}

#[test]
fn inputs_have_their_kinds() {
    let of = |input: Input<'static>| input.to_string();
    let new = || Input::new("x", "X");
    assert!(of(new().search()).contains(r#"type="search""#));
    assert!(of(new().email()).contains(r#"type="email" spellcheck="false""#));
    assert!(of(new().tel()).contains(r#"type="tel""#));
    assert!(of(new().number()).contains(r#"type="text" spellcheck="false" inputmode="numeric""#));
    assert!(of(new().prefix("£")).contains(r#"aria-hidden="true">£</div><input"#));
    let password = of(new().password().value("secret").error(Some("Wrong")));
    assert!(password.contains(
        r#"govuk-form-group--error govuk-password-input" data-module="govuk-password-input">"#
    ));
    assert!(password.contains(r#"type="password" spellcheck="false" autocomplete="current-password" autocapitalize="none" aria-describedby="x-error">"#));
    assert!(password.contains(r#"aria-controls="x" aria-label="Show password" hidden>"#));
    assert!(!password.contains("secret"));
}

#[test]
fn long_text_keeps_its_first_line_break() {
    let html = Textarea::new("note", "Note")
        .value("\nsecond line")
        .rows(3)
        .to_string();
    // The browser drops the first of the two.
    assert!(
        html.contains("rows=\"3\">\n\nsecond line</textarea>"),
        "{html}"
    );
    escapes(
        &Textarea::new("note", ATTACK)
            .value(ATTACK)
            .hint(ATTACK)
            .error(Some(ATTACK)),
        4,
    );
    holds(
        &CharacterCount::new("note", "Note", 1_000)
            .hint("No passwords")
            .error(Some("Too long"))
            .rows(4),
        &[
            r#"data-module="govuk-character-count" data-maxlength="1000">"#,
            r#"class="govuk-textarea govuk-js-character-count govuk-textarea--error""#,
            r#"aria-describedby="note-info note-hint note-error">"#,
            "You can enter up to 1,000 characters",
        ],
    );
    escapes(&CharacterCount::new("note", ATTACK, 10).value(ATTACK), 2);
}

#[test]
fn dates_have_three_labelled_boxes() {
    holds(
        &DateInput::new("born", "Date of birth")
            .hint("For example, 31 3 1980")
            .typed("31", "2", "1980")
            .error(Some("Enter a real date")),
        &[
            r#"<fieldset class="govuk-fieldset" role="group" aria-describedby="born-hint born-error"><legend class="govuk-fieldset__legend">Date of birth</legend>"#,
            r#"for="born">Day</label><input class="govuk-input govuk-date-input__input govuk-input--error govuk-input--width-2" id="born" name="born-day" type="text" inputmode="numeric" value="31">"#,
            r#"id="born-month" name="born-month" type="text" inputmode="numeric" value="2">"#,
            r#"govuk-input--width-4" id="born-year" name="born-year""#,
        ],
    );
    escapes(
        &DateInput::new("born", ATTACK).typed(ATTACK, ATTACK, ATTACK),
        4,
    );
}

#[test]
fn files() {
    holds(
        &FileUpload::new("file", "File")
            .accept(".csv")
            .several()
            .error(Some("Choose a file")),
        &[
            r#"<input class="govuk-file-upload govuk-file-upload--error" id="file" name="file" type="file" accept=".csv" multiple aria-describedby="file-error">"#,
        ],
    );
    escapes(
        &FileUpload::new("file", ATTACK).accept(ATTACK).hint(ATTACK),
        3,
    );
}

#[test]
fn choices_are_grouped_and_the_first_has_the_field_id() {
    let choices = [
        Choice::new("a", "First").hint("More").count(1_200),
        Choice::new("b", "Second").chosen(true),
    ];
    holds(
        &Radios::new("end", "How did it end?", &choices)
            .inline()
            .small()
            .hint("Choose one"),
        &[
            r#"<fieldset class="govuk-fieldset" aria-describedby="end-hint"><legend class="govuk-fieldset__legend">How did it end?</legend>"#,
            r#"<div class="govuk-radios govuk-radios--inline govuk-radios--small" data-module="govuk-radios">"#,
            r#"id="end" name="end" type="radio" value="a" aria-describedby="end-item-hint"><label class="govuk-label govuk-radios__label" for="end">First"#,
            r#"<div id="end-item-hint" class="govuk-hint govuk-radios__hint">More</div>"#,
            r#"id="end-2" name="end" type="radio" value="b" checked>"#,
        ],
    );
    let first = Radios::new("end", "End", &choices).chosen("a").to_string();
    assert_eq!(first.matches(" checked").count(), 1);
    assert!(first.contains(r#"value="a" checked"#));
    holds(
        &Checkboxes::new("only", "Show only", &choices)
            .small()
            .as_heading()
            .error(Some("Choose")),
        &[
            r#"<legend class="govuk-fieldset__legend govuk-fieldset__legend--l"><h1 class="govuk-fieldset__heading">Show only</h1></legend>"#,
            r#"<p id="only-error" class="govuk-error-message">"#,
            r#"First <span class="ff-muted">1,200</span></label>"#,
            r#"id="only-2" name="only" type="checkbox" value="b" checked>"#,
        ],
    );
    holds(
        &Select::new("to", "Assign to", &choices).error(Some("Choose")),
        &[
            r#"<select class="govuk-select govuk-select--error" id="to" name="to" aria-describedby="to-error"><option value="a">First</option><option value="b" selected>Second</option></select>"#,
        ],
    );
    assert!(
        Select::new("to", "To", &choices)
            .chosen("a")
            .to_string()
            .contains(r#"value="a" selected>"#)
    );
}

#[test]
fn choices_escape() {
    let choices = [Choice::new(ATTACK, ATTACK).hint(ATTACK)];
    escapes(&Radios::new("x", ATTACK, &choices), 4);
    escapes(&Checkboxes::new("x", ATTACK, &choices), 4);
    escapes(&Select::new("x", ATTACK, &choices), 3);
}

#[test]
fn buttons_send_or_lead() {
    assert_eq!(
        Button::new("Save").sends("do", "save").once().to_string(),
        r#"<button type="submit" class="govuk-button" data-module="govuk-button" data-prevent-double-click="true" name="do" value="save">Save</button>"#
    );
    assert_eq!(
        Button::secondary("Download")
            .href("/x.csv")
            .flush()
            .to_string(),
        r#"<a href="/x.csv" role="button" draggable="false" class="govuk-button govuk-button--secondary govuk-!-margin-bottom-0" data-module="govuk-button">Download</a>"#
    );
    holds(&Button::warning("Delete"), &["govuk-button--warning"]);
    holds(
        &Button::shortcuts(),
        &[r#"<button type="button""#, " data-shortcuts>Keyboard"],
    );
    holds(
        &Button::print(),
        &[r#"<button type="button""#, " data-print>Print"],
    );
    assert_eq!(
        Button::link("Sign out").to_string(),
        r#"<button type="submit" class="ff-link-button">Sign out</button>"#
    );
    assert_eq!(
        Button::link("Home").href("/").to_string(),
        r#"<a href="/" class="govuk-link">Home</a>"#
    );
    escapes(&Button::new(ATTACK).sends(ATTACK, ATTACK), 3);
    escapes(&Button::new(ATTACK).href(ATTACK), 2);
    escapes(&Hidden::new(ATTACK, ATTACK), 2);
    assert_eq!(
        Hidden::csrf("t").to_string(),
        r#"<input type="hidden" name="csrf" value="t">"#
    );
}

#[test]
fn notices_and_banners_have_a_role_and_a_name() {
    holds(
        &Notice::success("Done"),
        &[
            r#"role="alert" aria-labelledby="notice-title""#,
            "govuk-notification-banner--success",
        ],
    );
    holds(
        &Notice::info("Note"),
        &[r#"role="region" aria-labelledby="notice-title""#],
    );
    holds(
        &Notice::warning("Late"),
        &["moj-alert--warning", r#"role="alert""#],
    );
    holds(
        &Notice::error("No"),
        &["moj-alert--error", r#"role="alert""#],
    );
    for notice in [
        Notice::success(ATTACK),
        Notice::info(ATTACK),
        Notice::warning(ATTACK),
        Notice::error(ATTACK),
    ] {
        escapes(&notice, 1);
    }
    holds(
        &NotificationBanner::new("Important", "b1", Html::of(&Tag::red("x"))),
        &[
            r#"role="region" aria-labelledby="b1""#,
            r#"id="b1">Important</h2>"#,
            r#"<strong class="govuk-tag"#,
        ],
    );
    escapes(&NotificationBanner::new(ATTACK, "b", ATTACK).success(), 2);
}

#[test]
fn blocks() {
    holds(
        &Details::new("More", "x").open(),
        &[r#"<details class="govuk-details" open>"#],
    );
    escapes(&Details::new(ATTACK, ATTACK), 2);
    holds(
        &Fieldset::new("Where", "x"),
        &[
            r#"<legend class="govuk-fieldset__legend govuk-fieldset__legend--m">Where</legend>x</fieldset>"#,
        ],
    );
    escapes(&Fieldset::new(ATTACK, ATTACK), 2);
    holds(
        &TableScroll::new("Reports", "x"),
        &[r#"<div class="ff-scroll" tabindex="0" role="region" aria-label="Reports">x</div>"#],
    );
    escapes(&TableScroll::new(ATTACK, ATTACK), 2);
    escapes(&Inset::new(ATTACK), 1);
    holds(
        &WarningText::new("Call 999"),
        &[r#"<span class="govuk-visually-hidden">Warning</span> Call 999"#],
    );
    escapes(&WarningText::new(ATTACK), 1);
    holds(
        &Panel::new("Report sent", "Your reference").reference("AB1"),
        &["Your reference<br><strong>AB1</strong>"],
    );
    escapes(&Panel::new(ATTACK, ATTACK).reference(ATTACK), 3);
    holds(
        &Empty::new("No reports match.", "").link(Link::new("Clear filters", "/inbox")),
        &[r#"href="/inbox">Clear filters</a>"#],
    );
    escapes(
        &Empty::new(ATTACK, ATTACK).link(Link::new(ATTACK, ATTACK)),
        4,
    );
}

#[test]
fn records() {
    let list = SummaryList::new()
        .compact()
        .row("Priority", Html::of(&PriorityTag::of(Priority::High)))
        .row_if("Bank", None::<Html>)
        .row_to_change("Postcode", "SW1A 2AA", "/edit");
    holds(
        &list,
        &[
            r#"<dl class="govuk-summary-list ff-compact">"#,
            r#"<dd class="govuk-summary-list__value"><strong class="govuk-tag govuk-tag--red">High</strong></dd>"#,
            r#"<a class="govuk-link" href="/edit">Change<span class="govuk-visually-hidden"> postcode</span></a>"#,
        ],
    );
    assert!(!list.to_string().contains("Bank"));
    escapes(&SummaryList::new().row(ATTACK, ATTACK), 2);

    let item = TimelineItem::new("Taken", then())
        .by("PC Okafor")
        .text("From the inbox");
    holds(
        &Timeline::new(vec![item]).heading_level(4),
        &[
            r#"<h4 class="moj-timeline__title">Taken</h4><p class="moj-timeline__byline">by PC Okafor</p>"#,
            r#"<p class="moj-timeline__date"><time datetime="2026-11-23T18:52:00Z">6:52pm on 23 November 2026</time></p>"#,
            r#"<div class="moj-timeline__description">From the inbox</div>"#,
        ],
    );
    escapes(
        &Timeline::new(vec![
            TimelineItem::new(ATTACK, then()).by(ATTACK).text(ATTACK),
        ]),
        3,
    );
}

#[test]
fn ways_around() {
    holds(
        &SubNav::new("Inbox views").view("Mine", "/m", true, Some(CountPill::new(6))),
        &[
            r#"<nav class="moj-sub-navigation" aria-label="Inbox views">"#,
            r#"aria-current="page" href="/m">Mine <span class="ff-count">6</span></a>"#,
        ],
    );
    escapes(&SubNav::new(ATTACK).view(ATTACK, ATTACK, false, None), 3);
    assert_eq!(Pagination::new("Pages").to_string(), "");
    let href = |text: &str| Some(text.to_owned());
    let only_next = Pagination::new("Pages of reports")
        .next(href("?after=9"))
        .to_string();
    assert!(only_next.contains(r#"href="?after=9" rel="next""#));
    assert!(!only_next.contains("prev"));
    holds(
        &Pagination::new("Pages").previous(href("?before=1")),
        &[r#"href="?before=1" rel="prev""#],
    );
    escapes(
        &Pagination::new(ATTACK)
            .previous(href(ATTACK))
            .next(href(ATTACK)),
        3,
    );
}

#[test]
fn listing() {
    holds(
        &FilterPanel::new(
            "/inbox",
            Html::of(&Input::new("q", "Search reports").search()),
        )
        .selected("High", "/inbox?"),
        &[
            r#"<form class="moj-filter__options" method="get" action="/inbox">"#,
            r#"href="/inbox?"><span class="govuk-visually-hidden">Remove this filter</span> High</a>"#,
            r#"type="search""#,
        ],
    );
    assert!(
        !FilterPanel::new("/inbox", "")
            .to_string()
            .contains("Selected filters")
    );
    escapes(
        &FilterPanel::new(ATTACK, ATTACK)
            .selected(ATTACK, ATTACK)
            .clear_href(ATTACK),
        5,
    );

    holds(
        &SortHeader::new("Due", "?s").ascending(),
        &[r#"aria-sort="ascending"><a class="ff-sort" href="?s">Due <svg"#],
    );
    holds(
        &SortHeader::new("Due", "?s").descending().numeric(),
        &[r#"govuk-table__header--numeric" aria-sort="descending">"#],
    );
    assert_eq!(
        SortHeader::plain("Victim").to_string(),
        r#"<th scope="col" class="govuk-table__header">Victim</th>"#
    );
    escapes(&SortHeader::new(ATTACK, ATTACK), 2);

    holds(
        &BulkBar::new("reports").action("take", "Take"),
        &[
            r#"id="selcount" role="status">No reports selected</p>"#,
            r#"name="do" value="take">Take</button>"#,
        ],
    );
    escapes(
        &BulkBar::new(ATTACK).action(ATTACK, ATTACK).fields(ATTACK),
        4,
    );
    holds(
        &Tick::new("report", "17", "CY-1"),
        &[
            r#"id="report-17" name="report" value="17"><label class="govuk-label govuk-checkboxes__label" for="report-17"><span class="govuk-visually-hidden">Select CY-1</span>"#,
        ],
    );
    escapes(&Tick::new("report", ATTACK, ATTACK), 4);
    holds(
        &ShortcutDialog::for_queue("report"),
        &[
            "Next report</dt>",
            "<kbd>J</kbd>",
            "<kbd>?</kbd>",
            r#"<form method="dialog">"#,
        ],
    );
    escapes(&ShortcutDialog::for_queue("x").key(ATTACK, ATTACK), 2);
    let mut page = super::Page::new("Queue");
    page.csrf = ATTACK.to_owned();
    escapes(&ShortcutDialog::for_queue("x").switch(&page, ATTACK), 2);
    holds(
        &ShortcutDialog::for_queue("x").switch(&page, "/queue"),
        &[
            r#"<form method="post" action="/shortcuts">"#,
            r#"name="keys" value="off""#,
            "Turn single-key shortcuts off</button>",
        ],
    );
    page.shortcuts_on = false;
    holds(
        &ShortcutDialog::for_queue("x").switch(&page, "/queue"),
        &[
            r#"name="keys" value="on""#,
            "Turn single-key shortcuts on</button>",
        ],
    );
}

#[test]
fn figures_escape() {
    escapes(
        &StatRow::new(vec![
            Stat::new(ATTACK, ATTACK).href(ATTACK),
            Stat::new(ATTACK, ATTACK),
        ]),
        5,
    );
    let trend = Sparkline::new([Some(1.0), Some(2.0)]);
    escapes(&trend.between(ATTACK, ATTACK).unit(ATTACK), 4);
    escapes(&ProgressBar::new(ATTACK, 1, 2), 2);
}

#[test]
fn the_window_title_says_when_there_are_errors() {
    let mut errors = FieldErrors::new();
    let title = |errors: &FieldErrors| Page::new("Sign in").with_errors(errors).window_title();
    assert_eq!(title(&errors), "Sign in - Fourfold");
    errors.add("user", "Enter your username");
    assert_eq!(title(&errors), "Error: Sign in - Fourfold");
}
