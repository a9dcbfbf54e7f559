//! Sine and cosine in vector code, for tensors that hold no large arguments. Others are computed one by one.

use super::Unary;
use crate::array::{Array, DType};
use crate::error::Result;
use crate::kernels::elementwise::{Map1, Vector};
use crate::kernels::isa::{Portable, Simd};
use crate::kernels::math::trig;
use crate::kernels::reduce::{By, reduce};
use crate::ops::elementwise::{Loop, Side, float2, native1};
use smallvec::SmallVec;

const COST: Loop<Vector> = (Vector, 15);

/// Whether all elements are in the reach of the vector code.
fn are_near(x: &Array) -> bool {
    macro_rules! largest {
        ($type:ident) => {{
            let larger = |most: $type, x: $type| if x.abs() > most { x.abs() } else { most };
            let mut most = [0.0];
            let axes: SmallVec<[bool; 8]> = SmallVec::from_elem(true, x.ndim());
            let by = By { identity: 0.0, step: larger, merge: larger };
            reduce(x.operand::<$type>(), &axes, &mut most, &by, |most| most);
            most[0]
        }};
    }
    match x.dtype() {
        DType::F32 => largest!(f32) <= trig::NEAR,
        DType::F64 => largest!(f64) <= trig::NEAR_DOUBLE,
        // Its largest number is in reach.
        DType::F16 => true,
        _ => false,
    }
}

#[derive(Clone, Copy)]
struct Sine;
#[derive(Clone, Copy)]
struct Cosine;

macro_rules! map {
    ($name:ident, $type:ident, $function:ident) => {
        impl Map1<$type, $type> for $name {
            #[inline(always)]
            fn at<S: Simd>(self, simd: S, x: $type) -> $type {
                trig::$function(simd, x)
            }
        }
    };
}
map!(Sine, f32, sin);
map!(Sine, f64, sin_double);
map!(Cosine, f32, cos);
map!(Cosine, f64, cos_double);

/// `out = f(x)` where `f` is one of the two and `x` allows it; whether it was.
pub(super) fn function(f: Unary, x: &Array, out: &Array) -> Result<bool> {
    match f {
        Unary::Sin if are_near(x) => native1(COST, x, out, Sine)?,
        Unary::Cos if are_near(x) => native1(COST, x, out, Cosine)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// `out = g f'(x)`; as [`function`].
pub(super) fn gradient(f: Unary, g: &Array, x: &Array, out: &Array) -> Result<bool> {
    let sides = [Side::Array(g), Side::Array(x)];
    match f {
        Unary::Sin if are_near(x) => {
            float2(COST, sides, out, |g, x| g * trig::cos(Portable, x), |g, x| g * trig::cos_double(Portable, x))?;
        }
        Unary::Cos if are_near(x) => {
            float2(COST, sides, out, |g, x| g * -trig::sin(Portable, x), |g, x| g * -trig::sin_double(Portable, x))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
