//! The convolutions of some networks, each different one once.

use rsnn::kernels::conv::Geometry;
use rsnn::shape::window::Window;

/// A square convolution: input and output channels, groups, size, kernel, stride. It keeps the size, up to its stride; windows as wide
/// as their stride lie side by side.
pub struct Conv(pub usize, pub usize, pub usize, pub usize, pub usize, pub usize);

impl Conv {
    /// What tells it from others.
    pub fn name(&self) -> String {
        let Conv(inputs, outputs, groups, size, kernel, stride) = self;
        let deep = if *groups > 1 { " depthwise" } else { "" };
        format!("{kernel}x{kernel}/{stride} {inputs}-{outputs} at {size}{deep}")
    }

    /// Its geometry for some images.
    pub fn geometry(&self, batch: usize) -> Geometry {
        let Conv(inputs, outputs, groups, size, kernel, stride) = *self;
        let pad = if kernel == stride { 0 } else { kernel / 2 };
        let window = Window { stride, pad_before: pad, pad_after: pad, ..Window::new(size, kernel) };
        Geometry::new(batch, (inputs, outputs), groups, &[window, window])
    }
}

/// ResNet-50.
pub fn resnet50() -> Vec<Conv> {
    let mut list = vec![Conv(3, 64, 1, 224, 7, 2)];
    let (mut inputs, mut size) = (64, 56);
    for width in [64, 128, 256, 512] {
        let stride = if width == 64 { 1 } else { 2 };
        list.push(Conv(inputs, width, 1, size, 1, 1));
        list.push(Conv(width, width, 1, size, 3, stride));
        // The first stage's shortcut is its last convolution again.
        if stride == 2 {
            list.push(Conv(inputs, 4 * width, 1, size, 1, stride));
        }
        (inputs, size) = (4 * width, size / stride);
        list.push(Conv(width, inputs, 1, size, 1, 1));
        list.push(Conv(inputs, width, 1, size, 1, 1));
        if stride == 2 {
            list.push(Conv(width, width, 1, size, 3, 1));
        }
    }
    list
}

/// VGG-16.
pub fn vgg16() -> Vec<Conv> {
    let sizes = [(3, 64, 224), (64, 64, 224), (64, 128, 112), (128, 128, 112), (128, 256, 56), (256, 256, 56)];
    let deep = [(256, 512, 28), (512, 512, 28), (512, 512, 14)];
    sizes.into_iter().chain(deep).map(|(inputs, outputs, size)| Conv(inputs, outputs, 1, size, 3, 1)).collect()
}

/// MobileNetV2: depthwise layers with the pointwise ones around them.
pub fn mobilenet_v2() -> Vec<Conv> {
    let mut list = vec![Conv(3, 32, 1, 224, 3, 2), Conv(32, 32, 32, 112, 3, 1), Conv(32, 16, 1, 112, 1, 1)];
    let blocks =
        [(16, 24, 112, 2), (24, 32, 56, 2), (32, 64, 28, 2), (64, 96, 14, 1), (96, 160, 14, 2), (160, 320, 7, 1)];
    for (inputs, outputs, size, stride) in blocks {
        let hidden = 6 * inputs;
        list.push(Conv(inputs, hidden, 1, size, 1, 1));
        list.push(Conv(hidden, hidden, hidden, size, 3, stride));
        list.push(Conv(hidden, outputs, 1, size / stride, 1, 1));
    }
    list.push(Conv(320, 1280, 1, 7, 1, 1));
    list
}

/// LeNet.
pub fn lenet() -> Vec<Conv> {
    vec![Conv(1, 6, 1, 28, 5, 1), Conv(6, 16, 1, 14, 5, 1)]
}

/// The patches of ViT-B/16, and ConvNeXt: patches, and depthwise layers of many taps.
pub fn patches_and_convnext() -> Vec<Conv> {
    let mut list = vec![Conv(3, 768, 1, 224, 16, 16), Conv(3, 96, 1, 224, 4, 4)];
    for (channels, size) in [(96, 56), (192, 28), (384, 14), (768, 7)] {
        list.push(Conv(channels, channels, channels, size, 7, 1));
        if channels < 768 {
            list.push(Conv(channels, 2 * channels, 1, size, 2, 2));
        }
    }
    list
}
