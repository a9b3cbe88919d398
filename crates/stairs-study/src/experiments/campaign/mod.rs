//! The campaign: the papers' experiments on whole data sets, as far as a processor goes.
//!
//! | name | asks |
//! |---|---|
//! | `cifar10-ana22` | does the claim of \[ANA22\] hold on its own data set? |
//! | `cifar10-levels` | how far is a ternary VGG8 from its float twin, and is noise in the weights ahead of STE? |
//! | `cifar10-resnet20` | where does a ternary ResNet-20 stand beside published 2-bit numbers? |
//! | `tiny-imagenet-mobilenet`, `tiny-imagenet-alexnet` | what of \[ANA19\]'s accuracy on ImageNet's images is kept? |
//!
//! Rules of all of them: a tenth of the training samples is held out and chooses the epoch; the test part is read once, at the end.
//! Rows of an experiment share network, seed, held-out part, order of the data, augmentation and length, and differ in what its table
//! says and in nothing else; a test holds them to it. A trial of more than an hour goes on from its checkpoint.

mod ana22;
mod levels;
mod resnet20;
mod shared;
mod tiny_imagenet;

use super::Experiment;

/// All of them, in the order in which they are run.
pub(super) fn experiments() -> [Experiment; 5] {
    [
        ana22::experiment(),
        levels::experiment(),
        resnet20::experiment(),
        tiny_imagenet::mobilenet(),
        tiny_imagenet::alexnet(),
    ]
}
