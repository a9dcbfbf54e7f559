//! Numbers that are kept from one call to the next: packed weights.
#![allow(unsafe_code)]

use super::float::Floating;
use crate::error::Result;
use crate::memory::Block;

/// Numbers that were written once and are only read since.
pub struct Kept {
    memory: Block,
    bytes: usize,
}

impl Kept {
    /// Keeps `len` numbers, aligned to 64 bytes, that `fill` writes. What it leaves are those of an earlier use.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn new<N: Floating>(len: usize, fill: impl FnOnce(&mut [N])) -> Result<Kept> {
        let bytes = len * size_of::<N>();
        let memory = Block::new(bytes)?;
        // SAFETY: the block has room for as many numbers, is aligned for them, and belongs to this function alone. `Floating` types
        // are plain numbers, for which every bit pattern is a value.
        fill(unsafe { std::slice::from_raw_parts_mut(memory.as_ptr().cast(), len) });
        Ok(Kept { memory, bytes })
    }

    /// The numbers.
    pub fn numbers<N: Floating>(&self) -> &[N] {
        // SAFETY: the block holds so many bytes, which are numbers whatever they are, and nobody writes to them any more.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.bytes / size_of::<N>()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let kept =
            Kept::new::<f32>(100, |numbers| numbers.iter_mut().zip(0u8..).for_each(|(to, i)| *to = i.into())).unwrap();
        assert!(kept.numbers::<f32>().iter().zip(0u8..).all(|(&number, i)| number == f32::from(i)));
        assert_eq!(kept.numbers::<f32>().len(), 100);
        assert!(Kept::new::<f64>(0, |_| ()).unwrap().numbers::<f64>().is_empty());
    }
}
