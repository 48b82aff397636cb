//! Every part: its key markup, and that no text gets through unescaped.

use super::*;
use record::time::Timestamp;

/// Would end a text, an attribute or an element.
const ATTACK: &str = r#"<script>"'&</script>"#;
