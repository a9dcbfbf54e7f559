//! A tensor's `.grad` and the hooks on it.

use super::Tensor;
use crate::autograd::hooks::{HookTable, PostAccumulateHook, TensorHook};
use crate::error::Result;
use std::any::Any;
use std::sync::Arc;

impl Tensor {
    /// What `.grad` holds.
    pub fn grad(&self) -> Option<Tensor> {
        self.0.state.lock().rare().and_then(|rare| rare.grad.clone())
    }

    /// Sets or clears `.grad`.
    pub fn set_grad(&self, grad: Option<Tensor>) {
        let mut state = self.0.state.lock();
        let old = match (&mut state.rare, grad) {
            (None, None) => None,
            (_, grad) => std::mem::replace(&mut state.rare_mut().grad, grad),
        };
        drop(state);
        // Dropped outside of the lock: it may be the last handle of a graph.
        drop(old);
    }

    /// The table of hooks on its gradient.
    ///
    /// # Errors
    /// `RuntimeError` if it requires no gradient.
    pub fn hooks(&self) -> Result<Arc<HookTable<TensorHook>>> {
        crate::ensure!(
            self.requires_grad(),
            Runtime,
            "cannot register a hook on a tensor that doesn't require gradient"
        );
        if let Some(edge) = self.grad_fn() {
            return Ok(edge.node.tensor_hooks(edge.index));
        }
        Ok(self.0.state.lock().rare_mut().hooks.get_or_insert_default().clone())
    }

    pub(in crate::autograd) fn leaf_hooks(&self) -> Option<Arc<HookTable<TensorHook>>> {
        self.0.state.lock().rare().and_then(|rare| rare.hooks.clone())
    }

    /// The table of hooks that run when `.grad` has been added to.
    ///
    /// # Errors
    /// `RuntimeError` for a tensor that is no leaf or requires no gradient.
    pub fn post_accumulate_hooks(&self) -> Result<Arc<HookTable<PostAccumulateHook>>> {
        crate::ensure!(
            self.requires_grad(),
            Runtime,
            "cannot register a hook on a tensor that doesn't require gradient"
        );
        crate::ensure!(self.is_leaf(), Runtime, "post accumulate grad hooks cannot be registered on non-leaf tensors");
        Ok(self.0.state.lock().rare_mut().post_hooks.get_or_insert_default().clone())
    }

    pub(in crate::autograd) fn leaf_post_hooks(&self) -> Option<Arc<HookTable<PostAccumulateHook>>> {
        self.0.state.lock().rare().and_then(|rare| rare.post_hooks.clone())
    }

    /// Looks at what the hooks on a leaf keep alive, if this is the only handle of the tensor: then whoever drops it drops
    /// them. The same of the step that computed it, if nobody else holds that. Of a tensor in use it sees nothing.
    ///
    /// # Errors
    /// The first one of `look`.
    pub fn try_for_held<E>(
        &self,
        look: &mut dyn FnMut(&(dyn Any + Send + Sync)) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let Some(state) = self.0.state.try_lock().filter(|_| self.handles() == 1) else { return Ok(()) };
        if let Some(edge) = state.grad_fn.as_ref().filter(|edge| Arc::strong_count(&edge.node) == 1) {
            edge.node.try_for_held(look)?;
        }
        let Some(rare) = state.rare() else { return Ok(()) };
        if let Some(hooks) = &rare.hooks {
            hooks.try_for_held(look)?;
        }
        rare.post_hooks.as_ref().map_or(Ok(()), |hooks| hooks.try_for_held(look))
    }

    /// Removes the hooks on a leaf, if this is the only handle of the tensor, and those on its step, if nobody else holds that.
    pub fn clear_hooks(&self) {
        if self.handles() > 1 {
            return;
        }
        let (hooks, post_hooks) = (self.leaf_hooks(), self.leaf_post_hooks());
        let edge = self.0.state.lock().grad_fn.clone();
        // One is the tensor's own, the other one is at hand.
        if let Some(edge) = edge.filter(|edge| Arc::strong_count(&edge.node) == 2) {
            edge.node.clear_hooks();
        }
        hooks.into_iter().for_each(|hooks| hooks.clear());
        post_hooks.into_iter().for_each(|hooks| hooks.clear());
    }

    /// Keeps the gradient of a result in its `.grad`, as leaves do.
    ///
    /// # Errors
    /// `RuntimeError` if it requires no gradient.
    pub fn retain_grad(&self) -> Result<()> {
        crate::ensure!(self.requires_grad(), Runtime, "can't retain_grad on Tensor that has requires_grad=False");
        let Some(edge) = self.grad_fn() else { return Ok(()) };
        let mut state = self.0.state.lock();
        if !state.retains_grad() {
            state.rare_mut().retains_grad = true;
            edge.node.with_hooks(|h| h.retain.push((edge.index, self.downgrade())));
        }
        Ok(())
    }

    /// Whether [`Tensor::retain_grad`] was called.
    pub fn retains_grad(&self) -> bool {
        self.0.state.lock().retains_grad()
    }
}
