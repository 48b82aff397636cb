//! Many times of one thing, in milliseconds.

use std::time::Duration;

/// Ascending.
pub struct Times(Vec<f64>);

impl Times {
    pub fn of(mut times: Vec<f64>) -> Times {
        times.sort_by(f64::total_cmp);
        Times(times)
    }

    pub fn lasting(times: &[Duration]) -> Times {
        let milliseconds = times.iter().map(|time| time.as_secs_f64() * 1_000.0);
        Times::of(milliseconds.collect())
    }

    /// The lowest of the times that this share of them does not exceed.
    pub fn percentile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place among a few thousand times"
        )]
        let place = (self.0.len() as f64 * share).ceil() as usize;
        let place = place.clamp(1, self.0.len().max(1)) - 1;
        self.0.get(place).copied().unwrap_or(0.0)
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            write!(f, "{name} {:.3} ms, ", self.percentile(share))?;
        }
        write!(f, "most {:.3} ms", self.percentile(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_times() {
        let times = Times::of((1..=100).rev().map(f64::from).collect());
        assert_eq!(times.percentile(0.5), 50.0);
        assert_eq!(times.percentile(0.95), 95.0);
        assert_eq!(
            times.to_string(),
            "p50 50.000 ms, p95 95.000 ms, p99 99.000 ms, most 100.000 ms"
        );
        assert_eq!(Times::of(vec![7.0]).percentile(0.0), 7.0);
        assert_eq!(Times::of(Vec::new()).percentile(0.5), 0.0);
    }
}
