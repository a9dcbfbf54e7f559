"""Where modules differ from PyTorch's: each row of `docs/modules.md`, from both sides. A difference that has gone fails here
as one that is new would."""

from __future__ import annotations

import copy
from collections import OrderedDict
from importlib import import_module

import pytest

import rsnn
from both import names, probe


@pytest.fixture
def ours(lib):
    """Whether the library is rsnn."""
    return lib is rsnn


def outcome(call):
    """The class of the error of a call, or what it gives."""
    try:
        return call()
    except Exception as error:
        return type(error)


class TestStorage:
    def test_tables_are_no_dictionaries(self, lib, ours):
        m = lib.nn.Linear(2, 2)
        assert isinstance(m._parameters, dict) is not ours
        assert type(m._non_persistent_buffers_set) is not set if ours else m._non_persistent_buffers_set == set()
        assert (m.__dict__ is m.__dict__) is not ours and list(m.__dict__["_parameters"]) == ["weight", "bias"]

    def test_the_empty_table_of_a_shortened_list(self, lib, ours):
        m = lib.nn.ModuleList([lib.nn.Identity()])
        del m[0]
        with pytest.raises(KeyError) as caught:
            m._modules.popitem()
        assert caught.value.args[0] == ("popitem(): dictionary is empty" if ours else "dictionary is empty")

    def test_an_assigned_table_is_taken_over(self, lib, ours):
        m, table = lib.nn.Module(), {"a": lib.nn.Parameter(lib.ones(1))}
        m._parameters = table
        table["b"] = lib.nn.Parameter(lib.ones(1))
        assert names(m.named_parameters()) == (["a"] if ours else ["a", "b"])

    def test_copies_have_tables_of_their_own(self, lib, ours):
        m = lib.nn.Module()
        m.a = lib.nn.Parameter(lib.ones(1))
        other = copy.copy(m)
        other.b = lib.nn.Parameter(lib.ones(1))
        assert names(m.named_parameters()) == (["a"] if ours else ["a", "b"]) and other.a is m.a

    def test_an_empty_slot_hides_a_child(self, lib, ours):
        class Slotted(lib.nn.Module):
            __slots__ = ("a",)

        m = Slotted()
        m.a = lib.nn.Identity()
        assert list(m._modules) == ["a"]
        assert (outcome(lambda: m.a) is AttributeError) is ours

    def test_names_are_texts(self, lib, ours):
        table = lib.nn.Module()._parameters
        assert outcome(lambda: table.__setitem__(3, None)) is (TypeError if ours else None)

    def test_the_mode_is_a_bool(self, lib, ours):
        m = lib.nn.Module()
        m.training = 3
        assert (m.training is True) is ours
        assert outcome(lambda: delattr(m, "training")) is (AttributeError if ours else None)

    def test_names_of_a_class_of_their_own(self, lib, ours):
        class Name(str):
            pass

        m = lib.nn.ModuleDict({Name("a"): lib.nn.Identity()})
        assert (type(next(iter(m))) is str) is ours and m[Name("a")] is m["a"] is m.a

    def test_names_that_the_class_has(self, lib, ours):
        class Slot(lib.nn.Module):
            __slots__ = ("child",)

        class Property(lib.nn.Module):
            @property
            def child(self):
                return self.missing

        for kind in (Slot, Property):
            m = kind()
            m.child = lib.nn.Identity()
            assert list(m._modules) == ["child"]
            assert (outcome(lambda m=m: m.child) is AttributeError) is ours

    def test_marked_tensors(self, lib, ours):
        x = lib.ones(1)
        x._is_param = True
        assert isinstance(x, lib.nn.Parameter) is not ours


class TestHooks:
    def test_what_handles_show(self, lib, ours):
        kind = import_module(f"{lib.__name__}.utils.hooks").RemovableHandle
        m, own = lib.nn.Identity(), OrderedDict()
        handle = kind(m._forward_hooks, extra_dict=own)
        for name in ("next_id", "hooks_dict_ref", "extra_dict_ref"):
            assert hasattr(handle, name) is not ours
        m._forward_hooks[handle.id] = own[handle.id] = print
        handle.remove()
        assert not m._forward_hooks and len(own) == (1 if ours else 0)
        assert outcome(lambda: setattr(handle, "id", 3)) is (AttributeError if ours else None)

    def test_copies_of_handles_for_dictionaries(self, lib, ours):
        hooks, own = OrderedDict(), OrderedDict()
        handle = import_module(f"{lib.__name__}.utils.hooks").RemovableHandle(hooks, extra_dict=own)
        hooks[handle.id] = own[handle.id] = print
        copy.copy(handle).remove()
        assert not hooks and len(own) == (1 if ours else 0)

    def test_what_handles_take(self, lib, ours):
        kind = import_module(f"{lib.__name__}.utils.hooks").RemovableHandle
        assert (outcome(lambda: kind(OrderedDict(), extra_dict=3)) is TypeError) is ours

        class Named(kind):
            def __init__(self, table, name):
                super().__init__(table)
                self.name = name

        assert (outcome(lambda: Named(OrderedDict(), "mine")) is TypeError) is ours

    def test_handles_of_hooks_on_tensors(self, lib, ours):
        kind = import_module(f"{lib.__name__}.utils.hooks").RemovableHandle
        x = lib.ones(1, requires_grad=True)
        for handle in (x.register_hook(print), (x * 2).grad_fn.register_hook(print)):
            assert isinstance(handle, kind) is not ours
            assert (outcome(lambda handle=handle: copy.copy(handle)) is TypeError) is ours

    def test_a_removed_hook_is_called_as_it_was_registered(self, lib, ours):
        m, seen = probe(lib)(), []
        handles = [m.register_forward_hook(lambda *_: handles[1].remove())]
        handles.append(m.register_forward_hook(lambda *given: seen.append(len(given)), with_kwargs=True))
        m(1)
        assert seen == [4 if ours else 3]

    def test_global_hooks_with_kwargs_after_a_failure(self, lib, ours):
        class Bad(lib.nn.Module):
            def forward(self, x, key=None):
                raise ValueError("bad")

        seen = []
        register = import_module(f"{lib.__name__}.nn.modules.module").register_module_forward_hook
        with (
            register(lambda *given: seen.append(len(given)), with_kwargs=True, always_call=True),
            pytest.raises(ValueError, match="bad"),
        ):
            Bad()(1, key=2)
        assert seen == [4 if ours else 3]

    def test_a_full_backward_hook_may_return_a_tensor(self, lib, ours):
        m = lib.nn.Identity()
        m.register_full_backward_hook(lambda module, inputs, outputs: inputs[0] * 2)
        x = lib.ones(2, requires_grad=True)
        assert outcome(lambda: m(x * 1).sum().backward()) is (None if ours else RuntimeError)
        assert not ours or x.grad.tolist() == [2, 2]

    def test_a_full_backward_pre_hook_may_stop_all_gradients(self, lib, ours):
        m, x = lib.nn.Identity(), lib.ones(2, requires_grad=True)
        m.register_full_backward_pre_hook(lambda module, outputs: (None,))
        m(x).sum().backward()
        assert (x.grad is None) is ours

    def test_a_pre_hook_may_exchange_what_is_called(self, lib, ours):
        m = lib.nn.Identity()
        m.register_forward_pre_hook(lambda module, args: setattr(module, "forward", lambda x: "new"))
        assert m(1) == ("new" if ours else 1) and m(1) == "new"

    def test_keyword_arguments_as_pairs(self, lib, ours):
        m = probe(lib)()
        m.register_forward_pre_hook(lambda module, args, kwargs: (args, [("twice", True)]), with_kwargs=True)
        assert outcome(lambda: m(1)) == (3 if ours else TypeError)

    @pytest.mark.filterwarnings("ignore:Using a non-full backward hook")
    def test_old_backward_hooks_see_no_numbers(self, lib, ours):
        class Twice(lib.nn.Module):
            def forward(self, x):
                return x * 2

        m, seen = Twice(), []
        m.register_backward_hook(lambda module, inputs, outputs: seen.append(len(inputs)))
        m(lib.ones(2, requires_grad=True) * 1).sum().backward()
        assert seen == [1 if ours else 2]


class TestContainers:
    def test_insertion_out_of_range(self, lib, ours):
        m = lib.nn.ModuleList([lib.nn.Identity()])
        assert outcome(lambda: m.insert(-5, lib.nn.ReLU())) is (IndexError if ours else KeyError)
        assert (len(m) == 1) is ours
        m = lib.nn.ModuleList([lib.nn.Identity()])
        assert outcome(lambda: m.insert(5, lib.nn.ReLU())) is (IndexError if ours else None)
        assert list(m._modules) == (["0"] if ours else ["0", "5"])

    @pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
    def test_containers_of_their_own_children(self, lib, ours, kind):
        for extend in (lambda m: m.extend(m), lambda m: m.__iadd__(m)):
            m = getattr(lib.nn, kind)()
            m.append(lib.nn.Identity()).append(lib.nn.ReLU())
            assert (outcome(lambda m=m, extend=extend: extend(m)) is RuntimeError) is not ours
            assert not ours or [type(one).__name__ for one in m] == ["Identity", "ReLU"] * 2

    def test_children_that_come_while_a_function_is_applied(self, lib, ours):
        m = lib.nn.Sequential(lib.nn.Identity())
        seen = []
        add = lambda one: seen.append(one) or (m.append(lib.nn.ReLU()) if one is m[0] else None)  # noqa: E731
        assert (outcome(lambda: m.apply(add)) is RuntimeError) is not ours
        assert len(m) == 2 and seen == ([m[0], m] if ours else [m[0]])

    def test_products_of_named_containers(self, lib, ours):
        m = lib.nn.Sequential()
        m.first = lib.nn.Identity()
        assert outcome(lambda: len(m.__imul__(2))) == (2 if ours else KeyError)

    def test_refused_entries_leave_nothing_behind(self, lib, ours):
        m = lib.nn.ParameterDict()
        assert outcome(lambda: m.__setitem__(3, lib.ones(1))) is TypeError
        assert len(m) == (0 if ours else 1)

    def test_arguments_are_counted_without_the_module(self, lib, ours):
        with pytest.raises(TypeError) as caught:
            lib.nn.Sequential().append(1, 2)
        assert str(caught.value).endswith("2 were given" if ours else "3 were given")

    def test_modules_by_name_backwards(self, lib, ours):
        m = lib.nn.ModuleDict({"a": lib.nn.Identity()})
        assert outcome(lambda: list(reversed(m))) is (TypeError if ours else KeyError)

    def test_lists_of_a_type(self, lib, ours):
        assert (outcome(lambda: lib.nn.ModuleList[lib.nn.Linear]) is TypeError) is not ours
        assert (outcome(lambda: lib.nn.ModuleDict[lib.nn.Linear]) is TypeError) is not ours


class TestCalls:
    def test_a_missing_forward_called_with_keywords(self, lib, ours):
        assert outcome(lambda: lib.nn.Module()(x=1)) is (NotImplementedError if ours else TypeError)

    def test_a_property_that_raises(self, lib, ours):
        class Net(lib.nn.Module):
            @property
            def broken(self):
                return self.missing

        with pytest.raises(AttributeError, match="'missing'" if ours else "'broken'"):
            _ = Net().broken

    def test_calls_under_the_inner_name(self, lib, ours):
        """A class may override it; on one module, PyTorch looks for it too."""

        class Net(lib.nn.Module):
            def _call_impl(self, x):
                return ("inner", x)

        class Below(Net):
            def forward(self, x):
                return x

        assert Net()(1) == Below()(1) == lib.nn.Sequential(Net())(1) == ("inner", 1)
        m = lib.nn.Identity()
        m._call_impl = lambda x: ("inner", x)
        assert m(1) == (1 if ours else ("inner", 1))

    def test_what_is_not_there(self, lib, ours):
        for name in ("_slow_forward", "_compiled_call_impl", "T_destination", "_get_backward_hooks"):
            assert hasattr(lib.nn.Module, name) is not ours


class TestStates:
    def test_no_prefix_is_an_empty_one(self, lib, ours):
        found = outcome(lambda: list(lib.nn.Linear(1, 1).state_dict(prefix=None)))
        assert found == (["weight", "bias"] if ours else TypeError)

    def test_keys_of_states_are_texts(self, lib, ours):
        assert outcome(lambda: lib.nn.Identity().load_state_dict({3: None})) is (TypeError if ours else AttributeError)

    def test_loading_by_assignment_leaves_no_mark(self, lib, ours):
        m = lib.nn.Linear(2, 2)
        state = m.state_dict()
        m.load_state_dict(state, assign=True)
        assert ("assign_to_params_buffers" in state._metadata[""]) is not ours

    def test_copies_on_request(self, lib, ours):
        m = lib.nn.Linear(2, 2)
        state = m.state_dict()
        assert state["weight"].data_ptr() == m.weight.data_ptr()
        if not ours:
            with pytest.raises(TypeError, match="copy"):
                m.state_dict(copy=True)
            return
        state, before = m.state_dict(copy=True), m.weight.tolist()
        assert state["weight"].data_ptr() != m.weight.data_ptr() and list(state._metadata) == [""]
        with lib.no_grad():
            m.weight.zero_()
        assert state["weight"].tolist() == before and not state["weight"].requires_grad
        here = {"old": m.bias}
        assert m.state_dict(destination=here, prefix="p.", copy=True) is here and here["old"] is m.bias
        assert list(here) == ["old", "p.weight", "p.bias"] and here["p.bias"].data_ptr() != m.bias.data_ptr()
        with pytest.raises(ValueError, match="choose one"):
            m.state_dict(copy=True, keep_vars=True)

    def test_deep_copies_of_computed_tensors(self, lib, ours):
        m = lib.nn.Module()
        m.result = lib.ones(2, requires_grad=True) * 2
        with pytest.raises(RuntimeError) as caught:
            copy.deepcopy(m)
        start = "deepcopy: expected a leaf tensor" if ours else "Only Tensors created explicitly by the user"
        assert str(caught.value).startswith(start)

    def test_deep_copies_share_memory_again(self, lib, ours):
        m = lib.nn.Module()
        m.a = lib.nn.Parameter(lib.ones(2))
        m.b = lib.nn.Parameter(m.a.detach())
        m.a.note = "kept"
        other = copy.deepcopy(m)
        assert (other.a.data_ptr() == other.b.data_ptr()) is ours
        assert hasattr(other.a, "note") is ours

    def test_modules_copy_themselves(self, lib, ours):
        assert hasattr(lib.nn.Module, "__deepcopy__") is ours


class TestParametersWithoutSizes:
    def test_freezing_and_converting(self, lib, ours):
        p = lib.nn.UninitializedParameter()
        for call in (lambda: p.requires_grad_(False), p.bfloat16, lambda: p.type(lib.float64)):
            assert (outcome(call) is ValueError) is not ours

    def test_functions(self, lib, ours):
        p = lib.nn.UninitializedParameter()
        assert outcome(lambda: lib.numel(p)) == (0 if ours else ValueError)
        assert outcome(p.numel) is ValueError


class TestDevices:
    @pytest.mark.parametrize("method", ["cuda", "ipu", "xpu", "mtia", "compile"])
    def test_methods_of_devices(self, method):
        with pytest.raises(NotImplementedError, match=f"nn.Module.{method}"):
            getattr(rsnn.nn.Linear(1, 1), method)()

    def test_conversions(self):
        m = rsnn.nn.Linear(1, 1)
        with pytest.raises(NotImplementedError, match="device"):
            m.to("cuda")
        with pytest.raises(NotImplementedError, match="device"):
            m.to_empty(device="meta")
        with pytest.raises(NotImplementedError, match="expected device 'cpu', got 5"):
            m.to(5)

    @pytest.mark.parametrize("number", [2.5, True])
    def test_numbers_stand_for_no_dtype(self, lib, ours, number):
        for method in (lib.nn.Linear(1, 1).to, lib.zeros(2).to):
            assert (outcome(lambda method=method: method(number)) is TypeError) is (ours or _refused(method, number))


def _refused(method, number):
    """Whether PyTorch refuses: a module goes to no integral dtype."""
    return number is True and "Tensor" not in type(method.__self__).__name__
