"""`rsnn.save` and `rsnn.load`: what comes back, what is refused, and what damaged files do."""

import collections
import io
import json
import os
import random
import stat
import struct

import numpy as np
import pytest

import rsnn

DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]


def same(a, b):
    """Whether two objects are equal down to types, dtypes and the order of keys."""
    if isinstance(a, rsnn.Tensor):
        equal = type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.requires_grad == b.requires_grad
        return equal and a.tolist() == b.tolist()
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def through(obj):
    file = io.BytesIO()
    rsnn.save(obj, file)
    file.seek(0)
    return rsnn.load(file)


def state():
    return {
        "weight": rsnn.arange(6.0).view(2, 3),
        "bias": rsnn.tensor([0.5, -0.5], dtype=rsnn.float64),
        "steps": rsnn.tensor(7),
        "none": rsnn.zeros(0, 4),
        "turned": rsnn.arange(6).view(2, 3).t(),
    }


def test_a_state_dict_comes_back_in_order():
    loaded = through(state())
    assert type(loaded) is collections.OrderedDict and list(loaded) == list(state())
    assert same(dict(loaded), state())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 3), (2, 3)])
def test_dtypes_and_shapes(dtype, shape):
    x = rsnn.tensor(np.arange(int(np.prod(shape))).reshape(shape), dtype=getattr(rsnn, dtype))
    assert same(through({"x": x})["x"], x)
    assert same(through(x), x)


def test_special_numbers():
    x = rsnn.tensor([float("nan"), float("inf"), -0.0, 1e-45])
    assert through(x).view(rsnn.int32).tolist() == x.view(rsnn.int32).tolist()


def test_a_checkpoint_of_nested_containers():
    w = rsnn.ones(2, requires_grad=True)
    optimizer = rsnn.optim.Adam([w], lr=0.1)
    optimizer.state[w] = {"step": rsnn.tensor(1.0), "exp_avg": rsnn.ones(2), "exp_avg_sq": rsnn.zeros(2)}
    schedule = rsnn.optim.lr_scheduler.MultiStepLR(optimizer, [1, 1, 3])
    checkpoint = {
        "model": state(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "epoch": 3,
        "best": (1.5, None, True, float("inf"), "text \u00e9"),
        "seen": {1, 2},
        "dtype": rsnn.float16,
        "size": rsnn.Size([1, 2]),
        "device": rsnn.device("cpu"),
        "parameter": rsnn.nn.Parameter(rsnn.ones(2)),
        "frozen": rsnn.nn.Parameter(rsnn.ones(2), requires_grad=False),
        "leaf": rsnn.ones(1, requires_grad=True),
        "ordered": collections.OrderedDict(b=1, a=2),
        3: [{(1, "x"): rsnn.ones(1)}],
    }
    loaded = through(checkpoint)
    assert same(loaded, checkpoint)
    schedule.load_state_dict(loaded["schedule"])


@pytest.mark.parametrize("obj", [[], {}, None, 3, "a", {"a": {"b": 1}}, ({},)], ids=str)
def test_without_tensors(obj):
    assert through(obj) == obj


def test_names_that_clash():
    obj = {"a": {"b": rsnn.ones(1)}, "a.b": rsnn.zeros(1), "x": 1}
    assert same(through(obj), obj)
    obj = {"__metadata__": rsnn.ones(1)}
    assert same(through(obj), obj)


def test_numbers_of_numpy_become_those_of_python():
    assert same(through({"a": np.float64(1.5), "b": np.int8(3), "c": np.bool_(True)}), {"a": 1.5, "b": 3, "c": True})


def test_shared_tensors_are_stored_each():
    x = rsnn.arange(4.0)
    loaded = through({"a": x, "b": x, "c": x[1:3]})
    loaded["a"].numpy().fill(0)
    assert loaded["b"].tolist() == [0, 1, 2, 3] and loaded["c"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "obj",
    [object(), lambda: 0, {"a": len}, {"f": collections.deque()}, 1j, rsnn.nn.Module(), {rsnn.ones(1): 1}],
    ids=lambda obj: type(obj).__name__,
)
def test_other_objects_are_refused(obj, tmp_path):
    with pytest.raises(TypeError, match="save"):
        rsnn.save(obj, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_a_container_within_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="itself"):
        rsnn.save(loop, io.BytesIO())


def test_files_at_paths(tmp_path):
    path = tmp_path / "model.safetensors"
    rsnn.save(state(), path)
    assert os.listdir(tmp_path) == [path.name]
    assert same(dict(rsnn.load(str(path))), state())
    os.chmod(path, 0o640)
    rsnn.save({"x": rsnn.ones(1)}, os.fspath(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 and list(rsnn.load(path)) == ["x"]
    link = tmp_path / "link"
    link.symlink_to(path)
    rsnn.save({"y": rsnn.ones(1)}, link)
    assert link.is_symlink() and list(rsnn.load(path)) == ["y"]
    with pytest.raises(FileNotFoundError):
        rsnn.load(tmp_path / "other")
    with pytest.raises(FileNotFoundError):
        rsnn.save({}, tmp_path / "no" / "file")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model"
    rsnn.save({"x": rsnn.ones(1)}, path)

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("rsnn._safetensors.struct.pack", full)
    with pytest.raises(OSError, match="disk full"):
        rsnn.save({"x": rsnn.zeros(1)}, path)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["model"] and rsnn.load(path)["x"].item() == 1


def test_files_and_offsets():
    file = io.BytesIO(b"before")
    file.seek(6)
    rsnn.save({"x": rsnn.ones(3)}, file)
    file.seek(6)
    assert rsnn.load(file)["x"].tolist() == [1, 1, 1]

    class Pipe:
        def __init__(self, data):
            self.data = data

        def read(self):
            return self.data

    assert rsnn.load(Pipe(file.getvalue()[6:]))["x"].tolist() == [1, 1, 1]
    for bad in (3, None):
        with pytest.raises(TypeError):
            rsnn.load(bad)
        with pytest.raises(TypeError):
            rsnn.save({}, bad)


def test_loaded_tensors_can_be_written():
    x = through({"x": rsnn.ones(2)})["x"]
    x.numpy()[:] += 1
    assert x.tolist() == [2, 2]


@pytest.mark.parametrize(
    "options",
    [{"weights_only": False}, {"mmap": True}, {"map_location": "cuda"}, {"pickle_module": json}],
    ids=str,
)
def test_options_with_one_choice(options):
    with pytest.raises(NotImplementedError, match=next(iter(options))):
        rsnn.load(io.BytesIO(), **options)
    file = io.BytesIO()
    rsnn.save({}, file)
    file.seek(0)
    assert rsnn.load(file, map_location="cpu", weights_only=True, mmap=False) == {}


def test_the_safetensors_library_agrees(tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    arrays = {"b": np.arange(6.0).reshape(2, 3), "a": np.arange(3, dtype=np.int8), "c": np.array(True)}
    library.save_file(arrays, tmp_path / "theirs", metadata={"format": "np"})
    loaded = rsnn.load(tmp_path / "theirs")
    assert {k: v.tolist() for k, v in loaded.items()} == {k: v.tolist() for k, v in arrays.items()}
    rsnn.save({k: rsnn.from_numpy(v) for k, v in arrays.items()}, tmp_path / "ours")
    read = library.load_file(tmp_path / "ours")
    assert all((read[k] == v).all() and read[k].dtype == v.dtype for k, v in arrays.items())
    rsnn.save({"model": state()}, tmp_path / "nested")
    assert sorted(library.load_file(tmp_path / "nested")) == sorted(f"model.{name}" for name in state())


def file_of(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(begin, end, shape=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


DAMAGED = {
    "nothing": (b"", "header"),
    "half a length": (b"123", "header"),
    "header longer than the file": (struct.pack("<Q", 100) + b"{}", "100 bytes"),
    "huge header": (struct.pack("<Q", 1 << 62) + b"{}", "header"),
    "no JSON": (file_of(b"{"), "JSON"),
    "no text": (file_of(b"\xff\xfe"), "JSON"),
    "deep JSON": (file_of(b"[" * 100_000), "JSON"),
    "long number": (file_of(b'{"a":' + b"1" * 5000 + b"}"), "JSON"),
    "no object": (file_of(b"[]"), "object"),
    "key twice": (file_of(b'{"a":1,"a":2}'), "twice"),
    "no entry": (file_of({"a": 3}), "'a'"),
    "a field too few": (file_of({"a": {"dtype": "F32", "shape": []}}), "data_offsets"),
    "unknown dtype": (file_of({"a": entry(0, 4, dtype="F4")}, bytes(4)), "dtype"),
    "negative size": (file_of({"a": entry(0, 4, [-1])}, bytes(4)), "shape"),
    "a bool as size": (file_of({"a": entry(0, 4, [True])}, bytes(4)), "shape"),
    "huge sizes": (file_of({"a": entry(0, 4, [1 << 62, 1 << 62])}, bytes(4)), "apart"),
    "too many dimensions": (file_of({"a": entry(0, 4, [1] * 100)}, bytes(4)), "shape"),
    "size and offsets differ": (file_of({"a": entry(0, 8)}, bytes(8)), "4 bytes apart"),
    "backwards": (file_of({"a": entry(4, 0)}, bytes(4)), "apart"),
    "overlap": (file_of({"a": entry(0, 4), "b": entry(0, 4)}, bytes(4)), "overlaps"),
    "gap": (file_of({"a": entry(0, 4), "b": entry(8, 12)}, bytes(12)), "gap"),
    "beyond the end": (file_of({"a": entry(0, 4)}, bytes(2)), "2 bytes of data"),
    "rest at the end": (file_of({"a": entry(0, 4)}, bytes(8)), "8 bytes of data"),
    "metadata of numbers": (file_of({"__metadata__": {"a": 1}}), "__metadata__"),
    "structure without its tensor": (file_of({"__metadata__": {"rsnn.structure": '{"tensor": "x"}'}}), "structure"),
    "structure of other things": (file_of({"__metadata__": {"rsnn.structure": '{"os.system": "x"}'}}), "structure"),
    "structure that is no JSON": (file_of({"__metadata__": {"rsnn.structure": "("}}), "structure"),
    "pickle": (b"\x80\x02]q\x00.", "pickle"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files(name):
    data, text = DAMAGED[name]
    with pytest.raises(RuntimeError, match=text):
        rsnn.load(io.BytesIO(data))


def test_bools_other_than_zero_and_one():
    loaded = rsnn.load(io.BytesIO(file_of({"a": entry(0, 3, [3], "BOOL")}, b"\x00\x01\xff")))
    assert loaded["a"].tolist() == [False, True, True] and loaded["a"].numpy().view(np.uint8).tolist() == [0, 1, 1]


def test_random_damage_never_does_worse_than_an_error():
    file = io.BytesIO()
    rsnn.save({"model": state(), "epoch": 3}, file)
    rng = random.Random(0)
    for _ in range(1500):
        data = bytearray(file.getvalue())
        if rng.random() < 0.2:
            data = data[: rng.randrange(len(data))]
        for _ in range(rng.choice([1, 3])):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            rsnn.load(io.BytesIO(bytes(data)))
        except RuntimeError:
            pass
