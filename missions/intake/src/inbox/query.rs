//! What the inbox is asked for, as it stands in the address: view, filter, order, place.

use record::ids::{ActorId, ReportId};
use record::report::Feed;
use record::time::Timestamp;
use record::work::{Priority, WorkState};
use store::work::{Cursor, Filter, Order};

/// Longest search that is read, in characters.
const LONGEST_SEARCH: usize = 200;

/// The standing views of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Taken by nobody.
    #[default]
    Triage,
    Mine,
    /// Taken by others.
    Others,
    /// Closed today.
    Closed,
}

impl View {
    pub const ALL: [View; 4] = [View::Triage, View::Mine, View::Others, View::Closed];

    pub const fn name(self) -> &'static str {
        match self {
            View::Triage => "triage",
            View::Mine => "mine",
            View::Others => "others",
            View::Closed => "closed",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            View::Triage => "To triage",
            View::Mine => "Mine",
            View::Others => "Taken by others",
            View::Closed => "Closed today",
        }
    }

    /// Why it is empty, and what next.
    pub const fn empty(self) -> (&'static str, &'static str) {
        match self {
            View::Triage => ("No reports to triage.", "New reports appear here."),
            View::Mine => ("You have no reports.", "Reports you take appear here."),
            View::Others => (
                "Nobody else has a report.",
                "Reports others take appear here.",
            ),
            View::Closed => (
                "No reports have been decided today.",
                "Reports appear here once they are decided.",
            ),
        }
    }

    const fn states(self) -> &'static [WorkState] {
        match self {
            View::Triage => &[WorkState::Open],
            View::Mine | View::Others => &[WorkState::Taken],
            View::Closed => &[WorkState::Closed],
        }
    }
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Due,
    Severity,
    Newest,
}

impl Sort {
    const ALL: [Sort; 3] = [Sort::Due, Sort::Severity, Sort::Newest];

    pub const fn name(self) -> &'static str {
        match self {
            Sort::Due => "due",
            Sort::Severity => "severity",
            Sort::Newest => "newest",
        }
    }
}

/// "Show only" filters.
pub const ONLY: [(&str, &str); 3] = [
    ("vulnerable", "Vulnerable victims"),
    ("networked", "Linked to a network"),
    ("overdue", "Overdue"),
];

/// What the inbox shows. Anything in an address that is not understood is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub view: View,
    pub words: String,
    pub severity: Vec<Priority>,
    pub feeds: Vec<Feed>,
    /// Names of [`ONLY`].
    pub only: Vec<&'static str>,
    pub sort: Sort,
    pub after: Option<Cursor>,
}

impl Query {
    /// Reads the parts of an address.
    pub fn of(pairs: &[(String, String)]) -> Query {
        let mut query = Query::default();
        for (name, value) in pairs {
            match name.as_str() {
                "view" => {
                    let found = View::ALL.into_iter().find(|v| v.name() == value);
                    query.view = found.unwrap_or_default();
                }
                "q" => query.words = searched(value),
                "severity" => add(&mut query.severity, Priority::parse(value)),
                "feed" => add(&mut query.feeds, Feed::parse(value)),
                "only" => {
                    let found = ONLY.into_iter().map(|(n, _)| n).find(|n| n == value);
                    add(&mut query.only, found);
                }
                "sort" => {
                    let found = Sort::ALL.into_iter().find(|s| s.name() == value);
                    query.sort = found.unwrap_or_default();
                }
                "after" => query.after = Cursor::parse(value),
                _ => {}
            }
        }
        query
    }

    /// Reads an address's query text, as a form or a saved view keeps it.
    pub fn parse(text: &str) -> Query {
        Query::of(&pairs(text))
    }

    /// The query text of the address: the same filter always gives the same text.
    pub fn text(&self) -> String {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        if self.view != View::default() {
            pairs.push(("view", self.view.name()));
        }
        if !self.words.is_empty() {
            pairs.push(("q", &self.words));
        }
        pairs.extend(self.severity.iter().map(|s| ("severity", s.name())));
        pairs.extend(self.feeds.iter().map(|f| ("feed", f.name())));
        pairs.extend(self.only.iter().map(|o| ("only", *o)));
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.name()));
        }
        if let Some(after) = &self.after {
            pairs.push(("after", after.as_str()));
        }
        let parts: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        parts.join("&")
    }

    /// The address.
    pub fn href(&self) -> String {
        match self.text() {
            text if text.is_empty() => "/inbox".to_owned(),
            text => format!("/inbox?{text}"),
        }
    }

    /// The same list from its start, changed in one way.
    pub fn but(&self, change: impl FnOnce(&mut Query)) -> Query {
        let mut query = Query {
            after: None,
            ..self.clone()
        };
        change(&mut query);
        query
    }

    /// The view alone, with nothing filtered.
    pub fn bare(&self) -> Query {
        Query {
            view: self.view,
            sort: self.sort,
            ..Query::default()
        }
    }

    /// Filters in force: their words, and the list without them.
    pub fn selected(&self) -> Vec<(String, Query)> {
        let mut all = Vec::new();
        if !self.words.is_empty() {
            let without = self.but(|q| q.words.clear());
            all.push((format!("Search: {}", self.words), without));
        }
        for one in &self.severity {
            let without = self.but(|q| q.severity.retain(|s| s != one));
            all.push((format!("Severity: {}", one.title()), without));
        }
        for one in &self.feeds {
            all.push((
                one.title().to_owned(),
                self.but(|q| q.feeds.retain(|f| f != one)),
            ));
        }
        for (name, title) in ONLY {
            if self.only.contains(&name) {
                let without = self.but(|q| q.only.retain(|o| *o != name));
                all.push((title.to_owned(), without));
            }
        }
        all
    }

    pub fn order(&self) -> Order {
        if self.view == View::Closed {
            return Order::Closed;
        }
        match self.sort {
            Sort::Due => Order::Due,
            Sort::Severity => Order::Priority,
            Sort::Newest => Order::Newest,
        }
    }

    /// States of the view's items, by name.
    pub fn states(&self) -> Vec<&'static str> {
        self.view.states().iter().map(|s| s.name()).collect()
    }

    /// The filter of the list. `subjects` is what the search found, if there was one.
    pub fn filter(&self, me: ActorId, now: Timestamp, subjects: Option<Vec<ReportId>>) -> Filter {
        let only = |name: &str| self.only.contains(&name);
        Filter {
            states: self.view.states().to_vec(),
            priorities: self.severity.clone(),
            feeds: self.feeds.iter().map(|f| f.name().to_owned()).collect(),
            assignee: (self.view == View::Mine).then_some(me),
            not_assignee: (self.view == View::Others).then_some(me),
            vulnerable: only("vulnerable"),
            networked: only("networked"),
            due_before: only("overdue").then_some(now),
            closed_after: (self.view == View::Closed).then(|| Timestamp::start_of(now.day())),
            subjects,
            ..Filter::default()
        }
    }
}

/// Names and values of an address's query text.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn add<T: PartialEq>(list: &mut Vec<T>, found: Option<T>) {
    if let Some(found) = found
        && !list.contains(&found)
    {
        list.push(found);
    }
}

/// The words of a search: one line, no control characters, of bounded length.
fn searched(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_SEARCH)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As a form encodes a value (WHATWG URL, application/x-www-form-urlencoded).
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|d| d.unwrap_or(b'!'));
                let value = std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|d| u8::from_str_radix(d, 16).ok());
                bytes.extend(value);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_filter_and_is_read_back() {
        let text =
            "view=mine&q=caf%C3%A9+%26+co&severity=high&feed=urgent&only=overdue&sort=newest";
        let query = Query::parse(text);
        assert_eq!(query.words, "café & co");
        assert_eq!(query.severity, [Priority::High]);
        assert_eq!(query.text(), text);
        assert_eq!(query.selected().len(), 4);
        let without = &query.selected()[0].1;
        assert!(!without.text().contains("q="), "{}", without.text());
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let query = Query::parse("view=x&severity=worst&feed=&only=all&sort=-due&after=zz&q=%zz%0");
        assert_eq!(query, Query::default());
        assert_eq!(query.href(), "/inbox");
        assert_eq!(Query::parse("q=a%00b%0Ac").words, "a b c");
        assert_eq!(
            Query::parse("severity=high&severity=high").text(),
            "severity=high"
        );
    }

    #[test]
    fn a_changed_filter_starts_the_list_again() {
        let query = Query::parse("after=0.5.00000000000000000000000000000001");
        assert!(query.after.is_some());
        assert!(query.but(|q| q.sort = Sort::Newest).after.is_none());
    }
}
