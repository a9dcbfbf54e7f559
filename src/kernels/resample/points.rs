//! Where places of a grid lie in an image: for each its taps, that is pixels, weights and how the weights change.

use super::super::float::Real;
use super::taps::{cubic_slopes, cubic_weights};

/// How values between pixels are made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Straight lines.
    Linear,
    /// The nearest pixel.
    Nearest,
    /// Cubics through four pixels.
    Cubic,
}

/// What lies outside of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Zeros.
    Zeros,
    /// The pixel at the border.
    Border,
    /// The image mirrored.
    Reflection,
}

/// How a grid reads an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Between pixels.
    pub between: Between,
    /// Outside of them.
    pub outside: Outside,
    /// Whether -1 and 1 are the centres of the outer pixels rather than their outer edges.
    pub align_corners: bool,
}

impl Reading {
    /// Taps of a place along one axis.
    pub fn width(self) -> usize {
        match self.between {
            Between::Linear => 2,
            Between::Nearest => 1,
            Between::Cubic => 4,
        }
    }
}

/// Places whose taps are computed together.
pub const BLOCK: usize = 128;
/// Taps of a place along one axis, at most.
const MOST: usize = 4;

/// The taps of a block of places along one axis, tap by tap.
pub struct Along<R> {
    /// The pixel, -1 where there is none.
    pub at: Vec<[i32; BLOCK]>,
    /// Its weight.
    pub weight: Vec<[R; BLOCK]>,
    /// The weight's derivative by the coordinate.
    pub slope: Vec<[R; BLOCK]>,
}

impl<R: Real> Along<R> {
    /// Room for taps.
    pub fn empty() -> Self {
        let numbers = || vec![[R::zero(); BLOCK]; MOST];
        Along { at: vec![[-1; BLOCK]; MOST], weight: numbers(), slope: numbers() }
    }

    /// The taps of coordinates (-1 to 1 across the image), at most [`BLOCK`], along an axis of `size` pixels.
    pub fn find(&mut self, reading: Reading, size: usize, coordinates: &[R]) {
        find_taps(reading, size, coordinates, self);
    }
}

crate::vectorize! {
    /// [`Along::find`], with a loop for each way to read.
    fn find_taps[S; R: Real](simd: S, reading: Reading, size: usize, coordinates: &[R], taps: &mut Along<R>) {
        // Each call is a copy of the loop that knows what lies outside.
        match reading.outside {
            Outside::Zeros => find_with(Reading { outside: Outside::Zeros, ..reading }, size, coordinates, taps),
            Outside::Border => find_with(Reading { outside: Outside::Border, ..reading }, size, coordinates, taps),
            Outside::Reflection => find_with(Reading { outside: Outside::Reflection, ..reading }, size, coordinates, taps),
        }
    }
}

#[inline(always)]
fn find_with<R: Real>(reading: Reading, size: usize, coordinates: &[R], taps: &mut Along<R>) {
    let number = R::from_usize(size);
    let (one, two) = (R::one(), R::from_f64(2.0));
    let slope = if reading.align_corners { (number - one) / two } else { number / two };
    let place = |x: R| {
        if reading.align_corners { (x + one) / two * (number - one) } else { ((x + one) * number - one) / two }
    };
    match reading.between {
        Between::Linear => {
            for (i, &x) in coordinates.iter().enumerate().take(BLOCK) {
                let (place, turn) = inside(reading, size, place(x));
                let (left, slope) = (place.floor(), slope * turn);
                let part = place - left;
                (taps.at[0][i], taps.at[1][i]) = (pixel(left, number), pixel(left + one, number));
                (taps.weight[0][i], taps.weight[1][i]) = (one - part, part);
                (taps.slope[0][i], taps.slope[1][i]) = (-slope, slope);
            }
        }
        Between::Nearest => {
            for (i, &x) in coordinates.iter().enumerate().take(BLOCK) {
                taps.at[0][i] = pixel(round_half_even(inside(reading, size, place(x)).0), number);
                (taps.weight[0][i], taps.slope[0][i]) = (one, R::zero());
            }
        }
        Between::Cubic => {
            for (i, &x) in coordinates.iter().enumerate().take(BLOCK) {
                let place = place(x);
                let left = place.floor();
                let part = (place - left).to_f64().unwrap_or(f64::NAN);
                let nan = [f64::NAN; MOST];
                let (weights, slopes) =
                    if part.is_nan() { (nan, nan) } else { (cubic_weights(part), cubic_slopes(part)) };
                for t in 0..MOST {
                    let at = left + R::from_f64(t as f64 - 1.0);
                    taps.at[t][i] = pixel(inside(reading, size, at).0, number);
                    taps.weight[t][i] = R::from_f64(weights[t]);
                    taps.slope[t][i] = R::from_f64(slopes[t]) * slope;
                }
            }
        }
    }
}

/// The pixel at a whole place, of so many; -1 if there is none.
#[inline(always)]
fn pixel<R: Real>(place: R, number: R) -> i32 {
    // Converted in any case: a loop with a choice of numbers becomes vector code, one with a jump does not.
    let whole = place.to_whole();
    if place >= R::zero() && place < number { whole } else { -1 }
}

/// To the nearest integer, halves to the even one.
#[inline(always)]
fn round_half_even<R: Real>(x: R) -> R {
    let half = R::from_f64(0.5);
    let down = x.floor();
    let (part, odd) = (x - down, (down * half).fract() != R::zero());
    if part > half || (part == half && odd) { down + R::one() } else { down }
}

/// A place brought into the image, and the derivative of that; unchanged where zeros lie outside.
#[inline(always)]
fn inside<R: Real>(reading: Reading, size: usize, place: R) -> (R, R) {
    let last = R::from_usize(size) - R::one();
    let clip = |x: R| {
        let within = x > R::zero() && x < last;
        (x.max(R::zero()).min(last), if within { R::one() } else { R::zero() })
    };
    match reading.outside {
        Outside::Zeros => (place, R::one()),
        Outside::Border => clip(place),
        Outside::Reflection => {
            let half = R::from_f64(0.5);
            let (low, span) = if reading.align_corners { (R::zero(), last) } else { (-half, last + R::one()) };
            if span <= R::zero() {
                return (R::zero(), R::zero());
            }
            let sign = if place < low { -R::one() } else { R::one() };
            let distance = (place - low).abs();
            let flips = (distance / span).floor();
            let extra = distance % span;
            let even = (flips * half).fract() == R::zero();
            let (x, turn) = if even { (extra + low, sign) } else { (span - extra + low, -sign) };
            let (x, within) = clip(x);
            (x, turn * within)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_side() {
        for (x, y) in [(0.5, 0.0), (1.5, 2.0), (-0.5, 0.0), (2.4, 2.0), (-1.5, -2.0), (2.6, 3.0)] {
            assert_eq!(round_half_even(x), y, "{x}");
        }
    }

    #[test]
    fn mirrored_places() {
        let reading = Reading { between: Between::Linear, outside: Outside::Reflection, align_corners: true };
        for (place, expected) in [(-1.0, 1.0), (3.5, 2.5), (7.0, 1.0), (2.0, 2.0)] {
            assert_eq!(inside(reading, 4, place).0, expected, "{place}");
        }
    }

    #[test]
    fn not_a_number_reads_nothing() {
        for outside in [Outside::Zeros, Outside::Border, Outside::Reflection] {
            for between in [Between::Linear, Between::Nearest, Between::Cubic] {
                let mut taps = Along::empty();
                taps.find(Reading { between, outside, align_corners: false }, 3, &[f64::NAN, f64::INFINITY, 1e300]);
                assert!(taps.at.iter().all(|at| at[..3].iter().all(|at| (-1..3).contains(at))));
            }
        }
    }
}
