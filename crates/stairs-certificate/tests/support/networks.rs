//! Random networks, samples and plans.

use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use stairs_certificate::{Convolution, Layer, Network, Weights};
use stairs_laws::{
    AnnealingPlan, Envelope, Law, Noise, NoiseSchedule, NoiseTable, Policy, QuantiserSchedule, Strategy, TimeUnit,
};
use stairs_network::Window;
use stairs_quant::{Quantiser, Scales, StairFunction, ThresholdValue};

/// End of the random plans.
pub(crate) const SPAN: f64 = 20.0;

/// What a random network has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) conv: bool,
    pub(crate) weights: bool,
    pub(crate) norm: bool,
}

/// A network with all its samples.
pub(crate) fn network(rng: &mut ChaCha8Rng, kind: Kind) -> (Network, Vec<Vec<f64>>) {
    let (inputs, mut layers) = if kind.conv {
        let groups = rng.random_range(1..=2);
        let input = [groups * rng.random_range(1..=2), rng.random_range(4..=6), rng.random_range(4..=5)];
        let window = Window::new([rng.random_range(1..=3), rng.random_range(1..=2)]).unwrap();
        let window = window.with_stride([rng.random_range(1..=2), 1]).unwrap();
        let window = window.with_dilation([1, rng.random_range(1..=2)]).unwrap();
        let mut zeros = || rng.random_range(0..=1);
        let window = window.with_padding([[zeros(), zeros()], [zeros(), zeros()]]);
        let conv = Convolution { input, channels: groups * rng.random_range(1..=3), window, groups };
        let fan_in = conv.input[0] / groups * window.taps();
        let weights = weights(rng, kind, conv.channels, fan_in, 0);
        let mut layer = finish(rng, kind, Layer::convolution("layer0", &conv, weights).unwrap(), 0);
        if rng.random_bool(0.5) && layer.output()[1] >= 2 && layer.output()[2] >= 2 {
            let pool = Window::new([2, 2]).unwrap().with_stride([rng.random_range(1..=2), 2]).unwrap();
            layer = layer.with_pool(&pool).unwrap();
        }
        (input.iter().product(), vec![layer])
    } else {
        (rng.random_range(1..=6), Vec::new())
    };
    let depth = layers.len() + rng.random_range(1..=3);
    let mut width = layers.last().map_or(inputs, |layer| layer.output().iter().product());
    for index in layers.len()..=depth {
        let outputs = rng.random_range(1..=8);
        let weights = weights(rng, kind, outputs, width, index);
        let layer = Layer::dense(format!("layer{index}"), width, outputs, weights).unwrap();
        layers.push(match index == depth {
            true => layer.with_bias((0..outputs).map(|_| rng.random_range(-1.0..1.0)).collect()).unwrap(),
            false => finish(rng, kind, layer, index),
        });
        width = outputs;
    }
    let coarse = rng.random_bool(0.5);
    let value = |rng: &mut ChaCha8Rng| {
        let x: f64 = rng.random_range(-1.5..1.5);
        if coarse { (4.0 * x).round() / 4.0 } else { x }
    };
    let samples = (0..rng.random_range(1..=3)).map(|_| (0..inputs).map(|_| value(rng)).collect()).collect();
    (Network::new(layers).unwrap(), samples)
}

fn finish(rng: &mut ChaCha8Rng, kind: Kind, mut layer: Layer, index: usize) -> Layer {
    let channels = layer.output()[0];
    if kind.norm {
        let dyadic = rng.random_bool(0.3);
        let mut value = |low: f64, high: f64| {
            let x = rng.random_range(low..high);
            if dyadic { (4.0 * x).round() / 4.0 } else { x }
        };
        let scale = (0..channels).map(|_| value(-1.2, 1.2)).collect();
        layer = layer.with_affine(scale, (0..channels).map(|_| value(-0.6, 0.6)).collect()).unwrap();
    }
    let quantum = *[1.0, 0.5, 0.7].choose(rng).unwrap();
    layer.with_stair(format!("act{index}"), stair(rng), quantum).unwrap()
}

fn weights(rng: &mut ChaCha8Rng, kind: Kind, outputs: usize, fan_in: usize, index: usize) -> Weights {
    if !kind.weights || rng.random_bool(0.2) {
        let integer = rng.random_bool(0.5);
        let value = |rng: &mut ChaCha8Rng| {
            let w: f64 = rng.random_range(-1.2..1.2);
            if integer { w.round() } else { w }
        };
        return Weights::Float((0..outputs * fan_in).map(|_| value(rng)).collect());
    }
    let stair = stair(rng);
    let pair = |rng: &mut ChaCha8Rng| {
        let quantum = rng.random_range(0.2..1.5);
        Scales::new(quantum, if rng.random_bool(0.5) { quantum } else { rng.random_range(0.2..1.5) }).unwrap()
    };
    let scales: Vec<Scales> = (0..if rng.random_bool(0.3) { outputs } else { 1 }).map(|_| pair(rng)).collect();
    let latent = (0..outputs * fan_in).map(|i| {
        let units = match rng.random_bool(0.1) {
            true => *stair.thresholds().choose(rng).unwrap(),
            false => rng.random_range(-1.3..1.3),
        };
        let quantum = scales.get(i / fan_in).unwrap_or(&scales[0]).quantum();
        // Within one rounding of a threshold a gap closes later than there are f64 numbers for a time before the end.
        let comes_back = units * quantum / quantum == units;
        if comes_back || !stair.thresholds().contains(&units) { units * quantum } else { (units + 0.01) * quantum }
    });
    Weights::Stair { latent: latent.collect(), stair: stair.clone(), scales, path: format!("layer{index}.weight") }
}

fn stair(rng: &mut ChaCha8Rng) -> StairFunction {
    let stair = match rng.random_range(0..7) {
        0 => Quantiser::Binary.stair(),
        1 => Quantiser::Sign.stair(),
        2 | 3 => Quantiser::Ternary.stair(),
        4 => "int3".parse::<Quantiser>().unwrap().stair(),
        5 => StairFunction::new(vec![-0.7, 0.1, 0.4], vec![-1.0, 0.3, 0.1, 1.1]).unwrap(),
        _ => StairFunction::new(vec![-0.25, 0.25], vec![1.0, 0.0, -2.0]).unwrap(),
    };
    if rng.random_bool(0.2) { stair.with_threshold_value(ThresholdValue::Lower) } else { stair }
}

/// A random plan for all quantisers of a network; with `compact`, of noise with a bounded support.
pub(crate) fn plan(rng: &mut ChaCha8Rng, network: &Network, compact: bool) -> AnnealingPlan {
    let (mut noises, unbounded): (Vec<Noise>, Vec<Noise>) =
        Noise::ALL.into_iter().partition(|noise| noise.support().is_some());
    noises.push(NoiseTable::from_density(17, |u| 1.0 + 0.5 * u).unwrap().into());
    if !compact {
        noises.extend(unbounded);
    }
    let noise = noises[rng.random_range(0..noises.len())].clone();
    let layers: Vec<Vec<String>> = network
        .layers()
        .iter()
        .map(|layer| [layer.weight_path(), layer.feature_path()].into_iter().flatten().map(String::from).collect())
        .filter(|layer: &Vec<String>| !layer.is_empty())
        .collect();
    if rng.random_bool(0.5) {
        let policy = *Policy::all().choose(rng).unwrap();
        return policy.plan(noise, Strategy::Expectation, &layers, SPAN, TimeUnit::Epochs).unwrap();
    }
    let entries = layers.into_iter().flatten().map(|path| {
        let mean = *[-0.5, -0.3, 0.0, 0.2].choose(rng).unwrap();
        let start = Law::new(noise.clone(), mean, *[0.0, 0.1, 0.3, 0.5].choose(rng).unwrap()).unwrap();
        let end = rng.random_range(2.0..SPAN);
        let window = |rng: &mut ChaCha8Rng| match rng.random_range(0..6) {
            0 => Envelope::Constant,
            1 => {
                Envelope::unbounded_window(0.0, *[0.5, 1.0, 2.0].choose(rng).unwrap(), *[0.0, 0.1].choose(rng).unwrap())
                    .unwrap()
            }
            _ => Envelope::bounded_window(0.0, end, *[0.5, 1.0, 2.0, 4.0].choose(rng).unwrap()).unwrap(),
        };
        (path, QuantiserSchedule::new(NoiseSchedule::new(start, window(rng), window(rng)), Strategy::Expectation))
    });
    AnnealingPlan::new(TimeUnit::Epochs, entries.collect()).unwrap()
}
