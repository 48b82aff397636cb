//! Text made to be slow: every shape takes time in proportion to its length.

use std::hint::black_box;
use std::time::Instant;

use observables::{Extractor, extract};

/// What the texts repeat.
const SEEDS: &[&str] = &[
    "a.",
    ".",
    "@",
    "a@",
    "a@a.",
    "http://",
    "http://a.com/?",
    "1",
    "1 ",
    "0 ",
    "07700 ",
    "(",
    "[.]",
    "a[.]",
    " dot ",
    "a dot ",
    "£",
    "£1,",
    "1,111",
    "20-00-00 ",
    "12345678 account ",
    "sort code 200000 ",
    "Telegram @a ",
    "::",
    "1:",
    "a1",
    "April ",
    "3 April ",
    "1/1/",
    "two hundred ",
    "grand ",
    "\u{200B}",
    "é.",
    "é",
    "4111 ",
    "GB29 ",
    "AB12 ",
    "[",
    "x@é.",
    "oh ",
    "double oh ",
    "07 then ",
    "0oh",
    "07700900123",
    "07700900123/",
    "Solana EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v ",
    "d41d8cd98f00b204\n",
    "\u{430}",
    "a\u{430}",
    "\u{430}\u{200B}a ",
    "=\n",
    "a=\n",
    "T1566 ",
    "£1-",
    "$",
    "<http://a.\n",
    "sort code ",
    "20 00 00 sort ",
    "account 20-00-00 ",
    "X @a ",
    "on X ",
    "\u{1D7F6}",
    "Message-ID: <a@a.com> ",
];

/// One text of 50 MB in which every shape goes on for most of a megabyte. Were any of them
/// quadratic, this would take hours.
#[test]
fn fifty_megabytes_of_it_are_survived() {
    let part = 50_000_000 / SEEDS.len();
    let mut text = String::with_capacity(51_000_000);
    for seed in SEEDS {
        let end = text.len() + part;
        while text.len() < end {
            text.push_str(seed);
        }
        text.push('\n');
    }
    assert!(text.len() >= 50_000_000);
    let mut count = 0;
    Extractor::new().each(&text, |found| {
        assert_eq!(&text[found.start..found.end], found.raw);
        count += 1;
    });
    assert!(count > 100_000, "{count}");
}

/// Asks the clock, so it is run by hand: `cargo test --release -p observables --test hostile -- --ignored`.
#[test]
#[ignore = "asks the clock"]
fn four_times_the_text_takes_about_four_times_as_long() {
    for seed in SEEDS {
        let time = |bytes: usize| {
            let text = seed.repeat(bytes / seed.len());
            let run = || {
                let start = Instant::now();
                black_box(extract(&text));
                start.elapsed().as_secs_f64()
            };
            (0..3).map(|_| run()).fold(f64::INFINITY, f64::min)
        };
        let (small, large) = (time(500_000).max(0.001), time(2_000_000));
        println!(
            "{:6.1} MB/s, {:4.1} times as long: {seed:?}",
            2.0 / large,
            large / small
        );
        assert!(
            large < small * 4.0 * 3.0,
            "{seed:?}: {small:.3} s, then {large:.3} s for four times the text"
        );
    }
}
