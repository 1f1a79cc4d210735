"""Answers written from the notebooks alone, without sight of the solutions, the tests or the known mistakes."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "policy_loss": {
        "clipped copy made without a graph": (
            "Inside the interval both versions are equal and torch.min shares the gradient between them, so with one of "
            "them detached half of the gradient is lost; the value is right.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    plain = ratio * advantages
    with torch.no_grad():  # the clipped one is flat, it has no gradient anyway
        clipped = ratio.clamp(1 - clip_coef, 1 + clip_coef) * advantages
    return -torch.min(plain, clipped).mean()
""",
        ),
        "clamped under the logarithm": (
            "log(1 - epsilon) does not exist for epsilon of 1 and more, so 'no clip', an epsilon of 1e9 or infinity, gives nan "
            "instead of the plain surrogate.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    log_ratio = new_logprobs - logprobs
    low, high = torch.log(torch.tensor([1 - clip_coef, 1 + clip_coef]))
    log_clipped = torch.clamp(log_ratio, low.item(), high.item())  # exp is monotonic, so I can clamp before it
    objective = torch.minimum(log_ratio.exp() * advantages, log_clipped.exp() * advantages)
    return -objective.mean()
""",
        ),
        "product clamped between products": (
            "For a negative advantage the lower bound (1 - eps) A lies above the upper one (1 + eps) A, and torch.clamp then "
            "returns the upper bound everywhere.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    surrogate = torch.exp(new_logprobs - logprobs) * advantages
    clipped = torch.clamp(surrogate, min=(1 - clip_coef) * advantages, max=(1 + clip_coef) * advantages)
    return -torch.min(surrogate, clipped).mean()
""",
        ),
        "smaller of the two means": (
            "The minimum has to be taken sample by sample and then averaged; here two averages are compared.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    rho = torch.exp(new_logprobs) / torch.exp(logprobs)
    L1 = torch.mean(rho * advantages)
    L2 = torch.mean(torch.clip(rho, 1 - clip_coef, 1 + clip_coef) * advantages)
    return -min(L1, L2)
""",
        ),
        "flat samples count as zero": (
            "A clipped sample contributes the constant clip(rho) A, not 0: the gradient comes out right, the loss does not.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    too_good = (advantages > 0) & (ratio > 1 + clip_coef)
    too_bad = (advantages < 0) & (ratio < 1 - clip_coef)
    still_pushing = ~(too_good | too_bad)
    return -(ratio * advantages * still_pushing).mean()
""",
        ),
    },
    "value_loss": {
        "variance of the errors": (
            "A variance does not see a constant error: a critic that is too low by 15 everywhere has a loss of 0.",
            """
def value_loss(new_values, returns):
    error = new_values - returns
    return 0.5 * error.var(correction=0)
""",
        ),
        "smooth L1 has the half already": (
            "smooth_l1_loss is half the square only for errors below 1; beyond that it grows linearly.",
            """
def value_loss(new_values, returns):
    # 0.5 * e^2, the half is built in
    return F.smooth_l1_loss(new_values, returns)
""",
        ),
        "half is a dtype": (
            "tensor.half() converts to 16-bit floats and halves nothing.",
            """
def value_loss(new_values, returns):
    return F.mse_loss(new_values, returns).half()
""",
        ),
        "numbers put into a new tensor": (
            "torch.tensor copies the numbers and leaves the graph behind, so the critic gets no gradient.",
            """
def value_loss(new_values, returns):
    squares = []
    for v, r in zip(new_values, returns):
        squares.append(float((v - r) ** 2))
    return torch.tensor(squares).mean() / 2
""",
        ),
        "half of the error, squared": (
            "The half stands before the square; inside it, it becomes a quarter.",
            """
def value_loss(new_values, returns):
    half_error = (returns - new_values) / 2
    return torch.mean(half_error**2)
""",
        ),
    },
    "entropy_bonus": {
        "cross entropy with fixed targets": (
            "The probabilities must keep their graph: with them detached the value is the entropy, but the gradient is "
            "exactly 0 everywhere.",
            """
def entropy_bonus(logits):
    probs = logits.softmax(dim=-1).detach()  # targets are data
    return F.cross_entropy(logits, probs)
""",
        ),
        "where hides the infinity": (
            "The value is finite, but the gradient goes through the branch that was not chosen as well, and 0 times the "
            "infinite slope of log at 0 is nan.",
            """
def entropy_bonus(logits):
    p = torch.softmax(logits, dim=1)
    p_log_p = torch.where(p > 0, p * torch.log(p), torch.zeros_like(p))  # 0 log 0 = 0
    return -p_log_p.sum(dim=1).mean()
""",
        ),
        "logits clamped to 20": (
            "Only differences of logits mean anything: logits of 100 and 90 become 20 and 20, a certain policy an undecided "
            "one.",
            """
def entropy_bonus(logits):
    logits = logits.clamp(-20, 20)  # so that exp stays finite
    weights = logits.exp()
    p = weights / weights.sum(-1, keepdim=True)
    return -(p * p.log()).sum(-1).mean()
""",
        ),
        "entropy of the mean policy": (
            "Two certain policies that choose differently have entropy 0 each; the average of the two is undecided.",
            """
def entropy_bonus(logits):
    mean_policy = F.softmax(logits, dim=-1).mean(dim=0)
    return -torch.sum(mean_policy * torch.log(mean_policy + 1e-12))
""",
        ),
        "largest logit of the whole minibatch": (
            "The maximum must be taken in each row: a row whose logits lie 200 below another row's underflows to 0 / 0.",
            """
def entropy_bonus(logits):
    shifted = logits - logits.max()  # the usual trick against overflow
    log_total = shifted.exp().sum(dim=-1, keepdim=True).log()
    log_probs = shifted - log_total
    return -(log_probs.exp() * log_probs).sum(dim=-1).mean()
""",
        ),
    },
    "make_optimizer": {
        "same numbers taken for same parameter": (
            "Parameters that happen to hold equal numbers are different ones: all fresh biases are zeros, and the critic's "
            "are left out.",
            """
def make_optimizer(actor, critic, learning_rate):
    params = list(actor.parameters())
    for p in critic.parameters():
        if not any(p.shape == q.shape and torch.equal(p, q) for q in params):
            params.append(p)
    return torch.optim.Adam(params, lr=learning_rate, eps=1e-5)
""",
        ),
        "merged by name": (
            "Both networks call their layers 0.weight, 2.weight and so on, so the critic's parameters push the actor's out "
            "of the dictionary.",
            """
def make_optimizer(actor, critic, learning_rate):
    unique = {**dict(actor.named_parameters()), **dict(critic.named_parameters())}
    return torch.optim.Adam(unique.values(), lr=learning_rate, eps=1e-5)
""",
        ),
        "AdamW": (
            "AdamW shrinks all weights a little in each step (weight decay 0.01); the exercise asks for Adam.",
            """
def make_optimizer(actor, critic, learning_rate):
    parameters = list(dict.fromkeys([*actor.parameters(), *critic.parameters()]))
    return torch.optim.AdamW(parameters, lr=learning_rate, eps=1e-5)
""",
        ),
        "ten to the minus five as 10e-5": (
            "10e-5 is 10 times 1e-5, that is 1e-4.",
            """
def make_optimizer(actor, critic, learning_rate):
    everything = list(actor.parameters()) + list(critic.parameters())
    once = list({id(p): p for p in everything}.values())
    return torch.optim.Adam(once, lr=learning_rate, eps=10e-5)
""",
        ),
        "looks for sharing in the first child only": (
            "Networks may share layers anywhere, and need not be nn.Sequential; a shared second layer is listed twice here.",
            """
def make_optimizer(actor, critic, learning_rate):
    actors, critics = list(actor.children()), list(critic.children())
    if actors and critics and actors[0] is critics[0]:
        parameters = [*actor.parameters(), *(p for child in critics[1:] for p in child.parameters())]
    else:
        parameters = [*actor.parameters(), *critic.parameters()]
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-5)
""",
        ),
    },
    "PPOScheduler": {
        "counts once for each group": (
            "The count belongs before the loop: with two parameter groups each call counts twice, and the groups get "
            "different rates.",
            """
def step(self) -> None:
    for group in self.optimizer.param_groups:
        self.num_steps_taken += 1
        fraction = min(self.num_steps_taken / self.num_iterations, 1)
        group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
""",
        ),
        "linspace with too few points": (
            "K steps need K + 1 points: with K the rate arrives at its end one iteration early.",
            """
def step(self) -> None:
    rates = np.linspace(self.initial_lr, self.end_lr, self.num_iterations)
    self.num_steps_taken += 1
    k = min(self.num_steps_taken, self.num_iterations - 1)
    for group in self.optimizer.param_groups:
        group["lr"] = float(rates[k])
""",
        ),
        "never below the end": (
            "max(rate, end_lr) holds a falling line only; a line that rises from initial to end jumps to its end at once "
            "and then goes on beyond it.",
            """
def step(self) -> None:
    self.num_steps_taken += 1
    slope = (self.end_lr - self.initial_lr) / self.num_iterations
    lr = max(self.initial_lr + slope * self.num_steps_taken, self.end_lr)
    for group in self.optimizer.param_groups:
        group["lr"] = lr
""",
        ),
        "sets the defaults": (
            "optimizer.defaults only matters for groups that are added later; the rate in use is that in param_groups.",
            """
def step(self) -> None:
    self.num_steps_taken += 1
    done = min(self.num_steps_taken / self.num_iterations, 1.0)
    self.optimizer.defaults["lr"] = (1 - done) * self.initial_lr + done * self.end_lr
""",
        ),
        "wraps round at the end": (
            "k modulo K is 0 again when all is done: the last call puts the rate back to its start.",
            """
def step(self) -> None:
    self.num_steps_taken = self.num_steps_taken + 1
    progress = (self.num_steps_taken % self.num_iterations) / self.num_iterations  # always in [0, 1)
    new_lr = self.initial_lr + progress * (self.end_lr - self.initial_lr)
    for g in self.optimizer.param_groups:
        g.update(lr=new_lr)
""",
        ),
    },
    "approx_kl": {
        "mean before exp": (
            "The average has to be taken over (rho - 1) - log rho; of the mean log ratio, changes up and down cancel.",
            """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    log_ratio = (new_logprobs - logprobs).mean()
    ratio = log_ratio.exp()
    return (ratio - 1) - log_ratio
""",
        ),
        "logarithm of the rounded ratio": (
            "log rho is there before rho is; taken from the ratio again it is -inf as soon as the ratio is rounded to 0.",
            """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    ratio = torch.exp(new_logprobs - logprobs)
    return torch.mean((ratio - 1) - torch.log(ratio))
""",
        ),
        "naive, cut off at zero": (
            "Cutting the naive estimate off at 0 makes it non-negative, but it is not k3 and is no longer right on average.",
            """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    naive = (logprobs - new_logprobs).mean()
    return naive.clamp(min=0.0)  # a distance is never negative
""",
        ),
        "kl_div of the played actions": (
            "The samples were drawn from the old policy already; kl_div weights them with its probabilities a second time.",
            """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    return F.kl_div(new_logprobs, logprobs, reduction="mean", log_target=True)
""",
        ),
        "subtracts in place": (
            "-= writes the difference into the caller's new_logprobs, so every figure computed after this one is wrong.",
            """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    log_ratio = new_logprobs
    log_ratio -= logprobs
    return ((log_ratio.exp() - 1) - log_ratio).mean()
""",
        ),
    },
    "clipfrac": {
        "isclose relative to the ratio": (
            "rtol is relative to the second argument, here the ratio: the interval becomes 1/(1 + eps) to 1/(1 - eps).",
            """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    inside = torch.isclose(torch.ones_like(ratio), ratio, rtol=clip_coef, atol=0.0)
    return 1 - inside.float().mean()
""",
        ),
        "mean of the positions": (
            "nonzero() gives the places of the True entries; their mean is a place, not a share (and nan if there are none).",
            """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    clipped = ((ratio - 1).abs() > clip_coef).nonzero()
    return clipped.float().mean()
""",
        ),
        "below and above at once": (
            "No ratio is below 1 - eps and above 1 + eps at the same time; it has to be 'or', and this is always 0.",
            """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    outside = (ratio < 1 - clip_coef) & (ratio > 1 + clip_coef)
    return outside.to(torch.float32).mean()
""",
        ),
        "same factor up and down": (
            "exp(|log rho|) - 1 measures factors: downwards the edge is 1/(1 + eps) = 0.83 instead of 1 - eps = 0.8.",
            """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    moved = (new_logprobs - logprobs).abs().exp() - 1
    return (moved > clip_coef).float().mean()
""",
        ),
        "whole-number division": (
            "// rounds the share down, so that it is 0 unless every sample is outside.",
            """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    num_clipped = ((ratio - 1.0).abs() > clip_coef).sum()
    return (num_clipped // len(ratio)).float()
""",
        ),
    },
    "explained_variance": {
        "nan_to_num for equal returns": (
            "Only 0 / 0 is nan: where the returns are equal but the values are not, x / 0 is infinite, and this is -3e38 "
            "instead of 0.",
            """
@torch.no_grad()
def explained_variance(values, returns):
    unexplained = (returns - values).var(correction=0) / returns.var(correction=0)
    return torch.nan_to_num(1 - unexplained, nan=0.0)
""",
        ),
        "squared correlation": (
            "A correlation does not see slope or sign: a critic that is wrong the other way round gets 1 instead of -3.",
            """
@torch.no_grad()
def explained_variance(values, returns):
    if len(returns) < 2:
        return torch.zeros((), dtype=returns.dtype, device=returns.device)
    r = torch.corrcoef(torch.stack([values, returns]))[0, 1]
    return torch.nan_to_num(r**2, nan=0.0)
""",
        ),
        "mean square minus squared mean": (
            "E[x^2] - E[x]^2 loses all its digits in 32-bit floats where returns are large and close together, such as all "
            "near 100.",
            """
@torch.no_grad()
def explained_variance(values, returns):
    def var(x):
        return (x * x).mean() - x.mean() ** 2

    total = var(returns)
    if total == 0:
        return torch.zeros_like(total)
    return 1 - var(returns - values) / total
""",
        ),
        "first equals last": (
            "That the first and the last return agree does not mean that all do.",
            """
@torch.no_grad()
def explained_variance(values, returns):
    if returns[0] == returns[-1]:  # nothing to explain
        return returns.new_zeros(())
    residual = returns - values
    return 1 - residual.var(unbiased=False) / returns.var(unbiased=False)
""",
        ),
        "a bare 0": (
            "Where the returns are equal it returns Python's 0 and not a scalar tensor like everywhere else.",
            """
@torch.no_grad()
def explained_variance(values, returns):
    if returns.max() == returns.min():
        return 0
    return 1 - torch.var(returns - values, correction=0) / torch.var(returns, correction=0)
""",
        ),
    },
    "rollout_phase": {
        "global_step read before the step": (
            "Python evaluates arguments from left to right: global_step is read before play_step raises it, and games are "
            "logged N steps too early.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        self.log.add_games(self.agent.global_step, self.agent.play_step())
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "next_obs of the start": (
            "next_obs is taken before the steps are played, so the last row's next value is that of an old observation.",
            """
def rollout_phase(self) -> None:
    agent = self.agent
    buffer, next_obs = agent.rollout, agent.next_obs
    buffer.clear()
    for _ in range(self.args.num_steps):
        infos = agent.play_step()
        self.log.add_games(agent.global_step, infos)
    buffer.close(self.actor, self.critic, next_obs)
""",
        ),
        "global_step counted as rows": (
            "global_step grows by N in each step, so this stops after about T / N rows instead of T.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    end = self.agent.global_step + self.args.num_steps
    while self.agent.global_step < end:
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "logs all games at the end": (
            "The games are noted after the whole rollout, so each of them gets the global_step of the last row.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    history = [self.agent.play_step() for _ in range(self.args.num_steps)]
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
    for infos in history:
        self.log.add_games(self.agent.global_step, infos)
""",
        ),
        "resets when a game is over": (
            "Environments start their next game by themselves; this throws away the running games of all the others as well.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
        if infos["game_over"].any():
            self.agent.next_obs, _ = self.envs.reset()
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
    },
    "learning_phase": {
        "return instead of break": (
            "When target_kl is exceeded it leaves the whole method: no explained variance, and the scheduler is not stepped.",
            """
def learning_phase(self) -> None:
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    batch_returns = batch_advantages + batch.values
    obs, actions, logprobs, all_advantages, returns = (
        c.flatten(0, 1) for c in (batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_returns)
    )
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
            grad_norm = nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], args.max_grad_norm)
            self.optimizer.step()
            approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
            clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss, value_loss=value_loss, entropy=entropy, approx_kl=approx_kl, clipfrac=clipfrac,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            return
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
        "same minibatches in another order": (
            "The steps are cut into minibatches once, and only the order of these is shuffled: each step meets the same "
            "company in every epoch.",
            """
def learning_phase(self) -> None:
    args = self.args
    data = self.agent.rollout
    adv = advantages.compute_advantages(
        data.rewards, data.values, data.next_values, data.terminations, data.truncations, args.gamma, args.gae_lambda
    )
    ret = (adv + data.values).flatten()
    adv = adv.flatten()
    obs, actions, old = data.obs.flatten(0, 1), data.actions.flatten(0, 1), data.logprobs.flatten(0, 1)
    minibatches = rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)
    for epoch in range(args.update_epochs):
        self.rng.shuffle(minibatches)  # a new order in each epoch
        for indices in minibatches:
            i = torch.as_tensor(indices, device=self.device)
            a = adv[i]
            if args.norm_adv:
                a = (a - a.mean()) / (a.std() + 1e-8)
            logits, values = networks.actor_critic_forward(self.actor, self.critic, obs[i])
            new = torch.distributions.Categorical(logits=logits).log_prob(actions[i])
            pg = losses.policy_loss(new, old[i], a, args.clip_coef)
            vf = losses.value_loss(values, ret[i])
            ent = losses.entropy_bonus(logits)
            self.optimizer.zero_grad()
            (pg + args.vf_coef * vf - args.ent_coef * ent).backward()
            grad_norm = nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], args.max_grad_norm)
            self.optimizer.step()
            kl = losses.approx_kl(new, old[i])
            frac = losses.clipfrac(new, old[i], args.clip_coef)
            self.log.add_figures(policy_loss=pg, value_loss=vf, entropy=ent, approx_kl=kl, clipfrac=frac, grad_norm=grad_norm)
        if args.target_kl is not None and kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(data.values.flatten(), ret))
    self.scheduler.step()
""",
        ),
        "observations flattened to their last dimension": (
            "Only time and environments may be joined: reshape(-1, last) is right for CartPole's (T, N, 4), but takes stacked "
            "frames (T, N, 4, 84, 84) apart.",
            """
def learning_phase(self) -> None:
    args, batch = self.args, self.agent.rollout
    gae = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    b_obs = batch.obs.reshape(-1, batch.obs.shape[-1])
    b_actions = batch.actions.reshape(-1)
    b_logprobs = batch.logprobs.reshape(-1)
    b_advantages = gae.reshape(-1)
    b_values = batch.values.reshape(-1)
    b_returns = b_advantages + b_values
    for _ in range(args.update_epochs):
        for inds in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            inds = torch.as_tensor(inds, device=self.device)
            mb_adv = b_advantages[inds]
            if args.norm_adv:
                mb_adv = (mb_adv - mb_adv.mean()) / (mb_adv.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, b_obs[inds])
            new_logprobs = torch.take_along_dim(logits.log_softmax(1), b_actions[inds][:, None], dim=1)[:, 0]
            p_loss = losses.policy_loss(new_logprobs, b_logprobs[inds], mb_adv, args.clip_coef)
            v_loss = losses.value_loss(new_values, b_returns[inds])
            entropy = losses.entropy_bonus(logits)
            self.optimizer.zero_grad()
            (p_loss + args.vf_coef * v_loss - args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], args.max_grad_norm)
            self.optimizer.step()
            approx_kl = losses.approx_kl(new_logprobs, b_logprobs[inds])
            self.log.add_figures(
                policy_loss=p_loss,
                value_loss=v_loss,
                entropy=entropy,
                approx_kl=approx_kl,
                clipfrac=losses.clipfrac(new_logprobs, b_logprobs[inds], args.clip_coef),
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(b_values, b_returns))
    self.scheduler.step()
""",
        ),
        "normalised advantages written back": (
            "The normalised numbers replace the advantages themselves, so from the second epoch on, other minibatches "
            "normalise what was normalised already.",
            """
def learning_phase(self) -> None:
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    columns = batch.obs, batch.actions, batch.logprobs, batch_advantages, batch_advantages + batch.values
    obs, actions, logprobs, flat_advantages, returns = [column.flatten(0, 1) for column in columns]
    for _ in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            if args.norm_adv:
                flat_advantages[mb] -= flat_advantages[mb].mean()
                flat_advantages[mb] /= flat_advantages[mb].std() + 1e-8
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(-1).gather(1, actions[mb][:, None])[:, 0]
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], flat_advantages[mb], args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            loss = policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy
            self.optimizer.zero_grad()
            loss.backward()
            grad_norm = nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], args.max_grad_norm)
            self.optimizer.step()
            kl = losses.approx_kl(new_logprobs, logprobs[mb])
            share = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
            self.log.add_figures(policy_loss=policy_loss, value_loss=value_loss, entropy=entropy, approx_kl=kl, clipfrac=share, grad_norm=grad_norm)
        if args.target_kl is not None and kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(0, 1), returns))
    self.scheduler.step()
""",
        ),
        "figures once an epoch": (
            "add_figures is one level too far to the left: the log gets the last minibatch of each epoch only, not every "
            "update.",
            """
def learning_phase(self) -> None:
    args, batch = self.args, self.agent.rollout
    batch_advantages = advantages.compute_advantages(
        rewards=batch.rewards,
        values=batch.values,
        next_values=batch.next_values,
        terminations=batch.terminations,
        truncations=batch.truncations,
        gamma=args.gamma,
        gae_lambda=args.gae_lambda,
    )
    obs = batch.obs.flatten(0, 1)
    actions = batch.actions.flatten()
    logprobs = batch.logprobs.flatten()
    all_advantages = batch_advantages.flatten()
    returns = all_advantages + batch.values.flatten()
    for epoch in range(args.update_epochs):
        for indices in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            mb = torch.as_tensor(indices, device=self.device)
            A = all_advantages[mb]
            if args.norm_adv:
                A = (A - A.mean()) / (A.std() + 1e-8)
            logits, new_values = networks.actor_critic_forward(self.actor, self.critic, obs[mb])
            new_logprobs = logits.log_softmax(-1).gather(-1, actions[mb].view(-1, 1)).view(-1)
            policy_loss = losses.policy_loss(new_logprobs, logprobs[mb], A, args.clip_coef)
            value_loss = losses.value_loss(new_values, returns[mb])
            entropy = losses.entropy_bonus(logits)
            self.optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], args.max_grad_norm)
            self.optimizer.step()
        approx_kl = losses.approx_kl(new_logprobs, logprobs[mb])
        clipfrac = losses.clipfrac(new_logprobs, logprobs[mb], args.clip_coef)
        self.log.add_figures(
            policy_loss=policy_loss, value_loss=value_loss, entropy=entropy, approx_kl=approx_kl, clipfrac=clipfrac, grad_norm=grad_norm
        )
        if args.target_kl is not None and approx_kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), returns))
    self.scheduler.step()
""",
        ),
    },
    "evaluate": {
        "seed 0 taken for none": (
            "'if seed' is false for seed 0, so these games cannot be repeated; it has to be 'is not None'.",
            """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    scores = []
    for played in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=seed + played if seed else None)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        scores.append(returns)
    return np.concatenate(scores)[:num_episodes]
""",
        ),
        "steps counted over all rounds": (
            "The counter of steps is not set back, so later rounds have only what the earlier ones left of max_steps.",
            """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    all_scores = np.empty(0)
    step = 0
    while len(all_scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(all_scores))
        score = np.zeros(envs.num_envs)
        alive = np.full(envs.num_envs, True)
        while alive.any() and step < max_steps:
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            score = np.where(alive, infos["episodic_return"], score)
            alive = alive & ~infos["game_over"]
            step += 1
        all_scores = np.append(all_scores, score)
    return all_scores[:num_episodes]
""",
        ),
        "one array for all rounds": (
            "The list holds the same array several times, and each round overwrites it: all rounds end with the last one's "
            "scores.",
            """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    returns, playing = np.zeros(envs.num_envs), np.zeros(envs.num_envs, dtype=bool)
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        returns[:], playing[:] = 0, True
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
        ),
        "scores as whole numbers": (
            "The array of scores holds integers, so a score of 7.9 is cut to 7; scores need not be whole.",
            """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    num_rounds = -(-num_episodes // envs.num_envs)
    scores = np.zeros((num_rounds, envs.num_envs), dtype=int)
    for k in range(num_rounds):
        obs, _ = envs.reset(seed=None if seed is None else seed + k * envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            scores[k, playing] = infos["episodic_return"][playing]
            playing[infos["game_over"]] = False
            if not playing.any():
                break
    return scores.flatten()[:num_episodes]
""",
        ),
        "largest score seen": (
            "A score may fall, and may be negative: the maximum of 0 and all that was seen on the way is not the score at the "
            "end.",
            """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    results = []
    while len(results) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(results))
        best = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            best = np.maximum(best, playing * infos["episodic_return"])  # the score only grows
            playing = playing * (1 - infos["game_over"].astype(float))
            if playing.sum() == 0:
                break
        results.extend(best)
    return np.array(results[:num_episodes])
""",
        ),
    },
    "get_actor_and_critic_atari": {
        "trunk unpacked into both": (
            "The layers are shared, but the first child of both is only the first convolution, not the trunk: the forward pass "
            "runs the rest of the trunk twice.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height < 36:
        raise ValueError(f"frames must be square with a side of 8m + 4, m at least 4, not {height} x {width}")
    side = height // 8 - 3
    trunk = [
        layer_init(nn.Conv2d(frames, 32, 8, 4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, 2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, 1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side**2, 512)),
        nn.ReLU(),
    ]
    actor = nn.Sequential(*trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(*trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "initialises network by network": (
            "The trunk belongs to both networks, so it gets the heads' scale, last the critic's 1.0, instead of layer_init's "
            "default.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    c, h, w = obs_shape
    if h != w or (h - 4) % 8 or h < 36:
        raise ValueError(f"need square frames with side 8m + 4 and m >= 4, got {h} x {w}")
    n = (h - 4) // 8 - 3
    trunk = nn.Sequential(
        nn.Conv2d(c, 32, kernel_size=8, stride=4), nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=4, stride=2), nn.ReLU(),
        nn.Conv2d(64, 64, kernel_size=3, stride=1), nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * n * n, 512), nn.ReLU(),
    )
    actor = nn.Sequential(trunk, nn.Linear(512, num_actions))
    critic = nn.Sequential(trunk, nn.Linear(512, 1))
    for network, std in [(actor, 0.01), (critic, 1.0)]:
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                layer_init(layer, std=std)
    return actor, critic
""",
        ),
        "rectangles welcome": (
            "Height and width are each checked and followed on their own, but frames that are not square are to raise a "
            "ValueError.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, *sides = obs_shape
    for side in sides:
        if side % 8 != 4 or side < 36:
            raise ValueError(f"a side must be 8m + 4 with m at least 4 (36, 44, ..., 84), not {side}")
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        sides = [1 + (side - size) // stride for side in sides]
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * sides[0] * sides[1], 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic
""",
        ),
        "whatever runs is fine": (
            "A side such as 80 or 85 runs through the convolutions without an error and leaves a rest; it is to raise a "
            "ValueError all the same.",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    if obs_shape[1] != obs_shape[2]:
        raise ValueError(f"frames must be square, not {obs_shape[1]} x {obs_shape[2]}")
    convolutions = nn.Sequential(
        layer_init(nn.Conv2d(obs_shape[0], 32, 8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
    )
    try:
        with torch.no_grad():
            num_inputs = convolutions(torch.zeros(1, *obs_shape)).shape[1]
    except RuntimeError:
        raise ValueError(f"the side must be 8m + 4 with m at least 4, not {obs_shape[1]}") from None
    trunk = nn.Sequential(*convolutions, layer_init(nn.Linear(num_inputs, 512)), nn.ReLU())
    policy_head = layer_init(nn.Linear(512, num_actions), std=0.01)
    value_head = layer_init(nn.Linear(512, 1), std=1.0)
    return nn.Sequential(trunk, policy_head), nn.Sequential(trunk, value_head)
""",
        ),
        "values without their last dimension": (
            "The critic is to return (B, 1), one value in each row; with the extra Flatten it returns (B,).",
            """
def get_actor_and_critic_atari(obs_shape, num_actions):
    num_frames, height, width = obs_shape
    if height != width or height % 8 != 4 or height // 8 < 4:
        raise ValueError(f"{height} x {width}: frames must be L x L with L = 8m + 4 and m >= 4")
    m = height // 8
    trunk = nn.Sequential()
    channels = num_frames
    for out, size, stride in [(32, 8, 4), (64, 4, 2), (64, 3, 1)]:
        trunk.append(layer_init(nn.Conv2d(channels, out, size, stride)))
        trunk.append(nn.ReLU())
        channels = out
    trunk.append(nn.Flatten())
    trunk.append(layer_init(nn.Linear(64 * (m - 3) ** 2, 512)))
    trunk.append(nn.ReLU())
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0), nn.Flatten(0))  # a value is one number
    return actor, critic
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "policy_loss": {
        "larger of two losses": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    rho = torch.exp(new_logprobs - logprobs)
    loss_plain = -advantages * rho
    loss_clipped = -advantages * rho.clamp(1.0 - clip_coef, 1.0 + clip_coef)
    return torch.max(loss_plain, loss_clipped).mean()
""",
        "one-sided clamps": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    # a good action may gain credit up to 1 + eps, a bad one down to 1 - eps; on the other side nothing is cut off
    importance = (new_logprobs - logprobs).exp()
    credited = torch.where(
        advantages > 0,
        importance.clamp(max=1 + clip_coef),
        importance.clamp(min=1 - clip_coef),
    )
    return torch.neg(credited.mul(advantages)).sum() / advantages.numel()
""",
    },
    "value_loss": {
        "scalar product": """
def value_loss(new_values, returns):
    error = returns - new_values
    return error @ error / (2 * len(error))
""",
        "a loop": """
def value_loss(new_values, returns):
    total = torch.zeros_like(returns[0])
    for predicted, target in zip(new_values, returns):
        total = total + (predicted - target) * (predicted - target)
    mse = total / returns.shape[0]
    return mse / 2
""",
    },
    "entropy_bonus": {
        "cross entropy with itself": """
def entropy_bonus(logits):
    # the cross entropy of a distribution with itself is its entropy; the mean over the rows is the default
    return F.cross_entropy(logits, torch.softmax(logits, dim=1))
""",
        "row by row": """
def entropy_bonus(logits):
    entropies = []
    for row in logits:
        surprise = torch.logsumexp(row - row.max(), dim=0) - (row - row.max())
        entropies.append(torch.dot(row.softmax(dim=0), surprise))
    return torch.stack(entropies).mean()
""",
    },
    "make_optimizer": {
        "a list of modules knows": """
def make_optimizer(actor, critic, learning_rate):
    both = nn.ModuleList([actor, critic])  # its parameters() names each one once, in order
    return torch.optim.Adam(both.parameters(), lr=learning_rate, eps=1e-5)
""",
        "remembers identities": """
def make_optimizer(actor, critic, learning_rate):
    seen, todo = set(), []
    for network in (actor, critic):
        for weight in network.parameters():
            if id(weight) in seen:
                continue
            seen.add(id(weight))
            todo.append(weight)
    return torch.optim.Adam([{"params": todo}], learning_rate, eps=0.00001)
""",
    },
    "PPOScheduler": {
        "weighted average": """
def step(self) -> None:
    self.num_steps_taken += 1
    remaining = max(self.num_iterations - self.num_steps_taken, 0) / self.num_iterations
    for group in self.optimizer.param_groups:
        group["lr"] = remaining * self.initial_lr + (1 - remaining) * self.end_lr
""",
        "interpolated": """
def step(self) -> None:
    self.num_steps_taken += 1
    rate = np.interp(self.num_steps_taken, [0, self.num_iterations], [self.initial_lr, self.end_lr])
    for i in range(len(self.optimizer.param_groups)):
        self.optimizer.param_groups[i]["lr"] = float(rate)
""",
    },
    "approx_kl": {
        "expm1": """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    d = new_logprobs - logprobs
    return torch.mean(torch.expm1(d) - d)
""",
        "sample by sample": """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    gaps = []
    for now, then in zip(new_logprobs, logprobs):
        log_rho = now - then
        gaps.append(log_rho.exp() - 1 - log_rho)
    return torch.stack(gaps).mean()
""",
    },
    "clipfrac": {
        "changed by the clamp": """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    return ratio.ne(ratio.clamp(1 - clip_coef, 1 + clip_coef)).double().mean().to(ratio.dtype)
""",
        "counted": """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    distance = torch.abs((new_logprobs - logprobs).exp() - 1)
    return torch.count_nonzero(distance > clip_coef) / distance.numel()
""",
    },
    "explained_variance": {
        "where": """
@torch.no_grad()
def explained_variance(values, returns):
    nothing_to_explain = (returns == returns[0]).all() | (returns.var(correction=0) == 0)
    left = (returns - values).var(correction=0)
    there_was = torch.where(nothing_to_explain, torch.ones_like(left), returns.var(correction=0))
    return torch.where(nothing_to_explain, torch.zeros_like(left), 1 - left / there_was)
""",
        "sums of squares": """
@torch.no_grad()
def explained_variance(values, returns):
    def spread(x):
        centred = x - x.mean()
        return torch.dot(centred, centred)  # B times the variance; the B cancels

    total = spread(returns)
    if returns.min() == returns.max() or total == 0:
        return total.new_zeros(())
    return (total - spread(returns - values)) / total
""",
    },
    "rollout_phase": {
        "four statements": """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        "counts down": """
def rollout_phase(self):
    player = self.agent
    notebook = player.rollout
    notebook.clear()
    rows_left = self.args.num_steps
    while rows_left:
        what_happened = player.play_step()
        self.log.add_games(player.global_step, what_happened)
        rows_left -= 1
    notebook.close(self.actor, self.critic, player.next_obs)
""",
    },
    "learning_phase": {
        "picks rows and columns": """
def learning_phase(self) -> None:
    args, batch = self.args, self.agent.rollout
    gae = advantages.compute_advantages(
        batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
    )
    targets = gae + batch.values
    num_envs = gae.shape[1]
    for _ in range(args.update_epochs):
        for numbers in rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size):
            numbers = torch.as_tensor(numbers, device=self.device)
            t, n = numbers // num_envs, numbers % num_envs  # the place in the grid; nothing has to be flattened
            weight = gae[t, n]
            if args.norm_adv:
                weight = (weight - weight.mean()) / (weight.std() + 1e-8)
            logits, predicted = networks.actor_critic_forward(self.actor, self.critic, batch.obs[t, n])
            now = logits.log_softmax(dim=-1)[torch.arange(len(numbers), device=self.device), batch.actions[t, n]]
            then = batch.logprobs[t, n]

            policy_loss = losses.policy_loss(now, then, weight, args.clip_coef)
            value_loss = losses.value_loss(predicted, targets[t, n])
            entropy = losses.entropy_bonus(logits)
            self.optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            grad_norm = nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], args.max_grad_norm)
            self.optimizer.step()

            kl, clipped = losses.approx_kl(now, then), losses.clipfrac(now, then, args.clip_coef)
            self.log.add_figures(
                policy_loss=policy_loss.detach(),
                value_loss=value_loss.detach(),
                entropy=entropy.detach(),
                approx_kl=kl,
                clipfrac=clipped,
                grad_norm=grad_norm,
            )
        if args.target_kl is not None and kl > args.target_kl:
            break
    self.log.add_figures(explained_variance=losses.explained_variance(batch.values.flatten(), targets.flatten()))
    self.scheduler.step()
""",
        "a dictionary and helpers": """
def learning_phase(self):
    cfg, played = self.args, self.agent.rollout
    A = advantages.compute_advantages(
        played.rewards,
        played.values,
        played.next_values,
        played.terminations,
        played.truncations,
        cfg.gamma,
        cfg.gae_lambda,
    )
    data = {"obs": played.obs, "actions": played.actions, "old": played.logprobs, "A": A, "R": A + played.values}
    data = {name: grid.reshape(-1, *grid.shape[2:]) for name, grid in data.items()}
    weights = self.optimizer.param_groups[0]["params"]

    def update(mb):
        a = mb["A"]
        if cfg.norm_adv:
            std, mean = torch.std_mean(a)
            a = (a - mean) / (std + 1e-8)
        logits, v = networks.actor_critic_forward(self.actor, self.critic, mb["obs"])
        new = torch.distributions.Categorical(logits=logits).log_prob(mb["actions"])
        figures = {
            "policy_loss": losses.policy_loss(new, mb["old"], a, cfg.clip_coef),
            "value_loss": losses.value_loss(v, mb["R"]),
            "entropy": losses.entropy_bonus(logits),
        }
        total = figures["policy_loss"] + cfg.vf_coef * figures["value_loss"] - cfg.ent_coef * figures["entropy"]
        self.optimizer.zero_grad()
        total.backward()
        grad_norm = nn.utils.clip_grad_norm_(weights, max_norm=cfg.max_grad_norm)
        self.optimizer.step()
        figures["approx_kl"] = losses.approx_kl(new, mb["old"])
        figures["clipfrac"] = losses.clipfrac(new, mb["old"], cfg.clip_coef)
        figures["grad_norm"] = grad_norm
        self.log.add_figures(**figures)
        return figures["approx_kl"].item()

    epochs_left, moved_too_far = cfg.update_epochs, False
    while epochs_left > 0 and not moved_too_far:
        epochs_left -= 1
        for indices in rollout.get_minibatch_indices(self.rng, cfg.batch_size, cfg.minibatch_size):
            chosen = torch.as_tensor(indices, device=self.device)
            last_kl = update({name: column[chosen] for name, column in data.items()})
        moved_too_far = cfg.target_kl is not None and last_kl > cfg.target_kl

    ev = losses.explained_variance(played.values.reshape(-1), data["R"])
    self.log.add_figures(explained_variance=ev)
    self.scheduler.step()
""",
    },
    "evaluate": {
        "where": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    scores = np.zeros(0)
    while scores.size < num_episodes:
        round_seed = None if seed is None else seed + scores.size
        obs, _ = envs.reset(seed=round_seed)
        score, over, t = np.zeros(envs.num_envs), np.zeros(envs.num_envs, dtype=bool), 0
        while t < max_steps and not over.all():
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            score = np.where(over, score, infos["episodic_return"])
            over = over | infos["game_over"]
            t += 1
        scores = np.concatenate([scores, score])
    return scores[:num_episodes]
""",
        "lists and loops": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    finished = []
    for games_before in range(0, num_episodes, envs.num_envs):
        if seed is None:
            obs, _ = envs.reset(seed=None)
        else:
            obs, _ = envs.reset(seed=seed + games_before)
        score_of = [0.0] * envs.num_envs
        still_playing = set(range(envs.num_envs))
        for _ in range(max_steps):
            obs, _rewards, _terminated, _truncated, infos = envs.step(choose_actions(actor, obs, greedy))
            for i in sorted(still_playing):
                score_of[i] = float(infos["episodic_return"][i])
                if infos["game_over"][i]:
                    still_playing.remove(i)
            if len(still_playing) == 0:
                break
        finished += score_of
    return np.array(finished[:num_episodes], dtype=np.float64)
""",
    },
    "get_actor_and_critic_atari": {
        "follows the remainders": """
def get_actor_and_critic_atari(obs_shape, num_actions):
    channels, height, width = obs_shape
    side, layers, rest = height, [], 0
    for out_channels, size, stride in ((32, 8, 4), (64, 4, 2), (64, 3, 1)):
        steps, remainder = divmod(side - size, stride)
        rest += remainder
        side = 1 + steps
    if height != width or rest or side < 1:
        raise ValueError(
            f"The frames are {height} x {width}; they must be square, with a side of 8m + 4 and m at least 4: 36, 44, ..., 84."
        )
    for out_channels, size, stride in ((32, 8, 4), (64, 4, 2), (64, 3, 1)):
        layers += [layer_init(nn.Conv2d(channels, out_channels, size, stride)), nn.ReLU()]
        channels = out_channels
    layers += [nn.Flatten(), layer_init(nn.Linear(channels * side * side, 512)), nn.ReLU()]
    trunk = nn.Sequential(*layers)
    return (
        nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01)),
        nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0)),
    )
""",
        "asks the convolutions": """
def get_actor_and_critic_atari(obs_shape, num_actions):
    if obs_shape[1] != obs_shape[2] or obs_shape[1] not in range(36, obs_shape[1] + 1, 8):
        raise ValueError(f"frames must be square with side L = 8m + 4, m >= 4 (such as 84), but obs_shape is {obs_shape}")

    trunk = nn.Sequential(
        layer_init(nn.Conv2d(obs_shape[0], 32, kernel_size=(8, 8), stride=(4, 4))),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=(4, 4), stride=(2, 2))),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1))),
        nn.ReLU(),
        nn.Flatten(),
    )
    with torch.no_grad():
        flat = trunk(torch.zeros(1, *obs_shape)).numel()
    trunk.append(layer_init(nn.Linear(flat, 512)))
    trunk.append(nn.ReLU())

    policy_head = layer_init(nn.Linear(512, num_actions), std=0.01)
    value_head = layer_init(nn.Linear(512, 1), std=1.0)
    actor, critic = nn.Sequential(trunk), nn.Sequential(trunk)
    actor.append(policy_head)
    critic.append(value_head)
    return actor, critic
""",
    },
}
