//! Float operations, of programs and of networks: each is the node of its name, so that sums are in onnxruntime's order and may
//! differ from the program's in the last bits.

use stairs_infer::{Op, Window};

use super::OnnxError;
use super::form::Form;
use super::graph::{Attr, Graph, Type};

impl Graph {
    /// A float operation on images or vectors of shape `from`, which gives `shape`.
    pub(super) fn float(
        &mut self,
        path: &str,
        op: &Op,
        inputs: &[String],
        from: &[usize],
        shape: &[usize],
    ) -> Result<String, OnnxError> {
        let x = inputs[0].as_str();
        let rank = from.len();
        Ok(match op {
            Op::FloatDense { weights, bias } => {
                let inputs = from.last().copied().unwrap_or(1);
                self.dense(x, weights, Some(bias), inputs, rank)
            }
            Op::FloatConv { window, groups, weights, bias } => {
                let [rows, columns] = window.kernel;
                let shape = [bias.len(), from[0] / groups, rows, columns];
                let weights = self.constant("weight", &shape, weights);
                let bias = self.constant("bias", &[bias.len()], bias);
                self.conv(&[x, &weights, &bias], window, *groups)
            }
            Op::Scale { factors, offsets } => {
                let doubles = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
                let factors = self.channels("factor", Form::Single, rank, &doubles(factors));
                let offsets = self.channels("offset", Form::Single, rank, &doubles(offsets));
                let product = self.node("Mul", &[x, &factors], &[]);
                self.node("Add", &[&product, &offsets], &[])
            }
            Op::Clip { low, high } if *low == 0.0 && *high == f32::INFINITY => self.node("Relu", &[x], &[]),
            Op::Clip { low, high } => {
                let (low, high) = (self.scalar(*low), self.scalar(*high));
                self.node("Clip", &[x, &low, &high], &[])
            }
            Op::MaxPool(window) => self.max_pool(x, window, Type::Float, f64::NEG_INFINITY),
            Op::MeanPool { window, counts_padding } => self.mean_pool(x, window, *counts_padding, from, shape),
            Op::AdaptiveMeanPool { size } => self.adaptive(x, [from[1], from[2]], *size),
            Op::Mean if rank < 2 => self.node("Identity", &[x], &[]),
            Op::Mean => {
                let axes: Vec<i64> = (2..=rank as i64).collect();
                let axes = self.constant("axes", &[axes.len()], &axes);
                self.node("ReduceMean", &[x, &axes], &[Attr::Int("keepdims", 0)])
            }
            Op::PadChannels { before, behind } => self.pad_channels(x, *before, *behind, Type::Float, 0.0),
            Op::Reshape { shape } => self.reshape(x, shape),
            Op::Add => self.node("Add", &[x, &inputs[1]], &[]),
            op => return Err(OnnxError::Unknown { path: path.to_owned(), operation: op.name().to_owned() }),
        })
    }

    /// W·x + b along the last of `rank` axes.
    pub(super) fn dense(
        &mut self,
        x: &str,
        weights: &[f32],
        bias: Option<&[f32]>,
        inputs: usize,
        rank: usize,
    ) -> String {
        let outputs = weights.len() / inputs.max(1);
        if rank == 1 {
            let weights = self.constant("weight", &[outputs, inputs], weights);
            let bias = bias.map(|bias| self.constant("bias", &[outputs], bias));
            let inputs: Vec<&str> = [x, &weights].into_iter().chain(bias.as_deref()).collect();
            return self.node("Gemm", &inputs, &[Attr::Int("transB", 1)]);
        }
        let columns: Vec<f32> = (0..weights.len()).map(|at| weights[at % outputs * inputs + at / outputs]).collect();
        let weights = self.constant("weight", &[inputs, outputs], &columns);
        let product = self.node("MatMul", &[x, &weights], &[]);
        match bias {
            None => product,
            Some(bias) => {
                let bias = self.constant("bias", &[outputs], bias);
                self.node("Add", &[&product, &bias], &[])
            }
        }
    }

    /// A convolution of what the names stand for: image, weights, and perhaps a bias.
    pub(super) fn conv(&mut self, inputs: &[&str], window: &Window, groups: usize) -> String {
        let mut attributes = windowed(window, true);
        attributes.push(Attr::Int("group", groups as i64));
        self.node("Conv", inputs, &attributes)
    }
}

/// The attributes of a window, with its padding or without.
pub(super) fn windowed(window: &Window, pads: bool) -> Vec<Attr<'static>> {
    let pair = |pair: [usize; 2]| pair.map(|size| size as i64).to_vec();
    let [[top, bottom], [left, right]] = window.padding.map(|sides| sides.map(|side| side as i64));
    let mut attributes = vec![
        Attr::Ints("kernel_shape", pair(window.kernel)),
        Attr::Ints("strides", pair(window.stride)),
        Attr::Ints("dilations", pair(window.dilation)),
    ];
    if pads {
        attributes.push(Attr::Ints("pads", vec![top, left, bottom, right]));
    }
    attributes
}
