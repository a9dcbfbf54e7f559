//! The end of a path: a leaf's `.grad`.

use super::hooks::run_tensor_hooks;
use super::node::{GradFn, Node};
use super::{Grads, Tensor, arithmetic, mode};
use crate::array::Array;
use crate::error::Result;
use crate::shape::{Bracketed, Layout};
use parking_lot::Mutex;
use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

/// Adds what comes to the leaf's `.grad`.
pub struct AccumulateGrad {
    leaf: Tensor,
    /// Held while a gradient is added: backward passes of several threads may end at one leaf.
    adding: Mutex<()>,
}

impl AccumulateGrad {
    pub(super) fn new(leaf: Tensor) -> Self {
        AccumulateGrad { leaf, adding: Mutex::new(()) }
    }

    /// The leaf.
    pub fn leaf(&self) -> &Tensor {
        &self.leaf
    }

    /// The gradient after the leaf's hooks, which also see it when gradients are only captured.
    pub(super) fn hooked(&self, grad: Tensor) -> Result<Tensor> {
        match self.leaf.leaf_hooks() {
            Some(table) if !table.is_empty() => run_tensor_hooks(&table, grad),
            _ => Ok(grad),
        }
    }

    /// How `.grad` lies in memory, as in PyTorch: like the leaf where that has no gaps, else in row-major order. An
    /// optimiser then walks both in one order.
    fn layout(&self) -> Layout {
        self.leaf.with_array(|a| match a.layout().is_dense() {
            true => a.layout().dense_like(),
            false => Layout::contiguous(a.shape()),
        })
    }

    /// Whether a gradient lies as `.grad` should.
    fn suits(&self, grad: &Layout) -> bool {
        let wanted = self.layout();
        let mut axes = grad.shape.iter().zip(grad.strides.iter().zip(&wanted.strides));
        axes.all(|(&size, (given, wanted))| size == 1 || given == wanted)
    }

    fn accumulate(&self, grad: Tensor) -> Result<()> {
        let _adding = self.adding.lock();
        let old = self.leaf.grad();
        // `.data = ...` may have changed the leaf since the old gradient came.
        let grad = match &old {
            Some(old) if old.dtype() != grad.dtype() => arithmetic::cast(&grad, old.dtype())?,
            _ => grad,
        };
        if let Some(old) = &old {
            crate::ensure!(
                old.shape() == grad.shape(),
                Runtime,
                "backward: expected a gradient of the shape {} of the leaf's present .grad, got {}",
                Bracketed(&old.shape()),
                Bracketed(&grad.shape())
            );
        }
        let sum = match old {
            // `.grad` is recorded, and yet nobody else's.
            None if mode::grad_enabled() => arithmetic::copy(&grad, self.layout())?,
            // Nobody else holds this gradient: it becomes `.grad` as it is.
            None if grad.handles() == 1 && grad.with_array(|a| a.is_unique() && self.suits(a.layout())) => {
                grad.detach()
            }
            None => {
                let own = Array::empty_layout(self.layout(), grad.dtype())?;
                own.copy_from(&grad.array())?;
                Tensor::new(own)
            }
            Some(old) if mode::grad_enabled() => arithmetic::add(&old, &grad)?,
            Some(old) => {
                old.with_array(|a| arithmetic::add_into(a, &grad.array()))?;
                old.bump_version();
                return Ok(());
            }
        };
        self.leaf.set_grad(Some(sum));
        Ok(())
    }
}

impl GradFn for AccumulateGrad {
    fn name(&self) -> Cow<'static, str> {
        "AccumulateGrad".into()
    }

    fn backward(&self, _: &Arc<Node>, mut grads: Grads) -> Result<Grads> {
        if let Some(grad) = grads[0].take() {
            let grad = self.hooked(grad)?;
            self.accumulate(grad)?;
            if let Some(table) = self.leaf.leaf_post_hooks() {
                for hook in table.snapshot() {
                    hook(&self.leaf)?;
                }
            }
        }
        Ok(Grads::new())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
