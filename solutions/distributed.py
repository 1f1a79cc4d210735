"""One training in several processes: `torchrun --nproc-per-node 4 -m solutions.train breakout`

Each process (its number is its rank) plays its share of the environments, and learns from what it played. Before every
update the ranks average their gradients, so all make the same step and hold the same weights throughout. Rank 0 does
what is done once: it prints, evaluates, and writes.
"""

import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd import Variable

from solutions import losses, trainer
from solutions.args import PPOArgs
from utils import dashboard

PATIENCE = timedelta(minutes=30)
"""How long a rank waits for the others. Not less than rank 0 may take for an evaluation; a rank that died is noticed at once."""


class RankError(Exception):
    """Another process of the training died or hangs, so this one cannot go on; one sentence."""


def is_launched() -> bool:
    """Whether torchrun started this process, and others with it."""
    return dist.is_available() and dist.is_torchelastic_launched() and int(os.environ["WORLD_SIZE"]) > 1


def may_restart() -> bool:
    """Whether torchrun starts the training again if it fails (`--max-restarts`)."""
    return int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", 0)) > 0


def is_restart() -> bool:
    """Whether torchrun has done so."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) > 0


def run_id() -> str | None:
    """A name of the training that its restarts keep; None if there are none. Raises ValueError if torchrun was given no name."""
    if not may_restart():
        return None
    if (name := os.environ["TORCHELASTIC_RUN_ID"]) == "none":
        raise ValueError("To find its checkpoint again after a restart the training needs a name: give torchrun --standalone.")
    return name


def rank() -> int:
    """The number of this process; 0 is the one that does what is done once."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def join(args: PPOArgs) -> type[trainer.PPOTrainer]:
    """Meet the other processes, if torchrun started any.

    Args:
        args: the settings of the run, for their device.

    Returns:
        The class to train with: `trainer.PPOTrainer`, made parallel if there are others. It may be the learner's.

    Raises:
        ValueError: there are not enough GPUs, or restarts on several machines.
        RankError: the others do not come.
    """
    if not is_launched():
        return trainer.PPOTrainer
    on_gpus = args.torch_device.type == "cuda"
    here, gpus = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if on_gpus and here > gpus:
        raise ValueError(
            f"{here} processes need as many GPUs, and there are {gpus}: use --nproc-per-node {gpus} or --device cpu."
        )
    if may_restart() and here < int(os.environ["WORLD_SIZE"]):
        raise ValueError("Only on one machine does a restart go on by itself: on several use --max-restarts 0, and --resume.")
    signal.signal(signal.SIGTERM, _end)
    with _together():
        store, number, ranks = next(dist.rendezvous("env://", timeout=PATIENCE))
        if may_restart():  # torchrun keeps its store, and in it the addresses of the processes that died
            store = dist.PrefixStore(f"start {os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
        backend = "cpu:gloo,cuda:nccl" if on_gpus else "gloo"
        dist.init_process_group(backend, store=store, rank=number, world_size=ranks, timeout=PATIENCE)
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if rank() > 0:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # rank 0 says it all
    return parallel(trainer.PPOTrainer)


def follow(ppo) -> int:
    """Train as a rank other than 0, which does all the rest; returns the exit code."""
    # Its own games: those that a checkpoint is resumed with are rank 0's
    ppo.agent.next_obs, _ = ppo.envs.reset(seed=ppo.share.seed + ppo.agent.global_step)
    try:
        ppo.train()
    except KeyboardInterrupt:
        return 130
    except FloatingPointError:  # it is the same in all ranks, and rank 0 says so
        pass
    return 0


def share_of(args: PPOArgs, rank: int, ranks: int) -> PPOArgs:
    """The settings of one of several ranks: its part of the environments, with seeds that no other has, and its device.

    Advantages are normalised over all ranks, so not in its own minibatches.
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
        norm_adv=False,
        use_wandb=False,
        device=f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" else device,
    )


def parallel(trainer_class: type[trainer.PPOTrainer]) -> type[trainer.PPOTrainer]:
    """The same trainer as one rank of several."""
    return type(trainer_class.__name__, (DataParallel, trainer_class), {})


class DataParallel:
    """What a trainer does otherwise as one rank of several. `args` are those of all ranks together.

    With the same rollout its first update is that of a single process, to rounding. A minibatch is put together of equal
    parts, one from each rank. The log counts the steps and the games of all ranks; its figures are means over them.
    """

    def __init__(self, args: PPOArgs):
        self.ranks = dist.get_world_size()
        self.share = share_of(args, rank(), self.ranks)
        super().__init__(self.share)
        self.args = args
        self.log = dashboard.RunLog(args if rank() == 0 else replace(args, use_wandb=False, video_log_freq=None))
        self.fresh: list[Tensor] = []  # parameters whose gradients are this rank's own so far
        for parameter in dict.fromkeys([*self.actor.parameters(), *self.critic.parameters()]):
            with _together():
                dist.broadcast(parameter.data, 0)
            parameter.register_post_accumulate_grad_hook(self._gradient_is_there)

    def train(self, on_iteration=None) -> dashboard.RunLog:
        """As in one process. What rank 0's `on_iteration` returns goes for all."""

        def agree(ppo) -> bool:
            stops = torch.tensor(int(on_iteration is not None and bool(on_iteration(ppo))))
            with _together():
                dist.broadcast(stops, 0)
            return bool(stops)

        return super().train(agree)

    def rollout_phase(self) -> None:
        """As in one process, in this rank's environments."""
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
        log.games[known:] = sorted(game for games in _gather(log.games[known:]) for game in games)
        log.latest_returns.clear()
        log.latest_returns.extend(episodic_return for _, episodic_return, _ in log.games[-100:])

    def learning_phase(self) -> None:
        """As in one process, on this rank's rollout, with the others' gradients."""
        whole, self.args = self.args, self.share
        try:
            with self._losses_over_all_ranks(whole):
                super().learning_phase()
        finally:
            self.args = whole
        self.log.add_figures(mean_value=self.agent.rollout.values.mean())
        figures = self.log.figures
        averages = _average(torch.stack([figure for some in figures.values() for figure in some]))
        lengths = [len(some) for some in figures.values()]
        self.log.figures = dict(zip(figures, map(list, averages.split(lengths)), strict=True))

    def _gradient_is_there(self, parameter: Tensor) -> None:
        if not self.fresh:
            Variable._execution_engine.queue_callback(self._average_gradients)  # after the backward pass, as in torch's own DDP
        self.fresh.append(parameter)

    def _average_gradients(self) -> None:
        """Average all gradients at once: a message costs time, however short it is."""
        gradients = [parameter.grad for parameter in self.fresh]
        self.fresh = []
        averages = _average(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, average in zip(gradients, averages.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(average.view_as(gradient))

    @contextmanager
    def _losses_over_all_ranks(self, args: PPOArgs):
        """Normalise advantages, and measure how far the policy has moved, over the minibatches of all ranks."""
        policy_loss, approx_kl = losses.policy_loss, losses.approx_kl
        called = set()

        def policy_loss_over_all_ranks(new_logprobs, logprobs, advantages, clip_coef):
            called.add("policy_loss")
            if args.norm_adv:
                everyones = [torch.empty_like(advantages) for _ in range(self.ranks)]
                with _together():
                    dist.all_gather(everyones, advantages.contiguous())
                everyones = torch.cat(everyones)
                advantages = (advantages - everyones.mean()) / (everyones.std() + 1e-8)
            return policy_loss(new_logprobs, logprobs, advantages, clip_coef)

        def approx_kl_over_all_ranks(new_logprobs, logprobs):
            called.add("approx_kl")
            return _average(approx_kl(new_logprobs, logprobs))

        losses.policy_loss = policy_loss_over_all_ranks
        if args.target_kl is not None:  # all ranks must end the phase at once
            losses.approx_kl = approx_kl_over_all_ranks
        try:
            yield
        finally:
            losses.policy_loss, losses.approx_kl = policy_loss, approx_kl
        needed = {"policy_loss"} if args.target_kl is None else {"policy_loss", "approx_kl"}
        if missing := " and ".join(f"losses.{name}" for name in sorted(needed - called)):
            raise ValueError(f"The processes work out {missing} together, but learning_phase does not call it by this name.")


def _average(tensor: Tensor) -> Tensor:
    """The mean over all ranks, in the tensor's place."""
    with _together():
        dist.all_reduce(tensor)
    return tensor.div_(dist.get_world_size())


def _gather(something) -> list:
    """What each rank has, in their order."""
    everyones = [None] * dist.get_world_size()
    with _together():
        dist.all_gather_object(everyones, something)
    return everyones


@contextmanager
def _together():
    """Around what all ranks do at the same time, and cannot do once one of them is gone."""
    try:
        yield
    except RuntimeError as error:
        _ending.set()
        why = " ".join(str(error).split())
        raise RankError(f"Rank {rank()} has lost another process of this training ({why[:150]}).") from None


_ending = threading.Event()


def _end(*_) -> None:
    """The answer to SIGTERM, which torchrun sends once a rank has died: one sentence, unless this rank has noticed by itself."""
    if _ending.is_set():
        return
    _ending.set()
    raise RankError(f"Rank {rank()} was told to end: another process of this training has, or torchrun itself.")
