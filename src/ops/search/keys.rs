//! Elements as integers in the same order.

use crate::array::{Array, Element};
use crate::dispatch_all;
use crate::error::Result;
use crate::kernels::order::{Key, Ordered};

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
        let mut values = vec![0u64; x.numel()];
        let x = x.contiguous()?;
        let nan = dispatch_all!(x.dtype(), T => {
            map(x.slice::<T>(), &mut values);
            let nan = <T as Element>::from_f64(f64::NAN);
            Ordered::is_nan(nan).then(|| Ordered::key(nan).wide())
        });
        Ok(Keys { values, nan })
    }

    /// Whether two keys are those of equal elements.
    pub fn same(&self, a: u64, b: u64) -> bool {
        a == b && Some(a) != self.nan
    }
}

fn map<T: Ordered>(x: &[T], out: &mut [u64]) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out = x.key().wide());
}
