//! Reading monthly totals from CSV.

use record::finding::Finding;
use record::time::Date;

use super::MonthTotal;
use crate::windows::parse_month;

/// Most months kept and read: fifty years.
pub const LIMIT: i64 = 600;

const MONTH: &[&str] = &["month"];
const TOTAL: &[&str] = &["recorded_crime", "total", "value"];

/// Reads `month,recorded_crime` (or `month,total`). What cannot be read is told row by row.
pub fn read_totals(text: &str, source: &str) -> (Vec<MonthTotal>, Vec<Finding>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headings = match reader.headers() {
        Ok(headings) => headings.clone(),
        Err(error) => return (vec![], vec![whole(error.to_string())]),
    };
    let place = |names: &[&str]| {
        headings
            .iter()
            .position(|h| names.contains(&h.to_lowercase().as_str()))
    };
    let (Some(month), Some(total)) = (place(MONTH), place(TOTAL)) else {
        let problem = "the headings month and recorded_crime are not both there";
        return (vec![], vec![whole(problem)]);
    };
    let (mut totals, mut findings) = (Vec::new(), Vec::new());
    for (row, record) in (2u64..).zip(reader.records()) {
        if totals.len() as i64 >= LIMIT {
            findings.push(whole(format!("there are more than {LIMIT} months")));
            break;
        }
        let read = record
            .map_err(|e| Finding::rejected(row, "", e.to_string(), "Mend the row"))
            .and_then(|r| read_row(row, r.get(month), r.get(total)));
        match read {
            Ok((month, _)) if totals.iter().any(|t: &MonthTotal| t.month == month) => {
                let problem = format!("{} is there twice", month.show_month());
                findings.push(Finding::rejected(
                    row,
                    "month",
                    problem,
                    "Keep one row for each month",
                ));
            }
            Ok((month, value)) => totals.push(MonthTotal {
                month,
                value,
                source: source.to_owned(),
            }),
            Err(finding) => findings.push(finding),
        }
    }
    (totals, findings)
}

fn whole(problem: impl Into<String>) -> Finding {
    Finding::rejected(
        0,
        "",
        problem,
        "Send a CSV file with the columns month and recorded_crime",
    )
}

fn read_row(row: u64, month: Option<&str>, total: Option<&str>) -> Result<(Date, i64), Finding> {
    let month = parse_month(month.unwrap_or_default()).ok_or_else(|| {
        let remedy = "Write the month as 2026-10";
        Finding::rejected(row, "month", "this is not a month", remedy)
    })?;
    let value = parse_total(total.unwrap_or_default()).ok_or_else(|| {
        let remedy = "Write a whole number such as 6512";
        Finding::rejected(
            row,
            "recorded_crime",
            "this is not a number of crimes",
            remedy,
        )
    })?;
    Ok((month, value))
}

/// A number of crimes, with or without commas; a county records fewer than ten million a month.
pub(super) fn parse_total(text: &str) -> Option<i64> {
    let digits: String = text.trim().chars().filter(|c| *c != ',').collect();
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|n| *n < 10_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_totals_are_read() {
        let (totals, findings) = read_totals(
            "\u{feff}Month,Total\r\n2026-09,\"6,512\"\r\n2026-10-01,6600\n",
            "f",
        );
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(totals.len(), 2);
        assert_eq!(totals[0].value, 6512);
        assert_eq!(totals[1].month.to_string(), "2026-10-01");
    }

    #[test]
    fn what_cannot_be_read_is_told_by_row() {
        let text = "month,recorded_crime\nOctober,1\n2026-09,-5\n2026-08\n2026-07,1\n2026-07,2\n";
        let (totals, findings) = read_totals(text, "f");
        assert_eq!(totals.len(), 1);
        let rows: Vec<u64> = findings.iter().map(|f| f.row).collect();
        assert_eq!(rows, [2, 3, 4, 6]);
        let (none, findings) = read_totals("a,b\n1,2\n", "f");
        assert!(none.is_empty());
        assert!(findings[0].to_string().contains("month and recorded_crime"));
        assert!(!read_totals("", "f").1.is_empty());
        assert_eq!(parse_total("99999999999999999999"), None);
    }
}
