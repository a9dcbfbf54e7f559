"""Paths to what modules hold, the general walk over members, and what a load returns."""

from __future__ import annotations

import copy

import pytest

import rsnn
from both import net, raises, said


def test_paths_of_any_depth(lib):
    nn = lib.nn
    m = nn.Module()
    m.a = nn.Module()
    m.a.b = nn.Module()
    m.a.b.c = nn.ReLU()
    m.set_submodule("a.b.c", nn.Tanh())
    m.set_submodule("a.b.new", nn.Sigmoid())
    assert said(m.get_submodule("a.b")) == "Module(\n  (c): Tanh()\n  (new): Sigmoid()\n)" and m.get_submodule("") is m
    m.a.b.weight = nn.Parameter(lib.ones(1))
    m.a.b.register_buffer("mean", lib.zeros(1))
    m.a.b.text = "text"
    assert m.get_parameter("a.b.weight") is m.a.b.weight and m.get_buffer("a.b.mean") is m.a.b.mean
    for call, path, text in (
        (m.get_submodule, "a.x.c", "Module has no attribute `x`"),
        (m.get_submodule, "a.b.text", "`text` is not an nn.Module"),
        (m.get_submodule, "a.b.text.z", "`text` is not an nn.Module"),
        (m.get_parameter, "a.b.x", "Module has no attribute `x`"),
        (m.get_parameter, "a.b.mean", "`mean` is not an nn.Parameter"),
        (m.get_parameter, "x.b", "Module has no attribute `x`"),
        (m.get_buffer, "a.b.x", "Module has no attribute `x`"),
        (m.get_buffer, "a.b.weight", "`weight` is not a buffer"),
        (m.get_buffer, "a.text.x", "Module has no attribute `text`"),
        (lambda path: m.set_submodule(path, nn.ReLU()), "a.b.text", "`text` is not an nn.Module"),
        (lambda path: m.set_submodule(path, nn.ReLU()), "a.x.c", "Module has no attribute `x`"),
        (lambda path: m.set_submodule(path, nn.ReLU(), strict=True), "a.b.other", "Module has no attribute `other`"),
        (lambda path: m.set_submodule(path, nn.ReLU(), True), "a.b.text", "`text` is not an nn.Module"),
    ):
        with raises(AttributeError, text):
            call(path)
    for path, module, text in (
        ("", nn.ReLU(), "Cannot set the submodule without a target name!"),
        ("a.b", 5, "`module` is not an nn.Module, found <class 'int'>"),
        ("a.b", None, "`module` is not an nn.Module, found <class 'NoneType'>"),
    ):
        with raises(ValueError, text):
            m.set_submodule(path, module)
    m.set_submodule("a", nn.ReLU(), strict=True)
    assert said(m) == "Module(\n  (a): ReLU()\n)"


@pytest.mark.parametrize("prefix", ["", "p"])
@pytest.mark.parametrize("recurse", [True, False])
@pytest.mark.parametrize("unique", [True, False])
def test_members_of_ones_own(lib, prefix, recurse, unique):
    m = net(lib)
    first = m.body[0].weight

    def members(module):
        yield "own", module
        yield "same", first
        yield "none", None

    found = list(m._named_members(members, prefix=prefix, recurse=recurse, remove_duplicate=unique))
    paths = [name for name, _ in m.named_modules(prefix=prefix, remove_duplicate=unique)] if recurse else [prefix]
    lead = [f"{path}." if path else "" for path in paths]
    expected = [f"{path}{name}" for path in lead for name in ("own", "same")]
    if unique:
        expected = [f"{lead[0]}own", f"{lead[0]}same", *(f"{path}own" for path in lead[1:])]
    assert [name for name, _ in found] == expected


def test_members_by_default(lib):
    m = net(lib)
    assert [name for name, _ in m._named_members(lambda module: module._parameters.items())] == [
        name for name, _ in m.named_parameters()
    ]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (lambda m: m.state_dict(), "<All keys matched successfully>"),
        (lambda m: {"weight": m.weight}, "_IncompatibleKeys(missing_keys=['bias'], unexpected_keys=[])"),
        (lambda m: {**m.state_dict(), "x": m.bias}, "_IncompatibleKeys(missing_keys=[], unexpected_keys=['x'])"),
        (
            lambda m: {"x": m.bias, "y": m.bias},
            "_IncompatibleKeys(missing_keys=['weight', 'bias'], unexpected_keys=['x', 'y'])",
        ),
    ],
)
def test_what_a_load_returns(lib, state, text):
    m = lib.nn.Linear(1, 1)
    result = m.load_state_dict(state(m), strict=False)
    assert (
        repr(result) == str(result) == text
        and isinstance(result, tuple)
        and result._fields
        == (
            "missing_keys",
            "unexpected_keys",
        )
    )


def test_a_module_that_is_pickled_by_name_is_its_own_copy(lib):
    class Single(lib.nn.Module):
        def __reduce_ex__(self, protocol):
            return "SINGLE"

    m = Single()
    assert copy.deepcopy(m) is m and copy.deepcopy([m, m]) == [m, m]


def test_a_text_that_adds_nothing(lib):
    class Forgets(lib.nn.Module):
        def extra_repr(self):
            pass

    assert repr(Forgets()) == "Forgets()"


def test_copies_of_a_state_are_copies_of_all_that_is_new():
    class Extra(rsnn.nn.Linear):
        extra = ([1],)

        def get_extra_state(self):
            return self.extra

        def set_extra_state(self, state):
            self.extra = state

    m = Extra(1, 1)
    old = m.bias.detach()
    here = {"p.bias": old, "other": old}
    state = m.state_dict(destination=here, prefix="p.", copy=True)
    assert state is here and state["other"] is old and state["p._extra_state"] == ([1],)
    assert state["p._extra_state"][0] is not m.extra[0] and type(state["p.weight"]) is rsnn.Tensor
    for name in ("weight", "bias"):
        copied = state[f"p.{name}"]
        assert copied.data_ptr() != getattr(m, name).data_ptr() and not copied.requires_grad and copied.grad_fn is None
    text = "state_dict: copy=True gives copies, keep_vars=True the parameters themselves: choose one"
    with raises(ValueError, text):
        m.state_dict(copy=True, keep_vars=True)
