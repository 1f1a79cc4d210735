"""Several processes train one agent: as one process would, and no worse when one of them dies."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import torch
import torch.distributed as dist

from solutions import losses
from solutions.args import PRESETS, PPOArgs
from solutions.fast import distributed
from solutions.saving import checkpoint
from solutions.trainer import PPOTrainer

PATIENCE = 180  # seconds, for a machine that has little time for us
ROOT = Path(__file__).resolve().parents[2]
TINY = PPOArgs(num_envs=8, num_steps=16, num_minibatches=2, update_epochs=2, total_timesteps=8 * 16 * 3, device="cpu")
ONE_UPDATE = replace(TINY, num_minibatches=1, update_epochs=1, max_grad_norm=1e9)
ATARI = {"env_id": "ALE/Breakout-v5", "mode": "atari", "clip_coef": 0.1, "num_steps": 4, "precision": "fp32"}


def in_ranks(ranks: int, folder: Path, task, *rest) -> list:
    """What a task returns in each of several ranks."""
    with ProcessPoolExecutor(ranks, mp_context=multiprocessing.get_context("spawn")) as pool:
        store = f"file://{folder}/ranks"
        return [done.result() for done in [pool.submit(as_rank, rank, ranks, store, task, *rest) for rank in range(ranks)]]


def as_rank(rank: int, ranks: int, store: str, task, *rest):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", store, timedelta(seconds=30), rank=rank, world_size=ranks)
    try:
        return task(rank, *rest)
    finally:
        dist.destroy_process_group()


def weights(trainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for group in trainer.optimizer.param_groups for p in group["params"]])


def gradient(trainer) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for group in trainer.optimizer.param_groups for p in group["params"]])


def first_gradient(rank: int, args: PPOArgs, columns: dict[str, torch.Tensor]) -> torch.Tensor:
    """Of a rank that has played its part of somebody else's rollout."""
    trainer = distributed.RankTrainer(args)
    share = trainer.share.num_envs
    for name, column in columns.items():
        setattr(trainer.agent.rollout, name, column[:, rank * share : (rank + 1) * share])
    trainer.learning_phase()
    return gradient(trainer)


@pytest.mark.parametrize("args", [ONE_UPDATE, replace(ONE_UPDATE, norm_adv=False), replace(ONE_UPDATE, **ATARI)])
def test_the_first_gradient_is_that_of_one_process(tmp_path, args):
    alone = PPOTrainer(args)
    alone.rollout_phase()
    rollout = alone.agent.rollout
    rollout.rewards[:] = torch.randn_like(rollout.rewards)  # so that the halves differ in their mean and spread
    rollout.rewards[:, 4:] *= 3
    names = ["obs", "actions", "logprobs", "values", "rewards", "terminations", "truncations", "next_values"]
    alone.learning_phase()
    ours = in_ranks(2, tmp_path, first_gradient, args, {name: getattr(rollout, name) for name in names})
    assert torch.equal(*ours)
    torch.testing.assert_close(ours[0], gradient(alone), rtol=1e-3, atol=1e-6)


def run_of(rank: int, args: PPOArgs, path: Path | None = None):
    make = distributed.RankTrainer
    trainer = make(args) if path is None else checkpoint.resume(path, args, make)
    started = len(trainer.log.rows)
    trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) == started + 2 if rank == 0 else None)
    return weights(trainer), trainer.log.rows, trainer.log.games, trainer.agent.rollout.obs, checkpoint.trained_for(trainer)


def test_the_ranks_stay_together_and_rank_0_decides_when_to_stop(tmp_path):
    args = replace(TINY, num_steps=64, total_timesteps=8 * 64 * 9, learning_rate=1e-2)
    (ours, rows, games, obs, trained), (same, same_rows, same_games, other_obs, _) = in_ranks(2, tmp_path, run_of, args)
    assert torch.equal(ours, same)
    assert not torch.equal(obs, other_obs)
    own = {"seconds", "explained_variance", "mean_value"}
    shared = lambda rows: [{name: value for name, value in row.items() if name not in own} for row in rows]
    assert str(shared(rows)) == str(shared(same_rows))
    assert [row["global_step"] for row in rows] == [512, 1024]
    assert games == same_games == sorted(games) and len(games) > 10
    assert all(0 < step <= 1024 and step % 8 == 0 for step, _, _ in games)
    assert sum(length for _, _, length in games) > 512  # of all 8 environments
    assert trained["ranks"] == 2


def updates_with_a_kl_of_its_own(rank: int) -> int:
    losses.approx_kl = lambda *_: torch.tensor(float(rank))
    trainer = distributed.RankTrainer(replace(TINY, target_kl=0.4))
    trainer.rollout_phase()
    trainer.learning_phase()
    return len(trainer.log.figures["policy_loss"])


def test_target_kl_ends_the_phase_of_all_ranks_at_once(tmp_path):
    assert in_ranks(2, tmp_path, updates_with_a_kl_of_its_own) == [2, 2]  # 0 and 1 are 0.5 on average: one epoch only


def test_a_checkpoint_does_not_hang_on_the_number_of_ranks(tmp_path):
    whole = PPOTrainer(TINY)
    whole.train(on_iteration=lambda trainer: True)
    path = checkpoint.save_checkpoint(tmp_path / "one.checkpoint.safetensors", whole)
    results = in_ranks(2, tmp_path, run_of, TINY, path)
    assert torch.equal(results[0][0], results[1][0])
    assert [row["global_step"] for row in results[0][1]] == [128, 256, 384]
    assert not torch.equal(results[0][3][0], results[1][3][0])  # each goes on with games of its own


def saved_after(rank: int, args: PPOArgs, path: Path, iterations: int):
    trainer = distributed.RankTrainer(args)
    trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) == iterations)
    if rank == 0:
        checkpoint.save_checkpoint(path, trainer)
    return weights(trainer)


def resumed(rank: int, args: PPOArgs, path: Path):
    trainer = checkpoint.resume(path, args, distributed.RankTrainer)
    trainer.follow()
    return weights(trainer)


def test_resumed_by_as_many_ranks_it_is_the_same_run(tmp_path):
    args, path = replace(TINY, env_id="Probe4-v0"), tmp_path / "two.checkpoint.safetensors"  # every game is the same there
    for folder in ["stopped", "resumed", "whole"]:
        (tmp_path / folder).mkdir()
    in_ranks(2, tmp_path / "stopped", saved_after, args, path, 1)
    ours = in_ranks(2, tmp_path / "resumed", resumed, args, path)
    whole = in_ranks(2, tmp_path / "whole", saved_after, args, path, 3)
    assert torch.equal(ours[0], whole[0]) and torch.equal(*ours)


def test_what_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="8 environments do not divide among 3 processes"):
        distributed.share_of(TINY, 0, 3)
    for ranks in [1, 2, 4]:
        shares = [distributed.share_of(TINY, rank, ranks) for rank in range(ranks)]
        assert sum(share.batch_size for share in shares) == TINY.batch_size
        assert {share.num_iterations for share in shares} == {TINY.num_iterations}
        assert len({share.seed for share in shares}) == ranks


@contextmanager
def torchrun(*options, program=("-m", "--", "solutions.train", "cartpole")):
    """Begin a program, by default a training of CartPole, in two processes; whatever happens, it does not outlive the test."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run = subprocess.Popen(
        [*command, *map(str, (*program, *options))],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield run
    finally:
        run.terminate()
        run.wait(PATIENCE)


def wait_for(condition) -> None:
    deadline = time.time() + PATIENCE
    while not condition():
        assert time.time() < deadline
        time.sleep(0.02)


def test_torchrun_trains_one_agent_and_writes_one_curve(tmp_path):
    alone = PPOTrainer(PRESETS["cartpole"])
    alone.train(on_iteration=lambda trainer: len(trainer.log.rows) == 2)
    path = checkpoint.save_checkpoint(tmp_path / "curve.checkpoint.safetensors", alone)
    with torchrun(
        "--resume", path, "--total-timesteps", 4 * 1024, "--eval-every", 1, "--eval-episodes", 2, "--threshold", "None",
        "--save-every", 3,
    ) as run:  # fmt: skip
        said = run.communicate(timeout=PATIENCE)[0]
    assert run.returncode == 0, said
    for sentence in ["Going on from", "trained by 1 process(es), and now is by 2", "result: mean", "The curve is in"]:
        assert said.count(sentence) == 1, said
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curve-step000003072.safetensors", "curve.checkpoint.safetensors", "curve.json", "curve.log.jsonl", "curve.png",
        "curve.safetensors",
    ]  # fmt: skip
    curve = json.loads((tmp_path / "curve.json").read_text("utf-8"))
    assert [row["global_step"] for row in curve["rows"]] == [1024, 2048, 3072, 4096]
    assert [one["global_step"] for one in curve["evaluations"]] == [2048, 3072, 4096]
    assert checkpoint.read_trained(tmp_path / "curve.safetensors")["ranks"] == 2
    assert checkpoint.resume(path, PRESETS["cartpole"], PPOTrainer).args.num_envs == 32


ENDLESS = ["--eval-every", "None", "--total-timesteps", 100_000_000, "--checkpoint-every", 1]


def iterations(path: Path) -> int:
    """How many a checkpoint holds; 0 if there is none."""
    return len(checkpoint.resume(path, PRESETS["cartpole"], PPOTrainer).log.rows) if path.exists() else 0


def ranks_of(run: subprocess.Popen) -> dict[str, psutil.Process]:
    found = {}
    for process in psutil.Process(run.pid).children():
        try:
            found[process.environ()["RANK"]] = process
        except (psutil.Error, KeyError):
            continue
    return found


def test_a_rank_that_dies_ends_the_others_with_a_sentence_and_the_run_can_be_resumed_until_control_c(tmp_path):
    path = tmp_path / "curve.checkpoint.safetensors"
    with torchrun(*ENDLESS, "--log", tmp_path / "curve.json") as run:
        wait_for(lambda: iterations(path) >= 1)
        ranks_of(run)["1"].kill()
        said = run.communicate(timeout=PATIENCE)[0]
    assert len([line for line in said.splitlines() if line.startswith("error: Rank 0")]) == 1, said
    assert "--resume goes on from it" in said
    assert 'File "' + str(ROOT / "solutions") not in said  # torchrun has tracebacks of its own, we have none
    saved = iterations(path)
    with torchrun(*ENDLESS, "--resume", path) as run:
        wait_for(lambda: iterations(path) > saved + 1)
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=PATIENCE)[0]
    assert f"Going on from {path}, after {1024 * saved:,} steps" in said and "now is by" not in said
    assert said.count(f"To go on, add --resume {path}") == 1
    rows = json.loads((tmp_path / "curve.json").read_text("utf-8"))["rows"]
    assert [row["global_step"] for row in rows] == [1024 * (n + 1) for n in range(len(rows))]
    assert iterations(path) == len(rows)


ENDS_AT_ONCE = """
import atexit, sys
import torch
import torch.distributed as dist
from solutions.args import PPOArgs
from solutions.fast import distributed

# The last to run, as it is the first that is registered
atexit.register(lambda: print("still a member:", dist.is_initialized(), file=sys.stderr, flush=True))
distributed.join(PPOArgs(device="cpu"))
dist.all_reduce(torch.ones(1))
"""


def test_a_program_that_has_joined_leaves_the_others_before_it_ends(tmp_path):
    program = tmp_path / "rank.py"
    program.write_text(ENDS_AT_ONCE, "utf-8")
    with torchrun(program=[program]) as run:
        said = run.communicate(timeout=PATIENCE)[0]
    assert run.returncode == 0, said
    assert said.count("still a member: False") == 2, said


def test_answers_train_in_one_process():
    with torchrun("--answers") as run:
        said = run.communicate(timeout=PATIENCE)[0]
    assert "error: Your own answers train in one process: leave out torchrun, or --answers." in said
    assert 'File "' + str(ROOT / "solutions") not in said
