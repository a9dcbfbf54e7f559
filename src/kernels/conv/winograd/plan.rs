//! How a convolution is cut into tasks, and whether it is worth it.

use super::super::super::gemm::kernel::tile;
use super::super::Geometry;
use super::{POINTS, TAPS, transforms};

/// Numbers of the transformed inputs of a task, at most: they go through the second-level cache, where each is used for all
/// output channels.
const NUMBERS: usize = 512 << 10;
/// Tiles of a task, at most, so that the lines of a channel stay in a first-level cache.
const TILES: usize = 256;
/// Tiles of a row, at most.
const COLUMNS: usize = 128;
/// Output channels of a task, at least, so that transforming the inputs costs little beside them.
const CHANNELS: usize = 64;
/// What it costs to transform a register of tiles, in multiply-adds of registers: inputs for each channel, outputs likewise; and to
/// bring in the weights of a channel at all points.
const INPUTS: usize = 90;
const OUTPUTS: usize = 70;
const WEIGHTS: usize = 8;
/// The same for packing weights, beyond what it costs for a plain sum.
const PACKING: usize = 16;
/// Channels on both sides, at least.
const CHANNELS_LEAST: usize = 16;
/// Tasks to aim for on a few threads.
const TASKS: usize = 4;

/// Sizes of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Images of a task: several if they are small.
    pub images: usize,
    /// Rows and columns of tiles of a task.
    pub band: [usize; 2],
    /// Panels of output channels of a task.
    pub panels: usize,
}

/// Rows and columns of tiles.
pub fn tiles(geometry: &Geometry) -> [usize; 2] {
    [geometry.output[1].div_ceil(2), geometry.output[2].div_ceil(2)]
}

impl Plan {
    /// The plan with the least work for so many threads; results do not depend on it.
    pub fn new(geometry: &Geometry, threads: usize) -> Plan {
        Plan::with_cost(geometry, threads).0
    }

    /// The plan, and the multiply-adds of registers that it costs.
    fn with_cost(geometry: &Geometry, threads: usize) -> (Plan, usize) {
        let (height, _) = tile::<f32>();
        let [rows, columns] = tiles(geometry);
        let columns = columns.div_ceil(columns.div_ceil(COLUMNS).max(1)).max(1);
        let across = geometry.output[2].div_ceil(2 * columns);
        let all = geometry.group_out().div_ceil(height).max(1);
        let least = CHANNELS.div_ceil(height);
        let most = (NUMBERS / (POINTS * geometry.group_in().max(1))).clamp(columns, TILES.max(columns));
        let mut best: Option<(Plan, usize)> = None;
        let mut consider = |images: usize, band: usize| {
            let bands = geometry.batch.div_ceil(images) * rows.div_ceil(band) * across;
            // Shares of channels where there are few bands.
            let wanted = (2 * threads).max(TASKS).div_ceil(bands.max(1));
            for shares in [1, wanted] {
                let panels = all.div_ceil(shares).max(least).min(all);
                let shares = all.div_ceil(panels);
                let plan = Plan { images, band: [band, columns], panels };
                let cost = plan.cost(geometry) * (bands * shares).next_multiple_of(threads.max(1));
                if best.is_none_or(|(_, least)| cost < least) {
                    best = Some((plan, cost));
                }
            }
        };
        for parts in 1..=rows.max(1) {
            let band = rows.div_ceil(parts).max(1);
            if band * columns <= most || band == 1 {
                consider(1, band);
            }
        }
        for images in (2..=geometry.batch).take_while(|images| images * rows * columns <= most) {
            consider(images, rows.max(1));
        }
        best.expect("a band of one row is always considered")
    }

    /// What a task costs.
    fn cost(&self, geometry: &Geometry) -> usize {
        let lanes = transforms::lanes();
        let (height, _) = tile::<f32>();
        let (inputs, outputs) = (geometry.group_in(), (self.panels * height).min(geometry.group_out()));
        let rows = self.images * self.band[0];
        let registers = (rows * self.band[1]).div_ceil(lanes);
        let transformed = rows * self.band[1].div_ceil(lanes);
        POINTS * inputs * outputs * registers
            + transformed * (INPUTS * inputs + OUTPUTS * outputs)
            + WEIGHTS * inputs * outputs
    }
}

/// Whether this takes less than the plain sum, with weights that are packed already or have to be.
pub fn pays(geometry: &Geometry, packed: bool) -> bool {
    let (inputs, outputs) = (geometry.group_in(), geometry.group_out());
    if inputs < CHANNELS_LEAST || outputs < CHANNELS_LEAST {
        return false;
    }
    let (_, cost) = Plan::with_cost(geometry, 1);
    let cost = cost + if packed { 0 } else { PACKING * inputs * outputs };
    let plain = (geometry.batch * geometry.positions()).div_ceil(transforms::lanes()) * TAPS * inputs * outputs;
    cost * 8 < plain * 7
}
