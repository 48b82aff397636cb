//! Who may send how much: a token bucket for each block of addresses, and how busy it is altogether.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use governor::clock::DefaultClock;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::setting::Sending;

/// Blocks remembered before those that have filled up again are forgotten.
const MOST_BLOCKS: usize = 100_000;

/// The first part of an address: /24 of IPv4, /56 of IPv6, which is what one household or firm has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    V4([u8; 3]),
    V6([u8; 7]),
}

impl Block {
    pub fn of(address: IpAddr) -> Block {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Block::V4([a, b, c])
            }
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => Block::of(IpAddr::V4(v4)),
                None => Block::V6(first_seven(v6)),
            },
        }
    }
}

fn first_seven(address: Ipv6Addr) -> [u8; 7] {
    let [a, b, c, d, e, f, g, ..] = address.octets();
    [a, b, c, d, e, f, g]
}

/// The visitor's address: the peer's, or behind our own proxy the last one it added.
pub fn visitor(peer: SocketAddr, headers: &HeaderMap, behind_proxy: bool) -> IpAddr {
    let told = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?;
        last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    };
    let told = if behind_proxy { told() } else { None };
    told.unwrap_or_else(|| peer.ip())
}

/// Says who must wait.
pub struct Flood {
    blocks: RateLimiter<Block, DashMapStateStore<Block>, DefaultClock>,
    sending: Sending,
    /// The minute that is being counted, and forms in it and in the one before.
    minute: AtomicU64,
    count: AtomicU32,
    before: AtomicU32,
}

impl Flood {
    pub fn new(sending: Sending) -> Flood {
        let quota =
            Quota::per_minute(NonZeroU32::new(sending.per_minute).unwrap_or(NonZeroU32::MIN))
                .allow_burst(NonZeroU32::new(sending.burst).unwrap_or(NonZeroU32::MIN));
        Flood {
            blocks: RateLimiter::dashmap(quota),
            sending,
            minute: AtomicU64::new(0),
            count: AtomicU32::new(0),
            before: AtomicU32::new(0),
        }
    }

    /// Whether a block may send one more form.
    pub fn admits(&self, block: Block) -> bool {
        if self.blocks.len() > MOST_BLOCKS {
            self.blocks.retain_recent();
        }
        self.blocks.check_key(&block).is_ok()
    }

    /// Counts a form, and says how long one must have been open just now.
    pub fn least(&self, now: Duration) -> Duration {
        let minute = now.as_secs() / 60;
        let counted = self.minute.swap(minute, Ordering::Relaxed);
        if counted != minute {
            let last = self.count.swap(0, Ordering::Relaxed);
            let before = if counted + 1 == minute { last } else { 0 };
            self.before.store(before, Ordering::Relaxed);
        }
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let busiest = count.max(self.before.load(Ordering::Relaxed));
        let seconds = if busiest > self.sending.busy_per_minute {
            self.sending.busy_seconds
        } else {
            self.sending.least_seconds
        };
        Duration::from_secs(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDING: Sending = Sending {
        least_seconds: 3,
        busy_per_minute: 5,
        busy_seconds: 15,
        longest_hours: 1,
        burst: 4,
        per_minute: 1,
    };

    #[test]
    fn one_block_runs_dry_and_others_do_not() {
        let flood = Flood::new(SENDING);
        let block = |text: &str| Block::of(text.parse().unwrap());
        let first = block("192.0.2.1");
        assert_eq!((0..6).filter(|_| flood.admits(first)).count(), 4);
        assert!(!flood.admits(block("192.0.2.200")));
        assert!(!flood.admits(block("::ffff:192.0.2.7")));
        assert!(flood.admits(block("192.0.3.1")));
        assert_eq!(block("2001:db8:0:1200::1"), block("2001:db8:0:12ff::9"));
        assert_ne!(block("2001:db8:0:1200::1"), block("2001:db8:0:1300::1"));
    }

    #[test]
    fn a_busy_minute_asks_for_more_patience() {
        let flood = Flood::new(SENDING);
        let least = |second| flood.least(Duration::from_secs(second)).as_secs();
        let first: Vec<u64> = (0..7).map(|_| least(10)).collect();
        assert_eq!(first, [3, 3, 3, 3, 3, 15, 15]);
        assert_eq!(least(70), 15, "the minute after a busy one");
        assert_eq!(least(130), 3);
        assert_eq!(least(600), 3);
    }

    #[test]
    fn only_our_own_proxy_is_believed() {
        let peer: SocketAddr = "198.51.100.1:5000".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 192.0.2.1".parse().unwrap());
        assert_eq!(visitor(peer, &headers, false), peer.ip());
        assert_eq!(visitor(peer, &headers, true).to_string(), "192.0.2.1");
        headers.insert("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(visitor(peer, &headers, true), peer.ip());
    }
}
