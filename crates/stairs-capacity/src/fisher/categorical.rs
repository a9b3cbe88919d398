//! The Fisher matrix of a head with respect to its own parameters, as a square root.
//!
//! For class probabilities p = softmax(z) the Fisher matrix in z is diag p − ppᵀ, exactly: no label is sampled. It is SSᵀ
//! with the c × (c − 1) matrix S = diag(√p)·Q, the columns of Q an orthonormal basis of the complement of √p: the structural
//! zero eigenvalue never enters. For a normal law of variance v it is I/v.

use crate::chain::Head;

/// Softmax probabilities.
pub(crate) fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|z| (z - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// S of one sample, row-major `[outputs, columns]`.
pub(crate) fn root(head: Head, output: &[f64]) -> Vec<f64> {
    match head {
        Head::Gaussian { variance } => {
            let outputs = output.len();
            let mut root = vec![0.0; outputs * outputs];
            (0..outputs).for_each(|o| root[o * outputs + o] = 1.0 / variance.sqrt());
            root
        }
        Head::Categorical => {
            let unit: Vec<f64> = softmax(output).into_iter().map(f64::sqrt).collect();
            let classes = unit.len();
            let columns = classes - 1;
            // The reflection that takes the unit vector to ± the last axis: its other columns are orthogonal to it.
            let sign = if unit[columns] < 0.0 { -1.0 } else { 1.0 };
            let mut axis = unit.clone();
            axis[columns] += sign;
            let norm: f64 = axis.iter().map(|a| a * a).sum();
            let mut root = vec![0.0; classes * columns];
            for c in 0..classes {
                for a in 0..columns {
                    let identity = if a == c { 1.0 } else { 0.0 };
                    root[c * columns + a] = unit[c] * (identity - 2.0 * axis[c] * axis[a] / norm);
                }
            }
            root
        }
    }
}

/// Columns of the square root of a head with so many outputs.
pub(crate) fn columns(head: Head, outputs: usize) -> usize {
    match head {
        Head::Gaussian { .. } => outputs,
        Head::Categorical => outputs - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_squares_to_the_fisher_matrix_of_the_softmax() {
        for logits in [vec![0.3, -1.0, 2.0, 0.5], vec![0.0, 0.0], vec![800.0, -800.0, 0.0], vec![5.0]] {
            let p = softmax(&logits);
            let (classes, columns) = (p.len(), p.len() - 1);
            let s = root(Head::Categorical, &logits);
            for c in 0..classes {
                for e in 0..classes {
                    let square: f64 = (0..columns).map(|a| s[c * columns + a] * s[e * columns + a]).sum();
                    let exact = if c == e { p[c] * (1.0 - p[c]) } else { -p[c] * p[e] };
                    assert!((square - exact).abs() < 1e-15, "{square} {exact}");
                }
            }
        }
    }
}
