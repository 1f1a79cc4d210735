"""Runs and agents on disk, see `storage.py` for the format of their files.

An agent is the weights of both networks. A checkpoint is an agent with all that the run needs to go on; the log of the run lies
beside it (`utils/watching/journal.py`). Games half played are not kept: a resumed run starts new ones.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from tqdm import tqdm

from solutions import networks
from solutions.args import PPOArgs, require_counts
from solutions.saving import storage
from utils import answers
from utils.envs import make_envs, require_imported
from utils.watching.journal import Journal

if TYPE_CHECKING:
    from solutions.trainer import PPOTrainer

SUFFIX = ".checkpoint.safetensors"
"""How the name of a checkpoint ends, where that of its run's curve ends in .json."""

NEW_AT_RESUMING = ("total_timesteps", "processes", "device", "use_wandb", "wandb_project_name", "video_log_freq")
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
    storage.write(Path(path), tensors, args=asdict(args), trained=trained)
    return Path(path)


def load_agent(path: str | Path, env_id: str | None = None) -> tuple[nn.Module, nn.Module, PPOArgs]:
    """Read an agent that `save_agent` wrote, or the agent of a checkpoint.

    Args:
        path: the file.
        env_id: the game that it has to be an agent of; None for any.

    Returns:
        actor, critic and args, on the CPU.

    Raises:
        ValueError: there is no such file, it is damaged, it does not hold the weights of an agent, or it is one of another game.
    """
    tensors, args, _ = _read(path)
    if env_id not in (None, args.env_id):
        raise ValueError(f"{path} is an agent of {args.env_id}, and {env_id} is asked for: give the file of another agent.")
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
    """Write all that a run needs to go on: weights, optimizer, counters and random states; whole or not at all.

    What the log has got since the last checkpoint is added to the journal beside it, see `journal_path`, before.

    Args:
        path: where to, with the suffix .safetensors.
        trainer: a PPOTrainer, between two iterations.

    Returns:
        The path.

    Raises:
        OSError: one of the files cannot be written; the checkpoint before it stands.
    """
    path, log = Path(path), trainer.log
    journal = log.journals.setdefault(journal_path(path), Journal(journal_path(path)))
    log.drop_games_after(len(log.rows) * trainer.args.batch_size)
    journal.extend(log.rows, log.games, log.evaluations)
    tensors = _weights(trainer.actor, trainer.critic)
    for index, state in trainer.optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    tensors["random.torch"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(trainer.device)
    elif trainer.device.type == "mps":
        tensors["random.mps"] = torch.mps.get_rng_state()
    run = {
        "numpy": trainer.rng.bit_generator.state,
        "seconds": log.seconds,
        "journal": journal.mark,
        "wandb_id": log.wandb.id,
    }
    storage.write(path, tensors, args=asdict(trainer.args), trained=trained_for(trainer), run=run)
    return path


def beside(path: Path, ending: str) -> Path:
    """Return another file of the same run, by its checkpoint or its agent; `ending` takes the place of theirs."""
    return path.with_name(path.name.removesuffix(".safetensors").removesuffix(".checkpoint") + ending)


def journal_path(checkpoint: Path) -> Path:
    """Return where the log of a run is, by its checkpoint."""
    return beside(checkpoint, ".log.jsonl")


def resume(path: str | Path, args: PPOArgs, make_trainer: "Callable[[PPOArgs], PPOTrainer]") -> "PPOTrainer":
    """Make a trainer that goes on where a checkpoint stopped. From the file of an agent it starts anew with its weights.

    Args:
        path: a checkpoint or an agent.
        args: the settings of the run; of a checkpoint, only `NEW_AT_RESUMING` are taken from them.
        make_trainer: PPOTrainer, or another that is made of PPOArgs: those of the run that goes on.

    Returns:
        The trainer.

    Raises:
        ValueError: there is no such file, it is damaged, its log is missing, or it is of another environment or other networks.
    """
    tensors, saved_args, about = _read(path, typed=args.env_id)
    run = about.get("run")
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
        trainer.log.began_trained = True
        return trainer
    try:
        entries = _read_log(Path(path), run, tensors, trainer)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} cannot be resumed: {' '.join(str(error).split())[:300]}.") from None
    try:
        for _ in entries["row"]:
            trainer.scheduler.step()
        optimizer = trainer.optimizer.state_dict()
        optimizer["state"] = _optimizer_state(tensors, trainer.optimizer)
        trainer.optimizer.load_state_dict(optimizer)
        torch.set_rng_state(tensors["random.torch"])
        if "random.cuda" in tensors and trainer.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], trainer.device)
        if "random.mps" in tensors and trainer.device.type == "mps":
            torch.mps.set_rng_state(tensors["random.mps"])
        trainer.rng.bit_generator.state = run["numpy"]
        trainer.log.restore(entries["row"], entries["evaluation"], entries["game"], _number(run, "seconds"))
        trainer.log.wandb.id = run.get("wandb_id")
        if not isinstance(trainer.log.wandb.id, str | None):
            raise TypeError(f"wandb_id is {trainer.log.wandb.id!r}")
        trainer.agent.global_step = len(entries["row"]) * trainer.args.batch_size
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise _not_whole(path, error) from None
    # The same games as at the start of the run would be no news to the agent
    trainer.agent.restart(seed=trainer.args.seed + trainer.agent.global_step)
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
            path = beside(self.path, f"-step{trainer.agent.global_step:09d}.safetensors")
            self._try(lambda: save_agent(path, trainer.actor, trainer.critic, trainer.args, trained_for(trainer)))

    def save(self, trainer: "PPOTrainer") -> None:
        """Save the run now, unless it is within an iteration, or its networks are ruined: then the last good checkpoint stands."""
        is_whole = trainer.agent.global_step == len(trainer.log.rows) * trainer.args.batch_size
        is_sound = all(weights.isfinite().all() for weights in _weights(trainer.actor, trainer.critic).values())
        if is_whole and is_sound and self._try(lambda: save_checkpoint(self.path, trainer)):
            self.saved_iteration = len(trainer.log.rows)

    @property
    def advice(self) -> str:
        """What to do once the run has come to nothing, in a sentence."""
        if self.saved_iteration is None:
            stands = f"The checkpoint {self.path} stands as it was: --resume goes on from it."
            return stands if self.path.exists() else "There is no checkpoint yet."
        return f"The last good checkpoint is {self.path}, after iteration {self.saved_iteration}: --resume goes on from it."

    @staticmethod
    def _try(write) -> bool:
        try:
            write()
        except OSError as error:
            tqdm.write(f"Could not save the run ({error}): what was saved before stands.", file=sys.stdout)
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


def _read_log(path: Path, run: dict, tensors: dict[str, Tensor], trainer: "PPOTrainer") -> dict[str, list]:
    """Return the rows, games and evaluations of a run, from its journal. A checkpoint of an earlier version holds them itself."""
    if "journal" not in run:
        return {"row": run["rows"], "evaluation": run["evaluations"], "game": tensors["log.games"].tolist()}
    journal, entries = Journal.read(journal_path(path), run["journal"])
    trainer.log.journals[journal.path] = journal
    return entries


def _number(entries: dict, name: str) -> int | float:
    """Return an entry that is a count or a time. Raises ValueError if it cannot be."""
    value = entries[name]
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} is {value!r}")
    return value


def _optimizer_state(tensors: dict[str, Tensor], optimizer: torch.optim.Optimizer) -> dict[int, dict[str, Tensor]]:
    """Return the state of every parameter, laid out in memory as it is: a fused optimizer goes through both in the order of memory.

    Raises:
        ValueError: some parameter's is missing, or of another shape.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    saved = {name: tensor for name, tensor in tensors.items() if name.startswith("optimizer.")}
    if not saved:  # before the first update there is none
        return {}
    state = {}
    for index, parameter in enumerate(parameters):
        state[index] = {"step": saved.pop(f"optimizer.{index}.step")}
        for name in ("exp_avg", "exp_avg_sq"):
            average = saved.pop(f"optimizer.{index}.{name}")
            if average.shape != parameter.shape:
                raise ValueError(f"the optimizer's {name} has another shape than its parameter")
            state[index][name] = torch.empty_like(parameter.cpu()).copy_(average)
    if saved:
        raise ValueError(f"it holds {', '.join(saved)} besides")
    return state


def _read(path: str | Path, typed: str = "") -> tuple[dict[str, Tensor], PPOArgs, dict]:
    """Return the tensors of a file, the settings, and whatever else it says; `typed` is the id that the user has named."""
    try:
        tensors, about = storage.read(Path(path))
        for name in ("trained", "run"):
            if not isinstance(about.get(name), dict | None):
                raise ValueError(f"{name} is {about[name]!r}")
        for name in about.get("trained") or {}:
            _number(about["trained"], name)
        ruined = [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
        if ruined:
            raise ValueError(f"{ruined[0]} has numbers that are not finite")
        if "env_id" not in about["args"]:  # an earlier version may lack others
            raise ValueError("it does not say what was played")
        args = PPOArgs(**about["args"])
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}: give the path of a .safetensors that a training wrote.") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _not_whole(path, error) from None
    if args.env_id != typed:
        require_imported(args.env_id, path)
    return tensors, args, about


def _not_whole(path: str | Path, why) -> ValueError:
    return ValueError(f"{path} does not hold a whole agent ({' '.join(str(why).split())[:200]}).")
