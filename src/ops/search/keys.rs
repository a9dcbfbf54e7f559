//! Elements as integers in the same order.

use crate::array::{Array, Element};
use crate::dispatch_all;
use crate::error::Result;
use crate::kernels::order::{Key, Ordered};
use crate::kernels::parallel;

/// Keys that a task makes.
const GRAIN: usize = 8 * 1024;

/// The keys of an array's elements, row-major, made when asked for.
pub struct Source {
    x: Array,
    fill: fn(&Array, usize, &mut [u64]),
    /// The key of NaN, which equals nothing.
    pub nan: Option<u64>,
}

impl Source {
    /// Of an array in any layout.
    pub fn of(x: &Array) -> Result<Self> {
        let (fill, nan): (fn(&Array, usize, &mut [u64]), _) = dispatch_all!(x.dtype(), T => {
            let nan = <T as Element>::from_f64(f64::NAN);
            (fill::<T>, Ordered::is_nan(nan).then(|| Ordered::key(nan).wide()))
        });
        Ok(Source { x: x.contiguous()?, fill, nan })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.x.numel()
    }

    /// Those from `start` on.
    pub fn fill(&self, start: usize, out: &mut [u64]) {
        (self.fill)(&self.x, start, out);
    }

    /// All.
    pub fn all(&self) -> Vec<u64> {
        let mut out = vec![0; self.len()];
        parallel::for_each_chunk_mut(&mut out, GRAIN, 1, |chunk, out| self.fill(chunk * GRAIN, out));
        out
    }
}

fn fill<T: Ordered + Element>(x: &Array, start: usize, out: &mut [u64]) {
    out.iter_mut().zip(&x.slice::<T>()[start..]).for_each(|(out, x)| *out = x.key().wide());
}

/// The keys of an array's elements, row-major.
pub struct Keys {
    /// One for each element. Equal elements have one key (the two zeros too), and so have all NaN.
    pub values: Vec<u64>,
    /// The key of NaN, which equals nothing.
    pub nan: Option<u64>,
}

impl Keys {
    /// Of an array in any layout.
    pub fn of(x: &Array) -> Result<Self> {
        let source = Source::of(x)?;
        Ok(Keys { values: source.all(), nan: source.nan })
    }

    /// Whether two keys are those of equal elements.
    pub fn same(&self, a: u64, b: u64) -> bool {
        a == b && Some(a) != self.nan
    }
}
