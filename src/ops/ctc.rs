//! Connectionist temporal classification.

use super::compute_dtype;
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_many};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::ctc::{Scores, gradient, likelihood};
use crate::kernels::parallel;
use smallvec::smallvec;
use std::sync::Arc;

/// The sequences of a batch.
#[derive(Clone, Debug)]
pub struct Sequences {
    /// The labels of each.
    pub labels: Vec<Vec<usize>>,
    /// The steps of each.
    pub lengths: Vec<usize>,
    /// The class that stands for no label.
    pub blank: usize,
    /// Whether impossible sequences have no gradient rather than one that is no number.
    pub zero_infinity: bool,
}

/// The negative log-likelihoods `[n]` of sequences of labels for log-probabilities `[t, n, c]`. The gradient is that for
/// scores whose log-softmax these are, and has no derivative, as in PyTorch.
///
/// # Errors
/// `RuntimeError` where sizes, classes or the dtype do not fit.
pub fn ctc_loss(scores: &Tensor, sequences: Sequences) -> Result<Tensor> {
    let shape = scores.shape();
    crate::ensure!(
        scores.dtype().is_float(),
        NotImplemented,
        "\"ctc_loss_cpu\" not implemented for '{}'",
        scores.dtype().type_name()
    );
    crate::ensure!(
        shape.len() == 3 && sequences.labels.len() == shape[1] && sequences.lengths.len() == shape[1],
        Runtime,
        "ctc_loss: expected log_probs of shape (T, N, C) and N lengths of inputs and targets, got {:?}, {} and {}",
        shape.as_slice(),
        sequences.lengths.len(),
        sequences.labels.len()
    );
    crate::ensure!(sequences.blank < shape[2], Runtime, "blank must be in label range");
    crate::ensure!(
        sequences.lengths.iter().all(|&length| length <= shape[0]),
        Runtime,
        "Expected input_lengths to have value at most {}",
        shape[0]
    );
    crate::ensure!(
        sequences.labels.iter().flatten().all(|&label| label < shape[2]),
        Runtime,
        "ctc_loss: expected targets from 0 to {}, got another one",
        shape[2] as isize - 1
    );
    Ok(apply_many(CtcLoss { sequences: Arc::new(sequences) }, &[scores])?.swap_remove(0))
}

/// Numbers that the beginnings of the alignments of one sequence take.
fn room(sequences: &Sequences, time: usize) -> usize {
    let longest = sequences.labels.iter().map(Vec::len).max().unwrap_or(0);
    time * (2 * longest + 1)
}

/// Outputs: losses, and likelihoods of the beginnings of alignments.
#[derive(Debug)]
struct CtcLoss {
    sequences: Arc<Sequences>,
}

impl Op for CtcLoss {
    fn name(&self) -> &'static str {
        "ctc_loss"
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let x = inputs[0].contiguous()?.to_dtype(dtype)?;
        let &[time, batch, classes] = x.shape() else { unreachable!("three axes") };
        let each = room(&self.sequences, time);
        let (losses, alpha) = (Array::empty(&[batch], dtype)?, Array::zeros(&[batch, each], dtype)?);
        let sequences = &*self.sequences;
        dispatch_float!(dtype, T => {
            let values = x.slice::<T>();
            let (losses, alpha) = ((losses.slice_mut::<T>(), 1), (alpha.slice_mut::<T>(), each));
            parallel::for_each_chunk_pair(losses, alpha, 32 * each, |n, loss, alpha| {
                let first = (n * classes).min(values.len());
                let scores = Scores { values: &values[first..], stride: batch * classes, time: sequences.lengths[n] };
                loss[0] = likelihood(scores, &sequences.labels[n], sequences.blank, alpha);
            });
        }, else unreachable!("a float type"));
        Ok(smallvec![losses.to_dtype(result)?, alpha])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0, 1]))
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let op = CtcGradient { sequences: self.sequences.clone() };
        Ok(smallvec![Some(apply(op, &[g, &cx.input(0)?, &cx.output(0)?, &cx.output(1)?])?)])
    }
}

/// Inputs: the gradient of the losses, log-probabilities, losses, likelihoods of the beginnings.
#[derive(Debug)]
struct CtcGradient {
    sequences: Arc<Sequences>,
}

impl Op for CtcGradient {
    fn name(&self) -> &'static str {
        "ctc_loss_backward"
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[1].dtype();
        let dtype = compute_dtype(result);
        let ready = |array: &Array| array.contiguous()?.to_dtype(dtype);
        let (g, x) = (ready(inputs[0])?, ready(inputs[1])?);
        let (losses, alpha) = (ready(inputs[2])?, ready(inputs[3])?);
        let &[time, batch, classes] = x.shape() else { unreachable!("three axes") };
        let each = room(&self.sequences, time);
        // Sequence by sequence, then turned into the order of the scores.
        let out = Array::zeros(&[batch, time, classes], dtype)?;
        let sequences = &*self.sequences;
        dispatch_float!(dtype, T => {
            let (values, g, losses, alpha) = (x.slice::<T>(), g.slice::<T>(), losses.slice::<T>(), alpha.slice::<T>());
            parallel::for_each_chunk_mut(out.slice_mut::<T>(), time * classes, 64, |n, out| {
                if sequences.zero_infinity && losses[n] == T::INFINITY {
                    return;
                }
                let own: Vec<T> = (0..sequences.lengths[n])
                    .flat_map(|t| values[(t * batch + n) * classes..][..classes].iter().copied())
                    .collect();
                let scores = Scores { values: &own, stride: classes, time: sequences.lengths[n] };
                let labels = (sequences.labels[n].as_slice(), sequences.blank);
                gradient(scores, labels, (&alpha[n * each..], losses[n]), g[n], classes, out);
            });
        }, else unreachable!("a float type"));
        let turned = out.map_layout(|layout| layout.permute(&[1, 0, 2]));
        Ok(smallvec![turned.copy_contiguous()?.to_dtype(result)?])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(Runtime, "derivative for aten::_ctc_loss_backward is not implemented")
    }
}
