"""The base of all optimizers: parameter groups, per-parameter state, hooks, saving and loading."""

from __future__ import annotations

import copy
import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import rsnn
from rsnn import _C
from rsnn.autograd import no_grad

from ._hooks import HookHandle, HookTable

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

ParamsT: TypeAlias = Iterable[Any]

_global_pre_hooks = HookTable()
_global_post_hooks = HookTable()


class _Required:
    """Stands in `defaults` for an option that every parameter group must give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> HookHandle:
    """Runs `hook(optimizer, args, kwargs)` before every `step` of every optimizer."""
    return _global_pre_hooks.add(hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> HookHandle:
    """Runs `hook(optimizer, args, kwargs)` after every `step` of every optimizer."""
    return _global_post_hooks.add(hook)


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a `step` method run the step hooks around itself."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if type(self).step is not hooked:  # a subclass's step calls this one: hooks run around the outermost
            return step(self, *args, **kwargs)
        for hook in (*_global_pre_hooks, *self._step_pre_hooks):
            changed = hook(self, (self, *args), kwargs)
            if changed is None:
                continue
            if not (isinstance(changed, tuple) and len(changed) == 2):
                raise RuntimeError(
                    f"{type(self).__name__}.step: a pre-hook must return None or (args, kwargs), got {changed!r}"
                )
            (_, *args), kwargs = changed
        result = step(self, *args, **kwargs)
        if self._opt_called is False:
            self._opt_called = True
        for hook in (*self._step_post_hooks, *_global_post_hooks):
            hook(self, (self, *args), kwargs)
        return result

    return hooked


class Optimizer:
    """What all optimizers share. A subclass gives `step`, decorated with `rsnn.no_grad()`.

    Args:
        params: parameters, or `(name, parameter)` pairs, or dicts, each a parameter group with a key `"params"` and
            options that override `defaults`.
        defaults: the options of groups that do not give their own.

    Attributes:
        param_groups: a list of dicts: `"params"` and options. Options may be changed between steps.
        state: per-parameter values by parameter (momentum, step counts).
        defaults: as given.

    Raises:
        TypeError: `params` is a tensor, or holds something that is not a tensor.
        ValueError: there are no parameters; one is not a leaf or stands in two groups; some have names, some not.

    Example:
        >>> class Descent(rsnn.optim.Optimizer):
        ...     def __init__(self, params, lr):
        ...         super().__init__(params, {"lr": lr})
        ...     @rsnn.no_grad()
        ...     def step(self, closure=None):
        ...         for group in self.param_groups:
        ...             for p in group["params"]:
        ...                 p.add_(p.grad, alpha=-group["lr"])
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> (w * w).sum().backward()
        >>> Descent([w], lr=0.5).step()
        >>> w
        tensor([0., 0.], requires_grad=True)
    """

    _opt_called: bool | None = None  # None until a scheduler wants to know whether the optimizer was stepped

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: ParamsT, defaults: dict[str, Any]):
        self.defaults = defaults
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._init_hooks()
        if isinstance(params, rsnn.Tensor):
            raise TypeError(f"{type(self).__name__}: expected an iterable of tensors or dicts, got a tensor")
        groups = list(params)
        if not groups:
            raise ValueError(f"{type(self).__name__}: expected at least one parameter, got an empty list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _init_hooks(self) -> None:
        self._step_pre_hooks = HookTable()
        self._step_post_hooks = HookTable()
        self._state_dict_pre_hooks = HookTable()
        self._state_dict_post_hooks = HookTable()
        self._load_state_dict_pre_hooks = HookTable()
        self._load_state_dict_post_hooks = HookTable()

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_step_pre_hooks" not in self.__dict__:
            self._init_hooks()
        for group in self.param_groups:
            # Switches that were added to an optimizer after the state was saved are off, or undecided.
            for key, value in self.defaults.items():
                if value is None or isinstance(value, bool):
                    group.setdefault(key, value)
            self._check_options(group)
        for values in self.state.values():
            if isinstance(values, dict) and isinstance(values.get("step"), (int, float)):
                values["step"] = scalar_state(values["step"])

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            text += "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
        return text + ")"

    # Parameter groups

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a parameter group, for instance layers unfrozen in the middle of training.

        Args:
            param_group: `"params"` (a tensor, an iterable of tensors or of `(name, tensor)`) and options; what is
                left out comes from `defaults`.
        """
        op = type(self).__name__
        if not isinstance(param_group, dict):
            raise TypeError(f"{op}: expected a parameter group to be a dict, got {type(param_group).__name__}")
        params = param_group["params"]
        if isinstance(params, rsnn.Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(f"{op}: a set of parameters has a different order in every run; expected a list, got a set")
        params = list(params)
        named = [p for p in params if isinstance(p, tuple)]
        if named:
            if len(named) < len(params):
                raise ValueError(f"{op}: expected a name with each parameter or with none")
            param_group["param_names"] = [p[0] for p in named]
            params = [p[1] for p in named]
        param_group["params"] = params
        if self.param_groups and ("param_names" in param_group) != ("param_names" in self.param_groups[0]):
            raise ValueError(f"{op}: expected all parameter groups with parameter names, or all without")
        self._check_params(params)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"{op}: a parameter group does not give the required option {name!r}")
            param_group.setdefault(name, default)
        self._check_options(param_group)
        self.param_groups.append(param_group)

    def _check_params(self, params: list[Any]) -> None:
        op = type(self).__name__
        for p in params:
            if not isinstance(p, rsnn.Tensor):
                raise TypeError(f"{op}: expected parameters to be tensors, got {type(p).__name__}")
            if not (p.is_leaf or p.retains_grad):
                raise ValueError(f"{op}: expected leaf tensors, got one computed from others (shape {list(p.shape)})")
        ids = {id(p) for p in params}
        if len(ids) < len(params):
            warnings.warn(f"{op}: a parameter group has duplicate parameters", UserWarning, stacklevel=4)
        if any(id(p) in ids for group in self.param_groups for p in group["params"]):
            raise ValueError(f"{op}: some parameters appear in more than one parameter group")

    def _check_options(self, group: dict[str, Any]) -> None:
        for option in ("capturable", "differentiable"):
            if group.get(option):
                raise NotImplementedError(f"{type(self).__name__}: {option}=True is not supported")
        if group.get("fused") and group.get("foreach"):
            raise RuntimeError(f"{type(self).__name__}: fused and foreach cannot both be True")

    # Training

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drops the gradients of all parameters, or fills them with zeros if `set_to_none` is False."""
        for group in self.param_groups:
            if set_to_none:
                _C._drop_grads(group["params"])
                continue
            for p in group["params"]:
                if p.grad is None:
                    continue
                if p.grad.grad_fn is not None:
                    p.grad.detach_()
                else:
                    p.grad.requires_grad_(False)
                p.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates the parameters from their gradients once.

        Args:
            closure: evaluates the model anew and returns the loss; most optimizers can do without.
        """
        raise NotImplementedError(f"{type(self).__name__}: step is not implemented")

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Runs `hook(optimizer, args, kwargs)` before each step; it may return changed `(args, kwargs)`."""
        return self._step_pre_hooks.add(hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Runs `hook(optimizer, args, kwargs)` after each step."""
        return self._step_post_hooks.add(hook)

    # Saving and loading

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Runs `hook(optimizer)` before `state_dict` collects."""
        return self._state_dict_pre_hooks.add(hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Runs `hook(optimizer, state_dict)` on what `state_dict` collected; it may return a replacement."""
        return self._state_dict_post_hooks.add(hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Runs `hook(optimizer, state_dict)` before loading; it may return a replacement."""
        return self._load_state_dict_pre_hooks.add(hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Runs `hook(optimizer)` after loading."""
        return self._load_state_dict_post_hooks.add(hook, prepend)

    def state_dict(self) -> dict[str, Any]:
        """The state of the optimizer in plain containers.

        Returns:
            `{"state": {index: values}, "param_groups": [options and the indices of the group's parameters]}`, with
            parameters numbered over all groups. The values are the optimizer's own tensors, not copies.
        """
        for hook in self._state_dict_pre_hooks:
            hook(self)
        index: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                index.setdefault(id(p), len(index))
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [index[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {index[id(k)] if isinstance(k, rsnn.Tensor) else k: v for k, v in self.state.items()}
        result: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._state_dict_post_hooks:
            changed = hook(self, result)
            result = result if changed is None else changed
        return result

    @no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` of an optimizer over parameters in the same order gave.

        Floating-point state is converted to the dtype of its parameter; where that changes nothing, tensors are
        shared with `state_dict`.

        Args:
            state_dict: see [`Optimizer.state_dict`].

        Raises:
            ValueError: the number of groups, or of parameters in a group, is another one.
        """
        state_dict = state_dict.copy()
        for hook in self._load_state_dict_pre_hooks:
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        op = type(self).__name__
        saved_groups = copy.deepcopy(state_dict["param_groups"])
        if len(saved_groups) != len(self.param_groups):
            raise ValueError(
                f"{op}.load_state_dict: expected {len(self.param_groups)} parameter groups, got {len(saved_groups)}"
            )
        by_index: dict[Any, Any] = {}
        for own, saved in zip(self.param_groups, saved_groups, strict=True):
            if len(own["params"]) != len(saved["params"]):
                raise ValueError(
                    f"{op}.load_state_dict: expected a group of {len(own['params'])} parameters, "
                    f"got one of {len(saved['params'])}"
                )
            by_index.update(zip(saved["params"], own["params"], strict=True))
            saved["params"] = own["params"]
            if "param_names" in own:
                saved.setdefault("param_names", own["param_names"])
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, values in state_dict["state"].items():
            param = by_index.get(key)
            if param is None:
                state[key] = values
            else:
                state[param] = _fit_state(param, values)
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for hook in self._load_state_dict_post_hooks:
            hook(self)


def scalar_state(value: float) -> rsnn.Tensor:
    """A number of the state (a step count, a running product) as a tensor of at least float32."""
    dtype = rsnn.float64 if rsnn.get_default_dtype() == rsnn.float64 else rsnn.float32
    return rsnn.tensor(float(value), dtype=dtype)


def _fit_state(param: rsnn.Tensor, value: Any, key: Any = None) -> Any:
    """A saved state value in the dtype of its parameter; step counts stay as they are."""
    if isinstance(value, rsnn.Tensor):
        return value.to(param.dtype) if key != "step" and param.is_floating_point() else value
    if isinstance(value, dict):
        return {k: _fit_state(param, v, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_fit_state(param, v) for v in value)
    return value
