"""Views: where they lie, whose memory they share, writes through them, their gradients, and mistakes; against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import assert_same, attempt, check_op, step_of

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

LIBS = (rsnn, torch)

#: Views of a tensor of the sizes (2, 3, 4), by name; each gives one or several tensors.
VIEWS = {
    "view": lambda x: x.view(6, 4),
    "view -1": lambda x: x.view(2, -1),
    "view sequence": lambda x: x.view((3, 2, 2, 2)),
    "view_as": lambda x: x.view_as(x.new_zeros(4, 6)),
    "reshape": lambda x: x.reshape(4, 6),
    "reshape_as": lambda x: x.reshape_as(x.new_zeros(24)),
    "permute": lambda x: x.permute(2, 0, 1),
    "permute sequence": lambda x: x.permute((0, -1, 1)),
    "transpose": lambda x: x.transpose(0, 2),
    "swapaxes": lambda x: x.swapaxes(-1, 0),
    "swapdims": lambda x: x.swapdims(1, 2),
    "mT": lambda x: x.mT,
    "mH": lambda x: x.mH,
    "adjoint": lambda x: x.adjoint(),
    "T": lambda x: x[0].T,
    "H": lambda x: x[0].H,
    "t": lambda x: x[0].t(),
    "movedim": lambda x: x.movedim(0, 2),
    "movedim several": lambda x: x.movedim((0, 1), (2, 0)),
    "moveaxis": lambda x: x.moveaxis(-1, 0),
    "expand": lambda x: x.unsqueeze(0).expand(5, 2, 3, 4),
    "expand -1": lambda x: x[:, :1].expand(-1, 7, -1),
    "expand same": lambda x: x.expand(2, 3, 4),
    "expand_as": lambda x: x.expand_as(x.new_zeros(2, 2, 3, 4)),
    "broadcast_to": lambda x: x.broadcast_to((3, 2, 3, 4)),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "unsqueeze end": lambda x: x.unsqueeze(-1),
    "squeeze": lambda x: x[:1].squeeze(),
    "squeeze dim": lambda x: x[:1].squeeze(0),
    "squeeze other": lambda x: x.squeeze(1),
    "squeeze dims": lambda x: x[:1, :1].squeeze((0, 1)),
    "flatten": lambda x: x.flatten(),
    "flatten part": lambda x: x.flatten(1, 2),
    "flatten nothing": lambda x: x.flatten(1, 1),
    "unflatten": lambda x: x.unflatten(2, (2, 2)),
    "unflatten -1": lambda x: x.unflatten(-1, (-1, 2)),
    "ravel": lambda x: x.ravel(),
    "narrow": lambda x: x.narrow(2, 1, 2),
    "narrow back": lambda x: x.narrow(1, -2, 2),
    "select": lambda x: x.select(1, -1),
    "index": lambda x: x[:, 1],
    "slice": lambda x: x[:, 1:, ::2],
    "mixed": lambda x: x[None, ..., 1, :, None],
    "unbind": lambda x: x.unbind(1),
    "iteration": tuple,
    "chunk": lambda x: x.chunk(2, 1),
    "split": lambda x: x.split(3, 2),
    "split sizes": lambda x: x.split([1, 2], 1),
    "split_with_sizes": lambda x: x.split_with_sizes([1, 3], -1),
    "tensor_split": lambda x: x.tensor_split(3, 2),
    "tensor_split places": lambda x: x.tensor_split((1, 2), 1),
    "hsplit": lambda x: x.hsplit(3),
    "vsplit": lambda x: x.vsplit(2),
    "dsplit": lambda x: x.dsplit([1]),
    "unfold": lambda x: x.unfold(2, 2, 1),
    "unfold apart": lambda x: x.unfold(1, 1, 2),
    "as_strided": lambda x: x.as_strided((2, 2), (12, 3), 1),
    "diagonal": lambda x: x.diagonal(),
    "diagonal moved": lambda x: x.diagonal(-1, 2, 1),
    "detach": lambda x: x.detach(),
    "view dtype": lambda x: x.view(x.dtype),
}

#: How the tensor of which views are made comes to be, from row-major values of as many elements.
SOURCES = {
    "contiguous": lambda x: x.view(2, 3, 4),
    "transposed": lambda x: x.view(4, 3, 2).transpose(0, 2),
    "part": lambda x: x.view(2, 3, 4)[:, :, :],
}


def lists(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def shares(y, x):
    """Whether a tensor is a view of another's elements, not of a copy."""
    return y._is_view() and x.data_ptr() <= y.data_ptr() < x.data_ptr() + 24 * 4


def described(lib, x, result):
    """What can be seen of a view, besides its values."""
    out = []
    for y in lists(result):
        out.append(
            {
                "shape": tuple(y.shape),
                "stride": tuple(y.stride()) if y.numel() else None,
                "offset": y.storage_offset(),
                "is_view": y._is_view(),
                "is itself": y is x,
                "base": y._base is not None,
                "distance": y.data_ptr() - x.data_ptr() if shares(y, x) and y.numel() else None,
                "contiguous": y.is_contiguous(),
                "leaf": y.is_leaf,
                "step": step_of(y),
            }
        )
    return out


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", VIEWS)
def test_layout_and_step(name, source):
    found = []
    for lib in LIBS:
        leaf = lib.arange(24.0).requires_grad_()
        x = SOURCES[source](leaf * 1)
        result = attempt(lambda: VIEWS[name](x))  # noqa: B023
        found.append((x, result))
    (ours, actual), (theirs, expected) = found
    if isinstance(expected, Exception):
        assert type(actual) is type(expected), f"got {actual!r}, expected {expected!r}"
        return
    assert not isinstance(actual, Exception), actual
    assert described(rsnn, ours, actual) == described(torch, theirs, expected)
    assert_same(lists(actual), lists(expected))


@pytest.mark.parametrize("name", VIEWS)
def test_gradients(name):
    if name in ("detach", "iteration", "view dtype"):
        return

    def call(lib, x):
        result = VIEWS[name](x)
        return tuple(y * 1 for y in lists(result))

    check_op(call, (2, 3, 4), dtypes=("float64",), layouts=("contiguous",))


@pytest.mark.parametrize("name", VIEWS)
def test_writes_through_views(name):
    """A write through a view of a result changes the result, its other views and their gradients."""
    if name == "unfold":
        return  # PyTorch writes places of which several windows hold a share; rsnn refuses.
    found = []
    for lib in LIBS:
        leaf = lib.arange(24.0, dtype=lib.float64).requires_grad_()
        x = (leaf * leaf).view(2, 3, 4)
        other = x[:, 1:]

        def run():
            y = lists(VIEWS[name](x))[-1]  # noqa: B023
            y.mul_(3.0)
            y.add_(leaf[:1].squeeze())  # noqa: B023
            return y

        y = attempt(run)
        if isinstance(y, Exception):
            found.append(type(y))
            continue
        seen = (x, other, y)
        total = sum((t * lib.arange(float(t.numel()), dtype=lib.float64).view(t.shape)).sum() for t in seen)
        total.backward()
        found.append((*(t.detach() for t in seen), leaf.grad, [step_of(t) for t in seen], x._version))
    ours, theirs = found
    if isinstance(theirs, type):
        assert ours is theirs
        return
    assert not isinstance(ours, type), ours
    assert_same(list(ours[:4]), list(theirs[:4]))
    assert ours[4:] == theirs[4:]


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3), (), (1,)])
def test_without_elements_and_without_axes(shape):
    calls = (
        lambda x: x.view(-1),
        lambda x: x.view(shape),
        lambda x: x.view(0, 3),
        lambda x: x.reshape(-1, 1),
        lambda x: x.flatten(),
        lambda x: x.squeeze(),
        lambda x: x.squeeze(0),
        lambda x: x.unsqueeze(0),
        lambda x: x.expand(4, *shape),
        lambda x: x.permute(*range(x.dim())[::-1]) if x.dim() else x.permute(()),
        lambda x: x.transpose(0, -1),
        lambda x: x.chunk(2),
        lambda x: x.split(1),
        lambda x: x.tensor_split(2),
        lambda x: x.unbind(),
        lambda x: x.narrow(0, 0, 0),
        lambda x: x[:0],
        lambda x: x.unfold(0, 0, 1),
        lambda x: x.unfold(0, 1, 1),
        lambda x: x.diagonal(),
        lambda x: x.as_strided((0,), (1,)),
        lambda x: x.movedim(0, 0),
        lambda x: x.ravel(),
        lambda x: x.t(),
    )
    for call in calls:
        xs = [lib.zeros(shape, requires_grad=True) for lib in LIBS]
        actual, expected = (attempt(lambda: call(x)) for x in xs)  # noqa: B023
        if isinstance(expected, Exception):
            assert type(actual) is type(expected), f"got {actual!r}, expected {expected!r}"
            continue
        assert not isinstance(actual, Exception), actual
        assert_same(lists(actual), lists(expected))
        assert [tuple(y.stride()) for y in lists(actual)] == [tuple(y.stride()) for y in lists(expected)]


def test_views_of_views_know_the_first():
    for lib in LIBS:
        x = lib.zeros(4, 6)
        y = x[1:].transpose(0, 1)[::2].unsqueeze(0)
        assert y._base is x and y._is_view() and not x._is_view() and x._base is None
        y.fill_(1)
        assert x.sum() == 9 and x[0].sum() == 0
        z = x.detach()
        assert z.data_ptr() == x.data_ptr()
        z.zero_()
        assert x.sum() == 0 and x._version == z._version


IN_PLACE = {
    "squeeze_": lambda x: x.squeeze_(),
    "squeeze_ dim": lambda x: x.squeeze_(0),
    "unsqueeze_": lambda x: x.unsqueeze_(1),
    "transpose_": lambda x: x.transpose_(0, 2),
    "swapaxes_": lambda x: x.swapaxes_(0, 1),
    "swapdims_": lambda x: x.swapdims_(0, -1),
    "t_": lambda x: x.squeeze_(0).t_(),
    "as_strided_": lambda x: x.as_strided_((2, 2), (1, 2)),
}


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("graph", [False, True])
def test_layouts_changed_in_place(name, graph):
    found = []
    for lib in LIBS:
        leaf = lib.arange(12.0).requires_grad_(graph)
        x = (leaf * 1).clone().reshape(1, 3, 4) if not graph else (leaf * 1).reshape(1, 3, 4).clone()
        y = IN_PLACE[name](x)
        assert y is x
        if graph:
            (x * x).sum().backward()
        found.append((x.detach(), leaf.grad, tuple(x.stride()), x._version, step_of(x)))
    ours, theirs = found
    assert_same(list(ours[:2]), list(theirs[:2]))
    assert ours[2:] == theirs[2:]


MISTAKES = [
    lambda x: x.view(5, 5),
    lambda x: x.view(-1, -1),
    lambda x: x.view(-2, 12),
    lambda x: x.view(-1, 0),
    lambda x: x.view(2, 3, 5),
    lambda x: x.view(1.5),
    lambda x: x.view("a"),
    lambda x: x.transpose(0, 2).view(24),
    lambda x: x.reshape(7),
    lambda x: x.permute(0, 1),
    lambda x: x.permute(0, 1, 1),
    lambda x: x.permute(0, 1, 3),
    lambda x: x.transpose(0, 3),
    lambda x: x.transpose(-4, 0),
    lambda x: x.t(),
    lambda x: x[0, 0].mT,
    lambda x: x.movedim((0, 1), (1,)),
    lambda x: x.movedim((0, 0), (1, 2)),
    lambda x: x.movedim(0, 3),
    lambda x: x.expand(2, 3),
    lambda x: x.expand(2, 3, 5),
    lambda x: x.expand(-1, 2, 3, 4),
    lambda x: x.expand(3, 3, 4),
    lambda x: x.unsqueeze(4),
    lambda x: x.unsqueeze(-5),
    lambda x: x.squeeze(3),
    lambda x: x.squeeze((0, 0)),
    lambda x: x.flatten(2, 1),
    lambda x: x.flatten(3),
    lambda x: x.unflatten(2, (3, 2)),
    lambda x: x.unflatten(2, ()),
    lambda x: x.unflatten(3, (2, 2)),
    lambda x: x.narrow(0, 3, 1),
    lambda x: x.narrow(0, 1, 2),
    lambda x: x.narrow(0, 0, -1),
    lambda x: x.narrow(3, 0, 1),
    lambda x: x.select(0, 2),
    lambda x: x.select(3, 0),
    lambda x: x.select(0, -3),
    lambda x: x.unbind(3),
    lambda x: x.chunk(0),
    lambda x: x.chunk(2, 3),
    lambda x: x.split(-1),
    lambda x: x.split(0),
    lambda x: x.split([1, 1], 1),
    lambda x: x.split([1, -1, 3], 1),
    lambda x: x.split_with_sizes([4], 0),
    lambda x: x.tensor_split(0),
    lambda x: x.tensor_split(2, 3),
    lambda x: x.hsplit(2),
    lambda x: x[0, 0, 0].hsplit(1),
    lambda x: x[0, 0].vsplit(1),
    lambda x: x[0].dsplit(1),
    lambda x: x.dsplit(3),
    lambda x: x.unfold(0, 3, 1),
    lambda x: x.unfold(0, 1, 0),
    lambda x: x.unfold(0, -1, 1),
    lambda x: x.unfold(3, 1, 1),
    lambda x: x.as_strided((25,), (1,)),
    lambda x: x.as_strided((2,), (1, 1)),
    lambda x: x.as_strided((2,), (-1,)),
    lambda x: x.as_strided((2,), (1,), -1),
    lambda x: x.diagonal(0, 1, 1),
    lambda x: x.diagonal(0, 0, 3),
    lambda x: x[0, 0].diagonal(),
    lambda x: x.swapaxes(0, 5),
    lambda x: x.view(x.view_as),
    lambda x: x.select_scatter(x[0, 0], 0, 0),
    lambda x: x.slice_scatter(x[:1], 0, 0, 2),
    lambda x: x.diagonal_scatter(x[0]),
    lambda x: x[0].detach_(),
    lambda x: x[:1].expand(2, 3, 4).mul_(2),
    lambda x: x.unbind()[0].mul_(2),
    lambda x: x.split(1)[0].mul_(2),
]


@pytest.mark.parametrize("call", MISTAKES)
def test_mistakes(call):
    def run(lib):
        leaf = lib.arange(24.0).requires_grad_()
        return attempt(lambda: call((leaf * 1).view(2, 3, 4)))

    ours, theirs = run(rsnn), run(torch)
    assert isinstance(theirs, Exception), f"PyTorch raised nothing and returned {theirs}"
    assert type(ours) is type(theirs), f"got {ours!r}, expected {theirs!r}"


def test_reinterpreted_memory():
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for dtype in ("int32", "uint8", "int16", "float64", "int64", "float16", "bfloat16", "int8"):
        x, y = rsnn.from_numpy(values), torch.from_numpy(values)
        ours, theirs = x.view(getattr(rsnn, dtype)), y.view(getattr(torch, dtype))
        assert tuple(ours.shape) == tuple(theirs.shape) and ours.stride() == theirs.stride()
        assert ours.data_ptr() == x.data_ptr()
        back = ours.view(rsnn.float32)
        np.testing.assert_array_equal(back.numpy(), values)
    for run in (
        lambda lib: lib.zeros(3).view(lib.float64),
        lambda lib: lib.zeros(2, 4).t().view(lib.float64),
        lambda lib: lib.tensor(1.0).view(lib.int8),
        lambda lib: lib.zeros(5)[1:].view(lib.float64),
    ):
        ours, theirs = attempt(lambda: run(rsnn)), attempt(lambda: run(torch))  # noqa: B023
        assert type(ours) is type(theirs) is RuntimeError
