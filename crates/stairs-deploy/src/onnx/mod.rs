//! Programs and networks as ONNX (opset 21, a batch of any size), and programs as QONNX.
//!
//! | file | what |
//! |---|---|
//! | `emit` | nodes in order |
//! | `form` | how integers are held between them |
//! | `fit` | steps of a quantiser's node in place of thresholds, proved on every transition |
//! | `stair` | stairs as rising thresholds |
//! | `steps` | stairs, alone or behind a product |
//! | `qdq` | a product and its stair in bytes |
//! | `layer` | products, exact in any order of summation |
//! | `compare` | thresholds one by one |
//! | `map` | fixed point, rescaling, affine maps |
//! | `float`, `pool`, `shape` | float operations, pools, shapes and padding |
//! | `quant` | the operations of QONNX |
//! | `network` | float networks |
//! | `graph`, `proto` | names, constants, messages |
//!
//! Onnxruntime gives the integers of a program at any level of optimisation: not by trust in its kernels, but because each node is
//! given only what is exact in single precision, in double precision or in 32 bits, whichever kernel and order it takes, or what is
//! shown to be rounded too little to matter (`fit`). What it fuses is faster.

mod compare;
mod emit;
mod error;
mod fit;
mod float;
mod form;
mod graph;
mod layer;
mod map;
mod network;
mod pool;
pub mod proto;
mod qdq;
mod quant;
mod shape;
mod stair;
mod steps;

use stairs_infer::Program;

pub use error::OnnxError;
pub use network::float_onnx;

use emit::{Dialect, exported};

/// A file, and where the integers of a program are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// Tensors that hold integers of nodes; those of a product that a stair behind it alone reads are not stored.
    pub tensors: Vec<IntegerTensor>,
}

/// A tensor of an ONNX graph whose numbers q stand for integers: step·(q − zero).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerTensor {
    /// Number of the node of the program.
    pub node: usize,
    /// Name of the tensor.
    pub name: String,
    /// q of 0.
    pub zero: i32,
    /// Integers between neighbouring q.
    pub step: i32,
}

/// A program as ONNX: quantised products with `DequantizeLinear` and `QuantizeLinear` around them, which onnxruntime fuses, where
/// they are exact, and other exact forms where not. The input `input` is a batch of samples in single precision; the output `output`
/// is 32-bit integers, or floats if the program gives floats.
///
/// All integers are the program's in onnxruntime's CPU provider, at every level of optimisation; providers that compute single
/// precision with fewer digits (TF32) are not exact. Sums of float layers are taken in onnxruntime's order, so that
/// they, and whatever is computed from them, may differ from the program's in the last bits.
///
/// ```
/// use stairs_infer::{Op, Program, Source, Weights};
///
/// let mut builder = Program::builder("fc", vec![3])?;
/// let fixed = builder.push("input", Op::Fix { fraction: 4, low: -128, high: 127 }, &[Source::Input])?;
/// let weights = Weights::new(vec![2, 3], vec![1, 0, -1, 1, 1, 1])?;
/// let sums = builder.push("fc", Op::Dense { weights }, &[fixed])?;
/// let file = stairs_deploy::onnx::onnx(&builder.finish(sums))?;
/// std::fs::write(std::env::temp_dir().join("fc.onnx"), file.bytes)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`OnnxError`] for results without numbers and convolutions of more than 65,000 large weights an output.
pub fn onnx(program: &Program) -> Result<Exported, OnnxError> {
    exported(program, Dialect::Qdq)
}

/// A program as QONNX, for FINN, hls4ml and the executor of `qonnx`: weights by `Quant` or `BipolarQuant`, features by
/// `MultiThreshold`, all of them integers in single precision; an output of integers is held so too.
///
/// # Errors
/// As [`onnx`].
pub fn qonnx(program: &Program) -> Result<Exported, OnnxError> {
    exported(program, Dialect::Qonnx)
}
