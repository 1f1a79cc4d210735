"""The course's own agents play as their cards say."""

import json
import shlex
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
import tyro

from solutions.args import PRESETS
from solutions.evaluate import Evaluator
from solutions.saving.checkpoint import load_agent, read_trained, save_agent
from solutions.saving.make_card import Card, curve_beside, make_card
from solutions.train import RUNS, command_of
from solutions.trainer import PPOTrainer
from utils.paths import AGENTS

CARDS = sorted(AGENTS.glob("*.json"))
GAMES = {"classic-control": 20, "ram": 10, "atari": 8}
ON_THE_WAY = [path for path in CARDS if path.stem.startswith("breakout-")]  # played sampled only: greedy games take long
NOTHING = {"ALE/Pong-v5": -21}
"""The score of an agent that does nothing, where that is not 0."""
GAMES_TO_PLAY = [(way, path) for path in CARDS for way in ("greedy", "sampled") if way == "sampled" or path not in ON_THE_WAY]


def test_there_are_agents():
    assert CARDS
    assert {path.stem for path in CARDS} == {path.stem for path in AGENTS.glob("*.safetensors")}


@pytest.mark.parametrize(("way", "path"), GAMES_TO_PLAY, ids=lambda value: getattr(value, "stem", value))
def test_an_agent_finds_the_score_of_its_card_again(path, way):
    """Other games than the card's, so the means may differ by four standard errors of both."""
    written = json.loads(path.read_text("utf-8"))
    actor, _, args = load_agent(path.with_suffix(".safetensors"))
    assert (args.env_id, args.mode) == (written["env_id"], written["mode"])
    expected, games = written[way], GAMES[args.mode]
    if args.mode != "classic-control" and way == "greedy" and expected["min"] < 0.2 * expected["mean"]:
        pytest.skip("some greedy games wait for a key until they are cut short")
    torch.manual_seed(0)  # for the actions that are sampled
    scores = Evaluator(args, 1, games, written["max_steps"]).play(actor, first_seed=30_000, greedy=way == "greedy")
    spread = max(expected["std"], (expected["max"] - expected["min"]) / 6)  # scores with a long tail spread more than they show
    error = spread * np.sqrt(1 / games + 1 / expected["episodes"])
    allowed = 4 * error + 0.02 * abs(expected["mean"])
    assert allowed < abs(expected["mean"] - NOTHING.get(args.env_id, 0)), (
        "an agent that scores nothing would pass: play more games"
    )
    assert abs(scores.mean() - expected["mean"]) <= allowed, scores


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_card_says_all_it_should(path):
    written = json.loads(path.read_text("utf-8"))
    _, _, args = load_agent(path.with_suffix(".safetensors"))
    assert written["command"] == command_of(args)
    assert written["seed"] == args.seed
    assert written["steps"] == read_trained(path.with_suffix(".safetensors"))["global_step"]
    assert written["seconds"] > 0
    assert set(written["versions"]) == {"python", "torch", "gymnasium", "ale-py"}
    for way in ("greedy", "sampled"):
        assert written[way]["episodes"] == 100
        assert written[way]["min"] <= written[way]["mean"] <= written[way]["max"]


def test_a_card_is_made(tmp_path):
    args = PRESETS["cartpole"]
    trainer = PPOTrainer(args)
    trained = {"global_step": 7, "seconds": 1.5}
    path = save_agent(tmp_path / "run.safetensors", trainer.actor, trainer.critic, args, trained)
    made = make_card(Card(path, "tiny", episodes=3, max_steps=20), tmp_path / "agents")
    written = json.loads(made.read_text("utf-8"))
    assert written["steps"] == 7
    assert written["greedy"]["episodes"] == 3
    assert 1 <= written["greedy"]["min"] <= written["greedy"]["mean"] <= written["greedy"]["max"] <= 20
    assert made.with_suffix(".safetensors").exists()
    before = {file.name: file.read_bytes() for file in made.parent.iterdir()}
    with pytest.raises(ValueError, match=r"There is an agent tiny in .*: choose another --name, or add --replace\."):
        make_card(Card(path, "tiny", episodes=3, max_steps=20), made.parent)
    with pytest.raises(ValueError, match="eval_max_steps must be"):
        make_card(Card(path, "tiny", episodes=3, max_steps=0, replace=True), made.parent)
    with patch.object(Evaluator, "report", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        make_card(Card(path, "tiny", episodes=4, max_steps=20, replace=True), made.parent)
    assert {file.name: file.read_bytes() for file in made.parent.iterdir()} == before  # the old agent and its card
    make_card(Card(path, "tiny", episodes=4, max_steps=20, replace=True), made.parent)
    assert json.loads(made.read_text("utf-8"))["greedy"]["episodes"] == 4


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", "x y", ".", "C:x"])
def test_a_name_that_is_no_file_s_is_refused(name):
    with pytest.raises(ValueError, match="use letters, digits, - and _ only"):
        Card(Path("agent.safetensors"), name)


def test_a_card_finds_the_curve_beside_an_agent_whose_name_has_dots(tmp_path):
    row = {"global_step": 5, "episodic_return": 2.0}
    (tmp_path / "lr0.001.json").write_text(json.dumps({"rows": [row]}))
    for name in ("lr0.001.safetensors", "lr0.001.checkpoint.safetensors"):
        assert curve_beside(tmp_path / name) == {"global_step": [5], "episodic_return": [2.0]}
    assert curve_beside(tmp_path / "lr0.003.safetensors") is None


@pytest.mark.parametrize(
    "flags", ["", "--seed 3 --learning-rate 0.001", "--no-anneal-lr --sticky-actions", "--wandb-project-name 'my runs'"]
)
def test_the_command_of_a_card_is_the_command(flags):
    run = tyro.extras.overridable_config_cli(RUNS, args=["cartpole", *shlex.split(flags)])
    assert command_of(run.args) == f"python -m solutions.train cartpole {flags}".strip()
