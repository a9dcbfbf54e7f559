"""Switching the recording of operations on and off."""

from __future__ import annotations

import threading

import pytest

import rsnn


def modes():
    return rsnn.is_grad_enabled(), rsnn.is_inference_mode_enabled()


SWITCHES = [
    (lambda: rsnn.no_grad(), (False, False)),
    (lambda: rsnn.enable_grad(), (True, False)),
    (lambda: rsnn.inference_mode(), (False, True)),
    (lambda: rsnn.inference_mode(False), (True, False)),
    (lambda: rsnn.set_grad_enabled(False), (False, False)),
]


@pytest.mark.parametrize(("switch", "inside"), SWITCHES)
def test_blocks_restore_what_was(switch, inside):
    for outside in (True, False):
        with rsnn.set_grad_enabled(outside):
            with pytest.raises(KeyError), switch():
                assert modes() == inside
                raise KeyError
            assert modes() == (outside, False)
    assert modes() == (True, False)


@pytest.mark.parametrize(("switch", "inside"), SWITCHES)
def test_decorators(switch, inside):
    @switch()
    def outer(depth):
        assert modes() == inside
        if depth:
            with rsnn.enable_grad():
                outer(depth - 1)
            assert modes() == inside
        return depth

    assert modes() == (True, False)
    assert outer(3) == 3
    assert outer.__name__ == "outer"
    assert modes() == (True, False)


def test_decorators_without_parentheses():
    assert rsnn.no_grad(modes)() == (False, False)
    assert rsnn.inference_mode(modes)() == (False, True)
    with rsnn.no_grad():
        assert rsnn.enable_grad(modes)() == (True, False)


def test_generators_keep_their_mode_to_themselves():
    seen = []

    @rsnn.no_grad()
    def generate():
        try:
            seen.append(modes()[0])
            got = yield 1
            seen.append((got, modes()[0]))
            try:
                yield 2
            except KeyError:
                seen.append(("thrown", modes()[0]))
            yield 3
        finally:
            seen.append(("closed", modes()[0]))
        return 4

    generator = generate()
    assert next(generator) == 1 and modes()[0]
    assert generator.send("sent") == 2 and modes()[0]
    assert generator.throw(KeyError()) == 3 and modes()[0]
    generator.close()
    assert modes()[0]
    assert seen == [False, ("sent", False), ("thrown", False), ("closed", False)]
    with pytest.raises(StopIteration) as stop:
        generator = generate()
        for _ in range(4):
            next(generator)
    assert stop.value.value == 4


def test_set_grad_enabled_takes_effect_at_once():
    rsnn.set_grad_enabled(False)
    try:
        assert modes()[0] is False
    finally:
        rsnn.set_grad_enabled(True)


def test_modes_belong_to_a_thread():
    seen = []
    with rsnn.inference_mode():
        thread = threading.Thread(target=lambda: seen.append(modes()))
        thread.start()
        thread.join()
    assert seen == [(True, False)]


def test_inference_tensors_stay_out_of_graphs():
    with rsnn.inference_mode():
        x = rsnn.ones(2)
        x.mul_(2)
    assert x.is_inference()
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside InferenceMode"):
        x.mul_(2)
    with pytest.raises(RuntimeError, match="requires_grad=True on inference tensor"):
        x.requires_grad_()
    w = rsnn.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        w * x
    (w * x.clone()).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_decorated_classes_warn():
    class Model:
        def __init__(self):
            self.modes = modes()

    with pytest.warns(FutureWarning, match="Decorating classes is deprecated"):
        decorated = rsnn.no_grad()(Model)
    assert decorated().modes == (False, False)
