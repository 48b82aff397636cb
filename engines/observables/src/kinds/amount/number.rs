//! The figures of a sum: read with thousands and decimals, and written in canonical form.

use compact_str::CompactString;

use crate::words::digits_at;

/// A number in hundred-millionths, the smallest unit of the currencies known here.
pub(super) type Scaled = u128;
pub(super) const ONE: Scaled = 100_000_000;

/// An amount times its magnitude; ten thousand billion is more than anyone has ever lost.
pub(super) fn total(amount: Scaled, times: Scaled) -> Option<Scaled> {
    let product = if times == 1 {
        amount
    } else {
        amount.checked_mul(times)?
    };
    (product <= 10_000_000_000_000 * ONE).then_some(product)
}

/// Reads a number with thousands commas and decimals: `1,234.50`, and behind a sign also
/// `1 234` and `1.234,50`.
pub(super) fn number_at(bytes: &[u8], start: usize, signed: bool) -> Option<(Scaled, usize)> {
    let run = |at: usize| digits_at(bytes, at, 16);
    let first = run(start);
    let mut end = start + first;
    // Numbers with a leading nought are codes and telephone numbers.
    let padded = bytes.get(start) == Some(&b'0') && first > 1;
    if first == 0 || first > 15 || padded {
        return None;
    }
    let digits = |from: usize, to: usize| {
        let part = bytes.get(from..to).unwrap_or_default();
        part.iter()
            .fold(0, |n: u64, b| n * 10 + u64::from(b - b'0'))
    };
    let mut whole = digits(start, end);
    // Nearly every number ends here.
    if !matches!(bytes.get(end), Some(b'.' | b',' | b' ')) {
        return Some((Scaled::from(whole) * ONE, end));
    }
    let continental = bytes.get(end) == Some(&b'.')
        && run(end + 1) == 3
        && bytes.get(end + 4) == Some(&b',')
        && run(end + 5) == 2;
    let group = |at: usize| match bytes.get(at) {
        Some(b',') if !continental => run(at + 1) == 3,
        Some(b'.') if continental => run(at + 1) == 3,
        Some(b' ') if signed => run(at + 1) == 3 && bytes.get(at + 4) != Some(&b' '),
        _ => false,
    };
    while end - start <= 15 && bytes[start] != b'0' && first <= 3 && group(end) {
        whole = whole * 1_000 + digits(end + 1, end + 4);
        end += 4;
    }
    let point = if continental { b',' } else { b'.' };
    let decimals = if bytes.get(end) == Some(&point) {
        run(end + 1).min(8)
    } else {
        0
    };
    let fraction = digits(end + 1, end + 1 + decimals);
    if decimals > 0 {
        end += 1 + decimals;
    }
    // A further group shows a version, a date or a telephone number.
    if matches!(bytes.get(end), Some(b'.' | b','))
        && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    let scale = 10u64.pow(8 - decimals as u32);
    let amount = Scaled::from(whole) * ONE + Scaled::from(fraction * scale);
    Some((total(amount, 1)?, end))
}

/// Code and decimal number with at least two places.
pub(super) fn written(currency: &str, amount: Scaled) -> CompactString {
    let (whole, mut fraction) = match u64::try_from(amount) {
        Ok(small) => (small / ONE as u64, small % ONE as u64),
        Err(_) => ((amount / ONE) as u64, (amount % ONE) as u64),
    };
    // A code, a space, twenty digits of a whole number, a point and eight places, from behind.
    let mut figures = [b'0'; 40];
    let mut places = 8;
    if fraction == 0 {
        places = 2;
    }
    while places > 2 && fraction.is_multiple_of(10) {
        fraction /= 10;
        places -= 1;
    }
    let mut at = figures.len();
    let mut put = |digit: u8| {
        at -= 1;
        figures[at] = digit;
    };
    for _ in 0..places {
        put(b'0' + (fraction % 10) as u8);
        fraction /= 10;
    }
    put(b'.');
    let mut left = whole;
    loop {
        put(b'0' + (left % 10) as u8);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    put(b' ');
    currency.bytes().rev().for_each(put);
    std::str::from_utf8(&figures[at..])
        .unwrap_or_default()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_they_were_read() {
        for (read, value) in [
            ("0", "GBP 0.00"),
            ("1,234.5", "GBP 1234.50"),
            ("0.00012345", "GBP 0.00012345"),
            ("9,999,999,999,999", "GBP 9999999999999.00"),
            ("12.1", "GBP 12.10"),
        ] {
            let (amount, end) = number_at(read.as_bytes(), 0, true).expect("a number");
            assert_eq!((written("GBP", amount).as_str(), end), (value, read.len()));
        }
    }
}
