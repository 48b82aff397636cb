//! What an organisation is called, in normal form: for records of it, and for finding them.

/// Words that say how an organisation is set up and not what it is called.
const FORMS: [&str; 14] = [
    "ltd", "limited", "plc", "llp", "lp", "cic", "cio", "inc", "co", "company", "uk", "the", "and",
    "group",
];

/// A name in normal form: lower case, letters and figures only, without words of legal form. Two names
/// of one normal form are thought to be one until a postcode or a number tells them apart.
pub fn name_key(name: &str) -> String {
    let lower = name.to_lowercase().replace(['\'', '\u{2019}', '.'], "");
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    let telling: Vec<&str> = words
        .iter()
        .copied()
        .filter(|w| !FORMS.contains(w))
        .collect();
    // "The Company Limited" is called that.
    let kept = if telling.is_empty() { words } else { telling };
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_lose_what_says_nothing() {
        assert_eq!(name_key("Smith & Sons Ltd."), "smith sons");
        assert_eq!(name_key("SMITH AND SONS LIMITED"), "smith sons");
        assert_eq!(name_key("St. Mary\u{2019}s School"), "st marys school");
        assert_eq!(name_key("The Company Limited"), "the company limited");
        assert_eq!(name_key("  "), "");
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(name in "\\PC{0,60}") {
            let key = name_key(&name);
            prop_assert_eq!(name_key(&key), key.clone());
            prop_assert!(!key.contains(['%', '_', '\'']), "{}", key);
        }
    }
}
