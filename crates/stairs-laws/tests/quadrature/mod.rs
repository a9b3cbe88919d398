//! Numerical quadrature and medians: what closed forms are tested against, and what tightness is reported with.
#![allow(dead_code, missing_docs)]

use stairs_laws::{Law, Noise, NoiseTable};

/// The closed-form laws and a table that is off centre and ends in a jump on one side.
pub(crate) fn noises() -> Vec<Noise> {
    let own = NoiseTable::from_density(33, |u| (1.0 - u) * (1.3 + u).powi(2)).unwrap();
    Noise::ALL.into_iter().chain([Noise::from(own)]).collect()
}

/// Adaptive Gauss–Kronrod (7, 15) quadrature of `f` on [a, b] to an absolute tolerance.
pub(crate) fn integral(f: &impl Fn(f64) -> f64, a: f64, b: f64, tolerance: f64) -> f64 {
    gauss_kronrod(f, a, b, tolerance, 40)
}

const NODES: [f64; 8] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_4,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_47,
    0.0,
];
const KRONROD: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_55,
    0.104_790_010_322_250_18,
    0.140_653_259_715_525_92,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_4,
    0.204_432_940_075_298_9,
    0.209_482_141_084_727_82,
];
/// Of the nodes with odd index.
const GAUSS: [f64; 4] =
    [0.129_484_966_168_869_7, 0.279_705_391_489_276_64, 0.381_830_050_505_118_9, 0.417_959_183_673_469_4];

fn gauss_kronrod(f: &impl Fn(f64) -> f64, a: f64, b: f64, tolerance: f64, depth: u32) -> f64 {
    let (centre, half) = (0.5 * (a + b), 0.5 * (b - a));
    let (mut fine, mut coarse) = (0.0, 0.0);
    for (i, (node, weight)) in NODES.iter().zip(KRONROD).enumerate() {
        let pair = if *node == 0.0 { f(centre) } else { f(centre - half * node) + f(centre + half * node) };
        fine += weight * pair;
        if i % 2 == 1 {
            coarse += GAUSS[i / 2] * pair;
        }
    }
    let error = half * (fine - coarse).abs();
    if error <= tolerance || depth == 0 || half <= 1e-13 * centre.abs() {
        return half * fine;
    }
    let halves = (gauss_kronrod(f, a, centre, 0.5 * tolerance, depth - 1), centre, b);
    halves.0 + gauss_kronrod(f, halves.1, halves.2, 0.5 * tolerance, depth - 1)
}

/// E g(ν), `corners` being the arguments at which g is not smooth.
pub(crate) fn expectation(law: &Law, corners: &[f64], g: &impl Fn(f64) -> f64) -> f64 {
    let (m, s) = (law.mean(), law.scale());
    let reach = law.noise().tails().map_or(1.0, |tails| 1.4 * tails.mass);
    let mut edges = vec![-1.0, 1.0];
    if let Noise::Table(table) = law.noise() {
        edges = (0..table.density().len()).map(|i| -1.0 + i as f64 * table.step()).collect();
    }
    edges.extend([-reach, -0.25 * reach, 0.0, 0.25 * reach, reach]);
    edges.extend(corners.iter().map(|c| (c - m) / s).filter(|u| u.abs() < reach));
    edges.retain(|u| u.abs() <= reach);
    edges.sort_by(f64::total_cmp);
    let f = |u: f64| g(m + s * u) * law.noise().pdf(u);
    edges.windows(2).filter(|e| e[0] < e[1]).map(|e| integral(&f, e[0], e[1], 1e-14)).sum()
}

/// The median; sorts its argument.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
