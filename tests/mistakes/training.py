"""Known-wrong answers of chapter 05."""

from tests.mistakes import mistake

ROLLOUT, LEARN, EVALUATE = "rollout_phase", "learning_phase", "evaluate"

MISTAKES = [
    mistake(ROLLOUT, "one step too few", "one step too few were played.", ("range(self.args.num_steps)", "range(self.args.num_steps - 1)")),
    mistake(ROLLOUT, "one step too many", "one step too many were played.", ("range(self.args.num_steps)", "range(self.args.num_steps + 1)")),
    mistake(ROLLOUT, "steps of all environments", "batch_size steps were played: each play_step already steps every environment.", ("range(self.args.num_steps)", "range(self.args.batch_size)")),
    mistake(ROLLOUT, "never closes", "the rollout were never closed.", ("        self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)\n", "")),
    mistake(ROLLOUT, "never clears", "the rollout were never cleared.", ("        self.agent.rollout.clear()\n", "")),
    mistake(ROLLOUT, "resets", "the environments were reset at the start of each phase.", ("        self.agent.rollout.clear()\n", "        self.agent.rollout.clear()\n        self.agent.next_obs = self.envs.reset()[0]\n")),
    mistake(ROLLOUT, "closes with the last row", "the rollout were closed with the observations of its last row.", ("self.agent.next_obs)", "self.agent.rollout.rows[-1]['obs'])")),
    mistake(ROLLOUT, "counts no games", "the games were never counted.", ("            self.log.add_games(self.agent.global_step, infos)\n", "")),
    mistake(LEARN, "no zero_grad", "the gradients of the step before were never cleared.", ("                self.optimizer.zero_grad()\n", "")),
    mistake(LEARN, "no gradient clipping", "the gradient were not clipped.", ('                nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)\n', "")),
    mistake(
        LEARN, "clips before backward", "the gradient were clipped before backward() had made it.",
        ('                loss.backward()\n                nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)\n',
         '                nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)\n                loss.backward()\n'),
    ),
    mistake(LEARN, "clips each network alone", "actor and critic were clipped apart: the norm is that of all parameters together.",
            ('nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)', "[nn.utils.clip_grad_norm_(n.parameters(), args.max_grad_norm) for n in (self.actor, self.critic)]")),
    mistake(LEARN, "no scheduler step", "the scheduler were never stepped.", ("        self.scheduler.step()", "")),
    mistake(LEARN, "scheduler step in each minibatch", "the scheduler were stepped in every minibatch.", ("                self.optimizer.step()\n", "                self.optimizer.step()\n                self.scheduler.step()\n")),
    mistake(LEARN, "entropy added", "the entropy were added to the loss: it is to grow, so it is subtracted.", ("- args.ent_coef * entropy", "+ args.ent_coef * entropy")),
    mistake(LEARN, "no entropy", "the entropy were left out of the loss.", (" - args.ent_coef * entropy", "")),
    mistake(LEARN, "value loss without its weight", "the value loss were not weighted by vf_coef.", ("args.vf_coef * value_loss", "value_loss")),
    mistake(LEARN, "no value loss", "the value loss were left out.", (" + args.vf_coef * value_loss", "")),
    mistake(LEARN, "one epoch", "the rollout were passed over only once.", ("range(args.update_epochs)", "range(1)")),
    mistake(LEARN, "the same minibatch", "every update saw the same minibatch.", ("mb = torch.as_tensor(indices, device=self.device)", "mb = torch.arange(args.minibatch_size)")),
    mistake(
        LEARN, "one shuffle for all epochs", "the minibatches were shuffled once for all epochs.",
        ("        for _ in range(args.update_epochs):\n", "        cut = rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)\n        for _ in range(args.update_epochs):\n"),
        ("in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):", "in cut:"),
    ),
    mistake(LEARN, "advantages never normalised", "the advantages were never normalised.", ("                if args.norm_adv:", "                if False:")),
    mistake(LEARN, "always normalised", "norm_adv=False were ignored.", ("                if args.norm_adv:", "                if True:")),
    mistake(LEARN, "returns from normalised advantages", "the returns were made of normalised advantages.",
            ("batch_returns = batch_advantages + batch.values", "batch_returns = (batch_advantages - batch_advantages.mean()) / (batch_advantages.std() + 1e-8) + batch.values")),
    mistake(LEARN, "rewards for returns", "the critic were trained on rewards instead of returns.", ("batch_returns = batch_advantages + batch.values", "batch_returns = batch.rewards")),
    mistake(LEARN, "advantages for returns", "the critic were trained on advantages: returns are advantages + values.", ("batch_returns = batch_advantages + batch.values", "batch_returns = batch_advantages")),
    mistake(LEARN, "no optimizer step", "optimizer.step() were missing.", ("                self.optimizer.step()\n", "")),
    mistake(LEARN, "old log-probabilities of the current network", "the old log-probabilities were computed anew, so that the ratio is always 1.", ("losses.policy_loss(new_logprobs, logprobs[mb],", "losses.policy_loss(new_logprobs, new_logprobs.detach(),")),
    mistake(LEARN, "whole batch", "the whole rollout were used in each update.", ("args.batch_size, args.minibatch_size)", "args.batch_size, args.batch_size)")),
    mistake(LEARN, "ignores target_kl", "target_kl were ignored.", ("            if args.target_kl is not None and approx_kl > args.target_kl:\n                break\n", "")),
    mistake(
        EVALUATE, "first to finish", "the first games to finish were counted.",
        ("            returns[playing] = infos[\"episodic_return\"][playing]\n            playing &= ~infos[\"game_over\"]\n            if not playing.any():\n                break\n        scores.append(returns)",
         "            scores += [infos[\"episodic_return\"][infos[\"game_over\"]]]\n            if sum(map(len, scores)) >= num_episodes:\n                break"),
    ),
    mistake(EVALUATE, "samples", "actions were sampled although greedy=True.", ("choose_actions(actor, obs, greedy)", "choose_actions(actor, obs, False)")),
    mistake(EVALUATE, "always greedy", "`greedy` were ignored.", ("choose_actions(actor, obs, greedy)", "choose_actions(actor, obs, True)")),
    mistake(
        EVALUATE, "clipped rewards", "the clipped rewards were summed.",
        ("obs, _, _, _, infos", "obs, rewards, _, _, infos"), ('returns[playing] = infos["episodic_return"][playing]', "returns[playing] += rewards[playing]"),
    ),
    mistake(EVALUATE, "never ends", "max_steps were ignored.", ("for _ in range(max_steps):", "while True:")),
    mistake(EVALUATE, "scores of the next game", "the scores went on changing after the game was over.", ('returns[playing] = infos["episodic_return"][playing]', 'returns = infos["episodic_return"]')),
    mistake(EVALUATE, "too many", "whole rounds were returned instead of num_episodes games.", ("[:num_episodes]", "")),
    mistake(EVALUATE, "ignores the seed", "the seed were ignored.", ("seed=None if seed is None else seed + round_start", "")),
    mistake(
        EVALUATE, "learns", "the evaluation's steps were learned from.",
        ("    return np", "    with torch.enable_grad():\n        actor(networks.prepare_obs(torch.as_tensor(obs))).sum().backward()\n    return np"),
    ),
]  # fmt: skip
