//! The Mersenne twister MT19937, seeded and stepped as PyTorch does.

/// Length of the state in words.
pub const STATE_WORDS: usize = 624;
/// Distance between a word and the one it is mixed with.
const SHIFT: usize = 397;
const UPPER_BIT: u32 = 0x8000_0000;
const LOWER_BITS: u32 = 0x7fff_ffff;
const TWIST: u32 = 0x9908_b0df;
const SEED_FACTOR: u32 = 1_812_433_253;

/// The engine: 624 words of state, of which `left - 1` are still to be handed out, the next one at `next`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mt19937 {
    seed: u64,
    left: u32,
    next: u32,
    words: [u32; STATE_WORDS],
}

impl Mt19937 {
    /// An engine seeded with the low 32 bits of `seed`; the whole of it is remembered as [`Mt19937::seed`].
    pub fn new(seed: u64) -> Self {
        let mut words = [0; STATE_WORDS];
        words[0] = seed as u32;
        for i in 1..STATE_WORDS {
            let last = words[i - 1];
            words[i] = SEED_FACTOR.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32);
        }
        Self { seed, left: 1, next: 0, words }
    }

    /// An engine in the middle of its stream, or `None` if the counters name a word that does not exist.
    pub fn from_parts(seed: u64, left: u32, next: u32, words: [u32; STATE_WORDS]) -> Option<Self> {
        let length = STATE_WORDS as u32;
        let valid = left >= 1 && left <= length && next <= length && left - 1 <= length - next;
        valid.then_some(Self { seed, left, next, words })
    }

    /// The seed the engine was made with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// One more than the number of words left in the current block of 624.
    pub fn left(&self) -> u32 {
        self.left
    }

    /// The place of the next word in [`Mt19937::words`].
    pub fn next(&self) -> u32 {
        self.next
    }

    /// The state, not yet tempered.
    pub fn words(&self) -> &[u32; STATE_WORDS] {
        &self.words
    }

    /// The next 32 random bits.
    #[inline]
    pub fn random(&mut self) -> u32 {
        temper(self.take(1)[0])
    }

    /// The next 64 random bits: the first word drawn is the high half.
    #[inline]
    pub fn random64(&mut self) -> u64 {
        let high = self.random();
        let low = self.random();
        u64::from(high) << 32 | u64::from(low)
    }

    /// Fills `out` with `convert` of one word each: the fast way to many values.
    #[inline]
    pub fn fill<T>(&mut self, out: &mut [T], convert: impl Fn(u32) -> T) {
        let mut rest = out;
        while !rest.is_empty() {
            let words = self.take(rest.len());
            let (now, later) = rest.split_at_mut(words.len());
            convert_words(words, now, &convert);
            rest = later;
        }
    }

    /// Fills `out` with `convert` of two words each, as [`Mt19937::random64`] joins them.
    #[inline]
    pub fn fill64<T>(&mut self, out: &mut [T], convert: impl Fn(u64) -> T) {
        const CHUNK: usize = 128;
        let mut words = [0; 2 * CHUNK];
        for chunk in out.chunks_mut(CHUNK) {
            let words = &mut words[..2 * chunk.len()];
            self.fill(words, |word| word);
            convert_pairs(words, chunk, &convert);
        }
    }

    /// Hands out between one and `limit` untempered words (`limit > 0`).
    #[inline]
    fn take(&mut self, limit: usize) -> &[u32] {
        if self.left == 1 {
            self.advance();
        } else {
            self.left -= 1;
        }
        // `left` now counts the words that remain, the one in hand included, so that it is never zero here.
        let count = limit.min(self.left as usize);
        let start = self.next as usize;
        self.left -= count as u32 - 1;
        self.next += count as u32;
        &self.words[start..start + count]
    }

    /// Makes the next 624 words.
    fn advance(&mut self) {
        next_words(&mut self.words);
        self.left = STATE_WORDS as u32;
        self.next = 0;
    }
}

crate::vectorize! {
    /// Replaces the words of the state by those that follow.
    fn next_words[S](simd: S, words: &mut [u32; STATE_WORDS]) {
        for i in 0..STATE_WORDS - SHIFT {
            words[i] = words[i + SHIFT] ^ twist(words[i], words[i + 1]);
        }
        for i in STATE_WORDS - SHIFT..STATE_WORDS - 1 {
            words[i] = words[i + SHIFT - STATE_WORDS] ^ twist(words[i], words[i + 1]);
        }
        words[STATE_WORDS - 1] = words[SHIFT - 1] ^ twist(words[STATE_WORDS - 1], words[0]);
    }

    /// Tempers words and writes what `convert` makes of them.
    fn convert_words[S; T, F: Fn(u32) -> T](simd: S, words: &[u32], out: &mut [T], convert: &F) {
        out.iter_mut().zip(words).for_each(|(value, &word)| *value = convert(temper(word)));
    }

    /// Joins pairs of tempered words and writes what `convert` makes of them.
    fn convert_pairs[S; T, F: Fn(u64) -> T](simd: S, words: &[u32], out: &mut [T], convert: &F) {
        for (value, pair) in out.iter_mut().zip(words.chunks_exact(2)) {
            *value = convert(u64::from(pair[0]) << 32 | u64::from(pair[1]));
        }
    }
}

/// The linear map that joins the top bit of one word with the rest of the next.
#[inline(always)]
fn twist(high: u32, low: u32) -> u32 {
    let mixed = (high & UPPER_BIT) | (low & LOWER_BITS);
    (mixed >> 1) ^ ((low & 1).wrapping_neg() & TWIST)
}

/// Turns a word of the state into a word of the stream.
#[inline(always)]
fn temper(word: u32) -> u32 {
    let mut y = word;
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c_5680;
    y ^= (y << 15) & 0xefc6_0000;
    y ^ (y >> 18)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first output for the reference seed, known from the authors' description of the generator.
    #[test]
    fn first_word_of_the_reference_seed() {
        assert_eq!(Mt19937::new(5489).random(), 3_499_211_612);
    }

    /// The ten-thousandth output is fixed by the C++ standard for this engine.
    #[test]
    fn ten_thousandth_word_of_the_reference_seed() {
        let mut engine = Mt19937::new(5489);
        assert_eq!((0..10_000).map(|_| engine.random()).last(), Some(4_123_659_995));
    }

    #[test]
    fn bulk_fills_draw_the_same_words_as_single_draws() {
        for length in [0, 1, 623, 624, 625, 2000] {
            let (mut one, mut many) = (Mt19937::new(7), Mt19937::new(7));
            one.random();
            many.random();
            let mut words = vec![0; length];
            many.fill(&mut words, |word| word);
            assert!(words.iter().all(|&word| word == one.random()));
            let mut pairs = vec![0; length];
            many.fill64(&mut pairs, |pair| pair);
            assert!(pairs.iter().all(|&pair| pair == one.random64()));
            assert_eq!(one, many);
        }
    }

    #[test]
    fn counters_that_name_no_word_are_refused() {
        let words = *Mt19937::new(0).words();
        assert!(Mt19937::from_parts(0, 1, 624, words).is_some());
        assert!(Mt19937::from_parts(0, 0, 0, words).is_none());
        assert!(Mt19937::from_parts(0, 3, 623, words).is_none());
        assert!(Mt19937::from_parts(0, 1, 625, words).is_none());
    }
}
