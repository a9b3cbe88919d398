//! `stairs expressivity`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use stairs::quant::expressivity::{Construction, Target};
use stairs_study::plot::{expressivity_figure, write_svg};

use super::number::{REPEATS, real, whole};

/// Build a ternary network that approximates a function within eta, certify it and measure it
///
/// Weights are in {−1, 0, 1}, features in {0, 1}. The functions are on [0, 1]^n: sine (n = 1), vee (1), ring (2), saddle
/// (2), bump (3). For functions of your own there is stairs::quant::expressivity.
#[derive(Debug, Args)]
pub(crate) struct Expressivity {
    /// Function: sine, vee, ring, saddle or bump
    #[arg(default_value_t = Target::Sine)]
    function: Target,
    /// Largest error allowed, everywhere: positive
    #[arg(long, default_value_t = 0.1, value_name = "ERROR", value_parser = real)]
    eta: f64,
    /// Construction: cells (the paper's) or corners (fewer weights)
    #[arg(long, default_value_t = Construction::Cells, value_name = "NAME")]
    construction: Construction,
    /// Cells a side, 1 to 1048576 [default: with --step the fewest, else what costs the fewest non-zero weights]
    #[arg(long, value_name = "N", value_parser = whole(0..=1 << 20))]
    side: Option<usize>,
    /// Height of a level, positive [default: what the cells leave of eta]
    #[arg(long, value_name = "DELTA", value_parser = real)]
    step: Option<f64>,
    /// Points a side and cell at which the error is measured, 1 to 1000000
    #[arg(long, default_value_t = 8, value_name = "POINTS", value_parser = whole(1..=REPEATS))]
    per_cell: usize,
    /// Figure to write [default: none]
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Expressivity {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut task = self.function.approximation(self.eta).with_construction(self.construction);
        if let Some(side) = self.side {
            task = task.with_side(side);
        }
        if let Some(step) = self.step {
            task = task.with_step(step);
        }
        let network = self.function.build(&task)?;
        let measured = network.measure(|point| self.function.eval(point), self.per_cell)?;
        answer!("{}", network.certificate());
        answer!("measured {:.6} at {:?}, the largest of {} points", measured.error, measured.at, measured.points);
        if let Some(path) = &self.svg {
            let svg = expressivity_figure(self.function, &network)?.svg()?;
            write_svg(path, &svg).with_context(|| format!("cannot write {}", path.display()))?;
            println!("figure {}", path.display());
        }
        Ok(())
    }
}
