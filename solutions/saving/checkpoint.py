"""Runs and agents on disk, in one format without pickle: safetensors, with the settings as JSON in its header.

An agent is the weights of both networks. A checkpoint is an agent with all that the run needs to go on. Games half played
are not kept: a resumed run starts new ones.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from tqdm import tqdm

from solutions import networks
from solutions.args import PPOArgs, require_counts
from utils import answers
from utils.envs import make_envs
from utils.files import write_whole

if TYPE_CHECKING:
    from solutions.trainer import PPOTrainer

SUFFIX = ".checkpoint.safetensors"
"""How the name of a checkpoint ends, where that of its run's curve ends in .json."""

NEW_AT_RESUMING = ("total_timesteps", "device", "use_wandb", "wandb_project_name", "video_log_freq")
"""The settings that a resumed run may change; the others are the checkpoint's."""


def save_agent(
    path: str | Path,
    actor: nn.Module,
    critic: nn.Module,
    args: PPOArgs,
    trained: dict | None = None,
    half: bool = False,
) -> Path:
    """Write an agent's weights, each shared one once, and its settings; whole or not at all.

    Args:
        path: where to, with the suffix .safetensors.
        actor, critic: the networks.
        args: what they were trained with.
        trained: for how long, see `trained_for`.
        half: whether to round the weights to half precision, which halves the file.

    Returns:
        The path.
    """
    tensors = _weights(actor, critic)
    if half:
        tensors = {name: tensor.half() for name, tensor in tensors.items()}
    return _write(path, tensors, args=asdict(args), trained=trained)


def load_agent(path: str | Path) -> tuple[nn.Module, nn.Module, PPOArgs]:
    """Read an agent that `save_agent` wrote, or the agent of a checkpoint.

    Args:
        path: the file.

    Returns:
        actor, critic and args, on the CPU.

    Raises:
        ValueError: there is no such file, it is cut off, or it does not hold the weights of an agent.
    """
    tensors, args, _ = _read(path)
    envs = make_envs(args.env_id, 1, args.mode)
    actor, critic = networks.get_actor_and_critic(envs, args.mode)
    if not _fit(tensors, actor, critic):  # networks that a learner wrote may name their layers in another way
        with answers.reference_parts():
            actor, critic = networks.get_actor_and_critic(envs, args.mode)
    envs.close()
    _load_weights(path, actor, critic, tensors)
    return actor, critic, args


def trained_for(trainer: "PPOTrainer") -> dict:
    """Return how long a trainer has trained: its steps, the seconds of its run, and in how many processes."""
    ranks = getattr(trainer, "ranks", 1)  # see solutions/fast/distributed.py
    return {"global_step": trainer.agent.global_step, "seconds": round(trainer.log.seconds, 1), "ranks": ranks}


def read_trained(path: str | Path) -> dict:
    """Return how long an agent was trained, see `trained_for`; empty if its file does not say. Raises ValueError as `load_agent`."""
    return _read(path)[2].get("trained") or {}


def save_checkpoint(path: str | Path, trainer: "PPOTrainer") -> Path:
    """Write all that a run needs to go on: weights, optimizer, counters, random states and log; whole or not at all.

    Args:
        path: where to, with the suffix .safetensors.
        trainer: a PPOTrainer, between two iterations.

    Returns:
        The path.
    """
    tensors = _weights(trainer.actor, trainer.critic)
    for index, state in trainer.optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    tensors["log.games"] = torch.tensor(trainer.log.games, dtype=torch.float64).reshape(-1, 3)
    tensors["random.torch"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(trainer.device)
    run = {
        "global_step": trainer.agent.global_step,
        "numpy": trainer.rng.bit_generator.state,
        "rows": trainer.log.rows,
        "evaluations": trainer.log.evaluations,
        "seconds": trainer.log.seconds,
    }
    return _write(path, tensors, args=asdict(trainer.args), trained=trained_for(trainer), run=run)


def resume(path: str | Path, args: PPOArgs, make_trainer: "Callable[[PPOArgs], PPOTrainer]") -> "PPOTrainer":
    """Make a trainer that goes on where a checkpoint stopped. From the file of an agent it starts anew with its weights.

    Args:
        path: a checkpoint or an agent.
        args: the settings of the run; of a checkpoint, only `NEW_AT_RESUMING` are taken from them.
        make_trainer: PPOTrainer, or another that is made of PPOArgs.

    Returns:
        The trainer.

    Raises:
        ValueError: there is no such file, it is cut off, or it is of another environment or of other networks.
    """
    tensors, saved_args, header = _read(path)
    run = header.get("run")
    if (saved_args.env_id, saved_args.mode) != (args.env_id, args.mode):
        raise ValueError(
            f"{path} is of a run on {saved_args.env_id} ({saved_args.mode}), not on {args.env_id} ({args.mode}): "
            "resume it with the command that it was started with."
        )
    if run is not None:
        args = replace(saved_args, **{name: getattr(args, name) for name in NEW_AT_RESUMING})
    trainer = make_trainer(args)
    _load_weights(path, trainer.actor, trainer.critic, tensors)
    if run is None:
        return trainer
    try:
        for _ in run["rows"]:
            trainer.scheduler.step()
        optimizer = trainer.optimizer.state_dict()
        optimizer["state"] = _optimizer_state(tensors, trainer.optimizer)
        trainer.optimizer.load_state_dict(optimizer)
        torch.set_rng_state(tensors["random.torch"])
        if "random.cuda" in tensors and trainer.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], trainer.device)
        trainer.rng.bit_generator.state = run["numpy"]
        trainer.log.restore(run["rows"], run["evaluations"], tensors["log.games"].tolist(), run["seconds"])
        trainer.agent.global_step = run["global_step"]
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise _not_whole(path, error) from None
    # The same games as at the start of the run would be no news to the agent
    trainer.agent.restart(seed=args.seed + run["global_step"])
    return trainer


class Checkpointer:
    """Saves a run every few iterations. Pass it to `PPOTrainer.train`.

    A checkpoint that cannot be written (a full disk) costs one line on the screen, and the one before it stands.
    """

    def __init__(self, path: str | Path, every: int, snapshot_every: int | None = None):
        """See `save_checkpoint`.

        Args:
            path: where the checkpoint goes, each in the place of the one before.
            every: how many iterations lie between two of them.
            snapshot_every: beside the checkpoint, keep the agent every so many iterations, named by its step.

        Raises:
            ValueError: a count is below 1.
        """
        require_counts(checkpoint_every=every, save_every=snapshot_every)
        self.path, self.every, self.snapshot_every = Path(path), every, snapshot_every
        self.saved_iteration: int | None = None

    def __call__(self, trainer: "PPOTrainer") -> None:
        """Save what is due."""
        iteration = len(trainer.log.rows)
        if iteration % self.every == 0:
            self.save(trainer)
        if self.snapshot_every is not None and iteration % self.snapshot_every == 0:
            path = self.path.with_name(f"{self.path.name.removesuffix(SUFFIX)}-step{trainer.agent.global_step:09d}.safetensors")
            self._try(lambda: save_agent(path, trainer.actor, trainer.critic, trainer.args, trained_for(trainer)))

    def save(self, trainer: "PPOTrainer") -> None:
        """Save the run now, unless its networks are ruined: then the last good checkpoint stands."""
        is_sound = all(weights.isfinite().all() for weights in _weights(trainer.actor, trainer.critic).values())
        if is_sound and self._try(lambda: save_checkpoint(self.path, trainer)):
            self.saved_iteration = len(trainer.log.rows)

    @property
    def advice(self) -> str:
        """What to do once the run has come to nothing, in a sentence."""
        if self.saved_iteration is None:
            return "There is no checkpoint yet."
        return f"The last good checkpoint is {self.path}, after iteration {self.saved_iteration}: --resume goes on from it."

    @staticmethod
    def _try(write) -> bool:
        try:
            write()
        except OSError as error:
            tqdm.write(f"Could not save the run ({error}): it goes on; make room on the disk.", file=sys.stdout)
            return False
        return True


def _weights(actor: nn.Module, critic: nn.Module) -> dict[str, Tensor]:
    """Return the weights of both networks, a shared one only once. What is written into them is written into the networks."""
    both = nn.ModuleDict({"actor": actor, "critic": critic})
    return {name: parameter.detach() for name, parameter in both.named_parameters()}


def _fit(tensors: dict[str, Tensor], actor: nn.Module, critic: nn.Module) -> bool:
    """Tell whether the weights in a file are those of some networks, by their names and shapes."""
    found = {name: tensor.shape for name, tensor in tensors.items() if name.startswith(("actor.", "critic."))}
    return found == {name: tensor.shape for name, tensor in _weights(actor, critic).items()}


def _load_weights(path, actor: nn.Module, critic: nn.Module, tensors: dict[str, Tensor]) -> None:
    if not _fit(tensors, actor, critic):
        raise _not_whole(path, "weights are missing, or of another network")
    for name, weights in _weights(actor, critic).items():
        weights.copy_(tensors[name])


def _optimizer_state(tensors: dict[str, Tensor], optimizer: torch.optim.Optimizer) -> dict[int, dict[str, Tensor]]:
    """Return the state of every parameter, laid out in memory as it is: a fused optimizer goes through both in the order of memory."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            parameter = parameters[int(index)]
            as_laid_out = tensor if tensor.shape != parameter.shape else torch.empty_like(parameter.cpu()).copy_(tensor)
            state.setdefault(int(index), {})[name] = as_laid_out
    return state


def _write(path: str | Path, tensors: dict[str, Tensor], **header) -> Path:
    path = Path(path)
    tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(path, save(tensors, metadata={name: json.dumps(entry) for name, entry in header.items()}))
    return path


def _read(path: str | Path) -> tuple[dict[str, Tensor], PPOArgs, dict]:
    """Return the tensors of a file, the settings, and whatever else its header says."""
    try:
        with safe_open(path, framework="pt") as file:  # opened once: a run that goes on may replace the file at any moment
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dictionary
            header = {name: json.loads(entry) for name, entry in file.metadata().items()}
        return tensors, PPOArgs(**header["args"]), header
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}: give the path of a .safetensors that a training wrote.") from None
    except (OSError, SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _not_whole(path, error) from None


def _not_whole(path: str | Path, why) -> ValueError:
    return ValueError(f"{path} does not hold a whole agent ({' '.join(str(why).split())[:200]}).")
