//! Properties that hold for any text.

use observables::{Kind, extract, normalise};
use proptest::prelude::*;

/// Pieces of observables, so that random texts come close to real ones and go wrong in odd places.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "£",
        "€",
        "$",
        "@",
        ".",
        "://",
        "[.]",
        "(dot)",
        " dot ",
        " at ",
        "[at]",
        ":",
        "::",
        "-",
        " ",
        "/",
        "(",
        ")",
        "[",
        "+44",
        "(0)",
        "07700 900123",
        "00",
        "20-00-00",
        "12345678",
        " sort code ",
        "account",
        "http",
        "hxxps",
        "evil",
        ".com",
        ".co.uk",
        "gmail.com",
        "www.",
        "GB29",
        "NWBK",
        "6016 1331 9268 19",
        "4111 1111 1111 1111",
        "AB12 CDE",
        "reg",
        "SW1A 1AA",
        "3rd ",
        "April ",
        "2026",
        "03/04/2026",
        "1,234.50",
        "k",
        " pounds",
        "two hundred",
        "grand",
        "CVE-2024-1234",
        "T1566.001",
        "Telegram ",
        "username ",
        "@jo_1",
        "0x",
        "bc1q",
        "d41d8cd98f00b204e9800998ecf8427e",
        "\u{200B}",
        "\u{FEFF}",
        "\u{2013}",
        "é",
        "=\r\n",
        "\u{430}",
        "\u{41E}7",
        "\u{FE0F}\u{20E3}",
        "\u{661}",
        "oh double seven ",
        " then ",
        "zero nine ",
        "₦",
        " seller ",
        "漢字",
        "🙂",
        "\u{A0}",
        "ＡＢＣ",
        "İ",
        "ß",
        "\u{301}",
        "\n",
        "\t",
        "'",
        "\"",
        "1",
        "0",
        "a",
    ];
    prop_oneof![
        4 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => "[0-9]{1,12}",
        1 => "[a-zA-Z0-9._-]{1,20}",
        1 => any::<char>().prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    let found = extract(text);
    prop_assert_eq!(&found, &extract(text));
    let mut last = 0;
    for observable in &found {
        prop_assert_eq!(
            text.get(observable.start..observable.end),
            Some(observable.raw)
        );
        prop_assert!(observable.start < observable.end);
        prop_assert!(observable.start >= last, "in order");
        last = observable.start;
        let again = normalise(observable.kind, &observable.value);
        prop_assert_eq!(
            again.as_deref(),
            Some(observable.value.as_str()),
            "{}",
            observable.kind
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn offsets_are_right_and_values_are_their_own_canonical_form(text in text()) {
        holds(&text)?;
    }

    #[test]
    fn any_string_is_survived(text in any::<String>()) {
        holds(&text)?;
    }

    #[test]
    fn normalising_is_idempotent(field in text(), kind in prop::sample::select(Kind::ALL.to_vec())) {
        if let Some(value) = normalise(kind, &field) {
            prop_assert_eq!(normalise(kind, &value), Some(value));
        }
    }
}
