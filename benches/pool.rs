//! Poolings of LeNet and ResNet.

use criterion::{Criterion, criterion_group, criterion_main};
use rsnn::kernels::pool::{Divisor, Geometry, average, average_gradient, max, put_at};
use rsnn::shape::window::Window;

fn poolings(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pool");
    let sliding = |planes, input, kernel, stride, pad| {
        let window = Window { stride, pad_before: pad, pad_after: pad, ..Window::new(input, kernel) };
        Geometry::sliding(planes, &[window, window], false)
    };
    for (name, geometry) in [
        ("2x2 of 28x28, 384 planes", sliding(384, 28, 2, 2, 0)),
        ("2x2 of 10x10, 1024 planes", sliding(1024, 10, 2, 2, 0)),
        ("3x3 of 112x112, 64 planes", sliding(64, 112, 3, 2, 1)),
        ("64x64 to 7x7, 1024 planes", Geometry::adaptive(1024, &[(64, 7), (64, 7)])),
        ("7x7 to 1x1, 32768 planes", Geometry::adaptive(32768, &[(7, 1), (7, 1)])),
    ] {
        let planes = geometry.planes;
        let (plane, positions) = (geometry.plane(), geometry.positions());
        let x: Vec<f32> = (0..planes * plane).map(|i| (i as f32).sin()).collect();
        let (mut out, mut places) = (vec![0.0; planes * positions], vec![0; planes * positions]);
        let mut dx = x.clone();
        group.bench_function(format!("max {name}"), |b| b.iter(|| max(&geometry, &x, f32::MIN, &mut out, &mut places)));
        let sizes = (plane, positions);
        group.bench_function(format!("max dx {name}"), |b| b.iter(|| put_at(sizes, &out, &places, &mut dx)));
        let divisor = Divisor::Padded;
        group.bench_function(format!("average dx {name}"), |b| {
            b.iter(|| average_gradient(&geometry, divisor, &out, &mut dx));
        });
        group.bench_function(format!("average {name}"), |b| b.iter(|| average(&geometry, divisor, &x, &mut out)));
    }
    group.finish();
}

criterion_group!(benches, poolings);
criterion_main!(benches);
