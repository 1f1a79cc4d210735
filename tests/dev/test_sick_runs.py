"""The causes of chapters 15 to 17 do what they say, the recorded runs are all there, and nothing gives a run's cause away."""

import inspect
import json
import traceback
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from io import StringIO

import numpy as np
import pytest
import torch

from chapters import record_runs
from solutions import advantages, diagnoses, examine, losses, networks, optim, rollout, sick_runs
from solutions.args import PRESETS, PPOArgs
from solutions.evaluate import record_game
from solutions.sick_runs import CAUSES, REPAIRS, RUNS, args_of, part_of, recorded, sick_trainer
from solutions.trainer import PPOTrainer
from tests import checks
from utils.course.exercises import exercises
from utils.probes import check_probe

PARTS = [
    (advantages, "compute_advantages"),
    (losses, "policy_loss"),
    (losses, "value_loss"),
    (networks, "scale_bytes"),
    (optim, "make_optimizer"),
    (optim.PPOScheduler, "step"),
    (rollout.PPOAgent, "play_step"),
    (PPOTrainer, "learning_phase"),
]
SHORT = {"num_envs": 2, "num_steps": 16, "num_minibatches": 2, "total_timesteps": 64}


def train(trainer_class, args: PPOArgs):
    trainer = trainer_class(args)
    with redirect_stdout(StringIO()):
        trainer.train()
    return trainer


def weights_after(trainer_class, args: PPOArgs) -> torch.Tensor:
    trainer = train(trainer_class, args)
    return torch.cat([weight.flatten() for weight in [*trainer.actor.parameters(), *trainer.critic.parameters()]])


@pytest.mark.parametrize("letter", CAUSES)
def test_each_cause_changes_a_training_and_leaves_everything_as_it_was(letter):
    cause = CAUSES[letter]
    before = [getattr(*part) for part in PARTS]
    args = replace(
        PRESETS["pong-ram" if cause.mode == "ram" else "cartpole"], **(SHORT | {"num_steps": 64, "total_timesteps": 512})
    )
    if letter == "D":  # CartPole does not run out of time so soon
        args = replace(args, env_id="Probe6-v0")
    seen = weights_after(cause.trainer(), cause.change_args(args))
    assert before == [getattr(*part) for part in PARTS]
    assert torch.equal(seen, weights_after(PPOTrainer, args)) == (letter == "B")


@pytest.mark.parametrize("letter", [letter for letter, cause in CAUSES.items() if cause.part])
def test_the_course_s_own_tests_see_each_cause(letter):
    cause = CAUSES[letter]
    assert checks.verdict(cause.exercise, cause.broken_part()) is not None


def test_every_broken_run_is_repaired():
    assert sorted(REPAIRS.values()) == [number for number, run in RUNS.items() if CAUSES[run.cause].part]
    assert {name for name in exercises() if name.startswith("repair_")} == {f"repair_{number}" for number in REPAIRS}


@pytest.mark.parametrize(("repair", "number"), REPAIRS.items())
def test_a_repaired_part_makes_the_trainer_healthy(repair, number):
    exercise = exercises()[f"repair_{repair}"]
    assert exercise.object_name == CAUSES[RUNS[number].cause].exercise.object_name
    assert exercise.to_write == CAUSES[RUNS[number].cause].exercise.to_write
    args = replace(RUNS[number].args, **SHORT)
    reference = getattr(__import__(exercise.module, fromlist=[""]), exercise.object_name)
    assert torch.equal(weights_after(sick_trainer(number, reference), args), weights_after(PPOTrainer, args))


@pytest.mark.parametrize(
    ("letter", "probe", "said"),
    [
        ("D", 6, "1.4"),
        ("U", 1, "2.00"),
        ("J", 4, "0.00"),
        ("M", 2, "0.0"),
        ("N", 1, "0.00"),
        ("G", 3, ""),
        ("K", 4, ""),
        ("O", 5, ""),
    ],
)
def test_what_the_probes_say(letter, probe, said):
    passed, sentence = check_probe(CAUSES[letter].trainer(), PPOArgs, f"Probe{probe}-v0")
    assert passed == (said == "") and said in sentence


def test_each_run_has_another_cause():
    assert len({run.cause for run in RUNS.values()}) == len(RUNS)
    assert all(getattr(diagnoses, f"diagnosis_{number}")() == run.cause for number, run in RUNS.items())
    assert (
        len({cause.says for cause in CAUSES.values()}) == len({cause.shows for cause in CAUSES.values()}) == len(CAUSES) == 21
    )


def test_recorded_runs_are_whole():
    for number, run in RUNS.items():
        logs = recorded(number)
        assert list(logs) == [f"run {number}", *(f"healthy, seed {seed}" for seed in run.healthy_seeds)]
        for name, rows in logs.items():
            assert len(rows) == run.args.num_iterations, (number, name)
            assert rows[-1]["global_step"] == run.args.num_iterations * run.args.batch_size
            assert np.isfinite([rows[-1][figure] for figure in rows[-1]]).all(), (number, name)


def test_the_records_are_of_these_runs():
    entries = json.loads(sick_runs.FILE.read_text())
    seen = {name: entry["fingerprint"] for name, entry in entries.items()}
    assert seen == {name: record_runs.fingerprint(*one) for name, one in record_runs.trainings(list(RUNS)).items()}, (
        "record anew"
    )


def test_what_the_automatic_check_finds_on_the_way():
    """The chapters say so."""
    assert [number for number in RUNS if examine.automatic_check(number) != "nothing suspicious"] == [1, 4, 7, 9]


def test_a_film_is_played_by_the_broken_part(monkeypatch):
    """Of run 6, whose agent would see a screen 255 times as bright through the healthy part."""
    seen = []
    part = CAUSES["E"].broken_part()
    trainer = CAUSES["E"].trainer(lambda obs: seen.append(obs) or part(obs))(replace(args_of(6), **SHORT))
    monkeypatch.setattr("solutions.trainer.record_game", partial(record_game, max_steps=2))
    monkeypatch.setattr(trainer.log, "add_video", lambda *_: None)
    seen.clear()
    trainer.film()
    assert seen


def test_missing_or_broken_records(tmp_path, monkeypatch):
    path = tmp_path / "sick_runs.json"
    monkeypatch.setattr(sick_runs, "FILE", path)
    with pytest.raises(ValueError, match="git checkout"):
        recorded(1)
    path.write_text("{")
    with pytest.raises(ValueError, match="cannot be read"):
        recorded(1)
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"record_runs\.py"):
        recorded(1)


def test_bad_input():
    for call in (recorded, args_of, part_of, sick_trainer):
        with pytest.raises(ValueError, match=r"There is no run 10; they are numbered 1 to 9\."):
            call(10)
    with pytest.raises(ValueError, match="No part of run 4 is broken"):
        part_of(4)
    with pytest.raises(ValueError, match="nothing to put in its place"):
        sick_trainer(4, losses.policy_loss)


def test_a_cause_that_is_tried_shows_its_first_iteration(monkeypatch, capsys):
    short = replace(args_of(9), **SHORT)
    monkeypatch.setattr(examine, "args_of", lambda number: short)
    rows = train(CAUSES["U"].trainer(), replace(short, seed=short.seed + 100)).log.rows
    capsys.readouterr()
    examine.try_cause(9, "U", "entropy")
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("Figure(")]  # IPython may name it
    expected = [
        f"{figure:20} first iteration: cause U {examine.in_digits(figure, rows[0][figure])}, run 9 "
        f"{examine.in_digits(figure, examine.of_run(9, figure, 0))}"
        for figure in examine.ALL
    ]
    first, last = (examine.in_digits("episodic_return", row["episodic_return"]) for row in rows)
    assert said == [
        *expected,
        f"cause U, seed {short.seed + 100}: mean return after a quarter of the run {first}, after half {first}, at its end {last}",
    ]
    examine.try_cause(9, "U", "entropy", seed=short.seed + 100)
    again = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("Figure(")]
    assert again == said


def test_bad_input_to_an_instrument():
    with pytest.raises(ValueError, match="There is no figure 'entropie': choose from episodic_return, entropy,"):
        examine.show_run(1, "entropie")
    with pytest.raises(ValueError, match="There is no figure 'entropie'"):
        examine.of_run(1, "entropie")
    with pytest.raises(ValueError, match="There is no cause 'Z': choose a letter from A, B,"):
        examine.try_cause(1, "Z")
    with pytest.raises(ValueError, match="The cause E is in a part for the console's memory, from which run 1 does not play"):
        examine.try_cause(1, "E")
    with pytest.raises(ValueError, match="The run has 30 iterations, counted from 0: there is no iteration 30"):
        examine.of_healthy(6, "entropy", 30)
    for instrument in (examine.show_run, examine.first_iterations, examine.probes, examine.look_inside, examine.other_seeds):
        with pytest.raises(ValueError, match="There is no run 10"):
            instrument(10)


def test_a_reworded_reference_is_named(monkeypatch):
    monkeypatch.setitem(CAUSES, "K", replace(CAUSES["K"], changes=(("no such text", ""),)))
    with pytest.raises(ValueError, match="policy_loss does not contain 'no such text' any more"):
        sick_trainer(7)


@pytest.mark.parametrize("number", REPAIRS.values())
def test_no_traceback_shows_the_lines_of_a_broken_part(number):
    cause = CAUSES[RUNS[number].cause]
    part = cause.broken_part()
    part = getattr(part, cause.exercise.to_write[0]) if cause.exercise.methods else part
    nothing = [None] * len(inspect.signature(part).parameters)
    with pytest.raises((AttributeError, TypeError)) as raised:
        part(*nothing)
    frames = [
        frame for frame in traceback.extract_tb(raised.value.__traceback__) if frame.filename == "<a part of the trainer>"
    ]
    assert frames and not any(frame.line for frame in frames)
    assert type(sick_trainer(number)(replace(args_of(number), **SHORT))).__name__ == "PPOTrainer"


def test_the_command_records_every_run(tmp_path, monkeypatch, capsys):
    path = tmp_path / "sick_runs.json"
    monkeypatch.setattr(record_runs, "FILE", path)
    tiny = {number: replace(RUNS[number], args=replace(RUNS[number].args, **SHORT), healthy_seeds=(1,)) for number in (1, 4)}
    for module in (record_runs, sick_runs):
        monkeypatch.setattr(module, "RUNS", tiny)
    monkeypatch.setattr("sys.argv", ["record_runs.py", "--processes", "1"])
    assert record_runs.main() == 0
    entries = json.loads(path.read_text())
    assert set(entries) == {"run 1", "run 4", "CartPole-v1, 64 steps, seed 1", "Acrobot-v1, 64 steps, seed 1"}
    assert all(entry["log"]["global_step"] == [32, 64] for entry in entries.values())
    assert "4 runs" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["record_runs.py", "--processes", "1", "--only", "4"])
    assert record_runs.main() == 0
    after = json.loads(path.read_text())
    assert after["run 1"] == entries["run 1"] and after["run 4"]["command"].endswith("--only 4")
