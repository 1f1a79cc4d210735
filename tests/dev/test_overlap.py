"""An agent whose emulators play while it thinks plays the same games, and stores the same rows."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from solutions import networks, policy_gradient
from solutions.args import PPOArgs
from solutions.fast import gpu, overlap
from solutions.rollout import PPOAgent
from solutions.trainer import PPOTrainer
from tests.dev.test_gpu import recordings  # noqa: F401  # a fixture
from utils.envs import make_envs

pytestmark = pytest.mark.usefixtures("recordings")  # without a GPU, recordings are imitated
SMALL = PPOArgs(
    env_id="ALE/Breakout-v5",
    mode="atari",
    num_envs=4,
    num_steps=60,
    num_minibatches=4,
    total_timesteps=4 * 60 * 2,
    device="cpu",
    precision="fp32",
)


def decided_by_the_picture(actor, critic, obs):
    """Logits that leave nothing to chance, and are the same in batches of any size."""
    brightness = obs.long().sum(dim=(1, 2, 3))
    return 100.0 * torch.nn.functional.one_hot(brightness % 4, 4).float(), brightness / 1e6


@pytest.mark.parametrize("check_transitions", [True, False])
def test_it_plays_the_games_and_stores_the_rows_of_a_plain_agent(monkeypatch, check_transitions):
    monkeypatch.setattr(networks, "actor_critic_forward", decided_by_the_picture)
    trainers = [make(replace(SMALL, check_transitions=check_transitions)) for make in (PPOTrainer, gpu.GPUTrainer)]
    assert [type(trainer.agent) for trainer in trainers] == [PPOAgent, overlap.OverlappingAgent]
    for _ in range(2):
        for trainer in trainers:
            trainer.rollout_phase()
        plain, overlapping = (trainer.agent for trainer in trainers)
        assert plain.global_step == overlapping.global_step
        for name in ("obs", "actions", "logprobs", "values", "rewards", "terminations", "truncations", "next_values"):
            assert torch.equal(getattr(plain.rollout, name), getattr(overlapping.rollout, name)), name
    assert plain.rollout.terminations.any()
    assert trainers[0].log.games == trainers[1].log.games


def test_the_next_step_has_begun_when_one_is_stored_but_for_the_last(monkeypatch):
    """So the emulators play meanwhile; and no action is chosen before the networks have learned from the rollout."""
    trainer = gpu.GPUTrainer(replace(SMALL, num_steps=4, total_timesteps=64))
    events = []
    sends, adds = trainer.envs.unwrapped.send, trainer.agent.rollout.add
    monkeypatch.setattr(trainer.envs.unwrapped, "send", lambda half, actions: (events.append(half), sends(half, actions)))
    monkeypatch.setattr(trainer.agent.rollout, "add", lambda **row: (events.append("row"), adds(**row)))
    trainer.rollout_phase()
    assert events == [0, 1, 0, 1, "row", 0, 1, "row", 0, 1, "row", "row"]


def test_halves_are_vector_environments_like_others():
    """Also where only one half has lost a life, so that the other shows no last pictures."""
    whole = make_envs(SMALL.env_id, 4, SMALL.mode).env
    halves = overlap.Halves(SMALL)
    rng = np.random.default_rng(0)
    (obs, infos), (same, other) = whole.reset(seed=5), halves.reset(seed=5)
    assert np.array_equal(obs, same)
    assert {name: entry.tolist() for name, entry in infos.items()} == {name: entry.tolist() for name, entry in other.items()}
    seen = 0
    for _ in range(250):
        actions = rng.integers(4, size=4)
        *columns, infos = whole.step(actions)
        *others, other = halves.step(actions)
        assert all(map(np.array_equal, columns, others))
        assert infos.keys() == other.keys()
        assert all(np.array_equal(infos[name], other[name]) for name in infos if name != "final_obs")
        if "final_obs" in infos:
            seen += 1
            assert other["final_obs"].shape == infos["final_obs"].shape
    assert seen > 0


def test_what_one_half_lacks_is_filled_in():
    """Last pictures are there only where a game, or a life, has ended."""
    halves = overlap.Halves(replace(SMALL, num_envs=2))

    def step(*ended):
        column = np.zeros(1)
        for half, has_ended in enumerate(ended):
            infos = {"env_id": np.zeros(1, int)} | ({"final_obs": np.array([[8 + half]])} if has_ended else {})
            halves.results.append((np.array([[1 + half]]), column, column, column, infos))
        return {name: entry.tolist() for name, entry in halves.step(None)[4].items()}

    assert step(True, True) == {"env_id": [0, 1], "final_obs": [[8], [9]]}
    assert step(True, False)["final_obs"] == [[8], [2]]
    assert step(False, True)["final_obs"] == [[1], [9]]
    assert "final_obs" not in step(False, False)


@pytest.mark.parametrize("interrupted", [4, 5])
def test_an_interrupted_training_goes_on_with_new_games(monkeypatch, interrupted):
    """The interrupt comes when a wait for emulators has ended: before that, nothing of Python runs."""
    trainer = gpu.GPUTrainer(replace(SMALL, num_steps=16, total_timesteps=4 * 16 * 3))
    receive, calls = overlap.Halves.receive, []

    def receive_and_be_interrupted(self, half):
        calls.append(half)
        if len(calls) == interrupted:
            self.halves[half].recv()
            raise KeyboardInterrupt
        return receive(self, half)

    monkeypatch.setattr(overlap.Halves, "receive", receive_and_be_interrupted)
    halves = trainer.envs.unwrapped.halves
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    assert trainer.agent.chosen == [] and trainer.envs.unwrapped.halves is not halves, "or going on may wait for ever"
    trainer.train()
    assert len(trainer.log.rows) == 3
    assert trainer.agent.rollout.obs.shape[:2] == (16, 4)


def test_actions_that_do_not_exist_are_not_sent(monkeypatch):
    trainer = gpu.GPUTrainer(SMALL)
    monkeypatch.setattr(policy_gradient, "sample_actions", lambda logits: (torch.full((len(logits),), 4), logits[:, 0]))
    with pytest.raises(ValueError, match=r"The actions \[4 4\] are not all among the 4 of the game"):
        trainer.rollout_phase()


@pytest.mark.parametrize("change", [{"num_envs": 3, "num_steps": 100}, {"env_id": "CartPole-v1", "mode": "classic-control"}])
def test_other_environments_stay_as_they_are(change):
    trainer = gpu.GPUTrainer(replace(SMALL, **change))
    assert type(trainer.agent) is PPOAgent
    assert not isinstance(trainer.envs.unwrapped, overlap.Halves)


def test_a_whole_training_goes_as_well():
    rows = gpu.GPUTrainer(replace(SMALL, num_steps=16, total_timesteps=4 * 16 * 3)).train().rows
    assert [row["global_step"] for row in rows] == [64, 128, 192]
