"""Saving, loading, copying and pickling modules."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from collections.abc import MutableMapping

import pytest

import rsnn
from both import names, net, probe, raises, said

KEYS = [
    "scale",
    "body.0.weight",
    "body.0.mean",
    "body.1.weight",
    "body.1.mean",
    "head.weight",
    "head.mean",
    "tied.weight",
    "tied.mean",
]


def test_state_dict(lib):
    m = net(lib)
    state = m.state_dict()
    assert type(state) is OrderedDict and list(state) == KEYS
    assert not state["scale"].requires_grad and not isinstance(state["scale"], lib.nn.Parameter)
    assert state["scale"].data_ptr() == m.scale.data_ptr()
    kept = m.state_dict(keep_vars=True)
    assert kept["scale"] is m.scale and kept["body.0.weight"] is m.body[0].weight
    assert list(m.state_dict(prefix="p.")) == ["p." + key for key in KEYS]
    assert list(m.state_dict()._metadata) == ["", "body", "body.0", "body.1", "head", "tied"]
    assert m.state_dict()._metadata["body.0"] == {"version": 1}


def test_state_dict_into_a_destination(lib):
    m = net(lib)
    destination = {"here": 1}
    assert m.state_dict(destination=destination) is destination and list(destination) == ["here", *KEYS]
    with pytest.warns(FutureWarning, match="Positional args are being deprecated"):
        state = m.state_dict({}, "p.", True)
    assert state["p.scale"] is m.scale


def test_versions_are_saved(lib):
    class Versioned(lib.nn.Module):
        _version = 7

    assert lib.nn.Sequential(Versioned()).state_dict()._metadata == {"": {"version": 1}, "0": {"version": 7}}


def test_overridden_saving(lib):
    class Own(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = lib.nn.Parameter(lib.zeros(1))

        def _save_to_state_dict(self, destination, prefix, keep_vars):
            super()._save_to_state_dict(destination, prefix, keep_vars)
            destination[prefix + "more"] = keep_vars

    class Whole(lib.nn.Module):
        def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
            destination[prefix + "whole"] = 1
            return destination

    m = lib.nn.Sequential(Own(), Whole())
    assert list(m.state_dict()) == ["0.w", "0.more", "1.whole"]


class ExtraOf:
    """A class with an extra state, for either library."""

    def __new__(cls, lib):
        class Extra(lib.nn.Module):
            def __init__(self, value):
                super().__init__()
                self.value = value

            def get_extra_state(self):
                return {"value": self.value}

            def set_extra_state(self, state):
                self.value = state["value"]

        return Extra


def test_extra_state(lib):
    extra = ExtraOf(lib)
    m = lib.nn.Sequential(extra(3))
    state = m.state_dict()
    assert dict(state) == {"0._extra_state": {"value": 3}}
    other = lib.nn.Sequential(extra(5))
    other.load_state_dict(state)
    assert other[0].value == 3
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "0._extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "_extra_state"'):
        lib.nn.Module().load_state_dict({"_extra_state": 1})
    for method in (lib.nn.Module().get_extra_state, lambda: lib.nn.Module().set_extra_state(1)):
        with pytest.raises(RuntimeError):
            method()


def ones(lib, m):
    """The module's state with ones in it."""
    return OrderedDict((key, lib.ones(value.shape)) for key, value in m.state_dict().items())


def test_load_state_dict(lib):
    m = net(lib)
    scale, state = m.scale, ones(lib, m)
    state["scale"] += 4
    result = m.load_state_dict(state)
    assert result == ([], []) and str(result) == "<All keys matched successfully>"
    assert m.scale is scale and m.scale.item() == 5 and m.body[1].mean.tolist() == [1, 1, 1]
    assert m.scale.requires_grad and m.scale.is_leaf
    assert m.load_state_dict(dict(state)) == ([], [])
    assert state["scale"].item() == 5 and not hasattr(state, "_metadata")


def test_load_state_dict_by_assignment(lib):
    m = net(lib)
    state = ones(lib, m)
    state["scale"] = lib.ones(1, dtype=lib.float64)
    m.scale.requires_grad_(False)
    m.load_state_dict(state, assign=True)
    assert m.body[0].mean is state["body.0.mean"]
    assert isinstance(m.scale, lib.nn.Parameter) and m.scale.dtype == lib.float64 and not m.scale.requires_grad
    assert m.body[0].weight.requires_grad and m.body[0].weight.data_ptr() == state["body.0.weight"].data_ptr()
    state = net(lib).state_dict()
    m.load_state_dict(state, assign=True)
    assert m.body[0].weight.data_ptr() == state["body.0.weight"].data_ptr()


def test_misfits_stand_in_one_error(lib):
    m = net(lib)
    state = ones(lib, m)
    del state["body.0.mean"], state["tied.mean"]
    state["bodyx"], state["body.0.q"], state["body.5.q"] = lib.zeros(1), lib.zeros(1), lib.zeros(1)
    state["scale"] = lib.zeros(7)
    state["body.1.weight"] = 5
    with pytest.raises(RuntimeError) as caught:
        m.load_state_dict(state)
    lines = said(caught.value).split("\n\t")
    assert lines[:4] == [
        "Error(s) in loading state_dict for Net:",
        'Missing key(s) in state_dict: "body.0.mean", "tied.mean". ',
        'Unexpected key(s) in state_dict: "bodyx", "body.5.q", "body.0.q". ',
        "size mismatch for scale: copying a param with shape rsnn.Size([7]) from checkpoint, "
        "the shape in current model is rsnn.Size([1]).",
    ]
    assert lines[4].startswith('While copying the parameter named "body.1.weight", expected rsnn.Tensor')
    assert lines[4].endswith("from checkpoint but received <class 'int'>")
    with pytest.raises(RuntimeError) as caught:
        m.load_state_dict(state, strict=False)
    assert "Missing" not in str(caught.value) and "size mismatch for scale" in str(caught.value)
    state["scale"], state["body.1.weight"] = lib.zeros(1), lib.zeros(3)
    missing, unexpected = m.load_state_dict(state, strict=False)
    assert missing == ["body.0.mean", "tied.mean"] and unexpected == ["bodyx", "body.5.q", "body.0.q"]


def test_a_saved_scalar_may_have_one_element(lib):
    m = lib.nn.Module()
    m.register_buffer("n", lib.tensor(3.0))
    m.load_state_dict({"n": lib.ones(1)})
    assert m.n.item() == 1 and m.n.shape == ()


def test_states_that_are_no_mapping(lib):
    with raises(TypeError, "Expected state_dict to be dict-like, got <class 'list'>."):
        net(lib).load_state_dict([])


def test_keys_of_absent_children_are_ignored(lib):
    m = lib.nn.Module()
    m.register_module("child", None)
    assert m.load_state_dict({"child.weight": lib.zeros(1)}) == ([], [])


def test_overridden_loading(lib):
    class Old(lib.nn.Module):
        _version = 2

        def __init__(self):
            super().__init__()
            self.w = lib.nn.Parameter(lib.zeros(1))

        def _load_from_state_dict(
            self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        ):
            seen.append((prefix, dict(local_metadata), strict, list(state_dict)))
            if local_metadata.get("version", 1) < 2:
                state_dict[prefix + "w"] = state_dict.pop(prefix + "old_w")
            super()._load_from_state_dict(
                state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
            )

    seen = []
    m = lib.nn.Sequential(Old(), Old())
    m.load_state_dict({"0.old_w": lib.ones(1), "1.old_w": lib.ones(1)})
    assert m[0].w.item() == 1 == m[1].w.item()
    m.load_state_dict(m.state_dict())
    assert seen == [
        ("0.", {}, True, ["0.old_w"]),
        ("1.", {}, True, ["1.old_w"]),
        ("0.", {"version": 2}, True, ["0.w"]),
        ("1.", {"version": 2}, True, ["1.w"]),
    ]


def test_a_cure_is_proposed():
    m = net(rsnn)
    with pytest.raises(RuntimeError, match=r'removeprefix\("module."\)'):
        m.load_state_dict({"module." + key: value for key, value in m.state_dict().items()})
    with pytest.raises(RuntimeError, match=r'lack "module.": pass \{"module." \+ k: v for k, v'):
        rsnn.nn.Sequential(OrderedDict(module=m)).load_state_dict(m.state_dict())
    state = m.state_dict()
    state["body.0.weigth"] = state.pop("body.0.weight")
    with pytest.raises(RuntimeError, match=r'"body.0.weight" may be its "body.0.weigth"'):
        m.load_state_dict(state)
    other = rsnn.nn.Module()
    other.w = rsnn.nn.Parameter(rsnn.zeros(2, 3))
    with pytest.raises(RuntimeError, match=r'Its transpose fits: pass state_dict\["w"\].t\(\)\.$'):
        other.load_state_dict({"w": rsnn.zeros(3, 2)})


def same(a, b):
    """Whether two modules have the same tables, tied in the same way, and share no tensor."""
    state, other = a.state_dict(keep_vars=True), b.state_dict(keep_vars=True)
    assert list(state) == list(other) and repr(a) == repr(b)
    assert names(a.named_modules()) == names(b.named_modules())
    assert names(a.named_parameters()) == names(b.named_parameters())
    assert names(a.named_buffers()) == names(b.named_buffers())
    assert not {id(value) for value in state.values()} & {id(value) for value in other.values()}
    for key, value in state.items():
        assert value.tolist() == other[key].tolist() and value.requires_grad == other[key].requires_grad
    assert [module.training for module in a.modules()] == [module.training for module in b.modules()]


def test_deepcopy(lib):
    m = net(lib)
    m.body.eval()
    m.note = ["a", m.body]
    other = copy.deepcopy(m)
    same(m, other)
    assert other.tied.weight is other.body[0].weight and other.head is other.body[1]
    assert other.note[1] is other.body and other.note is not m.note and type(other) is type(m)
    assert dict(other.body[0]._buffers)["none"] is None and set(other.tied._non_persistent_buffers_set) == {"cache"}
    both = copy.deepcopy([m, m.body])
    assert both[0].body is both[1]


def test_copy(lib):
    m = net(lib)
    m.note = [1]
    other = copy.copy(m)
    assert type(other) is type(m) and other.scale is m.scale and other.body is m.body and other.note is m.note
    assert other is not m


class Pickled(rsnn.nn.Module):
    """A module that can be pickled, since its class can be found."""

    def __init__(self):
        super().__init__()
        self.weight = rsnn.nn.Parameter(rsnn.ones(2))
        self.inner = rsnn.nn.Sequential(rsnn.nn.Module(), rsnn.nn.ModuleDict({"a": rsnn.nn.ModuleList()}))
        self.inner[0].weight = self.weight
        self.register_buffer("mean", rsnn.zeros(2), persistent=False)
        self.note = [self]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    m = Pickled().eval()
    other = pickle.loads(pickle.dumps(m, protocol))
    same(m, other)
    assert other.note[0] is other and other.inner[0].weight is other.weight
    assert set(other._non_persistent_buffers_set) == {"mean"}


class OwnState(rsnn.nn.Module):
    """A module that says itself what is pickled."""

    def __init__(self):
        super().__init__()
        self.weight = rsnn.nn.Parameter(rsnn.ones(2))
        self.cache = 3

    def __getstate__(self):
        state = super().__getstate__()
        del state["cache"]
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        self.cache = 4


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_own_getstate_and_setstate(again):
    m = OwnState()
    other = again(rsnn.nn.Sequential(m))[0]
    assert other.weight.tolist() == [1, 1] and other.weight is not m.weight and other.cache == 4 and m.cache == 3


def test_getstate_is_complete(lib):
    m = net(lib)
    m.note = 3
    state = m.__getstate__() if hasattr(m, "__getstate__") else m.__dict__
    assert list(state["_parameters"]) == ["scale"] and state["note"] == 3 and state["training"] is True
    assert list(state["_modules"]) == ["body", "head", "nothing", "empty", "tied"] or "nothing" in state
    other = type(m).__new__(type(m))
    other.__setstate__(state)
    assert names(other.named_parameters()) == names(m.named_parameters()) and other.note == 3


REGISTRIES = ["_parameters", "_buffers", "_modules"]


@pytest.mark.parametrize("name", REGISTRIES)
def test_registries_are_live_mappings(lib, name):
    m = lib.nn.Module()
    table = getattr(m, name)
    make = lib.nn.Module if name == "_modules" else lambda: lib.nn.Parameter(lib.zeros(1))
    a, b = make(), make()
    assert isinstance(table, MutableMapping) and not table and table == {}
    table["a"] = a
    assert m.a is a and list(table.items()) == [("a", a)] and table["a"] is a and "a" in table
    table.update({"b": b, "none": None})
    assert list(getattr(m, name)) == ["a", "b", "none"] and list(reversed(table)) == ["none", "b", "a"]
    assert table.get("z") is None and table.get("b") is b and list(table.values()) == [a, b, None]
    assert table.pop("b") is b and table.setdefault("c", b) is b and table.popitem() == ("c", b)
    assert table == {"a": a, "none": None} and table.copy() == table and len(table) == 2
    del table["none"]
    for wrong in ("zzz", 3):
        with raises(KeyError):
            _ = table[wrong]
        with raises(KeyError):
            del table[wrong]
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        for _ in table:
            table["more"] = b
    setattr(m, name, {"only": b})
    assert m.only is b and list(getattr(m, name)) == ["only"] and not hasattr(m, "a")
    getattr(m, name).clear()
    assert not getattr(m, name)
    assert repr(getattr(m, name)) == "{}"


def test_the_set_of_transient_buffers_is_live(lib):
    m = lib.nn.Module()
    m.register_buffer("a", lib.zeros(1))
    m.register_buffer("b", lib.zeros(1), persistent=False)
    table = m._non_persistent_buffers_set
    assert table == {"b"} and "b" in table and len(table) == 1 and list(table) == ["b"]
    table.add("a")
    assert not m.state_dict() and table | {"c"} == {"a", "b", "c"} and table & {"a"} == {"a"}
    table.discard("a")
    table.discard("zzz")
    with raises(KeyError):
        table.remove("zzz")
    assert list(m.state_dict()) == ["a"] and table.copy() == {"b"}
    m._non_persistent_buffers_set = {"a"}
    assert list(m.state_dict()) == ["b"]


def test_writing_tables_directly(lib):
    m = probe(lib)()
    m._modules["x"] = child = probe(lib)()
    m._parameters["w"] = lib.nn.Parameter(lib.zeros(1))
    m._buffers["b"] = lib.zeros(1)
    assert m.x is child and names(m.named_modules()) == ["", "x"] and list(m.state_dict()) == ["w", "b"]
    del m._parameters["w"]
    assert not hasattr(m, "w") and list(m._buffers.items())[0][0] == "b"
