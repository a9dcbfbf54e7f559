"""Calling modules: what `forward` gets, and what an error says."""

from __future__ import annotations

import sys

import pytest

import rsnn
from both import probe, raises


def test_arguments_reach_forward(lib):
    class Echo(lib.nn.Module):
        def forward(self, *args, **kwargs):
            return args, kwargs

    m = Echo()
    assert m() == ((), {}) and m(1, 2, x=3) == ((1, 2), {"x": 3}) and m(*range(20)) == (tuple(range(20)), {})
    assert m.__call__(1) == ((1,), {}) and m._call_impl(1, y=2) == ((1,), {"y": 2})


def test_forward_may_be_missing(lib):
    class Net(lib.nn.Module):
        pass

    with raises(NotImplementedError, 'Module [Net] is missing the required "forward" function'):
        Net()(1, 2)


def test_forward_may_be_anything_callable(lib):
    class Static(lib.nn.Module):
        @staticmethod
        def forward(x):
            return ("static", x)

    class OfClass(lib.nn.Module):
        @classmethod
        def forward(cls, x):
            return (cls.__name__, x)

    class Other(lib.nn.Module):
        def forward(self, x):
            return ("class", x)

    assert Static()(1) == ("static", 1) and OfClass()(1) == ("OfClass", 1)
    m = Other()
    m.forward = lambda x: ("instance", x)
    assert m(1) == ("instance", 1)
    del m.forward
    assert m(1) == ("class", 1)
    Other.forward = lambda self, x: ("patched", x)
    assert m(1) == ("patched", 1)


def test_overridden_call(lib):
    class Net(lib.nn.Module):
        def __call__(self, x):
            return super().__call__(x) + 1

        def forward(self, x):
            return 10 * x

    assert Net()(1) == 11


def test_wrong_arguments(lib):
    class Net(lib.nn.Module):
        def forward(self, x):
            return x

    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'x'"):
        Net()()
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument 'y'"):
        Net()(1, y=2)


def test_endless_recursion(lib):
    class Net(lib.nn.Module):
        def forward(self, x):
            return self(x)

    with pytest.raises(RecursionError):
        Net()(1)
    m = lib.nn.Sequential()
    m.append(m)
    with pytest.raises(RecursionError):
        m(1)
    del m[0]


def failing(error):
    class Bad(rsnn.nn.Module):
        def forward(self, x):
            raise error

    return Bad()


def caught(module, error):
    with pytest.raises(type(error)) as caught:
        module(1)
    return caught.value


def test_an_error_names_the_layer():
    error = ValueError("bad shape")
    bad = failing(error)
    m = rsnn.nn.Module()
    m.features = rsnn.nn.Sequential(probe(rsnn)(), probe(rsnn)(), rsnn.nn.Sequential(bad))

    def forward(x):
        return m.features(x)

    m.forward = forward
    value = caught(m, error)
    assert value is error and value.args == ("bad shape (in features.2.0 (Bad))",)
    assert str(caught(m, error)).count("(in") == 1


def test_an_error_of_a_single_layer_names_its_class():
    assert str(caught(failing(ValueError("bad")), ValueError())) == "bad (in Bad)"


def test_the_error_is_named_on_the_way_out():
    bad = failing(ValueError("bad"))

    class Retry(rsnn.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = rsnn.nn.Sequential(bad)

        def forward(self, x):
            try:
                return self.inner(x)
            except ValueError as error:
                return str(error)

    assert Retry()(1) == "bad (in 0 (Bad))"
    assert rsnn.nn.Sequential(Retry())(1) == "bad (in 0 (Bad))"


def test_an_error_in_own_forward_and_in_hooks():
    class Net(rsnn.nn.Module):
        def __init__(self):
            super().__init__()
            self.child = probe(rsnn)()

        def forward(self, x):
            return self.child("text")

    m = Net()
    with pytest.raises(TypeError, match=r"\(in child \(Add\)\)$"):
        m(1)

    def hook(module, args):
        raise LookupError("hook")

    m.child.register_forward_pre_hook(hook)
    with pytest.raises(LookupError, match=r"^hook \(in child \(Add\)\)$"):
        m(1)
    with pytest.raises(NotImplementedError, match=r'the required "forward" function \(in 0 \(Module\)\)$'):
        rsnn.nn.Sequential(rsnn.nn.Module())(1)


def test_a_layer_called_out_of_its_tree_is_named_as_far_as_known():
    bad = failing(ValueError("bad"))

    class Net(rsnn.nn.Module):
        def forward(self, x):
            return hidden(x)

    hidden = rsnn.nn.Sequential(bad)
    assert str(caught(rsnn.nn.Sequential(Net()), ValueError())) == "bad (in 0 (Bad))"


class Coded(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Spoken(Exception):
    def __str__(self):
        return "spoken"


@pytest.mark.parametrize(
    "error", [KeyError("key"), Coded(3), Spoken("x"), OSError(2, "no file"), ValueError(), ValueError("a", "b")]
)
def test_other_errors_keep_their_arguments(error):
    before, text = error.args, str(error)
    value = caught(rsnn.nn.Sequential(rsnn.nn.Sequential(failing(error))), error)
    assert value is error and value.args == before and str(value) == text
    if sys.version_info >= (3, 11):
        assert value.__notes__ == ["(in 0.0 (Bad))"]


class Rigid(Exception):
    __slots__ = ()

    def __setattr__(self, name, value):
        raise RuntimeError("rigid")


def test_an_error_that_cannot_be_changed_is_raised_as_it_is():
    error = Rigid("text")
    assert caught(rsnn.nn.Sequential(failing(error)), error) is error


@pytest.mark.parametrize("error", [StopIteration(5), KeyboardInterrupt("k"), SystemExit("s"), GeneratorExit("g")])
def test_control_flow_is_left_alone(error):
    before = error.args
    value = caught(rsnn.nn.Sequential(failing(error)), error)
    assert value is error and value.args == before and not hasattr(value, "__notes__")


def test_the_traceback_is_kept():
    with pytest.raises(ValueError) as caught:
        rsnn.nn.Sequential(failing(ValueError("bad")))(1)
    assert [entry.name for entry in caught.traceback][-1] == "forward"
