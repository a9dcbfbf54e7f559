"""What bad input gets: PyTorch's class of exception, and a message that names what is wrong and where."""

import pytest

import rsnn
import rsnn.nn as nn
from helpers import assert_same_error

CALLS = {
    "shapes of a sum": lambda lib: lib.zeros(3) + lib.zeros(4),
    "channels of a convolution": lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(1, 2, 8, 8)),
    "rank of a convolution": lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(8, 8)),
    "kernel beyond the input": lambda lib: lib.nn.Conv2d(3, 4, 9)(lib.zeros(1, 3, 4, 4)),
    "dtype of a convolution": lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(1, 3, 8, 8, dtype=lib.float64)),
    "features of a linear layer": lambda lib: lib.nn.Linear(3, 4)(lib.zeros(2, 5)),
    "dtype of a linear layer": lambda lib: lib.nn.Linear(3, 4)(lib.zeros(2, 3, dtype=lib.int64)),
    "bad groups": lambda lib: lib.nn.Conv2d(3, 4, 3, groups=2),
    "no groups": lambda lib: lib.nn.Conv2d(3, 4, 3, groups=0),
    "padding mode": lambda lib: lib.nn.Conv2d(3, 4, 3, padding_mode="mirror"),
    "same padding with stride": lambda lib: lib.nn.Conv2d(3, 4, 3, padding="same", stride=2),
    "pooling beyond the input": lambda lib: lib.nn.MaxPool2d(5)(lib.zeros(1, 1, 3, 3)),
    "pooling window of nothing": lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 1, 3, 3), 0),
    "one value a channel": lambda lib: lib.nn.BatchNorm1d(3)(lib.zeros(1, 3)),
    "channels of batch norm": lambda lib: lib.nn.BatchNorm2d(3)(lib.zeros(2, 4, 5, 5)),
    "rank of batch norm": lambda lib: lib.nn.BatchNorm2d(3)(lib.zeros(2, 3)),
    "dropout beyond one": lambda lib: lib.nn.Dropout(1.5),
    "class out of range": lambda lib: lib.nn.CrossEntropyLoss()(lib.zeros(2, 3), lib.tensor([0, 3])),
    "float classes": lambda lib: lib.nn.NLLLoss()(lib.zeros(2, 3), lib.zeros(2)),
    "reduction": lambda lib: lib.nn.MSELoss(reduction="total")(lib.zeros(2), lib.zeros(2)),
    "size of a target": lambda lib: lib.nn.BCEWithLogitsLoss()(lib.zeros(2, 3), lib.zeros(2)),
    "negative size": lambda lib: lib.zeros(-1),
    "huge size": lambda lib: lib.zeros(2**62, 2**62),
    "axis": lambda lib: lib.zeros(2, 3).sum(2),
    "index": lambda lib: lib.zeros(2, 3)[2],
    "too many indices": lambda lib: lib.zeros(2, 3)[0, 0, 0],
    "reshape": lambda lib: lib.zeros(2, 3).reshape(4),
    "view of a transposed matrix": lambda lib: lib.zeros(2, 3).t().view(6),
    "text as data": lambda lib: lib.tensor("abc"),
    "ragged lists": lambda lib: lib.tensor([[1, 2], [3]]),
    "none as data": lambda lib: lib.tensor(None),
    "item of many": lambda lib: lib.zeros(2).item(),
    "truth of many": lambda lib: bool(lib.zeros(2)),
    "backward of many": lambda lib: lib.zeros(2, requires_grad=True).mul(2).backward(),
    "backward of constants": lambda lib: lib.zeros(1).backward(),
    "gradients of integers": lambda lib: lib.zeros(2, dtype=lib.int64).requires_grad_(),
    "numpy of a graph": lambda lib: lib.zeros(2, requires_grad=True).numpy(),
    "leaf in place": lambda lib: lib.zeros(2, requires_grad=True).add_(1),
    "result of another dtype in place": lambda lib: lib.zeros(2, dtype=lib.int64).add_(0.5),
    "missing key": lambda lib: lib.nn.ModuleDict()["x"],
    "index of an empty list": lambda lib: lib.nn.ModuleList()[0],
    "no module in a container": lambda lib: lib.nn.Sequential(3),
    "empty optimizer": lambda lib: lib.optim.SGD([], lr=0.1),
    "negative learning rate": lambda lib: lib.optim.SGD([lib.zeros(1)], lr=-1.0),
    "strange hook result": lambda lib: _with_hook(lib)(lib.zeros(2, 3)).sum().backward(),
    "forward is missing": lambda lib: lib.nn.Module()(1),
    "assignment before init": lambda lib: _early(lib)(),
    "not a parameter": lambda lib: lib.nn.Linear(2, 2).register_parameter("x", lib.zeros(2)),
    "name with a dot": lambda lib: lib.nn.Linear(2, 2).add_module("a.b", lib.nn.ReLU()),
    "missing attribute": lambda lib: lib.nn.Linear(2, 2).wieght,
    "state of another shape": lambda lib: lib.nn.Linear(2, 2).load_state_dict(lib.nn.Linear(2, 3).state_dict()),
}


def _with_hook(lib):
    layer = lib.nn.Linear(3, 2)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: ("no tensor",))
    return lambda x: layer(x.requires_grad_())


def _early(lib):
    class Early(lib.nn.Module):
        def __init__(self):
            self.layer = lib.nn.Linear(1, 1)

    return Early


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_same_class_as_pytorch(torch, call):
    assert_same_error(call)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_an_exception_and_no_panic(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the class is compared with PyTorch's above
        call(rsnn)
    assert "panic" not in type(caught.value).__name__.lower()
    assert str(caught.value)


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps", "nonsense"])
def test_other_devices(device):
    with pytest.raises(RuntimeError, match="device"):
        rsnn.zeros(2, device=device)


def test_messages_name_what_came():
    with pytest.raises(RuntimeError, match=r"\(3\) must match .* \(4\)"):
        rsnn.zeros(3) + rsnn.zeros(4)
    with pytest.raises(RuntimeError, match="64 channels.*3|3.*64 channels"):
        nn.Conv2d(64, 4, 3)(rsnn.zeros(1, 3, 8, 8))


def test_a_failing_layer_is_named():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(3, 4, 3))

        def forward(self, x):
            return self.features(x)

    with pytest.raises(RuntimeError, match=r"\(in features\.2 \(Conv2d\)\)$"):
        Net()(rsnn.zeros(1, 1, 8, 8))


def test_nan_targets_give_nan():
    assert nn.MSELoss()(rsnn.zeros(2), rsnn.full((2,), float("nan"))).isnan().item()


def test_endless_recursion():
    class Endless(nn.Module):
        def forward(self, x):
            return self(x)

    with pytest.raises(RecursionError):
        Endless()(1)


def test_empty_containers_pass_through():
    x = rsnn.zeros(2)
    assert nn.Sequential()(x) is x
    assert len(nn.ModuleList()) == 0 and len(nn.ModuleDict()) == 0
    assert list(nn.Sequential().parameters()) == []


def test_empty_batches():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 2))
    y = model(rsnn.zeros(0, 1, 8, 8))
    assert y.shape == (0, 2)
    y.sum().backward()
    assert not model[0].weight.grad.any()
