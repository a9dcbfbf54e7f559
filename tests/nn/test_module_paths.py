"""What is kept between walks (the names of entries, what classes override) never shows: changes are seen at once."""

from __future__ import annotations

import gc
from collections import OrderedDict

import pytest


def leaf(lib, bias=True):
    return lib.nn.Linear(2, 2, bias=bias)


def keys(m, **kwargs):
    return list(m.state_dict(**kwargs))


def test_names_follow_what_is_renamed_and_moved(lib):
    m = lib.nn.Sequential(OrderedDict(a=leaf(lib), b=leaf(lib)))
    for _ in range(2):
        assert keys(m) == ["a.weight", "a.bias", "b.weight", "b.bias"]
        assert [name for name, _ in m.named_parameters()] == keys(m)
    m.c = m.a
    del m.a
    assert keys(m) == ["b.weight", "b.bias", "c.weight", "c.bias"]
    weight = m.b.weight
    del m.b.weight
    m.b.weight = weight
    assert keys(m) == ["b.bias", "b.weight", "c.weight", "c.bias"]
    m._modules["b"], m._modules["c"] = m._modules["c"], m._modules["b"]
    assert [name for name, _ in m.named_parameters()] == ["b.weight", "b.bias", "c.bias", "c.weight"]
    assert [name for name, _ in m.named_modules()] == ["", "b", "c"]


def test_a_module_has_other_names_in_other_places(lib):
    shared = lib.nn.Sequential(leaf(lib, bias=False))
    first, second = lib.nn.Sequential(OrderedDict(x=shared)), lib.nn.Sequential(leaf(lib), shared)
    for _ in range(2):
        assert keys(first) == ["x.0.weight"]
        assert keys(second) == ["0.weight", "0.bias", "1.0.weight"]
        assert keys(shared) == ["0.weight"] == [name for name, _ in shared.named_parameters()]
        assert [name for name, _ in shared.named_children()] == ["0"]
        assert [name for name, _ in first.named_modules()] == ["", "x", "x.0"]
    both = lib.nn.Sequential(shared, shared)
    assert keys(both) == ["0.0.weight", "1.0.weight"]
    assert [name for name, _ in both.named_parameters()] == ["0.0.weight"]
    assert [name for name, _ in both.named_parameters(remove_duplicate=False)] == ["0.0.weight", "1.0.weight"]


@pytest.mark.parametrize("prefix", ["", "p.", "p.q.", "p", ".", "..", "p..", "ä.", "ä"])
def test_prefixes_of_any_form(lib, prefix):
    m = lib.nn.Sequential(leaf(lib, bias=False))
    for _ in range(2):
        state = m.state_dict(prefix=prefix)
        assert list(state) == [prefix + "0.weight"]
        assert list(state._metadata) == [prefix[:-1], prefix + "0"]
        names = [name for name, _ in m.named_parameters(prefix=prefix)]
        assert names == [(prefix + "." if prefix else "") + "0.weight"]


def test_a_child_without_a_name(lib):
    m = lib.nn.Module()
    m._modules[""] = lib.nn.Sequential(leaf(lib, bias=False))
    for _ in range(2):
        state = m.state_dict()
        assert list(state) == [".0.weight"] and list(state._metadata) == ["", ".0"]
        assert [name for name, _ in m.named_parameters()] == ["0.weight"]
        assert m.load_state_dict({"0.weight": 1, **state}, strict=False) == ([], ["0.weight"])


def test_gaps_between_names(lib):
    m = lib.nn.Module()
    for name in "abcd":
        m.register_parameter(name, lib.nn.Parameter(lib.zeros(1)) if name in "bd" else None)
        m.register_buffer("t" + name, lib.zeros(1), persistent=name in "ad")
    for _ in range(2):
        assert keys(m) == ["b", "d", "ta", "td"]
        assert [name for name, _ in m.named_buffers()] == ["ta", "tb", "tc", "td"]
    m.a, m.b = lib.nn.Parameter(lib.zeros(1)), None
    assert keys(m) == ["a", "d", "ta", "td"]


def test_methods_that_a_class_gets_later_are_called(lib):
    class Own(lib.nn.Linear):
        pass

    m = lib.nn.Sequential(Own(1, 1, bias=False))
    state = m.state_dict()
    m.load_state_dict(state)
    Own._save_to_state_dict = lambda self, destination, prefix, keep_vars: destination.update({prefix + "own": 1})
    assert keys(m) == ["0.own"]
    loads = []
    Own._load_from_state_dict = lambda self, state, prefix, *rest: loads.append((dict(state), prefix))
    m.load_state_dict({"0.x": 2, "y.z": 3}, strict=False)
    assert loads == [({"0.x": 2}, "0.")]
    del Own._save_to_state_dict, Own._load_from_state_dict
    assert keys(m) == keys(m) == ["0.weight"]
    m.load_state_dict(state)
    Own.get_extra_state = lambda self: 5
    assert keys(m) == ["0.weight", "0._extra_state"]
    del Own.get_extra_state
    m[0].state_dict = lambda **kwargs: kwargs["destination"].update({kwargs["prefix"] + "mine": 1})
    assert keys(m) == ["0.mine"]
    del m[0].state_dict
    m[0]._version = 9
    assert m.state_dict()._metadata["0"] == {"version": 9}
    # What a class saves in addition, it says, not an instance.
    m[0].get_extra_state = lambda: 5
    assert keys(m) == ["0.weight"]


def test_methods_that_a_base_gets_later_are_called(lib):
    class Base(lib.nn.Linear):
        pass

    class Derived(Base):
        pass

    m = lib.nn.Sequential(Derived(1, 1))
    assert [name for name, _ in m.named_modules()] == ["", "0"]
    Base.named_modules = lambda self, memo=None, prefix="", remove_duplicate=True: iter([(prefix + "!", self)])
    assert [name for name, _ in m.named_modules()] == ["", "0!"]
    del Base.named_modules
    assert [name for name, _ in m.named_modules()] == ["", "0"]


def test_each_version_is_a_dictionary_of_its_own(lib):
    m = lib.nn.Sequential(leaf(lib), leaf(lib), lib.nn.BatchNorm1d(2), leaf(lib))
    metadata = m.state_dict()._metadata
    assert [metadata[path]["version"] for path in metadata] == [1, 1, 1, 2, 1]
    metadata["0"]["x"] = 1
    assert all("x" not in metadata[path] for path in metadata if path != "0")
    assert "x" not in m.state_dict()._metadata["0"]


def test_states_in_any_order_and_of_any_mapping(lib):
    m = lib.nn.Sequential(OrderedDict((f"l{i}", leaf(lib)) for i in range(12)))
    m.own = lib.nn.Parameter(lib.zeros(3))
    state = OrderedDict((key, lib.full_like(tensor, i)) for i, (key, tensor) in enumerate(m.state_dict().items()))
    wanted = {key: float(tensor.flatten()[0]) for key, tensor in state.items()}
    moved = OrderedDict(state)
    moved.move_to_end("l3.weight")
    moved.move_to_end("l7.bias", last=False)
    for given in (state, moved, dict(reversed(state.items())), dict(sorted(state.items(), key=lambda kv: kv[0][::-1]))):
        lib.nn.init.zeros_(m.own)
        for parameter in m.parameters():
            parameter.data.zero_()
        assert m.load_state_dict(given) == ([], [])
        assert {key: float(tensor.flatten()[0]) for key, tensor in m.state_dict().items()} == wanted
    extra = OrderedDict(moved)
    extra["l1.x.y"] = extra["z"] = extra[".q"] = extra["_extra_state"] = extra["l4._extra_state"] = lib.zeros(1)
    extra.move_to_end("l1.x.y", last=False)
    del extra["l2.bias"], extra["own"]
    result = m.load_state_dict(extra, strict=False)
    assert result.missing_keys == ["own", "l2.bias"]
    assert result.unexpected_keys == ["_extra_state", "z", ".q", "l1.x.y", "l4._extra_state"]


def test_parts_of_a_state_are_shown_to_those_who_ask(lib):
    seen = []
    m = lib.nn.Sequential(leaf(lib), lib.nn.Sequential(leaf(lib, bias=False), lib.nn.Identity()))

    def hook(module, state, prefix, *rest):
        seen.append((prefix, list(state), type(state)))
        state.pop(prefix + "0.bias", None)
        if prefix == "1.":
            state["1.0.weight"] = state["1.0.weight"] + 1
            state["1.1.new"] = 0

    m.register_load_state_dict_pre_hook(hook)
    m[1].register_load_state_dict_pre_hook(hook)
    state = m.state_dict()
    before = m[1][0].weight.clone()
    result = m.load_state_dict(state, strict=False)
    whole = ["0.weight", "0.bias", "1.0.weight"]
    assert seen == [("", whole, OrderedDict), ("1.", ["1.0.weight"], dict)]
    assert result == (["0.bias"], ["1.1.new"]) and list(state) == whole
    assert bool((m[1][0].weight == before + 1).all())


def test_collections_come_at_any_time_of_a_save(lib):
    m = lib.nn.ModuleList([leaf(lib) for _ in range(300)])
    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        assert len(m.state_dict()) == 600
    finally:
        gc.set_threshold(*before)
