#![allow(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]

//! Letters as documents: their text, their structure, and that the same letter gives the same bytes.

use std::collections::BTreeSet;

use lopdf::{Document, Object};
use serde_json::json;

use super::harness::{Page, ROLES, Site, Visitor, on_both_with};
use super::helped::checked;
use super::victim_care::{lead, merge, number, report, rows, sample, seed_app};

/// Letters to two people; one has markup in their address and a name in letters no font of ours has.
async fn made(site: &Site) -> (Visitor, Vec<String>) {
    let mut reports = sample();
    for report in &mut reports {
        report.victim.address = Some("12, High Street <b>#panic(1)".to_owned());
        report.victim.postcode = Some("WD17 1AA".to_owned());
    }
    let mut polish = json!({ "victim": {
        "forename": "Ania", "surname": "Łódzka", "address": "3 Rynek", "postcode": "AL1 3JE", "language": "pl"
    } });
    merge(
        &mut polish,
        json!({ "victim": { "date_of_birth": "1971-02-02" } }),
    );
    reports.push(report("R-5", polish));
    seed_app(&site.app, reports).await;
    let officer = site.sign_in("victim_care").await;
    let mut made = Vec::new();
    for (reference, template, address) in [
        (
            "R-4",
            "helped_network_charged",
            "12, High Street <b>#panic(1)\r\nWD17 1AA",
        ),
        ("R-5", "charged_pl", "3 Rynek\r\nAL1 3JE"),
    ] {
        let path = format!("/victim-care/{}/letter", lead(site, reference).await);
        let form = [("template", template), ("address", address)];
        let letter = officer.post(&path, &form).await;
        made.push(letter.is(303).location.clone().unwrap());
    }
    (officer, made)
}

/// The text of each page, in the order it is read.
fn pages(pdf: &Page) -> Vec<String> {
    let document = Document::load_mem(&pdf.bytes).unwrap();
    let numbers: Vec<u32> = document.get_pages().into_keys().collect();
    let text = numbers
        .iter()
        .map(|n| document.extract_text(&[*n]).unwrap());
    text.map(|t| t.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The roles of the structure tree, in the order they are read.
fn structure(pdf: &Page) -> Vec<String> {
    fn walk(document: &Document, object: &Object, found: &mut Vec<String>) {
        match object {
            Object::Reference(id) => walk(document, document.get_object(*id).unwrap(), found),
            Object::Array(all) => all.iter().for_each(|one| walk(document, one, found)),
            Object::Dictionary(one) => {
                if let Ok(role) = one.get(b"S").and_then(Object::as_name) {
                    found.push(String::from_utf8_lossy(role).into_owned());
                }
                if let Ok(kids) = one.get(b"K") {
                    walk(document, kids, found);
                }
            }
            _ => {}
        }
    }
    let document = Document::load_mem(&pdf.bytes).unwrap();
    let root = document.catalog().unwrap().get(b"StructTreeRoot").unwrap();
    let mut found = Vec::new();
    walk(&document, root, &mut found);
    found
}

/// Every language the document says some part of it is in.
fn languages(pdf: &Page) -> BTreeSet<String> {
    let document = Document::load_mem(&pdf.bytes).unwrap();
    let said = document.objects.values().filter_map(|object| {
        let language = object.as_dict().ok()?.get(b"Lang").ok()?;
        Some(String::from_utf8_lossy(language.as_str().ok()?).into_owned())
    });
    said.collect()
}

fn has(pdf: &Page, text: &str) -> bool {
    pdf.bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn a_letter_is_a_tagged_document_that_says_what_the_victim_reads_and_no_more() {
    on_both_with(checked, |site| async move {
        let (officer, letters) = made(&site).await;
        officer
            .get(&letters[0])
            .await
            .has("Download as PDF")
            .has("letter.pdf");
        let pdf = officer.get(&format!("{}/letter.pdf", letters[0])).await;
        pdf.is(200);
        for mark in [
            "%PDF-1.7",
            "<pdfaid:part>2</pdfaid:part>",
            "<pdfaid:conformance>A</pdfaid:conformance>",
            "<pdfuaid:part>1</pdfuaid:part>",
            "/MarkInfo",
            "Letter, reference R-4",
        ] {
            assert!(has(&pdf, mark), "{mark}");
        }
        assert_eq!(
            pages(&pdf),
            [
                "Hertfordshire Constabulary Victim Care Call 101 and give your reference Hollin Joinery Ltd 12 High \
                 Street <b>#panic(1) WD17 1AA 23 November 2026 Your reference R-4 Dear Hollin Joinery Ltd You made a \
                 report to us, reference R-4. It was one of the reports that led to somebody being charged. The case \
                 now goes to court, so we cannot say more about it yet. Nobody will ask you for money or for your bank \
                 details because of this. If somebody does, call 101 and give your reference. Thank you for reporting. \
                 Test victim_care Hertfordshire Constabulary"
            ]
        );
        assert_eq!(
            structure(&pdf),
            [
                "Document", "P", "Strong", "P", "P", "H1", "P", "P", "P", "P", "P"
            ]
        );
        // How the record is marked is not on the victim's copy, nor in what the file says of itself.
        for word in ["OFFICIAL", "Marking", "sfcu"] {
            assert!(!has(&pdf, word) && !pages(&pdf)[0].contains(word), "{word}");
        }
        let again = officer.get(&format!("{}/letter.pdf", letters[0])).await;
        assert_eq!(again.bytes, pdf.bytes, "the same bytes");

        // Another language: said in the document, with the day in figures.
        let polish = officer.get(&format!("{}/letter.pdf", letters[1])).await;
        let text = pages(polish.is(200)).remove(0);
        assert!(
            text.contains("23/11/2026 Sprawa R-5 Dzień dobry Ania Łódzka, dziękujemy."),
            "{text}"
        );
        assert!(
            languages(&polish).contains("pl"),
            "{:?}",
            languages(&polish)
        );
        let viewed = "select count(*) as n from ledger_entry where resource_kind = 'letter' \
                      and detail like '%\"file\":\"pdf\"%'";
        assert_eq!(number(&site, viewed).await, 3);
    });
}

#[test]
fn all_letters_to_post_are_one_file_and_are_posted_together() {
    on_both_with(checked, |site| async move {
        let (officer, letters) = made(&site).await;
        let list = officer.get("/letters").await;
        list.is(200)
            .has("2 letters wait to be posted")
            .has("Print 2 letters (PDF)")
            .has("12, High Street &#60;b&#62;#panic(1) WD17 1AA");
        let pdf = officer.get("/letters/to-post.pdf").await;
        let text = pages(pdf.is(200));
        assert_eq!(text.len(), 2, "each from a page of its own on");
        assert!(
            text[0].contains("R-4") && !text[0].contains("R-5"),
            "{text:?}"
        );
        assert!(text[1].contains("Ania Łódzka 3 Rynek AL1 3JE"), "{text:?}");
        assert_eq!(officer.get("/letters/to-post.pdf").await.bytes, pdf.bytes);
        let printed = rows(
            &site,
            "select detail from ledger_entry where resource_kind = 'letter' and detail like '%\"count\":2%'",
        )
        .await;
        assert_eq!(
            printed.len(),
            2 + 1,
            "each file is a disclosure; the list was looked at once"
        );

        officer.post("/letters", &[]).await.is(303);
        officer
            .get("/letters?done=nothing")
            .await
            .has("Tick the letters");
        let ids: Vec<&str> = letters
            .iter()
            .map(|l| l.rsplit('/').next().unwrap())
            .collect();
        // One that somebody else has withdrawn: none of them is recorded.
        let both = [("letter", ids[0]), ("letter", ids[1])];
        officer
            .post(&letters[1], &[("decision", "withdrawn")])
            .await
            .is(303);
        officer
            .post("/letters", &both)
            .await
            .is(409)
            .has("Nothing was recorded");
        let posted = "select count(*) as n from protect_letter where state = 'posted'";
        assert_eq!(number(&site, posted).await, 0);
        officer.post("/letters", &both[..1]).await.is(303);
        assert_eq!(number(&site, posted).await, 1);
        let contacts = "select count(*) as n from protect_contact where channel = 'letter'";
        assert_eq!(number(&site, contacts).await, 1);
        officer.get("/letters").await.has("No letter waits.");
        let none = officer.get("/letters/to-post.pdf").await;
        assert_eq!(none.is(303).location.as_deref(), Some("/letters?done=none"));
    });
}

#[test]
fn letters_are_for_those_who_write_them_and_gaps_are_refused() {
    on_both_with(checked, |site| async move {
        let (officer, letters) = made(&site).await;
        for role in ROLES {
            let visitor = site.sign_in(role).await;
            let status = visitor.get("/letters/to-post.pdf").await.status.as_u16();
            let expected = match role {
                "victim_care" | "victim_care_supervisor" => 200,
                // Prints its own unit's, and has none.
                "partner_coordinator" => 303,
                _ => 403,
            };
            assert_eq!(status, expected, "{role}");
        }
        let partner = site.sign_in("partner_coordinator").await;
        partner
            .get("/letters")
            .await
            .is(200)
            .lacks("Hollin Joinery");
        partner
            .get(&format!("{}/letter.pdf", letters[0]))
            .await
            .is(404);
        officer.get("/letters/x/letter.pdf").await.is(404);

        // A text in letters that no font of the program has would be posted with gaps.
        let by = site.app.command_line();
        let of = record::access::Resource::of("test", "letters");
        let grant = by.permit(&web::register::MANAGE, &of, "").unwrap();
        let changed = site.app.store().write(&grant, |tx| {
            Box::pin(async move {
                let sql = "update protect_letter set body = 'প্রিয়' where template = 'charged_pl'";
                tx.run(sql).await
            })
        });
        assert_eq!(changed.await.unwrap(), 1);
        officer
            .get(&format!("{}/letter.pdf", letters[1]))
            .await
            .is(400)
            .has("No font of this program shows");
        officer.get("/letters").await.has("Not in the PDF: no font");
        let rest = officer.get("/letters/to-post.pdf").await;
        assert_eq!(pages(rest.is(200)).len(), 1);
    });
}
