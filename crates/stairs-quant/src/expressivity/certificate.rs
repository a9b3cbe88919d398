//! What is certified of a network, and what it costs.

use std::fmt;

use serde::Serialize;

use super::Construction;

/// Units and weights of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LayerCount {
    /// What the units are.
    pub name: &'static str,
    /// Number of units.
    pub units: u64,
    /// Entries of its matrix, units × inputs, zeros included.
    pub weights: u64,
    /// Entries that are −1 or 1.
    pub nonzero: u64,
}

/// The proof in numbers: ‖f − network‖_∞ ≤ [`error`](Self::error) if f is Lipschitz with the constant given.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Certificate {
    /// n.
    pub dimension: usize,
    /// L, as given.
    pub lipschitz: f64,
    /// η, as asked for.
    pub eta: f64,
    /// How the network is made.
    pub construction: Construction,
    /// N, cells a side.
    pub side: usize,
    /// δ, height of a level.
    pub step: f64,
    /// J, number of levels above the lowest.
    pub levels: u32,
    /// f_min, smallest value at a centre.
    pub low: f64,
    /// L√n/(2N): how far f is from its value at the centre of the cell.
    pub cell_error: f64,
    /// δ/2: how far that is from the nearest level.
    pub level_error: f64,
    /// 16·2⁻⁵²·(max|f| + L√n): an allowance for f64 arithmetic, of f and of the affine map.
    pub rounding_error: f64,
    /// The steepest slope between centres of neighbouring cells, diagonal ones included; at most L.
    pub observed_slope: f64,
    /// Layer by layer, the output last.
    pub layers: Vec<LayerCount>,
}

impl Certificate {
    /// The bound L√n/(2N) + δ/2, with the allowance for rounding; at most η.
    pub fn error(&self) -> f64 {
        self.cell_error + self.level_error + self.rounding_error
    }

    /// Nⁿ.
    pub fn cells(&self) -> u64 {
        (self.side as u64).pow(self.dimension as u32)
    }

    /// Hidden units of all layers.
    pub fn units(&self) -> u64 {
        self.layers.iter().rev().skip(1).map(|layer| layer.units).sum()
    }

    /// Entries of all matrices.
    pub fn weights(&self) -> u64 {
        self.layers.iter().map(|layer| layer.weights).sum()
    }

    /// Entries that are −1 or 1.
    pub fn nonzero_weights(&self) -> u64 {
        self.layers.iter().map(|layer| layer.nonzero).sum()
    }
}

impl fmt::Display for Certificate {
    /// Three lines, and one for each layer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "error <= {:.6} for eta = {} and L = {} (steepest seen: {:.4})",
            self.error(),
            self.eta,
            self.lipschitz,
            self.observed_slope
        )?;
        writeln!(
            f,
            "  {:.6} from {} cells a side, {:.6} from {} levels of {:.6}",
            self.cell_error, self.side, self.level_error, self.levels, self.step
        )?;
        write!(
            f,
            "{} units, {} non-zero weights of {}, {} construction",
            self.units(),
            self.nonzero_weights(),
            self.weights(),
            self.construction
        )?;
        for LayerCount { name, units, weights, nonzero } in &self.layers {
            write!(f, "\n  {name:<12} {units:>9} units {nonzero:>11} of {weights} weights")?;
        }
        Ok(())
    }
}
