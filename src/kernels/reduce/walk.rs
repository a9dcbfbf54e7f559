//! The order in which a reduction visits its elements, and the order in which it merges.

use crate::kernels::elementwise::Operand;
use smallvec::SmallVec;
use std::ops::Range;

/// Some axes of an operand, merged where possible; the last is the fastest.
pub(super) struct Space {
    axes: SmallVec<[(usize, usize); 4]>,
    pub(super) numel: usize,
}

impl Space {
    pub(super) fn of<T>(a: Operand<'_, T>, chosen: impl Fn(usize) -> bool, any_order: bool) -> Self {
        let mut axes: SmallVec<[(usize, usize); 6]> = SmallVec::new();
        let mut numel = 1;
        for (axis, (&size, &stride)) in a.shape().iter().zip(a.strides()).enumerate() {
            if chosen(axis) {
                numel *= size;
                if size != 1 {
                    axes.push((size, stride));
                }
            }
        }
        if any_order {
            axes.sort_by(|x, y| y.1.cmp(&x.1));
        }
        let mut merged: SmallVec<[(usize, usize); 4]> = SmallVec::new();
        for (size, stride) in axes {
            match merged.last_mut() {
                Some(outer) if outer.1 == stride * size => *outer = (outer.0 * size, stride),
                _ => merged.push((size, stride)),
            }
        }
        Space { axes: merged, numel }
    }

    pub(super) fn inner(&self) -> (usize, usize) {
        self.axes.last().copied().unwrap_or((1, 1))
    }

    /// The distance of neighbours, where that is all there is to know.
    pub(super) fn only(&self) -> Option<usize> {
        (self.axes.len() <= 1).then(|| self.inner().1)
    }

    pub(super) fn offset(&self, mut index: usize) -> usize {
        if let [(_, stride)] = self.axes[..] {
            return index * stride;
        }
        let mut offset = 0;
        for &(size, stride) in self.axes.iter().rev() {
            offset += index % size * stride;
            index /= size;
        }
        offset
    }

    /// Visits a range as runs along the fastest axis: `run(offset, length)`.
    pub(super) fn runs(&self, range: Range<usize>, mut run: impl FnMut(usize, usize)) {
        let (inner, stride) = self.inner();
        let mut at = range.start;
        while at < range.end {
            let column = at % inner;
            let len = (inner - column).min(range.end - at);
            run(self.offset(at - column) + column * stride, len);
            at += len;
        }
    }
}

/// Merges accumulators as they come, always two that stand for equally many.
pub(super) struct Cascade<A> {
    levels: SmallVec<[A; 8]>,
    count: usize,
}

impl<A: Copy> Cascade<A> {
    pub(super) fn new() -> Self {
        Cascade { levels: SmallVec::new(), count: 0 }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, mut acc: A, merge: impl Fn(A, A) -> A) {
        self.count += 1;
        for _ in 0..self.count.trailing_zeros() {
            acc = merge(self.levels.pop().expect("one level for each set bit"), acc);
        }
        self.levels.push(acc);
    }

    pub(super) fn finish(mut self, identity: A, merge: impl Fn(A, A) -> A) -> A {
        let Some(mut acc) = self.levels.pop() else { return identity };
        while let Some(level) = self.levels.pop() {
            acc = merge(level, acc);
        }
        acc
    }
}
