"""Recurrent layers against PyTorch's: initial values, outputs, derivatives, packed sequences, cells, mistakes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op, grads, tensor

NETWORKS = [
    ("RNN", "4, 3"),
    ("RNN", "4, 3, 2, 'relu', batch_first=True"),
    ("RNN", "4, 3, num_layers=2, bidirectional=True, bias=False"),
    ("LSTM", "4, 3"),
    ("LSTM", "4, 3, num_layers=2, bidirectional=True, batch_first=True"),
    ("LSTM", "4, 5, 2, bias=False"),
    ("LSTM", "4, 5, proj_size=2, bidirectional=True, num_layers=2"),
    ("LSTM", "4, 3, num_layers=3, dropout=0.5"),
    ("GRU", "4, 3"),
    ("GRU", "4, 3, 2, True, True, 0.3, True"),
    ("GRU", "4, 3, bias=False"),
]
# PyTorch says so once a process.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
table = pytest.mark.parametrize(("name", "arguments"), NETWORKS, ids=[f"{n}({a})" for n, a in NETWORKS])


def build(lib, name, arguments, dtype="float32"):
    lib.manual_seed(0)
    return eval(f"nn.{name}({arguments})", {"nn": lib.nn}).to(getattr(lib, dtype))


def inputs(lib, module, batched=True, states=True, dtype="float32"):
    """An input, and first states."""
    rng = np.random.default_rng(1)
    draw = lambda *shape: tensor(lib, rng.normal(size=shape), dtype).requires_grad_()  # noqa: E731
    lead = (3, 5) if module.batch_first else (5, 3)
    x = draw(*(lead if batched else (5,)), module.input_size)
    cells = module.num_layers * (2 if module.bidirectional else 1)
    batch = (3,) if batched else ()
    h = draw(cells, *batch, module.proj_size or module.hidden_size)
    c = draw(cells, *batch, module.hidden_size)
    if not states:
        return x, None
    return x, ((h, c) if module.mode == "LSTM" else h)


def flat(values):
    for value in values:
        if isinstance(value, tuple):
            yield from flat(value)
        elif value is not None:
            yield value


def run(lib, module, x, states, first=True):
    lib.manual_seed(2)
    results = list(flat(module(x, states)))
    seeds = [tensor(lib, np.random.default_rng(3).normal(size=tuple(y.shape)), str(y.dtype)[-7:]) for y in results]
    leaves = [*flat([x, states]), *module.parameters()]
    return [*results, *grads(lib, results, leaves, seeds, False)]


@table
def test_initial_values_and_text(torch, name, arguments):
    ours, theirs = (build(lib, name, arguments) for lib in (rsnn, torch))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        assert ours.state_dict()[key].numpy().tobytes() == value.numpy().tobytes(), key
    assert [len(each) for each in ours.all_weights] == [len(each) for each in theirs.all_weights]


@table
@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("training", [True, False])
def test_values_and_gradients(torch, name, arguments, training):
    for batched, states in ((True, True), (True, False), (False, True)):
        results = []
        for lib in (rsnn, torch):
            module = build(lib, name, arguments).train(training)
            results.append(run(lib, module, *inputs(lib, module, batched, states)))
        assert_same(*results, 1e-4, 1e-5)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", ["", ", bidirectional=True, num_layers=2", ", bias=False"])
def test_derivatives_of_gradients(torch, name, options):
    modules = {lib: build(lib, name, "2, 3" + options, "float64") for lib in (rsnn, torch)}
    cells = modules[rsnn].num_layers * (2 if modules[rsnn].bidirectional else 1)
    shapes = [tuple(p.shape) for p in modules[rsnn].parameters()]
    states = 2 if name == "LSTM" else 1

    def call(lib, x, *tensors):
        module, (first, weights) = modules[lib], (tensors[:states], tensors[states:])
        if lib is rsnn:
            mode, bias = module.mode, module.bias
            y, *last = rsnn._C._recurrent(
                mode, x.reshape(-1, 2), [2] * 4, list(first), list(weights), bias, module.num_layers, 0.0, True,
                module.bidirectional,
            )  # fmt: skip
            return [y.view(4, 2, -1), *last]
        function = {"RNN": torch.rnn_tanh, "LSTM": torch.lstm, "GRU": torch.gru}[name]
        hx = list(first) if name == "LSTM" else first[0]
        return list(
            function(x, hx, list(weights), module.bias, module.num_layers, 0.0, True, module.bidirectional, False)
        )

    check_op(call, (4, 2, 2), *[(cells, 2, 3)] * states, *shapes, dtypes=("float64",), layouts=("contiguous",))


def test_finite_differences():
    for mode, gates in (("RNN_TANH", 1), ("RNN_RELU", 1), ("LSTM", 4), ("GRU", 3)):
        rsnn.manual_seed(0)
        draw = lambda *shape: rsnn.randn(*shape, dtype=rsnn.float64).requires_grad_()  # noqa: E731
        states = [draw(2, 3, 2)] + ([draw(2, 3, 2)] if mode == "LSTM" else [])
        weights = [draw(2 * gates, 2), draw(2 * gates, 2), draw(2 * gates), draw(2 * gates)] * 1
        weights += [draw(2 * gates, 2), draw(2 * gates, 2), draw(2 * gates), draw(2 * gates)]

        def call(x, *rest):
            first, parameters = rest[: len(states)], rest[len(states) :]  # noqa: B023
            return tuple(
                rsnn._C._recurrent(mode, x, [3, 2, 1], list(first), list(parameters), True, 1, 0.0, True, True)  # noqa: B023
            )

        x = (draw(6, 2), *states, *weights)
        assert rsnn.autograd.gradcheck(call, x)
        assert rsnn.autograd.gradgradcheck(call, x)


@table
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed_sequences(torch, name, arguments, enforce_sorted):
    lengths = [5, 3, 1] if enforce_sorted else [3, 5, 1]
    results = []
    for lib in (rsnn, torch):
        module = build(lib, name, arguments)
        x, states = inputs(lib, module)
        utils = lib.nn.utils.rnn
        packed = utils.pack_padded_sequence(x, lengths, module.batch_first, enforce_sorted)
        lib.manual_seed(4)
        y, last = module(packed, states)
        assert list(y.batch_sizes) == list(packed.batch_sizes)
        padded, _ = utils.pad_packed_sequence(y, module.batch_first)
        outputs = [padded, *flat([last])]
        seeds = [tensor(lib, np.random.default_rng(3).normal(size=tuple(z.shape)), "float32") for z in outputs]
        results.append([*outputs, *grads(lib, outputs, [*flat([x, states]), *module.parameters()], seeds, False)])
    assert_same(*results, 1e-4, 1e-5)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RNNCell", "4, 3"),
        ("RNNCell", "4, 3, False, 'relu'"),
        ("LSTMCell", "4, 3"),
        ("LSTMCell", "4, 3, bias=False"),
        ("GRUCell", "4, 3"),
        ("GRUCell", "4, 3, bias=False"),
    ],
)
@pytest.mark.parametrize("batched", [True, False])
def test_cells(torch, name, arguments, batched):
    results = []
    for lib in (rsnn, torch):
        module = build(lib, name, arguments)
        rng = np.random.default_rng(0)
        draw = lambda n: tensor(lib, rng.normal(size=(2, n) if batched else (n,)), "float32").requires_grad_()  # noqa: B023, E731
        x, h, c = draw(4), draw(3), draw(3)
        states = (h, c) if name == "LSTMCell" else h
        results.append([repr(module), list(module.state_dict()), *flat([module(x)]), *run(lib, module, x, states)])
    assert results[0][:2] == results[1][:2]
    assert_same(results[0][2:], results[1][2:])


def test_other_dtypes(torch):
    for dtype in ("float64", "float16", "bfloat16"):
        results = []
        for lib in (rsnn, torch):
            module = build(lib, "GRU", "4, 3", dtype)
            x, _ = inputs(lib, module, dtype=dtype)
            results.append(list(flat(module(x))))
        assert_same(*results, *((None, None) if dtype == "float64" else (3e-2, 3e-2)))


def test_empty_batches(torch):
    for name in ("RNN", "LSTM", "GRU"):
        results = []
        for lib in (rsnn, torch):
            module = build(lib, name, "4, 3")
            results.append(run(lib, module, lib.ones(5, 0, 4).requires_grad_(), None))
        assert_same(*results)


@table
def test_copies(name, arguments):
    module = build(rsnn, name, arguments).eval()
    x, states = inputs(rsnn, module)
    expected = module(x, states)[0].detach().numpy()
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        np.testing.assert_array_equal(twin(x, states)[0].detach().numpy(), expected)


def test_new_weights_are_used():
    module = build(rsnn, "GRU", "4, 3")
    x = rsnn.ones(2, 1, 4)
    before = module(x)[0]
    module.weight_ih_l0 = rsnn.nn.Parameter(rsnn.zeros(9, 4))
    assert not rsnn.equal(module(x)[0], before)
    module.flatten_parameters()


MISTAKES = [
    lambda nn, o: nn.LSTMCell(4, 3)(o(2, 5)),
    lambda nn, o: nn.LSTMCell(4, 3)(o(2, 4), (o(2, 2), o(2, 3))),
    lambda nn, o: nn.LSTMCell(4, 3)(o(2, 4), (o(3, 3), o(2, 3))),
    lambda nn, o: nn.GRUCell(4, 3)(o(2, 4), o(2, 2)),
    lambda nn, o: nn.GRUCell(4, 3)(o(2, 4).double()),
    lambda nn, o: nn.GRUCell(4, 3)(o(2, 4, 4)),
    lambda nn, o: nn.RNNCell(4, 3, nonlinearity="x")(o(2, 4)),
    lambda nn, o: nn.RNN(4, 3)(o(5, 2, 5)),
    lambda nn, o: nn.RNN(4, 3)(o(5, 2, 4).double()),
    lambda nn, o: nn.RNN(4, 3)(o(5, 2, 4), o(1, 3, 3)),
    lambda nn, o: nn.RNN(4, 3)(o(5, 4), o(1, 1, 3)),
    lambda nn, o: nn.LSTM(4, 3)(o(5, 2, 4), (o(1, 2, 3), o(1, 2, 2))),
    lambda nn, o: nn.LSTM(4, 3)(o(5, 2, 4), (o(2, 3), o(2, 3))),
    lambda nn, o: nn.LSTM(4, 3)(o(5, 2, 4), o(1, 2, 3)),
    lambda nn, o: nn.LSTM(4, 3)(o(0, 2, 4)),
    lambda nn, o: nn.LSTM(4, 3)(o(4)),
    lambda nn, o: nn.GRU(4, 3, proj_size=2),
    lambda nn, o: nn.LSTM(4, 3, proj_size=3),
    lambda nn, o: nn.LSTM(4, 3, proj_size=-1),
    lambda nn, o: nn.LSTM(4, 0),
    lambda nn, o: nn.LSTM(4.0, 3),
    lambda nn, o: nn.LSTM(4, 3, bias=1),
    lambda nn, o: nn.LSTM(4, 3, dropout=True),
    lambda nn, o: nn.RNN(4, 3, nonlinearity="x"),
    lambda nn, o: nn.RNNBase("x", 4, 3),
    lambda nn, o: nn.LSTM(),
]


@pytest.mark.parametrize("call", MISTAKES)
def test_mistakes(torch, call):
    assert_same_error(lambda lib: call(lib.nn, lib.ones))


def test_dropout_of_one_layer_warns(torch):
    for lib in (rsnn, torch):
        with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
            lib.nn.GRU(4, 3, dropout=0.1)
