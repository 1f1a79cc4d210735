"""An environment of the reader's own: what it may look like, what goes with it, and what a file may not do."""

import os
import re
import sys
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch

from solutions.args import PPOArgs
from solutions.saving import checkpoint
from solutions.train import RUNS, stopping_rule
from solutions.trainer import PPOTrainer
from tests.dev import commands
from utils.course.programs import AnswerError
from utils.envs import find_spec, make_envs
from utils.paths import ROOT

GAME = """
import gymnasium as gym
import numpy as np


class Catch(gym.Env):
    observation_space = gym.spaces.Box(0, 1, (3,))
    action_space = gym.spaces.Discrete(3)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.ball, self.row, self.paddle = int(self.np_random.integers(5)), 0, 2
        return np.zeros(3, dtype=np.float32), {}

    def step(self, action):
        self.row += 1
        return np.zeros(3, dtype=np.float32), 1.0, self.row == 6, False, {}


gym.register("OwnCatch-v0", Catch)
"""
SMALL = {"num_envs": 2, "num_steps": 8, "num_minibatches": 2, "update_epochs": 1, "total_timesteps": 32}


@pytest.fixture
def own_games(tmp_path, monkeypatch):
    """A module that registers a game, in the folder from which commands are given."""
    (tmp_path / "own_games.py").write_text(GAME)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("own_games", None)
    gym.registry.pop("OwnCatch-v0", None)


def test_the_game_of_chapter_07_is_trained_from_a_shell_as_its_text_says(tmp_path):
    text = (ROOT / "chapters" / "source" / "07_pong_from_ram.md").read_text("utf-8")
    game = re.search(r"^```python\n(class Catch\(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    assert len(re.findall(r"^ *(?!\"\"\")\S", game, re.MULTILINE)) <= 20
    imports = re.findall(r"`(import [^`]*)`", text[text.index("From a shell, the game needs a file") :])[:2]
    (tmp_path / "my_game.py").write_text("\n".join([*imports, game]))
    (command,) = re.findall(r"^python (-m solutions.train .*my_game:.*)$", text, re.MULTILINE)
    arguments = [*command.split(), "--log", tmp_path / "curve.json"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = commands.run(*arguments, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"result: mean ([\d.]+) greedy", done.stdout)[1]) >= 0.9
    assert (tmp_path / "curve.safetensors").exists()


def small(**settings):
    return PPOArgs(**SMALL | settings)


def test_a_module_is_imported_for_whoever_names_it_and_needs_no_render_mode(own_games):
    with pytest.raises(ValueError, match="There is no environment 'own_games:OwnCatch-v0'"):
        find_spec("own_games:OwnCatch-v0")  # looking up an id imports nothing
    trainer = PPOTrainer(small(env_id="own_games:OwnCatch-v0"))
    trainer.train()
    assert trainer.agent.global_step == 32
    with pytest.raises(ValueError, match="OwnCatch-v0 cannot be drawn: give its constructor an argument"):
        make_envs("own_games:OwnCatch-v0", 1, render=True)
    with pytest.raises(ValueError, match="There is no module 'no_games'"):
        make_envs("no_games:Catch-v0", 1)


def test_a_file_imports_nothing(own_games):
    trainer = PPOTrainer(small(env_id="own_games:OwnCatch-v0"))
    agent = checkpoint.save_agent(own_games / "agent.safetensors", trainer.actor, trainer.critic, trainer.args)
    saved = checkpoint.save_checkpoint(own_games / "run.checkpoint.safetensors", trainer)
    del sys.modules["own_games"]
    gym.registry.pop("OwnCatch-v0")
    for path, read in [(agent, checkpoint.load_agent), (saved, checkpoint.load_agent), (agent, checkpoint.read_trained)]:
        with pytest.raises(ValueError, match="a file does not decide what is imported"):
            read(path)
        assert "own_games" not in sys.modules
    with pytest.raises(ValueError, match="a file does not decide what is imported"):
        checkpoint.resume(saved, small(), PPOTrainer)
    assert checkpoint.resume(saved, trainer.args, PPOTrainer).args == trainer.args  # somebody names it
    assert checkpoint.load_agent(agent)[2] == trainer.args


def test_it_is_trained_from_a_shell(own_games):
    command = [
        "-m",
        "solutions.train",
        "cartpole",
        "--env-id",
        "own_games:OwnCatch-v0",
        "--total-timesteps",
        "2048",
        "--log",
        "c.json",
    ]
    done = commands.run(*command, cwd=own_games, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert "result: mean 6.0 greedy, 6.0 sampled" in done.stdout  # no threshold of CartPole's


@pytest.mark.parametrize("start", [-1, 1])
def test_actions_that_do_not_count_from_0_are_refused(start):
    class Odd(gym.Env):
        observation_space = gym.spaces.Box(0, 1, (3,))
        action_space = gym.spaces.Discrete(3, start=start)

    gym.register("Odd-v0", Odd)
    try:
        with pytest.raises(
            ValueError, match=rf"Odd-v0 counts its actions from {start}; the agents of this course count from 0"
        ):
            make_envs("Odd-v0", 2)
    finally:
        gym.registry.pop("Odd-v0")


@pytest.mark.parametrize(
    ("run", "env_id", "threshold", "max_steps"),
    [
        ("cartpole", "CartPole-v1", 475, 500),
        ("cartpole", "Acrobot-v1", -100, 500),
        ("cartpole", "MountainCar-v0", -110, 200),
        ("breakout", "ALE/Breakout-v5", None, 5_000),
        ("breakout", "ALE/Pong-v5", None, 27_000),
    ],
)
def test_threshold_and_time_limit_are_the_environments(run, env_id, threshold, max_steps):
    run = RUNS[run][1]
    rule = stopping_rule(replace(run, args=replace(run.args, env_id=env_id)))
    assert (rule.threshold, rule.max_steps) == (threshold, max_steps)
    own = stopping_rule(replace(run, threshold=7.0, eval_max_steps=9))
    assert (own.threshold, own.max_steps) == (7.0, 9)


def test_apples_gpu_can_be_chosen_where_pytorch_has_it(monkeypatch):
    with pytest.raises(ValueError, match="PyTorch finds no GPU of Apple's here"):
        _ = PPOArgs(device="mps").torch_device
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert PPOArgs(device="mps").torch_device == torch.device("mps")
    assert PPOArgs(device="auto").torch_device.type != "mps"
    with pytest.raises(ValueError, match="32-bit floats"):
        _ = PPOArgs(device="mps", precision="bf16").torch_device
    from solutions.fast import distributed, precision

    assert not precision.has_fast_bf16(torch.device("mps"))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(ValueError, match='cannot share device "mps"'):
        distributed.join(PPOArgs(device="mps"))


def test_a_few_thousand_steps_of_atari_are_too_few_to_judge():
    from utils.watching import health
    from utils.watching.table import Table

    args = PPOArgs(env_id="ALE/Breakout-v5", mode="atari", num_envs=8, num_steps=16, num_minibatches=4)
    rows = Table()
    for i in range(20):
        rows.append({"global_step": 128 * (i + 1), "approx_kl": 5.0, "entropy": 0.0})
    assert health.diagnose(rows, args, 4) == {}
    assert health.in_words(rows, args, 4, {}) == "too early to say: on Atari the rules need 16,384 steps, and there are 2,560."
    assert health.diagnose(rows, replace(args, env_id="CartPole-v1", mode="classic-control"), 4)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["discounted_returns"], "'discounted_returns'"),
        ([], "nothing"),
        ([None], "None"),
        ([3], "3"),
        ([torch.ones(2)], "tensor"),
        ([len, len], "<built-in"),
    ],
)
def test_what_is_no_function_in_the_place_of_the_answer_gets_a_sentence(given, shown):
    import tests

    call = re.escape("as in tests.test_discounted_returns(discounted_returns); it was given " + shown)
    with pytest.raises(AnswerError, match=call):
        tests.test_discounted_returns(*given)


def test_pytest_beside_the_notebooks_says_where_the_tests_are():
    done = commands.run("-m", "pytest", "-p", "no:cacheprovider", cwd=ROOT / "chapters")
    assert f"The tests are in another folder: cd {ROOT}, then pytest tests" in done.stdout
    assert np.isin(done.returncode, [4, 5])


def test_films_ask_for_no_sound_card(monkeypatch):
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.delenv(name, raising=False)
    make_envs("CartPole-v1", 1, render=True)
    assert (os.environ["SDL_VIDEODRIVER"], os.environ["SDL_AUDIODRIVER"]) == ("dummy", "dummy")
