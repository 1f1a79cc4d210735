"""The optimizer and its learning-rate schedule (chapter 05)."""

import torch
from torch import nn


def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    """Make Adam over the parameters of both networks, each parameter once even if they share some.

    Args:
        actor: the policy network.
        critic: the value network; may share layers with the actor.
        learning_rate: Adam's learning rate at the start.

    Returns:
        Adam with eps = 1e-5 (detail 3 of "The 37 Implementation Details of PPO"); `fused` only makes it faster.
    """
    parameters = list(dict.fromkeys([*actor.parameters(), *critic.parameters()]))  # a shared parameter only once
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-5, fused=True)


class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        """Remember the line to follow; the learning rate stays as it is until the first `step()`.

        Args:
            optimizer: the one whose parameter groups are to change.
            initial_lr: the learning rate after no step.
            end_lr: the learning rate after `num_iterations` steps, and from then on.
            num_iterations: how many steps lead from one to the other.
        """
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        """Set every parameter group's learning rate: after k steps, initial + min(k / num_iterations, 1) * (end - initial)."""
        self.num_steps_taken += 1
        progress = min(self.num_steps_taken / self.num_iterations, 1)
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr + progress * (self.end_lr - self.initial_lr)
