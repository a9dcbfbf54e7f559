"""What threads may do to one model, all at once: call it, hook it, read it, change it. Every run is bounded: one that does
not end within its time fails."""

from __future__ import annotations

import copy
import faulthandler
import sys
import threading
import time
from contextlib import contextmanager
from importlib import import_module

import pytest

import rsnn
from both import probe
from rsnn import nn

THREADS = 16
#: Seconds for which the threads work, and for which one is waited for.
WORK, PATIENCE = 1.0, 60


@contextmanager
def quick_switches():
    """Let the interpreter change threads all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def together(jobs, seconds=WORK):
    """Run every job in a thread of its own, again and again for some seconds; returns how often each ran."""
    errors, turns, start = [], [0] * len(jobs), threading.Barrier(len(jobs))

    def work(number):
        try:
            start.wait()
            end = time.monotonic() + seconds
            while time.monotonic() < end and not errors:
                jobs[number](turns[number])
                turns[number] += 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(jobs))]
    with quick_switches():
        for thread in threads:
            thread.start()
        end = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0, end - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        faulthandler.dump_traceback()
        pytest.fail("threads that do not end")
    if errors:
        raise errors[0]
    assert all(turns)
    return turns


def steadily(read):
    """What a reading gives; one that meets a change may say so, in the words for dictionaries."""
    try:
        return read()
    except RuntimeError as error:
        assert "changed size during iteration" in str(error)
        return None


class Net(nn.Module):
    """Layers that let the interpreter go, layers that do not, and a buffer that changes."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(4)])
        self.norm = nn.Sequential(nn.Identity(), nn.ReLU())
        self.register_buffer("calls", rsnn.zeros(1))

    def forward(self, x, *, scale=1.0):
        for layer in self.layers:
            x = layer(x) * scale
        return self.norm(x)


KINDS = [
    ("register_forward_pre_hook", {"with_kwargs": True}),
    ("register_forward_hook", {"prepend": True}),
    ("register_forward_hook", {"always_call": True, "with_kwargs": True}),
    ("register_full_backward_hook", {"prepend": True}),
    ("register_full_backward_pre_hook", {}),
    ("register_state_dict_post_hook", {}),
    ("register_load_state_dict_pre_hook", {}),
    ("register_load_state_dict_post_hook", {}),
]


def test_calling_hooking_reading_and_changing_one_model():
    net = Net()
    x = rsnn.ones(2, 4)
    hooks = import_module("rsnn.nn.modules.module")
    expected = net(x).tolist()

    def call(turn):
        assert net(x, scale=1.0).tolist() == expected
        net(rsnn.ones(2, 4, requires_grad=True)).sum().backward()

    def hook(number):
        def run(turn):
            name, options = KINDS[(number + turn) % len(KINDS)]
            module = (net, net.layers[turn % 4], net.norm)[turn % 3]
            handle = getattr(module, name)(lambda *given: None, **options)
            with hooks.register_module_forward_hook(lambda *given: None):
                handle.remove()
                handle.remove()

        return run

    def read(turn):
        steadily(lambda: [list(net.named_parameters()), list(net.named_modules()), list(net._forward_hooks.items())])
        state = net.state_dict()
        assert {"calls", *(f"layers.{i}.{name}" for i in range(4) for name in ("weight", "bias"))} <= set(state)
        assert "Linear(in_features=4, out_features=4, bias=True)" in repr(net) and "layers" in dir(net)
        assert net.layers[turn % 4].weight is net._modules["layers"]._modules[str(turn % 4)]._parameters["weight"]

    def change(number):
        def run(turn):
            name = f"own_{number}"
            setattr(net, name, nn.Parameter(rsnn.zeros(1)) if turn % 2 else None)
            net.register_buffer(f"buffer_{number}", rsnn.zeros(1), persistent=False)
            net.add_module(f"child_{number}", nn.Identity())
            net.train(bool(turn % 2))
            net.calls = rsnn.zeros(1)
            delattr(net, name)
            delattr(net, f"child_{number}")

        return run

    def store(turn):
        # Not into the model itself: its weights would change between forward and backward.
        twin = steadily(lambda: copy.deepcopy(net))
        if twin is not None:
            steadily(lambda: twin.load_state_dict(net.state_dict(), strict=False))

    jobs = [call] * 5 + [hook(number) for number in range(4)] + [read] * 3 + [change(number) for number in range(2)]
    together([*jobs, store, store])
    assert not any(
        getattr(module, table) for module in net.modules() for table in vars(net) if table.endswith("_hooks")
    )
    assert not hooks._has_any_global_hook() and net(x).tolist() == expected
    assert sorted(name for name, _ in net.named_children()) == ["layers", "norm"]


def test_turns_of_one_table():
    """A fixed number of turns of each thread, of which no one may be lost."""
    turns, add = 200, probe(rsnn)
    net = nn.Sequential(*[nn.Sequential(add(), add()) for _ in range(10)])
    counts = [0] * THREADS

    def work(number):
        def run(turn):
            if turn < turns:
                handle = net.register_forward_hook(lambda *given: None)
                net._parameters[f"p_{number}_{turn}"] = None
                assert net(1) == 21 and handle.id in net._forward_hooks
                handle.remove()
                counts[number] += 1

        return run

    together([work(number) for number in range(THREADS)])
    assert not net._forward_hooks and len(net._parameters) == sum(counts)


def test_one_list_grows_in_all_threads():
    layers = nn.ModuleList()
    table = nn.ModuleDict()

    def grow(number):
        def run(turn):
            table[f"{number}_{turn}"] = nn.Identity()
            assert f"{number}_{turn}" in table
            steadily(lambda: list(table.items()))
            layers.append(nn.Identity())

        return run

    counts = together([grow(number) for number in range(THREADS)], seconds=0.3)
    # Two threads may append under the same number, as with PyTorch; a dictionary's keys differ.
    assert len(table) == sum(counts) and 0 < len(layers) <= sum(counts)
