//! Networks that cost the same and differ in everything else.
//!
//! A shape is a depth, a profile of widths and a kernel. Its widths are scaled, and then moved by single units, until the cost is as
//! close to the target as it gets; shapes that end more than 2 % away are left out.

/// How widths go from the first to the last hidden layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Profile {
    Constant,
    /// From one to four times the first width.
    Growing,
    /// From one to a quarter of the first width.
    Shrinking,
    /// Narrow in the middle: a third.
    Waisted,
    /// Wide in the middle: three times.
    Bulging,
}

impl Profile {
    /// Relative widths of `depth` layers.
    fn widths(self, depth: usize) -> Vec<f64> {
        let last = depth.saturating_sub(1).max(1) as f64;
        let at = |i: usize| {
            let t = i as f64 / last;
            // 1 at both ends, 0 in the middle.
            let ends = (2.0 * t - 1.0).abs();
            match self {
                Profile::Constant => 1.0,
                Profile::Growing => 4f64.powf(t),
                Profile::Shrinking => 4f64.powf(-t),
                Profile::Waisted => 3f64.powf(ends - 1.0),
                Profile::Bulging => 3f64.powf(1.0 - ends),
            }
        };
        (0..depth).map(at).collect()
    }
}

/// Parameters of `plain-mlp` with these hidden widths.
pub(super) fn mlp_parameters(inputs: usize, classes: usize, widths: &[usize]) -> usize {
    let sizes: Vec<usize> = [inputs].into_iter().chain(widths.iter().copied()).chain([classes]).collect();
    sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
}

/// A stack of convolutions on square images: `cnn`, of `stairs-zoo`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    pub(super) channels: usize,
    pub(super) side: usize,
    pub(super) classes: usize,
    pub(super) kernel: usize,
}

impl Stack {
    /// Parameters: kernels, scale and shift of the norms, the dense layer.
    pub(super) fn parameters(self, widths: &[usize]) -> usize {
        let (layers, flat) = self.layers(widths);
        let convolutions: usize = layers.iter().map(|(taps, outputs, _)| taps * outputs + 2 * outputs).sum();
        convolutions + (flat + 1) * self.classes
    }

    /// Multiply-accumulates of a sample.
    pub(super) fn macs(self, widths: &[usize]) -> usize {
        let (layers, flat) = self.layers(widths);
        layers.iter().map(|(taps, outputs, pixels)| taps * outputs * pixels).sum::<usize>() + flat * self.classes
    }

    /// Of every convolution the weights of an output, its outputs and their pixels; the inputs of the dense layer.
    fn layers(self, widths: &[usize]) -> (Vec<(usize, usize, usize)>, usize) {
        let (mut inputs, mut side) = (self.channels, self.side);
        let mut layers = Vec::with_capacity(widths.len());
        for &outputs in widths {
            layers.push((inputs * self.kernel * self.kernel, outputs, side * side));
            side = if side >= 4 { side / 2 } else { side };
            inputs = outputs;
        }
        (layers, inputs * side * side)
    }
}

/// Widths of this profile whose cost is within 2 % of `target`, as close as they get.
pub(super) fn widths(
    depth: usize,
    profile: Profile,
    target: usize,
    cost: impl Fn(&[usize]) -> usize,
) -> Option<Vec<usize>> {
    let relative = profile.widths(depth);
    let at = |scale: f64| relative.iter().map(|w| ((w * scale).round() as usize).max(1)).collect::<Vec<_>>();
    // The cost grows with the scale: the largest scale that is not too costly, by halving.
    let (mut low, mut high) = (0.25, 4096.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if cost(&at(middle)) <= target { low = middle } else { high = middle }
    }
    let mut widths = at(low);
    let miss = |widths: &[usize]| cost(widths).abs_diff(target);
    loop {
        let moved = (0..depth).flat_map(|layer| [1isize, -1].map(|step| (layer, step))).filter_map(|(layer, step)| {
            let mut moved = widths.clone();
            moved[layer] = moved[layer].checked_add_signed(step).filter(|width| *width > 0)?;
            Some(moved)
        });
        match moved.min_by_key(|moved| miss(moved)) {
            Some(moved) if miss(&moved) < miss(&widths) => widths = moved,
            _ => break,
        }
    }
    (50 * miss(&widths) <= target).then_some(widths)
}
