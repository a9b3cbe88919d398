//! The inequalities and equalities of the smoothing certificate on random stairs under every law.
#![allow(missing_docs)]

#[path = "../../stairs-laws/tests/quadrature/mod.rs"]
mod quadrature;

use quadrature::{integral, median, noises};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_certificate::{SmoothingCertificate, slope_range};
use stairs_laws::{Law, Noise, NoiseTable, RegularisedStair};
use stairs_quant::{Quantiser, StairFunction};

const INSTANCES: usize = 10_000;

/// Any stair of one to eight steps, up and down; every third one ascending.
fn any_stair(rng: &mut ChaCha8Rng) -> StairFunction {
    let steps = rng.random_range(1..=8);
    let ascending = rng.random_range(0..3) == 0;
    let (mut at, mut level) = (rng.random_range(-3.0..3.0), rng.random_range(-2.0..2.0));
    let (mut thresholds, mut levels) = (Vec::new(), vec![level]);
    for _ in 0..steps {
        at += rng.random_range(0.02..2.0);
        level = if ascending { level + rng.random_range(0.05..1.5) } else { rng.random_range(-2.0..2.0) };
        thresholds.push(at);
        levels.push(level);
    }
    StairFunction::new(thresholds, levels).unwrap()
}

fn any_regularised(rng: &mut ChaCha8Rng, noise: &Noise) -> RegularisedStair {
    let mean = if rng.random_range(0..3) == 0 { 0.0 } else { rng.random_range(-1.0..1.0) };
    let scale = 10f64.powf(rng.random_range(-2.0..0.5));
    let law = Law::new(noise.clone(), mean, scale).unwrap();
    RegularisedStair::new(any_stair(rng), law).with_quantum(rng.random_range(0.1..3.0)).unwrap()
}

/// Points where something happens: thresholds, edges of the windows, and some at random.
fn probes(rng: &mut ChaCha8Rng, soft: &RegularisedStair) -> Vec<f64> {
    let (law, quantum) = (soft.law(), soft.quantum());
    let around = |t: &f64| [-1.0, -0.5, 0.0, 0.5, 1.0 - 1e-9].map(|u| quantum * (t + law.mean() + law.scale() * u));
    let mut points: Vec<f64> = soft.stair().thresholds().iter().flat_map(around).collect();
    let (low, high) = (points[0] - law.scale(), points[points.len() - 1] + law.scale());
    points.extend((0..24).map(|_| rng.random_range(low..high)));
    points
}

#[test]
fn every_inequality_holds_on_random_stairs() {
    for noise in noises() {
        let mut rng = ChaCha8Rng::seed_from_u64(71);
        let (mut slopes, mut curvatures, mut areas, mut widths) = (vec![], vec![], vec![], 0.0f64);
        for _ in 0..INSTANCES {
            let soft = any_regularised(&mut rng, &noise);
            let c = SmoothingCertificate::new(&soft);
            let (lipschitz, bound) = (c.lipschitz.unwrap(), c.lipschitz_bound.unwrap());
            let label = format!("{noise}: {c}");
            // The bounds bound the exact values.
            assert!(lipschitz.upper <= bound * (1.0 + 1e-11), "{label}");
            assert!(c.area <= c.area_bound * (1.0 + 1e-11) + c.area_undecided, "{label}");
            assert!(c.area_undecided <= 1e-12 * c.area_bound, "{label}: {}", c.area_undecided);
            widths = widths.max(lipschitz.width() / bound);
            // The exact slopes bound what is seen, and so does the bound on the derivative's slope.
            let range = c.slopes.unwrap();
            let points = probes(&mut rng, &soft);
            let mut steepest = 0.0f64;
            for x in points {
                let slope = soft.gradient(x);
                assert!(slope <= range.highest.upper + 1e-11 * bound, "{label}: {slope} at {x}");
                assert!(slope >= range.lowest.lower - 1e-11 * bound, "{label}: {slope} at {x}");
                let h = 1e-4 * soft.law().scale() * soft.quantum();
                steepest = steepest.max((soft.gradient(x + h) - slope).abs() / h);
            }
            match c.derivative_bound {
                Some(most) => {
                    // The quotient of differences has rounding of its own.
                    assert!(steepest <= most * (1.0 + 1e-6), "{label}: {steepest}");
                    curvatures.push(steepest / most);
                }
                None => assert!(c.derivative_note().is_some(), "{label}"),
            }
            slopes.push(lipschitz.upper / bound);
            areas.push(c.area / c.area_bound);
        }
        assert!(widths < 3e-12, "{noise}: {widths}");
        let curvature = if curvatures.is_empty() { "none".into() } else { format!("{:.3}", median(&mut curvatures)) };
        println!(
            "{noise:<10} value / bound, median of {INSTANCES}: Lipschitz {:.3}, of the derivative {curvature} (sampled), \
             L1 {:.3}; widest enclosure {widths:.1e}",
            median(&mut slopes),
            median(&mut areas)
        );
    }
}

#[test]
fn the_area_is_the_integral() {
    for noise in noises() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..150 {
            let soft = any_regularised(&mut rng, &noise);
            let c = SmoothingCertificate::new(&soft);
            let (law, quantum) = (soft.law(), soft.quantum());
            let reach = law.scale() * noise.tails().map_or(1.0, |tails| tails.mass + 1.0);
            // Quadrature between everything that breaks smoothness; |·| has corners at the zeros, hence the subdivision.
            let mut edges: Vec<f64> = soft.stair().thresholds().to_vec();
            for t in soft.stair().thresholds() {
                edges.extend([-1.0, -0.2, 0.0, 0.2, 1.0].map(|u| t + law.mean() + reach * u));
            }
            edges.sort_by(f64::total_cmp);
            let gap = |x: f64| (soft.expectation(quantum * x) - soft.hard(quantum * x)).abs() * quantum;
            let area: f64 = edges.windows(2).map(|e| integral(&gap, e[0], e[1], 1e-11 * c.area_bound)).sum();
            assert!((area - c.area).abs() < 1e-7 * c.area_bound, "{noise}: {area} against {}", c.area);
        }
    }
}

#[test]
fn the_area_bound_is_attained_where_steps_do_not_overlap() {
    for noise in noises() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        for _ in 0..INSTANCES {
            let single = rng.random_range(0..2) == 0;
            let scale = 10f64.powf(rng.random_range(-8.0..-0.5));
            let reach = scale * noise.tails().map_or(1.0, |tails| tails.mass + 1.0);
            let mean = rng.random_range(-1.0..1.0) * reach * 1.5;
            let law = Law::new(noise.clone(), mean, scale).unwrap();
            let window = reach + mean.abs();
            let steps = if single { 1 } else { rng.random_range(2..=8) };
            let thresholds = (0..steps).map(|k| 2.1 * window * f64::from(k)).collect();
            let levels = (0..=steps).map(|_| rng.random_range(-2.0..2.0)).collect();
            let stair = StairFunction::new(thresholds, levels).unwrap();
            let c = SmoothingCertificate::new(&RegularisedStair::new(stair, law));
            assert!((c.area / c.area_bound - 1.0).abs() < 1e-10, "{c}");
            if single {
                assert!((c.lipschitz_tightness().unwrap() - 1.0).abs() < 1e-10, "{c}");
            }
        }
    }
}

#[test]
fn hand_computed_slopes() {
    let ternary = |noise: Noise, scale: f64| {
        let law = Law::new(noise, 0.3, scale).unwrap();
        slope_range(&Quantiser::Ternary.stair(), &law).unwrap().lipschitz()
    };
    // Windows that meet, overlap, stand apart.
    for (scale, expected) in [(0.5, 1.0), (0.75, 4.0 / 3.0), (0.25, 2.0)] {
        assert!((ternary(Noise::Uniform, scale).upper - expected).abs() < 1e-14, "{scale}");
    }
    // Triangles of half-width 2 one apart: plateau of height (1/2)(1 + 1/2).
    assert!((ternary(Noise::Triangular, 2.0).upper - 0.75).abs() < 1e-14);
    // Two normals one apart, s = 1: a single maximum in the middle.
    let middle = 2.0 * Noise::Normal.pdf(0.5);
    let found = ternary(Noise::Normal, 1.0);
    assert!(found.contains(middle) && found.width() < 1e-11, "{found:?} against {middle}");
    // Two equal logistic bumps merge exactly where the second derivative at the middle vanishes: f = 1/6.
    let half = ((1.0 + (1.0f64 / 3.0).sqrt()) / (1.0 - (1.0f64 / 3.0).sqrt())).ln();
    let found = ternary(Noise::Logistic, 0.5 / half);
    assert!(found.contains(2.0 / 6.0 * 2.0 * half) && found.width() < 1e-10, "{found:?}");
}

#[test]
fn meeting_windows_do_not_count_twice() {
    // Thresholds that are not exact in binary, windows that meet.
    for n in 2..=8 {
        let stair = format!("balanced{n}").parse::<Quantiser>().unwrap().stair();
        let scaled: Vec<f64> = stair.thresholds().iter().map(|t| 0.1 * t).collect();
        let stair = StairFunction::new(scaled, stair.levels().to_vec()).unwrap();
        let law = Law::new(Noise::Uniform, 0.07, 0.05).unwrap();
        let lipschitz = slope_range(&stair, &law).unwrap().lipschitz();
        assert!((lipschitz.upper - 10.0).abs() < 1e-9, "{n}: {lipschitz}");
    }
}

#[test]
fn many_levels_are_certified_too() {
    for noise in noises() {
        for scale in [0.05, 0.5, 3.0] {
            let law = Law::new(noise.clone(), -0.25, scale).unwrap();
            let c =
                SmoothingCertificate::new(&RegularisedStair::new("uint8".parse::<Quantiser>().unwrap().stair(), law));
            let lipschitz = c.lipschitz.unwrap();
            assert!(lipschitz.upper <= c.lipschitz_bound.unwrap(), "{c}");
            assert!(c.area <= c.area_bound * (1.0 + 1e-12), "{c}");
            assert!(lipschitz.width() < 1e-6 * lipschitz.upper, "{c}");
        }
    }
}

#[test]
fn special_cases() {
    // Scale 0: no Lipschitz constant, and the area of a shift.
    let law = Law::new(Noise::Normal, 0.25, 0.0).unwrap();
    let c = SmoothingCertificate::new(&RegularisedStair::new(Quantiser::Ternary.stair(), law));
    assert_eq!((c.slopes, c.lipschitz_bound, c.derivative_bound), (None, None, None));
    assert_eq!((c.area, c.area_bound), (0.5, 0.5));
    assert!(c.derivative_note().unwrap().contains("jumps"));
    // A shift by more than a gap: a bump partly covers itself.
    let bump = StairFunction::new(vec![0.0, 1.0], vec![0.0, 1.0, 0.0]).unwrap();
    let law = Law::new(Noise::Uniform, 3.0, 0.0).unwrap();
    let c = SmoothingCertificate::new(&RegularisedStair::new(bump, law));
    assert_eq!((c.area, c.area_bound), (2.0, 6.0));
    // A constant stair.
    let flat = StairFunction::new(vec![0.0], vec![1.0, 1.0]).unwrap();
    let c = SmoothingCertificate::new(&RegularisedStair::new(flat, Law::new(Noise::Logistic, 0.0, 1.0).unwrap()));
    assert_eq!((c.lipschitz.unwrap().upper, c.area, c.area_tightness()), (0.0, 0.0, 1.0));
    // A table that ends in a jump has no Lipschitz density.
    let table = NoiseTable::from_density(9, |u| 2.0 + u).unwrap();
    let c = SmoothingCertificate::new(&RegularisedStair::new(
        Quantiser::Sign.stair(),
        Law::new(table.into(), 0.0, 0.5).unwrap(),
    ));
    assert!(c.derivative_bound.is_none() && c.derivative_note().unwrap().contains("density"));
    assert!((c.lipschitz_tightness().unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn certificates_are_text_and_files() {
    let soft = RegularisedStair::new(Quantiser::Ternary.stair(), Law::new(Noise::Normal, 0.0, 0.3).unwrap());
    let c = SmoothingCertificate::new(&soft);
    let text = c.to_string();
    for part in ["ternary", "-1 |-0.5| 0 |0.5| 1", "normal", "Lipschitz constant", "L1 distance"] {
        assert!(part == "ternary" || text.contains(part), "{text}");
    }
    let back: SmoothingCertificate = serde_json::from_str(&serde_json::to_string(&c).unwrap()).unwrap();
    assert_eq!(back, c);
    let hard = SmoothingCertificate::new(&RegularisedStair::new(Quantiser::Sign.stair(), Law::hard(Noise::Uniform)));
    let back: SmoothingCertificate = serde_json::from_str(&serde_json::to_string(&hard).unwrap()).unwrap();
    assert_eq!(back, hard);
}
