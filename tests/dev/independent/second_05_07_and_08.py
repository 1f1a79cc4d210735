"""Answers by readers of the notebooks alone, the second list."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "learning_phase": {
        "entropy with a plus": (
            "You add the entropy bonus to the loss, so minimising the loss makes the policy less random instead of more.",
            """
def learning_phase(self):
    args = self.args
    batch = self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss + args.ent_coef * entropy
            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()
            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "policy loss negated once more": (
            "You negate the policy loss although losses.policy_loss is already something to minimise, so good actions become rarer.",
            """
def learning_phase(self):
    a = self.args
    ro = self.agent.rollout

    # line 4
    gae = advantages.compute_advantages(
        rewards=ro.rewards, values=ro.values, next_values=ro.next_values,
        terminations=ro.terminations, truncations=ro.truncations, gamma=a.gamma, gae_lambda=a.gae_lambda,
    )
    targets = gae + ro.values

    # line 5
    b_obs = ro.obs.flatten(0, 1)
    b_act = ro.actions.flatten(0, 1)
    b_logp = ro.logprobs.flatten(0, 1)
    b_adv = gae.flatten(0, 1)
    b_ret = targets.flatten(0, 1)

    params = [p for group in self.optimizer.param_groups for p in group["params"]]
    for epoch in range(a.update_epochs):
        for idx in rollout.get_minibatch_indices(self.rng, a.batch_size, a.minibatch_size):
            idx = torch.as_tensor(idx, device=self.device)
            adv = b_adv[idx]
            if a.norm_adv:
                adv = (adv - adv.mean()) / (adv.std() + 1e-8)
            logits, v = networks.actor_critic_forward(self.actor, self.critic, b_obs[idx])
            logp = torch.distributions.Categorical(logits=logits).log_prob(b_act[idx])

            # we want to climb the surrogate objective, so the optimizer gets its negative
            pg = losses.policy_loss(logp, b_logp[idx], adv, a.clip_coef)
            vl = losses.value_loss(v, b_ret[idx])
            ent = losses.entropy_bonus(logits)
            loss = -pg + a.vf_coef * vl - a.ent_coef * ent

            self.optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(params, a.max_grad_norm)
            self.optimizer.step()

            kl = losses.approx_kl(logp.detach(), b_logp[idx])
            cf = losses.clipfrac(logp.detach(), b_logp[idx], a.clip_coef)
            self.log.add_figures(policy_loss=pg, value_loss=vl, entropy=ent, approx_kl=kl, clipfrac=cf, grad_norm=norm)
        if a.target_kl is not None and kl > a.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(ro.values.flatten(0, 1), b_ret))
    self.scheduler.step()
""",
        ),
        "vf_coef left out": (
            "You leave out vf_coef, so the value loss weighs 1 instead of the weight in the settings.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    adv = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations,
        args.gamma, args.gae_lambda,
    )
    columns = {
        "obs": batch.obs,
        "actions": batch.actions,
        "logprobs": batch.logprobs,
        "advantages": adv,
        "returns": adv + batch.values,
    }
    columns = {name: column.flatten(0, 1) for name, column in columns.items()}
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            indices = torch.as_tensor(indices, device=self.device)
            mb = {name: column[indices] for name, column in columns.items()}
            if args.norm_adv:
                mb["advantages"] = (mb["advantages"] - mb["advantages"].mean()) / (mb["advantages"].std() + 1e-8)

            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, mb["obs"])
            new_logprobs = logits.log_softmax(-1).gather(-1, mb["actions"].unsqueeze(-1)).squeeze(-1)

            policy_loss = losses.policy_loss(new_logprobs, mb["logprobs"], mb["advantages"], args.clip_coef)
            value_loss = losses.value_loss(new_values, mb["returns"])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs.detach(), mb["logprobs"])
            self.log.add_figures(
                policy_loss=policy_loss.detach(),
                value_loss=value_loss.detach(),
                entropy=entropy.detach(),
                approx_kl=approx_kl,
                clipfrac=losses.clipfrac(new_logprobs.detach(), mb["logprobs"], args.clip_coef),
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), columns["returns"]))
    self.scheduler.step()
""",
        ),
        "returns from normalised advantages": (
            "You make the minibatch's returns after normalising its advantages, so the critic learns targets that are not in true units.",
            """
def learning_phase(self):
    args = self.args
    data = self.agent.rollout
    A = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    obs, actions, old_logprobs, old_values, A = [
        x.flatten(0, 1) for x in (data.obs, data.actions, data.logprobs, data.values, A)
    ]
    weights = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for i in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            i = torch.as_tensor(i, device=self.device)

            mb_A = A[i]
            if args.norm_adv:
                mb_A = (mb_A - mb_A.mean()) / (mb_A.std() + 1e-8)
            mb_returns = mb_A + old_values[i]

            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[i])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[i].unsqueeze(1)).squeeze(1)
            policy_loss = losses.policy_loss(new_logprobs, old_logprobs[i], mb_A, args.clip_coef)
            value_loss = losses.value_loss(new_values, mb_returns)
            entropy = losses.entropy_bonus(logits)

            self.optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(weights, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, old_logprobs[i])
                clipfrac = losses.clipfrac(new_logprobs, old_logprobs[i], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(old_values, A + old_values))
    self.scheduler.step()
""",
        ),
        "normalised over the whole rollout": (
            "You normalise the advantages once over the whole rollout, not in each minibatch.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    if args.norm_adv:
        batch_advantages = (batch_advantages - batch_advantages.mean()) / (batch_advantages.std() + 1e-8)

    obs = batch.obs.flatten(0, 1)
    actions = batch.actions.flatten(0, 1)
    logprobs = batch.logprobs.flatten(0, 1)
    flat_advantages = batch_advantages.flatten(0, 1)
    returns = batch_returns.flatten(0, 1)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb, None]).squeeze(-1)

            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], flat_advantages[mb], args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs.detach(), logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs.detach(), logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss.detach(), value_loss=value_loss.detach(), entropy=entropy.detach(),
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "always normalises": (
            "You normalise the advantages whatever norm_adv says.",
            """
def learning_phase(self):
    cfg = self.args
    mem = self.agent.rollout
    with torch.no_grad():
        adv = advantages.compute_advantages(
            mem.rewards, mem.values, mem.next_values, mem.terminations, mem.truncations, cfg.gamma, cfg.gae_lambda
        )
        ret = adv + mem.values

    def flat(x):
        return x.reshape(cfg.batch_size, *x.shape[2:])

    obs, act, logp_old, adv, ret = map(flat, (mem.obs, mem.actions, mem.logprobs, adv, ret))

    def normalise(x, eps=1e-8):
        return (x - x.mean()) / (x.std() + eps)

    params = [p for g in self.optimizer.param_groups for p in g["params"]]
    for _ in range(cfg.update_epochs):
        for idx in rollout.get_minibatch_indices(self.rng, cfg.batch_size, cfg.minibatch_size):
            idx = torch.as_tensor(idx, device=self.device)
            logits, values = networks.actor_critic_forward(self.actor, self.critic, obs[idx])
            logp = torch.log_softmax(logits, dim=1).gather(1, act[idx].view(-1, 1)).view(-1)

            pi_loss = losses.policy_loss(logp, logp_old[idx], normalise(adv[idx]), cfg.clip_coef)
            v_loss = losses.value_loss(values, ret[idx])
            ent = losses.entropy_bonus(logits)

            self.optimizer.zero_grad()
            (pi_loss + cfg.vf_coef * v_loss - cfg.ent_coef * ent).backward()
            norm = nn.utils.clip_grad_norm_(params, cfg.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                kl = losses.approx_kl(logp, logp_old[idx])
                frac = losses.clipfrac(logp, logp_old[idx], cfg.clip_coef)
            self.log.add_figures(
                policy_loss=pi_loss, value_loss=v_loss, entropy=ent, approx_kl=kl, clipfrac=frac, grad_norm=norm
            )
        if cfg.target_kl is not None and kl > cfg.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(flat(mem.values), ret))
    self.scheduler.step()
""",
        ),
        "standard deviation of the population": (
            "You divide by B where PyTorch's std divides by B - 1, so the normalised advantages are slightly too large.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        c.flatten(0, 1) for c in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                centred = mb_advantages - mb_advantages.mean()
                mb_advantages = centred / (centred.square().mean().sqrt() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1)[torch.arange(len(mb), device=self.device), actions[mb]]
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "divides by a bare std": (
            "You leave out the small number in the denominator, so a minibatch of equal advantages divides zero by zero and all weights become NaN.",
            """
def learning_phase(self):
    args = self.args
    r = self.agent.rollout
    adv_grid = advantages.compute_advantages(
        r.rewards, r.values, r.next_values, r.terminations, r.truncations, args.gamma, args.gae_lambda
    )
    ret_grid = adv_grid + r.values
    obs, actions, logprobs, advs, returns = [
        t.flatten(0, 1) for t in (r.obs, r.actions, r.logprobs, adv_grid, ret_grid)
    ]
    params = [p for group in self.optimizer.param_groups for p in group["params"]]

    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_adv = advs[mb]
            if args.norm_adv:
                std, mean = torch.std_mean(mb_adv)
                mb_adv = (mb_adv - mean) / std

            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(-1).gather(-1, actions[mb].unsqueeze(-1)).squeeze(-1)
            pl = losses.policy_loss(new_logprobs, logprobs[mb], mb_adv, args.clip_coef)
            vl = losses.value_loss(new_values, returns[mb])
            h = losses.entropy_bonus(logits)

            self.optimizer.zero_grad()
            (pl + args.vf_coef * vl - args.ent_coef * h).backward()
            grad_norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()

            kl = losses.approx_kl(new_logprobs.detach(), logprobs[mb])
            self.log.add_figures(
                policy_loss=pl.detach(), value_loss=vl.detach(), entropy=h.detach(), approx_kl=kl,
                clipfrac=losses.clipfrac(new_logprobs.detach(), logprobs[mb], args.clip_coef), grad_norm=grad_norm,
            )
        if args.target_kl is not None and kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(r.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "gradients cleared once an epoch": (
            "You call zero_grad once in each epoch, so the gradient of a minibatch is added to those of the minibatches before it.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for epoch in range(args.update_epochs):
        self.optimizer.zero_grad()
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None])[:, 0]
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)

            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "clips before backward": (
            "You clip the gradient before backward has made it, so what the optimizer uses is never clipped and the norm in the log is 0.",
            """
def learning_phase(self):
    args = self.args
    buf = self.agent.rollout

    # advantages and returns
    buf_adv = advantages.compute_advantages(
        buf.rewards, buf.values, buf.next_values, buf.terminations, buf.truncations, args.gamma, args.gae_lambda
    )
    buf_ret = buf_adv + buf.values

    # flatten
    obs = buf.obs.flatten(0, 1)
    actions = buf.actions.flatten(0, 1)
    logprobs = buf.logprobs.flatten(0, 1)
    adv = buf_adv.flatten(0, 1)
    ret = buf_ret.flatten(0, 1)

    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            indices = torch.as_tensor(indices, device=self.device)
            mb_adv = adv[indices]
            if args.norm_adv:
                mb_adv = (mb_adv - mb_adv.mean()) / (mb_adv.std() + 1e-8)
            logits, values = networks.actor_critic_forward(self.actor, self.critic, obs[indices])
            lp = logits.log_softmax(-1).gather(-1, actions[indices].unsqueeze(-1)).squeeze(-1)

            policy_loss = losses.policy_loss(lp, logprobs[indices], mb_adv, args.clip_coef)
            value_loss = losses.value_loss(values, ret[indices])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            loss.backward()
            self.optimizer.step()

            approx_kl = losses.approx_kl(lp.detach(), logprobs[indices])
            clipfrac = losses.clipfrac(lp.detach(), logprobs[indices], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss.detach(),
                value_loss=value_loss.detach(),
                entropy=entropy.detach(),
                approx_kl=approx_kl,
                clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(buf.values.flatten(0, 1), ret))
    self.scheduler.step()
""",
        ),
        "logs the norm after clipping": (
            "You log the gradient's norm after it was clipped, where the norm before it (what clip_grad_norm_ returns) is asked for.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)

            self.optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            grad_norm = torch.stack([p.grad.norm() for p in parameters]).norm()
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "parameters in a generator": (
            "You keep the parameters in a generator, which is empty after the first minibatch, so only the first gradient of each phase is clipped.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    gae = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, gae, gae + batch.values)
    )
    parameters = (p for group in self.optimizer.param_groups for p in group["params"])

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)

            mb_advantages = all_advantages[mb]
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

            new_logprobs = new_logprobs.detach()
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

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "shared parameters clipped twice": (
            "You list the parameters of actor and critic one after the other, so those that both share come twice, and are counted and shortened twice.",
            """
def learning_phase(self):
    args = self.args
    exp = self.agent.rollout
    adv = advantages.compute_advantages(
        exp.rewards, exp.values, exp.next_values, exp.terminations, exp.truncations, args.gamma, args.gae_lambda
    )
    ret = adv + exp.values
    b_obs, b_actions, b_logprobs, b_adv, b_ret = [
        t.flatten(0, 1) for t in (exp.obs, exp.actions, exp.logprobs, adv, ret)
    ]
    all_params = list(self.actor.parameters()) + list(self.critic.parameters())

    for epoch in range(args.update_epochs):
        for inds in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            inds = torch.as_tensor(inds, device=self.device)
            logits, newvalue = networks.actor_critic_forward(self.actor, self.critic, b_obs[inds])
            newlogprob = torch.distributions.Categorical(logits=logits).log_prob(b_actions[inds])

            mb_adv = b_adv[inds]
            if args.norm_adv:
                mb_adv = (mb_adv - mb_adv.mean()) / (mb_adv.std() + 1e-8)

            pg_loss = losses.policy_loss(newlogprob, b_logprobs[inds], mb_adv, args.clip_coef)
            v_loss = losses.value_loss(newvalue, b_ret[inds])
            entropy = losses.entropy_bonus(logits)
            loss = pg_loss - args.ent_coef * entropy + v_loss * args.vf_coef

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(all_params, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(newlogprob, b_logprobs[inds])
                clipfrac = losses.clipfrac(newlogprob, b_logprobs[inds], args.clip_coef)
            self.log.add_figures(
                policy_loss=pg_loss, value_loss=v_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )

        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(exp.values.flatten(0, 1), b_ret))
    self.scheduler.step()
""",
        ),
        "a new optimizer in every phase": (
            "You make a new optimizer in every learning phase, so Adam forgets its averages and the trainer's own optimizer never takes a step.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )

    current_lr = self.optimizer.param_groups[0]["lr"]  # the scheduler has set it
    optimizer = optim.make_optimizer(self.actor, self.critic, current_lr)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "scheduler in every epoch": (
            "You step the scheduler after every epoch, so the learning rate falls update_epochs times too fast.",
            """
def learning_phase(self):
    args = self.args
    d = self.agent.rollout
    adv = advantages.compute_advantages(
        d.rewards, d.values, d.next_values, d.terminations, d.truncations, args.gamma, args.gae_lambda
    )
    ret = adv + d.values
    obs, act, logp, adv, ret = [x.flatten(0, 1) for x in [d.obs, d.actions, d.logprobs, adv, ret]]
    params = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for ix in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            ix = torch.as_tensor(ix, device=self.device)
            a = adv[ix]
            if args.norm_adv:
                a = (a - a.mean()) / (a.std() + 1e-8)
            logits, v = networks.actor_critic_forward(self.actor, self.critic, obs[ix])
            lp = logits.log_softmax(-1).gather(-1, act[ix][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(lp, logp[ix], a, args.clip_coef)
            value_loss = losses.value_loss(v, ret[ix])
            entropy = losses.entropy_bonus(logits)
            self.optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()
            approx_kl = losses.approx_kl(lp.detach(), logp[ix])
            clipfrac = losses.clipfrac(lp.detach(), logp[ix], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        self.scheduler.step()
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(d.values.flatten(0, 1), ret))
""",
        ),
        "returns at target_kl": (
            "You return from the method when approx_kl is above target_kl, so neither explained_variance nor the scheduler gets its turn.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for epoch in range(args.update_epochs):
        minibatches = rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)
        for indices in minibatches:
            mb = torch.as_tensor(indices, device=self.device)
            mb_obs, mb_actions, mb_logprobs = obs[mb], actions[mb], logprobs[mb]
            mb_advantages, mb_returns = all_advantages[mb], returns[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)

            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, mb_obs)
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, mb_actions.unsqueeze(-1)).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, mb_logprobs, mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, mb_returns)
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, mb_logprobs)
                clipfrac = losses.clipfrac(new_logprobs, mb_logprobs, args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )

        if args.target_kl is not None and approx_kl > args.target_kl:
            return

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "variable named like a module": (
            "You call a variable advantages, so Python takes the module of that name for an unassigned local variable and the first line crashes.",
            """
def learning_phase(self):
    args = self.args
    batch = self.agent.rollout

    advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    returns = advantages + batch.values

    obs = batch.obs.flatten(0, 1)
    actions = batch.actions.flatten(0, 1)
    logprobs = batch.logprobs.flatten(0, 1)
    advantages = advantages.flatten(0, 1)
    returns = returns.flatten(0, 1)
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy
            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()
            approx_kl = losses.approx_kl(new_logprobs.detach(), logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs.detach(), logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "old log-probabilities refreshed": (
            "You work out the old log-probabilities anew at the start of each epoch, so from the second epoch on the ratio no longer compares with the policy that played.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    def logprobs_of(logits, played):
        return logits.log_softmax(dim=-1).gather(-1, played[:, None]).squeeze(-1)

    for _ in range(args.update_epochs):
        # the policy before this epoch, to compare with
        with torch.no_grad():
            logits, _ = networks.actor_critic_forward(self.actor, self.critic, obs)
            logprobs = logprobs_of(logits, actions)

        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logprobs_of(logits, actions[mb])
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs.detach(), logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs.detach(), logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss.detach(), value_loss=value_loss.detach(), entropy=entropy.detach(),
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "old and new log-probabilities swapped": (
            "You hand policy_loss the old log-probabilities where it wants the new ones, so the ratio is upside down.",
            """
def learning_phase(self):
    args = self.args
    traj = self.agent.rollout
    adv = advantages.compute_advantages(
        traj.rewards, traj.values, traj.next_values, traj.terminations, traj.truncations, args.gamma, args.gae_lambda
    )
    ret = adv + traj.values
    flat = [x.flatten(0, 1) for x in (traj.obs, traj.actions, traj.logprobs, adv, ret)]
    params = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            indices = torch.as_tensor(indices, device=self.device)
            obs, act, old, mb_adv, mb_ret = (x[indices] for x in flat)
            if args.norm_adv:
                mb_adv = (mb_adv - mb_adv.mean()) / (mb_adv.std() + 1e-8)
            logits, val = networks.actor_critic_forward(self.actor, self.critic, obs)
            new = logits.log_softmax(-1).gather(-1, act.unsqueeze(-1)).squeeze(-1)

            l_pi = losses.policy_loss(old, new, mb_adv, args.clip_coef)
            l_v = losses.value_loss(val, mb_ret)
            ent = losses.entropy_bonus(logits)
            total = l_pi + args.vf_coef * l_v - args.ent_coef * ent

            self.optimizer.zero_grad()
            total.backward()
            norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()

            new = new.detach()
            kl = losses.approx_kl(new, old)
            self.log.add_figures(
                policy_loss=l_pi, value_loss=l_v, entropy=ent,
                approx_kl=kl, clipfrac=losses.clipfrac(new, old, args.clip_coef), grad_norm=norm,
            )
        if args.target_kl is not None and kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(traj.values.flatten(0, 1), flat[-1]))
    self.scheduler.step()
""",
        ),
        "shuffled once": (
            "You shuffle once before the epochs, so every epoch goes through the same minibatches.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout

    # before the epochs
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    minibatches = [
        torch.as_tensor(indices, device=self.device)
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)
    ]

    # the epochs
    for _ in range(args.update_epochs):
        for mb in minibatches:
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)

            self.optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    # after the epochs
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "next values from the row below": (
            "You take the next row's values for next_values, which is the wrong state wherever an episode was cut off.",
            """
def learning_phase(self):
    args = self.args
    batch = self.agent.rollout

    # V(s_{t+1}) is simply the value of the next row; only the last row needs what close() worked out
    following = torch.cat([batch.values[1:], batch.next_values[-1:]], dim=0)
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, following, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values

    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy
            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()
            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "one done flag for both ends": (
            "You hand over truncations as terminations too, so a step that was only cut off counts as one with no future.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    dones = torch.logical_or(batch.terminations, batch.truncations)
    adv = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, dones, dones, args.gamma, args.gae_lambda
    )
    ret = adv + batch.values

    b_obs = batch.obs.flatten(0, 1)
    b_actions = batch.actions.reshape(-1)
    b_logprobs = batch.logprobs.reshape(-1)
    b_advantages = adv.reshape(-1)
    b_returns = ret.reshape(-1)
    b_values = batch.values.reshape(-1)

    params = [p for group in self.optimizer.param_groups for p in group["params"]]
    for epoch in range(args.update_epochs):
        for mb_inds in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb_inds = torch.as_tensor(mb_inds, device=self.device)
            logits, newvalue = networks.actor_critic_forward(self.actor, self.critic, b_obs[mb_inds])
            newlogprob = torch.distributions.Categorical(logits=logits).log_prob(b_actions[mb_inds])

            mb_advantages = b_advantages[mb_inds]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)

            pg_loss = losses.policy_loss(newlogprob, b_logprobs[mb_inds], mb_advantages, args.clip_coef)
            v_loss = losses.value_loss(newvalue, b_returns[mb_inds])
            entropy_loss = losses.entropy_bonus(logits)
            loss = pg_loss - args.ent_coef * entropy_loss + v_loss * args.vf_coef

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(newlogprob, b_logprobs[mb_inds])
                clipfrac = losses.clipfrac(newlogprob, b_logprobs[mb_inds], args.clip_coef)
            self.log.add_figures(
                policy_loss=pg_loss, value_loss=v_loss, entropy=entropy_loss,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(b_values, b_returns))
    self.scheduler.step()
""",
        ),
        "observations in another order": (
            "You flatten the observations by time and all other columns by environment, so they no longer belong to the same steps.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    gae = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    targets = gae + batch.values

    # (T, N, ...) -> (T * N, ...)
    obs = batch.obs.reshape(-1, *batch.obs.shape[2:])
    # (T, N) -> (N * T,), environment by environment
    actions = batch.actions.T.reshape(-1)
    logprobs = batch.logprobs.T.reshape(-1)
    flat_gae = gae.T.reshape(-1)
    flat_targets = targets.T.reshape(-1)
    flat_values = batch.values.T.reshape(-1)

    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for _ in range(args.update_epochs):
        for picks in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            picks = torch.as_tensor(picks, device=self.device)
            mb_gae = flat_gae[picks]
            if args.norm_adv:
                mb_gae = (mb_gae - mb_gae.mean()) / (mb_gae.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[picks])
            new_logprobs = logits.log_softmax(dim=-1).gather(1, actions[picks].unsqueeze(1)).squeeze(1)

            policy_loss = losses.policy_loss(new_logprobs, logprobs[picks], mb_gae, args.clip_coef)
            value_loss = losses.value_loss(new_values, flat_targets[picks])
            entropy = losses.entropy_bonus(logits)

            self.optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            approx_kl = losses.approx_kl(new_logprobs.detach(), logprobs[picks])
            clipfrac = losses.clipfrac(new_logprobs.detach(), logprobs[picks], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(flat_values, flat_targets))
    self.scheduler.step()
""",
        ),
        "observations flattened to vectors": (
            "You flatten each observation to a vector as well, which is right for CartPole's four numbers but breaks observations of any other shape.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values

    obs = batch.obs.reshape(args.batch_size, -1)
    actions, logprobs, all_advantages, returns, old_values = (
        column.reshape(args.batch_size)
        for column in (batch.actions, batch.logprobs, batch_advantages, batch_returns, batch.values)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy
            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()
            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(old_values, returns))
    self.scheduler.step()
""",
        ),
        "new log-probabilities without a gradient": (
            "You work out the new log-probabilities under no_grad, so the policy loss moves nothing and the actor feels only the entropy bonus.",
            """
def learning_phase(self):
    args = self.args
    ro = self.agent.rollout
    adv = advantages.compute_advantages(
        ro.rewards, ro.values, ro.next_values, ro.terminations, ro.truncations, args.gamma, args.gae_lambda
    )
    ret = adv + ro.values
    obs, act, old_lp, adv, ret, val = (
        x.flatten(0, 1) for x in (ro.obs, ro.actions, ro.logprobs, adv, ret, ro.values)
    )
    params = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for idx in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            idx = torch.as_tensor(idx, device=self.device)
            logits, new_val = networks.actor_critic_forward(self.actor, self.critic, obs[idx])

            with torch.no_grad():
                new_lp = logits.log_softmax(-1).gather(-1, act[idx].unsqueeze(-1)).squeeze(-1)
                approx_kl = losses.approx_kl(new_lp, old_lp[idx])
                clipfrac = losses.clipfrac(new_lp, old_lp[idx], args.clip_coef)
                mb_adv = adv[idx]
                if args.norm_adv:
                    mb_adv = (mb_adv - mb_adv.mean()) / (mb_adv.std() + 1e-8)

            policy_loss = losses.policy_loss(new_lp, old_lp[idx], mb_adv, args.clip_coef)
            value_loss = losses.value_loss(new_val, ret[idx])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(val, ret))
    self.scheduler.step()
""",
        ),
        "no squeeze after gather": (
            "You leave the new log-probabilities in shape (B, 1), so the ratio compares every step with every other one.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None])

            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "returns written into the rollout's values": (
            "You make the returns by adding to the rollout's values in place, so the rollout is changed and its values look like a perfect prediction.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch.values
    batch_returns += batch_advantages

    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages -= mb_advantages.mean()
                mb_advantages /= mb_advantages.std() + 1e-8
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy
            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()
            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "figures once in each epoch": (
            "You add the figures once after each epoch, from its last minibatch, instead of after every update.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = torch.take_along_dim(logits.log_softmax(dim=-1), actions[mb].unsqueeze(-1), dim=-1).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

        with torch.no_grad():
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

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "one optimizer step an epoch": (
            "You gather the gradients of all minibatches and take one optimizer step in each epoch, where every minibatch should have its own.",
            """
def learning_phase(self):
    hp = self.args
    data = self.agent.rollout
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, hp.gamma, hp.gae_lambda
    )
    ret = adv + data.values
    obs, act, logp, adv, ret, val = (
        x.flatten(0, 1) for x in (data.obs, data.actions, data.logprobs, adv, ret, data.values)
    )
    params = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(hp.update_epochs):
        self.optimizer.zero_grad()
        figures = []
        minibatches = rollout.get_minibatch_indices(self.rng, hp.batch_size, hp.minibatch_size)
        for indices in minibatches:
            i = torch.as_tensor(indices, device=self.device)
            a = adv[i]
            if hp.norm_adv:
                a = (a - a.mean()) / (a.std() + 1e-8)
            logits, v = networks.actor_critic_forward(self.actor, self.critic, obs[i])
            lp = logits.log_softmax(-1).gather(-1, act[i].unsqueeze(-1)).squeeze(-1)
            pl = losses.policy_loss(lp, logp[i], a, hp.clip_coef)
            vl = losses.value_loss(v, ret[i])
            en = losses.entropy_bonus(logits)
            loss = (pl + hp.vf_coef * vl - hp.ent_coef * en) / len(minibatches)
            loss.backward()
            kl = losses.approx_kl(lp.detach(), logp[i])
            cf = losses.clipfrac(lp.detach(), logp[i], hp.clip_coef)
            figures.append(
                dict(policy_loss=pl.detach(), value_loss=vl.detach(), entropy=en.detach(), approx_kl=kl, clipfrac=cf)
            )
        norm = nn.utils.clip_grad_norm_(params, hp.max_grad_norm)
        self.optimizer.step()
        for row in figures:
            self.log.add_figures(**row, grad_norm=norm)
        if hp.target_kl is not None and kl > hp.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(val, ret))
    self.scheduler.step()
""",
        ),
        "entropy of the played actions only": (
            "You take minus the mean log-probability of the played actions for the entropy, which pushes down whatever was played instead of spreading the whole distribution.",
            """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        column.flatten(0, 1) for column in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            mb_advantages = all_advantages[mb]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb][:, None]).squeeze(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], mb_advantages, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = -new_logprobs.mean()  # H = E[-log p]
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
                clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
    },
    "FrameStack": {
        "newest first": (
            "You put the newest frame at the front, so the stack runs from the newest to the oldest.",
            """
def update(self, frames, masks):
    if self.stack is None:
        n, h, w = frames.shape
        self.stack = frames.new_zeros((n, self.num_frames, h, w))
    self.stack = torch.cat([frames[:, None], self.stack[:, :-1]], dim=1)
    self.stack[masks == 0, 1:] = 0
    return self.stack.clone()
""",
        ),
        "clears the new frame as well": (
            "You clear the whole stack of a new game, its first frame included, so the agent sees nothing at all.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        first = True
    else:
        first = False
    self.stack = torch.cat((self.stack[:, 1:], frames.unsqueeze(1)), dim=1)
    if not first:
        self.stack[masks == 0] = 0
    return self.stack.clone()
""",
        ),
        "clears before the shift and spares the last": (
            "You clear before the shift but spare the last place, so the last frame of the old game stays in the new game's history.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = torch.zeros(
            self.num_envs, self.num_frames, frames.shape[1], frames.shape[2], dtype=frames.dtype, device=frames.device
        )
    new_game = masks == 0
    self.stack[new_game, :-1] = 0  # everything but the newest
    self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
    return self.stack.clone()
""",
        ),
        "mask the wrong way round": (
            "You clear the histories where the mask is 1, which are those of the games that go on.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = frames.new_zeros((self.num_envs, self.num_frames) + tuple(frames.shape[1:]))
    history = torch.roll(self.stack, shifts=-1, dims=1)
    history[:, -1] = frames
    done = masks.bool()
    history[done, :-1] = 0
    self.stack = history
    return history.clone()
""",
        ),
        "tilde on numbers": (
            "You invert the masks with ~, which is right for bools only: of integers it makes the indices -1 and -2, and for floats it crashes.",
            """
def update(self, frames, masks):
    num_envs, height, width = frames.shape
    if self.stack is None:
        self.stack = frames.new_zeros((num_envs, self.num_frames, height, width))
    self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
    self.stack[~masks, :-1] = 0
    return self.stack.clone()
""",
        ),
        "shifts in place and returns itself": (
            "You shift one tensor in place and return that very tensor, so every stack you returned before changes with the next update.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = frames.new_zeros((self.num_envs, self.num_frames, *frames.shape[-2:]))
    for place in range(self.num_frames - 1):
        self.stack[:, place] = self.stack[:, place + 1]
    self.stack[:, -1] = frames
    for env in range(self.num_envs):
        if masks[env] == 0:
            self.stack[env, :-1] = 0
    return self.stack
""",
        ),
        "returns its history without a copy": (
            "You return the tensor that is your history, so whoever writes into the returned stack changes what the next update builds on.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
    self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)  # cat makes a new tensor
    self.stack[masks == 0, :-1] = 0
    return self.stack
""",
        ),
        "keeps the caller's frames": (
            "You keep the caller's frames in your list without a copy, so your history changes when the environments write into their array.",
            """
def update(self, frames, masks):
    from collections import deque

    if self.stack is None:
        empty = [torch.zeros_like(frames) for _ in range(self.num_frames)]
        self.stack = deque(empty, maxlen=self.num_frames)
    keep = (masks != 0).view(-1, 1, 1)
    older = [old * keep for old in self.stack]
    self.stack = deque(older, maxlen=self.num_frames)
    self.stack.append(frames)
    return torch.stack(list(self.stack), dim=1)
""",
        ),
        "floats instead of bytes": (
            "You make the black frames with torch.zeros and its default dtype, so the stacks are floats of four bytes and not bytes.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = torch.zeros(self.num_envs, self.num_frames, *frames.shape[1:], device=frames.device)
    self.stack = torch.cat([self.stack[:, 1:], frames.unsqueeze(1)], dim=1)
    self.stack[masks == 0, :-1] = 0
    return self.stack.clone()
""",
        ),
        "repeats the first frame": (
            "You fill the first stack with copies of the first frame, where the frames before it should be black.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = repeat(frames, "n h w -> n k h w", k=self.num_frames).clone()
        return self.stack.clone()
    self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
    self.stack[masks == 0, :-1] = 0
    return self.stack.clone()
""",
        ),
        "one new game clears all": (
            "You clear the histories of all environments as soon as one of them begins a new game.",
            """
def update(self, frames, masks):
    if self.stack is None or not masks.all():
        self.stack = frames.new_zeros((self.num_envs, self.num_frames, frames.shape[1], frames.shape[2]))
    self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
    return self.stack.clone()
""",
        ),
        "copies from the back": (
            "You move the frames up starting from the back, so the last one is copied into every older place.",
            """
def update(self, frames, masks):
    n, k = self.num_envs, self.num_frames
    if self.stack is None:
        self.stack = torch.zeros((n, k) + frames.shape[1:], dtype=frames.dtype, device=frames.device)
    for i in reversed(range(k - 1)):
        self.stack[:, i] = self.stack[:, i + 1]
    self.stack[:, k - 1] = frames
    self.stack[masks == 0, : k - 1] = 0
    return self.stack.clone()
""",
        ),
        "minus zero": (
            "You keep the last num_frames - 1 frames with a negative slice, which keeps everything when num_frames is 1, so the stack grows.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = frames.new_zeros((self.num_envs, self.num_frames, *frames.shape[1:]))
    older = self.stack[:, -(self.num_frames - 1) :].clone()
    older[masks == 0] = 0
    self.stack = torch.cat([older, frames[:, None]], dim=1)
    return self.stack.clone()
""",
        ),
        "mask along the wrong axis": (
            "You give the masks two axes more instead of three, so they are laid along the frames and not along the environments; mostly this crashes, and it fits by accident if N is num_frames - 1.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = frames.new_zeros((self.num_envs, self.num_frames, *frames.shape[1:]))
    keep = (masks != 0).to(frames.dtype)[:, None, None]
    older = self.stack[:, 1:] * keep
    self.stack = torch.cat([older, frames[:, None]], dim=1)
    return self.stack.clone()
""",
        ),
    },
    "get_actor_and_critic_atari": {
        "trunk copied": (
            "You give the critic a deep copy of the trunk, so there are two trunks that look alike and not one that both share.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    import copy

    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square with a side of 8m + 4, m >= 4 (36, 44, ..., 84); got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)), nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)), nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)), nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)), nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(copy.deepcopy(trunk), layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "trunk unpacked": (
            "You unpack the trunk's layers into both networks, so the weights are shared but the first child is a convolution and not the trunk.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    c, h, w = obs_shape
    if h != w or (h - 4) % 8 or h < 36:
        raise ValueError(f"need square frames whose side is 8m + 4 with m >= 4, such as 84, not {h} x {w}")
    m = (h - 4) // 8
    trunk = [
        layer_init(nn.Conv2d(c, 32, 8, 4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, 2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, 1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * (m - 3) ** 2, 512)),
        nn.ReLU(),
    ]
    actor = nn.Sequential(*trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(*trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "no ReLU after the linear layer": (
            "You leave out the ReLU after the linear layer to 512, so it and each head together are one linear map.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"The frames must be squares of side 8m + 4 with m >= 4, but they are {height} x {width}.")
    layers, channels, side = [], num_frames, height
    for out_channels, size, stride in [(32, 8, 4), (64, 4, 2), (64, 3, 1)]:
        layers += [layer_init(nn.Conv2d(channels, out_channels, size, stride)), nn.ReLU()]
        channels, side = out_channels, 1 + (side - size) // stride
    layers += [nn.Flatten(), layer_init(nn.Linear(channels * side * side, 512))]
    trunk = nn.Sequential(*layers)
    return (
        nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01)),
        nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0)),
    )
""",
        ),
        "padding in the last convolution": (
            "You pad the third convolution, so its feature maps keep their size and the linear layer becomes larger than it should be.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"Expected square frames with side 8m + 4 (m at least 4), got {obs_shape}")
    convs = nn.Sequential(
        layer_init(nn.Conv2d(frames, 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1, padding=1)),
        nn.ReLU(),
        nn.Flatten(),
    )
    with torch.no_grad():
        flat = convs(torch.zeros(1, *obs_shape)).shape[1]
    trunk = nn.Sequential(*convs, layer_init(nn.Linear(flat, 512)), nn.ReLU())
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "3136 written down": (
            "You write the 64 * 7 * 7 inputs of a frame of 84 by 84 into the linear layer, so frames of any other side crash.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    if height != width:
        raise ValueError(f"frames must be square, got {height} x {width}")
    if height % 8 != 4 or height < 36:
        raise ValueError(f"the side must be 8m + 4 with m >= 4, got {height}")
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * 7 * 7, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "stds of the heads swapped": (
            "You give the policy head std 1.0 and the value head std 0.01, so a fresh policy is far from uniform.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    if not (height == width and height % 8 == 4 and height >= 36):
        raise ValueError(f"Frames must be square and L = 8m + 4 with m >= 4; these are {height} x {width}.")
    side = height
    for kernel, stride in ((8, 4), (4, 2), (3, 1)):
        side = (side - kernel) // stride + 1
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side**2, 512)),
        nn.ReLU(),
    )
    policy_head = layer_init(nn.Linear(512, num_actions), std=1.0)
    value_head = layer_init(nn.Linear(512, 1), std=0.01)
    return nn.Sequential(trunk, policy_head), nn.Sequential(trunk, value_head)
""",
        ),
        "linear layer without layer_init": (
            "You initialise the convolutions and the heads, but leave the linear layer of the trunk as PyTorch made it.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"square frames of side 8m + 4 (36, 44, 52, ...) are needed, not {height} x {width}")

    def conv(inputs, outputs, size, stride):
        return [layer_init(nn.Conv2d(inputs, outputs, size, stride)), nn.ReLU()]

    side = (height - 4) // 8 - 3
    trunk = nn.Sequential(
        *conv(num_frames, 32, 8, 4),
        *conv(32, 64, 4, 2),
        *conv(64, 64, 3, 1),
        nn.Flatten(),
        nn.Linear(64 * side * side, 512),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "frames that are not square are let in": (
            "You check the height only, so frames that are not square are accepted and fail later, in the linear layer.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, side, _ = obs_shape
    if side % 8 != 4 or side < 36:
        raise ValueError(f"The side of the frames must be 8m + 4 with m >= 4 and the frames square, but the side is {side}.")
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)), nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)), nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)), nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)), nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "m = 3 is let in": (
            "You accept a side of 28, where m is 3 and nothing is left of the picture after the third convolution.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    m, rest = divmod(height - 4, 8)
    if height != width or rest != 0 or m < 3:
        raise ValueError(f"Frames must be squares with a side of 8m + 4, m at least 4; got {height} x {width}.")
    side = m - 3
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
        "assert instead of ValueError": (
            "You assert that the shape is right, which raises an AssertionError and not the promised ValueError.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    assert height == width, f"frames must be square, got {height} x {width}"
    assert height % 8 == 4 and height >= 36, f"the side must be 8m + 4 with m >= 4, got {height}"
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, 8, 4)), nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, 2)), nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, 1)), nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)), nn.ReLU(),
    )
    return (
        nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01)),
        nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0)),
    )
""",
        ),
        "divides by 255 itself": (
            "You divide by 255 inside the trunk although the frames arrive in [0, 1] already, so the network hardly sees the picture.",
            """
class Scale(nn.Module):
    def forward(self, x):
        return x.float() / 255.0


def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square, their side 8m + 4 with m >= 4; got {height} x {width}")
    side = height // 8 - 3
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
        "always four frames": (
            "You give the first convolution 4 input channels whatever obs_shape says, so stacks of another depth crash.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    _, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"L must be 8m + 4 with m >= 4 and the frames square, got {height} x {width}")
    side = height
    for size, stride in zip((8, 4, 3), (4, 2, 1)):
        side = 1 + (side - size) // stride
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
        "values of shape (B,)": (
            "You flatten the critic's output to (B,), where (B, 1) is asked for.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"expected square frames of side 8m + 4 with m at least 4, got {height} x {width}")
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = 1 + (side - size) // stride
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
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0), nn.Flatten(start_dim=0))
    return actor, critic
""",
        ),
        "ReLU on the value": (
            "You put a ReLU behind the value head too, so the critic cannot say anything below 0 and gets no gradient where it would.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    frames, rows, cols = obs_shape
    if rows != cols or rows % 8 != 4 or rows < 36:
        raise ValueError(f"frames should be square with side 8m + 4, m >= 4 (84 for example), not {rows} x {cols}")
    side = 1 + (1 + (1 + (rows - 8) // 4 - 4) // 2 - 3)
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(frames, 32, (8, 8), (4, 4))),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, (4, 4), (2, 2))),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, (3, 3), (1, 1))),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0), nn.ReLU())
    return actor, critic
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "learning_phase": {
        "Categorical, in CleanRL's style": """
def learning_phase(self):
    args = self.args
    storage = self.agent.rollout

    with torch.no_grad():
        adv = advantages.compute_advantages(
            storage.rewards,
            storage.values,
            storage.next_values,
            storage.terminations,
            storage.truncations,
            args.gamma,
            args.gae_lambda,
        )
        ret = adv + storage.values

    b_obs = storage.obs.reshape((-1,) + tuple(storage.obs.shape[2:]))
    b_actions = storage.actions.reshape(-1)
    b_logprobs = storage.logprobs.reshape(-1)
    b_advantages = adv.reshape(-1)
    b_returns = ret.reshape(-1)
    b_values = storage.values.reshape(-1)

    params = [p for group in self.optimizer.param_groups for p in group["params"]]
    for epoch in range(args.update_epochs):
        for mb_inds in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb_inds = torch.as_tensor(mb_inds, device=self.device)
            logits, newvalue = networks.actor_critic_forward(self.actor, self.critic, b_obs[mb_inds])
            newlogprob = torch.distributions.Categorical(logits=logits).log_prob(b_actions[mb_inds])

            with torch.no_grad():
                approx_kl = losses.approx_kl(newlogprob, b_logprobs[mb_inds])
                clipfrac = losses.clipfrac(newlogprob, b_logprobs[mb_inds], args.clip_coef)

            mb_advantages = b_advantages[mb_inds]
            if args.norm_adv:
                mb_advantages = (mb_advantages - mb_advantages.mean()) / (mb_advantages.std() + 1e-8)

            pg_loss = losses.policy_loss(newlogprob, b_logprobs[mb_inds], mb_advantages, args.clip_coef)
            v_loss = losses.value_loss(newvalue, b_returns[mb_inds])
            entropy_loss = losses.entropy_bonus(logits)
            loss = pg_loss - args.ent_coef * entropy_loss + v_loss * args.vf_coef

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()

            self.log.add_figures(
                policy_loss=pg_loss.detach(), value_loss=v_loss.detach(), entropy=entropy_loss.detach(),
                approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )

        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(b_values, b_returns))
    self.scheduler.step()
""",
        "cross entropy and a helper": """
import torch.nn.functional as F


def learning_phase(self):
    a, ro = self.args, self.agent.rollout
    grid = advantages.compute_advantages(
        ro.rewards, ro.values, ro.next_values, ro.terminations, ro.truncations, gamma=a.gamma, gae_lambda=a.gae_lambda
    )
    table = {
        "obs": ro.obs,
        "actions": ro.actions,
        "logprobs": ro.logprobs,
        "adv": grid,
        "ret": grid + ro.values,
    }
    table = {name: column.flatten(0, 1) for name, column in table.items()}

    def one_update(mb):
        adv = mb["adv"]
        if a.norm_adv:
            adv = (adv - adv.mean()).div(adv.std().add(1e-8))
        logits, values = networks.actor_critic_forward(self.actor, self.critic, mb["obs"])
        logprobs = -F.cross_entropy(logits, mb["actions"], reduction="none")
        figures = {
            "policy_loss": losses.policy_loss(logprobs, mb["logprobs"], adv, a.clip_coef),
            "value_loss": losses.value_loss(values, mb["ret"]),
            "entropy": losses.entropy_bonus(logits),
        }
        self.optimizer.zero_grad(set_to_none=True)
        (figures["policy_loss"] + a.vf_coef * figures["value_loss"] - a.ent_coef * figures["entropy"]).backward()
        weights = [p for group in self.optimizer.param_groups for p in group["params"]]
        figures["grad_norm"] = nn.utils.clip_grad_norm_(weights, a.max_grad_norm)
        self.optimizer.step()
        figures["approx_kl"] = losses.approx_kl(logprobs.detach(), mb["logprobs"])
        figures["clipfrac"] = losses.clipfrac(logprobs.detach(), mb["logprobs"], a.clip_coef)
        return {name: figure.detach() for name, figure in figures.items()}

    for _ in range(a.update_epochs):
        for picks in rollout.get_minibatch_indices(self.rng, a.batch_size, a.minibatch_size):
            picks = torch.as_tensor(picks, device=self.device)
            figures = one_update({name: column[picks] for name, column in table.items()})
            self.log.add_figures(**figures)
        if a.target_kl is not None and figures["approx_kl"].item() > a.target_kl:
            break

    self.scheduler.step()
    self.log.add_figures(explained_variance=losses.explained_variance(ro.values.flatten(0, 1), table["ret"]))
""",
        "rows and columns instead of flattening": """
def learning_phase(self):
    args, grid = self.args, self.agent.rollout
    grid_adv = advantages.compute_advantages(
        grid.rewards, grid.values, grid.next_values, grid.terminations, grid.truncations, args.gamma, args.gae_lambda
    )
    grid_ret = grid.values + grid_adv
    num_columns = grid.rewards.shape[1]
    params = [p for group in self.optimizer.param_groups for p in group["params"]]

    stop = False
    epoch = 0
    while epoch < args.update_epochs and not stop:
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            indices = torch.as_tensor(indices, device=self.device)
            t = torch.div(indices, num_columns, rounding_mode="floor")
            n = indices % num_columns

            adv = grid_adv[t, n]
            if args.norm_adv:
                std, mean = torch.std_mean(adv)
                adv = (adv - mean) / (std + 1e-8)
            old = grid.logprobs[t, n]

            logits, values = networks.actor_critic_forward(self.actor, self.critic, grid.obs[t, n])
            chosen = logits[torch.arange(len(indices), device=self.device), grid.actions[t, n]]
            new = chosen - logits.logsumexp(dim=-1)

            policy_loss = losses.policy_loss(new, old, adv, args.clip_coef)
            value_loss = losses.value_loss(values, grid_ret[t, n])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy

            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()

            kl = losses.approx_kl(new.detach(), old)
            clipfrac = losses.clipfrac(new.detach(), old, args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy,
                approx_kl=kl, clipfrac=clipfrac, grad_norm=grad_norm,
            )
        epoch += 1
        stop = args.target_kl is not None and bool(kl > args.target_kl)

    self.log.add_figures(explained_variance=losses.explained_variance(grid.values.flatten(), grid_ret.flatten()))
    self.scheduler.step()
""",
        "environment by environment, indices translated": """
def learning_phase(self):
    args = self.args
    data = self.agent.rollout
    T, N = data.rewards.shape[:2]
    gae = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    returns = gae + data.values

    # every column in the same order: all steps of environment 0, then all of environment 1, ...
    obs, actions, logprobs, gae, returns, values = (
        column.transpose(0, 1).flatten(0, 1) for column in (data.obs, data.actions, data.logprobs, gae, returns, data.values)
    )
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            indices = np.asarray(indices)
            # step t * N + n of the rollout is number n * T + t of this list
            mb = torch.as_tensor(indices % N * T + indices // N, device=self.device)
            A = gae.index_select(0, mb)
            if args.norm_adv:
                A = (A - torch.mean(A)) / (torch.std(A) + 1e-8)
            logits, V = networks.actor_critic_forward(self.actor, self.critic, obs.index_select(0, mb))
            one_hot = nn.functional.one_hot(actions.index_select(0, mb).long(), logits.shape[-1]).bool()
            new = nn.functional.log_softmax(logits, dim=-1)[one_hot]
            old = logprobs.index_select(0, mb)

            p_loss = losses.policy_loss(new, old, A, args.clip_coef)
            v_loss = losses.value_loss(V, returns.index_select(0, mb))
            H = losses.entropy_bonus(logits)

            for p in parameters:
                p.grad = None
            (p_loss + args.vf_coef * v_loss - args.ent_coef * H).backward()
            norm = nn.utils.clip_grad_norm_(parameters, max_norm=args.max_grad_norm)
            self.optimizer.step()

            with torch.no_grad():
                kl = losses.approx_kl(new, old)
                frac = losses.clipfrac(new, old, args.clip_coef)
            self.log.add_figures(
                policy_loss=p_loss, value_loss=v_loss, entropy=H, approx_kl=kl, clipfrac=frac, grad_norm=norm
            )
        if args.target_kl is not None and kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(values, returns))
    self.scheduler.step()
""",
        "three backwards, one gradient": """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    columns = (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    flat = [column.flatten(0, 1) for column in columns]
    parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            indices = torch.as_tensor(indices, device=self.device)
            obs, actions, old_logprobs, adv, returns = [column[indices] for column in flat]
            if args.norm_adv:
                adv = (adv - adv.mean()) / (adv.std() + 1e-8)

            logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
            new_logprobs = torch.take_along_dim(logits.log_softmax(-1), actions.unsqueeze(-1), dim=-1).squeeze(-1)

            policy_loss = losses.policy_loss(new_logprobs, old_logprobs, adv, args.clip_coef)
            value_loss = losses.value_loss(values, returns)
            entropy = losses.entropy_bonus(logits)

            # gradients add up, so each term may send its own
            self.optimizer.zero_grad()
            policy_loss.backward(retain_graph=True)
            (args.vf_coef * value_loss).backward(retain_graph=True)
            (-args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            self.optimizer.step()

            new_logprobs = new_logprobs.detach()
            approx_kl = losses.approx_kl(new_logprobs, old_logprobs)
            self.log.add_figures(
                policy_loss=policy_loss.detach(),
                value_loss=value_loss.detach(),
                entropy=entropy.detach(),
                approx_kl=approx_kl,
                clipfrac=losses.clipfrac(new_logprobs, old_logprobs, args.clip_coef),
                grad_norm=grad_norm,
            )
        if args.target_kl is None:
            continue
        if approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), flat[-1]))
    self.scheduler.step()
""",
        "each epoch reorders the columns and splits them": """
def learning_phase(self):
    args, batch = self.args, self.agent.rollout
    batch_adv = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_ret = batch_adv + batch.values
    columns = [c.flatten(0, 1) for c in (batch.obs, batch.actions, batch.logprobs, batch_adv, batch_ret)]
    params = [p for group in self.optimizer.param_groups for p in group["params"]]

    def played(logits, actions):
        weights = nn.functional.one_hot(actions.long(), logits.shape[-1]).to(logits.dtype)
        return torch.einsum("ba,ba->b", logits.log_softmax(dim=-1), weights)

    for _ in range(args.update_epochs):
        order = np.concatenate(rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size))
        order = torch.as_tensor(order, device=self.device)
        shuffled = [c[order].split(args.minibatch_size) for c in columns]
        for obs, actions, old, adv, ret in zip(*shuffled):
            if args.norm_adv:
                adv = adv - adv.mean()
                adv = adv / (adv.std() + 1e-8)
            logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
            new = played(logits, actions)
            terms = torch.stack(
                [losses.policy_loss(new, old, adv, args.clip_coef), losses.value_loss(values, ret), losses.entropy_bonus(logits)]
            )
            coefs = torch.tensor([1.0, args.vf_coef, -args.ent_coef], dtype=terms.dtype, device=terms.device)
            self.optimizer.zero_grad()
            torch.dot(coefs, terms).backward()
            norm = nn.utils.clip_grad_norm_(params, args.max_grad_norm)
            self.optimizer.step()

            new, terms = new.detach(), terms.detach()
            approx_kl = losses.approx_kl(new, old)
            self.log.add_figures(
                policy_loss=terms[0], value_loss=terms[1], entropy=terms[2],
                approx_kl=approx_kl, clipfrac=losses.clipfrac(new, old, args.clip_coef), grad_norm=norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break

    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), columns[-1]))
    self.scheduler.step()
""",
    },
    "FrameStack": {
        "torch.where before the shift": """
def update(self, frames, masks):
    if self.stack is None:
        older = frames.new_zeros((frames.shape[0], self.num_frames - 1, *frames.shape[1:]))
    else:
        goes_on = (masks != 0).reshape(-1, 1, 1, 1)
        older = self.stack[:, 1:]
        older = torch.where(goes_on, older, torch.zeros_like(older))
    self.stack = torch.cat([older, frames.unsqueeze(1)], dim=1)
    return self.stack.clone()
""",
        "a loop over the environments": """
def update(self, frames, masks):
    first = self.stack is None
    n, h, w = frames.shape
    result = torch.zeros((n, self.num_frames, h, w), dtype=frames.dtype, device=frames.device)
    for env in range(n):
        if not first and masks[env] != 0:
            for place in range(self.num_frames - 1):
                result[env, place] = self.stack[env, place + 1]
        result[env, self.num_frames - 1] = frames[env]
    self.stack = result
    return result.clone()
""",
        "a roll and a product": """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = torch.zeros_like(frames)[:, None].repeat(1, self.num_frames, 1, 1)
    rolled = self.stack.roll(-1, dims=1)
    rolled *= (masks != 0).to(rolled.dtype)[:, None, None, None]
    rolled[:, -1] = frames
    self.stack = rolled
    return rolled.clone()
""",
        "a deque of copies": """
def update(self, frames, masks):
    from collections import deque

    if self.stack is None:
        self.stack = deque([torch.zeros_like(frames) for _ in range(self.num_frames)], maxlen=self.num_frames)
    for old in self.stack:
        old[masks == 0] = 0
    self.stack.append(frames.clone())
    return torch.stack(tuple(self.stack), dim=1)
""",
    },
    "get_actor_and_critic_atari": {
        "a loop over a table of layers": """
def get_actor_and_critic_atari(obs_shape, num_actions):
    channels, height, width = obs_shape
    if height != width:
        raise ValueError(f"The frames must be square, with a side of 8m + 4 (m >= 4) such as 84; these are {height} x {width}.")
    if height < 36 or height % 8 != 4:
        raise ValueError(f"The side of the frames must be 8m + 4 with m >= 4 (36, 44, ..., 84, ...), but it is {height}.")
    layers, side = [], height
    for outputs, size, stride in [(32, 8, 4), (64, 4, 2), (64, 3, 1)]:
        layers.append(layer_init(nn.Conv2d(channels, outputs, size, stride)))
        layers.append(nn.ReLU())
        channels = outputs
        side = 1 + (side - size) // stride
    layers.append(nn.Flatten())
    layers.append(layer_init(nn.Linear(channels * side * side, 512)))
    layers.append(nn.ReLU())
    trunk = nn.Sequential(*layers)
    heads = [layer_init(nn.Linear(512, outputs), std=std) for outputs, std in [(num_actions, 0.01), (1, 1.0)]]
    actor, critic = (nn.Sequential(trunk, head) for head in heads)
    return actor, critic
""",
        "the size from a black picture": """
def get_actor_and_critic_atari(obs_shape, num_actions):
    frames, rows, cols = obs_shape
    m, rest = divmod(rows - 4, 8)
    if rows != cols or rest or m < 4:
        raise ValueError(f"expected square frames whose side is 8m + 4 with m at least 4, got {rows} x {cols}")

    trunk = nn.Sequential()
    for inputs, outputs, size, stride in [(frames, 32, 8, 4), (32, 64, 4, 2), (64, 64, 3, 1)]:
        trunk.append(layer_init(nn.Conv2d(inputs, outputs, kernel_size=size, stride=stride)))
        trunk.append(nn.ReLU())
    trunk.append(nn.Flatten())
    with torch.no_grad():
        num_features = trunk(torch.zeros(1, frames, rows, cols)).shape[-1]
    trunk.append(layer_init(nn.Linear(num_features, 512)))
    trunk.append(nn.ReLU())

    actor = nn.Sequential(trunk)
    actor.append(layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk)
    critic.append(layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        "m - 3 and named children": """
from collections import OrderedDict


def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    good_sides = range(36, max(height, width) + 1, 8)
    if height != width or height not in good_sides:
        raise ValueError(
            f"These frames are {height} x {width}. They must be square, and the side 8m + 4 with m >= 4: 36, 44, 52, ..."
        )
    m = (height - 4) // 8
    trunk = nn.Sequential(
        OrderedDict(
            conv1=layer_init(nn.Conv2d(num_frames, 32, 8, stride=4, padding=0)),
            relu1=nn.ReLU(),
            conv2=layer_init(nn.Conv2d(32, 64, 4, stride=2, padding=0)),
            relu2=nn.ReLU(),
            conv3=layer_init(nn.Conv2d(64, 64, 3, stride=1, padding=0)),
            relu3=nn.ReLU(),
            flatten=nn.Flatten(start_dim=1),
            linear=layer_init(nn.Linear(64 * (m - 3) * (m - 3), 512)),
            relu4=nn.ReLU(),
        )
    )
    actor = nn.Sequential(OrderedDict(trunk=trunk, head=layer_init(nn.Linear(512, num_actions), std=0.01)))
    critic = nn.Sequential(OrderedDict(trunk=trunk, head=layer_init(nn.Linear(512, 1), std=1.0)))
    return actor, critic
""",
        "helpers, the heads first": """
def _after(side, size, stride):
    return len(range(0, side - size + 1, stride))


def _check(height, width):
    if height == width and height >= 36 and (height + 4) % 8 == 0:
        return
    raise ValueError(f"L x L frames with L = 8m + 4 and m >= 4 are needed (for example 84 x 84), not {height} x {width}")


def get_actor_and_critic_atari(obs_shape, num_actions):
    _check(*obs_shape[1:])
    policy_head = layer_init(nn.Linear(512, num_actions), std=0.01)
    value_head = layer_init(nn.Linear(512, 1), std=1.0)

    side = _after(_after(_after(obs_shape[1], 8, 4), 4, 2), 3, 1)
    relu = nn.ReLU()
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(obs_shape[0], 32, 8, 4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, 2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, 1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        relu,
    )
    return nn.Sequential(trunk, policy_head), nn.Sequential(trunk, value_head)
""",
    },
}
