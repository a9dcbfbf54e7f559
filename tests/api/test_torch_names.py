"""Every public name of PyTorch's tensors is here, or on a list that says why not; parameters have PyTorch's names."""

import inspect
import warnings
from pathlib import Path

import pytest

import rsnn

#: What rsnn leaves out, by namespace and reason.
UNSUPPORTED = {
    "rsnn": {
        "part of PyTorch's compiler or dispatcher": "CompilationUnit DispatchKey DispatchKeySet",
        "a dtype that rsnn has not": "uint16 uint32 uint64",
        "removed in PyTorch: there it only raises an error": "solve",
        "a factorisation in packed form; rsnn.linalg has solve and inv": "lu",
        "in rsnn.nn.functional, in the public form (this one takes other arguments)": (
            "affine_grid_generator binary_cross_entropy_with_logits convolution cosine_embedding_loss ctc_loss "
            "embedding_bag hinge_embedding_loss instance_norm kl_div margin_ranking_loss poisson_nll_loss "
            "triplet_margin_loss"
        ),
        "the inside of rsnn.nn's recurrent layers": (
            "gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell"
        ),
        "a switch of the processor that rsnn leaves alone": "set_flush_denormal",
        "a sampler that rsnn has not": "poisson",
    },
    "Tensor": {
        "removed in PyTorch: there it only raises an error": "solve",
        "a factorisation in packed form; rsnn.linalg has solve and inv": "lu",
    },
    "autograd": {},
    "autograd.functional": {},
}

#: What may be missing as yet.
PENDING = {
    "rsnn": "unravel_index xlogy_",
    "Tensor": "index prelu",
}


def names():
    """The names of each namespace."""
    found, current = {}, []
    for line in (Path(__file__).parent / "torch_names.txt").read_text().splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            current.extend(line.split())
    return found


def place(lib, namespace):
    for part in namespace.split("."):
        lib = lib if part == "rsnn" else getattr(lib, part)
    return lib


@pytest.mark.parametrize("namespace", UNSUPPORTED)
def test_every_name_is_there_or_left_out_on_purpose(namespace):
    left_out = {name for group in UNSUPPORTED[namespace].values() for name in group.split()}
    known = names()[namespace]
    assert left_out <= set(known)
    missing = {name for name in known if not hasattr(place(rsnn, namespace), name)}
    assert not missing - left_out - set(PENDING.get(namespace, "").split())
    assert missing >= left_out, "a name on the list is there after all"


def parameters(function):
    """The parameters of a callable; None where they cannot be known, or any are taken."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in found):
        return None
    return [p.name for p in found]


@pytest.mark.parametrize("namespace", ["rsnn", "Tensor", "autograd", "autograd.functional", "linalg", "utils.dlpack"])
def test_signatures_of_functions_written_in_python(torch, namespace):
    ours, theirs = place(rsnn, namespace), place(torch, namespace)
    compared = 0
    for name in dir(ours):
        known = getattr(theirs, name, None)
        if name.startswith("_") or not inspect.isfunction(known):
            continue
        expected, got = parameters(known), parameters(getattr(ours, name))
        # Saving and loading know other options.
        if expected is None or got is None or expected == ["args"] or name in ("save", "load"):
            continue
        compared += 1
        renamed = {"self": "input"} if namespace == "rsnn" else {}
        assert set(expected) <= {renamed.get(p, p) for p in got}, name
    assert compared or namespace in ("linalg", "utils.dlpack")


#: Parameters that PyTorch's table of signatures has and the functions themselves have not, or that only GPUs know.
NOT_REAL = {
    "cudnn_enabled", "diagonal", "dimension", "dim0", "dim1", "axis0", "axis1", "inplace", "inputs", "names", "out_dtype", "p", "reps",
    "return_indices", "size", "split_size_or_sections", "src", "tensor", "tol", "value", "x", "y", "dim", "rcond",
    "storage_offset", "stride", "descending", "ord", "other", "dtype", "input", "self",
}  # fmt: skip

#: What the table says of functions that refuse just these names when they are called.
MISPRINTED = {
    "embedding": {"max_norm", "norm_type"}, "histogram": {"min", "max"}, "isin": {"e", "te"}, "put_": {"indices"},
    "einsum": {"equation", "operands"}, "index_reduce": {"include_input"}, "index_reduce_": {"include_input"},
}  # fmt: skip


def test_parameters_of_native_functions(torch):
    from torch.overrides import get_testing_overrides

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = get_testing_overrides()
    compared, wrong = 0, []
    for namespace in ("rsnn", "Tensor", "linalg"):
        ours, theirs = place(rsnn, namespace), place(torch, namespace)
        for name in dir(ours):
            known = getattr(theirs, name, None)
            if name.startswith("_") or not callable(known) or isinstance(known, type) or known not in table:
                continue
            got = parameters(getattr(ours, name))
            if got is not None:
                compared += 1
                extra = (
                    set(inspect.signature(table[known]).parameters) - set(got) - NOT_REAL - {"args", "kwargs", "out"}
                ) - MISPRINTED.get(name, set())
                wrong += [f"{namespace}.{name}: {sorted(extra)}"] if extra else []
    assert compared > 500
    assert not wrong


def test_functions_have_signatures_and_documentation():
    for name, function in vars(rsnn).items():
        if type(function).__name__ == "function" and function.__module__.startswith("rsnn._"):
            assert function.__doc__, name
            assert inspect.signature(function), name
