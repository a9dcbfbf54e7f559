//! Half types computed in `f32` and rounded once: the walk is that of any elements, and its loops widen block by block into
//! buffers on the stack, where the flat `f32` loops run.
#![allow(unsafe_code)]

use super::drive::{Loops, Side, drive};
use super::halves::{Half, narrow, widen};
use super::operand::Address;
use super::plan::Plan;
use super::rows::{self, Level, Map1, Map2};
use super::{Operand, OperandMut, map1_as, map2_as};
use half::{bf16, f16};

/// Elements that are widened at a time.
const BLOCK: usize = 512;

/// How elements are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    F16,
    BF16,
    F32,
}

impl Kind {
    fn size(self) -> usize {
        if self == Kind::F32 { 4 } else { 2 }
    }
}

/// Strided elements that are read as `f32`.
#[derive(Clone, Copy)]
pub struct Wide<'a> {
    kind: Kind,
    side: Side,
    shape: &'a [usize],
    strides: &'a [usize],
}

/// Strided elements that are written from `f32`.
pub struct WideMut<'a>(Wide<'a>);

macro_rules! wide_from {
    ($($type:ty => $kind:ident),*) => {$(
        impl<'a> From<Operand<'a, $type>> for Wide<'a> {
            fn from(x: Operand<'a, $type>) -> Self {
                Wide { kind: Kind::$kind, side: Side::new(x.address()), shape: x.shape, strides: x.strides }
            }
        }

        impl<'a> From<OperandMut<'a, $type>> for WideMut<'a> {
            fn from(x: OperandMut<'a, $type>) -> Self {
                WideMut(Wide { kind: Kind::$kind, side: Side::new(x.address()), shape: x.shape, strides: x.strides })
            }
        }
    )*};
}
wide_from!(f16 => F16, bf16 => BF16, f32 => F32);

impl Kind {
    /// Elements as singles: where they are, or in the buffer.
    ///
    /// # Safety
    /// There must be `len` elements, as many as the buffer holds at most.
    unsafe fn read(self, from: *const u8, len: usize, buffer: &mut [f32; BLOCK]) -> *const f32 {
        if self == Kind::F32 {
            return from.cast();
        }
        // SAFETY: by the contract above.
        unsafe { self.widen(from, buffer.as_mut_ptr(), len) };
        buffer.as_ptr()
    }

    /// Copies elements as singles.
    ///
    /// # Safety
    /// There must be `len` elements, and room for as many.
    unsafe fn widen(self, from: *const u8, to: *mut f32, len: usize) {
        // SAFETY: by the contract above.
        unsafe {
            match self {
                Kind::F16 => widen(from.cast::<f16>(), to, len),
                Kind::BF16 => widen(from.cast::<bf16>(), to, len),
                Kind::F32 => std::ptr::copy_nonoverlapping(from.cast(), to, len),
            }
        }
    }

    /// Writes singles.
    ///
    /// # Safety
    /// There must be room for `len` elements.
    unsafe fn write(self, from: *const f32, to: *mut u8, len: usize) {
        // SAFETY: by the contract above.
        unsafe {
            match self {
                Kind::F16 => narrow(from, to.cast::<f16>(), len),
                Kind::BF16 => narrow(from, to.cast::<bf16>(), len),
                Kind::F32 => std::ptr::copy_nonoverlapping(from, to.cast(), len),
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
    /// The memory, and the bytes of an element.
    fn memory(&self) -> (Address<u8>, usize);
    /// Writes results side by side.
    ///
    /// # Safety
    /// There must be room for `len` elements of this kind.
    unsafe fn store(&self, values: *const Self::Value, to: *mut u8, len: usize);
}

impl WideOut for WideMut<'_> {
    type Value = f32;

    fn shape(&self) -> &[usize] {
        self.0.shape
    }
    fn strides(&self) -> &[usize] {
        self.0.strides
    }
    fn memory(&self) -> (Address<u8>, usize) {
        (self.0.side.address(), self.0.kind.size())
    }
    unsafe fn store(&self, values: *const f32, to: *mut u8, len: usize) {
        // SAFETY: by the contract of the trait.
        unsafe { self.0.kind.write(values, to, len) }
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
    fn memory(&self) -> (Address<u8>, usize) {
        (self.address().cast(), 1)
    }
    unsafe fn store(&self, values: *const bool, to: *mut u8, len: usize) {
        // SAFETY: by the contract of the trait.
        unsafe { std::ptr::copy_nonoverlapping(values, to.cast(), len) }
    }
}

/// What a walk does with a block: reads `f32`s and writes results.
type Flat<'a, const N: usize, R> = &'a (dyn Fn([*const f32; N], *mut R, usize) + Sync);

/// Walks an output and `N` inputs (`M = N + 1`) by way of buffers.
fn drive_wide<const N: usize, const M: usize, O: WideOut>(
    cost: usize,
    inputs: [Wide<'_>; N],
    out: O,
    flat: Flat<'_, N, O::Value>,
) {
    assert!(inputs.iter().all(|x| x.shape == out.shape()), "map: shapes differ");
    let strides: [&[usize]; M] = std::array::from_fn(|k| if k == 0 { out.strides() } else { inputs[k - 1].strides });
    let plan = Plan::new(out.shape(), strides);
    let (address, size) = out.memory();
    let block = |from: [*const u8; N], to: *mut u8, len: usize| {
        let mut x = [[0.0f32; BLOCK]; N];
        let mut y = [O::Value::default(); BLOCK];
        for start in (0..len).step_by(BLOCK) {
            let n = BLOCK.min(len - start);
            // SAFETY: `drive` hands over `len` elements of each operand; the buffers hold a block.
            unsafe {
                let mut buffers = x.iter_mut();
                let from = std::array::from_fn(|k| {
                    let kind = inputs[k].kind;
                    let buffer = buffers.next().expect("a buffer for each input");
                    kind.read(from[k].add(start * kind.size()), n, buffer)
                });
                flat(from, y.as_mut_ptr(), n);
                out.store(y.as_ptr(), to.add(start * size), n);
            }
        }
    };
    let sides = inputs.map(|x| x.side);
    // SAFETY: the plan visits indices of the operands' common shape only.
    unsafe { drive::<N, M>(&plan, cost + N, Side::sized(address, size), sides, Loops::new(&block)) };
}

/// `out[i] = f(a[i])` in `f32`.
pub fn map1_wide<L: Level, O: WideOut>(_: L, cost: usize, a: Wide<'_>, out: O, f: impl Map1<f32, O::Value>) {
    // SAFETY: `drive_wide` hands over what `flat1` asks for.
    drive_wide::<1, 2, O>(cost, [a], out, &|[a], out, len| unsafe { L::flat1(a, out, len, &f) });
}

/// `out[i] = f(a[i], b[i])` in `f32`.
pub fn map2_wide<L: Level, O: WideOut>(
    _: L,
    cost: usize,
    [a, b]: [Wide<'_>; 2],
    out: O,
    f: impl Fn(f32, f32) -> O::Value + Sync + Copy,
) {
    // SAFETY: as in `map1_wide`.
    drive_wide::<2, 3, O>(cost, [a, b], out, &|[a, b], out, len| unsafe { L::flat2(a, b, out, len, &f) });
}

/// [`map1_wide`] without buffers, for a function of few steps that is compiled for this type once more.
pub fn map1_bf16<L: Level>(
    level: L,
    cost: usize,
    a: Operand<'_, bf16>,
    out: OperandMut<'_, bf16>,
    f: impl Fn(f32) -> f32 + Sync + Copy,
) {
    map1_as(level, cost, a, out, move |a: bf16| bf16::narrow(f(a.widen())));
}

/// [`map2_or`](super::map2_or) in `f32`.
pub fn map2_wide_or(
    cost: usize,
    inputs: [Wide<'_>; 2],
    out: WideMut<'_>,
    f: impl Map2<f32>,
    rest: &(dyn Fn(f32, f32) -> f32 + Sync),
) {
    // SAFETY: as in `map1_wide`.
    drive_wide::<2, 3, _>(cost, inputs, out, &|[a, b], out, len| unsafe { rows::flat2_or(a, b, out, len, &f, rest) });
}

/// [`map2_wide`] without buffers, for a function of few steps that is compiled for this type once more.
pub fn map2_bf16<L: Level>(
    level: L,
    cost: usize,
    [a, b]: [Operand<'_, bf16>; 2],
    out: OperandMut<'_, bf16>,
    f: impl Fn(f32, f32) -> f32 + Sync + Copy,
) {
    map2_as(level, cost, a, b, out, move |a: bf16, b: bf16| bf16::narrow(f(a.widen(), b.widen())));
}

/// `out[i] = f(a[i], b[i], c[i])` in `f32`.
pub fn map3_wide<O: WideOut>(inputs: [Wide<'_>; 3], out: O, f: impl Fn(f32, f32, f32) -> O::Value + Sync + Copy) {
    drive_wide::<3, 4, O>(1, inputs, out, &|[a, b, c], out, len| rows::flat3(a, b, c, out, len, &f));
}

/// `out[i] = a[i]`, of which either may be of a half type.
pub fn copy_wide(a: Wide<'_>, out: WideMut<'_>) {
    assert_eq!(a.shape, out.shape(), "copy: shapes differ");
    let plan = Plan::new(out.shape(), [out.strides(), a.strides]);
    let block = |[from]: [*const u8; 1], to: *mut u8, len: usize| {
        if out.0.kind == Kind::F32 {
            // SAFETY: `drive` hands over `len` elements of each.
            return unsafe { a.kind.widen(from, to.cast(), len) };
        }
        let mut buffer = [0.0f32; BLOCK];
        for start in (0..len).step_by(BLOCK) {
            let n = BLOCK.min(len - start);
            // SAFETY: `drive` hands over `len` elements of each; the buffer holds a block.
            unsafe {
                let values = a.kind.read(from.add(start * a.kind.size()), n, &mut buffer);
                out.store(values, to.add(start * out.0.kind.size()), n);
            }
        }
    };
    // SAFETY: as in `drive_wide`.
    unsafe { drive::<1, 2>(&plan, 1, out.0.side, [a.side], Loops::new(&block)) };
}
