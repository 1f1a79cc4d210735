"""Files of checkpoints, agents and logs: what is not as it was written is refused in one sentence."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from solutions.args import PPOArgs
from solutions.saving import checkpoint, storage
from solutions.trainer import PPOTrainer
from utils.watching import plot

ARGS = PPOArgs(num_envs=2, num_steps=8, num_minibatches=2, update_epochs=1, total_timesteps=2 * 8 * 3, device="cpu")


@pytest.fixture
def written(tmp_path):
    """A checkpoint with its log, and an agent."""
    trainer = PPOTrainer(ARGS)
    trainer.train()
    path = checkpoint.save_checkpoint(tmp_path / "run.checkpoint.safetensors", trainer)
    agent = checkpoint.save_agent(tmp_path / "run.safetensors", trainer.actor, trainer.critic, ARGS, {"global_step": 48})
    return path, checkpoint.journal_path(path), agent


def refusal(path) -> str:
    """The sentence with which a file is refused, as a checkpoint or as an agent."""
    with pytest.raises(ValueError) as caught:
        checkpoint.resume(path, ARGS, PPOTrainer)
    said = str(caught.value)
    assert path.name in said and "\n" not in said and len(said) < 500
    return said


def test_a_byte_that_flipped_is_noticed(written):
    """500 flips in a checkpoint, 500 in an agent, 200 in a log."""
    rng = np.random.default_rng(0)
    path, journal, agent = written
    for file, opened, flips in [(path, path, 500), (agent, agent, 500), (journal, path, 200)]:
        whole = file.read_bytes()
        places = np.r_[0:8, rng.choice(np.arange(8, len(whole)), flips - 8, replace=False)]
        for place in places:
            spoiled = bytearray(whole)
            spoiled[place] ^= 1 << rng.integers(8)
            file.write_bytes(spoiled)
            refusal(opened)
        file.write_bytes(whole)
        checkpoint.resume(opened, ARGS, PPOTrainer)


@pytest.mark.parametrize("length", [0, 7, 8, 50, -33, -1])
def test_a_file_that_is_cut_off_is_noticed(written, length):
    path, journal, agent = written
    for file, opened in [(path, path), (agent, agent), (journal, path)]:
        whole = file.read_bytes()
        file.write_bytes(whole[:length])
        refusal(opened)
        file.write_bytes(whole)
    journal.unlink()
    assert f"its log {journal} cannot be read" in refusal(path)


def test_a_log_that_was_written_further_is_read_as_far_as_the_checkpoint_says(written):
    path, journal, _ = written
    with journal.open("a") as file:
        file.write('{"row": {"global' + "x" * 100_000)  # of a process that was killed; longer than what will be written
    resumed = checkpoint.resume(path, replace(ARGS, total_timesteps=2 * 8 * 5), PPOTrainer)
    resumed.train()
    checkpoint.save_checkpoint(path, resumed)
    assert checkpoint.resume(path, ARGS, PPOTrainer).log.rows == resumed.log.rows
    assert len(journal.read_text().splitlines()) == 5 + len(resumed.log.games)


DEEP = json.loads("[" * 500 + "]" * 500)
ABOUT_ITSELF = [
    ("args", None), ("args", []), ("args", "x"), ("args", {}), ("args", DEEP),
    ("args", asdict(ARGS) | {"env_id": 5}), ("args", asdict(ARGS) | {"env_id": None}), ("args", asdict(ARGS) | {"new": 1}),
    ("args", asdict(ARGS) | {"num_envs": "2"}), ("args", asdict(ARGS) | {"gamma": None}), ("args", asdict(ARGS) | {"mode": []}),
    ("run", []), ("run", {}), ("run", 3), ("run", DEEP), ("trained", "x"), ("trained", [1]), ("trained", {"global_step": "x"}),
    ("trained", {"global_step": -5}), ("trained", {"ranks": []}),
]  # fmt: skip
OF_THE_RUN = [
    ("numpy", None), ("numpy", {}), ("numpy", {"bit_generator": "MT19937"}), ("seconds", "x"), ("seconds", None), ("seconds", -1),
    ("seconds", float("nan")), ("journal", None), ("journal", []), ("journal", {"size": -5, "sha256": ""}),
    ("journal", {"size": "x"}), ("journal", {}), ("wandb_id", 5), ("wandb_id", []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), ABOUT_ITSELF + OF_THE_RUN, ids=lambda value: str(value)[:30])
def test_what_cannot_be_is_one_sentence(written, name, value):
    """The digest is right: somebody wrote these files so."""
    path, _, _ = written
    tensors, about = storage.read(path)
    changed = about | {name: value} if (name, value) in ABOUT_ITSELF else about | {"run": about["run"] | {name: value}}
    storage.write(path, tensors, **changed)
    refusal(path)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer.0.exp_avg": None},
        {"optimizer.0.exp_avg": torch.zeros(3)},
        {"optimizer.0.step": None},
        {"optimizer.99.step": torch.tensor(1.0)},
        {"optimizer.x.step": torch.tensor(1.0)},
        {"optimizer.0.exp_avg_sq": torch.full((64, 4), torch.nan)},
        {"random.torch": torch.zeros(3, dtype=torch.uint8)},
        {"random.torch": None},
        {"actor.0.weight": None},
        {"actor.0.weight": torch.full((64, 4), torch.nan)},
        {"actor.0.weight": torch.zeros(4, 64)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_tensors_that_cannot_be_are_one_sentence(written, change):
    path, _, _ = written
    tensors, about = storage.read(path)
    storage.write(path, {name: one for name, one in (tensors | change).items() if one is not None}, **about)
    refusal(path)


ROWS = [{"global_step": 16, "learning_rate": 1e-3, "seconds": 0.1, "episodic_return": None, "games": 1, "entropy": 0.5}]
OLD_RUN = {"global_step": 16, "rows": ROWS, "evaluations": [{"global_step": 0, "mean": 9.0, "std": 1.0}], "seconds": 0.1}


def write_old(path, written, **run):
    """A checkpoint as an earlier version wrote it: the rows in the header, the games in a tensor, no digest."""
    tensors, about = storage.read(written[0])
    header = {"args": about["args"], "trained": None, "run": OLD_RUN | {"numpy": about["run"]["numpy"]} | run}
    tensors |= {"log.games": torch.tensor([[12, 12.0, 12]], dtype=torch.float64)}
    save_file(tensors, path, {name: json.dumps(entry) for name, entry in header.items()})


def test_a_file_of_an_earlier_version_is_read_and_that_is_said(written, tmp_path, capsys):
    old = tmp_path / "old.checkpoint.safetensors"
    write_old(old, written)
    resumed = checkpoint.resume(old, ARGS, PPOTrainer)
    assert "old.checkpoint.safetensors is from an earlier version of the course and has no digest" in capsys.readouterr().out
    assert resumed.log.games == [(12, 12.0, 12)] and len(resumed.log.rows) == 1 and resumed.agent.global_step == 16
    assert resumed.log.evaluations == OLD_RUN["evaluations"]
    resumed.train()
    plot.plot(resumed.log)
    checkpoint.save_checkpoint(old, resumed)
    assert [row["global_step"] for row in checkpoint.resume(old, ARGS, PPOTrainer).log.rows] == [16, 32, 48]
    assert "earlier version" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value"),
    [("rows", None), ("rows", [5]), ("rows", [{"global_step": "x"}]), ("rows", [{"global_step": -5}]), ("rows", [{}]), ("rows", [DEEP]),
     ("evaluations", None), ("evaluations", [{}]), ("evaluations", [{"global_step": 1, "mean": "x", "std": 1}]), ("seconds", [])],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_what_cannot_be_in_an_old_file_is_one_sentence(written, tmp_path, name, value):
    old = tmp_path / "old.checkpoint.safetensors"
    write_old(old, written, **{name: value})
    refusal(old)


def test_a_checkpoint_costs_the_same_however_long_the_run(tmp_path):
    sizes, added = [], []
    for length in (10, 100_000):
        trainer = PPOTrainer(ARGS)
        row = {"global_step": 16, "episodic_return": 1.0, "entropy": 0.5}
        for _ in range(length):
            trainer.log.rows.append(row)
        path = checkpoint.save_checkpoint(tmp_path / f"{length}.checkpoint.safetensors", trainer)
        before = checkpoint.journal_path(path).stat().st_size
        trainer.log.rows.append(row)
        checkpoint.save_checkpoint(path, trainer)
        sizes.append(path.stat().st_size)
        added.append(checkpoint.journal_path(path).stat().st_size - before)
    assert added[0] == added[1] and abs(sizes[0] - sizes[1]) < 100
