//! The random programs: valid, deterministic, and with every operation among them.

use std::collections::BTreeSet;

use stairs_infer::Value;
use stairs_infer::testing::{program, same, samples};

#[test]
fn random_programs_have_every_operation_and_keep_their_ranges() {
    let mut operations = BTreeSet::new();
    for seed in 0..400 {
        let program = program(seed);
        assert_eq!(program, stairs_infer::testing::program(seed));
        let size: usize = program.input().iter().product();
        for sample in samples(&program, seed, 3).chunks(size) {
            let results = program.trace(sample).expect("a sample of the program");
            for (node, result) in program.nodes().iter().zip(&results) {
                operations.insert(node.op.name());
                assert!(same(result, &result.clone()));
                let length = match result {
                    Value::Integers(values) => values.len(),
                    Value::Floats(values) => values.len(),
                };
                assert_eq!(length, node.shape.iter().product::<usize>(), "seed {seed}: {}", node.path);
                if let (Some(values), Some(range)) = (result.integers(), node.kind.range()) {
                    let inside = values.iter().all(|v| (range.low..=range.high).contains(v));
                    assert!(inside, "seed {seed}: {} leaves {range:?}", node.path);
                }
            }
        }
    }
    assert_eq!(operations.len(), 19, "{operations:?}");
}
