//! Which instructions the kernels may use, chosen when an engine is made.
//!
//! With debug assertions and the feature `std`, `STAIRS_INFER_LEVEL=scalar`, `portable`, `avx2` or `avx512` in the environment lets
//! engines use no more than that, so that tests meet the kernels of lesser processors too.

/// What the processor offers, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Plain loops, one product at a time: what the others are held against.
    Scalar,
    /// What the compiler was told to assume of the processor; bit planes for ternary layers.
    Portable,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ, VL, VNNI and VPOPCNTDQ.
    Avx512,
}

impl Level {
    /// All, ascending.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Portable, Self::Avx2, Self::Avx512];

    /// `scalar`, `portable`, `avx2`, `avx512`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The best of this processor; without the feature `std` the best that the compiler was told to assume.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            #[cfg(feature = "std")]
            macro_rules! has {
                ($($feature:tt),+) => { $(std::is_x86_feature_detected!($feature))&&+ };
            }
            #[cfg(not(feature = "std"))]
            macro_rules! has {
                ($($feature:tt),+) => { $(cfg!(target_feature = $feature))&&+ };
            }
            if has!("avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni", "avx512vpopcntdq") {
                return Self::Avx512;
            }
            if has!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// The best of this processor, no better than `cap` and than what a test asks for.
    pub(crate) fn capped(cap: Option<Self>) -> Self {
        let best = [Some(Self::best()), cap, asked()].into_iter().flatten().min();
        best.unwrap_or(Self::Scalar)
    }
}

fn asked() -> Option<Level> {
    #[cfg(all(feature = "std", debug_assertions))]
    {
        let name = std::env::var("STAIRS_INFER_LEVEL").ok()?;
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
    #[cfg(not(all(feature = "std", debug_assertions)))]
    None
}

/// Calls the unsafe function `body` compiled for `level`, which [`Level::capped`] has given.
macro_rules! at_level {
    ($level:expr, $body:ident($($argument:ident: $type:ty),+ $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2")]
            unsafe fn avx512($($argument: $type),+) {
                // SAFETY: the caller's duty.
                unsafe { $body($($argument),+) }
            }
            #[target_feature(enable = "avx2")]
            unsafe fn avx2($($argument: $type),+) {
                // SAFETY: the caller's duty.
                unsafe { $body($($argument),+) }
            }
            match $level {
                // SAFETY: this processor has what the level names; the rest is the caller's duty.
                $crate::engine::level::Level::Avx512 => unsafe { avx512($($argument),+) },
                // SAFETY: as above.
                $crate::engine::level::Level::Avx2 => unsafe { avx2($($argument),+) },
                // SAFETY: the caller's duty.
                _ => unsafe { $body($($argument),+) },
            }
        }
        // SAFETY: the caller's duty.
        #[cfg(not(target_arch = "x86_64"))]
        unsafe {
            $body($($argument),+)
        }
    }};
}

pub(crate) use at_level;
