//! The networks that may be chosen: families with ranges of sizes, and how they may be quantised.
//!
//! A *stratum* is everything but the widths: a family, a depth, a kernel, a quantiser, features, edges. Strata take turns, and each gives
//! its networks in an order that its seed decides, every network once: so a part of a large space has all depths and precisions in equal
//! shares, and all of a small space comes out.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use stairs_noise::derive_seed;
use stairs_quant::Quantiser;
use stairs_train::{Edges, Features};
use stairs_zoo::Architecture;

use super::{Candidate, ChooseError};

/// Families whose sizes are widths, one a hidden layer.
const BY_WIDTHS: [&str; 4] = ["mlp", "plain-mlp", "cnn", "plain-cnn"];
/// Those of them with kernels.
const WITH_KERNELS: [&str; 2] = ["cnn", "plain-cnn"];
/// The kernel that needs no option.
const USUAL_KERNEL: usize = 3;

/// Most hidden layers: seven widths each are 7³² networks, which can still be counted.
const MAX_DEPTH: usize = 32;

/// Ranges of what may be chosen.
///
/// ```
/// use stairs_study::choose::Space;
/// let space = Space { depths: vec![1, 2], widths: vec![8, 16], ..Space::of("mlp") };
/// let all: Vec<String> = space.candidates(1)?.map(|found| found.to_string()).collect();
/// assert_eq!(all.len(), 2 + 4);
/// assert!(all.contains(&"mlp:16-8 float".to_owned()));
/// # Ok::<(), stairs_study::choose::ChooseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Families by name, one or more.
    pub families: Vec<String>,
    /// Hidden layers, of families whose sizes are widths.
    pub depths: Vec<usize>,
    /// Widths of a hidden layer, of the same families; every layer may have every width.
    pub widths: Vec<usize>,
    /// Factors on all widths, of families that have one.
    pub factors: Vec<f64>,
    /// Heights and widths of kernels, of stacks of convolutions: 1, 3, 5, 7.
    pub kernels: Vec<usize>,
    /// Quantisers of the weights; float if absent.
    pub quantisers: Vec<Option<Quantiser>>,
    /// What stands in place of the activations of quantised networks.
    pub features: Vec<Features>,
    /// Which layers of quantised networks keep float weights.
    pub edges: Vec<Edges>,
}

/// Networks that differ in their widths alone.
struct Stratum<'a> {
    family: &'a str,
    depth: usize,
    option: String,
    precision: (Option<Quantiser>, Features, Edges),
}

impl Space {
    /// Float networks of one family: depths 1 to 4, widths of 8 to 64, factors of 0.125 to 1, kernels of 3.
    pub fn of(family: &str) -> Self {
        Self {
            families: vec![family.to_owned()],
            depths: vec![1, 2, 3, 4],
            widths: vec![8, 12, 16, 24, 32, 48, 64],
            factors: vec![0.125, 0.1875, 0.25, 0.375, 0.5, 0.75, 1.0],
            kernels: vec![USUAL_KERNEL],
            quantisers: vec![None],
            features: vec![Features::default()],
            edges: vec![Edges::default()],
        }
    }

    /// Its networks, each once, strata in turn. Same space and seed: same order.
    ///
    /// # Errors
    /// [`ChooseError::Empty`] for a range without values, [`ChooseError::Depth`], [`ChooseError::Model`] for sizes that a family does not have.
    pub fn candidates(&self, seed: u64) -> Result<impl Iterator<Item = Candidate> + '_, ChooseError> {
        let strata = self.strata()?;
        // Every stratum is tried once, so that no name can be wrong later.
        let largest = |stratum: &Stratum<'_>| stratum.count(self).saturating_sub(1);
        for stratum in &strata {
            stratum.model(self, 0)?;
            stratum.model(self, largest(stratum))?;
        }
        let mut orders: Vec<Order> = strata
            .iter()
            .enumerate()
            .map(|(i, s)| Order::new(s.count(self), derive_seed(seed, "stratum", i as u64)))
            .collect();
        let mut turn = 0;
        Ok(std::iter::from_fn(move || {
            for _ in 0..orders.len() {
                let at = turn % orders.len();
                turn += 1;
                if let Some(index) = orders[at].next()
                    && let Ok(model) = strata[at].model(self, index)
                {
                    let (quantiser, features, edges) = strata[at].precision;
                    return Some(Candidate { model, quantiser, features, edges });
                }
            }
            None
        }))
    }

    /// Networks in all; saturating.
    ///
    /// # Errors
    /// [`ChooseError::Empty`], [`ChooseError::Depth`].
    pub fn count(&self) -> Result<u128, ChooseError> {
        Ok(self.strata()?.iter().map(|stratum| stratum.count(self)).fold(0, u128::saturating_add))
    }

    fn strata(&self) -> Result<Vec<Stratum<'_>>, ChooseError> {
        let ranges = [
            ("families", self.families.is_empty()),
            ("depths", self.depths.is_empty()),
            ("widths", self.widths.is_empty()),
            ("factors", self.factors.is_empty()),
            ("kernels", self.kernels.is_empty()),
            ("quantisers", self.quantisers.is_empty()),
            ("features", self.features.is_empty()),
            ("edges", self.edges.is_empty()),
        ];
        if let Some(depth) = self.depths.iter().find(|depth| !(1..=MAX_DEPTH).contains(*depth)) {
            return Err(ChooseError::Depth { depth: *depth, most: MAX_DEPTH });
        }
        if let Some((range, _)) = ranges.into_iter().find(|(_, is_empty)| *is_empty) {
            return Err(ChooseError::Empty { range });
        }
        let mut precisions = Vec::new();
        for quantiser in &self.quantisers {
            match quantiser {
                None => precisions.push((None, Features::default(), Edges::default())),
                Some(_) => precisions.extend(
                    self.features
                        .iter()
                        .flat_map(|features| self.edges.iter().map(move |edges| (*quantiser, *features, *edges))),
                ),
            }
        }
        let mut strata = Vec::new();
        for family in &self.families {
            let depths: &[usize] = if BY_WIDTHS.contains(&&family[..]) { &self.depths } else { &[0] };
            let kernels: &[usize] = if WITH_KERNELS.contains(&&family[..]) { &self.kernels } else { &[USUAL_KERNEL] };
            for depth in depths {
                for kernel in kernels {
                    let option = if *kernel == USUAL_KERNEL { String::new() } else { format!("+k{kernel}") };
                    strata.extend(precisions.iter().map(|precision| Stratum {
                        family,
                        depth: *depth,
                        option: option.clone(),
                        precision: *precision,
                    }));
                }
            }
        }
        Ok(strata)
    }
}

impl Stratum<'_> {
    /// Its networks; saturating.
    fn count(&self, space: &Space) -> u128 {
        match BY_WIDTHS.contains(&self.family) {
            true => (space.widths.len() as u128).saturating_pow(u32::try_from(self.depth).unwrap_or(u32::MAX)),
            false => space.factors.len() as u128,
        }
    }

    /// Number `index` of its models: widths are the digits of the number.
    fn model(&self, space: &Space, mut index: u128) -> Result<Architecture, ChooseError> {
        let sizes = if BY_WIDTHS.contains(&self.family) {
            let base = space.widths.len() as u128;
            let widths = (0..self.depth).map(|_| {
                let digit = index % base;
                index /= base;
                space.widths[digit as usize].to_string()
            });
            widths.collect::<Vec<_>>().join("-")
        } else {
            space.factors[index as usize].to_string()
        };
        Ok(format!("{}:{sizes}{}", self.family, self.option).parse::<Architecture>()?)
    }
}

/// The numbers below `count`, each once: all in a shuffled order where they are few, drawn where they are many.
struct Order {
    count: u128,
    rng: ChaCha8Rng,
    seen: BTreeSet<u128>,
}

impl Order {
    fn new(count: u128, seed: u64) -> Self {
        Self { count, rng: ChaCha8Rng::seed_from_u64(seed), seen: BTreeSet::new() }
    }
}

impl Iterator for Order {
    type Item = u128;

    fn next(&mut self) -> Option<u128> {
        let left = self.count - self.seen.len() as u128;
        if left == 0 {
            return None;
        }
        let found = if self.count <= 2 * left {
            // At least every second number is new: a few attempts find one.
            std::iter::repeat_with(|| self.rng.random_range(0..self.count)).find(|index| !self.seen.contains(index))?
        } else {
            let nth = self.rng.random_range(0..left);
            (0..self.count).filter(|index| !self.seen.contains(index)).nth(nth as usize)?
        };
        self.seen.insert(found);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_space_comes_out_whole_and_a_large_one_in_equal_shares() {
        let space = Space {
            depths: vec![1, 2, 3],
            widths: vec![4, 8],
            kernels: vec![3, 5],
            quantisers: vec![None, Some(Quantiser::Ternary)],
            ..Space::of("cnn")
        };
        let all: Vec<String> = space.candidates(1).unwrap().map(|found| found.to_string()).collect();
        assert_eq!(all.len() as u128, space.count().unwrap());
        assert_eq!(all.len(), (2 + 4 + 8) * 2 * 2);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all, space.candidates(1).unwrap().map(|found| found.to_string()).collect::<Vec<_>>());
        assert_ne!(all, space.candidates(2).unwrap().map(|found| found.to_string()).collect::<Vec<_>>());

        let large = Space { depths: vec![2, 30], ..Space::of("plain-mlp") };
        let deep = large.candidates(1).unwrap().take(60).filter(|one| one.model.to_string().len() > 40).count();
        assert_eq!(deep, 30);
        assert!(large.count().unwrap() > 1 << 80);
    }

    #[test]
    fn families_with_a_factor_have_factors() {
        let space = Space { families: vec!["vgg8".into(), "mlp".into()], depths: vec![1], ..Space::of("vgg8") };
        let all: Vec<String> = space.candidates(1).unwrap().map(|found| found.model.to_string()).collect();
        assert_eq!(all.len(), 7 + 7);
        assert!(all.contains(&"vgg8:0.1875".to_owned()) && all.contains(&"mlp:48".to_owned()), "{all:?}");
    }

    #[test]
    fn what_is_no_space_says_why() {
        let error = |space: Space| space.candidates(1).map(|_| ()).unwrap_err().to_string();
        assert!(error(Space { widths: vec![], ..Space::of("mlp") }).contains("widths"));
        assert!(error(Space::of("transformer")).contains("transformer"));
        assert!(error(Space { kernels: vec![4], ..Space::of("cnn") }).contains("k4"));
        assert!(error(Space { depths: vec![0], ..Space::of("mlp") }).contains("1 to 32"));
        assert!(error(Space { factors: vec![1e9], ..Space::of("vgg8") }).contains("factor"));
    }
}
