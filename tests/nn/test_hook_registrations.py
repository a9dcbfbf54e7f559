"""Registration hooks, and which of all the ways to give a module a parameter, a buffer or a child they see. Hooks of
containers, which are modules that mostly are not called."""

from __future__ import annotations

import copy
import pickle
from importlib import import_module

import pytest

from both import raises
from nn.hook_kinds import KINDS, Kind, registering, trigger

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using a non-full backward hook"),
    pytest.mark.usefixtures("shared"),
]


@pytest.fixture
def sees(lib):
    """What registration hooks see of a step: of parameters `p`, buffers `b`, modules `m` the name, and `-` for none."""
    seen = []
    for name in ("parameter", "buffer", "module"):
        mark = name[0]
        registering(lib, Kind(name, True), None)(
            lambda module, name, value, mark=mark: seen.append(mark + ":" + name + "-" * (value is None))
        )

    def look(step):
        del seen[:]
        step()
        return " ".join(seen)

    return look


def test_attributes_and_methods(lib, sees):
    nn, m = lib.nn, lib.nn.Module()

    def weight():
        return nn.Parameter(lib.ones(1))

    assert sees(lambda: setattr(m, "w", weight())) == sees(lambda: setattr(m, "w", weight())) == "p:w"
    assert sees(lambda: m.register_parameter("v", weight())) == "p:v"
    assert sees(lambda: setattr(m, "w", None)) == sees(lambda: m.register_parameter("v", None)) == ""
    assert sees(lambda: m.register_buffer("b", lib.ones(1))) == "b:b"
    assert sees(lambda: setattr(m, "b", lib.zeros(1))) == "b:b" and sees(lambda: setattr(m, "b", None)) == "b:b-"
    assert sees(lambda: m.register_buffer("none", None)) == "b:none-"
    assert sees(lambda: setattr(m, "c", nn.Buffer(lib.ones(1)))) == "b:c"
    assert sees(lambda: setattr(m, "d", nn.ReLU())) == sees(lambda: setattr(m, "d", nn.Tanh())) == "m:d"
    assert sees(lambda: setattr(m, "d", None)) == sees(lambda: m.add_module("d", None)) == "m:d-"
    assert sees(lambda: m.add_module("e", nn.ReLU())) == sees(lambda: m.register_module("e", nn.ReLU())) == "m:e"
    assert sees(lambda: m.set_submodule("e", nn.Tanh())) == "m:e"
    assert sees(lambda: m._parameters.update(w=weight())) == sees(lambda: m._modules.update(e=nn.ReLU())) == ""
    assert sees(lambda: m._buffers.update(b=lib.ones(1))) == sees(lambda: delattr(m, "b")) == ""


def test_refused_values(lib, sees):
    """Nothing that is refused gets as far as a hook."""
    m = lib.nn.Module()
    steps = [
        lambda: m.register_parameter("a.b", lib.nn.Parameter(lib.ones(1))),
        lambda: m.register_parameter("forward", lib.nn.Parameter(lib.ones(1))),
        lambda: m.register_parameter("a", 5),
        lambda: m.register_buffer("a.b", lib.ones(1)),
        lambda: m.register_buffer("a", 5),
        lambda: m.add_module("a.b", lib.nn.ReLU()),
        lambda: m.add_module("a", 5),
        lambda: setattr(lib.nn.Module.__new__(lib.nn.Module), "a", lib.nn.Parameter(lib.ones(1))),
    ]
    for step in steps:

        def refused(step=step):
            with pytest.raises((KeyError, TypeError, AttributeError)):
                step()

        assert sees(refused) == ""


@pytest.mark.parametrize(
    ("name", "args", "options", "seen"),
    [
        ("Linear", (1, 1), {}, "p:weight p:bias"),
        ("Linear", (1, 1), {"bias": False}, "p:weight"),
        ("Conv2d", (1, 1, 1), {}, "p:weight p:bias"),
        ("BatchNorm1d", (1,), {}, "p:weight p:bias b:running_mean b:running_var b:num_batches_tracked"),
        ("InstanceNorm1d", (1,), {}, "b:running_mean- b:running_var- b:num_batches_tracked-"),
        ("LayerNorm", (2,), {}, "p:weight p:bias"),
        ("Embedding", (2, 2), {}, "p:weight"),
        ("PReLU", (), {}, "p:weight"),
        ("GRUCell", (1, 1), {}, "p:weight_ih p:weight_hh p:bias_ih p:bias_hh"),
        ("LSTM", (1, 1), {}, "p:weight_ih_l0 p:weight_hh_l0 p:bias_ih_l0 p:bias_hh_l0"),
        (
            "MultiheadAttention",
            (2, 1),
            {},
            "p:in_proj_weight p:in_proj_bias p:weight p:bias m:out_proj",
        ),
        ("LazyLinear", (2,), {}, "p:weight p:weight p:bias"),
        ("ReLU", (), {}, ""),
    ],
)
def test_layers(lib, sees, name, args, options, seen):
    assert sees(lambda: getattr(lib.nn, name)(*args, **options)) == seen


def test_lists_of_modules(lib, sees):
    nn = lib.nn
    relu = nn.ReLU()
    for kind in (nn.ModuleList, lambda modules: nn.Sequential(*modules)):
        made = []
        assert sees(lambda kind=kind, made=made: made.append(kind([relu, relu]))) == "m:0 m:1"
        (m,) = made
        assert sees(lambda m=m: m.append(relu)) == "m:2" and sees(lambda m=m: m.extend([relu, relu])) == "m:3 m:4"
        assert sees(lambda m=m: m.__setitem__(0, relu)) == "m:0" and sees(lambda m=m: m[:2]) == "m:0 m:1"
        # What moves to another number is no registration.
        assert (
            sees(lambda m=m: m.insert(1, relu))
            == sees(lambda m=m: m.pop(0))
            == sees(lambda m=m: m.__delitem__(0))
            == ""
        )
        assert sees(lambda m=m: m.__iadd__(m[:0])) == ""
    assert sees(lambda: m[:1] * 2) == "m:0 m:0 m:1" and sees(lambda: m[:1] + m[:1]) == "m:0 m:0 m:0 m:1"


def test_dictionaries_of_modules(lib, sees):
    relu = lib.nn.ReLU()
    assert sees(lambda: lib.nn.ModuleDict({"a": relu, "b": relu})) == "m:a m:b"
    m = lib.nn.ModuleDict()
    assert sees(lambda: m.__setitem__("a", relu)) == "m:a" and sees(lambda: m.update([("b", relu)])) == "m:b"
    assert sees(lambda: m.update({"a": relu})) == "m:a" and sees(lambda: m.pop("a")) == sees(m.clear) == ""


def test_containers_of_parameters(lib, sees):
    nn = lib.nn
    w = nn.Parameter(lib.ones(1))
    assert sees(lambda: nn.ParameterList([w, lib.ones(1), 5])) == "p:0 p:1"
    m = nn.ParameterList()
    assert sees(lambda: m.append(w)) == "p:0" and sees(lambda: m.extend([w, lib.ones(1)])) == "p:1 p:2"
    assert sees(lambda: m.__setitem__(0, w)) == "p:0" and sees(lambda: m.append("text")) == ""
    assert sees(lambda: m[1:3]) == "p:0 p:1" and sees(lambda: m.__iadd__([w])) == "p:4"
    assert sees(lambda: nn.ParameterDict({"a": w, "b": lib.ones(1), "c": 2})) == "p:a p:b"
    d = nn.ParameterDict()
    assert sees(lambda: d.__setitem__("a", w)) == "p:a" and sees(lambda: d.update({"b": w})) == "p:b"
    assert sees(lambda: d.setdefault("c", w)) == "p:c" and sees(lambda: d.setdefault("c", w)) == ""
    assert sees(d.copy) == "p:a p:b p:c" and sees(lambda: d | d) == "p:a p:b p:c p:a p:b p:c"
    assert sees(lambda: d.__ior__({"z": w})) == "p:z" and sees(lambda: d.pop("z")) == ""
    assert sees(d.popitem) == sees(d.clear) == "" and sees(lambda: d.fromkeys(["x"], w)) == "p:x"


def test_what_is_no_registration(lib, sees):
    m = lib.nn.Linear(1, 1)
    for step in (
        lambda: copy.deepcopy(m),
        lambda: copy.copy(m),
        lambda: pickle.loads(pickle.dumps(m)),
        lambda: m.load_state_dict(m.state_dict()),
        m.double,
        m.half,
        lambda: m.to_empty(device="cpu"),
        lambda: m.requires_grad_(False),
    ):
        assert sees(step) == ""
    assert sees(lambda: m.load_state_dict(m.state_dict(), assign=True)) == "p:weight p:bias"
    m = lib.nn.BatchNorm1d(1, affine=False)
    state = m.state_dict()
    assert sees(lambda: m.load_state_dict(state, assign=True)) == "b:running_mean b:running_var b:num_batches_tracked"


def test_tools_that_register(lib, sees):
    parametrize = import_module(f"{lib.__name__}.nn.utils.parametrize")
    prune = import_module(f"{lib.__name__}.nn.utils.prune")
    m = lib.nn.Linear(1, 1)
    assert (
        sees(lambda: parametrize.register_parametrization(m, "weight", lib.nn.Identity()))
        == "m:0 p:original m:parametrizations m:weight"
    )
    assert sees(lambda: parametrize.remove_parametrizations(m, "weight")) == "p:weight"
    m = lib.nn.Linear(2, 2)
    assert sees(lambda: prune.l1_unstructured(m, "weight", 1)) == "p:weight_orig b:weight_mask"
    assert sees(lambda: prune.remove(m, "weight")) == "p:weight"


@pytest.mark.parametrize("thing", [5, False, "text"])
def test_anything_may_be_registered_instead(lib, thing):
    """What a hook returns is not looked at; it fails where it is used."""
    m = lib.nn.Module()
    with registering(lib, Kind("parameter", True), m)(lambda *given: thing):
        m.w = lib.nn.Parameter(lib.ones(1))
    assert m.w is thing is m._parameters["w"]
    with registering(lib, Kind("module", True), m)(lambda *given: thing):
        m.register_module("child", lib.nn.ReLU())
    assert m.child is thing is m._modules["child"] and repr(m) == f"Module(\n  (child): {thing!r}\n)"
    with pytest.raises(AttributeError, match="has no attribute 'named_modules'"):
        list(m.modules())
    m = lib.nn.Module()
    with registering(lib, Kind("buffer", True), m)(lambda *given: thing):
        m.b = lib.nn.Buffer(lib.ones(1))
    assert m.b is thing is m._buffers["b"]
    with pytest.raises(AttributeError, match="has no attribute 'detach'"):
        m.state_dict()


CONTAINERS = {
    "Sequential": lambda nn: nn.Sequential(),
    "ModuleList": lambda nn: nn.ModuleList([nn.Identity()]),
    "ModuleDict": lambda nn: nn.ModuleDict({"a": nn.Identity()}),
    "ParameterList": lambda nn: nn.ParameterList(),
    "ParameterDict": lambda nn: nn.ParameterDict(),
}


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_hooks_of_containers(lib, name, kind):
    """Lists and dictionaries of modules have no `forward`, but a call runs what comes before it; those of parameters
    have a call of their own, which runs nothing."""
    m, seen = CONTAINERS[name](lib.nn), []
    registering(lib, kind, m)(lambda *given: seen.append(type(given[0]).__name__))
    if name == "Sequential" or "ward" not in kind.name:
        trigger(lib, kind, m)
        assert seen == ["OrderedDict" if kind.name == "load_pre_private" else name]
    elif name.startswith("Module"):
        with raises(NotImplementedError, f'Module [{name}] is missing the required "forward" function'):
            trigger(lib, kind, m)
        assert seen == ([name] if kind.name == "forward_pre" else [])
    else:
        with raises(RuntimeError, f"{name} should not be called."):
            trigger(lib, kind, m)
        assert seen == []


@pytest.mark.parametrize("name", ["ModuleList", "ModuleDict"])
def test_a_call_of_a_container_fails_as_any_other(lib, name):
    m, seen = CONTAINERS[name](lib.nn), []
    m.register_forward_hook(lambda module, args, output: seen.append((args, output)), always_call=True)
    with pytest.raises(NotImplementedError):
        m(1)
    assert seen == [((1,), None)]


def test_hooks_inside_of_a_container_run_in_its_order(lib):
    m, seen = lib.nn.Sequential(*(lib.nn.Identity() for _ in range(3))), []
    for i, child in enumerate(m):
        child.register_forward_pre_hook(lambda module, args, i=i: seen.append((i, args[0])) or (args[0] + 1,))
    assert m(1) == 4 and seen == [(0, 1), (1, 2), (2, 3)]
    del m[0]
    m.append(m[0])
    del seen[:]
    assert m(1) == 4 and seen == [(1, 1), (2, 2), (1, 3)]
