"""Walks through modules: order, names, duplicates, overrides, changes under way."""

from __future__ import annotations

import gc

import pytest

import rsnn
from both import names, net, probe, raises


def test_named_modules(lib):
    m = net(lib)
    assert names(m.named_modules()) == ["", "body", "body.0", "body.1", "tied"]
    assert names(m.named_modules(prefix="net")) == ["net", "net.body", "net.body.0", "net.body.1", "net.tied"]
    everywhere = ["", "body", "body.0", "body.1", "head", "tied"]
    assert names(m.named_modules(remove_duplicate=False)) == everywhere
    assert [id(x) for x in m.modules()] == [id(x) for _, x in m.named_modules()]
    assert len(list(m.modules(remove_duplicate=False))) == 6


def test_named_modules_takes_a_memo(lib):
    m = net(lib)
    memo = {m.body}
    assert names(m.named_modules(memo)) == ["", "head", "tied"]
    assert memo == {m, m.body, m.head, m.tied}
    assert names(m.named_modules(memo=memo)) == []


def test_named_children(lib):
    m = net(lib)
    assert names(m.named_children()) == ["body", "head", "tied"]
    m.again = m.tied
    assert names(m.named_children()) == ["body", "head", "tied"]
    assert list(m.children()) == [m.body, m.head, m.tied]


def test_named_parameters(lib):
    m = net(lib)
    assert names(m.named_parameters()) == ["scale", "body.0.weight", "body.1.weight"]
    assert names(m.named_parameters(recurse=False)) == ["scale"]
    assert names(m.named_parameters("p", recurse=False)) == ["p.scale"]
    assert names(m.named_parameters(prefix="p")) == ["p.scale", "p.body.0.weight", "p.body.1.weight"]
    everywhere = ["scale", "body.0.weight", "body.1.weight", "head.weight", "tied.weight"]
    assert names(m.named_parameters(remove_duplicate=False)) == everywhere
    assert [id(p) for p in m.parameters()] == [id(p) for _, p in m.named_parameters()]
    assert [id(p) for p in m.parameters(recurse=False)] == [id(m.scale)]
    assert [id(p) for p in m.parameters(False)] == [id(m.scale)]


def test_named_buffers(lib):
    m = net(lib)
    expected = ["body.0.mean", "body.0.cache", "body.1.mean", "body.1.cache", "tied.mean", "tied.cache"]
    assert names(m.named_buffers()) == expected
    assert names(m.named_buffers("p", False)) == []
    assert names(m.body[0].named_buffers("p")) == ["p.mean", "p.cache"]
    assert len(list(m.buffers())) == 6 and not list(m.buffers(recurse=False))


def test_walks_are_iterators(lib):
    m = net(lib)
    for walk in (m.named_modules(), m.modules(), m.named_parameters(), m.parameters(), m.children(), m.buffers()):
        assert iter(walk) is walk
        next(walk)
        list(walk)
        assert next(walk, None) is None
        with pytest.raises(StopIteration):
            next(walk)


def test_replacing_modules_under_way(lib):
    add = probe(lib)
    m = lib.nn.Sequential(add(), lib.nn.Sequential(add(), add()), add())
    new = add(9)
    seen = []
    for name, module in m.named_modules():
        seen.append((name, getattr(module, "number", None)))
        if name == "0":
            m[2] = new
    assert seen == [("", None), ("0", 1), ("1", None), ("1.0", 1), ("1.1", 1), ("2", 9)]


def test_replacing_every_module_under_way(lib):
    add = probe(lib)
    m = lib.nn.Sequential(*[add() for _ in range(50)])
    for name, module in m.named_children():
        if module.number == 1:
            setattr(m, name, add(2))
            gc.collect(0)
    assert [child.number for child in m] == [2] * 50


def test_growing_under_way_is_an_error(lib):
    m = net(lib)
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        for _ in m.named_children():
            m.more = lib.nn.Module()
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        for name, _ in m.named_parameters():
            m.register_parameter(name.replace(".", "_") + "_", lib.nn.Parameter(lib.zeros(1)))


def test_cycles(lib):
    m = lib.nn.Module()
    m.child = lib.nn.Module()
    m.child.parent = m
    assert names(m.named_modules()) == ["", "child"]
    assert names(m.named_parameters()) == []
    with pytest.raises(RecursionError):
        list(m.named_modules(remove_duplicate=False))
    with pytest.raises(RecursionError):
        m.train()
    with pytest.raises(RecursionError):
        m.apply(lambda module: None)
    with pytest.raises(RecursionError):
        m.state_dict()
    with pytest.raises(RecursionError):
        repr(m)
    del m.child.parent


def test_deep_trees():
    m = rsnn.nn.Sequential()
    for _ in range(5000):
        m = rsnn.nn.Sequential(m)
    assert sum(1 for _ in m.modules()) == 5001
    assert len(list(m.parameters())) == 0


def test_overridden_named_modules(lib):
    class Flat(lib.nn.Module):
        def named_modules(self, memo=None, prefix="", remove_duplicate=True):
            yield prefix + "!", self

    m = lib.nn.Module()
    m.flat = Flat()
    m.flat.child = lib.nn.Module()
    m.flat.w = lib.nn.Parameter(lib.zeros(1))
    m.last = lib.nn.Module()
    assert names(m.named_modules()) == ["", "flat!", "last"]
    assert names(m.named_parameters()) == ["flat!.w"]
    assert list(m.modules()) == [m, m.flat, m.last] and list(m.flat.modules()) == [m.flat]
    assert names(m.flat.named_parameters("q")) == ["q!.w"]


def test_overridden_named_modules_shares_the_memo(lib):
    class Counting(lib.nn.Module):
        def named_modules(self, memo=None, prefix="", remove_duplicate=True):
            seen.append(len(memo))
            yield from super().named_modules(memo, prefix, remove_duplicate)

    seen = []
    m = lib.nn.Sequential(lib.nn.Module(), Counting(), lib.nn.Module())
    m[1].same = m[0]
    m[1].other = m[2]
    assert names(m.named_modules()) == ["", "0", "1", "1.other"]
    assert seen == [2]


def test_overridden_parameters_and_members(lib):
    class Renamed(lib.nn.Module):
        def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
            for name, p in super().named_parameters(prefix, recurse, remove_duplicate):
                yield name.upper(), p
            yield "extra", 5

    m = Renamed()
    m.w = lib.nn.Parameter(lib.zeros(1))
    assert names(m.named_parameters()) == ["W", "extra"]
    assert list(m.parameters())[1] == 5

    class Buffered(lib.nn.Module):
        def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
            yield "recurse", recurse

    assert list(Buffered().buffers()) == [True] and list(Buffered().buffers(recurse=False)) == [False]

    class Members(lib.nn.Module):
        def _named_members(self, get_members_fn, prefix="", recurse=True, remove_duplicate=True):
            for name, member in super()._named_members(get_members_fn, prefix, recurse, remove_duplicate):
                yield "m_" + name, member

    m = Members()
    m.w = lib.nn.Parameter(lib.zeros(1))
    m.register_buffer("b", lib.zeros(1))
    assert names(m.named_parameters()) == ["m_w"] and names(m.named_buffers("p")) == ["m_p.b"]


def test_overridden_named_children(lib):
    class One(lib.nn.Module):
        def named_children(self):
            yield "only", self.first

    m = One()
    m.first, m.second = probe(lib)(), probe(lib)()
    assert list(m.children()) == [m.first]
    m.eval()
    assert not m.first.training and m.second.training


def test_named_members_is_general(lib):
    m = net(lib)
    found = m._named_members(lambda module: [("kind", type(module).__name__)], remove_duplicate=False, prefix="p")
    assert list(found)[:3] == [("p.kind", "Net"), ("p.body.kind", "Sequential"), ("p.body.0.kind", "Leaf")]


def test_train_and_eval(lib):
    m = net(lib)
    assert m.training and m.eval() is m
    assert not any(module.training for module in m.modules())
    m.body.train()
    assert [module.training for module in m.modules()] == [False, True, True, True, False]
    assert m.train(True) is m and all(module.training for module in m.modules())
    m.training = False
    assert not m.training and m.body.training
    for mode in (1, "yes", None):
        with raises(ValueError, "training mode is expected to be boolean"):
            m.train(mode)


def test_overridden_train_is_called(lib):
    class Frozen(lib.nn.Module):
        def train(self, mode=True):
            return super().train(False)

    m = lib.nn.Sequential(Frozen(), probe(lib)())
    assert [module.training for module in m.train().modules()] == [True, False, True]
    other = probe(lib)()
    other.train = lambda mode=True: other
    m = lib.nn.Sequential(other)
    m.eval()
    assert other.training


def test_apply(lib):
    m = net(lib)
    seen = []
    assert m.apply(lambda module: seen.append(type(module).__name__)) is m
    assert seen == ["Leaf", "Leaf", "Sequential", "Leaf", "Leaf", "Net"]

    class Own(lib.nn.Module):
        def apply(self, fn):
            seen.append("own")
            return self

    del seen[:]
    lib.nn.Sequential(Own()).apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["own", "Sequential"]
    with pytest.raises(ZeroDivisionError):
        m.apply(lambda module: 1 / 0)


def test_apply_and_train_come_to_a_shared_child_once(lib):
    class Counting(lib.nn.Identity):
        def train(self, mode=True):
            seen.append(mode)
            return super().train(mode)

    child, seen = Counting(), []
    m = lib.nn.Sequential(child, child)
    m.apply(seen.append)
    m.eval()
    assert seen == [child, m, False]


def test_requires_grad_(lib):
    m = net(lib)
    assert m.requires_grad_(False) is m
    assert not any(p.requires_grad for p in m.parameters())
    m.body.requires_grad_()
    assert [p.requires_grad for p in m.parameters()] == [False, True, True]


def test_running_a_walk_in_two_places_at_once():
    class Own(rsnn.nn.Module):
        def named_modules(self, memo=None, prefix="", remove_duplicate=True):
            next(walk)
            yield prefix, self

    walk = rsnn.nn.Sequential(Own()).named_modules()
    next(walk)
    with raises(ValueError, "generator already executing"):
        next(walk)
