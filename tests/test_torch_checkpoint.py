"""Checkpoints of PyTorch: read without running what stands in them."""

import collections
import io
import os
import pickle
import random
import zipfile

import pytest

import rsnn

torch = pytest.importorskip("torch")


def saved(obj):
    file = io.BytesIO()
    torch.save(obj, file)
    return file.getvalue()


def load(data):
    return rsnn.load(io.BytesIO(data))


def numbers(tensor):
    return str(tensor.dtype).split(".")[1], tuple(tensor.shape), tensor.requires_grad, tensor.tolist()


def same(ours, theirs):
    if isinstance(theirs, torch.Tensor):
        parameters = isinstance(ours, rsnn.nn.Parameter), isinstance(theirs, torch.nn.Parameter)
        return parameters[0] == parameters[1] and numbers(ours) == numbers(theirs)
    if isinstance(theirs, dict):
        return type(ours) is type(theirs) and list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))


def test_a_state_dict():
    theirs = net().state_dict()
    ours = load(saved(theirs))
    assert same(ours, theirs) and ours._metadata == theirs._metadata


def test_a_checkpoint():
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(2, 2, 5, 5)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 1, 3])
    theirs = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "rest": [1, 2.5, None, True, "text", (1, 2), {3}, collections.defaultdict(dict, a={})],
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "leaf": torch.ones(2, requires_grad=True),
        "size": model[0].weight.size(),
    }
    ours = load(saved(theirs))
    assert same(ours, theirs) and type(ours["size"]) is rsnn.Size
    assert load(saved({"dtype": torch.float16, "device": torch.device("cpu")})) == {
        "dtype": rsnn.float16,
        "device": rsnn.device("cpu"),
    }


@pytest.mark.parametrize(
    "dtype",
    ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"],
)
def test_dtypes(dtype):
    x = torch.arange(6).view(2, 3).to(getattr(torch, dtype))
    assert same(load(saved([x, x.t(), x[:, 1:], x[0, 0], x[:0]])), [x, x.t(), x[:, 1:], x[0, 0], x[:0]])


def test_tensors_that_share_memory_share_it_again():
    x = torch.arange(6.0)
    ours = load(saved([x, x[2:4]]))
    ours[0][2] = 9
    assert ours[1].tolist() == [9, 3]


class Touch:
    """Runs a command when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def archive(pickled, **members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("archive/data.pkl", pickled)
        for name, data in members.items():
            z.writestr(f"archive/{name}", data)
    return file.getvalue()


def test_nothing_is_run(tmp_path):
    path = tmp_path / "touched"
    for data in (saved({"a": Touch(path)}), archive(pickle.dumps(Touch(path), protocol=4))):
        with pytest.raises(pickle.UnpicklingError, match="system"):
            load(data)
    assert not path.exists()


@pytest.mark.parametrize(
    "name",
    ["builtins eval", "builtins getattr", "os system", "torch load", "torch._utils _rebuild", "torch.nn Linear",
     "collections namedtuple", "rsnn load", "numpy array"],
)  # fmt: skip
def test_other_names_are_refused(name):
    module, attribute = name.split()
    with pytest.raises(pickle.UnpicklingError, match=attribute):
        load(archive(f"c{module}\n{attribute}\n.".encode()))


def test_attributes_are_set_on_nothing_but_state_dicts():
    build = b"ccollections\nCounter\n)R}X\x01\x00\x00\x00aK\x01sb."
    with pytest.raises(pickle.UnpicklingError, match="Counter"):
        load(archive(build))


def test_whole_modules_and_old_files_are_refused():
    with pytest.raises(pickle.UnpicklingError, match="state_dict"):
        load(saved(net()))
    file = io.BytesIO()
    torch.save(net().state_dict(), file, _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="save it again"):
        load(file.getvalue())


def test_archives_of_other_kinds():
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as z:
        z.writestr("word/document.xml", "x")
    with pytest.raises(RuntimeError, match="data.pkl"):
        load(empty.getvalue())
    with pytest.raises(RuntimeError, match="TorchScript"):
        load(archive(b"N.", **{"constants.pkl": b""}))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a/data.pkl", b"N.")
    with pytest.raises(RuntimeError, match="compression"):
        load(packed.getvalue())
    assert load(archive(b"N.")) is None


def tensor_pickle(size, stride, offset, count, key="0"):
    """A pickle of one tensor, with numbers of one's own."""

    class Storage:
        pass

    class Writer(pickle._Pickler):
        def persistent_id(self, obj):
            return ("storage", torch.FloatStorage, key, "cpu", count) if isinstance(obj, Storage) else None

    class Tensor:
        def __reduce__(self):
            arguments = (Storage(), offset, size, stride, False, collections.OrderedDict())
            return torch._utils._rebuild_tensor_v2, arguments

    file = io.BytesIO()
    Writer(file, protocol=2).dump(Tensor())
    return file.getvalue()


@pytest.mark.parametrize(
    ("size", "stride", "offset", "count"),
    [
        ((3,), (1,), 0, 2),
        ((2,), (2,), 0, 2),
        ((1,), (1,), 2, 2),
        ((2,), (-1,), 1, 2),
        ((2, 1), (1,), 0, 2),
        ((-1,), (1,), 0, 2),
        ((1 << 62, 1 << 62), (1 << 62, 1), 0, 2),
        ((2,), (1,), 0, 3),
        ((2.0,), (1,), 0, 2),
    ],
)
def test_tensors_that_do_not_fit_their_memory(size, stride, offset, count):
    data = archive(tensor_pickle(size, stride, offset, count), **{"data/0": bytes(8)})
    with pytest.raises(RuntimeError, match="load"):
        load(data)


def test_the_smallest_checkpoint():
    data = archive(tensor_pickle((2,), (1,), 0, 2), **{"data/0": bytes(8)})
    assert load(data).tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="lacks"):
        load(archive(tensor_pickle((2,), (1,), 0, 2, key="7"), **{"data/0": bytes(8)}))


def test_random_damage_never_does_worse_than_an_error():
    original = saved({"model": net().state_dict(), "epoch": 3})
    rng = random.Random(0)
    for _ in range(1000):
        data = bytearray(original)
        if rng.random() < 0.2:
            data = data[: rng.randrange(4, len(data))]
        for _ in range(rng.choice([1, 3, 10])):
            data[rng.randrange(4, min(len(data), 3000))] = rng.randrange(256)
        try:
            load(bytes(data))
        except (RuntimeError, pickle.UnpicklingError):
            pass
