"""Looks at an answer that is not finished yet: what chapter 06 shows between the two halves of `learning_phase`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import torch
from torch import Tensor

from solutions import advantages


def variables_of(function: Callable) -> dict:
    """Call a function without arguments, and return its own variables as they were when it ended, or raised."""
    found, code = {}, getattr(function, "__func__", function).__code__

    def keep(frame, event, _) -> None:
        if event == "return" and frame.f_code is code:
            found.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(keep)
    try:
        with suppress(NotImplementedError):  # where the second half is still to be written
            function()
    finally:
        sys.setprofile(before)
    return found


def show_columns(trainer) -> None:
    """Run `learning_phase` as far as it is written, and say of its variables which column of the rollout each is.

    Args:
        trainer: a PPOTrainer whose `rollout_phase` has just been called.
    """
    batch, args = trainer.agent.rollout, trainer.args
    names = ["rewards", "values", "next_values", "terminations", "truncations"]
    grids = {name: getattr(batch, name) for name in ["obs", "actions", "logprobs"]}
    right_advantages = advantages.compute_advantages(*(getattr(batch, name) for name in names), args.gamma, args.gae_lambda)
    grids |= {"advantages": right_advantages, "returns": right_advantages + batch.values}
    orders = {"row by row": grids, "column by column": {name: grid.transpose(0, 1) for name, grid in grids.items()}}
    found = {}
    for name, tensor in tensors_in(variables_of(trainer.learning_phase)):
        shape, what = tuple(tensor.shape), None
        if shape[:2] == (args.num_steps, args.num_envs) and "[" not in name:
            what = ", ".join(["still a grid", *(f"the {column}" for column, grid in grids.items() if alike(tensor, grid))])
        elif shape[:1] == (args.batch_size,):
            same = [(c, order) for order in orders for c, grid in orders[order].items() if alike(tensor, grid.flatten(0, 1))]
            found |= dict(same[:1])
            what = "the {}, flattened {}".format(*same[0]) if same else "none of the five columns"
        if what:
            print(f"{name:18} {shape!s:12} {what}")
    missing = [column for column in grids if column not in found]
    if missing:
        print(f"Not found, flattened: {', '.join(missing)}.")
    else:
        print(
            "All five are there" + (", but not in the same order." if len(set(found.values())) > 1 else ", in the same order.")
        )


RIGHT_AT_FIRST = {
    "policy_loss": "0: every ratio is 1, and normalised advantages have the mean 0",
    "value_loss": "half the mean square of returns - values",
    "entropy": "just below log 2 = 0.693: the policy has preferred nothing yet",
    "approx_kl": "0: new and old log-probabilities are the same",
    "clipfrac": "0, for the same reason",
    "grad_norm": "above 0",
    "explained_variance": "near 0: the critic knows nothing yet",
}


def show_first_update(trainer) -> None:
    """Run `learning_phase` and print the figures of its update beside what they must be, as the policy is still the one that played.

    Args:
        trainer: a PPOTrainer with one epoch of one minibatch, whose `rollout_phase` has just been called.
    """
    before = [parameter.clone() for parameter in trainer.actor.parameters()]
    with suppress(NotImplementedError):
        trainer.learning_phase()
    for name, right in RIGHT_AT_FIRST.items():
        seen = trainer.log.figures.get(name)
        print(f"{name:18} {'missing' if seen is None else f'{round(seen[0].item(), 4) + 0:8.4f}'}    {right}")
    moved = any(not torch.equal(old, new) for old, new in zip(before, trainer.actor.parameters(), strict=True))
    print("The actor's weights have moved." if moved else "The actor's weights have not moved.")


def tensors_in(variables: dict) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors among some variables by name, also those in a list, a tuple or a dict."""
    for name, value in variables.items():
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, list | tuple | dict):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            yield from tensors_in({f"{name}[{key!r}]": one for key, one in pairs})


def alike(tensor: Tensor, other: Tensor) -> bool:
    return tensor.shape == other.shape and torch.allclose(tensor.double(), other.double(), atol=1e-5)
