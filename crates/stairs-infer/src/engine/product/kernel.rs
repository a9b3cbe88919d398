//! Which kernel multiplies, and its weights.

use alloc::vec;
use alloc::vec::Vec;

use super::geometry::Geometry;
use super::pack::Format;
use super::portable::{Planes, Wide};
#[cfg(target_arch = "x86_64")]
use super::x86::{self, Bytes, Lanes, Popcount, Signs, Tables, Vnni, Words};
use crate::engine::context::Context;
use crate::engine::level::Level;
use crate::engine::tensor::{Element, Tensor};
use crate::{Range, Weights, Window};

/// Packed weights of one group and how to multiply with them.
#[derive(Debug)]
pub(crate) enum Kernel {
    /// Values of 16 bits.
    Portable(Wide<i16>),
    /// Values of 32 bits.
    Integers(Wide<i32>),
    /// Ternary values by bits.
    Planes(Planes),
    /// Few levels, looked up.
    #[cfg(target_arch = "x86_64")]
    Tables(Tables),
    /// Bytes.
    #[cfg(target_arch = "x86_64")]
    Bytes(Bytes),
    /// Bytes, depthwise.
    #[cfg(target_arch = "x86_64")]
    Lanes(Lanes),
    /// Values of 16 bits.
    #[cfg(target_arch = "x86_64")]
    Words(Words),
    /// Values of 32 bits times ternary weights.
    #[cfg(target_arch = "x86_64")]
    Signs(Signs),
    /// Bytes, by AVX-512.
    #[cfg(target_arch = "x86_64")]
    Vnni(Vnni),
    /// Ternary values by bits, by AVX-512.
    #[cfg(target_arch = "x86_64")]
    Popcount(Popcount),
}

/// Fewest additions in 16 bits for which bytes are multiplied rather than words.
#[cfg(target_arch = "x86_64")]
const ADDITIONS: usize = 4;

/// Weights of a group, in the order in which its packed inputs are read.
pub(crate) struct Weighted<'a> {
    pub(crate) weights: &'a Weights,
    /// First output and number of outputs.
    pub(crate) first: usize,
    pub(crate) outputs: usize,
    /// Input channels of the group.
    pub(crate) channels: usize,
}

impl Weighted<'_> {
    /// Taps of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.weights.fan_in() / self.channels
    }

    /// The weights of output `output` of the group, `unit` for every tap: those of the channels, then zeros.
    pub(crate) fn sequence(&self, output: usize, unit: usize) -> Vec<i8> {
        let (of, taps) = (self.weights.of(self.first + output), self.taps());
        let mut sequence = vec![0; taps * unit];
        for (tap, to) in sequence.chunks_exact_mut(unit).enumerate() {
            for (channel, to) in to.iter_mut().take(self.channels).enumerate() {
                *to = of[channel * taps + tap];
            }
        }
        sequence
    }
}

/// What decides on the kernel.
pub(crate) struct Setting<'a> {
    pub(crate) level: Level,
    pub(crate) input: &'a Tensor,
    pub(crate) weights: &'a Weights,
    /// Which sums are possible.
    pub(crate) sums: Range,
    /// The window of a convolution whose every channel is its own group.
    pub(crate) depthwise: Option<Window>,
}

/// The kernel chosen, without its weights.
pub(crate) enum Choice {
    Portable,
    Integers,
    Planes,
    #[cfg(target_arch = "x86_64")]
    Tables(x86::Values),
    #[cfg(target_arch = "x86_64")]
    Bytes,
    #[cfg(target_arch = "x86_64")]
    Lanes(Window),
    #[cfg(target_arch = "x86_64")]
    Words,
    #[cfg(target_arch = "x86_64")]
    Signs,
    #[cfg(target_arch = "x86_64")]
    Vnni,
    #[cfg(target_arch = "x86_64")]
    Popcount,
}

impl Setting<'_> {
    /// The best kernel; `None` for depthwise convolutions that have none.
    pub(crate) fn choice(&self) -> Option<Choice> {
        if let Some(window) = self.depthwise {
            #[cfg(target_arch = "x86_64")]
            if self.level >= Level::Avx2 && Lanes::fits(self.input, &window, self.weights) {
                return Some(Choice::Lanes(window));
            }
            let _ = window;
            return None;
        }
        Some(self.product())
    }

    fn product(&self) -> Choice {
        let bytes = matches!(self.input.element, Element::Byte { .. });
        let is_ternary = |range: Range| range.low >= -1 && range.high <= 1;
        let ternary = bytes && is_ternary(self.input.range) && is_ternary(self.weights.range());
        let words = self.input.range.bits() <= 16;
        #[cfg(target_arch = "x86_64")]
        if self.level >= Level::Avx512 && bytes {
            return if ternary { Choice::Popcount } else { Choice::Vnni };
        }
        #[cfg(target_arch = "x86_64")]
        if self.level >= Level::Avx2 {
            return match x86::Values::new(self.input, self.weights, self.sums) {
                Some(values) => Choice::Tables(values),
                None if bytes && x86::additions(self.input, self.weights.range()) >= ADDITIONS => Choice::Bytes,
                None if words => Choice::Words,
                None if is_ternary(self.weights.range()) => Choice::Signs,
                None => Choice::Integers,
            };
        }
        match (ternary, words) {
            (true, _) => Choice::Planes,
            (_, true) => Choice::Portable,
            _ => Choice::Integers,
        }
    }
}

impl Choice {
    /// How inputs are packed.
    pub(crate) fn format(&self, input: &Tensor) -> Format {
        match self {
            Self::Portable => Format::Words,
            Self::Integers => Format::Integers,
            Self::Planes => Format::Planes,
            #[cfg(target_arch = "x86_64")]
            Self::Tables(values) => values.format(input.low()),
            #[cfg(target_arch = "x86_64")]
            Self::Bytes | Self::Vnni | Self::Lanes(_) => Format::Codes,
            #[cfg(target_arch = "x86_64")]
            Self::Words => Format::Words,
            #[cfg(target_arch = "x86_64")]
            Self::Signs => Format::Integers,
            #[cfg(target_arch = "x86_64")]
            Self::Popcount => Format::Planes,
        }
    }
}

impl Choice {
    /// Packed numbers of a pixel with so many channels in a group.
    pub(crate) fn unit(&self, format: &Format, channels: usize) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(_) => channels.next_multiple_of(Lanes::WIDTH),
            _ => format.unit(channels),
        }
    }
}

impl Kernel {
    /// The kernel of a group.
    pub(crate) fn new(choice: &Choice, input: &Tensor, geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        match choice {
            Choice::Portable => Self::Portable(Wide::new(geometry, weighted)),
            Choice::Integers => Self::Integers(Wide::new(geometry, weighted)),
            Choice::Planes => Self::Planes(Planes::new(geometry, weighted)),
            #[cfg(target_arch = "x86_64")]
            Choice::Tables(values) => Self::Tables(Tables::new(values, geometry, weighted)),
            #[cfg(target_arch = "x86_64")]
            Choice::Bytes => Self::Bytes(Bytes::new(input, geometry, weighted)),
            #[cfg(target_arch = "x86_64")]
            Choice::Lanes(window) => Self::Lanes(Lanes::new(input, window, geometry, weighted.weights)),
            #[cfg(target_arch = "x86_64")]
            Choice::Words => Self::Words(Words::new(geometry, weighted)),
            #[cfg(target_arch = "x86_64")]
            Choice::Signs => Self::Signs(Signs::new(geometry, weighted)),
            #[cfg(target_arch = "x86_64")]
            Choice::Vnni => Self::Vnni(Vnni::new(input, geometry, weighted)),
            #[cfg(target_arch = "x86_64")]
            Choice::Popcount => Self::Popcount(Popcount::new(geometry, weighted)),
        }
    }

    /// Its name, for tables of times.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Portable(_) => "portable",
            Self::Integers(_) => "integers",
            Self::Planes(_) => "planes",
            #[cfg(target_arch = "x86_64")]
            Self::Tables(_) => "tables",
            #[cfg(target_arch = "x86_64")]
            Self::Bytes(_) => "bytes",
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(_) => "lanes",
            #[cfg(target_arch = "x86_64")]
            Self::Words(_) => "words",
            #[cfg(target_arch = "x86_64")]
            Self::Signs(_) => "signs",
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(_) => "vnni",
            #[cfg(target_arch = "x86_64")]
            Self::Popcount(_) => "popcount",
        }
    }

    /// Output channels of a block.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Portable(kernel) => kernel.width(),
            Self::Integers(kernel) => kernel.width(),
            Self::Planes(_) => Planes::WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::Tables(kernel) => kernel.width(),
            #[cfg(target_arch = "x86_64")]
            Self::Bytes(_) => Bytes::WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(_) => Lanes::WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::Words(_) => Words::WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::Signs(_) => Signs::WIDTH,
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(kernel) => kernel.width(),
            #[cfg(target_arch = "x86_64")]
            Self::Popcount(_) => Popcount::WIDTH,
        }
    }

    /// The sums of block `block` for outputs whose packed inputs begin at `bases`, `[outputs, width]`.
    ///
    /// # Safety
    /// Packed inputs are at `byte` and reach as far from the bases as the geometry says; nobody writes them meanwhile.
    pub(crate) unsafe fn add(
        &self,
        context: &Context<'_>,
        byte: usize,
        bases: &[usize],
        block: usize,
        sums: &mut [i32],
    ) {
        // SAFETY: the caller's duty; kernels of a processor are chosen by the level alone, which it has.
        unsafe {
            match self {
                Self::Portable(kernel) => kernel.add(context, byte, bases, block, sums),
                Self::Integers(kernel) => kernel.add(context, byte, bases, block, sums),
                Self::Planes(kernel) => kernel.add(context, byte, bases, block, sums),
                #[cfg(target_arch = "x86_64")]
                Self::Tables(kernel) => kernel.add(context, byte, bases, block, sums),
                #[cfg(target_arch = "x86_64")]
                Self::Bytes(kernel) => kernel.add(context, byte, bases, block, sums),
                #[cfg(target_arch = "x86_64")]
                Self::Lanes(kernel) => kernel.add(context, byte, bases, block, sums),
                #[cfg(target_arch = "x86_64")]
                Self::Words(kernel) => kernel.add(context, byte, bases, block, sums),
                #[cfg(target_arch = "x86_64")]
                Self::Signs(kernel) => kernel.add(context, byte, bases, block, sums),
                #[cfg(target_arch = "x86_64")]
                Self::Vnni(kernel) => kernel.add(context, byte, bases, block, sums),
                #[cfg(target_arch = "x86_64")]
                Self::Popcount(kernel) => kernel.add(context, byte, bases, block, sums),
            }
        }
    }
}
