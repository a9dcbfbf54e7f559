//! What benches of computations share: the peak of the machine and rows that say their share of it.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use rsnn::kernels::lanes::Vector;
use rsnn::kernels::parallel;

/// Registers of sums: more than a fused product takes cycles, times two units.
const CHAINS: usize = 12;

rsnn::vectorize! {
    /// `count` fused products in each lane of `CHAINS` registers.
    fn chains[S](simd: S, count: usize) -> f32 {
        let factor = S::F32::splat(0.999_999);
        let mut sums = [S::F32::splat(1.0); CHAINS];
        for _ in 0..count {
            for sum in &mut sums {
                *sum = sum.mul_add(factor, factor);
            }
        }
        let mut line = [0.0f32; 64];
        for sum in sums {
            // SAFETY: a register has at most 16 lanes.
            unsafe { sum.store(line.as_mut_ptr()) };
            line[16] += line[0];
        }
        line[16] + S::F32::LANES as f32 * f32::MIN_POSITIVE
    }

    /// Lanes of a register.
    fn lanes[S](simd: S) -> usize {
        S::F32::LANES
    }
}

/// The least time of some runs, in seconds.
pub fn least(runs: usize, mut run: impl FnMut()) -> f64 {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..runs).map(|_| time(&mut run)).fold(f64::INFINITY, f64::min)
}

/// Operations a second (a fused product is two) of the vector units in use, on all threads, measured once in this process. What
/// the matrix unit computes may exceed it.
pub fn peak() -> f64 {
    static PEAK: OnceLock<f64> = OnceLock::new();
    *PEAK.get_or_init(|| {
        const COUNT: usize = 1 << 21;
        let threads = parallel::num_threads();
        let time = least(10, || parallel::for_each_index(threads, COUNT, |_| _ = black_box(chains(COUNT))));
        let peak = (2 * threads * COUNT * CHAINS * lanes()) as f64 / time;
        println!("peak of {threads} threads: {:.0} GFLOP/s", peak / 1e9);
        peak
    })
}

/// A row of `work` operations: its rate and its share of the peak, then criterion's figures.
pub fn row(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, work: usize, mut run: impl FnMut()) {
    let peak = peak();
    let rate = work as f64 / least(10, &mut run);
    println!("{name}: {:.0} GFLOP/s, {:.0} % of the peak", rate / 1e9, 100.0 * rate / peak);
    group.throughput(Throughput::Elements(work as u64));
    group.bench_function(name, |bencher| bencher.iter(&mut run));
}

/// Numbers in [-1, 1) that look random.
pub fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

/// Asserts that some elements, spread over a result, are what sums in double precision say, up to the rounding of sums of `depth`.
pub fn check(name: &str, found: &[f32], depth: usize, exact: impl Fn(usize) -> f64) {
    const SAMPLES: usize = 40;
    let bound = 4.0 * f64::from(f32::EPSILON) * (depth as f64).sqrt() * (1.0 + (depth as f64).sqrt() / 8.0);
    for sample in 0..SAMPLES.min(found.len()) {
        let at = if sample == 0 { found.len() - 1 } else { sample * 7919 % found.len() };
        let (found, exact) = (f64::from(found[at]), exact(at));
        assert!((found - exact).abs() <= bound, "{name}: {found} for {exact} at {at}");
    }
}
