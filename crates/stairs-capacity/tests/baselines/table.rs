//! The table of baselines, measured over draws.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use stairs_capacity::{
    Activation, BASELINES, Batch, Chain, ChainError, FisherError, Head, Layer, MeasureError, Pool, Prior, Shape,
    baselines,
};

use super::super::{close, inputs};

fn network() -> Chain {
    let layers = vec![
        Layer::conv(4, [3, 3])
            .with_padding([1, 1])
            .with_bias()
            .with_activation(Activation::Relu)
            .with_pool(Pool::max(2)),
        Layer::dense(5).with_bias(),
    ];
    Chain::new(Shape::image(1, 8, 8), layers, Head::Categorical).unwrap()
}

#[test]
fn every_row_is_a_mean_over_draws_that_depend_on_their_number_alone() {
    let (chain, x, labels) = (network(), inputs(6 * 64), [0, 1, 2, 3, 4, 0]);
    let batch = Batch::labelled(&x, &labels);
    let (one, three) =
        (baselines(&chain, &Prior::Initialiser, &batch, 1, 5), baselines(&chain, &Prior::Initialiser, &batch, 3, 5));
    for ((baseline, one), three) in BASELINES.iter().zip(&one).zip(&three) {
        assert_eq!(one.baseline.name, baseline.name);
        let values: Vec<f64> = (0..3)
            .map(|index| {
                let mut rng = ChaCha8Rng::seed_from_u64(5);
                rng.set_stream(index);
                let own = Prior::Initialiser.draw_all(&chain, &mut rng).unwrap();
                (baseline.of)(&chain, &own, &batch).unwrap()
            })
            .collect();
        let (one, three) = (one.result.clone().unwrap(), three.result.clone().unwrap());
        assert_eq!((one.value, one.sampling_error), (values[0], None), "{}", baseline.name);
        close(three.value, values.iter().sum::<f64>() / 3.0, 1e-14);
        assert!(three.sampling_error.unwrap() < 1.0 && three.spectrum_error == 0.0);
    }
    let value = |name: &str| three.iter().find(|row| row.baseline.name == name).unwrap().result.clone().unwrap().value;
    assert_eq!(value("parameters"), chain.dimension() as f64);
    assert_eq!(value("macs"), f64::from(4 * 64 * 9 + 64 * 5));
    assert_eq!(value("depth"), 2.0);
}

#[test]
fn what_is_wrong_is_in_every_row_that_it_touches() {
    let (chain, x) = (network(), inputs(2 * 64));
    for row in baselines(&chain, &Prior::Initialiser, &Batch::labelled(&x, &[0, 5]), 2, 1) {
        let label = ChainError::Label { sample: 1, label: 5, classes: 5 };
        assert_eq!(row.result, Err(MeasureError::Fisher(FisherError::Chain(label))));
    }
    for row in baselines(&chain, &Prior::Cube { radius: -1.0 }, &Batch::labelled(&x, &[0, 4]), 2, 1) {
        assert_eq!(row.result, Err(MeasureError::Fisher(FisherError::Chain(ChainError::Radius(-1.0)))));
    }
    for row in baselines(&chain, &Prior::Initialiser, &Batch::labelled(&x, &[0, 4]), 0, 1) {
        assert_eq!(row.result, Err(MeasureError::NoDraws));
    }
    // One measure that is not defined does not stop the others.
    let layers = vec![Layer::dense(3).with_activation(Activation::Tanh), Layer::dense(2)];
    let chain = Chain::new(Shape::vector(64), layers, Head::Categorical).unwrap();
    let rows = baselines(&chain, &Prior::Initialiser, &Batch::labelled(&x, &[0, 1]), 2, 1);
    assert_eq!(
        rows.iter().filter(|row| row.result.is_err()).map(|row| row.baseline.name).collect::<Vec<_>>(),
        ["naswot"]
    );
}
