//! A study of measurements and trainings: in one go, in shards, interrupted, and shown on its page.
#![allow(missing_docs)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::Device;
use stairs::{
    data::{
        DataRoot, DatasetName,
        images::{Export, ExportFormat, ImagesConfig},
        load,
    },
    quant::ScalePolicy,
    train::{Method, RunConfig, TopFive, data::IMAGES},
};
use stairs_study::{
    experiments::{Experiment, Lines, Row, Runner, Scale, Shard, Status, catalogue, find, read_lines},
    measure::{FactorisedConfig, MeasureConfig},
    plot::Figure,
    report::{Comparison, LowerPage, Page, PairedPage, ReportError, Results, RunsPage, TrainingPage, VariancePage},
};

#[path = "study/bounds.rs"]
mod bounds;

fn study(page: &'static dyn Page) -> Experiment {
    study_with(page, 2)
}

fn study_with(page: &'static dyn Page, unit_draws: usize) -> Experiment {
    let models = ["plain-mlp:4", "plain-mlp:8", "plain-mlp:4-4"];
    let measure = |model: &str, noise_variance: f64| {
        let config = MeasureConfig::new(model.parse().unwrap(), DatasetName::Digits.as_str());
        let units = FactorisedConfig { draws: unit_draws, last_draws: 1, particles: 2, eps: vec![1e-1, 1e-3] };
        let config = MeasureConfig { samples: 8, draws: 3, inner: 2, particles: 2, noise_variance, ..config };
        let config = MeasureConfig { factorised: Some(units), ..config };
        Row::measure(format!("capacity-{model}-{noise_variance}").replace(':', "-"), config)
    };
    let train = |model: &str| {
        let config = RunConfig::new(model).with_method(Method::Float).with_epochs(2);
        Row::train(model.replace(':', "-"), config.with_subset(200))
    };
    let rows = models.map(|model| measure(model, 1.0)).into_iter().chain([measure(models[0], 10.0)]);
    let rows = rows.chain(models.map(train)).collect();
    Experiment { name: "study", title: "A study", about: "For the test.", rows, seeds: 2, page }
}

fn runner(out: &Path, shard: &str) -> Runner {
    Runner {
        folder: out.join("study"),
        data: DataRoot::default(),
        device: Device::flex(),
        shard: shard.parse::<Shard>().unwrap(),
        scale: Scale::default(),
        report: Some(out.join("index.html")),
        results: Some(out.join("kept")),
        commands: vec!["stairs reproduce study".into()],
    }
}

/// The kept lines without what a clock says and without hashes of files, whose metadata has no fixed order.
fn lines(out: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(out.join("kept/study/records.jsonl")).unwrap();
    let line = |line: &str| {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        for clock in ["seconds", "cpu_seconds"] {
            value.as_object_mut().unwrap().remove(clock);
        }
        if let Some(init) = value.pointer_mut("/config/init") {
            init.as_object_mut().unwrap().remove("sha256");
        }
        value
    };
    text.lines().map(line).collect()
}

#[test]
fn shards_and_an_interrupted_run_give_what_one_run_gives() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let study = study(&TrainingPage);
    let outcome = runner(whole.path(), "1/1").run(&study, &mut Lines::new()).unwrap();
    assert_eq!((outcome.results.measurements.len(), outcome.results.runs.len()), (4, 6));
    assert!(outcome.trials.iter().all(|(_, status)| *status == Status::Done));

    let first = runner(parts.path(), "1/2").run(&study, &mut Lines::new()).unwrap();
    assert_eq!(first.trials.len(), 5);
    assert!(fs::read_to_string(parts.path().join("index.html")).unwrap().contains("5 of 10 trials not finished yet"));
    // What a kill leaves of a measurement: some of its draws.
    let killed = parts.path().join("study/capacity-plain-mlp-4-1");
    fs::remove_file(killed.join("capacity.json")).unwrap();
    fs::remove_file(killed.join("draws/0002.json")).unwrap();
    runner(parts.path(), "2/2").run(&study, &mut Lines::new()).unwrap();
    let last = runner(parts.path(), "1/1").run(&study, &mut Lines::new()).unwrap();
    assert_eq!(last.trials.iter().filter(|(_, status)| *status == Status::Done).count(), 1);
    assert_eq!(lines(whole.path()), lines(parts.path()));

    let page = fs::read_to_string(parts.path().join("index.html")).unwrap();
    for what in ["Rank agreement", "plain-mlp:4-4", "number of parameters d", "stairs reproduce study", "<svg"] {
        assert!(page.contains(what), "{what}");
    }
    assert!(!page.contains("not finished yet") && !page.contains("NaN"));
    for figure in ["curves.svg", "agreement.svg"] {
        assert!(fs::read_to_string(parts.path().join("kept/study").join(figure)).unwrap().starts_with("<svg"));
    }

    // The other pages of the same measurements, and pages of nothing.
    let pages: [&dyn Page; 3] = [&LowerPage, &VariancePage, &TrainingPage];
    for page in pages {
        let html = page.html(&last.results).unwrap();
        assert!(html.contains("<svg") && !html.contains("NaN"), "{html}");
        assert!(!page.text(&last.results).contains("NaN") && !page.figures(&last.results).is_empty());
        let mut nothing = last.results.clone();
        (nothing.runs, nothing.measurements) = (Vec::new(), Vec::new());
        assert!(page.html(&nothing).unwrap().contains("There is no"));
    }

    // The kept lines alone make the same pages, and a line that is none is named.
    let kept = parts.path().join("kept/study");
    let again = read_lines(&study, &kept).unwrap();
    for page in pages {
        assert_eq!(page.text(&again), page.text(&last.results));
    }
    let text = fs::read_to_string(kept.join("records.jsonl")).unwrap();
    fs::write(kept.join("damaged.jsonl"), format!("{text}{{}}\n")).unwrap();
    let error = read_lines(&study, &kept.join("damaged.jsonl")).unwrap_err().to_string();
    assert!(error.contains("line 11"), "{error}");

    // Another number of draws of the units is measured from the draws there are.
    let more = runner(parts.path(), "1/1").run(&study_with(&LowerPage, 3), &mut Lines::new()).unwrap();
    assert_eq!(more.trials.iter().filter(|(_, status)| *status == Status::Done).count(), 4);
    let points = |results: &Results| results.measurements[0].1.points.clone();
    assert_eq!(points(&more.results), points(&last.results));

    // A measurement of another configuration is not overwritten.
    let mut other = runner(parts.path(), "1/1");
    other.scale.draws = Some(2);
    let error = other.run(&study_with(&LowerPage, 3), &mut Lines::new()).unwrap_err().to_string();
    assert!(error.contains("draws is 3 there and 2 here"), "{error}");
}

#[test]
fn the_full_form_is_larger() {
    let (short, full) = (find("2sed-training").unwrap(), find("2sed-training-full").unwrap());
    assert!(full.trials(Scale::default()).len() > short.trials(Scale::default()).len());
    assert!(find("digits-full").is_err());
}

#[test]
fn a_training_starts_from_another_one() {
    let config = |method| {
        RunConfig::new("mlp:8")
            .with_method(method)
            .with_epochs(1)
            .with_subset(200)
            .with_weight_scale(ScalePolicy::MseOptimal)
    };
    let rows = vec![
        Row::train("float", config(Method::Float)),
        Row::train("tuned", config(Method::Ana)).with_start("float"),
        Row::train("scratch", config(Method::Ana)),
    ];
    let mut study =
        Experiment { name: "study", title: "Fine-tuning", about: "For the test.", rows, seeds: 1, page: &RunsPage };
    let out = tempfile::tempdir().unwrap();
    // The share of the second process: the fine-tuning, and before it what that starts from.
    let outcome = runner(out.path(), "2/3").run(&study, &mut Lines::new()).unwrap();
    assert_eq!(outcome.trials.len(), 1);
    assert!(out.path().join("study/float-seed1/record.json").exists());
    // Wherever the directory is moved to, what is finished is recognised.
    let moved = tempfile::tempdir().unwrap();
    fs::rename(out.path().join("study"), moved.path().join("study")).unwrap();
    let outcome = runner(moved.path(), "1/1").run(&study, &mut Lines::new()).unwrap();
    let status: Vec<Status> = outcome.trials.iter().map(|(_, status)| *status).collect();
    assert_eq!(status, [Status::Kept, Status::Kept, Status::Done]);
    let page = fs::read_to_string(moved.path().join("index.html")).unwrap();
    assert!(page.contains("from float weights") && page.contains("from random weights"), "{page}");

    let whole = tempfile::tempdir().unwrap();
    runner(whole.path(), "1/1").run(&study, &mut Lines::new()).unwrap();
    assert_eq!(lines(moved.path()), lines(whole.path()));
    assert_eq!(lines(whole.path())[1]["config"]["init"]["path"], "float-seed1/last.bpk");

    // What has started from random weights is not taken for it.
    let random = moved.path().join("study/scratch-seed1");
    let tuned = moved.path().join("study/tuned-seed1");
    fs::remove_dir_all(&tuned).unwrap();
    fs::rename(random, tuned).unwrap();
    let error = runner(moved.path(), "2/3").run(&study, &mut Lines::new()).unwrap_err().to_string();
    assert!(error.contains("started from random weights"), "{error}");

    study.rows[1].from = Some("absent".into());
    let lost = tempfile::tempdir().unwrap();
    let error = runner(lost.path(), "2/3").run(&study, &mut Lines::new()).unwrap_err().to_string();
    assert!(error.contains("tuned-seed1 starts from absent-seed1, which there is not"), "{error}");
}

/// Twelve classes: the embedded digits as files, two of them under other names too.
fn folder_of_twelve_classes(out: &Path) {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let names: Vec<String> = DatasetName::Digits.class_folders().iter().map(|&name| name.into()).collect();
    Export { format: ExportFormat::Png, limit: Some(8), size: None }.write(&digits, &names, out).unwrap();
    for part in ["train", "val"].map(|part| out.join(part)) {
        for (class, other) in [("0", "zero"), ("1", "one")] {
            fs::create_dir(part.join(other)).unwrap();
            for file in fs::read_dir(part.join(class)).unwrap().map(Result::unwrap) {
                fs::copy(file.path(), part.join(other).join(file.file_name())).unwrap();
            }
        }
    }
}

#[test]
fn an_experiment_reads_a_folder_of_images_and_counts_five_answers() {
    static PAGE: PairedPage =
        PairedPage { question: "For the test.", comparisons: &[Comparison { first: "ste", second: "float" }] };
    let out = tempfile::tempdir().unwrap();
    let images = out.path().join("images");
    folder_of_twelve_classes(&images);
    let config = |method| {
        RunConfig::new("mlp:16")
            .with_dataset(IMAGES)
            .with_method(method)
            .with_epochs(3)
            .with_batch(16)
            .with_validation(0.25)
            .with_images(ImagesConfig { size: 8, resize: Some(8), channels: 1, ..ImagesConfig::default() })
    };
    let rows = vec![Row::train("float", config(Method::Float)), Row::train("ste", config(Method::Ste)).with_one_seed()];
    let study = Experiment { name: "study", title: "A study", about: "For the test.", rows, seeds: 2, page: &PAGE };
    let runner = Runner { data: DataRoot::new(Some(images), None, None), ..runner(out.path(), "1/1") };
    let results = runner.run(&study, &mut Lines::new()).unwrap().results;
    assert_eq!(results.runs.len(), 3);
    for (_, run) in &results.runs {
        let TopFive { last, best } = run.top5.unwrap();
        assert!(last > run.test_accuracy && best > run.best_test_accuracy && best <= 100.0, "{run:?}");
        assert!(!cfg!(target_os = "linux") || run.throughput().is_none_or(|images| images > 0.0));
    }
    // The kept lines alone make the same tables and curves.
    let again = read_lines(&study, &out.path().join("kept/study")).unwrap();
    let names = |results| PAGE.figures(results).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(&again), ["differences", "curves"]);
    assert_eq!(PAGE.text(&again), PAGE.text(&results));
    let markdown = PAGE.markdown(&again);
    assert!(markdown.contains("| top-5 test accuracy, % |") && markdown.contains("| ste − float | 1 |"), "{markdown}");
}

#[test]
fn every_training_that_starts_from_another_names_one() {
    for experiment in catalogue() {
        let trials = experiment.trials(Scale::default());
        for from in trials.iter().filter_map(|trial| trial.from.as_ref()) {
            assert!(trials.iter().any(|trial| trial.id == *from), "{}: {from}", experiment.name);
        }
    }
}

/// A page during whose making another process finishes a trial, once.
struct Late(std::sync::Mutex<Option<(PathBuf, PathBuf)>>);

impl Page for Late {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        if let Some((from, to)) = self.0.lock().unwrap().take() {
            fs::rename(from, to).unwrap();
        }
        RunsPage.html(results)
    }

    fn text(&self, results: &Results) -> String {
        RunsPage.text(results)
    }

    fn figures(&self, _results: &Results) -> Vec<(String, Figure)> {
        Vec::new()
    }
}

#[test]
fn a_page_is_never_older_than_the_records_around_it() {
    static LATE: Late = Late(std::sync::Mutex::new(None));
    let config = |method| RunConfig::new("mlp:4").with_method(method).with_epochs(1).with_subset(200);
    let rows = [Method::Float, Method::Ste].map(|method| Row::method(config(method))).into();
    let study = Experiment { name: "study", title: "A study", about: "For the test.", rows, seeds: 1, page: &LATE };
    let out = tempfile::tempdir().unwrap();
    let runner = runner(out.path(), "1/1");
    runner.run(&study, &mut Lines::new()).unwrap();
    let (place, away) = (out.path().join("study/ste-seed1"), out.path().join("away"));
    fs::rename(&place, &away).unwrap();
    *LATE.0.lock().unwrap() = Some((away, place));
    let results = runner.report(&study).unwrap();
    assert!(results.unfinished().is_none() && LATE.0.lock().unwrap().is_none());
    assert!(!fs::read_to_string(out.path().join("index.html")).unwrap().contains("not finished yet"));
    assert_eq!(lines(out.path()).len(), 2);
}
