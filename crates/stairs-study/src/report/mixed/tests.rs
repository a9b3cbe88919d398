//! The page of made-up trainings whose differences are known.

use stairs_train::{Method, RunConfig};

use super::*;
use crate::report::tests::record;

const PAGE: MixedPage = MixedPage {
    networks: &[("net", "The network")],
    widths: &[Width { mean: 2.5, uniform: 2 }, Width { mean: 3.0, uniform: 3 }],
    rules: &["good", "bad", "random"],
};

/// Three seeds: `good` is 2 points ahead of uniform bits everywhere, `bad` 1 behind at 3 bits, and all else differs by chance alone.
fn results() -> Results {
    let mut results = Results::new("Bits", 3 * 8);
    let mut run = |row: &str, seed: u64, accuracy: f64| {
        let config = RunConfig::new("lenet").with_method(Method::Ste).with_seed(seed);
        results.runs.push((format!("{row}-seed{seed}"), record(config, &[accuracy])));
    };
    for seed in 1..=3 {
        let noise = 0.02 * seed as f64;
        run("net-uniform-2", seed, 80.0);
        run("net-uniform-3", seed, 85.0);
        run("net-good-2.5", seed, 82.0 + noise);
        run("net-good-3", seed, 87.0 + noise);
        run("net-bad-2.5", seed, 80.0 + if seed == 2 { 0.3 } else { -0.2 });
        run("net-bad-3", seed, 84.0 - noise);
        run("net-random-2.5", seed, 81.0 - noise);
        run("net-random-3", seed, 86.0 + noise);
    }
    results
}

#[test]
fn differences_are_counted_as_they_were_made() {
    let results = results();
    let of = |rule: &str| {
        let all = PAGE.compared(&results, Against::Uniform);
        all.into_iter().find(|found| found.rule == rule).unwrap()
    };
    let counts = |rule: &str| {
        let found = of(rule);
        [found.budgets(), found.ahead(), found.behind(), found.ahead_corrected(), found.behind_corrected()]
    };
    assert_eq!(counts("good"), [2, 2, 0, 2, 0]);
    assert_eq!(counts("bad"), [2, 0, 1, 0, 1]);
    assert!((of("good").over_all().unwrap().mean - 2.04).abs() < 1e-9);
    // Against chance a rule is compared under the same budget, and chance is none of the rules.
    let chance = PAGE.compared(&results, Against::Random);
    assert_eq!(chance.iter().map(|found| found.rule).collect::<Vec<_>>(), ["good", "bad"]);
    assert!((chance[0].at[1].1.mean - 1.0).abs() < 1e-9);
    let headline = PAGE.headline(&results);
    assert!(headline.contains("of 4 comparisons 2 are ahead by more than their interval and 1 behind"), "{headline}");
    assert!(headline.contains("The best rule over all budgets: good on The network, +2.04 points"), "{headline}");
}

#[test]
fn every_form_of_the_page_has_its_numbers() {
    let results = results();
    let html = PAGE.html(&results).unwrap();
    for form in [PAGE.text(&results), PAGE.markdown(&results), html.clone()] {
        assert!(form.contains("+2.04 [+1.99, +2.09]**") && form.contains("2 bits: 80.00 ± 0.00"), "{form}");
    }
    assert!(html.contains("Accuracy under a budget") && !html.contains("NaN"));
    let none = Results::new("Bits", 24);
    assert!(PAGE.figures(&none).is_empty() && PAGE.html(&none).unwrap().contains("Bits"));
}
