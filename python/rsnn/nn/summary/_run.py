"""The run from which a summary is made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rsnn._C import Module, Parameter, Tensor, zeros
from rsnn.autograd import enable_grad

from ._layers import mult_adds, output_shape
from ._report import Edge, LayerInfo, Shape, Summary


def summary(
    model: Module,
    *inputs: Any,
    input_size: Sequence[int] | Sequence[Sequence[int]] | None = None,
    shapes_only: bool = False,
    max_depth: int | None = None,
) -> Summary:
    """A table of the model's layers: what goes in and out, parameters, multiply-adds, memory. From one run in `eval`
    mode.

    Args:
        model: the model; its training flags are as before afterwards.
        inputs: what to call it with.
        input_size: instead of inputs, the sizes of one zero-filled input, or a sequence of such sizes.
        shapes_only: whether layers of known classes are to give the shape of their output without computing it. What a
            `forward` does between layers still runs, on zeros.
        max_depth: how deep the table shows the tree.

    Raises:
        ValueError: if both or neither of `inputs` and `input_size` are given.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> print(nn.summary(model, input_size=(1, 4)))
        layer          input shape  output shape  parameters  mult-adds  bytes
        ----------------------------------------------------------------------
        Sequential     [1, 4]       [1, 2]                 -          -      -
          0: Linear    [1, 4]       [1, 8]                40         32  160 B
          1: ReLU      [1, 8]       [1, 8]                 -          -      -
          2: Linear    [1, 8]       [1, 2]                18         16   72 B
        ----------------------------------------------------------------------
        58 parameters, 232 B; 48 multiply-adds
    """
    if bool(inputs) == (input_size is not None):
        raise ValueError("summary: expected either inputs or input_size")
    if input_size is not None:
        sizes = [input_size] if all(isinstance(n, int) for n in input_size) else input_size
        inputs = tuple(_zeros(tuple(size)) for size in sizes)  # type: ignore[arg-type]
    if shapes_only:
        try:
            return _Run(model, True, False).of(inputs).report(max_depth)
        except RuntimeError as error:
            # A `forward` writes to what it was given, or to what a layer returned, which was one number for all.
            if "single memory location" not in str(error):
                raise
    return _Run(model, shapes_only, True).of(inputs).report(max_depth)


def _zeros(shape: Shape) -> Tensor:
    """Zeros of any shape, in the memory of one number."""
    return zeros(()).expand(shape)


def _traced(value: Any, writable: bool) -> Any:
    """An input from which the graph of the run can be followed. It is no leaf, so that layers may write to it."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    value = value.detach().requires_grad_()
    one_number = not writable and not any(value.stride())
    return _first_number(value).expand(value.shape) if one_number else value.clone()


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in nested lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


def _bytes(tensors: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class _Run:
    """Watches the modules of a model while it runs."""

    def __init__(self, model: Module, shapes_only: bool, writable: bool) -> None:
        self.model, self.shapes_only, self.writable = model, shapes_only, writable
        self.modules = list(model.named_modules())
        self.number = {id(module): i for i, (_, module) in enumerate(self.modules)}
        self.shapes: dict[int, tuple[Shape | None, Shape | None]] = {}
        self.calls = [0] * len(self.modules)
        self.mult_adds = [0] * len(self.modules)
        self.output_bytes = [0] * len(self.modules)
        #: The layer that made a step of the graph, or a tensor outside of it, which is kept alive beside it.
        self.makers: dict[Any, int] = {}
        self.kept: list[Any] = []
        self.edges: dict[Edge, None] = {}

    def of(self, inputs: Sequence[Any]) -> _Run:
        """Runs the model on inputs. Returns itself."""
        with self.watching(), enable_grad():
            self.finish(self.model(*(_traced(value, self.writable) for value in inputs)))
        return self

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Puts hooks on all modules, and the model into `eval` mode."""
        training = [module.training for _, module in self.modules]
        layers = [module for _, module in self.modules if next(module.children(), None) is None]
        handles: list[Any] = []
        stubbed = []
        try:
            for _, module in self.modules:
                handles.append(module.register_forward_hook(self.note, with_kwargs=True))
            for layer in layers:
                handles.append(layer.register_forward_pre_hook(self.enter, with_kwargs=True))
                if self.shapes_only and "forward" not in layer.__dict__:
                    layer.__dict__["forward"] = _stub(layer, self.writable)
                    stubbed.append(layer)
            self.model.eval()
            yield
        finally:
            for layer in stubbed:
                del layer.__dict__["forward"]
            for handle in handles:
                handle.remove()
            for (_, module), flag in zip(self.modules, training, strict=True):
                module.training = flag

    def enter(self, layer: Any, args: Any, kwargs: Any) -> None:
        """Notes where a layer's input comes from."""
        self.connect((args, kwargs), self.number[id(layer)])

    def note(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        """Notes what a module has done."""
        number = self.number[id(module)]
        tensors = list(_tensors(output))
        given = next((tuple(t.shape) for t in _tensors((args, kwargs))), None)
        returned = tuple(tensors[0].shape) if tensors else None
        self.shapes.setdefault(number, (given, returned))
        self.calls[number] += 1
        self.mult_adds[number] += mult_adds(module, given, returned)
        self.output_bytes[number] += _bytes(tensors)
        if next(module.children(), None) is None:
            for tensor in tensors:
                step = tensor if tensor.grad_fn is None else tensor.grad_fn
                self.makers[_key(step)] = number
                self.kept.append(step)

    def finish(self, output: Any) -> None:
        """Notes where the model's output comes from."""
        self.connect(output, -1)

    def connect(self, values: Any, target: int) -> None:
        """Follows tensors back to the layers that made them, or to the model's input."""
        waiting: list[Any] = [t if t.grad_fn is None else t.grad_fn for t in _tensors(values)]
        seen = set()
        while waiting:
            step = waiting.pop()
            if _key(step) in seen:
                continue
            seen.add(_key(step))
            self.kept.append(step)
            if _key(step) in self.makers:
                self.edges[Edge(self.makers[_key(step)], target)] = None
                continue
            before = (
                [] if isinstance(step, Tensor) else [found for found, _ in step.next_functions if found is not None]
            )
            # A leaf is the model's input, unless it is a parameter.
            variable = getattr(step, "variable", None)
            if isinstance(step, Tensor) or (not before and not isinstance(variable, Parameter)):
                self.edges[Edge(-1, target)] = None
            waiting.extend(before)

    def report(self, max_depth: int | None) -> Summary:
        """All that was noted."""
        layers = []
        for number, (name, module) in enumerate(self.modules):
            own = list(module.parameters(recurse=False))
            given, returned = self.shapes.get(number, (None, None))
            layers.append(
                LayerInfo(
                    name=name,
                    kind=type(module).__name__,
                    depth=name.count(".") + 1 if name else 0,
                    input_shape=given,
                    output_shape=returned,
                    parameters=sum(p.numel() for p in own),
                    trainable=sum(p.numel() for p in own if p.requires_grad),
                    bytes=_bytes([*own, *module.buffers(recurse=False)]),
                    output_bytes=self.output_bytes[number],
                    mult_adds=self.mult_adds[number],
                    calls=self.calls[number],
                )
            )
        parameters = list(self.model.parameters())
        leaves = [i for i, (_, module) in enumerate(self.modules) if next(module.children(), None) is None]
        return Summary(
            layers=layers,
            edges=list(self.edges),
            total_parameters=sum(p.numel() for p in parameters),
            trainable_parameters=sum(p.numel() for p in parameters if p.requires_grad),
            total_bytes=_bytes([*parameters, *self.model.buffers()]),
            total_mult_adds=sum(self.mult_adds),
            activation_bytes=sum(self.output_bytes[i] for i in leaves),
            max_depth=max_depth,
        )


def _key(step: Any) -> Any:
    """What tells steps apart: a tensor's address; steps themselves can be compared."""
    return id(step) if isinstance(step, Tensor) else step


def _stub(layer: Any, writable: bool) -> Callable[..., Any]:
    """A `forward` that gives zeros of the shape that the layer would return, and runs the layer if only that can tell.
    The zeros have memory of their own if they are to be `writable`, else that of one number."""
    forward = layer.forward

    def stub(*args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else next(iter(kwargs.values()), None)
        if isinstance(first, Tensor):
            shape = output_shape(layer, tuple(first.shape))
            if shape is not None:
                zero = _first_number(first if first.is_floating_point() else layer.weight) * 0
                return zero.expand(shape).clone() if writable else zero.expand(shape)
        return forward(*args, **kwargs)

    return stub


def _first_number(tensor: Any) -> Any:
    """The first number of a tensor, of which there may be none, without looking at the others."""
    return tensor[tuple(slice(1) for _ in tensor.shape)].sum()
