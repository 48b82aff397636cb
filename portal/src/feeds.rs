//! Warnings as feeds: Atom (RFC 4287) for people's readers, and the Common Alerting Protocol 1.2 (OASIS,
//! 1 July 2010) for programs, each warning a document of its own and an Atom feed that lists them.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use record::publication::{Area, Publication};
use record::time::Timestamp;

use crate::setting::Setting;

pub const ATOM: &str = "/alerts/feed.xml";
pub const CAP: &str = "/alerts/cap.xml";
pub const ATOM_TYPE: &str = "application/atom+xml; charset=utf-8";
pub const CAP_TYPE: &str = "application/cap+xml; charset=utf-8";

const ATOM_SPACE: &str = "http://www.w3.org/2005/Atom";
const CAP_SPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

type Xml = Writer<Vec<u8>>;

/// Address of a warning's document.
pub fn cap_path(of: &Publication) -> String {
    match of.cleared {
        None => format!("/alerts/cap/{}.xml", of.id),
        Some(_) => format!("/alerts/cap/{}-cancel.xml", of.id),
    }
}

/// Text XML 1.0 can hold (section 2.2): other characters could not even be escaped.
fn legal(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(fits).collect()
}

fn begin() -> io::Result<Xml> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    Ok(xml)
}

fn text(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    xml.create_element(name)
        .write_text_content(BytesText::new(&legal(value)))
        .map(drop)
}

fn link(xml: &mut Xml, rel: &str, kind: &str, href: &str) -> io::Result<()> {
    xml.create_element("link")
        .with_attributes([("rel", rel), ("type", kind), ("href", href)])
        .write_empty()
        .map(drop)
}

/// Whole seconds: neither standard asks for more, and one allows no fraction.
fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(1_000_000) * 1_000_000)
}

/// An instant as CAP wants it: no fraction, and an offset in place of `Z` (section 3.3.2).
fn cap_time(at: Timestamp) -> String {
    seconds(at).rfc3339().replace('Z', "-00:00")
}

/// Title, text and what to do, as one text.
fn whole(of: &Publication) -> String {
    let steps = of.steps.iter().map(|s| format!("- {s}\n"));
    let steps: String = steps.collect();
    let link = match of.link.as_str() {
        "" => String::new(),
        link => format!("\n{link}\n"),
    };
    format!("{}\n\n{steps}{link}", of.what)
}

/// What both feeds share: its own address, title, author and when it last changed.
fn head(xml: &mut Xml, place: &Setting, path: &str, title: &str, at: Timestamp) -> io::Result<()> {
    let address = &place.address;
    text(xml, "id", &format!("{address}{path}"))?;
    text(xml, "title", &format!("{}: {title}", place.force))?;
    text(xml, "updated", &seconds(at).rfc3339())?;
    link(
        xml,
        "self",
        "application/atom+xml",
        &format!("{address}{path}"),
    )?;
    link(xml, "alternate", "text/html", &format!("{address}/alerts"))?;
    xml.create_element("author")
        .write_inner_content(|xml| text(xml, "name", &place.force))
        .map(drop)
}

fn changed(of: &Publication) -> Timestamp {
    of.cleared.map_or(of.issued_at(), Timestamp::from_micros)
}

/// When the newest of them changed; now, when there is none.
fn last_change(all: &[&Publication], now: Timestamp) -> Timestamp {
    all.iter().map(|p| changed(p)).max().unwrap_or(now)
}

fn feed(write: impl Fn(&mut Xml) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut xml = begin()?;
    xml.create_element("feed")
        .with_attribute(("xmlns", ATOM_SPACE))
        .write_inner_content(write)?;
    Ok(xml.into_inner())
}

/// The feed for people.
pub fn atom(place: &Setting, all: &[&Publication], now: Timestamp) -> io::Result<Vec<u8>> {
    feed(|xml| {
        head(xml, place, ATOM, "alerts", last_change(all, now))?;
        for one in all {
            xml.create_element("entry").write_inner_content(|xml| {
                text(xml, "id", &format!("urn:uuid:{}", one.id))?;
                text(xml, "title", &one.title)?;
                text(xml, "published", &seconds(one.issued_at()).rfc3339())?;
                text(xml, "updated", &seconds(one.issued_at()).rfc3339())?;
                let page = format!("{}/alerts#{}", place.address, one.id);
                link(xml, "alternate", "text/html", &page)?;
                xml.create_element("category")
                    .with_attributes([("term", legal(&one.event).as_str())])
                    .write_empty()?;
                xml.create_element("content")
                    .with_attribute(("type", "text"))
                    .write_text_content(BytesText::new(&legal(&whole(one))))
                    .map(drop)
            })?;
        }
        Ok(())
    })
}

/// The list of documents for programs.
pub fn cap_index(place: &Setting, all: &[&Publication], now: Timestamp) -> io::Result<Vec<u8>> {
    feed(|xml| {
        head(
            xml,
            place,
            CAP,
            "alerts for programs",
            last_change(all, now),
        )?;
        for one in all {
            xml.create_element("entry").write_inner_content(|xml| {
                let document = format!("{}{}", place.address, cap_path(one));
                text(xml, "id", &document)?;
                text(xml, "title", &one.title)?;
                text(xml, "updated", &seconds(changed(one)).rfc3339())?;
                link(xml, "alternate", "application/cap+xml", &document)?;
                text(xml, "summary", &one.event)
            })?;
        }
        Ok(())
    })
}

/// One warning as a document of the Common Alerting Protocol: `Alert`, `Update` of an earlier one, or
/// `Cancel` once it was cleared down.
pub fn cap(place: &Setting, of: &Publication) -> io::Result<Vec<u8>> {
    let reference = |id: &str, issued: i64| {
        let sent = cap_time(Timestamp::from_micros(issued));
        format!("{},{id},{sent}", of.sender)
    };
    let (kind, identifier, sent, references) = match (of.cleared, &of.earlier) {
        (Some(at), _) => (
            "Cancel",
            format!("{}-cancel", of.id),
            Timestamp::from_micros(at),
            Some(reference(&of.id, of.issued)),
        ),
        (None, Some(earlier)) => (
            "Update",
            of.id.clone(),
            of.issued_at(),
            Some(reference(&earlier.id, earlier.issued)),
        ),
        (None, None) => ("Alert", of.id.clone(), of.issued_at(), None),
    };
    let mut xml = begin()?;
    xml.create_element("alert")
        .with_attribute(("xmlns", CAP_SPACE))
        .write_inner_content(|xml| {
            text(xml, "identifier", &identifier)?;
            text(xml, "sender", &of.sender)?;
            text(xml, "sent", &cap_time(sent))?;
            text(xml, "status", "Actual")?;
            text(xml, "msgType", kind)?;
            text(xml, "scope", "Public")?;
            if let Some(references) = &references {
                text(xml, "references", references)?;
            }
            xml.create_element("info")
                .write_inner_content(|xml| info(xml, place, of))
                .map(drop)
        })?;
    Ok(xml.into_inner())
}

fn info(xml: &mut Xml, place: &Setting, of: &Publication) -> io::Result<()> {
    text(xml, "language", &of.language)?;
    text(xml, "category", &of.category)?;
    text(xml, "event", &of.event)?;
    let over = of.cleared.is_some();
    text(xml, "responseType", if over { "AllClear" } else { "Avoid" })?;
    text(
        xml,
        "urgency",
        if over { "Past" } else { &of.grade.urgency },
    )?;
    text(xml, "severity", &of.grade.severity)?;
    text(xml, "certainty", &of.grade.certainty)?;
    text(xml, "audience", &of.audience)?;
    text(xml, "effective", &cap_time(of.issued_at()))?;
    text(xml, "expires", &cap_time(of.expires_at()))?;
    text(xml, "senderName", &of.sender_name)?;
    text(xml, "headline", &of.title)?;
    text(xml, "description", &of.what)?;
    text(xml, "instruction", &of.steps.join("\n"))?;
    let web = match of.link.as_str() {
        "" => format!("{}/alerts#{}", place.address, of.id),
        link => link.to_owned(),
    };
    text(xml, "web", &web)?;
    for area in &of.areas {
        xml.create_element("area")
            .write_inner_content(|xml| self::area(xml, area))?;
    }
    Ok(())
}

fn area(xml: &mut Xml, area: &Area) -> io::Result<()> {
    text(xml, "areaDesc", &area.name)?;
    if area.gss.is_empty() {
        return Ok(());
    }
    xml.create_element("geocode")
        .write_inner_content(|xml| {
            text(xml, "valueName", "GSS")?;
            text(xml, "value", &area.gss)
        })
        .map(drop)
}

#[cfg(test)]
pub(crate) mod tests {
    use quick_xml::Reader;
    use record::publication::{Carriers, Earlier, Grade};

    use super::*;

    /// A warning whose every text is hostile.
    pub fn sample() -> Publication {
        Publication {
            version: 1,
            id: "0198f5d2-0000-7000-8000-000000000001".to_owned(),
            sort: "Warning".to_owned(),
            title: "Callers <script>alert(1)</script> & \"police\"".to_owned(),
            what: "First ]]> part.\n\nSecond \u{0}\u{8}\u{1b}\u{fffe} part.".to_owned(),
            steps: vec![
                "Hang up.".to_owned(),
                "Call 159 </instruction><x/>".to_owned(),
            ],
            link: "https://www.police.uk/?a=1&b=2".to_owned(),
            event: "Courier fraud".to_owned(),
            advice: "/advice/courier_fraud".to_owned(),
            audience: "Everybody".to_owned(),
            areas: vec![Area {
                name: "Watford".to_owned(),
                gss: "E07000103".to_owned(),
            }],
            language: "en-GB".to_owned(),
            grade: Grade {
                urgency: "Immediate".to_owned(),
                severity: "Severe".to_owned(),
                certainty: "Observed".to_owned(),
            },
            category: "Security".to_owned(),
            sender_name: "Hartwell Police".to_owned(),
            sender: "warnings@police.example".to_owned(),
            issued: 1_795_435_200_123_456,
            expires: 1_796_644_800_000_000,
            cleared: None,
            carriers: Carriers {
                page: true,
                atom: true,
                cap: true,
            },
            earlier: None,
        }
    }

    fn setting() -> Setting {
        let text = include_str!("../../policy/protect/portal.toml");
        let mut setting: Setting = toml::from_str(text).unwrap();
        setting.force = "Hartwell Police".to_owned();
        setting.address = "https://cyber.police.example".to_owned();
        setting
    }

    fn written(bytes: io::Result<Vec<u8>>) -> String {
        let text = String::from_utf8(bytes.unwrap()).unwrap();
        // Well-formed to the last tag, and nothing of ours was read as markup.
        let mut reader = Reader::from_str(&text);
        let mut names = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Start(tag) | Event::Empty(tag) => names.push(tag.name().as_ref().to_owned()),
                Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {
                    panic!("{text}")
                }
                _ => {}
            }
        }
        for hostile in ["script", "x"] {
            assert!(names.iter().all(|n| n != hostile), "{text}");
        }
        text
    }

    #[track_caller]
    fn is_as_kept(name: &str, text: &str) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(name);
        if std::env::var_os("UPDATE_TESTDATA").is_some() {
            std::fs::write(&file, text).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            kept, text,
            "{name} changed; if it should, set UPDATE_TESTDATA=1 and read the difference"
        );
    }

    #[test]
    fn feeds_and_documents_are_as_kept() {
        let (place, now) = (setting(), Timestamp::from_micros(1_795_438_800_000_000));
        let alert = sample();
        let mut update = sample();
        update.id = "0198f5d2-0000-7000-8000-000000000002".to_owned();
        update.earlier = Some(Earlier {
            id: alert.id.clone(),
            issued: alert.issued,
        });
        let mut cancel = sample();
        cancel.cleared = Some(1_795_438_700_000_000);
        is_as_kept("feed.xml", &written(atom(&place, &[&alert], now)));
        is_as_kept("empty-feed.xml", &written(atom(&place, &[], now)));
        is_as_kept(
            "cap-index.xml",
            &written(cap_index(&place, &[&update, &cancel], now)),
        );
        is_as_kept("cap-alert.xml", &written(cap(&place, &alert)));
        is_as_kept("cap-update.xml", &written(cap(&place, &update)));
        is_as_kept("cap-cancel.xml", &written(cap(&place, &cancel)));
    }

    #[test]
    fn elements_are_in_the_order_of_the_standard() {
        // Section 3.3 of CAP 1.2: `alert`, `info` and `area` are sequences.
        const ALERT: [&str; 8] = [
            "identifier",
            "sender",
            "sent",
            "status",
            "msgType",
            "scope",
            "references",
            "info",
        ];
        const INFO: [&str; 16] = [
            "language",
            "category",
            "event",
            "responseType",
            "urgency",
            "severity",
            "certainty",
            "audience",
            "effective",
            "expires",
            "senderName",
            "headline",
            "description",
            "instruction",
            "web",
            "area",
        ];
        let mut one = sample();
        one.cleared = Some(one.issued);
        let text = written(cap(&setting(), &one));
        let at = |name: &&str| {
            text.find(&format!("<{name}>"))
                .unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        for names in [ALERT.as_slice(), &INFO] {
            let places: Vec<usize> = names.iter().map(at).collect();
            assert!(places.is_sorted(), "{text}");
        }
        assert!(
            text.contains("<sent>2026-11-23T12:00:00-00:00</sent>"),
            "{text}"
        );
    }
}
