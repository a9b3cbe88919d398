//! Vector registers of f32 and the choice of an instruction set, made when the program runs.
//!
//! A kernel is written once over [`Simd`] as an inlined function and called from a function compiled for each set.
//!
//! With debug assertions and `STAIRS_KERNELS_EMULATE` in the environment, kernels over [`Simd`] run on arrays in place of
//! registers of 16 lanes, so that those for the widest processors are tested on any. `STAIRS_KERNELS_LEVEL=base` or `avx2` lets them
//! use no more than that, so that the kernels of lesser processors are tested too.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

/// What the processor offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// 16 lanes, 32 registers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 8 lanes, 16 registers, fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Arrays of 16 lanes, asked for.
    #[cfg(debug_assertions)]
    Emulated,
    /// What the compiler was told to assume.
    Base,
}

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
        if std::env::var_os("STAIRS_KERNELS_EMULATE").is_some() {
            return Self::Emulated;
        }
        match std::env::var("STAIRS_KERNELS_LEVEL").as_deref() {
            Ok("base") => Self::Base,
            #[cfg(target_arch = "x86_64")]
            Ok("avx2") if Self::best().has_avx2() => Self::Avx2,
            _ => Self::best(),
        }
    }

    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let has_avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if has_avx512 && has_avx2 {
                return Self::Avx512;
            }
            if has_avx2 {
                return Self::Avx2;
            }
        }
        Self::Base
    }

    /// Whether there are 32 registers of 16 lanes.
    pub(crate) fn is_widest(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => true,
            #[cfg(debug_assertions)]
            Self::Emulated => true,
            _ => false,
        }
    }

    /// Whether there are AVX2 and fused multiply-add.
    pub(crate) fn has_avx2(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 | Self::Avx2 => true,
            _ => false,
        }
    }
}

/// Calls `body` compiled for the best level of this processor.
macro_rules! at_best_level {
    ($body:ident($($argument:ident: $type:ty),+ $(,)?) $(-> $result:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            unsafe fn avx512($($argument: $type),+) $(-> $result)? {
                $body($($argument),+)
            }
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($argument: $type),+) $(-> $result)? {
                $body($($argument),+)
            }
            match $crate::cpu::simd::Level::detect() {
                // SAFETY: the level was detected on this processor.
                $crate::cpu::simd::Level::Avx512 => unsafe { avx512($($argument),+) },
                // SAFETY: the level was detected on this processor.
                $crate::cpu::simd::Level::Avx2 => unsafe { avx2($($argument),+) },
                _ => $body($($argument),+),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        $body($($argument),+)
    }};
}

pub(crate) use at_best_level;

/// A register of f32s. Every method may be called only where the processor has the instruction set.
#[allow(clippy::missing_safety_doc)]
pub(crate) trait Simd {
    /// The register.
    type Register: Copy;
    /// Its f32s.
    const LANES: usize;

    /// Zeros.
    unsafe fn zero() -> Self::Register;
    /// `value` in all lanes.
    unsafe fn splat(value: f32) -> Self::Register;
    /// The `LANES` values from `from`, of any alignment.
    unsafe fn load(from: *const f32) -> Self::Register;
    /// The lanes to `to` and after.
    unsafe fn store(to: *mut f32, value: Self::Register);
    /// Half a register from each of two places.
    unsafe fn load_halves(low: *const f32, high: *const f32) -> Self::Register;
    /// Half a register to each of two places.
    unsafe fn store_halves(low: *mut f32, high: *mut f32, value: Self::Register);
    /// a·b + c.
    unsafe fn mul_add(a: Self::Register, b: Self::Register, c: Self::Register) -> Self::Register;
}

/// An array in place of a register.
#[cfg(debug_assertions)]
pub(crate) struct Emulated;

#[cfg(debug_assertions)]
impl Simd for Emulated {
    type Register = [f32; 16];
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn zero() -> [f32; 16] {
        [0.0; 16]
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 16] {
        [value; 16]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 16] {
        // SAFETY: the caller has checked the pointer.
        unsafe { from.cast::<[f32; 16]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, value: [f32; 16]) {
        // SAFETY: the caller has checked the pointer.
        unsafe { to.cast::<[f32; 16]>().write_unaligned(value) }
    }

    #[inline(always)]
    unsafe fn load_halves(low: *const f32, high: *const f32) -> [f32; 16] {
        // SAFETY: the caller has checked the pointers.
        let half = |from: *const f32| unsafe { from.cast::<[f32; 8]>().read_unaligned() };
        let (low, high) = (half(low), half(high));
        std::array::from_fn(|i| if i < 8 { low[i] } else { high[i - 8] })
    }

    #[inline(always)]
    unsafe fn store_halves(low: *mut f32, high: *mut f32, value: [f32; 16]) {
        for (half, to) in value.as_chunks::<8>().0.iter().zip([low, high]) {
            // SAFETY: the caller has checked the pointers.
            unsafe { to.cast::<[f32; 8]>().write_unaligned(*half) }
        }
    }

    #[inline(always)]
    unsafe fn mul_add(a: [f32; 16], b: [f32; 16], c: [f32; 16]) -> [f32; 16] {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Simd;

    /// AVX-512: F, BW, DQ, VL.
    pub(crate) struct Avx512;

    /// AVX2 and FMA.
    pub(crate) struct Avx2;

    impl Simd for Avx512 {
        type Register = __m512;
        const LANES: usize = 16;

        #[inline(always)]
        unsafe fn zero() -> __m512 {
            // SAFETY: the caller has checked the instruction set.
            unsafe { _mm512_setzero_ps() }
        }

        #[inline(always)]
        unsafe fn splat(value: f32) -> __m512 {
            // SAFETY: the caller has checked the instruction set.
            unsafe { _mm512_set1_ps(value) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m512 {
            // SAFETY: the caller has checked the instruction set and the pointer.
            unsafe { _mm512_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(to: *mut f32, value: __m512) {
            // SAFETY: the caller has checked the instruction set and the pointer.
            unsafe { _mm512_storeu_ps(to, value) }
        }

        #[inline(always)]
        unsafe fn load_halves(low: *const f32, high: *const f32) -> __m512 {
            // SAFETY: the caller has checked the instruction set and the pointers.
            unsafe { _mm512_insertf32x8::<1>(_mm512_castps256_ps512(_mm256_loadu_ps(low)), _mm256_loadu_ps(high)) }
        }

        #[inline(always)]
        unsafe fn store_halves(low: *mut f32, high: *mut f32, value: __m512) {
            // SAFETY: the caller has checked the instruction set and the pointers.
            unsafe {
                _mm256_storeu_ps(low, _mm512_castps512_ps256(value));
                _mm256_storeu_ps(high, _mm512_extractf32x8_ps::<1>(value));
            }
        }

        #[inline(always)]
        unsafe fn mul_add(a: __m512, b: __m512, c: __m512) -> __m512 {
            // SAFETY: the caller has checked the instruction set.
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }
    }

    impl Simd for Avx2 {
        type Register = __m256;
        const LANES: usize = 8;

        #[inline(always)]
        unsafe fn zero() -> __m256 {
            // SAFETY: the caller has checked the instruction set.
            unsafe { _mm256_setzero_ps() }
        }

        #[inline(always)]
        unsafe fn splat(value: f32) -> __m256 {
            // SAFETY: the caller has checked the instruction set.
            unsafe { _mm256_set1_ps(value) }
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m256 {
            // SAFETY: the caller has checked the instruction set and the pointer.
            unsafe { _mm256_loadu_ps(from) }
        }

        #[inline(always)]
        unsafe fn store(to: *mut f32, value: __m256) {
            // SAFETY: the caller has checked the instruction set and the pointer.
            unsafe { _mm256_storeu_ps(to, value) }
        }

        #[inline(always)]
        unsafe fn load_halves(low: *const f32, high: *const f32) -> __m256 {
            // SAFETY: the caller has checked the instruction set and the pointers.
            unsafe { _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high)) }
        }

        #[inline(always)]
        unsafe fn store_halves(low: *mut f32, high: *mut f32, value: __m256) {
            // SAFETY: the caller has checked the instruction set and the pointers.
            unsafe {
                _mm_storeu_ps(low, _mm256_castps256_ps128(value));
                _mm_storeu_ps(high, _mm256_extractf128_ps::<1>(value));
            }
        }

        #[inline(always)]
        unsafe fn mul_add(a: __m256, b: __m256, c: __m256) -> __m256 {
            // SAFETY: the caller has checked the instruction set.
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
    }
}
