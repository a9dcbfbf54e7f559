"""Flags of the methods of modules go by truth, as they do where PyTorch is written in Python."""

from __future__ import annotations

import pytest

from both import names


class Loud:
    """Something that can tell whether it is true only by an exception."""

    def __bool__(self) -> bool:
        raise KeyError("asked")


def order(module, registration, flag):
    """Whether a second hook registered with the flag runs first."""
    seen = []
    register = getattr(module, registration)
    register(lambda *_: seen.append("first"))
    register(lambda *_: seen.append("second"), prepend=flag)
    return module, seen


@pytest.mark.parametrize(("flag", "truth"), [(1, True), (0, False), ("x", True), ([], False), (None, False)])
def test_anything_true_or_false_will_do(lib, flag, truth):
    nn = lib.nn
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    module.register_buffer("b", lib.ones(1), persistent=flag)
    assert ("b" in module.state_dict()) is truth
    assert module.state_dict(keep_vars=flag)["0.weight"].requires_grad is truth
    assert names(module.named_parameters(recurse=flag)) == (names(module.named_parameters()) if truth else [])
    assert names(module.named_buffers(recurse=flag)) == (names(module.named_buffers()) if truth else ["b"])
    assert len(list(module.parameters(recurse=flag))) == (4 if truth else 0)
    assert len(list(module.buffers(recurse=flag))) == (4 if truth else 1)
    module.add_module("again", module[0])
    assert len(list(module.named_modules(remove_duplicate=flag))) == 3 + (0 if truth else 1)
    assert len(list(module.modules(remove_duplicate=flag))) == 3 + (0 if truth else 1)
    assert len(list(module.named_parameters(remove_duplicate=flag))) == 4 + (0 if truth else 2)
    for registration in ("register_forward_pre_hook", "register_forward_hook"):
        called, seen = order(nn.Identity(), registration, flag)
        called(lib.ones(1))
        assert seen == (["second", "first"] if truth else ["first", "second"])
    layer = nn.Linear(2, 2)
    if truth:
        with pytest.raises(RuntimeError, match="Missing key"):
            layer.load_state_dict({}, strict=flag)
    else:
        assert list(layer.load_state_dict({}, strict=flag).missing_keys) == ["weight", "bias"]
    state = nn.Linear(2, 2).state_dict()
    layer.load_state_dict(state, assign=flag)
    assert (layer.weight.data_ptr() == state["weight"].data_ptr()) is truth


def test_what_the_question_raises_comes_out(lib):
    with pytest.raises(KeyError, match="asked"):
        lib.nn.Linear(2, 2).load_state_dict({}, strict=Loud())
    with pytest.raises(KeyError, match="asked"):
        list(lib.nn.Linear(2, 2).named_parameters(recurse=Loud()))


@pytest.mark.parametrize("arguments", [((True, 1), {}), ((), {"nonsense": 1}), ((True,), {"extra": 2})])
def test_a_parameter_takes_its_two_arguments_only(lib, arguments):
    positional, named = arguments
    with pytest.raises(TypeError, match="argument"):
        lib.nn.Parameter(lib.ones(1), *positional, **named)

    class Own(lib.nn.Parameter):
        pass

    with pytest.raises(TypeError, match="argument"):
        Own(lib.ones(1), *positional, **named)
