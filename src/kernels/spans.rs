//! How the pieces of one parallel call are handed out: each taker has a span of neighbouring pieces and goes through it from the
//! front; who has none left takes half of what the richest other one still has, from the end.
//!
//! So each thread reads and writes one stretch of memory. Were neighbouring pieces to alternate between threads, each piece
//! would be a new beginning for the processor's prefetching, which also fetches what lies beyond the end of a piece, where another
//! thread writes: for pieces of some kilobytes that takes longer than the work.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first piece and the one after the last, in one word. Alone on two cache lines, which processors fetch together.
#[repr(align(128))]
struct Span(AtomicU64);

/// The pieces that nobody has claimed, by taker.
pub struct Spans(Box<[Span]>);

/// Pieces that are claimed at once, at most: each claim is a barrier for the processor's accesses, and so costs as much as one that
/// goes to memory.
const TOGETHER: usize = 8;

/// The share of a span that is claimed at once, at most, to leave something to others.
const SHARE: usize = 16;

/// The number of pieces that spans can count.
pub const MOST: usize = u32::MAX as usize;

fn pack(pieces: &Range<usize>) -> u64 {
    (pieces.end as u64) << 32 | pieces.start as u64
}

fn unpack(word: u64) -> Range<usize> {
    (word & u64::from(u32::MAX)) as usize..(word >> 32) as usize
}

impl Span {
    fn left(&self) -> Range<usize> {
        unpack(self.0.load(Ordering::Relaxed))
    }

    /// Takes the part of the pieces left that `part` chooses of these, which has to be at one of the ends.
    fn take(&self, part: impl Fn(&Range<usize>) -> Range<usize>) -> Option<Range<usize>> {
        // Equal words mean equal pieces that nobody has claimed, whatever happened in between.
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let (left, part) = (unpack(word), part(&unpack(word)));
            (!left.is_empty())
                .then(|| pack(&if part.start == left.start { part.end..left.end } else { left.start..part.start }))
        });
        before.ok().map(|word| part(&unpack(word)))
    }
}

impl Spans {
    /// Pieces `0..pieces`, at most [`MOST`], for a number of takers.
    pub fn new(pieces: usize, takers: usize) -> Self {
        assert!(pieces <= MOST);
        let start = |taker| (pieces as u128 * taker as u128 / takers as u128) as usize;
        Spans((0..takers).map(|taker| Span(AtomicU64::new(pack(&(start(taker)..start(taker + 1)))))).collect())
    }

    /// Whether there are pieces that nobody has claimed.
    pub fn any_left(&self) -> bool {
        self.0.iter().any(|span| !span.left().is_empty())
    }

    /// The next pieces for a taker; `None` if there are none left to begin with. Each piece is handed out once.
    pub fn claim(&self, taker: usize) -> Option<Range<usize>> {
        let own = &self.0[taker];
        if let Some(pieces) = own.take(|left| left.start..left.start + (left.len() / SHARE).clamp(1, TOGETHER)) {
            return Some(pieces);
        }
        loop {
            let richest = self.0.iter().max_by_key(|span| span.left().len())?;
            if richest.left().is_empty() {
                return None;
            }
            // The larger half: of a single piece, the piece.
            if let Some(part) = richest.take(|left| left.start + left.len() / 2..left.end) {
                // Others leave an empty span alone.
                own.0.store(pack(&(part.start + 1..part.end)), Ordering::Relaxed);
                return Some(part.start..part.start + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spans: &Spans, taker: usize) -> Vec<usize> {
        std::iter::from_fn(|| spans.claim(taker)).flatten().collect()
    }

    #[test]
    fn a_lone_taker_gets_every_piece_once() {
        for (pieces, takers) in [(0, 1), (1, 1), (7, 1), (1, 3), (2, 3), (100, 3), (1000, 7)] {
            for taker in 0..takers {
                let spans = Spans::new(pieces, takers);
                assert_eq!(spans.any_left(), pieces > 0);
                let mut claimed = all(&spans, taker);
                assert!(!spans.any_left());
                claimed.sort_unstable();
                assert!(claimed.into_iter().eq(0..pieces), "{pieces} pieces, taker {taker} of {takers}");
                assert_eq!(spans.claim(taker), None);
            }
        }
    }

    #[test]
    fn takers_go_through_neighbours_and_take_from_the_end_of_others() {
        let spans = Spans::new(16, 2);
        assert_eq!((spans.claim(0), spans.claim(0), spans.claim(1)), (Some(0..1), Some(1..2), Some(8..9)));
        for piece in 2..8 {
            assert_eq!(spans.claim(0), Some(piece..piece + 1));
        }
        // The second taker has 9 to 15 left.
        assert_eq!((spans.claim(0), spans.claim(0), spans.claim(1)), (Some(12..13), Some(13..14), Some(9..10)));
    }

    #[test]
    fn of_many_pieces_a_few_are_claimed_at_once_and_the_last_one_by_one() {
        let spans = Spans::new(1000, 1);
        assert_eq!(spans.claim(0), Some(0..TOGETHER));
        let mut last = 0..0;
        while let Some(pieces) = spans.claim(0) {
            assert!(pieces.len() <= TOGETHER);
            last = pieces;
        }
        assert_eq!(last, 999..1000);
    }

    #[test]
    fn every_piece_is_handed_out_once_to_takers_at_the_same_time() {
        const PIECES: usize = if cfg!(miri) { 200 } else { 20_000 };
        for takers in [2, 3, 8] {
            let spans = &Spans::new(PIECES, takers);
            let mut claimed: Vec<usize> = std::thread::scope(|scope| {
                // The first one never comes.
                let takers: Vec<_> = (1..takers).map(|taker| scope.spawn(move || all(spans, taker))).collect();
                takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect()
            });
            claimed.sort_unstable();
            assert!(claimed.into_iter().eq(0..PIECES));
        }
    }
}
