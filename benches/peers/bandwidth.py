"""Cases that move memory more than they compute: each on 16 MB of single precision, or as much as its name says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kinds import Call, Case, Operator

ROWS = (4096, 1024)
IMAGES = (16, 64, 64, 64)

CASES: dict[str, Case] = {}


def add(name: str, run: Callable[..., Any], *shapes: tuple[int, ...], wrt: tuple[int, ...] = ()) -> None:
    """A case, and its gradients for some of its inputs."""
    shapes = shapes or (ROWS,)
    CASES[f"{name}, 16 MB"] = Operator(run, *shapes)
    for which in wrt:
        ending = "backward" if which == 0 else f"backward to input {which}"
        CASES[f"{name} {ending}, 16 MB"] = Operator(run, *shapes, wrt=which)


# Element by element.
add("copy", lambda F, x: x.clone())
add("add", lambda F, x: x + x)
add("add of a number", lambda F, x: x + 1.5)
add("number minus", lambda F, x: 1.5 - x)
add("mul", lambda F, x, y: x * y, ROWS, ROWS)
add("div", lambda F, x, y: x / y, ROWS, ROWS)
add("addcmul", lambda F, x, y: x.addcmul(x, y, value=0.5), ROWS, ROWS)
add("where", lambda F, x, y: x.where(x > 0, y), ROWS, ROWS)
add("clamp", lambda F, x: x.clamp(-1.0, 1.0))
add("square root of |x|", lambda F, x: x.abs().sqrt())
add("to double", lambda F, x: x.double(), (2048, 1024))
add("bias of rows", lambda F, x, b: x + b, ROWS, (1024,), wrt=(1,))
add("bias of channels", lambda F, x, b: x + b, IMAGES, (1, 64, 1, 1), wrt=(1,))
add("scale of images and channels", lambda F, x, s: x * s, IMAGES, (16, 64, 1, 1), wrt=(0, 1))
add("add of every second column", lambda F, x: x[:, ::2] + x[:, 1::2], (4096, 2048))
add("add of strips of 7", lambda F, x: x[:, :7] + 1.0, (524288, 8))
add("add of strips of 2", lambda F, x: x[:, :2] + 1.0, (1048576, 4))
for name, function in {
    "exp": lambda F, x: x.exp(),
    "log of |x|": lambda F, x: x.abs().log(),
    "sin": lambda F, x: x.sin(),
    "cos": lambda F, x: x.cos(),
    "power 1.5 of |x|": lambda F, x: x.abs().pow(1.5),
    "erf": lambda F, x: x.erf(),
    "square": lambda F, x: x**2,
    "remainder by a number": lambda F, x: x % 0.75,
    "fmod by a number": lambda F, x: x.fmod(0.75),
    "floor division by a number": lambda F, x: x // 0.75,
}.items():
    add(name, function)
for name, function in {
    "relu": lambda F, x: F.relu(x),
    "gelu": lambda F, x: F.gelu(x),
    "gelu (tanh)": lambda F, x: F.gelu(x, approximate="tanh"),
    "sigmoid": lambda F, x: F.sigmoid(x),
    "tanh": lambda F, x: F.tanh(x),
    "silu": lambda F, x: F.silu(x),
    "mish": lambda F, x: F.mish(x),
    "softplus": lambda F, x: F.softplus(x),
    "elu": lambda F, x: F.elu(x),
    "leaky_relu": lambda F, x: F.leaky_relu(x),
    "hardswish": lambda F, x: F.hardswish(x),
    "hardsigmoid": lambda F, x: F.hardsigmoid(x),
    "logsigmoid": lambda F, x: F.logsigmoid(x),
}.items():
    add(name, function, wrt=(0,))
add("angle of a point", lambda F, y, x: y.atan2(x), ROWS, ROWS)
add("glu", lambda F, x: F.glu(x), (4096, 2048), wrt=(0,))

# More than a cache holds.
for name, function in {
    "copy": lambda F, x: x.clone(),
    "add": lambda F, x: x + x,
    "relu": lambda F, x: F.relu(x),
    "gelu": lambda F, x: F.gelu(x),
}.items():
    CASES[f"{name}, 64 MB"] = Operator(function, (16384, 1024))

# Along rows and columns.
add("sum", lambda F, x: x.sum())
add("sum of rows", lambda F, x: x.sum(1))
add("sum of columns", lambda F, x: x.sum(0))
add("sum of channels", lambda F, x: x.sum((0, 2, 3)), IMAGES)
add("mean of positions", lambda F, x: x.mean((2, 3)), (16, 1024, 16, 16), wrt=(0,))
add("variance of rows", lambda F, x: x.var(1))
add("norm", lambda F, x: x.norm())
add("normalize", lambda F, x: F.normalize(x))
add("dot product", lambda F, x, y: x.view(-1).dot(y.view(-1)), ROWS, ROWS)
add("sum of rows of 64", lambda F, x: x.sum(1), (65536, 64))
add("sum of rows of 10", lambda F, x: x.sum(1), (419430, 10))
add("max of rows of 64", lambda F, x: x.amax(1), (65536, 64))
add("sum of the middle", lambda F, x: x.sum(1), (64, 64, 1024))
add("5 largest of rows", lambda F, x: x.topk(5)[0])
add("max of rows", lambda F, x: x.amax(1))
add("max of columns", lambda F, x: x.amax(0))
add("max and place of rows", lambda F, x: x.max(1)[0])
add("argmax of rows", lambda F, x: x.argmax(1))
add("argmax of columns", lambda F, x: x.argmax(0))
add("cumsum of rows", lambda F, x: x.cumsum(1))
add("softmax", lambda F, x: F.softmax(x, -1), wrt=(0,))
add("softmax of columns", lambda F, x: F.softmax(x, 0), wrt=(0,))
add("softmax of rows of 64", lambda F, x: F.softmax(x, -1), (65536, 64), wrt=(0,))
add("softmax of rows of 10", lambda F, x: F.softmax(x, -1), (419430, 10), wrt=(0,))
add("log_softmax", lambda F, x: F.log_softmax(x, -1), wrt=(0,))
add("logsumexp", lambda F, x: x.logsumexp(-1))
add("cross_entropy", lambda F, x: F.cross_entropy(x, (x[:, 0] * 0).long()), wrt=(0,))
add("mse_loss", lambda F, x, y: F.mse_loss(x, y), ROWS, ROWS, wrt=(0,))
add("smooth_l1_loss", lambda F, x, y: F.smooth_l1_loss(x, y), ROWS, ROWS, wrt=(0,))
add("loss of logits", lambda F, x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid()), ROWS, ROWS, wrt=(0,))
add("layer_norm of rows of 64", lambda F, x, w, b: F.layer_norm(x, (64,), w, b), (65536, 64), (64,), (64,), wrt=(0, 1))
add("layer_norm", lambda F, x, w, b: F.layer_norm(x, (1024,), w, b), ROWS, (1024,), (1024,), wrt=(0, 1))
add("rms_norm", lambda F, x, w: F.rms_norm(x, (1024,), w), ROWS, (1024,), wrt=(0,))
add("batch_norm (training)", lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True), IMAGES, (64,), (64,), wrt=(0,))
add("batch_norm", lambda F, x, m, v: F.batch_norm(x, m, v * v + 0.1), IMAGES, (64,), (64,), wrt=(0,))
add("group_norm", lambda F, x, w, b: F.group_norm(x, 8, w, b), IMAGES, (64,), (64,), wrt=(0, 1))
add("instance_norm", lambda F, x: F.instance_norm(x), IMAGES, wrt=(0,))

# Windows.
add("max_pool2d 2/2", lambda F, x: F.max_pool2d(x, 2), IMAGES, wrt=(0,))
add("max_pool2d 3/2", lambda F, x: F.max_pool2d(x, 3, 2, 1), IMAGES, wrt=(0,))
add("avg_pool2d 2/2", lambda F, x: F.avg_pool2d(x, 2), IMAGES, wrt=(0,))
add("avg_pool2d 3/1", lambda F, x: F.avg_pool2d(x, 3, 1, 1), IMAGES, wrt=(0,))
add("adaptive_avg_pool2d to 1", lambda F, x: F.adaptive_avg_pool2d(x, 1), (16, 1024, 16, 16), wrt=(0,))
add("adaptive_avg_pool2d of 7 to 1", lambda F, x: F.adaptive_avg_pool2d(x, 1), (16, 2048, 7, 7), wrt=(0,))
add("adaptive_avg_pool2d to 7", lambda F, x: F.adaptive_avg_pool2d(x, 7), IMAGES)
add("adaptive_max_pool2d to 7", lambda F, x: F.adaptive_max_pool2d(x, 7), IMAGES)

# From layout to layout.
add("transposed copy", lambda F, x: x.t().contiguous())
add("copy to channels last", lambda F, x: x.permute(0, 2, 3, 1).contiguous(), IMAGES)
add("copy from channels last", lambda F, x: x.permute(0, 3, 1, 2).contiguous(), (16, 64, 64, 64))
add("heads to front", lambda F, x: x.view(16, 256, 16, 64).transpose(1, 2).contiguous(), (16, 256, 1024))
add("roll", lambda F, x: x.roll(3, 1))
add("flip", lambda F, x: x.flip(1))
add("pad", lambda F, x: F.pad(x, (1, 1, 1, 1)), IMAGES)
add("reflection pad", lambda F, x: F.pad(x, (1, 1, 1, 1), mode="reflect"), IMAGES, wrt=(0,))
add("lower triangle", lambda F, x: x.tril())
add("flip of rows", lambda F, x: x.flip(0))
add("zero_", lambda F, x: x.zero_())
add("fill_", lambda F, x: x.fill_(1.5))
add("relu_", lambda F, x: x.relu_())
add("mul_ by a number", lambda F, x: x.mul_(0.999))


def drawn(f: Callable[[Any, Any], Any], *shape: int) -> Call:
    """A function of the library and a tensor of random numbers."""
    return Call(lambda lib: (lambda x: lambda: f(lib, x))(lib.randn(*(shape or ROWS))))


CASES["dropout, 16 MB"] = drawn(lambda lib, x: lib.nn.functional.dropout(x, 0.5, True))
CASES["to bfloat16, 16 MB"] = drawn(lambda lib, x: x.bfloat16())
CASES["greater than 0, 16 MB"] = drawn(lambda lib, x: x > 0)
CASES["cat along 1, 16 MB"] = drawn(lambda lib, x: lib.cat([x, x], 1), 4096, 512)
CASES["cat along 0, 16 MB"] = drawn(lambda lib, x: lib.cat([x, x], 0), 2048, 1024)
CASES["add_, 16 MB"] = drawn(lambda lib, x: x.add_(x[0].clone()), 4096, 1024)
CASES["to float16, 16 MB"] = drawn(lambda lib, x: x.half())
CASES["stack along 1, 16 MB"] = drawn(lambda lib, x: lib.stack([x, x], 1), 4096, 512)
CASES["stack along last, 16 MB"] = drawn(lambda lib, x: lib.stack([x, x], -1), 2048, 1024)


def embedding(lib: Any) -> Callable[[], Any]:
    """Rows of a table."""
    table, index = lib.randn(30000, 512), (lib.arange(8192) * 7919) % 30000
    return lambda: lib.nn.functional.embedding(index, table)


def embedding_backward(lib: Any) -> Callable[[], Any]:
    """The gradient of a table."""
    table, index = lib.randn(8192, 512).requires_grad_(), (lib.arange(8192) * 7919) % 8192
    y = lib.nn.functional.embedding(index, table)
    g = lib.ones_like(y)
    return lambda: lib.autograd.grad(y, table, g, retain_graph=True)


CASES["embedding, 16 MB"] = Call(embedding)
CASES["embedding backward, 16 MB"] = Call(embedding_backward)


def step(name: str, **options: Any) -> Call:
    """A step of an optimizer; returns the parameters."""

    def make(lib: Any) -> Callable[[], Any]:
        sizes = [(1024, 1024), (1024,), (512, 512, 3, 3), (512,), (256, 2048), (16,)]
        parameters = [lib.nn.Parameter(lib.randn(*size)) for size in sizes]
        for parameter in parameters:
            parameter.grad = lib.randn(*parameter.shape) * 0.01
        optimizer = getattr(lib.optim, name)(parameters, **options)
        return lambda: (optimizer.step(), *parameters)

    return Call(make)


CASES["SGD step, 15 MB"] = step("SGD", lr=1e-6)
CASES["SGD step with momentum, 15 MB"] = step("SGD", lr=1e-6, momentum=0.9, weight_decay=1e-4)
CASES["Adam step, 15 MB"] = step("Adam", lr=1e-6)
CASES["AdamW step, 15 MB"] = step("AdamW", lr=1e-6)
CASES["RMSprop step, 15 MB"] = step("RMSprop", lr=1e-6)
