//! File digests: MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal, told apart by their length.

use crate::family::{Family, Finds, Wake};
use crate::kind::Kind;
use crate::scan::{Anchor, Mark, Scan};

pub(crate) static FAMILY: Family = Family {
    kinds: &[Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha512],
    wakes_on: &[
        Wake::on(Mark::Mixed).long(32, 128),
        Wake::on(Mark::Long).long(32, 128),
    ],
    find,
    normalise,
};

fn find(scan: &Scan<'_>, anchor: &Anchor, finds: &mut Finds) {
    let Some(kind) = kind_of_length(anchor.end - anchor.start) else {
        return;
    };
    let token = &scan.text[anchor.start..anchor.end];
    if digest(token) && scan.opens(anchor.start) && scan.closes(anchor.end) {
        finds.push(kind, anchor.start, anchor.end, token.to_ascii_lowercase());
    }
}

pub(super) fn kind_of_length(length: usize) -> Option<Kind> {
    match length {
        32 => Some(Kind::Md5),
        40 => Some(Kind::Sha1),
        64 => Some(Kind::Sha256),
        128 => Some(Kind::Sha512),
        _ => None,
    }
}

/// Hexadecimal, and not one digit repeated as in a ruled line or an empty field.
pub(super) fn digest(token: &str) -> bool {
    let bytes = token.as_bytes();
    bytes.iter().all(u8::is_ascii_hexdigit)
        && bytes
            .iter()
            .any(|byte| !byte.eq_ignore_ascii_case(&bytes[0]))
}

fn normalise(kind: Kind, field: &str) -> Option<String> {
    (kind_of_length(field.len()) == Some(kind) && digest(field)).then(|| field.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use crate::Kind::{Md5, Sha1, Sha256};
    use crate::kinds::check;

    #[test]
    fn one_digit_repeated_is_no_digest() {
        check(&"a".repeat(32), &[]);
        check(&format!("{}A", "a".repeat(31)), &[]);
    }

    #[test]
    fn digests_by_length() {
        check(
            "md5 D41D8CD98F00B204E9800998ECF8427E.",
            &[(Md5, "d41d8cd98f00b204e9800998ecf8427e")],
        );
        check(
            "|`da39a3ee5e6b4b0d3255bfef95601890afd80709`|x.exe",
            &[(Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709")],
        );
        check(
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &[(
                Sha256,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            )],
        );
    }

    #[test]
    fn other_hexadecimal_is_not_a_digest() {
        check("0xd41d8cd98f00b204e9800998ecf8427e", &[]);
        check("id_d41d8cd98f00b204e9800998ecf8427e", &[]);
        check("d41d8cd98f00b204e9800998ecf8427", &[]);
        check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &[]);
    }
}
