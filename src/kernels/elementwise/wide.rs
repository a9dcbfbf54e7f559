//! Half types computed in `f32` and rounded once: rows are widened block by block into buffers on the stack, where the
//! flat `f32` loops run.
#![allow(unsafe_code)]

use super::blocks::BLOCK;
use super::operand::Address;
use super::plan::Plan;
use super::rows::{self, Level};
use super::{Operand, OperandMut, run};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// Strided elements that are read as `f32`.
#[derive(Clone, Copy)]
pub struct Wide<'a> {
    source: Source,
    shape: &'a [usize],
    strides: &'a [usize],
}

#[derive(Clone, Copy)]
enum Source {
    F16(Address<f16>),
    BF16(Address<bf16>),
    F32(Address<f32>),
}

/// Strided elements that are written from `f32`.
pub struct WideMut<'a> {
    source: Source,
    shape: &'a [usize],
    strides: &'a [usize],
}

macro_rules! wide_from {
    ($($type:ty => $variant:ident),*) => {$(
        impl<'a> From<Operand<'a, $type>> for Wide<'a> {
            fn from(x: Operand<'a, $type>) -> Self {
                Wide { source: Source::$variant(x.address()), shape: x.shape, strides: x.strides }
            }
        }

        impl<'a> From<OperandMut<'a, $type>> for WideMut<'a> {
            fn from(x: OperandMut<'a, $type>) -> Self {
                WideMut { source: Source::$variant(x.address()), shape: x.shape, strides: x.strides }
            }
        }
    )*};
}
wide_from!(f16 => F16, bf16 => BF16, f32 => F32);

/// Reads `out.len()` elements, `stride` apart, from a typed address.
///
/// # Safety
/// They must be valid for reads.
unsafe fn gather<T: Copy>(from: *const T, stride: usize, out: &mut [T]) {
    for (i, place) in out.iter_mut().enumerate() {
        // SAFETY: by the contract above.
        *place = unsafe { *from.add(i * stride) };
    }
}

impl Source {
    /// Reads `out.len()` elements from `offset` on.
    ///
    /// # Safety
    /// They must be valid for reads.
    unsafe fn load(self, offset: usize, stride: usize, out: &mut [f32]) {
        // SAFETY: by the contract above.
        unsafe {
            match self {
                Source::F16(a) => {
                    let mut block = [f16::ZERO; BLOCK];
                    gather(a.get().add(offset), stride, &mut block[..out.len()]);
                    block[..out.len()].convert_to_f32_slice(out);
                }
                Source::BF16(a) => {
                    let mut block = [bf16::ZERO; BLOCK];
                    gather(a.get().add(offset), stride, &mut block[..out.len()]);
                    block[..out.len()].convert_to_f32_slice(out);
                }
                Source::F32(a) => gather(a.get().add(offset), stride, out),
            }
        }
    }
}

/// Where results of a widened function go.
pub trait WideOut: Sync {
    /// What the function returns.
    type Value: Copy + Default + Send + Sync;
    /// Size of each axis.
    fn shape(&self) -> &[usize];
    /// Distance of neighbours along each axis.
    fn strides(&self) -> &[usize];
    /// Writes results from `offset` on, `stride` apart.
    ///
    /// # Safety
    /// These places must be valid for writes.
    unsafe fn store(&self, offset: usize, stride: usize, values: &[Self::Value]);
}

/// # Safety
/// `values.len()` places, `stride` apart, must be valid for writes.
unsafe fn scatter<T: Copy>(to: *mut T, stride: usize, values: &[T]) {
    for (i, &value) in values.iter().enumerate() {
        // SAFETY: by the contract above.
        unsafe { *to.add(i * stride) = value };
    }
}

impl WideOut for WideMut<'_> {
    type Value = f32;

    fn shape(&self) -> &[usize] {
        self.shape
    }
    fn strides(&self) -> &[usize] {
        self.strides
    }
    unsafe fn store(&self, offset: usize, stride: usize, values: &[f32]) {
        // SAFETY: by the contract of the trait.
        unsafe {
            match self.source {
                Source::F16(a) => {
                    let mut block = [f16::ZERO; BLOCK];
                    block[..values.len()].convert_from_f32_slice(values);
                    scatter(a.get().add(offset), stride, &block[..values.len()]);
                }
                Source::BF16(a) => {
                    let mut block = [bf16::ZERO; BLOCK];
                    block[..values.len()].convert_from_f32_slice(values);
                    scatter(a.get().add(offset), stride, &block[..values.len()]);
                }
                Source::F32(a) => scatter(a.get().add(offset), stride, values),
            }
        }
    }
}

impl WideOut for OperandMut<'_, bool> {
    type Value = bool;

    fn shape(&self) -> &[usize] {
        self.shape
    }
    fn strides(&self) -> &[usize] {
        self.strides
    }
    unsafe fn store(&self, offset: usize, stride: usize, values: &[bool]) {
        // SAFETY: by the contract of the trait.
        unsafe { scatter(self.address().get().add(offset), stride, values) }
    }
}

/// What a walk does with a block: reads `f32`s and writes results.
type Flat<'a, const N: usize, R> = &'a (dyn Fn([*const f32; N], *mut R, usize) + Sync);

/// Walks an output and `N` inputs (`M = N + 1`) by way of buffers.
fn drive<const N: usize, const M: usize, O: WideOut>(
    cost: usize,
    inputs: [Wide<'_>; N],
    out: O,
    flat: Flat<'_, N, O::Value>,
) {
    assert!(inputs.iter().all(|x| x.shape == out.shape()), "map: shapes differ");
    let strides: [&[usize]; M] = std::array::from_fn(|k| if k == 0 { out.strides() } else { inputs[k - 1].strides });
    let plan = Plan::new(out.shape(), strides);
    run(&plan, cost + N, &|offsets, strides, len| {
        let mut x = [[0.0f32; BLOCK]; N];
        let mut y = [O::Value::default(); BLOCK];
        for start in (0..len).step_by(BLOCK) {
            let n = BLOCK.min(len - start);
            // SAFETY: the plan visits indices of the operands' common shape only; the buffers hold a block.
            unsafe {
                for k in 0..N {
                    let (offset, stride) = (offsets[k + 1], strides[k + 1]);
                    inputs[k].source.load(offset + start * stride, stride, &mut x[k][..n]);
                }
                flat(std::array::from_fn(|k| x[k].as_ptr()), y.as_mut_ptr(), n);
                out.store(offsets[0] + start * strides[0], strides[0], &y[..n]);
            }
        }
    });
}

/// `out[i] = f(a[i])` in `f32`.
pub fn map1_wide<L: Level, O: WideOut>(_: L, cost: usize, a: Wide<'_>, out: O, f: impl Fn(f32) -> O::Value + Sync) {
    // SAFETY: `drive` hands over what `flat1` asks for.
    drive::<1, 2, O>(cost, [a], out, &|[a], out, len| unsafe { L::flat1(a, out, len, &f) });
}

/// `out[i] = f(a[i], b[i])` in `f32`.
pub fn map2_wide<L: Level, O: WideOut>(
    _: L,
    cost: usize,
    [a, b]: [Wide<'_>; 2],
    out: O,
    f: impl Fn(f32, f32) -> O::Value + Sync,
) {
    // SAFETY: as in `map1_wide`.
    drive::<2, 3, O>(cost, [a, b], out, &|[a, b], out, len| unsafe { L::flat2(a, b, out, len, &f) });
}

/// `out[i] = f(a[i], b[i], c[i])` in `f32`.
pub fn map3_wide<O: WideOut>(inputs: [Wide<'_>; 3], out: O, f: impl Fn(f32, f32, f32) -> O::Value + Sync) {
    drive::<3, 4, O>(1, inputs, out, &|[a, b, c], out, len| rows::flat3(a, b, c, out, len, &f));
}

/// `out[i] = a[i]`, of which either may be of a half type.
pub fn copy_wide(a: Wide<'_>, out: WideMut<'_>) {
    // SAFETY: `drive` hands over two buffers of this length.
    drive::<1, 2, _>(1, [a], out, &|[a], out, len| unsafe { std::ptr::copy_nonoverlapping(a, out, len) });
}
