//! No bytes that claim to be a linkage task panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linkage::batch::{links_of, run_task};

fuzz_target!(|data: &[u8]| {
    let _ = run_task(data);
    let _ = links_of(&[data.to_vec()]);
});
