"""Hooks around saving and loading states, in both libraries."""

from __future__ import annotations

import gc
import weakref

import pytest

import rsnn
from both import names, net, probe, raises, said
from nn.hook_kinds import Kind, registering


def print_output(*args):
    """A hook that can be pickled."""


def test_state_dict_hooks(lib):
    m = net(lib)
    seen = []
    m.body.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append((prefix, keep_vars)))
    m.body.register_state_dict_post_hook(lambda module, state, prefix, meta: state.update({prefix + "extra": 1}))
    m.body._register_state_dict_hook(lambda module, state, prefix, meta: seen.append((prefix, meta, len(state))))
    state = m.state_dict(keep_vars=True)
    assert seen == [("body.", True), ("body.", {"version": 1}, 6)]
    assert state["body.extra"] == 1


def test_state_dict_hooks_may_replace_or_must_not(lib):
    m = net(lib)
    m._register_state_dict_hook(lambda module, state, prefix, meta: {"other": len(state)})
    assert m.state_dict() == {"other": 9}
    m = net(lib)
    m.body._register_state_dict_hook(lambda module, state, prefix, meta: {})
    assert len(m.state_dict()) == 9
    m.register_state_dict_post_hook(lambda module, state, prefix, meta: {})
    with raises(RuntimeError, "state_dict post-hook must return None"):
        m.state_dict()


def test_a_post_hook_cannot_be_registered_as_private(lib):
    m = net(lib)

    def hook(module, state, prefix, meta):
        """Nothing."""

    m.register_state_dict_post_hook(hook)
    with pytest.raises(RuntimeError) as caught:
        m._register_state_dict_hook(hook)
    assert said(caught.value).startswith("Cannot register the same function as the state dict post hook")


def test_load_state_dict_hooks(lib):
    m, seen = net(lib), []

    def pre(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        seen.append((type(module).__name__, prefix, local_metadata, strict, len(state_dict)))
        state_dict[prefix + "0.mean"] = state_dict.pop(prefix + "0.average")

    def private(state_dict, prefix, *rest):
        seen.append(prefix)

    def post(module, keys):
        seen.append((type(module).__name__, keys.missing_keys, keys.unexpected_keys))

    m.body.register_load_state_dict_pre_hook(pre)
    m.body._register_load_state_dict_pre_hook(private)
    m.register_load_state_dict_post_hook(post)
    state = m.state_dict()
    state["body.0.average"] = state.pop("body.0.mean")
    assert str(m.load_state_dict(state)) == "<All keys matched successfully>"
    assert seen == [("Sequential", "body.", {"version": 1}, True, 4), "body.", ("Net", [], [])]


def test_load_state_dict_post_hooks_change_the_keys(lib):
    m = probe(lib)()
    m.register_load_state_dict_post_hook(lambda module, keys: keys.unexpected_keys.clear())
    assert m.load_state_dict({"nonsense": lib.zeros(1)}) == ([], [])
    m.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.append("thing"))
    with pytest.raises(RuntimeError, match='Missing key.s. in state_dict: "thing"'):
        m.load_state_dict({})
    m.register_load_state_dict_post_hook(lambda module, keys: 5)
    with pytest.raises(AssertionError, match="are not expected to return new values"):
        m.load_state_dict({})


LOADS = [Kind(name) for name in ("load_pre", "load_pre_private", "load_pre_with_module")]


@pytest.mark.parametrize("kind", LOADS, ids=str)
@pytest.mark.parametrize("strict", [True, False])
def test_load_hooks_report(lib, kind, strict):
    """The last three of what they are given are lists for what is wrong; before them stands `True`, strict or not."""

    def report(*given):
        *_, flag, missing, unexpected, errors = given
        assert flag is True
        missing.append("one"), unexpected.append("two"), errors.extend(problems)

    m, problems = lib.nn.Sequential(probe(lib)()), ["a problem"]
    registering(lib, kind, m[0])(report)
    missing, unexpected = 'Missing key(s) in state_dict: "one". ', 'Unexpected key(s) in state_dict: "two". '
    with pytest.raises(RuntimeError) as caught:
        m.load_state_dict({}, strict=strict)
    _, *wrong = str(caught.value).split("\n\t")
    assert wrong[: 3 if strict else 1] == ([missing, unexpected, "a problem"] if strict else ["a problem"])
    del problems[:]
    if strict:
        with pytest.raises(RuntimeError, match="Missing key"):
            m.load_state_dict({})
    else:
        assert m.load_state_dict({}, strict=False) == (["one"], ["two"])


@pytest.mark.parametrize("kind", LOADS, ids=str)
def test_load_hooks_change_a_copy_of_the_state(lib, kind):
    m, seen = lib.nn.Sequential(lib.nn.Linear(2, 2)), []

    def change(*given):
        state, prefix, metadata = given[-7:-4]
        seen.append((sorted(state), prefix, dict(metadata)))
        del state[prefix + "bias"]
        state[prefix + "weight"] = state.pop(prefix + "w")
        metadata["version"] = 9

    registering(lib, kind, m[0])(change)
    state = lib.nn.Linear(2, 2).state_dict(prefix="0.")
    state["0.w"] = lib.full((2, 2), 7.0)
    del state["0.weight"]
    assert m.load_state_dict(state, strict=False) == (["0.bias"], [])
    assert m[0].weight.tolist() == [[7, 7]] * 2 and sorted(state) == ["0.bias", "0.w"]
    assert seen == [(["0.bias", "0.w"], "0.", {"version": 1})]
    # The versions are those of the state that was given.
    assert state._metadata["0"] == {"version": 9}


@pytest.mark.parametrize("name", ["state_dict", "state_dict_post"])
def test_hooks_after_saving_change_what_was_saved(lib, name):
    m = lib.nn.Sequential(lib.nn.Linear(1, 1), lib.nn.Linear(1, 1))

    def change(module, state, prefix, metadata):
        state[prefix + "w"] = state.pop(prefix + "weight")
        metadata["version"] = 5

    registering(lib, Kind(name), m[0])(change)
    state = m.state_dict()
    assert list(state) == ["0.bias", "0.w", "1.weight", "1.bias"]
    assert state._metadata == {"": {"version": 1}, "0": {"version": 5}, "1": {"version": 1}}
    registering(lib, Kind(name), m)(lambda module, state, prefix, metadata: state.clear())
    assert m.state_dict() == {} and m.state_dict(destination={"old": 1}) == {}


def test_a_hook_before_saving_may_change_the_module(lib):
    m = lib.nn.Sequential(lib.nn.Identity(), lib.nn.Linear(1, 1, bias=False))
    m[0].register_state_dict_pre_hook(lambda module, *given: setattr(module, "w", lib.nn.Parameter(lib.ones(1))))
    m[1].register_state_dict_pre_hook(lambda module, *given: delattr(module, "weight"))
    m.register_state_dict_pre_hook(lambda module, *given: module.append(lib.nn.Linear(1, 1, bias=False)) and None)
    assert list(m.state_dict(prefix="p.")) == ["p.0.w", "p.2.weight"]


def test_a_load_hook_does_not_keep_its_module(lib):
    m = probe(lib)()
    m.register_load_state_dict_pre_hook(print_output)
    table = dict(m._load_state_dict_pre_hooks)
    alive = weakref.ref(m)
    del m
    assert alive() is None
    (hook,) = table.values()
    with raises(RuntimeError, "You are trying to call the hook of a dead Module!"):
        hook()


def test_names_of_net(lib):
    assert names(net(lib).named_children()) == ["body", "head", "tied"]


def test_a_tensor_may_change_its_module_while_it_is_saved(lib):
    inner, seen = lib.nn.Module(), []

    class Busy(lib.nn.Parameter):
        def detach(self):
            if not hasattr(inner, "late"):
                inner.late = lib.nn.Linear(1, 1)
                inner.register_state_dict_post_hook(lambda *given: seen.append(given[2]))
            return super().detach()

    inner.busy = Busy(lib.ones(1))
    assert list(lib.nn.Sequential(inner).state_dict()) == ["0.busy", "0.late.weight", "0.late.bias"]
    assert seen == ["0."]


class Watched(rsnn.Tensor):
    """A tensor that notes whether the collector is enabled when it is detached."""

    seen: list[bool] = []

    def detach(self):
        self.seen.append(gc.isenabled())
        return super().detach()


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("fails", [False, True])
def test_the_collector_is_as_it_was_for_all_that_runs_while_saving(enabled, fails):
    """Between its own steps native code puts collections off; nobody is to see it."""
    seen: list[bool] = []

    def note(*_):
        seen.append(gc.isenabled())

    class Own(rsnn.nn.Module):
        def state_dict(self, *args, **kwargs):
            note()
            return super().state_dict(*args, **kwargs)

        def get_extra_state(self):
            note()
            if fails:
                raise ZeroDivisionError
            return 1

    class Saver(rsnn.nn.Linear):
        def _save_to_state_dict(self, *args):
            note()
            super()._save_to_state_dict(*args)

    class Versioned(rsnn.nn.Linear):
        @property
        def _version(self):
            note()
            return 3

    hooked, before, watched = rsnn.nn.Linear(1, 1), rsnn.nn.Linear(1, 1), rsnn.nn.Linear(1, 1)
    hooked._register_state_dict_hook(note)
    before.register_state_dict_pre_hook(note)
    Watched.seen = []
    watched.register_buffer("b", Watched([0.0, 0.0]))
    plain = [rsnn.nn.Linear(1, 1) for _ in range(3)]
    model = rsnn.nn.ModuleList(
        [plain[0], hooked, plain[1], before, watched, Saver(1, 1), plain[2], Versioned(1, 1), Own()]
    )
    outer = rsnn.nn.Sequential(rsnn.nn.Linear(1, 1), model)
    outer.register_state_dict_post_hook(note)
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        if fails:
            with pytest.raises(ZeroDivisionError):
                outer.state_dict()
        else:
            state = outer.state_dict()
            assert state._metadata["1.7"] == {"version": 3}
            assert len(state) == 20
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
    assert len(seen) == (6 if fails else 7)
    assert set(seen) == set(Watched.seen) == {enabled}
