//! Names and layout of the tensors of a file.

use stairs_zoo::{Architecture, pretrained::KeyMap};

use super::{Layout, MaterialiseError, Quantised, Tensor, parameters::Parameter};

/// How far a weight may be from its level, in units of the scale: both went through single precision.
const TOLERANCE: f64 = 1e-5;

/// Gives tensors their names and layout.
pub(super) struct Names {
    layout: Layout,
    keys: Option<KeyMap>,
}

impl Names {
    /// Those of a layout; torchvision's for a model that it has.
    pub(super) fn new(layout: Layout, model: &str) -> Self {
        let keys = || KeyMap::torchvision(&model.parse::<Architecture>().ok()?).ok();
        Self { layout, keys: if layout == Layout::Torch { keys() } else { None } }
    }

    pub(super) fn name(&self, parameter: &Parameter) -> String {
        let Layout::Torch = self.layout else { return parameter.path.clone() };
        let (layer, field) = parameter.path.rsplit_once('.').unwrap_or(("", &parameter.path));
        if let Some(name) = self.keys.as_ref().and_then(|keys| keys.name(layer, field)) {
            return name;
        }
        let field = KeyMap::field(field);
        if layer.is_empty() { field.to_owned() } else { format!("{layer}.{field}") }
    }

    /// The tensor of a parameter, whose values are levels times the scale of `quantised` where it is quantised.
    pub(super) fn tensor(
        &self,
        parameter: Parameter,
        quantised: Option<&Quantised>,
    ) -> Result<Tensor, MaterialiseError> {
        let name = self.name(&parameter);
        let Parameter { path, owner, mut shape, mut values } = parameter;
        let counts = match quantised {
            Some(quantised) => Some(onto_levels(&path, &mut values, quantised)?),
            None => None,
        };
        if let (Layout::Torch, "Struct:Linear", [inputs, outputs]) = (self.layout, owner.as_str(), shape.as_slice()) {
            let (inputs, outputs) = (*inputs, *outputs);
            values = (0..inputs * outputs).map(|i| values[i % inputs * outputs + i / inputs]).collect();
            shape = vec![outputs, inputs];
        }
        Ok(Tensor { name, shape, values, counts })
    }
}

/// Puts every value on its level, and counts the levels.
fn onto_levels(path: &str, values: &mut [f32], quantised: &Quantised) -> Result<Vec<usize>, MaterialiseError> {
    let (levels, scale) = (&quantised.levels, quantised.scale);
    let mut counts = vec![0; levels.len()];
    for (index, value) in values.iter_mut().enumerate() {
        let level = f64::from(*value) / scale;
        let distance = |at: &usize| (levels[*at] - level).abs();
        let nearest = (0..levels.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let Some(at) = nearest.filter(|at| distance(at) <= TOLERANCE * levels[*at].abs().max(1.0)) else {
            return Err(MaterialiseError::Level { path: path.to_owned(), index, value: *value, scale });
        };
        // Adding zero makes a positive one of −0.
        *value = (levels[at] * scale) as f32 + 0.0;
        counts[at] += 1;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(path: &str) -> Parameter {
        Parameter {
            path: path.into(),
            owner: "Struct:Linear".into(),
            shape: vec![2, 3],
            values: (0..6).map(|i| i as f32).collect(),
        }
    }

    #[test]
    fn torch_has_dense_weights_the_other_way_round_under_names_of_its_own() {
        let names = Names::new(Layout::Torch, "resnet18");
        let tensor = names.tensor(parameter("output.weight"), None).unwrap();
        assert_eq!((tensor.name.as_str(), tensor.shape.as_slice()), ("fc.weight", &[3, 2][..]));
        assert_eq!(tensor.values, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(Names::new(Layout::Torch, "lenet").name(&parameter("norm1.gamma")), "norm1.weight");
        assert_eq!(Names::new(Layout::Burn, "resnet18").name(&parameter("output.weight")), "output.weight");
    }

    #[test]
    fn a_value_beside_its_level_is_refused() {
        let quantised = Quantised {
            quantiser: "ternary".into(),
            thresholds: vec![-0.5, 0.5],
            levels: vec![-1.0, 0.0, 1.0],
            quantum: 0.5,
            scale: 0.3,
        };
        let mut values = [0.3, -0.3, -0.0, 0.3];
        assert_eq!(onto_levels("w", &mut values, &quantised).unwrap(), [1, 1, 2]);
        assert!(values[2].is_sign_positive());
        for wrong in [0.29, f32::NAN, 0.6] {
            let error = onto_levels("w", &mut [0.3, wrong], &quantised).unwrap_err();
            assert!(matches!(error, MaterialiseError::Level { index: 1, .. }), "{error}");
        }
    }
}
