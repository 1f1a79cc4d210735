"""What a learning phase hands to the course's functions, compared with the rollout's columns. An answer need not call them."""

import inspect
from contextlib import ExitStack
from unittest.mock import patch

import torch
from torch import Tensor, nn

from solutions import advantages, losses

COLUMNS = "rewards", "values", "next_values", "terminations", "truncations"


class WatchedCalls:
    """Watches the calls of a learning phase whose minibatches are the whole rollout, within the block.

    Attributes:
        fact: the first thing that was handed to a function in another's place, in a sentence; None if there was none.
    """

    def __init__(self, trainer, oracle):
        """Watch the phase of a trainer, whose rollout has the advantages and returns of an Oracle."""
        args, batch = trainer.args, trainer.agent.rollout
        self.fact = None
        self.columns = {name: getattr(batch, name).clone() for name in (*COLUMNS, "logprobs")}
        self.flat = {name: self.columns[name].flatten() for name in ("logprobs", "values", "next_values", "rewards")}
        self.flat |= {"advantages": oracle.advantages, "returns": oracle.returns}
        self.settings = {name: getattr(args, name) for name in ("gamma", "gae_lambda", "clip_coef", "max_grad_norm")}
        self.is_normalised, self.is_first, self.latest_logprobs = args.norm_adv, True, None
        self.patches = ExitStack()

    def __enter__(self) -> "WatchedCalls":
        for module, name, look in [
            (advantages, "compute_advantages", self._advantages),
            (losses, "policy_loss", self._policy_loss),
            (losses, "value_loss", self._value_loss),
            (losses, "entropy_bonus", self._entropy_bonus),
            (nn.utils, "clip_grad_norm_", self._clip),
        ]:
            self.patches.enter_context(patch.object(module, name, self._watched(getattr(module, name), look)))
        return self

    def __exit__(self, *_) -> None:
        self.patches.close()

    def _watched(self, function, look):
        def watched(*args, **kwargs):
            if self.fact is None and torch.is_grad_enabled():  # without, it is only for the log
                self.fact = look(inspect.signature(function).bind(*args, **kwargs).arguments)
            return function(*args, **kwargs)

        return watched

    def _advantages(self, given) -> str | None:
        for name in COLUMNS:
            is_same = [other for other in self.columns if self._equal(given.get(name), self.columns[other])]
            if is_same and name not in is_same:
                return f"compute_advantages was given the rollout's `{is_same[0]}` as `{name}`."
        return self._wrong_setting("compute_advantages", given, "gamma", "gae_lambda")

    def _policy_loss(self, given) -> str | None:
        new, old, weights = (given.get(name) for name in ("new_logprobs", "logprobs", "advantages"))
        if not all(isinstance(one, Tensor) for one in (new, old, weights)):
            return None
        if not new.requires_grad:
            return "policy_loss was given `new_logprobs` without a graph, so that nothing can be learned from it."
        if old.requires_grad:
            return "policy_loss was given `logprobs` with a graph: the old ones are the rollout's."
        if fact := self._misplaced("policy_loss", given, "logprobs") or self._wrong_setting("policy_loss", given, "clip_coef"):
            return fact
        is_first, self.is_first = self.is_first, False
        self.latest_logprobs = old
        if is_first and self._of_rollout(new) == "logprobs" and not torch.allclose(new.flatten(), old.flatten(), atol=1e-4):
            return (
                "Before the first update `new_logprobs` and `logprobs` hold the same numbers, but not in the same order: flatten all columns of "
                "the rollout in the same way."
            )
        if fact := self._other_steps(weights, "advantages"):
            return f"policy_loss was given {fact}"
        if is_first and self._of_rollout(new) is None and new.numel() == self.flat["logprobs"].numel():
            return (
                f"Before the first update policy_loss was given `new_logprobs` with the mean {new.mean():.4f}, and the rollout's have "
                f"{self.flat['logprobs'].mean():.4f}. They are log pi of the actions that were played, so until then they are the same."
            )
        spread = weights.std().item() if weights.numel() > 1 else 1.0
        if self.is_normalised and abs(spread - 1) > 0.05:
            return (
                f"policy_loss was given advantages with the standard deviation {spread:.3g}; after they are normalised it is 1."
            )
        if not self.is_normalised:
            return self._misplaced(
                "policy_loss", given, "advantages", "and norm_adv is False, so they are the rollout's as they are"
            )
        return None

    def _value_loss(self, given) -> str | None:
        new, other = given.get("new_values"), given.get("returns")
        if isinstance(other, Tensor) and other.requires_grad and self._of_rollout(new) == "returns":
            return None  # the other way round it is the same number
        if isinstance(new, Tensor) and not new.requires_grad:
            return "value_loss was given `new_values` without a graph: they come from the critic as it is now, and not from the rollout."
        fact = self._misplaced("value_loss", given, "returns") or self._other_steps(other, "returns")
        return f"value_loss was given {fact}" if fact and fact.startswith("`") else fact

    def _entropy_bonus(self, given) -> str | None:
        logits = given.get("logits")
        if isinstance(logits, Tensor) and not logits.requires_grad:
            return "entropy_bonus was given `logits` without a graph, so that the policy cannot become more random by it."
        return None

    def _clip(self, given) -> str | None:
        largest = given.get("max_norm")
        if isinstance(largest, int | float) and abs(largest - self.settings["max_grad_norm"]) > 1e-9:
            return f"clip_grad_norm_ was given {largest:g}; max_grad_norm is {self.settings['max_grad_norm']:g}."
        return None

    def _misplaced(self, function: str, given, name: str, because: str = "") -> str | None:
        seen, right = given.get(name), self.flat[name]
        found = self._of_rollout(seen)
        if found == name or not isinstance(seen, Tensor) or seen.numel() != right.numel():
            return None
        if found is not None:
            return f"{function} was given the rollout's {found} as `{name}`."
        because = because or {"returns": "which are advantages + values"}.get(name, "")
        numbers = f"with the mean {seen.mean():.4f}; those of the rollout have {right.mean():.4f}"
        return f"{function} was given `{name}` {numbers}" + (f", {because}." if because else ".")

    def _other_steps(self, seen, name: str) -> str | None:
        """Say so if a minibatch's numbers, up to scale and shift, are not of the same steps as the `logprobs` that came with it."""
        old, column, logprobs = self.latest_logprobs, self.flat[name], self.flat["logprobs"]
        whole = isinstance(seen, Tensor) and isinstance(old, Tensor) and seen.numel() == old.numel() == column.numel() > 2
        if not whole or self._of_rollout(old) != "logprobs" or len(logprobs.unique()) < len(logprobs):
            return None
        steps = (old.detach().flatten()[:, None] - logprobs).abs().argmin(dim=1)
        numbers = seen.detach().flatten()

        def agrees(one: Tensor) -> bool:
            return torch.corrcoef(torch.stack([one, column])).nan_to_num()[0, 1].item() > 0.999

        in_order = agrees(torch.empty_like(numbers).scatter(0, steps, numbers))
        is_column = torch.corrcoef(torch.stack([numbers.sort().values, column.sort().values])).nan_to_num()[0, 1].item() > 0.999
        if in_order or not is_column:
            return None
        return f"`{name}` and `logprobs` of different steps: flatten all columns of the rollout in the same way."

    def _of_rollout(self, tensor) -> str | None:
        """Return the name of the rollout's column that holds these numbers, in any order."""
        for name, column in self.flat.items():
            if isinstance(tensor, Tensor) and tensor.numel() == column.numel():
                seen = tensor.detach().flatten().double().sort().values
                if torch.allclose(seen, column.double().sort().values, rtol=1e-4, atol=1e-5):
                    return name
        return None

    def _wrong_setting(self, function: str, given, *names: str) -> str | None:
        for name in names:
            if isinstance(given.get(name), int | float) and abs(given[name] - self.settings[name]) > 1e-9:
                return f"{function} was given {name} = {given[name]:g}; the setting is {self.settings[name]:g}."
        return None

    @staticmethod
    def _equal(one, other: Tensor) -> bool:
        return isinstance(one, Tensor) and one.shape == other.shape and torch.equal(one.double(), other.double())
