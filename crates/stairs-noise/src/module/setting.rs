//! What can change in a quantiser during training: its laws, its strategy, the key of its random draws.

use std::sync::Arc;

use crate::module::host::HostValue;
use crate::noise::{ClosedForm, Visitor};
use crate::{Backward, Dsq, Ewgs, Law, Laws, Noise, NoiseTable, Strategy, derive_seed};

/// The changeable state of one quantiser; an [`AnnealingPlan`](crate::AnnealingPlan) sets it once a step.
///
/// Means and scales are kept in single precision, because that is what a record holds: a resumed run has exactly the
/// laws it would have had.
#[derive(Clone, Debug)]
pub struct Setting {
    laws: Laws,
    strategy: Strategy,
    key: u64,
    /// Tabulated laws this quantiser has been given: a record holds only their fingerprints.
    tables: Vec<Arc<NoiseTable>>,
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        (&self.laws, self.strategy, self.key) == (&other.laws, other.strategy, other.key)
    }
}

impl Setting {
    /// The expectation under `laws`, key 0.
    pub fn new(laws: Laws) -> Self {
        let tables =
            noises(&laws).filter_map(|n| if let Noise::Table(t) = n { Some(t.clone()) } else { None }).collect();
        Self { laws, strategy: Strategy::Expectation, key: 0, tables }
    }

    /// Forward law and backward rule.
    pub fn laws(&self) -> &Laws {
        &self.laws
    }

    /// What the forward pass emits.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Key of the random strategy.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Sets the strategy.
    #[must_use]
    pub fn with_strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets the key of the random strategy; it must differ from step to step and from quantiser to quantiser.
    #[must_use]
    pub fn with_key(mut self, key: u64) -> Self {
        self.key = key;
        self
    }
}

/// Code of the identity estimator where a noise code stands.
const IDENTITY: f32 = -1.0;
/// Code of DSQ's rule; its α stands where a mean does.
const DSQ: f32 = -2.0;
/// Code of EWGS's rule; its δ stands where a mean does.
const EWGS: f32 = -3.0;
/// Strategies by their code.
const STRATEGIES: [Strategy; 4] = [Strategy::Expectation, Strategy::Mode, Strategy::Random, Strategy::Relaxed];
/// Codes from here on are fingerprints of tables; those of closed forms are smaller.
const FIRST_TABLE: f32 = 16.0;

fn noises(laws: &Laws) -> impl Iterator<Item = &Noise> {
    let backward = match &laws.backward {
        Backward::Law(law) => Some(law.noise()),
        Backward::Identity | Backward::Dsq(_) | Backward::Ewgs(_) => None,
    };
    std::iter::once(laws.forward.noise()).chain(backward)
}

/// 22 bits that tell tables apart, as a number an f32 holds exactly.
fn fingerprint(table: &NoiseTable) -> f32 {
    let bits = table.density().iter().fold(0, |hash, v| derive_seed(hash, "table", v.to_bits()));
    FIRST_TABLE + (bits >> 42) as f32
}

/// The number of a noise in records.
fn noise_code(noise: &Noise) -> f32 {
    struct Code;

    impl Visitor for Code {
        type Output = f32;

        fn closed<F: ClosedForm>(self, _: F) -> f32 {
            f32::from(F::CODE)
        }

        fn table(self, table: &NoiseTable) -> f32 {
            fingerprint(table)
        }
    }

    noise.visit(Code)
}

impl Setting {
    /// True if a law of this setting is tabulated.
    pub(crate) fn has_table(&self) -> bool {
        noises(&self.laws).any(|noise| matches!(noise, Noise::Table(_)))
    }

    fn noise(&self, code: f32) -> Option<Noise> {
        Noise::ALL
            .into_iter()
            .chain(self.tables.iter().cloned().map(Noise::Table))
            .find(|noise| noise_code(noise) == code)
    }
}

impl HostValue for Setting {
    /// `[noise, mean, scale]` forward, the same backward, the strategy, the key in three parts of 22 bits.
    fn encode(&self) -> Vec<f32> {
        let law = |law: &Law| [noise_code(law.noise()), law.mean() as f32, law.scale() as f32];
        let backward = match &self.laws.backward {
            Backward::Law(l) => law(l),
            Backward::Identity => [IDENTITY, 0.0, 0.0],
            Backward::Dsq(dsq) => [DSQ, dsq.alpha() as f32, 0.0],
            Backward::Ewgs(ewgs) => [EWGS, ewgs.delta() as f32, 0.0],
        };
        let strategy = STRATEGIES.iter().position(|s| *s == self.strategy).unwrap_or(0) as f32;
        let part = |shift: u32| ((self.key >> shift) & 0x3F_FFFF) as f32;
        let mut numbers = law(&self.laws.forward).to_vec();
        numbers.extend(backward);
        numbers.extend([strategy, part(0), part(22), part(44)]);
        numbers
    }

    fn decode(&self, numbers: &[f32]) -> Option<Self> {
        let [fn_, fm, fs, bn, bm, bs, strategy, k0, k1, k2] = numbers.try_into().ok()?;
        let law =
            |noise: f32, mean: f32, scale: f32| Law::new(self.noise(noise)?, f64::from(mean), f64::from(scale)).ok();
        let forward = law(fn_, fm, fs)?;
        let backward = match bn {
            IDENTITY => Backward::Identity,
            DSQ => Backward::Dsq(Dsq::new(f64::from(bm)).ok()?),
            EWGS => Backward::Ewgs(Ewgs::new(f64::from(bm)).ok()?),
            _ => Backward::Law(law(bn, bm, bs)?),
        };
        let strategy = *STRATEGIES.get(strategy as usize)?;
        let key = (k0 as u64) | ((k1 as u64) << 22) | ((k2 as u64) << 44);
        Some(Self { laws: Laws { forward, backward }, strategy, key, tables: self.tables.clone() })
    }

    fn describe(&self) -> String {
        let law = &self.laws.forward;
        format!("{} mean {} scale {}, {}", law.noise(), law.mean(), law.scale(), self.strategy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoiseTable;

    #[test]
    fn settings_survive_the_codec() {
        let table = Noise::from(NoiseTable::from_density(9, |u| 1.0 - u * u).unwrap());
        let laws = [
            Laws::hard(),
            Laws::same(Law::new(Noise::Logistic, -0.5, 0.125).unwrap()),
            Laws { forward: Law::hard(Noise::Normal), backward: Backward::Identity },
            Laws { forward: Law::hard(Noise::Uniform), backward: Backward::Dsq(Dsq::new(0.25).unwrap()) },
            Laws { forward: Law::hard(Noise::Uniform), backward: Backward::Ewgs(Ewgs::new(0.5).unwrap()) },
            Laws::new(Law::new(table, 0.25, 0.5).unwrap(), Law::new(Noise::Triangular, 0.0, 1.0).unwrap()),
        ];
        for laws in laws {
            for strategy in STRATEGIES {
                let setting = Setting::new(laws.clone()).with_strategy(strategy).with_key(0xFEDC_BA98_7654_3210);
                assert_eq!(setting.decode(&setting.encode()).unwrap(), setting);
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let setting = Setting::new(Laws::hard());
        let mut numbers = setting.encode();
        numbers[2] = -1.0;
        assert!(setting.decode(&numbers).is_none());
        numbers[2] = f32::NAN;
        assert!(setting.decode(&numbers).is_none());
        assert!(setting.decode(&[1.0]).is_none());
    }
}
