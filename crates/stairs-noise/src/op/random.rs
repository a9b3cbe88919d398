//! Counter-based uniforms for the random strategy: the draw of element i depends on the key and on i only.
//!
//! So a sampled forward pass needs no generator state, gives the same numbers on every backend and for every number of
//! threads, and is repeated exactly by a resumed run. The mixer is two rounds of the 32-bit finaliser of MurmurHash3
//! (Appleby, public domain constants), keyed before each round. It is a simulation generator, not a cryptographic one.

/// Key of one sampled pass, split for 32-bit kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) low: u32,
    pub(crate) high: u32,
}

impl Key {
    pub(crate) fn new(key: u64) -> Self {
        // One round of SplitMix64's finaliser, so that neighbouring keys share no structure.
        let mut z = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        Self { low: z as u32, high: (z >> 32) as u32 }
    }
}

pub(crate) const MIX_1: u32 = 0x85EB_CA6B;
pub(crate) const MIX_2: u32 = 0xC2B2_AE35;

#[inline(always)]
fn mix(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(MIX_1);
    h ^= h >> 13;
    h = h.wrapping_mul(MIX_2);
    h ^ (h >> 16)
}

/// A uniform in (0, 1) with 23 random bits for element `index` (modulo 2³²): never 0, never 1.
#[inline(always)]
pub(crate) fn uniform(key: Key, index: u32) -> f32 {
    let h = mix(mix(index ^ key.low).wrapping_add(key.high));
    // Top 23 bits as the mantissa of a number in [1, 2): no integer-to-float conversion.
    f32::from_bits((h >> 9) | 0x3F80_0000) - (1.0 - 0.5 / 8_388_608.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniforms_are_open_and_uniform() {
        let n = 1 << 20;
        let key = Key::new(7);
        let mut cells = [0u32; 64];
        let mut sum = 0.0;
        for i in 0..n {
            let u = uniform(key, i);
            assert!(u > 0.0 && u < 1.0);
            cells[(u * 64.0) as usize] += 1;
            sum += u as f64;
        }
        assert!((sum / n as f64 - 0.5).abs() < 4.0 * 0.2887 / (n as f64).sqrt());
        let expected = n as f64 / 64.0;
        let chi2: f64 = cells.iter().map(|c| (*c as f64 - expected).powi(2) / expected).sum();
        assert!(chi2 < 63.0 + 5.0 * (2.0 * 63.0f64).sqrt(), "chi2 {chi2}");
    }

    #[test]
    fn neighbouring_elements_and_keys_are_uncorrelated() {
        let n = 1 << 18;
        let correlation = |f: &dyn Fn(u32) -> (f32, f32)| {
            let s: f64 = (0..n)
                .map(|i| {
                    let (a, b) = f(i);
                    (a as f64 - 0.5) * (b as f64 - 0.5)
                })
                .sum();
            s / n as f64 * 12.0
        };
        let bound = 4.0 / (n as f64).sqrt();
        let (a, b) = (Key::new(1), Key::new(2));
        assert!(correlation(&|i| (uniform(a, i), uniform(a, i + 1))).abs() < bound);
        assert!(correlation(&|i| (uniform(a, i), uniform(b, i))).abs() < bound);
        assert!(correlation(&|i| (uniform(a, i), uniform(a, i ^ 0x10000))).abs() < bound);
    }

    #[test]
    fn value_stability() {
        assert_eq!(Key::new(42), Key { low: 803_958_421, high: 3_184_996_902 });
        let drawn: Vec<u32> = (0..4).map(|i| uniform(Key::new(42), i).to_bits()).collect();
        assert_eq!(drawn, [0x3E33BD54, 0x3F7BE031, 0x3F1D6A0D, 0x3F45DDD9]);
    }
}
