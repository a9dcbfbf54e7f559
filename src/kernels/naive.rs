//! Plain loops: what the tests compare every algorithm with.

use ndarray::{Array2, ArrayView2};

use super::conv::Geometry;
use super::float::Real;

/// `a b`.
pub fn matmul<T: Real>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Array2<T> {
    Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| (0..a.ncols()).map(|k| a[[i, k]] * b[[k, j]]).sum())
}

/// Calls `body(output, input, weight)`, offsets into the three tensors, for every product that a convolution is a sum of.
pub fn for_each_product(geometry: &Geometry, mut body: impl FnMut(usize, usize, usize)) {
    let [first, second, third] = &geometry.windows;
    let [planes, rows, columns] = geometry.output;
    let (group_in, group_out) = (geometry.group_in(), geometry.group_out());
    for image in 0..geometry.batch {
        for channel in 0..geometry.out_channels {
            for at in 0..planes * rows * columns {
                let position = [at / columns / rows, at / columns % rows, at % columns];
                for depth in 0..geometry.depth() {
                    let (from, tap) = (depth / geometry.taps(), depth % geometry.taps());
                    let taps =
                        [tap / third.kernel / second.kernel, tap / third.kernel % second.kernel, tap % third.kernel];
                    let element = (
                        first.element(position[0], taps[0]),
                        second.element(position[1], taps[1]),
                        third.element(position[2], taps[2]),
                    );
                    if let (Some(i), Some(j), Some(k)) = element {
                        let plane = image * geometry.in_channels + channel / group_out * group_in + from;
                        body(
                            (image * geometry.out_channels + channel) * geometry.positions() + at,
                            ((plane * first.input + i) * second.input + j) * third.input + k,
                            channel * geometry.depth() + depth,
                        );
                    }
                }
            }
        }
    }
}
