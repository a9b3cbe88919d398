//! Every form of every closed-form law says the same, and what a law says of itself is true.

use stairs_laws::{
    Noise, NoiseTable,
    noise::{Bell, ClosedForm, Density, Isa, Visitor},
};

/// A multiply-add with one rounding, and one with two.
#[derive(Clone, Copy)]
struct Fused;
#[derive(Clone, Copy)]
struct Separate;

impl Isa for Fused {
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Isa for Separate {
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// Points on both sides of 0 and of the ends of compact laws, dense where laws vary.
fn points() -> Vec<f64> {
    let mut points: Vec<f64> = (-4000..=4000).map(|i| f64::from(i) * 0.005).collect();
    points.extend((-500..=500).map(|i| f64::from(i) * 0.0021 + 0.0001));
    points.extend([-1e30, -200.0, -60.0, 60.0, 200.0, 1e30]);
    points
}

/// A check of every closed form.
trait Check {
    fn check<F: ClosedForm>(&self, noise: &Noise);
}

/// Runs `check` on all closed forms.
fn each(check: &impl Check) {
    struct Run<'a, C>(&'a C, &'a Noise);

    impl<C: Check> Visitor for Run<'_, C> {
        type Output = ();

        fn closed<F: ClosedForm>(self, _: F) {
            self.0.check::<F>(self.1);
        }

        fn table(self, _: &NoiseTable) {
            unreachable!("no table is among the closed forms");
        }
    }

    for noise in Noise::ALL {
        noise.visit(Run(check, &noise));
    }
}

#[test]
fn single_precision_agrees() {
    struct Single;

    impl Check for Single {
        fn check<F: ClosedForm>(&self, noise: &Noise) {
            for u in points() {
                let x = u as f32;
                let (cdf, pdf) = (noise.cdf(f64::from(x)), noise.pdf(f64::from(x)));
                for (found, what) in [(F::cdf_f32::<Fused>(x), "fused"), (F::cdf_f32::<Separate>(x), "separate")] {
                    assert!((f64::from(found) - cdf).abs() < 5e-7, "{noise}, {what}: F({x}) is {found}, exactly {cdf}");
                    assert!((0.0..=1.0).contains(&found), "{noise}, {what}: F({x}) is {found}");
                }
                for (found, what) in [(F::pdf_f32::<Fused>(x), "fused"), (F::pdf_f32::<Separate>(x), "separate")] {
                    assert!((f64::from(found) - pdf).abs() < 5e-7, "{noise}, {what}: f({x}) is {found}, exactly {pdf}");
                    assert!(found >= 0.0, "{noise}, {what}: f({x}) is {found}");
                }
            }
            for x in [1e30, f32::MAX, f32::INFINITY] {
                let ends = [F::cdf_f32::<Fused>(-x), F::cdf_f32::<Fused>(x), F::pdf_f32::<Fused>(x)];
                assert!(ends[0] < 1e-30 && ends[1] == 1.0 && ends[2] < 1e-30, "{noise} at {x}: {ends:?}");
            }
        }
    }

    each(&Single);
}

#[test]
fn arrays_agree() {
    struct Arrays;

    impl Check for Arrays {
        fn check<F: ClosedForm>(&self, noise: &Noise) {
            let near = |a: f64, b: f64, what: &str, u: f64| {
                assert!((a - b).abs() < 1e-13 * (1.0 + b.abs()), "{noise}: {what} at {u} is {a}, exactly {b}");
            };
            for u in points() {
                let v = u.abs().min(104.0);
                near(F::cdf_array(u), noise.cdf(u), "F", u);
                near(F::pdf_array(u), noise.pdf(u), "f", u);
                near(F::tail_array(v), noise.cdf(-v), "F below", v);
                near(F::ramp_array(v), noise.ramp(-v), "ramp", v);
                // In f32 the coefficients of a series end earlier.
                let parabola = F::parabola_array(v);
                assert!((parabola - noise.parabola(-v)).abs() < 1e-8, "{noise}: parabola at {v} is {parabola}");
            }
        }
    }

    each(&Arrays);
}

#[test]
fn names_and_numbers_identify_a_law() {
    struct Names;

    impl Check for Names {
        fn check<F: ClosedForm>(&self, noise: &Noise) {
            assert_eq!(noise.name(), F::NAME);
            assert_eq!(serde_json::to_string(noise).unwrap(), format!("\"{}\"", F::NAME));
            assert_eq!(F::NAME.parse::<Noise>().unwrap(), *noise);
            // Records tell laws apart by these numbers; from 16 on they are fingerprints of tables.
            let position = Noise::ALL.iter().position(|other| other == noise).unwrap();
            assert_eq!((F::CODE as usize, F::CODE < 16), (position, true), "{noise}");
        }
    }

    each(&Names);
    let old = ["uniform", "triangular", "normal", "logistic"];
    assert_eq!(Noise::ALL.map(|noise| noise.name())[..4], old, "numbers in records are for ever");
    let message = "gauss".parse::<Noise>().unwrap_err().to_string();
    assert_eq!(message, format!("unknown noise law `gauss`: expected {}", Noise::names()));
}

#[test]
fn laws_end_where_they_say() {
    for noise in Noise::ALL {
        let window = noise.window();
        let mass = noise.cdf(window) - noise.cdf(-window);
        assert!(mass > 0.95 - 1e-12, "{noise}: {mass}");
        match noise.tails() {
            None => {
                assert_eq!(
                    (window, noise.cdf(-1.0), noise.cdf(1.0), noise.ramp(-1.0)),
                    (1.0, 0.0, 1.0, 0.0),
                    "{noise}"
                );
                assert!(noise.pdf(1.0 + 1e-9) == 0.0 && noise.pdf(-1.0 - 1e-9) == 0.0, "{noise}");
            }
            Some(tails) => {
                assert!((mass - 0.95).abs() < 1e-12, "{noise}: {mass}");
                assert!(noise.cdf(-tails.single) < 6e-8, "{noise}: {}", noise.cdf(-tails.single));
                assert!(noise.cdf(-tails.mass) < 1e-19, "{noise}: {}", noise.cdf(-tails.mass));
                assert!(noise.ramp(-tails.moment) < 1e-15 * noise.mean_abs(), "{noise}: {}", noise.ramp(-tails.moment));
                // Single precision ends at 104 scales.
                assert_eq!(noise.ramp(-104.0) as f32, 0.0, "{noise}");
            }
        }
    }
}

#[test]
fn bells_are_what_they_say() {
    for noise in Noise::ALL {
        let Density::Bell(Bell { jet, steepest, largest_third, reach }) = noise.density_shape() else { continue };
        assert!(
            noise.support().is_some_and(|end| end == reach) || noise.pdf(reach) < 1e-18 * noise.pdf(0.0),
            "{noise}"
        );
        let top = jet(steepest)[2];
        let third = |u: f64| (jet(u + 1e-4)[2] - jet(u - 1e-4)[2]) / 2e-4;
        let mut largest = 0.0f64;
        for i in 0..10_000 {
            let (u, h) = (f64::from(i) * 0.001 + 0.0003, 1e-5);
            let [f, slope, bend] = jet(u);
            assert!((f - noise.pdf(u)).abs() < 1e-15 && slope <= 0.0, "{noise} at {u}");
            assert_eq!((f, -slope, bend), (jet(-u)[0], jet(-u)[1], jet(-u)[2]), "{noise} at {u}");
            // Not across the end of the support, where f″ may jump.
            if noise.support().is_some_and(|end| (u - end).abs() < 2e-4) {
                continue;
            }
            let [below, _, at] = [jet(u - h), jet(u), jet(u + h)];
            assert!(((at[0] - below[0]) / (2.0 * h) - slope).abs() < 1e-8, "{noise}: f′ at {u}");
            assert!(((at[1] - below[1]) / (2.0 * h) - bend).abs() < 1e-7, "{noise}: f″ at {u}");
            assert!(bend <= top + 1e-12, "{noise}: f″ is {bend} at {u}, above {top}");
            // It rises to the steepest point and falls beyond.
            assert!(third(u) * (steepest - u) >= -1e-6, "{noise}: f‴ at {u}");
            largest = largest.max(third(u).abs());
        }
        assert!(largest <= largest_third && largest > 0.99 * largest_third, "{noise}: {largest} of {largest_third}");
    }
}
