//! Which axes a reduction removes.

use crate::error::Result;
use crate::shape::{Dims, normalize_axes, normalize_axis};
use smallvec::SmallVec;

/// The axes that a reduction removes, and whether they stay with size 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    mask: SmallVec<[bool; 8]>,
    keepdim: bool,
    all: bool,
}

impl Axes {
    /// Every axis.
    pub fn all(ndim: usize, keepdim: bool) -> Self {
        Axes { mask: SmallVec::from_elem(true, ndim), keepdim, all: true }
    }

    /// No axis: each element is its own result.
    pub fn none(ndim: usize) -> Self {
        Axes { mask: SmallVec::from_elem(false, ndim), keepdim: false, all: false }
    }

    /// One axis.
    ///
    /// # Errors
    /// `IndexError` for an axis that is not there.
    pub fn one(dim: isize, ndim: usize, keepdim: bool) -> Result<Self> {
        let axis = normalize_axis(dim, ndim)?;
        Ok(Axes { mask: (0..ndim).map(|a| a == axis).collect(), keepdim, all: false })
    }

    /// These axes; all of them if none is given.
    ///
    /// # Errors
    /// `IndexError` for an axis that is not there, `RuntimeError` for one named twice.
    pub fn new(op: &str, dims: Option<&[isize]>, ndim: usize, keepdim: bool) -> Result<Self> {
        match dims {
            None | Some([]) => Ok(Self::all(ndim, keepdim)),
            Some(dims) => Ok(Axes { mask: normalize_axes(op, dims, ndim)?, keepdim, all: false }),
        }
    }

    /// Which axes go.
    pub fn mask(&self) -> &[bool] {
        &self.mask
    }

    /// Whether no axis was named, so that all go.
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// The shape of the result.
    pub fn output_shape(&self, shape: &[usize]) -> Dims {
        let sizes = shape.iter().zip(&self.mask);
        if self.keepdim {
            sizes.map(|(&size, &gone)| if gone { 1 } else { size }).collect()
        } else {
            sizes.filter(|(_, gone)| !**gone).map(|(&size, _)| size).collect()
        }
    }

    /// How many elements become one.
    pub fn count(&self, shape: &[usize]) -> usize {
        shape.iter().zip(&self.mask).filter(|(_, gone)| **gone).map(|(&size, _)| size).product()
    }

    /// The same axes, kept with size 1.
    pub fn kept(&self) -> Self {
        Axes { keepdim: true, ..self.clone() }
    }

    /// Whether the axes stay with size 1.
    pub fn keepdim(&self) -> bool {
        self.keepdim
    }

    /// Checks that there is something to choose from, for reductions without an identity.
    ///
    /// # Errors
    /// `IndexError` naming the first axis of size zero; `RuntimeError` where all axes go.
    pub fn check_not_empty(&self, op: &str, shape: &[usize]) -> Result<()> {
        if self.all {
            crate::ensure!(
                !shape.contains(&0),
                Runtime,
                "{op}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with \
                 the 'dim' argument."
            );
            return Ok(());
        }
        let empty = (0..shape.len()).find(|&axis| self.mask[axis] && shape[axis] == 0);
        crate::ensure!(
            empty.is_none(),
            Index,
            "{op}(): Expected reduction dim {} to have non-zero size.",
            empty.unwrap_or_default()
        );
        Ok(())
    }
}
