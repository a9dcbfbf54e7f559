//! The end of a path: a leaf's `.grad`.

use super::hooks::run_tensor_hooks;
use super::node::{GradFn, Node};
use super::{Grads, Tensor, arithmetic, mode};
use crate::error::Result;
use crate::shape::Bracketed;
use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

/// Adds what comes to the leaf's `.grad`.
pub struct AccumulateGrad {
    leaf: Tensor,
}

impl AccumulateGrad {
    pub(super) fn new(leaf: Tensor) -> Self {
        AccumulateGrad { leaf }
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

    fn accumulate(&self, grad: Tensor) -> Result<()> {
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
            None if mode::grad_enabled() => grad,
            // Nobody else holds this gradient: it becomes `.grad` as it is.
            None if grad.handles() == 1 && grad.with_array(|a| a.is_unique() && a.layout().is_dense()) => grad.detach(),
            None => Tensor::new(grad.array().copy_contiguous()?),
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
