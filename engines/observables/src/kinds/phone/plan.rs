//! The numbering plans of all countries: libphonenumber's metadata, written down by the build
//! script. An expression is read when a number first asks for it, so that a text without numbers
//! from abroad pays for Great Britain alone.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

/// The numbers behind one country code.
struct Plan {
    code: u16,
    /// The country that the code mainly serves comes first.
    regions: &'static [Region],
}

/// A country, or one of several that share a code.
struct Region {
    /// How national numbers of this region begin, where that tells it from others of the code.
    leading: Option<&'static str>,
    /// The expression of what callers in the country dial before a national number.
    prefix: Option<&'static str>,
    /// Of each type of number the lengths it may have, as bits, and its expression.
    types: &'static [(u32, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/plans.rs"));

/// E.164 allows fifteen digits in all.
const LENGTHS: usize = 16;

/// The expressions of a region that were read so far.
#[derive(Default)]
struct Read {
    leading: OnceLock<Option<Regex>>,
    prefix: OnceLock<Option<Regex>>,
    /// All types together, for each length of a national number.
    lengths: [OnceLock<Option<Regex>>; LENGTHS],
}

static READ: LazyLock<Vec<Vec<Read>>> = LazyLock::new(|| {
    let regions = |plan: &Plan| plan.regions.iter().map(|_| Read::default()).collect();
    PLANS.iter().map(regions).collect()
});

/// A plan and the expressions read of it.
#[derive(Clone, Copy)]
pub(super) struct Country {
    plan: &'static Plan,
    read: &'static [Read],
}

impl Country {
    /// The country with this code.
    pub(super) fn of(code: u16) -> Option<Self> {
        let at = PLANS.binary_search_by_key(&code, |plan| plan.code).ok()?;
        Some(Country {
            plan: PLANS.get(at)?,
            read: READ.get(at)?,
        })
    }

    /// The country whose code begins `digits`, and the digits behind it. No code begins another.
    pub(super) fn leading(digits: &str) -> Option<(Self, &str)> {
        (1..=3).find_map(|width| {
            let (code, national) = digits.split_at_checked(width)?;
            Some((Self::of(code.parse().ok()?)?, national))
        })
    }

    /// Its country code.
    pub(super) fn code(self) -> u16 {
        self.plan.code
    }

    /// The national number that `digits` stand for, if they are a valid one: as they are, or
    /// without the prefix for callers at home, which many write behind the country code too.
    pub(super) fn national(self, digits: &str) -> Option<&str> {
        if self.holds(digits) {
            return Some(digits);
        }
        self.regions().find_map(|(region, read)| {
            let prefix = region.prefix?;
            let prefix = read.prefix.get_or_init(|| regex(&format!("^(?:{prefix})")));
            let dialled = prefix.as_ref()?.find(digits.as_bytes())?;
            let bare = digits.get(dialled.end()..)?;
            self.holds(bare).then_some(bare)
        })
    }

    fn regions(self) -> impl Iterator<Item = (&'static Region, &'static Read)> {
        self.plan.regions.iter().zip(self.read)
    }

    /// Whether the digits are a valid national number. The first region that claims how they begin
    /// decides; one that claims nothing takes what is of one of its types.
    pub(super) fn holds(self, national: &str) -> bool {
        for (region, read) in self.regions() {
            if let Some(leading) = region.leading {
                let leading = read
                    .leading
                    .get_or_init(|| regex(&format!("^(?:{leading})")));
                if leading
                    .as_ref()
                    .is_some_and(|leading| leading.is_match(national.as_bytes()))
                {
                    return region.holds(read, national);
                }
            } else if region.holds(read, national) {
                return true;
            }
        }
        false
    }
}

impl Region {
    fn holds(&self, read: &Read, national: &str) -> bool {
        let length = national.len();
        let Some(of_length) = read.lengths.get(length) else {
            return false;
        };
        let regex = of_length.get_or_init(|| {
            let types = self.types.iter();
            let fitting: Vec<&str> = types
                .filter(|(lengths, _)| lengths >> length & 1 == 1)
                .map(|(_, pattern)| *pattern)
                .collect();
            let any = format!("^(?:{})$", fitting.join("|"));
            (!fitting.is_empty()).then(|| regex(&any)).flatten()
        });
        regex
            .as_ref()
            .is_some_and(|regex| regex.is_match(national.as_bytes()))
    }
}

/// An expression over ASCII. The build script wrote it, and a test reads them all.
fn regex(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).build().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_expression_can_be_read() {
        assert!(PLANS.is_sorted_by_key(|plan| plan.code));
        for region in PLANS.iter().flat_map(|plan| plan.regions) {
            let types = region.types.iter().map(|(_, pattern)| *pattern);
            for pattern in types.chain(region.leading).chain(region.prefix) {
                assert!(regex(pattern).is_some(), "{pattern}");
            }
        }
    }

    /// What the library says of a number with its country code.
    fn library(digits: &str) -> Option<String> {
        let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
        let e164 = || number.format().mode(phonenumber::Mode::E164).to_string();
        number.is_valid().then(e164)
    }

    /// Whether an expression of the metadata holds the whole number. The library is content with
    /// the beginning of it, where a type has numbers of several lengths.
    fn whole(digits: &str) -> bool {
        let Some((country, national)) = Country::leading(digits) else {
            return false;
        };
        let regions = phonenumber::metadata::DATABASE
            .by_code(&country.code())
            .unwrap_or_default();
        regions.iter().any(|region| {
            let all = region.descriptors();
            let pattern = all.general().national_number().as_str();
            let types = [all.fixed_line(), all.mobile(), all.toll_free(), all.voip()];
            let more = [
                all.premium_rate(),
                all.shared_cost(),
                all.pager(),
                all.uan(),
            ];
            let rest = [all.personal_number(), all.voicemail()];
            let types = types.into_iter().chain(more).chain(rest).flatten();
            let mut patterns = types.map(|one| one.national_number().as_str());
            let holds = |pattern: &str| {
                let whole = regex::Regex::new(&format!("(?x)^(?:{pattern})$")).unwrap();
                whole.is_match(national)
            };
            holds(pattern) && patterns.any(holds)
        })
    }

    fn ours(digits: &str) -> Option<String> {
        let (country, national) = Country::leading(digits)?;
        let national = country.national(national)?;
        Some(format!("+{}{national}", country.code()))
    }

    /// Numbers around the examples of the metadata: a few digits changed, dropped or added.
    fn near_examples() -> impl Strategy<Value = String> {
        let mut examples = Vec::new();
        for plan in PLANS {
            for region in phonenumber::metadata::DATABASE
                .by_code(&plan.code)
                .unwrap_or_default()
            {
                let all = region.descriptors();
                let some = [all.fixed_line(), all.mobile(), all.toll_free(), all.voip()];
                for example in some.iter().flatten().filter_map(|one| one.example()) {
                    examples.push(format!("{}{example}", plan.code));
                }
            }
        }
        let changes = prop::collection::vec((1usize..14, 0u8..10), 0..4);
        (prop::sample::select(examples), changes, -1isize..2).prop_map(
            |(example, changes, more)| {
                let mut digits = example.into_bytes();
                for (at, digit) in changes {
                    if let Some(place) = digits.get_mut(at) {
                        *place = b'0' + digit;
                    }
                }
                let length = digits.len().saturating_add_signed(more);
                digits.resize(length, b'7');
                String::from_utf8(digits).unwrap()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// Where the library finds a whole number, we find the same one. It takes the prefix off
        /// numbers that are valid with it, too, and may then refuse them; we do not.
        #[test]
        fn what_the_library_finds_is_found(digits in near_examples()) {
            let prefixed = |(country, national): (Country, &str)| {
                let mut prefixes = country.plan.regions.iter().filter_map(|region| region.prefix);
                prefixes.any(|prefix| {
                    regex(&format!("^(?:{prefix})")).unwrap().is_match(national.as_bytes())
                })
            };
            match (library(&digits), ours(&digits)) {
                (Some(_), None) => prop_assert!(!whole(&digits), "{digits} is a number"),
                (Some(library), ours) => {
                    let same = ours.as_deref() == Some(library.as_str());
                    let longer = ours.as_ref().is_some_and(|ours| ours[1..] == digits);
                    prop_assert!(same || longer, "{digits}: {library}, {ours:?}");
                }
                (None, Some(ours)) => {
                    prop_assert!(Country::leading(&digits).is_some_and(prefixed), "{digits}: {ours}");
                }
                (None, None) => {}
            }
        }
    }
}
