//! Loops compiled for the instruction sets of the processor that runs them.
//!
//! A kernel is one body, generic in how it multiplies and adds; [`dispatch`] compiles it for AVX-512, for AVX2 with FMA
//! and for the baseline of the target, and picks at run time, as [`at_best_level`](super::simd::at_best_level) does for bodies
//! that do not care. (Without FMA in the compiled set `f32::mul_add` would be a call into libm.)

/// How a kernel multiplies and adds.
pub(crate) trait Isa {
    /// a·b + c.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// No fused multiply-add: two roundings.
pub(crate) struct Separate;

/// Fused multiply-add: one rounding. Only inside functions compiled for a set that has it.
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

/// Calls `body::<I>` compiled for the best instruction set this processor has.
macro_rules! dispatch {
    ($body:ident($($arg:ident: $ty:ty),+) $(-> $out:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            unsafe fn avx512($($arg: $ty),+) $(-> $out)? {
                $body::<$crate::cpu::isa::Fused>($($arg),+)
            }
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $ty),+) $(-> $out)? {
                $body::<$crate::cpu::isa::Fused>($($arg),+)
            }
            match $crate::cpu::simd::Level::detect() {
                // SAFETY: the level was detected on this processor.
                $crate::cpu::simd::Level::Avx512 => return unsafe { avx512($($arg),+) },
                // SAFETY: the level was detected on this processor.
                $crate::cpu::simd::Level::Avx2 => return unsafe { avx2($($arg),+) },
                _ => {}
            }
        }
        #[cfg(target_arch = "aarch64")]
        return $body::<$crate::cpu::isa::Fused>($($arg),+);
        #[cfg(not(target_arch = "aarch64"))]
        $body::<$crate::cpu::isa::Separate>($($arg),+)
    }};
}

pub(crate) use dispatch;
