"""Networks where and how they compute fastest: on their device, laid out for convolutions, in bfloat16 if the hardware has it.

Other tricks of every training are elsewhere: pictures stay bytes in the rollout, and lie there as convolutions want them
(`rollout.Rollout`); a trunk that actor and critic share runs once (`networks.actor_critic_forward`); the emulators are native
code in threads (`utils.envs.make_envs`). `python tests/bench/breakout.py` measures each.
"""

import ctypes
import sys
from pathlib import Path

import torch
from torch import nn

from solutions import networks


def prepare(actor: nn.Module, critic: nn.Module, device: torch.device, precision: str) -> tuple[nn.Module, nn.Module]:
    """Move both networks to a device, and make them fast there. Their weights stay float32, and so does what they return.

    Args:
        actor, critic: see `networks.get_actor_and_critic`. Changed in place.
        device: where they are to compute.
        precision: "fp32"; "bf16", for a shared trunk with convolutions; or "auto": bf16 where the hardware has it.

    Returns:
        Both networks.
    """
    actor, critic = actor.to(device), critic.to(device)
    if any(parameter.ndim == 4 for parameter in actor.parameters()):
        for network in (actor, critic):  # the numbers of all channels of a pixel together, as the fast convolutions read them
            network.to(memory_format=torch.channels_last)
        if device.type == "cpu":
            keep_memory()
        if networks.share_trunk(actor, critic):
            actor[0].in_bf16 = precision == "bf16" or (precision == "auto" and has_fast_bf16(device))
    return actor, critic


def keep_memory() -> None:
    """Tell the C library to keep what is freed, rather than to give it back to the system and to ask for it again.

    A minibatch of pictures goes through arrays of 10 to 30 MB, and each fresh page costs the system a fault. On Linux with
    glibc; elsewhere nothing happens.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        mmap_threshold, trim_threshold = -3, -1  # their numbers in malloc.h
        libc.mallopt(mmap_threshold, 32 * 1024**2)  # the most that it takes
        libc.mallopt(trim_threshold, 2**31 - 1)


def has_fast_bf16(device: torch.device) -> bool:
    """Tell whether a device computes faster in bfloat16 than in float32. A CPU without the instructions for it imitates them."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "mps":
        return False  # not measured
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:  # not Linux
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
