//! Costs of allocations are those of the network that has the bits.

use stairs_quant::{Quantiser, Scales};

use super::*;
use crate::{Array, Comparison, Op, Source, Stair, StairWeight, Window};

fn bits(all: &[u32]) -> Vec<Bits> {
    all.iter().map(|bits| Bits::new(*bits).unwrap()).collect()
}

/// conv (planned) – quantiser of 3 bits – flatten – dense (planned) – dense (float), the planned ones with these bits.
fn network(planned: [u32; 2]) -> Network {
    let weight = |path: &str, shape: Vec<usize>, bits: u32| {
        let (latent, function) = (Array::unknown(shape).unwrap(), Quantiser::Signed(Bits::new(bits).unwrap()).stair());
        let path = format!("{path}.weight.stair");
        Weight::Stair(StairWeight { path, latent, function, scales: Vec::new(), comparison: Comparison::Folded })
    };
    let mut builder = Network::builder(vec![1, 5, 5]);
    let window = Window::new([3, 3]).unwrap();
    let conv = Op::Conv { window, groups: 1, weight: weight("conv", vec![2, 1, 3, 3], planned[0]), bias: None };
    let x = builder.push("conv", conv, &[Source::Input]).unwrap();
    let (function, scales) = ("uint3".parse::<Quantiser>().unwrap().stair(), Scales::equal(1.0).unwrap());
    let stair = Stair { path: "act".into(), function, scales, comparison: Comparison::Folded };
    let x = builder.push("act", Op::Stair(stair), &[x]).unwrap();
    let x = builder.push("flat", Op::Flatten, &[x]).unwrap();
    let bias = Some(Array::unknown(vec![5]).unwrap());
    let x = builder.push("fc1", Op::Dense { weight: weight("fc1", vec![5, 18], planned[1]), bias }, &[x]).unwrap();
    let float = Weight::Float(Array::unknown(vec![2, 5]).unwrap());
    let x = builder.push("fc2", Op::Dense { weight: float, bias: None }, &[x]).unwrap();
    builder.finish(x)
}

#[test]
fn costs_are_those_of_the_network() {
    let levels = bits(&[2, 3, 4, 8]);
    for (first, second) in levels.iter().flat_map(|a| levels.iter().map(move |b| (*a, *b))) {
        let totals = network([first.get(), second.get()]).totals();
        // Only these bits are offered to each layer: whatever budget holds them, they are the answer.
        let loss = |layer: &WeightLayer, bits: Bits| {
            let wanted = if layer.path == "conv" { first } else { second };
            if bits == wanted { 0.0 } else { 1.0 }
        };
        for (budget, cost) in [
            (Budget::Flash(totals.parameter_bytes), totals.parameter_bytes),
            (Budget::BitOperations(totals.bit_operations), totals.bit_operations),
        ] {
            // The bits the network was recorded with play no part.
            let found = network([8, 2]).allocate(&levels, budget, loss).unwrap();
            assert_eq!((found.cost, found.loss), (cost, 0.0), "{first} {second}");
            assert_eq!(found.bits.iter().map(|(_, bits)| *bits).collect::<Vec<_>>(), [first, second]);
        }
    }
}

#[test]
fn a_mean_of_bits_is_what_uniform_bits_cost() {
    let levels = bits(&[2, 3, 4, 8]);
    let uniform = |mean| network([4, 4]).allocate_uniformly(&levels, Budget::MeanBits(mean)).unwrap();
    for (mean, bits) in [(2.0, 2), (2.99, 2), (3.0, 3), (7.9, 4), (8.0, 8), (100.0, 8)] {
        let found = uniform(mean);
        assert!(found.bits.iter().all(|(_, found)| found.get() == bits) && found.cost <= found.budget, "{mean}");
    }
    // 162 multiplications of 9 weights with features of 32 bits, 90 of features of 3 bits.
    assert_eq!(uniform(2.0).cost, 2 * (162 * 32 + 90 * 3));
}

#[test]
fn random_bits_fill_the_budget() {
    let (levels, mut calls) = (bits(&[2, 4, 8]), 0);
    let budget = Budget::Flash(20 + 40 + 60);
    let found = network([4, 4]).allocate_at_random(&levels, budget, |of| {
        calls += 1;
        (calls * 7) % of
    });
    let found = found.unwrap();
    assert!(calls > 0 && found.cost <= 120);
    let raised = |at: usize| {
        let (layer, bits) = &found.bits[at];
        let next = levels.iter().find(|level| *level > bits)?;
        Some(found.cost - layer.cost(*bits, budget) + layer.cost(*next, budget))
    };
    assert!((0..2).filter_map(raised).all(|cost| cost > 120), "{found:?}");
}

#[test]
fn what_cannot_be_is_said() {
    let network = network([4, 4]);
    let allocate = |levels: &[u32], budget| network.allocate(&bits(levels), budget, |_, _| 0.0).map(|_| ());
    assert_eq!(allocate(&[], Budget::Flash(1)), Err(AllocationError::NoLevels));
    // conv 18 weights, fc1 90; fixed are 5 biases and 10 float weights.
    let (unit, budget, least, most, fixed) = ("bytes", 87, 5 + 23 + 60, 18 + 90 + 60, 60);
    let error = AllocationError::Budget { unit, budget, least, most, fixed };
    assert_eq!(allocate(&[2, 8], Budget::Flash(87)), Err(error));
    assert_eq!(allocate(&[2, 8], Budget::Flash(88)), Ok(()));
    assert!(matches!(allocate(&[2], Budget::MeanBits(f64::NAN)), Err(AllocationError::Mean(_))));
    let nan = network.allocate(&bits(&[2]), Budget::Flash(1000), |_, _| f64::NAN);
    assert!(matches!(nan, Err(AllocationError::Loss { path, .. }) if path == "conv"));
    let float = Network::builder(vec![1]).finish(Source::Input);
    assert_eq!(float.allocate(&bits(&[2]), Budget::Flash(9), |_, _| 0.0), Err(AllocationError::NoLayers));
    for text in
        ["", "flash", "flash=", "flash=x", "ram=5", "mean=0", "mean=nan", "bitops=-3", "flash=1e99", "flash=3tb"]
    {
        let error = text.parse::<Budget>().unwrap_err().to_string();
        assert!(error.contains(&format!("`{text}`")), "{error}");
    }
    assert_eq!("flash= 1.5 KiB".parse(), Ok(Budget::Flash(1536)));
}
