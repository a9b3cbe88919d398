//! The instruction sets the CPU kernels are compiled for, as zero-sized types.
//!
//! One kernel body is instantiated per set; the choice is made once per call from what the processor reports. The sets
//! differ in one thing the source can see: whether a fused multiply-add exists. (Without it, `f32::mul_add` is a call
//! into libm, a hundred times slower.)
//!
//! With debug assertions, `STAIRS_NOISE_LEVEL=base` or `avx2` in the environment lets kernels use no more than that, so that the
//! sets of lesser processors are tested on any.

use crate::noise::Isa;

/// What the processor offers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Avx512,
    /// With fused multiply-add.
    Avx2,
    /// What the compiler was told to assume.
    Base,
}

#[cfg(target_arch = "x86_64")]
impl Level {
    /// The level to use: the best of this processor, or what a test asks for.
    pub(crate) fn detect() -> Self {
        #[cfg(debug_assertions)]
        {
            static ASKED: std::sync::LazyLock<Level> = std::sync::LazyLock::new(Level::asked);
            *ASKED
        }
        #[cfg(not(debug_assertions))]
        Self::best()
    }

    #[cfg(debug_assertions)]
    fn asked() -> Self {
        match (std::env::var("STAIRS_NOISE_LEVEL").as_deref(), Self::best()) {
            (Ok("base"), _) => Self::Base,
            (Ok("avx2"), Self::Avx512) => Self::Avx2,
            (_, best) => best,
        }
    }

    fn best() -> Self {
        let has_avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            true if has_avx512 => Self::Avx512,
            true => Self::Avx2,
            false => Self::Base,
        }
    }
}

/// No fused multiply-add: two roundings.
#[derive(Clone, Copy)]
pub(crate) struct Separate;

/// Fused multiply-add: one rounding. Only inside functions compiled for a set that has it.
#[derive(Clone, Copy)]
pub(crate) struct Fused;

impl Isa for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

impl Isa for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}
