//! Files are as small as their weights allow.

use safetensors::SafeTensors;
use stairs_infer::Program;

use crate::networks;

fn bytes(program: &Program, parameter: &str) -> usize {
    let file = program.to_bytes();
    let tensors = SafeTensors::deserialize(&file).expect("tensors").tensors();
    tensors.iter().filter(|(name, _)| name.ends_with(parameter)).map(|(_, tensor)| tensor.data().len()).sum()
}

#[test]
fn a_ternary_weight_takes_1_65_bits() {
    for (program, most) in [(networks::vgg8(), 1.605), (networks::lenet(), 1.65)] {
        let (file, weights) = (program.to_bytes().len(), networks::weights(&program));
        let (packed, thresholds) = (bytes(&program, ".weights"), bytes(&program, ".thresholds"));
        let bits = |bytes: usize| 8.0 * bytes as f64 / weights as f64;
        let header = file - packed - thresholds;
        println!(
            "{}: {weights} weights, {file} bytes: {packed} of weights, {thresholds} of thresholds, {header} else; \
             {:.4} bits a weight, {:.4} without thresholds, {:.4} with everything",
            program.name(),
            bits(packed),
            bits(file - thresholds),
            bits(file)
        );
        assert!(bits(file - thresholds) <= most, "{}", program.name());
    }
}
