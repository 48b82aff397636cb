//! UK bank accounts: a six-digit sort code and an eight-digit account number, in either order.
//!
//! Neither number has a form of its own, so words decide: two numbers side by side, or an account
//! or sort code word near them. A sort code without an account number is reported as such; an
//! account number alone is not, because it identifies nothing.

use std::sync::Arc;

use compact_str::CompactString;

use super::modulus::Modulus;
use crate::cue::{Cue, CueSet};
use crate::family::{Bytes, Family, Find, Finds, Pair, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, CueAt, Mark, Scan};

/// See [`standing`].
const STANDING: &[Pair] = &[
    (Bytes::of(b".-/+$\xA3\xAC").not(), Bytes::ANY),
    (Bytes::of(b".-/+"), Bytes::WORD.not()),
];

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::UkBankAccount, Kind::SortCode],
    wakes_on: &[
        Wake::on(Mark::Digits).long(6, 6).before(STANDING),
        Wake::on(Mark::Digits).long(8, 8).before(STANDING),
        // In pairs, and in groups of four.
        Wake::on(Mark::Digits)
            .long(2, 2)
            .before(STANDING)
            .behind(&[(Bytes::of(b"- ./"), Bytes::DIGIT)]),
        Wake::on(Mark::Digits)
            .long(4, 4)
            .before(STANDING)
            .behind(&[(Bytes::of(b" -"), Bytes::DIGIT)]),
    ],
    find,
    normalise,
};

/// How many bytes may lie between a sort code and its account number.
const APART: usize = 110;
/// How far words of banking reach.
const NEAR: usize = 70;
const BANKING: CueSet = CueSet::of(&[Cue::Account, Cue::Payee]);

/// Whether a cue names an account or a sort code: `sort` does when a code or a number follows.
fn names(scan: &Scan<'_>, cue: &CueAt) -> bool {
    cue.cues.has(Cue::Account) || cue.cues.has(Cue::Sort) && sorts(scan, cue)
}

/// "Sort the boxes" is about no bank.
fn sorts(scan: &Scan<'_>, cue: &CueAt) -> bool {
    let behind = &scan.bytes[cue.end..];
    let gap = behind
        .iter()
        .take(4)
        .take_while(|byte| b" \t\n\r-_:=.".contains(byte))
        .count();
    let next = behind.get(gap).copied().unwrap_or(b' ');
    cue.end - cue.start != 4
        || next.is_ascii_digit()
        || matches!(next | 0x20, b'c' | b'k' | b'n' | b'i' | b'w' | b'|' | b'\t')
        || b"|,;/()".contains(&next)
}

/// Whether words of banking lead to `at`.
fn banking(scan: &Scan<'_>, at: usize) -> bool {
    scan.cues_in(at.saturating_sub(NEAR), at)
        .any(|cue| cue.cues.any(BANKING) || names(scan, cue))
}

/// One half of an account as it stands in the text.
#[derive(Clone, Copy, Debug)]
struct Half {
    start: usize,
    end: usize,
    number: [u8; 8],
    /// Written in pairs (`20-00-00`), which only sort codes and dates are.
    paired: bool,
}

/// Halves that may still find their other half further on.
#[derive(Default)]
pub(crate) struct Waiting {
    sort_code: Option<Half>,
    account: Option<Half>,
    /// The last sort code that found an account, and where the pair ended: a second account may
    /// follow it.
    matched: Option<(Half, usize)>,
    /// Everything before here has been read as a half already.
    read_to: usize,
    /// What says whether two halves can belong together, where the caller has it.
    pub(crate) modulus: Option<Arc<Modulus>>,
}

impl Waiting {
    /// Forgets the text before.
    pub(crate) fn start(&mut self) {
        *self = Waiting {
            modulus: self.modulus.take(),
            ..Waiting::default()
        };
    }

    fn allows(&self, code: &Half, account: &Half) -> bool {
        let [a, b, c, d, e, f, ..] = code.number;
        self.modulus
            .as_ref()
            .is_none_or(|modulus| modulus.allows(&[a, b, c, d, e, f], &account.number))
    }
}

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let taken = anchor.start < finds.numbers_read_to;
    if taken || anchor.start < finds.bank.read_to || !standing(scan, anchor.start) {
        return;
    }
    if let Some(half) = sort_code_at(scan, anchor) {
        finds.bank.read_to = half.end;
        sort_code(scan, half, finds);
    } else if let Some(half) = account_at(scan, anchor) {
        finds.bank.read_to = half.end;
        if !paper(scan, &half) {
            account(scan, half, finds);
        }
    }
}

/// Whether a number may start here: not inside a longer one, a price, a decimal or a path.
fn standing(scan: &Scan<'_>, start: usize) -> bool {
    let joined = matches!(scan.before(start), b'.' | b'-' | b'/' | b'+')
        && start >= 2
        && scan.bytes[start - 2].is_ascii_alphanumeric();
    scan.opens(start) && !joined && !matches!(scan.before(start), b'$' | 0xA3 | 0xAC)
}

/// Whether the nearest word before calls the number an invoice's, an order's or a reference.
fn paper(scan: &Scan<'_>, half: &Half) -> bool {
    const DECIDES: CueSet = CueSet::of(&[Cue::Account, Cue::Reference, Cue::Payee]);
    scan.cues_in(half.start.saturating_sub(26), half.start)
        .rfind(|cue| cue.cues.any(DECIDES))
        .is_some_and(|cue| cue.cues.has(Cue::Reference))
}

/// Six digits: together, or in pairs parted by one and the same character.
fn sort_code_at(scan: &Scan<'_>, anchor: &Anchor) -> Option<Half> {
    let bytes = scan.bytes;
    let start = anchor.start;
    let mut number = [0; 8];
    let (end, paired) = match anchor.end - start {
        6 => {
            number[..6].copy_from_slice(&bytes[start..start + 6]);
            (anchor.end, false)
        }
        2 => {
            let separator = scan.byte(start + 2);
            let written = bytes.get(start..start + 8)?;
            let pairs = [(0, 0), (3, 2), (6, 4)];
            for (at, to) in pairs {
                number[to..to + 2].copy_from_slice(&written[at..at + 2]);
            }
            let same = written[2] == separator && written[5] == separator;
            if !matches!(separator, b'-' | b' ' | b'.' | b'/') || !same {
                return None;
            }
            (start + 8, separator == b'-')
        }
        _ => return None,
    };
    let continues = matches!(scan.byte(end), b'-' | b'.') && scan.byte(end + 1).is_ascii_digit();
    let digits = number[..6].iter().all(u8::is_ascii_digit);
    (digits && scan.closes(end) && !continues).then_some(Half {
        start,
        end,
        number,
        paired,
    })
}

/// Eight digits: together, or two groups of four.
fn account_at(scan: &Scan<'_>, anchor: &Anchor) -> Option<Half> {
    let start = anchor.start;
    let mut number = [0; 8];
    let end = match anchor.end - start {
        8 => {
            number.copy_from_slice(&scan.bytes[start..anchor.end]);
            anchor.end
        }
        4 => {
            let written = scan.bytes.get(start..start + 9)?;
            number[..4].copy_from_slice(&written[..4]);
            number[4..].copy_from_slice(&written[5..]);
            if !matches!(written[4], b' ' | b'-') {
                return None;
            }
            start + 9
        }
        _ => return None,
    };
    let group_follows = matches!(scan.byte(end), b' ' | b'-')
        && anchor.end - start == 4
        && scan.byte(end + 1).is_ascii_digit()
        && scan.byte(end + 4).is_ascii_digit();
    let digits = number.iter().all(u8::is_ascii_digit);
    (digits && scan.closes(end) && !group_follows).then_some(Half {
        start,
        end,
        number,
        paired: false,
    })
}

fn sort_code(scan: &Scan<'_>, half: Half, finds: &mut Finds) {
    if let Some(account) = finds.bank.account.take()
        && belong(scan, &account, &half, half.paired)
        && finds.bank.allows(&half, &account)
    {
        finds.list.push(pair(&half, &account));
        finds.bank.matched = Some((half, half.end));
        return;
    }
    alone(scan, finds);
    finds.bank.sort_code = Some(half);
}

fn account(scan: &Scan<'_>, half: Half, finds: &mut Finds) {
    if let Some(code) = finds.bank.sort_code.take() {
        if belong(scan, &code, &half, code.paired) && finds.bank.allows(&code, &half) {
            finds.list.push(pair(&code, &half));
            finds.bank.matched = Some((code, half.end));
            return;
        }
        finds.bank.sort_code = Some(code);
        alone(scan, finds);
    }
    // "sort code 20-00-00, accounts 12345678 and 87654321"
    if let Some((code, end)) = finds.bank.matched
        && half.start - end <= 12
        && matches!(
            scan.text[end..half.start].trim(),
            "and" | "&" | "," | "/" | "or" | ", and"
        )
        && finds.bank.allows(&code, &half)
    {
        let value = value(&code, &half);
        finds.push(Kind::UkBankAccount, half.start, half.end, value);
        finds.bank.matched = Some((code, half.end));
        return;
    }
    finds.bank.account = Some(half);
}

/// Whether two numbers that follow each other are the halves of one account.
fn belong(scan: &Scan<'_>, first: &Half, second: &Half, paired: bool) -> bool {
    let gap = second.start - first.end;
    if gap > APART
        || scan.bytes[first.end..second.start]
            .iter()
            .any(u8::is_ascii_digit)
    {
        return false;
    }
    let side_by_side = scan.bytes[first.end..second.start]
        .iter()
        .all(|byte| b" /,:;-|\t\n\r&".contains(byte));
    let named_between = scan
        .cues_in(first.end, second.start)
        .any(|cue| names(scan, cue));
    let named_behind = scan
        .cues_in(second.end, second.end + 30)
        .any(|cue| names(scan, cue));
    let near = named_behind || banking(scan, first.start);
    side_by_side && gap <= 5 && (paired || near)
        || named_between && (paired || near || gap <= 40)
        || paired && near
}

fn value(code: &Half, account: &Half) -> CompactString {
    let mut value = [b':'; 15];
    value[..6].copy_from_slice(&code.number[..6]);
    value[7..].copy_from_slice(&account.number);
    std::str::from_utf8(&value).unwrap_or_default().into()
}

fn pair(code: &Half, account: &Half) -> Find {
    let (start, end) = (code.start.min(account.start), code.end.max(account.end));
    Find::new(Kind::UkBankAccount, start, end, value(code, account))
}

fn dashed(number: &[u8]) -> CompactString {
    let digit = |at: usize| char::from(number[at]);
    let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(digit);
    [a, b, '-', c, d, '-', e, f].into_iter().collect()
}

/// Reports the waiting sort code by itself when words call it one.
fn alone(scan: &Scan<'_>, finds: &mut Finds) {
    let Some(half) = finds.bank.sort_code.take() else {
        return;
    };
    const OTHER: CueSet = CueSet::of(&[Cue::Sort, Cue::Reference]);
    let led = scan
        .cues_in(half.start.saturating_sub(48), half.start)
        .rfind(|cue| cue.cues.any(OTHER))
        .is_some_and(|cue| cue.cues.has(Cue::Sort) && sorts(scan, cue));
    let behind = scan.distance_after(half.end, 14, Cue::Sort.set()).is_some();
    let sort = led || behind;
    if sort {
        finds.push(Kind::SortCode, half.start, half.end, dashed(&half.number));
    }
}

/// Settles what still waits at the end of the text.
pub(crate) fn finish(scan: &Scan<'_>, finds: &mut Finds) {
    alone(scan, finds);
}

fn normalise(kind: Kind, field: &str) -> Option<String> {
    let digits: Vec<u8> = field.bytes().filter(u8::is_ascii_digit).collect();
    let words = field
        .bytes()
        .any(|byte| !byte.is_ascii_digit() && !b" -:/,.|".contains(&byte));
    match (kind, digits.len()) {
        (Kind::SortCode, 6) if !words => Some(dashed(&digits).into()),
        (Kind::UkBankAccount, 14) if !words => {
            // Account first, if the groups say so: the first run is then eight digits long.
            let first = field.bytes().take_while(u8::is_ascii_digit).count();
            let (code, account) = if first == 8 {
                (&digits[8..], &digits[..8])
            } else {
                (&digits[..6], &digits[6..])
            };
            let all = code.iter().chain(b":").chain(account);
            Some(all.map(|byte| char::from(*byte)).collect())
        }
        (Kind::UkBankAccount, 14) => crate::extract(field)
            .into_iter()
            .find(|found| found.kind == Kind::UkBankAccount)
            .map(|found| found.value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Date, SortCode, UkBankAccount};
    use crate::kinds::check;
    use crate::{Kind, normalise};

    #[test]
    fn accounts_in_their_shapes_and_orders() {
        for text in [
            "sort code 20-00-00 account 12345678",
            "acc no: 12345678 s/c 200000",
            "20-00-00 / 12345678",
            "sort code: 20 00 00, account number: 1234 5678",
            "Sort Code - 200000\nAccount Name: J Smith\nAccount Number - 12345678",
            "I sent it to account 12345678, sort code 20-00-00.",
            "paid into his Barclays 200000 12345678",
            "A/C 12345678 (sort 20.00.00)",
            "bank details were 20\u{2013}00\u{2013}00 12345678",
        ] {
            check(text, &[(UkBankAccount, "200000:12345678")]);
        }
        check(
            "sort code 20-00-00, accounts 12345678 and 87654321",
            &[
                (UkBankAccount, "200000:12345678"),
                (UkBankAccount, "200000:87654321"),
            ],
        );
    }

    #[test]
    fn one_account_after_another() {
        let twice = [
            (UkBankAccount, "200000:12345678"),
            (UkBankAccount, "309950:87654321"),
        ];
        check(
            "sort code 20-00-00 account 12345678\naccount number is 87654321 and sort code 30-99-50",
            &twice,
        );
    }

    #[test]
    fn sort_codes_alone() {
        check("the sort code was 04-00-75", &[(SortCode, "04-00-75")]);
        check("sort code 309950", &[(SortCode, "30-99-50")]);
    }

    #[test]
    fn numbers_that_are_neither() {
        check("my code was 123456 and the ref 12345678", &[]);
        check("account 12345678", &[]);
        check("on 20-01-24 they rang", &[(Date, "2024-01-20")]);
        check("item 200000 at 12345678", &[]);
    }

    #[test]
    fn fields() {
        assert_eq!(
            normalise(Kind::SortCode, "200000").as_deref(),
            Some("20-00-00")
        );
        assert_eq!(
            normalise(Kind::UkBankAccount, "20-00-00 12345678").as_deref(),
            Some("200000:12345678")
        );
        assert_eq!(
            normalise(Kind::UkBankAccount, "12345678 20-00-00").as_deref(),
            Some("200000:12345678")
        );
        assert_eq!(normalise(Kind::SortCode, "20000"), None);
    }
}
