//! Rows on their way into files.

use std::io::{self, Write};

use crate::draw::Id;
use crate::table::{self, Format, Table};
use crate::time::Time;

/// How much a sheet holds back before its file is written to.
const BUFFER_BYTES: usize = 1 << 16;

/// Where the files of a world go.
pub trait Files {
    /// What one file is written to.
    type W: Write;

    /// Opens the file called `name`; names such as `truth/people.csv` have a folder in them.
    fn create(&mut self, name: &str) -> io::Result<Self::W>;
}

/// The value of one cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Empty,
    Text(&'a str),
    Id(Id),
    Int(i64),
    Bool(bool),
    /// An amount of money, two places after the point.
    Cents(i64),
    /// Six places after the point.
    Ratio(f64),
    Date(Time),
    Timestamp(Time),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<Id> for Cell<'_> {
    fn from(id: Id) -> Self {
        Self::Id(id)
    }
}

impl From<Time> for Cell<'_> {
    fn from(time: Time) -> Self {
        Self::Timestamp(time)
    }
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// The rows of one file that are not written yet.
pub(crate) struct Sheet {
    pub(crate) table: &'static Table,
    pub(crate) rows: u64,
    buffer: Vec<u8>,
    /// What precedes each cell: the comma, and in JSON the key.
    lead: Vec<String>,
}

impl Sheet {
    fn new(table: &'static Table) -> Self {
        let mut buffer = Vec::with_capacity(2 * BUFFER_BYTES);
        let lead = match table.format {
            Format::Csv => {
                buffer.extend_from_slice(table.columns.join(",").as_bytes());
                buffer.push(b'\n');
                let comma = |place| if place == 0 { "" } else { "," };
                (0..table.columns.len())
                    .map(|place| comma(place).to_owned())
                    .collect()
            }
            Format::JsonLines => table
                .columns
                .iter()
                .enumerate()
                .map(|(place, key)| format!("{}\"{key}\":", if place == 0 { '{' } else { ',' }))
                .collect(),
        };
        Self {
            table,
            rows: 0,
            buffer,
            lead,
        }
    }

    /// Starts a row. Every column is [`Row::put`] in order, then the row is ended.
    pub(crate) fn row(&mut self) -> Row<'_> {
        Row {
            sheet: self,
            place: 0,
        }
    }

    /// Hands a full buffer on.
    pub(crate) fn write_if_full(&mut self, file: &mut impl Write) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES {
            file.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Hands the rest on.
    pub(crate) fn finish(&mut self, file: &mut impl Write) -> io::Result<()> {
        file.write_all(&self.buffer)?;
        self.buffer.clear();
        file.flush()
    }
}

/// A row being written.
#[must_use]
pub(crate) struct Row<'s> {
    sheet: &'s mut Sheet,
    place: usize,
}

impl Row<'_> {
    pub(crate) fn put<'a>(mut self, cell: impl Into<Cell<'a>>) -> Self {
        let Sheet {
            table,
            buffer,
            lead,
            ..
        } = &mut *self.sheet;
        buffer.extend_from_slice(lead[self.place].as_bytes());
        let json = table.format == Format::JsonLines;
        write_cell(cell.into(), json, buffer);
        self.place += 1;
        self
    }

    pub(crate) fn end(self) {
        debug_assert_eq!(self.place, self.sheet.lead.len());
        if self.sheet.table.format == Format::JsonLines {
            self.sheet.buffer.push(b'}');
        }
        self.sheet.buffer.push(b'\n');
        self.sheet.rows += 1;
    }
}

fn write_cell(cell: Cell<'_>, json: bool, buffer: &mut Vec<u8>) {
    let is_bare = matches!(cell, Cell::Int(_) | Cell::Bool(_) | Cell::Ratio(_));
    let quoted = json && !is_bare;
    match cell {
        Cell::Empty if json => return buffer.extend_from_slice(b"null"),
        Cell::Empty => return,
        Cell::Text(text) if !json => return write_csv_text(text, buffer),
        _ => {}
    }
    if quoted {
        buffer.push(b'"');
    }
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => {
            debug_assert!(!text.contains(['"', '\\']) && !text.contains(char::is_control));
            buffer.extend_from_slice(text.as_bytes());
        }
        Cell::Id(id) => id.write(buffer),
        Cell::Int(value) => write_fmt(buffer, format_args!("{value}")),
        Cell::Bool(value) => write_fmt(buffer, format_args!("{value}")),
        Cell::Cents(cents) => {
            let sign = if cents < 0 { "-" } else { "" };
            let (whole, rest) = (cents.abs() / 100, cents.abs() % 100);
            write_fmt(buffer, format_args!("{sign}{whole}.{rest:02}"));
        }
        Cell::Ratio(value) => write_fmt(buffer, format_args!("{value:.6}")),
        Cell::Date(time) => time.write_date(buffer),
        Cell::Timestamp(time) => time.write_timestamp(buffer),
    }
    if quoted {
        buffer.push(b'"');
    }
}

fn write_csv_text(text: &str, buffer: &mut Vec<u8>) {
    if text.contains([',', '"', '\n']) {
        buffer.push(b'"');
        buffer.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        buffer.push(b'"');
    } else {
        buffer.extend_from_slice(text.as_bytes());
    }
}

fn write_fmt(buffer: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    buffer.write_fmt(text).expect("memory takes every write");
}

/// All files of a world.
pub(crate) struct Sheets {
    pub(crate) web_events: Sheet,
    pub(crate) app_events: Sheet,
    pub(crate) orders: Sheet,
    pub(crate) order_lines: Sheet,
    pub(crate) crm_contacts: Sheet,
    pub(crate) email_events: Sheet,
    pub(crate) support_tickets: Sheet,
    pub(crate) subscription_events: Sheet,
    pub(crate) demographics: Sheet,
    pub(crate) consents: Sheet,
    pub(crate) products: Sheet,
    pub(crate) true_people: Sheet,
    pub(crate) true_identifiers: Sheet,
}

impl Sheets {
    pub(crate) fn new() -> Self {
        Self {
            web_events: Sheet::new(&table::WEB_EVENTS),
            app_events: Sheet::new(&table::APP_EVENTS),
            orders: Sheet::new(&table::ORDERS),
            order_lines: Sheet::new(&table::ORDER_LINES),
            crm_contacts: Sheet::new(&table::CRM_CONTACTS),
            email_events: Sheet::new(&table::EMAIL_EVENTS),
            support_tickets: Sheet::new(&table::SUPPORT_TICKETS),
            subscription_events: Sheet::new(&table::SUBSCRIPTION_EVENTS),
            demographics: Sheet::new(&table::DEMOGRAPHICS),
            consents: Sheet::new(&table::CONSENTS),
            products: Sheet::new(&table::PRODUCTS),
            true_people: Sheet::new(&table::TRUE_PEOPLE),
            true_identifiers: Sheet::new(&table::TRUE_IDENTIFIERS),
        }
    }

    /// Every sheet, the raw sources first.
    pub(crate) fn all(&mut self) -> [&mut Sheet; 13] {
        [
            &mut self.web_events,
            &mut self.app_events,
            &mut self.orders,
            &mut self.order_lines,
            &mut self.crm_contacts,
            &mut self.email_events,
            &mut self.support_tickets,
            &mut self.subscription_events,
            &mut self.demographics,
            &mut self.consents,
            &mut self.products,
            &mut self.true_people,
            &mut self.true_identifiers,
        ]
    }
}
