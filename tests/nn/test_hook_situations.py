"""Hooks of every kind where things go on while they run: changes of their table, calls of the same module; what may be a
hook, what it may return, what becomes of it in copies. Errors: see test_hook_errors.py."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import weakref

import pytest

from both import raises
from nn.hook_kinds import GIVEN, KINDS, OWN, Kind, changes_break, net_class, noting, registering, trigger

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using a non-full backward hook"),
    pytest.mark.usefixtures("shared"),
]
BACKWARD = ("full_backward_pre", "full_backward", "backward")
every = pytest.mark.parametrize("kind", KINDS, ids=str)
own = pytest.mark.parametrize("kind", OWN, ids=str)


@pytest.fixture
def module(lib):
    """A module to be hooked."""
    return net_class(lib)()


class TestTables:
    """What hooks do to the tables they stand in."""

    @every
    def test_a_new_hook_runs_the_next_time(self, lib, module, kind):
        seen, register = [], registering(lib, kind, module)

        def first(*given):
            seen.append("first")
            if len(seen) == 1:
                register(noting(seen, "second"))

        register(first)
        trigger(lib, kind, module)
        assert seen == ["first"]
        trigger(lib, kind, module)
        assert seen == ["first", "first", "second"]

    @every
    def test_all_are_removed_by_the_first(self, lib, module, kind):
        """Those that were there at the beginning still run."""
        seen, handles, register = [], [], registering(lib, kind, module)
        handles.append(register(lambda *given: [handle.remove() for handle in handles] and None))
        handles += [register(noting(seen, label)) for label in "ab"]
        if changes_break(lib, kind):
            with pytest.raises(RuntimeError, match="changed size during iteration|mutated during iteration"):
                trigger(lib, kind, module)
        else:
            trigger(lib, kind, module)
            assert seen == ["a", "b"]
        del seen[:]
        trigger(lib, kind, module)
        assert seen == []

    @every
    def test_a_hook_that_stands_there_twice(self, lib, module, kind):
        seen, register = [], registering(lib, kind, module)
        hook = noting(seen, "ran")
        first, second = register(hook), register(hook)
        assert second.id == first.id + 1
        trigger(lib, kind, module)
        assert len(seen) == 2
        first.remove()
        trigger(lib, kind, module)
        assert len(seen) == 3

    @pytest.mark.parametrize(
        ("kind", "other", "same_run"),
        [
            ("forward_pre", "forward", True),
            ("forward_pre", "full_backward", False),
            ("forward_pre", "full_backward_pre", False),
            ("forward_pre", "backward", False),
            ("forward", "full_backward_pre", False),
            ("full_backward_pre", "full_backward", False),
            ("state_dict_pre", "state_dict", True),
            ("state_dict_pre", "state_dict_post", True),
            ("load_pre", "load_post", True),
        ],
    )
    def test_hooks_of_another_kind(self, lib, module, kind, other, same_run):
        """A call takes its backward hooks when it begins, the others when it comes to them."""
        seen = []
        once = [lambda: registering(lib, Kind(other), module)(noting(seen, "other"))]
        registering(lib, Kind(kind), module)(lambda *given: (seen.append("hook"), once and once.pop()()) and None)
        trigger(lib, Kind(kind), module)
        assert seen == ["hook", "other"][: 1 + same_run]
        del seen[:]
        trigger(lib, Kind(kind), module)
        assert seen == ["hook", "other"]

    def test_handles_of_all_kinds(self, lib):
        """One order of ids goes through all tables; nothing comes of a handle whose module is gone."""
        module = net_class(lib)()
        handles = [registering(lib, kind, module)(lambda *given: None) for kind in KINDS if "backward" not in kind.name]
        first = handles[0].id
        assert [handle.id for handle in handles] == list(range(first, first + len(handles)))
        alive = weakref.ref(module)
        del module
        gc.collect()
        assert alive() is None
        for handle in handles:
            assert handle.remove() is None and handle.remove() is None

    @every
    def test_a_handle_as_a_context(self, lib, module, kind):
        seen, register = [], registering(lib, kind, module)
        handle = register(noting(seen, "ran"))
        with pytest.raises(ZeroDivisionError), handle as entered:
            assert entered is handle
            trigger(lib, kind, module)
            raise ZeroDivisionError
        assert handle.__exit__(None, None, None) is None
        trigger(lib, kind, module)
        assert seen == ["ran"]


class TestCalls:
    """What the calls around hooks are."""

    @every
    def test_a_hook_that_does_the_same_again(self, lib, module, kind):
        seen = []

        def again(*given):
            depth = len(seen)
            seen.append(depth)
            if depth < 2:
                trigger(lib, kind, module)
            seen.append(f"{depth} done")

        registering(lib, kind, module)(again)
        trigger(lib, kind, module)
        assert seen == [0, 1, 2, "2 done", "1 done", "0 done"]
        if kind.name.startswith("forward") or kind.name in BACKWARD:
            assert module.weight.grad.tolist() == [3, 3]

    @pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name not in BACKWARD], ids=str)
    def test_a_hook_that_does_the_same_for_ever(self, lib, module, kind):
        """Not of backward passes: PyTorch puts those inside of each other on threads of their own."""
        registering(lib, kind, module)(lambda *given: trigger(lib, kind, module))
        with pytest.raises(RecursionError):
            trigger(lib, kind, module)

    @every
    def test_three_modules_inside_of_each_other(self, lib, kind):
        net = net_class(lib)
        a = net()
        b = net(a)
        c = net(b)
        names, seen = {id(a): "a", id(b): "b", id(c): "c"}, []
        if kind.of_all:
            registering(lib, kind, c)(lambda module, *given: seen.append(names[id(module)]))
        else:
            for one in (b, c, a):
                registering(lib, kind, one)(noting(seen, names[id(one)]))
        trigger(lib, kind, c)
        outside_in = kind.name.endswith("_pre") or kind.name.startswith("load_pre") or kind.name == "backward"
        if kind.name in ("parameter", "buffer", "module"):
            assert seen == ["c"]
        else:
            assert "".join(seen) == ("cba" if outside_in else "abc")

    @every
    def test_a_module_that_stands_in_two_places(self, lib, module, kind):
        tree, seen = lib.nn.Sequential(module, module), []
        registering(lib, kind, module)(lambda *given: seen.append([one for one in given if type(one) is str]))
        trigger(lib, kind, tree)
        if kind.name in ("parameter", "buffer", "module"):
            assert seen == [[{"parameter": "weight", "buffer": "mean", "module": "child"}[kind.name]]]
        elif kind.name.startswith(("state", "load_pre")):
            assert seen == [["0."], ["1."]]
        else:
            # A hook of all modules runs for the outer one too.
            assert seen == [[]] * (3 if kind.of_all else 2)

    @every
    def test_without_grad_mode(self, lib, module, kind):
        seen = []
        registering(lib, kind, module)(noting(seen, "ran"))
        with lib.no_grad():
            if kind.name in ("forward_pre", "forward", *BACKWARD):
                assert not module(lib.ones(2, requires_grad=True)).requires_grad
            else:
                trigger(lib, kind, module)
        assert seen == ([] if kind.name in BACKWARD else ["ran"])


class TestHooks:
    """What may be a hook."""

    @every
    @pytest.mark.parametrize("thing", [5, None, "text", ()])
    def test_things_that_cannot_be_called(self, lib, module, kind, thing):
        register, name = registering(lib, kind, module), type(thing).__name__
        if kind.name == "state_dict_post":
            with raises(AttributeError, f"'{name}' object has no attribute '_from_public_api'"):
                register(thing)
            trigger(lib, kind, module)
            return
        with register(thing), raises(TypeError, f"'{name}' object is not callable"):
            trigger(lib, kind, module)
        trigger(lib, kind, module)

    @every
    def test_methods_and_partial_functions(self, lib, module, kind):
        seen = []

        class Counts:
            def __call__(self, *given):
                seen.append(len(given))

            def method(self, *given):
                seen.append(-len(given))

        counts, register, expected = Counts(), registering(lib, kind, module), len(GIVEN[kind.name])
        register(counts)
        register(functools.partial(counts, "more"))
        if kind.name == "state_dict_post":
            # A mark is put on such hooks, which methods do not bear.
            with raises(AttributeError, "'method' object has no attribute '_from_public_api'"):
                register(counts.method)
            assert counts._from_public_api is True
        else:
            register(counts.method)
        trigger(lib, kind, module)
        assert seen == [expected, expected + 1, -expected][: 2 if kind.name == "state_dict_post" else 3]

    @every
    def test_the_argument_has_a_name(self, lib, module, kind):
        seen = []
        registering(lib, kind, module)(hook=noting(seen, "ran"))
        trigger(lib, kind, module)
        assert seen == ["ran"]
        with pytest.raises(TypeError):
            registering(lib, kind, module)()

    @pytest.mark.parametrize("kind", [kind for kind in OWN if kind.name.startswith(("state_dict", "load"))], ids=str)
    @pytest.mark.parametrize("result", [5, False, (), {}])
    def test_results_around_states(self, lib, kind, result):
        """They count for a hook of `_register_state_dict_hook` at the root; the public ones must not have any."""
        tree = lib.nn.Sequential(net_class(lib)())
        inner = registering(lib, kind, tree[0])(lambda *given: result)
        texts = {
            "state_dict_post": (RuntimeError, "state_dict post-hook must return None"),
            "load_post": (
                AssertionError,
                "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values, if "
                "incompatible_keys need to be modified, it should be done inplace.",
            ),
        }
        if kind.name in texts:
            with raises(*texts[kind.name]):
                trigger(lib, kind, tree)
            return
        trigger(lib, kind, tree)
        assert list(tree.state_dict()) == ["0.weight"]
        inner.remove()
        registering(lib, kind, tree)(lambda *given: result)
        if kind.name == "state_dict":
            assert tree.state_dict() is result
        else:
            trigger(lib, kind, tree)

    @pytest.mark.parametrize("name", ["full_backward_pre", "full_backward"])
    @pytest.mark.parametrize("of_all", [False, True])
    def test_results_around_gradients(self, lib, module, name, of_all):
        register = registering(lib, Kind(name, of_all), module)
        given, which = ("grad_output", "pre hook") if name.endswith("pre") else ("grad_input", "hook")
        for result, length in (((), 0), ([], 0), ({}, 0), ((None, None), 2)):
            text = f"Backward {which} returned an invalid number of {given}, got {length}, but expected 1"
            with register(lambda *given: result), raises(RuntimeError, text):
                trigger(lib, Kind(name), module)
        with register(lambda *given: 5), raises(TypeError, "object of type 'int' has no len()"):
            trigger(lib, Kind(name), module)
        with register(lambda *given: "x"), raises(TypeError, "expected Variable, but hook returned 'str'"):
            trigger(lib, Kind(name), module)
        with register(lambda *given: (None,)):
            trigger(lib, Kind(name), module)


def ran(*given):
    """A hook that can be pickled."""
    RUNS.append(given)


RUNS: list[tuple[object, ...]] = []


@own
@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_run_their_hooks(lib, kind, again):
    module = lib.nn.Linear(2, 2)
    register = registering(lib, kind, module)
    first = register(ran)
    register(functools.partial(ran, "second"))
    other, handle = again((module, first))
    assert handle.id == first.id
    first.remove()
    del RUNS[:]
    trigger(lib, kind, other)
    assert len(RUNS) == 2 and RUNS[1][0] == "second" and len(RUNS[0]) == len(GIVEN[kind.name])
    if kind.name != "load_pre_private":
        assert RUNS[0][0] is other is RUNS[1][1]
    del RUNS[:]
    trigger(lib, kind, module)
    assert [given[0] for given in RUNS] == ["second"]
    # The handle that came along is the copy's.
    handle.remove()
    del RUNS[:]
    trigger(lib, kind, other)
    assert [given[0] for given in RUNS] == ["second"]
    again(handle).remove()
    vars(ran).pop("_from_public_api", None)


def test_copies_keep_the_order_and_the_options(lib):
    module = lib.nn.Linear(2, 2)
    module.register_forward_hook(functools.partial(ran, "plain"))
    module.register_forward_hook(functools.partial(ran, "first"), prepend=True, with_kwargs=True, always_call=True)
    module.register_forward_pre_hook(functools.partial(ran, "pre"), with_kwargs=True)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        del RUNS[:]
        other(lib.ones(2))
        assert [(given[0], len(given)) for given in RUNS] == [("pre", 4), ("first", 5), ("plain", 4)]
        del RUNS[:]
        with pytest.raises(Exception, match="shapes|size"):
            other(lib.ones(3))
        assert [given[0] for given in RUNS] == ["pre", "first"]
