//! Generated C, compiled by the GCC of this machine: the same numbers as the reference, for random programs and samples.

#[path = "../common/mod.rs"]
mod common;
mod memory;
mod ternary;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use common::Numbers;
use stairs_deploy::c::{Arena, Options, c};
use stairs_deploy::{DeployOptions, deploy};
use stairs_infer::testing::{Dice, NETWORKS, network, program, same, samples};
use stairs_infer::{Kind, Pixels, Program, Value};

const STRICT: &[&str] = &["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];

/// Samples a program is run on, and images where it takes pixels.
const RUNS: usize = 4;

/// What a program was run on, and what it must give.
struct Case {
    samples: Vec<f32>,
    images: Vec<u8>,
    results: Vec<Value>,
}

fn with_pixels(program: Program, seed: u64) -> Result<Program, Box<dyn std::error::Error>> {
    let mut dice = Dice::new(seed ^ 0xB17E);
    let channels = program.input().first().copied().unwrap_or(1);
    if !dice.one_in(3) && channels > 20 || dice.one_in(3) {
        return Ok(program);
    }
    let row = |dice: &mut Dice| -> Vec<f32> { (0..256).map(|_| dice.unit() * 3.0).collect() };
    let equal = dice.one_in(3).then(|| row(&mut dice));
    let table = (0..channels).flat_map(|_| equal.clone().unwrap_or_else(|| row(&mut dice))).collect();
    Ok(program.with_pixels(Pixels { table })?)
}

fn case(program: &Program, seed: u64) -> Result<Case, Box<dyn std::error::Error>> {
    let size: usize = program.input().iter().product();
    let samples = samples(program, seed, RUNS);
    let mut results = samples.chunks(size).map(|sample| program.run(sample)).collect::<Result<Vec<_>, _>>()?;
    let mut images = Vec::new();
    if program.pixels().is_some() {
        let mut dice = Dice::new(seed ^ 0x1717);
        images = (0..RUNS * size).map(|_| dice.below(256) as u8).collect();
        for image in images.chunks(size) {
            results.push(program.run(&program.sample(image)?)?);
        }
    }
    Ok(Case { samples, images, results })
}

/// A function that prints the bits of all results of a program, and a label behind each.
fn calls(program: &Program, name: &str, arena: Arena, case: &Case) -> String {
    let (shape, kind) = program.at(program.output());
    let (outputs, inputs) = (shape.iter().product::<usize>(), program.input().iter().product::<usize>());
    let of = if kind == Kind::Float { "float" } else { "int32_t" };
    let bits: Vec<String> = case.samples.iter().map(|x| format!("0x{:08x}u", x.to_bits())).collect();
    let bytes: Vec<String> = case.images.iter().map(ToString::to_string).collect();
    let (memory, argument) = match arena {
        Arena::Caller => (format!("    static {name}_arena arena;\n"), ", &arena"),
        _ => (String::new(), ""),
    };
    let mut text = format!(
        "static const uint32_t {name}_samples[] = {{{}}};\nvoid {name}_all(void);\nvoid {name}_all(void)\n{{\n{memory}    static {of} output[{outputs}];\n    static float input[{inputs}];\n",
        bits.join(","),
    );
    let print = format!("        show(output, {outputs}); printf(\"%ld\\n\", (long){name}_label(output));\n    }}\n");
    let _ = write!(
        text,
        "    for (int i = 0; i < {RUNS}; i++) {{\n        memcpy(input, {name}_samples + i * {inputs}, sizeof input);\n        if ({name}_run(input, output{argument}) != 0) printf(\"failed \");\n{print}"
    );
    if !bytes.is_empty() {
        let _ = write!(
            text,
            "    static const uint8_t images[] = {{{}}};\n    for (int i = 0; i < {RUNS}; i++) {{\n        {name}_run_pixels(images + i * {inputs}, output{argument});\n{print}",
            bytes.join(",")
        );
    }
    text + "}\n"
}

/// Compiles programs into one executable, runs it, and compares.
fn check(
    programs: impl IntoIterator<Item = Program>,
    folder: &str,
    flags: &[&str],
) -> Result<(), Box<dyn std::error::Error>> {
    if Command::new("gcc").arg("--version").output().is_err() {
        println!("no gcc here: generated C was not compiled");
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder)?;
    let mut main = String::from("#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n");
    let mut gcc = Command::new("gcc");
    gcc.current_dir(&folder).args(STRICT).args(flags).args(["-o", "all", "main.c"]);
    let mut cases = Vec::new();
    let mut names = Vec::new();
    let mut functions = String::new();
    for (seed, program) in (0..).zip(programs) {
        let program = with_pixels(program, seed)?;
        let name = format!("p{seed}");
        let arena = if seed % 5 == 0 { Arena::Static } else { Arena::Caller };
        let sources = c(&program, &Options::new(&name).with_arena(arena))?;
        std::fs::write(folder.join(format!("{name}.h")), &sources.header)?;
        std::fs::write(folder.join(format!("{name}.c")), &sources.source)?;
        gcc.arg(format!("{name}.c"));
        let _ = writeln!(main, "#include \"{name}.h\"");
        let case = case(&program, seed)?;
        functions.push_str(&calls(&program, &name, arena, &case));
        names.push(name);
        cases.push((program, case));
    }
    main.push_str("static void show(const void *of, int n)\n{\n    for (int i = 0; i < n; i++) {\n        uint32_t bits;\n        memcpy(&bits, (const char *)of + 4 * i, 4);\n        printf(\"%08lx \", (unsigned long)bits);\n    }\n}\n");
    main.push_str(&functions);
    let all: Vec<String> = names.iter().map(|name| format!("    {name}_all();\n")).collect();
    let _ = write!(main, "int main(void)\n{{\n{}    return 0;\n}}\n", all.concat());
    std::fs::write(folder.join("main.c"), main)?;
    let compiled = gcc.output()?;
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(folder.join("all")).output()?;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout)?;
    let mut lines = text.lines();
    for (program, case) in &cases {
        for (index, expected) in case.results.iter().enumerate() {
            let mut words: Vec<&str> = lines.next().ok_or("too few results")?.split_whitespace().collect();
            let label: usize = words.pop().ok_or("no label")?.parse()?;
            let bits = words.iter().map(|word| u32::from_str_radix(word, 16)).collect::<Result<Vec<_>, _>>()?;
            let got = match program.at(program.output()).1 {
                Kind::Float => Value::Floats(bits.into_iter().map(f32::from_bits).collect()),
                Kind::Integer(_) => Value::Integers(bits.into_iter().map(|bits| bits as i32).collect()),
            };
            assert!(same(&got, expected), "{}, result {index}: expected {expected:?}, got {got:?}", program.name());
            assert_eq!(label, expected.label(), "{}, result {index}", program.name());
        }
    }
    assert_eq!(lines.next(), None);
    Ok(())
}

#[test]
fn random_programs_give_the_numbers_of_the_reference() -> Result<(), Box<dyn std::error::Error>> {
    check((0..24).map(program), "c", &["-O2"])
}

#[test]
fn low_bit_networks_give_the_numbers_of_the_reference() -> Result<(), Box<dyn std::error::Error>> {
    let networks = (0..14).map(ternary::network).collect::<Result<Vec<_>, _>>()?;
    check(networks, "ternary", &["-O2"])
}

#[test]
fn lowered_networks_give_the_numbers_of_the_reference() -> Result<(), Box<dyn std::error::Error>> {
    // Some are refused: their sums leave 32 bits.
    let lowered = |seed| {
        let numbers = if seed % 2 == 0 { Numbers::Dyadic } else { Numbers::Generic };
        deploy(&common::network(seed, numbers).0, &DeployOptions::new("lowered", 3.0)).ok()
    };
    let programs: Vec<Program> = (0..14).filter_map(lowered).map(|deployed| deployed.program).collect();
    assert!(programs.len() >= 10, "{}", programs.len());
    check(programs, "lowered", &["-O2"])
}

/// Slow: `cargo test -p stairs-deploy --test c -- --ignored`.
#[test]
#[ignore = "minutes of compiling"]
fn many_random_programs_behave_under_sanitizers() -> Result<(), Box<dyn std::error::Error>> {
    let flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for part in 20..24u64 {
        let seeds = part * 50..part * 50 + 50;
        check(seeds.clone().map(program), "sanitized", &flags)?;
        let networks = seeds.map(ternary::network).collect::<Result<Vec<_>, _>>()?;
        check(networks, "sanitized", &flags)?;
    }
    Ok(())
}

/// Slow, for the reference is: networks with streams of 8 bits, depthwise convolutions and float last layers.
#[test]
#[ignore = "minutes of reference"]
fn networks_of_known_shapes_give_the_numbers_of_the_reference() -> Result<(), Box<dyn std::error::Error>> {
    NETWORKS.iter().try_for_each(|name| check([network(name)?], "shapes", &["-O2"]))
}
