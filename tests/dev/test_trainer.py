"""The trainer, the training command, and what they refuse."""

import ast
import graphlib
import itertools
import json
import os
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from unittest.mock import patch

import gymnasium as gym
import numpy as np
import pytest
import torch

import tests
from solutions import networks, optim
from solutions.args import PRESETS, PPOArgs
from solutions.evaluate import Evaluator, evaluate, record_game
from solutions.saving.checkpoint import load_agent, save_agent
from solutions.trainer import PPOTrainer
from tests.dev import commands
from utils import display
from utils.envs import make_envs

ROOT = Path(__file__).resolve().parents[2]
TINY = PPOArgs(num_envs=2, num_steps=16, num_minibatches=2, update_epochs=2, total_timesteps=2 * 16 * 3, device="cpu")
TINY_ATARI = replace(TINY, env_id="ALE/Breakout-v5", mode="atari", clip_coef=0.1, precision="fp32")  # numbers are compared


def curve(args):
    rows = PPOTrainer(args).train().rows
    return [{name: figure for name, figure in row.items() if name != "seconds"} for row in rows]


def test_same_seed_same_curve_and_another_seed_another():
    assert str(curve(TINY)) == str(curve(TINY))
    assert str(curve(TINY)) != str(curve(replace(TINY, seed=2)))


def test_phases_work_without_train():
    trainer = PPOTrainer(TINY)
    trainer.rollout_phase()
    trainer.learning_phase()
    trainer.rollout_phase()
    assert trainer.agent.global_step == 2 * TINY.batch_size
    assert trainer.agent.rollout.next_values.shape == (16, 2)


def test_atari_trains_and_shares_one_trunk():
    trainer = PPOTrainer(TINY_ATARI)
    assert trainer.actor[0] is trainer.critic[0]
    held = [id(p) for group in trainer.optimizer.param_groups for p in group["params"]]
    assert len(held) == len(set(held)) == 12
    passes = []
    trainer.actor[0].register_forward_hook(lambda *_: passes.append(1))
    obs = torch.as_tensor(trainer.agent.next_obs)
    logits, values = networks.actor_critic_forward(trainer.actor, trainer.critic, obs)
    assert len(passes) == 1
    scaled = obs.float() / 255
    torch.testing.assert_close(logits, trainer.actor(scaled))
    torch.testing.assert_close(values, trainer.critic(scaled)[:, 0])
    log = trainer.train()
    assert log.rows[-1]["global_step"] == TINY_ATARI.total_timesteps
    assert trainer.agent.rollout.obs.dtype == torch.uint8
    assert all(np.isfinite(log.rows[-1][name]) for name in ["policy_loss", "value_loss", "entropy", "approx_kl"])


@pytest.mark.parametrize("mode", ["classic-control", "ram", "atari"])
def test_dispatcher(mode):
    tests.test_get_actor_and_critic(networks.get_actor_and_critic, mode=mode)


def test_ram_mode_trains():
    args = replace(TINY, env_id="ALE/Pong-v5", mode="ram")
    assert PPOTrainer(args).train().rows[-1]["global_step"] == args.total_timesteps


def test_an_endless_environment_is_worth_one_over_one_minus_gamma():
    """CartPole held up for ever pays 1 a step: V must approach 1 / (1 - gamma), past every time limit (truncation)."""
    from solutions.advantages import compute_advantages

    gamma, T = 0.9, 200
    value = torch.full((T, 1), 1 / (1 - gamma))
    no = torch.zeros(T, 1, dtype=torch.bool)
    cut = no.clone()
    cut[49::50] = True
    assert compute_advantages(torch.ones(T, 1), value, value, no, cut, gamma, 0.95).abs().max() < 1e-4


def test_evaluation_seeds_are_apart_and_leave_training_alone():
    trainer = PPOTrainer(TINY)
    evaluator = Evaluator(TINY, every=1, num_episodes=4, max_steps=30, threshold=1.0)
    seeds = []
    evaluator.play(trainer.actor, 0)
    reset = evaluator._envs.env.reset
    evaluator._envs.env.reset = lambda seed=None, options=None: (seeds.append(seed), reset(seed=seed, options=options))[1]
    assert evaluator(trainer) is True
    evaluator.report(trainer.actor)
    assert len(set(seeds)) == 3  # the look's, those of the games that confirmed it, and the report's
    assert min(abs(one - other) for one, other in itertools.combinations(seeds, 2)) >= 4  # so that no game is played twice
    assert TINY.seed not in seeds
    assert trainer.agent.global_step == 0


def test_a_lucky_look_does_not_end_a_run(capsys):
    trainer, asked = PPOTrainer(replace(TINY, total_timesteps=6 * TINY.batch_size)), []

    def play(self, actor, first_seed, greedy=True):
        asked.append(first_seed)
        return np.full(4, [20.0, 500, 470, 500, 490][len(asked) - 1])

    with patch.object(Evaluator, "play", play):
        evaluator = Evaluator(trainer.args, every=1, num_episodes=4, max_steps=30, threshold=475.0)
        trainer.train(on_iteration=evaluator)
    assert len(trainer.log.rows) == 3 and evaluator.solved
    look = asked[0]
    assert [first_seed == look for first_seed in asked] == [True, True, False, True, False] and asked[2] != asked[4]
    assert [one["mean"] for one in trainer.log.evaluations] == [20, 500, 500]
    said = capsys.readouterr().out
    assert "In 4 fresh games: mean 470.0, std 0.0: that look was lucky, so the run goes on." in said
    assert "In 4 fresh games: mean 490.0, std 0.0: confirmed." in said


def test_a_film_shows_the_value_and_the_return():
    envs = make_envs("ALE/Breakout-v5", 1, "atari", render=True)
    trainer = PPOTrainer(TINY_ATARI)
    frames, _ = record_game(trainer.actor, envs, max_steps=20, seed=0, critic=trainer.critic)
    assert frames[0].shape == (210 + 4 * 15, 160, 3)  # a row of words, and three for the line
    strips = [frame[210:] for frame in display.caption_frames([frame[:210] for frame in frames], range(20), [7.0] * 20)]
    heights = [
        np.flatnonzero((strip[16:, 0:t] == (0x56, 0xB4, 0xE9)).all(-1).any(1)).min() for t, strip in enumerate(strips) if t
    ]
    assert heights == sorted(heights, reverse=True) and heights[0] > heights[-1]  # a rising value is a rising line
    other = display.caption_frames([frame[:210] for frame in frames], range(20), [8.0] * 20)
    assert not np.array_equal(other[0], display.caption_frames([frames[0][:210]], [0], [7.0])[0])


def test_record_game_and_film(tmp_path):
    trainer = PPOTrainer(TINY_ATARI)
    frames, _score = record_game(trainer.actor, make_envs("ALE/Breakout-v5", 1, "atari", render=True), max_steps=20, seed=0)
    assert frames[0].shape == (210, 160, 3) and len(frames) == 20
    html = display.display_frames(frames).data
    assert "<video" in html and len(html) < 100_000
    display.write_video(tmp_path / "film.gif", frames)
    assert (tmp_path / "film.gif").read_bytes()[:3] == b"GIF"
    with pytest.raises(ValueError, match="at least one frame"):
        display.display_frames([])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.gif"]


def test_evaluate_scores_games_of_the_readable_pipeline():
    trainer = PPOTrainer(TINY_ATARI)
    scores = evaluate(trainer.actor, make_envs("ALE/Breakout-v5", 2, "atari"), 2, greedy=False, max_steps=60, seed=0)
    assert scores.shape == (2,) and (scores >= 0).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_envs": 0}, "num_envs must be"),
        ({"num_steps": -1}, "num_steps must be"),
        ({"total_timesteps": 1.5e6}, "total_timesteps must be"),
        ({"num_minibatches": 3}, "does not divide"),
        ({"num_minibatches": 32}, "Minibatches of one step"),
        ({"total_timesteps": 3}, "less than one rollout"),
        ({"learning_rate": 0.0}, "learning_rate must be"),
        ({"gamma": 1.5}, "gamma must lie"),
        ({"ent_coef": float("nan")}, "ent_coef must be"),
        ({"mode": "pixels"}, "mode must be one of"),
        ({"video_log_freq": 0}, "video_log_freq must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**30}, "seed must be"),
        ({"target_kl": -0.1}, "target_kl must be"),
    ],
)
def test_settings_that_cannot_work_are_one_sentence(changes, said):
    with pytest.raises(ValueError, match=said) as error:
        replace(TINY, **changes)
    assert "\n" not in str(error.value)


IMPOSSIBLE = {  # for each type of a setting
    bool: ["no", "True", 1, 0.0, None, [True]],
    int: ["4", None, True, 4.0, float("nan"), [4], 10**23 + 0.5],
    float: ["0.1", None, True, float("nan"), float("inf"), np.float32("-inf"), 10**400, [0.1], 0.1j],
    str: [None, 3, b"cpu", ["cpu"], True],
}
IMPOSSIBLE |= {
    int | None: [value for value in IMPOSSIBLE[int] if value is not None],
    float | None: [value for value in IMPOSSIBLE[float] if value is not None],
}
NOT_A_CHOICE = [*IMPOSSIBLE[str], "", "Atari", "bf"]
MORE = {"env_id": ["", "B" * 300], "seed": [10**22, np.int64(-1)]}


@pytest.mark.parametrize("field", fields(PPOArgs), ids=lambda field: field.name)
def test_a_setting_of_the_wrong_type_is_one_sentence(field):
    for value in [*IMPOSSIBLE.get(field.type, NOT_A_CHOICE), *MORE.get(field.name, [])]:
        with pytest.raises(ValueError, match=rf"^{field.name} must (be (a|one of|True) |have )[^\n]*\.$"):
            PPOArgs(**{field.name: value})


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("gamma", 1, 1.0),
        ("target_kl", np.float32(0.5), 0.5),
        ("target_kl", None, None),
        ("num_envs", np.int64(8), 8),
        ("video_log_freq", np.uint8(5), 5),
        ("anneal_lr", np.False_, False),
        ("env_id", np.str_("Acrobot-v1"), "Acrobot-v1"),
    ],
)
def test_a_setting_is_kept_in_its_own_type(name, given, kept):
    args = PPOArgs(**{name: given})
    assert (getattr(args, name), type(getattr(args, name))) == (kept, type(kept))
    assert PPOArgs(**json.loads(json.dumps(asdict(args)))) == args


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"device": "cuda"}, "finds no CUDA GPU"),
        ({"device": "gpu"}, "device must be"),
        ({"env_id": "Nope-v1"}, "There is no environment"),
        ({"use_wandb": True}, "pip install -U wandb"),
        ({"device": "mps"}, "finds no GPU of Apple"),
        ({"mode": "atari"}, "not an Atari game"),
        ({"env_id": "BreakoutNoFrameskip-v4", "mode": "atari"}, "is an old id of an Atari game"),
        ({"env_id": "FrozenLake-v1"}, "has the observation space Discrete"),
        ({"env_id": "Blackjack-v1"}, "has the observation space Tuple"),
        ({"env_id": "Pendulum-v1"}, "has the action space Box"),
    ],
)
def test_what_this_machine_lacks_is_one_sentence(changes, said, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ValueError, match=said) as error:
        PPOTrainer(replace(TINY, **changes))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("seed", [2_148, 2**30 - 1])
def test_any_seed_that_is_allowed_can_be_evaluated(seed):
    trainer = PPOTrainer(replace(TINY_ATARI, seed=seed))
    scores = Evaluator(trainer.args, every=1, num_episodes=2, max_steps=4).report(trainer.actor)
    assert scores.tolist() == [0, 0]


def test_observations_in_64_bits_are_taken():
    class Doubles(gym.ObservationWrapper):
        def __init__(self, render_mode=None):
            super().__init__(gym.make("CartPole-v1", render_mode=render_mode))
            low, high = (np.full(4, sign * 10.0) for sign in (-1, 1))
            self.observation_space = gym.spaces.Box(low, high, dtype=np.float64)

        def observation(self, obs):
            return obs.astype(np.float64)

    gym.register("Doubles-v0", Doubles)
    try:
        log = PPOTrainer(replace(TINY, env_id="Doubles-v0")).train()
    finally:
        del gym.registry["Doubles-v0"]
    assert all(np.isfinite(row["policy_loss"]) for row in log.rows)


@pytest.mark.parametrize("shape", [(4, 84, 80), (4, 80, 80), (4, 28, 28)])
def test_image_sides_that_do_not_fit_are_one_sentence(shape):
    with pytest.raises(ValueError, match="8m \\+ 4"):
        networks.get_actor_and_critic_atari(shape, 4)


def command(*options, cwd=ROOT, **environment):
    return commands.run("-m", "solutions.train", *options, cwd=cwd, env={**os.environ, **environment})


def test_the_command_writes_its_curve_and_says_where(tmp_path):
    done = command("cartpole", "--total-timesteps", "2048", "--log", str(tmp_path / "a" / "curve.json"))
    assert done.returncode == 1, done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("not solved: mean ") and "threshold is 475" in last
    assert str(tmp_path / "a" / "curve.json") in done.stdout
    run = json.loads((tmp_path / "a" / "curve.json").read_text())
    assert run["args"]["total_timesteps"] == 2048
    assert [row["global_step"] for row in run["rows"]] == [1024, 2048]
    assert (tmp_path / "a" / "curve.png").read_bytes()[:4] == b"\x89PNG"
    written = ["curve.checkpoint.safetensors", "curve.json", "curve.log.jsonl", "curve.png", "curve.safetensors"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == written


@pytest.mark.parametrize("args", [TINY, TINY_ATARI], ids=["separate", "shared"])
def test_an_agent_is_saved_and_loaded(tmp_path, args):
    trainer = PPOTrainer(args)
    path = save_agent(tmp_path / "agent.safetensors", trainer.actor, trainer.critic, args)
    actor, critic, loaded_args = load_agent(path)
    assert loaded_args == args
    obs = torch.as_tensor(trainer.agent.next_obs)
    for loaded, trained in zip(
        networks.actor_critic_forward(actor, critic, obs),
        networks.actor_critic_forward(trainer.actor, trainer.critic, obs),
        strict=True,
    ):
        torch.testing.assert_close(loaded, trained)
    weights = sum(p.numel() for p in {*trainer.actor.parameters(), *trainer.critic.parameters()})
    assert path.stat().st_size < 4 * weights + 4000  # a shared trunk is stored once
    for broken in [path.read_bytes()[:-100], path.read_bytes()[:50], b""]:
        (tmp_path / "broken.safetensors").write_bytes(broken)
        with pytest.raises(ValueError, match="does not hold a whole agent"):
            load_agent(tmp_path / "broken.safetensors")
    with pytest.raises(ValueError, match="There is no file"):
        load_agent(tmp_path / "nothing.safetensors")
    with pytest.raises(ValueError, match=f"is an agent of {args.env_id}, and ALE/Tetris-v5 is asked for"):
        load_agent(path, "ALE/Tetris-v5")


def read_curve(path):
    """The log of a run as somebody reads it who has only the file."""
    run = json.loads(path.read_text())
    steps = [row["global_step"] for row in run["rows"]]
    assert steps == [run["args"]["num_envs"] * run["args"]["num_steps"] * (n + 1) for n in range(len(steps))]
    assert path.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    return run


@pytest.mark.parametrize("game", ["cartpole", "pong-ram", "breakout"])
def test_every_game_takes_the_same_flags_and_is_measured_from_the_start(tmp_path, game):
    options = "--updates 2 --eval-every 1 --eval-episodes 2 --eval-max-steps 8 --num-steps 16 --num-envs 2 --num-minibatches 2"
    done = command(game, *options.split(), "--device", "cpu", "--log", str(tmp_path / "curve.json"))
    assert "over 2 games each" in done.stdout.splitlines()[-1], done.stderr
    run = read_curve(tmp_path / "curve.json")
    assert [one["global_step"] for one in run["evaluations"]] == [0, 32, 64]
    assert run["evaluator"] == {"every": 1, "episodes": 2, "max_steps": 8, "greedy": True}
    assert run["args"]["total_timesteps"] == 64 and run["args"]["device"] == "cpu"
    assert set(run["results"]) == {"greedy", "sampled"}


def test_evaluations_are_drawn():
    log = PPOTrainer(TINY).log
    log.evaluations = [{"global_step": 0, "mean": -21.0, "std": 0.0}, {"global_step": 32, "mean": 3.0, "std": 1.0}]
    (drawn,) = [container for container in log.plot().axes[0].containers if len(container) == 3]
    assert drawn[0].get_ydata().tolist() == [-21, 3]


def test_the_command_solves_cartpole(tmp_path):
    done = command("cartpole", "--seed", "7", "--log", str(tmp_path / "curve.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().splitlines()[-1].startswith("solved: mean ")


def test_help_lists_every_setting():
    said = command("breakout", "--help", COLUMNS="200").stdout
    for field in fields(PPOArgs):
        assert f"--{field.name.replace('_', '-')}" in said.replace("--no-", "--"), field.name
    for option in ["--log", "--eval-every", "--eval-episodes", "--eval-max-steps"]:
        assert option in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["cartpole", "--env-id", "Nope-v1"], "There is no environment 'Nope-v1'"),
        *(
            (["cartpole", f"--{name}", "0"], f"{name.replace('-', '_')} must be a whole number of at least 1; you gave 0.")
            for name in ["eval-episodes", "eval-every", "eval-max-steps", "checkpoint-every", "save-every"]
        ),
        (["cartpole", "--updates", "0"], "updates must be"),
        (["pong-ram", "--updates", "-1"], "updates must be"),
        (["cartpole", "--device", "gpu"], "device must be"),
        (["cartpole", "--log", "curve.png"], "give a name that ends in .json"),
        (["cartpole", "--num-minibatches", "3"], "does not"),
        (["tetris"], "cartpole"),
    ],
)
def test_the_command_refuses_in_words(options, said):
    done = command(*options)
    assert done.returncode in (1, 2)
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_presets_are_right_as_they_stand():
    for args in PRESETS.values():
        assert args.num_iterations > 0
    assert PPOArgs(env_id="ALE/Breakout-v5", mode="atari", clip_coef=0.1, num_envs=8).minibatch_size == 256


def test_schedule_reaches_zero_at_the_end():
    trainer = PPOTrainer(TINY)
    trainer.train()
    assert trainer.optimizer.param_groups[0]["lr"] == 0
    kept = PPOTrainer(replace(TINY, anneal_lr=False))
    kept.train()
    assert kept.optimizer.param_groups[0]["lr"] == TINY.learning_rate
    assert isinstance(kept.scheduler, optim.PPOScheduler)


def imported_by(path: Path, nodes) -> set[str]:
    """The modules of the course that some nodes of a file import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in {"utils", "solutions", "tests", "chapters", "play"}}


LIBRARY = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for folder in ("utils", "solutions")
    for path in (ROOT / folder).rglob("*.py")
}


def test_imports_point_one_way():
    """solutions uses utils, and neither uses tests, chapters or play; utils uses itself alone, pure maths nothing local."""
    pure = {"advantages", "losses", "networks", "args", "optim", "policy_gradient", "frame_stack"}
    for name, path in LIBRARY.items():
        local = {other.split(".")[0] for other in imported_by(path, ast.walk(ast.parse(path.read_text())))}
        assert local <= ({"utils"} if name.startswith("utils") else {"solutions", "utils"}), path
        if path.parent.name == "solutions" and path.stem in pure:
            assert not local, path


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        name: {other for other in imported_by(path, ast.parse(path.read_text()).body) if other in LIBRARY}
        for name, path in LIBRARY.items()
    }
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError
    assert order.index("solutions.trainer") > order.index("solutions.losses")


def test_the_page_to_read_first_is_short():
    assert len((ROOT / "solutions" / "trainer.py").read_text().splitlines()) < 150
