//! NASWOT.

use stairs_capacity::baseline::naswot;
use stairs_capacity::{Activation, Batch, Chain, Head, Layer, Shape};

use super::super::{close, drawn, random, undefined, weights};

/// Three samples in three ReLUs: codes 110, 100 and 001. K = [[3, 2, 0], [2, 3, 1], [0, 1, 3]], det = 3·8 − 2·6 = 12.
#[test]
fn three_codes_by_hand() {
    let layers = vec![Layer::dense(3).with_activation(Activation::Relu), Layer::dense(2)];
    let chain = Chain::new(Shape::vector(2), layers, Head::Categorical).unwrap();
    // Units x₀, x₁ and −x₀.
    let parameters = [weights(&[1.0, 0.0, 0.0, 1.0, -1.0, 0.0]), weights(&[0.5; 6])];
    let value = naswot(&chain, &parameters, &Batch::labelled(&[1.0, 1.0, 1.0, -1.0, -1.0, -1.0], &[0, 0, 0])).unwrap();
    close(value, 12f64.ln(), 1e-13);
}

/// A positive factor on a layer leaves every code as it is, and so does the order of the samples with the determinant.
#[test]
fn the_scale_of_a_layer_and_the_order_of_samples_do_not_matter() {
    let relu = |layer: Layer| layer.with_bias().with_activation(Activation::Relu);
    let layers = vec![relu(Layer::conv(4, [3, 3])), relu(Layer::dense(12)), Layer::dense(3)];
    let chain = Chain::new(Shape::image(1, 6, 6), layers, Head::Categorical).unwrap();
    let mut parameters = drawn(&chain, 2);
    let mut x = random(8 * 36);
    let labels = [0; 8];
    let before = naswot(&chain, &parameters, &Batch::labelled(&x, &labels)).unwrap();
    let first = &mut parameters[0];
    first.weight.iter_mut().chain(&mut first.bias).for_each(|w| *w *= 4.0);
    parameters[1].bias.iter_mut().for_each(|b| *b *= 4.0);
    assert_eq!(naswot(&chain, &parameters, &Batch::labelled(&x, &labels)).unwrap(), before);
    x.rotate_left(36);
    close(naswot(&chain, &parameters, &Batch::labelled(&x, &labels)).unwrap(), before, 1e-12);
}

#[test]
fn what_has_no_code_is_refused_by_name() {
    let chain = |activation| {
        let layers = vec![Layer::dense(2).with_activation(activation), Layer::dense(2)];
        Chain::new(Shape::vector(1), layers, Head::Categorical).unwrap()
    };
    let own = [weights(&[1.0, -1.0]), weights(&[1.0; 4])];
    let batch = Batch::labelled(&[1.0, 2.0], &[0, 1]);
    undefined(naswot(&chain(Activation::Tanh), &own, &batch), "layer 0 has a tanh for an activation");
    undefined(naswot(&chain(Activation::Identity), &own, &batch), "the network has no ReLU");
    undefined(naswot(&chain(Activation::Relu), &own, &batch), "samples 0 and 1 switch all 2 ReLUs alike");
    let many = vec![1.0; (1 << 13) + 1];
    undefined(naswot(&chain(Activation::Relu), &own, &Batch::labelled(&many, &[])), "take at most 8192");
    // Four codes of two ReLUs, all different: K = N·(shares) has rank 3 at most.
    let layers = vec![Layer::dense(2).with_activation(Activation::Relu), Layer::dense(2)];
    let chain = Chain::new(Shape::vector(2), layers, Head::Categorical).unwrap();
    let own = [weights(&[1.0, 0.0, 0.0, 1.0]), weights(&[1.0; 4])];
    let corners = [1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0];
    undefined(naswot(&chain, &own, &Batch::labelled(&corners, &[0; 4])), "are dependent");
}
