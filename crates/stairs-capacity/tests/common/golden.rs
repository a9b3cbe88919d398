//! The golden numbers of an independent program (full Jacobians, dense eigenvalues, NumPy float64).

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Golden {
    pub cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Case {
    SoftmaxRegression(Softmax),
    MarkovMlpRelu(Mlp),
}

#[derive(Deserialize)]
pub struct Softmax {
    pub inputs: Vec<Vec<f64>>,
    pub thetas: Vec<Vec<Vec<f64>>>,
    pub dimension: usize,
    pub mean_trace: f64,
    pub raw_eigenvalues: Vec<Vec<f64>>,
    pub values: Vec<SoftmaxValue>,
    pub abbas_effective_dimension: Vec<Abbas>,
}

#[derive(Deserialize)]
pub struct SoftmaxValue {
    pub eps: f64,
    pub zeta: f64,
    pub logdets: Vec<f64>,
    pub two_scale: f64,
    pub jensen_lower: f64,
}

#[derive(Deserialize)]
pub struct Abbas {
    pub n: usize,
    pub gamma: f64,
    pub value: f64,
}

#[derive(Deserialize)]
pub struct Mlp {
    pub inputs: Vec<Vec<f64>>,
    pub noise: Vec<Vec<Vec<f64>>>,
    pub noise_variance: f64,
    pub theta1: Vec<Vec<Vec<f64>>>,
    pub theta2: Vec<Vec<Vec<Vec<f64>>>>,
    pub dimensions: [usize; 2],
    pub mean_trace: f64,
    pub raw_eigenvalues_layer1: Vec<Vec<f64>>,
    pub raw_eigenvalues_layer2: Vec<Vec<Vec<f64>>>,
    pub values: Vec<MlpValue>,
}

#[derive(Deserialize)]
pub struct MlpValue {
    pub eps: f64,
    pub zeta: f64,
    pub logdets_layer1: Vec<f64>,
    pub logdets_layer2: Vec<Vec<f64>>,
    pub two_scale: f64,
    pub jensen_lower: f64,
    pub last_layer_exact_lower: f64,
}

/// The committed copy, or the one in `STAIRS_GOLDEN`.
pub fn golden() -> Golden {
    let folder =
        std::env::var("STAIRS_GOLDEN").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden").into());
    let path = std::path::Path::new(&folder).join("capacity.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// |a − b| ≤ tolerance·max(|b|, floor).
#[track_caller]
pub fn close(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1e-3), "{what}: {a} against {b}, {:e}", (a - b) / b);
}

/// Weights (row by row) and biases of `rows` that hold weights, then a bias.
pub fn split(rows: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let weight = rows.iter().flat_map(|row| row[..row.len() - 1].iter().copied()).collect();
    (weight, rows.iter().map(|row| row[row.len() - 1]).collect())
}
