//! Tensors so small that Miri can follow.

use super::Geometry;
use super::tests::{check, square, window};

/// Every way that the portable path has.
#[test]
fn small_convolutions_are_right() {
    for geometry in [
        Geometry::new(1, (2, 3), 1, &square(4, 3, 1, 1)),
        Geometry::new(2, (2, 2), 1, &square(3, 1, 1, 0)),
        Geometry::new(1, (4, 2), 2, &square(5, 1, 2, 0)),
        Geometry::new(1, (2, 3), 1, &square(8, 4, 4, 0)),
        Geometry::new(1, (2, 2), 1, &square(5, 3, 2, 1)),
        Geometry::new(1, (3, 3), 3, &square(5, 3, 1, 1)),
        Geometry::new(1, (2, 4), 2, &square(6, 2, 2, 1)),
        // Channels that fill registers.
        Geometry::new(1, (2, 16), 1, &square(4, 3, 1, 1)),
        Geometry::new(1, (16, 2), 1, &square(5, 2, 2, 0)),
        // Three axes.
        Geometry::new(1, (1, 16), 1, &[window(3, (2, 1, 1), (1, 0)); 3]),
    ] {
        check::<f32>(&geometry);
    }
}
