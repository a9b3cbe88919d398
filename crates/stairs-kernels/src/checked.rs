//! Shapes that the kernels may trust.
//!
//! The fields of [`ConvShape`] and its siblings are public: anybody can write any number into them. Kernels take a
//! [`Checked`] one instead. Making it is the only place where sizes are multiplied with a check; afterwards no position,
//! plane, image, batch, set of weights or matrix of patches of the shape leaves the machine's integers.

use std::ops::Deref;

use crate::{
    AverageShape, Axis, ConvShape, PoolShape,
    misfit::{Misfit, count},
};

/// A shape whose arithmetic holds and for which there are kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked<S>(S);

impl<S> Deref for Checked<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl TryFrom<ConvShape> for Checked<ConvShape> {
    type Error = Misfit;

    fn try_from(shape: ConvShape) -> Result<Self, Misfit> {
        /// Values beside the patches of an image: a group of images is at most so much wider than one.
        const GROUP: usize = 512;
        /// How many times the largest of the buffers that are counted here a kernel may need.
        const BUFFERS: usize = 64;
        let ConvShape { batch, channels_in, channels_out, groups, rows, columns } = shape;
        let (rows, columns) = (rows.checked()?, columns.checked()?);
        if [batch, channels_in, channels_out].contains(&0) {
            return Err(Misfit::Empty);
        }
        if groups != 1 && (groups != channels_in || channels_out % groups != 0) {
            return Err(Misfit::Mixed);
        }
        count([batch, channels_in, rows.input, columns.input])?;
        let plane = count([rows.output, columns.output])?;
        count([batch, channels_out, plane])?;
        let patch = count([channels_in / groups, rows.kernel, columns.kernel])?;
        count([channels_out, patch])?;
        count([BUFFERS, patch.max(channels_out), plane + GROUP])?;
        Ok(Self(ConvShape { rows, columns, ..shape }))
    }
}

impl TryFrom<PoolShape> for Checked<PoolShape> {
    type Error = Misfit;

    fn try_from(shape: PoolShape) -> Result<Self, Misfit> {
        let (rows, columns) = (shape.rows.checked()?, shape.columns.checked()?);
        if shape.planes == 0 {
            return Err(Misfit::Empty);
        }
        if [rows, columns].iter().any(|axis: &Axis| axis.dilation != 1 || !axis.always_inside()) {
            return Err(Misfit::Window);
        }
        let plane = count([rows.input, columns.input])?;
        count([shape.planes, plane])?;
        count([shape.planes, rows.output, columns.output])?;
        // The backward pass notes where a maximum was in 32 bits.
        u32::try_from(plane).map_err(|_| Misfit::Plane)?;
        Ok(Self(PoolShape { rows, columns, ..shape }))
    }
}

impl TryFrom<AverageShape> for Checked<AverageShape> {
    type Error = Misfit;

    fn try_from(shape: AverageShape) -> Result<Self, Misfit> {
        let AverageShape { planes, input, output } = shape;
        if [planes, input[0], input[1], output[0], output[1]].contains(&0) {
            return Err(Misfit::Empty);
        }
        count([planes, input[0], input[1]])?;
        count([planes, output[0], output[1]])?;
        for axis in 0..2 {
            count([input[axis], output[axis]])?;
        }
        Ok(Self(shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIS: Axis = Axis { input: 5, output: 3, kernel: 3, stride: 2, padding: 1, dilation: 1 };
    const CONV: ConvShape =
        ConvShape { batch: 2, channels_in: 3, channels_out: 6, groups: 1, rows: AXIS, columns: AXIS };
    const POOL: PoolShape = PoolShape { planes: 2, rows: AXIS, columns: AXIS };
    const AVERAGE: AverageShape = AverageShape { planes: 2, input: [5, 4], output: [2, 7] };

    fn conv(shape: ConvShape) -> Result<(), Misfit> {
        Checked::try_from(shape).map(|_| ())
    }

    #[test]
    fn convolutions() {
        let long = Axis { input: 1 << 32, output: 1 << 32, kernel: 1, stride: 1, padding: 0, dilation: 1 };
        assert_eq!(conv(CONV), Ok(()));
        assert_eq!(conv(ConvShape { groups: 3, ..CONV }), Ok(()));
        for groups in [0, 2, 6, usize::MAX] {
            assert_eq!(conv(ConvShape { groups, ..CONV }), Err(Misfit::Mixed), "{groups}");
        }
        assert_eq!(conv(ConvShape { groups: 3, channels_out: 7, ..CONV }), Err(Misfit::Mixed));
        assert_eq!(conv(ConvShape { batch: 0, ..CONV }), Err(Misfit::Empty));
        assert_eq!(conv(ConvShape { rows: Axis { output: 0, ..AXIS }, ..CONV }), Err(Misfit::Empty));
        assert_eq!(conv(ConvShape { batch: usize::MAX, ..CONV }), Err(Misfit::Overflow));
        assert_eq!(conv(ConvShape { rows: long, columns: long, ..CONV }), Err(Misfit::Overflow));
        // The output fits, the matrix of patches does not.
        let (rows, columns) = (Axis { kernel: 1 << 20, ..long }, Axis { kernel: 1 << 20, ..AXIS });
        assert_eq!(conv(ConvShape { rows, columns, ..CONV }), Err(Misfit::Overflow));
    }

    #[test]
    fn pools() {
        let pool = |rows: Axis| Checked::try_from(PoolShape { rows, ..POOL }).map(|_| ());
        assert_eq!(pool(AXIS), Ok(()));
        assert_eq!(pool(Axis { dilation: 2, ..AXIS }), Err(Misfit::Window));
        assert_eq!(pool(Axis { padding: 3, ..AXIS }), Err(Misfit::Window));
        assert_eq!(pool(Axis { output: 4, ..AXIS }), Err(Misfit::Window));
        assert_eq!(pool(Axis { input: 1 << 31, output: 1, ..AXIS }), Err(Misfit::Plane));
        assert_eq!(Checked::try_from(PoolShape { planes: 0, ..POOL }), Err(Misfit::Empty));
    }

    #[test]
    fn averages() {
        assert!(Checked::try_from(AVERAGE).is_ok());
        assert_eq!(Checked::try_from(AverageShape { output: [0, 1], ..AVERAGE }), Err(Misfit::Empty));
        assert_eq!(Checked::try_from(AverageShape { output: [1 << 40; 2], ..AVERAGE }), Err(Misfit::Overflow));
        assert_eq!(Checked::try_from(AverageShape { planes: 1 << 60, ..AVERAGE }), Err(Misfit::Overflow));
    }
}
