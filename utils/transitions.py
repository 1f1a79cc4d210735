"""A contract for transitions: what environments promise, and a wrapper that holds them to it at every step (chapter 07)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper

Range = tuple[float | np.ndarray, float | np.ndarray]


@dataclass(frozen=True)
class Rule:
    """What one field of a transition may be: an array of a shape and a dtype, with every entry between two bounds.

    Where only finiteness is asked for, the bounds are the lowest and the highest finite number: infinities lie outside,
    and NaN is neither above a bound nor below one. Where every value of the dtype will do, as with bytes and flags, the
    bounds are None and there is nothing to look at.
    """

    shape: tuple[int, ...]
    """(N, ...), with a row for each environment."""
    dtype: np.dtype
    low: float | np.ndarray | None = None
    """The smallest value allowed: one number, or one for each entry of a row."""
    high: float | np.ndarray | None = None
    """The largest value allowed, likewise."""

    def __str__(self) -> str:
        array = f"{self.dtype} of shape {self.shape}"
        if self.low is None:
            return array
        lowest, highest = _bounds(self.dtype, None)
        if np.all(self.low == lowest) and np.all(self.high == highest):
            return f"{array}, finite"
        low, high = (_shown(bound) for bound in (self.low, self.high))
        return f"{array}, from {low} to {high}"


@dataclass(frozen=True)
class Transition:
    """What N environments did in one step; each array has a row for each environment."""

    step: int | None = None
    """The number of the step, counted from 0; None at a reset."""
    actions: np.ndarray | None = None
    rewards: np.ndarray | None = None
    terminations: np.ndarray | None = None
    truncations: np.ndarray | None = None
    next_obs: np.ndarray | None = None
    """What the environments show now. It is all that a reset has."""
    final_obs: np.ndarray | None = None
    """What the step really led to. Only rows where it truncated are ever read, and the others may hold anything."""


@dataclass(frozen=True)
class Contract:
    """What environments promise of every transition."""

    rules: dict[str, Rule]
    """For each field of the transition, in the order in which they are to be checked."""
    one_end: bool = False
    """Whether a step may not terminate and truncate an episode at once. In Gymnasium it may."""

    @classmethod
    def of(
        cls, envs: VectorEnv, *, obs_range: Range | None = None, reward_range: Range | None = None, one_end: bool = False
    ) -> "Contract":
        """Return the contract that follows from the spaces of some environments.

        Args:
            envs: made by `utils.envs.make_envs`: with a discrete action space, and float32 rewards.
            obs_range: the lowest and the highest observation, as numbers or as arrays of an observation's shape; by default
                any finite ones. (Not those of the space: many an environment of repute leaves its own by a little.)
            reward_range: the lowest and the highest reward; by default -1 and 1 where the environments clip their rewards,
                else any finite ones.
            one_end: whether a step may not terminate and truncate at once.
        """
        obs, actions = envs.single_observation_space, envs.single_action_space
        if reward_range is None and getattr(envs, "clip_rewards", False):
            reward_range = (-1, 1)
        one_each = (envs.num_envs,)
        flags = Rule(one_each, np.dtype(bool))
        any_obs = Rule((*one_each, *obs.shape), obs.dtype, *_bounds(obs.dtype, obs_range))
        return cls(
            rules={
                "actions": Rule(one_each, actions.dtype, int(actions.start), int(actions.start + actions.n - 1)),
                "rewards": Rule(one_each, np.dtype(np.float32), *_bounds(np.dtype(np.float32), reward_range)),
                "terminations": flags,
                "truncations": flags,
                "next_obs": any_obs,
                "final_obs": any_obs,
            },
            one_end=one_end,
        )

    def only(self, field: str) -> "Contract":
        """Return the part of the contract that concerns one field."""
        return replace(self, rules={field: self.rules[field]}, one_end=False)


def _shown(bound: float | np.ndarray) -> str:
    return " ".join(np.array2string(np.asarray(bound), threshold=8, formatter={"float_kind": "{:g}".format}).split())


def _bounds(dtype: np.dtype, allowed: Range | None) -> tuple:
    """Return a range within what is finite; (None, None) where every value of the dtype will do."""
    if dtype.kind != "f":
        return allowed or (None, None)
    finite = np.finfo(dtype).min, np.finfo(dtype).max
    return finite if allowed is None else tuple(np.clip(bound, *finite) for bound in allowed)


class ContractError(ValueError):
    """A transition that breaks the contract, in one sentence. The five parts of the sentence are its attributes."""

    def __init__(self, step: int | None, environment: int | None, field: str, seen, allowed):
        """Make the sentence of its five parts.

        Args:
            step: the number of the step; None at a reset.
            environment: the first one whose row is wrong; None if the whole array is.
            field: such as next_obs.
            seen: what the field holds.
            allowed: what it may hold: the rule, or words.
        """
        self.step, self.environment, self.field, self.seen, self.allowed = step, environment, field, seen, allowed
        when = "At the reset" if step is None else f"At step {step}"
        where = "of every environment" if environment is None else f"of environment {environment}"
        super().__init__(f"{when}, `{field}` {where} is {seen}; allowed is {allowed}.")


class CheckedEnvs(VectorWrapper):
    """Environments that are held to a contract at every reset and at every step, before anybody sees what they returned.

    It is the outermost wrapper, outside `GameRecorder`: what has passed it goes into the rollout as it is. It must not be
    inside, because only `GameRecorder` makes `final_obs` whole: ALE leaves uninitialised memory there at a lost life.
    Actions are checked before the step as well: ALE's native environment hangs for ever at one that does not exist.
    """

    def __init__(self, envs: VectorEnv, check: Callable[[Contract, Transition], Transition], contract: Contract | None = None):
        """See the class.

        Args:
            envs: made by `utils.envs.make_envs`.
            check: `solutions.contract.check_transition`, or your own.
            contract: by default the one that follows from the spaces.
        """
        super().__init__(envs)
        self.check = check
        self.contract = Contract.of(envs) if contract is None else contract
        self.at_reset, self.before_step = self.contract.only("next_obs"), self.contract.only("actions")
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        obs, infos = self.env.reset(seed=seed, options=options)
        self.steps = 0
        return self.check(self.at_reset, Transition(next_obs=obs)).next_obs, infos

    def step(self, actions):
        self.check(self.before_step, Transition(self.steps, actions))
        next_obs, rewards, terminations, truncations, infos = self.env.step(actions)
        final_obs = infos.get("final_obs")
        seen = Transition(self.steps, actions, rewards, terminations, truncations, next_obs, final_obs)
        checked = self.check(self.contract, seen)
        self.steps += 1
        infos = {**infos, "final_obs": checked.final_obs}
        return checked.next_obs, checked.rewards, checked.terminations, checked.truncations, infos
