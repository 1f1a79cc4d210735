"""PPO. Read this page first: it is the algorithm, and every part it calls is a short function elsewhere."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from solutions import advantages, contract, losses, networks, optim, rollout
from solutions.args import PPOArgs
from solutions.evaluate import record_game
from solutions.fast import precision
from utils.envs import GameRecorder, make_envs
from utils.transitions import CheckedEnvs
from utils.watching.log import RunLog


class PPOTrainer:
    """Trains an actor and a critic by proximal policy optimization (Schulman et al., 2017, algorithm 1)."""

    def __init__(self, args: PPOArgs):
        """Make the environments, the networks, the optimizer and the agent that `args` describe.

        Raises:
            ValueError: the environment, the mode or the device does not exist; the message says what to do.
        """
        self.args = args
        self.device = args.torch_device
        torch.manual_seed(args.seed)
        self.rng = np.random.default_rng(args.seed)

        self.envs = self.make_envs()
        if args.check_transitions:
            self.envs = CheckedEnvs(self.envs, contract.check_transition)
        self.log = RunLog(args, num_actions=int(self.envs.single_action_space.n))
        actor, critic = networks.get_actor_and_critic(self.envs, args.mode)
        self.actor, self.critic = precision.prepare(actor, critic, self.device, args.precision)
        self.optimizer = optim.make_optimizer(self.actor, self.critic, args.learning_rate)
        end_lr = 0.0 if args.anneal_lr else args.learning_rate
        self.scheduler = optim.PPOScheduler(self.optimizer, args.learning_rate, end_lr, args.num_iterations)
        self.agent = rollout.PPOAgent(self.envs, self.actor, self.critic, args.num_steps, args.seed)

    def train(self, on_iteration: Callable[["PPOTrainer"], bool | None] | None = None) -> RunLog:
        """Alternate between playing and learning until `total_timesteps` are played.

        Args:
            on_iteration: called with the trainer after each iteration; the run ends early if it returns True.

        Returns:
            The log of the run.
        """
        with self.log.iterations(self.args.num_iterations) as iterations:
            for global_step in iterations:
                self.agent.global_step = global_step  # of whole iterations: an interrupted one does not count
                self.rollout_phase()
                self.learning_phase()
                self.log.end_iteration(
                    global_step=self.agent.global_step,
                    learning_rate=self.optimizer.param_groups[0]["lr"],
                    mean_value=self.agent.rollout.values.mean().item(),
                )
                if self.log.video_is_due:
                    self.film()
                if on_iteration is not None and on_iteration(self):
                    break
        return self.log

    def rollout_phase(self) -> None:
        """Fill the agent's rollout with `num_steps` fresh steps of every environment, and close it."""
        self.agent.rollout.clear()
        for _ in range(self.args.num_steps):
            infos = self.agent.play_step()
            self.log.add_games(self.agent.global_step, infos)
        self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)

    def learning_phase(self) -> None:
        """Improve both networks on the agent's rollout: `update_epochs` passes over it, each in shuffled minibatches.

        After every update its figures go to the log: policy_loss, value_loss, entropy, approx_kl, clipfrac, and grad_norm, the
        gradient's norm before it was clipped. At the end explained_variance does, once. Observations may have any shape.
        """
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
        obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]

        for _ in range(args.update_epochs):
            for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
                mb = torch.as_tensor(indices, device=self.device)
                mb_advantages = all_advantages[mb]
                if args.norm_adv:
                    mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)

                logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
                new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb, None]).squeeze(-1)

                policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
                value_loss = losses.value_loss(new_values, returns[mb])
                entropy = losses.entropy_bonus(logits)
                loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

                self.optimizer.zero_grad()
                loss.backward()
                grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
                self.optimizer.step()

                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                self.log.add_figures(
                    policy_loss=policy_loss,
                    value_loss=value_loss,
                    entropy=entropy,
                    approx_kl=approx_kl,
                    clipfrac=losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef),
                    grad_norm=grad_norm,
                )
            if args.target_kl is not None and approx_kl > args.target_kl:
                break
        self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
        self.scheduler.step()

    def make_envs(self) -> GameRecorder:
        """Make the environments to train in."""
        args = self.args
        return make_envs(args.env_id, args.num_envs, args.mode, sticky_actions=args.sticky_actions, processes=args.processes)

    def film(self) -> None:
        """Record a game that the agent plays as it is now."""
        args = self.args
        envs = make_envs(args.env_id, 1, args.mode, sticky_actions=args.sticky_actions, render=True)
        frames, score = record_game(self.actor, envs, seed=args.seed + len(self.log.videos), critic=self.critic)
        envs.close()
        self.log.add_video(frames, score, self.agent.global_step)
