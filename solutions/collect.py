"""A rollout apart from any training, which can be repeated (chapter 07)."""

import torch

from solutions.rollout import PPOAgent, Rollout


def collect(agent: PPOAgent, num_steps: int, generator: torch.Generator) -> Rollout:
    """Let an agent play on for a number of steps, and return them as a closed rollout.

    All chance but the environments' own is the generator's. So two calls in a row play what one call of twice the length
    would have played, and nothing else in the program changes.

    Args:
        agent: in environments of any kind, best in `utils.transitions.CheckedEnvs`.
        num_steps: T, the rows of the rollout.
        generator: the random state to draw actions from, on the networks' device; it is left advanced.

    Raises:
        ContractError, WorkerError: from the environments.
    """
    agent.rollout = Rollout(num_steps, agent.device)
    on_cuda = generator.device.type == "cuda"
    own = torch.cuda.default_generators[generator.device.index or 0] if on_cuda else torch.default_generator
    with torch.random.fork_rng([generator.device] if on_cuda else []):  # torch's own random state stays as it is
        own.set_state(generator.get_state())
        try:
            for _ in range(num_steps):
                agent.play_step()
        finally:
            generator.set_state(own.get_state())
    agent.rollout.close(agent.actor, agent.critic, agent.next_obs)
    return agent.rollout
