"""The callables behind `rsnn.f(x, ...)`."""

import copy
import inspect
import pickle

import pytest

import rsnn
from rsnn._functions import NAMES

X = rsnn.tensor([3.0, 4.0])


def function(name):
    return rsnn._C._function(name)


def test_calls_the_method():
    size = function("size")
    assert size(X) == X.shape
    assert size(X, 0) == size(X, dim=0) == size(input=X, dim=-1) == 2
    assert function("numel")(input=X) == 2


def test_knows_its_names():
    size = function("size")
    assert (size.__name__, size.__qualname__, size.__module__) == ("size", "size", "rsnn")
    assert size.__doc__ == rsnn.Tensor.size.__doc__
    assert repr(size) == "<function rsnn.size>"
    assert str(inspect.signature(size)) == "(input, dim=None, *, out=None)"
    assert inspect.isroutine(size)


def test_is_not_bound_to_objects():
    class Holder:
        count = function("numel")

    assert Holder().count(X) == 2


def test_writes_to_out():
    double = function("__mul__")
    out = rsnn.zeros(2)
    assert double(X, 2, out=out) is out
    assert out.numpy().tolist() == [6.0, 8.0]
    empty = rsnn.zeros(0)
    assert double(X, 2, out=empty).shape == (2,)
    assert double(X, 2, out=None).numpy().tolist() == [6.0, 8.0]


def test_refuses_an_out_that_does_not_fit():
    double = function("__mul__")
    with pytest.raises(RuntimeError, match=r"__mul__\(\): out has shape \[3\], expected \[2\]"):
        double(X, 2, out=rsnn.zeros(3))
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type Long"):
        double(X, 2, out=rsnn.zeros(2, dtype=rsnn.int64))
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        double(rsnn.tensor([1.0, 2.0], requires_grad=True), 2, out=rsnn.zeros(2))
    with pytest.raises(TypeError, match="argument 'out' must be a Tensor"):
        double(X, 2, out=3)


def test_refuses_wrong_first_arguments():
    size = function("size")
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        size()
    with pytest.raises(TypeError, match=r"argument 'input' \(position 1\) must be Tensor, not int"):
        size(3)
    with pytest.raises(TypeError, match="multiple values for argument 'input'"):
        size(X, input=X)
    with pytest.raises(AttributeError):
        function("no_such_method")


@pytest.mark.parametrize("name", [name for names in NAMES.values() for name in names])
def test_every_listed_name_is_public_documented_and_picklable(name):
    f = getattr(rsnn, name)
    assert f.__name__ == name
    assert f.__doc__
    assert pickle.loads(pickle.dumps(f)) is f
    assert copy.deepcopy(f) is f
