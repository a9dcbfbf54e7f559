//! Which pixels of one axis make which pixel of the resized axis, with which weights.

/// How pixels between pixels are made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The pixel at the scaled place, rounded down.
    Nearest,
    /// The pixel whose centre is nearest.
    NearestExact,
    /// A straight line between two pixels.
    Linear,
    /// A cubic through four pixels.
    Cubic,
    /// Windowed sinc, three pixels to each side.
    Lanczos,
}

/// An axis and what it is resized to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resize {
    /// How.
    pub filter: Filter,
    /// The size before.
    pub input: usize,
    /// The size after.
    pub output: usize,
    /// Whether the centres of the first and the last pixels stay where they are, rather than their outer edges.
    pub align_corners: bool,
    /// Whether a smaller image is made by averaging over all that a pixel covers.
    pub antialias: bool,
    /// The factor to go by in place of `output / input`.
    pub factor: Option<f64>,
}

/// Rows of a sparse matrix: for each pixel of the output its taps. The numbers are as exact as the arithmetic they were made in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taps {
    /// Where each row's taps begin, and where the last ones end.
    pub starts: Vec<usize>,
    /// The pixels of the input.
    pub places: Vec<usize>,
    /// Their weights.
    pub weights: Vec<f64>,
}

impl Taps {
    fn from_rows(rows: impl Iterator<Item = Vec<(usize, f64)>>) -> Taps {
        let mut taps = Taps { starts: vec![0], ..Taps::default() };
        for row in rows {
            for (place, weight) in row {
                taps.places.push(place);
                taps.weights.push(weight);
            }
            taps.starts.push(taps.places.len());
        }
        taps
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The adjoint: for each of `input` pixels what it gives to.
    pub fn transposed(&self, input: usize) -> Taps {
        let mut rows = vec![Vec::new(); input];
        for row in 0..self.len() {
            for at in self.starts[row]..self.starts[row + 1] {
                rows[self.places[at]].push((row, self.weights[at]));
            }
        }
        Taps::from_rows(rows.into_iter())
    }
}

impl Resize {
    /// The taps, computed in `f32` (`single`) or `f64`, as PyTorch does for the two types.
    pub fn taps(&self, single: bool) -> Taps {
        let round = |x: f64| if single { x as f32 as f64 } else { x };
        match self.filter {
            // In single precision whatever the type of the pixels.
            Filter::Nearest | Filter::NearestExact => {
                Taps::from_rows((0..self.output).map(|i| vec![(self.nearest(i), 1.0)]))
            }
            _ if self.antialias => self.averaged(&round),
            Filter::Linear => Taps::from_rows((0..self.output).map(|i| self.linear(i, &round))),
            _ => Taps::from_rows((0..self.output).map(|i| self.cubic(i, &round))),
        }
    }

    fn nearest(&self, i: usize) -> usize {
        let scale = match self.factor {
            Some(factor) if factor > 0.0 => (1.0 / factor) as f32,
            _ => self.input as f32 / self.output as f32,
        };
        let place = match self.filter {
            Filter::Nearest if self.output == self.input => return i,
            Filter::Nearest if self.output == 2 * self.input => return i / 2,
            Filter::Nearest => (i as f32 * scale).floor(),
            _ => ((i as f32 + 0.5) * scale).floor(),
        };
        (place as usize).min(self.input - 1)
    }

    /// Pixels of the input for each pixel of the output.
    fn scale(&self, round: &impl Fn(f64) -> f64) -> f64 {
        if self.align_corners {
            return if self.output > 1 { round((self.input - 1) as f64 / (self.output - 1) as f64) } else { 0.0 };
        }
        match self.factor {
            Some(factor) if factor > 0.0 => round(1.0 / factor),
            _ => round(self.input as f64 / self.output as f64),
        }
    }

    /// Where a pixel of the output lies in the input.
    fn place(&self, i: usize, round: &impl Fn(f64) -> f64) -> f64 {
        let scale = self.scale(round);
        if self.align_corners { round(scale * i as f64) } else { round(round(scale * (i as f64 + 0.5)) - 0.5) }
    }

    fn linear(&self, i: usize, round: &impl Fn(f64) -> f64) -> Vec<(usize, f64)> {
        if self.output == self.input {
            return vec![(i, 1.0)];
        }
        let place = self.place(i, round).max(0.0);
        let left = (place as usize).min(self.input - 1);
        let right = (left + 1).min(self.input - 1);
        let part = round(place - left as f64).clamp(0.0, 1.0);
        vec![(left, round(1.0 - part)), (right, part)]
    }

    fn cubic(&self, i: usize, round: &impl Fn(f64) -> f64) -> Vec<(usize, f64)> {
        let place = self.place(i, round);
        let left = place.floor();
        let weights = cubic_weights(round(place - left).clamp(0.0, 1.0));
        let clamped = |shift: i64| (left as i64 + shift).clamp(0, self.input as i64 - 1) as usize;
        weights.iter().enumerate().map(|(t, &weight)| (clamped(t as i64 - 1), round(weight))).collect()
    }

    /// Weights over all that a pixel of the output covers.
    fn averaged(&self, round: &impl Fn(f64) -> f64) -> Taps {
        let reach = match self.filter {
            Filter::Linear => 1.0,
            Filter::Cubic => 2.0,
            _ => 3.0,
        };
        let scale = self.scale(round);
        let (support, inverse) = if scale >= 1.0 { (round(reach * scale), round(1.0 / scale)) } else { (reach, 1.0) };
        Taps::from_rows((0..self.output).map(|i| {
            let centre = round(scale * (i as f64 + 0.5));
            let first = ((centre - support + 0.5) as i64).max(0);
            let last = ((centre + support + 0.5) as i64).min(self.input as i64);
            let weights: Vec<f64> = (first..last)
                .map(|place| round(self.bell(round(round(place as f64 - centre + 0.5) * inverse))))
                .collect();
            let total = weights.iter().fold(0.0, |sum, weight| round(sum + weight));
            let share = |weight: f64| if total == 0.0 { weight } else { round(weight / total) };
            (first..last).zip(&weights).map(|(place, &weight)| (place as usize, share(weight))).collect()
        }))
    }

    /// The filter's curve.
    fn bell(&self, x: f64) -> f64 {
        let x = x.abs();
        let sinc = |x: f64| {
            let x = x * std::f64::consts::PI;
            if x == 0.0 { 1.0 } else { x.sin() / x }
        };
        match self.filter {
            Filter::Linear => (1.0 - x).max(0.0),
            Filter::Cubic => cubic_curve(x, -0.5),
            _ if x < 3.0 => sinc(x) * sinc(x / 3.0),
            _ => 0.0,
        }
    }
}

/// Keys' cubic at a distance from its centre; `a` is its slope at distance 1.
fn cubic_curve(x: f64, a: f64) -> f64 {
    match x {
        x if x < 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
        x if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * a,
        _ => 0.0,
    }
}

/// The weights of four pixels for a place between the second and the third.
pub fn cubic_weights(part: f64) -> [f64; 4] {
    [part + 1.0, part, 1.0 - part, 2.0 - part].map(|x| cubic_curve(x, -0.75))
}

/// The derivatives of [`cubic_weights`].
pub fn cubic_slopes(part: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let inner = |x: f64| (3.0 * (A + 2.0) * x - 2.0 * (A + 3.0)) * x;
    let outer = |x: f64| ((3.0 * x - 10.0) * x + 8.0) * A;
    [outer(part + 1.0), inner(part), -inner(1.0 - part), -outer(2.0 - part)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resize(filter: Filter, input: usize, output: usize) -> Resize {
        Resize { filter, input, output, align_corners: false, antialias: false, factor: None }
    }

    #[test]
    fn weights_sum_to_one() {
        for filter in [Filter::Nearest, Filter::NearestExact, Filter::Linear, Filter::Cubic, Filter::Lanczos] {
            for (input, output) in [(1, 1), (1, 4), (5, 3), (7, 7), (4, 8), (9, 2)] {
                for antialias in [false, true] {
                    let aliased = filter == Filter::Lanczos && !antialias;
                    if aliased {
                        continue;
                    }
                    let taps = Resize { antialias, ..resize(filter, input, output) }.taps(false);
                    assert_eq!(taps.len(), output);
                    for row in 0..output {
                        let part = taps.starts[row]..taps.starts[row + 1];
                        assert!(taps.places[part.clone()].iter().all(|&place| place < input));
                        assert!((taps.weights[part].iter().sum::<f64>() - 1.0).abs() < 1e-12);
                    }
                }
            }
        }
    }

    #[test]
    fn the_adjoint_of_the_adjoint_is_the_same_map() {
        let taps = resize(Filter::Cubic, 6, 9).taps(false);
        let twice = taps.transposed(6).transposed(9);
        for row in 0..9 {
            let total = |taps: &Taps, place: usize| -> f64 {
                let part = taps.starts[row]..taps.starts[row + 1];
                part.filter(|&at| taps.places[at] == place).map(|at| taps.weights[at]).sum()
            };
            assert!((0..6).all(|place| (total(&taps, place) - total(&twice, place)).abs() < 1e-15));
        }
    }

    #[test]
    fn slopes_are_differences() {
        let (at, step) = (0.3, 1e-6);
        let (a, b) = (cubic_weights(at - step), cubic_weights(at + step));
        for (i, slope) in cubic_slopes(at).iter().enumerate() {
            assert!(((b[i] - a[i]) / (2.0 * step) - slope).abs() < 1e-8);
        }
    }
}
