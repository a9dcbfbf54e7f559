//! Embedding bags: sums, means or maxima of rows of a table.

use super::{compute_dtype, index};
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::bag::{Entries, combine, pair, spread};
use crate::ops::ternary::where_;
use smallvec::smallvec;
use std::borrow::Cow;
use std::sync::Arc;

/// What becomes of the rows of a bag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// Their largest elements.
    Max,
}

/// Which rows are in which bag.
#[derive(Clone, Debug)]
pub struct Bags {
    /// The rows of all bags.
    pub indices: Vec<usize>,
    /// Where each bag begins, and where the last one ends.
    pub starts: Vec<usize>,
    /// A row that does not count.
    pub padding: Option<usize>,
    /// What becomes of them.
    pub mode: Mode,
    /// Whether the gradient of a row is divided by how often it occurs.
    pub scale_by_frequency: bool,
}

/// Rows of `weight: [v, d]`, each times its factor if there are any, joined bag by bag: `[bags, d]`.
///
/// # Errors
/// `RuntimeError` where dtypes or sizes do not fit.
pub fn embedding_bag(weight: &Tensor, factors: Option<&Tensor>, bags: &Bags) -> Result<Tensor> {
    let shape = weight.shape();
    crate::ensure!(
        shape.len() == 2 && weight.dtype().is_float(),
        Runtime,
        "embedding_bag: expected a weight of two axes and a float type, got {} of shape {:?}",
        weight.dtype().name(),
        shape.as_slice()
    );
    crate::ensure!(
        bags.indices.iter().all(|&row| row < shape[0]),
        Runtime,
        "embedding_bag: expected indices from 0 to {}, got another one",
        shape[0] as isize - 1
    );
    if bags.mode == Mode::Max {
        return largest(weight, bags);
    }
    let counts = |rows: &[usize]| rows.iter().filter(|&&row| Some(row) != bags.padding).count();
    let mut entries = Entries {
        starts: bags.starts.clone(),
        rows: bags.indices.iter().map(|&row| (Some(row) != bags.padding).then_some(row)).collect(),
        factors: vec![1.0; bags.indices.len()],
    };
    if bags.mode == Mode::Mean {
        for ends in bags.starts.windows(2) {
            let share = 1.0 / counts(&bags.indices[ends[0]..ends[1]]).max(1) as f64;
            entries.factors[ends[0]..ends[1]].fill(share);
        }
    }
    let spread = if bags.scale_by_frequency {
        let mut often = vec![0.0; shape[0]];
        bags.indices.iter().for_each(|&row| often[row] += 1.0);
        let factors = entries.factors.iter().zip(&bags.indices).map(|(factor, &row)| factor / often[row]).collect();
        Arc::new(Entries { factors, ..entries.clone() })
    } else {
        Arc::new(entries.clone())
    };
    let ones = Array::full(&[bags.indices.len()], Scalar::Int(1), weight.dtype()).map(Tensor::new);
    let factors = factors.map_or(ones, |factors| Ok(factors.clone()))?;
    let op = Bag { form: Form::Combine, entries: Arc::new(entries), spread, table: shape[0] };
    apply(op, &[weight, &factors])
}

/// The largest elements of each bag; zeros for an empty one.
fn largest(weight: &Tensor, bags: &Bags) -> Result<Tensor> {
    let (x, width) = (weight.array().contiguous()?, weight.shape()[1]);
    let count = bags.starts.len() - 1;
    let places = Array::zeros(&[count, width], DType::I64)?;
    let wide = x.to_dtype(compute_dtype(x.dtype()))?;
    let mut any_full = vec![false; count];
    dispatch_float!(wide.dtype(), T => {
        let (x, places) = (wide.slice::<T>(), places.slice_mut::<i64>());
        for (bag, ends) in bags.starts.windows(2).enumerate() {
            let rows = bags.indices[ends[0]..ends[1]].iter().filter(|&&row| Some(row) != bags.padding);
            for (nth, &row) in rows.enumerate() {
                any_full[bag] = true;
                for (place, column) in places[bag * width..][..width].iter_mut().zip(0..) {
                    let (new, old): (T, T) = (x[row * width + column], x[*place as usize * width + column]);
                    if nth == 0 || new > old {
                        *place = row as i64;
                    }
                }
            }
        }
    }, else unreachable!("a float type"));
    if x.shape()[0] == 0 {
        return Ok(Tensor::new(Array::zeros(&[count, width], x.dtype())?));
    }
    let picked = index::gather(weight, 0, &Tensor::new(places))?;
    let full = Tensor::new(Array::from_slice(&any_full, &[count, 1])?);
    if any_full.contains(&false) { where_(&full, &picked, Scalar::Float(0.0)) } else { Ok(picked) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Of table and factors: the bags.
    Combine,
    /// Of bags and factors: the table.
    Spread,
    /// Of bags and table: the factors.
    Pair,
}

/// A form that is linear in table, factors and (the gradient of) bags, seen from one of the three. Each derivative is
/// the same form seen from another.
#[derive(Clone, Debug)]
struct Bag {
    form: Form,
    entries: Arc<Entries>,
    /// Entries for what reaches the table.
    spread: Arc<Entries>,
    /// The rows of the table.
    table: usize,
}

impl Op for Bag {
    fn name(&self) -> &'static str {
        "embedding_bag"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "EmbeddingBagBackward0".into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let ready = |array: &Array| array.contiguous()?.to_dtype(dtype);
        let (a, b) = (ready(inputs[0])?, ready(inputs[1])?);
        let width = a.shape()[1];
        let out = match self.form {
            Form::Combine => Array::empty(&[self.entries.bags(), width], dtype)?,
            Form::Spread => Array::zeros(&[self.table, width], dtype)?,
            Form::Pair => Array::empty(&[self.entries.rows.len()], dtype)?,
        };
        dispatch_float!(dtype, T => {
            let (lists, to) = ((a.slice::<T>(), b.slice::<T>()), out.slice_mut::<T>());
            match self.form {
                Form::Combine => combine(&self.entries, width, lists, to),
                Form::Spread => spread(&self.spread, width, lists, to),
                Form::Pair => pair(&self.entries, width, lists, to),
            }
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(result)?])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(needs[0]).and(Saves::inputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut results: Grads = smallvec![None, None];
        let Some(g) = &grads[0] else { return Ok(results) };
        // What reaches the table has factors of its own.
        let entries = if self.form == Form::Spread { self.spread.clone() } else { self.entries.clone() };
        let run =
            |form: Form, a: &Tensor, b: &Tensor| apply(Bag { form, entries: entries.clone(), ..self.clone() }, &[a, b]);
        if cx.needs(0) {
            let other = cx.input(1)?;
            results[0] = Some(match self.form {
                Form::Combine => run(Form::Spread, g, &other)?,
                Form::Spread => run(Form::Combine, g, &other)?,
                // The gradient of the bags from that of the factors.
                Form::Pair => run(Form::Combine, &other, g)?,
            });
        }
        if cx.needs(1) {
            let other = cx.input(0)?;
            results[1] = Some(match self.form {
                Form::Combine => run(Form::Pair, g, &other)?,
                Form::Spread => run(Form::Pair, &other, g)?,
                Form::Pair => run(Form::Spread, &other, g)?,
            });
        }
        Ok(results)
    }
}
