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

/// One tap along one axis: the pixel (none where there is nothing), its weight, and the weight's derivative by the coordinate.
pub type Tap<R> = (Option<usize>, R, R);

/// The taps of a coordinate (-1 to 1 across the image) along an axis of `size` pixels, into `taps`.
pub fn along<R: Real>(reading: Reading, size: usize, x: R, taps: &mut [Tap<R>]) {
    let number = R::from_usize(size);
    let (one, two) = (R::one(), R::from_f64(2.0));
    let (place, slope) = if reading.align_corners {
        ((x + one) / two * (number - one), (number - one) / two)
    } else {
        (((x + one) * number - one) / two, number / two)
    };
    if reading.between == Between::Cubic {
        let left = place.floor();
        let part = (place - left).to_f64().unwrap_or(0.0);
        let (weights, slopes) = (cubic_weights(part), cubic_slopes(part));
        for (t, tap) in taps.iter_mut().enumerate() {
            let at = left + R::from_f64(t as f64 - 1.0);
            let at = inside(reading, size, at).0;
            *tap = (pixel(at, size), R::from_f64(weights[t]), R::from_f64(slopes[t]) * slope);
        }
        return;
    }
    let (place, turn) = inside(reading, size, place);
    let slope = slope * turn;
    if reading.between == Between::Nearest {
        taps[0] = (pixel(round_half_even(place), size), one, R::zero());
        return;
    }
    let left = place.floor();
    let part = place - left;
    taps[0] = (pixel(left, size), one - part, -slope);
    taps[1] = (pixel(left + one, size), part, slope);
}

/// The pixel at a whole place, if there is one.
fn pixel<R: Real>(place: R, size: usize) -> Option<usize> {
    (place >= R::zero() && place < R::from_usize(size)).then(|| place.to_usize().unwrap_or(0))
}

/// To the nearest integer, halves to the even one.
fn round_half_even<R: Real>(x: R) -> R {
    let half = R::from_f64(0.5);
    let down = x.floor();
    let (part, odd) = (x - down, (down * half).fract() != R::zero());
    if part > half || (part == half && odd) { down + R::one() } else { down }
}

/// A place brought into the image, and the derivative of that; unchanged where zeros lie outside.
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
                let mut taps = [(None, 0.0, 0.0); 4];
                let reading = Reading { between, outside, align_corners: false };
                along(reading, 3, f64::NAN, &mut taps[..reading.width()]);
                assert!(taps.iter().all(|(place, ..)| place.is_none_or(|place| place < 3)));
            }
        }
    }
}
