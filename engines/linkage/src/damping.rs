//! How much it says that two records share one exact value.

/// The weight, in bits, of sharing a value that `seen` records bear: `base_bits` for a value seen
/// nowhere else, less for a common one.
///
/// This is inverse-frequency damping, the term-frequency adjustment of linkage and the inverse
/// document frequency of text retrieval: of `n` records, sharing a value that `seen` of them bear
/// narrows the field by log2(n / seen) bits and no more. `held` is the number of records held;
/// `assumed_population` stands in for it while few are held, so that the first week of a new
/// system is not blind to everything. A value on as many records as there are says nothing: 0.
///
/// ```
/// let weight = |seen| linkage::shared_value_weight(12.0, 1_000_000, 100_000, seen);
/// assert_eq!(weight(2), 12.0);
/// assert!(weight(10_000) < 7.0);
/// assert_eq!(weight(1_000_000), 0.0);
/// ```
pub fn shared_value_weight(base_bits: f64, held: u64, assumed_population: u64, seen: u64) -> f64 {
    let narrowing = -value_share(held, assumed_population, seen).log2();
    base_bits.min(narrowing)
}

/// The share of records, above 0 and at most 1, that bear a value seen `seen` times: what a caller
/// of [`crate::Model::compare`] answers to [`crate::Frequencies::share`].
///
/// `assumed_population` is what `held` will grow to. Without it, two sightings among the first
/// thousand records would make any telephone number look as common as a help desk's.
pub fn value_share(held: u64, assumed_population: u64, seen: u64) -> f64 {
    // Counts beyond 2^53 lose their last digits as floats, which changes no weight that matters.
    let population = held.max(assumed_population).max(1) as f64;
    (seen.max(1) as f64 / population).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_values_weigh_the_base_and_common_ones_their_frequency() {
        let weight = |seen| shared_value_weight(16.0, 1 << 20, 1, seen);
        assert_eq!(weight(0), 16.0);
        assert_eq!(weight(1), 16.0);
        assert_eq!(weight(16), 16.0);
        assert_eq!(weight(32), 15.0);
        assert_eq!(weight(1 << 10), 10.0);
        assert_eq!(weight(1 << 20), 0.0);
        assert_eq!(weight(1 << 30), 0.0);
    }

    #[test]
    fn a_small_holding_is_judged_by_the_assumed_population() {
        assert_eq!(shared_value_weight(16.0, 4, 1 << 20, 2), 16.0);
        assert_eq!(shared_value_weight(16.0, 4, 1, 2), 1.0);
        assert_eq!(shared_value_weight(16.0, 0, 0, 0), 0.0);
    }

    #[test]
    fn a_share_is_of_what_will_be_held() {
        assert_eq!(value_share(1_000, 1_000_000, 2), 0.000_002);
        assert_eq!(value_share(4_000_000, 1_000_000, 2), 0.000_000_5);
        assert_eq!(value_share(0, 0, 5), 1.0);
    }

    #[test]
    fn more_sightings_never_weigh_more() {
        let mut last = f64::INFINITY;
        for seen in 0..5_000 {
            let weight = shared_value_weight(14.5, 3_000, 2_000, seen);
            assert!(weight <= last && (0.0..=14.5).contains(&weight));
            last = weight;
        }
    }
}
