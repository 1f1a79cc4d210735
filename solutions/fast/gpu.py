"""The same training on a GPU: `GPUTrainer` replays recorded operations, and lets the emulators play while the network chooses.

Python hands a GPU one small operation after another, and handing over takes longer than doing. A CUDA graph is a sequence of
operations that was recorded once and is handed over as a whole. A replay does the same operations at the same places in
memory, so its inputs are copied to those places first.
"""

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn

from solutions import networks, rollout
from solutions.args import PPOArgs
from solutions.fast.overlap import Halves, OverlappingAgent
from solutions.fast.updates import UpdateTrainer
from utils.envs import GameRecorder

WARM_UP = 3
"""Calls that run as they stand before one is recorded: libraries prepare themselves, and Adam makes its averages."""


class GPUTrainer(UpdateTrainer):
    """A PPOTrainer for CUDA that replays each of its updates, and the trunk's forward pass while it plays.

    Atari's emulators play in two halves, see `overlap.py`, where their number is even.
    """

    def __init__(self, args: PPOArgs):
        """See `PPOTrainer`."""
        if args.torch_device.index is not None:  # a recording is made on the current GPU
            torch.cuda.set_device(args.torch_device)
        super().__init__(args)
        for group in self.optimizer.param_groups:
            group["capturable"] = True
        actor, critic = self.actor, self.critic
        if networks.share_trunk(actor, critic):
            trunk = ReplayedTrunk(actor[0])
            actor, critic = nn.Sequential(trunk, *actor[1:]), nn.Sequential(trunk, *critic[1:])
        agent_class = OverlappingAgent if self.overlaps else rollout.PPOAgent
        self.agent = agent_class(self.envs, actor, critic, args.num_steps, args.seed)
        self.replayed_update = Replayed(super().update)

    @property
    def overlaps(self) -> bool:
        """Whether the emulators play in two halves."""
        return self.args.mode == "atari" and not self.args.processes and self.args.num_envs % 2 == 0

    def make_envs(self) -> GameRecorder:
        """Make the environments, in two halves if possible."""
        return GameRecorder(Halves(self.args), clip_rewards=True) if self.overlaps else super().make_envs()

    def update(self, *minibatch: Tensor) -> Tensor:
        """Learn from one minibatch by a replay, see `UpdateTrainer.update`."""
        return self.replayed_update(*minibatch).clone()  # the next replay writes over what this one returns


class ReplayedTrunk(nn.Module):
    """A trunk whose forward pass is replayed where no gradients are asked for."""

    def __init__(self, trunk: nn.Module):
        """Take a trunk of an actor and a critic, and go on sharing its weights."""
        super().__init__()
        self.trunk, self.in_bf16 = trunk, getattr(trunk, "in_bf16", False)
        self.replayed = Replayed(trunk)

    def forward(self, obs: Tensor) -> Tensor:
        """Return the trunk's features. They last until the next call: long enough for the heads of actor and critic."""
        return self.trunk(obs) if torch.is_grad_enabled() else self.replayed(obs)


class Replayed:
    """A function of tensors, recorded after a few calls with arguments of the same shapes, and replayed from then on."""

    def __init__(self, function: Callable[..., Tensor]):
        """Take a function that neither waits for the GPU nor changes what it does from call to call."""
        self.function = function
        self.calls: Counter[tuple] = Counter()
        self.recordings: dict[tuple, tuple[list[Tensor], Callable[[], Tensor]]] = {}

    def __call__(self, *arguments: Tensor) -> Tensor:
        """Return what the function returns. It lasts until the next call with arguments of these shapes."""
        kind = tuple((argument.shape, argument.stride(), argument.dtype) for argument in arguments)
        self.calls[kind] += 1
        if self.calls[kind] <= WARM_UP:
            return aside(lambda: self.function(*arguments))
        if kind not in self.recordings:
            places = [argument.clone() for argument in arguments]
            self.recordings[kind] = places, capture(lambda: self.function(*places))
        places, replay = self.recordings[kind]
        for place, argument in zip(places, arguments, strict=True):
            place.copy_(argument)
        return replay()


def capture(act: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Record the CUDA operations of `act()`; none of them runs yet.

    Returns:
        A function that runs them, and returns what `act` returned: the same tensor each time, with new contents.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = act()

    def replay() -> Tensor:
        graph.replay()
        return result

    return replay


def aside(act: Callable[[], Tensor]) -> Tensor:
    """Return `act()`, run in another stream (a queue of a GPU's operations), as PyTorch asks for before a recording."""
    stream, usual = torch.cuda.Stream(), torch.cuda.current_stream()
    stream.wait_stream(usual)
    try:
        with torch.cuda.stream(stream):
            return act()
    finally:
        usual.wait_stream(stream)
