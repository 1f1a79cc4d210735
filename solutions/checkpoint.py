"""Trained agents on disk: weights without pickle, and the settings that they were trained with."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from solutions import networks
from solutions.args import PPOArgs
from utils.envs import make_envs
from utils.files import write_whole


def save_agent(path: str | Path, actor: nn.Module, critic: nn.Module, args: PPOArgs) -> Path:
    """Write an agent's weights, each shared one once, and its settings; whole or not at all.

    Args:
        path: where to, with the suffix .safetensors.
        actor, critic: the networks.
        args: what they were trained with.

    Returns:
        The path.
    """
    path = Path(path)
    weights = nn.ModuleDict({"actor": actor, "critic": critic})
    tensors = {name: parameter.detach().cpu().contiguous() for name, parameter in weights.named_parameters()}
    write_whole(path, save(tensors, metadata={"args": json.dumps(asdict(args))}))
    return path


def load_agent(path: str | Path) -> tuple[nn.Module, nn.Module, PPOArgs]:
    """Read an agent that `save_agent` wrote.

    Args:
        path: the file.

    Returns:
        actor, critic and args, on the CPU.

    Raises:
        ValueError: there is no such file, it is cut off, or it does not hold the weights of an agent.
    """
    try:
        with safe_open(path, framework="pt") as file:
            args = PPOArgs(**json.loads(file.metadata()["args"]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
        actor, critic = networks.get_actor_and_critic(make_envs(args.env_id, 1, args.mode), args.mode)
        weights = nn.ModuleDict({"actor": actor, "critic": critic})
        if set(tensors) != {name for name, _ in weights.named_parameters()}:
            raise ValueError("weights are missing, or of another network")
        weights.load_state_dict(tensors, strict=False)  # a shared trunk is in the file once, under one of its two names
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}: give the path of a .safetensors that a training wrote.") from None
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} does not hold a whole agent ({' '.join(str(error).split())[:200]}).") from None
    return actor, critic, args
