//! Formulas over tensors.

use super::Formula;
use crate::array::{Array, Scalar};
use crate::autograd::Tensor;
use crate::error::{Error, Result};
use crate::kernels::math::Number;
use crate::ops::binary::{self, Value};
use crate::ops::ternary;
use crate::ops::unary::{self, Unary};
use std::cell::RefCell;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// Keeps the tensors of a formula, so that terms can be plain copyable handles, and its first error.
#[derive(Default)]
pub struct Tape {
    values: RefCell<Vec<Tensor>>,
    error: RefCell<Option<Error>>,
}

/// A number or a tensor of a tape.
#[derive(Clone, Copy)]
pub enum Term<'t> {
    /// A number.
    Number(f64),
    /// A tensor.
    Tensor(&'t Tape, usize),
}

/// A boolean tensor of a tape, or a condition that holds everywhere or nowhere.
#[derive(Clone, Copy)]
pub enum Mask<'t> {
    /// Everywhere or nowhere.
    Number(bool),
    /// Where the tensor is true.
    Tensor(&'t Tape, usize),
}

impl Tape {
    /// Evaluates a formula.
    pub fn run<'t>(&'t self, formula: impl FnOnce(&'t Tape) -> Term<'t>) -> Result<Tensor> {
        let result = formula(self);
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        match result {
            Term::Tensor(_, index) => Ok(self.values.borrow()[index].clone()),
            Term::Number(x) => Ok(Tensor::new(Array::scalar(Scalar::Float(x), crate::array::default_float())?)),
        }
    }

    /// A tensor as a term.
    pub fn tensor(&self, x: &Tensor) -> Term<'_> {
        Term::Tensor(self, self.keep(Ok(x.clone())))
    }

    /// A tensor still to be got as a term.
    pub fn value(&self, x: Result<Tensor>) -> Term<'_> {
        Term::Tensor(self, self.keep(x))
    }

    fn keep(&self, result: Result<Tensor>) -> usize {
        let mut values = self.values.borrow_mut();
        match result {
            Ok(tensor) => values.push(tensor),
            Err(error) => {
                self.error.borrow_mut().get_or_insert(error);
                // Something to go on with; the result will be the error.
                let stand_in = values.first().cloned();
                values.extend(stand_in);
                return values.len().saturating_sub(1);
            }
        }
        values.len() - 1
    }

    fn get(&self, index: usize) -> Result<Tensor> {
        match self.values.borrow().get(index) {
            Some(tensor) => Ok(tensor.clone()),
            None => crate::bail!(Runtime, "no value: an earlier step of the formula failed"),
        }
    }

    fn failed(&self) -> bool {
        self.error.borrow().is_some()
    }

    /// Adds the result of an operation, unless one has failed already.
    fn push(&self, f: impl FnOnce() -> Result<Tensor>) -> usize {
        if self.failed() { 0 } else { self.keep(f()) }
    }
}

/// A tensor or a number as an operand of the binary family.
fn with_value<R>(tape: &Tape, x: Option<usize>, number: f64, f: impl FnOnce(Value<'_>) -> Result<R>) -> Result<R> {
    match x {
        Some(index) => f(Value::Tensor(&tape.get(index)?)),
        None => f(Value::Scalar(Scalar::Float(number))),
    }
}

type BinaryOp = fn(Value<'_>, Value<'_>) -> Result<Tensor>;

impl<'t> Term<'t> {
    fn parts(self) -> (Option<(&'t Tape, usize)>, f64) {
        match self {
            Term::Number(x) => (None, x),
            Term::Tensor(tape, index) => (Some((tape, index)), 0.0),
        }
    }

    /// One of the functions of the unary family.
    pub fn apply(self, function: Unary) -> Self {
        match self {
            Term::Tensor(tape, index) => {
                Term::Tensor(tape, tape.push(|| unary::apply_unary(function, &tape.get(index)?)))
            }
            Term::Number(_) => unreachable!("constants are folded where they are written"),
        }
    }

    fn combine(self, other: Self, op: BinaryOp) -> Option<(&'t Tape, usize)> {
        let ((a, x), (b, y)) = (self.parts(), other.parts());
        let tape = a.or(b)?.0;
        let index =
            tape.push(|| with_value(tape, a.map(|p| p.1), x, |a| with_value(tape, b.map(|p| p.1), y, |b| op(a, b))));
        Some((tape, index))
    }

    fn arithmetic(self, other: Self, numbers: impl Fn(f64, f64) -> f64, op: BinaryOp) -> Self {
        match self.combine(other, op) {
            Some((tape, index)) => Term::Tensor(tape, index),
            None => Term::Number(numbers(self.parts().1, other.parts().1)),
        }
    }

    fn compare(self, other: Self, numbers: impl Fn(f64, f64) -> bool, op: BinaryOp) -> Mask<'t> {
        match self.combine(other, op) {
            Some((tape, index)) => Mask::Tensor(tape, index),
            None => Mask::Number(numbers(self.parts().1, other.parts().1)),
        }
    }

    /// `self` to the power `other`.
    pub fn pow(self, other: Self) -> Self {
        self.arithmetic(other, f64::powf, |a, b| binary::pow(a, b))
    }

    /// `self / other` rounded down.
    pub fn div_floor(self, other: Self) -> Self {
        self.arithmetic(other, |a, b| (a / b).floor(), |a, b| binary::div_floor(a, b))
    }

    /// `self / other` rounded towards zero.
    pub fn div_trunc(self, other: Self) -> Self {
        self.arithmetic(other, |a, b| (a / b).trunc(), |a, b| binary::div_trunc(a, b))
    }

    fn function(self, function: Unary, number: impl Fn(f64) -> f64) -> Self {
        match self {
            Term::Number(x) => Term::Number(number(x)),
            _ => self.apply(function),
        }
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:tt;)*) => {$(
        impl $trait for Term<'_> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.arithmetic(other, |a, b| a $op b, |a, b| binary::$method(a, b))
            }
        }
    )*};
}
operators! { Add add +; Sub sub -; Mul mul *; Div div /; }

impl Neg for Term<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        self.function(Unary::Neg, |x| -x)
    }
}

impl Mask<'_> {
    /// Both are `bool` tensors, or numbers that decide.
    fn join(self, other: Self, decides: bool, op: fn(&Tensor, &Tensor) -> Result<Tensor>) -> Self {
        match (self, other) {
            (Mask::Number(x), mask) | (mask, Mask::Number(x)) => {
                if x == decides {
                    Mask::Number(x)
                } else {
                    mask
                }
            }
            (Mask::Tensor(tape, a), Mask::Tensor(_, b)) => {
                Mask::Tensor(tape, tape.push(|| op(&tape.get(a)?, &tape.get(b)?)))
            }
        }
    }
}

impl BitAnd for Mask<'_> {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.join(other, false, |a, b| binary::logical_and(a, b))
    }
}

impl BitOr for Mask<'_> {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.join(other, true, |a, b| binary::logical_or(a, b))
    }
}

impl Not for Mask<'_> {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Mask::Number(x) => Mask::Number(!x),
            Mask::Tensor(tape, index) => Mask::Tensor(tape, tape.push(|| unary::logical_not(&tape.get(index)?))),
        }
    }
}

macro_rules! functions {
    ($($name:ident $function:ident;)*) => {$(
        fn $name(self) -> Self {
            self.function(Unary::$function, <f64 as Number>::$name)
        }
    )*};
}

impl<'t> Formula for Term<'t> {
    type Mask = Mask<'t>;

    fn of(x: f64) -> Self {
        Term::Number(x)
    }

    fn zeros(self) -> Self {
        match self {
            Term::Number(_) => Term::Number(0.0),
            Term::Tensor(tape, index) => Term::Tensor(
                tape,
                tape.push(|| tape.get(index)?.with_array(|a| Ok(Tensor::new(Array::zeros(a.shape(), a.dtype())?)))),
            ),
        }
    }

    fn lt(self, other: Self) -> Mask<'t> {
        self.compare(other, |a, b| a < b, |a, b| binary::lt(a, b))
    }

    fn le(self, other: Self) -> Mask<'t> {
        self.compare(other, |a, b| a <= b, |a, b| binary::le(a, b))
    }

    fn is(self, other: Self) -> Mask<'t> {
        self.compare(other, |a, b| a == b, |a, b| binary::eq(a, b))
    }

    fn select(mask: Mask<'t>, then: Self, other: Self) -> Self {
        let (tape, mask) = match mask {
            Mask::Number(x) => return if x { then } else { other },
            Mask::Tensor(tape, index) => (tape, index),
        };
        let ((a, x), (b, y)) = (then.parts(), other.parts());
        let index = tape.push(|| {
            let mask = tape.get(mask)?;
            with_value(tape, a.map(|p| p.1), x, |a| {
                with_value(tape, b.map(|p| p.1), y, |b| ternary::where_(&mask, a, b))
            })
        });
        Term::Tensor(tape, index)
    }

    fn polygamma(self, n: u32) -> Self {
        self.function(Unary::Polygamma { n }, |x| Number::polygamma(x, n))
    }

    functions! {
        exp Exp; ln Log; rsqrt Rsqrt; sin Sin; cos Cos; sinh Sinh; cosh Cosh; tanh Tanh; sigmoid Sigmoid;
        ln_1p Log1p; erf Erf; abs Abs; sign Sign; digamma Digamma;
    }
}
