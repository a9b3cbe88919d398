//! Pooling, the last step of a layer. No padding; windows that would leave the image are dropped.

/// What a window becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// Its largest value; the first of equal ones.
    Max,
    /// Its mean.
    Average,
}

/// A pooling window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Maximum or mean.
    pub kind: PoolKind,
    /// Height and width of the window.
    pub size: [usize; 2],
    /// Steps between windows.
    pub stride: [usize; 2],
}

impl Pool {
    /// The maximum over `size` × `size` windows side by side.
    pub fn max(size: usize) -> Self {
        Self { kind: PoolKind::Max, size: [size; 2], stride: [size; 2] }
    }

    /// The mean over `size` × `size` windows side by side.
    pub fn average(size: usize) -> Self {
        Self { kind: PoolKind::Average, size: [size; 2], stride: [size; 2] }
    }

    /// Height and width after pooling; `None` where no window fits.
    pub(crate) fn output(&self, height: usize, width: usize) -> Option<(usize, usize)> {
        let fit = |length: usize, axis: usize| Some((length.checked_sub(self.size[axis])?) / self.stride[axis] + 1);
        Some((fit(height, 0)?, fit(width, 1)?))
    }

    /// Positions (row-major in an image `width` wide) under the window that gives output position (y, x).
    pub(crate) fn window(&self, y: usize, x: usize, width: usize) -> impl Iterator<Item = usize> + use<> {
        let (top, left) = (y * self.stride[0], x * self.stride[1]);
        let columns = self.size[1];
        (top..top + self.size[0]).flat_map(move |row| (left..left + columns).map(move |column| row * width + column))
    }
}
