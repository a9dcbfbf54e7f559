//! Time steps of a batch of sequences of unequal length.

/// How many sequences each step has, and in which order steps are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    sizes: Vec<usize>,
    /// The first row of each step.
    starts: Vec<usize>,
    reverse: bool,
}

impl Steps {
    /// Steps of these many sequences (never more than the step before), from the last to the first if `reverse`.
    pub fn new(sizes: Vec<usize>, reverse: bool) -> Steps {
        debug_assert!(sizes.windows(2).all(|pair| pair[1] <= pair[0]));
        let ends = sizes.iter().scan(0, |sum, &size| {
            *sum += size;
            Some(*sum)
        });
        let starts = ends.zip(&sizes).map(|(end, size)| end - size).collect();
        Steps { sizes, starts, reverse }
    }

    /// The number of sequences.
    pub fn batch(&self) -> usize {
        self.sizes.first().copied().unwrap_or(0)
    }

    /// The number of steps.
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// The number of rows of all steps.
    pub fn rows(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// First row and number of rows of each step, in the order in which they are taken.
    pub fn in_order(&self) -> Vec<(usize, usize)> {
        let mut order: Vec<_> = self.starts.iter().copied().zip(self.sizes.iter().copied()).collect();
        if self.reverse {
            order.reverse();
        }
        order
    }

    /// Cuts a list of rows, `width` numbers each, into those of every `group` sequences at each step: by group, in the order in which
    /// steps are taken. Of an empty list all parts are empty.
    pub fn cut<'a, T>(&self, list: &'a mut [T], width: usize, group: usize) -> Vec<Vec<&'a mut [T]>> {
        let groups = self.batch().div_ceil(group);
        let mut parts: Vec<Vec<&mut [T]>> = (0..groups).map(|_| Vec::with_capacity(self.count())).collect();
        let mut rest = list;
        for &size in &self.sizes {
            let (step, behind) = rest.split_at_mut((size * width).min(rest.len()));
            rest = behind;
            let mut pieces = step.chunks_mut((group * width).max(1));
            parts.iter_mut().for_each(|part| part.push(pieces.next().unwrap_or_default()));
        }
        if self.reverse {
            parts.iter_mut().for_each(|part| part.reverse());
        }
        parts
    }

    /// For each row the state before it: rows of `states`, `width` numbers each, or of `first` where a sequence begins.
    pub fn previous<T: Copy>(&self, states: &[T], first: &[T], width: usize, out: &mut [T]) {
        let mut before: Option<(usize, usize)> = None;
        for (start, rows) in self.in_order() {
            let known = before.map_or(0, |(_, rows)| rows).min(rows);
            let to = &mut out[start * width..(start + rows) * width];
            if let Some((from, _)) = before {
                to[..known * width].copy_from_slice(&states[from * width..(from + known) * width]);
            }
            to[known * width..].copy_from_slice(&first[known * width..rows * width]);
            before = Some((start, rows));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_before() {
        let states = [10, 11, 12, 20, 21, 30];
        let first = [1, 2, 3];
        let mut out = [0; 6];
        Steps::new(vec![3, 2, 1], false).previous(&states, &first, 1, &mut out);
        assert_eq!(out, [1, 2, 3, 10, 11, 20]);
        Steps::new(vec![3, 2, 1], true).previous(&states, &first, 1, &mut out);
        assert_eq!(out, [20, 21, 3, 30, 2, 1]);
    }
}
