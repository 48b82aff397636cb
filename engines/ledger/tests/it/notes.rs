//! Keys and notes against the examples of the signed-note standard and of its reference
//! implementation.

use ledger::{Error, Note, SigningKey, VerifierKey};
use proptest::prelude::*;

const SIGNING: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const BY_NEUMANN: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const BY_ROOT: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

#[test]
fn the_reference_key_signs_the_reference_note() {
    let key: SigningKey = SIGNING.parse().unwrap();
    assert_eq!(key.name(), "PeterNeumann");
    assert_eq!(key.to_secret_text(), SIGNING);
    assert_eq!(key.verifier_key().to_string(), VERIFIER);
    let mut note = Note::new(TEXT).unwrap();
    note.sign(&key);
    note.sign(&key);
    assert_eq!(note.to_string(), format!("{TEXT}\n{BY_NEUMANN}"));
}

#[test]
fn the_reference_notes_verify_with_one_signature_or_two() {
    let neumann: VerifierKey = VERIFIER.parse().unwrap();
    let root: VerifierKey = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
        .parse()
        .unwrap();
    let one: Note = format!("{TEXT}\n{BY_NEUMANN}").parse().unwrap();
    assert_eq!(one.verify(&neumann).unwrap(), TEXT);
    assert!(matches!(one.verify(&root), Err(Error::NotSigned { name }) if name == "EnochRoot"));

    let text = format!("{TEXT}\n{BY_NEUMANN}{BY_ROOT}");
    let two: Note = text.parse().unwrap();
    assert_eq!(two.verify(&neumann).unwrap(), TEXT);
    assert_eq!(two.verify(&root).unwrap(), TEXT);
    assert_eq!(
        two.claimed_signers().collect::<Vec<_>>(),
        ["PeterNeumann", "EnochRoot"]
    );
    assert_eq!(two.to_string(), text);
}

#[test]
fn the_example_of_the_standard_verifies() {
    let key: VerifierKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        .parse()
        .unwrap();
    let note: Note = "This is an example message.\n\n— example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
        .parse()
        .unwrap();
    assert_eq!(note.verify(&key).unwrap(), "This is an example message.\n");
}

#[test]
fn no_part_of_a_key_and_no_key_with_one_letter_changed_is_a_key() {
    fn refuses<K: std::str::FromStr>(key: &str) {
        for from in 0..=key.len() {
            for to in from..=key.len() {
                assert!(to - from == key.len() || key[from..to].parse::<K>().is_err());
            }
        }
        for at in 0..key.len() {
            let mut bytes = key.as_bytes().to_vec();
            bytes[at] += 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(changed.parse::<K>().is_err(), "{changed}");
        }
    }
    refuses::<SigningKey>(SIGNING);
    refuses::<VerifierKey>(VERIFIER);
}

#[test]
fn keys_of_the_wrong_length_or_kind_say_so() {
    let long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
    assert!(matches!(long.parse::<VerifierKey>(), Err(Error::KeyText)));
    let kind = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert!(matches!(
        kind.parse::<VerifierKey>(),
        Err(Error::KeyAlgorithm)
    ));
    let other = "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert!(matches!(
        other.parse::<VerifierKey>(),
        Err(Error::KeyIdentifier)
    ));
    for name in ["", "two words", "a+b", "tab\there", "wide\u{3000}space"] {
        assert!(
            matches!(SigningKey::from_seed(name, &[1; 32]), Err(Error::KeyName)),
            "{name:?}"
        );
    }
}

#[test]
fn notes_that_are_not_notes_are_refused() {
    let signed = format!("{TEXT}\n{BY_NEUMANN}");
    for (case, wrong) in [
        ("nothing", String::new()),
        ("no signature", TEXT.to_owned()),
        ("no blank line", format!("{TEXT}{BY_NEUMANN}")),
        ("no final newline", signed.trim_end().to_owned()),
        ("an ASCII hyphen", signed.replace('—', "-")),
        ("two spaces", signed.replace("— Peter", "—  Peter")),
        ("a carriage return", signed.replace('\n', "\r\n")),
        ("a control in the text", signed.replacen("If", "I\u{7}", 1)),
        (
            "signature too short",
            format!("{TEXT}\n— PeterNeumann x08goA==\n").replace("oA==", "o"),
        ),
        ("a blank signature line", format!("{signed}\n")),
        (
            "too many signatures",
            format!("{TEXT}\n{}", BY_NEUMANN.repeat(101)),
        ),
    ] {
        assert!(wrong.parse::<Note>().is_err(), "{case}");
    }
    assert!(Note::new("no newline").is_err());
}

#[test]
fn one_wrong_signature_by_the_key_refuses_the_note_whatever_the_others_say() {
    let key: SigningKey = SIGNING.parse().unwrap();
    let mut other = Note::new("Another text.\n").unwrap();
    other.sign(&key);
    let foreign = other.to_string();
    let foreign = foreign.lines().last().unwrap();
    let note: Note = format!("{TEXT}\n{BY_NEUMANN}{foreign}\n").parse().unwrap();
    assert!(matches!(
        note.verify(&key.verifier_key()),
        Err(Error::SignatureWrong { .. })
    ));
}

#[test]
fn a_signing_key_does_not_print_its_secret() {
    let key: SigningKey = SIGNING.parse().unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(PeterNeumann, secret)");
}

proptest! {
    #[test]
    fn any_text_signed_reads_back_and_any_altered_byte_is_noticed(
        seed in any::<[u8; 32]>(),
        lines in prop::collection::vec("[ -~éß—]{0,30}", 1..5),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let key = SigningKey::from_seed("log.example.org/a", &seed).unwrap();
        let again: SigningKey = key.to_secret_text().parse().unwrap();
        prop_assert_eq!(again.verifier_key(), key.verifier_key());
        let public: VerifierKey = key.verifier_key().to_string().parse().unwrap();

        let text = lines.join("\n") + "\n";
        let mut note = Note::new(&text).unwrap();
        note.sign(&key);
        let written = note.to_string();
        let read: Note = written.parse().unwrap();
        prop_assert_eq!(read.verify(&public).unwrap(), &text);

        let mut bytes = written.into_bytes();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(altered) = String::from_utf8(bytes) {
            let opened = altered.parse::<Note>().and_then(|note| note.verify(&public).map(str::to_owned));
            prop_assert!(opened.is_err());
        }
    }

    #[test]
    fn no_input_panics(text in "\\PC{0,80}(\n|\n\n|— |\\PC|[+=]){0,40}") {
        let _ = text.parse::<Note>();
        let _ = text.parse::<SigningKey>();
        let _ = text.parse::<VerifierKey>();
        let _ = text.parse::<ledger::Checkpoint>();
    }
}
