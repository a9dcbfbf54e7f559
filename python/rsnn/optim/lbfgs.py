"""L-BFGS: a quasi-Newton method for full batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rsnn
from rsnn.autograd import no_grad

from ._line_search import Point, strong_wolfe
from ._per_parameter import check_lr
from .optimizer import Optimizer, ParamsT

__all__ = ["LBFGS"]

# A step counts as curvature information if the gradient changed along it by more than this.
_MIN_CURVATURE = 1e-10


class LBFGS(Optimizer):
    r"""Limited-memory BFGS: $p \leftarrow p - t H g$ with $H$ estimated from the last steps.

    It evaluates the loss several times in one `step`, so a closure is needed. It keeps `history_size` pairs of vectors
    as long as all parameters together, and takes one parameter group.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: the length of a step without line search, and the first trial with one.
        max_iter: iterations in one `step`.
        max_eval: evaluations of the closure in one `step`; `max_iter * 5 // 4` unless given.
        tolerance_grad: stops when no gradient is larger.
        tolerance_change: stops when the parameters or the loss change less.
        history_size: how many steps are remembered.
        line_search_fn: None or `"strong_wolfe"`.

    Raises:
        ValueError: an option is out of its range, or there is more than one parameter group.

    Example:
        >>> w = rsnn.tensor([3.0, -2.0], requires_grad=True)
        >>> optimizer = rsnn.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - 1) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> loss = optimizer.step(closure)
        >>> w.detach().round(decimals=3)
        tensor([1., 1.])
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ):
        check_lr("LBFGS", lr)
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: expected line_search_fn None or 'strong_wolfe', got {line_search_fn!r}")
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Takes the one group there may be."""
        if self.param_groups:
            raise ValueError("LBFGS: expected one parameter group, got more")
        super().add_param_group(param_group)

    @property
    def _params(self) -> list[rsnn.Tensor]:
        return self.param_groups[0]["params"]

    def _flat_grad(self) -> rsnn.Tensor:
        return rsnn.cat([(rsnn.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in self._params])

    def _move(self, direction: rsnn.Tensor, length: float) -> None:
        start = 0
        for p in self._params:
            end = start + p.numel()
            p.add_(direction[start:end].view_as(p), alpha=length)
            start = end

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Takes up to `max_iter` quasi-Newton steps.

        Args:
            closure: clears the gradients, evaluates the model, computes gradients and returns the loss.

        Returns:
            the loss before the first of them.
        """
        group = self.param_groups[0]
        lr, max_eval = float(group["lr"]), group["max_eval"]
        # All state is global; at the first parameter it takes part in saving and loading.
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate() -> tuple[float, rsnn.Tensor]:
            with rsnn.enable_grad():
                loss = closure()
            state["func_evals"] += 1
            results.append(loss)
            value = loss.item() if isinstance(loss, rsnn.Tensor) else float(loss)
            return value, self._flat_grad()

        results: list[Any] = []
        loss, grad = evaluate()
        for iteration in range(1, group["max_iter"] + 1):
            if grad.abs().max().item() <= group["tolerance_grad"]:
                break
            state["n_iter"] += 1
            direction = self._direction(state, grad, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = grad, loss
            length = lr
            if state["n_iter"] == 1:
                length *= min(1.0, 1.0 / grad.abs().sum().item())
            state["d"], state["t"] = direction, length
            slope = grad.dot(direction).item()
            if slope > -group["tolerance_change"]:
                break
            before = loss
            if group["line_search_fn"] is not None:
                start = Point(0.0, loss, grad, slope)
                found = self._search(evaluate, direction, length, start, max_eval - len(results))
                loss, grad, length = found.loss, found.grad, found.t
                state["t"] = length
                self._move(direction, length)
            else:
                self._move(direction, length)
                if iteration < group["max_iter"]:
                    loss, grad = evaluate()
            if len(results) >= max_eval or abs(loss - before) < group["tolerance_change"]:
                break
            if direction.mul(length).abs().max().item() <= group["tolerance_change"]:
                break
        return results[0]

    def _search(
        self,
        evaluate: Callable[[], tuple[float, rsnn.Tensor]],
        direction: rsnn.Tensor,
        length: float,
        start: Point,
        max_evaluations: int,
    ) -> Point:
        """Looks for a good step length; leaves the parameters where they are."""
        origin = [p.clone() for p in self._params]

        def try_length(t: float) -> Point:
            self._move(direction, t)
            loss, grad = evaluate()
            for p, value in zip(self._params, origin, strict=True):
                p.copy_(value)
            return Point(t, loss, grad, grad.dot(direction).item())

        longest = direction.abs().max().item()
        tolerance = self.param_groups[0]["tolerance_change"]
        return strong_wolfe(try_length, length, start, longest, tolerance, max_evaluations)

    @staticmethod
    def _direction(state: dict[str, Any], grad: rsnn.Tensor, history_size: int) -> rsnn.Tensor:
        """The quasi-Newton direction, after the last step has entered the history."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return grad.neg()
        changes, steps, inverse_curvatures = state["old_dirs"], state["old_stps"], state["ro"]
        change = grad.sub(state["prev_flat_grad"])
        taken = state["d"].mul(float(state["t"]))
        curvature = change.dot(taken).item()
        if curvature > _MIN_CURVATURE:
            if len(changes) == history_size:
                for row in (changes, steps, inverse_curvatures):
                    row.pop(0)
            changes.append(change)
            steps.append(taken)
            inverse_curvatures.append(1.0 / curvature)
            state["H_diag"] = curvature / change.dot(change).item()
        # The two-loop recursion: H times the negative gradient, from the history alone.
        coefficients = state.setdefault("al", [None] * history_size)
        direction = grad.neg()
        for i in reversed(range(len(changes))):
            coefficients[i] = steps[i].dot(direction).item() * float(inverse_curvatures[i])
            direction.add_(changes[i], alpha=-coefficients[i])
        direction.mul_(float(state["H_diag"]))
        for i in range(len(changes)):
            back = changes[i].dot(direction).item() * float(inverse_curvatures[i])
            direction.add_(steps[i], alpha=coefficients[i] - back)
        return direction
