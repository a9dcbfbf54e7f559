//! Values that a step keeps for its gradient. Each remembers the version of its memory, so that a later in-place change
//! is an error instead of a wrong gradient.

use super::node::{Edge, Node, short_name};
use super::saved_hooks::{Packed, packed};
use super::tensor::Tensor;
use crate::array::{Array, DType};
use crate::error::Result;
use crate::shape::Dims;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A value kept for backward. It never keeps the step alive that keeps it.
pub struct SavedTensor {
    value: Value,
    counter: Arc<AtomicU32>,
    version: u32,
}

enum Value {
    /// A leaf that requires a gradient: the tensor itself, whose accumulation must be found again.
    Leaf(Tensor),
    /// Any other input: its array and its place in the graph at that time.
    Input(Array, Option<Edge>),
    /// A result of the step itself, by number.
    Output(Array, usize),
    /// In the user's form, with its place in the graph.
    Packed(Box<dyn Packed>, Place),
}

/// Where in the graph an unpacked value belongs.
enum Place {
    Input(Option<Edge>),
    Output(usize),
}

impl SavedTensor {
    /// Keeps an input.
    ///
    /// # Errors
    /// `RuntimeError` for inference tensors.
    pub fn input(tensor: &Tensor) -> Result<Self> {
        Self::refuse_inference(tensor)?;
        if let Some(packed) = packed(|| tensor.detach())? {
            return Ok(Self::with(Value::Packed(packed, Place::Input(tensor.gradient_edge())), tensor));
        }
        let value = match tensor.requires_grad() {
            true => match tensor.grad_fn() {
                Some(edge) => Value::Input(tensor.array(), Some(edge)),
                None => Value::Leaf(tensor.clone()),
            },
            false => Value::Input(tensor.array(), None),
        };
        Ok(Self::with(value, tensor))
    }

    /// Keeps an input that is about to be overwritten, as it is now.
    pub(super) fn copied(tensor: &Tensor) -> Result<Self> {
        Self::refuse_inference(tensor)?;
        let edge = tensor.gradient_edge();
        let copy = tensor.array().copy_contiguous()?;
        let value = match packed(|| Tensor::new(copy.clone()))? {
            Some(packed) => Value::Packed(packed, Place::Input(edge)),
            None => Value::Input(copy, edge),
        };
        Ok(SavedTensor { value, counter: Arc::default(), version: 0 })
    }

    /// Keeps an output of the step that keeps it.
    ///
    /// # Errors
    /// Whatever hooks on saving fail with.
    pub fn output(tensor: &Tensor, index: usize) -> Result<Self> {
        let value = match packed(|| tensor.detach())? {
            Some(packed) => Value::Packed(packed, Place::Output(index)),
            None => Value::Output(tensor.array(), index),
        };
        Ok(Self::with(value, tensor))
    }

    fn with(value: Value, tensor: &Tensor) -> Self {
        SavedTensor { value, counter: tensor.version_counter().clone(), version: tensor.version() }
    }

    fn refuse_inference(tensor: &Tensor) -> Result<()> {
        crate::ensure!(
            !tensor.is_inference(),
            Runtime,
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in \
             computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in \
             autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
        );
        Ok(())
    }

    /// The value, in its place in the graph.
    ///
    /// # Errors
    /// `RuntimeError` if its memory was changed in place since.
    pub fn unpack(&self, node: &Arc<Node>) -> Result<Tensor> {
        if let Value::Packed(packed, place) = &self.value {
            // What the hooks did with the memory is theirs: there is no version to compare.
            let value = packed.unpack()?;
            let edge = match place {
                Place::Input(edge) => edge.clone(),
                Place::Output(index) => Some(Edge { node: node.clone(), index: *index }),
            };
            return Ok(Tensor::from_saved(value.array(), value.version_counter().clone(), edge));
        }
        let now = self.counter.load(Ordering::Acquire);
        if now != self.version {
            let (dtype, shape, what) = match &self.value {
                Value::Leaf(t) => (t.dtype(), t.shape(), String::new()),
                Value::Input(a, edge) => {
                    (a.dtype(), a.dims(), edge.as_ref().map_or(String::new(), |e| describe(&e.node, e.index)))
                }
                Value::Output(a, index) => (a.dtype(), a.dims(), describe(node, *index)),
                Value::Packed(..) => unreachable!("unpacked above"),
            };
            crate::bail!(
                Runtime,
                "one of the variables needed for gradient computation has been modified by an inplace operation: \
                 [torch.{}Tensor {:?}]{what} is at version {now}; expected version {} instead. Hint: the backtrace is not \
                 recorded; look for in-place operations on this tensor after its use in {}.",
                dtype.type_name(),
                shape.as_slice(),
                self.version,
                node.name()
            );
        }
        Ok(match &self.value {
            Value::Leaf(tensor) => tensor.clone(),
            Value::Input(array, edge) => Tensor::from_saved(array.clone(), self.counter.clone(), edge.clone()),
            Value::Output(array, index) => {
                let edge = Edge { node: node.clone(), index: *index };
                Tensor::from_saved(array.clone(), self.counter.clone(), Some(edge))
            }
            Value::Packed(..) => unreachable!("unpacked above"),
        })
    }
}

fn describe(node: &Node, index: usize) -> String {
    format!(", which is output {index} of {},", short_name(&node.name()))
}

/// What a gradient function may ask for.
pub struct Context<'a> {
    pub(super) node: &'a Arc<Node>,
    pub(super) inputs: &'a [Option<SavedTensor>],
    pub(super) outputs: &'a [Option<SavedTensor>],
    pub(super) metas: &'a [(Dims, DType)],
    /// Inputs that are none of this walk's business, a bit for each of the first 64.
    pub(super) unwanted: u64,
}

impl Context<'_> {
    /// A saved input.
    ///
    /// # Errors
    /// `RuntimeError` if it was changed in place.
    ///
    /// # Panics
    /// If the operation did not ask to save it: a mistake in the operation.
    pub fn input(&self, index: usize) -> Result<Tensor> {
        self.inputs[index]
            .as_ref()
            .unwrap_or_else(|| panic!("{}: input {index} not saved", self.node.name()))
            .unpack(self.node)
    }

    /// A saved output; errors and panics as for [`Context::input`].
    pub fn output(&self, index: usize) -> Result<Tensor> {
        self.outputs[index]
            .as_ref()
            .unwrap_or_else(|| panic!("{}: output {index} not saved", self.node.name()))
            .unpack(self.node)
    }

    /// Whether the gradient of an input is wanted.
    #[inline]
    pub fn needs(&self, index: usize) -> bool {
        self.node.edges()[index].is_some() && (index >= 64 || self.unwanted >> index & 1 == 0)
    }

    /// Which gradients are wanted.
    pub fn all_needs(&self) -> SmallVec<[bool; 4]> {
        (0..self.node.edges().len()).map(|index| self.needs(index)).collect()
    }

    /// The number of inputs.
    pub fn len(&self) -> usize {
        self.metas.len()
    }

    /// Whether there is no input.
    pub fn is_empty(&self) -> bool {
        self.metas.is_empty()
    }

    /// The shape of an input, saved or not.
    pub fn shape(&self, index: usize) -> &[usize] {
        &self.metas[index].0
    }

    /// The dtype of an input, saved or not.
    pub fn dtype(&self, index: usize) -> DType {
        self.metas[index].1
    }

    /// The shape of an output.
    pub fn output_shape(&self, index: usize) -> &[usize] {
        &self.node.outputs()[index].shape
    }
}
