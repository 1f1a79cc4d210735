"""A run at Weights & Biases (https://wandb.ai), for those who ask for it with `use_wandb=True`.

Nothing here asks a question or stops a run: without a login, or where the site cannot be reached, the run is logged on disk.
"""

import inspect
import os
from dataclasses import asdict
from pathlib import Path

from utils.watching.settings import Settings

PATIENCE = 30
"""Seconds to wait for the site."""


class WandbRun:
    """The figures and films of one training, in a run of its own. A training that goes on later goes on in the same one.

    Without `use_wandb` it does nothing.
    """

    def __init__(self, args: Settings):
        """See PPOArgs. Raises ValueError if the package is not installed."""
        self.args, self.run, self.id = args, None, None
        if not args.use_wandb:
            return
        try:
            import wandb

            inspect.signature(wandb.login).parameters["prompt"]  # it has this since 2026
        except (ImportError, AttributeError, KeyError):  # a folder wandb/, which every run leaves here, is importable too
            raise ValueError(
                "use_wandb=True needs a recent version of the package wandb: run `pip install -U wandb`, or use use_wandb=False."
            ) from None
        self.wandb = wandb

    def start(self) -> None:
        """Begin, or go on."""
        if not self.args.use_wandb:
            return
        mode = os.environ.get("WANDB_MODE")
        if mode is None and not self.wandb.login(prompt=False, verify=False):
            mode = "offline"
            print("wandb: no login found, so this run is logged offline; `wandb login`, then `wandb sync`, uploads it.")
        try:
            self.run = self._init(mode)
        except self.wandb.Error as error:
            reason = str(error).splitlines()[0].rstrip(".")
            print(f"wandb: {reason}. So this run is logged offline; `wandb sync` uploads it.")
            self.run = self._init("offline")
        self.id = self.run.id

    def log(self, global_step: int, figures: dict) -> None:
        """Add figures at a step of the training, once it has started."""
        if self.run is not None:
            self.run.log(figures, step=global_step)

    def log_film(self, global_step: int, path: Path) -> None:
        """Add a film."""
        if self.run is not None:
            self.log(global_step, {"video": self.wandb.Video(str(path), format=path.suffix[1:])})

    def finish(self) -> None:
        """End, with everything written or uploaded."""
        if self.run is not None:
            self.run.finish()
        self.run = None

    def _init(self, mode: str | None):
        return self.wandb.init(
            project=self.args.wandb_project_name,
            config=asdict(self.args),
            mode=mode,
            id=self.id,
            resume=None if self.id is None else "allow",
            reinit="create_new",  # another training's run in this process stays that one's
            settings=self.wandb.Settings(init_timeout=PATIENCE, quiet=True),
        )
