#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! Files of reports, end to end: page, API and engine, good files and bad ones, on both databases.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use intake::files::{Mapping, SHIPPED};
use intake::imports::{self, Import, Receipt, State};
use intake::receive::Desk;
use record::access::{Act, ActKind, Resource};
use store::Sql;
use tower::ServiceExt as _;

use super::harness::{Page, Site, Visitor, on_both};

const LIST: &str = "reference,received_at,narrative,loss,victim_forename,victim_surname,victim_phone\n\
    R-1,20/11/2026,I paid a man who called from the bank,£1234.50,Ann,Ashdown,01632 960001\n\
    R-2,21/11/2026,<script>alert('x')</script> he wrote,10,Bo,Marsh,01632 960002\n";

fn mapping(name: &str) -> Mapping {
    let (_, text) = SHIPPED
        .iter()
        .find(|(shipped, _)| *shipped == name)
        .unwrap();
    Mapping::from_toml(name, text).unwrap()
}

/// Writes a file and imports it by the engine, as the command line does.
async fn import(site: &Site, folder: &Path, name: &str, bytes: &[u8]) -> Receipt {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    import_by(site, &path, mapping("report-list")).await
}

async fn import_by(site: &Site, path: &Path, mapping: Mapping) -> Receipt {
    let desk = site.app.policy::<Desk>().unwrap();
    let import = Import {
        path: path.to_owned(),
        file_name: path.file_name().unwrap().to_string_lossy().into_owned(),
        mapping,
        dry_run: false,
        rejected_file: Some(PathBuf::from(format!("{}.rejected.csv", path.display()))),
        id: None,
        batch: imports::BATCH,
    };
    imports::run(
        site.app.store(),
        &desk,
        &site.app.command_line(),
        import,
        &|_| {},
    )
    .await
    .unwrap()
}

const COUNT: Act = Act::new("session.identify", ActKind::Open, "Recognise a session");

async fn count(site: &Site, sql: &'static str) -> i64 {
    let grant = site
        .app
        .system()
        .permit(&COUNT, &Resource::of("test", ""), "")
        .unwrap();
    site.app
        .store()
        .read(&grant)
        .await
        .unwrap()
        .count(Sql::new(sql))
        .await
        .unwrap()
}

#[track_caller]
fn counts(receipt: &Receipt) -> (u64, u64, u64, u64) {
    (
        receipt.read_rows,
        receipt.accepted,
        receipt.duplicate,
        receipt.rejected,
    )
}

/// Every message of a receipt, as a person reads them.
fn said(receipt: &Receipt) -> String {
    let mut all: Vec<String> = receipt.findings.iter().map(ToString::to_string).collect();
    all.extend(receipt.problem.clone());
    all.join("\n")
}

async fn upload(visitor: &Visitor, name: &str, bytes: &[u8]) -> String {
    let page = visitor.upload("/imports/new", &[], (name, bytes)).await;
    page.is(303);
    let to = page.location.unwrap();
    to.strip_prefix("/imports/")
        .unwrap()
        .strip_suffix("/mapping")
        .unwrap()
        .to_owned()
}

/// The receipt's page once the import has ended.
async fn receipt_page(visitor: &Visitor, id: &str) -> Page {
    for _ in 0..600 {
        let page = visitor.get(&format!("/imports/{id}")).await;
        page.is(200);
        if page.body.contains("Receipt for") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the import did not end");
}

/// A file whose headings are the contract's, imported by page as they are understood.
async fn by_page(visitor: &Visitor, name: &str, bytes: &[u8], source: &str) -> Page {
    let id = upload(visitor, name, bytes).await;
    let path = format!("/imports/{id}/mapping");
    let form = visitor.get(&path).await;
    form.is(200);
    let mut fields = chosen(&form);
    fields.push(("source".to_owned(), source.to_owned()));
    fields.push(("do".to_owned(), "import".to_owned()));
    visitor.post(&path, &borrowed(&fields)).await.is(303);
    receipt_page(visitor, &id).await
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect()
}

/// What the mapping page would send as it stands: every column's choice, and where it began.
fn chosen(form: &Page) -> Vec<(String, String)> {
    let mut fields = vec![("start".to_owned(), form.field("start"))];
    for (i, part) in form
        .body
        .split("<select class=\"govuk-select\" id=\"col-")
        .skip(1)
        .enumerate()
    {
        let select = &part[..part.find("</select>").unwrap()];
        let value = select
            .split("<option value=\"")
            .skip(1)
            .find(|o| o[..o.find('>').unwrap()].ends_with("selected"));
        let value = value.map_or("", |o| &o[..o.find('"').unwrap()]);
        fields.push((format!("col-{}", i + 1), value.to_owned()));
    }
    fields
}

#[test]
fn a_file_is_uploaded_tried_and_imported() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        officer
            .get("/imports")
            .await
            .is(200)
            .has("No imports to show")
            .has("Import a file");
        let id = upload(&officer, "week 46.csv", LIST.as_bytes()).await;
        officer
            .get("/imports")
            .await
            .has("week 46.csv")
            .has("Waiting for its columns");
        let path = format!("/imports/{id}/mapping");
        let form = officer.get(&path).await;
        form.is(200)
            .has("The shipped mapping Report list fits this file")
            .has("Ashdown");
        let mut fields = chosen(&form);
        assert_eq!(fields[1], ("col-1".to_owned(), "reference".to_owned()));
        fields.push(("source".to_owned(), "County list".to_owned()));
        fields.push(("do".to_owned(), "try".to_owned()));
        let tried = officer.post(&path, &borrowed(&fields)).await;
        tried
            .is(200)
            .has("Would be accepted")
            .has("<dd>2</dd>")
            .has("Ann Ashdown")
            .has("£1,234.50");
        // Script in a narrative is text.
        tried.has("&#60;script&#62;alert(").lacks("<script>alert(");
        assert_eq!(
            count(&site, "select count(*) as n from intake_report").await,
            0
        );
        fields.pop();
        fields.push(("do".to_owned(), "import".to_owned()));
        let begun = officer.post(&path, &borrowed(&fields)).await;
        begun.is(303);
        assert_eq!(
            begun.location.as_deref(),
            Some(format!("/imports/{id}").as_str())
        );
        let receipt = receipt_page(&officer, &id).await;
        receipt
            .has("Done")
            .has("<dt>Accepted</dt><dd>2</dd>")
            .has("county-list")
            .has("SHA-256");
        officer
            .get(&format!("/imports/{id}/progress"))
            .await
            .has("<dt>Accepted</dt><dd>2</dd>");
        let held = "select count(*) as n from intake_report where source = 'county-list'";
        assert_eq!(count(&site, held).await, 2);
        // Asked again, the page leads to the receipt; sent again, it says who was first.
        officer.get(&path).await.is(303);
        officer
            .post(&path, &borrowed(&fields))
            .await
            .is(409)
            .has("Test triage_officer began");
    });
}

#[test]
fn the_confirmed_mapping_is_offered_next_time() {
    on_both(|site| async move {
        let officer = site.sign_in("detective_inspector").await;
        let odd =
            "Our ref;Colour;What they said\nA1;red;He called about a parcel and wanted a fee\n";
        let id = upload(&officer, "odd.csv", odd.as_bytes()).await;
        let path = format!("/imports/{id}/mapping");
        officer
            .get(&path)
            .await
            .is(200)
            .has("No known mapping fits");
        let fields = [
            ("start", "guessed"),
            ("col-1", "reference"),
            ("col-2", ""),
            ("col-3", "narrative"),
            ("feed", "partner"),
            ("date_order", "day_first"),
            ("do", "import"),
        ];
        // Without a source nothing begins, and what was chosen stays.
        let refused = officer.post(&path, &fields).await;
        refused
            .is(422)
            .has("Enter a name for the source")
            .has("Error: ");
        let mut named = fields.to_vec();
        named.push(("source", "Odd Partner"));
        officer.post(&path, &named).await.is(303);
        receipt_page(&officer, &id)
            .await
            .has("odd-partner")
            .has("<dt>Accepted</dt><dd>1</dd>");
        let next = "Our ref;Colour;What they said\nA2;blue;Another call about a parcel and a fee\n";
        let id = upload(&officer, "odd2.csv", next.as_bytes()).await;
        let form = officer.get(&format!("/imports/{id}/mapping")).await;
        form.is(200)
            .has("The mapping confirmed before for Odd Partner fits")
            .has("saved:odd-partner");
        form.has("type=\"text\" value=\"odd-partner\"");
        let fields = chosen(&form);
        assert_eq!(fields[2].1, "");
        assert_eq!(fields[3].1, "narrative");
        let by_partner = "select count(*) as n from intake_report where feed = 'partner'";
        assert_eq!(count(&site, by_partner).await, 1);
    });
}

#[test]
fn the_same_file_twice_changes_nothing_and_says_so() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        by_page(&officer, "a.csv", LIST.as_bytes(), "county")
            .await
            .has("<dt>Accepted</dt><dd>2</dd>");
        let id = upload(&officer, "b.csv", LIST.as_bytes()).await;
        officer
            .get(&format!("/imports/{id}/mapping"))
            .await
            .has("very file was imported before");
        let again = by_page(&officer, "c.csv", LIST.as_bytes(), "county").await;
        again
            .has("<dt>Accepted</dt><dd>0</dd>")
            .has("<dt>Duplicate</dt><dd>2</dd>");
        again.has("The same file was imported on");
        assert_eq!(
            count(&site, "select count(*) as n from intake_report").await,
            2
        );
        // The same reference with other content is kept as it was, and named.
        let other = LIST.replace("£1234.50", "£99");
        let page = by_page(&officer, "d.csv", other.as_bytes(), "county").await;
        page.has("<dt>Duplicate</dt><dd>2</dd>")
            .has("held with other content");
    });
}

/// The import whose rejected rows a receipt offers.
fn with_rejected_rows(receipt: &Page) -> &str {
    let (before, _) = receipt.body.split_once("/rejected\"").unwrap();
    before.rsplit("/imports/").next().unwrap()
}

#[test]
fn rejected_rows_are_mended_and_imported() {
    on_both(|site| async move {
        let officer = site.sign_in("administrator").await;
        let file = "reference,narrative,title\n,\"=cmd|' /C calc'!A0\",no reference\nR-9,fine,ok\n";
        let page = by_page(&officer, "list.csv", file.as_bytes(), "county").await;
        page.has("Rows rejected")
            .has("<dt>Rejected</dt><dd>1</dd>")
            .has("no reference");
        let id = with_rejected_rows(&page);
        let csv = officer.get(&format!("/imports/{id}/rejected")).await;
        // The formula is neutralised in what leaves the product, and whole again on the way in.
        csv.is(200)
            .has("'=cmd|")
            .lacks(",=cmd")
            .lacks("\"=cmd")
            .has("problem,remedy");
        let mended = csv.body.replacen("\n,", "\nR-8,", 1);
        let page = by_page(&officer, "list.mended.csv", mended.as_bytes(), "county").await;
        page.has("<dt>Accepted</dt><dd>1</dd>")
            .has("<dt>Rejected</dt><dd>0</dd>");
        let held = "select count(*) as n from intake_report where content like '%\"=cmd|%'";
        assert_eq!(count(&site, held).await, 1);
    });
}

#[test]
fn only_those_who_may_import_and_others_look() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        let page = by_page(&officer, "a.csv", b"reference,title\n,x\nR-1,y\n", "county").await;
        let id = with_rejected_rows(&page).to_owned();
        for role in ["auditor", "analyst"] {
            let looker = site.sign_in(role).await;
            looker
                .get("/imports")
                .await
                .is(200)
                .has("a.csv")
                .lacks("Import a file");
            looker
                .get(&format!("/imports/{id}"))
                .await
                .is(200)
                .lacks("Download the rejected");
            looker.get(&format!("/imports/{id}/rejected")).await.is(403);
            looker
                .get("/imports/new")
                .await
                .is(403)
                .has("Roles that may: ");
            looker
                .upload("/imports/new", &[], ("x.csv", b"a"))
                .await
                .is(403);
            looker.get("/sources").await.is(200);
        }
        for role in ["victim_care", "partner_caller", "strategy_lead"] {
            let other = site.sign_in(role).await;
            for path in [
                "/imports",
                "/imports/new",
                "/sources",
                &format!("/imports/{id}"),
            ] {
                other.get(path).await.is(403);
            }
        }
        let refused =
            "select count(*) as n from ledger_entry where act = 'import.run' and refused = 1";
        assert!(count(&site, refused).await >= 2);
        let disclosed =
            "select count(*) as n from ledger_entry where act = 'import.download' and refused = 0";
        assert_eq!(count(&site, disclosed).await, 0);
        officer
            .get(&format!("/imports/{id}/rejected"))
            .await
            .is(200);
        assert_eq!(count(&site, disclosed).await, 1);
    });
}

#[test]
fn forms_that_do_not_fit_are_refused() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        let nowhere = "/imports/01890000-0000-7000-8000-000000000000";
        for path in [
            "/imports/x",
            "/imports/x/mapping",
            "/imports/x/rejected",
            nowhere,
        ] {
            officer.get(path).await.is(404);
        }
        officer.get("/imports?after=rubbish").await.is(200);
        officer
            .post(&format!("{nowhere}/mapping"), &[("do", "import")])
            .await
            .is(404);
        // Without a file, and with a token of no session.
        officer
            .upload("/imports/new", &[], ("", b""))
            .await
            .is(422)
            .has("Choose a file to import");
        officer
            .post_bare("/imports/new", &[("csrf", "x")])
            .await
            .is(400);
        let cookie = session(&site, "triage_officer").await;
        for token in [
            "",
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nforged\r\n",
        ] {
            let body = format!(
                "{token}--b\r\nContent-Disposition: form-data; name=\"file\"; \
                 filename=\"a.csv\"\r\n\r\nreference\r\nA\r\n--b--\r\n"
            );
            let request = Request::post("/imports/new")
                .header(header::COOKIE, &cookie)
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
                .body(Body::from(body))
                .unwrap();
            let response = web::router(&site.app).oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), 400, "{token}");
        }
        assert_eq!(
            count(&site, "select count(*) as n from intake_import").await,
            0
        );
        // A table of totals is no list of reports.
        let id = upload(
            &officer,
            "totals.csv",
            b"month,recorded_crime\n2026-01,31\n2026-02,167\n",
        )
        .await;
        let path = format!("/imports/{id}/mapping");
        let form = officer.get(&path).await;
        form.has("none of its headings is a reference");
        let mut fields = chosen(&form);
        fields.push(("source".to_owned(), "totals".to_owned()));
        fields.push(("do".to_owned(), "import".to_owned()));
        officer
            .post(&path, &borrowed(&fields))
            .await
            .is(422)
            .has("Say which column is the reference");
    });
}

async fn session(site: &Site, role: &str) -> String {
    let fields = [
        ("user", role),
        ("password", super::harness::PASSWORD),
        ("purpose", "Duty: triage and allocation"),
    ];
    let cookie = site.post("/sign-in", &fields).await.cookie.unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// A list in rows enough for the encoding to be known by them.
fn list_of(rows: &[&str]) -> String {
    let mut text = "reference,received_at,narrative\n".to_owned();
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}

#[test]
fn bad_rows_are_told_and_good_ones_kept() {
    on_both(|site| async move {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let text = list_of(&["Q-1,20/11/2026,\"broken\" quote", "Q-2,20/11/2026,fine"]);
        let receipt = import(&site, at, "quoting.csv", text.as_bytes()).await;
        assert_eq!(counts(&receipt), (2, 1, 0, 1));
        assert!(
            said(&receipt).contains("text follows a closing one"),
            "{}",
            said(&receipt)
        );

        let receipt = import(&site, at, "short.csv", list_of(&["S-1"]).as_bytes()).await;
        assert_eq!(counts(&receipt), (1, 1, 0, 0));
        assert!(said(&receipt).contains("the row ends early: 1 of 3 columns"));

        let receipt = import(
            &site,
            at,
            "dates.csv",
            list_of(&["D-1,31/02/2026,x"]).as_bytes(),
        )
        .await;
        assert_eq!(counts(&receipt), (1, 1, 0, 0));
        assert!(
            said(&receipt).contains("there is no such day"),
            "{}",
            said(&receipt)
        );

        let receipt = import(
            &site,
            at,
            "nul.csv",
            b"reference,narrative\nN-1,a\0b\nN-2,c\n",
        )
        .await;
        assert_eq!(counts(&receipt), (2, 1, 0, 1));
        assert!(said(&receipt).contains("NUL byte"));

        let text = "reference,title,victim_surname\nB-1,\u{202E}txt,Ash\u{200B}down\n";
        let receipt = import(&site, at, "hidden.csv", text.as_bytes()).await;
        assert_eq!(counts(&receipt), (1, 1, 0, 0));
        assert!(said(&receipt).contains("characters that cannot be seen were taken out"));

        let latin = b"reference,victim_surname,narrative\nE-1,Andr\xE9,\xA3200 lost\n";
        let receipt = import(&site, at, "latin.csv", latin).await;
        assert_eq!(counts(&receipt), (1, 1, 0, 0));
        assert!(
            said(&receipt).contains("does not say its encoding"),
            "{}",
            said(&receipt)
        );
        let held = "select count(*) as n from intake_report where content like '%André%' \
            and content like '%£200%'";
        assert_eq!(count(&site, held).await, 1);
    });
}

#[test]
fn bad_files_are_refused_in_plain_words() {
    on_both(|site| async move {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for (name, bytes, says) in [
            ("empty.csv", Vec::new(), "the file is empty"),
            (
                "twice.csv",
                b"reference,title,Title\nA,b,c\n".to_vec(),
                "both headed",
            ),
            ("list.pdf", b"%PDF-1.7\n1 0 obj".to_vec(), "not a table"),
            ("two.zip", two_in_one(), "exactly one file"),
        ] {
            let receipt = import(&site, at, name, &bytes).await;
            assert_eq!(receipt.state, State::Failed, "{name}");
            assert_eq!(receipt.accepted, 0, "{name}");
            assert!(said(&receipt).contains(says), "{name}: {}", said(&receipt));
        }
        // What stood before the bomb was noticed is kept, and the receipt says where it stopped.
        let receipt = import(&site, at, "bomb.csv.gz", &bomb()).await;
        assert_eq!((receipt.state, receipt.accepted), (State::Failed, 1));
        assert!(
            said(&receipt).contains("times its size"),
            "{}",
            said(&receipt)
        );
        // The page says the same, and lets the file be read in another way.
        let officer = site.sign_in("triage_officer").await;
        let id = upload(&officer, "empty.csv", b"").await;
        let page = officer.get(&format!("/imports/{id}/mapping")).await;
        page.is(422)
            .has("The file is empty")
            .has("Import another file");
        let listed = officer.get("/imports").await;
        listed.is(200).has("bomb.csv.gz").has("Stopped");
    });
}

fn bomb() -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(b"reference,narrative\n").unwrap();
    let row = format!("R-1,{}\n", "a".repeat(65_500));
    for _ in 0..280 {
        gz.write_all(row.as_bytes()).unwrap();
    }
    gz.finish().unwrap()
}

fn two_in_one() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["a.csv", "b.csv"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(b"reference\nA\n").unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_row_of_64_mib_is_rejected_and_the_rest_is_read() {
    on_both(|site| async move {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.csv");
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        file.write_all(b"reference,narrative\nL-1,first\nL-2,")
            .unwrap();
        let piece = vec![b'a'; 1 << 20];
        for _ in 0..64 {
            file.write_all(&piece).unwrap();
        }
        file.write_all(b"\nL-3,last\n").unwrap();
        drop(file);
        let receipt = import_by(&site, &path, mapping("report-list")).await;
        assert_eq!(counts(&receipt), (3, 2, 0, 1));
        assert!(
            said(&receipt).contains("longer than 1048576 bytes"),
            "{}",
            said(&receipt)
        );
    });
}

#[test]
fn a_workbook_with_formulas_is_read_by_what_was_saved() {
    on_both(|site| async move {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, heading) in (0u16..).zip(["reference", "narrative", "loss"]) {
            sheet.write(0, column, heading).unwrap();
        }
        sheet.write(1, 0, "X-1").unwrap();
        sheet.write(1, 1, "paid by card").unwrap();
        let formula = rust_xlsxwriter::Formula::new("=100+50").set_result("150");
        sheet.write_formula(1, 2, formula).unwrap();
        book.save(&path).unwrap();
        let receipt = import_by(&site, &path, mapping("report-list")).await;
        assert_eq!(counts(&receipt), (1, 1, 0, 0));
        assert!(
            said(&receipt).contains("holds a formula"),
            "{}",
            said(&receipt)
        );
        assert_eq!(
            count(&site, "select loss_pence as n from intake_report").await,
            15_000
        );
    });
}

#[test]
fn a_silent_source_raises_one_alarm_until_it_sends() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        assert!(intake::sources::watch(&site.app).await.unwrap().is_empty());
        officer
            .get("/sources")
            .await
            .is(200)
            .has("Nothing yet")
            .has("every 7 days");
        officer.get("/imports").await.lacks("Silent");
        site.clock.set(site.app.now().plus_days(7).plus_minutes(1));
        let raised = intake::sources::watch(&site.app).await.unwrap();
        assert_eq!(raised, ["national-victim-list", "national-pursue"]);
        assert!(
            intake::sources::watch(&site.app).await.unwrap().is_empty(),
            "raised twice"
        );
        let entries = "select count(*) as n from ledger_entry where act = 'source.watch' \
            and reason = 'nothing arrived in time'";
        assert_eq!(count(&site, entries).await, 2);
        let officer = site.sign_in("triage_officer").await;
        officer
            .get("/imports")
            .await
            .has("Silent")
            .has("nothing has arrived yet");
        officer
            .get("/sources")
            .await
            .has("2 sources that are expected are silent");
        // The same file again is nothing new; a new one is.
        by_page(
            &officer,
            "week1.csv",
            LIST.as_bytes(),
            "national-victim-list",
        )
        .await;
        officer
            .get("/sources")
            .await
            .has("1 source that is expected is silent");
        site.clock.set(site.app.now().plus_days(8));
        let officer = site.sign_in("triage_officer").await;
        assert_eq!(
            intake::sources::watch(&site.app).await.unwrap(),
            ["national-victim-list"]
        );
        by_page(
            &officer,
            "week2.csv",
            LIST.as_bytes(),
            "national-victim-list",
        )
        .await;
        officer
            .get("/sources")
            .await
            .has("2 sources that are expected are silent");
        let news = LIST.replace("R-", "S-");
        by_page(
            &officer,
            "week2.csv",
            news.as_bytes(),
            "national-victim-list",
        )
        .await;
        officer
            .get("/sources")
            .await
            .has("1 source that is expected is silent");
        let token = site.token("auditor", &["source.view"]).await;
        let sources = site
            .call("GET", "/api/v1/sources", &token, None)
            .await
            .json();
        let named = |name: &str| {
            sources
                .as_array()
                .unwrap()
                .iter()
                .find(|s| s["name"] == name)
                .unwrap()
                .clone()
        };
        assert!(named("national-victim-list")["silent_since"].is_null());
        assert!(named("national-pursue")["silent_since"].is_string());
    });
}

#[test]
fn a_broken_off_import_is_closed_and_old_files_go() {
    on_both(|site| async move {
        let officer = site.sign_in("triage_officer").await;
        let page = by_page(&officer, "a.csv", LIST.as_bytes(), "county").await;
        page.has("Done");
        let waiting = upload(&officer, "never.csv", LIST.as_bytes()).await;
        // What a process leaves behind that dies: a row that says it runs, and no sign of life.
        let grant = site
            .app
            .system()
            .permit(&imports::CLOSE, &Resource::of("import", ""), "")
            .unwrap();
        let id = waiting.clone();
        let dying = upload(&officer, "dying.csv", LIST.as_bytes()).await;
        let dead: record::ids::ImportId = dying.parse().unwrap();
        site.app
            .store()
            .write(&grant, move |tx| {
                Box::pin(async move {
                    let sql = Sql::new("update intake_import set state = 'running' where ")
                        .with("id = ?", [dead.into()]);
                    tx.run(sql).await.map(drop)
                })
            })
            .await
            .unwrap();
        assert_eq!(
            imports::close_abandoned(&site.app).await.unwrap(),
            0,
            "it may still be alive"
        );
        site.clock.set(site.app.now().plus_minutes(11));
        assert_eq!(imports::close_abandoned(&site.app).await.unwrap(), 1);
        officer
            .get(&format!("/imports/{dying}"))
            .await
            .has("Stopped")
            .has("Import the file again");
        let uploads = site.app.store().folder().join("uploads");
        assert!(uploads.join(&id).exists());
        assert_eq!(imports::delete_old_files(&site.app).await.unwrap(), 0);
        site.clock.set(site.app.now().plus_days(3));
        assert_eq!(imports::delete_old_files(&site.app).await.unwrap(), 1);
        assert!(!uploads.join(&id).exists());
        let officer = site.sign_in("triage_officer").await;
        officer
            .get(&format!("/imports/{waiting}"))
            .await
            .has("never imported, and was deleted");
        site.clock.set(site.app.now().plus_days(90));
        assert_eq!(imports::delete_old_files(&site.app).await.unwrap(), 2);
        assert_eq!(std::fs::read_dir(&uploads).unwrap().count(), 0);
        let erased = "select count(*) as n from ledger_entry where act = 'import.delete_file'";
        assert_eq!(count(&site, erased).await, 3);
    });
}

async fn post_file(
    site: &Site,
    path: &str,
    token: &str,
    kind: &str,
    body: Vec<u8>,
) -> (u16, serde_json::Value) {
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body))
        .unwrap();
    let response = web::router(&site.app).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn programs_import_and_see_receipts() {
    on_both(|site| async move {
        let acts = ["import.run", "import.view", "import.download"];
        let token = site.token("triage_officer", &acts).await;
        let raw = "application/octet-stream";
        let path = "/api/v1/imports?file_name=a.csv&dry_run=true";
        let with_one_wrong =
            format!("{LIST}R-3,20/11/2026,text,1,Cy,Oak,01632 960003,one too many\n");
        let (status, tried) = post_file(&site, path, &token, raw, with_one_wrong.into()).await;
        assert_eq!(
            (status, &tried["accepted"], &tried["rejected"]),
            (200, &2.into(), &1.into()),
            "{tried}"
        );
        let kept = format!("/api/v1/imports/{}", tried["id"].as_str().unwrap());
        site.call("GET", &kept, &token, None).await.has("dry run");
        site.call("GET", &format!("{kept}/rejected"), &token, None)
            .await
            .is(404);
        let path = "/api/v1/imports?file_name=a.csv";
        let (status, receipt) = post_file(&site, path, &token, raw, LIST.into()).await;
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(receipt["accepted"], 2);
        assert_eq!(receipt["state"], "done");
        assert_eq!(receipt["mapping"], "report-list");
        let form = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.csv\"\r\n\r\n{LIST}\r\n--b--\r\n"
        );
        let kind = "multipart/form-data; boundary=b";
        let path = "/api/v1/imports?mapping=report-list";
        let (status, again) = post_file(&site, path, &token, kind, form.into_bytes()).await;
        assert_eq!(
            (status, &again["duplicate"], &again["file_name"]),
            (200, &2.into(), &"b.csv".into())
        );
        let path = "/api/v1/imports?mapping=nobody-knows";
        let (status, problem) = post_file(&site, path, &token, raw, LIST.into()).await;
        assert_eq!(status, 400);
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("national-victim-list"),
            "{problem}"
        );
        let totals = b"month,recorded_crime\n2026-01,31\n".to_vec();
        let (status, problem) = post_file(&site, "/api/v1/imports", &token, raw, totals).await;
        assert_eq!(status, 400);
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("table of reports"),
            "{problem}"
        );

        let page = site
            .call("GET", "/api/v1/imports?limit=2", &token, None)
            .await
            .json();
        assert_eq!(page["imports"].as_array().unwrap().len(), 2);
        let next = page["next"].as_str().unwrap();
        let rest = site
            .call(
                "GET",
                &format!("/api/v1/imports?limit=9&after={next}"),
                &token,
                None,
            )
            .await
            .json();
        assert_eq!(rest["imports"].as_array().unwrap().len(), 3);
        assert!(rest["next"].is_null());
        let one = format!("/api/v1/imports/{}", receipt["id"].as_str().unwrap());
        assert_eq!(
            site.call("GET", &one, &token, None).await.json()["digest"],
            receipt["digest"]
        );
        site.call("GET", "/api/v1/imports/x", &token, None)
            .await
            .is(404);
        let looker = site.token("auditor", &acts).await;
        site.call("GET", &one, &looker, None).await.is(200);
        let (status, _) = post_file(&site, "/api/v1/imports", &looker, raw, LIST.into()).await;
        assert_eq!(status, 403);
    });
}

#[test]
fn real_tables_give_the_counts_their_document_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !folder.is_dir() {
        println!("skipped: {} is absent", folder.display());
        return;
    }
    on_both(|site| {
        let folder = folder.clone();
        async move {
            for (file, name, expected) in [
                (
                    "sms/SMSSpamCollection.tsv",
                    "sms-spam",
                    (5430, 5026, 404, 0),
                ),
                ("vcdb/vcdb_sample.csv", "vcdb", (1500, 944, 556, 0)),
                (
                    "misp/misp-tests-event.csv",
                    "misp-attributes",
                    (38, 38, 0, 0),
                ),
            ] {
                let out = tempfile::tempdir().unwrap();
                let path = out.path().join("table");
                std::fs::copy(folder.join(file), &path).unwrap();
                let receipt = import_by(&site, &path, mapping(name)).await;
                assert_eq!(counts(&receipt), expected, "{file}: {}", said(&receipt));
                assert_eq!(receipt.state, State::Done);
            }
            let held = "select count(*) as n from intake_report";
            assert_eq!(count(&site, held).await, 5026 + 944 + 38);
        }
    });
}
