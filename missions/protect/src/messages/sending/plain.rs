//! A plain text in Notify's Markdown, so that it reads as it was written.
//!
//! Notify makes a page of what it is given: `#` begins a heading, `^` a quotation, `*` and `1.` a list, `---` a line,
//! `[word](address)` a link, and an address beginning with `http://` or `https://` becomes one by itself
//! (`notifications_utils/markdown.py` of alphagov/notifications-utils, on mistune 0.8). A message of ours is plain text
//! and its reader was shown it as such. So whatever would be read as Markdown is kept from being read so: by a
//! backslash where Notify knows the escape, and elsewhere by a space of no width, as Notify itself does it.
//!
//! An address in the text stays a link: it comes from policy, or from a warning that was checked. An address in a
//! *name* comes from whoever made the report. It is broken by a space of no width, so that neither Notify nor the
//! reader's mail program makes a link of it.

/// A space of no width (U+200B).
const NOTHING: char = '\u{200b}';

/// A text as Notify shows it plainly. `names` are what of it somebody else has chosen, each on one line.
pub(super) fn plain(text: &str, names: &[String]) -> String {
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    for name in names {
        let unlinked = unlinked(name);
        if unlinked != *name {
            text = text.replace(name.as_str(), &unlinked);
        }
    }
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// A name in which nothing looks like an address.
fn unlinked(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut before = ' ';
    for c in name.chars() {
        // `http://`, and `shop.example` in mail programs that guess. Initials and numbers stay as they are.
        let address = (before == ':' && c == '/') || (before == '.' && c.is_alphabetic());
        if address {
            out.push(NOTHING);
        }
        out.push(c);
        before = c;
    }
    out
}

/// One line, of which neither the beginning nor anything in it means more than it says.
fn line(line: &str) -> String {
    // U+2028 Notify takes out, and U+2424 it takes for the end of a line.
    let odd = |c: char| c.is_control() || matches!(c, '\u{2424}' | '\u{2028}' | '\u{2029}');
    let line: String = line.replace(odd, " ");
    // Four spaces would begin a block of code.
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let underlines = line.starts_with('=') && line.chars().all(|c| matches!(c, '=' | '-' | ' '));
    let mut out = String::with_capacity(line.len() + 8);
    let mut link_ends = 0;
    for (at, c) in line.char_indices() {
        if at >= link_ends {
            link_ends = at + link(&line[at..]);
        }
        match c {
            // Names of characters, such as `&copy;`, would be read as them.
            '&' => out.push_str("&amp;"),
            // In a link an escape would be part of it.
            _ if at < link_ends => out.push(c),
            // Links, tables, and the escape itself.
            '\\' | '[' | '|' => out.extend(['\\', c]),
            // Headings, lists, rules and fences.
            '#' | '*' | '+' | '-' | '_' | '`' | '~' if at == 0 => out.extend(['\\', c]),
            '.' if at > 0 && at == digits => out.extend(['\\', c]),
            // Quotations, bullets and underlines have no escape.
            '^' | '•' if at == 0 => out.extend([NOTHING, c]),
            '=' if at == 0 && underlines => out.extend([NOTHING, c]),
            c => out.push(c),
        }
    }
    out
}

/// Bytes of the link with which a text begins, as Notify sees it; nought when it begins with none.
fn link(text: &str) -> usize {
    let Some(rest) = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
    else {
        return 0;
    };
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_end_matches(['.', ',', ':', '"', '\'', ')', ']']);
    match word.chars().nth(1) {
        Some(_) => text.len() - rest.len() + word.len(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        plain(text, &[])
    }

    #[test]
    fn beginnings_of_lines_mean_nothing() {
        assert_eq!(of("# Big"), "\\# Big");
        assert_eq!(of("a\n^ said"), "a\n\u{200b}^ said");
        assert_eq!(of("    code\n\tcode"), "code\ncode");
        assert_eq!(of("* a\n- b\n• c"), "\\* a\n\\- b\n\u{200b}• c");
        assert_eq!(of("12. a\n12.5 b"), "12\\. a\n12\\.5 b");
        assert_eq!(of("0300 123 2040."), "0300 123 2040.");
        assert_eq!(
            of("---\n***\n===\n= ="),
            "\\---\n\\***\n\u{200b}===\n\u{200b}= ="
        );
        assert_eq!(of("=--"), "\u{200b}=--");
        assert_eq!(of("= 5 pounds"), "= 5 pounds");
        assert_eq!(of("```\nx"), "\\```\nx");
        assert_eq!(of("a | b\n--- | ---"), "a \\| b\n\\--- \\| ---");
    }

    #[test]
    fn nothing_in_a_line_means_more_than_it_says() {
        assert_eq!(of("[a](http://b.example)"), "\\[a](http://b.example)");
        assert_eq!(of("a\\#b"), "a\\\\#b");
        assert_eq!(of("R&D &lt;b&gt;"), "R&amp;D &amp;lt;b&amp;gt;");
        assert_eq!(of("a\u{2424}# b\u{7}c"), "a # b c");
        assert_eq!(of("one\r\ntwo\rthree"), "one\ntwo\nthree");
        assert_eq!(of("a_b * c - d. E"), "a_b * c - d. E");
        let link = "https://cyber.force.example/a_b-c/[d]|e?f=1#g";
        assert_eq!(of(link), link);
        assert_eq!(of("(http://a.example/x).[b]"), "(http://a.example/x).[b]");
        assert_eq!(of("http://a.example) [b"), "http://a.example) \\[b");
        assert_eq!(of("http://[b"), "http://[b");
        assert_eq!(of("http://[ b"), "http://\\[ b");
    }

    #[test]
    fn names_hold_no_link() {
        let name = "Ann http://bad.example/x www.bad.example".to_owned();
        let text = format!("Dear {name}\nhttps://force.example/a.b");
        assert_eq!(
            plain(&text, &[name]),
            "Dear Ann http:\u{200b}//bad.\u{200b}example/x www.\u{200b}bad.\u{200b}example\n\
             https://force.example/a.b"
        );
        for whole in ["J. R. Smith", "R-1", "RF26.11", "Dr Ann O'Neill"] {
            assert_eq!(unlinked(whole), whole);
        }
    }
}
