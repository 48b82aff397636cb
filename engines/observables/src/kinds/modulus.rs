//! Modulus checks: whether an account number can belong to its sort code, by the rules and the
//! table that Vocalink publishes for UK banks ("Validating account numbers", with the data file
//! `valacdos.txt`). The table is not free to pass on, so the caller supplies it; without one, sort
//! codes and account numbers are held to their form alone.
//!
//! The fourteen digits of sort code and account number are called `u v w x y z a b c d e f g h`
//! there, and exceptions have numbers; both are kept here.

/// A weight table in Vocalink's format.
#[derive(Clone, Debug)]
pub struct Modulus {
    rows: Vec<Row>,
    /// Substitute sort codes of exception 5.
    substitutes: Vec<([u8; 6], [u8; 6])>,
}

/// A line of the table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct ModulusError {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// Sum of the products, modulo 10.
    Mod10,
    /// Sum of the products, modulo 11.
    Mod11,
    /// Sum of the digits of the products, modulo 10.
    Doubled,
}

#[derive(Clone, Debug)]
struct Row {
    from: [u8; 6],
    to: [u8; 6],
    method: Method,
    weights: [i32; 14],
    exception: u8,
}

/// Places of the fourteen digits that exceptions speak of.
const A: usize = 6;
const B: usize = 7;
const C: usize = 8;
const G: usize = 12;
const H: usize = 13;

impl Modulus {
    /// Reads the lines of `valacdos.txt`: first and last sort code, method, fourteen weights and,
    /// for some, the number of an exception. Lines of two sort codes, as in `scsubtab.txt`, are
    /// the substitutes of exception 5 and may follow in the same file.
    ///
    /// # Errors
    /// The first line that is neither, with its number.
    pub fn read(table: &str) -> Result<Self, ModulusError> {
        let mut modulus = Modulus {
            rows: Vec::new(),
            substitutes: Vec::new(),
        };
        for (at, line) in table.lines().enumerate() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let fault = |fault: &str| ModulusError {
                line: at + 1,
                fault: fault.to_owned(),
            };
            let code = |word: &str| {
                sort_code(word).ok_or_else(|| fault("a sort code of six digits is expected"))
            };
            match words.as_slice() {
                [] => {}
                [from, to] => modulus.substitutes.push((code(from)?, code(to)?)),
                [from, to, method, weights @ ..] if matches!(weights.len(), 14 | 15) => {
                    let method = match *method {
                        "MOD10" => Method::Mod10,
                        "MOD11" => Method::Mod11,
                        "DBLAL" => Method::Doubled,
                        _ => return Err(fault("MOD10, MOD11 or DBLAL is expected")),
                    };
                    let mut numbers = [0i32; 15];
                    for (to, from) in numbers.iter_mut().zip(weights) {
                        let number: i16 =
                            from.parse().map_err(|_| fault("a weight is no number"))?;
                        *to = i32::from(number);
                    }
                    let [weights @ .., exception] = numbers;
                    let exception = u8::try_from(exception)
                        .ok()
                        .filter(|exception| *exception <= 14)
                        .ok_or_else(|| fault("exceptions go from 1 to 14"))?;
                    modulus.rows.push(Row {
                        from: code(from)?,
                        to: code(to)?,
                        method,
                        weights,
                        exception,
                    });
                }
                _ => {
                    return Err(fault(
                        "two sort codes, a method and 14 weights are expected",
                    ));
                }
            }
        }
        // Ranges do not overlap but for the second row of the same range.
        modulus.rows.sort_by_key(|row| (row.from, row.to));
        Ok(modulus)
    }

    /// Whether the account number can belong to the sort code. A sort code that the table does
    /// not hold cannot be checked, and any account may belong to it.
    pub fn allows(&self, sort_code: &[u8; 6], account: &[u8; 8]) -> bool {
        let behind = self.rows.partition_point(|row| row.from <= *sort_code);
        let rows = &self.rows[behind.saturating_sub(2)..behind];
        let mut rows = rows.iter().filter(|row| row.to >= *sort_code);
        let Some(first) = rows.next() else {
            return true;
        };
        let digits = digits(sort_code, account);
        // Foreign currency accounts of exception 6 cannot be checked.
        if first.exception == 6 && (4..=8).contains(&digits[A]) && digits[G] == digits[H] {
            return true;
        }
        let passes = self.passes(first, digits);
        let Some(second) = rows.next() else {
            return passes || first.exception == 14 && shifted(first, digits);
        };
        match (first.exception, second.exception) {
            (2, 9) => {
                let other = sort_code_digits(b"309634", digits);
                passes || self.passes(second, other)
            }
            (10, 11) | (12, 13) => passes || self.passes(second, digits),
            (_, 3) if matches!(digits[C], 6 | 9) => passes,
            _ => passes && self.passes(second, digits),
        }
    }

    /// The same of an account in canonical form, `200000:12345678`. Anything else is no account
    /// that could be refused.
    pub fn allows_value(&self, value: &str) -> bool {
        let parts = value.split_once(':').and_then(|(code, account)| {
            let code: &[u8; 6] = code.as_bytes().try_into().ok()?;
            let account: &[u8; 8] = account.as_bytes().try_into().ok()?;
            Some((code, account))
        });
        let figures = |(code, account): &(&[u8; 6], &[u8; 8])| {
            code.iter().chain(account.iter()).all(u8::is_ascii_digit)
        };
        parts
            .filter(figures)
            .is_none_or(|(code, account)| self.allows(code, account))
    }

    /// One check, with what its exception changes about it.
    fn passes(&self, row: &Row, digits: [i32; 14]) -> bool {
        let mut weights = row.weights;
        let mut digits = digits;
        let mut added = 0;
        match row.exception {
            1 => added = 27,
            2 if digits[A] != 0 => {
                weights = if digits[G] == 9 {
                    [0, 0, 0, 0, 0, 0, 0, 0, 8, 7, 10, 9, 3, 1]
                } else {
                    [0, 0, 1, 2, 5, 3, 6, 4, 8, 7, 10, 9, 3, 1]
                };
            }
            5 => {
                let code: [u8; 6] = std::array::from_fn(|at| b'0' + digits[at] as u8);
                if let Some((_, other)) = self.substitutes.iter().find(|(own, _)| *own == code) {
                    digits = sort_code_digits(other, digits);
                }
            }
            7 if digits[G] == 9 => weights[..=B].fill(0),
            8 => digits = sort_code_digits(b"090126", digits),
            10 if matches!((digits[A], digits[B]), (0 | 9, 9)) && digits[G] == 9 => {
                weights[..=B].fill(0);
            }
            _ => {}
        }
        let total = added + total(row.method, &weights, &digits);
        match (row.exception, row.method) {
            (4, _) => total % 11 == 10 * digits[G] + digits[H],
            (5, Method::Mod11) => match total % 11 {
                0 => digits[G] == 0,
                1 => false,
                rest => 11 - rest == digits[G],
            },
            (5, _) => (10 - total % 10) % 10 == digits[H],
            (_, Method::Mod11) => total % 11 == 0,
            _ => total % 10 == 0,
        }
    }
}

/// Exception 14: an account number that ends in 0, 1 or 9 may be short of a digit at its front.
fn shifted(row: &Row, digits: [i32; 14]) -> bool {
    let mut moved = digits;
    moved.copy_within(A..H, A + 1);
    moved[A] = 0;
    matches!(digits[H], 0 | 1 | 9) && total(row.method, &row.weights, &moved) % 11 == 0
}

fn total(method: Method, weights: &[i32; 14], digits: &[i32; 14]) -> i32 {
    let products = weights
        .iter()
        .zip(digits)
        .map(|(weight, digit)| weight * digit);
    match method {
        Method::Doubled => products.map(|product| product / 10 + product % 10).sum(),
        _ => products.sum(),
    }
}

fn sort_code(word: &str) -> Option<[u8; 6]> {
    let code: [u8; 6] = word.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_digit).then_some(code)
}

fn digits(sort_code: &[u8; 6], account: &[u8; 8]) -> [i32; 14] {
    std::array::from_fn(|at| {
        let digit = if at < A {
            sort_code[at]
        } else {
            account[at - A]
        };
        i32::from(digit.wrapping_sub(b'0'))
    })
}

/// The same account number under another sort code.
fn sort_code_digits(sort_code: &[u8; 6], digits: [i32; 14]) -> [i32; 14] {
    std::array::from_fn(|at| match sort_code.get(at) {
        Some(digit) => i32::from(digit.wrapping_sub(b'0')),
        None => digits[at],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table made up for the test, in the published format.
    const TABLE: &str = "\
        100000 109999 MOD10    0    0    0    0    0    0    0    1    2    3    4    5    6    1\n\
        200000 209999 MOD11    0    0    0    0    0    0    8    7    6    5    4    3    2    1   4\n\
        300000 309999 DBLAL    2    1    2    1    2    1    2    1    2    1    2    1    2    1   1\n\
        400000 409999 MOD11    0    0    0    0    0    0    8    7    6    5    4    3    2    1  12\n\
        400000 409999 MOD10    0    0    0    0    0    0    1    1    1    1    1    1    1    1  13\n\
        500000 509999 MOD11    0    0    0    0    0    0    8    7    6    5    4    3    2    1  14\n\
        \n\
        200001 200002\n";

    fn allows(code: &str, account: &str) -> bool {
        let modulus = Modulus::read(TABLE).expect("the table is right");
        modulus.allows(
            code.as_bytes().try_into().expect("six digits"),
            account.as_bytes().try_into().expect("eight digits"),
        )
    }

    #[test]
    fn methods_and_their_exceptions() {
        // b + 2c + 3d + 4e + 5f + 6g + h = 1 + 4 + 9 + 16 + 25 + 36 + 9.
        assert!(allows("105555", "01234569"));
        assert!(!allows("105555", "01234568"));
        // Exception 4: the remainder is the number gh.
        assert!(allows("201234", "10000010") && !allows("201234", "10000011"));
        // Exception 1 adds 27 to the digits of the products.
        assert!(allows("301234", "12345602") && !allows("301234", "12345603"));
        // Exceptions 12 and 13: either row is enough.
        assert!(allows("401234", "12345601") && allows("401234", "12345609"));
        assert!(!allows("401234", "12345602"));
        // Exception 14: with the last digit dropped, if that is 0, 1 or 9.
        assert!(allows("500000", "12345636") && allows("500000", "12345609"));
        assert!(!allows("500000", "12345607"));
        // A sort code that is not in the table.
        assert!(allows("990000", "12345678"));
    }

    /// Worked examples of "Validating account numbers", with the rows they are checked by.
    #[test]
    fn the_specifications_examples_pass() {
        let table = "\
            089000 089999 MOD10    0    0    0    0    0    0    7    1    3    7    1    3    7    1\n\
            107999 107999 MOD11    0    0    0    0    0    0    8    7    6    5    4    3    2    1\n\
            134012 134020 MOD11    0    0    0    7    5    9    8    4    6    3    5    2    0    0   4\n\
            202700 203239 MOD11    0    0    0    0    0    0    0    7    6    5    4    3    2    1\n\
            202700 203239 DBLAL    2    1    2    1    2    1    2    1    2    1    2    1    2    1\n";
        let modulus = Modulus::read(table).expect("the table is right");
        for account in [
            "089999:66374958",
            "107999:88837491",
            "202959:63748472",
            "134020:63849203",
        ] {
            assert!(modulus.allows_value(account), "{account}");
        }
        // Passes the first of its two checks alone, and neither with a digit changed.
        assert!(!modulus.allows_value("203099:66831036"));
        assert!(!modulus.allows_value("089999:66374959"));
        assert!(modulus.allows_value("not an account") && modulus.allows_value("12:34"));
    }

    #[test]
    fn lines_that_cannot_be_read_are_named() {
        let error = Modulus::read("100000 109999 MOD12 0").expect_err("too short");
        assert_eq!(error.line, 1);
        let error = Modulus::read("\n10000 109999").expect_err("five digits");
        assert_eq!(
            error.to_string(),
            "line 2: a sort code of six digits is expected"
        );
    }
}
