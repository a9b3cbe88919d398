//! Products of strided matrices, on one thread.

/// A matrix in a slice.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// `rows × columns`, row after row.
    pub(crate) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        let fits = rows.checked_mul(columns).is_some_and(|values| values <= data.len());
        assert!(fits, "a {rows} × {columns} matrix in {} values", data.len());
        Self { data, rows, columns, row_step: columns, column_step: 1 }
    }

    pub(crate) fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row_step: self.column_step, column_step: self.row_step, ..self }
    }
}

/// out = a·b, or out + a·b; `out` is row after row.
pub(crate) fn multiply(out: &mut [f32], add: bool, a: Matrix<'_>, b: Matrix<'_>) {
    let fits = a.columns == b.rows && a.rows.checked_mul(b.columns) == Some(out.len());
    assert!(fits, "shapes of a matrix product");
    // SAFETY: `Matrix::new` has checked that every element of a and b lies inside its slice (a transposition visits the
    // same elements), the line above the same of `out`, which nothing else borrows.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            add,
            a.data.as_ptr(),
            a.column_step as isize,
            a.row_step as isize,
            b.data.as_ptr(),
            b.column_step as isize,
            b.row_step as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_transposed_matrices() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, 1.0, 1.0, 3.0]);
        let mut out = [10.0; 4];
        multiply(&mut out, false, Matrix::new(&a, 2, 3), Matrix::new(&b, 3, 2));
        assert_eq!(out, [8.0, 11.0, 20.0, 23.0]);
        multiply(&mut out, true, Matrix::new(&a, 2, 3), Matrix::new(&b, 2, 3).transposed());
        assert_eq!(out, [8.0 + 7.0, 11.0 + 12.0, 20.0 + 16.0, 23.0 + 27.0]);
    }
}
