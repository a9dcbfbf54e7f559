//! The derivatives of each operation, with PyTorch's conventions where there is none.

use super::kind::{Domain, Kind};
use super::{Binary, Sides};
use crate::autograd::{Context, Grads, Saves, Tensor};
use crate::error::Result;
use crate::ops::formula::{Formula, Tape, Term};
use smallvec::smallvec;

/// Which values the derivatives by the left and by the right operand look at: operands `a` and `b`, result `y`.
fn looks_at(kind: Kind) -> [&'static str; 2] {
    match kind {
        Kind::Mul => ["b", "a"],
        Kind::Div => ["b", "ab"],
        Kind::Remainder | Kind::Fmod => ["", "ab"],
        Kind::Pow => ["ab", "aby"],
        Kind::Maximum | Kind::Minimum | Kind::Fmax | Kind::Fmin | Kind::Atan2 => ["ab", "ab"],
        Kind::Logaddexp | Kind::Logaddexp2 | Kind::Xlogy => ["ab", "ab"],
        Kind::Ldexp => ["b", "ab"],
        Kind::Hypot => ["ay", "by"],
        Kind::Copysign => ["ay", ""],
        _ => ["", ""],
    }
}

impl Binary {
    /// Which operands (left, right) are tensors, and which input each is.
    fn places(&self) -> [Option<usize>; 2] {
        match self.sides {
            Sides::Both => [Some(0), Some(1)],
            Sides::Left(_) => [Some(0), None],
            Sides::Right(_) => [None, Some(0)],
        }
    }

    pub(super) fn saved(&self, needs: &[bool]) -> Saves {
        let places = self.places();
        let mut saves = Saves::NONE;
        for (side, names) in looks_at(self.kind).iter().enumerate() {
            if !places[side].is_some_and(|p| needs[p]) {
                continue;
            }
            for (operand, name) in ["a", "b"].iter().enumerate() {
                if let Some(place) = places[operand].filter(|_| names.contains(name)) {
                    saves = saves.and(Saves::inputs(&[place]));
                }
            }
            saves = saves.and(Saves::outputs(&[0]).when(names.contains('y')));
        }
        saves
    }

    pub(super) fn gradients(&self, cx: &Context<'_>, g: &Tensor) -> Result<Grads> {
        let mut grads: Grads = smallvec![None; cx.len()];
        for (side, place) in self.places().into_iter().enumerate() {
            let Some(place) = place.filter(|&p| cx.needs(p)) else { continue };
            // The commonest derivatives without the detour.
            grads[place] = Some(match (self.kind, side) {
                (Kind::Add | Kind::Sub | Kind::Remainder | Kind::Fmod, 0) => g.clone(),
                (Kind::Add, 1) if self.alpha.to_f64() == 1.0 => g.clone(),
                _ => Tape::default().run(|tape| {
                    let at = At { binary: self, cx, tape };
                    if side == 0 { at.left(tape.tensor(g)) } else { at.right(tape.tensor(g)) }
                })?,
            });
        }
        Ok(grads)
    }
}

/// Where a derivative is taken.
struct At<'t, 'c> {
    binary: &'c Binary,
    cx: &'c Context<'c>,
    tape: &'t Tape,
}

impl<'t> At<'t, '_> {
    fn operand(&self, side: usize) -> Term<'t> {
        match (self.binary.places()[side], self.binary.sides) {
            (Some(place), _) => self.tape.value(self.cx.input(place)),
            (None, Sides::Left(x) | Sides::Right(x)) => Term::Number(x.to_f64()),
            (None, Sides::Both) => unreachable!("both operands are tensors"),
        }
    }

    fn a(&self) -> Term<'t> {
        self.operand(0)
    }

    fn b(&self) -> Term<'t> {
        self.operand(1)
    }

    fn y(&self) -> Term<'t> {
        self.tape.value(self.cx.output(0))
    }

    /// By the left operand.
    fn left(&self, g: Term<'t>) -> Term<'t> {
        let of = Term::of;
        match self.binary.kind {
            Kind::Add | Kind::Sub | Kind::Remainder | Kind::Fmod => g,
            Kind::Mul => g * self.b(),
            Kind::Div => g / self.b(),
            Kind::Pow => {
                let (a, b) = (self.a(), self.b());
                match b {
                    Term::Number(0.0) => g.zeros(),
                    Term::Number(e) => g * (of(e) * a.pow(of(e - 1.0))),
                    _ => Term::select(b.is(of(0.0)), of(0.0), g * (b * a.pow(b - of(1.0)))),
                }
            }
            Kind::Maximum => shared(g, self.a(), self.b(), |a, b| a.lt(b)),
            Kind::Minimum => shared(g, self.a(), self.b(), |a, b| b.lt(a)),
            Kind::Fmax => g.when(self.b().le(self.a()) | !self.b().is(self.b())),
            Kind::Fmin => g.when(self.a().le(self.b()) | !self.b().is(self.b())),
            Kind::Atan2 => g * (self.b() * self.inverse_square()),
            Kind::Ldexp => g * of(2.0).pow(self.b()),
            Kind::Hypot => g * (self.a() / self.y()),
            Kind::Copysign => g * Term::select(self.a().is(of(0.0)), of(0.0), self.y() / self.a()),
            Kind::Logaddexp => g / (of(1.0) + (self.b() - self.a()).exp()),
            Kind::Logaddexp2 => g / (of(1.0) + of(2.0).pow(self.b() - self.a())),
            Kind::Xlogy => {
                let (a, b) = (self.a(), self.b());
                g * Term::select(a.is(of(0.0)) & b.le(of(0.0)), of(0.0), b.ln())
            }
            _ => self.constant(g),
        }
    }

    /// By the right operand.
    fn right(&self, g: Term<'t>) -> Term<'t> {
        let of = Term::of;
        let alpha = || match self.binary.alpha.to_f64() {
            1.0 => g,
            alpha => g * of(alpha),
        };
        match self.binary.kind {
            Kind::Add => alpha(),
            Kind::Sub => -alpha(),
            Kind::Mul => g * self.a(),
            Kind::Div => {
                let b = self.b();
                -g * ((self.a() / b) / b)
            }
            Kind::Remainder => -g * self.a().div_floor(self.b()),
            Kind::Fmod => -g * self.a().div_trunc(self.b()),
            Kind::Pow => {
                let (a, b) = (self.a(), self.b());
                let slope = g * (self.y() * a.ln());
                match a {
                    Term::Number(x) if x != 0.0 => slope,
                    _ => Term::select(a.is(of(0.0)) & b.ge(of(0.0)), of(0.0), slope),
                }
            }
            Kind::Maximum => shared(g, self.a(), self.b(), |a, b| b.lt(a)),
            Kind::Minimum => shared(g, self.a(), self.b(), |a, b| a.lt(b)),
            Kind::Fmax => g.when(!(self.b().le(self.a()) | !self.b().is(self.b()))),
            Kind::Fmin => g.when(!(self.a().le(self.b()) | !self.b().is(self.b()))),
            Kind::Atan2 => g * (-self.a() * self.inverse_square()),
            Kind::Ldexp => g * self.a() * of(2.0).pow(self.b()) * of(std::f64::consts::LN_2),
            Kind::Hypot => g * (self.b() / self.y()),
            Kind::Logaddexp => g / (of(1.0) + (self.a() - self.b()).exp()),
            Kind::Logaddexp2 => g / (of(1.0) + of(2.0).pow(self.a() - self.b())),
            Kind::Xlogy => g * self.a() / self.b(),
            _ => self.constant(g),
        }
    }

    /// `1 / (a^2 + b^2)`, 0 at the origin.
    fn inverse_square(&self) -> Term<'t> {
        let square = self.a() * self.a() + self.b() * self.b();
        Term::select(square.is(Term::of(0.0)), Term::of(0.0), Term::of(1.0) / square)
    }

    /// Of an operation that is constant almost everywhere.
    fn constant(&self, g: Term<'t>) -> Term<'t> {
        let kind = self.binary.kind;
        match (kind, kind.domain()) {
            (Kind::FloorDivide | Kind::Heaviside, _) => {
                self.tape.value(Err(crate::error!(Runtime, "derivative for aten::{} is not implemented", kind.name())))
            }
            (Kind::DivTrunc | Kind::DivFloor | Kind::Copysign | Kind::Nextafter, _) => g.zeros(),
            (_, Domain::Compare | Domain::Truth | Domain::Integral | Domain::Integer) => g.zeros(),
            _ => unreachable!("{} has a derivative", kind.name()),
        }
    }
}

/// The gradient of the operand that was chosen; ties share it.
fn shared<'t>(
    g: Term<'t>,
    a: Term<'t>,
    b: Term<'t>,
    loses: impl Fn(Term<'t>, Term<'t>) -> <Term<'t> as Formula>::Mask,
) -> Term<'t> {
    let half = Term::select(a.is(b), g / Term::of(2.0), g);
    Term::select(loses(a, b), Term::of(0.0), half)
}
