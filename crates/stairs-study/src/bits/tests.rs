//! Plans of small networks on the digits.

use stairs_data::{DataRoot, DatasetName, load};
use stairs_quant::Quantiser;
use stairs_train::{Edges, Features};

use super::*;

fn digits() -> TrainData {
    TrainData::of(&load(DatasetName::Digits, &DataRoot::resolve(None)).unwrap())
}

fn run(model: &str) -> RunConfig {
    RunConfig::new(model).with_method(Method::Ste).with_quantiser("int4".parse().unwrap())
}

/// A budget between two and eight bits is spent on the layers that a rule calls sensitive, and never overspent.
#[test]
fn plans_keep_their_budget_and_are_the_same_again() {
    let data = digits();
    for rule in [Rule::Error, Rule::TwoScale, Rule::Uniform, Rule::Random] {
        let effort = Effort { samples: 10, draws: 1, ..Effort::default() };
        let config = BitsConfig { effort, ..BitsConfig::new(rule, Budget::MeanBits(3.3)) };
        let (allocation, found) = plan(&config, &run("lenet:4-8-16"), &data).unwrap();
        assert!(allocation.cost <= allocation.budget, "{rule}");
        assert_eq!(found.len(), 3, "{rule}");
        assert_eq!(plan(&config, &run("lenet:4-8-16"), &data).unwrap().1, found, "{rule}");
    }
}

/// What a plan costs by its budget is what the network with these bits costs.
#[test]
fn costs_are_those_of_the_planned_network() {
    let data = digits();
    let run = run("lenet:4-8-16").with_edges(Edges::Quantised).with_features(Features::Named(Quantiser::Ternary));
    for budget in [Budget::Flash(1500), Budget::BitOperations(900_000)] {
        let (allocation, layers) = plan(&BitsConfig::new(Rule::Error, budget), &run, &data).unwrap();
        let stairs = stairs_config(run.quantiser, run.features, run.edges);
        let stairs = Quantisation::Stairs(stairs_zoo::StairsConfig { layers: Some(layers.clone()), ..stairs });
        let model: Architecture = run.model.parse().unwrap();
        let totals = model.network(data.train.shape(), data.classes, &stairs, &Device::flex()).unwrap().totals();
        let cost = if let Budget::Flash(_) = budget { totals.parameter_bytes } else { totals.bit_operations };
        assert_eq!((allocation.cost, layers.len()), (cost, 4), "{budget}");
    }
}

/// One loss a width: wider bits are nearer to the weights.
#[test]
fn losses_fall_with_the_bits() {
    let (data, levels) = (digits(), BitsConfig::new(Rule::Error, Budget::MeanBits(3.0)));
    let losses = Losses::measured(&levels, &run("plain-mlp:8"), &data).unwrap();
    let known = planned_network(&run("plain-mlp:8"), &data).unwrap().weight_layers();
    let of: Vec<f64> = levels.levels.iter().map(|bits| losses.at(&known[0].path, *bits)).collect();
    assert!(of.windows(2).all(|two| two[0] > two[1] && two[1] > 0.0), "{of:?}");
    assert!(losses.at(&known[0].path, Bits::new(5).unwrap()).is_nan());
}

#[test]
fn a_file_holds_a_plan() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.toml");
    let config = BitsConfig::new(Rule::Uniform, Budget::MeanBits(3.0));
    let run = run("lenet:4-8-16");
    let (allocation, layers) = plan(&config, &run, &digits()).unwrap();
    let file = BitsFile::new(&config, &run, &allocation, layers);
    file.write(&path, false).unwrap();
    file.write(&path, false).unwrap();
    assert_eq!(BitsFile::read(&path).unwrap(), file);
    let other = BitsFile { cost: None, ..file };
    assert!(matches!(other.write(&path, false), Err(BitsError::Exists(_))));
    other.write(&path, true).unwrap();
    assert_eq!(BitsFile::read(&path).unwrap(), other);
    std::fs::write(&path, "[weights]\nfc1 = \"int2\"\n").unwrap();
    assert_eq!(BitsFile::read(&path).unwrap().weights.len(), 1);
}

#[test]
fn what_cannot_be_planned_is_said() {
    let data = digits();
    let bits = |rule, run: &RunConfig| plan(&BitsConfig::new(rule, Budget::MeanBits(3.0)), run, &data).map(|_| ());
    assert!(matches!(bits(Rule::Error, &run("lenet").with_method(Method::Float)), Err(BitsError::Float)));
    assert!(matches!(bits(Rule::Hessian, &run("lenet:2-2-2")), Err(BitsError::Untrained)));
    assert!(matches!(bits(Rule::Error, &run("lenet:0")), Err(BitsError::Architecture(_))));
    let none = BitsConfig {
        effort: Effort { samples: 0, ..Effort::default() },
        ..BitsConfig::new(Rule::Error, Budget::Flash(1))
    };
    assert!(matches!(plan(&none, &run("lenet"), &data), Err(BitsError::Effort { value: 0, .. })));
}
