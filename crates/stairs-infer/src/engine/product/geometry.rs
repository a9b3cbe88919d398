//! Where the taps of an output are in a packed image.
//!
//! Around a packed image is its padding, so that all outputs are alike: the first number an output reads is at its base, and what it
//! reads are runs of consecutive numbers at the same distances from every base. With dilation 1 a run is a row of the kernel.

use alloc::vec;
use alloc::vec::Vec;

use crate::Window;

/// Numbers `length` from `offset` on, counted from the base of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

/// Images and the outputs over them, in units of packed numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Height and width, padding included.
    pub(crate) size: [usize; 2],
    /// Outputs of an image.
    pub(crate) outputs: usize,
    /// Outputs of a row.
    pub(crate) columns: usize,
    /// Packed numbers of a pixel of one group.
    pub(crate) unit: usize,
    stride: [usize; 2],
    pub(crate) runs: Vec<Run>,
}

impl Geometry {
    /// Of a window over images of this size.
    pub(crate) fn new(window: &Window, size: [usize; 2], output: [usize; 2], unit: usize) -> Self {
        let padded = [0, 1].map(|axis| size[axis] + window.padding[axis].iter().sum::<usize>());
        let row = padded[1] * unit;
        let runs = (0..window.kernel[0]).flat_map(|y| {
            let start = y * window.dilation[0] * row;
            match window.dilation[1] {
                1 => vec![Run { offset: start, length: window.kernel[1] * unit }],
                step => (0..window.kernel[1]).map(|x| Run { offset: start + x * step * unit, length: unit }).collect(),
            }
        });
        Self {
            runs: runs.collect(),
            size: padded,
            outputs: output[0] * output[1],
            columns: output[1],
            unit,
            stride: [window.stride[0] * row, window.stride[1] * unit],
        }
    }

    /// Of rows of numbers, one output each.
    pub(crate) fn rows(unit: usize, rows: usize) -> Self {
        let runs = vec![Run { offset: 0, length: unit }];
        // A row of outputs is a row of one, so that those of further samples follow.
        Self { size: [rows, 1], outputs: rows, columns: 1, unit, stride: [unit, 0], runs }
    }

    /// Numbers of an image of one group.
    pub(crate) fn image(&self) -> usize {
        self.size[0] * self.size[1] * self.unit
    }

    /// First numbers of the outputs from `output` on, and `start` more.
    pub(crate) fn bases(&self, output: usize, start: usize, bases: &mut [usize]) {
        let (mut row, mut column) = (output / self.columns, output % self.columns);
        for base in bases {
            *base = start + row * self.stride[0] + column * self.stride[1];
            column += 1;
            if column == self.columns {
                (row, column) = (row + 1, 0);
            }
        }
    }

    /// The largest distance from a base, and one more.
    pub(crate) fn reach(&self) -> usize {
        self.runs.iter().map(|run| run.offset + run.length).max().unwrap_or(0)
    }

    /// The runs cut into pieces, blocks of which have at most `most` numbers.
    pub(crate) fn blocks(&self, most: usize) -> Vec<Vec<Run>> {
        let mut blocks: Vec<Vec<Run>> = vec![Vec::new()];
        let mut room = most;
        for run in &self.runs {
            let mut run = *run;
            while run.length > 0 {
                if room == 0 {
                    blocks.push(Vec::new());
                    room = most;
                }
                let length = run.length.min(room);
                if let Some(block) = blocks.last_mut() {
                    block.push(Run { offset: run.offset, length });
                }
                room -= length;
                run = Run { offset: run.offset + length, length: run.length - length };
            }
        }
        blocks
    }
}
