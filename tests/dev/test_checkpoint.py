"""Runs survive: checkpoints are whole, a resumed run is the same run, and a ruined one says so."""

import json
import multiprocessing
import os
import re
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from solutions import losses
from solutions.args import PRESETS, PPOArgs
from solutions.evaluate import Evaluator
from solutions.rollout import PPOAgent
from solutions.saving import checkpoint
from solutions.saving.run_files import RunFiles
from solutions.train import RUNS, Run, main
from solutions.trainer import PPOTrainer
from tests.dev import commands
from utils import files, probes
from utils.watching import health, plot

PROBE = PPOArgs(env_id="Probe4-v0", num_envs=8, num_steps=16, total_timesteps=8 * 16 * 6, learning_rate=1e-2, device="cpu")
"""A run whose environments hold nothing that a checkpoint does not: every game is one step from the same observation."""


def curve(log) -> list[dict]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in log.rows]


def train(folder, *flags):
    """Begin a training of CartPole; what it says goes to the file `said`, its curve to `curve.json`."""
    options = ["cartpole", *flags, "--log", folder / "curve.json"]
    return commands.start("-m", "solutions.train", *options, stdout=folder / "said", stderr=folder / "said")


def test_same_seed_same_curve():
    args = replace(PRESETS["cartpole"], total_timesteps=8_192)
    first, second, other = (curve(PPOTrainer(replace(args, seed=seed)).train()) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_a_resumed_run_is_the_same_run(tmp_path):
    whole = PPOTrainer(PROBE)
    whole.train()
    stopped = PPOTrainer(PROBE)
    stopped.train(on_iteration=lambda trainer: len(trainer.log.rows) == 3)
    path = checkpoint.save_checkpoint(tmp_path / "checkpoint.safetensors", stopped)
    torch.manual_seed(123)
    resumed = checkpoint.resume(path, PROBE, PPOTrainer)
    assert curve(resumed.log) == curve(whole.log)[:3]
    resumed.train()
    assert curve(resumed.log) == curve(whole.log)
    assert resumed.agent.global_step == PROBE.total_timesteps
    assert resumed.log.games == whole.log.games
    for parameter, same in zip(resumed.actor.parameters(), whole.actor.parameters(), strict=True):
        assert torch.equal(parameter, same)


def test_the_settings_are_the_checkpoints(tmp_path):
    trainer = PPOTrainer(PROBE)
    path = checkpoint.save_checkpoint(tmp_path / "checkpoint.safetensors", trainer)
    longer = replace(PROBE, total_timesteps=10_000, gamma=0.5)
    assert checkpoint.resume(path, longer, PPOTrainer).args == replace(PROBE, total_timesteps=10_000)


def test_an_agent_is_where_a_run_may_start(tmp_path):
    trained = PPOTrainer(PROBE)
    trained.train()
    path = checkpoint.save_agent(tmp_path / "agent.safetensors", trained.actor, trained.critic, PROBE)
    started = checkpoint.resume(path, replace(PROBE, gamma=0.5), PPOTrainer)
    assert started.args.gamma == 0.5
    assert started.agent.global_step == 0
    assert torch.equal(started.actor[0].weight, trained.actor[0].weight)


def test_half_precision_halves_the_file(tmp_path):
    trainer = PPOTrainer(replace(PRESETS["cartpole"]))
    whole = checkpoint.save_agent(tmp_path / "whole.safetensors", trainer.actor, trainer.critic, trainer.args)
    half = checkpoint.save_agent(tmp_path / "half.safetensors", trainer.actor, trainer.critic, trainer.args, half=True)
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    actor, _, _ = checkpoint.load_agent(half)
    assert actor[0].weight.dtype == torch.float32
    assert torch.allclose(actor[0].weight, trainer.actor[0].weight, atol=1e-3)


@pytest.mark.parametrize("wrong", ["missing", "cut off", "another environment", "another shape", "not safetensors"])
def test_a_file_that_will_not_do_costs_one_sentence(tmp_path, wrong):
    path = tmp_path / "checkpoint.safetensors"
    trainer = PPOTrainer(PROBE)
    args, make = PROBE, PPOTrainer
    if wrong != "missing":
        checkpoint.save_checkpoint(path, trainer)
    if wrong == "cut off":
        path.write_bytes(path.read_bytes()[:-100])
    if wrong == "not safetensors":
        path.write_text("{}")
    if wrong == "another environment":
        args = replace(PROBE, env_id="Probe5-v0")
    if wrong == "another shape":

        def make(args):
            trainer = PPOTrainer(args)
            trainer.actor = nn.Sequential(nn.Linear(1, 2))
            return trainer

    with pytest.raises(ValueError) as caught:
        checkpoint.resume(path, args, make)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_full_disk_costs_a_line_and_not_the_run(tmp_path, monkeypatch, capsys):
    trainer = PPOTrainer(PROBE)
    checkpointer = checkpoint.Checkpointer(tmp_path / "checkpoint.safetensors", every=1)
    checkpointer.save(trainer)
    before = checkpointer.path.read_bytes()

    def full(self, content):
        with open(self, "wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    def never(self, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:  # a file that is whole, but never gets its name
        patched.setattr(files.Path, "replace", never)
        with pytest.raises(OSError, match="No space"):
            files.write_whole(checkpointer.path, b"new")
    assert checkpointer.path.read_bytes() == before
    monkeypatch.setattr(files.Path, "write_bytes", full)
    trainer.train(on_iteration=checkpointer)
    assert len(trainer.log.rows) == PROBE.num_iterations
    assert "No space left on device" in capsys.readouterr().out
    assert checkpointer.path.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.log.jsonl", "checkpoint.safetensors"]


def test_a_ruined_run_stops_and_says_where(tmp_path, monkeypatch):
    right, calls = losses.value_loss, []

    def ruined(new_values, returns):
        calls.append(None)
        updates = PROBE.update_epochs * PROBE.num_minibatches
        return right(new_values, returns) * (np.inf if len(calls) > 2 * updates else 1)

    monkeypatch.setattr(losses, "value_loss", ruined)
    trainer = PPOTrainer(PROBE)
    checkpointer = checkpoint.Checkpointer(tmp_path / "checkpoint.safetensors", every=1)
    with pytest.raises(FloatingPointError, match=r"Iteration 3 .*value_loss is (inf|nan)"):
        trainer.train(on_iteration=checkpointer)
    assert "after iteration 2" in checkpointer.advice
    actor, _, _ = checkpoint.load_agent(checkpointer.path)
    assert all(parameter.isfinite().all() for parameter in actor.parameters())
    before = checkpointer.path.read_bytes()
    trainer.agent.global_step = len(trainer.log.rows) * PROBE.batch_size  # whole iterations, but ruined networks
    checkpointer.save(trainer)
    assert checkpointer.path.read_bytes() == before


def test_the_command_names_the_ruin(tmp_path):
    assert train(tmp_path, "--learning-rate", 1e30).wait() == 1
    said = (tmp_path / "said").read_text()
    assert re.search(r"error: Iteration 1 .* is (nan|inf)", said)
    assert "There is no checkpoint yet" in said
    assert "Traceback" not in said


ENDLESS = ["--eval-every", "None", "--threshold", "None", "--total-timesteps", 100_000_000, "--checkpoint-every", 1]


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline
        time.sleep(0.01)


def train_on_a_slow_disk(folder: Path, resume: Path | None, writes, saved) -> None:
    """The training command as it is, except that writing takes a while, and that it says when it writes and what it has saved."""
    save_checkpoint = checkpoint.save_checkpoint

    def write_slowly(path, content):
        writes.value += 1
        with open(path, "wb") as file:
            for part in np.array_split(np.frombuffer(content, np.uint8), 20):
                file.write(part.tobytes())
                file.flush()
                time.sleep(0.002)

    def save_and_say_so(path, trainer):
        save_checkpoint(path, trainer)
        saved.value = len(trainer.log.rows)

    files.Path.write_bytes, checkpoint.save_checkpoint = write_slowly, save_and_say_so
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    endless = replace(RUNS["cartpole"][1].args, total_timesteps=100_000_000)
    main(Run(endless, log=folder / "curve.json", resume=resume, checkpoint_every=1))


def test_killed_at_any_moment_a_run_loses_at_most_what_came_since_its_checkpoint_and_leaves_nothing(tmp_path):
    """Killed 20 times at random moments, every other time in the middle of writing, and resumed each time."""
    path, rng = tmp_path / "curve.checkpoint.safetensors", np.random.default_rng(1)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["solutions.train"])  # so that each begins at once
    writes, saved = processes.Value("i", 0), processes.Value("i", 0)
    half_written = set()
    for number in range(20):
        event, delay = (writes, rng.uniform(0, 0.03)) if number % 2 else (saved, rng.uniform(0, 0.3))
        before = event.value
        resume = path if path.exists() else None
        run = processes.Process(target=train_on_a_slow_disk, args=(tmp_path, resume, writes, saved))
        run.start()
        wait_for(lambda event=event, before=before: event.value > before)
        time.sleep(delay)
        run.kill()
        run.join()
        half_written |= {one.name for one in tmp_path.glob("*.unfinished")}
        resumed = checkpoint.resume(path, PRESETS["cartpole"], PPOTrainer)
        assert len(resumed.log.rows) in (saved.value, saved.value + 1)  # it may have been killed before it could say so
        assert resumed.agent.global_step == len(resumed.log.rows) * resumed.args.batch_size
    assert len(half_written) > 5
    longer = replace(PRESETS["cartpole"], total_timesteps=resumed.agent.global_step + 1024)
    main(Run(longer, resume=path, eval_episodes=1))
    assert sorted(path.name for path in tmp_path.iterdir()) == EVERYTHING
    rows = json.loads((tmp_path / "curve.json").read_text("utf-8"))["rows"]
    assert [row["global_step"] for row in rows] == list(range(1024, longer.total_timesteps + 1, 1024))


EVERYTHING = ["curve.checkpoint.safetensors", "curve.json", "curve.log.jsonl", "curve.png", "curve.safetensors"]


@pytest.mark.parametrize("signals", ["SIGINT", "SIGTERM", "SIGHUP", "SIGINT SIGINT", "SIGHUP SIGHUP SIGTERM"])
def test_a_run_that_is_told_to_stop_saves_everything_and_says_how_to_go_on(tmp_path, signals):
    path = tmp_path / "curve.checkpoint.safetensors"
    run = train(tmp_path, *ENDLESS)
    try:
        wait_for(path.exists)
        for name in signals.split():
            run.send_signal(getattr(signal, name))
        assert run.wait(60) == 130
    finally:
        run.kill()
    said = (tmp_path / "said").read_text()
    assert f"--resume {path}" in said and "Traceback" not in said
    rows = json.loads((tmp_path / "curve.json").read_text("utf-8"))["rows"]
    assert [row["global_step"] for row in rows] == [1024 * (n + 1) for n in range(len(rows))]
    resumed = checkpoint.resume(path, PRESETS["cartpole"], PPOTrainer)
    assert len(resumed.log.rows) == len(rows)
    assert sorted(one.name for one in tmp_path.iterdir()) == [*EVERYTHING, "said"]
    actor, _, _ = checkpoint.load_agent(tmp_path / "curve.safetensors")
    if signals.count(" ") == 0:
        assert torch.equal(actor[0].weight, resumed.actor[0].weight)


def test_the_first_signal_waits_for_the_iteration_and_the_second_does_not(monkeypatch, tmp_path, capsys):
    def play_and_be_told(agent):
        told.append(None)
        if len(told) in when:
            signal.raise_signal(signal.SIGINT)
        return play_step(agent)

    play_step = PPOAgent.play_step
    monkeypatch.setattr(PPOAgent, "play_step", play_and_be_told)
    run = Run(replace(PROBE, total_timesteps=8 * 16 * 50), eval_episodes=1, checkpoint_every=1)
    for when, iterations in [((40,), 3), ((40, 44), 2)]:  # an iteration has 16 steps
        told, log = [], tmp_path / f"{len(when)}.json"
        assert main(replace(run, log=log)) == 130
        rows = json.loads(log.read_text("utf-8"))["rows"]
        assert len(rows) == iterations
        assert len(checkpoint.resume(checkpoint_of(log), PROBE, PPOTrainer).log.rows) == iterations
        assert log.with_suffix(".safetensors").exists()
    assert "Stopping once this iteration is done" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_log_that_somebody_else_has_written_is_written_anew(tmp_path):
    first = PPOTrainer(replace(PROBE, total_timesteps=8 * 16 * 12))
    path = tmp_path / "run.checkpoint.safetensors"

    def train_two_more(trainer):
        until = len(trainer.log.rows) + 2
        trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) == until)
        checkpoint.save_checkpoint(path, trainer)
        assert curve(checkpoint.resume(path, PROBE, PPOTrainer).log) == curve(trainer.log)

    train_two_more(first)
    train_two_more(checkpoint.resume(path, first.args, PPOTrainer))
    train_two_more(first)
    checkpoint.journal_path(path).unlink()
    train_two_more(first)


def checkpoint_of(log: Path) -> Path:
    return log.with_suffix(checkpoint.SUFFIX)


def test_an_iteration_that_was_interrupted_does_not_count(monkeypatch):
    """As in a notebook, where `train()` goes on afterwards."""
    trainer, play_step, played = PPOTrainer(PROBE), PPOAgent.play_step, []

    def play_and_be_interrupted(agent):
        played.append(None)
        if len(played) == 40:
            raise KeyboardInterrupt
        return play_step(agent)

    monkeypatch.setattr(PPOAgent, "play_step", play_and_be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    log = trainer.train()
    assert [row["global_step"] for row in log.rows] == [128 * (n + 1) for n in range(6)]
    assert trainer.agent.global_step == PROBE.total_timesteps
    assert len(log.games) == PROBE.total_timesteps and [step for step, *_ in log.games] == sorted(
        step for step, *_ in log.games
    )


def test_an_evaluation_that_was_lost_is_made_up_for(monkeypatch, tmp_path):
    """Stopped between the checkpoint and the evaluation, a run ends as if nothing had been: also where it ends early."""
    args = replace(PROBE, total_timesteps=8 * 16 * 20)
    run = Run(args, eval_every=2, eval_episodes=4, checkpoint_every=1, threshold=0.9)
    main(replace(run, log=tmp_path / "whole.json"))
    whole = json.loads((tmp_path / "whole.json").read_text("utf-8"))
    assert whole["rows"][-1]["global_step"] < args.total_timesteps, "it never stops early"
    play, evaluations = Evaluator.play, []

    def play_and_be_stopped(self, *arguments, **options):
        evaluations.append(None)
        if len(evaluations) == len(whole["evaluations"]):
            raise KeyboardInterrupt
        return play(self, *arguments, **options)

    monkeypatch.setattr(Evaluator, "play", play_and_be_stopped)
    path = tmp_path / "stopped.json"
    assert main(replace(run, log=path)) == 130
    assert len(json.loads(path.read_text("utf-8"))["evaluations"]) == len(whole["evaluations"]) - 1
    for _ in range(2):  # the second time there is nothing left to do
        main(replace(run, resume=checkpoint_of(path)))
        again = json.loads(path.read_text("utf-8"))
        assert again["evaluations"] == whole["evaluations"]
        assert len(again["rows"]) == len(whole["rows"])


def test_another_run_s_files_are_left_alone(tmp_path):
    run = Run(PROBE, log=tmp_path / "curve.json", eval_episodes=1)
    main(run)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for other in [run, replace(run, resume=tmp_path / "curve.safetensors")]:
        with pytest.raises(ValueError, match=r"another run's curve.json, .*: choose another name with --log, or go on"):
            main(other)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    main(replace(run, resume=tmp_path / "curve.checkpoint.safetensors", log=None, args=replace(PROBE, total_timesteps=1024)))
    assert len(json.loads((tmp_path / "curve.json").read_text("utf-8"))["rows"]) == 8


def test_two_runs_do_not_share_their_files(tmp_path):
    files = RunFiles(PROBE, tmp_path / "curve.json")
    with files.claimed(), pytest.raises(ValueError, match="Another training is writing"), files.claimed():
        pass
    with files.claimed():
        pass
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_said_before_the_training(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(PPOTrainer, "train", lambda *_, **__: pytest.fail("it trains"))
    with pytest.raises(ValueError, match=r"file.curve\.json cannot be written \(.*\): choose another place with --log"):
        main(Run(PROBE, log=tmp_path / "file" / "curve.json"))
    monkeypatch.chdir(tmp_path)
    Path("runs").write_text("")
    with pytest.raises(ValueError, match=r"cannot be written \(.*\): choose another place with --log"):
        main(Run(PROBE))


def test_a_start_that_is_refused_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for wrong in [
        {"resume": Path("nothing.safetensors")},
        {"args": replace(PROBE, device="gpu")},
        {"args": replace(PROBE, env_id="No")},
    ]:
        with pytest.raises(ValueError):
            main(replace(Run(PROBE), **wrong))
    with pytest.raises(ValueError, match="eval_episodes must be"):
        Run(PROBE, eval_episodes=0)
    assert not list(tmp_path.iterdir())


def test_pictures_and_diagnoses_that_fail_cost_a_line_each(tmp_path, monkeypatch, capsys):
    for module, name in [(plot, "plot"), (health, "diagnose")]:
        monkeypatch.setattr(module, name, lambda *_: 1 / 0)
    with suppress(ZeroDivisionError):  # of the sentence at the very end
        main(Run(PROBE, log=tmp_path / "curve.json", eval_episodes=1))
    said = capsys.readouterr().out
    assert said.count("The diagnosis failed (ZeroDivisionError: division by zero): the run goes on without.") == 1
    assert said.count("The picture of the run failed (ZeroDivisionError") == 1
    checkpoint.load_agent(tmp_path / "curve.safetensors")
    assert len(json.loads((tmp_path / "curve.json").read_text("utf-8"))["rows"]) == PROBE.num_iterations


def test_the_updates_of_a_run_can_be_more_when_it_goes_on_and_what_it_ignores_is_named(tmp_path, capsys):
    args = replace(PRESETS["cartpole"], seed=5)
    run = Run(args, log=tmp_path / "curve.json", updates=2, eval_episodes=1)
    main(run)
    path = tmp_path / "curve.checkpoint.safetensors"
    main(replace(run, log=None, resume=path, updates=3))
    assert len(checkpoint.resume(path, args, PPOTrainer).log.rows) == 3
    assert "changes nothing" not in capsys.readouterr().out
    asked = replace(PRESETS["cartpole"], learning_rate=1.0, norm_adv=False, processes=False)
    main(replace(run, log=None, resume=path, updates=4, args=asked))
    assert "so this changes nothing: --learning-rate 1.0 --no-norm-adv.\n" in capsys.readouterr().out


def test_a_run_at_weights_and_biases_keeps_its_number(tmp_path):
    trainer = PPOTrainer(PROBE)
    trainer.log.wandb.id = "abc"
    path = checkpoint.save_checkpoint(tmp_path / "run.checkpoint.safetensors", trainer)
    assert checkpoint.resume(path, PROBE, PPOTrainer).log.wandb.id == "abc"


def test_snapshots_are_named_by_their_step(tmp_path):
    trainer = PPOTrainer(PROBE)
    trainer.train(
        on_iteration=checkpoint.Checkpointer(tmp_path / "lr0.001.checkpoint.safetensors", every=100, snapshot_every=4)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["lr0.001-step000000512.safetensors"]


assert probes  # registers them
