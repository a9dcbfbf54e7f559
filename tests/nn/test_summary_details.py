"""`nn.summary` in detail: the text, units, totals, what runs and what does not, and where data comes from."""

from __future__ import annotations

import dataclasses
import json

import pytest

import rsnn
from both import raises
from rsnn import nn
from rsnn.nn import functional as F
from rsnn.nn.summary import Summary


def module(forward, **children):
    """A module with children and a given forward."""
    m = type("Given", (nn.Module,), {"forward": lambda self, *args: forward(self, *args)})()
    for name, child in children.items():
        setattr(m, name, child)
    return m


def edges(report):
    names = {-1: "", **{i: found.name for i, found in enumerate(report.layers)}}
    return {(names[source], names[target]) for source, target in report.edges}


class TestText:
    def test_table(self):
        net = nn.Sequential(nn.Linear(300, 400), nn.ReLU(), nn.BatchNorm1d(400))
        net[2].weight.requires_grad_(False)
        net.unused = nn.Identity()
        text = str(nn.summary(module(lambda m, x: m.net[:3](x), net=net), input_size=(7, 300)))
        assert text == TABLE and repr(nn.summary(net[:1], input_size=(7, 300))).endswith(
            "\n120,400 parameters, 481.6 kB; 840,000 multiply-adds"
        )

    @pytest.mark.parametrize(
        ("count", "text"),
        [
            (0, "0 B"),
            (1, "1 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1049, "1.0 kB"),
            (999_940, "999.9 kB"),
            (10**6, "1.0 MB"),
            (123_456_789, "123.5 MB"),
            (10**9, "1.0 GB"),
            (25 * 10**11, "2.5 TB"),
            (10**16, "10000.0 TB"),
        ],
    )
    def test_units(self, count, text):
        assert str(Summary([], 0, 0, total_bytes=count)).splitlines()[-1] == f"0 parameters, {text}; 0 multiply-adds"

    def test_an_empty_report(self):
        report = Summary([], 5, 3)
        assert (report.edges, report.total_bytes, report.total_mult_adds, report.activation_bytes) == ([], 0, 0, 0)
        assert report.max_depth is None and str(report).endswith("5 parameters, 2 of them frozen, 0 B; 0 multiply-adds")
        with pytest.raises(dataclasses.FrozenInstanceError):
            report.total_bytes = 1

    def test_depth(self):
        net = nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(2, 3)), nn.Sequential(nn.Linear(3, 4))), nn.Tanh())
        report = nn.summary(net, input_size=(1, 2))
        assert report.max_depth is None and [found.depth for found in report.layers] == [0, 1, 2, 3, 2, 3, 1]
        assert report.shown() is report.layers
        with pytest.raises(dataclasses.FrozenInstanceError):
            report.layers[0].depth = 5
        report = nn.summary(net, input_size=(1, 2), max_depth=1)
        shown = report.shown()
        assert [found.name for found in shown] == ["", "0", "1"] and report.max_depth == 1
        assert [found.parameters for found in shown] == [0, 25, 0] and shown[1].trainable == 25
        assert shown[1].bytes == 100 and shown[1].mult_adds == 18 and shown[1].kind == "Sequential"
        (only,) = nn.summary(net, input_size=(1, 2), max_depth=0).shown()
        assert only.parameters == 25 and only.mult_adds == 18
        shown = nn.summary(nn.Sequential(nn.Linear(2, 3), nn.Tanh()), input_size=(1, 2), max_depth=1).shown()[:2]
        assert [found.parameters for found in shown] == [0, 9] and shown[1].mult_adds == 6


TABLE = """\
layer                 input shape  output shape  parameters  mult-adds     bytes
--------------------------------------------------------------------------------
Given                 [7, 300]     [7, 400]               -          -         -
  net: Sequential     -            -                      -          -         -
    0: Linear         [7, 300]     [7, 400]         120,400    840,000  481.6 kB
    1: ReLU           [7, 400]     [7, 400]               -          -         -
    2: BatchNorm1d    [7, 400]     [7, 400]             800          -    6.4 kB
    unused: Identity  -            -                      -          -         -
--------------------------------------------------------------------------------
121,200 parameters, 400 of them frozen, 488.0 kB; 840,000 multiply-adds"""


class TestRun:
    def test_totals(self):
        net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        report = nn.summary(net, input_size=(5, 2))
        assert report.total_bytes == 4 * 9 + 4 * 6 + 4 * 6 + 8 and report.activation_bytes == 2 * 4 * 15
        assert report.layers[0].bytes == 0 and report.layers[0].output_bytes == 4 * 15

    def test_it_is_in_eval_mode(self):
        seen = []
        net = module(lambda m, x: seen.append((m.training, m.drop.training)) or m.drop(x), drop=nn.Dropout())
        net.train()
        nn.summary(net, input_size=(1,))
        assert seen == [(False, False)] and net.training and net.drop.training

    def test_layers_run_unless_only_shapes_are_wanted(self):
        net = nn.Embedding(3, 2)
        with pytest.raises(IndexError):
            nn.summary(net, rsnn.tensor([7]))
        assert nn.summary(net, rsnn.tensor([7]), shapes_only=True).layers[0].output_shape == (1, 2)

    def test_shapes_alone_give_zeros_to_what_is_between(self):
        seen = []
        net = module(lambda m, x: m.b(F.relu(seen.append(m.a(x)) or seen[-1])), a=nn.Linear(2, 2), b=nn.Linear(2, 2))
        nn.summary(net, rsnn.ones(1, 2), shapes_only=True)
        assert seen[0].tolist() == [[0, 0]]

    def test_inputs_keep_their_numbers(self):
        for shapes_only in (False, True):
            seen = []
            given = rsnn.tensor([[1.0, 2.0]])
            nn.summary(module(lambda m, x, seen=seen: seen.append(x.tolist()) or x), given, shapes_only=shapes_only)
            assert seen == [[[1, 2]]] and not given.requires_grad

    def test_shapes_alone_hold_no_memory(self):
        net = nn.Sequential(nn.Conv1d(1, 64, 3, padding=1), nn.ReLU())
        seen = []
        net[1].register_forward_pre_hook(lambda m, args: seen.append(args[0].stride()))
        net[0].register_forward_pre_hook(lambda m, args: seen.append(args[0].stride()))
        nn.summary(net, input_size=(8, 1, 1000), shapes_only=True)
        assert seen == [(0, 0, 0), (0, 0, 0)]

    def test_a_forward_of_an_instance_stays(self):
        net = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
        calls = []
        own = net[0].forward = lambda x: calls.append(1) or x.new_zeros(1, 7)
        for shapes_only in (False, True):
            report = nn.summary(net, input_size=(1, 2), shapes_only=shapes_only)
            assert report.layers[1].output_shape == report.layers[2].output_shape == (1, 7)
        assert net[0].forward is own and calls == [1, 1] and "forward" not in vars(net[1])

    def test_other_inputs_than_tensors(self):
        net = module(lambda m, n, x: m.a() + m.b(x=x, n=n), a=module(lambda m: rsnn.ones(2)), b=nn.Identity())
        net.b.forward = lambda x, n: x * n
        for shapes_only in (False, True):
            report = nn.summary(net, 3, rsnn.ones(2), shapes_only=shapes_only)
            assert report.layers[0].input_shape == report.layers[2].input_shape == (2,)
            assert report.layers[1].input_shape is None and report.layers[1].output_shape == (2,)
        report = nn.summary(module(lambda m, n: n, a=nn.ReLU()), 3)
        assert report.layers[0].input_shape is report.layers[0].output_shape is None

    def test_the_text_of_its_error(self):
        for given, options in (((), {}), ((rsnn.ones(1),), {"input_size": (1,)})):
            with raises(ValueError, "summary: expected either inputs or input_size"):
                nn.summary(nn.Identity(), *given, **options)


class TestEdges:
    def test_without_parameters(self):
        net = module(lambda m, x: m.b(m.a(x) * 2 + 1), a=nn.ReLU(), b=nn.Tanh())
        assert edges(nn.summary(net, input_size=(2, 2))) == {("", "a"), ("a", "b"), ("b", "")}

    def test_parameters_are_no_input(self):
        net = module(lambda m, x: m.b(m.p * 2) + m.a(x + m.p) * rsnn.ones(2), a=nn.ReLU(), b=nn.Tanh())
        net.p = nn.Parameter(rsnn.ones(2))
        assert edges(nn.summary(net, input_size=(2,))) == {("", "a"), ("a", ""), ("b", "")}

    def test_integers(self):
        class Round(nn.Module):
            def forward(self, x):
                return x.long()

        net = nn.Sequential(Round(), nn.Embedding(3, 2))
        assert edges(nn.summary(net, rsnn.zeros(2))) == {("", "0"), ("0", "1"), ("1", "")}
        assert edges(nn.summary(net[1:], rsnn.tensor([1]))) == {("", "0" if len(net) == 1 else "1"), ("1", "")}

    def test_many_ways_through_one_graph(self):
        def forward(m, x):
            x = m.a(x)
            for _ in range(60):
                x = x + x
            return m.b(x)

        report = nn.summary(module(forward, a=nn.ReLU(), b=nn.Tanh()), input_size=(1,))
        assert edges(report) == {("", "a"), ("a", "b"), ("b", "")}


def test_dictionaries():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    net.unused = nn.Identity()
    report = nn.summary(module(lambda m, x: m.net[:2](x), net=net), input_size=(1, 2), max_depth=2)
    plain = report.to_dict()
    assert plain == json.loads(json.dumps(plain)) and plain["max_depth"] == 2
    assert plain["edges"] == [list(edge) for edge in report.edges] != []
    assert [found["input_shape"] for found in plain["layers"]] == [[1, 2], None, [1, 2], [1, 3], None]
    assert plain["layers"][2] == {
        "name": "net.0",
        "kind": "Linear",
        "depth": 2,
        "input_shape": [1, 2],
        "output_shape": [1, 3],
        "parameters": 9,
        "trainable": 9,
        "bytes": 36,
        "output_bytes": 12,
        "mult_adds": 6,
        "calls": 1,
    }
