//! Rows put in order. Elements become integer keys (see [`Ordered`]) joined with their index, so that one comparison of
//! integers decides, equal elements keep their order, and NaN come last (first where descending).

mod distinct;
mod radix;
mod search;

pub use distinct::{Groups, distinct};
pub use search::places_among;

use crate::kernels::order::{Key, Ordered};
use crate::kernels::parallel;

/// Rows longer than this would need wider indices.
pub const LONGEST_ROW: usize = u32::MAX as usize;

/// The keys of a row.
fn joined<T: Ordered>(row: &[T], descending: bool) -> Vec<<T::Key as Key>::Joined> {
    let key = |x: T| if descending { !x.key() } else { x.key() };
    row.iter().enumerate().map(|(i, &x)| key(x).join(i as u32)).collect()
}

fn log2(n: usize) -> usize {
    n.max(2).ilog2() as usize
}

/// Calls `body(row, places)` for each row of `size` elements of `x` and the `count` places in `out` that belong to it.
fn each_row<T: Sync>(x: &[T], size: usize, out: &mut [i64], count: usize, body: impl Fn(&[T], &mut [i64]) + Sync) {
    debug_assert!(size <= LONGEST_ROW && x.len() * count == out.len() * size);
    let cost = size * log2(size) / count.max(1);
    parallel::for_each_chunk_mut(out, count, cost.max(1), |r, places| body(&x[r * size..][..size], places));
}

/// The indices that sort each row of `size` elements.
pub fn argsort<T: Ordered>(x: &[T], size: usize, descending: bool, out: &mut [i64]) {
    each_row(x, size, out, size, |row, places| {
        let mut keys = joined(row, descending);
        keys.sort_unstable();
        for (place, key) in places.iter_mut().zip(keys) {
            *place = T::Key::index(key) as i64;
        }
    });
}

/// Elements up to this many are found by a look at blocks of a row, most of which hold none of them.
const FEW: usize = 32;
/// Elements of such a block.
const BLOCK: usize = 64;

/// The indices of the `count` largest (or smallest) elements of each row, from the most extreme on.
pub fn top<T: Ordered>(x: &[T], size: usize, count: usize, largest: bool, out: &mut [i64]) {
    debug_assert!(count <= size);
    each_row(x, size, out, count, |row, places| {
        let keys = if count <= FEW && count * 4 < size { few(row, count, largest) } else { many(row, count, largest) };
        for (place, key) in places.iter_mut().zip(keys) {
            *place = T::Key::index(key) as i64;
        }
    });
}

type Joined<T> = <<T as Ordered>::Key as Key>::Joined;

/// The first `count` keys of a row in order.
fn many<T: Ordered>(row: &[T], count: usize, largest: bool) -> Vec<Joined<T>> {
    let mut keys = joined(row, largest);
    if count < keys.len() {
        keys.select_nth_unstable(count);
    }
    keys[..count].sort_unstable();
    keys
}

/// The same for a small `count`: the best so far, and the next block that holds a better one.
fn few<T: Ordered>(row: &[T], count: usize, largest: bool) -> Vec<Joined<T>> {
    let mut best = joined(&row[..count], largest);
    best.sort_unstable();
    let mut start = count;
    while let Some(&worst) = best.last() {
        start = next_block(row, start, largest, T::Key::key(worst));
        let end = row.len().min(start + BLOCK);
        for (i, &x) in row[start..end].iter().enumerate() {
            let key = (if largest { !x.key() } else { x.key() }).join((start + i) as u32);
            if key < best[count - 1] {
                best.pop();
                best.insert(best.partition_point(|&other| other < key), key);
            }
        }
        if end == row.len() {
            break;
        }
        start = end;
    }
    best
}

crate::vectorize! {
    /// Where the first block from `start` on begins that holds a key below `worst`; the end of the row if there is none.
    fn next_block[S; T: Ordered](simd: S, row: &[T], start: usize, largest: bool, worst: T::Key) -> usize {
        let mut at = start;
        for block in row[start..].chunks(BLOCK) {
            let mut found = false;
            for &x in block {
                found |= (if largest { !x.key() } else { x.key() }) < worst;
            }
            if found {
                return at;
            }
            at += block.len();
        }
        at
    }
}

/// The index of the element of each row that would come at place `nth(row)` of the sorted row.
pub fn nth<T: Ordered>(x: &[T], size: usize, nth: impl Fn(&[T]) -> usize + Sync, out: &mut [i64]) {
    each_row(x, size, out, 1, |row, places| {
        let mut keys = joined(row, false);
        let (_, key, _) = keys.select_nth_unstable(nth(row));
        places[0] = T::Key::index(*key) as i64;
    });
}

/// The place of the lower median in a sorted row: of the whole row, or of its elements that are not NaN. In a row with a
/// NaN the median is NaN unless these are passed over.
pub fn median_place<T: Ordered>(row: &[T], skip_nan: bool) -> usize {
    let nans = row.iter().filter(|x| x.is_nan()).count();
    let numbers = row.len() - nans;
    match (nans > 0, skip_nan) {
        (true, false) => numbers,
        (_, true) => numbers.saturating_sub(1) / 2,
        (false, false) => (row.len() - 1) / 2,
    }
}

/// The last index of the most frequent element of each row; of the smallest of them, where several are.
pub fn mode<T: Ordered>(x: &[T], size: usize, out: &mut [i64]) {
    each_row(x, size, out, 1, |row, places| {
        let mut keys = joined(row, false);
        keys.sort_unstable();
        let (mut best, mut run) = (0, 0);
        for (i, &key) in keys.iter().enumerate() {
            run = if i > 0 && T::Key::key(keys[i - 1]) == T::Key::key(key) { run + 1 } else { 1 };
            if run > best {
                best = run;
                places[0] = T::Key::index(key) as i64;
            }
        }
    });
}

#[cfg(test)]
mod tests;
