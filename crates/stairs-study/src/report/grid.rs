//! A table of text, for the terminal and for a page.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use maud::{Markup, html};

/// A header and rows of cells; the first column is text, the others numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(crate) fn new(head: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { head: head.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    pub(crate) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
        table.set_header(&self.head);
        for row in &self.rows {
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.trim_fmt()
    }

    /// As the book has it.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = format!("|{}\n", "---|".repeat(self.head.len()));
        self.rows.iter().fold(line(&self.head) + &rule, |text, row| text + &line(row))
    }

    pub(crate) fn html(&self) -> Markup {
        html! {
            div.scroll { table.results {
                thead { tr { @for (i, cell) in self.head.iter().enumerate() { th.number[i > 0] { (cell) } } } }
                tbody { @for row in &self.rows {
                    tr { @for (i, cell) in row.iter().enumerate() { td.number[i > 0] { (cell) } } }
                } }
            } }
        }
    }
}
