//! The options of `stairs train` that say how weights move and where they start.

mod program;

use program::{failure, path, stairs, stdout};
use stairs::{
    quant::ScalePolicy,
    train::{Clip, Head, LrSchedule, Optimiser, WarmUp},
};
use stairs_study::report::read_record;

const SHORT: [&str; 7] = ["train", "--model", "mlp:16", "--epochs", "2", "--subset", "200"];

fn train(options: &[&str]) -> Vec<String> {
    SHORT.iter().chain(options).map(ToString::to_string).collect()
}

fn run(options: &[&str]) -> std::process::Output {
    let arguments = train(options);
    stairs(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn options_reach_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let (float, tuned) = (directory.path().join("float"), directory.path().join("tuned"));
    let options = "--method float --optimiser sgd --nesterov --lr 0.05 --weight-decay 1e-4 --no-decay output \
                   --milestones 0.5,0.75 --warm-up-epochs 0.5 --label-smoothing 0.1 --clip-norm 5 --accumulate 2 \
                   --average 0.9 --out";
    let mut options: Vec<&str> = options.split_whitespace().collect();
    options.push(path(&float));
    stdout(&run(&options));
    let config = read_record(&float).unwrap().config;
    assert_eq!(config.optimiser, Optimiser::Sgd { momentum: 0.9, nesterov: true });
    assert_eq!((config.weight_decay.rate, config.weight_decay.vectors), (1e-4, false));
    assert_eq!(config.weight_decay.except[0].as_str(), "output");
    assert_eq!(config.lr_schedule, LrSchedule::Milestones { at: vec![0.5, 0.75], factor: 0.1 });
    assert_eq!(config.warm_up, Some(WarmUp { share: 0.25, start: 0.1 }));
    assert_eq!((config.label_smoothing, config.clip), (0.1, Some(Clip::Norm(5.0))));
    assert_eq!((config.accumulate, config.average, config.devices), (2, Some(0.9), 1));

    stdout(&run(&["--init", path(&float), "--init-head", "fresh", "--out", path(&tuned)]));
    let config = read_record(&tuned).unwrap().config;
    let init = config.init.unwrap();
    assert_eq!((init.path, init.head, init.sha256.len()), (float.join("last.bpk"), Head::Fresh, 64));
    assert_eq!(config.weight_scale, ScalePolicy::MseOptimal);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    for (options, code, expected) in [
        (&["--momentum", "0.5"][..], 1, "--momentum needs --optimiser sgd"),
        (&["--optimiser", "sgd", "--momentum", "1"], 1, "momentum must be in [0, 1), got 1"),
        (&["--warm-up-start", "0.5"], 1, "needs a warm-up"),
        (&["--clip-norm", "1", "--clip-value", "1"], 2, "cannot be used with"),
        (&["--milestones", "0.5", "--constant-lr"], 2, "cannot be used with"),
        (&["--no-decay", "output..bias"], 2, "output..bias"),
        (&["--no-decay", "head"], 1, "matches no trainable parameter"),
        (&["--init-head", "fresh"], 2, "--init"),
        (&["--init", "nowhere.bpk"], 1, "nowhere.bpk"),
        (&["--devices", "2"], 1, "2 devices were asked for, and `flex` has 1 here"),
    ] {
        let refused = failure(&run(&[options, &["--out", path(&out)]].concat()), code);
        assert!(refused.contains(expected), "{options:?}: {refused}");
    }
}
