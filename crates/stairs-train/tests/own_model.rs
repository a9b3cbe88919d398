//! A model of the user's own trains, and what is left of it after `materialize` has quantised weights only.

mod support;

use burn::{module::Module, tensor::Device};
use stairs_noise::Strategy;
use stairs_train::{RunDir, Which};
use support::{Mine, bits, config, train};

#[test]
fn the_materialised_model_has_three_weight_values() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(1, 3);
    config.strategy = Strategy::Expectation;
    let fitted = train(config, dir.path(), false).unwrap();

    // Into a different object, from the files of the run.
    let loaded = RunDir::new(dir.path()).load(Mine::ternary(55, 32, &Device::flex()), Which::Last).unwrap();
    assert!(bits(&loaded) == bits(&fitted.model), "the loaded model differs");
    let materialised = loaded.materialize();
    let distinct = |path: &str| {
        let (_, bytes) = bits(&materialised).into_iter().find(|(p, _)| p == path).unwrap();
        let mut values: Vec<[u8; 4]> = bytes.chunks_exact(4).map(|c| c.try_into().unwrap()).collect();
        values.sort_unstable();
        values.dedup();
        let mut values: Vec<f32> = values.into_iter().map(f32::from_le_bytes).collect();
        values.sort_by(f32::total_cmp);
        values
    };
    let hidden = distinct("hidden.weight");
    assert_eq!(hidden.len(), 3, "{hidden:?}");
    assert_eq!((hidden[0], hidden[1]), (-hidden[2], 0.0));
    assert!(distinct("last.weight").len() > 100, "the last layer is float");
    assert!(bits(&materialised).iter().all(|(path, _)| !path.contains("weight.stair")), "quantisers are gone");
}

#[test]
fn the_record_counts_trainable_values() {
    let dir = tempfile::tempdir().unwrap();
    let fitted = train(config(1, 1), dir.path(), false).unwrap();
    // Two dense layers with biases and the batch norm's two vectors; no statistics, laws or clock.
    assert_eq!(fitted.record.parameters, (64 * 32 + 32) + (32 * 10 + 10) + 2 * 32);
}
