//! Steps of optimizers over many parameters at once.
//!
//! Parameters whose memory is plain (contiguous, of one of the two real types, apart from each other) are moved in one pass of
//! [`crate::kernels::optimize`]; the others one by one by tensor operations. Call these while recording is off.

use super::binary::{self, Value};
use super::{ternary, unary};
use crate::array::{Array, DType, Element, Scalar};
use crate::autograd::{Tensor, check_writable, is_traced};
use crate::error::Result;
use crate::kernels::float::Real;
use crate::kernels::{optimize as kernels, parallel};

/// Elements that one task moves.
const CHUNK: usize = 16 << 10;

/// A parameter, its gradient, and what the optimizer remembers of it, up to three tensors of its shape.
#[derive(Clone, Copy)]
pub struct Slot<'a> {
    /// What is moved.
    pub param: &'a Tensor,
    /// Where it would rise.
    pub grad: &'a Tensor,
    /// What is remembered.
    pub state: [Option<&'a Tensor>; 3],
}

/// Options of [`sgd`], as PyTorch names them.
#[derive(Clone, Copy, Debug)]
pub struct SgdOptions {
    /// Learning rate.
    pub lr: f64,
    /// The share of the last direction that is kept.
    pub momentum: f64,
    /// The share of the gradient that is left out of the direction.
    pub dampening: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Looks ahead along the direction.
    pub nesterov: bool,
    /// Climbs instead of descending.
    pub maximize: bool,
}

/// Options of [`adam`], as PyTorch names them.
#[derive(Clone, Copy, Debug)]
pub struct AdamOptions {
    /// Learning rate.
    pub lr: f64,
    /// Whether that is a single-precision number, with which PyTorch goes on in single precision.
    pub single: bool,
    /// Decay rates of both averages.
    pub betas: (f64, f64),
    /// Keeps the denominator from zero.
    pub eps: f64,
    /// L2 penalty, or with `decoupled` the share of the parameters that is taken off, per unit of the learning rate.
    pub weight_decay: f64,
    /// Takes the decay off the parameters instead of adding it to the gradient.
    pub decoupled: bool,
    /// Climbs instead of descending.
    pub maximize: bool,
}

/// Moves parameters by stochastic gradient descent. `state[0]` is the momentum buffer, if there is one yet.
///
/// Returns the momentum buffers, new ones where there were none; nothing without momentum.
///
/// # Errors
/// As in-place operations on the parameters.
pub fn sgd(slots: &[Slot<'_>], options: SgdOptions) -> Result<Vec<Tensor>> {
    let fresh = slots.iter().map(|slot| match slot.state[0] {
        _ if options.momentum == 0.0 => Ok(None),
        Some(_) => Ok(None),
        None => slot.grad.with_array(|g| Array::empty(g.shape(), g.dtype())).map(|array| Some(Tensor::new(array))),
    });
    let fresh: Vec<Option<Tensor>> = fresh.collect::<Result<_>>()?;
    let all: Vec<Slot<'_>> = slots
        .iter()
        .zip(&fresh)
        .map(|(slot, fresh)| Slot { state: [slot.state[0].or(fresh.as_ref()), None, None], ..*slot })
        .collect();
    let plain = plain(&all, usize::from(options.momentum != 0.0))?;
    run(&all, &plain, |chunk| match chunk {
        Chunk::F32(number, lines) => sgd_chunk(lines, options, fresh[number].is_some()),
        Chunk::F64(number, lines) => sgd_chunk(lines, options, fresh[number].is_some()),
    });
    for ((slot, fresh), _) in all.iter().zip(&fresh).zip(&plain).filter(|(_, plain)| !**plain) {
        sgd_by_operations(slot, fresh.is_some(), options)?;
    }
    Ok(all.iter().filter_map(|slot| slot.state[0].cloned()).collect())
}

/// Moves parameters by Adam. State: both averages, and the largest second average for amsgrad. `steps` counts from one.
///
/// # Errors
/// As in-place operations on the parameters.
pub fn adam(slots: &[Slot<'_>], steps: &[f64], options: AdamOptions) -> Result<()> {
    let plain = plain(slots, if slots.first().is_some_and(|slot| slot.state[2].is_some()) { 3 } else { 2 })?;
    run(slots, &plain, |chunk| match chunk {
        Chunk::F32(number, lines) => adam_chunk(lines, steps[number], options),
        Chunk::F64(number, lines) => adam_chunk(lines, steps[number], options),
    });
    for ((slot, &step), _) in slots.iter().zip(steps).zip(&plain).filter(|(_, plain)| !**plain) {
        adam_by_operations(slot, step, options)?;
    }
    Ok(())
}

/// The memory of a slot, or part of it: parameter, gradient, state (empty where there is none).
struct Lines<'a, R> {
    param: &'a mut [R],
    grad: &'a [R],
    state: [&'a mut [R]; 3],
}

/// Part of a slot with its number.
enum Chunk<'a, 'b> {
    F32(usize, &'b mut Lines<'a, f32>),
    F64(usize, &'b mut Lines<'a, f64>),
}

/// Which slots may be moved by a kernel; the first `states` of their states must be there.
fn plain(slots: &[Slot<'_>], states: usize) -> Result<Vec<bool>> {
    let mut written = Vec::with_capacity(slots.len() * (states + 1));
    let mut read = Vec::with_capacity(slots.len());
    let mut plain = Vec::with_capacity(slots.len());
    for slot in slots {
        check_writable(slot.param)?;
        let place = |tensor: &Tensor| {
            tensor.with_array(|a| {
                let start = a.storage().as_ptr() as usize + a.layout().offset * a.dtype().size();
                (start, start + a.numel() * a.dtype().size())
            })
        };
        let fits = slot.param.with_array(|p| {
            let like =
                |t: &Tensor| t.with_array(|a| a.dtype() == p.dtype() && a.shape() == p.shape() && a.is_contiguous());
            let writable = |t: &Tensor| t.with_array(|a| a.storage().writable());
            matches!(p.dtype(), DType::F32 | DType::F64)
                && like(slot.param)
                && writable(slot.param)
                && like(slot.grad)
                && slot.state[..states].iter().all(|s| s.is_some_and(|s| like(s) && writable(s)))
        });
        plain.push(fits && !is_traced());
        if fits && slot.param.numel() > 0 {
            written.push(place(slot.param));
            written.extend(slot.state[..states].iter().flatten().map(|t| place(t)));
            read.push(place(slot.grad));
        }
    }
    written.sort_unstable();
    let apart = written.windows(2).all(|pair| pair[0].1 <= pair[1].0);
    let unread = |place: &(usize, usize)| {
        let next = written.partition_point(|w| w.1 <= place.0);
        written.get(next).is_none_or(|w| w.0 >= place.1)
    };
    if !apart || !read.iter().all(unread) {
        plain.fill(false);
    }
    Ok(plain)
}

/// Runs `body` on the plain slots, chunk by chunk, and counts the changes of what is written.
fn run(slots: &[Slot<'_>], plain: &[bool], body: impl Fn(Chunk<'_, '_>) + Sync) {
    type Arrays = (Array, Array, [Option<Array>; 3]);
    let of = |dtype: DType| -> Vec<(usize, Arrays)> {
        let chosen =
            slots.iter().enumerate().zip(plain).filter(|((_, slot), plain)| **plain && slot.param.dtype() == dtype);
        chosen
            .map(|((number, slot), _)| {
                (number, (slot.param.array(), slot.grad.array(), slot.state.map(|s| s.map(Tensor::array))))
            })
            .collect()
    };
    fn chunks<R: Real + Element>(all: &[(usize, Arrays)], body: impl Fn(usize, &mut Lines<'_, R>) + Sync) {
        let mut tasks = Vec::with_capacity(all.len());
        for (number, (param, grad, state)) in all {
            let mut states = state.each_ref().map(|s| {
                let all: &mut [R] = s.as_ref().map_or(&mut [], Array::slice_mut);
                all.chunks_mut(CHUNK)
            });
            for (param, grad) in param.slice_mut::<R>().chunks_mut(CHUNK).zip(grad.slice::<R>().chunks(CHUNK)) {
                let state = states.each_mut().map(|s| s.next().unwrap_or_default());
                tasks.push((*number, Lines { param, grad, state }));
            }
        }
        let elements: usize = tasks.iter().map(|(_, lines)| lines.grad.len()).sum();
        let cost = 4 * elements / tasks.len().max(1);
        parallel::for_each_chunk_mut(&mut tasks, 1, cost, |_, task| body(task[0].0, &mut task[0].1));
    }
    let (singles, doubles) = (of(DType::F32), of(DType::F64));
    chunks::<f32>(&singles, |number, lines| body(Chunk::F32(number, lines)));
    chunks::<f64>(&doubles, |number, lines| body(Chunk::F64(number, lines)));
    for (slot, _) in slots.iter().zip(plain).filter(|(_, plain)| **plain) {
        slot.param.bump_version();
        slot.state.iter().flatten().for_each(|state| state.bump_version());
    }
}

fn sgd_chunk<R: Real>(lines: &mut Lines<'_, R>, o: SgdOptions, first: bool) {
    let by = kernels::Sgd {
        step: R::from_f64(-o.lr),
        momentum: R::from_f64(o.momentum),
        undamped: R::from_f64(1.0 - o.dampening),
        weight_decay: R::from_f64(o.weight_decay),
        nesterov: o.nesterov,
        maximize: o.maximize,
        first,
    };
    kernels::sgd(by, lines.param, lines.grad, lines.state[0]);
}

fn adam_chunk<R: Real>(lines: &mut Lines<'_, R>, step: f64, o: AdamOptions) {
    let (step_size, correction) = corrections(step, o);
    let weight = 1.0 - o.betas.0;
    let by = kernels::Adam {
        step: R::from_f64(-step_size),
        correction: R::from_f64(correction),
        weight: R::from_f64(weight),
        rest: R::one() - R::from_f64(weight),
        beta2: R::from_f64(o.betas.1),
        square_weight: R::from_f64(1.0 - o.betas.1),
        eps: R::from_f64(o.eps),
        penalty: R::from_f64(if o.decoupled { 0.0 } else { o.weight_decay }),
        decay: R::from_f64(decay(o)),
        maximize: o.maximize,
    };
    let [mean, square, largest] = &mut lines.state;
    kernels::adam(by, lines.param, lines.grad, mean, square, largest);
}

/// The step size and the divisor of the second average's root.
fn corrections(step: f64, o: AdamOptions) -> (f64, f64) {
    let first = 1.0 - o.betas.0.powf(step);
    let size = if o.single { f64::from(o.lr as f32 / first as f32) } else { o.lr / first };
    (size, (1.0 - o.betas.1.powf(step)).powf(0.5))
}

/// What decoupled decay leaves of a parameter.
fn decay(o: AdamOptions) -> f64 {
    match o.decoupled {
        false => 1.0,
        true if o.single => f64::from(1.0 - o.lr as f32 * o.weight_decay as f32),
        true => 1.0 - o.lr * o.weight_decay,
    }
}

/// The gradient as it enters a step.
fn uphill(slot: &Slot<'_>, maximize: bool, weight_decay: f64) -> Result<Tensor> {
    let grad = if maximize { unary::neg(slot.grad)? } else { slot.grad.clone() };
    if weight_decay == 0.0 { Ok(grad) } else { binary::add_scaled(&grad, slot.param, Scalar::Float(weight_decay)) }
}

fn sgd_by_operations(slot: &Slot<'_>, first: bool, o: SgdOptions) -> Result<()> {
    let mut way = uphill(slot, o.maximize, o.weight_decay)?;
    if let Some(buffer) = slot.state[0] {
        if first {
            super::copy::copy_(buffer, &way)?;
        } else {
            binary::mul_(buffer, o.momentum)?;
            binary::add_scaled_(buffer, &way, Scalar::Float(1.0 - o.dampening))?;
        }
        way = if o.nesterov { binary::add_scaled(&way, buffer, Scalar::Float(o.momentum))? } else { buffer.clone() };
    }
    binary::add_scaled_(slot.param, &way, Scalar::Float(-o.lr))
}

fn adam_by_operations(slot: &Slot<'_>, step: f64, o: AdamOptions) -> Result<()> {
    let (step_size, correction) = corrections(step, o);
    let (Some(mean), Some(square)) = (slot.state[0], slot.state[1]) else { return Ok(()) };
    if o.decoupled && o.weight_decay != 0.0 {
        binary::mul_(slot.param, decay(o))?;
    }
    let grad = uphill(slot, o.maximize, if o.decoupled { 0.0 } else { o.weight_decay })?;
    ternary::lerp_(mean, &grad, Value::Scalar(Scalar::Float(1.0 - o.betas.0)))?;
    binary::mul_(square, o.betas.1)?;
    ternary::addcmul_(square, &grad, &grad, Scalar::Float(1.0 - o.betas.1))?;
    let mut second = square.clone();
    if let Some(largest) = slot.state[2] {
        super::copy::copy_(largest, &binary::maximum(largest, square)?)?;
        second = largest.clone();
    }
    let denominator = binary::div(&unary::sqrt(&second)?, correction)?;
    binary::add_(&denominator, o.eps)?;
    ternary::addcdiv_(slot.param, mean, &denominator, Scalar::Float(-step_size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(len: usize) -> Tensor {
        Tensor::new(Array::full(&[len], Scalar::Float(1.0), DType::F32).unwrap())
    }

    fn part(of: &Tensor, start: usize, end: usize) -> Tensor {
        Tensor::new(of.array().map_layout(|layout| layout.slice(0, start, end, 1)))
    }

    fn taken(param: &Tensor, grad: &Tensor, state: Option<&Tensor>) -> bool {
        plain(&[Slot { param, grad, state: [state, None, None] }], usize::from(state.is_some())).unwrap()[0]
    }

    #[test]
    fn plain_memory_takes_the_kernel_and_no_other() {
        let (a, b, c) = (tensor(8), tensor(8), tensor(8));
        assert!(taken(&a, &b, None) && taken(&a, &b, Some(&c)));
        let double = Tensor::new(b.array().to_dtype(DType::F64).unwrap());
        assert!(!taken(&a, &double, None), "two dtypes");
        assert!(!taken(&a, &tensor(1), None), "two shapes");
        let strided = Tensor::new(tensor(16).array().map_layout(|layout| layout.slice(0, 0, 16, 2)));
        assert!(!taken(&strided, &b, None), "gaps");
        assert!(!taken(&a, &a, None) && !taken(&a, &b, Some(&a)), "shared memory");
        let whole = tensor(12);
        assert!(!taken(&part(&whole, 0, 8), &part(&whole, 4, 12), None), "overlapping memory");
        let whole = tensor(16);
        assert!(taken(&part(&whole, 0, 8), &part(&whole, 8, 16), None), "neighbours");
    }
}
