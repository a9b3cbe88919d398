//! Every example does what it says, in a small setting.
#![allow(missing_docs)]

#[allow(dead_code)]
#[path = "../examples/capacity.rs"]
mod capacity;
#[allow(dead_code)]
#[path = "../examples/compare_estimators.rs"]
mod compare_estimators;
#[allow(dead_code)]
#[path = "../examples/deploy.rs"]
mod deploy;
#[allow(dead_code)]
#[path = "../examples/hand_written_loop.rs"]
mod hand_written_loop;
#[allow(dead_code)]
#[path = "../examples/network.rs"]
mod network;
#[allow(dead_code)]
#[path = "../examples/own_law.rs"]
mod own_law;
#[allow(dead_code)]
#[path = "../examples/own_model.rs"]
mod own_model;
#[allow(dead_code)]
#[path = "../examples/read_run.rs"]
mod read_run;
#[allow(dead_code)]
#[path = "../examples/regression.rs"]
mod regression;
#[allow(dead_code)]
#[path = "../examples/sequences.rs"]
mod sequences;
#[allow(dead_code)]
#[path = "../examples/sizes.rs"]
mod sizes;
#[allow(dead_code)]
#[path = "../examples/synchronisation.rs"]
mod synchronisation;

use std::{fs, path::Path, process::Command};

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use stairs::{
    noise::walk::values,
    prelude::*,
    train::{Display, Fitted, RunDir, Which},
};

fn short() -> RunConfig {
    RunConfig::default().with_epochs(5).with_batch(64).with_lr(1e-2).with_law(Noise::Logistic)
}

fn train_own_model(dir: &Path) -> Fitted<own_model::TinyResNet> {
    let config = short().with_subset(640);
    own_model::run(own_model::Settings { channels: 8, config, dir: dir.into(), display: Display::Quiet }).unwrap()
}

/// The bits of every latent weight, bias and statistic.
fn weights(model: &own_model::TinyResNet) -> Vec<Vec<u32>> {
    // The setting of a quantiser is no weight: where all noise has decayed, its unused key may differ.
    let numbers = values(model).into_iter().filter(|(p, _)| !(p.is_of_quantiser && p.name() == "setting"));
    numbers.map(|(_, values)| values.into_iter().map(f32::to_bits).collect()).collect()
}

#[test]
fn a_module_of_ones_own_is_summarised_measured_and_certified() {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let (planned, module, ternary) = network::recorded().unwrap();
    let (before, after) = (planned.totals(), ternary.totals());
    assert_eq!((before.parameters, after.parameters, after.macs), (72 + 16 + 1290, 1378, 72 * 64 + 1280));
    assert!(after.parameter_bytes < before.parameter_bytes && after.bit_operations < before.bit_operations);
    let lower = network::capacity(&ternary, &digits.train, 3).unwrap();
    assert!(lower > 0.0 && lower < 1378.0, "{lower}");
    let verdict = network::verdict(&module, &ternary, &digits.test).unwrap();
    assert!(!verdict.is_empty());
    // The network is the module: the same logits.
    let x = digits.test.sample(0).0;
    let logits =
        network::Own::forward(&module, Tensor::<1>::from_floats(x.as_slice(), &Device::flex()).reshape([1, 1, 8, 8]));
    let ours = ternary.run(&x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>()).unwrap();
    for (a, b) in logits.into_data().try_to_vec::<f32>().unwrap().iter().zip(ours) {
        assert!((f64::from(*a) - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn modules_of_ones_own_leave_as_integers() {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    // A residual network whose sum is read by ternary features …
    let model = train_own_model(dir.path()).model.valid();
    let deployed = deploy::integers("tiny-resnet", &model, &digits.train).unwrap();
    assert_eq!(deploy::equal(&model, &deployed, &digits.test).unwrap(), (359, 359));
    assert_eq!(deployed.islands.iter().map(|island| island.path.as_str()).collect::<Vec<_>>(), ["readout"]);
    let file = deployed.program.to_bytes();
    assert_eq!(stairs::infer::Program::from_bytes(&file).unwrap(), deployed.program);
    // … and one of dilated convolutions.
    let (_, own, network) = network::recorded().unwrap();
    let table = (0..256).map(|byte| digits.train.standardisation().apply(0, byte as f32)).collect();
    let options = stairs::deploy::DeployOptions::new("own", 1.0).with_pixels(stairs::infer::Pixels { table });
    let program = stairs::deploy::deploy(&network, &options).unwrap().program;
    for i in 0..digits.test.len() {
        let x = digits.test.sample(i).0;
        let image = Tensor::<1>::from_floats(x.as_slice(), &Device::flex()).reshape([1, 1, 8, 8]);
        let logits = network::Own::forward(&own, image).into_data().try_into_vec::<f32>().unwrap();
        let ours = program.run(&x).unwrap().to_floats();
        assert!(logits.iter().zip(&ours).all(|(a, b)| (a - b).abs() < 1e-4), "sample {i}: {logits:?} {ours:?}");
    }
}

#[test]
fn ternary_weights_are_small() {
    let sizes = sizes::sizes("lenet", [1, 28, 28], 10).unwrap();
    // 420,576 ternary weights of 421,866 parameters, at 1.6 bits.
    assert!(sizes.packed < 100_000 && 16 * sizes.packed < sizes.float, "{sizes:?}");
    assert!(sizes.flash < 130_000 && sizes.ram < 8_000, "{sizes:?}");
}

#[test]
fn own_model_trains_and_materialises() {
    let dir = tempfile::tempdir().unwrap();
    let fitted = train_own_model(dir.path());
    assert!(fitted.record.test_accuracy > 60.0, "{}", fitted.record.test_accuracy);
    let [stem, branch, readout] = own_model::counts(&fitted.model).unwrap();
    assert_eq!((stem, branch), (("stem", 3), ("branch", 3)));
    assert!(readout.1 > 100, "the last layer is float, but has {} values", readout.1);

    // Into a different object, from the files.
    let fresh = own_model::TinyResNet::ternary(8, 99, &Device::flex()).unwrap();
    let loaded = RunDir::new(dir.path()).load(fresh, Which::Last).unwrap();
    assert_eq!(own_model::counts(&loaded).unwrap(), own_model::counts(&fitted.model).unwrap());
}

#[test]
fn own_model_resumes() {
    let dir = tempfile::tempdir().unwrap();
    let whole = train_own_model(dir.path());
    // What a kill in the last epoch leaves: the checkpoint before it, and neither final files nor record.
    for file in ["record.json", "last.bpk", "last.safetensors", "best.safetensors"] {
        fs::remove_file(dir.path().join(file)).unwrap();
    }
    fs::remove_dir_all(dir.path().join("checkpoints/checkpoint-5")).unwrap();
    let resumed = train_own_model(dir.path());
    assert_eq!(resumed.record.epochs.len(), 5);
    assert_eq!(resumed.record.test_accuracy, whole.record.test_accuracy);
    assert!(weights(&resumed.model) == weights(&whole.model), "the resumed run ends with other weights");
}

#[test]
fn the_hand_written_loop_trains() {
    let settings = hand_written_loop::Settings { width: 64, epochs: 5, batch: 64, lr: 1e-2, seed: 1 };
    let (hard, accuracy) = hand_written_loop::run(&settings).unwrap();
    assert!(accuracy > 70.0, "{accuracy}");
    for values in hand_written_loop::weight_values(hard).unwrap() {
        assert_eq!((values.len(), values[1]), (3, 0.0), "{values:?}");
    }
}

#[test]
fn estimators_differ_where_the_theory_says() {
    let rows = compare_estimators::table(400).unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names, ["clipped-identity-sign", "approx-sign", "tanh-surrogate", "erf-surrogate"]);
    // The first two vanish outside [−1, 1], the others nowhere; the directions are close, but only one's own is equal.
    assert_eq!(rows[0].passing, rows[1].passing);
    assert!(rows[0].passing < 95.0);
    assert_eq!((rows[2].passing, rows[3].passing), (100.0, 100.0));
    assert!((rows[0].cosine - 1.0).abs() < 1e-12);
    assert!(rows[1..].iter().all(|row| (0.7..0.9999).contains(&row.cosine)), "{rows:?}");
    let svg = compare_estimators::figure().unwrap();
    assert!(svg.starts_with("<svg") && !svg.contains("NaN"));
}

#[test]
fn a_law_of_ones_own_is_smooth_and_trains() {
    let noise = own_law::raised_cosine().unwrap();
    let law = Law::new(noise.clone(), 0.0, 0.5).unwrap();
    let (values, gradients) = own_law::stair(&law, &[-1.5, -0.5, 0.0, 0.5]).unwrap();
    // Windows of half-width ½ around ±½ meet at 0: there the value is 0 and the density vanishes; at a threshold the
    // value is half a step and the gradient is the density at 0, which is 1, over the scale.
    let near = |a: &[f32], b: [f32; 4]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(near(&values, [-1.0, -0.5, 0.0, 0.5]), "{values:?}");
    assert!(near(&gradients, [0.0, 2.0, 0.0, 2.0]), "{gradients:?}");

    let dir = tempfile::tempdir().unwrap();
    let config = short().with_model("mlp").with_epochs(3);
    let settings = || own_law::Settings { config: config.clone(), dir: dir.path().into(), display: Display::Quiet };
    let record = own_law::run(settings()).unwrap();
    assert!(record.test_accuracy > 60.0, "{}", record.test_accuracy);
    // The law is in the run's configuration and comes back as it was.
    assert_eq!(RunDir::new(dir.path()).config().unwrap().law, noise);
    assert_eq!(own_law::run(settings()).unwrap(), record);
}

#[test]
fn capacity_grows_with_the_network() {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let of = |widths: Vec<usize>| capacity::of_chain(&widths, &digits.train, 10).unwrap();
    let (small, large) = (of(vec![4]), of(vec![16]));
    assert_eq!((small.0, large.0), (64 * 4 + 4 + 50, 64 * 16 + 16 + 170));
    for (parameters, lower, two_scale) in [small, large] {
        let d = parameters as f64;
        assert!(2.0 / 3.0 * d < lower && lower <= two_scale && two_scale < 1.1 * d, "{lower} {two_scale} of {d}");
    }
    assert!(small.2 < large.1);
    let (parameters, two_scale) = capacity::of_module(4, &digits.train, 3).unwrap();
    assert_eq!(parameters, 64 * 4 + 4 + 20 + 50);
    assert!(two_scale > 2.0 / 3.0 * parameters as f64);
}

#[test]
fn a_run_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    read_run::make(dir.path(), 2, &digits).unwrap();
    let (record, counts) = read_run::run(dir.path(), &digits).unwrap();
    let right: usize = (0..10).map(|class| counts[class][class]).sum();
    let all: usize = counts.iter().flatten().sum();
    assert_eq!(all, digits.test.len());
    assert!((100.0 * right as f64 / all as f64 - record.test_accuracy).abs() < 1e-9);
    assert!(read_run::run(&dir.path().join("nothing"), &digits).is_err());
}

#[test]
fn the_order_of_the_layers_decides() {
    let (table, [synchronised, unsynchronised]) = synchronisation::two_units().unwrap();
    let last: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(last, ["500", "1", "1.000000", "0.000000"], "{table}");
    assert!(synchronised.starts_with("synchronised"), "{synchronised}");
    assert!(unsynchronised.contains("layer `second`"), "{unsynchronised}");
    for (policy, converges) in [("partition", true), ("overlapped-progressive", true), ("static", false)] {
        let convergence = synchronisation::certify(policy, Noise::Triangular).unwrap();
        assert_eq!(convergence.verdict.converges, converges, "{policy}: {}", convergence.verdict);
        assert_eq!(convergence.exact_from.is_some(), converges, "{policy}");
    }
}

#[test]
fn the_example_of_the_readme_runs_twice() {
    let readme = include_str!("../../README.md");
    let (_, code) = include_str!("../src/bin/readme.rs").split_once("\n\n").unwrap();
    assert!(readme.contains(&format!("```rust,no_run\n{code}```")), "src/bin/readme.rs is not the README's example");

    let folder = tempfile::tempdir().unwrap();
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_readme")).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find(|line| line.starts_with("test accuracy")).unwrap().to_owned()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_feature_is_predicted_from_the_others() {
    use stairs::train::{SampleError, Samples};
    use std::sync::Arc;

    /// 0.5·a − b + |c| of three numbers, before them.
    struct Sums(usize, usize);

    impl Samples for Sums {
        fn shape(&self) -> [usize; 3] {
            [4, 1, 1]
        }

        fn len(&self) -> usize {
            self.1
        }

        fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
            let [a, b, c] = [1, 2, 3].map(|k| ((self.0 + i) * k * 7919 % 1009) as f32 / 504.5 - 1.0);
            out.copy_from_slice(&[0.5 * a - b + c.abs(), a, b, c]);
            Ok(0)
        }
    }

    let (train, test) = (Arc::new(Sums(0, 600)), Arc::new(Sums(600, 300)));
    let [mean, linear] = regression::baselines(train.clone(), test.clone()).unwrap();
    assert!(linear < 0.6 * mean, "{linear} {mean}");
    let dir = tempfile::tempdir().unwrap();
    let settings = || {
        let config = short().with_model("net").with_batch(20);
        regression::Settings { width: 32, config, dir: dir.path().into(), display: Display::Quiet }
    };
    let fitted = regression::run(settings(), true, train.clone(), test.clone()).unwrap();
    assert!(fitted.record.test_accuracy < 0.8 * mean, "{} {mean}", fitted.record.test_accuracy);
    assert_eq!(regression::run(settings(), true, train, test).unwrap().record, fitted.record);
}

#[test]
fn an_lstm_with_ternary_matrices_reads_the_digits_row_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let config = short().with_model("rows").with_subset(640).with_epochs(6);
    let settings = sequences::Settings { width: 24, config, dir: dir.path().into(), display: Display::Quiet };
    let fitted = sequences::run(settings, true).unwrap();
    assert!(fitted.record.test_accuracy > 50.0, "{}", fitted.record.test_accuracy);
    assert!(sequences::most_values(&fitted.model).unwrap() <= 3);
}
