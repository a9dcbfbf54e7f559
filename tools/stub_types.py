"""The types that `stubs.py` gives to parameters, results and properties of the native module.

The key of a parameter is `Class.member.parameter`, `member.parameter`, `Class.parameter` or `parameter`, that of a result
`Class.member`, `member` or, for a function, `.function`: the first that is there counts. A parameter without a type stops `stubs.py`, so does a member of another class
than `Tensor` without a result; methods of `Tensor` and functions return a tensor if the tables do not say otherwise.
"""

HEADER = """# Written by tools/stubs.py from the built module; do not edit.
import builtins
from collections import OrderedDict
from collections.abc import (
    Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, MutableSet, Sequence, ValuesView,
)
from types import EllipsisType
from typing import Any, Generic, Literal, NoReturn, Protocol, SupportsIndex, TypeAlias, final, overload

import numpy as np
from typing_extensions import Never, ParamSpec, Self, TypeVar, disjoint_base

from rsnn import return_types
from rsnn._device import device as _device
from rsnn._formats import layout as _layout
from rsnn._formats import memory_format as _memory_format
from rsnn._size import Size

_Number: TypeAlias = builtins.int | builtins.float | builtins.bool
_Device: TypeAlias = str | _device
_Ints: TypeAlias = builtins.int | Sequence[builtins.int]
_Index: TypeAlias = SupportsIndex | slice | EllipsisType | None | Tensor | np.ndarray[Any, Any] | Sequence[Any]
_State: TypeAlias = MutableMapping[str, Any]
_M = TypeVar("_M", bound=Module, default=Module)
_D = TypeVar("_D", bound=MutableMapping[str, Any])
_T = TypeVar("_T")
_K = TypeVar("_K")
_P = ParamSpec("_P")
_R_co = TypeVar("_R_co", covariant=True)

__version__: str

class _Forward(Protocol[_P, _R_co]):
    def forward(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
"""

CLASS_BASES = {
    "Parameter": "Tensor",
    "Sequential": "Module",
    "ModuleList": "Module, Generic[_M]",
    "ModuleDict": "Module, Generic[_M]",
    "_FunctionContext": "Node",
}

#: Class attributes.
ATTRIBUTES = {"Tensor": {"__array_priority__": "int"}, "Module": {"call_super_init": "bool", "dump_patches": "bool"}}

#: Members that need no stub: the interpreter's own, and what a type checker must not see.
SKIP = {
    "__doc__", "__module__", "__new__", "__dict__", "__weakref__", "__qualname__", "__file__", "__loader__", "__spec__",
    "__name__", "__package__", "__all__", "__class__", "__text_signature__", "__class_getitem__",
}  # fmt: skip

#: Methods whose `other` is a tensor, never a number.
_TENSOR_ONLY = """
    allclose arctan2 arctan2_ atan2 atan2_ copy_ dist equal expand_as fmax fmin hypot hypot_ isclose ldexp ldexp_
    logaddexp logaddexp2 logical_and logical_and_ logical_or logical_or_ logical_xor logical_xor_ matmul maximum minimum
    nextafter nextafter_ reshape_as type_as view_as
""".split()

#: Methods that go along one or more axes.
_SEVERAL_AXES = """
    all amax amin any count_nonzero logsumexp mean nanmean nansum norm squeeze squeeze_ std std_mean sum var var_mean
""".split()

PARAMETERS = {
    "scatter.src": "Tensor | _Number", "scatter_.src": "Tensor | _Number", "index_fill.value": "Tensor | _Number",
    "index_put.indices": "Sequence[Tensor | None]", "accumulate": "bool",
    "index_put_.indices": "Sequence[Tensor | None]", "take_along_dim.indices": "Tensor", "sparse_grad": "bool",
    "reduce": "str", "include_self": "bool", "masked_scatter.source": "Tensor", "masked_scatter_.source": "Tensor",
    "as_tuple": "bool", "nonzero_static.size": "int", "weights": "Tensor", "minlength": "int", "boundaries": "Tensor", "_fractional_max_pool.samples": "Tensor",
    "out_int32": "bool", "right": "bool", "prepend": "Tensor", "append": "Tensor",
    "histogram.bins": "int | Tensor", "range": "Sequence[float]", "density": "bool", "elements": "Tensor | _Number",
    "test_elements": "Tensor | _Number", "assume_unique": "bool", "invert": "bool", "sorted_sequence": "Tensor",
    "searchsorted.input": "Tensor | _Number", "bucketize.input": "Tensor | _Number", "side": 'Literal["left", "right"]',
    "sorter": "Tensor", "return_inverse": "bool", "return_counts": "bool", "repeat_interleave.repeats": "Tensor | int",
    "repeat_interleave.output_size": "int",
    **{f"{name}.other": "Tensor" for name in _TENSOR_ONLY},
    **{f"{name}.dim": "_Ints" for name in _SEVERAL_AXES},
    # Axes and sizes.
    "dim": "int", "dim0": "int", "dim1": "int", "dim2": "int", "axis0": "int", "axis1": "int", "dimension": "int",
    "start_dim": "int", "end_dim": "int", "dims": "_Ints", "source": "_Ints", "destination": "_Ints",
    "set_.source": "Tensor", "keepdim": "bool", "size": "_Ints", "sizes": "_Ints", "shape": "_Ints",
    "view.shape": "_Ints | dtype", "stride": "_Ints", "unfold.size": "int", "storage_offset": "int", "offset": "int",
    "unflatten.sizes": "Sequence[int]", "normalized_shape": "_Ints", "length": "int", "step": "int", "start": "int",
    "slice_scatter.end": "int", "index": "int", "chunks": "int", "split_size": "_Ints", "split_sizes": "Sequence[int]",
    "split_size_or_sections": "_Ints", "sections": "int", "indices": "_Ints", "indices_or_sections": "_Ints | Tensor",
    "the_template": "Tensor", "repeats": "_Ints", "shifts": "_Ints", "decimals": "int",
    # Tensors and numbers.
    "input": "Tensor", "other": "Tensor | _Number", "value": "_Number", "values": "Tensor", "tensor": "Tensor",
    "end": "Tensor", "weight": "Tensor", "lerp.weight": "Tensor | _Number", "lerp_.weight": "Tensor | _Number",
    "bias": "Tensor", "target": "Tensor", "mask": "Tensor", "src": "Tensor", "mat": "Tensor", "mat1": "Tensor",
    "mat2": "Tensor", "vec": "Tensor", "vec1": "Tensor", "vec2": "Tensor", "batch1": "Tensor", "batch2": "Tensor",
    "tensor1": "Tensor", "tensor2": "Tensor", "result_type.tensor1": "Tensor | _Number",
    "result_type.tensor2": "Tensor | _Number", "tensors": "Sequence[Tensor]", "broadcast_tensors.tensors": "Tensor",
    "running_mean": "Tensor", "running_var": "Tensor", "masked_fill.value": "Tensor | _Number",
    "masked_fill_.value": "Tensor | _Number", "fill_.value": "Tensor | _Number", "exponent": "Tensor | _Number",
    "min": "Tensor | _Number", "max": "Tensor | _Number", "alpha": "_Number", "beta": "_Number", "fill_value": "_Number",
    "nan": "float", "posinf": "float", "neginf": "float", "rounding_mode": 'Literal["trunc", "floor"]', "n": "int",
    "m": "int", "k": "int", "atol": "float", "rtol": "float", "equal_nan": "bool", "lambd": "float", "eps": "float",
    "momentum": "float", "linspace.start": "Tensor | _Number", "linspace.end": "Tensor | _Number", "steps": "int",
    "logspace.start": "Tensor | _Number", "logspace.end": "Tensor | _Number", "base": "float", "s": "_Number",
    "norm.p": 'float | Literal["fro", "nuc"]', "p": "float", "unbiased": "bool", "correction": "_Number",
    "descending": "bool", "stable": "bool", "largest": "bool", "sorted": "bool", "copy": "bool", "force": "bool",
    "non_blocking": "bool", "data": "Any", "obj": "Any", "as_tensor.data": "Any", "ndarray": "np.ndarray[Any, Any]",
    "memory_format": "_memory_format", "layout": "_layout", "dtype": "dtype", "device": "_Device",
    "requires_grad": "bool", "pin_memory": "bool", "out": "Tensor", "__getitem__.key": "_Index",
    "__setitem__.key": "_Index", "__delitem__.key": "_Index", "__setitem__.value": "Tensor | _Number | np.ndarray[Any, Any]",
    "to.args": "Any", "from_": "dtype", "to": "dtype", "type1": "dtype", "type2": "dtype", "d": "dtype", "num": "int",
    "spec": "str", "memo": "Any", "_protocol": "SupportsIndex", "__eq__.value": "object", "__ne__.value": "object",
    "__eq__.other": "object", "__ne__.other": "object", "Node.value": "object", "dtype.value": "object",
    "condition": "Tensor", "q": "float | Tensor", "interpolation": "str", "maxnorm": "float", "diagonal": "int",
    "fweights": "Tensor", "aweights": "Tensor", "wrap": "bool", "callable": "Callable[..., Any]", "x": "Tensor",
    "y": "Tensor", "element": "object",
    "_write_out.result": "Any", "ext_tensor": "Any", "array": "np.ndarray[Any, Any]", "context": "Any", "stream": "Any",
    "max_version": "tuple[int, int]", "dl_device": "tuple[int, int]",
    # Lookups and searches.
    **{f"{name}{suffix}.index": "Tensor" for suffix in ("", "_") for name in """
        gather index_select scatter scatter_add scatter_reduce index_add index_copy index_fill index_reduce take put
    """.split()},
    **{f"{name}{suffix}.source": "Tensor" for suffix in ("", "_") for name in """
        index_add index_copy index_reduce masked_scatter put
    """.split()},
    **{f"{name}{suffix}": "Tensor | _Number" for suffix in (".src", "_.src", ".value", "_.value")
       for name in ("scatter", "index_fill")},
    **{f"{name}.indices": kind for name, kind in (("take_along_dim", "Tensor"), ("embedding", "Tensor"),
       ("embedding_renorm_", "Tensor"), ("index_put", "Sequence[Tensor]"), ("index_put_", "Sequence[Tensor]"))},
    **{f"{name}.input": "Tensor | _Number" for name in ("searchsorted", "bucketize")}, "nonzero_static.fill_value": "int", "bins": "Tensor | int", "histc.bins": "int", "histc.min": "float",
    "histc.max": "float", "histogram.range": "tuple[float, float]", "diff.prepend": "Tensor", "padding_idx": "int", "scale_grad_by_freq": "bool", "sparse": "bool",
    "max_norm": "float", "norm_type": "float",
    # Random numbers.
    "generator": "Generator", "bernoulli.p": "Tensor | float", "bernoulli_.p": "Tensor | float", "mean": "float",
    "std": "float", "normal.mean": "Tensor | float", "normal.std": "Tensor | float", "median": "float", "sigma": "float",
    "num_samples": "int", "replacement": "bool", "low": "int", "high": "int", "randint.args": "Any", "seed": "int",
    "randint_like.args": "Any", "new_state": "Tensor", "arange.args": "_Number",
    # Layers.
    "inplace": "bool", "approximate": "str", "min_val": "_Number", "max_val": "_Number",
    "negative_slope": "float", "rrelu.lower": "float", "rrelu.upper": "float",
    "upper": "bool", "threshold": "float",
    "groups": "int", "dilation": "_Ints", "padding": "_Ints", "output_padding": "_Ints",
    "kernel_size": "_Ints", "ceil_mode": "bool", "count_include_pad": "bool", "divisor_override": "int",
    "output_size": "Sequence[int | None] | int | None", "train": "bool", "training": "bool", "cudnn_enabled": "bool",
    "num_groups": "int", "ignore_index": "int", "reduction": "str", **{f"conv{n}d.padding": "_Ints | str" for n in (1, 2, 3)},
    **{f"batch_norm.{name}": "Tensor | None" for name in ("weight", "bias", "running_mean", "running_var")},
    "embedding.indices": "Tensor", "embedding_renorm_.indices": "Tensor", "query": "Tensor", "attn_mask": "Tensor",
    "scaled_dot_product_attention.key": "Tensor", "scaled_dot_product_attention.value": "Tensor", "dropout_p": "float",
    "is_causal": "bool", "scale": "float", "enable_gqa": "bool", "align_corners": "bool", "antialias": "bool",
    # Differentiation.
    "gradient": "Tensor", "retain_graph": "bool", "create_graph": "bool", "inputs": "Tensor | Sequence[Tensor]",
    "grad_outputs": "Sequence[Tensor | None]", "outputs": "Sequence[Tensor]", "_autograd_grad.inputs": "Sequence[Any]",
    "_autograd_backward.inputs": "Sequence[Any] | None", "_autograd_grad.outputs": "Sequence[Any]",
    "_autograd_backward.outputs": "Sequence[Any]", "_finish.inputs": "Any", "_finish.outputs": "Any",
    "_edge_pad.before": "Sequence[int]", "_edge_pad.after": "Sequence[int]", "_edge_pad.mode": "int",
    "recording": "bool", "mode": "bool", "Tensor.register_hook.hook": "Callable[[Tensor], Tensor | None]",
    "register_post_accumulate_grad_hook.hook": "Callable[[Tensor], None]", "Node.fn": "Callable[..., Any]",
    "save_for_backward.tensors": "Tensor | None", "_tensors": "Tensor | None", "_FunctionContext.args": "Tensor",
    "set_materialize_grads.value": "bool", "_module_passage.tensors": "Sequence[Tensor]", "_set_global_full_backward.full": "bool | None", "reflected": "str",
    "_args": "object", "_class": "object", "_value": "object", "_traceback": "object",
    # The native halves of optimizers, layers and modes.
    **{f"{step}.{name}": "Sequence[Tensor]" for step in ("_adam_step", "_sgd_step")
       for name in ("params", "grads", "means", "squares", "largest", "steps")},
    **{f"{step}.{name}": kind for step in ("_adam_step", "_sgd_step") for name, kind in (
       ("momentum", "float"), ("dampening", "float"), ("weight_decay", "float"), ("eps", "float"),
       ("nesterov", "bool"), ("decoupled", "bool"), ("maximize", "bool"))},
    "_adam_step.lr": "tuple[float, bool]", "_adam_step.betas": "tuple[float, float]", "_sgd_step.lr": "float",
    "_sgd_step.buffers": "Sequence[Tensor | None]", "_drop_grads.params": "Sequence[Tensor]",
    "_recurrent.mode": "str", "_recurrent.batch_sizes": "Sequence[int]", "_recurrent.hx": "Sequence[Tensor]",
    "_recurrent.params": "Sequence[Tensor]", "_recurrent.has_biases": "bool", "_recurrent.num_layers": "int",
    "_recurrent.dropout": "float", "_recurrent.bidirectional": "bool", "_embedding_bag.indices": "Tensor",
    "_embedding_bag.starts": "Sequence[int]", "_embedding_bag.mode": "str", "_embedding_bag.factors": "Tensor | None",
    "_embedding_bag.padding_idx": "int | None", "_ctc_loss.log_probs": "Tensor", "_ctc_loss.zero_infinity": "bool",
    "_ctc_loss.blank": "int", "_draw_uniform.low": "float", "_draw_uniform.high": "float", "_set_anomaly.check_nan": "bool",
    "_ctc_loss.labels": "Sequence[Sequence[int]]", "_ctc_loss.lengths": "Sequence[int]", "_interpolate.filter": "str",
    "_interpolate.scale_factors": "Sequence[float]", "_grid_sampler.interpolation_mode": "int",
    "_grid_sampler.padding_mode": "int", "_grid_sampler.grid": "Tensor", "_forbid_saved_tensors_hooks.message": "str",
    "_push_saved_tensors_hooks.pack": "Callable[[Tensor], Any]",
    "_push_saved_tensors_hooks.unpack": "Callable[[Any], Tensor]", "_will_run.node": "Node",
    # Modules.
    **{f"register_{kind}.prepend": "bool"
       for kind in ("forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook")},
    "name": "str", "names": "Iterable[str]", "hook": "Callable[..., Any]", "with_kwargs": "bool",
    "always_call": "bool", "with_module": "bool", "module": "Module", "add_module.module": "Module | None",
    "register_module.module": "Module | None", "param": "Parameter | None", "register_buffer.tensor": "Tensor | None",
    "persistent": "bool", "recurse": "bool", "remove_duplicate": "bool", "prefix": "str", "named_modules.memo": "set[Module]",
    "get_members_fn": "Callable[[Module], Iterable[tuple[str, Any]]]", "apply.fn": "Callable[[Module], object]",
    "_apply.fn": "Callable[[Tensor], Tensor]", "set_to_none": "bool", "strict": "bool", "assign": "bool",
    "state_dict": "Mapping[str, Any]", "keep_vars": "bool", "dst_type": "dtype", "state": "Any",
    "_save_to_state_dict.destination": "_State", "local_metadata": "Any", "missing_keys": "list[str]",
    "unexpected_keys": "list[str]", "error_msgs": "list[str]", "get_submodule.target": "str", "set_submodule.target": "str",
    "get_parameter.target": "str", "get_buffer.target": "str", "_input": "Any", "_kwargs": "Any", "kwargs": "Any",
    "_call_impl.args": "Any", "Module.__init__.args": "Any", "Module.__delattr__.name": "str",
    "ModuleList._get_abs_string_index.idx": "SupportsIndex", "Sequential._get_item_by_idx.iterator": "Iterable[Any]",
    "Sequential._get_item_by_idx.idx": "SupportsIndex",
    "Module.__setattr__.value": "Any", "Sequential.forward.input": "Any", "Sequential.__delitem__.key": "SupportsIndex | slice",
    "ModuleDict.__delitem__.key": "str", "ModuleDict.__contains__.key": "str", "Parameter.__init__.data": "Tensor",
    "ModuleList.__radd__.value": "Never", "Sequential.__radd__.value": "Never",
    # Live views of a module's tables.
    "key": "str", "Registry.value": "Any", "default": "Any", "last": "bool", "kwds": "Any", "update.other": "Any",
    "HookTable.key": "int", "HookOptions.key": "int", "it": "Iterable[str]", "NameSet.value": "str",
    "NameSet.other": "Iterable[str]", "__contains__.key": "object", "hooks_dict": "Any", "extra_dict": "Any",
    **{f"{table}.{name}": "Any" for table in ("Registry", "HookTable", "HookOptions")
       for name in ("__setitem__.value", "__or__.other", "__ror__.other", "__ior__.other")},
    **{f"{table}.{member}.key": kind for table, kind in (("Registry", "str"), ("HookTable", "int"), ("HookOptions", "int"))
       for member in ("__getitem__", "__setitem__", "__delitem__")},
    # Operators.
    **{f"Tensor.__{name}__.value": "Tensor | _Number" for name in """
        add radd iadd sub rsub isub mul rmul imul truediv rtruediv itruediv div rdiv idiv floordiv rfloordiv ifloordiv
        mod rmod imod ipow and rand iand or ror ior xor rxor ixor lshift rlshift ilshift rshift rrshift irshift lt le
        gt ge
    """.split()},
    "Tensor.__matmul__.value": "Tensor", "Tensor.__rmatmul__.value": "Tensor",
}  # fmt: skip

RETURNS = {
    "Tensor.new": "Self",
    **{f"Module.{name}": "Self" for name in ("__deepcopy__", "cuda", "ipu", "mtia", "xpu")}, "Module.compile": "None",
    "__bool__": "bool", "__float__": "float", "__int__": "int", "__index__": "int", "__len__": "int", "__hash__": "int",
    "__repr__": "str", "__str__": "str", "__init__": "None", "__setitem__": "None", "__delitem__": "None",
    "__setattr__": "None", "__delattr__": "None", "__contains__": "bool", "__eq__": "bool", "__ne__": "bool",
    "__lt__": "bool", "__le__": "bool", "__gt__": "bool", "__ge__": "bool", "__reduce__": "Any", "__reduce_ex__": "Any",
    "__getstate__": "Any", "__setstate__": "None", "__dir__": "list[str]", "__format__": "str", "__enter__": "Self",
    "__exit__": "None", "__copy__": "dict[Any, Any]",
    # Tensors.
    **{f"Tensor.__{name}__": "Tensor" for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    **{f"Tensor.{name}": "tuple[Tensor, ...]"
       for name in ("unbind", "chunk", "split", "split_with_sizes", "tensor_split", "hsplit", "vsplit", "dsplit")},
    **{f"Tensor.{name}": f"return_types.{name}"
       for name in ("aminmax", "cummax", "cummin", "histogram", "kthvalue", "mode", "qr", "slogdet", "sort", "svd", "topk")},
    "Tensor.unique": "Any", "Tensor.unique_consecutive": "Any",
    "Tensor.__getitem__": "Tensor", "Tensor.var_mean": "tuple[Tensor, Tensor]", "Tensor.std_mean": "tuple[Tensor, Tensor]",
    "Tensor.storage_offset": "int", "Tensor.dim": "int", "Tensor.ndimension": "int", "Tensor.numel": "int",
    "Tensor.nelement": "int", "Tensor.element_size": "int", "Tensor.data_ptr": "int", "Tensor.item": "int | float",
    "Tensor.is_contiguous": "bool", "Tensor.is_floating_point": "bool", "Tensor.is_complex": "bool",
    "Tensor.is_signed": "bool", "Tensor.is_nonzero": "bool", "Tensor.equal": "bool", "Tensor.allclose": "bool",
    "Tensor.is_inference": "bool", "Tensor._is_view": "bool", "Tensor.backward": "None", "Tensor.retain_grad": "None",
    "Tensor.register_hook": "_HookHandle", "Tensor.register_post_accumulate_grad_hook": "_HookHandle",
    "Tensor.numpy": "np.ndarray[Any, Any]", "Tensor.__array__": "np.ndarray[Any, Any]", "Tensor.tolist": "Any",
    "Tensor._gradient_node": "Node | None", "Tensor._bump_version": "None", "dtype.__reduce__": "str",
    "__dlpack__": "Any", "__dlpack_device__": "tuple[int, int]",
    "Tensor.nonzero": "Any",
    "Tensor.histogram": "return_types.histogram", ".where": "Any", "._recurrent": "list[Tensor]",
    # Functions.
    "._write_out": "Any", "._set_matmul_precision": "None", "._instruction_set": "str",
    ".split": "tuple[Tensor, ...]", ".broadcast_tensors": "tuple[Tensor, ...]", ".is_tensor": "bool", ".can_cast": "bool",
    ".promote_types": "dtype", ".result_type": "dtype", ".get_default_dtype": "dtype", ".set_default_dtype": "None",
    ".get_num_threads": "int", ".set_num_threads": "None", ".is_grad_enabled": "bool", ".is_inference_mode_enabled": "bool",
    "._function": "Callable[..., Any]", "._module_passage": "tuple[Any, ...]", "._set_grad_enabled": "bool",
    "._set_inference_mode": "bool", "._autograd_backward": "None", "._autograd_grad": "list[Tensor | None]",
    **{f".max_pool{n}d_with_indices": "tuple[Tensor, Tensor]" for n in (1, 2, 3)},
    **{f".adaptive_max_pool{n}d": "tuple[Tensor, Tensor]" for n in (1, 2, 3)},
    "._fractional_max_pool": "tuple[Tensor, Tensor]",
    **{f".register_module_{kind}": "RemovableHandle" for kind in """
        backward_hook buffer_registration_hook forward_hook forward_pre_hook full_backward_hook full_backward_pre_hook
        module_registration_hook parameter_registration_hook
    """.split()},
    "._adam_step": "None", "._sgd_step": "list[Tensor]", "._drop_grads": "None", "._fans": "tuple[int, int] | None",
    "._current_walk": "int | None", "._will_run": "bool", "._module_dict": "dict[str, Any]", "._set_anomaly": "None",
    ".is_anomaly_enabled": "bool", ".is_anomaly_check_nan_enabled": "bool",
    "._show_module_tables": "None", "._global_table": "Any", "._global_full_backward": "bool | None",
    "._set_global_full_backward": "None", "._watch_operations": "None", "._push_saved_tensors_hooks": "None",
    "._pop_saved_tensors_hooks": "None", "._forbid_saved_tensors_hooks": "None", "._empty_parameter": "Parameter",
    # Generators.
    "clone_state": "Generator", "get_state": "Tensor", "set_state": "Generator", "initial_seed": "int",
    "manual_seed": "Generator", "seed": "int",
    # Steps of a graph.
    "Node.name": "str", "register_prehook": "_HookHandle", "Node.register_hook": "_HookHandle", "remove": "None",
    "_FunctionContext._finish": "Any", "mark_dirty": "None", "mark_non_differentiable": "None",
    "save_for_backward": "None", "save_for_forward": "None", "set_materialize_grads": "None",
    # Modules.
    **{f"Module.{name}": "Self" for name in """
        _apply apply bfloat16 cpu double eval float half requires_grad_ share_memory to_empty train type
    """.split()},
    **{f"Module.{name}": "None" for name in """
        add_module register_buffer register_module register_parameter set_submodule set_extra_state zero_grad
        _save_to_state_dict _load_from_state_dict
    """.split()},
    **{f"Module.{name}": "RemovableHandle" for name in """
        register_backward_hook register_forward_hook register_forward_pre_hook register_full_backward_hook
        register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
        register_state_dict_post_hook register_state_dict_pre_hook _register_load_state_dict_pre_hook
        _register_state_dict_hook
    """.split()},
    "__getattr__": "Any", "Module._call_impl": "Any", "Module.forward": "Any", "Sequential.forward": "Any",
    "Module._get_name": "str", "Module.extra_repr": "str", "Module.get_extra_state": "Any",
    "Module.get_buffer": "Tensor", "Module.get_parameter": "Parameter", "Module.get_submodule": "Module",
    "Module.buffers": "Iterator[Tensor]", "Module.parameters": "Iterator[Parameter]", "Module.children": "Iterator[Module]",
    "Module.modules": "Iterator[Module]", "Module.named_buffers": "Iterator[tuple[str, Tensor]]",
    "Module.named_parameters": "Iterator[tuple[str, Parameter]]", "Module.named_children": "Iterator[tuple[str, Module]]",
    "Module.named_modules": "Iterator[tuple[str, Module]]", "Module._named_members": "Iterator[tuple[str, Any]]",
    "Module.load_state_dict": "tuple[list[str], list[str]]", "Module._wrapped_call_impl": "Any", "Module._replicate_for_data_parallel": "Self",
    "ModuleList._get_abs_string_index": "str", "Sequential._get_item_by_idx": "Any",
    "clear": "None", "ModuleList.__radd__": "NoReturn", "Sequential.__radd__": "NoReturn", "__next__": "Any",
    # Live views of a module's tables.
    "__getitem__": "Any", "__iter__": "Iterator[Any]", "__reversed__": "Iterator[Any]", "get": "Any", "pop": "Any",
    "popitem": "tuple[Any, Any]", "setdefault": "Any", "items": "ItemsView[Any, Any]", "keys": "KeysView[Any]",
    "values": "ValuesView[Any]", "update": "None", "move_to_end": "None", "copy": "dict[Any, Any]",
    "NameSet.copy": "set[str]", "NameSet.pop": "str", "add": "None", "discard": "None", "isdisjoint": "bool",
    "_from_iterable": "set[str]",
    **{f"NameSet.__{name}__": "set[str]" for name in ("and", "or", "sub", "xor", "rand", "ror", "rsub", "rxor")},
    **{f"NameSet.__{name}__": "Self" for name in ("iand", "ior", "isub", "ixor")},
    **{f"{table}.__{name}__": kind for table in ("Registry", "HookTable", "HookOptions")
       for name, kind in (("or", "dict[Any, Any]"), ("ror", "dict[Any, Any]"), ("ior", "Self"))},
}  # fmt: skip

#: What a checker holds against members that are as PyTorch has them.
IGNORE = {
    "Tensor.__eq__": "override", "Tensor.__ne__": "override", "Tensor.__ipow__": "misc",
    "NameSet.__iand__": "misc", "NameSet.__ior__": "misc", "NameSet.__isub__": "misc", "NameSet.__ixor__": "misc",
}  # fmt: skip

PROPERTIES = {
    "Tensor.shape": "Size", "Tensor.dtype": "dtype", "Tensor.device": "_device", "Tensor.ndim": "int",
    "Tensor.itemsize": "int", "Tensor.nbytes": "int", "Tensor.requires_grad": "bool", "Tensor.is_leaf": "bool",
    "Tensor.grad": "Tensor | None", "Tensor.grad_fn": "Node | None", "Tensor.data": "Tensor", "Tensor.output_nr": "int",
    "Tensor._version": "int", "Tensor._base": "Tensor | None", "Tensor.retains_grad": "bool", "Tensor.H": "Tensor",
    "Tensor.T": "Tensor", "Tensor.mH": "Tensor", "Tensor.mT": "Tensor", "Tensor.layout": "_layout",
    "dtype.itemsize": "int", "dtype.is_floating_point": "bool", "dtype.is_complex": "bool", "dtype.is_signed": "bool",
    "Module.training": "bool", "Module._buffers": "Registry", "Module._modules": "Registry",
    "Module._parameters": "Registry", "Module._non_persistent_buffers_set": "NameSet",
    "Module._is_full_backward_hook": "bool | None", "Generator.device": "_device", "id": "int",
    **{f"Module._{name}": "HookTable" for name in """
        backward_hooks backward_pre_hooks forward_hooks forward_pre_hooks load_state_dict_post_hooks
        load_state_dict_pre_hooks state_dict_hooks state_dict_pre_hooks
    """.split()},
    **{f"Module._{name}": "HookOptions" for name in """
        forward_hooks_always_called forward_hooks_with_kwargs forward_pre_hooks_with_kwargs
    """.split()},
    "Node.next_functions": "tuple[tuple[Node | None, int], ...]", "Node.variable": "Tensor",
    "_FunctionContext.saved_tensors": "tuple[Tensor, ...]",
}  # fmt: skip

#: Properties that can be assigned to.
WRITABLE = {"Tensor.requires_grad", "Tensor.grad", "Tensor.data", "Module.training"}
