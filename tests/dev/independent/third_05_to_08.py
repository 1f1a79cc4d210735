"""Wrong and right answers to eight exercises of the course."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "learning_phase": {
        "shuffled once": (
            "You shuffle once before the epochs, so every epoch goes through the same minibatches.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    minibatches = rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)
    for _ in range(args.update_epochs):
        for indices in minibatches:
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "returns from normalised advantages": (
            "You make the critic's targets from the normalised advantages, so they are no longer in the "
            "true units of the rewards.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    values = batch.values.flatten(0, 1)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, mb_advantages + values[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "std divides by B": (
            "You normalise with the standard deviation that divides by B, and the chapter's divides by B - 1.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std(correction=0) + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "normalised advantages kept": (
            "You write the normalised advantages back into the column, so later epochs normalise numbers "
            "that were normalised already.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                all_advantages[mb] = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
                mb_advantages = all_advantages[mb]
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "no small number in the normalisation": (
            "You leave out the 1e-8, so a minibatch of equal advantages becomes 0 / 0, which is NaN.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / mb_advantages.std()
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "networks clipped apart": (
            "You clip the actor's gradient and the critic's each to max_grad_norm, not the norm of all parameters together.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            actor_norm = nn.utils.clip_grad_norm_(self.actor.parameters(), args.max_grad_norm)
            critic_norm = nn.utils.clip_grad_norm_(self.critic.parameters(), args.max_grad_norm)
            grad_norm = torch.hypot(actor_norm, critic_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "shared parameters clipped twice": (
            "You list the parameters of both networks one after the other, so those that they share count "
            "twice in the norm and are shortened twice.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [*self.actor.parameters(), *self.critic.parameters()]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "return instead of break": (
            "You return when target_kl is exceeded, so the explained variance is not logged and the "
            "scheduler does not step in that iteration.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            return

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "mean KL of the epoch": (
            "You compare target_kl with the mean approx_kl of the epoch's minibatches, and not with that of its last one.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        epoch_kls = []
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            epoch_kls.append(approx_kl)
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and torch.stack(epoch_kls).mean() > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "scheduler first": (
            "You step the scheduler before the updates, so already the first learning phase runs at a "
            "lowered rate and the last one at a rate of 0.",
            """
def learning_phase(self) -> None:
    args, batch = self.args, self.agent.rollout
    self.scheduler.step()
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
""",
        ),
        "explained variance of the trained critic": (
            "You log the explained variance of the values after the learning phase, and not of the rollout's values.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    with torch.no_grad():
        _, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    self.log.add_figures(explained_variance=losses.explained_variance(values, returns))
    self.scheduler.step()
""",
        ),
        "zero_grad once an epoch": (
            "You set the gradients to zero only at the start of an epoch, so each minibatch adds its "
            "gradient to those before it.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        self.optimizer.zero_grad()
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "observations made flat": (
            "You flatten each observation to one row of numbers, so memory snapshots and frames reach their "
            "networks in the wrong shape.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    obs = batch.obs.reshape(args.batch_size, -1)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "gradient norm after the clip": (
            "You log the norm that the gradient has after it was clipped, and not the one before.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            grad_norm = torch.stack([p.grad.norm() for p in parameters if p.grad is not None]).norm()
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "rollout cleared": (
            "You clear the rollout at the end, although the learning phase has to leave it as it is.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
    self.agent.rollout.clear()
""",
        ),
        "KL with its arguments exchanged": (
            "You give approx_kl the old log-probabilities as the new ones and the new ones as the old, so "
            "it estimates from the inverse ratio.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(logprobs[mb], new_logprobs)
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "log-probabilities refreshed": (
            "You compute the old log-probabilities anew in each epoch, so from the second on the ratio no "
            "longer compares with the policy that played.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        with torch.no_grad():
            logits, _ = networks.actor_critic_forward(self.actor, self.critic, obs)
            logprobs = logits.log_softmax(dim=-1).gather(1, actions.unsqueeze(1)).squeeze(1)
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "entropy without a graph": (
            "You compute the entropy from detached logits, so the bonus has no gradient and does nothing.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits.detach())
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "a generator of its own": (
            "You shuffle with a generator made anew from the seed instead of self.rng, so every learning "
            "phase has the same order of minibatches.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    rng = np.random.default_rng(args.seed)
    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "figures once an epoch": (
            "You add the figures of an epoch's last minibatch only, and they have to go to the log after every update.",
            """
def learning_phase(self) -> None:
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
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    obs, actions, logprobs, all_advantages, returns = (column.flatten(0, 1) for column in columns)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[mb].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
        self.log.add_figures(
            policy_loss=policy_loss,
            value_loss=value_loss,
            entropy=entropy,
            approx_kl=approx_kl,
            clipfrac=clipfrac,
            grad_norm=grad_norm,
        )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
    },
    "evaluate": {
        "seed 0 taken for no seed": (
            "You treat the seed 0 as if there were no seed, so the games of seed=0 differ from call to call.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=seed + round_start if seed else None)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "seed plus number of rounds": (
            "You add the number of rounds to the seed and not the number of games, so neighbouring "
            "environments play the same games again in the next round.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_number, _ in enumerate(range(0, num_episodes, envs.num_envs)):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_number)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "rewards added up": (
            "You add up the rewards that the agent is paid, which may be clipped, and not the true score in episodic_return.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] += rewards[playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "whole numbers": (
            "You keep the scores in an array of integers, so a score that is not whole loses its fraction.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs, dtype=int)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "largest score so far": (
            "You keep the largest score of the game so far, starting from 0, so a negative score becomes 0 "
            "and a loss of points does not count.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = np.maximum(returns, infos["episodic_return"])[playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "last step not counted": (
            "You take the finished games off the list before you note the scores, so the points of a game's "
            "last step are missing.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            playing &= ~infos["game_over"]
            returns[playing] = infos["episodic_return"][playing]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "max_steps for all rounds together": (
            "You count max_steps over all rounds together, and it is the limit of each game.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds, num_steps = [], 0
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        while playing.any() and num_steps < max_steps:
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            num_steps += 1
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "environment by environment": (
            "You return the scores environment by environment, and they have to come round by round.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.stack(rounds, axis=1).flatten()[:num_episodes]
""",
        ),
        "one step too many": (
            "You let a game go on for max_steps + 1 steps before you cut it short.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        num_steps = 0
        while playing.any():
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            num_steps += 1
            if num_steps > max_steps:
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "overwritten by later games": (
            "You note a score wherever a game is over, so the second game of an environment in a round "
            "overwrites its first one.",
            """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    rounds = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, rewards, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            counts = playing | infos["game_over"]
            returns[counts] = infos["episodic_return"][counts]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
    },
    "check_transition": {
        "upper bound excluded": (
            "You exclude the upper bound, and an entry that equals it is allowed.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values < rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "terminated rows of final_obs": (
            "You also check the rows of final_obs where the step terminated, and only the truncated ones count.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~(transition.terminations | transition.truncations)] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "final_obs overwritten": (
            "You write into the transition's own final_obs to make the unread rows harmless, and it has to be left as it is.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        if field == "final_obs":
            values[~transition.truncations] = rule.low
        allowed = (values >= rule.low) & (values <= rule.high)
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "the row instead of the entry": (
            "You report the whole row of the environment as seen, and it has to be the one entry that is wrong.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index[0]], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "place in the flat array": (
            "You report the place of the wrong entry in the flattened array as the environment, which is "
            "right only where each row is one number.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            place = int(np.flatnonzero(~allowed)[0])
            raise ContractError(step, place, field, values.flat[place], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "lists become arrays": (
            "You turn each value into an array first, so a list or a tensor of the right numbers passes "
            "although it is not a NumPy array.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = np.asarray(getattr(transition, field))
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "both ends first": (
            "You look for both ends before the fields, so a transition that also breaks a rule gets its "
            "error for the wrong field.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    return transition
""",
        ),
        "only the shape of a row": (
            "You compare only the shape of a row, so an array with too many or too few environments passes.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape[1:] != rule.shape[1:]:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "one bound for all entries": (
            "You reduce bounds that are arrays to their smallest and largest number, so an entry outside "
            "its own bounds passes.",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= np.min(rule.low)) & (values <= np.max(rule.high))
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
        "low bound of 0 taken for none": (
            "You ask whether the low bound is truthy, so a rule with a low bound of 0 is never checked (and "
            "one with an array raises).",
            """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if not rule.low:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", "both ends at once", "one end")
    return transition
""",
        ),
    },
    "scale_bytes": {
        "divided by 256": (
            "You divide by 256, so 255 becomes 0.996 and not 1.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.float() / 256
""",
        ),
        "divided by the largest": (
            "You divide by the largest byte of the tensor, so the same byte means another number in another batch.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    obs = obs.float()
    return obs / obs.max().clamp(min=1)
""",
        ),
        "double": (
            "You return float64, and float32 is asked for.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.double() / 255
""",
        ),
        "divided in half precision": (
            "You divide in half precision, so the results are off by up to some ten-thousandths.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return (obs.half() / 255).float()
""",
        ),
        "scaled only if needed": (
            "You scale only if there is a byte above 1, so a tensor of zeros and ones is returned unscaled.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    obs = obs.float()
    if obs.max() > 1:
        obs = obs / 255
    return obs
""",
        ),
        "signed bytes": (
            "You read the bytes as signed ones, so those above 127 become negative.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.view(torch.int8).float() / 255
""",
        ),
        "stacked row by row": (
            "You scale row by row and stack the rows, which raises for a tensor without dimensions or without rows.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return torch.stack([row.float() / 255 for row in obs])
""",
        ),
        "rounded factor": (
            "You multiply by 0.0039 instead of dividing by 255, so 255 becomes 0.9945 and not 1.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.float() * 0.0039
""",
        ),
        "from -1 to 1": (
            "You scale to the range from -1 to 1, and 0 has to become 0.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.float() / 127.5 - 1
""",
        ),
        "rows made flat": (
            "You flatten everything behind the first dimension, and the result has to have the shape of the input.",
            """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    return obs.flatten(start_dim=1).float() / 255 if obs.ndim > 1 else obs.float() / 255
""",
        ),
    },
    "ram_features": {
        "cut off before multiplying": (
            "You cut off before you multiply by 32, so the result is not kept within -1 and 1.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = 32 * (newest - before).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
        "byte by byte": (
            "You put both changes of a byte next to each other, and all changes since the start have to "
            "come before those of the last step.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = (32 * (newest - before)).clamp(-1, 1)
    return torch.stack([since_start, last_step], dim=-1).flatten(1)
""",
        ),
        "last step first": (
            "You put the changes of the last step first, and those since the start have to come first.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = (32 * (newest - before)).clamp(-1, 1)
    return torch.cat([last_step, since_start], dim=-1)
""",
        ),
        "start with the wrong sign": (
            "You subtract the newest snapshot from the first, so the change since the start has the wrong sign.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = first - newest
    last_step = (32 * (newest - before)).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
        "the step before the last": (
            "You take the change from the first snapshot to the one before, and not that from the one "
            "before to the newest, as the last step.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = (32 * (before - first)).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
        "always 128 bytes": (
            "You write into a tensor for 128 bytes, so any other size of the memory raises.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = (32 * (newest - before)).clamp(-1, 1)
    features = obs.new_zeros(len(obs), 256)
    features[:, :128] = since_start
    features[:, 128:] = last_step
    return features
""",
        ),
        "newest snapshot overwritten": (
            "You subtract the first snapshot in place, which changes the observations of the caller.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    last_step = (32 * (newest - before)).clamp(-1, 1)
    newest -= first
    return torch.cat([newest, last_step], dim=-1)
""",
        ),
        "wrap undone": (
            "You undo the wrap of a byte from 255 to 0, and the chapter's example keeps the jump and cuts it off at -1.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    change = (newest - before + 0.5) % 1.0 - 0.5
    last_step = (32 * change).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
        "batch of one squeezed": (
            "You squeeze the result, so a batch of one observation loses its first dimension.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = (32 * (newest - before)).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1).squeeze()
""",
        ),
        "8 pixels are 1": (
            "You multiply by 255 / 8 = 31.875 so that a move by 8 is exactly 1, and the factor is 32.",
            """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = (255 / 8 * (newest - before)).clamp(-1, 1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
    },
    "get_actor_and_critic_ram": {
        "hidden layers shared": (
            "You give both networks the same hidden layers, and they have to be two separate ones.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    hidden = [
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
    ]
    actor = nn.Sequential(*hidden, layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(*hidden, layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
        ),
        "tanh": (
            "You use tanh as in the classic networks, and here it is a ReLU after each hidden layer.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.Tanh(),
        layer_init(nn.Linear(256, 256)),
        nn.Tanh(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.Tanh(),
        layer_init(nn.Linear(256, 256)),
        nn.Tanh(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "always 256 inputs": (
            "You give the first linear layer 256 inputs, which is right only for a memory of 128 bytes.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "critic's last layer with the default": (
            "You leave the critic's last layer at layer_init's default, and its std has to be 1.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1)),
    )
    return actor, critic
""",
        ),
        "second hidden layers not initialised": (
            "You leave the second hidden layers as PyTorch makes them, and each linear layer has to go through layer_init.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "values cannot be negative": (
            "You put a ReLU after the critic's last layer, so it can never say a negative value.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
        nn.ReLU(),
    )
    return actor, critic
""",
        ),
        "probabilities instead of logits": (
            "You end the actor with a softmax, so it returns probabilities and not logits.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
        nn.Softmax(dim=-1),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "values without their last dimension": (
            "You flatten the critic's output to (B,), and its shape has to be (B, 1).",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
        nn.Flatten(0),
    )
    return actor, critic
""",
        ),
        "a ReLU missing in the critic": (
            "You leave out the ReLU after the critic's second hidden layer, so its last two linear layers are one.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "critic on raw snapshots": (
            "You let the critic start from the flat snapshots, and both networks have to begin with RamFeatures.",
            """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        nn.Flatten(),
        layer_init(nn.Linear(3 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
    },
    "FrameStack": {
        "the history itself returned": (
            "You return your own history and not a copy, so whoever writes into it changes the next stacks.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack
""",
        ),
        "the caller's frames kept": (
            "You keep the caller's frames without a copy, so your history changes when somebody writes into them later.",
            """
from collections import deque


class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.history = deque(maxlen=num_frames)

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if not self.history:
            self.history.extend(torch.zeros_like(frames) for _ in range(self.num_frames))
        goes_on = (masks != 0)[:, None, None]
        self.history = deque((frame * goes_on for frame in self.history), maxlen=self.num_frames)
        self.history.append(frames)
        return torch.stack(list(self.history), dim=1)
""",
        ),
        "masks turned over with ~": (
            "You turn the masks over with ~, which is right for bools only: of whole numbers it makes "
            "indices, and for floats it raises.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[~masks, :-1] = 0
        return self.stack.clone()
""",
        ),
        "floats": (
            "You begin with zeros of PyTorch's default type, so the stacks are floats and not bytes.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = torch.zeros(self.num_envs, self.num_frames, *frames.shape[1:], device=frames.device)
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack.clone()
""",
        ),
        "cleared before the shift": (
            "You clear all but the last place before the stack moves up, so the last frame of the old game "
            "stays as the second newest.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack[masks == 0, :-1] = 0
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        return self.stack.clone()
""",
        ),
        "a stack of one frame grows": (
            "You keep the last num_frames - 1 frames by a negative index, which keeps all of them if "
            "num_frames is 1, so the stack grows.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, -(self.num_frames - 1) :], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack.clone()
""",
        ),
        "everybody's history cleared": (
            "You clear the histories of all environments as soon as one of them begins a new game.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        if (masks == 0).any():
            self.stack[:, :-1] = 0
        return self.stack.clone()
""",
        ),
        "first frame repeated": (
            "You fill the history of the first update with its frame, so it is not black where the mask is 1.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames[:, None].repeat(1, self.num_frames, 1, 1)
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack.clone()
""",
        ),
        "square frames only": (
            "You take the height for the width as well, so frames that are not square raise.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, frames.shape[1], frames.shape[1])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack.clone()
""",
        ),
        "one frame too few cleared": (
            "You leave the last two places when you clear, so the last frame of the old game stays in the new one's stack.",
            """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-2] = 0
        return self.stack.clone()
""",
        ),
    },
    "get_actor_and_critic_atari": {
        "a copy of the trunk": (
            "You give the critic a copy of the trunk, which only looks like the actor's: they have to be one object.",
            """
import copy


def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(copy.deepcopy(trunk), layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "trunk unpacked": (
            "You unpack the trunk's layers into both networks, so their first child is the first "
            "convolution and not the trunk, and the rest runs twice.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
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
        "28 accepted": (
            "You do not ask for m of at least 4, so frames of side 12, 20 or 28 give networks that cannot "
            "work instead of a ValueError.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
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
        "36 refused": (
            "You refuse frames of side 36, which is 8m + 4 with m = 4 and has to work.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height <= 36:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
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
        "frames that are not square": (
            "You accept frames that are not square, and they have to raise a ValueError.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if any(length % 8 != 4 or length < 36 for length in (height, width)):
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    rows, columns = height, width
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        rows, columns = 1 + (rows - size) // stride, 1 + (columns - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * rows * columns, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "linear layer of the trunk not initialised": (
            "You leave the trunk's linear layer as PyTorch makes it, and each layer with weights has to go through layer_init.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * side * side, 512),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "last ReLU of the trunk missing": (
            "You leave out the ReLU after the trunk's linear layer, so each head only adds a linear layer to a linear layer.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "error that does not help": (
            "You raise a ValueError that does not say what would be right.",
            """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError("bad observation shape")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
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
        "trunk detached from the critic": (
            "You detach the features before the value head, so the value loss never reaches the trunk.",
            """
class Detach(nn.Module):
    def forward(self, features):
        return features.detach()


def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, Detach(), layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "frames scaled again": (
            "You divide the frames by 255 in the trunk, although they arrive in [0, 1].",
            """
class Scale(nn.Module):
    def forward(self, frames):
        return frames / 255


def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square, of side 8m + 4 with m at least 4, as 84; got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        Scale(),
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
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
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "learning_phase": {
        "indexes the grid, cross entropy": """
import torch.nn.functional as F


def learning_phase(self) -> None:
    a, b = self.args, self.agent.rollout
    gae = advantages.compute_advantages(
        rewards=b.rewards,
        values=b.values,
        next_values=b.next_values,
        terminations=b.terminations,
        truncations=b.truncations,
        gamma=a.gamma,
        gae_lambda=a.gae_lambda,
    )
    targets = b.values + gae
    num_columns = b.rewards.shape[1]
    weights = [p for group in self.optimizer.param_groups for p in group["params"]]
    for _ in range(a.update_epochs):
        for numbers in rollout.get_minibatch_indices(self.rng, a.batch_size, a.minibatch_size):
            t, n = (torch.as_tensor(part, device=self.device) for part in np.divmod(numbers, num_columns))
            weight = gae[t, n]
            if a.norm_adv:
                weight = weight.sub(weight.mean()).div(weight.std().add(1e-8))
            logits, v = networks.actor_critic_forward(self.actor, self.critic, b.obs[t, n])
            now = -F.cross_entropy(logits, b.actions[t, n], reduction="none")
            figures = {
                "policy_loss": losses.policy_loss(now, b.logprobs[t, n], weight, a.clip_coef),
                "value_loss": losses.value_loss(v, targets[t, n]),
                "entropy": losses.entropy_bonus(logits),
            }
            signs = {"policy_loss": 1.0, "value_loss": a.vf_coef, "entropy": -a.ent_coef}
            self.optimizer.zero_grad()
            sum(signs[name] * figure for name, figure in figures.items()).backward()
            figures["grad_norm"] = nn.utils.clip_grad_norm_(weights, a.max_grad_norm)
            self.optimizer.step()
            figures["approx_kl"] = losses.approx_kl(now, b.logprobs[t, n])
            figures["clipfrac"] = losses.clipfrac(now, b.logprobs[t, n], a.clip_coef)
            self.log.add_figures(**figures)
        if a.target_kl is None:
            continue
        if figures["approx_kl"] > a.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(b.values.reshape(-1), targets.reshape(-1)))
    self.scheduler.step()
""",
        "einops and Categorical, helpers": '''
from einops import rearrange
from torch.distributions import Categorical


def normalised(x):
    variance, mean = torch.var_mean(x)
    return (x - mean) / (variance.sqrt() + 1e-8)


def flat(column):
    return rearrange(column, "t n ... -> (t n) ...")


def learning_phase(self) -> None:
    args = self.args
    batch = self.agent.rollout
    names = ["rewards", "values", "next_values", "terminations", "truncations"]
    gae = advantages.compute_advantages(*(getattr(batch, name) for name in names), args.gamma, args.gae_lambda)
    data = {name: flat(getattr(batch, name)) for name in ["obs", "actions", "logprobs", "values"]}
    data["gae"] = flat(gae)
    data["returns"] = flat(gae + batch.values)
    parameters = list(dict.fromkeys([*self.actor.parameters(), *self.critic.parameters()]))

    def update(mb):
        """One step of the optimizer; returns approx_kl."""
        part = {name: column.index_select(0, mb) for name, column in data.items()}
        logits, values = networks.actor_critic_forward(self.actor, self.critic, part["obs"])
        logprobs = Categorical(logits=logits, validate_args=False).log_prob(part["actions"])
        scaled = normalised(part["gae"]) if args.norm_adv else part["gae"]
        policy = losses.policy_loss(logprobs, part["logprobs"], scaled, args.clip_coef)
        value = losses.value_loss(values, part["returns"])
        entropy = losses.entropy_bonus(logits)
        self.optimizer.zero_grad(set_to_none=True)
        (policy + args.vf_coef * value - args.ent_coef * entropy).backward()
        norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
        self.optimizer.step()
        kl = losses.approx_kl(logprobs, part["logprobs"])
        share = losses.clipfrac(logprobs, part["logprobs"], args.clip_coef)
        self.log.add_figures(
            policy_loss=policy, value_loss=value, entropy=entropy, approx_kl=kl, clipfrac=share, grad_norm=norm
        )
        return kl

    limit = float("inf") if args.target_kl is None else args.target_kl
    for _ in range(args.update_epochs):
        minibatches = rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)
        kls = [update(torch.as_tensor(indices, device=self.device)) for indices in minibatches]
        if kls[-1] > limit:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(data["values"], data["returns"]))
    self.scheduler.step()
''',
        "autograd.grad into the parameters": """
def learning_phase(self) -> None:
    args, seen = self.args, self.agent.rollout
    with torch.no_grad():
        gains = advantages.compute_advantages(
            seen.rewards,
            seen.values,
            seen.next_values,
            seen.terminations,
            seen.truncations,
            args.gamma,
            args.gae_lambda,
        )
        goals = torch.add(gains, seen.values)
    size = gains.numel()
    obs = seen.obs.reshape(size, *seen.obs.shape[2:])
    actions, logprobs, gains, goals, values = (
        x.reshape(size) for x in (seen.actions, seen.logprobs, gains, goals, seen.values)
    )
    learned = [p for group in self.optimizer.param_groups for p in group["params"]]
    epoch, moved_too_far = 0, False
    while epoch < args.update_epochs and not moved_too_far:
        for mb in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.from_numpy(mb).to(self.device)
            a = gains[mb]
            if args.norm_adv:
                a = a - a.mean()
                a = a / ((a.square().sum() / (len(a) - 1)).sqrt() + 1e-8)
            logits, predicted = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            table = logits - logits.logsumexp(dim=-1, keepdim=True)
            logprobs_now = table[torch.arange(len(mb), device=self.device), actions[mb]]
            p_loss = losses.policy_loss(logprobs_now, logprobs[mb], a, args.clip_coef)
            v_loss = losses.value_loss(predicted, goals[mb])
            h = losses.entropy_bonus(logits)
            loss = p_loss + args.vf_coef * v_loss - args.ent_coef * h
            for p, gradient in zip(learned, torch.autograd.grad(loss, learned, allow_unused=True)):
                p.grad = gradient
            length = nn.utils.clip_grad_norm_(learned, args.max_grad_norm)
            self.optimizer.step()
            kl = losses.approx_kl(logprobs_now, logprobs[mb])
            self.log.add_figures(policy_loss=p_loss.detach(), value_loss=v_loss.detach(), entropy=h.detach())
            self.log.add_figures(
                approx_kl=kl, clipfrac=losses.clipfrac(logprobs_now, logprobs[mb], args.clip_coef), grad_norm=length
            )
        epoch += 1
        moved_too_far = args.target_kl is not None and bool(kl > args.target_kl)
    self.log.add_figures(explained_variance=losses.explained_variance(values, goals))
    self.scheduler.step()
""",
        "one-hot einsum, everything shuffled up front": """
def learning_phase(self) -> None:
    from torch.nn.functional import one_hot

    args, r = self.args, self.agent.rollout
    gae = advantages.compute_advantages(
        r.rewards, r.values, r.next_values, r.terminations, r.truncations, args.gamma, args.gae_lambda
    )
    steps = list(zip(*(x.flatten(0, 1) for x in (r.obs, r.actions, r.logprobs, gae, gae + r.values))))
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            obs, actions, logprobs, mb_gae, returns = map(torch.stack, zip(*(steps[i] for i in indices.tolist())))
            if args.norm_adv:
                mb_gae = (mb_gae - mb_gae.mean()) / (mb_gae.std() + 1e-8)
            logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
            chosen = one_hot(actions, logits.shape[-1]).to(logits.dtype)
            new_logprobs = torch.einsum("ba,ba->b", torch.log_softmax(logits, dim=-1), chosen)
            terms = torch.stack(
                [
                    losses.policy_loss(new_logprobs, logprobs, mb_gae, args.clip_coef),
                    losses.value_loss(values, returns),
                    losses.entropy_bonus(logits),
                ]
            )
            weights = torch.tensor([1.0, args.vf_coef, -args.ent_coef], device=terms.device, dtype=terms.dtype)
            self.optimizer.zero_grad()
            (weights @ terms).backward()
            norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()
            kl = losses.approx_kl(new_logprobs.detach(), logprobs)
            policy_loss, value_loss, entropy = terms.detach()
            self.log.add_figures(
                policy_loss=policy_loss,
                value_loss=value_loss,
                entropy=entropy,
                approx_kl=kl,
                clipfrac=losses.clipfrac(new_logprobs.detach(), logprobs, args.clip_coef),
                grad_norm=norm,
            )
        if args.target_kl is not None:
            if kl.item() > args.target_kl:
                break
    self.log.add_figures(
        explained_variance=losses.explained_variance(r.values.flatten(), torch.stack([step[4] for step in steps]))
    )
    self.scheduler.step()
""",
    },
    "evaluate": {
        "whole history, first end looked up": """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    all_scores = np.empty(0)
    while len(all_scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(all_scores))
        scores, ends = [np.zeros(envs.num_envs)], [np.zeros(envs.num_envs, dtype=bool)]
        ended = np.zeros(envs.num_envs, dtype=bool)
        while len(scores) <= max_steps and not ended.all():
            obs, *_, infos = envs.step(choose_actions(actor, obs, greedy))
            scores.append(np.array(infos["episodic_return"], dtype=np.float64))
            ends.append(np.array(infos["game_over"], dtype=bool))
            ended = ended | ends[-1]
        ends[-1][:] = True  # whatever still goes on is cut here
        first_end = np.argmax(np.stack(ends), axis=0)
        all_scores = np.append(all_scores, np.stack(scores)[first_end, np.arange(envs.num_envs)])
    return all_scores[:num_episodes]
""",
        "plain Python, a set of those that play": """
def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    scores: list[float] = []
    while len(scores) < num_episodes:
        if seed is None:
            obs, _ = envs.reset(seed=None)
        else:
            obs, _ = envs.reset(seed=seed + len(scores))
        score_of = [0.0] * envs.num_envs
        playing = set(range(envs.num_envs))
        steps_left = max_steps
        while playing and steps_left:
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy=greedy))
            steps_left -= 1
            for i in sorted(playing):
                score_of[i] = float(infos["episodic_return"][i])
                if infos["game_over"][i]:
                    playing.discard(i)
        scores.extend(score_of)
    del scores[num_episodes:]
    return np.array(scores)
""",
        "generator of scores": '''
from itertools import count, islice


def play_rounds(actor, envs, greedy, max_steps, seed):
    """Yield scores for ever, round by round."""
    for num_played in count(0, envs.num_envs):
        obs, _ = envs.reset(seed=seed if seed is None else seed + num_played)
        scores = torch.zeros(envs.num_envs, dtype=torch.float64)
        over = torch.zeros(envs.num_envs, dtype=torch.bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            now = torch.tensor(np.asarray(infos["episodic_return"]), dtype=torch.float64)
            scores = torch.where(over, scores, now)
            over = over | torch.tensor(np.asarray(infos["game_over"]), dtype=torch.bool)
            if over.all():
                break
        yield from scores.tolist()


def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    scores = islice(play_rounds(actor, envs, greedy, max_steps, seed), num_episodes)
    return np.fromiter(scores, dtype=np.float64, count=num_episodes)
''',
    },
    "check_transition": {
        "row by row": """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    def complain(environment, field, seen, allowed):
        raise ContractError(transition.step, environment, field, seen, allowed)

    for field in contract.rules:
        rule, array = contract.rules[field], getattr(transition, field)
        if not isinstance(array, np.ndarray):
            complain(None, field, type(array).__name__, rule)
        if not (array.dtype == rule.dtype and array.shape == tuple(rule.shape)):
            complain(None, field, f"an array of {array.dtype} with shape {array.shape}", rule)
        if rule.low is None:
            continue
        for environment, row in enumerate(array):
            if field == "final_obs" and not transition.truncations[environment]:
                continue
            inside = np.ravel((rule.low <= row) & (row <= rule.high))
            for entry, is_inside in zip(np.ravel(row), inside):
                if not is_inside:
                    complain(environment, field, entry, rule)
    if contract.one_end:
        for environment, ends in enumerate(zip(transition.terminations, transition.truncations)):
            if all(ends):
                complain(environment, "truncations", "terminated and truncated", "at most one end")
    return transition
""",
        "only the rows that are read": """
def check_transition(contract: Contract, transition: Transition) -> Transition:
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if (values.dtype, values.shape) != (np.dtype(rule.dtype), tuple(rule.shape)):
            raise ContractError(transition.step, None, field, f"{values.dtype}, {values.shape}", rule)
        if rule.low is None:
            continue
        read = np.flatnonzero(transition.truncations) if field == "final_obs" else np.arange(len(values))
        rows = values[read]
        wrong = np.less_equal(rule.low, rows) * np.less_equal(rows, rule.high) == 0
        if np.any(wrong):
            where = np.unravel_index(np.argmax(wrong), wrong.shape)
            raise ContractError(transition.step, int(read[where[0]]), field, rows[where], rule)
    both_ends = np.flatnonzero(transition.terminations & transition.truncations) if contract.one_end else []
    if len(both_ends):
        raise ContractError(transition.step, int(both_ends[0]), "truncations", True, "not both ends in one step")
    return transition
""",
        "generator of errors": '''
def errors(contract, transition):
    """Yield every error, in the order of the contract."""
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            yield None, field, type(values).__name__, rule
        elif np.dtype(rule.dtype) != values.dtype or tuple(rule.shape) != values.shape:
            yield None, field, f"{values.dtype} {values.shape}", rule
        elif rule.low is not None:
            inside = np.logical_and(np.greater_equal(values, rule.low), np.less_equal(values, rule.high))
            if field == "final_obs":
                unread = np.logical_not(transition.truncations)
                inside = inside | unread.reshape(-1, *[1] * (values.ndim - 1))
            for index in zip(*np.nonzero(np.invert(inside))):
                yield int(index[0]), field, values[index].item(), rule
    if contract.one_end:
        for environment in np.nonzero(np.logical_and(transition.terminations, transition.truncations))[0]:
            yield int(environment), "truncations", "True, as is terminations", "no step ends twice"


def check_transition(contract: Contract, transition: Transition) -> Transition:
    first = next(errors(contract, transition), None)
    if first is not None:
        environment, field, seen, allowed = first
        raise ContractError(transition.step, environment, field, seen, allowed)
    return transition
''',
    },
    "scale_bytes": {
        "lookup table": """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    table = torch.arange(256, dtype=torch.float32, device=obs.device).div(255)
    return table[obs.long()]
""",
        "NumPy and back": """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    exact = np.true_divide(obs.detach().cpu().numpy(), 255, dtype=np.float64)
    return torch.as_tensor(np.asarray(exact, dtype=np.float32)).to(obs.device).reshape(obs.shape)
""",
        "filled in place": """
def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    result = torch.empty(obs.shape, dtype=torch.float32, device=obs.device)
    result.copy_(obs)
    result.div_(255.0)
    return result
""",
    },
    "ram_features": {
        "einsum with a matrix": """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    weights = torch.tensor([[-1.0, 0.0, 1.0], [0.0, -32.0, 32.0]], dtype=obs.dtype, device=obs.device)
    limits = torch.tensor([[float("inf")], [1.0]], dtype=obs.dtype, device=obs.device)
    changes = torch.einsum("ks,bsn->bkn", weights, obs)
    return torch.minimum(torch.maximum(changes, -limits), limits).flatten(start_dim=1)
""",
        "a loop over the bytes": """
def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    num_bytes = obs.shape[-1]
    features = torch.empty(obs.shape[0], 2 * num_bytes, dtype=obs.dtype, device=obs.device)
    for k in range(num_bytes):
        features[:, k] = obs[:, 2, k] - obs[:, 0, k]
        jump = (obs[:, 2, k] - obs[:, 1, k]) * 32
        jump = torch.where(jump > 1, torch.ones_like(jump), jump)
        features[:, num_bytes + k] = torch.where(jump < -1, -torch.ones_like(jump), jump)
    return features
""",
        "hardtanh and einops": """
import torch.nn.functional as F
from einops import rearrange


def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    newest = obs[:, 2:]
    changes = newest - obs[:, :2]  # since the start, in the last step
    changes = torch.stack([changes[:, 0], F.hardtanh(changes[:, 1].mul(32.0))])
    return rearrange(changes, "kind b n -> b (kind n)")
""",
    },
    "get_actor_and_critic_ram": {
        "a loop over widths": """
from itertools import pairwise


def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    networks_made = []
    for num_outputs, last_std in ((num_actions, 0.01), (1, 1.0)):
        net = nn.Sequential(RamFeatures())
        for num_in, num_out in pairwise([2 * num_bytes, 256, 256]):
            net.append(layer_init(nn.Linear(num_in, num_out)))
            net.append(nn.ReLU(inplace=True))
        net.append(layer_init(nn.Linear(256, num_outputs), std=last_std))
        networks_made.append(net)
    return tuple(networks_made)
""",
        "named layers, initialised afterwards": """
from collections import OrderedDict
from math import sqrt


def make_network(features, num_inputs, num_outputs, stds):
    layers = OrderedDict(
        features=features,
        hidden1=nn.Linear(num_inputs, 256),
        relu1=nn.ReLU(),
        hidden2=nn.Linear(256, 256),
        relu2=nn.ReLU(),
        out=nn.Linear(256, num_outputs),
    )
    linear = [layer for layer in layers.values() if isinstance(layer, nn.Linear)]
    for layer, std in zip(linear, stds, strict=True):
        layer_init(layer, std)
    return nn.Sequential(layers)


def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    shared = RamFeatures()
    actor = make_network(shared, num_bytes * 2, num_actions, [sqrt(2), sqrt(2), 0.01])
    critic = make_network(shared, num_bytes * 2, 1, [sqrt(2), sqrt(2), 1.0])
    return actor, critic
""",
        "nested, size from a dummy": """
def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    with torch.no_grad():
        num_features = RamFeatures()(torch.zeros(1, 3, num_bytes)).shape[-1]

    def hidden():
        return nn.Sequential(
            layer_init(nn.Linear(num_features, 256)), nn.ReLU(), layer_init(nn.Linear(256, 256)), nn.ReLU()
        )

    actor = nn.Sequential(RamFeatures(), hidden(), layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(RamFeatures(), hidden(), layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
    },
    "FrameStack": {
        "ring buffer": """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.ring = None
        self.newest = -1  # the place of the newest frame in the ring

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        if self.ring is None:
            height, width = frames.shape[-2:]
            size = (self.num_envs, self.num_frames, height, width)
            self.ring = torch.zeros(size, dtype=frames.dtype, device=frames.device)
        for n in range(self.num_envs):
            if masks[n].item() == 0:
                self.ring[n].zero_()
        self.newest = (self.newest + 1) % self.num_frames
        self.ring[:, self.newest].copy_(frames)
        order = [(self.newest + 1 + k) % self.num_frames for k in range(self.num_frames)]
        return self.ring[:, order]  # a list as an index makes a copy
""",
        "ages and where": """
from collections import deque


class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs, self.num_frames = num_envs, num_frames
        self.past = deque(maxlen=num_frames)
        self.age = None  # how many frames of its present game each environment has shown

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        goes_on = masks.to(frames.device).ne(0)
        if self.age is None:
            self.age = torch.zeros(self.num_envs, dtype=torch.long, device=frames.device)
        self.age = torch.where(goes_on, self.age, torch.zeros_like(self.age)) + 1
        self.past.append(frames.clone())
        missing = self.num_frames - len(self.past)
        lined_up = torch.stack([torch.zeros_like(frames)] * missing + list(self.past), dim=1)
        steps_ago = torch.arange(self.num_frames - 1, -1, -1, device=frames.device)
        is_of_this_game = steps_ago[None, :] < self.age[:, None]
        return torch.where(is_of_this_game[:, :, None, None], lined_up, torch.zeros_like(lined_up))
""",
        "NumPy, one list for each game": """
class FrameStack:
    def __init__(self, num_envs: int, num_frames: int):
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.games = [[] for _ in range(num_envs)]

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        new = np.array(frames.cpu().numpy(), copy=True)
        stacks = np.zeros((self.num_envs, self.num_frames, *new.shape[1:]), dtype=new.dtype)
        for n, mask in enumerate(masks.tolist()):
            if not mask:
                self.games[n] = []
            self.games[n] = [*self.games[n], new[n]][-self.num_frames :]
            for place, frame in enumerate(reversed(self.games[n]), start=1):
                stacks[n, -place] = frame
        return torch.from_numpy(stacks).to(frames.device)
""",
    },
    "get_actor_and_critic_atari": {
        "size from a dummy frame": """
def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    channels, *sides = obs_shape
    if len(set(sides)) != 1:
        raise ValueError(f"The frames must be square, such as (4, 84, 84); these are {tuple(obs_shape)}.")
    if sides[0] not in range(36, sides[0] + 1, 8):
        raise ValueError(f"The side must be 8m + 4 with m >= 4 (36, 44, ..., 84, ...); this one is {sides[0]}.")
    trunk = nn.Sequential()
    for out_channels, size, stride in ((32, 8, 4), (64, 4, 2), (64, 3, 1)):
        trunk.append(layer_init(nn.Conv2d(channels, out_channels, size, stride)))
        trunk.append(nn.ReLU())
        channels = out_channels
    trunk.append(nn.Flatten(start_dim=1))
    with torch.no_grad():
        _, num_inputs = trunk(torch.zeros(1, *obs_shape)).shape
    trunk.append(layer_init(nn.Linear(num_inputs, 512)))
    trunk.append(nn.ReLU())
    heads = [layer_init(nn.Linear(512, size), std=std) for size, std in ((num_actions, 0.01), (1, 1.0))]
    actor, critic = (nn.Sequential(trunk, head) for head in heads)
    return actor, critic
""",
        "divmod, named children": """
from collections import OrderedDict


def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    frames, rows, columns = obs_shape
    m, rest = divmod(rows - 4, 8)
    if rows != columns or rest or m < 4:
        raise ValueError(f"need square frames of side 8m + 4, m >= 4 (for instance 84 x 84), not {rows} x {columns}")
    layers = OrderedDict()
    layers["conv1"] = nn.Conv2d(frames, 32, (8, 8), (4, 4))
    layers["relu1"] = nn.ReLU()
    layers["conv2"] = nn.Conv2d(32, 64, (4, 4), (2, 2))
    layers["relu2"] = nn.ReLU()
    layers["conv3"] = nn.Conv2d(64, 64, (3, 3))
    layers["relu3"] = nn.ReLU()
    layers["flat"] = nn.Flatten()
    layers["linear"] = nn.Linear(64 * (m - 3) ** 2, 512)
    layers["relu4"] = nn.ReLU()
    for layer in layers.values():
        if hasattr(layer, "weight"):
            layer_init(layer)
    trunk = nn.Sequential(layers)
    policy_head, value_head = nn.Linear(512, num_actions), nn.Linear(512, 1)
    layer_init(policy_head, 0.01)
    layer_init(value_head, 1.0)
    actor = nn.Sequential(OrderedDict(trunk=trunk, head=policy_head))
    critic = nn.Sequential(OrderedDict(trunk=trunk, head=value_head))
    return actor, critic
""",
        "a recursive builder": '''
def side_after(side, windows):
    """The side of a picture after some convolutions, each a window (size, stride); counted by hand."""
    if not windows:
        return side
    (size, stride), *others = windows
    return side_after(len(range(0, side - size + 1, stride)), others)


def get_actor_and_critic_atari(
    obs_shape: tuple[int, int, int], num_actions: int
) -> tuple[nn.Sequential, nn.Sequential]:
    k, h, w = obs_shape
    problems = [
        (h != w, "be square"),
        (h < 36 or (h - 4) % 8 > 0, "have a side of 36, 44, 52 and so on (8m + 4 with m >= 4)"),
    ]
    advice = [what for is_wrong, what in problems if is_wrong]
    if advice:
        raise ValueError(f"frames of {h} x {w} do not fit: they must {' and '.join(advice)}")
    windows = [(8, 4), (4, 2), (3, 1)]
    convolutions = [
        nn.Conv2d(ins, outs, kernel_size=size, stride=stride, padding="valid")
        for ins, outs, (size, stride) in zip([k, 32, 64], [32, 64, 64], windows, strict=True)
    ]
    flat_size = 64 * side_after(h, windows) ** 2
    modules = [module for conv in convolutions for module in (layer_init(conv), nn.ReLU())]
    modules += [nn.Flatten(1, -1), layer_init(nn.Linear(flat_size, 512)), nn.ReLU()]
    shared = nn.Sequential(*modules)

    def with_head(num_outputs, std):
        network = nn.Sequential(shared)
        network.add_module("head", layer_init(nn.Linear(512, num_outputs), std=std))
        return network

    return with_head(num_actions, 0.01), with_head(1, 1.0)
''',
    },
}
