//! One row becoming one report: each cell cleaned, translated, read for its field and put in place.

use std::collections::{BTreeMap, BTreeSet};

use record::report::{FIELDS, Field, FieldKind, Identifier, Party, PartyKind, Report};
use record::time::Date;
use record::{Finding, Severity};

use super::apply::{From, Mapper, Step, row_digest};
use super::dates::{self, DateFault, When};
use super::mapping::Origin;
use super::row::Row;
use super::values::{self, Answer, MoneyFault};
use super::words;

/// The longest text kept for a field, in characters. A longer one is refused: cutting it would keep
/// a report that says something else.
const fn max_chars(kind: FieldKind, narrative: bool) -> usize {
    match kind {
        FieldKind::Text if narrative => 200_000,
        FieldKind::Text => 1_000,
        FieldKind::Identifier | FieldKind::List => 4_000,
        _ => 200,
    }
}

/// Fields of free text, which keep every character that was written.
fn is_free_text(field: &Field) -> bool {
    matches!(field.name, "narrative" | "title" | "safe_contact")
}

/// A report in the making.
pub(super) struct Draft<'a> {
    mapper: &'a Mapper<'a>,
    row: &'a Row,
    report: Report,
    suspect: Party,
    /// Day of receipt in London, which event dates are held against.
    received_day: Date,
    kind_given: bool,
    findings: Vec<Finding>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(mapper: &'a Mapper<'a>, row: &'a Row) -> Draft<'a> {
        Draft {
            mapper,
            row,
            report: Report {
                reference: String::new(),
                source: mapper.mapping.source.clone(),
                feed: mapper.mapping.feed,
                received_at: mapper.received_default,
                reported_at: None,
                event_from: None,
                event_to: None,
                nfib_code: None,
                title: None,
                narrative: String::new(),
                loss_pence: None,
                contact_method: None,
                payment_method: None,
                platform: None,
                district: None,
                local_crime_no: None,
                victim: Party::default(),
                suspect: None,
                identifiers: Vec::new(),
                markers: BTreeSet::new(),
                answers: BTreeMap::new(),
            },
            suspect: Party::default(),
            received_day: mapper.today,
            kind_given: false,
            findings: row.warnings.clone(),
        }
    }

    fn warn(&mut self, field: &Field, problem: String, remedy: &str) {
        let column = self.column(field);
        self.findings
            .push(Finding::warning(self.row.number, &column, problem, remedy));
    }

    fn reject(&mut self, field: &Field, problem: String, remedy: &str) {
        let column = self.column(field);
        self.findings
            .push(Finding::rejected(self.row.number, &column, problem, remedy));
    }

    /// The heading to name in a finding: the file's own word where there is one.
    fn column(&self, field: &Field) -> String {
        let origin = self.mapper.mapping.fields.get(field.name);
        match origin.map(Origin::columns) {
            Some([column]) if !column.starts_with('#') => column.clone(),
            _ => field.name.to_owned(),
        }
    }

    pub(super) fn step(&mut self, step: &'a Step) {
        let row = self.row;
        match &step.from {
            From::Column(column) => self.cell(step.field, row.cell(*column)),
            From::Constant(text) => self.cell(step.field, text),
            From::Joined(columns, with) => {
                let cells: Vec<&str> = columns
                    .iter()
                    .map(|&c| row.cell(c).trim())
                    .filter(|c| !c.is_empty())
                    .collect();
                self.cell(step.field, &cells.join(with));
            }
            From::Digest(columns) => self.report.reference = row_digest(row, columns),
        }
    }

    /// Reads one cell for its field.
    fn cell(&mut self, field: &'static Field, cell: &str) {
        let free = is_free_text(field);
        let cleaned = words::clean(cell, free);
        if cleaned.hidden {
            self.warn(
                field,
                "characters that cannot be seen were taken out".to_owned(),
                "Compare the value with the sender's; it may have been written to deceive",
            );
        }
        if cleaned.restored {
            self.warn(
                field,
                "characters spoiled by an earlier conversion were restored".to_owned(),
                "Check quotation marks, dashes and currency signs",
            );
        }
        if cleaned.control {
            self.warn(
                field,
                "control characters were taken out".to_owned(),
                "Check the text against the sender's copy",
            );
        }
        let translated = self.translate(field, &cleaned.text);
        let text = translated.unwrap_or(&cleaned.text);
        if text.is_empty() {
            return;
        }
        let limit = max_chars(field.kind, free);
        if text.len() > limit && text.chars().count() > limit {
            self.reject(
                field,
                format!("the text is longer than {limit} characters, and is not cut"),
                "Shorten it, or map the column to narrative",
            );
            return;
        }
        if field.kind != FieldKind::Text && values::is_absent(text) {
            return;
        }
        self.value(field, text);
    }

    /// The mapping's own word for a value of the file.
    fn translate(&self, field: &Field, text: &str) -> Option<&'a str> {
        let values = self.mapper.mapping.values.get(field.name)?;
        values
            .iter()
            .find(|(theirs, _)| theirs.to_lowercase() == text.to_lowercase())
            .map(|(_, ours)| ours.as_str())
    }

    fn value(&mut self, field: &'static Field, text: &str) {
        match field.kind {
            FieldKind::Text => self.text(field, text),
            FieldKind::DateTime => self.date_time(field, text),
            FieldKind::Date => self.date(field, text),
            FieldKind::Money => self.money(field, text),
            FieldKind::Number => match values::read_count(text) {
                Some(n) => self.report.victim.staff_count = Some(n),
                None => self.not_understood(field, text, "a whole number", "Write digits only"),
            },
            FieldKind::List => {
                let markers = text.split([';', ',', '|']).map(values::plain_word);
                self.report
                    .markers
                    .extend(markers.filter(|m| !m.is_empty()));
            }
            FieldKind::PartyKind => match values::read_party_kind(text) {
                Some(kind) => {
                    self.report.victim.kind = kind;
                    self.kind_given = true;
                }
                None => self.not_understood(
                    field,
                    text,
                    "person or organisation",
                    "Translate the word in the mapping's [values.victim_kind]",
                ),
            },
            FieldKind::Feed => match values::read_feed(text) {
                Some(feed) => self.report.feed = feed,
                None => {
                    let kept = self.report.feed.name();
                    self.warn(
                        field,
                        format!("{text:?} is not a feed; the mapping's own, {kept}, was used"),
                        "Translate the word in the mapping's [values.feed]",
                    );
                }
            },
            FieldKind::Identifier => self.identifiers(field, text),
            FieldKind::Answer => self.answer(field, text),
        }
    }

    fn not_understood(&mut self, field: &Field, text: &str, wanted: &str, remedy: &str) {
        let shown: String = text.chars().take(60).collect();
        self.warn(
            field,
            format!("{shown:?} is not {wanted}; the field was left empty"),
            remedy,
        );
    }

    fn text(&mut self, field: &'static Field, text: &str) {
        let owned = text.to_owned();
        let report = &mut self.report;
        let place = match field.name {
            "reference" => {
                report.reference = owned;
                return;
            }
            "narrative" => {
                report.narrative = owned;
                return;
            }
            "nfib_code" => {
                self.code(field, text);
                return;
            }
            "title" => &mut report.title,
            "contact_method" => &mut report.contact_method,
            "payment_method" => &mut report.payment_method,
            "platform" => &mut report.platform,
            "district" => &mut report.district,
            "local_crime_no" => &mut report.local_crime_no,
            name => match party_place(name, &mut report.victim, &mut self.suspect) {
                Some(place) => place,
                None => return,
            },
        };
        *place = Some(owned);
    }

    /// A crime code as the policy writes it; an unknown one is kept as it came.
    fn code(&mut self, field: &Field, text: &str) {
        let codes = self.mapper.codes;
        if codes.contains(text) {
            self.report.nfib_code = Some(text.to_owned());
            return;
        }
        let compact: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_uppercase)
            .collect();
        let known = [compact.clone(), format!("NFIB{compact}")]
            .into_iter()
            .find(|c| codes.contains(c));
        if known.is_none() && !codes.is_empty() {
            let shown: String = text.chars().take(60).collect();
            self.warn(
                field,
                format!("{shown:?} is not a crime code this force knows; it was kept"),
                "Correct it, or add it to policy/intake/crime-codes.csv",
            );
        }
        self.report.nfib_code = Some(known.unwrap_or_else(|| text.to_owned()));
    }

    fn when(&mut self, field: &Field, text: &str) -> Option<When> {
        let order = self.mapper.mapping.date_order;
        let fault = match dates::read_when(text, order, self.mapper.today.year()) {
            Ok(when) => return Some(when),
            Err(fault) => fault,
        };
        let shown: String = text.chars().take(60).collect();
        let why = match fault {
            DateFault::NoSuchDay => "there is no such day",
            DateFault::NoSuchTime => "there is no such time of day",
            DateFault::NotADate => "it is not a date",
        };
        let left = if field.name == "received_at" {
            "the time of import was used"
        } else {
            "the field was left empty"
        };
        self.warn(
            field,
            format!("{shown:?}: {why}; {left}"),
            "Write the date as 23/11/2026 or 2026-11-23; set date_order when the month comes first",
        );
        None
    }

    fn date_time(&mut self, field: &Field, text: &str) {
        let Some(when) = self.when(field, text) else {
            return;
        };
        let at = when.timestamp();
        if at > self.mapper.received_default {
            self.warn(
                field,
                format!("{} is later than the import", at.show()),
                "Check the date; day and month may have changed places",
            );
        }
        match field.name {
            "received_at" => {
                self.report.received_at = at;
                self.received_day = when.day;
            }
            _ => self.report.reported_at = Some(at),
        }
    }

    fn date(&mut self, field: &'static Field, text: &str) {
        let Some(when) = self.when(field, text) else {
            return;
        };
        if field.name.ends_with("date_of_birth") {
            self.birth(field, when);
            return;
        }
        if when.day > self.received_day {
            self.warn(
                field,
                format!("{} is after the report was received", when.day.show()),
                "Check the date; day and month may have changed places",
            );
        }
        match field.name {
            "event_to" => self.report.event_to = Some(when.day),
            _ => self.report.event_from = Some(when.day),
        }
    }

    fn birth(&mut self, field: &'static Field, when: When) {
        let today = self.mapper.today;
        let age = when.day.years_until(today);
        if when.day > today || age.is_none_or(|a| a > 120) {
            let day = when.day.show();
            self.warn(
                field,
                format!("nobody alive was born on {day}; the field was left empty"),
                "Check the date of birth",
            );
            return;
        }
        if when.short_year {
            self.warn(
                field,
                format!(
                    "the year has two digits and was read as {}",
                    when.day.year()
                ),
                "Send dates of birth with four digits of the year",
            );
        }
        let party = match field.name {
            "suspect_date_of_birth" => &mut self.suspect,
            _ => &mut self.report.victim,
        };
        party.date_of_birth = Some(when.day);
    }

    fn money(&mut self, field: &Field, text: &str) {
        match values::read_money(text) {
            Ok((pence, rounded)) => {
                self.report.loss_pence = Some(pence);
                if rounded {
                    self.warn(
                        field,
                        "parts of a penny were rounded".to_owned(),
                        "Check the sum",
                    );
                }
            }
            Err(MoneyFault::Negative) => {
                self.not_understood(
                    field,
                    text,
                    "a loss: it is negative",
                    "Write it without a sign",
                );
            }
            Err(MoneyFault::OtherCurrency) => {
                self.not_understood(field, text, "in pounds", "Convert it to pounds");
            }
            Err(MoneyFault::NotMoney) => {
                self.not_understood(field, text, "a sum of money", "Write it as 1234.50");
            }
        }
    }

    /// Several in one cell are set apart by lines or semicolons; in a web address, where a
    /// semicolon may belong, only with a space after it.
    fn identifiers(&mut self, field: &'static Field, text: &str) {
        let joint = if field.name == "suspect_url" {
            "; "
        } else {
            ";"
        };
        let parts = text
            .lines()
            .flat_map(|line| line.split(joint))
            .map(str::trim);
        for part in parts.filter(|p| !p.is_empty()) {
            self.report.identifiers.push(Identifier {
                field: field.name.to_owned(),
                text: part.to_owned(),
            });
        }
    }

    fn answer(&mut self, field: &Field, text: &str) {
        let answer = match values::read_answer(field.name, text) {
            Answer::Known(answer) => answer,
            Answer::Unknown => return,
            Answer::Degree(answer) => {
                self.warn(
                    field,
                    format!("{text:?} does not say how much; it was read as {answer:?}"),
                    "Answer none, some or marked",
                );
                answer.to_owned()
            }
            Answer::Other => {
                self.not_understood(
                    field,
                    text,
                    field.about,
                    "Translate the word in the mapping",
                );
                return;
            }
        };
        self.report.answers.insert(field.name.to_owned(), answer);
    }

    pub(super) fn finish(mut self) -> (Option<Report>, Vec<Finding>) {
        if self.report.reference.is_empty() {
            let problem = "the row has no reference".to_owned();
            self.reject(&FIELDS[0], problem, "Give every row its own reference");
        }
        let report = &mut self.report;
        if !self.kind_given
            && report.victim.organisation.is_some()
            && report.victim.surname.is_none()
        {
            report.victim.kind = PartyKind::Organisation;
        }
        if self.suspect != Party::default() {
            report.suspect = Some(self.suspect);
        }
        if let (Some(from), Some(to)) = (report.event_from, report.event_to)
            && to < from
        {
            self.findings.push(Finding::warning(
                self.row.number,
                "event_to",
                format!("the event ends on {}, before it begins", to.show()),
                "Check both dates",
            ));
        }
        let rejected = self
            .findings
            .iter()
            .any(|f| f.severity == Severity::Rejected);
        ((!rejected).then_some(self.report), self.findings)
    }
}

/// Where a text field of a party is kept.
fn party_place<'p>(
    name: &str,
    victim: &'p mut Party,
    suspect: &'p mut Party,
) -> Option<&'p mut Option<String>> {
    let (party, part) = match (name.strip_prefix("victim_"), name.strip_prefix("suspect_")) {
        (Some(part), _) => (victim, part),
        (_, Some(part)) => (suspect, part),
        _ => (victim, name),
    };
    Some(match part {
        "title" => &mut party.title,
        "forename" => &mut party.forename,
        "surname" => &mut party.surname,
        "organisation" => &mut party.organisation,
        "company_number" => &mut party.company_number,
        "phone" => &mut party.phone,
        "email" => &mut party.email,
        "address" => &mut party.address,
        "postcode" => &mut party.postcode,
        "safe_contact" => &mut party.safe_contact,
        "language" => &mut party.language,
        _ => return None,
    })
}
