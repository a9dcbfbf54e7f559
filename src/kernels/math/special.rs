//! Special functions: the gamma function and its relatives, the inverse of the error function.

use std::f64::consts::PI;

/// `ln |gamma(x)|`.
pub fn lgamma(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { f64::INFINITY } else { libm::lgamma(x) }
}

/// The inverse of the error function: a first guess from the logarithm of `1 - x^2`, then Newton's method with the
/// second-order correction (Halley), which triples the right digits each time.
pub fn erfinv(x: f64) -> f64 {
    let magnitude = x.abs();
    if magnitude >= 1.0 || x.is_nan() {
        return if magnitude == 1.0 { f64::INFINITY.copysign(x) } else { f64::NAN };
    }
    // Winitzki's approximation, right to three digits everywhere.
    let a = 0.147;
    let log = ((1.0 - magnitude) * (1.0 + magnitude)).ln();
    let half = 2.0 / (PI * a) + log / 2.0;
    let mut y = ((half * half - log / a).sqrt() - half).sqrt();
    for _ in 0..3 {
        // Near 1 the complement keeps the digits that the difference of two numbers close to 1 would lose.
        let error = if magnitude < 0.5 { libm::erf(y) - magnitude } else { (1.0 - magnitude) - libm::erfc(y) };
        let step = error * (PI.sqrt() / 2.0) * (y * y).exp();
        y -= step / (1.0 + y * step);
    }
    y.copysign(x)
}

/// The logarithmic derivative of the gamma function; -inf at 0, NaN at negative integers.
pub fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if x < 0.0 {
        if x == x.trunc() {
            return f64::NAN;
        }
        // Reflection; the tangent is taken of the fraction, where it is exact.
        let fraction = x - x.trunc();
        return digamma(1.0 - x) - PI / (PI * fraction).tan();
    }
    if x == 10.0 {
        return 2.251_752_589_066_721;
    }
    let mut shift = 0.0;
    let mut z = x;
    while z < 10.0 {
        shift -= 1.0 / z;
        z += 1.0;
    }
    // ln z - 1/(2z) - sum of B_2k / (2k z^2k).
    const TERMS: [f64; 7] =
        [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0];
    let inverse = 1.0 / (z * z);
    let tail = if z < 1e17 { TERMS.iter().rev().fold(0.0, |sum, t| (sum + t) * inverse) } else { 0.0 };
    shift + z.ln() - 0.5 / z - tail
}

/// The `n`-th derivative of [`digamma`].
pub fn polygamma(n: u32, x: f64) -> f64 {
    match n {
        0 => digamma(x),
        1 if x < 0.5 => {
            // Reflection: the sum of the values at x and 1 - x is (pi / sin pi x)^2.
            let sine = (PI * (x - x.trunc())).sin();
            let square = PI / sine;
            square * square - polygamma(1, 1.0 - x)
        }
        n => {
            let sign = if n % 2 == 1 { 1.0 } else { -1.0 };
            sign * libm::tgamma(n as f64 + 1.0) * zeta(n as f64 + 1.0, x)
        }
    }
}

/// The sum of `(q + k)^-s` over `k = 0, 1, ...`, by Euler and Maclaurin: nine terms, an integral and its corrections.
fn zeta(s: f64, q: f64) -> f64 {
    if q == f64::INFINITY {
        return 0.0;
    }
    if q <= 0.0 {
        if q == q.floor() {
            return f64::INFINITY;
        }
        if s != s.floor() {
            return f64::NAN;
        }
    }
    // Negative terms first, until the rest starts beyond the reach of the corrections.
    let mut sum = 0.0;
    let mut a = q;
    while a < 9.0 {
        sum += a.powf(-s);
        a += 1.0;
    }
    // B_2k / (2k)!.
    const COEFFICIENTS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
        1.0 / 74_724_249_600.0,
        -3617.0 / 10_670_622_842_880_000.0,
    ];
    let power = a.powf(-s);
    sum += power * a / (s - 1.0) + 0.5 * power;
    let mut factor = s * power / a;
    for (k, coefficient) in COEFFICIENTS.iter().enumerate() {
        sum += coefficient * factor;
        let k = 2.0 * k as f64;
        factor *= (s + k + 1.0) * (s + k + 2.0) / (a * a);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 4e-15 * expected.abs().max(1.0), "{actual} is not {expected}");
    }

    #[test]
    fn known_values() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        close(digamma(1.0), -EULER);
        close(digamma(0.5), -EULER - 2.0 * 2f64.ln());
        close(digamma(-0.5), digamma(0.5) + 2.0);
        close(polygamma(1, 1.0), PI * PI / 6.0);
        close(polygamma(1, 0.5), PI * PI / 2.0);
        close(polygamma(1, -1.5), PI * PI / 2.0 + 4.0 + 4.0 / 9.0);
        close(polygamma(2, 1.0), -2.0 * 1.202_056_903_159_594_3);
        close(polygamma(3, 1.0), PI.powi(4) / 15.0);
        close(lgamma(5.0), 24f64.ln());
    }

    #[test]
    fn inverse_of_the_error_function() {
        for x in [1e-300, 1e-9, 0.1, 0.3, 0.5, 0.7, 0.99, 0.999_999, 1.0 - 1e-15] {
            let y = erfinv(x);
            let back = if x < 0.5 { libm::erf(y) } else { 1.0 - libm::erfc(y) };
            assert!((back - x).abs() <= 4e-16 * x, "erf(erfinv({x})) = {back}");
            assert_eq!(erfinv(-x), -y);
        }
        assert_eq!((erfinv(0.0), erfinv(1.0), erfinv(-1.0)), (0.0, f64::INFINITY, f64::NEG_INFINITY));
        assert!(erfinv(1.5).is_nan() && erfinv(f64::NAN).is_nan());
    }

    #[test]
    fn poles() {
        assert_eq!(digamma(0.0), f64::NEG_INFINITY);
        assert!(digamma(-3.0).is_nan());
        assert_eq!(digamma(f64::INFINITY), f64::INFINITY);
        assert_eq!(lgamma(f64::NEG_INFINITY), f64::INFINITY);
    }
}
