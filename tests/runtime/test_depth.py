"""Graphs and modules of great depth neither overflow the stack nor crash."""

import threading

import pytest

import rsnn
import rsnn.nn as nn

DEPTH = 100_000


def chain(x, depth):
    for _ in range(depth):
        x = x + 1
    return x


def test_long_chains_are_walked_and_dropped():
    x = rsnn.zeros(1, requires_grad=True)
    y = chain(x, DEPTH)
    y.backward()
    assert x.grad.tolist() == [1.0]
    del y
    dropped = chain(x, DEPTH)
    del dropped


def test_long_chains_in_a_thread_with_a_small_stack():
    x = rsnn.zeros(1, requires_grad=True)
    old = threading.stack_size(256 << 10)
    try:
        thread = threading.Thread(target=lambda: chain(x, DEPTH).backward())
        thread.start()
    finally:
        threading.stack_size(old)
    thread.join()
    assert x.grad.tolist() == [1.0]


def test_long_chains_of_saved_values():
    x = rsnn.ones(1, requires_grad=True)
    y = x
    for _ in range(DEPTH // 4):
        y = y * x
    y.backward()
    assert x.grad.tolist() == [DEPTH // 4 + 1]


def test_long_chains_of_functions():
    class Same(rsnn.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x

    x = rsnn.ones(1, requires_grad=True)
    y = x
    for _ in range(DEPTH // 10):
        y = Same.apply(y)
    y.backward()
    assert x.grad.tolist() == [1.0]
    del y


def test_long_chains_of_views_and_second_order():
    x = rsnn.ones(2, requires_grad=True)
    y = x.exp()
    for _ in range(DEPTH // 20):
        y = y.view(2)
    (g,) = rsnn.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()
    assert x.grad[0].item() == pytest.approx(2.7182818)


def test_many_gradients_into_one_node():
    x = rsnn.ones(1, requires_grad=True)
    y = x * 1
    rsnn.stack([y * 1 for _ in range(DEPTH // 10)]).sum().backward()
    assert x.grad.tolist() == [DEPTH // 10]


def nested(depth):
    model = nn.Identity()
    for _ in range(depth):
        model = nn.Sequential(model)
    return model


@pytest.mark.parametrize(
    "use",
    [
        lambda m: m(rsnn.zeros(1)),
        lambda m: m.state_dict(),
        lambda m: m.train(),
        repr,
        lambda m: m.to(rsnn.float64),
        lambda m: list(m.named_modules()),
        lambda m: list(m.parameters()),
        lambda m: m.apply(lambda x: None),
        lambda m: m.zero_grad(),
        lambda m: m.load_state_dict({}),
    ],
)
def test_deep_modules_work_or_say_so(use):
    model = nested(20_000)
    try:
        use(model)
    except RecursionError as error:
        assert "recursion" in str(error)


def test_a_module_inside_of_itself():
    model = nn.Module()
    model.child = nn.Module()
    model.child.parent = model
    assert len(list(model.modules())) == 2
    for use in (repr, lambda m: m.state_dict(), lambda m: m.train(), lambda m: m.float()):
        with pytest.raises(RecursionError):
            use(model)


def test_deeply_nested_data():
    data = 1.0
    for _ in range(50_000):
        data = [data]
    with pytest.raises((ValueError, RecursionError, RuntimeError)):
        rsnn.tensor(data)


def test_a_list_inside_of_itself():
    data = [1.0]
    data.append(data)
    with pytest.raises((TypeError, ValueError, RecursionError)):
        rsnn.tensor(data)
