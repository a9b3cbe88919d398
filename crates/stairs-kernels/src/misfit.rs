//! Why a shape is no shape, or none of the kernels of this crate.

use std::fmt::{Display, Formatter, Result as FmtResult};

/// What keeps the kernels from a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// A setting that must be at least 1 is 0.
    Zero(&'static str),
    /// No pixels, images or channels.
    Empty,
    /// A kernel longer than the input with its padding.
    TooLong { span: usize, padded: usize },
    /// More pixels or values than the machine's integers count.
    Overflow,
    /// Input channels that are not those of the weights.
    Channels { found: usize, share: usize, groups: usize },
    /// Groups that do not divide the channels.
    Groups { groups: usize, channels_in: usize, channels_out: usize },
    /// Groups of several channels.
    Mixed,
    /// A plane of more pixels than a pool's kernels count.
    Plane,
    /// A pool with windows that the kernels do not have: dilated, rounded up, or without a pixel.
    Window,
}

impl Display for Misfit {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        match self {
            Self::Zero(setting) => write!(f, "the {setting} must be at least 1"),
            Self::Empty => write!(f, "the kernels need at least one pixel, image and channel"),
            Self::TooLong { span, padded } => {
                write!(f, "a kernel over {span} pixels does not fit into {padded}, padding included")
            }
            Self::Overflow => write!(f, "sizes, padding or dilation beyond what the machine's integers count"),
            Self::Channels { found, share, groups } => write!(
                f,
                "Number of channels in input tensor and input channels of convolution must be equal. got: {found}, \
                 expected: {share} in each of {groups} groups"
            ),
            Self::Groups { groups, channels_in, channels_out } => write!(
                f,
                "Both channels must be divisible by the number of groups. Got channels_in={channels_in}, \
                 channels_out={channels_out}, groups={groups}"
            ),
            Self::Mixed => write!(f, "the kernels convolve in one group or depthwise"),
            Self::Plane => write!(f, "the kernels pool over planes of less than 2^32 pixels"),
            Self::Window => write!(f, "the kernels pool without dilation, over windows of at least one pixel"),
        }
    }
}

/// The product of `factors`, if memory can hold as many f32s.
pub(crate) fn count<const N: usize>(factors: [usize; N]) -> Result<usize, Misfit> {
    let product = factors.into_iter().try_fold(1, usize::checked_mul);
    product.filter(|n| *n <= isize::MAX as usize / size_of::<f32>()).ok_or(Misfit::Overflow)
}

/// Panics where memory for `count` f32s cannot be had, before an allocation that would end the program.
pub(crate) fn assert_room(count: usize) {
    /// Below, an allocation that fails is not the fault of a shape.
    const LARGE: usize = 1 << 28;
    if count >= LARGE {
        let room = Vec::<f32>::new().try_reserve_exact(count);
        assert!(room.is_ok(), "{count} values are more than the memory can hold");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products() {
        assert_eq!(count([2, 3, 4]), Ok(24));
        assert_eq!(count([1 << 40, 1 << 40]), Err(Misfit::Overflow));
        assert_eq!(count([1 << 61]), Err(Misfit::Overflow));
        assert_eq!(count([usize::MAX, 0]), Ok(0));
    }

    #[test]
    #[should_panic = "more than the memory can hold"]
    fn no_room() {
        assert_room(1 << 58);
    }
}
