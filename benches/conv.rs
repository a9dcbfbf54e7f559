//! Convolutions of ResNet-50, VGG-16, MobileNetV2, ViT-B/16 and ConvNeXt (one image) and LeNet (64): forward, alone and with a residual and an
//! activation, and both gradients, each checked against double precision before it is timed. `cargo bench --bench conv -- resnet`
//! for one network.

mod common;
#[path = "common/layers.rs"]
mod layers;

use std::time::Duration;

use common::{check, noise, row};
use criterion::{Criterion, criterion_group, criterion_main};
use layers::{Conv, lenet, mobilenet_v2, patches_and_convnext, resnet50, vgg16};
use rsnn::kernels::conv::{Activation, Epilogue, Geometry, forward, forward_with, input_gradient, weight_gradient};

/// The tensors of a layer.
struct Tensors {
    x: Vec<f32>,
    w: Vec<f32>,
    g: Vec<f32>,
}

/// Calls `each` with the tap, the input and the output places of a channel pair that meet.
fn for_each_meeting(geometry: &Geometry, mut each: impl FnMut(usize, usize, usize)) {
    let [_, second, third] = &geometry.windows;
    let place = |window: &rsnn::shape::window::Window, at: usize, tap: usize| {
        (at * window.stride + tap * window.dilation).checked_sub(window.pad_before).filter(|&x| x < window.input)
    };
    for row in 0..geometry.output[1] {
        for column in 0..geometry.output[2] {
            for tap in 0..geometry.taps() {
                let (i, j) = (place(second, row, tap / third.kernel), place(third, column, tap % third.kernel));
                if let (Some(i), Some(j)) = (i, j) {
                    each(tap, i * third.input + j, row * geometry.output[2] + column);
                }
            }
        }
    }
}

/// The pairs of places that meet, by one of them, once for all channels.
fn meetings(
    geometry: &Geometry,
    key: impl Fn(usize, usize, usize) -> usize,
    count: usize,
) -> Vec<Vec<(usize, usize, usize)>> {
    let mut lists = vec![Vec::new(); count];
    for_each_meeting(geometry, |tap, input, output| lists[key(tap, input, output)].push((tap, input, output)));
    lists
}

/// Compares samples of all three results with sums in double precision.
fn check_layer(name: &str, geometry: &Geometry, tensors: &Tensors, results: [&[f32]; 3]) {
    let Tensors { x, w, g } = tensors;
    let (plane, positions, taps, depth) = (geometry.plane(), geometry.positions(), geometry.taps(), geometry.depth());
    let (inner, outer) = (geometry.group_in(), geometry.group_out());
    let product = |a: f32, b: f32| f64::from(a) * f64::from(b);
    // The image, group and place of an element, its channel within the group, for tensors of `channels` by `plane`.
    let split = |at: usize, channels: usize, plane: usize, of: usize| {
        let channel = at / plane % channels;
        (at / plane / channels, channel / of, at % plane, channel % of)
    };
    let by_output = meetings(geometry, |_, _, output| output, positions);
    check(&format!("{name} forward"), results[0], depth, |at| {
        let (image, group, place, channel) = split(at, geometry.out_channels, positions, outer);
        let from = (image * geometry.groups + group) * inner;
        let weights = (group * outer + channel) * depth;
        let sums = (0..inner).flat_map(|c| by_output[place].iter().map(move |meeting| (c, meeting)));
        sums.map(|(c, (tap, input, _))| product(x[(from + c) * plane + input], w[weights + c * taps + tap])).sum()
    });
    let by_input = meetings(geometry, |_, input, _| input, plane);
    check(&format!("{name} dx"), results[1], outer * taps, |at| {
        let (image, group, place, channel) = split(at, geometry.in_channels, plane, inner);
        let from = (image * geometry.groups + group) * outer;
        let sums = (0..outer).flat_map(|o| by_input[place].iter().map(move |meeting| (o, meeting)));
        let weight = |o: usize, tap: usize| w[((group * outer + o) * inner + channel) * taps + tap];
        sums.map(|(o, (tap, _, output))| product(g[(from + o) * positions + output], weight(o, *tap))).sum()
    });
    let by_tap = meetings(geometry, |tap, _, _| tap, taps);
    check(&format!("{name} dw"), results[2], geometry.batch * positions, |at| {
        let (output, channel, tap) = (at / depth, at % depth / taps, at % taps);
        let input = output / outer * inner + channel;
        let images = (0..geometry.batch).flat_map(|image| by_tap[tap].iter().map(move |meeting| (image, meeting)));
        let from = |image: usize| {
            ((image * geometry.out_channels + output) * positions, (image * geometry.in_channels + input) * plane)
        };
        images.map(|(image, (_, i, o))| product(g[from(image).0 + o], x[from(image).1 + i])).sum()
    });
}

fn network(criterion: &mut Criterion, network: &str, batch: usize, layers: Vec<Conv>) {
    let mut group = criterion.benchmark_group(network);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500)).sample_size(10);
    for layer in layers {
        let (name, geometry) = (layer.name(), layer.geometry(batch));
        let tensors = Tensors {
            x: noise(batch * geometry.in_channels * geometry.plane(), 1),
            w: noise(geometry.out_channels * geometry.depth(), 2),
            g: noise(batch * geometry.out_channels * geometry.positions(), 3),
        };
        let Tensors { x, w, g } = &tensors;
        let (mut out, mut dx, mut dw) = (g.clone(), x.clone(), w.clone());
        forward(&geometry, x, w, None, &mut out);
        input_gradient(&geometry, g, w, None, &mut dx);
        weight_gradient(&geometry, g, x, &mut dw);
        check_layer(&name, &geometry, &tensors, [&out, &dx, &dw]);
        let work = 2 * g.len() * geometry.depth();
        row(&mut group, &format!("{name} forward"), work, || forward(&geometry, x, w, None, &mut out));
        let epilogue = Epilogue { bias: None, residual: Some(g), activation: Activation::Relu };
        row(&mut group, &format!("{name} forward + residual, relu"), work, || {
            forward_with(&geometry, x, w, &epilogue, &mut out);
        });
        row(&mut group, &format!("{name} dx"), work, || input_gradient(&geometry, g, w, None, &mut dx));
        row(&mut group, &format!("{name} dw"), work, || weight_gradient(&geometry, g, x, &mut dw));
    }
    group.finish();
}

fn networks(criterion: &mut Criterion) {
    network(criterion, "conv resnet50", 1, resnet50());
    network(criterion, "conv vgg16", 1, vgg16());
    network(criterion, "conv mobilenet_v2", 1, mobilenet_v2());
    network(criterion, "conv patches and convnext", 1, patches_and_convnext());
    network(criterion, "conv lenet", 64, lenet());
}

criterion_group!(benches, networks);
criterion_main!(benches);
