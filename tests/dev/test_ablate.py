"""Each detail of the ablation does what it says and nothing else, and the recorded runs are all there."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from chapters import ablate as command
from solutions import ablate, advantages, losses, networks, optim, rollout
from solutions.ablate import DETAILS, DETAILS_OF, GAMES

PARTS = [
    (networks, "layer_init"),
    (networks, "get_actor_and_critic_classic"),
    (optim, "make_optimizer"),
    (rollout, "get_minibatch_indices"),
    (advantages, "compute_advantages"),
    (losses, "value_loss"),
]


@pytest.mark.parametrize("name", DETAILS)
def test_each_trains_and_leaves_everything_as_it_was(name):
    before = [getattr(*part) for part in PARTS]
    args = replace(GAMES["cartpole"], total_timesteps=2 * GAMES["cartpole"].batch_size)
    steps, scores = ablate.train(args, DETAILS[name])
    assert steps == [args.batch_size, 2 * args.batch_size]
    assert np.isfinite(scores).all()
    assert before == [getattr(*part) for part in PARTS]


def test_settings_exist_and_differ_from_the_games():
    for game, names in DETAILS_OF.items():
        for name in names:
            settings = DETAILS[name].settings
            assert (replace(GAMES[game], **settings) != GAMES[game]) == bool(settings), name
    assert [name for name, detail in DETAILS.items() if not detail.settings and detail.part is None] == ["as it is"]


def networks_with(name: str):
    torch.manual_seed(0)
    with DETAILS[name].part():
        return networks.get_actor_and_critic_classic(4, 2)


def test_initialisations():
    actor, critic = networks_with("large last layer")
    assert torch.allclose(actor[-1].weight.norm(dim=1), torch.ones(2)), "the actor's last layer"
    assert torch.allclose(critic[-1].weight.norm(dim=1), torch.ones(1)), "the critic's is as it was"
    assert torch.allclose(actor[2].weight @ actor[2].weight.T, 2 * torch.eye(64), atol=1e-4), "so are the hidden layers"
    actor, _ = networks_with("PyTorch's initialisation")
    assert actor[-1].weight.abs().max() <= 1 / 8 and actor[-1].bias.abs().max() > 0


def test_shared_trunk():
    actor, critic = networks_with("shared trunk")
    assert networks.share_trunk(actor, critic)
    torch.manual_seed(0)
    plain_actor, _ = networks.get_actor_and_critic_classic(4, 2)
    obs = torch.randn(5, 4)
    assert torch.equal(actor(obs), plain_actor(obs))
    assert critic(obs).shape == (5, 1)


def test_eps_and_order():
    with DETAILS["Adam's eps 1e-8"].part():
        optimizer = optim.make_optimizer(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1), 1e-3)
    assert [group["eps"] for group in optimizer.param_groups] == [1e-8]
    with DETAILS["minibatches in order"].part():
        rows = [list(one) for one in rollout.get_minibatch_indices(np.random.default_rng(0), 6, 2)]
    assert rows == [[0, 1], [2, 3], [4, 5]]


def test_time_limit_as_an_end():
    rewards, values, next_values = torch.ones(2, 1), torch.zeros(2, 1), torch.full((2, 1), 10.0)
    ended, none = torch.tensor([[False], [True]]), torch.zeros(2, 1, dtype=torch.bool)
    with DETAILS["time limit as an end"].part():
        seen = advantages.compute_advantages(rewards, values, next_values, none, ended, 0.9, 0.5)
    assert torch.equal(seen, advantages.compute_advantages(rewards, values, next_values, ended, none, 0.9, 0.5))
    assert not torch.equal(seen, advantages.compute_advantages(rewards, values, next_values, none, ended, 0.9, 0.5))


def test_clipped_value_loss():
    """By hand: old values 0 and 1, returns 1 and 1. The first has moved by 0.5, of which 0.2 count: (0.2 - 1)^2 beats (0.5 - 1)^2."""
    zeros, none = torch.zeros(2, 1), torch.zeros(2, 1, dtype=torch.bool)
    with DETAILS["value loss clipped"].part():
        advantages.compute_advantages(zeros, torch.tensor([[0.0], [1.0]]), zeros, none, none, 0.9, 0.9)
        (indices,) = rollout.get_minibatch_indices(np.random.default_rng(0), 2, 2)
        new_values = torch.tensor([0.5, 1.1])[indices]
        assert losses.value_loss(new_values, torch.ones(2)).item() == pytest.approx(0.5 * (0.64 + 0.01) / 2)


@pytest.mark.parametrize("game", GAMES)
def test_recorded_runs_are_whole(game):
    runs = ablate.read_runs(game)
    assert list(runs) == sorted(DETAILS_OF[game]), (
        f"chapters/ablation.json has other variants of {game} than solutions/ablate.py"
    )
    for name, run in runs.items():
        assert run["curves"].shape == (len(runs["as it is"]["curves"]), ablate.POINTS), name
        assert np.isfinite(run["curves"][:, -1]).all(), name


def test_missing_or_broken_records(tmp_path, monkeypatch):
    path = tmp_path / "ablation.json"
    monkeypatch.setattr(ablate, "FILE", path)
    with pytest.raises(ValueError, match="git checkout"):
        ablate.read_runs("cartpole")
    path.write_text("{")
    with pytest.raises(ValueError, match="cannot be read"):
        ablate.read_runs("cartpole")
    path.write_text(json.dumps({"acrobot": {}}))
    with pytest.raises(ValueError, match="only of acrobot"):
        ablate.read_runs("cartpole")


def test_the_command_measures_what_is_not_there(tmp_path, monkeypatch, capsys):
    path = tmp_path / "ablation.json"
    monkeypatch.setattr(command, "FILE", path)
    monkeypatch.setattr(command, "GAMES", {"cartpole": replace(GAMES["cartpole"], total_timesteps=2_048)})
    call = ["ablate.py", "cartpole", "--seeds", "1", "--only", "one epoch"]
    monkeypatch.setattr("sys.argv", call)
    assert command.main() == 0
    first = json.loads(path.read_text())["cartpole"]["one epoch"]
    assert first["seeds"] == [1] and first["steps"] == [1_024, 2_048] and len(first["curves"]) == 1
    monkeypatch.setattr("sys.argv", [*call[:3], "3", *call[4:]])
    capsys.readouterr()
    assert command.main() == 0
    assert "seed  1" not in capsys.readouterr().out, "it is there already"
    entry = json.loads(path.read_text())["cartpole"]["one epoch"]
    assert entry["seeds"] == [1, 2, 3] and entry["curves"][0] == first["curves"][0] and len(entry["curves"]) == 3
    assert entry["core_seconds"] > first["core_seconds"]
    assert command.main() == 0
    assert capsys.readouterr().out == "", "all of it is there"


def test_a_run_that_fails_ends_the_command_and_loses_no_other(tmp_path, monkeypatch):
    path = tmp_path / "ablation.json"
    monkeypatch.setattr(command, "FILE", path)
    monkeypatch.setattr(command, "one_run", fails_after_two)
    monkeypatch.setattr("sys.argv", ["ablate.py", "cartpole", "--only", "one epoch", "--processes", "1"])
    with pytest.raises(RuntimeError, match="seed 3"):
        command.main()
    assert json.loads(path.read_text())["cartpole"]["one epoch"]["seeds"] == [1, 2]
    assert len(list(tmp_path.glob("begun *"))) < 20, "all that was left was trained first"


def fails_after_two(game: str, name: str, seed: int) -> command.Run:
    (command.FILE.parent / f"begun {seed}").touch()
    time.sleep(0.1)  # longer than it takes to hear of the failure
    if seed == 3:
        raise RuntimeError("seed 3")
    return command.Run(name, seed, [1], [1.0], 0.1, time.time())


def test_bad_input(monkeypatch, capsys):
    for some in [["cartpole", "--seeds", "0"], ["breakout", "--only", "shared trunk"]]:
        monkeypatch.setattr("sys.argv", ["ablate.py", *some])
        with pytest.raises(SystemExit):
            command.main()
    assert "breakout has no variant 'shared trunk'; choose from as it is," in capsys.readouterr().err
