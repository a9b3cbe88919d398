//! Which instructions the kernels may use, chosen when an engine is made.
//!
//! With debug assertions and the feature `std`, `STAIRS_INFER_LEVEL=portable`, or the name of another level, in the environment lets engines
//! use no more than that, so that tests meet the kernels of lesser processors too.

/// What a processor offers, ascending for each kind of processor.
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
    /// Little-endian aarch64 with NEON, which nearly all have.
    Neon,
    /// The same with the instructions for dot products of Armv8.2.
    Dot,
}

impl Level {
    /// All, those of x86-64 before those of aarch64.
    pub const ALL: [Self; 6] = [Self::Scalar, Self::Portable, Self::Avx2, Self::Avx512, Self::Neon, Self::Dot];

    /// `scalar`, `portable`, `avx2`, `avx512`, `neon`, `dot`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::Dot => "dot",
        }
    }

    /// Whether this processor has it; without the feature `std`, whether the compiler was told to assume it.
    pub fn is_here(self) -> bool {
        #[cfg(feature = "std")]
        macro_rules! has {
            ($detected:ident: $($feature:tt),+) => { $(std::arch::$detected!($feature))&&+ };
        }
        #[cfg(not(feature = "std"))]
        macro_rules! has {
            ($detected:ident: $($feature:tt),+) => { $(cfg!(target_feature = $feature))&&+ };
        }
        match self {
            Self::Scalar | Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => has!(is_x86_feature_detected: "avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => has!(
                is_x86_feature_detected:
                "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni", "avx512vpopcntdq"
            ),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Neon => has!(is_aarch64_feature_detected: "neon"),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Dot => has!(is_aarch64_feature_detected: "neon", "dotprod"),
            _ => false,
        }
    }

    /// The best of this processor; without the feature `std` the best that the compiler was told to assume.
    pub fn best() -> Self {
        Self::best_within(&[])
    }

    /// The best of this processor, no better than `cap` and than what a test asks for.
    pub(crate) fn capped(cap: Option<Self>) -> Self {
        match (cap, asked()) {
            (Some(cap), Some(asked)) => Self::best_within(&[cap, asked]),
            (cap, asked) => Self::best_within(cap.or(asked).as_slice()),
        }
    }

    /// The best of this processor within all of `caps`.
    fn best_within(caps: &[Self]) -> Self {
        let within = |level: &Self| level.is_here() && caps.iter().all(|cap| level.is_within(*cap));
        Self::ALL.into_iter().rfind(within).unwrap_or(Self::Scalar)
    }

    /// Whether this is no better than `cap`: better than portable are levels of one kind of processor alone.
    fn is_within(self, cap: Self) -> bool {
        self <= cap && (self <= Self::Portable || (self >= Self::Neon) == (cap >= Self::Neon))
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
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = $level;
            // SAFETY: the caller's duty.
            unsafe { $body($($argument),+) }
        }
    }};
}

pub(crate) use at_level;

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn levels_of_another_processor_cap_at_portable() {
        let within = |cap| Level::ALL.map(|level| Level::is_within(level, cap));
        assert_eq!(within(Level::Scalar), [true, false, false, false, false, false]);
        assert_eq!(within(Level::Portable), [true, true, false, false, false, false]);
        assert_eq!(within(Level::Avx512), [true, true, true, true, false, false]);
        assert_eq!(within(Level::Neon), [true, true, false, false, true, false]);
        let best = Level::best();
        assert!(best.is_here() && Level::capped(Some(Level::Scalar)) == Level::Scalar);
        let other = if best >= Level::Neon { Level::Avx512 } else { Level::Dot };
        assert!(!other.is_here() && Level::capped(Some(other)) <= Level::Portable);
    }
}
