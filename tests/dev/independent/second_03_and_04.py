"""Answers by readers of the notebooks alone, the second list."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    # ------------------------------------------------------------------------------------------------------------
    "compute_advantages": {
        "truncation not bootstrapped": (
            "You multiply the next value by 'not done' instead of 'not terminated', so a truncated step loses its future.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    T, N = rewards.shape
    not_done = (~(terminations | truncations)).to(rewards.dtype)
    advantages = torch.zeros_like(rewards)
    last = torch.zeros_like(rewards[0])
    for t in reversed(range(T)):
        delta = rewards[t] + gamma * not_done[t] * next_values[t] - values[t]
        last = delta + gamma * gae_lambda * not_done[t] * last
        advantages[t] = last
    return advantages
""",
        ),
        "sum runs on over truncations": (
            "You cut the sum only where the step terminated, so after a truncation the next episode's surprises leak into this one.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    alive = ~terminations
    delta = rewards + gamma * next_values * alive - values
    adv = torch.zeros_like(delta)
    running = torch.zeros_like(delta[0])
    for t in range(len(delta) - 1, -1, -1):
        running = delta[t] + gamma * gae_lambda * alive[t] * running
        adv[t] = running
    return adv
""",
        ),
        "next values taken from the row below": (
            "You rebuild V(s_{t+1}) from the next row of values and ignore next_values except in the last row, so a truncated step is credited with the value of the next episode's start.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    v_after = torch.cat([values[1:], next_values[-1:]], dim=0)
    td = rewards + gamma * torch.where(terminations, torch.zeros_like(v_after), v_after) - values
    keep = ~(terminations | truncations)
    out = torch.zeros_like(rewards)
    below = torch.zeros_like(rewards[0])
    for t in reversed(range(rewards.shape[0])):
        below = td[t] + gamma * gae_lambda * keep[t] * below
        out[t] = below
    return out
""",
        ),
        "lambda inside the surprise": (
            "You discount the bootstrapped value by gamma * lambda, where the surprise has gamma only.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    decay = gamma * gae_lambda
    deltas = rewards + decay * next_values * ~terminations - values
    go_on = ~terminations & ~truncations
    advantages = torch.empty_like(rewards)
    a = torch.zeros_like(rewards[0])
    for t in reversed(range(rewards.size(0))):
        a = deltas[t] + decay * go_on[t] * a
        advantages[t] = a
    return advantages
""",
        ),
        "flag of the row below": (
            "You ask whether the row below ended an episode, but the flag in row t itself says whether A_{t+1} belongs to the same episode.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    num_steps = rewards.shape[0]
    dones = terminations | truncations
    deltas = rewards + gamma * next_values * (~terminations) - values
    advantages = torch.zeros_like(rewards)
    lastgaelam = 0
    for t in reversed(range(num_steps)):
        if t == num_steps - 1:
            nextnonterminal = 1.0
        else:
            nextnonterminal = (~dones[t + 1]).to(rewards.dtype)
        lastgaelam = deltas[t] + gamma * gae_lambda * nextnonterminal * lastgaelam
        advantages[t] = lastgaelam
    return advantages
""",
        ),
        "zeroes next_values in place": (
            "You write zeros into the caller's next_values, but the inputs are to stay as they are.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    next_values[terminations] = 0.0          # nothing to bootstrap from
    deltas = rewards + gamma * next_values - values
    done = terminations.logical_or(truncations)
    acc = torch.zeros_like(deltas[0])
    rows = []
    for delta, d in zip(deltas.flip(0), done.flip(0)):
        acc = delta + gamma * gae_lambda * acc.masked_fill(d, 0.0)
        rows.append(acc)
    return torch.stack(rows).flip(0)
""",
        ),
        "mask around the whole advantage": (
            "You multiply the whole advantage by 'not done', so the step that ends an episode loses its own surprise as well.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    deltas = rewards + gamma * next_values * ~terminations - values
    not_done = ~(terminations | truncations)
    adv = torch.zeros_like(rewards)
    nxt = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        nxt = (deltas[t] + gamma * gae_lambda * nxt) * not_done[t]
        adv[t] = nxt
    return adv
""",
        ),
        "default precision": (
            "You allocate the result with torch.zeros(T, N), which is 32-bit and on the CPU whatever the rewards are.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    T, N = rewards.shape
    delta = rewards + gamma * next_values * ~terminations - values
    mask = ~(terminations | truncations)
    A = torch.zeros(T, N)
    for t in range(T - 1, -1, -1):
        A[t] = delta[t]
        if t + 1 < T:
            A[t] += gamma * gae_lambda * mask[t] * A[t + 1]
    return A
""",
        ),
        "cumulative sum divided by the weights": (
            "You divide by (gamma * lambda) ** t, which is 0 for lambda = 0 and underflows in long rollouts, so you return NaN there.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    # no loop at all: A_t = sum_k w_k delta_k / w_t, over the rows of the same episode
    T, N = rewards.shape
    rows = torch.arange(T, device=rewards.device)[:, None].expand(T, N)
    w = (gamma * gae_lambda) ** rows.to(rewards.dtype)
    deltas = rewards + gamma * next_values * ~terminations - values
    tail = (w * deltas).flip(0).cumsum(0).flip(0)
    done = terminations | truncations
    last_row = torch.where(done, rows, T - 1).flip(0).cummin(0).values.flip(0)
    padded = torch.cat([tail, torch.zeros_like(tail[:1])])
    return (tail - padded.gather(0, last_row + 1)) / w
""",
        ),
        "truncation beats termination": (
            "You bootstrap wherever the step was truncated, also where it terminated too, though a termination leaves nothing to bootstrap from.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    bootstrap = torch.where(truncations, True, ~terminations)
    delta = rewards - values + gamma * bootstrap * next_values
    carry = ~(terminations | truncations)
    result = torch.zeros_like(rewards)
    later = torch.zeros_like(rewards[0])
    for t in range(rewards.shape[0])[::-1]:
        later = delta[t] + gamma * gae_lambda * carry[t] * later
        result[t] = later
    return result
""",
        ),
        "one end resets every environment": (
            "You forget the running advantage of all environments as soon as any one of them is done.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    T = rewards.shape[0]
    advantages = torch.zeros_like(rewards)
    gae = torch.zeros_like(rewards[0])
    for t in reversed(range(T)):
        if (terminations[t] | truncations[t]).any():
            gae = torch.zeros_like(gae)
        delta = rewards[t] + gamma * next_values[t] * ~terminations[t] - values[t]
        gae = delta + gamma * gae_lambda * gae
        advantages[t] = gae
    return advantages
""",
        ),
        "rows left in backward order": (
            "You collect the rows from the last to the first and stack them like that, so the result is upside down in time.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    done = terminations | truncations
    collected = []
    adv = torch.zeros_like(rewards[0])
    for t in reversed(range(rewards.shape[0])):
        surprise = rewards[t] + gamma * next_values[t] * ~terminations[t] - values[t]
        adv = surprise + gamma * gae_lambda * adv * ~done[t]
        collected.append(adv)
    return torch.stack(collected)
""",
        ),
        "one buffer for all calls": (
            "You return the same buffer at every call, so a second rollout overwrites the advantages that you returned for the first.",
            """
_buffers = {}


def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    key = (rewards.shape, rewards.dtype, rewards.device)
    if key not in _buffers:                      # saves an allocation in every iteration
        _buffers[key] = torch.empty_like(rewards)
    adv = _buffers[key]
    torch.sub(rewards + gamma * next_values * ~terminations, values, out=adv)
    carry = gamma * gae_lambda * ~(terminations | truncations)
    for t in reversed(range(rewards.shape[0] - 1)):
        adv[t] += carry[t] * adv[t + 1]
    return adv
""",
        ),
        "first row never reached": (
            "You stop the backward loop at row 1, so the first row of advantages stays 0.",
            """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    T, N = rewards.shape
    deltas = rewards + gamma * next_values * ~terminations - values
    running = ~(terminations | truncations)
    advantages = torch.zeros_like(rewards)
    advantage = torch.zeros(N, dtype=rewards.dtype, device=rewards.device)
    for t in range(T - 1, 0, -1):
        advantage = deltas[t] + gamma * gae_lambda * running[t] * advantage
        advantages[t] = advantage
    return advantages
""",
        ),
    },
    # ------------------------------------------------------------------------------------------------------------
    "get_minibatch_indices": {
        "NumPy's global randomness": (
            "You shuffle with np.random, so the order does not come from rng and a run cannot be repeated.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    idx = np.arange(batch_size)
    np.random.shuffle(idx)
    return [idx[i : i + minibatch_size] for i in range(0, batch_size, minibatch_size)]
""",
        ),
        "drawn with replacement": (
            "You draw the indices with replacement, so some transitions come twice and others never.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    count = batch_size // minibatch_size
    return [rng.integers(0, batch_size, size=minibatch_size) for _ in range(count)]
""",
        ),
        "shuffled only within each minibatch": (
            "You cut first and shuffle inside each piece, so every minibatch still holds one stretch of consecutive transitions.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    table = np.arange(batch_size).reshape(-1, minibatch_size)
    table = rng.permuted(table, axis=1)
    return list(table)
""",
        ),
        "only the blocks are shuffled": (
            "You permute the rows of a table of consecutive numbers, so the minibatches change places but their contents stay neighbours.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    blocks = np.arange(batch_size).reshape(batch_size // minibatch_size, minibatch_size)
    rng.shuffle(blocks)
    return [block for block in blocks]
""",
        ),
        "number and size swapped": (
            "You cut into minibatch_size pieces instead of into pieces of length minibatch_size.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    return np.split(rng.permutation(batch_size), minibatch_size)
""",
        ),
        "a 2-D array instead of a list": (
            "You return one 2-D array, but a list of arrays was promised.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    return rng.permutation(batch_size).reshape(-1, minibatch_size)
""",
        ),
        "a new shuffle for each minibatch": (
            "You draw a fresh permutation for every minibatch, so the minibatches overlap and some transitions are left out.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    minibatches = []
    for start in range(0, batch_size, minibatch_size):
        minibatches.append(rng.permutation(batch_size)[start : start + minibatch_size])
    return minibatches
""",
        ),
        "counts from 1": (
            "You shuffle the numbers 1 to batch_size, so index 0 never appears and batch_size is out of range.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    numbers = np.arange(1, batch_size + 1)
    numbers = rng.permutation(numbers)
    return np.array_split(numbers, batch_size // minibatch_size)
""",
        ),
        "last minibatch missing": (
            "You stop one minibatch too early, so the last minibatch_size transitions are never used.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    perm = rng.permutation(batch_size)
    out = []
    start = 0
    while start + minibatch_size < batch_size:
        out.append(perm[start : start + minibatch_size])
        start += minibatch_size
    return out
""",
        ),
        "generator made anew": (
            "You make a generator of your own with a fixed seed, so the order is the same at every call and rng is ignored.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    rng = np.random.default_rng(seed=42)  # reproducible
    order = rng.permutation(batch_size)
    return [order[k * minibatch_size : (k + 1) * minibatch_size] for k in range(batch_size // minibatch_size)]
""",
        ),
        "floats instead of integers": (
            "You copy the permutation into an array of zeros, which holds floats, and floats cannot be used as indices.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    n_mb = batch_size // minibatch_size
    result = np.zeros((n_mb, minibatch_size))
    shuffled = rng.permutation(batch_size)
    for i in range(n_mb):
        result[i] = shuffled[i * minibatch_size : (i + 1) * minibatch_size]
    return list(result)
""",
        ),
        "one order, reshuffled in place": (
            "You keep one array for all calls, shuffle it in place and return views of it, so the minibatches of an earlier call change under the caller's hands, and the order depends on earlier calls as well as on rng.",
            """
_orders = {}


def get_minibatch_indices(rng, batch_size, minibatch_size):
    order = _orders.setdefault(batch_size, np.arange(batch_size))
    rng.shuffle(order)
    return np.split(order, batch_size // minibatch_size)
""",
        ),
        "random starting point only": (
            "You only rotate the numbers by a random amount, so neighbours stay together and nothing is shuffled.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    shift = rng.integers(batch_size)
    order = (np.arange(batch_size) + shift) % batch_size
    return np.split(order, batch_size // minibatch_size)
""",
        ),
        "never shuffled": (
            "You throw the shuffled array away: rng.permutation returns a new array and leaves its argument as it is.",
            """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    indices = np.arange(batch_size)
    rng.permutation(indices)
    return [indices[s : s + minibatch_size] for s in range(0, batch_size, minibatch_size)]
""",
        ),
    },
    # ------------------------------------------------------------------------------------------------------------
    "play_step": {
        "stores the observations after the step": (
            "You store the observations that the step returned, but row t holds those for which the actions were chosen.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.next_obs = next_obs
    obs = torch.as_tensor(self.next_obs).to(self.device)
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "never moves on": (
            "You keep the new observations in a local variable and never in self.next_obs, so the agent acts for the same old observations for ever.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "counts one step a call": (
            "You count one step for each call, but every environment has made one.",
            """
@torch.no_grad()
def play_step(self):
    s = torch.as_tensor(self.next_obs).to(self.device)
    logits, v = networks.actor_critic_forward(self.actor, self.critic, s)
    a, logp = policy_gradient.sample_actions(logits)
    s2, r, term, trunc, infos = self.envs.step(a.cpu().numpy())
    self.rollout.add(obs=s, actions=a, logprobs=logp, values=v, rewards=r, terminations=term, truncations=trunc,
                     final_obs=infos["final_obs"])
    self.next_obs = s2
    self.global_step += 1
    return infos
""",
        ),
        "takes the most probable action": (
            "You take the most probable action instead of sampling one.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs, device=self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    logprobs, actions = torch.log_softmax(logits, dim=-1).max(dim=-1)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "log-probabilities of a second sample": (
            "You sample twice, once for the actions and once for the log-probabilities, so the stored log-probabilities belong to other actions.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions = policy_gradient.sample_actions(logits)[0]
    logprobs = policy_gradient.sample_actions(logits)[1]
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "values of the observations after the step": (
            "You store the critic's values of the observations after the step, but the row holds V(s_t), from before it.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, _ = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)

    self.next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    reached = torch.as_tensor(self.next_obs).to(self.device)
    _, values = networks.actor_critic_forward(self.actor, self.critic, reached)

    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "final_obs is the reset observation": (
            "You pass the observations that the step returned as final_obs, but after an end these belong to the next episode.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=next_obs)
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "flags unpacked in the wrong order": (
            "You unpack the two flags in the wrong order, so every fall is stored as a truncation and every time limit as a termination.",
            """
@torch.no_grad()
def play_step(self):
    current = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, current)
    actions, logprobs = policy_gradient.sample_actions(logits)
    self.next_obs, rewards, truncations, terminations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=current, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "observations made floats": (
            "You turn the observations into 32-bit floats, so the bytes of an Atari game do not stay bytes in the row.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs, dtype=torch.float32).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "goes on from final_obs": (
            "You go on from final_obs, so after an end the agent acts for the old episode's last state while the environment shows a new one.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    final_obs = infos["final_obs"]
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=final_obs)
    ended = terminations | truncations
    self.next_obs = next_obs.copy()
    self.next_obs[ended] = np.asarray(final_obs)[ended]   # where the step really led
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "resets by hand at an end": (
            "You reset all environments when one of them has ended, but they restart by themselves and the others should go on.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    if terminations.any() or truncations.any():
        self.restart()
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "observations stay on the CPU": (
            "You never move the observations to self.device, so with the networks on a GPU the forward pass fails.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.from_numpy(self.next_obs)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "every end stored as a termination": (
            "You store 'done' as the termination flag, so a truncated step counts as a termination too and loses its future.",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    dones = np.logical_or(terminations, truncations)
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=dones, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "values with a trailing dimension": (
            "You give the values a trailing dimension, so the stored values are (N, 1) instead of (N,).",
            """
@torch.no_grad()
def play_step(self):
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    values = values.reshape(self.envs.num_envs, 1)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
    },
    # ------------------------------------------------------------------------------------------------------------
    "policy_loss": {
        "minus forgotten": (
            "You return the objective itself, so the optimizer minimises what it should maximise.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    a = ratio * advantages
    b = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef) * advantages
    return torch.min(a, b).mean()
""",
        ),
        "larger instead of smaller": (
            "You take the larger of the two objectives and negate afterwards; the maximum belongs to the negated terms only.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    logratio = new_logprobs - logprobs
    ratio = logratio.exp()
    pg1 = advantages * ratio
    pg2 = advantages * ratio.clamp(1 - clip_coef, 1 + clip_coef)
    return -torch.max(pg1, pg2).mean()
""",
        ),
        "ratio upside down": (
            "You divide the old probability by the new one, so the ratio is upside down.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    rho = (logprobs - new_logprobs).exp()
    rho_clipped = rho.clip(1 - clip_coef, 1 + clip_coef)
    return -torch.minimum(rho * advantages, rho_clipped * advantages).mean()
""",
        ),
        "clip in log space": (
            "You clip the log of the ratio at -epsilon and +epsilon, so the ratio is cut at exp(-epsilon) and exp(epsilon) rather than at 1 - epsilon and 1 + epsilon.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    log_ratio = new_logprobs - logprobs
    plain = log_ratio.exp() * advantages
    clipped = log_ratio.clamp(-clip_coef, clip_coef).exp() * advantages
    return -torch.min(plain, clipped).mean()
""",
        ),
        "clipped term alone": (
            "You use the clipped term alone, without the smaller of the two, so a sample that moved the wrong way is never called back.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    low, high = 1.0 - clip_coef, 1.0 + clip_coef
    ratio = torch.clamp(ratio, min=low, max=high)
    return -(ratio * advantages).mean()
""",
        ),
        "no gradient": (
            "You compute the loss under no_grad, so no gradient flows through new_logprobs.",
            """
@torch.no_grad()
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    surrogate = ratio * advantages
    clipped_surrogate = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef) * advantages
    return -torch.mean(torch.min(surrogate, clipped_surrogate))
""",
        ),
        "normalises the advantages": (
            "You normalise the advantages inside the loss, but they are to be used as they come.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    adv = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    ratio = (new_logprobs - logprobs).exp()
    unclipped = -adv * ratio
    clipped = -adv * torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    return torch.max(unclipped, clipped).mean()
""",
        ),
        "smaller of the two means": (
            "You average each term first and take the smaller mean, but the choice is to be made sample by sample.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    L1 = torch.mean(ratio * advantages)
    L2 = torch.mean(torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef) * advantages)
    return -torch.min(L1, L2)
""",
        ),
        "negates the advantages in place": (
            "You negate the caller's advantages in place, so the next call with the same tensor has all signs turned over.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    advantages *= -1  # from here on: smaller is better
    ratio = torch.exp(new_logprobs - logprobs)
    loss_a = advantages * ratio
    loss_b = advantages * torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    return torch.maximum(loss_a, loss_b).mean()
""",
        ),
        "no lower bound": (
            "You cut the ratio off only above, so a bad action that is much less probable already is pushed down further.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    r = torch.exp(new_logprobs - logprobs)
    capped = r.clamp(max=1 + clip_coef)
    objective = torch.min(r * advantages, capped * advantages)
    return -objective.mean()
""",
        ),
        "epsilon fixed at 0.2": (
            "You write 0.2 into the clamp and ignore clip_coef.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef=0.2):
    ratio = new_logprobs.sub(logprobs).exp()
    objective = torch.stack([ratio * advantages, ratio.clamp(0.8, 1.2) * advantages])
    return objective.min(dim=0).values.mean().neg()
""",
        ),
        "log of 1 - epsilon": (
            "You take the logarithm of 1 - epsilon, which does not exist for an epsilon of 1 or more.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    import math

    lower, upper = math.log(1 - clip_coef), math.log(1 + clip_coef)
    diff = new_logprobs - logprobs
    s1 = torch.exp(diff) * advantages
    s2 = torch.exp(torch.clamp(diff, lower, upper)) * advantages
    return -torch.min(s1, s2).mean()
""",
        ),
        "every ratio with every advantage": (
            "You give the advantages a second dimension, so the product is (B, B): every ratio with every advantage.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    adv = advantages.unsqueeze(-1)
    ratio = torch.exp(new_logprobs - logprobs)
    surr1 = ratio * adv
    surr2 = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef) * adv
    return -torch.min(surr1, surr2).mean()
""",
        ),
        "smaller ratio, then the advantage": (
            "You take the smaller ratio before you multiply by the advantage, which picks the wrong one wherever the advantage is negative.",
            """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    smaller = torch.min(ratio, torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef))
    return -torch.mean(smaller * advantages)
""",
        ),
    },
    # ------------------------------------------------------------------------------------------------------------
    "value_loss": {
        "without the half": (
            "You return the whole mean squared error; the half is missing.",
            """
def value_loss(new_values, returns):
    return F.mse_loss(new_values, returns)
""",
        ),
        "sum instead of mean": (
            "You add the squares up instead of averaging them, so the loss grows with the minibatch.",
            """
def value_loss(new_values, returns):
    return 0.5 * ((new_values - returns) ** 2).sum()
""",
        ),
        "every value against every return": (
            "You give the values a second dimension, so they are broadcast against the returns to (B, B).",
            """
def value_loss(new_values, returns):
    v = new_values.view(-1, 1)
    squared = (v - returns).pow(2)
    return 0.5 * squared.mean()
""",
        ),
        "a Python number": (
            "You return a Python number, which has no graph, so the critic gets no gradient.",
            """
def value_loss(new_values, returns):
    err = new_values - returns
    return 0.5 * (err * err).mean().item()
""",
        ),
        "root of the mean square": (
            "You take the root of the mean square, which is not what is to be halved.",
            """
def value_loss(new_values, returns):
    mse = torch.mean((new_values - returns) ** 2)
    return 0.5 * torch.sqrt(mse)
""",
        ),
        "half inside the square": (
            "You halve the error before you square it, which leaves a quarter of the squared error.",
            """
def value_loss(new_values, returns):
    half_errors = (returns - new_values) / 2
    return half_errors.square().mean()
""",
        ),
        "mean before the square": (
            "You average the errors before you square, so positive and negative errors cancel.",
            """
def value_loss(new_values, returns):
    error = (new_values - returns).mean()
    return 0.5 * error**2
""",
        ),
        "subtracts in place": (
            "You subtract in place, so the returns are overwritten by the errors and wrong from the second epoch on.",
            """
def value_loss(new_values, returns):
    errors = returns.sub_(new_values)
    return errors.pow(2).mean() / 2
""",
        ),
        "smooth L1": (
            "You use the smooth L1 loss, which is half the square only for errors below 1 and grows linearly beyond.",
            """
def value_loss(new_values, returns):
    return F.smooth_l1_loss(new_values, returns)
""",
        ),
        "variance of the errors": (
            "You take the variance of the errors, which does not see an error that is the same everywhere.",
            """
def value_loss(new_values, returns):
    residual = returns - new_values
    return residual.var(correction=0) / 2
""",
        ),
        "divided by B - 1": (
            "You divide by B - 1 instead of B, which also fails for a single sample.",
            """
def value_loss(new_values, returns):
    n = new_values.shape[0]
    total = torch.sum((new_values - returns) ** 2)
    return total / (2 * (n - 1))
""",
        ),
        "one loss for each sample": (
            "You return one loss for each sample; the mean over the minibatch is missing.",
            """
def value_loss(new_values, returns):
    return 0.5 * F.mse_loss(new_values, returns, reduction="none")
""",
        ),
        "floor division": (
            "You halve with //, which rounds down to a whole number and cannot be differentiated.",
            """
def value_loss(new_values, returns):
    return torch.square(new_values - returns).mean() // 2
""",
        ),
        "normalised returns": (
            "You normalise the returns of the minibatch first, but the critic is to predict them as they are.",
            """
def value_loss(new_values, returns):
    target = (returns - returns.mean()) / (returns.std() + 1e-8)
    return 0.5 * ((new_values - target) ** 2).mean()
""",
        ),
    },
    # ------------------------------------------------------------------------------------------------------------
    "entropy_bonus": {
        "minus forgotten": (
            "You leave out the minus, so an undecided policy gets the lowest number.",
            """
def entropy_bonus(logits):
    log_p = F.log_softmax(logits, dim=-1)
    return (log_p.exp() * log_p).sum(dim=-1).mean()
""",
        ),
        "log of the softmax": (
            "You take the log of a probability that may have been rounded to 0, and 0 times minus infinity is NaN.",
            """
def entropy_bonus(logits):
    probs = torch.softmax(logits, dim=-1)
    return -(probs * probs.log()).sum(-1).mean()
""",
        ),
        "mean over the actions too": (
            "You average over the actions as well, where they are to be added up.",
            """
def entropy_bonus(logits):
    lp = logits.log_softmax(-1)
    p = lp.exp()
    return torch.mean(-p * lp)
""",
        ),
        "softmax over the minibatch": (
            "You take the softmax along the minibatch instead of along the actions.",
            """
def entropy_bonus(logits):
    logp = F.log_softmax(logits, dim=0)
    entropy = -(logp.exp() * logp).sum(dim=1)
    return entropy.mean()
""",
        ),
        "bits instead of nats": (
            "You measure in bits: the logarithm is to be the natural one.",
            """
def entropy_bonus(logits):
    log_probs = F.log_softmax(logits, dim=-1)
    bits = log_probs / np.log(2)
    return -(log_probs.exp() * bits).sum(dim=-1).mean()
""",
        ),
        "entropy of the mean policy": (
            "You average the policies first and take the entropy of that mean; asked for is the mean of the entropies.",
            """
def entropy_bonus(logits):
    log_p = F.log_softmax(logits, dim=-1)
    log_mean = torch.logsumexp(log_p, dim=0) - np.log(len(logits))
    return -(log_mean.exp() * log_mean).sum()
""",
        ),
        "surprise at a sampled action": (
            "You average the surprise at one sampled action of each policy, but the entropy needs all actions' probabilities.",
            """
def entropy_bonus(logits):
    dist = torch.distributions.Categorical(logits=logits)
    actions = dist.sample()
    return -dist.log_prob(actions).mean()
""",
        ),
        "probabilities detached": (
            "You detach the probabilities, so the number is right but its gradient is zero.",
            """
def entropy_bonus(logits):
    logp = torch.log_softmax(logits, dim=-1)
    weights = logp.exp().detach()
    return -torch.einsum("ba,ba->b", weights, logp).mean()
""",
        ),
        "logits for log-probabilities": (
            "You take the logits for log-probabilities, but they are not normalised.",
            """
def entropy_bonus(logits):
    p = F.softmax(logits, dim=-1)
    return -(p * logits).sum(dim=-1).mean()
""",
        ),
        "logits passed as probabilities": (
            "You pass the logits to Categorical as its first argument, which is probs, so they are taken for probabilities.",
            """
def entropy_bonus(logits):
    from torch.distributions import Categorical

    return Categorical(logits).entropy().mean()
""",
        ),
        "shifts the logits in place": (
            "You subtract the largest logit from the caller's tensor in place, but the inputs are to stay as they are.",
            """
def entropy_bonus(logits):
    with torch.no_grad():
        logits -= logits.max(dim=-1, keepdim=True).values  # for stability; changes no probability
    log_z = logits.exp().sum(dim=-1, keepdim=True).log()
    logp = logits - log_z
    return -(logp.exp() * logp).sum(dim=-1).mean()
""",
        ),
        "logits clamped": (
            "You clamp the logits to stay finite, which changes the policy as soon as they are larger than your bound.",
            """
def entropy_bonus(logits):
    safe = logits.clamp(-20, 20)
    probs = safe.softmax(dim=-1)
    return -(probs * torch.log(probs)).sum(dim=-1).mean()
""",
        ),
        "two actions only": (
            "You write the formula for two actions with the first one's probability, which is wrong for any other number of actions.",
            """
def entropy_bonus(logits):
    logp = F.log_softmax(logits, dim=-1)[:, 0]
    p = logp.exp()
    rest = F.logsigmoid(logits[:, 1] - logits[:, 0]) if logits.shape[1] == 2 else torch.log1p(-p)
    return -(p * logp + (1 - p) * rest).mean()
""",
        ),
        "finite value, NaN gradient": (
            "You apply entr to probabilities that may be 0, where the number is 0 but the gradient is NaN.",
            """
def entropy_bonus(logits):
    # entr(p) is -p log p, and 0 at p = 0
    return torch.special.entr(logits.softmax(dim=-1)).sum(dim=-1).mean()
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "compute_advantages": {
        "through the returns": """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    # work with the critic's targets R_t = A_t + V(s_t), and take V off at the end
    num_steps = rewards.size(0)
    one_step = rewards + gamma * next_values.masked_fill(terminations, 0.0)
    ended = torch.logical_or(terminations, truncations)
    targets = one_step.clone()
    for t in range(num_steps - 2, -1, -1):
        correction = gamma * gae_lambda * (targets[t + 1] - values[t + 1])
        targets[t] = torch.where(ended[t], one_step[t], one_step[t] + correction)
    return targets - values
""",
        "one matrix of weights": """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    T, N = rewards.shape
    delta = rewards + gamma * torch.where(terminations, torch.zeros_like(next_values), next_values) - values
    ends = (terminations | truncations).long()
    episode = ends.cumsum(dim=0) - ends                       # number of the episode that a row belongs to
    same = episode[:, None, :] == episode[None, :, :]         # (T, T, N)
    t = torch.arange(T, device=rewards.device)
    gap = t[None, :] - t[:, None]                             # k - t
    powers = torch.full_like(gap, gamma * gae_lambda, dtype=rewards.dtype) ** gap.clamp(min=0)
    weights = (powers * (gap >= 0))[:, :, None] * same
    return torch.einsum("tkn,kn->tn", weights, delta)
""",
        "plain Python, one environment after the other": """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    columns = []
    for n in range(rewards.shape[1]):
        r, v, nv = rewards[:, n].tolist(), values[:, n].tolist(), next_values[:, n].tolist()
        term, trunc = terminations[:, n].tolist(), truncations[:, n].tolist()
        column = [0.0] * len(r)
        following = 0.0
        for t in range(len(r) - 1, -1, -1):
            if term[t]:
                column[t] = r[t] - v[t]
            elif trunc[t]:
                column[t] = r[t] + gamma * nv[t] - v[t]
            else:
                column[t] = r[t] + gamma * nv[t] - v[t] + gamma * gae_lambda * following
            following = column[t]
        columns.append(torch.tensor(column, dtype=rewards.dtype, device=rewards.device))
    return torch.stack(columns, dim=1)
""",
        "doubling scan": """
def _shift_up(x, by):
    # row t gets row t + by; zeros come in from below
    return torch.cat([x[by:], torch.zeros_like(x[:by])], dim=0)


def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    total = rewards - values + gamma * (next_values * terminations.logical_not())
    factor = (gamma * gae_lambda) * (terminations | truncations).logical_not().to(rewards.dtype)
    reach = 1
    while reach < len(rewards):      # after each round, `total` looks twice as far ahead
        total = total + factor * _shift_up(total, reach)
        factor = factor * _shift_up(factor, reach)
        reach *= 2
    return total
""",
    },
    "get_minibatch_indices": {
        "shuffle in place, split": """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    numbers = np.arange(batch_size)
    rng.shuffle(numbers)
    return np.split(numbers, batch_size // minibatch_size)
""",
        "sort random keys": """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    keys = rng.random(batch_size)
    order = np.argsort(keys, kind="stable")
    count = batch_size // minibatch_size
    return [order[k::count].copy() for k in range(count)]
""",
        "choice without replacement": """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    drawn = rng.choice(batch_size, size=(batch_size // minibatch_size, minibatch_size), replace=False)
    return list(drawn)
""",
        "Fisher and Yates by hand": """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    cards = list(range(batch_size))
    for last in range(batch_size - 1, 0, -1):
        pick = int(rng.integers(last + 1))
        cards[last], cards[pick] = cards[pick], cards[last]
    hands = []
    while cards:
        hands.append(np.array(cards[:minibatch_size], dtype=np.int64))
        cards = cards[minibatch_size:]
    return hands
""",
    },
    "play_step": {
        "next_obs unpacked straight into self": """
@torch.no_grad()
def play_step(self):
    obs = torch.tensor(self.next_obs, device=self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    self.next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.global_step += self.envs.num_envs
    self.rollout.add(final_obs=infos["final_obs"], truncations=truncations, terminations=terminations, rewards=rewards,
                     values=values, logprobs=logprobs, actions=actions, obs=obs)
    return infos
""",
        "row collected in a dict": """
@torch.no_grad()
def play_step(self):
    row = {"obs": torch.as_tensor(self.next_obs).to(self.device)}
    logits, row["values"] = networks.actor_critic_forward(self.actor, self.critic, row["obs"])
    row["actions"], row["logprobs"] = policy_gradient.sample_actions(logits)
    moved_to, *outcome, infos = self.envs.step(row["actions"].cpu().numpy())
    row.update(zip(("rewards", "terminations", "truncations"), outcome))
    self.rollout.add(**row, final_obs=infos["final_obs"])
    self.next_obs = moved_to
    self.global_step = self.global_step + self.envs.num_envs
    return infos
""",
        "samples with Categorical": """
@torch.no_grad()
def play_step(self):
    s = torch.from_numpy(np.array(self.next_obs)).to(self.device)
    logits, v = networks.actor_critic_forward(self.actor, self.critic, s)
    policy = torch.distributions.Categorical(logits=logits)
    a = policy.sample()
    logp = policy.log_prob(a)
    s_new, r, terminated, truncated, infos = self.envs.step(a.detach().cpu().numpy())
    self.rollout.add(obs=s, actions=a, logprobs=logp, values=v, rewards=r, terminations=terminated,
                     truncations=truncated, final_obs=infos["final_obs"])
    self.next_obs = s_new
    self.global_step += self.envs.num_envs
    return infos
""",
        "two helpers": """
def _think(agent, obs):
    logits, values = networks.actor_critic_forward(agent.actor, agent.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    return {"actions": actions, "logprobs": logprobs, "values": values}


def _act(agent, actions):
    after, rewards, terminations, truncations, infos = agent.envs.step(np.asarray(actions.cpu()))
    return after, {"rewards": rewards, "terminations": terminations, "truncations": truncations}, infos


@torch.no_grad()
def play_step(self):
    before = torch.as_tensor(self.next_obs, device=self.device).clone()
    thought = _think(self, before)
    after, result, infos = _act(self, thought["actions"])
    self.rollout.add(obs=before, **thought, **result, final_obs=infos["final_obs"])
    self.next_obs, self.global_step = after, self.global_step + self.envs.num_envs
    return infos
""",
    },
    "policy_loss": {
        "larger of the negated": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    rho = torch.exp(new_logprobs - logprobs)
    cut = torch.clip(rho, 1 - clip_coef, 1 + clip_coef)
    return torch.maximum(-advantages * rho, -advantages * cut).mean()
""",
        "one bound for each sign": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = new_logprobs.sub(logprobs).exp()
    # a good action may not go up any further than 1 + eps, a bad one not down any further than 1 - eps
    counted = torch.where(advantages > 0, ratio.clamp(max=1 + clip_coef), ratio.clamp(min=1 - clip_coef))
    return -torch.dot(counted, advantages) / advantages.shape[0]
""",
        "plain surrogate minus the excess": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    excess = F.relu(torch.sign(advantages) * (ratio - 1) - clip_coef)
    return torch.mean(advantages.abs() * excess - advantages * ratio)
""",
        "sample by sample": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    terms = []
    for new, old, adv in zip(new_logprobs, logprobs, advantages):
        r = (new - old).exp()
        pair = torch.stack([r * adv, r.clamp(1 - clip_coef, 1 + clip_coef) * adv])
        terms.append(pair.amin())
    return -sum(terms) / len(terms)
""",
    },
    "value_loss": {
        "mse_loss halved, arguments turned round": """
def value_loss(new_values, returns):
    return F.mse_loss(returns, new_values).div(2)
""",
        "dot product": """
def value_loss(new_values, returns):
    e = returns - new_values
    return torch.einsum("b,b->", e, e) / (2 * len(e))
""",
        "sample by sample": """
def value_loss(new_values, returns):
    halves = [(v - r) ** 2 / 2 for v, r in zip(new_values, returns)]
    return torch.stack(halves).mean()
""",
        "Gaussian of variance 1": """
def value_loss(new_values, returns):
    # the negative log-likelihood of a unit Gaussian is half the squared error
    return F.gaussian_nll_loss(new_values, returns, torch.ones_like(returns))
""",
    },
    "entropy_bonus": {
        "Categorical": """
def entropy_bonus(logits):
    return torch.distributions.Categorical(logits=logits).entropy().mean()
""",
        "cross-entropy with itself": """
def entropy_bonus(logits):
    return F.cross_entropy(logits, logits.softmax(dim=1))
""",
        "logsumexp minus the expected logit": """
def entropy_bonus(logits):
    z = logits - logits.amax(dim=-1, keepdim=True).detach()
    expected = (z.softmax(dim=-1) * z).sum(dim=-1)
    return (z.logsumexp(dim=-1) - expected).mean()
""",
        "policy by policy": """
def entropy_bonus(logits):
    entropies = []
    for row in logits:
        surprise = -F.log_softmax(row, dim=0)
        entropies.append(torch.dot(torch.exp(-surprise), surprise))
    return torch.stack(entropies).mean()
""",
    },
}
