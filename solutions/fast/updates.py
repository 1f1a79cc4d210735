"""PPOTrainer's learning phase cut into updates, for trainers that do an update in another way."""

import numpy as np
import torch
from torch import Tensor, nn

from solutions import advantages, losses, networks, rollout, trainer

FIGURES = ("policy_loss", "value_loss", "entropy", "approx_kl", "clipfrac", "grad_norm")


class UpdateTrainer(trainer.PPOTrainer):
    """A PPOTrainer with a method for one update. With the same rollout and random numbers it learns the same."""

    def learning_phase(self) -> None:
        """Do what PPOTrainer's does."""
        args, batch = self.args, self.agent.rollout
        batch_advantages = advantages.compute_advantages(
            batch.rewards,
            batch.values,
            batch.next_values,
            batch.terminations,
            batch.truncations,
            args.gamma,
            args.gae_lambda,
        )
        batch_returns = batch_advantages + batch.values
        columns = [batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns]
        columns = [column.flatten(0, 1) for column in columns]
        batch_size = len(columns[0])
        learning_rate = torch.tensor(self.optimizer.param_groups[0]["lr"], device=self.device)

        for _ in range(args.update_epochs):
            minibatches = np.stack(rollout.get_minibatch_indices(self.rng, batch_size, batch_size // args.num_minibatches))
            for mb in torch.as_tensor(minibatches, device=self.device):  # all at once: each transfer would wait for the GPU
                figures = self.update(learning_rate, *(column[mb] for column in columns))
                self.log.add_figures(**dict(zip(FIGURES, figures, strict=True)))
            if args.target_kl is not None and figures[FIGURES.index("approx_kl")] > args.target_kl:
                break
        self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), columns[-1]))
        self.scheduler.step()

    def update(
        self,
        learning_rate: Tensor,
        obs: Tensor,
        actions: Tensor,
        logprobs: Tensor,
        mb_advantages: Tensor,
        returns: Tensor,
    ) -> Tensor:
        """Learn from one minibatch.

        Args:
            learning_rate: a tensor, so that a recorded update sees the one of its iteration.
            obs, actions, logprobs, mb_advantages, returns: the minibatch, (B, ...) each.

        Returns:
            The figures of the update, in the order of `FIGURES`.
        """
        args = self.args
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        if args.norm_adv:
            mb_advantages = self.normalise(mb_advantages)

        logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs)
        new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[:, None]).squeeze(-1)

        policy_loss = losses.policy_loss(new_logprobs, logprobs, mb_advantages, args.clip_coef)
        value_loss = losses.value_loss(new_values, returns)
        entropy = losses.entropy_bonus(logits)
        loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

        self.optimizer.zero_grad()
        loss.backward()
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        self.exchange_gradients([parameter.grad for parameter in parameters])
        grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
        self.optimizer.step()

        approx_kl = losses.approx_kl(new_logprobs, logprobs)
        clipfrac = losses.clipfrac(new_logprobs, logprobs, args.clip_coef)
        return torch.stack([policy_loss, value_loss, entropy, approx_kl, clipfrac, grad_norm]).detach()

    def normalise(self, mb_advantages: Tensor) -> Tensor:
        """Return the advantages of a minibatch with mean 0 and standard deviation 1."""
        return (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)

    def exchange_gradients(self, gradients: list[Tensor]) -> None:
        """Do what is to be done with the gradients before they are clipped: here nothing."""
