//! IP addresses: four octets, and the forms of RFC 4291 in the spelling of RFC 5952.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::host::Host;
use crate::cue::Cue;
use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Ipv4, Kind::Ipv6],
    wakes_on: &[Wake::on(Mark::Colon)],
    find,
    normalise,
};

/// Reads a chain of four numbers as an IPv4 address; called by the finder of host names.
pub(crate) fn octets(scan: &Scan<'_>, host: &Host) -> Option<String> {
    if host.labels != 4 || !scan.opens(host.start) && scan.before(host.start) != b'_' {
        return None;
    }
    let address: Ipv4Addr = host.name.parse().ok()?;
    let before = scan.before(host.start);
    let continued = matches!(before, b'.' | b'-')
        && host.start >= 2
        && scan.bytes[host.start - 2].is_ascii_digit();
    let version = !host.defanged && version(scan, host);
    // "0.0.0.0" and its like stand for no address in particular, and versions start with nought.
    (!continued && !version && address.octets()[0] != 0).then(|| address.to_string())
}

/// Whether words call the numbers a version: before them, or right behind.
fn version(scan: &Scan<'_>, host: &Host) -> bool {
    let behind = scan.distance_after(host.end, 24, Cue::Version.set());
    scan.led_by(host.start, 24, Cue::Version.set())
        || behind.is_some_and(|gap| scan.bytes[host.end..host.end + gap].starts_with(b" is "))
}

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let hex = |byte: u8| byte.is_ascii_hexdigit();
    let bracketed = scan.byte(anchor.start + 1) == b']';
    let back = scan.bytes[..anchor.start].iter().rev().take(5);
    let start = if bracketed {
        return;
    } else {
        anchor.start - back.take_while(|byte| hex(**byte)).count()
    };
    // Only the first colon of an address starts the reading of it.
    if matches!(scan.before(start), b':' | b'.') || !scan.opens(start) {
        return;
    }
    let (name, end) = groups(scan.bytes, start);
    let Ok(address) = name.parse::<Ipv6Addr>() else {
        return;
    };
    // "::", "a::b" and loopback come from code and clocks; an address worth keeping is longer.
    let digits = name.bytes().filter(|byte| hex(*byte)).count();
    let numbered = name.bytes().any(|byte| byte.is_ascii_digit());
    if digits >= 5 && numbered && scan.closes(end) && scan.byte(end) != b':' {
        finds.push(Kind::Ipv6, start, end, address.to_string());
    }
}

/// The run of groups from `start`, with bracketed colons made plain, and where it ends.
fn groups(bytes: &[u8], start: usize) -> (String, usize) {
    let mut name = String::new();
    let mut at = start;
    while name.len() < 46 {
        match &bytes[at..] {
            [b'[', b':', b']', ..] => {
                name.push(':');
                at += 3;
            }
            [byte, ..] if byte.is_ascii_hexdigit() || *byte == b':' => {
                name.push(char::from(*byte));
                at += 1;
            }
            // The IPv4 tail of a mapped address, but not the full stop of a sentence.
            [b'.', next, ..] if next.is_ascii_digit() => {
                name.push('.');
                at += 1;
            }
            _ => break,
        }
    }
    (name, at)
}

fn normalise(kind: Kind, field: &str) -> Option<String> {
    let plain = field
        .replace("[.]", ".")
        .replace("(.)", ".")
        .replace("[:]", ":");
    match kind {
        Kind::Ipv4 => plain
            .parse::<Ipv4Addr>()
            .ok()
            .map(|address| address.to_string()),
        _ => plain
            .trim_matches(['[', ']'])
            .parse::<Ipv6Addr>()
            .ok()
            .map(|a| a.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Ipv4, Ipv6};
    use crate::kinds::check;

    #[test]
    fn addresses() {
        check("from 81.2.69.142, port 22", &[(Ipv4, "81.2.69.142")]);
        check(
            "103.127.124[.]117 and 10[.]0[.]0[.]1",
            &[(Ipv4, "103.127.124.117"), (Ipv4, "10.0.0.1")],
        );
        check("83.24.9(dot)124:8080", &[(Ipv4, "83.24.9.124")]);
        check("seen 2001:0DB8:0:0:0:0:0:1.", &[(Ipv6, "2001:db8::1")]);
        check(
            "fe80::1ff:fe23:4567:890a",
            &[(Ipv6, "fe80::1ff:fe23:4567:890a")],
        );
        check("10.0.0.0/8 is ours", &[(Ipv4, "10.0.0.0")]);
        check("2001[:]db8[:][:]8a2e", &[]);
        check("2001:db8[:]:8a2e", &[(Ipv6, "2001:db8::8a2e")]);
    }

    #[test]
    fn versions_times_and_names() {
        check("version 1.2.3.4, v10.0.19.45, 1.2.3.4.5, 256.1.1.1", &[]);
        check(
            "at 12:30:45, std::fmt::Debug, a::b, ::1, 00:1B:44:11:3A:B7",
            &[],
        );
    }
}
