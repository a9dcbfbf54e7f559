"""A second `state_dict` of a module takes what the first one learnt: sizes, paths, and that nothing is overridden."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from typing import Any

import pytest

import rsnn
from rsnn import nn


def stack(count: int = 40) -> nn.Sequential:
    """Layers that are registered under numbers."""
    return nn.Sequential(*[nn.Linear(2, 3) for _ in range(count)])


@pytest.fixture(params=["first", "again", "after another size"])
def state(request: pytest.FixtureRequest) -> OrderedDict[str, rsnn.Tensor]:
    net = stack(3 if request.param == "after another size" else 40)
    if request.param != "first":
        net.state_dict()
    while len(net) < 40:
        net.append(nn.Linear(2, 3))
    return net.state_dict()


def keys() -> list[str]:
    return [f"{i}.{name}" for i in range(40) for name in ("weight", "bias")]


def test_it_is_an_ordered_dict_in_every_respect(state):
    assert type(state) is OrderedDict and len(state) == 80
    assert list(state) == keys() and list(reversed(state)) == keys()[::-1]
    assert list(state._metadata) == ["", *map(str, range(40))]
    assert all(state[key] is value and key in state for key, value in state.items())
    assert state.get("40.weight") is None and "weight" not in state
    state.move_to_end("3.bias", last=False)
    assert next(iter(state)) == "3.bias"
    assert state.popitem()[0] == "39.bias" and len(state) == 79
    del state["0.weight"]
    assert list(state)[:2] == ["3.bias", "0.bias"]
    with pytest.raises(KeyError, match=r"0\.weight"):
        state["0.weight"]
    state["0.weight"] = 1
    assert list(state)[-1] == "0.weight" and len(state) == 79
    state.clear()
    assert not state and list(state) == []
    state["a"] = 2
    assert state == OrderedDict(a=2)


def test_it_grows_and_takes_any_key(state):
    before = list(state.items())
    for i in range(5000):
        state[f"more.{i}"] = i
    state[7], state[(1, 2)], state[None] = "a", "b", "c"
    assert [(key, state[key]) for key, _ in before] == before
    assert list(state)[:80] == keys() and list(state)[-3:] == [7, (1, 2), None]
    assert len(state) == 5083 and state["more.4999"] == 4999 and state[(1, 2)] == "b"


def test_it_is_copied_and_compared(state):
    same = state.copy()
    assert type(same) is OrderedDict and list(same) == keys() and all(same[key] is state[key] for key in keys())
    assert list(copy.copy(state)) == keys() and list(dict(state)) == keys()
    again = pickle.loads(pickle.dumps(state))
    assert list(again) == keys() and rsnn.equal(again["5.bias"], state["5.bias"])
    assert OrderedDict(a=1) != state and state.keys() == same.keys()
    state.update({"0.weight": 0, "new": 1})
    assert list(state)[0] == "0.weight" and list(state)[-1] == "new" and same["0.weight"] is not state["0.weight"]


def own(prefix: str) -> Any:
    def state_dict(*args: Any, destination: Any, prefix: str = "", keep_vars: bool = False) -> None:
        destination[prefix + "own"] = 1

    return state_dict


@pytest.mark.parametrize("directly", [True, False], ids=["__dict__", "attribute"])
def test_what_is_overridden_later_is_seen(directly):
    net = stack(3)
    plain = list(net.state_dict())
    names = [name for name, _ in net.named_modules()]

    def give(name: str, value: Any) -> None:
        if directly:
            net[1].__dict__[name] = value
        else:
            object.__setattr__(net[1], name, value)

    def save(destination: Any, prefix: str, keep_vars: bool) -> None:
        destination[prefix + "saved"] = 2

    def walk(memo: Any = None, prefix: str = "", remove_duplicate: bool = True) -> Any:
        yield prefix + "!", net[1]

    give("state_dict", own("1."))
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.own", "2.weight", "2.bias"]
    del net[1].__dict__["state_dict"]
    assert list(net.state_dict()) == plain
    give("_save_to_state_dict", save)
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.saved", "2.weight", "2.bias"]
    del net[1].__dict__["_save_to_state_dict"]
    assert list(net.state_dict()) == plain
    give("_version", 5)
    assert [entry["version"] for entry in net.state_dict()._metadata.values()] == [1, 1, 5, 1]
    del net[1].__dict__["_version"]
    assert [entry["version"] for entry in net.state_dict()._metadata.values()] == [1, 1, 1, 1]
    assert [name for name, _ in net.named_modules()] == names
    give("named_modules", walk)
    assert [name for name, _ in net.named_modules()] == ["", "0", "1!", "2"]
    assert [name for name, _ in net.named_parameters()][2:4] == ["1!.weight", "1!.bias"]
    del net[1].__dict__["named_modules"]
    assert [name for name, _ in net.named_modules()] == names
    net[1].__dict__ = {"state_dict": own("1."), **net[1].__dict__}
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.own", "2.weight", "2.bias"]
