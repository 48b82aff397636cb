//! Headers of an answer that holds a page.

/// Headers that pages of either side carry, whatever else they do. Names in lower case, as HTTP/2 has
/// them. What may be loaded, and whether an address is passed on, each side says for itself.
pub const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=()",
    ),
];
