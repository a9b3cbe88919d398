//! Bits for every layer under a budget.
//!
//! ```text
//! minimise   Σ_j loss_j(b_j)      over one b_j of the levels for every layer j
//! such that  fixed + Σ_j cost_j(b_j) ≤ budget
//! ```
//!
//! The layers are those whose weights are quantised in the network; all else that costs anything is fixed: float layers, biases, norms.
//! Costs are those of [`Network::totals`]: bit operations `MACs · b_j · (bits of the feature)`, or bytes of parameters
//! `⌈count · b_j / 8⌉`. What a loss is, a rule says; this file knows none. The answer is exact, see [`minimise`].
//!
//! | file | what |
//! |---|---|
//! | `budget` | what is limited |
//! | `knapsack` | the exact minimum |
//! | `error` | what cannot be allocated |

mod budget;
mod error;
mod knapsack;

use stairs_quant::Bits;

use crate::{Network, Weight};
pub use budget::Budget;
pub use error::AllocationError;
pub use knapsack::{Choice, minimise};

/// A layer whose weights are quantised, with what a bit of them costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightLayer {
    /// Path of the layer: that of its weight without `.weight`.
    pub path: String,
    /// Weights of every node that has them: several where a module is used more than once.
    counts: Vec<u64>,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Bit operations of one bit of its weights: Σ MACs · bits of the features that go in.
    pub bit_operations: u64,
}

impl WeightLayer {
    /// Number of its weights, as [`Network::totals`] counts parameters.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// What `bits` for a weight cost in the unit of `budget`.
    pub fn cost(&self, bits: Bits, budget: Budget) -> u64 {
        let bits = u64::from(bits.get());
        match budget {
            Budget::Flash(_) => {
                let bytes = |count: &u64| count.saturating_mul(bits).div_ceil(8);
                self.counts.iter().map(bytes).fold(0, u64::saturating_add)
            }
            Budget::BitOperations(_) | Budget::MeanBits(_) => self.bit_operations.saturating_mul(bits),
        }
    }
}

/// Bits of every layer, and what they cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// Bits of the weights of every layer, in the order of the network.
    pub bits: Vec<(WeightLayer, Bits)>,
    /// What the whole network costs, in the unit of the budget.
    pub cost: u64,
    /// The budget in the same unit.
    pub budget: u64,
    /// Σ of the losses; 0 where there were none.
    pub loss: f64,
}

/// The choices of every layer, and what is left for them.
struct Problem {
    layers: Vec<WeightLayer>,
    levels: Vec<Bits>,
    unit: Budget,
    fixed: u64,
    budget: u64,
}

impl Network {
    /// The layers whose weights are quantised, in the order of the network.
    pub fn weight_layers(&self) -> Vec<WeightLayer> {
        let mut layers: Vec<WeightLayer> = Vec::new();
        for cost in self.costs() {
            let Some(Weight::Stair(stair)) = cost.node.op.weight() else { continue };
            let (count, macs) = (stair.latent.count() as u64, cost.macs);
            let operations = macs.saturating_mul(u64::from(cost.input_features.bits()));
            match layers.iter_mut().find(|layer| layer.path == cost.node.path) {
                Some(layer) => {
                    layer.counts.push(count);
                    layer.macs = layer.macs.saturating_add(macs);
                    layer.bit_operations = layer.bit_operations.saturating_add(operations);
                }
                None => layers.push(WeightLayer {
                    path: cost.node.path.clone(),
                    counts: vec![count],
                    macs,
                    bit_operations: operations,
                }),
            }
        }
        layers
    }

    /// The bits of least total `loss` within the budget, exactly.
    ///
    /// ```
    /// use stairs_network::{Array, Budget, Comparison, Network, Op, Source, StairWeight, Weight};
    /// use stairs_quant::{Bits, Quantiser};
    ///
    /// let mut builder = Network::builder(vec![4]);
    /// let mut before = Source::Input;
    /// for (path, shape) in [("first", [4, 4]), ("last", [2, 4])] {
    ///     let (latent, function) = (Array::unknown(shape.to_vec())?, Quantiser::Ternary.stair());
    ///     let path = path.to_owned();
    ///     let weight = StairWeight { path: path.clone(), latent, function, scales: vec![], comparison: Comparison::Folded };
    ///     before = builder.push(path, Op::Dense { weight: Weight::Stair(weight), bias: None }, &[before])?;
    /// }
    /// let levels = [2, 8].map(|bits| Bits::new(bits).unwrap());
    /// // 16 weights of 2 bits and 8 of 8 bits are 12 bytes.
    /// let best = builder.finish(before).allocate(&levels, Budget::Flash(12), |_, bits| 0.25f64.powi(bits.get() as i32))?;
    /// assert_eq!(best.bits.iter().map(|(_, bits)| bits.get()).collect::<Vec<_>>(), [2, 8]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocationError`] for no level, no layer, a loss that is not finite, or a budget below what the fewest bits cost.
    pub fn allocate(
        &self,
        levels: &[Bits],
        budget: Budget,
        loss: impl Fn(&WeightLayer, Bits) -> f64,
    ) -> Result<Allocation, AllocationError> {
        let problem = Problem::of(self, levels, budget)?;
        let choice = |layer, bits: &Bits| Choice { cost: problem.cost(layer, *bits), loss: loss(layer, *bits) };
        let groups: Vec<Vec<Choice>> = problem
            .layers
            .iter()
            .map(|layer| problem.levels.iter().map(|bits| choice(layer, bits)).collect())
            .collect();
        let bad = problem.layers.iter().zip(&groups).find_map(|(layer, choices)| {
            let choice = choices.iter().find(|choice| !choice.loss.is_finite())?;
            Some(AllocationError::Loss { path: layer.path.clone(), value: choice.loss })
        });
        bad.map_or(Ok(()), Err)?;
        let chosen = minimise(&groups, problem.budget - problem.fixed).ok_or(AllocationError::TooMany)?;
        let loss = groups.iter().zip(&chosen).map(|(choices, at)| choices[*at].loss).sum();
        Ok(Allocation { loss, ..problem.allocation(&chosen) })
    }

    /// The most bits that are the same for every layer within the budget.
    ///
    /// # Errors
    /// As [`allocate`](Self::allocate).
    pub fn allocate_uniformly(&self, levels: &[Bits], budget: Budget) -> Result<Allocation, AllocationError> {
        let problem = Problem::of(self, levels, budget)?;
        let all = |at: usize| vec![at; problem.layers.len()];
        // The fewest bits fit, or there would be no problem.
        let most = (0..problem.levels.len()).rev().find(|at| problem.total(&all(*at)) <= problem.budget).unwrap_or(0);
        Ok(problem.allocation(&all(most)))
    }

    /// Bits at random that fill the budget: from the fewest, one layer after another, chosen by `pick` of so many, has one level more, until
    /// none fits.
    ///
    /// # Errors
    /// As [`allocate`](Self::allocate).
    pub fn allocate_at_random(
        &self,
        levels: &[Bits],
        budget: Budget,
        mut pick: impl FnMut(usize) -> usize,
    ) -> Result<Allocation, AllocationError> {
        let problem = Problem::of(self, levels, budget)?;
        let mut chosen = vec![0; problem.layers.len()];
        loop {
            let fits = |layer: &usize| {
                let mut raised = chosen.clone();
                raised[*layer] += 1;
                raised[*layer] < problem.levels.len() && problem.total(&raised) <= problem.budget
            };
            let open: Vec<usize> = (0..chosen.len()).filter(fits).collect();
            if open.is_empty() {
                return Ok(problem.allocation(&chosen));
            }
            chosen[open[pick(open.len()) % open.len()]] += 1;
        }
    }
}

impl Problem {
    fn of(network: &Network, levels: &[Bits], unit: Budget) -> Result<Self, AllocationError> {
        let mut levels = levels.to_vec();
        levels.sort_unstable();
        levels.dedup();
        let Some((least, most)) = levels.first().zip(levels.last()).map(|(least, most)| (*least, *most)) else {
            return Err(AllocationError::NoLevels);
        };
        let layers = network.weight_layers();
        if layers.is_empty() {
            return Err(AllocationError::NoLayers);
        }
        let fixed = fixed(network, unit);
        let all = |bits| layers.iter().map(|layer| layer.cost(bits, unit)).fold(fixed, u64::saturating_add);
        let budget =
            unit.limit(fixed, layers.iter().fold(0, |sum: u64, layer| sum.saturating_add(layer.bit_operations)))?;
        let (least, most) = (all(least), all(most));
        if least > budget {
            return Err(AllocationError::Budget { unit: unit.unit(), budget, least, most, fixed });
        }
        Ok(Self { layers, levels, unit, fixed, budget })
    }

    fn cost(&self, layer: &WeightLayer, bits: Bits) -> u64 {
        layer.cost(bits, self.unit)
    }

    /// What the network costs where layer i has level `chosen[i]`.
    fn total(&self, chosen: &[usize]) -> u64 {
        let costs = self.layers.iter().zip(chosen).map(|(layer, at)| self.cost(layer, self.levels[*at]));
        costs.fold(self.fixed, u64::saturating_add)
    }

    fn allocation(&self, chosen: &[usize]) -> Allocation {
        let bits = self.layers.iter().zip(chosen).map(|(layer, at)| (layer.clone(), self.levels[*at])).collect();
        Allocation { bits, cost: self.total(chosen), budget: self.budget, loss: 0.0 }
    }
}

/// What the network costs without its quantised weights.
fn fixed(network: &Network, unit: Budget) -> u64 {
    let costs = network.costs();
    let one = |cost: &crate::Cost<'_>| match (unit, cost.node.op.weight()) {
        (Budget::Flash(_), Some(Weight::Stair(stair))) => {
            let packed = cost.weights.map_or(0, |precision| precision.bytes(stair.latent.count() as u64));
            cost.parameter_bytes() - packed
        }
        (Budget::Flash(_), _) => cost.parameter_bytes(),
        // A mean of bits is one of the quantised weights alone.
        (Budget::MeanBits(_), _) | (Budget::BitOperations(_), Some(Weight::Stair(_))) => 0,
        (Budget::BitOperations(_), _) => cost.bit_operations(),
    };
    costs.iter().map(one).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests;
