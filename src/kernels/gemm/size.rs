//! The size of a product.

/// Rows and columns of the output and the depth of the sums.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Rows of the left operand and the output.
    pub rows: usize,
    /// Columns of the right operand and the output.
    pub columns: usize,
    /// Columns of the left and rows of the right operand.
    pub depth: usize,
}

impl Size {
    /// Multiply-adds of the product.
    pub fn work(self) -> usize {
        self.rows.saturating_mul(self.columns).saturating_mul(self.depth)
    }
}
