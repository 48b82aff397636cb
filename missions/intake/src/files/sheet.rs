//! XLSX workbooks: one sheet, row by row, as values. Formulas are never computed: the value the
//! workbook remembers is used and the cell is named.
//!
//! The workbook's shared texts are held in memory, bounded by `max_workbook_bytes`; rows are not.

use std::fs::File;
use std::io::BufReader;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{
    DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxCellFormulaMetadataRecord,
};

use super::error::FileError;
use super::limits::Limits;
use super::row::CellText;

type Workbook = Xlsx<BufReader<File>>;

/// A row of the sheet; rows without any cell are absent.
pub(super) struct SheetRow {
    /// As Excel shows it, from 1.
    pub number: u64,
    pub cells: CellText,
    /// Cells whose remembered value was used, such as `C7`.
    pub formulas: Vec<String>,
    /// Cells that hold an Excel error such as `#N/A`, read as empty.
    pub errors: Vec<String>,
    /// The row has more bytes or columns than the limits.
    pub too_long: bool,
}

/// A sheet being read on a thread of its own: its reader borrows the workbook, and a workbook made
/// to crash its reader ends that thread only. The thread also ends when this is dropped.
pub(super) struct Sheet {
    messages: Receiver<Message>,
    batch: std::vec::IntoIter<SheetRow>,
    ended: bool,
    pub name: String,
    /// Other visible sheets, which are not read.
    pub others: Vec<String>,
}

enum Message {
    Opened { name: String, others: Vec<String> },
    Rows(Vec<SheetRow>),
    Failed(FileError),
    End,
}

/// Rows handed over at once, and how many such batches may wait: bounds what is in flight.
const BATCH: usize = 64;
const WAITING: usize = 2;

impl Sheet {
    pub(super) fn open(
        file: File,
        wanted: Option<&str>,
        limits: &Limits,
    ) -> Result<Sheet, FileError> {
        let (sender, messages) = sync_channel(WAITING);
        let (wanted, limits) = (wanted.map(str::to_owned), limits.clone());
        thread::spawn(move || {
            let last = match read_sheet(file, wanted.as_deref(), &limits, &sender) {
                Ok(()) => Message::End,
                Err(error) => Message::Failed(error),
            };
            // A closed channel means that nobody wants the rest.
            let _ = sender.send(last);
        });
        match messages.recv() {
            Ok(Message::Opened { name, others }) => Ok(Sheet {
                messages,
                batch: Vec::new().into_iter(),
                ended: false,
                name,
                others,
            }),
            Ok(Message::Failed(error)) => Err(error),
            _ => Err(crashed()),
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<SheetRow>, FileError> {
        loop {
            if let Some(row) = self.batch.next() {
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            match self.messages.recv() {
                Ok(Message::Rows(batch)) => self.batch = batch.into_iter(),
                Ok(Message::End) => self.ended = true,
                Ok(Message::Failed(error)) => return Err(error),
                // Without its end announced the sheet is not whole: rows would be lost in silence.
                Ok(Message::Opened { .. }) | Err(_) => return Err(crashed()),
            }
        }
    }
}

fn crashed() -> FileError {
    FileError::Workbook("its contents made the reader fail".to_owned())
}

fn unreadable(error: calamine::XlsxError) -> FileError {
    FileError::Workbook(error.to_string())
}

fn read_sheet(
    file: File,
    wanted: Option<&str>,
    limits: &Limits,
    sender: &SyncSender<Message>,
) -> Result<(), FileError> {
    let mut workbook: Workbook = Xlsx::new(BufReader::new(file)).map_err(unreadable)?;
    let mut sheets: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|s| s.typ == SheetType::WorkSheet)
        .filter(|s| s.visible == SheetVisible::Visible || wanted == Some(s.name.as_str()))
        .map(|s| s.name.clone())
        .collect();
    let found = match wanted {
        Some(wanted) => sheets.iter().position(|s| s == wanted),
        None => (!sheets.is_empty()).then_some(0),
    };
    let Some(at) = found else {
        return Err(FileError::NoSheet {
            wanted: wanted.unwrap_or("(any visible)").to_owned(),
            present: sheets.join(", "),
        });
    };
    let name = sheets.remove(at);
    let opened = Message::Opened {
        name: name.clone(),
        others: sheets,
    };
    if sender.send(opened).is_err() {
        return Ok(());
    }
    read_rows(&mut workbook, &name, limits, sender).map_err(unreadable)
}

fn read_rows(
    workbook: &mut Workbook,
    sheet: &str,
    limits: &Limits,
    sender: &SyncSender<Message>,
) -> Result<(), calamine::XlsxError> {
    let mut cells = workbook.worksheet_cells_reader(sheet)?;
    let mut batch: Vec<SheetRow> = Vec::with_capacity(BATCH);
    let mut row: Option<SheetRow> = None;
    while let Some(cell) = cells.next_cell_with_formula_metadata()? {
        let number = u64::from(cell.pos.0) + 1;
        if row.as_ref().is_none_or(|r| r.number != number) {
            batch.extend(row.take());
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                if sender.send(Message::Rows(full)).is_err() {
                    return Ok(());
                }
            }
        }
        let row = row.get_or_insert_with(|| SheetRow {
            number,
            cells: CellText::default(),
            formulas: Vec::new(),
            errors: Vec::new(),
            too_long: false,
        });
        add(row, cell, limits);
    }
    batch.extend(row);
    let _ = sender.send(Message::Rows(batch));
    Ok(())
}

fn add(row: &mut SheetRow, cell: XlsxCellFormulaMetadataRecord<'_>, limits: &Limits) {
    let column = cell.pos.1 as usize;
    if matches!(cell.value, DataRef::Empty) && cell.formula.is_none() {
        return;
    }
    if column >= limits.max_columns {
        row.too_long = true;
        return;
    }
    // A cell out of order would overwrite another; a sound workbook has none.
    if column < row.cells.len() {
        return;
    }
    while row.cells.len() < column {
        row.cells.push("");
    }
    if cell.formula.is_some() {
        row.formulas.push(address(row.number, column));
    }
    if matches!(cell.value, DataRef::Error(_)) {
        row.errors.push(address(row.number, column));
    }
    let text = value_text(&cell.value);
    if row.cells.text.len() + text.len() > limits.max_row_bytes {
        row.too_long = true;
        return;
    }
    row.cells.push(&text);
}

fn value_text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(n) => n.to_string(),
        // Rust writes the shortest text that reads back the same, and whole numbers without a point.
        DataRef::Float(n) => n.to_string(),
        DataRef::Bool(b) => if *b { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(when) => date_text(when),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
        #[allow(unreachable_patterns, reason = "the enum may grow in a later calamine")]
        _ => String::new(),
    }
}

/// ISO 8601: a day, a day and time, or a time alone where there is no day.
fn date_text(when: &ExcelDateTime) -> String {
    if when.is_duration() {
        return when.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = when.to_ymd_hms_milli();
    let serial = when.as_f64();
    if (0.0..1.0).contains(&serial) {
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    if serial.fract() == 0.0 {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// A cell's address as Excel shows it.
fn address(row: u64, column: usize) -> String {
    let mut letters = Vec::new();
    let mut n = column + 1;
    while n > 0 {
        letters.push(b'A' + ((n - 1) % 26) as u8);
        n = (n - 1) / 26;
    }
    letters.reverse();
    format!("{}{row}", String::from_utf8_lossy(&letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_excel_shows_them() {
        assert_eq!(address(7, 2), "C7");
        assert_eq!(address(1, 25), "Z1");
        assert_eq!(address(1, 26), "AA1");
        assert_eq!(address(1, 701), "ZZ1");
        assert_eq!(address(1, 702), "AAA1");
    }
}
