"""Right answers written differently from the reference. Each must be accepted by its exercise's test.

An entry is a program that defines the exercise's function or class; what the reference's module imports is at hand.
"""

from solutions.sick_runs import CAUSES, REPAIRS, RUNS

ALTERNATIVES: dict[str, dict[str, str]] = {
    "discounted_returns": {
        "matrix of powers": """
def discounted_returns(rewards, gamma):
    t = torch.arange(len(rewards))
    weights = torch.triu(float(gamma) ** (t[None, :] - t[:, None]).clamp(min=0))
    return weights @ rewards
""",
        "list, built backwards": """
def discounted_returns(rewards, gamma):
    found = []
    total = 0
    for reward in rewards.flip(0):
        total = reward + gamma * total
        found.insert(0, total)
    return torch.stack(found)
""",
        "definition": """
def discounted_returns(rewards, gamma):
    n = len(rewards)
    return torch.stack([sum(gamma**k * rewards[t + k] for k in range(n - t)) for t in range(n)])
""",
    },
    "sample_actions": {
        "Categorical": """
def sample_actions(logits):
    policy = torch.distributions.Categorical(logits=logits)
    actions = policy.sample()
    return actions, policy.log_prob(actions)
""",
        "Gumbel": """
def sample_actions(logits):
    noise = -torch.log(-torch.log(torch.rand_like(logits)))
    actions = (logits + noise).argmax(dim=1)
    return actions, torch.log_softmax(logits, 1)[torch.arange(len(logits)), actions]
""",
        "inverse of the cumulative sum": """
def sample_actions(logits):
    probs = logits.softmax(-1)
    actions = (probs.cumsum(-1) < torch.rand(len(logits), 1)).sum(-1).clamp(max=logits.shape[-1] - 1)
    return actions, probs.gather(1, actions[:, None])[:, 0].log()
""",
    },
    "reinforce_loss": {
        "cross entropy's way": """
def reinforce_loss(logprobs, returns):
    with torch.no_grad():
        weights = returns / len(returns)
    return (-logprobs * weights).sum()
""",
        "dot product": """
def reinforce_loss(logprobs, returns):
    return -torch.dot(logprobs, returns.detach()) / logprobs.numel()
""",
    },
    "fit_critic": {
        "the library's loss, zeroed through the critic": """
def fit_critic(critic, optimizer, obs, returns):
    critic.zero_grad()
    loss = torch.nn.functional.mse_loss(critic(obs)[:, 0], returns.detach())
    loss.backward()
    optimizer.step()
    return loss.detach()
""",
        "columns": """
def fit_critic(critic, optimizer, obs, returns):
    optimizer.zero_grad()
    errors = critic(obs) - returns.detach().unsqueeze(-1)
    loss = (errors**2).sum() / len(errors)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        return loss.clone()
""",
        "gradients by hand": """
def fit_critic(critic, optimizer, obs, returns):
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    loss = (critic(obs).flatten() - returns).pow(2).mean()
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
        parameter.grad = gradient
    optimizer.step()
    return loss.detach()
""",
    },
    "estimate_advantages": {
        "detached": """
def estimate_advantages(critic, obs, returns):
    return returns.detach() - critic(obs).detach().squeeze(-1)
""",
        "decorated, flat": """
@torch.no_grad()
def estimate_advantages(critic, obs, returns):
    values = critic(obs).reshape(len(obs))
    return (-values).add(returns)
""",
        "one by one": """
def estimate_advantages(critic, obs, returns):
    with torch.inference_mode(False), torch.no_grad():
        return torch.stack([g - critic(o[None])[0, 0] for o, g in zip(obs, returns)])
""",
    },
    "side_after": {
        "counted": """
def side_after(side, size, stride):
    return len(range(0, side - size + 1, stride))
""",
        "one loop": """
def side_after(side, size, stride):
    positions = 0
    place = 0
    while place + size <= side:
        positions += 1
        place += stride
    return positions
""",
        "one fraction": """
def side_after(side, size, stride):
    return (side - size + stride) // stride
""",
        "asks PyTorch": """
def side_after(side, size, stride):
    picture = torch.zeros(1, 1, side, side)
    return nn.Conv2d(1, 1, size, stride)(picture).shape[-1]
""",
    },
    "layer_init": {
        "without nn.init for the bias": """
def layer_init(layer, std=2**0.5, bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, gain=std)
    layer.bias.data.fill_(bias_const)
    return layer
""",
        "by hand, from a QR decomposition": """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    rows = layer.weight.shape[0]
    columns = layer.weight[0].numel()
    q, _ = torch.linalg.qr(torch.randn(max(rows, columns), min(rows, columns)))
    q = q if rows >= columns else q.T
    with torch.no_grad():
        layer.weight.copy_(std * q.reshape(layer.weight.shape))
        layer.bias[:] = bias_const
    return layer
""",
    },
    "get_actor_and_critic_classic": {
        "modules of their own": """
class Network(nn.Module):
    def __init__(self, inputs, outputs, std):
        super().__init__()
        self.first, self.second = layer_init(nn.Linear(inputs, 64)), layer_init(nn.Linear(64, 64))
        self.last = layer_init(nn.Linear(64, outputs), std)

    def forward(self, x):
        return self.last(torch.tanh(self.second(torch.tanh(self.first(x)))))


def get_actor_and_critic_classic(num_obs, num_actions):
    return Network(num_obs, num_actions, 0.01), Network(num_obs, 1, 1.0)
""",
        "a function that builds both": """
def get_actor_and_critic_classic(num_obs, num_actions):
    def build(outputs, std):
        hidden = [module for n in (num_obs, 64) for module in (layer_init(nn.Linear(n, 64)), nn.Tanh())]
        return nn.Sequential(nn.Sequential(*hidden), layer_init(nn.Linear(64, outputs), std))
    return [build(num_actions, 0.01), build(1, 1)]
""",
    },
    "compute_advantages": {
        "torch.where": """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    T = rewards.shape[0]
    out = torch.empty_like(rewards)
    carry = torch.zeros_like(rewards[0])
    for t in range(T - 1, -1, -1):
        following = torch.where(terminations[t], torch.zeros_like(carry), next_values[t])
        delta = rewards[t] + gamma * following - values[t]
        carry = torch.where(terminations[t] | truncations[t], delta, delta + gamma * gae_lambda * carry)
        out[t] = carry
    return out
""",
        "floats for flags": """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    goes_on = 1.0 - torch.logical_or(terminations, truncations).float()
    bootstrap = 1.0 - terminations.float()
    delta = rewards + gamma * bootstrap * next_values - values
    columns, later = [], 0.0
    for d, g in zip(delta.flip(0), goes_on.flip(0)):
        later = d + gamma * gae_lambda * g * later
        columns.append(later)
    return torch.stack(columns[::-1])
""",
        "a matrix instead of a loop over time": """
def compute_advantages(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    T, N = rewards.shape
    delta = rewards + gamma * next_values * ~terminations - values
    ends = (terminations | truncations).long()
    episode = ends.cumsum(0) - ends
    t = torch.arange(T)
    weights = torch.triu((gamma * gae_lambda) ** (t[None] - t[:, None]).clamp(min=0).double()).to(delta)
    same = episode[:, None] == episode[None]
    return torch.einsum("tk,tkn,kn->tn", weights, same.to(delta), delta)
""",
    },
    "get_minibatch_indices": {
        "shuffle in place": """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    numbers = np.arange(batch_size)
    rng.shuffle(numbers)
    return list(numbers.reshape(-1, minibatch_size))
""",
        "sort random keys": """
def get_minibatch_indices(rng, batch_size, minibatch_size):
    return np.split(rng.random(batch_size).argsort(), batch_size // minibatch_size)
""",
    },
    "policy_loss": {
        "max of the losses": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    plain = -advantages * ratio
    cut = -advantages * torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    return torch.max(plain, cut).mean()
""",
        "case by case": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    good = torch.minimum(ratio, torch.tensor(1 + clip_coef)) * advantages
    bad = torch.maximum(ratio, torch.tensor(1 - clip_coef)) * advantages
    return -torch.where(advantages >= 0, good, bad).sum() / len(ratio)
""",
        "ratio of the probabilities": """
def policy_loss(new_logprobs, logprobs, advantages, clip_coef):
    ratio = new_logprobs.exp() / logprobs.exp()
    both = torch.stack([ratio, ratio.clip(1 - clip_coef, 1 + clip_coef)]) * advantages
    return both.amin(dim=0).mean().neg()
""",
    },
    "value_loss": {
        "F.mse_loss": """
def value_loss(new_values, returns):
    return F.mse_loss(new_values, returns) / 2
""",
        "refuses shapes that differ": """
def value_loss(new_values, returns):
    assert new_values.shape == returns.shape
    return ((returns - new_values) ** 2).mean() * 0.5
""",
        "dot product": """
def value_loss(new_values, returns):
    errors = new_values - returns
    return errors.dot(errors) / (2 * len(errors))
""",
    },
    "entropy_bonus": {
        "Categorical": """
def entropy_bonus(logits):
    return torch.distributions.Categorical(logits=logits).entropy().mean()
""",
        "logsumexp": """
def entropy_bonus(logits):
    log_normaliser = logits.logsumexp(-1)
    return (log_normaliser - (logits.softmax(-1) * logits).sum(-1)).mean()
""",
    },
    "make_optimizer": {
        "by identity": """
def make_optimizer(actor, critic, learning_rate):
    unique = {id(p): p for network in (actor, critic) for p in network.parameters()}
    return torch.optim.Adam(unique.values(), learning_rate, eps=1e-5)
""",
        "a list of both modules": """
def make_optimizer(actor, critic, learning_rate):
    return torch.optim.Adam(nn.ModuleList([actor, critic]).parameters(), lr=learning_rate, eps=1e-5)
""",
        "two groups": """
def make_optimizer(actor, critic, learning_rate):
    first = list(actor.parameters())
    rest = [p for p in critic.parameters() if not any(p is q for q in first)]
    return torch.optim.Adam([{"params": first}, {"params": rest}], lr=learning_rate, eps=1e-5)
""",
    },
    "PPOScheduler": {
        "counts down": """
class PPOScheduler:
    def __init__(self, optimizer, initial_lr, end_lr, num_iterations):
        self.optimizer, self.start, self.end, self.left, self.total = optimizer, initial_lr, end_lr, num_iterations, num_iterations

    def step(self):
        self.left = max(self.left - 1, 0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.end + (self.start - self.end) * self.left / self.total
""",
        "np.interp": """
class PPOScheduler:
    def __init__(self, optimizer, initial_lr, end_lr, num_iterations):
        self.optimizer, self.line, self.k = optimizer, ([0, num_iterations], [initial_lr, end_lr]), 0

    def step(self):
        import numpy as np

        self.k += 1
        for group in self.optimizer.param_groups:
            group["lr"] = float(np.interp(self.k, *self.line))
""",
        "LambdaLR's way: a factor of the first rate": """
class PPOScheduler:
    def __init__(self, optimizer, initial_lr, end_lr, num_iterations):
        self.optimizer, self.initial_lr, self.num_iterations, self.k = optimizer, initial_lr, num_iterations, 0
        self.fall = end_lr - initial_lr

    def step(self):
        self.k = min(self.k + 1, self.num_iterations)
        for group in self.optimizer.param_groups:
            group.update(lr=self.initial_lr + self.fall * (self.k / self.num_iterations))
""",
    },
    "approx_kl": {
        "expm1": """
def approx_kl(new_logprobs, logprobs):
    difference = (new_logprobs - logprobs).detach()
    return (torch.expm1(difference) - difference).mean()
""",
        "detached at its end": """
def approx_kl(new_logprobs, logprobs):
    ratio = torch.exp(new_logprobs - logprobs)
    return torch.mean(ratio - 1 - torch.log(ratio)).detach()
""",
    },
    "clipfrac": {
        "two comparisons": """
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    return torch.logical_or(ratio > 1 + clip_coef, ratio < 1 - clip_coef).float().mean()
""",
        "compares with the clamped": """
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    return (ratio != ratio.clamp(1 - clip_coef, 1 + clip_coef)).double().mean().float()
""",
    },
    "explained_variance": {
        "unbiased variances": """
@torch.no_grad()
def explained_variance(values, returns):
    if torch.all(returns == returns[0]):
        return torch.zeros_like(returns[0])
    return 1 - torch.var(returns - values) / torch.var(returns)
""",
        "torch.where": """
@torch.no_grad()
def explained_variance(values, returns):
    spread, rest = returns.var(unbiased=False), (returns - values).var(unbiased=False)
    return torch.where(spread > 1e-12 * (returns * returns).mean(), 1 - rest / spread.clamp(min=1e-30), torch.zeros(()))
""",
    },
    "evaluate": {
        "np.where on the latest returns": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    found = np.empty(0)
    for number in range(-(-num_episodes // envs.num_envs)):
        obs, _ = envs.reset(seed=None if seed is None else seed + number * envs.num_envs)
        score, done, steps = np.zeros(envs.num_envs), np.zeros(envs.num_envs, bool), 0
        while not done.all() and steps < max_steps:
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            score = np.where(done, score, infos["episodic_return"])
            done = done | infos["game_over"]
            steps += 1
        found = np.concatenate([found, score])
    return found[:num_episodes]
""",
        "rounds in a function of their own": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    def play_round(first_seed):
        obs, _ = envs.reset(seed=first_seed)
        open_games, scores = set(range(envs.num_envs)), [0.0] * envs.num_envs
        for _ in range(max_steps):
            actions = choose_actions(actor, obs, greedy)
            obs, _, _, _, infos = envs.step(actions)
            for i in sorted(open_games):
                scores[i] = float(infos["episodic_return"][i])
                if infos["game_over"][i]:
                    open_games.remove(i)
            if not open_games:
                return scores
        return scores

    scores = []
    while len(scores) < num_episodes:
        scores += play_round(None if seed is None else seed + len(scores))
    return np.array(scores[:num_episodes])
""",
        "a game at a time for each environment": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    scores = np.array([])
    games = 0
    while games < num_episodes:
        obs, _ = envs.reset(seed=seed + games if seed is not None else None)
        score = [None] * envs.num_envs
        last = np.zeros(envs.num_envs)
        for _ in range(max_steps):
            obs, rewards, terminations, truncations, infos = envs.step(choose_actions(actor, obs, greedy))
            for i in range(envs.num_envs):
                if score[i] is None:
                    last[i] = infos["episodic_return"][i]
                    if infos["game_over"][i]:
                        score[i] = last[i]
            if all(s is not None for s in score):
                break
        scores = np.append(scores, [last[i] if s is None else s for i, s in enumerate(score)])
        games += envs.num_envs
    return scores[:num_episodes]
""",
    },
    "FrameStack": {
        "rolls and overwrites": """
class FrameStack:
    def __init__(self, num_envs, num_frames):
        self.stack = None
        self.shape = num_envs, num_frames

    def update(self, frames, masks):
        if self.stack is None:
            self.stack = torch.zeros(*self.shape, *frames.shape[1:], dtype=torch.uint8)
        self.stack = torch.roll(self.stack, shifts=-1, dims=1)
        for n in range(len(frames)):
            if not masks[n]:
                self.stack[n] = 0
        self.stack[:, -1] = frames
        return self.stack.clone()
""",
        "multiplies by the masks before it shifts": """
class FrameStack:
    def __init__(self, num_envs, num_frames):
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames, masks):
        if self.stack is None:
            self.stack = torch.stack([torch.zeros_like(frames)] * self.num_frames, dim=1)
        kept = self.stack[:, 1:] * masks.to(torch.uint8)[:, None, None, None]
        self.stack = torch.cat((kept, frames.unsqueeze(1)), dim=1)
        return 1 * self.stack
""",
        "a deque of frames": """
from collections import deque


class FrameStack:
    def __init__(self, num_envs, num_frames):
        self.latest = deque(maxlen=num_frames)

    def update(self, frames, masks):
        while len(self.latest) < self.latest.maxlen:
            self.latest.append(torch.zeros_like(frames))
        for old in self.latest:
            old[masks == 0] = 0
        self.latest.append(frames.clone())
        return torch.stack(list(self.latest), dim=1)
""",
        "NumPy, a list for each environment": """
import numpy as np


class FrameStack:
    def __init__(self, num_envs, num_frames):
        self.num_frames = num_frames
        self.games = [[] for _ in range(num_envs)]

    def update(self, frames, masks):
        stacks = np.zeros((len(frames), self.num_frames, *frames.shape[1:]), dtype=np.uint8)
        for n, frame in enumerate(frames.numpy()):
            self.games[n] = (self.games[n] if masks[n] else []) + [frame.copy()]
            self.games[n] = self.games[n][-self.num_frames :]
            stacks[n, -len(self.games[n]) :] = self.games[n]
        return torch.from_numpy(stacks)
""",
        "torch.where, on a copy made first": """
class FrameStack:
    def __init__(self, num_envs, num_frames):
        self.num_frames = num_frames
        self.stack = None

    def update(self, frames, masks):
        old = frames[:, None].expand(-1, self.num_frames, -1, -1) * 0 if self.stack is None else self.stack
        old = torch.where(masks.bool()[:, None, None, None], old, torch.zeros_like(old))
        self.stack = torch.cat([old, frames[:, None]], dim=1)[:, 1:].contiguous()
        return self.stack.detach().clone()
""",
    },
    "TrueScore": {
        "a loop": """
class TrueScore:
    def __init__(self, num_envs):
        self.points = [0.0] * num_envs

    def update(self, rewards, game_over):
        scores = np.full(len(rewards), np.nan)
        for i, (reward, is_over) in enumerate(zip(rewards, game_over, strict=True)):
            self.points[i] += float(reward)
            if is_over:
                scores[i] = self.points[i]
                self.points[i] = 0.0
        return scores
""",
        "every reward kept, and summed at the end": """
class TrueScore:
    def __init__(self, num_envs):
        self.games = [[] for _ in range(num_envs)]

    def update(self, rewards, game_over):
        scores = []
        for game, reward, is_over in zip(self.games, rewards.tolist(), game_over.tolist()):
            game.append(reward)
            scores.append(sum(game) if is_over else float("nan"))
            if is_over:
                game.clear()
        return np.array(scores)
""",
        "a new array of points in every step": """
class TrueScore:
    def __init__(self, num_envs):
        self.points = np.zeros(num_envs)

    def update(self, rewards, game_over):
        total = self.points + rewards
        self.points = total * ~game_over
        total[np.logical_not(game_over)] = float("nan")
        return total
""",
        "the difference of two running sums": """
class TrueScore:
    def __init__(self, num_envs):
        self.total = np.zeros(num_envs, dtype=np.float32)
        self.before = self.total.copy()

    def update(self, rewards, game_over):
        self.total = self.total + rewards
        scores = np.where(game_over, self.total - self.before, np.nan)
        self.before = np.where(game_over, self.total, self.before)
        return scores.astype(np.float32)
""",
        "the reset at the beginning of the next update": """
class TrueScore:
    def __init__(self, num_envs):
        self.points = np.zeros(num_envs)
        self.ended = np.zeros(num_envs, dtype=bool)

    def update(self, rewards, game_over):
        self.points = np.where(self.ended, 0, self.points) + rewards
        self.ended = np.array(game_over)
        scores = self.points.copy()
        scores[~self.ended] = np.nan
        return scores
""",
    },
    "scale_bytes": {
        "true_divide": """
def scale_bytes(obs):
    return torch.true_divide(obs, 255)
""",
        "multiply": """
def scale_bytes(obs):
    return obs.to(torch.float32) * (1 / 255)
""",
        "a table": """
def scale_bytes(obs):
    table = torch.linspace(0, 1, 256)
    return table[obs.long()]
""",
    },
    "ram_features": {
        "indices": """
def ram_features(obs):
    since_start = obs[:, 2] - obs[:, 0]
    since_last = 32 * (obs[:, 2] - obs[:, 1])
    return torch.hstack([since_start, since_last.clip(min=-1.0, max=1.0)])
""",
        "diff, minimum and maximum": """
def ram_features(obs):
    steps = obs.diff(dim=1)
    one = torch.ones(())
    return torch.cat((steps.sum(dim=1), torch.maximum(torch.minimum(32 * steps[:, 1], one), -one)), 1)
""",
        "hardtanh into an empty tensor": """
def ram_features(obs):
    batch, _, n = obs.shape
    out = obs.new_empty(batch, 2 * n)
    out[:, :n] = obs[:, -1] - obs[:, 0]
    out[:, n:] = nn.functional.hardtanh((obs[:, -1] - obs[:, -2]) * 32)
    return out
""",
    },
    "get_actor_and_critic_ram": {
        "a function that builds both": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def build(outputs, std):
        hidden = [module for n in (2 * num_bytes, 256) for module in (layer_init(nn.Linear(n, 256)), nn.ReLU())]
        return nn.Sequential(RamFeatures(), *hidden, layer_init(nn.Linear(256, outputs), std))
    return build(num_actions, 0.01), build(1, 1.0)
""",
        "modules of their own": """
class Network(nn.Module):
    def __init__(self, num_bytes, outputs, std):
        super().__init__()
        self.first, self.second = layer_init(nn.Linear(num_bytes * 2, 256)), layer_init(nn.Linear(256, 256))
        self.last = layer_init(nn.Linear(256, outputs), std)

    def forward(self, obs):
        hidden = torch.relu(self.first(ram_features(obs)))
        return self.last(torch.relu(self.second(hidden)))


def get_actor_and_critic_ram(num_bytes, num_actions):
    return [Network(num_bytes, num_actions, 0.01), Network(num_bytes, 1, 1.0)]
""",
        "a nested trunk": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def trunk():
        return nn.Sequential(
            RamFeatures(), nn.Flatten(),
            layer_init(nn.Linear(2 * num_bytes, 256)), nn.ReLU(inplace=False),
            layer_init(nn.Linear(256, 256)), nn.ReLU(),
        )
    actor = nn.Sequential(trunk(), layer_init(nn.Linear(256, num_actions), 0.01))
    return actor, nn.Sequential(trunk(), layer_init(nn.Linear(256, 1), 1.0))
""",
    },
    "get_actor_and_critic_atari": {
        "sizes by PyTorch's own formula": """
def get_actor_and_critic_atari(obs_shape, num_actions):
    side = obs_shape[1]
    if side != obs_shape[2] or side < 36 or side % 8 != 4:
        raise ValueError("Give square frames with a side of 8m + 4, at least 36.")
    trunk, channels = nn.Sequential(), obs_shape[0]
    for filters, size, stride in ((32, 8, 4), (64, 4, 2), (64, 3, 1)):
        trunk.append(layer_init(nn.Conv2d(channels, filters, size, stride)))
        trunk.append(nn.ReLU())
        side, channels = (side - size) // stride + 1, filters
    trunk.append(nn.Flatten(start_dim=1))
    trunk.append(layer_init(nn.Linear(channels * side**2, 512)))
    trunk.append(nn.ReLU())
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), 0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), 1))
    return actor, critic
""",
        "modules around one trunk": """
class Head(nn.Module):
    def __init__(self, trunk, outputs, std):
        super().__init__()
        self.trunk, self.last = trunk, layer_init(nn.Linear(512, outputs), std)

    def forward(self, x):
        return self.last(self.trunk(x))


def get_actor_and_critic_atari(obs_shape, num_actions):
    if obs_shape[1] != obs_shape[2] or (obs_shape[1] - 4) % 8 or obs_shape[1] < 36:
        raise ValueError("The frames must be square, with a side of 8m + 4.")
    convolutions = nn.Sequential(
        layer_init(nn.Conv2d(obs_shape[0], 32, 8, 4)), nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, 2)), nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3)), nn.ReLU(), nn.Flatten(),
    )
    with torch.no_grad():
        inputs = convolutions(torch.zeros(1, *obs_shape)).shape[1]
    trunk = nn.Sequential(convolutions, layer_init(nn.Linear(inputs, 512)), nn.ReLU())
    return Head(trunk, num_actions, 0.01), Head(trunk, 1, 1.0)
""",
        "m from the side": """
def get_actor_and_critic_atari(obs_shape, num_actions):
    frames, height, width = obs_shape
    m, rest = divmod(height - 4, 8)
    if rest or height != width or m < 4:
        raise ValueError(f"{height} x {width} is not a square of side 8m + 4: use 84 x 84.")
    sizes = [(frames, 32, 8, 4), (32, 64, 4, 2), (64, 64, 3, 1)]
    layers = [f for i, o, k, s in sizes for f in (layer_init(nn.Conv2d(i, o, k, s)), nn.ReLU(inplace=False))]
    trunk = nn.Sequential(*layers, nn.Flatten(), layer_init(nn.Linear(64 * (m - 3) ** 2, 512)), nn.ReLU())
    heads = [nn.Sequential(trunk, layer_init(nn.Linear(512, n), std)) for n, std in [(num_actions, 0.01), (1, 1.0)]]
    return tuple(heads)
""",
    },
}


def changed(exercise: str, *changes: tuple[str, str]) -> str:
    """The reference solution with some lines written another way."""
    from utils.course.exercises import exercises

    source = exercises()[exercise].reference_source()
    for old, new in changes:
        if old not in source:
            raise ValueError(f"{exercise}: the reference does not contain {old!r} any more.")
        source = source.replace(old, new)
    return source


ALTERNATIVES["play_step"] = {
    "Categorical, and two networks asked apart": changed(
        "play_step",
        (
            "logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)\n",
            "logits, values = self.actor(obs), self.critic(obs).flatten()\n",
        ),
        (
            "actions, logprobs = policy_gradient.sample_actions(logits)",
            "policy = torch.distributions.Categorical(logits=logits)\n        actions = policy.sample()\n"
            "        logprobs = policy.log_prob(actions)",
        ),
    ),
    "a with block, and detach": changed(
        "play_step",
        ("    @torch.no_grad()\n", ""),
        (
            "logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)\n",
            "with torch.inference_mode(False), torch.no_grad():\n"
            "            logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)\n",
        ),
        ("values=values,", "values=values.detach().clone(),"),
    ),
    "moves on before it stores": changed(
        "play_step",
        ("        self.next_obs = next_obs\n        self.global_step += self.envs.num_envs\n", ""),
        (
            "        self.rollout.add(",
            "        self.next_obs = next_obs\n        self.global_step += len(rewards)\n        self.rollout.add(",
        ),
    ),
}
ALTERNATIVES["rollout_phase"] = {
    "while, until full": changed(
        "rollout_phase",
        (
            "        for _ in range(self.args.num_steps):\n            infos = self.agent.play_step()\n"
            "            self.log.add_games(self.agent.global_step, infos)\n",
            "        while len(self.agent.rollout.rows) < self.args.num_steps:\n"
            "            self.log.add_games(infos=self.agent.play_step(), global_step=self.agent.global_step)\n",
        ),
    ),
    "the rollout by a short name": changed(
        "rollout_phase",
        (
            "        self.agent.rollout.clear()\n",
            "        player, rollout = self.agent, self.agent.rollout\n        rollout.clear()\n",
        ),
        ("infos = self.agent.play_step()\n", "infos = player.play_step()\n"),
        ("self.agent.rollout.close(", "rollout.close("),
    ),
    "counted by the global step": changed(
        "rollout_phase",
        (
            "        for _ in range(self.args.num_steps):\n",
            "        end = self.agent.global_step + self.args.batch_size\n        while self.agent.global_step < end:\n",
        ),
    ),
}
ALTERNATIVES["learning_phase"] = {
    "biased standard deviation": changed("learning_phase", ("mb_advantages.std()", "mb_advantages.std(correction=0)")),
    "Categorical for the log-probabilities and the entropy": changed(
        "learning_phase",
        (
            "new_logprobs = logits.log_softmax(dim=-1).gather(-1, actions[mb, None]).squeeze(-1)",
            "policy = torch.distributions.Categorical(logits=logits)\n                new_logprobs = policy.log_prob(actions[mb])",
        ),
        ("entropy = losses.entropy_bonus(logits)", "entropy = policy.entropy().mean()"),
    ),
    "zero_grad after the step, clips actor and critic in one list": changed(
        "learning_phase",
        ("                self.optimizer.zero_grad()\n                loss.backward()\n", "                loss.backward()\n"),
        (
            "                self.optimizer.step()\n",
            "                self.optimizer.step()\n                self.optimizer.zero_grad()\n",
        ),
        ("clip_grad_norm_(parameters,", "clip_grad_norm_({*self.actor.parameters(), *self.critic.parameters()},"),
    ),
    "the old log-probabilities computed again, once, before the first update": changed(
        "learning_phase",
        (
            "        for _ in range(args.update_epochs):\n",
            """\
        with torch.no_grad():
            logits, _ = networks.actor_critic_forward(self.actor, self.critic, obs)
            logprobs = logits.log_softmax(dim=-1).gather(-1, actions[:, None]).squeeze(-1)
        for _ in range(args.update_epochs):
""",
        ),
    ),
    "a permutation of its own": changed(
        "learning_phase",
        (
            "rollout.get_minibatch_indices(self.rng, args.batch_size, args.minibatch_size)",
            "torch.randperm(args.batch_size).split(args.minibatch_size)",
        ),
    ),
}
ALTERNATIVES["check_transition"] = {
    "asks what is forbidden, each thing on its own": """
def check_transition(contract, transition):
    for field in contract.rules:
        rule, values = contract.rules[field], getattr(transition, field)
        if type(values) is not np.ndarray:
            raise ContractError(transition.step, None, field, values, rule)
        if values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"an array of shape {values.shape}", rule)
        if values.dtype != rule.dtype:
            raise ContractError(transition.step, None, field, f"an array of {values.dtype}", rule)
        if rule.low is not None:
            wrong = np.isnan(values) | (values < rule.low) | (values > rule.high)
            if field == "final_obs":
                wrong &= transition.truncations[:, None]
            if np.any(wrong):
                environment = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))[0]
                seen = f"{values[environment][wrong[environment]][0]} in {values[environment]}"
                raise ContractError(transition.step, environment, field, seen, rule)
    if contract.one_end:
        for n in range(len(transition.truncations)):
            if transition.terminations[n] and transition.truncations[n]:
                raise ContractError(transition.step, n, "truncations", "both ends", "one of them")
    return transition
""",
    "environment by environment": """
def check_transition(contract, transition):
    def refuse(environment, field, seen):
        raise ContractError(transition.step, environment, field, seen, str(contract.rules[field]))

    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray) or (values.dtype, values.shape) != (rule.dtype, rule.shape):
            refuse(None, field, values)
        for n, row in enumerate(values):
            if rule.low is None or (field == "final_obs" and not transition.truncations[n]):
                continue
            for index in np.ndindex(row.shape):
                low, high = np.broadcast_to(rule.low, row.shape)[index], np.broadcast_to(rule.high, row.shape)[index]
                if not low <= row[index] <= high:
                    refuse(n, field, row[index])
    both = np.flatnonzero(np.logical_and(transition.terminations, transition.truncations)) if contract.one_end else []
    if len(both):
        refuse(both[0], "truncations", True)
    return transition
""",
    "returns a new transition": changed(
        "check_transition",
        ("    return transition", "    return Transition(**{name: value for name, value in vars(transition).items()})"),
    ),
    "selects the rows that count before it compares": changed(
        "check_transition",
        (
            "allowed = (values >= rule.low) & (values <= rule.high)\n",
            "allowed = np.ones(values.shape, dtype=bool)\n"
            '        rows = transition.truncations if field == "final_obs" else slice(None)\n'
            "        allowed[rows] = np.logical_and(rule.low <= values[rows], values[rows] <= rule.high)\n",
        ),
        ('        if field == "final_obs":\n            allowed[~transition.truncations] = True\n', ""),
    ),
}
ALTERNATIVES["actor_critic_forward"] = {
    "children one by one": """
def actor_critic_forward(actor, critic, obs):
    x = prepare_obs(obs)
    logits = values = x
    if share_trunk(actor, critic):
        logits = values = actor[0](x)
        actor, critic = list(actor)[1:], list(critic)[1:]
    else:
        actor, critic = [actor], [critic]
    for layer in actor:
        logits = layer(logits)
    for layer in critic:
        values = layer(values)
    return logits, values[:, 0]
""",
    "asks for itself whether the trunk is shared": """
def actor_critic_forward(actor, critic, obs):
    obs = prepare_obs(obs)
    both = isinstance(actor, nn.Sequential) and isinstance(critic, nn.Sequential)
    if both and critic[0] is actor[0]:
        features = run_trunk(critic[0], obs)
        logits, values = actor[1:](features), critic[1:](features)
    else:
        logits, values = actor(obs), critic(obs)
    return logits, values.flatten()
""",
    "scales by hand": """
def actor_critic_forward(actor, critic, obs):
    obs = obs.to(torch.float32) / (255 if obs.dtype == torch.uint8 else 1)
    if not share_trunk(actor, critic):
        return actor(obs), critic(obs).reshape(len(obs))
    hidden = run_trunk(actor[0], obs)
    return [head(hidden) for head in (actor[1:],)][0], critic[1:](hidden).reshape(-1)
""",
}
ALTERNATIVES["average_gradients"] = {
    "part by part": """
def average_gradients(gradients, counts):
    averages = [one * 0 for one in gradients[0]]
    for part, count in zip(gradients, counts):
        for n, one in enumerate(part):
            averages[n] = averages[n] + one * count
    return [one / sum(counts) for one in averages]
""",
    "in place, on a copy": """
def average_gradients(gradients, counts):
    averages = [one.clone().mul_(counts[0]) for one in gradients[0]]
    for k in range(1, len(counts)):
        for average, one in zip(averages, gradients[k]):
            average += counts[k] * one
    return [average.div_(sum(counts)) for average in averages]
""",
    "stacked": """
def average_gradients(gradients, counts):
    import torch

    found = []
    for n in range(len(gradients[0])):
        stack = torch.stack([part[n] for part in gradients], dim=-1)
        weights = stack.new_tensor([count / sum(counts) for count in counts])
        found.append(stack @ weights if stack.dim() > 1 else (stack * weights).sum())
    return found
""",
}
ALTERNATIVES["occlusion_saliency"] = {
    "unfold and fold": """
def occlusion_saliency(network, obs, size, stride):
    import torch.nn.functional as F

    side = obs.shape[-1]
    if size > side or size < 1 or stride < 1:
        raise ValueError("The window cannot move like this.")
    patches = F.unfold(obs[-1][None, None], size, stride=stride)[0]  # (size * size, positions)
    ones = torch.ones_like(patches)
    masks = torch.stack([
        F.fold((torch.arange(ones.shape[1], device=obs.device) == k).float().expand_as(ones)[None], side, size, stride=stride)[0, 0]
        for k in range(ones.shape[1])
    ])
    batch = obs[None].repeat(len(masks), 1, 1, 1)
    batch[:, -1] = batch[:, -1] * (1 - masks) + masks * patches.mean(dim=0)[:, None, None]
    with torch.no_grad():
        outputs = network(torch.cat([obs[None], batch]))
    change = abs(outputs[1:] - outputs[0])
    covered = masks.sum(dim=0)
    heat = torch.where(covered > 0, torch.einsum("k,khw->hw", change, masks) / covered.clamp(min=1), 0.0)
    return heat / heat.max().clamp(min=1e-12)
""",
    "loops and sums": """
def occlusion_saliency(network, obs, size, stride):
    side = obs.size(1)
    if size > side or min(size, stride) <= 0:
        raise ValueError(f"size must be 1 to {side}, stride at least 1")
    batch, places = [], []
    top = 0
    while top + size <= side:
        left = 0
        while left + size <= side:
            copy = obs.clone()
            copy[-1, top:top + size, left:left + size] = obs[-1, top:top + size, left:left + size].mean()
            batch.append(copy)
            places.append((top, left))
            left += stride
        top += stride
    with torch.no_grad():
        plain = network(obs.unsqueeze(0))[0]
        change = (network(torch.stack(batch)) - plain).abs()
    total, number = torch.zeros_like(obs[0]), torch.zeros_like(obs[0])
    for (top, left), one in zip(places, change):
        total[top:top + size, left:left + size] += one
        number[top:top + size, left:left + size] += 1
    heat = total / torch.where(number == 0, 1, number)
    if heat.max() == 0:
        return heat
    return heat / heat.max()
""",
    "an outer product of masks": """
def occlusion_saliency(network, obs, size, stride):
    side = obs.shape[2]
    if not (0 < size <= side and stride > 0):
        raise ValueError("The window has to fit, and to move.")
    starts = torch.arange(0, side - size + 1, stride, device=obs.device)
    pixel = torch.arange(side, device=obs.device)
    line = (pixel >= starts[:, None]) & (pixel < starts[:, None] + size)
    mask = (line[:, None, :, None] & line[None, :, None, :]).flatten(0, 1).to(obs.dtype)
    grey = (mask * obs[-1]).sum((1, 2)) / size**2
    newest = torch.where(mask > 0, grey[:, None, None], obs[-1])
    batch = torch.cat([obs[:-1].expand(len(mask), -1, -1, -1), newest[:, None]], dim=1)
    out = network(torch.cat([batch, obs[None]])).detach()
    heat = torch.tensordot((out[:-1] - out[-1]).abs(), mask, dims=1)
    heat = heat / mask.sum(0).clamp_min(1)
    top = heat.max()
    return heat if top == 0 else heat / top
""",
    "means from cumulative sums": """
def occlusion_saliency(network, obs, size, stride):
    side = obs.shape[-1]
    if size > side or size < 1 or stride < 1:
        raise ValueError("no such window")
    sums = torch.nn.functional.pad(obs[-1].cumsum(0).cumsum(1), (1, 0, 1, 0))
    starts = range(0, side - size + 1, stride)
    batch, windows = [obs], []
    for i in starts:
        for j in starts:
            total = sums[i + size, j + size] - sums[i, j + size] - sums[i + size, j] + sums[i, j]
            window = torch.zeros_like(obs[-1])
            window[i:i + size, j:j + size] = 1
            windows.append(window)
            batch.append(torch.cat([obs[:-1], (obs[-1] * (1 - window) + window * total / size**2)[None]]))
    with torch.no_grad():
        out = network(torch.stack(batch))
    windows = torch.stack(windows)
    heat = ((out[1:] - out[0]).abs()[:, None, None] * windows).sum(0) / windows.sum(0).clamp(min=1)
    return heat / heat.max() if heat.max() > 0 else heat
""",
}
ALTERNATIVES["linear_probe"] = {
    "primal where it is smaller": """
def linear_probe(features, targets, held_out, ridge):
    x, y = features[~held_out].double(), targets[~held_out].double()
    test = features[held_out].double() - x.mean(0)
    x = x - x.mean(0)
    middle = y.mean(0)
    n, d = x.shape
    penalty = ridge * (x * x).sum() / n
    if d <= n:
        w = torch.linalg.inv(x.T @ x + penalty * torch.eye(d).to(x)) @ (x.T @ (y - middle))
    else:
        w = x.T @ (torch.linalg.inv(x @ x.T + penalty * torch.eye(n).to(x)) @ (y - middle))
    truth = targets[held_out].double()
    return (1 - ((truth - test @ w - middle) ** 2).mean(0) / truth.var(0, unbiased=False)).to(features.dtype)
""",
    "singular values": """
def linear_probe(features, targets, held_out, ridge):
    train = torch.logical_not(held_out)
    centred = features.double() - features[train].double().mean(dim=0)
    x, y = centred[train], targets[train].double()
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    penalty = ridge * s.square().sum() / len(x)
    weights = vh.T @ ((s / (s**2 + penalty))[:, None] * (u.T @ (y - y.mean(dim=0))))
    guess = centred[held_out] @ weights + y.mean(dim=0)
    truth = targets[held_out].double()
    rest = ((truth - guess) ** 2).sum(dim=0)
    total = ((truth - truth.mean(dim=0, keepdim=True)) ** 2).sum(dim=0)
    return ((total - rest) / total).float()
""",
    "kernel between rows": """
def linear_probe(features, targets, held_out, ridge):
    z = (features - features[~held_out].mean(dim=0)).double()
    train, test = z[~held_out], z[held_out]
    offset = targets[~held_out].double().mean(dim=0)
    k = train @ train.T
    k.diagonal().add_(ridge * k.trace() / len(k))
    alpha = torch.linalg.solve(k, targets[~held_out].double() - offset)
    predicted = (test @ train.T) @ alpha + offset
    truth = targets[held_out].double()
    return 1 - (truth - predicted).pow(2).sum(0).div((truth - truth.mean(0)).pow(2).sum(0)).float()
""",
}
ALTERNATIVES["counterfactual"] = {
    "with a context": """
def counterfactual(actor, critic, obs, edited, same_action=None):
    with torch.no_grad():
        p, q = torch.softmax(actor(obs), -1), torch.softmax(actor(edited), -1)
        if same_action is not None:
            q = torch.stack([q[:, b] for b in same_action], dim=1)
        return critic(edited)[:, 0] - critic(obs)[:, 0], 0.5 * (p - q).abs().sum(1)
""",
    "what one has more than the other": """
@torch.inference_mode()
def counterfactual(actor, critic, obs, edited, same_action=None):
    policies = [torch.distributions.Categorical(logits=actor(one)).probs for one in (obs, edited)]
    order = torch.arange(policies[0].shape[1]) if same_action is None else torch.tensor(list(same_action))
    more = (policies[0] - policies[1].index_select(1, order.to(policies[1].device))).clamp(min=0)
    return (critic(edited) - critic(obs)).flatten(), more.sum(dim=1)
""",
    "detached": """
def counterfactual(actor, critic, obs, edited, same_action=None):
    before, after = actor(obs).log_softmax(-1).exp(), actor(edited).log_softmax(-1).exp()
    same_action = range(before.shape[-1]) if same_action is None else same_action
    distance = sum((before[:, a] - after[:, b]).abs() for a, b in enumerate(same_action))
    change = critic(edited).squeeze(1) - critic(obs).squeeze(1)
    return change.detach(), distance.detach() / 2
""",
}
ALTERNATIVES["steps_before_loss"] = {
    "backwards": """
def steps_before_loss(values, ball_lost, share):
    counts, life = [], []
    for value, lost in zip(values, ball_lost):
        life.append(value)
        if not lost:
            continue
        edge = torch.stack(life).mean() * share
        n = 0
        for one in reversed(life):
            if one >= edge:
                break
            n += 1
        counts.append(n)
        life = []
    return torch.tensor(counts).to(values.device)  # of floats where there are none
""",
    "cumulative product": """
def steps_before_loss(values, ball_lost, share):
    ends = (torch.where(ball_lost)[0] + 1).tolist()
    found = []
    for start, end in zip([0] + ends[:-1], ends):
        life = values[start:end]
        below = (life < share * life.mean()).flip(0).long()
        found.append(below.cumprod(0).sum())
    return torch.stack(found) if found else torch.zeros(0, dtype=torch.int64, device=values.device)
""",
    "split": """
def steps_before_loss(values, ball_lost, share):
    lost_at = [place + 1 for place, lost in enumerate(ball_lost.tolist()) if lost]
    lives = torch.tensor_split(values, lost_at)[: len(lost_at)]
    counts = [next((n for n, low in enumerate(torch.flip(life < life.mean() * share, [0]).tolist()) if not low), len(life)) for life in lives]
    return torch.as_tensor(counts, dtype=torch.int64, device=values.device)
""",
}

ALTERNATIVES["interquartile_mean"] = {
    "sorted list": """
def interquartile_mean(scores):
    ordered = sorted(float(x) for x in np.asarray(scores).ravel())
    n = len(ordered)
    middle = ordered[n // 4 : n - n // 4]
    return sum(middle) / len(middle)
""",
    "partition": """
def interquartile_mean(scores):
    flat = scores.ravel().copy()
    k = int(0.25 * flat.size)
    flat.sort()
    kept = flat[k:][: flat.size - 2 * k]
    return kept.mean()
""",
    "sums": """
def interquartile_mean(scores):
    order = np.argsort(scores.reshape(-1))
    k = scores.size // 4
    drop = set(order[:k].tolist()) | set(order[scores.size - k:].tolist())
    return np.mean([one for i, one in enumerate(scores.reshape(-1)) if i not in drop])
""",
}
ALTERNATIVES["bootstrap_interval"] = {
    "choice, row by row": """
def bootstrap_interval(scores, statistic, rng, num_resamples=2000, confidence=0.95):
    if scores.shape[1] <= 2:
        raise ValueError("too few runs")
    values = np.empty(num_resamples)
    for i in range(num_resamples):
        values[i] = statistic(np.stack([rng.choice(row, size=len(row), replace=True) for row in scores]))
    tail = 100 * (1 - confidence) / 2
    return np.percentile(values, tail), np.percentile(values, 100 - tail)
""",
    "all drawn at once": """
def bootstrap_interval(scores, statistic, rng, num_resamples=2000, confidence=0.95):
    groups, runs = scores.shape
    if runs < 3:
        raise ValueError(f"{runs} runs are not enough")
    places = rng.integers(0, runs, (num_resamples, groups, runs))
    values = sorted(statistic(scores[np.arange(groups)[:, None], one]) for one in places)
    a, b = 0.5 - confidence / 2, 0.5 + confidence / 2
    low, high = np.quantile(np.array(values), (a, b))
    return low.item(), high.item()
""",
    "floats to places": """
def bootstrap_interval(scores, statistic, rng, num_resamples=2000, confidence=0.95):
    runs = scores.shape[-1]
    if runs < 3:
        raise ValueError("give at least 3 runs")
    values = []
    while len(values) < num_resamples:
        places = np.floor(rng.random(scores.shape) * runs).astype(int)
        values.append(statistic(np.array([row[place] for row, place in zip(scores, places)])))
    rest = (1 - confidence) * 0.5
    return tuple(float(np.quantile(values, q)) for q in (rest, 1 - rest))
""",
}
ALTERNATIVES["probability_of_improvement"] = {
    "two loops": """
def probability_of_improvement(x, y):
    wins = 0.0
    for a in x:
        for b in y:
            wins += 1.0 if a > b else 0.5 if a == b else 0.0
    return wins / (len(x) * len(y))
""",
    "signs": """
def probability_of_improvement(x, y):
    return (np.sign(np.subtract.outer(x, y)).mean() + 1) / 2
""",
    "sorted search": """
def probability_of_improvement(x, y):
    ordered = np.sort(y)
    below = np.searchsorted(ordered, x, side="left")
    not_above = np.searchsorted(ordered, x, side="right")
    return (below + not_above).sum() / 2 / (x.size * y.size)
""",
}

for _number, _run in RUNS.items():
    ALTERNATIVES[f"diagnosis_{_number}"] = {
        "lower case": f'def diagnosis_{_number}():\n    return "{_run.cause.lower()}"\n',
        "with spaces and a full stop": f'def diagnosis_{_number}():\n    return " {_run.cause}. "\n',
        "by its name in the table": f"""
def diagnosis_{_number}():
    from solutions.sick_runs import CAUSES

    return next(letter for letter, cause in CAUSES.items() if cause.says == {CAUSES[_run.cause].says!r})
""",
    }

for _number, _run in REPAIRS.items():
    ALTERNATIVES[f"repair_{_number}"] = ALTERNATIVES[CAUSES[RUNS[_run].cause].part]
