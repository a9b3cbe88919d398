//! The numbers of a Burn model by path, and the layers they make.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use stairs_noise::certificate::Weights;
use stairs_noise::{QuantiserKind, quantisers};
use stairs_quant::{Scales, StairFunction};

/// Every float parameter of a model in the order of a visit; weights are the latent ones.
pub(super) struct Parameters {
    entries: Vec<Entry>,
    features: Vec<String>,
}

struct Entry {
    path: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Parameters {
    /// Those of `model`, statistics of normalisations included.
    pub(super) fn of<M: Module>(model: &M) -> Self {
        // Statistics of a model in training are updated lazily; a valid copy has them all.
        let model = model.valid();
        let mut visitor = Visitor::default();
        model.visit(&mut visitor);
        let features = quantisers(&model).into_iter().filter(|q| q.kind == QuantiserKind::Feature).map(|q| q.path);
        Self { entries: visitor.1, features: features.collect() }
    }

    /// Paths of the modules with a weight of rank 2 or 4, in order.
    pub(super) fn layers(&self) -> Vec<&str> {
        let weights = self.entries.iter().filter(|entry| [2, 4].contains(&entry.shape.len()));
        weights.filter_map(|entry| entry.path.strip_suffix(".weight")).collect()
    }

    /// Paths of the quantisers of features, in order.
    pub(super) fn features(&self) -> &[String] {
        &self.features
    }

    /// The values at a path.
    pub(super) fn values(&self, path: &str) -> Option<&[f64]> {
        self.find(path).map(|entry| &entry.values[..])
    }

    /// Paths of the normalisations, in order.
    pub(super) fn norms(&self) -> Vec<&str> {
        self.entries.iter().filter_map(|entry| entry.path.strip_suffix(".gamma")).collect()
    }

    /// The weights of the module at `path`, rows first, and their shape in Burn; `stair` is theirs where they are quantised.
    pub(super) fn weights(&self, path: &str, stair: &StairFunction) -> Option<(Weights, &[usize])> {
        let path = format!("{path}.weight");
        let entry = self.find(&path)?;
        let values = match entry.shape[..] {
            // A linear layer of Burn holds [inputs, outputs].
            [inputs, outputs] => {
                (0..outputs).flat_map(|o| (0..inputs).map(move |i| entry.values[i * outputs + o])).collect()
            }
            _ => entry.values.clone(),
        };
        // Burn shows a visitor the latent weight, and the quantiser attached to it by the numbers below its path.
        let quantiser = format!("{path}.stair");
        let weights = match self.scales(&quantiser) {
            None => Weights::Float(values),
            Some(scales) => Weights::Stair { latent: values, stair: stair.clone(), scales, path: quantiser },
        };
        Some((weights, &entry.shape))
    }

    /// Quantum and output scale of the quantiser at `path`: one pair, or one a channel.
    pub(super) fn scales(&self, path: &str) -> Option<Vec<Scales>> {
        let below = format!("{path}.scales.");
        let of = |field: &str| {
            let here = |entry: &&Entry| {
                entry.path.strip_prefix(&below).is_some_and(|rest| rest.rsplit('.').next() == Some(field))
            };
            self.entries.iter().find(here).map(|entry| entry.values.clone())
        };
        let (quantum, output) = if let Some(pair) = of("Fixed") {
            (vec![*pair.first()?], vec![*pair.get(1)?])
        } else if let Some(step) = of("step") {
            let step: Vec<f64> = step.iter().map(|step| step.abs()).collect();
            (step.clone(), step)
        } else {
            (of("quantum")?, of("output")?)
        };
        quantum.into_iter().zip(output).map(|(quantum, output)| Scales::new(quantum, output).ok()).collect()
    }

    fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }
}

#[derive(Default)]
struct Visitor(Vec<String>, Vec<Entry>);

impl ModuleVisitor for Visitor {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.0.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let base = param.base();
        let shape = base.dims().to_vec();
        let values = base.into_data().try_into_vec_as::<f32>().unwrap_or_default();
        let values = values.into_iter().map(f64::from).collect();
        self.1.push(Entry { path: self.0.join("."), shape, values });
    }
}
