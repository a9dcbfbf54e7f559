//! Half types computed in `f32` and rounded once: rows are widened block by block into buffers on the stack, where the
//! flat `f32` loops run.
#![allow(unsafe_code)]

use super::operand::Address;
use super::plan::Plan;
use super::{Operand, OperandMut, rows, run};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// Elements widened at a time.
const BLOCK: usize = 256;

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

/// The blocks of a row: `(index of the first element, number of elements)`.
fn blocks(len: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len).step_by(BLOCK).map(move |start| (start, BLOCK.min(len - start)))
}

/// `out[i] = f(a[i])` in `f32`.
pub fn map1_wide<O: WideOut>(cost: usize, a: Wide<'_>, out: O, f: impl Fn(f32) -> O::Value + Sync) {
    assert_eq!(a.shape, out.shape(), "map1: shapes differ");
    let plan = Plan::new(out.shape(), [out.strides(), a.strides]);
    let a = a.source;
    run(&plan, cost + 1, &|[ko, ka], [so, sa], len| {
        let (mut x, mut y) = ([0.0f32; BLOCK], [O::Value::default(); BLOCK]);
        for (start, n) in blocks(len) {
            // SAFETY: the plan visits indices of the operands' common shape only; the buffers hold a block.
            unsafe {
                a.load(ka + start * sa, sa, &mut x[..n]);
                rows::map1(x.as_ptr(), y.as_mut_ptr(), [1, 1], n, &f);
                out.store(ko + start * so, so, &y[..n]);
            }
        }
    });
}

/// `out[i] = f(a[i], b[i])` in `f32`.
pub fn map2_wide<O: WideOut>(cost: usize, a: Wide<'_>, b: Wide<'_>, out: O, f: impl Fn(f32, f32) -> O::Value + Sync) {
    assert!(a.shape == out.shape() && b.shape == out.shape(), "map2: shapes differ");
    let plan = Plan::new(out.shape(), [out.strides(), a.strides, b.strides]);
    let (a, b) = (a.source, b.source);
    run(&plan, cost + 2, &|[ko, ka, kb], [so, sa, sb], len| {
        let (mut x, mut z, mut y) = ([0.0f32; BLOCK], [0.0f32; BLOCK], [O::Value::default(); BLOCK]);
        for (start, n) in blocks(len) {
            // SAFETY: as in `map1_wide`.
            unsafe {
                a.load(ka + start * sa, sa, &mut x[..n]);
                b.load(kb + start * sb, sb, &mut z[..n]);
                rows::map2(x.as_ptr(), z.as_ptr(), y.as_mut_ptr(), [1, 1, 1], n, &f);
                out.store(ko + start * so, so, &y[..n]);
            }
        }
    });
}

/// `out[i] = f(a[i], b[i], c[i])` in `f32`.
pub fn map3_wide<O: WideOut>(
    cost: usize,
    [a, b, c]: [Wide<'_>; 3],
    out: O,
    f: impl Fn(f32, f32, f32) -> O::Value + Sync,
) {
    assert!([a, b, c].iter().all(|x| x.shape == out.shape()), "map3: shapes differ");
    let plan = Plan::new(out.shape(), [out.strides(), a.strides, b.strides, c.strides]);
    let (a, b, c) = (a.source, b.source, c.source);
    run(&plan, cost + 3, &|[ko, ka, kb, kc], [so, sa, sb, sc], len| {
        let (mut x, mut z, mut w) = ([0.0f32; BLOCK], [0.0f32; BLOCK], [0.0f32; BLOCK]);
        let mut y = [O::Value::default(); BLOCK];
        for (start, n) in blocks(len) {
            // SAFETY: as in `map1_wide`.
            unsafe {
                a.load(ka + start * sa, sa, &mut x[..n]);
                b.load(kb + start * sb, sb, &mut z[..n]);
                c.load(kc + start * sc, sc, &mut w[..n]);
                rows::map3(x.as_ptr(), z.as_ptr(), w.as_ptr(), y.as_mut_ptr(), [1; 4], n, &f);
                out.store(ko + start * so, so, &y[..n]);
            }
        }
    });
}
