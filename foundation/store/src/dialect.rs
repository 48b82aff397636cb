//! Where SQLite and PostgreSQL differ. Everything else is one text for both.

use crate::sql::Conn;
use crate::{Result, Sql};

/// PostgreSQL: how far behind the newest folded entry the sequencer still looks. Concurrent
/// transactions may commit entries out of order; SQLite's single writer never does.
pub(crate) const LATE_ENTRIES: i64 = 20_000;

/// Turns neutral column types of a migration into the database's own.
///
/// `{id}` sixteen bytes · `{int}` 64-bit integer · `{real}` · `{text}` (compared byte by byte) ·
/// `{blob}` · `{serial}` primary key counted by the database · `{strict}` after the closing
/// bracket of a table · `{clustered}` the same, stored in primary-key order.
/// A section between `--sqlite` and `--end`, or `--postgres` and `--end`, is for that one alone.
pub fn migration(text: &str, postgres: bool) -> String {
    let tokens: [(&str, &str); 8] = if postgres {
        [
            ("{id}", "bytea"),
            ("{int}", "bigint"),
            ("{real}", "double precision"),
            ("{text}", "text collate \"C\""),
            ("{blob}", "bytea"),
            (
                "{serial}",
                "bigint generated always as identity primary key",
            ),
            ("{strict}", ""),
            ("{clustered}", ""),
        ]
    } else {
        [
            ("{id}", "blob"),
            ("{int}", "integer"),
            ("{real}", "real"),
            ("{text}", "text"),
            ("{blob}", "blob"),
            ("{serial}", "integer primary key autoincrement"),
            ("{strict}", "strict"),
            ("{clustered}", "strict, without rowid"),
        ]
    };
    let mut out = String::with_capacity(text.len());
    let mut section: Option<bool> = None;
    for line in text.lines() {
        match line.trim() {
            "--sqlite" => section = Some(false),
            "--postgres" => section = Some(true),
            "--end" => section = None,
            _ if section.is_none_or(|wanted| wanted == postgres) => {
                out.push_str(line);
                out.push('\n');
            }
            _ => {}
        }
    }
    for (token, word) in tokens {
        out = out.replace(token, word);
    }
    out
}

impl Conn<'_> {
    /// Holds every other writer of that name back until the transaction ends. SQLite has one
    /// writer anyway.
    pub async fn alone(&mut self, name: &'static str) -> Result<()> {
        if self.is_postgres() {
            let sql = Sql::new("select ").with(
                "pg_advisory_xact_lock(hashtextextended(?, 0))",
                [name.into()],
            );
            self.rows(sql).await?;
        }
        Ok(())
    }

    /// Adds the condition that a full-text index matches all the words of `query`.
    ///
    /// `fts_table` is the SQLite index (rowid = the table's `seq`), `column` the PostgreSQL
    /// `tsvector` column, `seq` the column both are joined by. Words are always quoted: what a
    /// person types is never read as query syntax.
    pub fn matching(&self, sql: Sql, text: &MatchText, query: &str) -> Sql {
        if self.is_postgres() {
            return sql
                .then(text.vector)
                .with(" @@ plainto_tsquery('simple', ?)", [query.into()]);
        }
        let quoted: Vec<String> = query
            .split_whitespace()
            .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
            .collect();
        sql.then(text.seq)
            .then(" in (select rowid from ")
            .then(text.index)
            .then(" where ")
            .then(text.index)
            .with(" match ?)", [quoted.join(" ").into()])
    }

    /// Numbers of the newest rows of a full-text index, newest first, below `before`: all the words,
    /// or the words as a phrase. Reads the index from its end, so that a word in every other row
    /// costs no more than a rare one.
    pub async fn newest_matching(
        &mut self,
        text: &TextIndex,
        query: &str,
        phrase: bool,
        before: i64,
        most: i64,
    ) -> Result<Vec<i64>> {
        let words: Vec<&str> = query
            .split_whitespace()
            .filter(|w| w.chars().any(char::is_alphanumeric))
            .collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let sql = Sql::new("select rowid as n from ")
            .then(text.index)
            .then(" where ");
        let sql = if self.is_postgres() {
            let function = if phrase {
                " @@ phraseto_tsquery('simple', ?)"
            } else {
                " @@ plainto_tsquery('simple', ?)"
            };
            sql.then(text.column)
                .with(function, [words.join(" ").into()])
        } else {
            let quote = |words: &str| format!("\"{}\"", words.replace('"', "\"\""));
            let wanted = if phrase {
                quote(&words.join(" "))
            } else {
                let each: Vec<String> = words.iter().map(|w| quote(w)).collect();
                each.join(" ")
            };
            sql.then(text.index).with(" match ?", [wanted.into()])
        };
        let sql = sql.with(
            " and rowid < ? order by rowid desc limit ?",
            [before.into(), most.into()],
        );
        self.rows(sql).await?.iter().map(|r| r.get("n")).collect()
    }
}

/// One full-text table, the same name on both databases.
#[derive(Debug, Clone, Copy)]
pub struct TextIndex {
    /// The table; its `rowid` is the number asked for.
    pub index: &'static str,
    /// PostgreSQL: its `tsvector` column.
    pub column: &'static str,
}

/// Names of one full-text index on both databases.
#[derive(Debug, Clone, Copy)]
pub struct MatchText {
    /// SQLite: the FTS5 table.
    pub index: &'static str,
    /// SQLite: the column that equals the index's rowid.
    pub seq: &'static str,
    /// PostgreSQL: the `tsvector` column.
    pub vector: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_types() {
        let text = "create table t (a {id}, b {int}) {strict};\n--sqlite\nx;\n--end\n--postgres\ny;\n--end\n";
        assert_eq!(
            migration(text, false),
            "create table t (a blob, b integer) strict;\nx;\n"
        );
        assert_eq!(
            migration(text, true),
            "create table t (a bytea, b bigint) ;\ny;\n"
        );
    }
}
