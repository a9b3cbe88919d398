//! Generated constants compile, and are the program they were made of.

use std::fs;
use std::path::Path;
use std::process::Command;

use stairs_infer::testing::program;
use stairs_infer::{Op, Program, Source, Thresholds, Value, Weights};

#[rustfmt::skip]
mod small;

/// Two ternary neurons of three inputs.
fn neurons() -> Program {
    let mut builder = Program::builder("small", vec![3]).expect("a shape");
    let steps = Op::Steps { thresholds: vec![-0.5, 0.5], levels: vec![-1, 0, 1] };
    let codes = builder.push("input", steps, &[Source::Input]).expect("a node");
    let weights = Weights::new(vec![2, 3], vec![1, 0, -1, 1, 1, 1]).expect("weights");
    let sums = builder.push("fc", Op::Dense { weights }, &[codes]).expect("a node");
    let thresholds = Thresholds { values: vec![-1, 2, 0, 1], falling: vec![], levels: vec![-1, 0, 1] };
    let stair = builder.push("stair", Op::Thresholds(thresholds), &[sums]).expect("a node");
    builder.finish(stair)
}

/// `small.rs` was generated, is compiled into this test, and is what is generated now.
#[test]
fn generated_constants_run() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rust/small.rs");
    let source = stairs_deploy::rust(&neurons());
    if source != fs::read_to_string(&path).expect("a source") {
        let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small.rs");
        fs::write(&now, source).expect("a file");
        panic!("{} is not what is generated now, which is {}", path.display(), now.display());
    }
    let loaded = Program::from_bytes(small::SMALL).expect("a file");
    assert_eq!(loaded, neurons());
    assert_eq!((small::SMALL_INPUT, small::SMALL_OUTPUT), ([3], [2]));
    assert_eq!(loaded.run(&[0.9, 0.1, -2.0]).expect("a sample"), Value::Integers(vec![1, 0]));
    assert_eq!(small::SMALL.as_ptr().align_offset(8), 0);
}

/// Programs of all operations under difficult names: a program without dependencies writes their files out again.
#[test]
fn constants_of_any_program_compile() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["2 layers", "", "a\"b\n*/ \u{202e}ü", "fn", "ResNet-20 (ternary)", "--"];
    let identifiers = ["N2_LAYERS", "PROGRAM", "A_B", "FN", "RESNET_20_TERNARY", "PROGRAM"];
    let mut main = String::from("#![deny(warnings)]\n");
    let mut writes = String::new();
    let mut expected = Vec::new();
    for (index, (name, identifier)) in names.iter().zip(identifiers).enumerate() {
        // A file does not say what its program is called but in its graph.
        let mut builder = Program::builder(*name, program(index as u64).input().to_vec()).expect("a shape");
        for node in program(index as u64).nodes() {
            builder.push(node.path.as_str(), node.op.clone(), &node.inputs).expect("a node");
        }
        let program = builder.finish(program(index as u64).output());
        fs::write(folder.path().join(format!("m{index}.rs")), stairs_deploy::rust(&program)).expect("a file");
        main += &format!("mod m{index};\n");
        writes += &format!("    std::io::stdout().write_all(m{index}::{identifier})?;\n");
        expected.extend(program.to_bytes());
    }
    main += &format!("fn main() -> std::io::Result<()> {{\n    use std::io::Write as _;\n{writes}    Ok(())\n}}\n");
    fs::write(folder.path().join("main.rs"), main).expect("a file");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled = Command::new(rustc)
        .args(["--edition", "2024", "main.rs", "-o", "main"])
        .current_dir(folder.path())
        .output()
        .expect("rustc");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let output = Command::new(folder.path().join("main")).output().expect("the program");
    assert!(output.stdout == expected, "{} bytes, expected {}", output.stdout.len(), expected.len());
}
