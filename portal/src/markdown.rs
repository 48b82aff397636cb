//! Markdown with a TOML head, made to HTML of GOV.UK's classes. What could carry script or layout is
//! refused with its line, not silently dropped: the writer is told.

use std::fmt;

use askama::filters::{self, HtmlSafe};
use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};
use record::policy::PolicyError;

/// HTML made here, from text that was escaped here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered(String);

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Rendered {}

const NO_HTML: &str = "HTML is not taken here. Write Markdown";

/// A heading of the second level and what is under it; the first may have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    pub heading: String,
    pub body: Rendered,
}

impl Section {
    /// The heading as an anchor.
    pub fn anchor(&self) -> String {
        let letters = self.heading.to_lowercase();
        let words = letters.split(|c: char| !c.is_ascii_alphanumeric());
        words
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join("-")
    }
}

/// A file taken apart.
#[derive(Debug, Clone)]
pub struct Document {
    pub head: String,
    pub sections: Vec<Section>,
    /// Addresses on our own site that it links to.
    pub links: Vec<String>,
}

/// Words a text may name in braces, with what stands for them.
pub type Words<'a> = &'a [(&'static str, &'a str)];

/// Reads a file, or says what in it cannot be shown and in which line.
pub fn read(file: &str, text: &str, words: Words<'_>) -> Result<Document, PolicyError> {
    let options = Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    let mut reader = Reader {
        file,
        words,
        document: Document {
            head: String::new(),
            sections: vec![Section::default()],
            links: Vec::new(),
        },
        events: Vec::new(),
        ordered: Vec::new(),
        place: Place::Body,
    };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        let line = text[..range.start].matches('\n').count() + 1;
        reader.take(event, line)?;
    }
    reader.end_section();
    let mut document = reader.document;
    document
        .sections
        .retain(|s| !(s.heading.is_empty() && s.body.0.is_empty()));
    if document.head.is_empty() {
        let problem = "begins with no head between two lines of +++";
        return Err(PolicyError::new(file, problem));
    }
    Ok(document)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    Heading,
    Body,
}

struct Reader<'a, 't> {
    file: &'a str,
    words: Words<'a>,
    document: Document,
    events: Vec<Event<'t>>,
    /// Whether each open list is ordered.
    ordered: Vec<bool>,
    place: Place,
}

impl<'t> Reader<'_, 't> {
    fn wrong(&self, line: usize, problem: &str) -> PolicyError {
        PolicyError::new(self.file, format!("line {line}: {problem}"))
    }

    fn html(&mut self, text: impl Into<CowStr<'t>>) {
        self.events.push(Event::Html(text.into()));
    }

    fn take(&mut self, event: Event<'t>, line: usize) -> Result<(), PolicyError> {
        match event {
            Event::Start(tag) => self.start(tag, line)?,
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.place == Place::Head => self.document.head.push_str(&text),
            Event::Text(text) => {
                let text = self.filled(&text, line)?;
                match (self.place, self.document.sections.last_mut()) {
                    (Place::Heading, Some(section)) => section.heading.push_str(&text),
                    _ => self.events.push(Event::Text(text.into())),
                }
            }
            Event::SoftBreak | Event::HardBreak => self.events.push(event),
            Event::Html(_) | Event::InlineHtml(_) => {
                return Err(self.wrong(line, NO_HTML));
            }
            _ => return Err(self.wrong(line, "this kind of Markdown is not taken here")),
        }
        Ok(())
    }

    /// Text with the words in braces replaced.
    fn filled(&self, text: &str, line: usize) -> Result<String, PolicyError> {
        let mut filled = text.to_owned();
        for (name, value) in self.words {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        match text.contains('{') && filled.contains('{') {
            true => Err(self.wrong(
                line,
                "a word in braces is not one of those that can be filled in",
            )),
            false => Ok(filled),
        }
    }

    fn start(&mut self, tag: Tag<'t>, line: usize) -> Result<(), PolicyError> {
        match tag {
            Tag::MetadataBlock(_) => self.place = Place::Head,
            Tag::Heading {
                level: HeadingLevel::H2,
                ..
            } => {
                self.end_section();
                self.document.sections.push(Section::default());
                self.place = Place::Heading;
            }
            Tag::Heading {
                level: HeadingLevel::H3,
                ..
            } => self.html("<h3 class=\"govuk-heading-s\">"),
            Tag::HtmlBlock => return Err(self.wrong(line, NO_HTML)),
            Tag::Heading { .. } => {
                return Err(self.wrong(line, "headings are ## and ###; the title is in the head"));
            }
            Tag::Paragraph => self.html("<p class=\"govuk-body\">"),
            Tag::List(first) => {
                self.ordered.push(first.is_some());
                self.html(match first {
                    Some(_) => "<ol class=\"govuk-list ff-steps\">",
                    None => "<ul class=\"govuk-list govuk-list--bullet\">",
                });
            }
            Tag::Item if self.ordered.last() == Some(&true) => self.html("<li class=\"ff-step\">"),
            Tag::Item => self.html("<li>"),
            Tag::Strong | Tag::Emphasis => self.events.push(Event::Start(tag)),
            Tag::Link {
                link_type,
                dest_url,
                ..
            } => self.link(link_type, &dest_url, line)?,
            _ => return Err(self.wrong(line, "this kind of Markdown is not taken here")),
        }
        Ok(())
    }

    fn link(&mut self, kind: LinkType, to: &str, line: usize) -> Result<(), PolicyError> {
        let ours = to.starts_with('/') && !to.starts_with("//");
        let theirs =
            to.starts_with("https://") || to.starts_with("tel:") || to.starts_with("mailto:");
        if !(ours || theirs) || kind == LinkType::Email {
            return Err(self.wrong(line, "a link begins with /, https://, tel: or mailto:"));
        }
        if ours {
            self.document.links.push(to.to_owned());
        }
        let Ok(to) = filters::escape(to, filters::Html);
        let rel = if ours { "" } else { " rel=\"noreferrer\"" };
        self.html(format!("<a class=\"govuk-link\" href=\"{to}\"{rel}>"));
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::MetadataBlock(_) | TagEnd::Heading(HeadingLevel::H2) => {
                self.place = Place::Body
            }
            TagEnd::Heading(_) => self.html("</h3>\n"),
            TagEnd::Paragraph => self.html("</p>\n"),
            TagEnd::List(ordered) => {
                self.ordered.pop();
                self.html(if ordered { "</ol>\n" } else { "</ul>\n" });
            }
            TagEnd::Item => self.html("</li>\n"),
            TagEnd::Link => self.html("</a>"),
            other => self.events.push(Event::End(other)),
        }
    }

    fn end_section(&mut self) {
        if let Some(section) = self.document.sections.last_mut() {
            html::push_html(&mut section.body.0, self.events.drain(..));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "+++\ntitle = \"T\"\n+++\n\n";

    fn body(text: &str) -> Result<Document, PolicyError> {
        read("x.md", &format!("{HEAD}{text}"), &[("phone", "101 & <b>")])
    }

    #[test]
    fn sections_steps_and_links() {
        let document =
            body("Hello {phone}.\n\n## Do this now\n\n1. **Stop.** Then [ask](/help/call-back).\n")
                .unwrap();
        assert_eq!(document.head, "title = \"T\"\n");
        assert_eq!(document.links, ["/help/call-back"]);
        assert_eq!(document.sections.len(), 2);
        assert_eq!(
            document.sections[0].body.to_string(),
            "<p class=\"govuk-body\">Hello 101 &amp; &lt;b&gt;.</p>\n"
        );
        assert_eq!(document.sections[1].heading, "Do this now");
        assert_eq!(document.sections[1].anchor(), "do-this-now");
        let steps = document.sections[1].body.to_string();
        assert!(
            steps.contains("<li class=\"ff-step\"><strong>Stop.</strong>"),
            "{steps}"
        );
    }

    #[test]
    fn what_is_not_text_is_refused_with_its_line() {
        for (text, words) in [
            ("a\n\n<script>alert(1)</script>\n", "line 7: HTML"),
            ("a <b onclick=x>b</b>", "HTML"),
            ("![a](https://x/y.png)", "not taken"),
            ("[a](javascript:alert(1))", "a link begins"),
            ("[a](//evil.example)", "a link begins"),
            ("# Title", "headings are"),
            ("Call {nobody}.", "braces"),
            ("```\nx\n```", "not taken"),
        ] {
            let problem = body(text).unwrap_err().to_string();
            assert!(problem.contains(words), "{text:?}: {problem}");
        }
        assert!(read("x.md", "no head", &[]).is_err());
    }
}
