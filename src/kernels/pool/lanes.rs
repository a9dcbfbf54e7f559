//! Maxima of floating-point numbers by registers: columns of a row are lanes, and so are the places of their maxima.

use std::any::TypeId;

use super::super::float::Real;
use super::super::isa::{Isa, isa};
use super::super::lanes::{Vector, part};
use super::Geometry;
use super::max::Steady;

/// The steady columns of the plane that `x` begins with, if this is the way to go; `false` if it is not.
pub fn rows<T: Copy + 'static>(
    geometry: &Geometry,
    steady: &Steady,
    x: &[T],
    lowest: T,
    out: &mut [T],
    places: &mut [i64],
) -> bool {
    // Places are counted in the numbers themselves.
    let fits =
        isa() != Isa::Portable && matches!(steady.stride, 1 | 2) && geometry.plane() <= 1 << (f32::MANTISSA_DIGITS - 1);
    if fits && let (Some(x), Some(&[lowest]), Some(out)) = (same::<T, f32>(x), same(&[lowest]), same_mut::<T, f32>(out))
    {
        steady_columns(geometry, steady, x, lowest, out, places);
    } else if fits
        && let (Some(x), Some(&[lowest]), Some(out)) = (same::<T, f64>(x), same(&[lowest]), same_mut::<T, f64>(out))
    {
        steady_columns(geometry, steady, x, lowest, out, places);
    } else {
        return false;
    }
    true
}

/// The same numbers, if `R` is their type.
pub(super) fn same<T: 'static, R: 'static>(values: &[T]) -> Option<&[R]> {
    // SAFETY: one type.
    (TypeId::of::<T>() == TypeId::of::<R>())
        .then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// As [`same`].
pub(super) fn same_mut<T: 'static, R: 'static>(values: &mut [T]) -> Option<&mut [R]> {
    // SAFETY: one type.
    (TypeId::of::<T>() == TypeId::of::<R>())
        .then(|| unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) })
}

crate::vectorize! {
    /// The body of [`rows`].
    fn steady_columns[S; R: Real](
        simd: S, geometry: &Geometry, steady: &Steady, x: &[R], lowest: R, out: &mut [R], places: &mut [i64]
    ) {
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let [_, height, width] = geometry.input;
        let columns = &geometry.axes[2];
        let mut ramp = [R::zero(); 16];
        for (lane, place) in ramp.iter_mut().enumerate() {
            *place = R::from_usize(lane * steady.stride);
        }
        // SAFETY: no register has more than 16 lanes.
        let ramp = unsafe { <R::Vector<S> as Vector<R>>::load(ramp.as_ptr()) };
        let rows = geometry.axes[0].iter().flat_map(|first| geometry.axes[1].iter().map(move |second| (first, second)));
        let rows = rows.zip(out.chunks_exact_mut(columns.len().max(1)).zip(places.chunks_exact_mut(columns.len().max(1))));
        for ((first, second), (out, places)) in rows {
            for start in steady.columns.clone().step_by(lanes) {
                let count = lanes.min(steady.columns.end - start);
                let mut best: Option<(R::Vector<S>, R::Vector<S>)> = None;
                for upper in first.elements() {
                    for lower in second.elements() {
                        for element in columns[start].elements() {
                            let at = (upper * height + lower) * width + element;
                            let value = read::<R, R::Vector<S>>(&x[at..], steady.stride);
                            let place = <R::Vector<S> as Vector<R>>::splat(R::from_usize(at)).add(ramp);
                            best = Some(match best {
                                Some((best, at)) => best.larger(at, value, place),
                                None => (value, place),
                            });
                        }
                    }
                }
                let (out, places) = (&mut out[start..start + count], &mut places[start..start + count]);
                let Some((best, at)) = best else {
                    // Rows of padding alone.
                    out.fill(lowest);
                    places.fill(-1);
                    continue;
                };
                let mut line = [R::zero(); 16];
                // SAFETY: `out` has `count` numbers; no register has more than 16 lanes.
                unsafe {
                    if count == lanes { best.store(out.as_mut_ptr()) } else { best.store_first(out.as_mut_ptr(), count) }
                    at.store(line.as_mut_ptr());
                }
                for (to, place) in places.iter_mut().zip(line) {
                    *to = place.to_place();
                }
            }
        }
    }
}

/// A register of elements `stride` apart, 1 or 2; zeros behind the last.
#[inline(always)]
fn read<R: Real, V: Vector<R>>(x: &[R], stride: usize) -> V {
    if stride == 1 { part(x, 0) } else { part::<R, V>(x, 0).unzip(part(x, V::LANES)).0 }
}
