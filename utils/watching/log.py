"""The log of a run: its figures and finished games, a progress bar while it trains, its curve on disk afterwards."""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from tqdm import tqdm

from utils import display, jupyter
from utils.files import new_folder, write_whole
from utils.watching import health, plot
from utils.watching.figures import png_of
from utils.watching.journal import Journal
from utils.watching.live_figure import LiveFigure, Place
from utils.watching.settings import Settings
from utils.watching.table import Table
from utils.watching.wandb_run import WandbRun

SHORT_RUN = "PPO_COURSE_ITERATIONS"
"""An environment variable: no training does more iterations than its value. For trying a chapter out quickly."""


def shortened(num_iterations: int) -> int:
    """Return how many iterations a run may do, by `SHORT_RUN`. Raises ValueError if that is no whole number of at least 1."""
    most = os.environ.get(SHORT_RUN, str(num_iterations))
    if not most.isdecimal() or int(most) < 1:
        raise ValueError(f"The environment variable {SHORT_RUN} must be a whole number of at least 1; it is {most!r}.")
    return min(num_iterations, int(most))


class RunLog:
    """The figures of a run.

    Attributes:
        rows: for each iteration a dict (see `Table`): global_step, seconds, episodic_return (the mean of the last 100 games),
            episodic_return_std (their spread), games, learning_rate, mean_value (what the critic said of the rollout's
            states, on average), and the mean over the iteration of every figure added.
        games: one (global_step, episodic_return, episodic_length) for each finished game.
        evaluations: one dict for each time that an Evaluator played: global_step, mean and std of the scores.
        videos: the films recorded on the way (`video_log_freq`), as paths under runs/videos/.
        journals: the files that hold parts of the log, by their path; see `solutions.saving.checkpoint`.
        findings: what was found wrong with the run so far, by name (see `utils.watching.health`).
    """

    def __init__(self, args: Settings, num_actions: int = 1):
        """Begin an empty log.

        Args:
            args: the PPOArgs of the run.
            num_actions: how many actions the policy chooses from.

        Raises:
            ValueError: the run is to be logged to Weights & Biases, and its package is not installed; or
                PPO_COURSE_ITERATIONS is no count.
        """
        shortened(1)
        self.args = args
        self.rows = Table()
        self.games: list[tuple[int, float, int]] = []
        self.evaluations: list[dict] = []
        self.figures: dict[str, list[torch.Tensor]] = {}
        self.seconds = 0.0
        self.started: float | None = None  # none outside `iterations`, where somebody may call the phases one by one
        self.videos: list[Path] = []
        self.games_filmed = 0
        self.findings: dict[str, str] = {}
        self.failed: set[str] = set()
        self.num_actions = num_actions
        self.began_trained = False
        """Whether the run began with the weights of an agent: then nobody else's curve stands beside it."""
        self.folder: Path | None = None
        self.bar: tqdm | None = None
        self.screen: Place | None = None
        self.wandb = WandbRun(args)
        self.journals: dict[Path, Journal] = {}

    @contextmanager
    def iterations(self, num_iterations: int):
        """Yield the iterations that are left, each as the number of steps played before it, with a progress bar: steps per
        second, the mean return and the time left. In a notebook the figures are drawn above it as the run goes on; and an
        interrupt ends the loop with a sentence, where in a terminal it goes on as KeyboardInterrupt.
        """
        num_iterations = shortened(num_iterations)
        done, batch_size = len(self.rows), self.args.batch_size
        if done >= num_iterations:
            print(f"This run has had all its {done * batch_size:,} steps. For another, make a new PPOTrainer.")
        else:
            self.wandb.start()
            self.live = LiveFigure(self.plot)  # above the bar, which would otherwise stand still there and go on below
        self.screen = Place()  # in the cell that runs now
        self.bar = tqdm(
            total=num_iterations * batch_size,
            initial=done * batch_size,
            unit="step",
            unit_scale=True,
            file=sys.stdout,  # in a notebook standard error is a red box
            mininterval=0.5,
            dynamic_ncols=True,
        )
        try:
            yield self._count(done, num_iterations)
        except KeyboardInterrupt:
            if not jupyter.in_notebook():
                raise
            tqdm.write(
                f"Stopped after {len(self.rows)} of {num_iterations} iterations; `train()` goes on from here.", sys.stdout
            )
        finally:
            self.bar.close()
            self.bar = self.screen = None
            if len(self.rows) > done:
                self._aside("Drawing the run", lambda: self.live.refresh(at_once=True))
            self._aside("Weights & Biases", self.wandb.finish)

    def _aside(self, what: str, act: Callable[[], None]) -> None:
        """Do what the run can do without: if it fails, that is said, once."""
        try:
            act()
        except Exception as error:
            if what not in self.failed:
                reason = " ".join(str(error).split())[:200]
                tqdm.write(f"{what} failed ({type(error).__name__}: {reason}): the run goes on without.", file=sys.stdout)
            self.failed.add(what)

    def _count(self, done: int, num_iterations: int):
        self.started = time.perf_counter() - self.seconds
        for global_step in range(done * self.args.batch_size, num_iterations * self.args.batch_size, self.args.batch_size):
            self.figures = {}  # this and the games after global_step are of an iteration that was interrupted
            self.drop_games_after(global_step)
            yield global_step
            self._aside("Drawing the run", self.live.refresh)

    def add_games(self, global_step: int, infos: dict) -> None:
        """Note the games that ended in a step, from its infos (see `utils.envs.GameRecorder`)."""
        for i in np.flatnonzero(infos["game_over"]):
            self.games.append((global_step, float(infos["episodic_return"][i]), int(infos["episodic_length"][i])))

    def drop_games_after(self, global_step: int) -> None:
        """Forget the games that ended later: they are of an iteration that was not finished."""
        while self.games and self.games[-1][0] > global_step:
            del self.games[-1]

    def add_figures(self, **figures: torch.Tensor) -> None:
        """Add figures (scalar tensors) whose mean over the iteration is to be logged. They are read only at its end."""
        for name, figure in figures.items():
            self.figures.setdefault(name, []).append(figure.detach())

    @property
    def episodic_return(self) -> float:
        """The mean true score of the last 100 games; NaN before the first has ended."""
        return self._of_latest_returns(np.mean)

    def _of_latest_returns(self, statistic) -> float:
        latest = [episodic_return for _, episodic_return, _ in self.games[-100:]]
        return float(statistic(latest)) if latest else float("nan")

    def end_iteration(self, trainer=None, **row) -> None:
        """Close the row of an iteration, move the progress bar, and say what is newly found wrong with the run.

        Args:
            row: what the trainer knows of the iteration: global_step, learning_rate and mean_value.
            trainer: in the place of the row, a learner's PPOTrainer from an earlier version of the course hands itself over.

        Raises:
            FloatingPointError: a figure is not a finite number, so the networks are not either.
        """
        row = row or self._row_of(trainer)
        if self.started is not None:
            self.seconds = time.perf_counter() - self.started
        figures = {name: torch.stack(figures) for name, figures in self.figures.items()}
        self.figures = {}
        means = {name: values.mean().item() for name, values in figures.items()}
        if not np.isfinite(list(means.values())).all():
            raise self._ruin(figures, row["global_step"])
        row = {
            **row,
            "seconds": round(self.seconds, 3),
            "episodic_return": self.episodic_return,
            "episodic_return_std": self._of_latest_returns(np.std),
            "games": len(self.games),
            **means,
        }
        self.rows.append(row)
        self._aside("Weights & Biases", lambda: self.wandb.log(row["global_step"], row))
        if self.bar is not None:
            self.bar.set_postfix_str(f"return {self.episodic_return:.1f}", refresh=False)
            self.bar.update(self.args.batch_size)
        if len(self.rows) % max(1, self.args.num_iterations // 40) == 0:
            self._aside("The diagnosis", self._say_new_findings)

    def _row_of(self, trainer) -> dict:
        self.num_actions = int(trainer.envs.single_action_space.n)
        return {
            "global_step": trainer.agent.global_step,
            "learning_rate": trainer.optimizer.param_groups[0]["lr"],
            "mean_value": trainer.agent.rollout.values.mean().item(),
        }

    def _say_new_findings(self) -> None:
        for name, said in self._new_findings().items():
            tqdm.write(f"Health: {name}: {said}", file=sys.stdout)

    def _new_findings(self) -> dict[str, str]:
        found = health.diagnose(self.rows, self.args, self.num_actions)
        new = {name: said for name, said in found.items() if name not in self.findings}
        self.findings |= new
        return new

    def health(self) -> str:
        """Say what the figures tell of the run: its findings, or one sentence if there are none."""
        self._new_findings()
        return health.in_words(self.rows, self.args, self.num_actions, self.findings)

    def _ruin(self, figures: dict[str, torch.Tensor], global_step: int) -> FloatingPointError:
        ruined = {
            name: int((~values.isfinite()).nonzero()[0, 0]) for name, values in figures.items() if not values.isfinite().all()
        }
        name = min(ruined, key=ruined.get)  # the others caught it from the first
        return FloatingPointError(
            f"Iteration {len(self.rows) + 1} (step {global_step:,}): {name} is {figures[name][ruined[name]].item()} in minibatch "
            f"{ruined[name] + 1}, so the networks are ruined and the run stops. Usual causes: a learning rate too high, rewards "
            "that are not finite, a logarithm or a division of zero in a loss."
        )

    def restore(self, rows: list[dict], evaluations: list[dict], games: list[list[float]], seconds: float) -> None:
        """Take over the log of an interrupted run. Raises KeyError, TypeError or ValueError if it is none."""
        self.rows, self.seconds = Table(rows), seconds
        if rows and not rows[-1]["global_step"] > 0:
            raise ValueError(f"a row says that {rows[-1]['global_step']} steps were played")
        self.evaluations = [{name: float(one[name]) for name in ("global_step", "mean", "std")} for one in evaluations]
        self.games = [(int(step), float(episodic_return), int(length)) for step, episodic_return, length in games]
        self.games_filmed = len(games)

    @property
    def video_is_due(self) -> bool:
        """Whether `video_log_freq` more games have ended since the last film."""
        every = self.args.video_log_freq
        return every is not None and len(self.games) // every > self.games_filmed // every

    def add_evaluation(self, global_step: int, scores: np.ndarray) -> None:
        """Note the scores of games that an Evaluator played, and say them in a line."""
        mean, std = float(scores.mean()), float(scores.std())
        self.evaluations.append({"global_step": global_step, "mean": mean, "std": std})
        line = f"Step {global_step:,}: mean {mean:.1f}, std {std:.1f} over {len(scores)} greedy games."
        untrained = (
            " Nothing is learned yet: always the most probable action can be a lucky choice." if global_step == 0 else ""
        )
        tqdm.write(line + untrained, file=sys.stdout)
        self._aside("Weights & Biases", lambda: self.wandb.log(global_step, {"evaluation_mean": mean, "evaluation_std": std}))

    def add_confirmation(self, scores: np.ndarray, confirmed: bool) -> None:
        """Say what fresh games, which an Evaluator played to confirm that a run may stop, came to."""
        verdict = "confirmed" if confirmed else "that look was lucky, so the run goes on"
        tqdm.write(
            f"In {len(scores)} fresh games: mean {scores.mean():.1f}, std {scores.std():.1f}: {verdict}.", file=sys.stdout
        )

    def add_video(self, frames: list[np.ndarray], score: float, global_step: int) -> Path | None:
        """Keep a film of a game, and show it: during a run always in one place, else in the cell that asked for it.

        Returns:
            Where the film is; None if it could not be written, which costs a line and not the run.
        """
        self.games_filmed = len(self.games)
        try:
            self.folder = self.folder or new_run_folder(self.args, "videos")
            name = f"step{global_step:09d}-score{score:g}"
            path = display.write_video(self.folder / f"{name}{display.SUFFIX}", frames, fps=15)
        except (OSError, RuntimeError) as error:
            tqdm.write(f"Could not keep the film of step {global_step:,} ({error}): the run goes on.", file=sys.stdout)
            return None
        self.videos.append(path)
        if jupyter.in_notebook():
            (self.screen or Place()).show(display.embed_video(path, figsize=(2.5, 3.75)).data)
        self._aside("Weights & Biases", lambda: self.wandb.log_film(global_step, path))
        return path

    def save(self, path: str | Path, **extra) -> tuple[Path, Path]:
        """Write the curve as JSON, and as a picture beside it, each whole or not at all.

        Args:
            path: where the JSON goes; the picture has the same name with the suffix .png.
            extra: further entries of the JSON.

        Returns:
            Both paths. The picture may be missing: where it cannot be drawn, that is said.

        Raises:
            OSError: the curve cannot be written.
        """
        path = Path(path)
        picture = path.with_suffix(".png")
        run = {
            "args": asdict(self.args),
            **extra,
            "evaluations": self.evaluations,
            "rows": list(self.rows),
            "games": self.games,
        }
        run = json.loads(json.dumps(run), parse_constant=lambda nan: None)  # JSON has no NaN
        write_whole(path, json.dumps(run, indent=1).encode())
        self._aside("The picture of the run", lambda: write_whole(picture, png_of(self.plot(), dpi=100)))
        return path, picture

    def plot(self) -> Figure:
        """Draw the scores of the games, the evaluations and the figures of the run."""
        return plot.plot(self)


def new_run_folder(args: Settings, kind: str = "") -> Path:
    """Make a folder under runs/ that no other run has, for what a run writes; returns it. Raises OSError."""
    name = f"{args.env_id.replace('/', '-')}-seed{args.seed}-{time.strftime('%Y%m%d-%H%M%S')}"
    return new_folder(Path("runs") / kind / name)
