//! What a tensor is beside its array: its place in the graph, and the tensor that it is a view of.

use super::Tensor;
use crate::autograd::hooks::{HookTable, PostAccumulateHook, TensorHook};
use crate::autograd::node::{Edge, Node};
use std::sync::{Arc, Weak};

/// What a tensor is in the graph. A model saved or copied makes thousands of tensors that stand outside of it, so this is
/// kept small.
#[derive(Default)]
pub(super) struct State {
    pub grad_fn: Option<Edge>,
    /// The version for which `grad_fn` of a view holds.
    pub view_version: u32,
    pub rare: Option<Box<Rare>>,
}

/// What most tensors do not have: trained leaves do, and those that hooks were put on.
#[derive(Default)]
pub(super) struct Rare {
    pub accumulator: Option<Weak<Node>>,
    pub grad: Option<Tensor>,
    pub hooks: Option<Arc<HookTable<TensorHook>>>,
    pub post_hooks: Option<Arc<HookTable<PostAccumulateHook>>>,
    pub retains_grad: bool,
}

impl State {
    pub fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// The rare parts, made if there are none.
    pub fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub fn retains_grad(&self) -> bool {
        self.rare().is_some_and(|rare| rare.retains_grad)
    }
}

pub(super) struct ViewOf {
    pub base: Tensor,
    pub creation: CreationMeta,
}

/// How a view came to be; in-place operations on some kinds are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreationMeta {
    /// By a recorded operation with one output.
    Default,
    /// By an operation with several outputs (`unbind`, `split`, `chunk`).
    MultipleOutputs,
    /// While recording was off.
    NoGrad,
    /// In inference mode.
    Inference,
    /// By a custom function.
    CustomFunction,
}
