//! A made-up grid whose answer is known.

use stairs_noise::Policy;
use stairs_train::{EpochRecord, HeldOut, RECORD_FORMAT, RunConfig, RunRecord, Skipped, Versions};

use super::{setup::levels, *};
use crate::experiments::Diverged;

/// A made-up grid in which the interval decides and the law adds a little.
fn results(seeds: u64) -> Results {
    let mut results = Results::new("A grid", 264 * seeds as usize);
    for (noise, strategy, policy) in Policy::full_grid() {
        for seed in 1..=seeds {
            let config = RunConfig::default()
                .with_law(noise.clone())
                .with_strategy(strategy)
                .with_policy(policy)
                .with_seed(seed);
            let at = levels(&config).unwrap();
            let jitter = ((seed * 7 + at.iter().sum::<usize>() as u64 * 3) % 5) as f64 / 10.0;
            let accuracy = 60.0 + 8.0 * at[4] as f64 + at[0] as f64 + jitter;
            let epoch = EpochRecord {
                epoch: 1,
                step: 1,
                train_loss: 1.0,
                train_accuracy: accuracy,
                metric: None,
                held_out: HeldOut::Test,
                held_out_loss: 1.0,
                held_out_accuracy: accuracy,
                learning_rate: 1e-3,
                seconds: 1.0,
                laws: vec![],
            };
            let record = RunRecord {
                format: RECORD_FORMAT,
                versions: Versions { stairs: "0".into(), burn: "0".into() },
                device: "flex".into(),
                parameters: 1,
                samples: (10, 5),
                instruction_set: String::new(),
                data: None,
                notes: vec![],
                extended: vec![],
                skipped: Skipped::default(),
                epochs: vec![epoch],
                test_accuracy: accuracy,
                best_test_accuracy: accuracy,
                top5: None,
                validation: None,
                wall_seconds: 1.0,
                cpu_seconds: None,
                weights: vec![],
                config,
            };
            results.runs.push((format!("{noise}-{strategy}-{policy}-seed{seed}"), record));
        }
    }
    results
}

#[test]
fn the_page_finds_what_decides() {
    let results = results(3);
    assert_eq!(results.runs.len(), 792);
    let page = GridPage.html(&results).unwrap();
    assert!(page.contains("The schedule of the decay matters much more"), "{}", GridPage.text(&results));
    assert!(page.contains("The largest share is that of interval"));
    assert!(!page.contains("NaN") && !page.contains("not finished yet"));
    let found = analysis(&setups(&results), core).unwrap();
    assert_eq!(found.terms[0].factors, [4]);
    let Sums { law: Some(law), schedule: Some(schedule) } = sums(&found) else { panic!("a whole grid") };
    assert!(schedule > 0.8 && law < 0.1, "{law} {schedule}");
    assert!(found.has_intervals() && page.contains("Mean × scale, mode"));
    assert_eq!(setups(&results).iter().filter(|setup| setup.is_ste()).count(), 1);
    assert!(
        setups(&results)
            .iter()
            .any(|setup| setup.is_ste() && setup.config.policy.to_string() == "static-static-overlapped-homogeneous")
    );
    assert_eq!(GridPage.figures(&results).len(), 2);
}

/// Every policy meets one law, as in the quarter of the CIFAR-10 study.
#[test]
fn what_a_part_of_the_grid_cannot_tell_is_not_summed() {
    let mut quarter = results(2);
    let kept = |config: &RunConfig| {
        let at = levels(config).unwrap();
        (at[0] + at[1..].iter().sum::<usize>()).is_multiple_of(4)
    };
    quarter.runs.retain(|(_, run)| kept(&run.config));
    assert!(!GridPage.text(&quarter).contains("cannot tell"), "nothing is concluded while trials are missing");
    quarter.planned = quarter.runs.len();
    let found = analysis(&setups(&quarter), core).unwrap();
    assert!(found.terms.iter().any(|share| !share.is_estimable() && share.partial.is_none()));
    assert!(sums(&found).law.is_none());
    let text = GridPage.text(&quarter);
    assert!(text.contains("not estimable") && text.contains("cannot tell what the law"), "{text}");
    let page = GridPage.html(&quarter).unwrap();
    assert!(page.contains("not estimable") && !page.contains("the law with all of its interactions"));
}

#[test]
fn few_trials_make_a_page_too() {
    let mut few = results(1);
    few.runs.truncate(1);
    assert!(GridPage.html(&few).unwrap().contains("263 of 264 trials not finished yet"));
    let (id, run) = few.runs.pop().unwrap();
    few.diverged.push((id, Diverged { config: run.config, epoch: 2, step: 9 }));
    assert!(GridPage.html(&few).unwrap().contains("1 training diverged"));
    assert_eq!(setups(&few)[0].accuracies, [10.0]);
    few.diverged.clear();
    assert!(GridPage.html(&few).unwrap().contains("not enough finished trials"));
}
