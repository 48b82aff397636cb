//! What goes wrong between a person and a record of them: under the fingers, in the ear, under a
//! scanner.

use crate::chance::Chance;

const KEYS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Spellings that sound alike; either may be written for the other.
#[rustfmt::skip]
const SOUNDS: [(&str, &str); 30] = [
    ("ph", "f"), ("ie", "ei"), ("ck", "k"), ("c", "k"), ("y", "i"), ("ee", "ea"), ("ai", "ay"),
    ("oo", "ou"), ("ll", "l"), ("nn", "n"), ("tt", "t"), ("ss", "s"), ("mm", "m"), ("rr", "r"),
    ("gh", "g"), ("wh", "w"), ("sh", "sch"), ("z", "s"), ("th", "t"), ("ou", "ow"), ("er", "or"),
    ("an", "en"), ("on", "en"), ("a", "e"), ("o", "u"), ("j", "g"), ("v", "w"), ("ks", "x"),
    ("ey", "y"), ("au", "or"),
];

/// Shapes a scanner takes for one another.
#[rustfmt::skip]
const SHAPES: [(&str, &str); 12] = [
    ("rn", "m"), ("cl", "d"), ("vv", "w"), ("l", "1"), ("i", "l"), ("o", "0"), ("h", "b"),
    ("e", "c"), ("s", "5"), ("n", "ri"), ("u", "n"), ("f", "t"),
];

/// Names that are written more than one way.
#[rustfmt::skip]
const SPELLINGS: [&[&str]; 38] = [
    &["Mohammed", "Muhammad", "Mohammad", "Mohamed"], &["Ahmed", "Ahmad"],
    &["Hussain", "Hussein", "Husain"], &["Hassan", "Hasan"], &["Yusuf", "Yousef", "Yousuf"],
    &["Ayesha", "Aisha", "Aysha"], &["Fatima", "Fatema", "Fatimah"], &["Maryam", "Mariam"],
    &["Chowdhury", "Choudhury", "Chaudhry"], &["Choudhry", "Chaudhry"], &["Rahman", "Rehman"],
    &["Shaikh", "Sheikh"], &["Sarah", "Sara"], &["Stephen", "Steven"],
    &["Catherine", "Katherine", "Kathryn"], &["Clark", "Clarke"], &["Reid", "Reed", "Read"],
    &["Stewart", "Stuart"], &["Thompson", "Thomson"], &["Davies", "Davis"],
    &["Brown", "Browne"], &["Phillips", "Philips"], &["Philip", "Phillip"], &["Ann", "Anne"],
    &["Claire", "Clare"], &["Geoffrey", "Jeffrey"], &["Graham", "Graeme"], &["Lee", "Leigh"],
    &["Allen", "Allan", "Alan"], &["Hannah", "Hanna"], &["Rebecca", "Rebekah"],
    &["Tracey", "Tracy"], &["Sean", "Shaun", "Shawn"], &["Lesley", "Leslie"],
    &["MacDonald", "McDonald"], &["Moore", "More"], &["Smith", "Smyth"], &["Wong", "Wang"],
];

/// A slip of any kind in a name or an address. The same text only when it is too short to spoil.
pub(super) fn slip(text: &str, chance: &mut Chance) -> String {
    for _ in 0..4 {
        let slipped = match chance.below(20) {
            0..11 => mistyped(text, chance),
            11..17 => swapped_pair(text, &SOUNDS, chance),
            _ => swapped_pair(text, &SHAPES, chance),
        };
        if slipped != text && !slipped.is_empty() {
            return slipped;
        }
    }
    text.to_owned()
}

/// Another accepted spelling of a name.
pub(super) fn other_spelling(name: &str, chance: &mut Chance) -> Option<&'static str> {
    let ways = SPELLINGS.iter().find(|ways| ways.contains(&name))?;
    let others: Vec<&'static str> = ways.iter().copied().filter(|way| *way != name).collect();
    Some(chance.pick(&others))
}

/// One key too many, too few, wrong or out of turn.
pub(super) fn mistyped(text: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 2 {
        return text.to_owned();
    }
    // The first letter is what people look at longest.
    let at = chance.index(letters.len() - 1) + usize::from(!chance.yes(0.1));
    match chance.below(10) {
        0..2 => letters.insert(at, neighbour(letters[at], chance)),
        2..5 => {
            letters.remove(at);
        }
        5..8 => letters[at] = neighbour(letters[at], chance),
        _ => {
            let other = if at + 1 < letters.len() {
                at + 1
            } else {
                at - 1
            };
            letters.swap(at, other);
        }
    }
    recased(text, &letters.into_iter().collect::<String>())
}

/// One digit wrong, or two changed about.
pub(super) fn digit_slip(text: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let digits: Vec<usize> = (0..letters.len())
        .filter(|at| letters[*at].is_ascii_digit())
        .collect();
    if digits.len() < 2 {
        return text.to_owned();
    }
    let nth = chance.index(digits.len() - 1);
    let (at, next) = (digits[nth], digits[nth + 1]);
    if chance.yes(0.35) && letters[at] != letters[next] {
        letters.swap(at, next);
    } else {
        let old = letters[next];
        let near = neighbour(old, chance);
        letters[next] = if near.is_ascii_digit() { near } else { '0' };
        if letters[next] == old {
            letters[next] = '9';
        }
    }
    letters.into_iter().collect()
}

/// A key beside this one; the same character where the keyboard has none.
fn neighbour(key: char, chance: &mut Chance) -> char {
    let low = key.to_ascii_lowercase();
    let Some((row, at)) = KEYS
        .iter()
        .enumerate()
        .find_map(|(row, keys)| keys.find(low).map(|at| (row, at)))
    else {
        return key;
    };
    let mut near: Vec<char> = Vec::with_capacity(4);
    near.extend(
        at.checked_sub(1)
            .and_then(|left| KEYS[row].chars().nth(left)),
    );
    near.extend(KEYS[row].chars().nth(at + 1));
    // Digits are beside digits only: a letter among them would be seen.
    if row > 1 {
        near.extend(KEYS[row - 1].chars().nth(at));
    }
    if (1..3).contains(&row) {
        near.extend(KEYS[row + 1].chars().nth(at));
    }
    let found = chance.pick(&near);
    if key.is_uppercase() {
        found.to_ascii_uppercase()
    } else {
        found
    }
}

/// One occurrence of one member of a pair replaced by the other.
fn swapped_pair(text: &str, pairs: &[(&str, &str)], chance: &mut Chance) -> String {
    let low = text.to_ascii_lowercase();
    let start = chance.index(pairs.len());
    let turned = chance.yes(0.5);
    for nth in 0..pairs.len() {
        let (one, other) = pairs[(start + nth) % pairs.len()];
        let (from, to) = if turned { (other, one) } else { (one, other) };
        let places: Vec<usize> = low.match_indices(from).map(|(at, _)| at).collect();
        if places.is_empty() {
            continue;
        }
        let at = chance.pick(&places);
        let spoilt = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
        return recased(text, &spoilt);
    }
    text.to_owned()
}

/// The text with a capital first when the other has one.
fn recased(like: &str, text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if like.starts_with(char::is_uppercase) => {
            let rest: String = letters.collect();
            // Two letters changed about at the front: the capital stays in front.
            let rest = match (like.chars().nth(1), rest.chars().next()) {
                (Some(second), Some(now)) if second.is_lowercase() && now.is_uppercase() => {
                    now.to_lowercase().chain(rest.chars().skip(1)).collect()
                }
                _ => rest,
            };
            first.to_uppercase().chain(rest.chars()).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Stream;

    fn chance(index: u64) -> Chance {
        Chance::new(5, Stream::Entry, index)
    }

    #[test]
    fn a_slip_changes_little() {
        let mut changed = 0;
        for index in 0..2_000 {
            let mut chance = chance(index);
            let name = chance.pick(&["Margaret", "O'Brien", "Wójcik", "Smith", "Khan", "Ng"]);
            let slipped = slip(name, &mut chance);
            changed += usize::from(slipped != name);
            let (old, new) = (name.chars().count(), slipped.chars().count());
            assert!(old.abs_diff(new) <= 2, "{name} {slipped}");
            assert!(
                slipped.starts_with(|c: char| !c.is_lowercase()),
                "{slipped}"
            );
        }
        assert!(changed > 1_950, "{changed}");
    }

    #[test]
    fn sounds_and_shapes_are_swapped() {
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..400 {
            seen.insert(swapped_pair("Stephen", &SOUNDS, &mut chance(index)));
            seen.insert(swapped_pair("Arnold", &SHAPES, &mut chance(index)));
        }
        for wanted in ["Stefen", "Amold", "Arno1d"] {
            assert!(seen.contains(wanted), "{wanted}: {seen:?}");
        }
    }

    #[test]
    fn digits_stay_digits() {
        for index in 0..500 {
            let slipped = digit_slip("1984-03-27", &mut chance(index));
            assert_ne!(slipped, "1984-03-27");
            assert_eq!(slipped.len(), 10);
            assert!(slipped.chars().all(|c| c.is_ascii_digit() || c == '-'));
        }
    }

    #[test]
    fn another_spelling_is_another() {
        for name in ["Mohammed", "Clark", "Steven"] {
            assert_ne!(other_spelling(name, &mut chance(1)), Some(name));
            assert!(other_spelling(name, &mut chance(1)).is_some());
        }
        assert_eq!(other_spelling("Beata", &mut chance(1)), None);
    }
}
