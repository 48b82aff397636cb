//! How alike two normal forms are. Every function is symmetric.

/// Jaro-Winkler similarity, 0 to 1, prefix weight 0.1 over at most four letters (Winkler, "String
/// Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model", 1990).
///
/// What is sure to lie below `floor` is given as 0, unmeasured: most pairs are far apart.
pub(crate) fn jaro_winkler(a: &str, b: &str, floor: f64) -> f64 {
    use rapidfuzz::distance::jaro_winkler::similarity;
    // Jaro pairs letters greedily from its first argument and can differ by direction: fix one.
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    if !a.is_ascii() || !b.is_ascii() {
        return similarity(a.chars(), b.chars());
    }
    if most_alike(a.as_bytes(), b.as_bytes()) < floor {
        return 0.0;
    }
    similarity(a.bytes(), b.bytes())
}

/// A figure that Jaro-Winkler cannot exceed, from which letters occur in both.
fn most_alike(a: &[u8], b: &[u8]) -> f64 {
    // Six bits of a letter tell it from others well enough: a clash only raises the figure.
    let letters = |text: &[u8]| {
        text.iter()
            .fold(0_u64, |set, letter| set | 1 << (letter & 63))
    };
    let within = |text: &[u8], set: u64| {
        text.iter()
            .map(|letter| set >> (letter & 63) & 1)
            .sum::<u64>() as f64
    };
    let matching = within(a, letters(b)).min(within(b, letters(a)));
    if matching == 0.0 {
        return 0.0;
    }
    let jaro = (matching / a.len() as f64 + matching / b.len() as f64 + 1.0) / 3.0;
    let prefix = a.iter().zip(b).take(4).take_while(|(a, b)| a == b).count() as f64;
    // The margin covers rounding, here and there.
    jaro + prefix * 0.1 * (1.0 - jaro) + 1e-9
}

/// Of all the words in either, the share that is in both. Both slices ascend.
pub(crate) fn shared_words(a: &[u64], b: &[u64]) -> f64 {
    let both = common(a, b);
    let either = a.len() + b.len() - both;
    if either == 0 {
        0.0
    } else {
        both as f64 / either as f64
    }
}

/// How many elements two ascending slices have in common.
pub(crate) fn common(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
        }
    }
    both
}

/// Whether one slip of the finger turns one text into the other: one character replaced, or two
/// neighbours exchanged. Lengths are equal.
pub(crate) fn one_character_off(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut differing = (0..a.len()).filter(|at| a[*at] != b[*at]);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, _) => true,
        (Some(i), Some(j), None) => j == i + 1 && a[i] == b[j] && a[j] == b[i],
        _ => false,
    }
}

/// Soundex of the ASCII letters of a name: first letter and three digits, by the rules of the
/// United States National Archives (vowels part equal codes, H and W do not). `None` without an
/// ASCII letter.
pub(crate) fn soundex(name: &str) -> Option<[u8; 4]> {
    let code = |letter: u8| match letter {
        b'b' | b'f' | b'p' | b'v' => b'1',
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => b'2',
        b'd' | b't' => b'3',
        b'l' => b'4',
        b'm' | b'n' => b'5',
        b'r' => b'6',
        _ => 0,
    };
    let mut letters = name
        .bytes()
        .filter(u8::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase());
    let first = letters.next()?;
    let mut coded = [first, b'0', b'0', b'0'];
    let mut filled = 1;
    let mut last = code(first);
    for letter in letters {
        let digit = code(letter);
        if digit != 0 && digit != last {
            coded[filled] = digit;
            filled += 1;
            if filled == coded.len() {
                break;
            }
        }
        if !matches!(letter, b'h' | b'w') {
            last = digit;
        }
    }
    Some(coded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_floor_hides_only_what_lies_below_it(
            a in "[a-e ]{1,9}|[a-zé]{1,12}",
            b in "[a-e ]{1,9}|[a-zé]{1,12}",
            floor in 0.0..1.0,
        ) {
            let true_figure = jaro_winkler(&a, &b, 0.0);
            let found = jaro_winkler(&a, &b, floor);
            prop_assert!(found == true_figure || (found == 0.0 && true_figure < floor));
            prop_assert_eq!(found, jaro_winkler(&b, &a, floor));
        }
    }

    /// Examples of Winkler's paper, to the three places printed there.
    #[test]
    fn jaro_winkler_known_values() {
        for (a, b, expected) in [
            ("martha", "marhta", 0.961),
            ("dwayne", "duane", 0.840),
            ("dixon", "dicksonx", 0.813),
            ("abroms", "abrams", 0.922),
            ("hardin", "martinez", 0.722),
            ("same", "same", 1.0),
            ("abc", "xyz", 0.0),
        ] {
            let found = jaro_winkler(a, b, 0.0);
            assert!((found - expected).abs() < 0.000_6, "{a} {b}: {found}");
        }
        assert!(jaro_winkler("łukasz", "łukas", 0.9) > 0.9);
    }

    /// Examples of the United States National Archives.
    #[test]
    fn soundex_known_values() {
        for (name, expected) in [
            ("Washington", "w252"),
            ("Lee", "l000"),
            ("Gutierrez", "g362"),
            ("Pfister", "p236"),
            ("Jackson", "j250"),
            ("Tymczak", "t522"),
            ("Ashcraft", "a261"),
            ("robert", "r163"),
            ("rupert", "r163"),
        ] {
            assert_eq!(soundex(name).unwrap(), expected.as_bytes(), "{name}");
        }
        assert_eq!(soundex("王"), None);
        assert_eq!(soundex(""), None);
    }

    #[test]
    fn one_slip_of_the_finger() {
        for (a, b, expected) in [
            ("1980-03-12", "1980-03-13", true),
            ("1980-03-12", "1980-03-21", true),
            ("1980-03-12", "1908-03-12", true),
            ("1980-03-12", "1980-03-12", false),
            ("1980-03-12", "1981-03-13", false),
            ("1980-03-12", "1980-3-12", false),
        ] {
            assert_eq!(one_character_off(a, b), expected, "{a} {b}");
            assert_eq!(one_character_off(b, a), expected, "{b} {a}");
        }
    }
}
