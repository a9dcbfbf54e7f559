//! From arrays and numbers of a dtype known at run time to the typed elementwise drivers.

use crate::array::{Array, DType, Element, Scalar};
use crate::error::Result;
use crate::kernels::elementwise::{
    Level, Map1, Map2, Operand, OperandMut, Vector, Wide, WideMut, WideOut, map1_as, map1_bf16, map1_wide, map2_as,
    map2_bf16, map2_or, map2_wide, map2_wide_or, map3, map3_wide,
};
use crate::shape::MAX_AXES;
use half::{bf16, f16};

static ZEROS: [usize; MAX_AXES] = [0; MAX_AXES];

/// An operand of a kernel: an array of the result's shape and the kernel's dtype, or a number that stands for all
/// elements. Numbers meet half types in single precision, without being rounded first.
#[derive(Clone, Copy)]
pub enum Side<'a> {
    /// An array.
    Array(&'a Array),
    /// A number.
    Number(Scalar),
}

impl<'a> Side<'a> {
    /// The number, or the default of the type.
    pub fn number<T: Element>(self) -> T {
        match self {
            Side::Array(_) => T::default(),
            Side::Number(x) => x.to(),
        }
    }

    /// As an operand of `shape`; `number` is [`Side::number`].
    pub fn operand<T: Element>(self, number: &'a T, shape: &'a [usize]) -> Operand<'a, T> {
        match self {
            Side::Array(a) => a.operand(),
            Side::Number(_) => Operand::standing(number, shape, &ZEROS[..shape.len()]),
        }
    }

    fn wide(self, number: &'a f32, shape: &'a [usize]) -> Wide<'a> {
        match self {
            Side::Array(a) => match a.dtype() {
                DType::F16 => a.operand::<f16>().into(),
                DType::BF16 => a.operand::<bf16>().into(),
                _ => a.operand::<f32>().into(),
            },
            Side::Number(_) => Operand::standing(number, shape, &ZEROS[..shape.len()]).into(),
        }
    }
}

fn wide_out(out: &Array) -> Result<WideMut<'_>> {
    Ok(match out.dtype() {
        DType::F16 => out.operand_mut::<f16>()?.into(),
        _ => out.operand_mut::<bf16>()?.into(),
    })
}

/// How a loop is compiled ([`Vector`] or [`Single`](crate::kernels::elementwise::Single)), and about how many simple steps
/// one element takes.
pub type Loop<L> = (L, usize);

/// A loop of simple steps that become vector code.
pub const SIMPLE: Loop<Vector> = (Vector, 1);

/// `out = f(a)` for elements of type `T`.
pub fn typed1<T: Element, R: Element, L: Level>(
    (level, cost): Loop<L>,
    a: &Array,
    out: &Array,
    f: impl Fn(T) -> R + Sync + Copy,
) -> Result<()> {
    map1_as(level, cost, a.operand(), out.operand_mut()?, f);
    Ok(())
}

/// `out = f(a, b)` for elements of type `T`.
pub fn typed2<T: Element, R: Element, L: Level>(
    (level, cost): Loop<L>,
    [a, b]: [Side<'_>; 2],
    out: &Array,
    f: impl Fn(T, T) -> R + Sync + Copy,
) -> Result<()> {
    let (x, y) = (a.number(), b.number());
    map2_as(level, cost, a.operand(&x, out.shape()), b.operand(&y, out.shape()), out.operand_mut()?, f);
    Ok(())
}

/// `out = f(a, b, c)` for elements of type `T`.
pub fn typed3<T: Element, R: Element>(
    [a, b, c]: [Side<'_>; 3],
    out: &Array,
    f: impl Fn(T, T, T) -> R + Sync + Copy,
) -> Result<()> {
    let (x, y, z) = (a.number(), b.number(), c.number());
    let shape = out.shape();
    map3(a.operand(&x, shape), b.operand(&y, shape), c.operand(&z, shape), out.operand_mut()?, f);
    Ok(())
}

/// `out = f(a)` for any float type, by a function for `f32` (which half types use too) and one for `f64`.
pub fn float1<L: Level + Copy>(
    how: Loop<L>,
    a: &Array,
    out: &Array,
    single: impl Fn(f32) -> f32 + Sync + Copy,
    double: impl Fn(f64) -> f64 + Sync + Copy,
) -> Result<()> {
    match out.dtype() {
        DType::F32 => typed1(how, a, out, single)?,
        DType::F64 => typed1(how, a, out, double)?,
        _ => map1_wide(how.0, how.1, Side::Array(a).wide(&0.0, out.shape()), wide_out(out)?, single),
    }
    Ok(())
}

/// [`float1`] for a function that wants to know the instruction set.
pub fn native1<L: Level + Copy>(
    how: Loop<L>,
    a: &Array,
    out: &Array,
    f: impl Map1<f32, f32> + Map1<f64, f64>,
) -> Result<()> {
    match out.dtype() {
        DType::F32 => map1_as(how.0, how.1, a.operand::<f32>(), out.operand_mut::<f32>()?, f),
        DType::F64 => map1_as(how.0, how.1, a.operand::<f64>(), out.operand_mut::<f64>()?, f),
        _ => map1_wide(how.0, how.1, Side::Array(a).wide(&0.0, out.shape()), wide_out(out)?, f),
    }
    Ok(())
}

/// `out = f(a, b)` for any float type; see [`float1`].
pub fn float2<L: Level + Copy>(
    how: Loop<L>,
    sides: [Side<'_>; 2],
    out: &Array,
    single: impl Fn(f32, f32) -> f32 + Sync + Copy,
    double: impl Fn(f64, f64) -> f64 + Sync + Copy,
) -> Result<()> {
    match out.dtype() {
        DType::F32 => typed2(how, sides, out, single),
        DType::F64 => typed2(how, sides, out, double),
        DType::BF16
            if L::HERE
                && let [Side::Array(a), Side::Array(b)] = sides
                && [a, b].map(|x| x.dtype()) == [DType::BF16; 2] =>
        {
            map2_bf16(how.0, how.1 + 4, [a.operand(), b.operand()], out.operand_mut()?, single);
            Ok(())
        }
        DType::BF16
            if L::HERE
                && let [Side::Array(a), Side::Number(b)] = sides
                && a.dtype() == DType::BF16 =>
        {
            let b = b.to();
            map1_bf16(how.0, how.1 + 4, a.operand(), out.operand_mut()?, move |a| single(a, b));
            Ok(())
        }
        _ => wide2(how, sides, wide_out(out)?, single),
    }
}

/// `out = f(a, b)` for any float type, by one function for all of them, compiled to vectors, and one for each of `f32` (which
/// half types use too) and `f64` where the former gives NaN.
pub fn float2_or(
    cost: usize,
    sides: [Side<'_>; 2],
    out: &Array,
    f: impl Map2<f32> + Map2<f64>,
    single: fn(f32, f32) -> f32,
    double: fn(f64, f64) -> f64,
) -> Result<()> {
    fn typed<T: Element>(
        cost: usize,
        [a, b]: [Side<'_>; 2],
        out: &Array,
        f: impl Map2<T>,
        rest: fn(T, T) -> T,
    ) -> Result<()> {
        let (x, y) = (a.number(), b.number());
        map2_or(cost, a.operand(&x, out.shape()), b.operand(&y, out.shape()), out.operand_mut()?, f, &rest);
        Ok(())
    }
    match out.dtype() {
        DType::F32 => typed(cost, sides, out, f, single),
        DType::F64 => typed(cost, sides, out, f, double),
        _ => {
            let [a, b] = sides;
            let (x, y) = (a.number(), b.number());
            let inputs = [a.wide(&x, out.shape()), b.wide(&y, out.shape())];
            map2_wide_or(cost, inputs, wide_out(out)?, f, &single);
            Ok(())
        }
    }
}

/// `out = f(a, b, c)` for any float type; see [`float1`].
pub fn float3(
    sides: [Side<'_>; 3],
    out: &Array,
    single: impl Fn(f32, f32, f32) -> f32 + Sync + Copy,
    double: impl Fn(f64, f64, f64) -> f64 + Sync + Copy,
) -> Result<()> {
    match out.dtype() {
        DType::F32 => typed3(sides, out, single),
        DType::F64 => typed3(sides, out, double),
        _ => {
            let [a, b, c] = sides;
            let (x, y, z) = (a.number(), b.number(), c.number());
            let shape = out.shape();
            map3_wide([a.wide(&x, shape), b.wide(&y, shape), c.wide(&z, shape)], wide_out(out)?, single);
            Ok(())
        }
    }
}

/// `out = f(a)` with a boolean result, for inputs of the float type `dtype`.
pub fn test1(
    dtype: DType,
    a: &Array,
    out: &Array,
    single: impl Fn(f32) -> bool + Sync + Copy,
    double: impl Fn(f64) -> bool + Sync + Copy,
) -> Result<()> {
    match dtype {
        DType::F32 => typed1(SIMPLE, a, out, single)?,
        DType::F64 => typed1(SIMPLE, a, out, double)?,
        _ => map1_wide(Vector, 1, Side::Array(a).wide(&0.0, out.shape()), out.operand_mut::<bool>()?, single),
    }
    Ok(())
}

/// `out = f(a, b)` with a boolean result, for inputs of the float type `dtype`.
pub fn test2(
    dtype: DType,
    sides: [Side<'_>; 2],
    out: &Array,
    single: impl Fn(f32, f32) -> bool + Sync + Copy,
    double: impl Fn(f64, f64) -> bool + Sync + Copy,
) -> Result<()> {
    match dtype {
        DType::F32 => typed2(SIMPLE, sides, out, single),
        DType::F64 => typed2(SIMPLE, sides, out, double),
        _ => {
            let out: OperandMut<'_, bool> = out.operand_mut()?;
            wide2(SIMPLE, sides, out, single)
        }
    }
}

fn wide2<O: WideOut, L: Level>(
    (level, cost): Loop<L>,
    [a, b]: [Side<'_>; 2],
    out: O,
    f: impl Fn(f32, f32) -> O::Value + Sync + Copy,
) -> Result<()> {
    let (x, y) = (a.number(), b.number());
    let shape: crate::shape::Dims = out.shape().into();
    map2_wide(level, cost, [a.wide(&x, &shape), b.wide(&y, &shape)], out, f);
    Ok(())
}
