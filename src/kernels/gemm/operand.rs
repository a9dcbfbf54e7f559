//! Operands of the matrix product and the packed form in which the inner kernel reads them.
//!
//! Both operands are seen alike: a *depth* axis, along which the product sums, and a *lane* axis, rows of the left operand,
//! columns of the right one. A panel is a run of lanes, stored depth by depth: `width` numbers for each step of depth,
//! filled up with zeros where there are fewer lanes.

use std::marker::PhantomData;
use std::ops::Range;

use ndarray::ArrayView2;

use super::super::float::{Floating, Real};
use super::super::lanes::{Lane, Vector, copy, interleave, prefetch};
use super::super::parallel;
use super::DEPTH_BLOCK;

/// A matrix that can be packed into panels, from memory or by computing where its elements are.
pub trait Operand<R: Real>: Sync {
    /// Writes one panel: element (`d`, `l`) of `depth` x `lanes` goes to `panel[(d - depth.start) * width + (l - lanes.start)]`,
    /// the rest of each `width` becomes zero.
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [R]);

    /// Where the elements lie, if the kernel may read them without packing.
    fn strided(&self) -> Option<Strided<'_, R>> {
        None
    }
}

/// A matrix in memory, with the strides of its two axes.
#[derive(Clone, Copy)]
pub struct Strided<'a, T> {
    /// The element (0, 0).
    pub start: *const T,
    /// Elements from one step of depth to the next.
    pub depth: isize,
    /// Elements from one lane to the next.
    pub lane: isize,
    borrow: PhantomData<&'a [T]>,
}

// SAFETY: a `Strided` is a shared borrow of the view it was made from.
unsafe impl<T: Sync> Sync for Strided<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Send for Strided<'_, T> {}

impl<'a, T: Floating> Strided<'a, T> {
    /// The left operand, rows x depth.
    pub fn left(view: ArrayView2<'a, T>) -> Self {
        let &[lane, depth] = view.strides() else { unreachable!("two axes") };
        Strided { start: view.as_ptr(), depth, lane, borrow: PhantomData }
    }

    /// The right operand, depth x columns.
    pub fn right(view: ArrayView2<'a, T>) -> Self {
        Self::left(view.reversed_axes())
    }

    /// The same matrix with elements named by their arithmetic type, if that is how they are stored.
    pub fn real(&self) -> Option<Strided<'a, T::Acc>> {
        T::IS_REAL.then_some(Strided {
            start: self.start.cast(),
            depth: self.depth,
            lane: self.lane,
            borrow: PhantomData,
        })
    }

    /// The same matrix with depths for lanes and lanes for depths.
    pub fn exchanged(self) -> Self {
        Strided { depth: self.lane, lane: self.depth, ..self }
    }

    /// The same matrix without its first `by` depths.
    pub fn deeper(self, by: usize) -> Self {
        Strided { start: self.address(by, 0), ..self }
    }

    /// Where an element lies.
    pub fn address(&self, depth: usize, lane: usize) -> *const T {
        self.start.wrapping_offset(depth as isize * self.depth + lane as isize * self.lane)
    }

    /// # Safety
    /// (`depth`, `lane`) must lie in the view that `self` was made from.
    #[inline(always)]
    unsafe fn get(&self, depth: usize, lane: usize) -> T {
        // SAFETY: the caller vouches for the position.
        unsafe { *self.address(depth, lane) }
    }
}

/// Lanes of a panel, at most.
const WIDEST: usize = 32;

impl<R: Real> Strided<'_, R> {
    /// [`Operand::pack_panel`] for elements that are adjacent along one axis; `false` if they are not.
    fn pack_real(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [R]) -> bool {
        // SAFETY: the driver asks for positions of the matrix only, so `len` elements from each first one on lie in it.
        let line = |d: usize, l: usize, len: usize| unsafe { std::slice::from_raw_parts(self.address(d, l), len) };
        let count = lanes.len();
        if depth.is_empty() || count == 0 {
            panel[..depth.len() * width].fill(R::zero());
        } else if self.lane == 1 {
            pack_rows(self, depth, lanes, width, panel);
        } else if self.depth == 1 && count <= WIDEST {
            let mut list = [Lane::default(); WIDEST];
            for (to, l) in list.iter_mut().zip(lanes) {
                *to = Lane { start: 0, values: line(depth.start, l, depth.len()) };
            }
            interleave(&list[..count], depth.len(), width, panel);
        } else {
            return false;
        }
        true
    }
}

/// Rows ahead of the one packed that are asked for: they lie far apart, and the processor does not see them coming.
const ROWS_AHEAD: usize = 8;

crate::vectorize! {
    /// Packs rows of adjacent lanes.
    fn pack_rows[S; R: Real](simd: S, matrix: &Strided<'_, R>, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [R]) {
        let registers = <R::Vector<S> as Vector<R>>::LANES;
        let pair = lanes.len() == 2 * registers && width == 2 * registers;
        for (d, to) in depth.zip(panel.chunks_exact_mut(width)) {
            let from = matrix.address(d, lanes.start);
            if pair {
                prefetch(from.wrapping_offset(ROWS_AHEAD as isize * matrix.depth), 2 * registers);
                // SAFETY: the driver asks for positions of the matrix only, and `to` has as many elements.
                unsafe {
                    let (low, high) = (<R::Vector<S>>::load(from), <R::Vector<S>>::load(from.add(registers)));
                    low.store(to.as_mut_ptr());
                    high.store(to.as_mut_ptr().add(registers));
                }
                continue;
            }
            let (to, rest) = to.split_at_mut(lanes.len());
            // SAFETY: as above.
            unsafe { copy::<R, R::Vector<S>>(from, to.as_mut_ptr(), to.len()) };
            rest.fill(R::zero());
        }
    }
}

impl<T: Floating> Operand<T::Acc> for Strided<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        let count = lanes.len();
        if let Some(matrix) = self.real()
            && matrix.pack_real(depth.clone(), lanes.clone(), width, panel)
        {
            return;
        }
        if count < width {
            panel[..depth.len() * width].fill(num_traits::zero());
        }
        if self.lane == 1 {
            for (d, row) in depth.zip(panel.chunks_exact_mut(width)) {
                for (l, to) in row[..count].iter_mut().enumerate() {
                    // SAFETY: the driver asks for positions of the matrix only.
                    *to = unsafe { self.get(d, lanes.start + l) }.to_acc();
                }
            }
        } else {
            // Lane by lane in short runs of depth: each run of a lane is read in one go, and the part of the panel that
            // a run writes stays in the nearest cache.
            const RUN: usize = 16;
            for run in depth.clone().step_by(RUN) {
                let end = (run + RUN).min(depth.end);
                let part = &mut panel[(run - depth.start) * width..(end - depth.start) * width];
                for l in 0..count {
                    for (d, row) in (run..end).zip(part.chunks_exact_mut(width)) {
                        // SAFETY: as above.
                        row[l] = unsafe { self.get(d, lanes.start + l) }.to_acc();
                    }
                }
            }
        }
    }

    fn strided(&self) -> Option<Strided<'_, T::Acc>> {
        self.real()
    }
}

/// An operand from some depth on.
pub struct Deeper<'a, O> {
    /// The whole operand.
    pub operand: &'a O,
    /// The first depth.
    pub by: usize,
}

impl<R: Real, O: Operand<R>> Operand<R> for Deeper<'_, O> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [R]) {
        self.operand.pack_panel(depth.start + self.by..depth.end + self.by, lanes, width, panel);
    }

    fn strided(&self) -> Option<Strided<'_, R>> {
        self.operand.strided().map(|strided| strided.deeper(self.by))
    }
}

/// A whole operand in packed form: for each block of [`DEPTH_BLOCK`] depths, one panel after the other.
#[derive(Clone, Copy)]
pub struct Packed<'a, R> {
    data: &'a [R],
    lanes: usize,
    depth: usize,
    width: usize,
}

impl<'a, R: Real> Packed<'a, R> {
    /// The numbers that packing `lanes` x `depth` in panels of `width` takes.
    pub fn size(lanes: usize, depth: usize, width: usize) -> usize {
        lanes.next_multiple_of(width) * depth
    }

    /// Packs lanes `lanes` of `operand`, `depth` deep, into `buffer`; panels are shared between threads.
    pub fn pack(
        operand: &impl Operand<R>,
        lanes: Range<usize>,
        depth: usize,
        width: usize,
        buffer: &'a mut [R],
    ) -> Self {
        let buffer = &mut buffer[..Self::size(lanes.len(), depth, width)];
        let padded = lanes.len().next_multiple_of(width);
        let mut panels = Vec::with_capacity(padded / width * depth.div_ceil(DEPTH_BLOCK));
        for (block, part) in buffer.chunks_mut(padded * DEPTH_BLOCK).enumerate() {
            let depths = block * DEPTH_BLOCK..((block + 1) * DEPTH_BLOCK).min(depth);
            for (at, panel) in part.chunks_mut(width * depths.len()).enumerate() {
                let start = lanes.start + at * width;
                panels.push((depths.clone(), start..(start + width).min(lanes.end), panel));
            }
        }
        parallel::for_each_chunk_mut(&mut panels, 1, width * DEPTH_BLOCK.min(depth), |_, item| {
            let (depths, lanes, panel) = &mut item[0];
            operand.pack_panel(depths.clone(), lanes.clone(), width, panel);
        });
        Packed { data: buffer, lanes: lanes.len(), depth, width }
    }

    /// What [`Packed::pack`] left in a buffer.
    pub fn of(data: &'a [R], lanes: usize, depth: usize, width: usize) -> Self {
        assert!(data.len() >= Self::size(lanes, depth, width), "a buffer that holds less");
        Packed { data, lanes, depth, width }
    }

    /// The depth that was packed.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The panels of lanes from `lane` on (a multiple of the width), for the depth block that starts at `depth`.
    pub fn panels(&self, depth: usize, lane: usize) -> &'a [R] {
        debug_assert!(lane.is_multiple_of(self.width) && depth.is_multiple_of(DEPTH_BLOCK));
        let padded = self.lanes.next_multiple_of(self.width);
        let block = DEPTH_BLOCK.min(self.depth - depth);
        &self.data[padded * depth + lane * block..padded * (depth + block)]
    }
}
