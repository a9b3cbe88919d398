//! Which axes of a weight count outputs and which count inputs: one table, for every layer of burn-nn 0.22.1 that has a weight of
//! its own. Recurrent, attention and transformer modules and `SwiGlu` are made of `Linear`s, which the table has.
//!
//! | layer | weight | outputs | inputs of one output | in PyTorch | source in burn-nn |
//! |---|---|---|---|---|---|
//! | `Linear` | `[in, out]`, in both layouts | 1 | axis 0 | transposed | `modules/linear.rs` |
//! | `Conv1d` to `Conv3d` | `[out, in/groups, k…]` | 0 | axes 1… | same | `modules/conv/conv2d.rs` |
//! | `DeformConv2d` | `[out, in/groups, k, k]` | 0 | axes 1… | same | `modules/conv/deform_conv2d.rs` |
//! | `ConvTranspose1d` to `3d` | `[in, out/groups, k…]` | 1, once a group | axes 0, 2…, of one group | same | `modules/conv/conv_transpose2d.rs` |
//! | `Embedding` | `[tokens, out]` | 1 | none: it looks one row up | same | `modules/embedding.rs` |
//! | any other | rank 2 | 1 | axis 0 | same | read as a dense layer |
//! | any other | rank 3 and more | 0 | axes 1… | same | read as a convolution |
//!
//! Burn tells a visitor the name of the type that holds a parameter, and nothing else of it: a type of yours with a name of the table is
//! read as the table says. Groups of a transposed convolution are counted from its bias, `[out]`: without one they cannot be seen,
//! the layer counts as one group, and channels of the same index share a quantum. A stride is not seen either: it leaves a
//! transposed convolution fewer inputs an output than the kernel has taps.

use std::collections::BTreeMap;

use burn::module::Module;

use super::walk::{Parameter, parameters};

/// The parameter of a layer that the table describes.
const WEIGHT: &str = "weight";
/// The parameter that counts output channels.
const BIAS: &str = "bias";

/// One row of the table.
struct Row {
    /// Types of layers, as Burn names them to visitors.
    layers: &'static [&'static str],
    outputs: usize,
    inputs: Inputs,
    transposed_in_torch: bool,
}

/// Which axes count the inputs of one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inputs {
    /// All but that of the outputs.
    Others,
    /// All but that of the outputs, divided among groups.
    OthersOfGroup,
    /// None: every output is one value of the weight.
    Lookup,
}

const TABLE: [Row; 4] = [
    Row { layers: &["Struct:Linear"], outputs: 1, inputs: Inputs::Others, transposed_in_torch: true },
    Row {
        layers: &["Struct:Conv1d", "Struct:Conv2d", "Struct:Conv3d", "Struct:DeformConv2d"],
        outputs: 0,
        inputs: Inputs::Others,
        transposed_in_torch: false,
    },
    Row {
        layers: &["Struct:ConvTranspose1d", "Struct:ConvTranspose2d", "Struct:ConvTranspose3d"],
        outputs: 1,
        inputs: Inputs::OthersOfGroup,
        transposed_in_torch: false,
    },
    Row { layers: &["Struct:Embedding"], outputs: 1, inputs: Inputs::Lookup, transposed_in_torch: false },
];

/// The axes of one weight; see the [table](self).
///
/// ```
/// use burn::{nn::conv::ConvTranspose2dConfig, tensor::Device};
/// use stairs_noise::weight_axes;
///
/// let layer = ConvTranspose2dConfig::new([4, 6], [3, 3]).with_groups(2).init(&Device::flex());
/// let axes = &weight_axes(&layer)["weight"];
/// assert_eq!((axes.outputs(), axes.groups()), (1, 2));
/// assert_eq!((axes.channels(&[4, 3, 3, 3]), axes.fan_in(&[4, 3, 3, 3])), (6, 2 * 3 * 3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightAxes {
    outputs: usize,
    inputs: Inputs,
    groups: usize,
    transposed_in_torch: bool,
}

impl WeightAxes {
    /// The axes of the parameter `name` of rank `rank` in a layer of type `layer`, as Burn names types to visitors
    /// (`"Struct:Conv2d"`); one group.
    pub fn of(layer: &str, name: &str, rank: usize) -> Self {
        let row = TABLE.iter().find(|row| name == WEIGHT && row.layers.contains(&layer));
        let unknown =
            Row { layers: &[], outputs: usize::from(rank == 2), inputs: Inputs::Others, transposed_in_torch: false };
        let Row { outputs, inputs, transposed_in_torch, .. } = *row.unwrap_or(&unknown);
        Self { outputs, inputs, groups: 1, transposed_in_torch }
    }

    /// The axis that counts output channels, of one group.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Groups with output channels of their own: more than 1 for transposed convolutions alone.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether PyTorch keeps this weight with its two axes exchanged.
    pub fn is_transposed_in_torch(&self) -> bool {
        self.transposed_in_torch
    }

    /// Number of output channels of a weight of this shape.
    pub fn channels(&self, shape: &[usize]) -> usize {
        self.groups * shape.get(self.outputs).copied().unwrap_or(1)
    }

    /// Number of values of the weight that one output depends on.
    pub fn fan_in(&self, shape: &[usize]) -> usize {
        if self.inputs == Inputs::Lookup {
            return 1;
        }
        let others = shape.iter().enumerate().filter(|(axis, _)| *axis != self.outputs);
        others.map(|(_, length)| length).product::<usize>() / self.groups
    }

    /// The output channel of value `i` in row-major order.
    pub fn channel(&self, i: usize, shape: &[usize]) -> usize {
        let length = shape.get(self.outputs).copied().unwrap_or(1).max(1);
        let inner: usize = shape.iter().skip(self.outputs + 1).product();
        let group: usize = shape.iter().product::<usize>() / self.groups;
        i / group.max(1) * length + i / inner.max(1) % length
    }

    /// The same with the groups that `channels` output channels make of a weight of this shape.
    fn grouped(self, shape: &[usize], channels: usize) -> Self {
        let (Some(&first), Some(&of_group)) = (shape.first(), shape.get(self.outputs)) else { return self };
        let groups = channels / of_group.max(1);
        let fits = groups > 1 && groups * of_group == channels && first.is_multiple_of(groups);
        if self.inputs == Inputs::OthersOfGroup && fits { Self { groups, ..self } } else { self }
    }
}

/// The axes of every float parameter of rank 2 or more, by path.
pub fn weight_axes<M: Module>(model: &M) -> BTreeMap<String, WeightAxes> {
    let found: BTreeMap<String, Parameter> = parameters(model).into_iter().map(|p| (p.path.clone(), p)).collect();
    let axes = |(path, Parameter { owner, shape, .. }): (&String, &Parameter)| {
        let start = path.rfind('.').map_or(0, |dot| dot + 1);
        let axes = WeightAxes::of(owner, &path[start..], shape.len());
        let axes = match found.get(&format!("{}{BIAS}", &path[..start])) {
            Some(bias) => axes.grouped(shape, bias.count()),
            None => axes,
        };
        (shape.len() >= 2).then(|| (path.clone(), axes))
    };
    found.iter().filter_map(axes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_values_by_hand() {
        let channels = |axes: &WeightAxes, shape: &[usize]| -> Vec<usize> {
            (0..shape.iter().product()).map(|i| axes.channel(i, shape)).collect()
        };
        assert_eq!(channels(&WeightAxes::of("Struct:Linear", "weight", 2), &[2, 3]), [0, 1, 2, 0, 1, 2]);
        assert_eq!(channels(&WeightAxes::of("Struct:Conv1d", "weight", 3), &[2, 1, 2]), [0, 0, 1, 1]);
        let transposed = WeightAxes::of("Struct:ConvTranspose1d", "weight", 3);
        assert_eq!(channels(&transposed, &[2, 2, 2]), [0, 0, 1, 1, 0, 0, 1, 1]);
        let grouped = transposed.grouped(&[2, 2, 2], 4);
        assert_eq!(channels(&grouped, &[2, 2, 2]), [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!((grouped.channels(&[2, 2, 2]), grouped.fan_in(&[2, 2, 2])), (4, 2));
    }

    #[test]
    fn parameters_of_unknown_layers_are_read_by_rank() {
        let of = |rank| WeightAxes::of("Struct:Mine", "weight", rank);
        assert_eq!((of(2).outputs(), of(2).fan_in(&[5, 3])), (1, 5));
        assert_eq!((of(4).outputs(), of(4).fan_in(&[6, 2, 3, 3])), (0, 18));
        // Only the weight of a layer is what the table describes.
        assert_eq!(WeightAxes::of("Struct:ConvTranspose2d", "mask", 4), of(4));
    }
}
