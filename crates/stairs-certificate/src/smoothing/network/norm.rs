//! Operator norms of affine maps, from above.
//!
//! | map | ‖A‖_∞→∞ | ‖A‖₂→₂ at most |
//! |---|---|---|
//! | dense | largest row sum of \|w\|, exact | ‖(AAᵀ)^N‖_F^{1/2N} by repeated squaring, N = 2^k |
//! | convolution | largest sum of \|w\| over an output channel | the smallest of three, below |
//! | channel | largest \|scale\|, exact | the same, exact |
//!
//! Dense: the Frobenius norm is at least the spectral one, and at most √n of it, so the bound is never too small and at most
//! n^{1/4N} too large, n the smaller side; N is 2^20 up to n = 64, 2^12 up to 256, 2^8 beyond, where the squarings cost
//! time (1.0068 for n = 1024). It holds up to the rounding of the products, for which a factor 1 + 16 n ε is added:
//! an estimate of first order, not interval arithmetic.
//!
//! Convolution with zero padding, any stride, dilation and groups; all three are upper bounds because a zero-padded
//! convolution is a part of one on an unbounded image:
//! - Schur: √(‖A‖₁·‖A‖_∞), with ‖A‖₁ at most the largest sum of |w| over an input channel;
//! - taps: Σ_{i,j} ‖W[:, :, i, j]‖₂, each tap being a shift of the image followed by a matrix;
//! - patches: √r·‖W‖₂ with W as a matrix [output channels, input channels × taps], and r the largest number of patches a
//!   pixel is part of: per axis ⌈taps/(stride/gcd(stride, dilation))⌉.

use super::AffineMap;

impl AffineMap {
    /// ‖A‖ from maximum norm to maximum norm. For a convolution whose kernel nowhere fits into the image without touching
    /// the padding it is an upper bound, otherwise exact.
    pub fn norm_inf(&self) -> f64 {
        match self {
            Self::Dense { inputs, weight, .. } => largest_sum(weight, *inputs),
            Self::Conv { kernel, weight, .. } => largest_sum(weight, kernel[1..].iter().product()),
            Self::ChannelAffine { scale, .. } => scale.iter().fold(0.0, |largest, s| s.abs().max(largest)),
        }
    }

    /// ‖A‖ from sum norm to sum norm, from above; exact for dense and channel maps.
    pub fn norm_one(&self) -> f64 {
        match self {
            Self::Dense { inputs, weight, .. } => {
                let columns = (0..*inputs).map(|j| weight.iter().skip(j).step_by(*inputs).map(|w| w.abs()).sum());
                columns.fold(0.0, f64::max)
            }
            Self::Conv { kernel: [out, inputs, height, width], weight, groups, .. } => {
                let (taps, per_group) = (height * width, out / groups);
                let sum = |group: usize, input: usize| -> f64 {
                    let outputs = group * per_group..(group + 1) * per_group;
                    outputs
                        .flat_map(|o| &weight[(o * inputs + input) * taps..(o * inputs + input + 1) * taps])
                        .map(|w| w.abs())
                        .sum()
                };
                (0..*groups).flat_map(|g| (0..*inputs).map(move |i| (g, i))).map(|(g, i)| sum(g, i)).fold(0.0, f64::max)
            }
            Self::ChannelAffine { .. } => self.norm_inf(),
        }
    }

    /// An upper bound of ‖A‖ from Euclidean norm to Euclidean norm; what is guaranteed is said in the table above.
    pub fn norm_2_bound(&self) -> f64 {
        match self {
            Self::Dense { inputs, outputs, weight, .. } => spectral(weight, *outputs, *inputs),
            Self::ChannelAffine { .. } => self.norm_inf(),
            Self::Conv { kernel: [out, inputs, height, width], weight, stride, dilation, groups, .. } => {
                let (taps, per_group) = (height * width, out / groups);
                let size = per_group * inputs * taps;
                let overlap: usize = [(*height, 0), (*width, 1)]
                    .map(|(taps, axis)| taps.div_ceil(stride[axis] / gcd(stride[axis], dilation[axis])))
                    .iter()
                    .product();
                // A convolution in groups is block diagonal: the largest block decides.
                let blocks = weight.chunks(size).map(|block| {
                    let patches = (overlap as f64).sqrt() * spectral(block, per_group, inputs * taps);
                    let tap = |t: usize| -> Vec<f64> { block.iter().skip(t).step_by(taps).copied().collect() };
                    patches.min((0..taps).map(|t| spectral(&tap(t), per_group, *inputs)).sum())
                });
                blocks.fold(0.0, f64::max).min((self.norm_one() * self.norm_inf()).sqrt())
            }
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Largest sum of absolute values over consecutive rows of this width.
fn largest_sum(values: &[f64], width: usize) -> f64 {
    values.chunks(width).map(|row| row.iter().map(|v| v.abs()).sum()).fold(0.0, f64::max)
}

/// Upper bound of the largest singular value of a row-major matrix.
fn spectral(matrix: &[f64], rows: usize, columns: usize) -> f64 {
    let n = rows.min(columns);
    // Vectors as rows of the smaller side; scaled so that nothing over- or underflows.
    let largest = matrix.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let at = |i: usize, j: usize| if rows <= columns { matrix[i * columns + j] } else { matrix[j * columns + i] };
    let long = rows.max(columns);
    let vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..long).map(|j| at(i, j) / largest).collect()).collect();
    if n == 1 {
        return largest * dot(&vectors[0], &vectors[0]).sqrt() * (1.0 + 4.0 * long as f64 * f64::EPSILON);
    }
    let mut power: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| dot(&vectors[i], &vectors[j])).collect()).collect();
    let squarings = match n {
        ..=64 => 20,
        65..=256 => 12,
        _ => 8,
    };
    // ln of the factor taken out so far, per unit of the exponent N.
    let mut logarithm = 0.0;
    let mut exponent = 1.0;
    for _ in 0..squarings {
        let size = frobenius(&power);
        logarithm += size.ln() / exponent;
        power.iter_mut().flatten().for_each(|v| *v /= size);
        // Symmetric: rows are columns.
        power = (0..n).map(|i| (0..n).map(|j| dot(&power[i], &power[j])).collect()).collect();
        exponent *= 2.0;
    }
    logarithm += frobenius(&power).ln() / exponent;
    largest * (0.5 * logarithm).exp() * (1.0 + 16.0 * long as f64 * f64::EPSILON)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn frobenius(matrix: &[Vec<f64>]) -> f64 {
    matrix.iter().flatten().map(|v| v * v).sum::<f64>().sqrt()
}
