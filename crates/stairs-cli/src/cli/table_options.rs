//! Options of a table of one's own.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use stairs::data::TableOptions as Table;

use super::number::real;

/// How a table, `--dataset FILE.csv`, is read.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Tables (--dataset FILE.csv or .tsv, gzip too: a sample a line, numbers and a label)")]
pub(crate) struct TableOptions {
    /// The column of the label: last, first, its name, or its number from 1 [default: last]
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Whether the first line names the columns: true or false [default: what the line looks like]
    #[arg(long, value_name = "BOOL")]
    header: Option<bool>,
    /// What separates the cells: one character, such as ; or | [default: the first of tab, semicolon and comma that the first line has]
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// A second table with the test part [default: a share of the table]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["test_share", "split_seed"])]
    test_table: Option<PathBuf>,
    /// Share of every class that is held back for testing, in [0, 1) [default: 0.2]
    #[arg(long, value_name = "SHARE", value_parser = real)]
    test_share: Option<f64>,
    /// Seed that draws this share, below 2^63 [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 63))]
    split_seed: Option<u64>,
}

impl TableOptions {
    /// `base` with what they change; paths become absolute, so that a run finds them from everywhere.
    pub(crate) fn config(&self, base: Table) -> anyhow::Result<Table> {
        Ok(Table {
            label: self.label.clone().unwrap_or(base.label),
            header: self.header.or(base.header),
            delimiter: self.delimiter.or(base.delimiter),
            test: self.test_table.as_ref().map(std::path::absolute).transpose()?.or(base.test),
            test_share: self.test_share.unwrap_or(base.test_share),
            seed: self.split_seed.unwrap_or(base.seed),
        })
    }

    /// Refuses them for another data set than a table.
    pub(crate) fn check(&self, table: bool) -> anyhow::Result<()> {
        ensure!(
            table || *self == Self::default(),
            "--label, --header, --delimiter, --test-table, --test-share and --split-seed are for --dataset FILE.csv"
        );
        Ok(())
    }
}
