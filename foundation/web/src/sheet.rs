//! Tables as CSV that a spreadsheet opens without running anything in them.

use crate::error::Error;

/// A cell a spreadsheet would take for a formula gets an apostrophe in front.
pub(crate) fn neutral(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{cell}");
    }
    cell.to_owned()
}

/// Heading and rows as CSV; every cell is neutralised here, so no caller can forget. Fails when a row
/// has more or fewer cells than the heading.
pub fn sheet<R>(heading: &[&str], rows: R) -> Result<String, Error>
where
    R: IntoIterator<Item = Vec<String>>,
{
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(heading)
        .map_err(|e| Error::internal(&e))?;
    for row in rows {
        writer
            .write_record(row.iter().map(|cell| neutral(cell)))
            .map_err(|e| Error::internal(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::internal(&e))?;
    String::from_utf8(bytes).map_err(|e| Error::internal(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text() {
        for cell in ["=1+1", "+44", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        assert_eq!(neutral("Margaret"), "Margaret");
        let text = sheet(&["a", "b"], [vec!["=1".to_owned(), "x, y".to_owned()]]).unwrap();
        assert_eq!(text, "a,b\n'=1,\"x, y\"\n");
    }
}
