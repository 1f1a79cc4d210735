"""The contract for transitions, what holds the environments to it, and the rollouts that come of it."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solutions import contract as reference
from solutions import networks
from solutions.args import PPOArgs
from solutions.contract import check_transition
from solutions.rollout import PPOAgent, Rollout
from solutions.trainer import PPOTrainer
from tests.scripted import ScriptedEnvs
from utils.contract import CheckedEnvs, Contract, ContractError, Rule, Transition
from utils.envs import make_envs

NUM_ACTIONS = 3


class Case:
    """A contract with what it was made of, and a transition that keeps it, both drawn at random."""

    def __init__(self, seed, num_envs, dtype, shape, first_action, obs_range, reward_range, one_end, step):
        self.rng, self.N, self.dtype, self.shape = np.random.default_rng(seed), num_envs, np.dtype(dtype), shape
        self.first_action, self.reward_range = first_action, reward_range
        low, high = (10, 200) if self.dtype == np.uint8 else (-4, 2)
        arrays = np.full(shape, low, dtype), np.full(shape, high, dtype)
        if shape:
            arrays[1].flat[0] = low + 1  # one entry that is kept tighter than the others
        self.obs_range = {"none": None, "numbers": (low, high), "arrays": arrays}[obs_range]
        everything = (0, 255) if self.dtype == np.uint8 else (-np.inf, np.inf)
        envs = SimpleNamespace(
            num_envs=num_envs,
            single_observation_space=Box(*everything, shape, dtype),
            single_action_space=Discrete(NUM_ACTIONS, start=first_action),
        )
        self.contract = Contract.of(envs, obs_range=self.obs_range, reward_range=reward_range, one_end=one_end)
        self.transition = self._sound(step)

    def _within(self, allowed, shape, dtype):
        """Values in a range, many of them at its very bounds."""
        if allowed is None:
            allowed = (0, 255) if dtype == np.uint8 else (-np.finfo(dtype).max, np.finfo(dtype).max)
        low, high = (np.broadcast_to(np.asarray(bound, dtype=np.float64), shape) for bound in allowed)
        high = np.minimum(high, np.finfo(np.float32).max) if dtype == np.float32 else high
        where = self.rng.integers(3, size=shape)
        share = self.rng.random(size=shape)
        return np.choose(where, [low, high, low * (1 - share) + high * share]).astype(dtype)

    def _sound(self, step) -> Transition:
        terminations, truncations = self.rng.random((2, self.N)) < 0.4
        if self.contract.one_end:
            terminations &= ~truncations
        obs_shape = (self.N, *self.shape)
        final_obs = self._within(self.obs_range, obs_shape, self.dtype)
        nobody_reads = np.array([np.nan, np.inf, 1e30]) if self.dtype.kind == "f" else np.array([0, 9, 255])
        garbage = self.rng.choice(nobody_reads, size=obs_shape).astype(self.dtype)
        unread = np.broadcast_to(
            (~truncations & (self.rng.random(self.N) < 0.7)).reshape(-1, *[1] * len(self.shape)), obs_shape
        )
        return Transition(
            step=step,
            actions=self.first_action + self.rng.integers(NUM_ACTIONS, size=self.N),
            rewards=self._within(self.reward_range, (self.N,), np.dtype(np.float32)),
            terminations=terminations,
            truncations=truncations,
            next_obs=self._within(self.obs_range, obs_shape, self.dtype),
            final_obs=np.where(unread, garbage, final_obs),
        )

    # Ways to spoil it. Each returns the transition, the field and the environment that are to be named; or None where the
    # contract leaves no room for it.

    def _put(self, field, value, among=None):
        """Put a wrong value into one entry, and sometimes another into a later row."""
        rows = np.arange(self.N) if among is None else np.flatnonzero(among)
        if len(rows) == 0:
            return None
        values = getattr(self.transition, field).copy()
        chosen = np.sort(self.rng.choice(rows, size=self.rng.integers(1, len(rows) + 1), replace=False))
        for row in chosen:
            place = tuple(self.rng.integers(values.shape[1:])) if values.ndim > 1 else ()
            values[(row, *place)] = value
        return replace(self.transition, **{field: values}), field, int(chosen[0])

    def _whole(self, field, values):
        return replace(self.transition, **{field: values}), field, None

    def _truncated(self):
        if not self.transition.truncations.any():
            truncations = self.transition.truncations.copy()
            truncations[self.rng.integers(self.N)] = True
            final_obs = self._within(self.obs_range, (self.N, *self.shape), self.dtype)
            terminations = self.transition.terminations & ~truncations
            self.transition = replace(self.transition, truncations=truncations, terminations=terminations, final_obs=final_obs)
        return self.transition.truncations

    def _obs(self, value):
        return self._put("next_obs", value) if self.dtype.kind == "f" or np.isfinite(value) else None

    def _outside_obs(self, field, side, among=None):
        if self.obs_range is None:
            return None
        beyond = (np.min(self.obs_range[0]) - 1, np.max(self.obs_range[1]) + 1)[side]
        return self._put(field, beyond, among)

    def _outside_rewards(self, side):
        if self.reward_range is None or not np.isfinite(self.reward_range[side]):
            return None
        just = np.nextafter(np.float32(self.reward_range[side]), np.float32([-np.inf, np.inf][side]))
        return self._put("rewards", just)

    def _any_field(self):
        return self.rng.choice(list(self.contract.rules))

    def nan_in_obs(self):
        return self._obs(np.nan)

    def infinite_obs(self):
        return self._obs(self.rng.choice([np.inf, -np.inf]))

    def obs_above(self):
        return self._outside_obs("next_obs", 1)

    def obs_below(self):
        return self._outside_obs("next_obs", 0)

    def nan_in_final_obs(self):
        return self._put("final_obs", np.nan, self._truncated()) if self.dtype.kind == "f" else None

    def final_obs_outside(self):
        return self._outside_obs("final_obs", self.rng.integers(2), self._truncated()) if self.obs_range else None

    def nan_reward(self):
        return self._put("rewards", np.nan)

    def infinite_reward(self):
        return self._put("rewards", self.rng.choice([np.inf, -np.inf]))

    def reward_just_above(self):
        return self._outside_rewards(1)

    def reward_just_below(self):
        return self._outside_rewards(0)

    def integer_rewards(self):
        return self._whole("rewards", np.zeros(self.N, dtype=self.rng.choice([np.int32, np.int64])))

    def an_array_for_each_reward(self):
        return self._whole("rewards", self.transition.rewards[:, None])

    def one_action_past_the_last(self):
        return self._put("actions", self.first_action + NUM_ACTIONS)

    def one_action_before_the_first(self):
        return self._put("actions", self.first_action - 1)

    def float_actions(self):
        return self._whole("actions", self.transition.actions.astype(np.float64))

    def integer_flags(self):
        field = self.rng.choice(["terminations", "truncations"])
        return self._whole(field, getattr(self.transition, field).astype(self.rng.choice([np.int64, np.uint8, np.float32])))

    def both_ends(self):
        if not self.contract.one_end:
            return None
        transition, _, environment = self._put("terminations", True)
        truncations = transition.truncations.copy()
        truncations[environment] = True
        first = int((transition.terminations & truncations).argmax())
        sound_obs = self._within(self.obs_range, (self.N, *self.shape), self.dtype)
        return replace(transition, truncations=truncations, final_obs=sound_obs), "truncations", first

    def another_dtype(self):
        field = self._any_field()
        values = getattr(self.transition, field)
        others = {np.dtype(d) for d in ["f2", "f4", "f8", "i4", "i8", "u1", "?", values.dtype.newbyteorder()]} - {values.dtype}
        with np.errstate(all="ignore"):
            return self._whole(field, values.astype(self.rng.choice(sorted(others, key=str))))

    def objects(self):
        field = self._any_field()
        return self._whole(field, getattr(self.transition, field).astype(object))

    def a_row_missing(self):
        field = self._any_field()
        return self._whole(field, np.delete(getattr(self.transition, field), self.rng.integers(self.N), axis=0))

    def a_row_too_many(self):
        field = self._any_field()
        values = getattr(self.transition, field)
        return self._whole(field, np.concatenate([values, values[-1:]]))

    def another_shape(self):
        field = self._any_field()
        values = getattr(self.transition, field)
        return self._whole(field, values[..., None] if self.rng.random() < 0.5 else values.reshape(1, *values.shape))

    def no_array(self):
        field = self._any_field()
        return self._whole(field, self.rng.choice(np.array([None, 0], dtype=object)))

    def a_list(self):
        field = self._any_field()
        return self._whole(field, getattr(self.transition, field).tolist())

    def reset_obs(self):
        at_reset = self.contract.only("next_obs")
        spoiled = [self.nan_in_obs, self.infinite_obs, self.obs_above, self.obs_below]
        wrong = next(filter(None, (spoil() for spoil in self.rng.permutation(spoiled))), None)
        if wrong is None:
            wrong = self._whole("next_obs", self.transition.next_obs.astype(np.float32)[None])
        self.contract = at_reset
        return Transition(next_obs=wrong[0].next_obs), "next_obs", wrong[2]


WAYS = [name for name in vars(Case) if not name.startswith("_")]


def arrays_equal(one: Transition, other: Transition) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in vars(one)]
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f") and a.dtype == b.dtype if isinstance(a, np.ndarray) else a is b
        for a, b in pairs
    )


CASES = st.builds(
    Case,
    seed=st.integers(0, 2**32 - 1),
    num_envs=st.integers(1, 5),
    dtype=st.sampled_from([np.float32, np.float64, np.uint8]),
    shape=st.sampled_from([(), (3,), (2, 2)]),
    first_action=st.sampled_from([0, 5]),
    obs_range=st.sampled_from(["none", "numbers", "arrays"]),
    reward_range=st.sampled_from([None, (-1, 1), (-3, -1), (0, np.inf)]),
    one_end=st.booleans(),
    step=st.integers(0, 10_000),
)


def test_of_10000_transitions_the_sound_ones_pass_and_the_spoiled_ones_are_refused_and_named():
    refused = Counter()

    @settings(max_examples=5_000, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(CASES, st.integers(0, len(WAYS) - 1))
    def fuzz(case, way):
        sound = case.transition
        before = replace(sound, **{name: getattr(sound, name).copy() for name in case.contract.rules})
        assert arrays_equal(check_transition(case.contract, sound), before)

        while (spoiled := getattr(case, WAYS[way])()) is None:
            way = (way + 1) % len(WAYS)
        transition, field, environment = spoiled
        with pytest.raises(ContractError) as raised:
            check_transition(case.contract, transition)
        error = raised.value
        assert (error.step, error.environment, error.field) == (transition.step, environment, field), WAYS[way]
        where = "every environment" if environment is None else f"environment {environment}"
        when = "the reset" if transition.step is None else f"step {transition.step}"
        assert str(error).startswith(f"At {when}, `{field}` of {where} is ") and "\n" not in str(error)
        refused[WAYS[way]] += 1

    fuzz()
    assert refused.total() >= 5_000
    assert len(WAYS) >= 12 and set(refused) == set(WAYS)
    assert min(refused.values()) >= 20, refused
