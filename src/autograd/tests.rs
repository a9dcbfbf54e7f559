use super::*;
use crate::array::{Array, DType};
use crate::error::Result;
use smallvec::smallvec;

/// `x * y`, elementwise on equal shapes: enough to test the tape without the operations of the level above.
#[derive(Debug)]
struct Product;

impl Op for Product {
    fn name(&self) -> &'static str {
        "mul"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty(x[0].shape(), x[0].dtype())?;
        crate::kernels::elementwise::map2(x[0].operand::<f64>(), x[1].operand::<f64>(), out.operand_mut()?, |a, b| {
            a * b
        });
        Ok(smallvec![out])
    }
    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(needs[0]).and(Saves::inputs(&[0]).when(needs[1]))
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let g = grads[0].as_ref().expect("one output");
        let a = if cx.needs(0) { Some(mul(g, &cx.input(1)?)?) } else { None };
        let b = if cx.needs(1) { Some(mul(g, &cx.input(0)?)?) } else { None };
        Ok(smallvec![a, b])
    }
}

fn mul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(Product, &[a, b])
}

fn leaf(values: &[f64]) -> Tensor {
    Tensor::leaf(Array::from_slice(values, &[values.len()]).unwrap(), true).unwrap()
}

fn constant(values: &[f64]) -> Tensor {
    Tensor::new(Array::from_slice(values, &[values.len()]).unwrap())
}

fn values(t: &Tensor) -> Vec<f64> {
    t.array().contiguous().unwrap().slice::<f64>().to_vec()
}

fn backward(root: &Tensor) -> Result<()> {
    let ones = Tensor::new(Array::full(&root.shape(), 1.0.into(), DType::F64)?);
    run_backward(&[(root.clone(), Some(ones))], Target::AllLeaves, BackwardOptions::default()).map(drop)
}

#[test]
fn gradients_add_up_over_paths_and_calls() {
    let x = leaf(&[3.0, 4.0]);
    backward(&mul(&x, &x).unwrap()).unwrap();
    assert_eq!(values(&x.grad().unwrap()), [6.0, 8.0]);
    backward(&mul(&x, &x).unwrap()).unwrap();
    assert_eq!(values(&x.grad().unwrap()), [12.0, 16.0]);
}

#[test]
fn derivatives_of_derivatives() {
    let x = leaf(&[2.0]);
    let cube = mul(&mul(&x, &x).unwrap(), &x).unwrap();
    let options = BackwardOptions { retain_graph: true, create_graph: true };
    let first =
        run_backward(&[(cube, None)], Target::Capture(std::slice::from_ref(&x)), options).unwrap()[0].clone().unwrap();
    assert_eq!(values(&first), [12.0]);
    let second =
        run_backward(&[(first, None)], Target::Capture(std::slice::from_ref(&x)), options).unwrap()[0].clone().unwrap();
    assert_eq!(values(&second), [12.0]);
    assert!(x.grad().is_none());
}

#[test]
fn a_second_walk_needs_the_graph_kept() {
    let x = leaf(&[2.0]);
    let y = mul(&x, &x).unwrap();
    backward(&y).unwrap();
    assert!(backward(&y).unwrap_err().to_string().contains("second time"));
}

#[test]
fn a_changed_saved_value_is_an_error() {
    let (x, c) = (leaf(&[2.0]), constant(&[5.0]));
    let y = mul(&x, &c).unwrap();
    apply_inplace(Product, &[&c, &constant(&[3.0])]).unwrap();
    assert!(backward(&y).unwrap_err().to_string().contains("modified by an inplace operation"));
}

#[test]
fn writing_through_a_view_changes_the_base_in_the_graph() {
    // y = x * 1; y[1:] *= c; loss = sum(y * w)
    let (x, w, c) = (leaf(&[1.0, 2.0, 3.0]), constant(&[10.0, 20.0, 30.0]), leaf(&[5.0, 7.0]));
    let y = mul(&x, &constant(&[1.0; 3])).unwrap();
    let tail = apply(Slice { start: 1 }, &[&y]).unwrap();
    apply_inplace(Product, &[&tail, &c]).unwrap();
    assert_eq!(values(&y), [1.0, 10.0, 21.0]);
    assert_eq!(y.grad_fn().unwrap().node.name(), "CopySlices");
    assert_eq!(tail.grad_fn().unwrap().node.name(), "AsStridedBackward0");
    backward(&mul(&y, &w).unwrap()).unwrap();
    assert_eq!(values(&x.grad().unwrap()), [10.0, 100.0, 210.0]);
    assert_eq!(values(&c.grad().unwrap()), [40.0, 90.0]);
}

#[derive(Debug)]
struct Slice {
    start: usize,
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn is_view(&self) -> bool {
        true
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![x[0].map_layout(|l| l.slice(0, self.start, l.shape[0], 1))])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let base = crate::shape::Layout::contiguous(cx.shape(0));
        let view = base.slice(0, self.start, base.shape[0], 1);
        Ok(smallvec![Some(put_view(grads[0].as_ref().expect("one output"), &base, &view)?)])
    }
}

#[test]
fn leaves_that_require_gradients_may_not_be_written() {
    let x = leaf(&[1.0]);
    let error = apply_inplace(Product, &[&x, &constant(&[2.0])]).unwrap_err();
    assert!(error.to_string().contains("a leaf Variable that requires grad"));
    let _guard = GradModeGuard::new(false);
    apply_inplace(Product, &[&x, &constant(&[2.0])]).unwrap();
    assert_eq!(values(&x), [2.0]);
}

#[test]
fn deep_graphs_neither_overflow_backward_nor_drop() {
    let x = leaf(&[1.0]);
    let one = constant(&[1.0]);
    let mut y = x.clone();
    for _ in 0..100_000 {
        y = mul(&y, &one).unwrap();
    }
    let unused = mul(&y, &one).unwrap();
    backward(&y).unwrap();
    assert_eq!(values(&x.grad().unwrap()), [1.0]);
    drop(unused);
    drop(y);
}

#[test]
fn hooks_see_and_replace_gradients() {
    let x = leaf(&[3.0]);
    let y = mul(&x, &constant(&[2.0])).unwrap();
    y.retain_grad().unwrap();
    y.hooks().unwrap().add(std::sync::Arc::new(|g: &Tensor| Ok(Some(mul(g, &constant(&[10.0]))?))));
    let id = x.hooks().unwrap().add(std::sync::Arc::new(|_: &Tensor| crate::bail!(Value, "hook says no")));
    let z = mul(&y, &y).unwrap();
    let options = BackwardOptions { retain_graph: true, ..Default::default() };
    let walk = || run_backward(&[(z.clone(), None)], Target::AllLeaves, options);
    assert!(walk().unwrap_err().to_string().contains("hook says no"));
    x.hooks().unwrap().remove(id);
    y.set_grad(None);
    walk().unwrap();
    assert_eq!(values(&y.grad().unwrap()), [120.0]);
    assert_eq!(values(&x.grad().unwrap()), [240.0]);
}

#[test]
fn an_unused_input_has_no_gradient() {
    let (x, y) = (leaf(&[1.0]), leaf(&[2.0]));
    let z = mul(&x, &x).unwrap();
    let got = run_backward(&[(z, None)], Target::Capture(&[x, y]), BackwardOptions::default()).unwrap();
    assert!(got[0].is_some() && got[1].is_none());
}

#[test]
fn a_tensor_drops_quietly_unless_something_hangs_on_it() {
    let mut alone = constant(&[1.0]);
    assert!(alone.drops_quietly());
    let other = alone.clone();
    assert!(!alone.drops_quietly());
    drop(other);
    assert!(alone.detach().drops_quietly() && alone.drops_quietly());
    let mut x = leaf(&[2.0]);
    assert!(x.drops_quietly());
    assert!(!mul(&x, &alone).unwrap().drops_quietly());
    x.set_grad(Some(constant(&[1.0])));
    assert!(!x.drops_quietly());
    let mut hooked = leaf(&[2.0]);
    hooked.hooks().unwrap().add(std::sync::Arc::new(|_: &Tensor| Ok(None)));
    assert!(!hooked.drops_quietly());
    let mut viewed = apply(Slice { start: 1 }, &[&constant(&[1.0, 2.0])]).unwrap();
    assert!(!viewed.drops_quietly());
}
