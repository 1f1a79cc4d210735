"""The same training on a GPU, recorded once and then replayed: `recorded(PPOTrainer)`.

To a GPU, Python hands one small operation after another, and handing over takes longer than doing. A CUDA graph is a sequence
of operations that was recorded once and is handed over as a whole. A replay does the same operations at the same places in
memory, so whatever changes from one iteration to the next must be copied to those places first. Nothing else changes: what is
recorded is the trainer's own `learning_phase`, and the figures are those of the trainer as it stands, to rounding.
"""

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import Tensor, nn

from solutions import networks, trainer
from solutions.args import PPOArgs

COLUMNS = ("obs", "actions", "logprobs", "values", "rewards", "terminations", "truncations", "next_values")
"""What a learning phase reads of a rollout."""


def recorded(trainer_class: type[trainer.PPOTrainer]) -> type[trainer.PPOTrainer]:
    """The same trainer, for a CUDA device."""
    return type(trainer_class.__name__, (Recorded, trainer_class), {})


def record(act: Callable) -> Callable:
    """Record the CUDA operations of `act()`; none of them runs yet.

    Returns:
        A function that runs them, and returns what `act` returned: the same tensors each time, with new contents.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = act()

    def replay():
        graph.replay()
        return result

    return replay


class Recorded:
    """What a trainer does otherwise on a GPU: it replays its learning phase, and the trunk's forward pass while it plays.

    With `target_kl` the learning phase runs as it stands: how long it will be is not known beforehand.
    """

    def __init__(self, args: PPOArgs):
        if args.torch_device.index is not None:  # a recording is made on the current GPU
            torch.cuda.set_device(args.torch_device)
        super().__init__(args)
        self.agent.actor, self.agent.critic = with_replayed_trunk(self.actor, self.critic)
        self.is_warm = False
        self.replay_learning = None

    def learning_phase(self) -> None:
        """As the trainer's. The first runs as it stands: libraries prepare themselves and Adam makes its averages."""
        if self.args.target_kl is not None:
            super().learning_phase()
        elif not self.is_warm:
            aside(super().learning_phase)
            self.is_warm = True
        else:
            if self.replay_learning is None:
                self._make_places()
                self.replay_learning = record(self._learn)
            self._fill_places()
            for name, figures in self.replay_learning().items():
                self.log.figures[name] = list(figures)
            self.scheduler.step()

    def _make_places(self) -> None:
        args = self.args
        self.columns = SimpleNamespace(**{name: torch.empty_like(getattr(self.agent.rollout, name)) for name in COLUMNS})
        self.orders = torch.empty(args.update_epochs, args.batch_size, dtype=torch.long, device=self.device)
        self.learning_rate = torch.empty((), device=self.device)

    def _fill_places(self) -> None:
        for name in COLUMNS:
            getattr(self.columns, name).copy_(getattr(self.agent.rollout, name))
        for order in self.orders:
            order.copy_(torch.as_tensor(self.rng.permutation(len(order))))
        self.learning_rate.fill_(self.optimizer.param_groups[0]["lr"])

    def _learn(self) -> dict[str, Tensor]:
        """The trainer's learning phase, from the places and not from where it looks usually; returns its figures."""
        agent, log, optimizer = self.agent, self.log, self.optimizer
        usual = agent.rollout, log.figures, self.rng, self.scheduler, [dict(group) for group in optimizer.param_groups]
        agent.rollout, log.figures, self.rng, self.scheduler = self.columns, {}, _Orders(self.orders), _NoSchedule()
        for group in optimizer.param_groups:
            group.update(lr=self.learning_rate, capturable=True)
        try:
            super().learning_phase()
            return {name: torch.stack(figures) for name, figures in log.figures.items()}
        finally:
            agent.rollout, log.figures, self.rng, self.scheduler, groups = usual
            for group, entries in zip(optimizer.param_groups, groups, strict=True):
                group.update(entries)


class _Orders:
    """In the place of the random numbers: each shuffling is the next row of a tensor."""

    def __init__(self, orders: Tensor):
        self.rows = iter(orders)

    def permutation(self, _) -> Tensor:
        return next(self.rows)


class _NoSchedule:
    def step(self) -> None:
        pass


def with_replayed_trunk(actor: nn.Module, critic: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Networks that do the same with the same weights, for playing. Without a common trunk they stay as they are."""
    if not networks.share_trunk(actor, critic):
        return actor, critic
    trunk = _Replayed(actor[0])
    return nn.Sequential(trunk, *actor[1:]), nn.Sequential(trunk, *critic[1:])


class _Replayed(nn.Module):
    """A network whose forward pass is replayed, once it has had a few batches of the same shape; without gradients.

    What it returns lasts until it is called again: long enough for the heads of actor and critic.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.seen = Counter()
        self.recordings = {}

    def forward(self, obs: Tensor) -> Tensor:
        kind = obs.shape, obs.stride(), obs.dtype
        self.seen[kind] += 1
        if torch.is_grad_enabled() or self.seen[kind] <= 3:
            return self.network(obs)
        if kind not in self.recordings:
            place = obs.clone()
            self.recordings[kind] = place, record(lambda: self.network(place))
        place, replay = self.recordings[kind]
        place.copy_(obs)
        return replay()


def aside(act: Callable) -> None:
    """Run `act` in another stream (a queue of a GPU's operations), as PyTorch asks for before a recording."""
    stream, usual = torch.cuda.Stream(), torch.cuda.current_stream()
    stream.wait_stream(usual)
    try:
        with torch.cuda.stream(stream):
            act()
    finally:
        usual.wait_stream(stream)
