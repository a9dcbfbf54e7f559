//! Sequences of unequal length together, in groups or not, against each of them alone.

use ndarray::Array2;

use super::*;

fn noise(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 504.5 - 1.0).collect()
}

/// What a run takes and gives, with the rows of steps in their order: results, what is kept, and gradients.
struct Run {
    x: Vec<f64>,
    state: Vec<f64>,
    memory: Vec<f64>,
    slopes: Vec<f64>,
    /// Results, gradients of the input's part of the gates, those of state and memory.
    given: [Vec<f64>; 4],
}

struct Layer {
    cell: Cell,
    n: usize,
    p: usize,
    hh: Array2<f64>,
    bias: Vec<f64>,
    hr: Option<Array2<f64>>,
}

impl Layer {
    fn run(&self, steps: &Steps, run: &mut Run) {
        let (wide, rows, batch) = (self.cell.gates() * self.n, steps.rows(), steps.batch());
        let weights = Weights { hh: self.hh.view(), bias: Some(&self.bias), hr: self.hr.as_ref().map(|hr| hr.view()) };
        let kept = |used: bool, width: usize| vec![f64::NAN; if used { rows * width } else { 0 }];
        let (lstm, gru) = (self.cell == Cell::Lstm, self.cell == Cell::Gru);
        let (mut gates, mut inner) = (kept(true, wide), kept(lstm || gru, self.n));
        let (mut hidden, mut y) = (kept(self.hr.is_some(), self.n), kept(true, self.p));
        let (first_state, first_memory) = (run.state.clone(), run.memory.clone());
        let trace = Trace { gates: &mut gates, inner: &mut inner, hidden: &mut hidden };
        forward((self.cell, steps), weights, &run.x, (&mut run.state, &mut run.memory), trace, &mut y);

        let mut previous = kept(lstm || gru, self.n);
        if lstm {
            steps.previous(&inner, &first_memory, self.n, &mut previous);
        } else if gru {
            steps.previous(&y, &first_state, self.n, &mut previous);
        }
        let (mut state, mut memory) = (vec![0.5; batch * self.p], vec![0.25; if lstm { batch * self.n } else { 0 }]);
        let (mut dx, mut dh, mut states) = (kept(true, wide), kept(gru, wide), run.slopes.clone());
        let given = Given { gates: &gates, inner: &inner, previous: &previous };
        let gradients =
            Gradients { state: &mut state, memory: &mut memory, x: &mut dx, h: &mut dh, states: &mut states };
        backward((self.cell, steps), weights, given, gradients);
        run.given = [y, dx, state, memory];
    }
}

/// The rows of sequence `at` out of those of all steps; `width` numbers each.
fn alone(sizes: &[usize], list: &[f64], width: usize, at: usize) -> Vec<f64> {
    let starts = sizes.iter().scan(0, |sum, &size| Some(std::mem::replace(sum, *sum + size)));
    let rows = starts.zip(sizes).filter(|(_, size)| at < **size).map(|(start, _)| start + at);
    rows.flat_map(|row| list[row * width..][..width].to_vec()).collect()
}

#[test]
fn sequences_together_give_what_each_gives_alone() {
    // Few weights: groups of sequences; many: all at once.
    let cases = if cfg!(miri) { vec![(3, 10)] } else { vec![(5, 19), (40, 9), (200, 3)] };
    for (n, batch) in cases {
        for (cell, projects) in
            [(Cell::Tanh, false), (Cell::Relu, false), (Cell::Lstm, false), (Cell::Lstm, true), (Cell::Gru, false)]
        {
            let (p, wide) = (if projects { n - 1 } else { n }, cell.gates() * n);
            let matrix = |rows, columns, seed| {
                Array2::from_shape_vec((rows, columns), noise(rows * columns, seed)).unwrap() / (n as f64)
            };
            let hr = projects.then(|| matrix(p, n, 2));
            let layer = Layer { cell, n, p, hh: matrix(wide, p, 1), bias: noise(wide, 3), hr };
            let sizes: Vec<usize> = (0..8).map(|t| batch - t * (batch - 1) / 7).collect();
            for reverse in [false, true] {
                let steps = Steps::new(sizes.clone(), reverse);
                let memory = if cell == Cell::Lstm { noise(batch * n, 6) } else { vec![] };
                let (x, slopes) = (noise(steps.rows() * wide, 4), noise(steps.rows() * p, 7));
                let mut all = Run { x, state: noise(batch * p, 5), memory, slopes, given: Default::default() };
                let (first_state, first_memory) = (all.state.clone(), all.memory.clone());
                layer.run(&steps, &mut all);
                for at in 0..batch {
                    let of = |list: &[f64], width: usize| {
                        list.get(at * width..(at + 1) * width).unwrap_or_default().to_vec()
                    };
                    let rows = |list: &[f64], width: usize| alone(&sizes, list, width, at);
                    let mut one = Run {
                        x: rows(&all.x, wide),
                        state: of(&first_state, p),
                        memory: of(&first_memory, n),
                        slopes: rows(&all.slopes, p),
                        given: Default::default(),
                    };
                    layer.run(&Steps::new(vec![1; sizes.iter().filter(|&&size| at < size).count()], reverse), &mut one);
                    let [y, dx, state, memory] = &all.given;
                    let expected = [rows(y, p), rows(dx, wide), of(state, p), of(memory, n), of(&all.state, p)];
                    let found = one.given.iter().chain([&one.state]);
                    for (what, (found, expected)) in found.zip(&expected).enumerate() {
                        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
                        assert!(
                            found.len() == expected.len() && found.iter().zip(expected).all(close),
                            "{cell:?} of {n}, reverse {reverse}, sequence {at}, list {what}"
                        );
                    }
                }
            }
        }
    }
}
