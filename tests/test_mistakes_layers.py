"""Bad arguments of layers, modules and initialisers."""

import math

from mistakes import cases, check

nan = math.nan

LAYERS = {
    "Softshrink: negative": (RuntimeError, lambda lib: lib.nn.Softshrink(-1.0)(lib.zeros(2))),
    "assign a tensor to a parameter": (TypeError, lambda lib: setattr(lib.nn.Linear(2, 2), "weight", lib.zeros(2, 2))),
    "register_parameter: result": (
        TypeError,
        lambda lib: lib.nn.Linear(2, 2).register_parameter("x", lib.nn.Parameter(lib.zeros(2)) * 2),
    ),
    "register_parameter: tensor": (TypeError, lambda lib: lib.nn.Linear(2, 2).register_parameter("x", lib.zeros(2))),
    "Conv2d: groups": (ValueError, lambda lib: lib.nn.Conv2d(3, 4, 3, groups=2)),
    "Conv2d: output groups": (ValueError, lambda lib: lib.nn.Conv2d(4, 3, 3, groups=2)),
    "Conv2d: no groups": (ValueError, lambda lib: lib.nn.Conv2d(3, 4, 3, groups=0)),
    "Conv2d: negative groups": (ValueError, lambda lib: lib.nn.Conv2d(3, 4, 3, groups=-1)),
    "Conv2d: padding mode": (ValueError, lambda lib: lib.nn.Conv2d(3, 4, 3, padding_mode="mirror")),
    "Conv2d: padding text": (ValueError, lambda lib: lib.nn.Conv2d(3, 4, 3, padding="full")),
    "Conv2d: same with stride": (ValueError, lambda lib: lib.nn.Conv2d(3, 4, 3, padding="same", stride=2)),
    "Conv2d: negative channels": (RuntimeError, lambda lib: lib.nn.Conv2d(-3, 4, 3)),
    "Conv2d: float channels": (TypeError, lambda lib: lib.nn.Conv2d(3.0, 4, 3)),
    "Conv2d: text kernel": (TypeError, lambda lib: lib.nn.Conv2d(3, 4, "3")),
    "Conv2d: huge": (RuntimeError, lambda lib: lib.nn.Conv2d(2**40, 2**40, 3)),
    "Conv2d: device": (RuntimeError, lambda lib: lib.nn.Conv2d(3, 4, 3, device="nonsense")),
    "Conv2d: dtype": (RuntimeError, lambda lib: lib.nn.Conv2d(3, 4, 3, dtype=lib.int64)),
    "Conv2d: no arguments": (TypeError, lambda lib: lib.nn.Conv2d()),
    "Conv2d: unknown argument": (TypeError, lambda lib: lib.nn.Conv2d(3, 4, 3, colour=1)),
    "ConvTranspose2d: padding mode": (ValueError, lambda lib: lib.nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect")),
    "ConvTranspose2d: output size": (
        ValueError,
        lambda lib: lib.nn.ConvTranspose2d(3, 4, 3)(lib.zeros(1, 3, 4, 4), output_size=(20, 20)),
    ),
    "Linear: negative": (RuntimeError, lambda lib: lib.nn.Linear(-1, 2)),
    "Linear: text": (TypeError, lambda lib: lib.nn.Linear("1", 2)),
    "Linear: float": (TypeError, lambda lib: lib.nn.Linear(1.5, 2)),
    "Linear: huge": (RuntimeError, lambda lib: lib.nn.Linear(2**40, 2**40)),
    "Linear: features": (RuntimeError, lambda lib: lib.nn.Linear(3, 4)(lib.zeros(2, 5))),
    "Linear: number": (TypeError, lambda lib: lib.nn.Linear(3, 4)(5)),
    "Linear: none": (TypeError, lambda lib: lib.nn.Linear(3, 4)(None)),
    "Linear: no input": (TypeError, lambda lib: lib.nn.Linear(3, 4)()),
    "Linear: two inputs": (TypeError, lambda lib: lib.nn.Linear(3, 4)(lib.zeros(3), lib.zeros(3))),
    "BatchNorm1d: rank": (ValueError, lambda lib: lib.nn.BatchNorm1d(3)(lib.zeros(2, 3, 4, 5))),
    "BatchNorm2d: rank": (ValueError, lambda lib: lib.nn.BatchNorm2d(3)(lib.zeros(2, 3))),
    "BatchNorm3d: rank": (ValueError, lambda lib: lib.nn.BatchNorm3d(3)(lib.zeros(2, 3))),
    "BatchNorm2d: channels": (RuntimeError, lambda lib: lib.nn.BatchNorm2d(3)(lib.zeros(2, 4, 5, 5))),
    "BatchNorm1d: one value": (ValueError, lambda lib: lib.nn.BatchNorm1d(3)(lib.zeros(1, 3))),
    "BatchNorm1d: negative": (RuntimeError, lambda lib: lib.nn.BatchNorm1d(-3)),
    "InstanceNorm1d: rank": (ValueError, lambda lib: lib.nn.InstanceNorm1d(3)(lib.zeros(2, 3, 4, 5))),
    "LayerNorm: shape": (RuntimeError, lambda lib: lib.nn.LayerNorm(3)(lib.zeros(2, 4))),
    "LayerNorm: text": (TypeError, lambda lib: lib.nn.LayerNorm("3")),
    "GroupNorm: channels": (ValueError, lambda lib: lib.nn.GroupNorm(2, 3)),
    "GroupNorm: no groups": (ZeroDivisionError, lambda lib: lib.nn.GroupNorm(0, 3)),
    "Dropout: beyond one": (ValueError, lambda lib: lib.nn.Dropout(1.5)),
    "Dropout: negative": (ValueError, lambda lib: lib.nn.Dropout(-0.5)),
    "Embedding: padding": (AssertionError, lambda lib: lib.nn.Embedding(3, 2, padding_idx=5)),
    "Embedding: negative padding": (AssertionError, lambda lib: lib.nn.Embedding(3, 2, padding_idx=-5)),
    "Embedding: weight": (AssertionError, lambda lib: lib.nn.Embedding(3, 2, _weight=lib.zeros(2, 2))),
    "Embedding: float": (RuntimeError, lambda lib: lib.nn.Embedding(3, 2)(lib.zeros(2))),
    "MaxPool2d: beyond": (RuntimeError, lambda lib: lib.nn.MaxPool2d(5)(lib.zeros(1, 1, 3, 3))),
    "MaxPool2d: no kernel": (TypeError, lambda lib: lib.nn.MaxPool2d()(lib.zeros(1, 1, 3, 3))),
    "AdaptiveAvgPool2d: sizes": (RuntimeError, lambda lib: lib.nn.AdaptiveAvgPool2d((1, 2, 3))(lib.zeros(1, 1, 3, 3))),
    "Flatten: range": (IndexError, lambda lib: lib.nn.Flatten(1, 4)(lib.zeros(2, 3))),
    "Unflatten: sizes": (RuntimeError, lambda lib: lib.nn.Unflatten(1, (2, 2))(lib.zeros(2, 3))),
    "Unflatten: type": (TypeError, lambda lib: lib.nn.Unflatten(1, 3.5)),
    "PReLU: parameters": (RuntimeError, lambda lib: lib.nn.PReLU(4)(lib.zeros(2, 3))),
    "Softmax: range": (IndexError, lambda lib: lib.nn.Softmax(3)(lib.zeros(2, 3))),
    "Softmax2d: rank": (ValueError, lambda lib: lib.nn.Softmax2d()(lib.zeros(2, 3))),
    "Hardtanh: order": (AssertionError, lambda lib: lib.nn.Hardtanh(1.0, -1.0)),
    "CrossEntropyLoss: class": (IndexError, lambda lib: lib.nn.CrossEntropyLoss()(lib.zeros(2, 3), lib.tensor([0, 3]))),
    "MSELoss: reduction": (ValueError, lambda lib: lib.nn.MSELoss(reduction="total")(lib.zeros(2), lib.zeros(2))),
    "HuberLoss: delta": (RuntimeError, lambda lib: lib.nn.HuberLoss(delta=-1.0)(lib.zeros(2), lib.zeros(2))),
    "TripletMarginLoss: margin": (ValueError, lambda lib: lib.nn.TripletMarginLoss(margin=-1.0)),
    "MultiMarginLoss: p": (ValueError, lambda lib: lib.nn.MultiMarginLoss(p=3)),
    "Bilinear: zero": (ValueError, lambda lib: lib.nn.Bilinear(0, 2, 3)),
    "PixelShuffle: channels": (RuntimeError, lambda lib: lib.nn.PixelShuffle(2)(lib.zeros(1, 3, 2, 2))),
    "ReflectionPad1d: rank": (NotImplementedError, lambda lib: lib.nn.ReflectionPad1d(1)(lib.zeros(3))),
    "Sequential: number": (TypeError, lambda lib: lib.nn.Sequential(3)),
    "Sequential: index": (IndexError, lambda lib: lib.nn.Sequential()[0]),
    "ModuleList: number": (TypeError, lambda lib: lib.nn.ModuleList([3])),
    "ModuleList: index": (IndexError, lambda lib: lib.nn.ModuleList()[0]),
    "ModuleList: call": (NotImplementedError, lambda lib: lib.nn.ModuleList()(lib.zeros(1))),
    "ModuleDict: key": (KeyError, lambda lib: lib.nn.ModuleDict()["x"]),
    "ModuleDict: number": (TypeError, lambda lib: lib.nn.ModuleDict({"a": 3})),
    "ModuleDict: call": (NotImplementedError, lambda lib: lib.nn.ModuleDict()(lib.zeros(1))),
    "ParameterList: index": (IndexError, lambda lib: lib.nn.ParameterList()[0]),
    "Module: forward": (NotImplementedError, lambda lib: lib.nn.Module()(1)),
    "Parameter: integers": (RuntimeError, lambda lib: lib.nn.Parameter(lib.zeros(2, dtype=lib.int64))),
    "register_buffer: number": (TypeError, lambda lib: lib.nn.Linear(2, 2).register_buffer("x", 3)),
    "register_buffer: name": (KeyError, lambda lib: lib.nn.Linear(2, 2).register_buffer("weight", lib.zeros(2))),
    "add_module: dot": (KeyError, lambda lib: lib.nn.Linear(2, 2).add_module("a.b", lib.nn.ReLU())),
    "add_module: empty": (KeyError, lambda lib: lib.nn.Linear(2, 2).add_module("", lib.nn.ReLU())),
    "add_module: number": (TypeError, lambda lib: lib.nn.Linear(2, 2).add_module("a", 3)),
    "assign a number to a module": (TypeError, lambda lib: setattr(lib.nn.Sequential(lib.nn.ReLU()), "0", 3)),
    "attribute": (AttributeError, lambda lib: lib.nn.Linear(2, 2).wieght),
    "delete": (AttributeError, lambda lib: delattr(lib.nn.Linear(2, 2), "nothing")),
    "get_submodule": (AttributeError, lambda lib: lib.nn.Sequential().get_submodule("a.b")),
    "get_parameter": (AttributeError, lambda lib: lib.nn.Linear(2, 2).get_parameter("nothing")),
    "get_buffer": (AttributeError, lambda lib: lib.nn.Linear(2, 2).get_buffer("weight")),
    "load_state_dict: missing": (RuntimeError, lambda lib: lib.nn.Linear(2, 2).load_state_dict({})),
    "load_state_dict: unexpected": (RuntimeError, lambda lib: lib.nn.ReLU().load_state_dict({"a": lib.zeros(1)})),
    "load_state_dict: shape": (
        RuntimeError,
        lambda lib: lib.nn.Linear(2, 2).load_state_dict(lib.nn.Linear(2, 3).state_dict()),
    ),
    "load_state_dict: list": (TypeError, lambda lib: lib.nn.Linear(2, 2).load_state_dict([])),
    "load_state_dict: numbers": (
        RuntimeError,
        lambda lib: lib.nn.Linear(1, 1).load_state_dict({"weight": 3, "bias": 4}),
    ),
    "to: integers": (TypeError, lambda lib: lib.nn.Linear(2, 2).to(lib.int64)),
    "to: text": (RuntimeError, lambda lib: lib.nn.Linear(2, 2).to("nonsense")),
    "train: text": (ValueError, lambda lib: lib.nn.Linear(2, 2).train("yes")),
    "init: xavier of a vector": (ValueError, lambda lib: lib.nn.init.xavier_uniform_(lib.zeros(3))),
    "init: kaiming mode": (ValueError, lambda lib: lib.nn.init.kaiming_normal_(lib.zeros(3, 3), mode="fan")),
    "init: gain": (ValueError, lambda lib: lib.nn.init.calculate_gain("nonsense")),
    "init: gain parameter": (ValueError, lambda lib: lib.nn.init.calculate_gain("leaky_relu", "x")),
    "init: orthogonal vector": (ValueError, lambda lib: lib.nn.init.orthogonal_(lib.zeros(3))),
    "init: dirac rank": (ValueError, lambda lib: lib.nn.init.dirac_(lib.zeros(3, 3))),
    "init: dirac groups": (ValueError, lambda lib: lib.nn.init.dirac_(lib.zeros(3, 3, 3), groups=2)),
    "init: eye rank": (ValueError, lambda lib: lib.nn.init.eye_(lib.zeros(3))),
    "init: sparse rank": (ValueError, lambda lib: lib.nn.init.sparse_(lib.zeros(3), 0.5)),
    "clip_grad_norm_: not finite": (RuntimeError, lambda lib: _clip(lib)),
    "clip_grad_norm_: text": (AttributeError, lambda lib: lib.nn.utils.clip_grad_norm_("x", 1.0)),
}

#: Where PyTorch stumbles over its own code, or computes something that nobody asked for.
OWN = {
    "Parameter: number": (TypeError, lambda lib: lib.nn.Parameter(3)),
}


def _clip(lib):
    x = lib.zeros(1, requires_grad=True)
    x.grad = lib.full((1,), nan)
    return lib.nn.utils.clip_grad_norm_([x], 1.0, error_if_nonfinite=True)


@cases(LAYERS)
def test_layers(expected, call):
    check(expected, call)


@cases(OWN)
def test_what_pytorch_does_by_accident(expected, call):
    check(expected, call, like_torch=False)
