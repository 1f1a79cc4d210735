"""Looks at an answer that is not finished yet: what chapter 06 shows between the two halves of `learning_phase`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import torch
from torch import Tensor, nn

from solutions import advantages
from solutions.trainer import PPOTrainer
from utils.answers import reference_parts


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


WHY = {
    "policy_loss": "every ratio is 1, and normalised advantages have the mean 0",
    "value_loss": "half the mean square of returns - values",
    "entropy": "just below log 2 = 0.693: the policy prefers nothing yet",
    "approx_kl": "new and old log-probabilities are the same",
    "clipfrac": "no ratio has left 1",
    "grad_norm": "of all parameters together, before it is clipped",
    "explained_variance": "near 0: the critic knows nothing yet",
}


def show_first_update(trainer) -> None:
    """Run `learning_phase` and print the figures of its update, and where it moved both networks, beside what is right.

    Args:
        trainer: a PPOTrainer with one epoch of one minibatch, whose `rollout_phase` has just been called.
    """
    twin = PPOTrainer(trainer.args)  # the same rollout and the same networks, in the course's own trainer
    for mine, theirs in [(twin.actor, trainer.actor), (twin.critic, trainer.critic)]:
        mine.load_state_dict(theirs.state_dict())
    twin.agent.rollout = trainer.agent.rollout
    at_first = [weights_of(trainer.actor), weights_of(trainer.critic)]
    for network in (trainer.actor, trainer.critic):
        for parameter in network.parameters():
            parameter.grad = torch.ones_like(parameter)
    with reference_parts():
        PPOTrainer.learning_phase(twin)
    with suppress(NotImplementedError):
        trainer.learning_phase()
    print(f"{'':18} {'yours':>8} {'right':>8}")
    for name, why in WHY.items():
        seen, right = (one.log.figures.get(name) for one in (trainer, twin))
        shown = "missing" if seen is None else f"{round(float(seen[0]), 4) + 0:.4f}"
        print(f"{name:18} {shown:>8} {round(float(right[0]), 4) + 0:8.4f}   {why}")
    for who, before, mine, theirs in zip(
        ("actor", "critic"), at_first, (trainer.actor, trainer.critic), (twin.actor, twin.critic), strict=True
    ):
        step, right_step = weights_of(mine) - before, weights_of(theirs) - before
        if step.any():
            angle = torch.cosine_similarity(step, right_step, dim=0)
            print(f"The {who}'s step and the right one have the cosine {angle:.2f}; 1 is the same direction.")
        else:
            print(f"The {who}'s weights have not moved.")
    print("This does not show the sign of the entropy's term: where the entropy is largest it has no slope.")


def weights_of(network: nn.Module) -> Tensor:
    """Return a copy of all parameters of a network in one row."""
    return torch.cat([parameter.detach().flatten().clone() for parameter in network.parameters()])


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
