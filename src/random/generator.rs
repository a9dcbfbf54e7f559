//! The generator: an engine with the spare values of normal draws, its exchange format, and the default one.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use super::Mt19937;
use super::mt19937::STATE_WORDS;
use crate::ensure;
use crate::error::Result;

/// The seed of a generator that was not given one.
pub const DEFAULT_SEED: u64 = 67_280_421_310_721;

/// The length of an exported state: that of PyTorch's `get_rng_state`.
pub const STATE_BYTES: usize = 5056;

// Where the fields of an exported state stand. Numbers are little endian; the words of the engine take 8 bytes each.
const SEED_AT: usize = 0;
const LEFT_AT: usize = 8;
const SEEDED_AT: usize = 12;
const NEXT_AT: usize = 16;
const WORDS_AT: usize = 24;
const WORD_STRIDE: usize = 8;
const SPARE_F64_AT: usize = WORDS_AT + STATE_WORDS * WORD_STRIDE + 8;
const SPARE_F64_VALID_AT: usize = SPARE_F64_AT + 16;
const SPARE_F32_AT: usize = SPARE_F64_VALID_AT + 8;
const SPARE_F32_VALID_AT: usize = SPARE_F32_AT + 4;

/// A stream of random numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    pub(super) engine: Mt19937,
    /// The second value of the last pair of normals.
    pub(super) spare: Option<f64>,
    /// Kept for the exchange of states only: no distribution of the CPU leaves one.
    spare_f32: Option<f32>,
}

impl Default for Generator {
    fn default() -> Self {
        Self::new()
    }
}

impl Generator {
    /// A generator with the seed [`DEFAULT_SEED`].
    pub fn new() -> Self {
        Self::with_seed(DEFAULT_SEED)
    }

    /// A generator with a seed; the engine uses its low 32 bits. A negative seed of Python is its two's complement.
    pub fn with_seed(seed: u64) -> Self {
        Self { engine: Mt19937::new(seed), spare: None, spare_f32: None }
    }

    /// Starts the stream of a seed anew and forgets the spare normals.
    pub fn manual_seed(&mut self, seed: u64) {
        *self = Self::with_seed(seed);
    }

    /// Starts a stream that nobody can foresee, and returns its seed.
    pub fn seed(&mut self) -> u64 {
        let seed = entropy();
        self.manual_seed(seed);
        seed
    }

    /// The seed that started the stream.
    pub fn initial_seed(&self) -> u64 {
        self.engine.seed()
    }

    /// The next 32 random bits.
    #[inline]
    pub fn random(&mut self) -> u32 {
        self.engine.random()
    }

    /// The next 64 random bits.
    #[inline]
    pub fn random64(&mut self) -> u64 {
        self.engine.random64()
    }

    /// The state in the byte layout of PyTorch's `get_rng_state`.
    pub fn state(&self) -> [u8; STATE_BYTES] {
        let mut bytes = [0; STATE_BYTES];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(SEED_AT, &self.engine.seed().to_le_bytes());
        put(LEFT_AT, &self.engine.left().to_le_bytes());
        put(SEEDED_AT, &1u32.to_le_bytes());
        put(NEXT_AT, &u64::from(self.engine.next()).to_le_bytes());
        for (i, &word) in self.engine.words().iter().enumerate() {
            put(WORDS_AT + WORD_STRIDE * i, &u64::from(word).to_le_bytes());
        }
        if let Some(spare) = self.spare {
            put(SPARE_F64_AT, &spare.to_le_bytes());
            put(SPARE_F64_VALID_AT, &1u32.to_le_bytes());
        }
        if let Some(spare) = self.spare_f32 {
            put(SPARE_F32_AT, &spare.to_le_bytes());
            put(SPARE_F32_VALID_AT, &[1]);
        }
        bytes
    }

    /// Takes over a state exported by [`Generator::state`] or by PyTorch.
    ///
    /// # Errors
    /// [`Runtime`](crate::error::Error::Runtime) if the length is not [`STATE_BYTES`] or the engine was never seeded.
    pub fn set_state(&mut self, bytes: &[u8]) -> Result<()> {
        ensure!(
            bytes.len() == STATE_BYTES,
            Runtime,
            "set_state: expected a generator state of {STATE_BYTES} bytes, got {}",
            bytes.len()
        );
        let u32_at = |at| u32::from_le_bytes(array_at(bytes, at));
        let u64_at = |at| u64::from_le_bytes(array_at(bytes, at));
        let words = std::array::from_fn(|i| u64_at(WORDS_AT + WORD_STRIDE * i) as u32);
        let engine = Mt19937::from_parts(u64_at(SEED_AT), u32_at(LEFT_AT), u64_at(NEXT_AT) as u32, words);
        let Some(engine) = engine.filter(|_| u32_at(SEEDED_AT) != 0) else {
            crate::bail!(Runtime, "set_state: Invalid mt19937 state")
        };
        self.engine = engine;
        self.spare = (u32_at(SPARE_F64_VALID_AT) != 0).then(|| f64::from_bits(u64_at(SPARE_F64_AT)));
        self.spare_f32 = (bytes[SPARE_F32_VALID_AT] != 0).then(|| f32::from_bits(u32_at(SPARE_F32_AT)));
        Ok(())
    }
}

/// The bytes at a place of a state whose length was checked.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

/// A generator that threads share; a fill holds the lock from its first draw to its last.
pub type SharedGenerator = Arc<Mutex<Generator>>;

/// Wraps a generator for sharing.
pub fn shared(generator: Generator) -> SharedGenerator {
    Arc::new(Mutex::new(generator))
}

/// The generator of every call that names none. Its first seed is not foreseeable.
pub fn default_generator() -> &'static SharedGenerator {
    static DEFAULT: LazyLock<SharedGenerator> = LazyLock::new(|| shared(Generator::with_seed(entropy())));
    &DEFAULT
}

/// 64 bits nobody can foresee: the standard library's keys for hash maps, which come from the operating system.
pub fn entropy() -> u64 {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u128(time.as_nanos());
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_carries_the_stream_over() {
        let mut source = Generator::with_seed(3);
        let mut values = [0f64; 5];
        super::super::fill_normal(&mut source, &mut values, 0.0, 1.0);
        assert!(source.spare.is_some());
        let mut target = Generator::new();
        target.set_state(&source.state()).unwrap();
        assert_eq!(source, target);
        assert_eq!(source.random64(), target.random64());
    }

    #[test]
    fn bad_states_are_refused_and_change_nothing() {
        let mut generator = Generator::with_seed(3);
        let before = generator.clone();
        assert!(generator.set_state(&[0; 12]).is_err());
        assert!(generator.set_state(&[0; STATE_BYTES]).is_err());
        assert_eq!(generator, before);
    }

    #[test]
    fn entropy_differs_from_call_to_call() {
        assert_ne!(entropy(), entropy());
        let mut generator = Generator::new();
        assert_eq!(generator.initial_seed(), DEFAULT_SEED);
        let seed = generator.seed();
        assert_eq!(generator, Generator::with_seed(seed));
    }
}
