"""The files of a run, under one name: its curve and picture, its checkpoint and log, its agent."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from solutions.args import PPOArgs
from solutions.saving import checkpoint
from utils.watching.log import new_run_folder


class RunFiles:
    """Where they are, and that no other run writes them."""

    def __init__(self, args: PPOArgs, log: Path | None = None, resumed: Path | None = None):
        """Name the files; none is written yet.

        Args:
            args: the settings of the run.
            log: where the curve goes, a name that ends in .json; by default beside the checkpoint that is resumed, or
                in a new folder under runs/.
            resumed: a checkpoint, or an agent, that the run goes on from.
        """
        if log is None and resumed is not None and resumed.name.endswith(checkpoint.SUFFIX):
            log = checkpoint.beside(resumed, ".json")
        self.args, self.curve, self.resumed = args, log, resumed

    @property
    def checkpoint(self) -> Path:
        """The checkpoint; the log of the run is beside it."""
        return self.curve.with_suffix(checkpoint.SUFFIX)

    @property
    def agent(self) -> Path:
        """The agent."""
        return self.curve.with_suffix(".safetensors")

    @contextmanager
    def claimed(self):
        """Keep other runs from these files within the block.

        Raises:
            ValueError: they cannot be written, or are another run's, which may be going on at this moment.
        """
        folder = None
        try:
            if self.curve is None:
                folder = new_run_folder(self.args)
                self.curve = folder / "curve.json"
            self.curve.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.curve.with_suffix(".lock"), timeout=0)
            with suppress(NotImplementedError):  # some file systems have no locks
                lock.acquire()
        except Timeout:
            raise ValueError(f"Another training is writing {self.curve}: choose another name with --log.") from None
        except OSError as error:
            raise ValueError(
                f"{self.curve or 'runs/'} cannot be written ({error.strerror or error}): choose another place with --log."
            ) from None
        try:
            self._require_free()
            yield
        finally:
            lock.release()
            with suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)
            with suppress(OSError):  # it is not empty
                if folder is not None:
                    os.removedirs(folder)

    def _require_free(self) -> None:
        if self.resumed is not None and self.resumed.resolve() == self.checkpoint.resolve():
            return
        files = [self.curve, self.curve.with_suffix(".png"), self.checkpoint, self.agent]
        taken = [path.name for path in files if path.exists()]
        if taken:
            advice = f", or go on with that run by --resume {self.checkpoint}" if self.checkpoint.exists() else ""
            raise ValueError(
                f"In {self.curve.parent} there is another run's {', '.join(taken)}: choose another name with --log{advice}."
            )
