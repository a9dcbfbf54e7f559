//! Where numbers belong among ascending ones.
#![allow(unsafe_code)]

/// Searches that go on side by side: each waits for memory at every step, but not for the others. More would not stay in registers.
const TOGETHER: usize = 4;

/// For each of `values`, how many numbers of an ascending row come before it: those below it, and with `right` its equals too.
pub fn places_among(row: &[u64], values: &[u64], right: bool, out: &mut [i64]) {
    debug_assert!(row.is_sorted());
    if right { search::<true>(row, values, out) } else { search::<false>(row, values, out) }
}

fn search<const RIGHT: bool>(row: &[u64], values: &[u64], out: &mut [i64]) {
    let (groups, rest) = values.as_chunks::<TOGETHER>();
    let (to, last) = out[..values.len()].as_chunks_mut::<TOGETHER>();
    for (values, out) in groups.iter().zip(to) {
        *out = among::<RIGHT, TOGETHER>(row, values);
    }
    for (value, out) in rest.iter().zip(last) {
        [*out] = among::<RIGHT, 1>(row, &[*value]);
    }
}

/// Halves the row for all values at once, with no jump that depends on them.
#[inline(always)]
fn among<const RIGHT: bool, const N: usize>(row: &[u64], values: &[u64; N]) -> [i64; N] {
    let before = |boundary: u64, value: u64| if RIGHT { boundary <= value } else { boundary < value };
    let mut low = [0; N];
    let mut len = row.len();
    while len > 1 {
        let half = len / 2;
        for i in 0..N {
            // SAFETY: `low + len` is never beyond the row's end: a step takes off `len` at least what it adds to `low`.
            let boundary = unsafe { *row.get_unchecked(low[i] + half - 1) };
            low[i] += half * before(boundary, values[i]) as usize;
        }
        len -= half;
    }
    let mut out = [0; N];
    if len == 1 {
        for i in 0..N {
            out[i] = (low[i] + before(row[low[i]], values[i]) as usize) as i64;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_a_count() {
        for size in [0, 1, 2, 3, 7, 8, 100, 1000] {
            let row: Vec<u64> = (0..size).map(|i| i / 3 * 5).collect();
            for count in [0, 1, 7, 8, 9, 64, 301] {
                let values: Vec<u64> = (0..count).map(|i| if i == 5 { u64::MAX } else { i * 37 % 1700 }).collect();
                for right in [false, true] {
                    let mut out = vec![-1; values.len()];
                    places_among(&row, &values, right, &mut out);
                    for (value, place) in values.iter().zip(out) {
                        let before = row.iter().filter(|&r| if right { r <= value } else { r < value }).count();
                        assert_eq!(place, before as i64, "{size} {value} {right}");
                    }
                }
            }
        }
    }
}
