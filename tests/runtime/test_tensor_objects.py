"""The Python objects of tensors go when nobody has them any more, with all that hangs on them and nothing else."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy
import pytest

import rsnn
from rsnn import nn


class Kind(rsnn.Tensor):
    """A subclass, whose objects have a finalizer."""

    gone = 0

    def __del__(self) -> None:
        Kind.gone += 1


class Slotted(nn.Parameter):
    __slots__ = ("extra",)


MAKERS = {
    "plain": lambda: rsnn.ones(3),
    "alias": lambda: BASE.detach(),
    "view": lambda: BASE[1:],
    "result": lambda: (BASE * TRAINED).sum(),
    "parameter": lambda: nn.Parameter(rsnn.ones(3)),
    "of numpy": lambda: rsnn.from_numpy(numpy.ones(3)),
    "subclass": lambda: Kind([1.0, 2.0]),
    "slotted": lambda: Slotted(rsnn.ones(2)),
}
BASE = rsnn.ones(3)
TRAINED = rsnn.ones(3, requires_grad=True)


@pytest.mark.parametrize("kind", MAKERS)
def test_classes_are_held_as_often_as_there_are_objects(kind):
    make = MAKERS[kind]
    cls = type(make())
    before = sys.getrefcount(cls)
    objects = [make() for _ in range(100)]
    assert sys.getrefcount(cls) == before + 100
    del objects
    assert sys.getrefcount(cls) == before


@pytest.mark.parametrize("kind", MAKERS)
def test_weak_references_are_told(kind):
    told = []
    thing = MAKERS[kind]()
    reference = weakref.ref(thing, told.append)
    assert reference() is thing and not told
    del thing
    assert reference() is None and told == [reference]


@pytest.mark.parametrize("kind", MAKERS)
def test_attributes_go_too(kind):
    class Held:
        pass

    thing, held = MAKERS[kind](), Held()
    thing.held = held
    reference = weakref.ref(held)
    del held
    assert reference() is not None
    del thing
    assert reference() is None


def test_slots_of_a_subclass_go_too():
    class Held:
        pass

    thing, held = MAKERS["slotted"](), Held()
    thing.extra = held
    reference = weakref.ref(held)
    del held, thing
    assert reference() is None


def test_finalizers_run_once():
    before = Kind.gone
    things = [MAKERS["subclass"]() for _ in range(10)]
    del things
    assert Kind.gone == before + 10


def test_memory_of_numpy_is_let_go_with_the_last_tensor():
    data = numpy.ones(3)
    count = sys.getrefcount(data)
    tensor = rsnn.from_numpy(data)
    alias = tensor.detach()
    del tensor
    assert sys.getrefcount(data) > count
    del alias
    assert sys.getrefcount(data) == count


def test_hooks_and_gradients_go_with_their_tensor():
    class Held:
        pass

    held = Held()
    reference = weakref.ref(held)
    x = rsnn.ones(2, requires_grad=True)
    x.register_hook(lambda gradient, held=held: None)
    (x * 2).sum().backward()
    gradient = weakref.ref(x.grad)
    del held, x
    gc.collect()
    assert reference() is None and gradient() is None


def test_a_tensor_may_go_while_an_error_is_on_its_way():
    def fail() -> None:
        held = [rsnn.ones(2), nn.Parameter(rsnn.ones(1))]
        raise KeyError(str(len(held)))

    with pytest.raises(KeyError, match="2"):
        fail()


def test_objects_are_made_anew_when_the_old_one_is_gone():
    layer = nn.Linear(2, 2)
    first = layer.weight
    number = id(first)
    assert layer.weight is first and id(layer.weight) == number
    y = (layer(rsnn.ones(1, 2)) ** 2).sum()
    node = y.grad_fn
    del y
    gc.collect()
    assert node is not None and layer.weight is first
    kept = first.detach()
    assert kept is not first and kept.data_ptr() == first.data_ptr()
