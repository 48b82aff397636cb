//! Bad input, case by case, and the tables of the world as they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use record::report::{FIELDS, Feed, FieldKind, PartyKind, Report};
use record::{Finding, Severity, Timestamp};
use sha2::Digest as _;

use super::*;

/// Everything one pass over a file gives.
#[derive(Default)]
struct Outcome {
    rows: Vec<Row>,
    rejections: Vec<Rejection>,
}

fn drain(source: &mut Source) -> Result<Outcome, FileError> {
    let mut outcome = Outcome::default();
    while let Some(reading) = source.next_row()? {
        match reading {
            Reading::Row(row) => outcome.rows.push(row),
            Reading::Rejected(rejection) => outcome.rejections.push(rejection),
        }
    }
    Ok(outcome)
}

fn source(bytes: &[u8], format: &Format) -> Result<Source, FileError> {
    Source::from_reader(io::Cursor::new(bytes.to_vec()), &Limits::default(), format)
}

fn read(text: impl AsRef<[u8]>) -> Outcome {
    drain(&mut source(text.as_ref(), &Format::default()).unwrap()).unwrap()
}

fn refusal(result: Result<Source, FileError>) -> String {
    match result.map(|mut s| drain(&mut s).map(|_| ())) {
        Ok(Ok(())) => panic!("the file was read"),
        Ok(Err(e)) | Err(e) => e.to_string(),
    }
}

fn cells(row: &Row) -> Vec<&str> {
    row.cells().collect()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T10:00:00Z").unwrap()
}

fn shipped(name: &str) -> Mapping {
    let (_, text) = SHIPPED.iter().find(|(n, _)| *n == name).unwrap();
    Mapping::from_toml(name, text).unwrap()
}

/// Applies the generic mapping to one row under the given headings.
fn apply(headings: &str, row: &str) -> (Option<Report>, Vec<Finding>) {
    apply_known(headings, row, &BTreeSet::new())
}

fn apply_known(
    headings: &str,
    row: &str,
    codes: &BTreeSet<String>,
) -> (Option<Report>, Vec<Finding>) {
    let mapping = shipped("report-list");
    let outcome = read(format!("{headings}\n{row}\n"));
    mapping.mapper(codes, now()).apply(&outcome.rows[0])
}

fn has(findings: &[Finding], words: &str) -> bool {
    findings.iter().any(|f| f.to_string().contains(words))
}

// --- broken files -------------------------------------------------------------------------------

#[test]
fn broken_quoting_costs_one_row_and_says_which() {
    let outcome = read("ref,text\n1,fine\n2,\"broken\n3,\"also fine\"\n4,\"two\nlines\"\n5,end\n");
    let kept: Vec<&str> = outcome.rows.iter().map(|r| r.cell(0)).collect();
    assert_eq!(kept, ["1", "3", "4", "5"]);
    assert_eq!(outcome.rows[2].cell(1), "two\nlines");
    let [rejection] = outcome.rejections.as_slice() else {
        panic!("{:?}", outcome.rejections)
    };
    assert_eq!(rejection.finding.row, 3);
    assert!(rejection.finding.problem.contains("quotation mark"));
    assert_eq!(rejection.cells, ["2", "\"broken"]);
}

#[test]
fn the_rest_of_a_broken_record_is_not_a_report() {
    let outcome = read("ref,a,b\n1,\"He said \"no\"\nand left\",x\n2,y,z\n");
    assert_eq!(outcome.rows.len(), 1);
    assert_eq!(outcome.rows[0].cell(0), "2");
    assert_eq!(outcome.rejections.len(), 2);
    assert!(
        outcome.rejections[1]
            .finding
            .problem
            .contains("rest of row 2")
    );
}

#[test]
fn a_broken_row_does_not_condemn_short_rows() {
    let outcome = read("ref,a,b\n1,x\n2,\"y\"z\n3,x\n4\n5,x,y\n6\n");
    let kept: Vec<&str> = outcome.rows.iter().map(|r| r.cell(0)).collect();
    // Row 4 comes after a whole row: by then the broken record is over.
    assert_eq!(kept, ["1", "3", "4", "5", "6"]);
    assert_eq!(outcome.rejections.len(), 1);
}

#[test]
fn missing_columns_are_kept_with_a_warning_and_extra_ones_rejected() {
    let outcome = read("a,b,c\n1,2\n1,2,3,\n1,2,3,4\n");
    assert_eq!(cells(&outcome.rows[0]), ["1", "2", ""]);
    assert!(has(
        &outcome.rows[0].warnings,
        "2 of 3 columns, from \"c\" on empty"
    ));
    assert!(outcome.rows[1].warnings.is_empty());
    let rejection = &outcome.rejections[0];
    assert_eq!((rejection.finding.row, rejection.cells.len()), (4, 3));
    assert_eq!(rejection.cells[2], "3,4");
}

#[test]
fn wrong_encoding_is_said() {
    let mut source = source(b"ref,name\n1,Zo\xEB \x96 \xA35\n", &Format::default()).unwrap();
    assert!(has(source.findings(), "Windows-1252 was assumed"));
    assert_eq!(drain(&mut source).unwrap().rows[0].cell(1), "Zoë – £5");
}

#[test]
fn one_row_of_another_encoding_is_read_and_said() {
    let mut text = "ref,name\n1,Zoë\n".as_bytes().to_vec();
    text.extend_from_slice(b"2,Zo\xEB\n3,Zo\xC3\xAB\n");
    let outcome = read(text);
    let names: Vec<&str> = outcome.rows.iter().map(|r| r.cell(1)).collect();
    assert_eq!(names, ["Zoë", "Zoë", "Zoë"]);
    assert!(has(
        &outcome.rows[1].warnings,
        "row 3: the row is not UTF-8"
    ));
    assert!(outcome.rows[2].warnings.is_empty());
}

#[test]
fn utf16_with_and_without_mark() {
    let text = "ref;name\r\n1;Zoë 😀\r\n2;\"a;b\"\r\n";
    let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [b"\xFF\xFE".as_slice(), &le].concat();
    for (bytes, assumed) in [(marked, false), (le, true), (be, true)] {
        let mut source = source(&bytes, &Format::default()).unwrap();
        assert_eq!(has(source.findings(), "UTF-16"), assumed);
        let outcome = drain(&mut source).unwrap();
        assert_eq!(outcome.rows[0].cell(1), "Zoë 😀");
        assert_eq!(outcome.rows[1].cell(1), "a;b");
    }
}

/// A file made as it is read: heading, one endless line, then good rows.
struct LongLine {
    left: usize,
    tail: io::Cursor<&'static [u8]>,
    head: io::Cursor<&'static [u8]>,
    fill: u8,
}

impl Read for LongLine {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.head.read(buf)?;
        if n > 0 {
            return Ok(n);
        }
        if self.left == 0 {
            return self.tail.read(buf);
        }
        let n = buf.len().min(self.left);
        buf[..n].fill(self.fill);
        self.left -= n;
        Ok(n)
    }
}

#[test]
fn an_endless_line_costs_one_row_and_no_memory() {
    for head in [b"ref,text\n1,".as_slice(), b"ref,text\n1,\""] {
        let line = LongLine {
            left: 64 << 20,
            head: io::Cursor::new(head),
            tail: io::Cursor::new(b"\n2,after\n3,\"last\"\n"),
            fill: b'x',
        };
        let limits = Limits::default();
        let mut source = Source::from_reader(line, &limits, &Format::default()).unwrap();
        let outcome = drain(&mut source).unwrap();
        let kept: Vec<&str> = outcome.rows.iter().map(|r| r.cell(0)).collect();
        assert_eq!(kept, ["2", "3"]);
        let [rejection] = outcome.rejections.as_slice() else {
            panic!("{:?}", outcome.rejections.len())
        };
        assert_eq!(rejection.finding.row, 2);
        assert!(
            rejection
                .finding
                .problem
                .contains("longer than 1048576 bytes")
        );
        assert!(rejection.cells[0].len() < 1_000);
        let digest = source.finish().unwrap();
        assert_eq!(digest.bytes, (64 << 20) + head.len() as u64 + 18);
    }
}

#[test]
fn an_endless_json_text_costs_one_row() {
    let line = LongLine {
        left: 64 << 20,
        head: io::Cursor::new(b"[{\"ref\":1},{\"ref\":\""),
        tail: io::Cursor::new(b"\"},{\"ref\":3}]"),
        fill: b'x',
    };
    let limits = Limits::default();
    let outcome =
        drain(&mut Source::from_reader(line, &limits, &Format::default()).unwrap()).unwrap();
    assert_eq!((outcome.rows.len(), outcome.rejections.len()), (2, 1));
    assert_eq!(outcome.rows[1].number, 3);
}

fn gzip(bytes: impl Read) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut { bytes }, &mut encoder).unwrap();
    encoder.finish().unwrap()
}

/// The shipped limits, with the bomb's measure taken early so that the test's bomb can be small.
fn wary() -> Limits {
    Limits {
        unpack_ratio_from_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// Lines that compress far too well to be a table.
fn bomb() -> impl Read {
    io::Cursor::new(b"ref,text\n").chain(io::repeat(b'\n').take(2 << 20))
}

#[test]
fn gzip_is_read_and_its_bomb_refused() {
    let packed = gzip(&b"ref,text\n1,a\n"[..]);
    let mut table = source(&packed, &Format::default()).unwrap();
    assert_eq!(drain(&mut table).unwrap().rows[0].cell(1), "a");
    let digest = table.finish().unwrap();
    assert_eq!(digest.sha256, hex::encode(sha2::Sha256::digest(&packed)));

    let bomb = io::Cursor::new(gzip(bomb()));
    let refused = refusal(Source::from_reader(bomb, &wary(), &Format::default()));
    assert!(refused.contains("more than 200 times"), "{refused}");

    let small = Limits {
        max_unpacked_bytes: 100,
        ..Limits::default()
    };
    let long = gzip(&[b'x'; 1_000][..]);
    let refused = refusal(Source::from_reader(
        io::Cursor::new(long),
        &small,
        &Format::default(),
    ));
    assert!(refused.contains("max_unpacked_bytes"), "{refused}");
}

#[test]
fn a_gzip_cut_short_is_damaged_not_shorter() {
    let text: String = (0..20_000).fold("ref,text\n".to_owned(), |mut s, i| {
        let _ = writeln!(s, "{i},{}", i * 7_919 % 10_007);
        s
    });
    let packed = gzip(text.as_bytes());
    let refused = refusal(source(&packed[..packed.len() - 100], &Format::default()));
    assert!(refused.contains("damaged"), "{refused}");
}

fn zip(files: &[(&str, &[u8])], folder: &Path) -> PathBuf {
    let path = folder.join("table.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
    path
}

fn open(path: &Path) -> Result<Source, FileError> {
    Source::open(path, &wary(), &Format::default())
}

#[test]
fn zip_holds_one_table_and_its_bomb_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let table: (&str, &[u8]) = ("table.csv", b"ref,text\n1,a\n");
    let path = zip(&[table, ("__MACOSX/._table.csv", b"x")], folder.path());
    let mut source = open(&path).unwrap();
    assert_eq!(drain(&mut source).unwrap().rows[0].cell(1), "a");
    let raw = std::fs::read(&path).unwrap();
    let digest = source.finish().unwrap();
    assert_eq!(digest.sha256, hex::encode(sha2::Sha256::digest(&raw)));
    assert_eq!(digest.bytes, raw.len() as u64);

    let refused = refusal(open(&zip(&[table, ("b.csv", b"x")], folder.path())));
    assert!(
        refused.contains("it holds 2: table.csv, b.csv"),
        "{refused}"
    );
    let refused = refusal(open(&zip(&[], folder.path())));
    assert!(refused.contains("it holds 0"), "{refused}");
    let refused = refusal(open(&zip(&[("in.zip", b"PK\x03\x04")], folder.path())));
    assert!(refused.contains("another zip"), "{refused}");

    let mut bytes = Vec::new();
    bomb().read_to_end(&mut bytes).unwrap();
    let refused = refusal(open(&zip(&[("bomb.csv", &bytes)], folder.path())));
    assert!(refused.contains("more than 200 times"), "{refused}");
}

#[test]
fn a_zip_whose_check_sum_is_wrong_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let path = folder.path().join("t.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    writer.start_file("t.csv", options).unwrap();
    writer.write_all(b"ref,text\n1,abc\n").unwrap();
    writer.finish().unwrap();
    let mut raw = std::fs::read(&path).unwrap();
    let at = raw.windows(3).position(|w| w == b"abc").unwrap();
    raw[at] = b'z';
    std::fs::write(&path, raw).unwrap();
    assert!(refusal(open(&path)).contains("check sum"));
}

/// Two sheets; on the first a date, formulas with remembered values, a gap and text like a formula.
fn workbook_with_formulas(path: &Path) {
    use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook};
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, heading) in ["reference", "event_from", "loss", "lives_alone", "title"]
        .iter()
        .enumerate()
    {
        sheet.write(0, column as u16, *heading).unwrap();
    }
    let day = CellFormat::new().set_num_format("dd/mm/yyyy");
    let date = ExcelDateTime::from_ymd(2026, 11, 3).unwrap();
    sheet.write(1, 0, "R1").unwrap();
    sheet.write_with_format(1, 1, &date, &day).unwrap();
    sheet
        .write_formula(1, 2, Formula::new("=600*2").set_result("1200"))
        .unwrap();
    sheet.write(1, 3, true).unwrap();
    sheet.write(4, 0, 1234.5).unwrap();
    sheet.write(4, 4, "gap above").unwrap();
    sheet
        .write_formula(5, 0, Formula::new("=1/0").set_result("#DIV/0!"))
        .unwrap();
    sheet.write(5, 4, "=1+1").unwrap();
    workbook.add_worksheet().set_name("Other").unwrap();
    workbook.save(path).unwrap();
}

#[test]
fn xlsx_gives_remembered_values_and_names_formula_cells() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.xlsx");
    workbook_with_formulas(&path);
    let mut source = open(&path).unwrap();
    assert!(has(source.findings(), "also has Other"));
    let outcome = drain(&mut source).unwrap();
    assert_eq!(
        cells(&outcome.rows[0]),
        ["R1", "2026-11-03", "1200", "yes", ""]
    );
    assert!(has(&outcome.rows[0].warnings, "C2 holds a formula"));
    assert_eq!(
        (outcome.rows[1].number, outcome.rows[1].cell(0)),
        (5, "1234.5")
    );
    assert!(
        outcome.rows[1]
            .warnings
            .iter()
            .all(|w| !w.problem.contains("formula"))
    );
    let (report, _) = shipped("report-list")
        .mapper(&BTreeSet::new(), now())
        .apply(&outcome.rows[0]);
    let report = report.unwrap();
    assert_eq!(report.loss_pence, Some(120_000));
    assert_eq!(report.event_from.unwrap().to_string(), "2026-11-03");

    let small = Limits {
        max_workbook_bytes: 1_000,
        ..Limits::default()
    };
    let refused = refusal(Source::open(&path, &small, &Format::default()));
    assert!(refused.contains("more than 1000 bytes"), "{refused}");
    let other = Format {
        sheet: Some("Absent".into()),
        ..Format::default()
    };
    let refused = refusal(Source::open(&path, &Limits::default(), &other));
    assert!(
        refused.contains("Absent") && refused.contains("Sheet1"),
        "{refused}"
    );
}

/// A small sound workbook.
fn workbook() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..200 {
        for column in 0..5 {
            sheet
                .write(row, column, format!("cell {row} {column}"))
                .unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_damaged_workbook_is_refused_or_read_but_never_cut_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.xlsx");
    let sound = workbook();
    for at in (0..sound.len()).step_by(53) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x5A;
        std::fs::write(&path, &bytes).unwrap();
        let Ok(mut source) = open(&path) else {
            continue;
        };
        if let Ok(outcome) = drain(&mut source) {
            assert_eq!(outcome.rows.len(), 199, "byte {at}");
        }
    }
}

#[test]
fn a_workbook_bomb_is_refused_before_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = vec![b' '; 2 << 20];
    let files: [(&str, &[u8]); 2] = [("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", &bomb)];
    let refused = refusal(open(&zip(&files, folder.path())));
    assert!(refused.contains("more than 200 times"), "{refused}");
}

#[test]
fn empty_and_foreign_files_are_refused_by_name() {
    let open = |bytes: &[u8]| refusal(source(bytes, &Format::default()));
    assert!(open(b"").contains("the file is empty"));
    assert!(open(b"\n\r\n  \n").contains("blank"));
    assert!(open(b"%PDF-1.7").contains("PDF"));
    assert!(open(b"\xD0\xCF\x11\xE0").contains(".xls"));
    assert!(open(b"<!DOCTYPE html>").contains("web page"));
    assert!(open(&gzip(io::Cursor::new((0..=255).collect::<Vec<u8>>()))).contains("of bytes"));
    assert!(open(b"PK\x03\x04").contains("Save it first"));
    assert!(open(b"[]").contains("no objects"));
    assert!(open(&gzip(&b""[..])).contains("empty"));
    let wide = vec![b','; 600];
    assert!(open(&wide).contains("more than 512 columns"));
    let heading_only = read("a,b\n");
    assert!(heading_only.rows.is_empty() && heading_only.rejections.is_empty());
}

#[test]
fn a_nul_byte_rejects_its_row_and_names_its_cell() {
    let outcome = read("ref,text\n1,a\0b\n2,c\n");
    assert_eq!(outcome.rows.len(), 1);
    let finding = &outcome.rejections[0].finding;
    assert_eq!((finding.row, finding.column.as_str()), (2, "text"));
    assert!(finding.problem.contains("NUL"));
    let outcome = read("[{\"a\":\"x\\u0000\"},{\"a\":\"y\"}]");
    assert_eq!((outcome.rows.len(), outcome.rejections.len()), (1, 1));
}

#[test]
fn duplicate_headings_are_refused_naming_both() {
    let source = source(b"Ref,Date,Text,date\n", &Format::default()).unwrap();
    let mut mapping = shipped("report-list");
    let findings = mapping.validate(source.headings());
    let refused = findings.iter().find(|f| f.column == "date").unwrap();
    assert_eq!(refused.severity, Severity::Rejected);
    assert!(refused.problem.contains("columns 2 and 4"));
    mapping
        .fields
        .insert("event_from".into(), Origin::Column("#4".into()));
    let findings = mapping.validate(source.headings());
    assert!(!has(&findings, "columns 2 and 4"));
}

#[test]
fn old_macintosh_line_ends_and_blank_rows() {
    let outcome = read("ref,text\r1,a\r\r2,b\r");
    let kept: Vec<(u64, &str)> = outcome.rows.iter().map(|r| (r.number, r.cell(1))).collect();
    assert_eq!(kept, [(2, "a"), (4, "b")]);
}

// --- cells --------------------------------------------------------------------------------------

#[test]
fn impossible_dates_leave_the_field_empty() {
    let (report, findings) = apply(
        "reference,event_from,received_at,victim_date_of_birth",
        "R,31/02/2026,yesterday,01/01/1850",
    );
    let report = report.unwrap();
    assert_eq!(report.event_from, None);
    assert_eq!(report.received_at, now());
    assert_eq!(report.victim.date_of_birth, None);
    assert!(has(
        &findings,
        "column event_from: \"31/02/2026\": there is no such day"
    ));
    assert!(has(&findings, "the time of import was used"));
    assert!(has(&findings, "nobody alive"));
}

#[test]
fn dates_in_the_future_and_the_wrong_way_round_are_warned_of() {
    let (report, findings) = apply(
        "reference,event_from,event_to,received_at",
        "R,01/12/2026,30/11/2026,22/11/2026 09:00",
    );
    let report = report.unwrap();
    assert_eq!(report.event_from.unwrap().to_string(), "2026-12-01");
    assert_eq!(report.received_at.rfc3339(), "2026-11-22T09:00:00Z");
    assert!(has(&findings, "after the report was received"));
    assert!(has(&findings, "before it begins"));
}

#[test]
fn hidden_characters_leave_names_and_stay_in_narratives() {
    let (report, findings) = apply(
        "reference,victim_surname,narrative,suspect_email",
        "R\u{200B}1,Sm\u{202E}ith,see \u{202E}gpj.exe,a\u{200D}@b.test",
    );
    let report = report.unwrap();
    assert_eq!(report.reference, "R1");
    assert_eq!(report.victim.surname.as_deref(), Some("Smith"));
    assert_eq!(report.narrative, "see \u{202E}gpj.exe");
    assert_eq!(report.identifiers[0].text, "a@b.test");
    assert_eq!(
        findings
            .iter()
            .filter(|f| f.problem.contains("cannot be seen"))
            .count(),
        3
    );
}

#[test]
fn script_in_a_narrative_is_text() {
    let script = "<script>alert(1)</script> & <b>";
    let (report, findings) = apply("reference,narrative", &format!("R,{script}"));
    assert_eq!(report.unwrap().narrative, script);
    assert!(findings.is_empty());
}

#[test]
fn every_kind_of_field_is_read() {
    let (report, findings) = apply(
        "reference,feed,loss,markers,victim_organisation,victim_staff_count,suspect_surname,\
         suspect_phone,still_believes,nfib_code",
        "R,Urgent,\"£1,234.50\",Courier; Romance Fraud,Acme Ltd,\"1,200\",Doe,\
         07700 900123; 07700 900456,Partly,3A",
    );
    let report = report.unwrap();
    assert_eq!(report.feed, Feed::Urgent);
    assert_eq!(report.loss_pence, Some(123_450));
    assert_eq!(
        report.markers.iter().collect::<Vec<_>>(),
        ["courier", "romance_fraud"]
    );
    assert_eq!(report.victim.kind, PartyKind::Organisation);
    assert_eq!(report.victim.staff_count, Some(1_200));
    assert_eq!(report.suspect.unwrap().surname.as_deref(), Some("Doe"));
    assert_eq!(report.identifiers[1].text, "07700 900456");
    assert_eq!(report.answers["still_believes"], "partly");
    assert_eq!(report.nfib_code.as_deref(), Some("3A"));
    assert_eq!(findings, []);
}

#[test]
fn codes_are_matched_and_unknown_ones_kept() {
    let codes = BTreeSet::from(["NFIB3A".to_owned()]);
    let code = |text: &str| {
        let (report, findings) = apply_known("reference,nfib_code", &format!("R,{text}"), &codes);
        (report.unwrap().nfib_code.unwrap(), findings.len())
    };
    assert_eq!(code("nfib 3a"), ("NFIB3A".into(), 0));
    assert_eq!(code("3A"), ("NFIB3A".into(), 0));
    assert_eq!(code("99Z"), ("99Z".into(), 1));
}

#[test]
fn nothing_is_cut_and_a_reference_is_required() {
    let (report, findings) = apply(
        "reference,victim_surname",
        &format!("R,{}", "x".repeat(1_001)),
    );
    assert!(report.is_none() && has(&findings, "is not cut"));
    let (report, findings) = apply("reference,victim_surname", " ,Smith");
    assert!(report.is_none() && has(&findings, "no reference"));
}

#[test]
fn what_is_not_understood_is_left_empty_and_said() {
    let (report, findings) = apply(
        "reference,loss,feed,victim_kind,lives_alone,victim_staff_count",
        "R,-5,prevent,robot,perhaps,many",
    );
    let report = report.unwrap();
    assert_eq!(report.loss_pence, None);
    assert_eq!(report.feed, Feed::List);
    assert!(report.answers.is_empty());
    for words in ["it is negative", "not a feed", "robot", "perhaps", "many"] {
        assert!(has(&findings, words), "{words}: {findings:?}");
    }
}

#[test]
fn absent_words_are_empty_but_null_is_a_surname() {
    let (report, findings) = apply(
        "reference,victim_surname,loss,event_from,lives_alone",
        "R,Null,N/A,not known,unknown",
    );
    assert_eq!(report.unwrap().victim.surname.as_deref(), Some("Null"));
    assert_eq!(findings, []);
}

#[test]
fn cells_join_and_a_digest_stands_in_for_a_reference() {
    let text = r##"
name = "m"
title = "M"
source = "m"
feed = "partner"
[fields]
reference = { digest = ["a", "b"] }
narrative = ["a", "b"]
event_from = "#3"
title = { join = ["a", "b"], with = " / " }
"##;
    let mapping = Mapping::from_toml("m.toml", text).unwrap();
    let outcome = read("a,b,day\nx,y,1/2/26\nxy,,\nx,y,\n");
    let codes = BTreeSet::new();
    let mut mapper = mapping.mapper(&codes, now());
    let reports: Vec<Report> = outcome
        .rows
        .iter()
        .map(|r| mapper.apply(r).0.unwrap())
        .collect();
    assert_eq!(reports[0].narrative, "x\ny");
    assert_eq!(reports[0].title.as_deref(), Some("x / y"));
    assert_eq!(reports[0].event_from.unwrap().to_string(), "2026-02-01");
    assert_eq!(reports[0].reference.len(), 20);
    assert_ne!(reports[0].reference, reports[1].reference);
    assert_eq!(reports[0].reference, reports[2].reference);
}

#[test]
fn json_objects_with_later_keys_are_mapped() {
    let mut text = String::from("[");
    for i in 0..30 {
        let _ = write!(text, "{{\"reference\":\"R{i}\",\"narrative\":\"n\"}},");
    }
    text.push_str("{\"reference\":\"last\",\"victim_surname\":\"Late\"}]");
    let mapping = shipped("report-list");
    let codes = BTreeSet::new();
    let mut mapper = mapping.mapper(&codes, now());
    let outcome = read(text);
    assert_eq!(outcome.rows.len(), 31);
    let reports: Vec<Report> = outcome
        .rows
        .iter()
        .filter_map(|r| mapper.apply(r).0)
        .collect();
    assert_eq!(reports[30].victim.surname.as_deref(), Some("Late"));
}

// --- rejected rows ------------------------------------------------------------------------------

/// Imports a file and writes what was rejected.
fn import(text: &[u8], mapping: &Mapping) -> (Vec<Report>, Vec<u8>) {
    let mut source = source(text, &mapping.format).unwrap();
    assert!(
        mapping
            .validate(source.headings())
            .iter()
            .all(|f| f.severity == Severity::Warning)
    );
    let codes = BTreeSet::new();
    let mut mapper = mapping.mapper(&codes, now());
    let mut writer = RejectedWriter::new(Vec::new());
    let mut reports = Vec::new();
    while let Some(reading) = source.next_row().unwrap() {
        match reading {
            Reading::Row(row) => match mapper.apply(&row) {
                (Some(report), _) => reports.push(report),
                (None, findings) => writer.row(&row, &findings).unwrap(),
            },
            Reading::Rejected(rejection) => {
                writer.rejection(source.headings(), &rejection).unwrap();
            }
        }
    }
    (reports, writer.finish().unwrap())
}

#[test]
fn rejected_rows_are_mended_and_imported_again() {
    let mapping = shipped("report-list");
    let text = "reference;victim_phone;narrative\n;+447700900123;=HYPERLINK(\"x\")\nR2;1;fine\n\
                R3;2;\"bro\"ken\n";
    let (reports, rejected) = import(text.as_bytes(), &mapping);
    assert_eq!(reports.len(), 1);
    let rejected = String::from_utf8(rejected).unwrap();
    assert!(rejected.starts_with("\u{FEFF}reference,victim_phone,narrative,problem,remedy\n"));
    assert!(rejected.contains("'+447700900123"), "{rejected}");
    assert!(rejected.contains("'=HYPERLINK"), "{rejected}");
    assert!(rejected.contains("no reference"));

    let mended = rejected.replacen("\n,", "\nR1,", 1);
    let (reports, again) = import(mended.as_bytes(), &mapping);
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[0].reference, "R1");
    assert_eq!(reports[0].victim.phone.as_deref(), Some("+447700900123"));
    assert_eq!(reports[0].narrative, "=HYPERLINK(\"x\")");
    assert!(again.is_empty());
}

#[test]
fn a_mended_file_is_known_even_to_a_mapping_without_headings() {
    let mapping = shipped("sms-spam");
    let (reports, rejected) = import(b"spam\tone\nham\ttwo\tthree\n", &mapping);
    assert_eq!(reports.len(), 1);
    let text = String::from_utf8(rejected).unwrap();
    assert!(text.contains("label,text,problem,remedy"), "{text}");
    let (reports, _) = import(text.as_bytes(), &mapping);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].narrative, "two\tthree");
}

// --- property tests -----------------------------------------------------------------------------

/// Every line that is not blank comes out once, as a row or as a rejection.
fn conserved(text: &str) -> Result<(), TestCaseError> {
    let lines = text.lines().filter(|l| !l.trim_ascii().is_empty()).count();
    let outcome = read(format!("a,b,c\n{text}"));
    prop_assert_eq!(lines, outcome.rows.len() + outcome.rejections.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let limits = Limits { max_row_bytes: 50, max_lines_in_record: 3, max_columns: 8, ..Limits::default() };
        let mapping = Mapping::blank("any", "Any", Feed::List);
        let opened = Source::from_reader(io::Cursor::new(bytes), &limits, &Format::default());
        if let Ok(mut source) = opened {
            let guess = source.guess("any", "Any");
            let codes = BTreeSet::new();
            let mut mapper = mapping.mapper(&codes, now());
            while let Ok(Some(reading)) = source.next_row() {
                if let Reading::Row(row) = reading {
                    mapper.apply(&row);
                }
            }
            drop(guess);
        }
    }

    #[test]
    fn arbitrary_structure_never_panics(text in "[\\[\\]{}\",:;\n\ra1\\\\ \t|é-]{0,300}") {
        for head in ["", "[{\"a\":1},", "{\"rows\":[{", "reference,narrative,loss,event_from\n"] {
            let opened = source(format!("{head}{text}").as_bytes(), &Format::default());
            if let Ok(mut source) = opened {
                let _ = source.guess("any", "Any");
                let _ = drain(&mut source);
            }
        }
    }

    #[test]
    fn lines_without_quotes_are_conserved(text in "([a-z,é]{0,12}\n){0,40}") {
        conserved(&text)?;
    }

    /// With quotation marks lines may join into one record, but none is lost: the text of every
    /// cell and rejection together holds every letter of the file.
    #[test]
    fn no_letter_is_lost(text in "([a-z,\"]{0,8}\n){0,30}") {
        let outcome = read(format!("aa,bb,cc\n{text}"));
        let letters = |t: &str| t.chars().filter(char::is_ascii_lowercase).count();
        let kept: usize = outcome.rows.iter().flat_map(|r| r.cells()).map(letters).sum();
        let rejected: usize = outcome.rejections.iter().flat_map(|r| &r.cells).map(|c| letters(c)).sum();
        prop_assert_eq!(letters(&text), kept + rejected);
    }

    #[test]
    fn any_cells_come_back_from_csv(rows in prop::collection::vec(prop::array::uniform3("[a-zé \",;\n='+-]{0,10}"), 1..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let format = Format { delimiter: Some(','), ..Format::default() };
        let outcome = drain(&mut source(&bytes, &format).unwrap()).unwrap();
        prop_assert_eq!(outcome.rejections.len(), 0);
        let whole = |r: &&[String; 3]| r.iter().any(|c| !c.is_empty());
        let wanted: Vec<Vec<&str>> = rows.iter().filter(whole).map(|r| r.iter().map(String::as_str).collect()).collect();
        let got: Vec<Vec<&str>> = outcome.rows.iter().map(cells).filter(|r| r.iter().any(|c| !c.is_empty())).collect();
        prop_assert_eq!(got, wanted);
    }

    #[test]
    fn utf16_and_1252_come_back(name in "[a-zA-Zàéîõü£–]{1,20}") {
        let text = format!("reference,name\nR1,{name}\nR2,plain ascii text to know it by\n");
        let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let (latin, _, lossy) = encoding_rs::WINDOWS_1252.encode(&text);
        prop_assert!(!lossy);
        let format = Format { encoding: Some(Encoding::Windows1252), ..Format::default() };
        let one = drain(&mut source(&latin, &format).unwrap()).unwrap();
        prop_assert_eq!(one.rows[0].cell(1), &name);
        let wide = read(utf16);
        prop_assert_eq!(wide.rows[0].cell(1), &name);
    }
}

// --- real tables --------------------------------------------------------------------------------

/// The developers' data beside the project; its origin is in its own note.
fn real(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name)
}

/// Rows read, reports, distinct references, rejected rows, warnings.
type Counts = (usize, usize, usize, usize, usize);

fn counts(file: &str, mapping: &str) -> Counts {
    let mapping = shipped(mapping);
    let mut source = Source::open(&real(file), &Limits::default(), &mapping.format).unwrap();
    assert!(
        mapping
            .validate(source.headings())
            .iter()
            .all(|f| f.severity == Severity::Warning)
    );
    let codes = BTreeSet::new();
    let mut mapper = mapping.mapper(&codes, now());
    let mut references = BTreeSet::new();
    let (mut read, mut reports, mut rejected, mut warnings) = (0, 0, 0, 0);
    while let Some(reading) = source.next_row().unwrap() {
        read += 1;
        let Reading::Row(row) = reading else {
            rejected += 1;
            continue;
        };
        let (report, findings) = mapper.apply(&row);
        warnings += findings.len();
        match report {
            Some(report) => {
                reports += 1;
                references.insert(report.reference);
            }
            None => rejected += 1,
        }
    }
    let bytes = source.finish().unwrap().bytes;
    assert_eq!(bytes, std::fs::metadata(real(file)).unwrap().len());
    (read, reports, references.len(), rejected, warnings)
}

#[test]
fn real_text_messages() {
    assert_eq!(
        counts("sms/SMSSpamCollection.tsv", "sms-spam"),
        (5430, 5430, 5026, 0, 33)
    );
}

/// What the mapping's `quoting = false` is for: otherwise ten messages are broken records, but only
/// those ten are lost.
#[test]
fn real_text_messages_read_with_quoting() {
    let format = Format {
        quoting: None,
        ..shipped("sms-spam").format
    };
    let path = real("sms/SMSSpamCollection.tsv");
    let mut source = Source::open(&path, &Limits::default(), &format).unwrap();
    let outcome = drain(&mut source).unwrap();
    assert_eq!((outcome.rows.len(), outcome.rejections.len()), (5_420, 10));
}

#[test]
fn real_incidents() {
    assert_eq!(
        counts("vcdb/vcdb_sample.csv", "vcdb"),
        (1500, 1500, 944, 0, 0)
    );
}

#[test]
fn real_attributes() {
    assert_eq!(
        counts("misp/misp-tests-event.csv", "misp-attributes"),
        (38, 38, 38, 0, 0)
    );
}

// --- the formats as documented ------------------------------------------------------------------

const FORMATS: &str = include_str!("../../../../docs/formats.md");

fn documented(line: &str) {
    assert!(
        FORMATS.contains(line),
        "docs/formats.md lacks the line\n{line}"
    );
}

#[test]
fn formats_document_lists_every_field() {
    for field in FIELDS {
        let kind = match field.kind {
            FieldKind::Text => "text",
            FieldKind::DateTime => "date, time optional",
            FieldKind::Date => "date",
            FieldKind::Money => "pounds",
            FieldKind::Number => "whole number",
            FieldKind::List => "list",
            FieldKind::PartyKind => "person or organisation",
            FieldKind::Feed => "feed",
            FieldKind::Identifier => "identifier",
            FieldKind::Answer => "answer",
        };
        documented(&format!("| `{}` | {kind} | {} |", field.name, field.about));
    }
}

#[test]
fn formats_document_lists_every_heading_of_the_national_formats() {
    for name in ["national-victim-list", "national-pursue"] {
        for (field, origin) in shipped(name).fields {
            for heading in origin.columns() {
                documented(&format!("| {heading} | `{field}` |"));
            }
        }
    }
}

#[test]
fn the_report_list_is_the_whole_contract() {
    let mapping = shipped("report-list");
    for field in FIELDS {
        let origin = Origin::Column(field.name.to_owned());
        assert_eq!(
            mapping.fields.get(field.name),
            Some(&origin),
            "{}",
            field.name
        );
    }
}

#[test]
fn formats_document_tells_what_the_tests_measured() {
    for words in ["5,430", "5,026", "5,420", "1,500", "944", " 38 "] {
        documented(words);
    }
}
