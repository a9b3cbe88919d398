//! The shape of a density: what decides how the extremes of Σ Δ_k f(x − t_k), the slope of a regularised stair, are found.

/// How a density varies.
#[derive(Clone, Debug)]
pub enum Density {
    /// ½ on [−1, 1) and 0 elsewhere. Sums are piecewise constant.
    Flat,
    /// Linear between the nodes, 0 outside of them. Sums are piecewise linear.
    Linear {
        /// Ascending; the first and the last one are the ends of the support.
        nodes: Vec<f64>,
        /// Density just inside the two ends, for a density that may jump there; `None` for one that is continuous.
        ends: Option<(f64, f64)>,
    },
    /// Symmetric, falling in |u| and smooth. Extremes of sums are enclosed by branch and bound.
    Bell(Bell),
}

/// A symmetric density that falls in |u|, with f′ continuous everywhere and f″ between 0 and the end of its support. At the
/// ends of a compact support f″ may jump.
#[derive(Clone, Copy, Debug)]
pub struct Bell {
    /// f, f′ and f″ at u; at the end of a compact support those from inside.
    pub jet: fn(f64) -> [f64; 3],
    /// Where f″ is largest: it rises from u = 0 to here and falls beyond.
    pub steepest: f64,
    /// A bound of |f‴|.
    pub largest_third: f64,
    /// The end of the support, or where f is below 10⁻¹⁸ of its peak.
    pub reach: f64,
}
