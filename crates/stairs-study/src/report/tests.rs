//! Reports of made-up records: every page is well formed and shows no number that is none.

use std::path::Path;

use proptest::{collection::vec, option, prelude::*};
use stairs_quant::{Bits, Quantiser};
use stairs_train::{
    EpochRecord, HeldOut, LawPoint, Method, RECORD_FORMAT, RunConfig, RunRecord, Skipped, Versions, WeightHistogram,
};

use super::{Report, ReportError, Stat, collect_records, read_record, studies, text_table};

fn config(method: Method, seed: u64) -> RunConfig {
    RunConfig::default().with_method(method).with_seed(seed)
}

/// A plausible record of `accuracies.len()` epochs.
pub(super) fn record(config: RunConfig, accuracies: &[f64]) -> RunRecord {
    let quantised = config.method != Method::Float;
    let law = |epoch: usize, path: &str| {
        let left = 1.0 - (epoch + 1) as f64 / accuracies.len() as f64;
        LawPoint { path: path.into(), mean: -0.5 * left, scale: 0.5 * left * left }
    };
    let epoch = |(i, accuracy): (usize, &f64)| EpochRecord {
        epoch: i + 1,
        step: 10 * (i as u64 + 1),
        train_loss: 1.0 / (i + 1) as f64,
        train_accuracy: *accuracy,
        metric: None,
        held_out: HeldOut::Test,
        held_out_loss: 0.1,
        held_out_accuracy: *accuracy,
        learning_rate: 1e-3,
        seconds: 1.0,
        laws: if quantised {
            vec![law(i, "conv1.weight.stair"), law(i, "act1"), law(i, "fc1.weight.stair")]
        } else {
            vec![]
        },
    };
    let histogram = |path: &str| WeightHistogram {
        path: path.into(),
        low: -1.5,
        high: 1.5,
        latent: vec![1, 4, 9, 4, 2],
        quantised: vec![(-1.0, 5), (0.0, 9), (1.0, 6)],
    };
    RunRecord {
        format: RECORD_FORMAT,
        versions: Versions { stairs: "0.1.0".into(), burn: "0.22.1".into() },
        device: "flex (2 threads)".into(),
        parameters: 1234,
        samples: (1438, 359),
        instruction_set: "x86_64 avx2 fma".into(),
        data: None,
        notes: Vec::new(),
        extended: Vec::new(),
        skipped: Skipped::default(),
        epochs: accuracies.iter().enumerate().map(epoch).collect(),
        test_accuracy: *accuracies.last().unwrap_or(&f64::NAN),
        validation: None,
        best_test_accuracy: accuracies.iter().copied().fold(f64::NAN, f64::max),
        top5: None,
        wall_seconds: 61.0,
        cpu_seconds: None,
        weights: if quantised { vec![histogram("conv1.weight"), histogram("fc1.weight")] } else { vec![] },
        config: config.with_epochs(accuracies.len()),
    }
}

fn three_methods() -> Vec<RunRecord> {
    let run = |method, seed, last| record(config(method, seed), &[50.0, 80.0, last]);
    vec![
        run(Method::Float, 1, 98.0),
        run(Method::Float, 2, 99.0),
        run(Method::Ste, 1, 95.0),
        run(Method::Ana, 2, 97.5),
        run(Method::Ana, 1, 97.0),
    ]
}

/// Checks that every element of a page is closed in order. Attributes hold no `>`: all text is escaped.
fn assert_well_formed(page: &str) {
    const VOID: [&str; 4] = ["meta", "br", "hr", "img"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag that does not end");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or("");
        match tag.as_bytes().first() {
            Some(b'!') => {}
            Some(b'/') => assert_eq!(open.pop(), Some(name), "closing tag"),
            _ if tag.ends_with('/') || VOID.contains(&name) => {}
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

fn assert_no_bad_number(page: &str) {
    for bad in ["NaN", ">inf", "-inf", "\"inf", "null"] {
        assert!(!page.contains(bad), "page contains {bad}");
    }
}

#[test]
fn statistics_are_those_of_the_textbook() {
    let stat = Stat::of([97.0, 98.0, 99.0, f64::NAN]);
    assert_eq!((stat.n, stat.mean, stat.sd), (3, 98.0, 1.0));
    assert!(Stat::of([1.0]).sd.is_nan() && Stat::of([]).mean.is_nan());
}

#[test]
fn runs_are_grouped_by_everything_but_the_seed() {
    let records = three_methods();
    let studies = studies(&records);
    assert_eq!(studies.len(), 1);
    let groups = &studies[0].groups;
    assert_eq!(groups.iter().map(|g| g.label.as_str()).collect::<Vec<_>>(), ["float", "STE", "ANA"]);
    assert_eq!(groups[2].runs.iter().map(|r| r.config.seed).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(groups[0].accuracy().mean, 98.5);
}

#[test]
fn groups_of_one_method_are_told_apart_by_what_differs() {
    let mut other = config(Method::Ana, 1);
    other.law = stairs_noise::Noise::Normal;
    let records = [record(config(Method::Ana, 1), &[90.0]), record(other, &[91.0])];
    let studies = studies(&records);
    let labels: Vec<_> = studies[0].groups.iter().map(|g| g.label.as_str()).collect();
    assert!(labels.contains(&"ANA (law normal)") && labels.contains(&"ANA (law uniform)"), "{labels:?}");
    assert_ne!(studies[0].groups[0].ink, studies[0].groups[1].ink);
}

/// Wide panels are drawn a second time for phones, and every seed has a dot of its own.
#[test]
fn the_page_fits_a_phone() {
    let page = Report::new("T", &three_methods()).html().unwrap();
    let narrow: Vec<&str> = page.split("<div class=\"narrow\">").skip(1).collect();
    assert!(narrow.len() > 1 && narrow.iter().all(|svg| svg.contains("width=\"380\"")));
    assert_eq!((page.matches("title=\"seed ").count(), page.matches("--lanes:1\"").count()), (5, 3));
    assert!(page.contains("no noise: 0 everywhere"));
}

#[test]
fn the_headline_and_the_table_say_the_result() {
    let records = three_methods();
    let of = |planned| Report::new("T", &records).with_planned(planned).with_commands(["cargo xtask reproduce"]).html();
    let (page, part) = (of(5).unwrap(), of(9).unwrap());
    assert_well_formed(&page);
    assert_well_formed(&part);
    assert_no_bad_number(&page);
    let headline = "the ternary LeNet classifies 97.25 % of the digits test set correctly, 1.25 points below the same \
                    network in float. The straight-through estimator reaches 95.00 %.";
    assert!(page.contains(headline) && !page.contains("not finished yet"));
    assert!(part.contains("4 of 9 trials not finished yet") && !part.contains(headline));
    assert!(page.contains("97.25 ± 0.35") && page.contains("−1.25"));
    assert!(!page.contains("http://") || page.matches("http://").all(|_| page.contains("http://www.w3.org/2000/svg")));
    assert!(!page.contains("https://") && !page.contains("<script") && !page.contains("<link"));
    let table = text_table(&records);
    assert!(table.contains("LeNet on digits") && table.contains("97.25 ± 0.35") && table.contains("−1.25"), "{table}");
}

#[test]
fn no_records_make_an_empty_page() {
    let page = Report::new("Nothing", &[]).html().unwrap();
    assert_well_formed(&page);
    assert!(page.contains("no finished run"));
    assert_eq!(text_table(&[]), "");
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn records_are_found_and_read() {
    let directory = tempfile::tempdir().unwrap();
    let record = record(config(Method::Ana, 1), &[50.0, 90.0]);
    let json = serde_json::to_string(&record).unwrap();
    write(&directory.path().join("a/one/record.json"), &json);
    write(&directory.path().join("b/record.json"), &json);
    assert_eq!(collect_records(directory.path()).unwrap(), vec![record.clone(), record.clone()]);
    assert_eq!(read_record(&directory.path().join("b")).unwrap(), record);
    let page = directory.path().join("pages/index.html");
    Report::new("T", &[record]).write(&page).unwrap();
    assert_well_formed(&std::fs::read_to_string(page).unwrap());
}

#[test]
fn bad_records_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("record.json");
    let good = serde_json::to_string(&record(config(Method::Ana, 1), &[50.0])).unwrap();
    let newer = good.replacen("\"format\":1", "\"format\":2,\"something_new\":[]", 1);
    let older = good.replacen("\"format\":1", "\"format\":0", 1);
    let cases = [
        ("", "EOF"),
        ("[]", "no field `format`"),
        ("{\"format\":\"x\"}", "not a whole number"),
        ("{\"format\":1}", "missing field"),
        (newer.as_str(), "newer version of stairs"),
        (older.as_str(), "older version of stairs"),
        (&good[..good.len() / 2], "EOF"),
        (&good.replacen("\"ana\"", "\"magic\"", 1), "unknown variant `magic`"),
        (&good.replace("50.0", "250.0"), "train_accuracy is 250 percent"),
        (&good.replace("50.0", "-5.0"), "train_accuracy is -5 percent"),
        (&good.replacen("\"best_test_accuracy\":50.0", "\"best_test_accuracy\":51.0", 1), "the epochs say 50"),
        (&good.replacen("\"epoch\":1", "\"epoch\":2", 1), "in the place of epoch 1"),
        (&good.replacen("\"lenet\"", "\"\\u001b[2J\"", 1), "config.model holds control characters"),
        (&good.replacen("61.0", "-61.0", 1), "wall_seconds"),
    ];
    for (text, expected) in cases {
        write(&path, text);
        let error = read_record(&path).unwrap_err().to_string();
        assert!(error.contains("record.json") && error.contains(expected), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(collect_records(directory.path()), Err(ReportError::Nothing(_))));
    let error = collect_records(&directory.path().join("missing")).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}

/// Numbers of every kind, most of them ordinary.
fn number() -> impl proptest::strategy::Strategy<Value = f64> {
    prop_oneof![6 => -200.0..200.0, 1 => any::<f64>(), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(0.0)]
}

fn text() -> impl proptest::strategy::Strategy<Value = String> {
    prop_oneof![Just("conv1.weight.stair".to_string()), "[a-z<>&\"'/ .é-]{0,12}"]
}

prop_compose! {
    fn any_epoch(laws: usize)(
        numbers in prop::array::uniform6(number()),
        laws in vec((text(), number(), number()), laws),
        step in any::<u64>(),
    ) -> EpochRecord {
        let [train_loss, train_accuracy, held_out_loss, held_out_accuracy, learning_rate, seconds] = numbers;
        let laws = laws.into_iter().map(|(path, mean, scale)| LawPoint { path, mean, scale }).collect();
        EpochRecord {
            epoch: 0, step, train_loss, train_accuracy, metric: None, held_out: HeldOut::Test, held_out_loss, held_out_accuracy,
            learning_rate, seconds, laws,
        }
    }
}

prop_compose! {
    fn any_histogram()(
        path in text(), low in number(), high in number(), latent in vec(any::<u32>(), 0..6),
        quantised in vec((number(), any::<u32>()), 0..7),
    ) -> WeightHistogram {
        WeightHistogram {
            path, low, high,
            latent: latent.into_iter().map(u64::from).collect(),
            quantised: quantised.into_iter().map(|(level, count)| (level, u64::from(count))).collect(),
        }
    }
}

prop_compose! {
    fn any_record()(laws in 0usize..4)(
        epochs in vec(any_epoch(laws), 0..5), weights in vec(any_histogram(), 0..3), names in (text(), text(), text()),
        method in prop_oneof![Just(Method::Float), Just(Method::Ste), Just(Method::Ana)],
        quantiser in prop_oneof![Just(Quantiser::Ternary), Just(Quantiser::Binary), Just(Quantiser::Signed(Bits::MAX))],
        numbers in (number(), number(), number(), number()), seed in 0u64..3, subset in option::of(0usize..9),
    ) -> RunRecord {
        let config = RunConfig::new(names.1).with_dataset(names.0).with_method(method).with_quantiser(quantiser).with_lr(numbers.0).with_seed(seed).with_subset(subset);
        let epochs = epochs.into_iter().enumerate().map(|(i, epoch)| EpochRecord { epoch: i + 1, ..epoch }).collect();
        RunRecord {
            epochs, weights, device: names.2, test_accuracy: numbers.1, best_test_accuracy: numbers.2,
            wall_seconds: numbers.3, ..record(config, &[])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_page_is_well_formed(records in vec(any_record(), 0..6), planned in option::of(0usize..20), title in text()) {
        let mut report = Report::new(title, &records);
        if let Some(planned) = planned {
            report = report.with_planned(planned);
        }
        let page = report.html().unwrap();
        assert_well_formed(&page);
        assert_no_bad_number(&page.replace("lr = nan", "").replace("lr = inf", ""));
        text_table(&records);
    }
}
