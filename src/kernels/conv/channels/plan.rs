//! How a convolution is cut into tasks.

use super::super::Geometry;
use super::field;
use crate::shape::window::Window;

/// Products that the inner kernel sums at a time, about: with them a panel takes a small part of a second-level cache.
const DEPTH: usize = 576;
/// The same where each channel has one tap, and so a cache line to itself.
const POINTWISE_DEPTH: usize = 256;
/// Positions of a task, about.
const POSITIONS: usize = 224;
/// Numbers of the fields of a task, at most: a quarter of a 1 MB second-level cache.
const FIELDS: usize = 64 << 10;
/// Numbers of the panels that are gone over together for one block of input channels, and sums that a task keeps between
/// blocks: as above.
const PANELS: usize = 64 << 10;
const KEPT: usize = 64 << 10;
/// Columns of a task, at most, so that it has several rows.
const COLUMNS: usize = 112;
/// Output channels of a task, at least, so that filling its fields costs little beside them.
const CHANNELS: usize = 64;
/// Tasks to aim for.
const TASKS: usize = 16;
/// Elements of a plane up to which its rows are read where they lie.
const NEAR: usize = 256;

/// Sizes of tasks; depends on those of the convolution alone.
pub struct Plan {
    /// Images of a task: several if they are small.
    pub images: usize,
    /// Rows and columns of a task.
    pub band: [usize; 2],
    /// Input channels of a block.
    pub block: usize,
    /// Panels of output channels of a task, and of these the ones that are gone over together.
    pub panels: usize,
    pub together: usize,
    /// Whether the input is read where it lies.
    pub near: bool,
}

impl Plan {
    pub fn new(geometry: &Geometry, width: usize) -> Self {
        let [_, height, columns] = geometry.output;
        let taps = geometry.taps();
        let blocks = |depth: usize| geometry.depth().div_ceil(depth.max(taps)).max(1);
        let mut block = geometry.group_in().div_ceil(blocks(if taps == 1 { POINTWISE_DEPTH } else { DEPTH })).max(1);
        let near = geometry.windows.iter().all(Window::is_pointwise)
            && geometry.positions() == geometry.plane()
            && geometry.plane() <= NEAR;
        let columns = columns.div_ceil(columns.div_ceil(COLUMNS).max(1)).max(1);
        let mut rows = (POSITIONS / columns).clamp(1, height.max(1));
        // Equal bands.
        rows = height.div_ceil(height.div_ceil(rows).max(1)).max(1);
        let band = if near { [height, geometry.output[2]] } else { [rows, columns] };
        let field = field(geometry, band).len();
        block = block.min((FIELDS / field.max(1)).max(1));
        let bands = height.div_ceil(band[0].max(1)) * geometry.output[2].div_ceil(band[1].max(1));
        let mut images = (POSITIONS / (band[0] * band[1]).max(1)).clamp(1, geometry.batch.max(1));
        if bands > 1 {
            images = 1;
        } else if !near {
            images = images.min(FIELDS / (block * field).max(1)).max(1);
        }
        // Equal parts.
        images = geometry.batch.div_ceil(geometry.batch.div_ceil(images).max(1)).max(1);
        let all = geometry.group_out().div_ceil(width);
        let bands = geometry.batch.div_ceil(images) * bands;
        // A copied element is used once for each channel where there is one tap.
        let least = if taps == 1 && !near { 4 * CHANNELS } else { CHANNELS }.div_ceil(width);
        let most = (KEPT / (images * band[0] * band[1] * width).max(1)).max(1);
        let panels = all.div_ceil(TASKS.div_ceil(bands.max(1))).max(least).min(most.max(least));
        // Equal shares.
        let panels = all.div_ceil(all.div_ceil(panels));
        let together = (PANELS / (block * taps * width)).clamp(1, panels);
        let together = panels.div_ceil(panels.div_ceil(together));
        Plan { images, band, block, panels, together, near }
    }
}
