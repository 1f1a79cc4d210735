"""The contract for transitions, what holds the environments to it, and the rollouts that come of it."""

import inspect
import multiprocessing
import os
import signal
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solutions import contract as reference
from solutions import networks
from solutions.args import PPOArgs
from solutions.collect import collect
from solutions.contract import check_transition
from solutions.rollout import PPOAgent, Rollout
from solutions.saving import checkpoint
from solutions.trainer import PPOTrainer
from tests.scripted_envs import ScriptedEnvs
from utils.envs import GameRecorder, make_envs
from utils.processes import ProcessVectorEnv, WorkerError
from utils.transitions import CheckedEnvs, Contract, ContractError, Rule, Transition

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


# What the contract is made from.


def test_a_contract_follows_from_the_spaces():
    cartpole = Contract.of(make_envs("CartPole-v1", 3))
    assert list(cartpole.rules) == ["actions", "rewards", "terminations", "truncations", "next_obs", "final_obs"]
    assert cartpole.rules["next_obs"].shape == (3, 4) and cartpole.rules["next_obs"].dtype == np.float32
    assert (cartpole.rules["actions"].low, cartpole.rules["actions"].high) == (0, 1)
    assert not cartpole.one_end
    envs = make_envs("ALE/Pong-v5", 2, "ram")
    pong = Contract.of(envs)
    assert pong.rules["next_obs"] == Rule((2, *envs.single_observation_space.shape), np.dtype(np.uint8))
    assert (pong.rules["rewards"].low, pong.rules["rewards"].high) == (-1, 1)  # they are clipped
    unclipped = Contract.of(GameRecorder(envs.env, clip_rewards=False)).rules["rewards"]
    assert unclipped.high == np.finfo(np.float32).max


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule((4,), np.dtype(bool)), "bool of shape (4,)"),
        (Rule((4,), np.dtype(np.float32), -1, 1), "float32 of shape (4,), from -1 to 1"),
        (Contract.of(make_envs("CartPole-v1", 2)).rules["rewards"], "float32 of shape (2,), finite"),
        (Rule((2, 2), np.dtype(np.float32), np.float32([-1, -0.5]), 2), "float32 of shape (2, 2), from [-1 -0.5] to 2"),
    ],
)
def test_rules_read_as_words(rule, said):
    assert str(rule) == said


# The wrapper.


class Spoiling(gym.vector.VectorWrapper):
    """Environments that spoil what they return at one step."""

    def __init__(self, envs, at_step=None, spoil_reset=False, **spoil):
        super().__init__(envs)
        self.at_step, self.spoil_reset, self.spoil, self.t, self.asked = at_step, spoil_reset, spoil, 0, []

    def reset(self, *, seed=None, options=None):
        obs, infos = self.env.reset(seed=seed, options=options)
        return (self.spoil["next_obs"](obs) if self.spoil_reset else obs), infos

    def step(self, actions):
        self.asked.append(actions)
        result = dict(zip(["next_obs", "rewards", "terminations", "truncations", "infos"], self.env.step(actions), strict=True))
        if self.t == self.at_step:
            for name, change in self.spoil.items():
                result[name] = change(result[name])
        self.t += 1
        return tuple(result.values())


def with_nan(row):
    def change(array):
        array = array.copy()
        array[row] = np.nan
        return array

    return change


def tiny_agent(envs, num_steps=8):
    torch.manual_seed(0)
    return PPOAgent(envs, torch.nn.Linear(3, 3), torch.nn.Linear(3, 1), num_steps, seed=0)


@pytest.mark.parametrize(
    ("field", "environment", "spoil"),
    [
        ("next_obs", 2, {"next_obs": with_nan(2)}),
        ("rewards", 1, {"rewards": with_nan(1)}),
        ("rewards", None, {"rewards": lambda rewards: rewards.astype(object)}),
        ("terminations", None, {"terminations": lambda flags: flags.astype(int)}),
        ("final_obs", 1, {"infos": lambda infos: {**infos, "final_obs": with_nan(1)(infos["final_obs"])}}),
        ("final_obs", None, {"infos": lambda infos: {}}),
    ],
)
def test_nothing_spoiled_reaches_the_rollout(field, environment, spoil):
    agent = tiny_agent(CheckedEnvs(Spoiling(ScriptedEnvs(4, 3), at_step=3, **spoil), check_transition))  # 1 truncates at 3
    for _ in range(3):
        agent.play_step()
    with pytest.raises(ContractError) as error:
        agent.play_step()
    assert (error.value.step, error.value.environment, error.value.field) == (3, environment, field)
    assert len(agent.rollout.rows) == 3 and agent.global_step == 12


def test_a_spoiled_reset_is_refused():
    envs = CheckedEnvs(Spoiling(ScriptedEnvs(4, 3), spoil_reset=True, next_obs=with_nan(3)), check_transition)
    with pytest.raises(ContractError, match="At the reset, `next_obs` of environment 3 is nan"):
        envs.reset(seed=0)


@pytest.mark.parametrize("actions", [[0, 1, 3, 2], [-1, 0, 0, 0], [0.0, 1, 1, 1], [0, 1, 2]])
def test_wrong_actions_are_refused_before_they_are_played(actions):
    inside = Spoiling(ScriptedEnvs(4, 3))
    envs = CheckedEnvs(inside, check_transition)
    envs.reset()
    with pytest.raises(ContractError, match="`actions`"):
        envs.step(np.array(actions))
    assert not inside.asked


def test_what_a_lost_life_leaves_in_final_obs_is_nobodys_business():
    envs = CheckedEnvs(make_envs("ALE/Breakout-v5", 4, "atari"), check_transition)
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    lost = sum(envs.step(rng.integers(4, size=4))[2].sum() for _ in range(200))
    assert lost > 0


def test_training_is_checked_unless_switched_off():
    tiny = PPOArgs(num_envs=2, num_steps=16, num_minibatches=2, total_timesteps=64, device="cpu")
    for on in [True, False]:
        ppo = PPOTrainer(replace(tiny, check_transitions=on))
        assert isinstance(ppo.envs, CheckedEnvs) == on
        assert isinstance(ppo.agent.envs, CheckedEnvs) == on
    calls = []

    def counted(contract, transition):
        calls.append(transition)
        return check_transition(contract, transition)

    with patch.object(reference, "check_transition", counted):  # as a learner's own takes the place
        PPOTrainer(tiny).train()
    assert len(calls) == 1 + 2 * 32  # the reset; actions and transition of every step


# Rollouts.


def row_of(num_envs, **changes):
    row = {
        "obs": torch.ones(num_envs, 3),
        "actions": torch.zeros(num_envs, dtype=torch.long),
        "logprobs": torch.zeros(num_envs),
        "values": torch.zeros(num_envs),
        "rewards": np.zeros(num_envs, np.float32),
        "terminations": np.zeros(num_envs, bool),
        "truncations": np.zeros(num_envs, bool),
        "final_obs": np.zeros((num_envs, 3), np.float32),
    }
    return row | changes


@pytest.mark.parametrize("num_rows", [0, 1, 2])
@pytest.mark.parametrize(
    "changes",
    [
        {"obs": torch.ones(3, 3)},
        {"obs": torch.ones(1, 3)},  # would spread over all rows
        {"actions": torch.zeros(1, dtype=torch.long)},
        {"logprobs": torch.zeros(5)},
        {"values": torch.zeros(4, 1)},
        {"terminations": np.zeros(3, bool)},
        {"truncations": np.zeros(5, bool)},
    ],
    ids=lambda changes: f"{next(iter(changes))} {tuple(next(iter(changes.values())).shape)}",
)
def test_rows_are_added_whole_or_not_at_all(num_rows, changes):
    add = inspect.unwrap(Rollout.add)  # without the check of its annotations
    rollout = Rollout(3, torch.device("cpu"))
    for _ in range(num_rows):
        add(rollout, **row_of(4))
    with pytest.raises(ValueError, match="one for each environment"):
        add(rollout, **row_of(4, **changes))
    assert len(rollout.rows) == num_rows
    if num_rows:
        with pytest.raises(ValueError, match="one for each environment"):
            add(rollout, **row_of(1))  # would spread over all columns
    add(rollout, **row_of(4))
    assert len(rollout.rows) == num_rows + 1


def test_a_rollout_is_closed_when_it_is_full_and_holds_its_columns_once():
    actor, critic = torch.nn.Linear(3, 2), torch.nn.Linear(3, 1)
    rollout = Rollout(3, torch.device("cpu"))
    next_obs = np.zeros((4, 3), np.float32)
    for t in range(3):
        with pytest.raises(ValueError, match=f"has {t} rows instead of 3"):
            rollout.close(actor, critic, next_obs)
        assert not hasattr(rollout, "obs")  # nobody reads rows that are not there yet
        rollout.add(**row_of(4, obs=torch.full((4, 3), float(t))))
    with pytest.raises(ValueError, match="clear it"):
        rollout.add(**row_of(4))
    rollout.close(actor, critic, next_obs)
    assert rollout.obs.shape == (3, 4, 3) and rollout.next_values.shape == (3, 4)
    assert [row["obs"][0, 0].item() for row in rollout.rows] == [0, 1, 2]
    assert rollout.rows[2]["obs"].untyped_storage().data_ptr() == rollout.obs.untyped_storage().data_ptr()
    kept = rollout.obs
    rollout.clear()
    assert not hasattr(rollout, "obs") and not hasattr(rollout, "next_values") and rollout.rows == []
    rollout.add(**row_of(4, obs=torch.full((4, 3), 9.0)))
    assert kept[0, 0, 0] == 0  # the next rollout is not written over this one


# Rollouts apart from a training, in this process and in others.

COLUMNS = ["obs", "actions", "logprobs", "values", "rewards", "terminations", "truncations", "next_values"]


def assert_same(one, other):
    for name in COLUMNS:
        assert torch.equal(one[name] if isinstance(one, dict) else getattr(one, name), getattr(other, name)), name


def cartpole(processes):
    """CartPole-v1 with a time limit so short that poles fall and time runs out."""
    make_one = partial(gym.make, "CartPole-v1", max_episode_steps=12)
    if processes:
        return GameRecorder(ProcessVectorEnv([make_one] * 3), clip_rewards=False)
    return GameRecorder(SyncVectorEnv([make_one] * 3, autoreset_mode=AutoresetMode.SAME_STEP), clip_rewards=False)


def pong(processes):
    if not processes:
        return make_envs("ALE/Pong-v5", 2, "ram")
    return make_envs("ALE/Pong-v5", 2, "ram", processes=True)


def agent_in(envs, mode="classic-control", seed=1):
    torch.manual_seed(0)
    return PPOAgent(CheckedEnvs(envs, check_transition), *networks.get_actor_and_critic(envs, mode), seed=seed)


@pytest.mark.parametrize(("make", "mode", "num_steps"), [(cartpole, "classic-control", 60), (pong, "ram", 40)])
def test_processes_play_what_this_process_plays(make, mode, num_steps):
    rollouts = []
    for processes in [False, True]:
        agent = agent_in(make(processes), mode, seed=7)
        generator = torch.Generator().manual_seed(5)
        rollouts.append(collect(agent, num_steps, generator))
        agent.envs.close()
    assert_same(*rollouts)
    if make is cartpole:
        assert rollouts[0].truncations.any() and rollouts[0].terminations.any()
        again = collect(agent_in(make(False), mode, seed=8), num_steps, generator)
        assert not torch.equal(again.obs, rollouts[0].obs)


def test_two_rollouts_in_a_row_are_one_of_twice_the_length():
    halves, generators = [], [torch.Generator().manual_seed(3) for _ in range(2)]
    agent = agent_in(cartpole(False))
    before = torch.get_rng_state()
    for _ in range(2):
        halves.append(collect(agent, 20, generators[0]))
        torch.rand(5)  # chance elsewhere has no say
    whole = collect(agent_in(cartpole(False)), 40, generators[1])
    assert_same({name: torch.cat([getattr(half, name) for half in halves]) for name in COLUMNS}, whole)
    assert torch.equal(generators[0].get_state(), generators[1].get_state())
    torch.set_rng_state(before)
    collect(agent, 3, generators[0])
    assert torch.equal(torch.get_rng_state(), before)  # nor is chance elsewhere touched


class Counters(gym.vector.VectorEnv):
    """No environments at all: three counters."""

    num_envs = 3
    single_observation_space = Box(-np.inf, np.inf, (1,))
    single_action_space = Discrete(2)

    def reset(self, *, seed=None, options=None):
        self.counts = np.zeros((3, 1), np.float32)
        return self.counts.copy(), {}

    def step(self, actions):
        self.counts += actions[:, None] + 1
        nobody = np.zeros(3, bool)
        return self.counts.copy(), self.counts[:, 0].copy(), nobody, nobody, {"final_obs": self.counts.copy()}


def test_anything_that_can_be_played_can_be_collected():
    torch.manual_seed(0)
    agent = PPOAgent(CheckedEnvs(Counters(), check_transition), torch.nn.Linear(1, 2), torch.nn.Linear(1, 1))
    rollout = collect(agent, 4, torch.Generator())
    assert torch.equal(rollout.rewards[:-1], rollout.obs[1:, :, 0])
    assert (rollout.obs[0] == 0).all() and (rollout.rewards.diff(dim=0) >= 1).all()


def started_processes(num_envs=3, timeout=60.0):
    envs = CheckedEnvs(make_envs("MountainCar-v0", num_envs, processes=True, timeout=timeout), check_transition)
    envs.reset(seed=0)
    return envs, envs.env.env.processes


@pytest.mark.parametrize("act", ["reset", "step"])
def test_a_dead_process_is_named(act):
    envs, processes = started_processes()
    os.kill(processes[1].pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match=r"environment 1 died \(signal SIGKILL\).* fewer environments") as error:
        envs.reset() if act == "reset" else envs.step(np.zeros(3, dtype=np.int64))
    assert "\n" not in str(error.value)
    assert not any(process.is_alive() for process in processes)
    envs.close()  # for the second time


def test_a_hanging_process_is_named_in_time():
    envs, processes = started_processes(timeout=1.0)
    os.kill(processes[2].pid, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(WorkerError, match=r"environment 2 has not answered for 1 seconds.* longer timeout"):
        envs.step(np.zeros(3, dtype=np.int64))
    assert time.monotonic() - started < 5
    assert not any(process.is_alive() for process in processes)


def test_an_interrupt_leaves_the_processes_ready_to_go_on():
    envs, processes = started_processes()
    inner = envs.env.env
    with patch.object(inner, "_poll_pipe_envs", side_effect=[KeyboardInterrupt, True]), pytest.raises(KeyboardInterrupt):
        envs.step(np.zeros(3, dtype=np.int64))
    for process in processes:
        os.kill(process.pid, signal.SIGINT)
    actions = np.array([0, 2, 1])
    obs = envs.step(actions)[0]
    again = make_envs("MountainCar-v0", 3)
    again.reset(seed=0)
    again.step(np.zeros(3, dtype=np.int64))
    np.testing.assert_array_equal(obs, again.step(actions)[0])
    envs.close()


def test_closing_does_not_wait_for_a_process_that_hangs():
    envs, processes = started_processes()
    os.kill(processes[0].pid, signal.SIGSTOP)
    started = time.monotonic()
    envs.close(timeout=0.5)
    assert time.monotonic() - started < 5
    assert not any(process.is_alive() for process in processes)


class BreaksInItsProcess(gym.Wrapper):
    """MountainCar that fails in some way, but not where AsyncVectorEnv looks at its spaces, in the main process."""

    def __init__(self, when, how):
        super().__init__(gym.make("MountainCar-v0"))
        self.when, self.how = when, how
        self.fail_at("start")

    def fail_at(self, moment):
        if self.when == moment and multiprocessing.parent_process() is not None:
            if self.how == "raise":
                raise ZeroDivisionError("the hill is too steep")
            if self.how == "hang":
                time.sleep(60)
            os._exit(3)

    def step(self, action):
        self.fail_at("step")
        return super().step(action)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Gymnasium shows the worker's traceback as warnings
@pytest.mark.parametrize(
    ("when", "how", "said"),
    [
        ("start", "hang", "environment 1 has not answered for 1 seconds"),
        ("start", "die", r"environment 1 died \(exit code 3\)"),
        ("step", "hang", "environment 1 has not answered for 1 seconds"),
        ("step", "die", r"environment 1 died \(exit code 3\)"),
        ("step", "raise", "Environment 1 raised ZeroDivisionError in its process: the hill is too steep"),
    ],
)
def test_an_environment_that_breaks_in_its_process_is_named(when, how, said):
    make = [partial(gym.make, "MountainCar-v0"), partial(BreaksInItsProcess, when, how)]
    with pytest.raises(WorkerError, match=said):
        envs = ProcessVectorEnv([make[0], make[1], make[0]], timeout=1.0)
        envs.reset(seed=0)
        envs.step(np.zeros(3, dtype=np.int64))
    assert not [process for process in multiprocessing.active_children() if "ProcessVectorEnv" in process.name]


def test_a_dead_process_ends_a_training_and_its_checkpoint_stands(tmp_path):
    tiny = PPOArgs(
        env_id="MountainCar-v0", num_envs=2, num_steps=16, num_minibatches=2, total_timesteps=160, device="cpu", processes=True
    )
    ppo = PPOTrainer(tiny)
    checkpointer = checkpoint.Checkpointer(tmp_path / "run.checkpoint.safetensors", 1)

    def kill_after_two(ppo):
        checkpointer(ppo)
        if len(ppo.log.rows) == 2:
            os.kill(ppo.envs.env.env.processes[0].pid, signal.SIGKILL)

    with pytest.raises(WorkerError, match="environment 0 died"):
        ppo.train(on_iteration=kill_after_two)
    resumed = checkpoint.resume(checkpointer.path, tiny, PPOTrainer)
    assert len(resumed.log.rows) == 2 and resumed.agent.global_step == 64
    resumed.rollout_phase()
    resumed.envs.close()


def test_processes_serve_frames_too():
    envs = make_envs("ALE/Breakout-v5", 2, "atari", processes=True)
    obs, _ = envs.reset(seed=0)
    assert obs.shape == (2, 4, 84, 84) and obs.dtype == np.uint8
    assert {"game_over", "final_obs", "episodic_return"} <= set(envs.step(np.array([1, 1]))[4])
    envs.close()
    with pytest.raises(ValueError, match="timeout must be greater than 0"):
        make_envs("MountainCar-v0", 2, processes=True, timeout=0)
