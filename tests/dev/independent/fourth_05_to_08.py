"""Wrong and right answers to eight exercises."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "learning_phase": {
        "normalised over the rollout": (
            "You normalise the advantages once over the whole rollout, although each minibatch's own are to be normalised.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs, actions, logprobs, adv, returns = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, returns)
    )
    if args.norm_adv:
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

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

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "returns from normalised advantages": (
            "You make the returns in the minibatch from the normalised advantages, so that the critic's "
            "targets are not in true units.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    obs, actions, logprobs, adv, values = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, data.values)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, mb_advantages + values[mb])
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

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(values, adv + values))
    self.scheduler.step()
""",
        ),
        "shared parameters clipped twice": (
            "You clip the parameters of the actor and of the critic as one list, in which those of a shared "
            "trunk come twice, so the norm counts their gradient twice.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs, actions, logprobs, adv, returns = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, returns)
    )
    parameters = [*self.actor.parameters(), *self.critic.parameters()]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

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

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "shuffled once": (
            "You shuffle once before the epochs, so that every epoch has the same minibatches in the same order.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs, actions, logprobs, adv, returns = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    minibatches = rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)
    for epoch in range(args.update_epochs):
        for indices in minibatches:
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

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

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "early stop returns": (
            "You return when approx_kl is above target_kl instead of only leaving the loop, so "
            "explained_variance is not logged and the scheduler does not step.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs, actions, logprobs, adv, returns = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

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
            return

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "gradients pile up": (
            "You clear the gradients once for each epoch instead of before each update, so every minibatch "
            "also takes the gradients of those before it.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs, actions, logprobs, adv, returns = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        self.optimizer.zero_grad()
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

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

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "mean kl of the epoch": (
            "You compare target_kl with the mean approx_kl of all minibatches of the epoch instead of that of the last one.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs, actions, logprobs, adv, returns = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        kls = []
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            kls.append(approx_kl.item())
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef),
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and np.mean(kls) > args.target_kl:
            break

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "explained variance of new values": (
            "You log the explained_variance of the critic's values after learning instead of those stored in the rollout.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs, actions, logprobs, adv, returns = (
        column.flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, adv, returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

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

    # line 12
    with torch.no_grad():
        _, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    self.log.add_figures(explained_variance=losses.explained_variance(values, returns))
    self.scheduler.step()
""",
        ),
        "rollout flattened in place": (
            "You replace the rollout's own columns by the flattened ones, although the rollout is to be left as it is.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    adv, returns = adv.flatten(), returns.flatten()
    for name in ("obs", "actions", "logprobs", "values"):
        setattr(data, name, getattr(data, name).flatten(0, 1))
    obs, actions, logprobs = data.obs, data.actions, data.logprobs
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

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

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values, returns))
    self.scheduler.step()
""",
        ),
        "observations become vectors": (
            "You flatten each observation to a vector too, which fails for pictures and other observations "
            "with more than one dimension.",
            """
def learning_phase(self) -> None:
    args, data = self.args, self.agent.rollout

    # lines 4 and 5
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = adv + data.values
    obs = data.obs.reshape(args.batch_size, -1)
    actions, logprobs = data.actions.reshape(-1), data.logprobs.reshape(-1)
    adv, returns = adv.reshape(-1), returns.reshape(-1)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    # lines 6 to 11
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = adv[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)

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

    # line 12
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
    },
    "evaluate": {
        "seed plus round": (
            "You add the number of rounds to the seed instead of the number of games, so that a round plays "
            "nearly the same games as the one before, shifted by one environment.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    scores, num_rounds = [], 0
    while len(scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + num_rounds)
        round_scores = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, terminations, truncations, infos = envs.step(choose_actions(actor, obs, greedy))
            round_scores[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        scores.extend(round_scores)
        num_rounds += 1
    return np.array(scores[:num_episodes])
""",
        ),
        "ends at terminations": (
            "You take a termination for the end of the game, so in Atari the score is that at the first "
            "lost life; game_over says when the game has ended.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    scores = []
    while len(scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(scores))
        round_scores = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, terminations, truncations, infos = envs.step(choose_actions(actor, obs, greedy))
            round_scores[playing] = infos["episodic_return"][playing]
            playing &= ~(terminations | truncations)
            if not playing.any():
                break
        scores.extend(round_scores)
    return np.array(scores[:num_episodes])
""",
        ),
        "whole numbers": (
            "You store the scores as integers, which cuts off the fractions of scores that are not whole.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    scores = []
    while len(scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(scores))
        round_scores = np.zeros(envs.num_envs, dtype=int)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, terminations, truncations, infos = envs.step(choose_actions(actor, obs, greedy))
            round_scores[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        scores.extend(round_scores)
    return np.array(scores[:num_episodes])
""",
        ),
        "one limit for all rounds": (
            "You count max_steps over all rounds together, so games of later rounds are cut short too early.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    scores = []
    num_steps = 0
    while len(scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(scores))
        round_scores = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        while playing.any():
            obs, _, terminations, truncations, infos = envs.step(choose_actions(actor, obs, greedy))
            round_scores[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            num_steps += 1
            if num_steps >= max_steps:
                break
        scores.extend(round_scores)
    return np.array(scores[:num_episodes])
""",
        ),
        "in order of finishing": (
            "You list the scores of a round in the order in which the games finish instead of that of the "
            "environments, so a last round that is cut off keeps its shortest games.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    scores = []
    while len(scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(scores))
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, terminations, truncations, infos = envs.step(choose_actions(actor, obs, greedy))
            returns, over = infos["episodic_return"], infos["game_over"]
            scores.extend(returns[playing & over])
            playing &= ~over
            if not playing.any():
                break
        scores.extend(returns[playing])  # cut short
    return np.array(scores[:num_episodes])
""",
        ),
    },
    "check_transition": {
        "final_obs overwritten": (
            "You overwrite the rows of final_obs that do not count, so the transition is not left as it is.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is not None:
            if field == "final_obs":
                values[~transition.truncations] = rule.low  # nobody reads these rows
            allowed = (values >= rule.low) & (values <= rule.high)
            if not allowed.all():
                index = tuple(np.argwhere(~allowed)[0])
                raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(both.argmax()), "truncations", "terminated and truncated", "one end only")
    return transition
""",
        ),
        "environment among the truncated": (
            "You pick out the truncated rows of final_obs first, so the error names the place among these "
            "rows instead of the environment.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is not None:
            if field == "final_obs":
                values = values[transition.truncations]
            allowed = (values >= rule.low) & (values <= rule.high)
            if not allowed.all():
                index = tuple(np.argwhere(~allowed)[0])
                raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(both.argmax()), "truncations", "terminated and truncated", "one end only")
    return transition
""",
        ),
        "a bound of zero is no bound": (
            "You ask whether rule.low is true instead of whether it is None, so a rule with the lower bound "
            "0 is not checked at all.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} {values.shape}", rule)
        if np.any(rule.low):
            allowed = (values >= rule.low) & (values <= rule.high)
            if field == "final_obs":
                allowed[~transition.truncations] = True
            if not allowed.all():
                index = tuple(np.argwhere(~allowed)[0])
                raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(both.argmax()), "truncations", "terminated and truncated", "one end only")
    return transition
""",
        ),
        "both ends first": (
            "You look for both ends at once before the fields, so this error hides a field that is wrong and comes first.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(both.argmax()), "truncations", "terminated and truncated", "one end only")
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is not None:
            allowed = (values >= rule.low) & (values <= rule.high)
            if field == "final_obs":
                allowed[~transition.truncations] = True
            if not allowed.all():
                index = tuple(np.argwhere(~allowed)[0])
                raise ContractError(step, int(index[0]), field, values[index], rule)
    return transition
""",
        ),
        "lists are converted": (
            "You turn each value into an array first, so that something that is not a NumPy array, such as "
            "a list of bools or a tensor, passes.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = np.asarray(getattr(transition, field))
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is not None:
            allowed = (values >= rule.low) & (values <= rule.high)
            if field == "final_obs":
                allowed[~transition.truncations] = True
            if not allowed.all():
                index = tuple(np.argwhere(~allowed)[0])
                raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(both.argmax()), "truncations", "terminated and truncated", "one end only")
    return transition
""",
        ),
    },
    "scale_bytes": {
        "256ths": (
            "You divide by 256, so that 255 becomes 0.996 instead of 1.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.float() / 256
""",
        ),
        "divided by its maximum": (
            "You divide by the largest byte of the batch, so the same byte means another number in each batch.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    obs = obs.float()
    return obs / obs.max().clamp(min=1)
""",
        ),
        "doubles": (
            "You return float64 instead of float32.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.to(torch.float64) / 255.0
""",
        ),
        "squeezed": (
            "You drop the dimensions of size 1, so that the result does not have the shape of the input.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.to(torch.float32).squeeze().div(255)
""",
        ),
        "already scaled": (
            "You take bytes that are all 0 or 1 for already scaled numbers, so there a 1 becomes 1 instead of 1/255.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    scaled = obs.float()
    if (obs > 1).any():  # else it has been scaled before
        scaled = scaled / 255
    return scaled
""",
        ),
    },
    "ram_features": {
        "clamped before multiplied": (
            "You cut off the difference before you multiply it, so the features reach up to 32 instead of 1.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = 32 * (newest - before).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
        "interleaved": (
            "You put the two changes of each byte next to each other instead of all changes since the start first.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = (32 * (newest - before)).clamp(-1, 1)
    return torch.stack([since_start, last_step], dim=-1).flatten(start_dim=1)
""",
        ),
        "writes into obs": (
            "You subtract in place, which changes the caller's observations.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    last_step = torch.clamp(32 * (newest - before), -1, 1)
    newest -= first
    return torch.cat([newest, last_step], dim=-1)
""",
        ),
        "change up to the step before": (
            "You compute the change since the start from the snapshot of the step before instead of the newest one.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = before - first
    last_step = (32 * (newest - before)).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
        "batch of one": (
            "You squeeze the result, so a batch of one observation loses its batch dimension.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = torch.chunk(obs, 3, dim=1)
    changes = torch.cat([newest - first, torch.clamp(32 * (newest - before), -1, 1)], dim=-1)
    return changes.squeeze()
""",
        ),
    },
    "get_actor_and_critic_ram": {
        "shared hidden layers": (
            "You give both networks the same hidden layers, although they are to be separate and may share only RamFeatures.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    body = [
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
    ]
    actor = nn.Sequential(*body, layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(*body, layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
        ),
        "second hidden layer as PyTorch made it": (
            "You leave the second hidden layer of both networks as PyTorch initialised it, although each "
            "linear layer goes through layer_init.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "values without their last dimension": (
            "You flatten the critic's output, so the values have shape (B,) instead of (B, 1).",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
        nn.Flatten(start_dim=0),
    )
    return actor, critic
""",
        ),
        "only for 128 bytes": (
            "You write 256 inputs instead of 2 * num_bytes, so the networks work for 128 bytes only.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "no negative values": (
            "You put a ReLU behind the critic's last layer, so that no value can be negative.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()

    def chain(outputs, std):
        layers = [features]
        for inputs, size, scale in [(2 * num_bytes, 256, 2**0.5), (256, 256, 2**0.5), (256, outputs, std)]:
            layers += [layer_init(nn.Linear(inputs, size), std=scale), nn.ReLU()]
        return layers

    return nn.Sequential(*chain(num_actions, 0.01)[:-1]), nn.Sequential(*chain(1, 1.0))
""",
        ),
    },
    "FrameStack": {
        "hands out the history": (
            "You return your own stack instead of a copy, so writing into what you returned changes the history.",
            '''
class FrameStack:
    """The last frames of N games that are played side by side."""

    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None  # the first update shows how large the frames are

    def update(
        self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]
    ) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack
''',
        ),
        "keeps the caller's frames": (
            "You keep the caller's frames themselves, so the history changes when somebody writes into them later.",
            '''
from collections import deque


class FrameStack:
    """The last frames of N games that are played side by side."""

    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None  # the first update shows how large the frames are

    def update(
        self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]
    ) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            black = [torch.zeros_like(frames) for _ in range(self.num_frames)]
            self.stack = deque(black, maxlen=self.num_frames)
        is_new = (masks == 0)[:, None, None]
        for i, old in enumerate(self.stack):
            self.stack[i] = torch.where(is_new, torch.zeros_like(old), old) if is_new.any() else old
        self.stack.append(frames)
        return torch.stack(list(self.stack), dim=1)
''',
        ),
        "masks must be bools": (
            "You turn the masks over with ~, which fails for masks that are numbers.",
            '''
class FrameStack:
    """The last frames of N games that are played side by side."""

    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None  # the first update shows how large the frames are

    def update(
        self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]
    ) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[~masks, :-1] = 0
        return self.stack.clone()
''',
        ),
        "first frame repeated": (
            "You fill the history with copies of the frame in the first update, so where its mask is 1 the "
            "older frames are not black.",
            '''
class FrameStack:
    """The last frames of N games that are played side by side."""

    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None  # the first update shows how large the frames are

    def update(
        self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]
    ) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames[:, None].repeat(1, self.num_frames, 1, 1)
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack.clone()
''',
        ),
        "floats": (
            "You make the empty history of floats, so the stacks are float32 instead of bytes.",
            '''
class FrameStack:
    """The last frames of N games that are played side by side."""

    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None  # the first update shows how large the frames are

    def update(
        self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]
    ) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = torch.zeros(self.num_envs, self.num_frames, *frames.shape[1:], device=frames.device)
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack.clone()
''',
        ),
    },
    "get_actor_and_critic_atari": {
        "small frames pass": (
            "You do not ask for m of at least 4, so sides such as 28 raise no ValueError.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width:
        raise ValueError(f"The frames must be square; they are {height} x {width}.")
    if (height - 4) % 8 != 0:
        raise ValueError(f"The side must be 8m + 4 with m at least 4, such as 84; it is {height}.")
    side = (height - 4) // 8 - 3
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "trunk unpacked": (
            "You unpack the trunk's layers into both networks, so their first child is the first "
            "convolution instead of the whole trunk.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width:
        raise ValueError(f"The frames must be square; they are {height} x {width}.")
    if height % 8 != 4 or height < 36:
        raise ValueError(f"The side must be 8m + 4 with m at least 4, such as 84; it is {height}.")
    side = (height - 4) // 8 - 3
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(*trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(*trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "always four frames": (
            "You give the first convolution 4 input channels whatever obs_shape says, so other numbers of frames crash.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width:
        raise ValueError(f"The frames must be square; they are {height} x {width}.")
    if height % 8 != 4 or height < 36:
        raise ValueError(f"The side must be 8m + 4 with m at least 4, such as 84; it is {height}.")
    side = (height - 4) // 8 - 3
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(4, 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "no last ReLU": (
            "You leave out the ReLU after the trunk's linear layer.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width:
        raise ValueError(f"The frames must be square; they are {height} x {width}.")
    if height % 8 != 4 or height < 36:
        raise ValueError(f"The side must be 8m + 4 with m at least 4, such as 84; it is {height}.")
    side = (height - 4) // 8 - 3
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "value head like a hidden layer": (
            "You initialise the value head with layer_init's default std instead of 1.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width:
        raise ValueError(f"The frames must be square; they are {height} x {width}.")
    if height % 8 != 4 or height < 36:
        raise ValueError(f"The side must be 8m + 4 with m at least 4, such as 84; it is {height}.")
    side = (height - 4) // 8 - 3
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1)))
    return actor, critic
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "learning_phase": {
        "grid indices and Categorical": """
from torch.distributions import Categorical


def _standardise(x):
    variance, mean = torch.var_mean(x)
    return (x - mean) / (variance.sqrt() + 1e-8)


def learning_phase(self) -> None:
    a, r = self.args, self.agent.rollout
    grid_adv = advantages.compute_advantages(
        rewards=r.rewards,
        values=r.values,
        next_values=r.next_values,
        terminations=r.terminations,
        truncations=r.truncations,
        gamma=a.gamma,
        gae_lambda=a.gae_lambda,
    )
    grid_returns = torch.add(r.values, grid_adv)
    num_envs = r.rewards.shape[1]
    unique = []
    for group in self.optimizer.param_groups:
        unique.extend(group["params"])

    epochs_left, too_far = a.update_epochs, False
    while epochs_left > 0 and not too_far:
        epochs_left -= 1
        for indices in rollout.get_minibatch_indices(self.rng, a.batch_size, a.minibatch_size):
            flat = torch.as_tensor(indices, device=self.device)
            where = (flat // num_envs, flat % num_envs)
            weights = _standardise(grid_adv[where]) if a.norm_adv else grid_adv[where]
            logits, v = networks.actor_critic_forward(self.actor, self.critic, r.obs[where])
            lp = Categorical(logits=logits, validate_args=False).log_prob(r.actions[where])
            old = r.logprobs[where]
            terms = {
                "policy_loss": losses.policy_loss(lp, old, weights, a.clip_coef),
                "value_loss": losses.value_loss(v, grid_returns[where]),
                "entropy": losses.entropy_bonus(logits),
            }
            signs = {"policy_loss": 1.0, "value_loss": a.vf_coef, "entropy": -a.ent_coef}
            for p in unique:
                p.grad = None
            sum(signs[name] * term for name, term in terms.items()).backward()
            norm = nn.utils.clip_grad_norm_(unique, a.max_grad_norm)
            self.optimizer.step()
            kl = losses.approx_kl(lp, old)
            self.log.add_figures(
                **terms, approx_kl=kl, clipfrac=losses.clipfrac(lp, old, a.clip_coef), grad_norm=norm
            )
        too_far = a.target_kl is not None and bool(kl > a.target_kl)

    ev = losses.explained_variance(r.values.reshape(-1), grid_returns.reshape(-1))
    self.log.add_figures(explained_variance=ev)
    self.scheduler.step()
""",
        "einops and cross entropy": '''
import torch.nn.functional as F
from einops import rearrange


def learning_phase(self) -> None:
    args = self.args
    played = self.agent.rollout
    with torch.no_grad():
        gae = advantages.compute_advantages(
            played.rewards, played.values, played.next_values, played.terminations, played.truncations,
            args.gamma, args.gae_lambda,
        )
        columns = {
            "obs": played.obs, "actions": played.actions, "logprobs": played.logprobs, "gae": gae,
            "returns": gae + played.values,
        }
        columns = {name: rearrange(column, "t n ... -> (t n) ...") for name, column in columns.items()}
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    def update(row):
        """One step of the optimizer; returns the minibatch's approx_kl."""
        weights = row["gae"]
        if args.norm_adv:
            centred = weights - weights.mean()
            std = (centred.square().sum() / (len(centred) - 1)).sqrt()
            weights = centred / (std + 1e-8)
        self.optimizer.zero_grad(set_to_none=True)
        logits, new_values = networks.actor_critic_forward(self.actor, self.critic, row["obs"])
        new_logprobs = -F.cross_entropy(logits, row["actions"].long(), reduction="none")
        pl = losses.policy_loss(new_logprobs, row["logprobs"], weights, args.clip_coef)
        vl = losses.value_loss(new_values, row["returns"])
        h = losses.entropy_bonus(logits)
        (pl + args.vf_coef * vl - args.ent_coef * h).backward()
        norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
        self.optimizer.step()
        kl = losses.approx_kl(new_logprobs.detach(), row["logprobs"])
        share = losses.clipfrac(new_logprobs.detach(), row["logprobs"], args.clip_coef)
        self.log.add_figures(
            policy_loss=pl.detach(), value_loss=vl.detach(), entropy=h.detach(), approx_kl=kl, clipfrac=share,
            grad_norm=norm,
        )
        return kl

    for _ in range(args.update_epochs):
        kls = []
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            where = torch.as_tensor(indices, device=self.device)
            kls.append(update({name: column.index_select(0, where) for name, column in columns.items()}))
        if args.target_kl is None:
            continue
        if kls[-1].item() > args.target_kl:
            break

    values = rearrange(played.values, "t n -> (t n)")
    self.log.add_figures(explained_variance=losses.explained_variance(values, columns["returns"]))
    self.scheduler.step()
''',
    },
    "evaluate": {
        "generators and plain lists": '''
from itertools import count, islice


def _play_round(actor, envs, greedy, max_steps, seed):
    """The scores of one game in each environment, as a list of floats."""
    obs = envs.reset(seed=seed)[0]
    latest = [0.0] * envs.num_envs
    unfinished = set(range(envs.num_envs))
    steps = 0
    while unfinished and steps < max_steps:
        obs, *_, infos = envs.step(choose_actions(actor, obs, greedy))
        steps += 1
        for n in sorted(unfinished):
            latest[n] = float(infos["episodic_return"][n])
            if infos["game_over"][n]:
                unfinished.remove(n)
    return latest


def _games(actor, envs, greedy, max_steps, seed):
    for num_round in count():
        yield from _play_round(
            actor, envs, greedy, max_steps, seed if seed is None else seed + num_round * envs.num_envs
        )


def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    endless = _games(actor, envs, greedy, max_steps, seed)
    return np.fromiter(islice(endless, num_episodes), dtype=np.float64)
''',
    },
    "check_transition": {
        "row by row": '''
def _whole_array_fault(values, rule):
    """What is wrong with the array as a whole, or None."""
    if not isinstance(values, np.ndarray):
        return f"a {type(values).__name__}"
    if (np.dtype(rule.dtype), tuple(rule.shape)) != (values.dtype, values.shape):
        return f"{values.dtype} of shape {values.shape}"
    return None


def _first_bad_entry(values, rule, rows):
    """(environment, entry) of the first entry out of bounds in some rows, or None."""
    for n in rows:
        row = values[n]
        fine = np.logical_and(np.greater_equal(row, rule.low), np.less_equal(row, rule.high))
        for entry, good in zip(np.ravel(row), np.ravel(fine), strict=True):
            if not good:
                return n, entry
    return None


def check_transition(contract: Contract, transition: Transition) -> Transition:
    for field in contract.rules:
        rule, values = contract.rules[field], getattr(transition, field)
        fault = _whole_array_fault(values, rule)
        if fault is not None:
            raise ContractError(transition.step, None, field, fault, rule)
        if rule.low is None:
            continue
        rows = range(len(values))
        if field == "final_obs":
            rows = [n for n in rows if transition.truncations[n]]
        found = _first_bad_entry(values, rule, rows)
        if found is not None:
            raise ContractError(transition.step, found[0], field, found[1], rule)
    if contract.one_end:
        for n, ends in enumerate(zip(transition.terminations, transition.truncations, strict=True)):
            if all(ends):
                raise ContractError(transition.step, n, "truncations", "both ends", "at most one")
    return transition
''',
    },
    "scale_bytes": {
        "lookup table": """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    table = torch.arange(256, dtype=torch.float32, device=obs.device) / 255
    return table[obs.long()]
""",
    },
    "ram_features": {
        "einsum": """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    recipe = obs.new_tensor([[-1, 0, 1], [0, -32, 32]])  # (since the start, last step) x (first, before, newest)
    changes = torch.einsum("ks,bsn->bkn", recipe, obs)
    bound = obs.new_tensor([float("inf"), 1.0])[None, :, None]
    return torch.minimum(torch.maximum(changes, -bound), bound).flatten(1)
""",
    },
    "get_actor_and_critic_ram": {
        "pairwise sizes in an OrderedDict": """
from collections import OrderedDict
from itertools import pairwise


def _mlp(features, sizes, last_std):
    net = OrderedDict(features=features)
    pairs = list(pairwise(sizes))
    for depth, (inputs, outputs) in enumerate(pairs, start=1):
        linear = nn.Linear(inputs, outputs)
        net[f"linear{depth}"] = layer_init(linear, last_std) if depth == len(pairs) else layer_init(linear)
        if depth < len(pairs):
            net[f"relu{depth}"] = nn.ReLU()
    return nn.Sequential(net)


def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    shared = RamFeatures()
    hidden = [num_bytes + num_bytes, 256, 256]
    return _mlp(shared, hidden + [num_actions], 0.01), _mlp(shared, hidden + [1], 1.0)
""",
    },
    "FrameStack": {
        "ages": '''
class FrameStack:
    """Keeps the last frames as they came, and how many of them belong to the present game of each environment."""

    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None
        self.ages = [0] * num_envs  # frames that each present game has had

    def update(
        self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]
    ) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = []
        self.stack.insert(0, frames.clone())  # the newest first
        del self.stack[self.num_frames :]
        self.ages = [1 if mask == 0 else age + 1 for age, mask in zip(self.ages, masks.tolist(), strict=True)]

        shape = (self.num_envs, self.num_frames, *frames.shape[1:])
        shown = torch.zeros(shape, dtype=frames.dtype, device=frames.device)
        for n, age in enumerate(self.ages):
            for back, past in enumerate(self.stack[:age]):
                shown[n, self.num_frames - 1 - back] = past[n]
        return shown
''',
    },
    "get_actor_and_critic_atari": {
        "grown layer by layer": """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    channels, *sides = (int(number) for number in obs_shape)
    if len(set(sides)) != 1 or sides[0] not in range(36, sides[0] + 1, 8):
        raise ValueError(f"Frames must be L x L with L = 8m + 4 and m >= 4 (36, 44, ..., 84); you gave {obs_shape}.")

    def orthogonal(layer, std):
        nn.init.orthogonal_(layer.weight, gain=std)
        nn.init.zeros_(layer.bias)
        return layer

    trunk = nn.Sequential()
    for outputs, size, stride in ((32, 8, 4), (64, 4, 2), (64, 3, 1)):
        trunk.append(orthogonal(nn.Conv2d(channels, outputs, kernel_size=size, stride=stride), 2**0.5))
        trunk.append(nn.ReLU())
        channels = outputs
    trunk.append(nn.Flatten())
    with torch.no_grad():
        num_flat = trunk(torch.zeros(1, *obs_shape)).shape[-1]
    trunk.append(orthogonal(nn.Linear(num_flat, 512), 2**0.5)).append(nn.ReLU())

    heads = {"actor": (num_actions, 0.01), "critic": (1, 1.0)}
    actor, critic = (nn.Sequential(trunk, orthogonal(nn.Linear(512, n), std)) for n, std in heads.values())
    return actor, critic
""",
    },
}
