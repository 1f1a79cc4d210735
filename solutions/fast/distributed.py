"""One training in several processes: `torchrun --nproc-per-node 4 -m solutions.train breakout`

Each process (its number is its rank) plays its share of the environments, and learns from what it played. Before every
update the ranks average their gradients, so all make the same step and hold the same weights throughout. Rank 0 does
what is done once: it prints, evaluates, and writes.
"""

import atexit
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from solutions import trainer
from solutions.args import PPOArgs
from solutions.fast.updates import UpdateTrainer
from utils.interrupts import SIGNALS
from utils.watching.log import RunLog

PATIENCE = timedelta(minutes=30)
"""How long a rank waits for the others. Not less than rank 0 may take for an evaluation; a rank that died is noticed at once."""


class RankError(BaseException):
    """Another process of the training died or hangs, so this one cannot go on; one sentence.

    Like KeyboardInterrupt it may come at any moment, and is not to be caught with the ordinary exceptions.
    """


def is_launched() -> bool:
    """Tell whether torchrun started this process, and others with it."""
    return dist.is_available() and dist.is_torchelastic_launched() and int(os.environ["WORLD_SIZE"]) > 1


def rank() -> int:
    """Return the number of this process; 0 is the one that does what is done once."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def join(args: PPOArgs) -> None:
    """Meet the other processes that torchrun started, until this one ends.

    Args:
        args: the settings of the run, for their device.

    Raises:
        ValueError: there are not enough GPUs.
        RankError: the others do not come.
    """
    on_gpus = args.torch_device.type == "cuda"
    if args.torch_device.type == "mps":
        raise ValueError('Several processes cannot share device "mps": use device="cpu", or leave out torchrun.')
    here, gpus = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if on_gpus and here > gpus:
        raise ValueError(
            f"{here} processes need as many GPUs, and there are {gpus}: use --nproc-per-node {gpus} or --device cpu."
        )
    signal.signal(signal.SIGTERM, _end)
    _together(dist.init_process_group, "cpu:gloo,cuda:nccl" if on_gpus else "gloo", timeout=PATIENCE)
    # Trap: a thread that still holds a tensor as Python ends aborts the process, now and then
    atexit.register(dist.destroy_process_group)
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if rank() > 0:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # rank 0 says it all


def share_of(args: PPOArgs, rank: int, ranks: int) -> PPOArgs:
    """Return the settings of one of several ranks: its part of the environments, with seeds that no other has, and its device.

    Raises:
        ValueError: the environments do not divide among the ranks.
    """
    if args.num_envs % ranks:
        raise ValueError(
            f"{args.num_envs} environments do not divide among {ranks} processes: choose num_envs so that they do."
        )
    num_envs, device = args.num_envs // ranks, args.torch_device.type
    return replace(
        args,
        num_envs=num_envs,
        total_timesteps=args.total_timesteps // ranks,
        seed=args.seed + rank * num_envs,
        use_wandb=False,  # rank 0 does so for all, and films
        video_log_freq=None,
        device=f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" else device,
    )


class RankTrainer(UpdateTrainer):
    """A PPOTrainer as one rank of several. `args` are those of all ranks together, `share` those of this one.

    With the same rollout its first update is that of a single process, to rounding. A minibatch is put together of equal
    parts, one from each rank. The log counts the steps and the games of all ranks. Its figures are means over them, but for
    explained_variance and mean_value, which are of this rank's rollout.
    """

    def __init__(self, args: PPOArgs):
        """Make this rank's share of the environments, and the networks of rank 0.

        Raises:
            ValueError: see `PPOTrainer`; or the environments do not divide among the ranks.
        """
        self.ranks = dist.get_world_size()
        self.share = share_of(args, rank(), self.ranks)
        super().__init__(self.share)
        self.args = args
        alone = args if rank() == 0 else replace(args, use_wandb=False, video_log_freq=None)
        self.log = RunLog(alone, self.log.num_actions)
        for parameter in self.optimizer.param_groups[0]["params"]:
            _together(dist.broadcast, parameter.data, 0)

    def train(self, on_iteration: Callable[[trainer.PPOTrainer], bool | None] | None = None) -> RunLog:
        """Train as in one process. What rank 0's `on_iteration` returns goes for all."""

        def agree(ppo: trainer.PPOTrainer) -> bool:
            stops = torch.tensor(int(on_iteration is not None and bool(on_iteration(ppo))))
            _together(dist.broadcast, stops, 0)
            return bool(stops)

        return super().train(agree)

    def rollout_phase(self) -> None:
        """Play as in one process, in this rank's environments; then exchange the scores of the games."""
        agent, log, start, known = self.agent, self.log, self.agent.global_step, len(self.log.games)
        # Derived and not saved: so a checkpoint of rank 0 has the random numbers of all ranks
        seeds = np.random.SeedSequence([self.args.seed, rank(), start])
        torch.manual_seed(int(seeds.generate_state(1)[0]))
        self.rng = np.random.default_rng(seeds)
        of_all = lambda step: start + (step - start) * self.ranks
        try:
            super().rollout_phase()
        finally:
            agent.global_step = of_all(agent.global_step)
            log.games[known:] = [(of_all(step), *score) for step, *score in log.games[known:]]
        everyones = [None] * self.ranks
        _together(dist.all_gather_object, everyones, log.games[known:])
        log.games[known:] = sorted(game for games in everyones for game in games)

    def update(self, *minibatch: Tensor) -> Tensor:
        """Learn from this rank's part of a minibatch, see `UpdateTrainer.update`; its figures are means over all ranks."""
        return _average(super().update(*minibatch))

    def normalise(self, mb_advantages: Tensor) -> Tensor:
        """Return this rank's advantages, normalised over those of all ranks."""
        of_ranks = [torch.empty_like(mb_advantages) for _ in range(self.ranks)]
        _together(dist.all_gather, of_ranks, mb_advantages)
        everyones = torch.cat(of_ranks)
        return (mb_advantages - everyones.mean()) / (everyones.std() + 1e-8)

    def exchange_gradients(self, gradients: list[Tensor]) -> None:
        """Average the gradients of all ranks, in one message: each costs time, however short it is."""
        averages = _average(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, average in zip(gradients, averages.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(average.view_as(gradient))

    def follow(self) -> int:
        """Train as a rank other than 0, which does all the rest; returns the exit code."""
        for number in set(SIGNALS) - {signal.SIGTERM}:
            signal.signal(number, signal.SIG_IGN)  # rank 0 says when they stop, after a whole iteration
        # Its own games: those that a checkpoint is resumed with are rank 0's
        self.agent.restart(seed=self.share.seed + self.agent.global_step)
        with suppress(FloatingPointError):  # it is the same in all ranks, and rank 0 says so
            self.train()
        return 0


def _average(tensor: Tensor) -> Tensor:
    """Replace a tensor by its mean over all ranks, and return it."""
    _together(dist.all_reduce, tensor)
    return tensor.div_(dist.get_world_size())


def _together(act: Callable, *arguments, **options) -> None:
    """Do what all ranks do at the same time. If it fails, one of them is gone, which is a RankError."""
    try:
        act(*arguments, **options)
    except RuntimeError as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun is about to send it, and this error says more
        why = " ".join(str(error).split())
        raise RankError(f"Rank {rank()} has lost another process of this training ({why[:150]}).") from None


def _end(*_) -> None:
    """Answer SIGTERM, which torchrun sends to the others once a rank has died."""
    raise RankError(f"Rank {rank()} was told to end: another process of this training has, or torchrun itself.")
