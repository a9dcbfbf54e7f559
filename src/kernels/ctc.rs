//! Connectionist temporal classification: the likelihood of a sequence of labels, summed over all alignments with a longer
//! sequence of class scores. All in logarithms.
//!
//! An alignment passes through the labels with a blank before, between and behind them: `2 s + 1` places for `s` labels.

use super::float::Real;

/// Scores of one sequence: `scores[t * stride + class]` for `t < time`.
#[derive(Clone, Copy)]
pub struct Scores<'a, R> {
    /// Log-probabilities, from the first class of the first step on.
    pub values: &'a [R],
    /// From one step to the next.
    pub stride: usize,
    /// The number of steps.
    pub time: usize,
}

impl<R: Copy> Scores<'_, R> {
    fn at(&self, t: usize, class: usize) -> R {
        self.values[t * self.stride + class]
    }
}

/// The class at a place.
fn class_at(labels: &[usize], blank: usize, place: usize) -> usize {
    if place.is_multiple_of(2) { blank } else { labels[place / 2] }
}

/// Whether an alignment may jump to a place over the blank before it.
fn jumps(labels: &[usize], place: usize) -> bool {
    place % 2 == 1 && place >= 2 && labels[place / 2] != labels[place / 2 - 1]
}

/// `log(sum(exp(x)))`.
fn log_sum<R: Real>(x: [R; 3]) -> R {
    let top = x[0].max(x[1]).max(x[2]);
    if top == R::neg_infinity() { top } else { x.iter().fold(R::zero(), |sum, &x| sum + (x - top).exp()).ln() + top }
}

/// The negative log-likelihood. `alpha: [time, 2 s + 1]` becomes the log-likelihood of all beginnings of alignments.
pub fn likelihood<R: Real>(scores: Scores<'_, R>, labels: &[usize], blank: usize, alpha: &mut [R]) -> R {
    let (none, places) = (R::neg_infinity(), 2 * labels.len() + 1);
    if scores.time == 0 {
        return if labels.is_empty() { R::zero() } else { R::infinity() };
    }
    alpha[..places].fill(none);
    alpha[0] = scores.at(0, blank);
    if let Some(&label) = labels.first() {
        alpha[1] = scores.at(0, label);
    }
    for t in 1..scores.time {
        let (before, now) = alpha.split_at_mut(t * places);
        let before = &before[(t - 1) * places..];
        for (place, now) in now[..places].iter_mut().enumerate() {
            let one = if place >= 1 { before[place - 1] } else { none };
            let two = if jumps(labels, place) { before[place - 2] } else { none };
            *now = log_sum([before[place], one, two]) + scores.at(t, class_at(labels, blank, place));
        }
    }
    let last = &alpha[(scores.time - 1) * places..];
    let other = if labels.is_empty() { none } else { last[places - 2] };
    -log_sum([last[places - 1], other, none])
}

/// The gradient of the scores, `[time, classes]` with the stride of the scores, times `g`: `exp(score)` less the part of the
/// likelihood that passes through class and step.
pub fn gradient<R: Real>(
    scores: Scores<'_, R>,
    (labels, blank): (&[usize], usize),
    (alpha, loss): (&[R], R),
    g: R,
    classes: usize,
    out: &mut [R],
) {
    let (none, places) = (R::neg_infinity(), 2 * labels.len() + 1);
    let mut beta = vec![none; places];
    let mut through = vec![none; classes];
    for t in (0..scores.time).rev() {
        if t + 1 == scores.time {
            beta[places - 1] = scores.at(t, blank);
            if let Some(&label) = labels.last() {
                beta[places - 2] = scores.at(t, label);
            }
        } else {
            // Forwards: each place needs those behind it as they were.
            for place in 0..places {
                let one = if place + 1 < places { beta[place + 1] } else { none };
                let two = if place + 2 < places && jumps(labels, place + 2) { beta[place + 2] } else { none };
                beta[place] = log_sum([beta[place], one, two]) + scores.at(t, class_at(labels, blank, place));
            }
        }
        through.fill(none);
        for (place, &beta) in beta.iter().enumerate() {
            let sum = &mut through[class_at(labels, blank, place)];
            *sum = log_sum([*sum, alpha[t * places + place] + beta, none]);
        }
        for (class, &through) in through.iter().enumerate() {
            let score = scores.at(t, class);
            out[t * scores.stride + class] = (score.exp() - (through + loss - score).exp()) * g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over all paths of classes that collapse to the labels.
    fn by_paths(scores: Scores<'_, f64>, classes: usize, labels: &[usize]) -> f64 {
        let mut total = 0.0;
        for path in 0..classes.pow(scores.time as u32) {
            let classes: Vec<usize> = (0..scores.time).map(|t| path / classes.pow(t as u32) % classes).collect();
            let mut collapsed = classes.clone();
            collapsed.dedup();
            collapsed.retain(|&class| class != 0);
            if collapsed == labels {
                total += classes.iter().enumerate().map(|(t, &class)| scores.at(t, class)).sum::<f64>().exp();
            }
        }
        -total.ln()
    }

    #[test]
    fn likelihoods_are_sums_over_paths() {
        let values: Vec<f64> = (0..15).map(|i| -0.3 - ((i * 7) % 11) as f64 / 5.0).collect();
        let scores = Scores { values: &values, stride: 3, time: 5 };
        for labels in [&[][..], &[1], &[1, 2], &[1, 1], &[2, 1, 2], &[1, 1, 1]] {
            let mut alpha = vec![0.0; 5 * (2 * labels.len() + 1)];
            let loss = likelihood(scores, labels, 0, &mut alpha);
            assert!((loss - by_paths(scores, 3, labels)).abs() < 1e-12, "{labels:?}");
        }
        let mut alpha = vec![0.0; 100];
        assert_eq!(likelihood(scores, &[1, 1, 1, 1], 0, &mut alpha), f64::INFINITY);
    }
}
