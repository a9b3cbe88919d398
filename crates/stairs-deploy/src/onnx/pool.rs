//! Pools.

use stairs_infer::Window;

use super::float::windowed;
use super::graph::{Attr, Graph, Type};

impl Graph {
    /// The largest of each window; nothing of the image is below `low`.
    pub(super) fn max_pool(&mut self, x: &str, window: &Window, of: Type, low: f64) -> String {
        if pools(window) {
            return self.node("MaxPool", &[x], &windowed(window, true));
        }
        // Onnxruntime refuses padding as large as a kernel, also where the kernel is dilated beyond it.
        let [rows, columns] = window.padding;
        let padded = self.pad(x, [[0; 2], rows, columns], of, low);
        self.node("MaxPool", &[&padded], &windowed(window, false))
    }

    /// The mean of each window of images of shape `from`.
    pub(super) fn mean_pool(
        &mut self,
        x: &str,
        window: &Window,
        counts_padding: bool,
        from: &[usize],
        shape: &[usize],
    ) -> String {
        if pools(window) {
            let mut attributes = windowed(window, true);
            attributes.push(Attr::Int("count_include_pad", counts_padding.into()));
            return self.node("AveragePool", &[x], &attributes);
        }
        let (channels, [rows, columns]) = (from[0], window.kernel);
        let ones = vec![1f32; channels * window.taps()];
        let ones = self.constant("ones", &[channels, 1, rows, columns], &ones);
        let sums = self.conv(&[x, &ones], window, channels);
        let count = |at: usize| match counts_padding {
            true => window.taps(),
            false => window.patch([at / shape[2], at % shape[2]], [from[1], from[2]]).count().max(1),
        };
        let counts: Vec<f32> = (0..shape[1] * shape[2]).map(|at| count(at) as f32).collect();
        let counts = self.constant("counts", &shape[1..], &counts);
        self.node("Div", &[&sums, &counts], &[])
    }

    /// Means over windows that divide an image as evenly as possible.
    pub(super) fn adaptive(&mut self, x: &str, within: [usize; 2], size: [usize; 2]) -> String {
        if (0..2).all(|axis| within[axis].is_multiple_of(size[axis])) {
            let side = [within[0] / size[0], within[1] / size[1]];
            return self.node("AveragePool", &[x], &windowed(&Window { stride: side, ..Window::new(side) }, true));
        }
        // Uneven windows are matrices of means, along the columns and then along the rows.
        let [rows, columns] = [0, 1].map(|axis| means(within[axis], size[axis]));
        let transposed: Vec<f32> =
            (0..columns.len()).map(|at| columns[at % size[1] * within[1] + at / size[1]]).collect();
        let columns = self.constant("columns", &[within[1], size[1]], &transposed);
        let rows = self.constant("rows", &[size[0], within[0]], &rows);
        let along = self.node("MatMul", &[x, &columns], &[]);
        self.node("MatMul", &[&rows, &along], &[])
    }
}

/// Whether onnxruntime takes the padding of a pool.
fn pools(window: &Window) -> bool {
    (0..2).all(|axis| window.padding[axis].iter().all(|padding| *padding < window.kernel[axis]))
}

/// `[n, size]`: output i is the mean from ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉.
fn means(size: usize, n: usize) -> Vec<f32> {
    let weight = |i: usize, at: usize| {
        let range = i * size / n..((i + 1) * size).div_ceil(n);
        if range.contains(&at) { 1.0 / range.len() as f32 } else { 0.0 }
    };
    (0..n * size).map(|at| weight(at / size, at % size)).collect()
}
