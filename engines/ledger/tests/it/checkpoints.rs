//! Checkpoints against the form of C2SP tlog-checkpoint.

use ledger::{Checkpoint, EMPTY_ROOT, Error, Note, SigningKey};

const ORIGIN: &str = "example.com/behind-the-sofa";
const BODY: &str =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[3; 32]).unwrap()
}

fn signed(text: &str) -> String {
    let mut note = Note::new(text).unwrap();
    note.sign(&key());
    note.to_string()
}

#[test]
fn the_example_of_the_standard_reads_and_writes() {
    let checkpoint: Checkpoint = BODY.parse().unwrap();
    assert_eq!(checkpoint.origin, ORIGIN);
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(
        checkpoint.root.to_string(),
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    );
    assert_eq!(checkpoint.to_string(), BODY);
}

#[test]
fn a_signed_checkpoint_opens_with_the_key_of_its_log_only() {
    let checkpoint: Checkpoint = BODY.parse().unwrap();
    let note = checkpoint.sign(&key()).unwrap();
    assert!(note.starts_with(BODY));
    assert_eq!(
        Checkpoint::open(&note, &key().verifier_key()).unwrap(),
        checkpoint
    );

    let same_name = SigningKey::from_seed(ORIGIN, &[4; 32])
        .unwrap()
        .verifier_key();
    assert!(matches!(
        Checkpoint::open(&note, &same_name),
        Err(Error::NotSigned { .. })
    ));
    let other_log = SigningKey::from_seed("example.com/other", &[3; 32]).unwrap();
    assert!(matches!(
        checkpoint.sign(&other_log),
        Err(Error::Origin { .. })
    ));
    let mut crossed = Note::new(BODY).unwrap();
    crossed.sign(&other_log);
    let opened = Checkpoint::open(&crossed.to_string(), &other_log.verifier_key());
    assert!(matches!(opened, Err(Error::Origin { .. })));
}

#[test]
fn a_signature_over_anything_else_than_a_checkpoint_is_refused() {
    for (line, wrong) in [
        (1, "\n1\n".to_owned()),
        (2, BODY.replace("20852163", "020852163")),
        (2, BODY.replace("20852163", "+20852163")),
        (2, BODY.replace("20852163", "-1")),
        (2, BODY.replace("20852163", "99999999999999999999")),
        (2, BODY.replace("20852163", "")),
        (3, BODY.replace("2I=", "2I")),
        (3, BODY.replace("2I=", "2J=")),
        (3, format!("{ORIGIN}\n5\n")),
        (4, format!("{BODY}\nafter a blank line\n")),
    ] {
        let opened = Checkpoint::open(&signed(&wrong), &key().verifier_key());
        assert!(
            matches!(opened, Err(Error::CheckpointLine { line: at, .. }) if at == line),
            "{wrong:?}: {opened:?}"
        );
    }
    let huge = BODY.replace("20852163", &u64::MAX.to_string());
    assert!(matches!(
        huge.parse::<Checkpoint>(),
        Err(Error::TreeTooLarge { .. })
    ));
}

#[test]
fn extension_lines_are_kept_and_bad_ones_never_signed() {
    let checkpoint: Checkpoint = format!("{BODY}first\nsecond\n").parse().unwrap();
    assert_eq!(checkpoint.extensions, ["first", "second"]);
    let note = checkpoint.sign(&key()).unwrap();
    assert_eq!(
        Checkpoint::open(&note, &key().verifier_key()).unwrap(),
        checkpoint
    );
    for bad in ["", "two\nlines", "bell\u{7}"] {
        let mut checkpoint = Checkpoint::new(ORIGIN, 0, EMPTY_ROOT).unwrap();
        checkpoint.extensions.push(bad.to_owned());
        assert!(checkpoint.sign(&key()).is_err(), "{bad:?}");
    }
}
