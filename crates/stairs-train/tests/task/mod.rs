//! Other tasks than classes: regression, trained, resumed, refused.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig},
    tensor::{
        Device, Tensor,
        activation::{log_softmax, softmax},
    },
};
use stairs_noise::{StairActivation, StairActivationConfig, StairWeights, WeightInit};
use stairs_quant::Quantiser;
use stairs_train::{
    ConfigError, Display, Fitted, HeldOut, Predictor, Regression, RunConfig, RunDir, SampleError, Samples, Targets,
    Task, TaskRecord, TrainError, Trainer, Which, seeded,
};

use super::support::{bits, digits};

/// 4 numbers and two values of them, one of which is not linear.
struct Waves {
    first: usize,
    count: usize,
    targets: usize,
    /// Value that is given for the target of sample 7.
    seventh: Option<f32>,
    /// Uses after which it fails, once.
    left: AtomicUsize,
}

impl Waves {
    fn new(first: usize, count: usize) -> Self {
        Self { first, count, targets: 2, seventh: None, left: AtomicUsize::new(usize::MAX) }
    }

    fn inputs(&self, i: usize) -> [f32; 4] {
        [1, 2, 3, 5].map(|k| (((self.first + i) * k * 7919 % 1009) as f32 / 504.5) - 1.0)
    }
}

impl Samples for Waves {
    fn shape(&self) -> [usize; 3] {
        [4, 1, 1]
    }

    fn len(&self) -> usize {
        self.count
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        assert_ne!(self.left.fetch_sub(1, Ordering::SeqCst), 0, "the power went out");
        out.copy_from_slice(&self.inputs(i));
        Ok(0)
    }

    fn targets(&self) -> usize {
        self.targets
    }

    fn copy_targets(&self, i: usize, out: &mut [f32]) -> Result<(), SampleError> {
        let [a, b, c, d] = self.inputs(i);
        let values = [a + 0.5 * b, (c - d).abs() - 0.5, 0.0];
        out.copy_from_slice(&values[..out.len()]);
        if let (Some(value), 7) = (self.seventh, i) {
            out[1] = value;
        }
        Ok(())
    }
}

#[derive(Module, Debug)]
struct Net {
    hidden: Linear,
    norm: BatchNorm,
    act: StairActivation,
    last: Linear,
}

impl Net {
    fn new(outputs: usize) -> Self {
        let device = Device::flex();
        let weights = StairWeights::ternary().with_init(WeightInit::InsideSupport { seed: 1 }).with_except_last();
        let act = StairActivationConfig::new(Quantiser::Ternary).init(&device).unwrap();
        let net = || Self {
            hidden: LinearConfig::new(4, 64).init(&device),
            norm: BatchNormConfig::new(64).init(&device),
            act,
            last: LinearConfig::new(64, outputs).init(&device),
        };
        seeded(1, &device, || weights.quantise(net()).unwrap())
    }
}

impl Predictor for Net {
    fn outputs(&self, x: Tensor<4>) -> Tensor<2> {
        self.last.forward(self.act.forward(self.norm.forward(self.hidden.forward(x.flatten::<2>(1, 3)))))
    }
}

fn config() -> RunConfig {
    RunConfig::new("net").with_dataset("waves").with_epochs(6).with_batch(32).with_lr(1e-2)
}

fn fit(config: RunConfig, train: Waves, dir: &Path) -> Result<Fitted<Net>, TrainError> {
    let trainer =
        Trainer::for_task(Regression::default(), config, Arc::new(train), Arc::new(Waves::new(500, 200)), dir);
    trainer.with_display(Display::Quiet).with_resume(true).fit(Net::new(2))
}

#[test]
fn values_are_learned_and_a_resumed_run_is_the_same() {
    let [whole_dir, dir] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let whole = fit(config(), Waves::new(0, 500), whole_dir.path()).unwrap();
    let record = &whole.record;
    assert_eq!(record.config.task, Some(Regression::default().record()));
    // The targets' root mean square is about 0.6.
    assert!(record.test_accuracy < 0.35, "rmse {}", record.test_accuracy);
    let errors: Vec<f64> = record.epochs.iter().map(|epoch| epoch.held_out_accuracy).collect();
    assert_eq!(record.best_test_accuracy, errors.iter().copied().fold(f64::INFINITY, f64::min));
    assert!(record.epochs.iter().all(|e| e.metric.as_deref() == Some("rmse") && e.held_out == HeldOut::Test));
    // Squared error and root of the mean square of one part are told twice.
    let last = &record.epochs[5];
    assert!((last.held_out_accuracy - last.held_out_loss.sqrt()).abs() < 1e-6, "{last:?}");
    let run = RunDir::new(whole_dir.path());
    assert_eq!((run.record().unwrap(), run.metrics().unwrap()), (record.clone(), record.epochs.clone()));
    let text = std::fs::read_to_string(run.metrics_path()).unwrap();
    assert!(text.contains("\"test_score\"") && !text.contains("accuracy"), "{text}");

    // A crash in the fourth epoch, in the middle: the survey reads all once before.
    let (broken, place) = (Waves { left: (500 + 3 * 500 + 250).into(), ..Waves::new(0, 500) }, dir.path().to_owned());
    assert!(thread::spawn(move || fit(config(), broken, &place).map(drop)).join().is_err());
    assert!((1..6).contains(&RunDir::new(dir.path()).metrics().unwrap().len()));
    let resumed = fit(config(), Waves::new(0, 500), dir.path()).unwrap();
    assert!(bits(&resumed.model) == bits(&whole.model), "a resumed run has other weights");
    let loaded = |dir: &Path| bits(&RunDir::new(dir).load(Net::new(2), Which::Best).unwrap());
    assert!(loaded(dir.path()) == loaded(whole_dir.path()), "its best model is another");

    // With a validation part the test part is looked at once, at the end.
    let dir = tempfile::tempdir().unwrap();
    let record = fit(config().with_validation(0.2).with_epochs(2), Waves::new(0, 500), dir.path()).unwrap().record;
    let validation = record.validation.clone().unwrap();
    assert_eq!((validation.samples, record.epochs[0].held_out), (100, HeldOut::Validation));
    assert!(record.test_accuracy > 0.0 && RunDir::new(dir.path()).record().unwrap() == record);
}

/// A metric of one's own for classes, and a network of the zoo for values.
#[test]
fn tasks_of_ones_own_and_networks_of_the_zoo() {
    /// Cross entropy judged by the largest probability of a wrong class.
    #[derive(Debug)]
    struct Worst;

    impl Task for Worst {
        fn record(&self) -> TaskRecord {
            TaskRecord { name: "classes, worst rival".into(), metric: "rival".into(), higher_is_better: false }
        }

        fn losses(&self, outputs: Tensor<2>, targets: &Targets, _training: bool) -> Tensor<1> {
            let classes = targets.classes.clone().unsqueeze_dim::<2>(1);
            log_softmax(outputs, 1).gather(1, classes).neg().squeeze_dim(1)
        }

        fn scores(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<1> {
            let [_, classes] = outputs.dims();
            let right: Tensor<2> = targets.classes.clone().one_hot::<2>(classes).float();
            (softmax(outputs, 1) * right.neg().add_scalar(1.0)).max_dim(1).squeeze_dim(1)
        }

        fn refusal(&self, _outputs: usize, _samples: &dyn Samples) -> Option<String> {
            None
        }
    }

    let dir = tempfile::tempdir().unwrap();
    let small = RunConfig::new("mlp:16").with_epochs(2).with_batch(64).with_lr(1e-2);
    let trainer = Trainer::new(small.clone(), &digits(), dir.path().join("digits")).with_task(Worst);
    let record = trainer.with_display(Display::Quiet).run().unwrap();
    assert!((0.0..0.9).contains(&record.test_accuracy) && record.config.task.as_ref().unwrap().metric == "rival");

    let (train, test, dir) = (Arc::new(Waves::new(0, 500)), Arc::new(Waves::new(500, 200)), dir.path().join("waves"));
    let trainer = Trainer::for_task(Regression::absolute(), small, train, test, dir);
    let record = trainer.with_display(Display::Quiet).run().unwrap();
    assert!(record.test_accuracy < 1.0, "{}", record.test_accuracy);
}

#[test]
fn what_is_no_task_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = |config: RunConfig, train: Waves| fit(config, train, dir.path()).unwrap_err().to_string();
    assert!(error(config(), Waves { targets: 0, ..Waves::new(0, 64) }).contains("no values to be predicted"));
    assert!(error(config(), Waves { targets: 3, ..Waves::new(0, 64) }).contains("3 values to be predicted"));
    let nan = error(config(), Waves { seventh: Some(f32::NAN), ..Waves::new(0, 64) });
    assert!(nan.contains("sample 7: its target 1 is NaN"), "{nan}");

    // A configuration that is one for another task, under a trainer of classes.
    let task = TaskRecord { name: "ranking".into(), metric: "tau".into(), higher_is_better: true };
    let (train, test) = (Arc::new(Waves::new(0, 64)), Arc::new(Waves::new(64, 64)));
    let trainer = Trainer::on_samples(config().with_task(task), train, test, 1, dir.path());
    let refused = trainer.with_display(Display::Quiet).fit(Net::new(2)).unwrap_err();
    assert!(matches!(&refused, TrainError::Config(ConfigError::Task { .. })), "{refused}");
    assert!(refused.to_string().contains("`ranking`, and the trainer trains for classes"), "{refused}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
}
