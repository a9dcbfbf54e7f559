"""Writes optim.json: what PyTorch's optimizers and learning-rate schedulers make of fixed inputs.

Run with PyTorch importable: python tests/golden/make_optim.py
"""

import json
import pathlib
import random
import warnings

import torch

OPTIMIZERS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True},
    ],
    "Adam": [
        {},
        {"lr": 0.1, "betas": [0.5, 0.7], "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True},
        {"lr": 0.1, "amsgrad": True, "maximize": True},
    ],
    "AdamW": [{}, {"lr": 0.1, "weight_decay": 0.1, "amsgrad": True}],
    "RMSprop": [{}, {"lr": 0.1, "alpha": 0.9, "centered": True}, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}],
    "Adagrad": [{}, {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.5, "weight_decay": 0.1, "maximize": True}],
    "Adamax": [{}, {"lr": 0.1, "betas": [0.5, 0.7], "weight_decay": 0.1}],
    "NAdam": [{}, {"lr": 0.1, "weight_decay": 0.1, "momentum_decay": 0.1}, {"decoupled_weight_decay": True}],
    "RAdam": [{}, {"lr": 0.1, "betas": [0.5, 0.7], "weight_decay": 0.1}, {"decoupled_weight_decay": True}],
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.1, "alpha": 0.3, "t0": 2, "weight_decay": 0.1}],
    "Rprop": [{}, {"lr": 0.1, "etas": [0.3, 2.0], "step_sizes": [0.01, 0.2]}],
}
SCHEDULERS = [
    ("StepLR", {"step_size": 3, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [2, 5, 5], "gamma": 0.5}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 4}),
    ("LinearLR", {"start_factor": 0.25, "end_factor": 0.7, "total_iters": 6}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {"total_iters": 7, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 5, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.01}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "mode": "triangular2"}),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "step_size_down": 2, "mode": "exp_range", "gamma": 0.9},
    ),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 20}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 20, "anneal_strategy": "linear", "three_phase": True}),
]
SHAPES = [(2, 3), (3,)]


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(0)
    draw = lambda shape: [round(rng.gauss(0, 1), 3) for _ in range(torch.Size(shape).numel())]  # noqa: E731
    start = [draw(shape) for shape in SHAPES]
    gradients = [[draw(shape) for shape in SHAPES] for _ in range(6)]
    optimizers = []
    for name, variants in OPTIMIZERS.items():
        for options in variants:
            params = [torch.tensor(v, dtype=torch.float64).view(s) for v, s in zip(start, SHAPES, strict=True)]
            optimizer = getattr(torch.optim, name)(params, foreach=False, **options)
            for gradient in gradients:
                for p, g in zip(params, gradient, strict=True):
                    p.grad = torch.tensor(g, dtype=torch.float64).view_as(p)
                optimizer.step()
            optimizers.append([name, options, [p.flatten().tolist() for p in params]])
    schedulers = []
    for name, options in SCHEDULERS:
        optimizer = torch.optim.SGD([torch.ones(1)], lr=0.1, momentum=0.9)
        scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
        rates = [[optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]]]
        for _ in range(15):
            optimizer.step()
            scheduler.step()
            rates.append([optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]])
        schedulers.append([name, options, rates])
    data = {
        "shapes": SHAPES,
        "start": start,
        "gradients": gradients,
        "optimizers": optimizers,
        "schedulers": schedulers,
    }
    path = pathlib.Path(__file__).with_name("optim.json")
    rows = ",\n".join(
        f" {json.dumps(key)}: " + (rows_of(value) if key in ("optimizers", "schedulers") else json.dumps(value))
        for key, value in data.items()
    )
    path.write_text("{\n" + rows + "\n}\n")


def rows_of(cases):
    return "[\n  " + ",\n  ".join(json.dumps(case) for case in cases) + "\n ]"


if __name__ == "__main__":
    main()
