//! The regularised stair: the one custom operation of this workspace on Burn's backend trait.
//!
//! ```text
//! forward   y = α·σ_ν(x/ε), by strategy: expectation, mode or a draw
//! backward  ∂y/∂x = (α/ε)·σ_ν′(x/ε) of the backward law, whatever the strategy, or a published rule's factor
//! ```
//!
//! | file | what |
//! |---|---|
//! | `spec` | the arguments of a call, for people |
//! | `pass` | the same compiled to f32 constants, for kernels |
//! | `cpu/` | vector kernels on slices: Flex and NdArray |
//! | `cube` | the kernel in CubeCL: wgpu, Vulkan, CUDA, … |
//! | `rules` | published rules beside the laws, in operations of the backend |
//! | `autodiff` | the backward rule, once for all backends |
//! | `reference` | the same in plain tensor operations, to test and to measure against; `plain`: tensors as the arrays of the laws |
//!
//! Special values: NaN in, NaN out (forward and gradient); ±∞ gives the end levels and gradient 0. A law of scale 0 is
//! the hard stair σ(x/ε − m) and passes no gradient, not even NaN. Integer and half-precision tensors are not supported:
//! the op computes in f32 and panics with Burn's own message on other element types.
//!
//! Source: \[ANA22\] (arXiv 2203.11323), sections 3 and 4; formulas in [`crate::expected`].

mod autodiff;
mod cpu;
#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "ndarray")]
mod ndarray;
mod pass;
pub(crate) mod plain;
mod random;
pub mod reference;
mod rules;
mod spec;

use burn::backend::{Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

pub use spec::StairSpec;

/// Backends that can run the regularised stair. Implemented for Flex, NdArray and CubeCL (wgpu and its kin) under the
/// features of those names, for `Autodiff` over any of them, and through Burn's fusion.
#[backend_extension(
    Autodiff,
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Fusion: cfg(feature = "fusion")
)]
pub trait StairBackend: burn::backend::Backend {
    /// y = α·σ_ν(x/ε) by the strategy, same shape as `x`.
    #[fusion(dtype = x, shape = x)]
    fn regularised_stair(x: FloatTensor<Self>, spec: StairSpec) -> FloatTensor<Self>;

    /// `gradient`·(α/ε)·σ_ν′(x/ε) of the backward law, or by the backward rule, same shape as `x`. First order only: on an autodiff device the
    /// result is not differentiated again.
    #[fusion(dtype = x, shape = x)]
    fn regularised_stair_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: StairSpec,
    ) -> FloatTensor<Self>;
}

/// Applies the regularised stair of `spec` to every element of `x` (any shape, f32).
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_noise::{Law, Laws, Noise, StairSpec, regularised_stair};
/// use stairs_quant::Quantiser;
///
/// let device = Device::flex().autodiff();
/// let x = Tensor::<1>::from_floats([-0.75, 0.0, 0.5], &device).require_grad();
/// let spec = StairSpec::new(Quantiser::Ternary.stair(), Laws::same(Law::new(Noise::Uniform, 0.0, 0.5).unwrap()));
/// let y = regularised_stair(x.clone(), &spec);
/// assert_eq!(y.to_data().to_vec::<f32>().unwrap(), [-0.75, 0.0, 0.5]);
/// let gradients = y.sum().backward();
/// assert_eq!(x.grad(&gradients).unwrap().to_data().to_vec::<f32>().unwrap(), [1.0, 1.0, 1.0]);
/// ```
pub fn regularised_stair<const D: usize>(x: Tensor<D>, spec: &StairSpec) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::regularised_stair(x.into_dispatch(), spec.clone()))
}
