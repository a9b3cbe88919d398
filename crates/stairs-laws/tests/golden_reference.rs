//! The exact reference against numbers of independent programs: 84 cases of 24 points, within 1e-12, and laws by quadrature.
//!
//! `STAIRS_GOLDEN=DIR` reads `DIR/regularised_stair.json` instead of the committed copy.

use std::path::PathBuf;

use serde::Deserialize;
use stairs_laws::{Law, Noise, RegularisedStair};
use stairs_quant::StairFunction;

const TOLERANCE: f64 = 1e-12;
/// Two levels whose probabilities are this close may both be the mode.
const TIE: f64 = 1e-9;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    quantizer: String,
    levels: Vec<f64>,
    thresholds: Vec<f64>,
    noise: Noise,
    mean: f64,
    scale: f64,
    x: Vec<f64>,
    upstream: Vec<f64>,
    expectation: Vec<f64>,
    mode: Vec<f64>,
    hard: Vec<f64>,
    grad: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let committed = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let directory = std::env::var_os("STAIRS_GOLDEN").map_or_else(committed, PathBuf::from);
    let path = directory.join("regularised_stair.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str::<Golden>(&text).unwrap().cases
}

/// Calls `check` with the name of the point, the case, its stair and the index of every point.
fn each_point(check: impl Fn(&str, &Case, &RegularisedStair, usize)) {
    let cases = cases();
    assert_eq!(cases.len(), 84);
    for case in &cases {
        let stair = StairFunction::new(case.thresholds.clone(), case.levels.clone()).unwrap();
        let law = Law::new(case.noise.clone(), case.mean, case.scale).unwrap();
        let stair = RegularisedStair::new(stair, law);
        let lengths = [&case.upstream, &case.expectation, &case.mode, &case.hard, &case.grad].map(Vec::len);
        assert_eq!(lengths, [case.x.len(); 5]);
        for (i, x) in case.x.iter().enumerate() {
            let name = format!("{} {} m={} s={} x={x}", case.quantizer, case.noise, case.mean, case.scale);
            check(&name, case, &stair, i);
        }
    }
}

#[test]
fn golden_expectation() {
    each_point(|name, case, stair, i| {
        let error = (stair.expectation(case.x[i]) - case.expectation[i]).abs();
        assert!(error <= TOLERANCE, "{name}: off by {error:e}");
    });
}

#[test]
fn golden_gradient() {
    each_point(|name, case, stair, i| {
        let error = (case.upstream[i] * stair.gradient(case.x[i]) - case.grad[i]).abs();
        assert!(error <= TOLERANCE, "{name}: off by {error:e}");
    });
}

#[test]
fn golden_hard() {
    each_point(|name, case, stair, i| assert_eq!(stair.hard(case.x[i]), case.hard[i], "{name}"));
}

#[test]
fn golden_mode() {
    each_point(|name, case, stair, i| {
        let mut masses = stair.probabilities(case.x[i]);
        masses.sort_by(|a, b| b.total_cmp(a));
        if masses[0] - masses[1] > TIE {
            assert_eq!(stair.mode(case.x[i]), case.mode[i], "{name}");
        }
    });
}

/// One law by quadrature: `benches/peers/golden_laws.py`.
#[derive(Deserialize)]
struct GoldenLaw {
    noise: Noise,
    mean_abs: f64,
    std: f64,
    /// u, F, f, E (u − ξ)₊, E (u − ξ)₊²/2.
    rows: Vec<[f64; 5]>,
}

#[test]
fn golden_laws() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/laws");
    let mut laws = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let GoldenLaw { noise, mean_abs, std, rows } = serde_json::from_str(&text).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str(), Some(noise.name()));
        // Relative to the number itself: in the tail too.
        let near = |found: f64, golden: f64, what: &str, u: f64| {
            let error = (found - golden).abs();
            assert!(
                error <= 4e-13 * golden.abs(),
                "{noise}, {what} at {u}: {found}, golden {golden}, off by {error:e}"
            );
        };
        near(noise.mean_abs(), mean_abs, "mean_abs", 0.0);
        near(noise.std(), std, "std", 0.0);
        for [u, cdf, pdf, ramp, parabola] in rows {
            near(noise.cdf(u), cdf, "F", u);
            near(noise.pdf(u), pdf, "f", u);
            near(noise.ramp(u), ramp, "ramp", u);
            near(noise.parabola(u), parabola, "parabola", u);
        }
        laws += 1;
    }
    assert!(laws >= 2, "{laws} files in {}", folder.display());
}
