"""Known-wrong answers of chapter 03."""

from tests.mistakes import mistake

GAE, INDICES, PLAY = "compute_advantages", "get_minibatch_indices", "play_step"

MISTAKES = [
    mistake(GAE, "no masking", "the ends of episodes were ignored altogether.", (" * ~terminations", ""), (" * ~dones[t]", "")),
    mistake(GAE, "sum not masked", "the sum ran on across the end of an episode: advantages of the next episode leak into this one.", (" * ~dones[t]", "")),
    mistake(GAE, "bootstrap not masked", "V(s_{t+1}) were counted after a termination: nothing comes after it.", (" * ~terminations", "")),
    mistake(GAE, "truncation as termination", "a truncation were treated as a termination: the state it led to still has a value.", ("~terminations", "~dones")),
    mistake(
        GAE, "next row's value", "V(s_{t+1}) were taken from values[t + 1]: after a reset that is the value of another episode's first state.",
        ("gamma * next_values", "gamma * torch.cat([values[1:], next_values[-1:]])"),
    ),
    mistake(GAE, "forgets lambda", "gae_lambda were forgotten.", ("gamma * gae_lambda *", "gamma *")),
    mistake(GAE, "forgets gamma in the recursion", "gamma were forgotten in the recursion: each step back multiplies by gamma and gae_lambda.", ("gamma * gae_lambda *", "gae_lambda *")),
    mistake(GAE, "returns", "returns were computed: the advantages are without + values.", ("    return advantages", "    return advantages + values")),
    mistake(GAE, "misses the last row", "the loop left out the last row.", ("reversed(range(len(rewards)))", "reversed(range(len(rewards) - 1))")),
    mistake(GAE, "misses the first row", "the loop left out row 0.", ("reversed(range(len(rewards)))", "reversed(range(1, len(rewards)))")),
    mistake(GAE, "forwards", "the loop ran forwards: A_t needs A_{t+1}, so start at the end.", ("reversed(range(len(rewards)))", "range(len(rewards))")),
    mistake(GAE, "masks with the next row", "the flags were read one row late: flags in row t are what the step at t returned.", ("~dones[t]", "~dones[min(t + 1, len(dones) - 1)]")),
    mistake(GAE, "masks with the row before", "the flags were read one row early: flags in row t are what the step at t returned.", ("~dones[t]", "~dones[t - 1]")),
    mistake(GAE, "no value subtracted", "V(s_t) were not subtracted.", ("~terminations - values", "~terminations")),
    mistake(GAE, "gamma forgotten in delta", "gamma were forgotten before V(s_{t+1}).", ("gamma * next_values", "next_values")),
    mistake(GAE, "truncations only end the sum of terminations", "only terminations ended the sum: a truncation ends it too.", ("dones = terminations | truncations", "dones = terminations")),
    mistake(GAE, "bootstraps nothing at truncations only", "terminations and truncations had changed places.", ("~terminations", "~truncations")),
    mistake(GAE, "changes its input", "the advantages were written into `rewards` itself.", ("advantages = torch.zeros_like(rewards)\n    next", "advantages = rewards\n    next")),
    mistake(INDICES, "no shuffle", "nothing were shuffled.", ("rng.permutation(batch_size)", "np.arange(batch_size)")),
    mistake(INDICES, "ignores rng", "the randomness came from NumPy's global state instead of `rng`.", ("rng.permutation", "np.random.permutation")),
    mistake(INDICES, "the same every time", "a fresh generator with a fixed seed were made in each call.", ("rng.permutation", "np.random.default_rng(0).permutation")),
    mistake(INDICES, "with replacement", "the indices were drawn with replacement.", ("rng.permutation(batch_size)", "rng.integers(0, batch_size, batch_size)")),
    mistake(INDICES, "floats", "the indices were floats.", ("rng.permutation(batch_size)", "rng.permutation(batch_size).astype(float)")),
    mistake(INDICES, "one minibatch only", "only the first minibatch were returned.", ("range(0, batch_size, minibatch_size)", "range(0, minibatch_size, minibatch_size)")),
    mistake(INDICES, "shuffled minibatches of neighbours", "whole minibatches were shuffled, not the indices: neighbours stay together.",
            ("indices = rng.permutation(batch_size)", "indices = rng.permutation(np.arange(batch_size).reshape(-1, minibatch_size)).reshape(-1)")),
    mistake(PLAY, "stores the next observation", "the observations after the step were stored.", ("            obs=obs,", "            obs=torch.as_tensor(next_obs),")),
    mistake(
        PLAY, "values of the next observation", "the critic were asked about the observations after the step.",
        ("values=values,", "values=networks.actor_critic_forward(self.actor, self.critic, torch.as_tensor(next_obs))[1],"),
    ),
    mistake(PLAY, "log-probability of another action", "a second draw's log-probability were stored.", ("logprobs=logprobs,", "logprobs=policy_gradient.sample_actions(logits)[1],")),
    mistake(PLAY, "probability", "probabilities were stored.", ("logprobs=logprobs,", "logprobs=logprobs.exp(),")),
    mistake(PLAY, "argmax", "the most probable action were played.", ("actions, logprobs = policy_gradient.sample_actions(logits)", "logprobs, actions = logits.log_softmax(-1).max(-1)")),
    mistake(PLAY, "zero rewards", "the rewards were not stored.", ("rewards=rewards,", "rewards=np.zeros_like(rewards),")),
    mistake(PLAY, "never moves on", "`self.next_obs` were never set.", ("        self.next_obs = next_obs\n", "")),
    mistake(
        PLAY, "flags of the previous step", "the flags of the step before were stored.",
        ("            terminations=terminations,\n            truncations=truncations,", "            terminations=getattr(self, 'old', (terminations & False,) * 2)[0],\n            truncations=getattr(self, 'old', (terminations & False,) * 2)[1],"),
        ("        self.next_obs = next_obs\n", "        self.next_obs = next_obs\n        self.old = terminations, truncations\n"),
    ),
    mistake(PLAY, "successor from the reset", "the rollout were given the observation after the reset.", ('infos["final_obs"]', "next_obs")),
    mistake(PLAY, "counts steps only", "`global_step` counted steps, not steps times environments.", ("self.global_step += self.envs.num_envs", "self.global_step += 1")),
    mistake(PLAY, "keeps the graph", "the step were played with gradients on.", ("    @torch.no_grad()\n", "")),
    mistake(PLAY, "forgets to store", "the row were never added.", ("self.rollout.add(", "dict(")),
    mistake(PLAY, "terminations for truncations", "terminations and truncations had changed places.", ("terminations=terminations", "terminations=truncations"), ("truncations=truncations", "truncations=terminations")),
    mistake(PLAY, "returns nothing", "the infos were not returned.", ("        return infos", "")),
    mistake(PLAY, "resets", "the environments were reset in every step.", ("        self.next_obs = next_obs\n", "        self.next_obs = self.envs.reset()[0]\n")),
]  # fmt: skip
