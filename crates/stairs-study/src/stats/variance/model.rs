//! Sums of squares of the terms of a layout, of type II.

/// An orthonormal basis of what a term can fit and the terms it is compared with cannot, one result weighing as much as
/// another.
struct Basis {
    vectors: Vec<Vec<f64>>,
}

pub(super) struct Model {
    terms: Vec<(Vec<usize>, Basis)>,
    /// What all factors and pairs together can fit, without the mean.
    all: Basis,
    weights: Vec<f64>,
}

/// Sums of squares of results.
pub(super) struct Squares {
    /// Sum of squares and degrees of freedom of every term.
    pub(super) terms: Vec<(f64, usize)>,
    /// Of all results around their mean.
    pub(super) total: f64,
    /// Of the results around the means of their setups.
    pub(super) within: f64,
    /// Of what the setups differ in beyond factors and pairs.
    pub(super) higher: f64,
    pub(super) results: usize,
    pub(super) freedom: usize,
    pub(super) effective_freedom: f64,
    /// Variance over the seeds: `within` over `freedom`; 0 without.
    pub(super) noise: f64,
}

/// Share of the degrees of freedom of the seeds below which their variance is known too badly: a few setups or seeds then make
/// up most of it, and intervals would cover less than they say.
const LEAST_FREEDOM: f64 = 1.0 / 3.0;

impl Squares {
    /// Whether the noise is even enough over the setups for intervals.
    pub(super) fn is_even(&self) -> bool {
        self.effective_freedom >= LEAST_FREEDOM * self.freedom as f64
    }
}

impl Model {
    /// All factors, and all pairs of factors where `pairs` says so.
    pub(super) fn new(levels: &[usize], setups: &[(Vec<usize>, Vec<f64>)], pairs: bool) -> Self {
        let weights: Vec<f64> = setups.iter().map(|(_, values)| (values.len() as f64).sqrt()).collect();
        let count = levels.len();
        let mains: Vec<Vec<usize>> = (0..count).map(|a| vec![a]).collect();
        let pairs = if pairs { count } else { 0 };
        let pairs: Vec<Vec<usize>> = (0..pairs).flat_map(|a| (a + 1..count).map(move |b| vec![a, b])).collect();
        let all: Vec<Vec<usize>> = mains.iter().chain(&pairs).cloned().collect();
        let basis = |first: &[Vec<usize>], then: &[Vec<usize>]| Basis::new(levels, setups, &weights, first, then);
        let others = |terms: &[Vec<usize>], term: &[usize]| -> Vec<Vec<usize>> {
            terms.iter().filter(|other| *other != term).cloned().collect()
        };
        let compared = |terms: &[Vec<usize>], group: &[Vec<usize>]| -> Vec<(Vec<usize>, Basis)> {
            let one = |term: &Vec<usize>| (term.clone(), basis(&others(group, term), std::slice::from_ref(term)));
            terms.iter().map(one).collect()
        };
        let terms = [compared(&mains, &mains), compared(&pairs, &all)].into_iter().flatten().collect();
        let all = basis(&[], &all);
        Self { terms, all, weights }
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Vec<usize>> {
        self.terms.iter().map(|(factors, _)| factors)
    }

    pub(super) fn squares(&self, values: &[Vec<f64>]) -> Squares {
        let results: usize = values.iter().map(Vec::len).sum();
        let mean = values.iter().flatten().sum::<f64>() / results.max(1) as f64;
        let means: Vec<f64> = values.iter().map(|v| v.iter().sum::<f64>() / v.len() as f64).collect();
        let weighted: Vec<f64> = means.iter().zip(&self.weights).map(|(own, weight)| (own - mean) * weight).collect();
        let of_setup = |(values, mean): (&Vec<f64>, &f64)| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let within: Vec<f64> = values.iter().zip(&means).map(of_setup).collect();
        let freedom = results.saturating_sub(values.len());
        let (inside, between) = (within.iter().sum::<f64>(), weighted.iter().map(|x| x * x).sum::<f64>());
        let terms = self.terms.iter().map(|(_, basis)| (basis.fitted(&weighted), basis.vectors.len()));
        Squares {
            terms: terms.collect(),
            total: inside + between,
            within: inside,
            higher: (between - self.all.fitted(&weighted)).max(0.0),
            results,
            freedom,
            effective_freedom: satterthwaite(values, &within, freedom),
            noise: if freedom > 0 { inside / freedom as f64 } else { 0.0 },
        }
    }
}

/// Degrees of freedom ν of the pooled variance s² = Σ W_i/Σ ν_i, from Var s² = 2s⁴/ν: with W_i ~ σ_i²·χ²(ν_i) the variance is
/// Σ 2ν_iσ_i⁴/(Σ ν_i)², and W_i²/(ν_i(ν_i + 2)) estimates σ_i⁴ without bias.
fn satterthwaite(values: &[Vec<f64>], within: &[f64], freedom: usize) -> f64 {
    let fourth = values.iter().zip(within).filter(|(values, _)| values.len() > 1);
    let fourth: f64 = fourth.map(|(values, within)| within * within / (values.len() as f64 + 1.0)).sum();
    let all: f64 = within.iter().sum();
    if fourth > 0.0 { (all * all / fourth).clamp(1.0, freedom.max(1) as f64) } else { freedom as f64 }
}

impl Basis {
    /// Gram–Schmidt, twice, on the indicator columns of the mean, the terms `first` and the terms `then`; what the last add is
    /// kept, and columns that add nothing are left out.
    fn new(
        levels: &[usize],
        setups: &[(Vec<usize>, Vec<f64>)],
        weights: &[f64],
        first: &[Vec<usize>],
        then: &[Vec<usize>],
    ) -> Self {
        let mut vectors: Vec<Vec<f64>> = Vec::new();
        let mut add = |mut column: Vec<f64>| -> usize {
            let before = norm(&column);
            for _ in 0..2 {
                for vector in &vectors {
                    let share = dot(vector, &column);
                    column.iter_mut().zip(vector).for_each(|(x, v)| *x -= share * v);
                }
            }
            let after = norm(&column);
            if after > 1e-9 * before && after > 0.0 {
                column.iter_mut().for_each(|x| *x /= after);
                vectors.push(column);
            }
            vectors.len()
        };
        let mut kept_from = add(weights.to_vec());
        for (terms, keep) in [(first, false), (then, true)] {
            for term in terms {
                let cells: usize = term.iter().map(|factor| levels[*factor]).product();
                for cell in 0..cells {
                    let inside = |at: &[usize]| {
                        let index = term.iter().fold(0, |index, factor| index * levels[*factor] + at[*factor]);
                        index == cell
                    };
                    let column = setups.iter().zip(weights).map(|((at, _), w)| if inside(at) { *w } else { 0.0 });
                    let count = add(column.collect());
                    kept_from = if keep { kept_from } else { count };
                }
            }
        }
        Self { vectors: vectors.split_off(kept_from.min(vectors.len())) }
    }

    /// Sum of squares of what the basis can fit.
    fn fitted(&self, values: &[f64]) -> f64 {
        self.vectors.iter().map(|vector| dot(vector, values).powi(2)).sum()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
