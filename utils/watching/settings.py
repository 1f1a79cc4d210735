"""What watching a run needs to know of its settings."""

from typing import Protocol


class Settings(Protocol):
    """The part of `solutions.args.PPOArgs` that logs, curves and health read."""

    env_id: str
    mode: str
    seed: int
    total_timesteps: int
    num_envs: int
    num_minibatches: int
    update_epochs: int
    batch_size: int
    num_iterations: int
    learning_rate: float
    anneal_lr: bool
    norm_adv: bool
    max_grad_norm: float
    use_wandb: bool
    wandb_project_name: str
    video_log_freq: int | None
