//! Neighbours in memory, joined by many accumulators at once.

use super::Reducer;
use crate::kernels::lanes::fold;

/// Accumulators that run side by side within a contiguous row: enough registers to hide the latency of an addition.
pub(super) const LANES: usize = 64;
/// The same within a row too short for these.
const FEW_LANES: usize = 16;
/// Steps of a lane before it begins anew, for the accuracy of sums.
pub(super) const STEPS: usize = 16;

/// A run in as many lanes as it fills.
#[inline(always)]
pub(super) fn in_lanes<T: Copy, B: Reducer<T> + ?Sized>(x: &[T], by: &B, identity: B::Acc, index: usize) -> B::Acc {
    match x.len() {
        LANES.. => in_lanes_of::<T, B, LANES>(x, by, identity, index),
        FEW_LANES.. => in_lanes_of::<T, B, FEW_LANES>(x, by, identity, index),
        _ => x.iter().enumerate().fold(identity, |acc, (i, &x)| by.step(acc, x, index + i)),
    }
}

#[inline(always)]
fn in_lanes_of<T: Copy, B: Reducer<T> + ?Sized, const N: usize>(
    x: &[T],
    by: &B,
    identity: B::Acc,
    index: usize,
) -> B::Acc {
    let (chunks, rest) = x.as_chunks::<N>();
    let mut lanes = stepped(&chunks[..chunks.len().min(STEPS)], by, identity, index);
    let mut index = index + lanes.len() * chunks.len().min(STEPS);
    if chunks.len() > STEPS {
        for chunks in chunks[STEPS..].chunks(STEPS) {
            let more = stepped(chunks, by, identity, index);
            for i in 0..N {
                lanes[i] = by.merge(lanes[i], more[i]);
            }
            index += N * chunks.len();
        }
    }
    let joined = fold(lanes, |a, b| by.merge(a, b));
    rest.iter().enumerate().fold(joined, |acc, (i, &x)| by.step(acc, x, index + i))
}

/// Chunks step by step, each lane by itself. The first element is number `index`.
#[inline(always)]
pub(super) fn stepped<T: Copy, B: Reducer<T> + ?Sized, const N: usize>(
    chunks: &[[T; N]],
    by: &B,
    identity: B::Acc,
    mut index: usize,
) -> [B::Acc; N] {
    let mut lanes = [identity; N];
    let (pairs, last) = chunks.as_chunks::<2>();
    for [first, second] in pairs {
        for i in 0..N {
            lanes[i] = by.step_pair(lanes[i], [first[i], second[i]], [index + i, index + N + i]);
        }
        index += 2 * N;
    }
    for chunk in last {
        for i in 0..N {
            lanes[i] = by.step(lanes[i], chunk[i], index + i);
        }
        index += N;
    }
    lanes
}
