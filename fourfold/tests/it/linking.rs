//! `fourfold link` as its user runs it: files in, files out, and what it says when they are wrong.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn fourfold(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fourfold"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs a command that must end with this exit code; what it printed, and what it complained of.
fn ends(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = fourfold(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}\n{out}\n{err}"
    );
    (out, err)
}

/// A county's people as a table, with the truth.
fn county(folder: &Path, people: u32) -> (PathBuf, HashMap<String, String>) {
    let count = people.to_string();
    ends(
        folder,
        &[
            "simulate", "--out", "county", "--people", &count, "--seed", "3",
        ],
        0,
    );
    let truth = read(&folder.join("county/truth/people.csv"));
    (
        folder.join("county/people.csv"),
        truth.into_iter().collect(),
    )
}

/// The first two columns of a CSV file.
fn read(path: &Path) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            (row[0].to_owned(), row[1].to_owned())
        })
        .collect()
}

/// Pairwise precision and recall of clusters.
fn quality(clusters: &[(String, String)], truth: &HashMap<String, String>) -> (f64, f64) {
    let pairs = |counts: BTreeMap<(String, String), u64>| -> f64 {
        counts.values().map(|n| (n * (n - 1) / 2) as f64).sum()
    };
    let count = |by_cluster: bool, by_truth: bool| {
        let mut counts = BTreeMap::new();
        for (id, cluster) in clusters {
            let cluster = if by_cluster {
                cluster.clone()
            } else {
                String::new()
            };
            let truth = if by_truth {
                truth[id].clone()
            } else {
                String::new()
            };
            *counts.entry((cluster, truth)).or_insert(0) += 1;
        }
        counts
    };
    let said = pairs(count(true, false));
    let true_ones = pairs(count(false, true));
    let right = pairs(count(true, true));
    (right / said, right / true_ones)
}

/// Who is together with whom, whatever the clusters are called.
fn partition(clusters: &[(String, String)]) -> BTreeSet<BTreeSet<String>> {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (id, cluster) in clusters {
        groups.entry(cluster).or_default().insert(id.clone());
    }
    groups.into_values().collect()
}

#[test]
fn a_table_nobody_tuned_for_is_linked_well_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (table, truth) = county(folder, 4_000);
    let table = table.to_str().unwrap();
    let (said, _) = ends(folder, &["link", table, "--suggest", "model.toml"], 0);
    assert!(said.contains("id column: id"), "{said}");
    let link = [
        "link",
        table,
        "--model",
        "model.toml",
        "--train",
        "--save-model",
        "trained.toml",
        "--out",
        "clusters.csv",
        "--pairs",
        "pairs.csv",
        "--review",
        "review.csv",
        "--json",
    ];
    let output = fourfold(folder, &link);
    let receipt: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(receipt["records"], 4_000, "{receipt}");
    let clusters = read(&folder.join("clusters.csv"));
    assert_eq!(clusters.len(), 4_000);
    let (precision, recall) = quality(&clusters, &truth);
    assert!(
        precision > 0.97 && recall > 0.93,
        "precision {precision:.4}, recall {recall:.4}"
    );

    // The trained model is a model, and gives the same clusters without training.
    ends_well(
        folder,
        &[
            "link",
            table,
            "--model",
            "trained.toml",
            "--out",
            "again.csv",
        ],
    );
    let again = partition(&read(&folder.join("again.csv")));
    let differing = partition(&clusters).symmetric_difference(&again).count();
    assert!(
        differing < 20,
        "{differing} clusters differ by rounding of the model file"
    );

    // Every pair that was written says how it came about.
    let (one, other) = read(&folder.join("pairs.csv")).swap_remove(0);
    let explain = [
        "link",
        "explain",
        &one,
        &other,
        "--in",
        table,
        "--model",
        "trained.toml",
    ];
    let (said, _) = ends(folder, &explain, 0);
    assert!(
        said.contains("two records at random") && said.contains("match weight"),
        "{said}"
    );
    assert!(!said.contains("No blocking rule"), "{said}");
}

/// Runs a command that must not be refused.
fn ends_well(folder: &Path, arguments: &[&str]) -> String {
    let output = fourfold(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{arguments:?}: {told}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn neither_the_order_of_rows_nor_the_kind_of_file_matters() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (table, _) = county(folder, 1_500);
    let text = std::fs::read_to_string(&table).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headings = reader.headers().unwrap().clone();
    let mut rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    rows.sort_by_key(|row| row[2].chars().rev().collect::<String>());

    let mut turned = csv::Writer::from_path(folder.join("turned.csv")).unwrap();
    turned.write_record(&headings).unwrap();
    rows.iter()
        .for_each(|row| turned.write_record(row).unwrap());
    turned.flush().unwrap();
    let columns: Vec<(&str, ArrayRef)> = headings
        .iter()
        .enumerate()
        .map(|(at, heading)| {
            let column: StringArray = rows.iter().map(|row| Some(&row[at])).collect();
            (heading, Arc::new(column) as ArrayRef)
        })
        .collect();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(folder.join("turned.parquet")).unwrap();
    let mut parquet = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    parquet.write(&batch).unwrap();
    parquet.close().unwrap();

    let table = table.to_str().unwrap();
    ends_well(folder, &["link", table, "--suggest", "model.toml"]);
    let mut found = Vec::new();
    for (file, out) in [
        (table, "a.csv"),
        ("turned.csv", "b.csv"),
        ("turned.parquet", "c.csv"),
    ] {
        ends_well(
            folder,
            &[
                "link",
                file,
                "--model",
                "model.toml",
                "--train",
                "--out",
                out,
            ],
        );
        found.push(partition(&read(&folder.join(out))));
    }
    assert_eq!(found[0], found[1], "the order of rows changed the clusters");
    assert_eq!(found[0], found[2], "Parquet gave other clusters than CSV");

    ends_well(
        folder,
        &[
            "link",
            table,
            "--model",
            "model.toml",
            "--train",
            "--out",
            "out.parquet",
        ],
    );
    let written = std::fs::File::open(folder.join("out.parquet")).unwrap();
    let written = ParquetRecordBatchReaderBuilder::try_new(written)
        .unwrap()
        .build()
        .unwrap();
    assert_eq!(
        written
            .map(|batch| batch.unwrap().num_rows())
            .sum::<usize>(),
        1_500
    );
}

#[test]
fn two_tables_are_linked_across_and_within() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (table, _) = county(folder, 2_000);
    let text = std::fs::read_to_string(&table).unwrap();
    let (heading, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    for (name, half) in [("one.csv", 0), ("two.csv", 1)] {
        let half: Vec<&str> = rows.iter().copied().skip(half).step_by(2).collect();
        std::fs::write(
            folder.join(name),
            format!("{heading}\n{}\n", half.join("\n")),
        )
        .unwrap();
    }
    ends_well(
        folder,
        &["link", table.to_str().unwrap(), "--suggest", "model.toml"],
    );
    let link = [
        "link",
        "one.csv",
        "two.csv",
        "--model",
        "model.toml",
        "--train",
    ];
    ends_well(folder, &[&link[..], &["--out", "both.csv"]].concat());
    let both = std::fs::read_to_string(folder.join("both.csv")).unwrap();
    assert!(both.starts_with("id,cluster_id,table\n"), "{}", &both[..60]);
    assert!(both.contains(",one\n") && both.contains(",two\n"));
    ends_well(
        folder,
        &[&link[..], &["--find", "across", "--pairs", "across.csv"]].concat(),
    );
    let of = |path: &str| -> BTreeSet<String> {
        read(&folder.join(path))
            .into_iter()
            .map(|row| row.0)
            .collect()
    };
    let (one, two) = (of("one.csv"), of("two.csv"));
    let across = read(&folder.join("across.csv"));
    assert!(across.len() > 100);
    for (left, right) in across {
        assert!(
            one.contains(&left) != one.contains(&right),
            "{left} and {right} are in one table"
        );
        assert!(two.contains(&left) != two.contains(&right));
    }
}

const MODEL: &str = r#"
version = 1
prior = 0.001
link = 3.0
review = 0.0
id = "id"
blocking = ["exact(surname)"]
[columns]
surname = "name"
born = "date"
[[comparison]]
column = "surname"
levels = [{ when = "exact", m = 0.9, u = 0.01 }, { when = "else", m = 0.1, u = 0.99 }]
[[comparison]]
column = "born"
levels = [{ when = "exact", m = 0.9, u = 0.001 }, { when = "else", m = 0.1, u = 0.999 }]
"#;

#[test]
fn what_is_wrong_is_said_with_its_place_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let put = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).unwrap();
    put("m.toml", MODEL.as_bytes());
    put("unknown.toml", format!("colour = 3\n{MODEL}").as_bytes());
    put(
        "impossible.toml",
        MODEL
            .replace("m = 0.9, u = 0.001", "m = 1.9, u = 0.001")
            .as_bytes(),
    );
    put(
        "good.csv",
        b"id,surname,born\n1,Lee,1980-01-02\n2,Lee,1980-01-02\n3,Roe,1990-05-06\n",
    );
    put("short.csv", b"id,surname\n1,Lee\n");
    put(
        "double.csv",
        b"id,surname,born\n1,Lee,1980-01-02\n1,Lee,1980-01-02\n",
    );
    put(
        "no_id.csv",
        b"id,surname,born\n1,Lee,1980-01-02\n,Lee,1980-01-02\n",
    );
    put("empty.csv", b"");
    put("headings.csv", b"id,surname,born\n");
    put("twice.csv", b"id,surname,surname\n1,a,b\n");
    put("wide.csv", b"\xff\xfei\0d\0");
    put("bad.parquet", b"PAR1 and then nothing of the kind");
    for (file, model, expected) in [
        ("short.csv", "m.toml", "no column is called \"born\""),
        (
            "double.csv",
            "m.toml",
            "records 1 and 2 both have the id \"1\"",
        ),
        ("no_id.csv", "m.toml", "record 2 has no id"),
        (
            "empty.csv",
            "m.toml",
            "the first line must hold the headings",
        ),
        ("headings.csv", "m.toml", "no row to link"),
        ("twice.csv", "m.toml", "two columns are called \"surname\""),
        ("wide.csv", "m.toml", "Save it as UTF-8"),
        ("bad.parquet", "m.toml", "bad.parquet"),
        ("nowhere.csv", "m.toml", "nowhere.csv"),
        ("good.csv", "unknown.toml", "colour"),
        ("good.csv", "impossible.toml", "1.9"),
        ("good.csv", "nowhere.toml", "nowhere.toml"),
    ] {
        let (_, told) = ends(
            folder,
            &["link", file, "--model", model, "--out", "c.csv"],
            2,
        );
        assert!(told.contains(expected), "{file} with {model}: {told}");
        assert!(
            !folder.join("c.csv").exists(),
            "{file} with {model} left an answer"
        );
    }
    ends(
        folder,
        &["link", "good.csv", "--model", "m.toml", "--out", "c.csv"],
        0,
    );
    let clusters = partition(&read(&folder.join("c.csv")));
    assert_eq!(clusters.len(), 2, "{clusters:?}");
}

#[test]
fn what_can_be_used_is_used_and_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("m.toml"), MODEL).unwrap();
    let mut rows = b"id,surname,born\n1,Lee,1980-01-02\n2,Lee\n3,Lee,1980-01-02\n4,M\xfcller,soon\n5,M\xc3\xbcller,\n".to_vec();
    // One giant block: everybody called Smith, born on one day or on no day at all.
    for id in 100..3_100 {
        let born = if id % 3 == 0 {
            "1970-05-05".to_owned()
        } else {
            format!("19{:02}-05-05", id % 90 + 10)
        };
        rows.extend_from_slice(format!("{id},Smith,{born}\n").as_bytes());
    }
    std::fs::write(folder.join("t.csv"), rows).unwrap();
    let (_, told) = ends(
        folder,
        &[
            "link", "t.csv", "--model", "m.toml", "--out", "c.csv", "--json",
        ],
        1,
    );
    assert!(
        told.contains("line 3: 2 fields where the heading has 3"),
        "{told}"
    );
    let clusters: HashMap<String, String> = read(&folder.join("c.csv")).into_iter().collect();
    assert_eq!(clusters.len(), 3_004);
    assert_eq!(clusters["1"], clusters["3"]);
    assert!(!clusters.contains_key("2"));
    assert_ne!(clusters["4"], clusters["1"]);
}

#[cfg(feature = "cluster")]
mod over_a_cluster {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A role of a cluster; ended when it is dropped.
    struct Role(Child, String);

    impl Role {
        fn start(arguments: &[&str]) -> Self {
            let mut child = Command::new(env!("CARGO_BIN_EXE_fourfold"))
                .arg("cluster")
                .args(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut said = String::new();
            BufReader::new(child.stdout.take().unwrap())
                .read_line(&mut said)
                .unwrap();
            let words: Vec<&str> = said.split_whitespace().collect();
            let at = words.iter().position(|word| *word == "at").expect(&said);
            Self(child, words[at + 1].to_owned())
        }
    }

    impl Drop for Role {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    #[test]
    fn a_cluster_finds_what_one_machine_finds_and_outlives_an_executor() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (table, _) = county(folder, 100_000);
        let table = table.to_str().unwrap();
        ends_well(folder, &["link", table, "--suggest", "model.toml"]);
        let link = ["link", table, "--model", "model.toml", "--train"];
        ends_well(folder, &[&link[..], &["--out", "here.csv"]].concat());

        let scheduler = Role::start(&["scheduler", "--listen", "127.0.0.1:0"]);
        let executor = || {
            Role::start(&[
                "executor",
                "--scheduler",
                &scheduler.1,
                "--listen",
                "127.0.0.1:0",
                "--slots",
                "1",
            ])
        };
        let (_stays, goes) = (executor(), executor());
        let there = [&link[..], &["--cluster", &scheduler.1, "--deadline", "8"]].concat();
        ends_well(folder, &[&there[..], &["--out", "there.csv"]].concat());
        let read_whole = |name: &str| std::fs::read(folder.join(name)).unwrap();
        assert!(
            read_whole("here.csv") == read_whole("there.csv"),
            "the cluster found other clusters"
        );

        // One of the two is lost midway.
        let mut running = Command::new(env!("CARGO_BIN_EXE_fourfold"))
            .args([&there[..], &["--out", "again.csv"]].concat())
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_secs(12));
        drop(goes);
        let ended = running.wait().unwrap();
        assert!(matches!(ended.code(), Some(0 | 1)), "{ended}");
        assert!(
            read_whole("here.csv") == read_whole("again.csv"),
            "a lost executor changed the clusters"
        );
    }
}
