//! What is done to the sums of a group of channels that an algorithm leaves without it.

use super::super::epilogue::Epilogue;
use super::super::float::Floating;
use super::super::parallel;
use super::Geometry;

impl<T: Floating> Epilogue<'_, T> {
    /// [`Epilogue::finish`] for all channels of a group.
    pub fn finish_group(&self, geometry: &Geometry, group: usize, out: &mut [T]) {
        let (channels, positions) = (geometry.group_out(), geometry.positions());
        if self.is_plain() || positions == 0 {
            return;
        }
        parallel::for_each_chunk_mut(out, positions, 1, |plane, out| {
            if plane % geometry.out_channels / channels == group {
                self.finish(plane * positions, out);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use half::f16;
    use num_traits::Float;

    use super::super::tests::{Case, oracle, square};
    use super::super::{Activation, Packed, forward_with};
    use super::*;
    use crate::kernels::float::Real;

    fn check<T: Floating>(geometry: &Geometry) {
        let case = Case::<T>::new(geometry);
        let residual: Vec<T> = (0..case.g.len()).map(|i| T::from_acc(T::Acc::from_usize(i * 7 % 9))).collect();
        let (zero, six) = (T::Acc::from_usize(0), T::Acc::from_usize(6));
        let [sums, ..] = oracle(geometry, &case);
        for activation in [Activation::Identity, Activation::Relu, Activation::Relu6] {
            for residual in [None, Some(&residual[..])] {
                let epilogue = Epilogue { bias: Some(&case.bias[..geometry.out_channels]), residual, activation };
                let mut out = vec![T::from_acc(T::Acc::from_f64(f64::NAN)); case.g.len()];
                forward_with(geometry, &case.x, &case.w, &epilogue, &mut out);
                for (at, (&got, &sum)) in out.iter().zip(&sums).enumerate() {
                    let sum = sum + residual.map_or(zero, |residual| residual[at].to_acc());
                    let expected = match activation {
                        Activation::Identity => sum,
                        Activation::Relu => sum.max(zero),
                        Activation::Relu6 => sum.max(zero).min(six),
                    };
                    assert!(
                        got == T::from_acc(expected),
                        "{at}: {got:?} for {expected:?} in {geometry:?} {epilogue:?}"
                    );
                }
                if let Some(packed) = Packed::new(geometry, &case.w).unwrap() {
                    let mut again = vec![T::default(); out.len()];
                    packed.forward_with(geometry, &case.x, &case.w, &epilogue, &mut again);
                    assert!(again == out, "packed, {geometry:?}");
                }
            }
        }
    }

    #[test]
    fn every_algorithm_finishes_its_sums() {
        for geometry in [
            // Depthwise, by rows and by fields.
            Geometry::new(2, (4, 8), 4, &square(9, 3, 1, 1)),
            Geometry::new(2, (3, 3), 3, &square(20, 7, 1, 3)),
            // In registers: several images, bands, groups and shares of channels.
            Geometry::new(5, (4, 64), 2, &square(7, 3, 1, 1)),
            Geometry::new(2, (7, 32), 1, &square(40, 3, 1, 1)),
            Geometry::new(1, (4, 32), 1, &square(130, 3, 1, 1)),
            Geometry::new(2, (200, 150), 1, &square(14, 1, 1, 0)),
            // Products with what lies there, with patches, and in fields.
            Geometry::new(2, (5, 7), 1, &square(6, 1, 1, 0)),
            Geometry::new(2, (6, 5), 1, &square(5, 2, 2, 0)),
            Geometry::new(2, (1, 6), 1, &square(28, 5, 1, 2)),
            Geometry::new(2, (3, 32), 1, &square(40, 3, 1, 1)),
            Geometry::new(2, (6, 64), 2, &square(32, 3, 1, 1)),
            // Products over several images, of several groups.
            Geometry::new(3, (40, 14), 2, &square(9, 3, 2, 1)),
            Geometry::new(3, (40, 14), 2, &square(9, 1, 1, 0)),
            // Products over elements that are gathered first, packed and not.
            Geometry::new(3, (40, 14), 2, &square(9, 1, 2, 0)),
            Geometry::new(2, (150, 32), 1, &square(9, 1, 2, 0)),
        ] {
            check::<f32>(&geometry);
            check::<f64>(&geometry);
        }
        check::<f16>(&Geometry::new(2, (3, 4), 1, &square(5, 3, 1, 1)));
        check::<f16>(&Geometry::new(3, (8, 6), 2, &square(5, 1, 1, 0)));
    }
}
