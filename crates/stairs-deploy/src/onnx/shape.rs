//! Shapes and padding.

use super::graph::{Attr, Graph, Type, sizes};

impl Graph {
    /// Samples of this shape.
    pub(super) fn reshape(&mut self, name: &str, shape: &[usize]) -> String {
        // 0 keeps the size of the batch.
        let sizes: Vec<i64> = std::iter::once(0).chain(sizes(shape)).collect();
        let sizes = self.constant("shape", &[sizes.len()], &sizes);
        self.node("Reshape", &[name, &sizes], &[])
    }

    /// Channels of zeros, which `zero` stands for, around those there are.
    pub(super) fn pad_channels(&mut self, name: &str, before: usize, behind: usize, of: Type, zero: f64) -> String {
        self.pad(name, [[before, behind], [0; 2], [0; 2]], of, zero)
    }

    /// Channels, rows and columns of `value` around an image.
    pub(super) fn pad(&mut self, name: &str, sizes: [[usize; 2]; 3], of: Type, value: f64) -> String {
        let side = |side: usize| std::iter::once(0).chain(sizes.map(|axis| axis[side] as i64));
        let pads: Vec<i64> = side(0).chain(side(1)).collect();
        let pads = self.constant("pads", &[8], &pads);
        let value = match of {
            Type::U8 => self.scalar(value as u8),
            Type::Double => self.scalar(value),
            _ => self.scalar(value as f32),
        };
        self.node("Pad", &[name, &pads, &value], &[Attr::Text("mode", "constant")])
    }
}
