//! Damage to every file that a run or a measurement leaves: whoever reads it afterwards gets an error or the numbers of
//! the undamaged one, never others, and never a panic or a hang.
//!
//! A few mutations a file by default; `STAIRS_MUTATIONS=N cargo test -p stairs-cli --test command_tools damage` makes at
//! least N in all and prints a table. The seed is fixed, so a failure can be repeated.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs::{
    data::{DataRoot, Dataset, DatasetName, load},
    train::{
        Display, EpochRecord, Head, Init, LrSchedule, Method, RunConfig, RunDir, RunRecord, Trainer, Which, ZooModel,
    },
};
use stairs_study::{
    measure::{MeasureConfig, Measurement, measure, measurement},
    report::read_record,
};

/// Mutations of a file unless more are asked for.
const FEW: usize = 1;
/// What a reader may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// The digits with a short test part.
fn digits() -> Dataset {
    static DIGITS: OnceLock<Dataset> = OnceLock::new();
    let load = || {
        let mut digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
        digits.test = digits.test.select(&(0..60).collect::<Vec<_>>());
        digits
    };
    DIGITS.get_or_init(load).clone()
}

fn config() -> RunConfig {
    RunConfig::new("mlp:4")
        .with_method(Method::Ste)
        .with_epochs(2)
        .with_batch(32)
        .with_subset(64)
        .with_lr(1e-2)
        .with_lr_schedule(LrSchedule::Constant)
}

fn measure_config() -> MeasureConfig {
    let model = "mlp:2".parse().unwrap();
    MeasureConfig { samples: 4, draws: 3, eps: vec![1e-1, 1e-3], ..MeasureConfig::new(model, "digits") }
}

/// Every file below `dir` with its content, by its path in `dir`.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn below(root: &Path, dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(root, &path, found);
            } else if path.file_name().is_some_and(|name| name != ".lock") {
                found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    below(dir, dir, &mut found);
    found
}

fn write(files: &BTreeMap<PathBuf, Vec<u8>>, dir: &Path) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// One damage to the file `name`; `None` stands for a file that is lost.
fn mutate(files: &BTreeMap<PathBuf, Vec<u8>>, name: &Path, rng: &mut ChaCha8Rng) -> (&'static str, Option<Vec<u8>>) {
    let mut bytes = files[name].clone();
    let at = rng.random_range(0..bytes.len());
    let mut lines: Vec<&[u8]> = files[name].split_inclusive(|byte| *byte == b'\n').collect();
    let line = rng.random_range(0..lines.len());
    match rng.random_range(0..11) {
        0 | 1 => {
            bytes[at] ^= 1 << rng.random_range(0..8);
            ("a bit", Some(bytes))
        }
        2 => {
            bytes.truncate(at);
            ("cut short", Some(bytes))
        }
        3 => {
            let end = (at + rng.random_range(1..64)).min(bytes.len());
            bytes[at..end].fill(0);
            ("zeroed", Some(bytes))
        }
        4 => {
            lines.insert(line, lines[line]);
            ("a line twice", Some(lines.concat()))
        }
        5 => {
            lines.remove(line);
            ("a line less", Some(lines.concat()))
        }
        6 => {
            let other = files.keys().nth(rng.random_range(0..files.len())).unwrap();
            ("another file", Some(files[other].clone()))
        }
        7 | 8 => {
            let digits: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
            if let Some(at) = digits.get(at % digits.len().max(1)) {
                bytes[*at] = b'0' + (bytes[*at] - b'0' + rng.random_range(1..10)) % 10;
            }
            ("a digit", Some(bytes))
        }
        9 => {
            bytes.extend((0..rng.random_range(1..40)).map(|_| rng.random::<u8>()));
            ("longer", Some(bytes))
        }
        _ => ("lost", None),
    }
}

/// What a reader makes of a directory: numbers, as text, or an error.
type Read = (&'static str, fn(&Path) -> Result<String, String>);

fn text<T: std::fmt::Debug, E: ToString>(result: Result<T, E>) -> Result<String, String> {
    result.map(|value| format!("{value:?}")).map_err(|error| error.to_string())
}

fn untimed(mut record: RunRecord) -> String {
    (record.wall_seconds, record.cpu_seconds) = (0.0, None);
    record.epochs = without_times(record.epochs);
    format!("{record:?}")
}

fn without_times(mut epochs: Vec<EpochRecord>) -> Vec<EpochRecord> {
    epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    epochs
}

fn evaluated(dir: &Path, which: Which) -> Result<String, String> {
    let (digits, device) = (digits(), Device::flex());
    let load = || {
        let model = ZooModel::load(&RunDir::new(dir), &digits, which, &device)?;
        let (_, test) = stairs::train::data::parts(&digits);
        model.evaluate(test, &device)
    };
    text(load())
}

fn started_from(dir: &Path, file: &str) -> Result<String, String> {
    let start = || {
        let init = Init::open(dir.join(file), Head::Loaded)?;
        let config = config().with_init(init);
        let model = ZooModel::initial(&config, [1, 8, 8], 10, &Device::flex())?;
        let (_, test) = stairs::train::data::parts(&digits());
        model.evaluate(test, &Device::flex())
    };
    text(start())
}

/// Resumes, and tells what it ends with: the record and the bytes of the models.
fn resumed(dir: &Path) -> Result<String, String> {
    let trainer = Trainer::new(config(), &digits(), dir).with_display(Display::Quiet).with_resume(true);
    let record = trainer.run().map_err(|error| error.to_string())?;
    let bytes =
        ["last.bpk", "best.bpk", "last.safetensors", "best.safetensors"].map(|name| fs::read(dir.join(name)).ok());
    let metrics = RunDir::new(dir).metrics().map(without_times).map_err(|error| error.to_string())?;
    Ok(format!("{} {metrics:?} {bytes:?}", untimed(record)))
}

/// Nothing where something was is no number.
fn there(text: String) -> Result<String, String> {
    if text == "None" { Err("nothing".into()) } else { Ok(text) }
}

/// Goes on with a measurement; a list of checksums that is gone is told in a warning.
fn measured(dir: &Path) -> Result<String, String> {
    text(
        measure(&measure_config(), &digits(), dir, |_, _| {})
            .map(|found| Measurement { warnings: Vec::new(), ..found }),
    )
}

const RUN: [Read; 10] = [
    ("config", |dir| text(RunDir::new(dir).config())),
    ("data", |dir| text(RunDir::new(dir).data()).and_then(there)),
    ("metrics", |dir| text(RunDir::new(dir).metrics().map(without_times))),
    ("record", |dir| text(RunDir::new(dir).record().map(untimed))),
    ("report", |dir| text(read_record(dir).map(untimed))),
    ("eval", |dir| evaluated(dir, Which::Last)),
    ("eval --best", |dir| evaluated(dir, Which::Best)),
    ("--init", |dir| started_from(dir, "last.safetensors")),
    ("--init best", |dir| started_from(dir, "best.safetensors")),
    ("resume", resumed),
];
const MEASUREMENT: [Read; 2] = [("measurement", |dir| text(measurement(dir)).and_then(there)), ("measure", measured)];

/// What became of the readers of one damaged directory.
#[derive(Default)]
struct Tally {
    mutations: usize,
    errors: usize,
    equal: usize,
    wrong: Vec<String>,
}

/// Runs a reader in a thread of its own: a panic or a hang is told apart from an error.
fn guarded(dir: &Path, read: fn(&Path) -> Result<String, String>) -> Result<Result<String, String>, &'static str> {
    let (sender, receiver) = mpsc::channel();
    let dir = dir.to_owned();
    thread::spawn(move || sender.send(catch_unwind(AssertUnwindSafe(|| read(&dir)))).ok());
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_)) => Err("panic"),
        Err(_) => Err("hang"),
    }
}

/// Damages every file of `whole` `each` times; `readers` must say the same as for `whole`, or make an error.
fn damage(
    kind: &str,
    whole: &BTreeMap<PathBuf, Vec<u8>>,
    readers: &[Read],
    each: usize,
    tallies: &mut BTreeMap<String, Tally>,
) {
    let said = |files: &BTreeMap<PathBuf, Vec<u8>>| {
        let dir = tempfile::tempdir().unwrap();
        write(files, dir.path());
        readers.iter().map(|(_, read)| guarded(dir.path(), *read)).collect::<Vec<_>>()
    };
    let expected = said(whole);
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for name in whole.keys() {
        let file = name.file_name().unwrap().to_string_lossy();
        let folder = name.parent().unwrap().to_string_lossy().into_owned();
        // Files of all checkpoints, and all draws, are of one kind.
        let of_kind = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let what = match folder.as_str() {
            "" => file.into_owned(),
            "draws" => format!("draws/{}", of_kind(&file)),
            _ => format!("{}N/{file}", of_kind(&folder)),
        };
        let tally = tallies.entry(format!("{kind}: {what}")).or_default();
        for _ in 0..each {
            let (what, content) = mutate(whole, name, &mut rng);
            let mut damaged = whole.clone();
            match content {
                Some(content) => damaged.insert(name.clone(), content),
                None => damaged.remove(name),
            };
            tally.mutations += 1;
            for ((reader, _), (found, expected)) in readers.iter().zip(said(&damaged).into_iter().zip(&expected)) {
                match (found, expected) {
                    (Ok(Err(_)), _) => tally.errors += 1,
                    (Ok(Ok(found)), Ok(Ok(expected))) if found == *expected => tally.equal += 1,
                    (Ok(Ok(found)), _) => {
                        let start = |text: &str| text.chars().take(300).collect::<String>();
                        tally.wrong.push(format!("{what}: {reader} says {}", start(&found)));
                    }
                    (Err(fate), _) => tally.wrong.push(format!("{what}: {reader}: {fate}")),
                }
            }
        }
    }
}

#[test]
fn damage_is_noticed() {
    let wanted = std::env::var("STAIRS_MUTATIONS").ok().and_then(|count| count.parse::<usize>().ok());
    let digits = digits();
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    Trainer::new(config(), &digits, &run).with_display(Display::Quiet).run().unwrap();
    let finished = files(&run);
    // What a kill at the end of the second epoch leaves.
    for name in ["record.json", "last.bpk", "last.safetensors", "best.safetensors"] {
        fs::remove_file(run.join(name)).unwrap();
    }
    fs::remove_dir_all(run.join("checkpoints/checkpoint-2")).unwrap();
    let unfinished = files(&run);
    let capacity = dir.path().join("capacity");
    measure(&measure_config(), &digits, &capacity, |_, _| {}).unwrap();
    let measured = files(&capacity);
    let mut stopped = measured.clone();
    stopped.remove(Path::new("capacity.json"));

    let count = finished.len() + unfinished.len() + measured.len() + stopped.len();
    let each = wanted.map_or(FEW, |wanted| wanted.div_ceil(count));
    let mut tallies = BTreeMap::new();
    damage("finished run", &finished, &RUN, each, &mut tallies);
    damage("unfinished run", &unfinished, &RUN, each, &mut tallies);
    damage("measurement", &measured, &MEASUREMENT, each, &mut tallies);
    damage("stopped measurement", &stopped, &MEASUREMENT, each, &mut tallies);

    println!("{:56} {:>9} {:>8} {:>8} {:>8}", "file", "mutations", "errors", "equal", "wrong");
    for (file, Tally { mutations, errors, equal, wrong }) in &tallies {
        println!("{file:56} {mutations:>9} {errors:>8} {equal:>8} {:>8}", wrong.len());
    }
    let all: usize = tallies.values().map(|tally| tally.mutations).sum();
    println!("{all} mutations");
    let wrong: Vec<_> = tallies.iter().flat_map(|(file, tally)| tally.wrong.iter().map(move |w| (file, w))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
