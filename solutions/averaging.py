"""Gradients of a minibatch that was cut into parts (chapter 10); `fast/distributed.py` does it between processes."""

from torch import Tensor


def average_gradients(gradients: list[list[Tensor]], counts: list[int]) -> list[Tensor]:
    """Put the gradients of a minibatch's parts together to that of its mean loss, the mean over all samples.

    Args:
        gradients: for each part, the gradient of the mean loss over its own samples: a tensor for each parameter. The order
            of the parameters is the same in all parts.
        counts: for each part, how many samples it has; at least 1.

    Returns:
        A new tensor for each parameter, of its shape and dtype.
    """
    total = sum(counts)
    averages = []
    for of_parts in zip(*gradients, strict=True):
        weighted = [count / total * gradient for count, gradient in zip(counts, of_parts, strict=True)]
        averages.append(sum(weighted))
    return averages
