//! Numbers that are read and mean nothing, through the whole program: an error or a result, at once and without a panic. What is not
//! read at all is tested with the command line itself (`src/cli/bounds.rs`).

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Options with values that are within the bounds of the command line.
const CASES: &str = "
    train --epochs 0
    train --epochs 1000000 --batch 0
    train --batch 1073741824
    train --subset 0
    train --subset 1073741824
    train --lr 0
    train --lr 1e-320
    train --anneal-until 1e9
    train --anneal-until 0
    train --seed 18446744073709551615
    train --devices 0
    train --devices 256
    train --momentum -1 --optimiser sgd
    train --weight-decay 1e9
    train --milestones 0.5,0.5
    train --milestones -1
    train --warm-up 0
    train --warm-up-epochs 1e9
    train --warm-up 0.5 --warm-up-start 0
    train --label-smoothing 1
    train --clip-norm 0
    train --clip-value -1
    train --accumulate 0
    train --accumulate 1000000
    train --average 1
    train --weight-scale fixed:0
    train --weight-scale fixed:nan
    train --weight-scale fixed:1e300
    train --weight-scale percentile:0
    train --weight-scale percentile:inf
    train --model mlp:1048576-1048576
    train --model cnn:500000-500000
    train --model vgg8:64
    train --model mlp:18446744073709551615
    train --image-size 0 --dataset images
    diagnose --every 0
    diagnose --directions 0
    diagnose --batch 0
    diagnose --epochs 0
    capacity --draws 0
    capacity --inner 0
    capacity --samples 0
    capacity --samples 1073741824
    capacity --zeta 1
    capacity --zeta 0
    capacity --eps 0
    capacity --eps-from-samples 0
    capacity --eps-from-samples 19 --draws 2 --samples 4 --model mlp:2
    capacity --eps-from-samples 1073741824 --draws 2 --samples 4 --model mlp:2
    capacity --eps 1e-320 --draws 2 --samples 4 --model mlp:2
    capacity --noise-variance 0
    capacity --noise-variance 1e-320 --draws 1 --samples 2 --model mlp:2
    capacity --noise-variance 1e9 --draws 1 --samples 2 --model mlp:2
    capacity --cube 0
    capacity --cube 1e-320 --draws 1 --samples 2 --model mlp:2
    capacity --cube 1e9 --draws 1 --samples 2 --model mlp:2
    capacity --quantiser ternary --noise-scale -1
    capacity --quantiser ternary --noise-scale 1e-320 --draws 1 --samples 2 --model mlp:2
    capacity --particles 1 --draws 1 --samples 2 --model mlp:2
    capacity --model mlp:1000000-48576
    capacity --model vgg8:64
    plan --epochs 0
    plan --epochs 1000000 --layers 1000
    plan --layers 0
    plan --anneal-until 1e-320
    plan --anneal-until 1e9
    expressivity --eta 0
    expressivity --eta 1e-320
    expressivity --eta 1e9
    expressivity bump --eta 1e-9
    expressivity --side 0
    expressivity --side 1048576
    expressivity --step 0
    expressivity --step 1e-320
    expressivity --step 1e9
    expressivity --per-cell 1000000
    summary lenet --input 0x0x0
    summary lenet --input 1x18446744073709551615x18446744073709551615
    summary mlp --input 1x1x16777216
    summary resnet18 --input 3x65536x65536
    summary lenet --classes 0
    summary mlp:1048576 --classes 1000000
    reproduce --shard 0/0
    reproduce --shard 1/18446744073709551616
    reproduce ana-grid --subset 0
    reproduce ana-grid --period 0
    reproduce ana-grid --period 0.001
    data bench nowhere --batch 0
    data bench nowhere --passes 0
    data export --dataset digits --limit 0
    data export --dataset digits --quality 0
";

/// Longest time a case may take: far more than it needs, for a machine that is busy.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn numbers_that_mean_nothing_are_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let cases: Vec<&str> = CASES.lines().map(str::trim).filter(|case| !case.is_empty()).collect();
    let run = |(number, case): (usize, &&str)| {
        let mut arguments: Vec<&str> = case.split_whitespace().collect();
        let out = directory.path().join(number.to_string()).display().to_string();
        if let "train" | "diagnose" = arguments[0] {
            // Where nothing is wrong the run is a small one.
            let small = [("--model", "mlp:1"), ("--epochs", "1"), ("--subset", "64"), ("--batch", "32")];
            arguments.extend(
                small.iter().filter(|(name, _)| !case.contains(name)).flat_map(|(name, value)| [*name, *value]),
            );
        }
        match arguments[0] {
            "train" | "diagnose" | "capacity" | "reproduce" => arguments.extend(["--out", &out]),
            "plan" | "expressivity" => arguments.extend(["--svg", &out]),
            "data" if arguments[1] == "export" => arguments.extend(["--out", &out]),
            _ => {}
        }
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_stairs"))
            .args(&arguments)
            .env_remove("STAIRS_DATA")
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > LONGEST {
                child.kill().unwrap();
                child.wait().unwrap();
                return Some(format!("{case}: still running after {LONGEST:?}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let is_told = match output.status.code() {
            Some(0) => !error.contains("panicked"),
            Some(1 | 2) => error.starts_with("error: ") && error.len() < 2500 && !error.contains("panicked"),
            _ => false,
        };
        (!is_told).then(|| format!("{case}: {:?} {error}", output.status))
    };
    // Two at a time.
    let (even, odd): (Vec<_>, Vec<_>) = cases.iter().enumerate().partition(|(number, _)| number % 2 == 0);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let halves = [even, odd].map(|half| scope.spawn(|| half.into_iter().filter_map(run).collect::<Vec<_>>()));
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
