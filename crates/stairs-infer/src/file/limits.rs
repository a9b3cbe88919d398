//! What a program from elsewhere may take.

use super::FileError;
use crate::Program;

/// Bounds for a program that is loaded. A short file can describe images of any size, so that memory and time of running it are not
/// bounded by the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most [`Program::activations`], four bytes each.
    pub activations: u64,
    /// Most [`Program::operations`].
    pub operations: u64,
}

impl Default for Limits {
    /// 2²⁸ activations, which take 1 GiB, and 2³⁸ operations: both about eighteen times what VGG-16 takes for an image of 224 × 224.
    fn default() -> Self {
        Self { activations: 1 << 28, operations: 1 << 38 }
    }
}

impl Limits {
    pub(super) fn check(&self, program: &Program) -> Result<(), FileError> {
        let taken = [
            ("activations", self.activations, program.activations()),
            ("operations", self.operations, program.operations()),
        ];
        match taken.into_iter().find(|(_, limit, got)| got > limit) {
            Some((what, limit, got)) => Err(FileError::Limit { what, limit, got }),
            None => Ok(()),
        }
    }
}
