"""A GPU that is only pretended: CPU tensors marked as a GPU's, and PyTorch's refusal to mix the two. No GPU is needed."""

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

GPU = torch.device("meta")  # any device but the CPU; nothing is ever put there
MIXED = "Expected all tensors to be on the same device"
TO_NUMPY = "can't convert a GPU's tensor to numpy"
MOVES = (
    Tensor.copy_, Tensor.to, Tensor.type_as, Tensor.new_tensor, Tensor.index_put_, Tensor.index_put, Tensor.__setitem__,
    Tensor.__getitem__,
)  # fmt: skip
"""What PyTorch allows between a GPU's tensor and one on the CPU, whose numbers or indices it copies."""


class OnGPU(Tensor):
    """A tensor with the numbers of one on the CPU, which counts as a GPU's within `PretendedGPU`."""


def on_gpu(value):
    """Mark a tensor as a GPU's, or the parameters of a network in place; anything else stays as it is."""
    if isinstance(value, nn.Module):
        for module in value.modules():
            for name, parameter in list(module.named_parameters(recurse=False)):
                setattr(module, name, nn.Parameter(parameter.detach().as_subclass(OnGPU)))
        return value
    return value.as_subclass(OnGPU) if isinstance(value, Tensor) else value


class PretendedGPU(TorchFunctionMode):
    """Lets tensors that are marked as a GPU's behave like that within the block.

    Attributes:
        lost_sight: whether tensors went through torch.func or torch.vmap, which lose the mark.
    """

    lost_sight = False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        tensors = [one for one in pytree.tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        marked = [isinstance(one, OnGPU) for one in tensors]
        of_gpu = bool(tensors) and marked[0]
        if function == Tensor.device.__get__:
            return GPU if of_gpu else torch.device("cpu")
        if function in (Tensor.is_cuda.__get__, Tensor.is_cpu.__get__):
            return of_gpu == (function == Tensor.is_cuda.__get__)
        self.lost_sight |= torch._C._functorch.peek_interpreter_stack() is not None
        if function is Tensor.cuda:
            return args[0].as_subclass(OnGPU)
        if function in (Tensor.numpy, Tensor.__array__) and of_gpu and not kwargs.get("force"):
            raise TypeError(f"{TO_NUMPY}: copy it to the CPU first, with .cpu().")
        strict = any(marked) and function not in MOVES
        if strict and any(not mark and one.dim() > 0 for mark, one in zip(marked, tensors, strict=True)):
            raise RuntimeError(f"{MIXED}, but found at least two devices.")
        target, args, kwargs = self._asked(function, args, kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            result = function(*args, **kwargs)
        kind = OnGPU if (any(marked) if target is None else target.type != "cpu") else Tensor
        may_be_given = function in (
            Tensor.cpu,
            Tensor.to,
            Tensor.type_as,
        )  # others return what they were given if they changed it

        def as_kind(one):
            if not isinstance(one, Tensor) or type(one) is kind:
                return one
            return one if not may_be_given and any(one is given for given in tensors) else one.as_subclass(kind)

        return pytree.tree_map(as_kind, result)

    @staticmethod
    def _asked(function, args, kwargs) -> tuple[torch.device | None, tuple, dict]:
        """Return the device that a call asks for, None if it asks for none, and its arguments with the CPU in that place."""
        if function is Tensor.cpu:
            return torch.device("cpu"), args, kwargs
        if function in (Tensor.to, Tensor.type_as) and len(args) > 1 and isinstance(args[1], Tensor):
            return (GPU if isinstance(args[1], OnGPU) else torch.device("cpu")), args, kwargs
        target = None
        if isinstance(kwargs.get("device"), str | torch.device):
            target, kwargs = torch.device(kwargs["device"]), kwargs | {"device": torch.device("cpu")}
        for place, one in enumerate(args):
            if isinstance(one, torch.device) or (function is Tensor.to and isinstance(one, str)):
                target, args = torch.device(one), (*args[:place], torch.device("cpu"), *args[place + 1 :])
        return target, args, kwargs
