//! What the inner kernel reads, tap by tap.

use super::super::Geometry;
use super::super::field::Field;
use std::ops::Range;

/// One tap of one input channel.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Where it reads, from the place of a position in the field of the first channel.
    pub field: usize,
    /// Where its weights lie in a panel.
    pub weights: usize,
}

/// The steps of each row of positions: rows of taps that fall on padding are left out.
pub struct Steps {
    /// Lists for all channels of a block, each with the rows of taps that are in it.
    lists: Vec<(Range<usize>, Vec<Step>)>,
    /// The list of each row of positions.
    of_row: Vec<usize>,
    /// Taps of a row.
    columns: usize,
    /// The farthest place that the first channel reads.
    pub farthest: usize,
}

impl Steps {
    /// The steps of a block of channels whose fields are `apart`, with panels of `width` channels. With `turned` the
    /// taps of a channel are stored from the last to the first.
    pub fn new(
        geometry: &Geometry,
        (field, apart): (&Field, usize),
        channels: usize,
        turned: bool,
        width: usize,
    ) -> Steps {
        let [_, second, third] = &geometry.windows;
        let offsets = field.offsets(&geometry.windows, 0, 0..1);
        let mut steps = Steps {
            lists: Vec::new(),
            of_row: Vec::with_capacity(geometry.output[1]),
            columns: third.kernel,
            farthest: offsets.iter().max().copied().unwrap_or(0),
        };
        for row in 0..geometry.output[1] {
            let (taps, _) = second.taps(row);
            let known = steps.lists.iter().position(|(known, _)| *known == taps);
            let list = known.unwrap_or_else(|| {
                let mut list = Vec::with_capacity(channels * taps.len() * third.kernel);
                for channel in 0..channels {
                    for at in 0..taps.len() {
                        // In the order of the weights, but for the taps of a row.
                        let i = if turned { taps.end - 1 - at } else { taps.start + at };
                        for j in 0..third.kernel {
                            let tap = i * third.kernel + j;
                            let stored = if turned { offsets.len() - 1 - tap } else { tap };
                            list.push(Step {
                                field: channel * apart + offsets[tap],
                                weights: (channel * offsets.len() + stored) * width,
                            });
                        }
                    }
                }
                steps.lists.push((taps, list));
                steps.lists.len() - 1
            });
            steps.of_row.push(list);
        }
        steps
    }

    /// The steps of the first `channels` channels for a row of positions.
    #[inline(always)]
    pub fn of_row(&self, row: usize, channels: usize) -> &[Step] {
        let (taps, list) = &self.lists[self.of_row[row]];
        &list[..channels * taps.len() * self.columns]
    }

    /// How many lists there are.
    pub fn lists(&self) -> usize {
        self.lists.len()
    }

    /// The number of the list of a row of positions.
    pub fn list(&self, row: usize) -> usize {
        self.of_row[row]
    }

    /// Whether rows of positions differ.
    pub fn differ(&self) -> bool {
        self.lists.len() > 1
    }
}
