use super::*;

const HEAD: &str = "#let data = json(\"/data.json\")\n#set document(title: \"A test\")\n\
                    #set text(lang: \"en\")\n#title()\n";

fn made(body: &str, data: serde_json::Value) -> Result<Vec<u8>, Error> {
    let source = format!("{HEAD}{body}");
    let document = Document {
        source: &source,
        data: &data,
        ident: "a test",
        made_at: 1_763_900_000,
    };
    document.pdf()
}

fn has(pdf: &[u8], text: &str) -> bool {
    pdf.windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn a_document_is_tagged_archival_and_the_same_again() {
    let data = serde_json::json!({ "rows": [["Advised", 5], ["Declined", 1]] });
    let body = "#table(columns: 2, table.header([Figure], [Victims]), \
                ..data.rows.map(((t, n)) => ([#t], [#n])).flatten())";
    let first = made(body, data.clone()).unwrap();
    assert!(first.starts_with(b"%PDF-1.7"), "PDF/A-2 is PDF 1.7");
    for mark in [
        "<pdfaid:part>2</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
        "/MarkInfo",
        "/StructTreeRoot",
    ] {
        assert!(has(&first, mark), "{mark}");
    }
    assert_eq!(made(body, data).unwrap(), first, "the same bytes");
}

#[test]
fn what_somebody_typed_is_never_markup() {
    let hostile = "#panic(\"out\") #import \"@preview/x:1.0.0\" *b* \\ $x$ <l> @l = h \u{202e} \u{1f600} \u{4f60} \u{0}";
    let data = serde_json::json!({ "name": hostile });
    let pdf = made("Dear #data.name,", data).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
}

#[test]
fn nothing_else_can_be_opened() {
    for body in [
        "#read(\"/etc/passwd\")",
        "#include \"other.typ\"",
        "#json(\"../data.json\")",
        "#image(\"/main.png\", alt: \"x\")",
        "#import \"@preview/cetz:0.3.0\": canvas",
    ] {
        let refused = made(body, serde_json::json!({}));
        assert!(
            matches!(refused, Err(Error::Layout(_))),
            "{body}: {refused:?}"
        );
    }
}

#[test]
fn faults_of_a_source_are_told() {
    let wrong = made("#data.missing", serde_json::json!({})).unwrap_err();
    assert!(wrong.to_string().contains("missing"), "{wrong}");
    let data = serde_json::json!({});
    let untitled = Document {
        source: "Without a title",
        data: &data,
        ident: "x",
        made_at: 0,
    };
    let refused = untitled.pdf().unwrap_err();
    assert!(matches!(refused, Error::Standard(_)), "{refused}");
    let early = Document {
        made_at: i64::MAX,
        ..untitled
    };
    assert_eq!(early.pdf(), Err(Error::Time(i64::MAX)));
}
