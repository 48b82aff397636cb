//! Chance that is the same on every machine: ChaCha8 streams, and only arithmetic that IEEE 754
//! fixes exactly. Neither the platform's mathematics library nor another crate's sampling
//! algorithm decides a value, so a seed means the same county for ever.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of chance is for. Two streams never share a value, so adding one does not
/// disturb the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Stream {
    Household = 1,
    Person,
    Organisation,
    Order,
    Plan,
    Pool,
    BesidePool,
    Day,
    Report,
    Mule,
    Total,
    Records,
    HomeHistory,
    LifeHistory,
    Entry,
}

/// One stream of chance.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of a purpose and an index under a seed.
    pub fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(stream as u64).to_le_bytes());
        key[16..24].copy_from_slice(&index.to_le_bytes());
        Chance(ChaCha8Rng::from_seed(key))
    }

    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// At least 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits fill the mantissa of a double exactly.
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn yes(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// At least 0 and below `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// Both ends included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }

    /// One of a list that is not empty.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// An index drawn by weight; the last one when every weight is nought.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let total: f64 = weights.clone().sum();
        let mut left = self.unit() * total;
        let mut last = 0;
        for (at, weight) in weights.enumerate() {
            if left < weight {
                return at;
            }
            left -= weight;
            last = at;
        }
        last
    }

    /// One of a table of values and weights.
    pub fn of_table<T: Copy>(&mut self, table: &[(T, f64)]) -> T {
        let at = self.weighted(table.iter().map(|(_, w)| *w));
        table[at].0
    }

    /// Close to a standard normal, within six deviations: the sum of twelve uniform values.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let z = self.normal();
        median * exp(sigma * z)
    }

    /// Whole days with this mean, most of them short.
    pub fn days(&mut self, mean: f64) -> i64 {
        let keep = mean / (1.0 + mean);
        let mut days = 0;
        while days < 400 && self.yes(keep) {
            days += 1;
        }
        days
    }

    /// That many decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill_bytes(&mut out);
        out
    }
}

/// e to the power x, from exactly rounded operations alone.
pub(crate) fn exp(x: f64) -> f64 {
    const HALVINGS: u32 = 10;
    let small = x / f64::from(1_u32 << HALVINGS);
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..=8 {
        term *= small / f64::from(n);
        sum += term;
    }
    for _ in 0..HALVINGS {
        sum *= sum;
    }
    sum
}

/// A well-mixed number from several: names an item of a pool without keeping it.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9E37_79B9_7F4A_7C15, |hash, part| {
        let mut z = hash ^ part.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_close() {
        for x in [-5.0, -1.0, 0.0, 0.3, 1.0, 2.5, 8.0] {
            assert!((exp(x) / f64::exp(x) - 1.0).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn streams_are_apart_and_steady() {
        let first = |stream, index| Chance::new(7, stream, index).bits();
        assert_eq!(first(Stream::Report, 1), first(Stream::Report, 1));
        assert_ne!(first(Stream::Report, 1), first(Stream::Report, 2));
        assert_ne!(first(Stream::Report, 1), first(Stream::Person, 1));
    }

    #[test]
    fn draws_keep_their_means() {
        let mut chance = Chance::new(1, Stream::Plan, 0);
        let mean = (0..20_000).map(|_| chance.days(6.0)).sum::<i64>() as f64 / 20_000.0;
        assert!((mean - 6.0).abs() < 0.3, "{mean}");
        let drawn = (0..20_000)
            .filter(|_| chance.of_table(&[(true, 1.0), (false, 3.0)]))
            .count();
        assert!((4_700..5_300).contains(&drawn), "{drawn}");
    }
}
