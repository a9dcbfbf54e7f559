//! Convolutions of LeNet (batch 64) and ResNet-18 (batch 1), and a depthwise one: forward and both gradients.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rsnn::kernels::conv::{Geometry, forward, input_gradient, weight_gradient};
use rsnn::shape::window::Window;

/// Name, batch, channels, groups, input, kernel, stride, padding.
const LAYERS: [(&str, usize, (usize, usize), usize, usize, usize, usize, usize); 9] = [
    ("lenet 1", 64, (1, 6), 1, 28, 5, 1, 2),
    ("lenet 2", 64, (6, 16), 1, 14, 5, 1, 0),
    ("resnet stem", 1, (3, 64), 1, 224, 7, 2, 3),
    ("resnet 1", 1, (64, 64), 1, 56, 3, 1, 1),
    ("resnet 2 down", 1, (64, 128), 1, 56, 3, 2, 1),
    ("resnet 2", 1, (128, 128), 1, 28, 3, 1, 1),
    ("resnet 4", 1, (512, 512), 1, 7, 3, 1, 1),
    ("pointwise", 1, (256, 64), 1, 56, 1, 1, 0),
    ("depthwise", 1, (144, 144), 144, 56, 3, 1, 1),
];

fn layers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("conv");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(20);
    for (name, batch, channels, groups, input, kernel, stride, pad) in LAYERS {
        let window = Window { stride, pad_before: pad, pad_after: pad, ..Window::new(input, kernel) };
        let geometry = Geometry::new(batch, channels, groups, &[window, window]);
        let x = vec![0.5f32; batch * geometry.in_channels * geometry.plane()];
        let w = vec![0.25f32; geometry.out_channels * geometry.depth()];
        let g = vec![0.125f32; batch * geometry.out_channels * geometry.positions()];
        let (mut out, mut dx, mut dw) = (g.clone(), x.clone(), w.clone());
        group.throughput(Throughput::Elements((2 * g.len() * geometry.depth()) as u64));
        group.bench_function(format!("{name} forward"), |b| b.iter(|| forward(&geometry, &x, &w, None, &mut out)));
        group.bench_function(format!("{name} dx"), |b| b.iter(|| input_gradient(&geometry, &g, &w, None, &mut dx)));
        group.bench_function(format!("{name} dw"), |b| b.iter(|| weight_gradient(&geometry, &g, &x, &mut dw)));
    }
    group.finish();
}

criterion_group!(benches, layers);
criterion_main!(benches);
