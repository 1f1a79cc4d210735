"""Trained agents on disk: weights without pickle, and the settings that they were trained with."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from solutions import networks
from solutions.args import PPOArgs
from utils.dashboard import write_whole
from utils.envs import make_envs


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
    path.parent.mkdir(parents=True, exist_ok=True)
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
    path = Path(path)
    try:
        content = path.read_bytes()
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        args = PPOArgs(**json.loads(header["__metadata__"]["args"]))
        actor, critic = networks.get_actor_and_critic(make_envs(args.env_id, 1, args.mode), args.mode)
        missing, unexpected = nn.ModuleDict({"actor": actor, "critic": critic}).load_state_dict(tensors, strict=False)
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}: give the path of an agent.safetensors that a training wrote.") from None
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} does not hold a whole agent ({' '.join(str(error).split())[:200]}).") from None
    shared = {name for name in missing if name.startswith("critic.0.") and actor[0] is critic[0]}
    if unexpected or set(missing) - shared:
        raise ValueError(f"{path} does not hold a whole agent: weights are missing or of another network.")
    return actor, critic, args
