//! Helper functions of the generated code. Those that need no assembly lie in `kernels/` as C, with `NAME` for the prefix and, where
//! there are several of them, `TYPE` and `SUFFIX` for what they differ in.

use super::form::{Planes, Type};
use super::parts::Parts;

/// ⌊x·scale + ½⌋ between bounds.
pub(super) fn fix(parts: &mut Parts) -> String {
    parts.helper("fix", || include_str!("kernels/fix.c").to_owned())
}

/// How many of ascending numbers of a type are at most another.
pub(super) fn rank(parts: &mut Parts, of: Type) -> String {
    let value = if of == Type::F32 { "float" } else { "int32_t" };
    parts.helper(&format!("rank_{}", of.suffix()), || {
        include_str!("kernels/rank.c").replace("SUFFIX", of.suffix()).replace("TYPE", of.name()).replace("VALUE", value)
    })
}

/// ⌊v/2ⁿ⌋ in 32 or 64 bits.
pub(super) fn shift(parts: &mut Parts, wide: &str) -> String {
    sized(parts, "shift", include_str!("kernels/shift.c"), wide)
}

/// v between bounds, of 32 or 64 bits.
pub(super) fn between(parts: &mut Parts, wide: &str) -> String {
    sized(parts, "between", include_str!("kernels/between.c"), wide)
}

fn sized(parts: &mut Parts, name: &str, text: &str, wide: &str) -> String {
    let suffix = wide.trim_end_matches("_t").replace("int", "i");
    parts.helper(&format!("{name}_{suffix}"), || text.replace("SUFFIX", &suffix).replace("WIDE", wide))
}

/// Copies a run of bits.
pub(super) fn copy_bits(parts: &mut Parts) -> String {
    parts.helper("copy_bits", || include_str!("kernels/copy_bits.c").to_owned())
}

/// Sets a run of bits.
pub(super) fn set_bits(parts: &mut Parts) -> String {
    parts.helper("set_bits", || include_str!("kernels/set_bits.c").to_owned())
}

/// The level at a bit of planes.
pub(super) fn level(parts: &mut Parts, planes: Planes) -> String {
    let (name, text) = match planes {
        Planes::Ternary => ("level_t", include_str!("kernels/level_t.c")),
        Planes::Binary => ("level_b", include_str!("kernels/level_b.c")),
        Planes::Sign => ("level_s", include_str!("kernels/level_s.c")),
    };
    parts.helper(name, || text.to_owned())
}

/// Number of ones in words.
pub(super) fn count(parts: &mut Parts) -> String {
    ones(parts);
    parts.helper("count", || include_str!("kernels/count.c").to_owned())
}

fn ones(parts: &mut Parts) -> String {
    parts.helper("ones", || include_str!("kernels/ones.c").to_owned())
}

/// Σ w·x of an array and fields of weights: `(x, w, n)`.
pub(super) fn fields(parts: &mut Parts, of: Type, bits: usize) -> String {
    // Two's complement in so many bits, but for signs.
    let field = |byte: &str| match bits {
        1 => format!("1 - 2 * ({byte} & 1)"),
        2 => format!("(({byte} & 3) ^ 2) - 2"),
        _ => format!("(({byte} & 15) ^ 8) - 8"),
    };
    parts.helper(&format!("dot{bits}_{}", of.suffix()), || {
        let text = match bits {
            8 => include_str!("kernels/dot8.c").to_owned(),
            _ => {
                let byte = |k: usize| if k == 0 { "b".to_owned() } else { format!("b >> {}", k * bits) };
                let term = |k| format!("        sum += ({}) * x[{k}];\n", field(&byte(k)));
                let terms: String = (0..8 / bits).map(term).collect();
                include_str!("kernels/dot_packed.c")
                    .replace("TERMS", &terms)
                    .replace("FIELD", &field("b"))
                    .replace("PER", &(8 / bits).to_string())
                    .replace("BITS", &bits.to_string())
            }
        };
        text.replace("SUFFIX", of.suffix()).replace("TYPE", of.name())
    })
}
