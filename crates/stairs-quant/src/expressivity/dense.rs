//! Networks as full matrices of i8, for other programs and for tests.

/// A layer of Heaviside units: feature k is H(Σ_i `weights[k, i]`·input_i − `thresholds[k]`), H(0) = 1.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseLayer {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of units.
    pub units: usize,
    /// Shape `[units, inputs]`, row by row, each −1, 0 or 1.
    pub weights: Vec<i8>,
    /// Shape `[units]`.
    pub thresholds: Vec<f64>,
}

/// A whole network: y = `offset` + `step`·(`bias` + Σ_k `output[k]`·feature_k).
///
/// ```
/// use stairs_quant::expressivity::Approximation;
/// let network = Approximation::new(1, 1.0, 0.2).build(|x| (x[0] - 0.5).abs())?;
/// let dense = network.layers()?.dense()?;
/// let ternary = |weights: &[i8]| weights.iter().all(|weight| (-1..=1).contains(weight));
/// assert!(dense.hidden.iter().all(|layer| ternary(&layer.weights)) && ternary(&dense.output));
/// assert_eq!(dense.eval(&[0.3]), network.eval(&[0.3])?);
/// # Ok::<(), stairs_quant::ExpressivityError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DenseNetwork {
    /// Hidden layers, first to last.
    pub hidden: Vec<DenseLayer>,
    /// Weights of the output, one for each unit of the last hidden layer, each −1, 0 or 1.
    pub output: Vec<i8>,
    /// Integer added to the sum of the output.
    pub bias: i64,
    /// f_min.
    pub offset: f64,
    /// δ.
    pub step: f64,
}

impl DenseNetwork {
    /// The network at a point: plain matrix-vector products. The point must have as many numbers as the first layer has
    /// inputs; missing ones count as 0, surplus ones are ignored.
    pub fn eval(&self, point: &[f64]) -> f64 {
        let product = |row: &[i8], inputs: &[f64]| row.iter().zip(inputs).map(|(w, x)| f64::from(*w) * x).sum::<f64>();
        let mut features = point.to_vec();
        for layer in &self.hidden {
            let unit = |(k, threshold): (usize, &f64)| {
                let row = &layer.weights[k * layer.inputs..(k + 1) * layer.inputs];
                f64::from(u8::from(product(row, &features) >= *threshold))
            };
            features = layer.thresholds.iter().enumerate().map(unit).collect();
        }
        self.offset + self.step * (self.bias as f64 + product(&self.output, &features))
    }
}
