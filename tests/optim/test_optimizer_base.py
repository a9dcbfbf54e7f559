"""What all optimizers share: parameter groups, state dicts, hooks, copies."""

import copy
import pickle

import pytest

import rsnn
from rsnn.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook, required


def leaf(*values):
    return rsnn.tensor(list(values) or [1.0], requires_grad=True)


def stepped(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = rsnn.ones_like(p)
    optimizer.step()
    return optimizer


def test_groups_override_defaults():
    a, b = leaf(), leaf()
    optimizer = rsnn.optim.SGD([{"params": a}, {"params": iter([b]), "lr": 0.5}], lr=0.1, momentum=0.9)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.9]
    assert optimizer.param_groups[0]["params"] == [a]
    optimizer.add_param_group({"params": [leaf()], "lr": 1.0})
    assert optimizer.param_groups[2]["lr"] == 1.0


@pytest.mark.parametrize(
    ("params", "error"),
    [
        (lambda: [], ValueError),
        (lambda: leaf(), TypeError),
        (lambda: [1], TypeError),
        (lambda: 5, TypeError),
        (lambda: [leaf() * 2], ValueError),
        (lambda: [{"params": {leaf()}}], TypeError),
        (lambda: [("a", leaf()), leaf()], ValueError),
        (lambda: [{"lr": 1}], KeyError),
        (lambda: [{"params": [("a", leaf())]}, {"params": [leaf()]}], ValueError),
    ],
)
def test_bad_parameters(params, error):
    with pytest.raises(error):
        rsnn.optim.SGD(params(), lr=0.1)


def test_a_parameter_belongs_to_one_group():
    w = leaf()
    with pytest.raises(ValueError, match="more than one"):
        rsnn.optim.SGD([{"params": [w]}, {"params": [w]}])
    with pytest.warns(UserWarning, match="duplicate"):
        rsnn.optim.SGD([w, w])
    with pytest.raises(TypeError, match="dict"):
        rsnn.optim.SGD([w]).add_param_group([leaf()])


def test_required_options():
    class Demanding(rsnn.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": required})

    with pytest.raises(ValueError, match="'lr'"):
        Demanding([leaf()])
    assert Demanding([{"params": [leaf()], "lr": 3}]).param_groups[0]["lr"] == 3
    with pytest.raises(NotImplementedError, match="step"):
        Demanding([{"params": [leaf()], "lr": 3}]).step()


def test_zero_grad():
    w = leaf()
    optimizer = rsnn.optim.SGD([w])
    w.grad = rsnn.ones(1)
    gradient = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is not None and gradient.item() == 0
    optimizer.zero_grad()
    assert w.grad is None


def test_a_parameter_without_gradient_is_left_alone():
    a, b = leaf(), leaf()
    optimizer = rsnn.optim.Adam([a, b])
    a.grad = rsnn.ones(1)
    optimizer.step()
    assert b.item() == 1.0 and b not in optimizer.state and list(optimizer.state_dict()["state"]) == [0]


def test_state_dict_has_the_layout_of_pytorch():
    optimizer = stepped(rsnn.optim.SGD([{"params": [leaf(), leaf()]}, {"params": [leaf()], "lr": 1}], momentum=0.9))
    state = optimizer.state_dict()
    assert list(state) == ["state", "param_groups"]
    assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2]]
    assert list(state["param_groups"][0]) == [
        "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize", "foreach", "differentiable", "fused",
        "params",
    ]  # fmt: skip
    assert {i: list(values) for i, values in state["state"].items()} == {i: ["momentum_buffer"] for i in range(3)}


def test_sgd_without_momentum_has_no_state():
    assert stepped(rsnn.optim.SGD([leaf()])).state_dict()["state"] == {}


def test_named_parameters():
    a, b = leaf(), leaf()
    named = rsnn.optim.SGD([("a", a), ("b", b)], lr=0.5)
    assert named.param_groups[0]["param_names"] == ["a", "b"]
    assert named.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    plain = rsnn.optim.SGD([a, b])
    plain.load_state_dict(named.state_dict())
    assert plain.param_groups[0]["param_names"] == ["a", "b"] and plain.param_groups[0]["lr"] == 0.5
    other = rsnn.optim.SGD([("x", a), ("y", b)])
    other.load_state_dict(rsnn.optim.SGD([a, b]).state_dict())
    assert other.param_groups[0]["param_names"] == ["x", "y"]


def test_load_state_dict_checks_the_groups():
    one, two = rsnn.optim.SGD([leaf()]), rsnn.optim.SGD([leaf(), leaf()])
    with pytest.raises(ValueError, match="group"):
        one.load_state_dict(two.state_dict())
    with pytest.raises(ValueError, match="groups"):
        rsnn.optim.SGD([{"params": [leaf()]}, {"params": [leaf()]}]).load_state_dict(two.state_dict())


def test_load_state_dict_fits_state_to_the_parameters():
    source = stepped(rsnn.optim.Adam([leaf()]))
    w = rsnn.ones(1, dtype=rsnn.float64)
    target = rsnn.optim.Adam([w])
    target.load_state_dict(source.state_dict())
    state = target.state[w]
    assert state["exp_avg"].dtype == rsnn.float64 and state["step"].dtype == rsnn.float32
    assert target.param_groups[0]["params"][0] is w


def test_state_of_older_versions():
    w = leaf()
    optimizer = rsnn.optim.Adam([w])
    state = stepped(optimizer).state_dict()
    state["state"][0]["step"] = 1.0
    del state["param_groups"][0]["maximize"], state["param_groups"][0]["fused"]
    optimizer.load_state_dict(state)
    assert optimizer.state[w]["step"].item() == 1.0
    assert optimizer.param_groups[0]["maximize"] is False and optimizer.param_groups[0]["fused"] is None
    stepped(optimizer)


def test_entries_of_the_state_that_belong_to_no_parameter_stay():
    optimizer = rsnn.optim.SGD([leaf()])
    optimizer.state["counter"] = 3
    other = rsnn.optim.SGD([leaf()])
    other.load_state_dict(optimizer.state_dict())
    assert other.state["counter"] == 3


def test_copies():
    optimizer = stepped(rsnn.optim.SGD([leaf()], lr=0.1, momentum=0.9))
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        w = twin.param_groups[0]["params"][0]
        assert w is not optimizer.param_groups[0]["params"][0] and list(twin.state) == [w]
        before = w.item()
        stepped(twin)
        assert w.item() == pytest.approx(before - 0.19)


def test_step_hooks():
    w, seen = leaf(), []
    optimizer = rsnn.optim.SGD([w], lr=0.1)
    handles = [
        optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("pre", o is optimizer, len(args)))),
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("post", kwargs))),
        register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("all pre")),
        register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("all post")),
    ]
    optimizer.step(closure=None)
    assert seen == ["all pre", ("pre", True, 1), ("post", {"closure": None}), "all post"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(seen) == 4
    optimizer.register_step_pre_hook(lambda o, args, kwargs: (args, {"closure": lambda: "changed"}))
    assert optimizer.step() == "changed"
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 5)
    with pytest.raises(RuntimeError, match="pre-hook"):
        optimizer.step()


def test_hooks_run_once_around_a_step_that_calls_its_parent():
    class Child(rsnn.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    seen = []
    optimizer = Child([leaf()])
    optimizer.register_step_post_hook(lambda *_: seen.append(1))
    stepped(optimizer)
    assert seen == [1]


def test_state_dict_hooks():
    optimizer, seen = rsnn.optim.SGD([leaf()], lr=0.1), []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("before"))
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "extra": 1})
    optimizer.register_state_dict_post_hook(lambda o, state: seen.append(sorted(state)), prepend=True)
    state = optimizer.state_dict()
    assert state["extra"] == 1 and seen == ["before", ["param_groups", "state"]]
    changed = {**state, "param_groups": [{**state["param_groups"][0], "lr": 9.0}]}
    optimizer.register_load_state_dict_pre_hook(lambda o, state: changed)
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 9.0 and seen[-1] == "loaded"


def test_repr():
    optimizer = rsnn.optim.SGD([leaf()], lr=0.1)
    text = repr(optimizer)
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n") and text.endswith("    weight_decay: 0\n)")
