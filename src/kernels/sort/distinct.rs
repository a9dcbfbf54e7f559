//! Which keys there are, which of them each one is, and how often each occurs.
#![allow(unsafe_code)]

use super::radix::with_sorted;
use crate::kernels::parallel::{self, Shared};
use std::sync::atomic::{AtomicBool, Ordering};

/// Equal items grouped, groups in ascending order of their keys.
pub struct Groups {
    /// The first item of each group.
    pub first: Vec<i64>,
    /// The items of each group.
    pub count: Vec<i64>,
}

/// Where the keys come from: writes those from a place on.
pub type Fill<'a> = &'a (dyn Fn(usize, &mut [u64]) + Sync);

/// Keys that are read at a time.
const BLOCK: usize = 512;
/// Keys of a piece that has a table.
const PIECE: std::ops::RangeInclusive<usize> = 8 * 1024..=256 * 1024;
/// Different keys of a piece, at most.
const FEW: usize = 1024;
/// Bits of a place in a table, which is never filled by more than a quarter.
const BITS: u32 = 12;
/// What stands at a free place.
const FREE: u16 = u16::MAX;

/// The different keys of a piece, in the order in which they came.
struct Table {
    places: [u16; 1 << BITS],
    keys: Vec<u64>,
    first: Vec<usize>,
    count: Vec<i64>,
}

impl Table {
    fn new() -> Self {
        let places = [FREE; 1 << BITS];
        Table { places, keys: Vec::with_capacity(FEW), first: Vec::with_capacity(FEW), count: Vec::with_capacity(FEW) }
    }

    /// The number of a key, which is that of item `at`; `None` if there are too many keys.
    #[inline(always)]
    fn number(&mut self, key: u64, at: usize) -> Option<usize> {
        let mut place = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - BITS)) as usize;
        loop {
            let number = self.places[place] as usize;
            match self.keys.get(number) {
                Some(&other) if other == key => {
                    self.count[number] += 1;
                    return Some(number);
                }
                Some(_) => place = (place + 1) % (1 << BITS),
                None if self.keys.len() == FEW => return None,
                None => {
                    self.places[place] = self.keys.len() as u16;
                    self.keys.push(key);
                    self.first.push(at);
                    self.count.push(1);
                    return Some(self.keys.len() - 1);
                }
            }
        }
    }
}

/// Groups of `len` keys, and in `group`, which is empty or has `len` elements, the group of each. `nan` is a key that equals
/// nothing, itself included.
pub fn distinct(len: usize, keys: Fill<'_>, nan: Option<u64>, group: &mut [i64]) -> Groups {
    assert!(group.is_empty() || group.len() == len);
    few(len, keys, nan, group).unwrap_or_else(|| many(len, keys, nan, group))
}

/// By tables, where there are few different keys, and no `nan`.
fn few(len: usize, keys: Fill<'_>, nan: Option<u64>, group: &mut [i64]) -> Option<Groups> {
    let piece = (len / 16).clamp(*PIECE.start(), *PIECE.end());
    let mut tables: Vec<Option<Box<Table>>> = (0..len.div_ceil(piece)).map(|_| None).collect();
    let (many, wanted, numbers) = (AtomicBool::new(false), !group.is_empty(), Shared(group.as_mut_ptr()));
    parallel::for_each_chunk_mut(&mut tables, 1, piece * 4, |p, slot| {
        let mut table = Box::new(Table::new());
        let mut block = [0; BLOCK];
        let (mut at, end) = (p * piece, len.min((p + 1) * piece));
        while at < end && !many.load(Ordering::Relaxed) {
            let block = &mut block[..BLOCK.min(end - at)];
            keys(at, block);
            for &key in block.iter() {
                let Some(number) = table.number(key, at) else {
                    return many.store(true, Ordering::Relaxed);
                };
                if wanted {
                    // SAFETY: `group` has an element for each key, and pieces have no key in common.
                    unsafe { *numbers.get().add(at) = number as i64 };
                }
                at += 1;
            }
        }
        slot[0] = Some(table);
    });
    if many.into_inner() {
        return None;
    }
    let tables: Vec<Box<Table>> = tables.into_iter().flatten().collect();
    let mut all: Vec<u64> = tables.iter().flat_map(|table| table.keys.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    if nan.is_some() && all.last().copied() == nan {
        return None;
    }
    let mut out = Groups { first: vec![i64::MAX; all.len()], count: vec![0; all.len()] };
    let ranks: Vec<Vec<i64>> = tables
        .iter()
        .map(|table| {
            let rank = |(number, key): (usize, &u64)| {
                let rank = all.partition_point(|other| other < key);
                out.first[rank] = out.first[rank].min(table.first[number] as i64);
                out.count[rank] += table.count[number];
                rank as i64
            };
            table.keys.iter().enumerate().map(rank).collect()
        })
        .collect();
    parallel::for_each_chunk_mut(group, piece, 1, |p, group| {
        group.iter_mut().for_each(|group| *group = ranks[p][*group as usize]);
    });
    Some(out)
}

/// By putting all keys in order.
fn many(len: usize, keys: Fill<'_>, nan: Option<u64>, group: &mut [i64]) -> Groups {
    let piece = *PIECE.start();
    let mut all = vec![0; len];
    parallel::for_each_chunk_mut(&mut all, piece, 1, |p, out| keys(p * piece, out));
    with_sorted(&all, |sorted| {
        let begins = |i: usize, key: u64| i == 0 || Some(key) == nan || sorted(i - 1).0 != key;
        // How many groups begin before each piece.
        let mut starts = vec![0; len.div_ceil(piece) + 1];
        parallel::for_each_chunk_mut(&mut starts[1..], 1, piece, |p, count| {
            let end = len.min((p + 1) * piece);
            count[0] = (p * piece..end).filter(|&i| begins(i, sorted(i).0)).count();
        });
        (1..starts.len()).for_each(|p| starts[p] += starts[p - 1]);
        let count = starts[starts.len() - 1];
        let (mut first, mut begin) = (vec![0; count], vec![0; count + 1]);
        begin[count] = len as i64;
        let (wanted, groups) = (!group.is_empty(), Shared(group.as_mut_ptr()));
        let (firsts, begun) = (Shared(first.as_mut_ptr()), Shared(begin.as_mut_ptr()));
        parallel::for_each_index(starts.len() - 1, piece * 4, |p| {
            let mut next = starts[p];
            for i in p * piece..len.min((p + 1) * piece) {
                let (key, item) = sorted(i);
                // SAFETY: groups are numbered from the count of those before on, so that pieces begin no group in common; each
                // item comes up once, and is below `len`.
                unsafe {
                    if begins(i, key) {
                        *firsts.get().add(next) = item as i64;
                        *begun.get().add(next) = i as i64;
                        next += 1;
                    }
                    if wanted {
                        *groups.get().add(item) = next as i64 - 1;
                    }
                }
            }
        });
        Groups { first, count: begin.windows(2).map(|pair| pair[1] - pair[0]).collect() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn check(keys: &[u64], nan: Option<u64>) {
        let mut expected: BTreeMap<(u64, usize), Vec<usize>> = BTreeMap::new();
        for (i, &key) in keys.iter().enumerate() {
            expected.entry((key, if Some(key) == nan { i } else { 0 })).or_default().push(i);
        }
        let fill = |start: usize, out: &mut [u64]| out.copy_from_slice(&keys[start..start + out.len()]);
        for wanted in [keys.len(), 0] {
            let mut group = vec![-1; wanted];
            let groups = distinct(keys.len(), &fill, nan, &mut group);
            assert!(groups.first.iter().copied().eq(expected.values().map(|items| items[0] as i64)));
            assert!(groups.count.iter().copied().eq(expected.values().map(|items| items.len() as i64)));
            for (rank, items) in expected.values().enumerate() {
                assert!(wanted == 0 || items.iter().all(|&i| group[i] == rank as i64));
            }
        }
    }

    #[test]
    fn groups_are_those_of_a_map() {
        let mixed = |i: usize| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for len in [0, 1, 2, 500, 513, 9000, 70_000] {
            for many in [1, 2, 100, FEW as u64 - 1, FEW as u64 + 1, 50_000, u64::MAX] {
                let keys: Vec<u64> = (0..len).map(|i| mixed(i) % many).collect();
                check(&keys, None);
                check(&keys, Some(many - 1));
                check(&keys, Some(u64::MAX));
            }
        }
    }
}
