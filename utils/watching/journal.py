"""The log of a run on disk: a line for each iteration, game and evaluation. It only ever grows at its end.

A checkpoint says how much of it is true, and its digest. So a checkpoint costs the same at the end of a run as at its start,
and what a killed process wrote after the last checkpoint does not count.
"""

import hashlib
import json
import os
from pathlib import Path

from utils.files import write_whole


class Journal:
    """One such file, and how much of a log it holds."""

    def __init__(self, path: Path):
        """Begin a new one; what is at the path is replaced with the first `extend`."""
        self.path = path
        self._stamp = None
        self._begin()

    def _begin(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._held = {"row": 0, "game": 0, "evaluation": 0}

    @property
    def mark(self) -> dict:
        """What a checkpoint keeps: how many bytes there are, and their digest."""
        return {"size": self.size, "sha256": self._sha256.hexdigest()}

    def extend(self, rows, games, evaluations) -> None:
        """Add what a log has and the file has not, or write all, if somebody else has written the file meanwhile.

        Raises:
            OSError: the file cannot be written; what was there before still counts.
        """
        entries = {"row": rows, "game": games, "evaluation": evaluations}
        if self._stamp_now() != self._stamp or any(len(some) < self._held[kind] for kind, some in entries.items()):
            self._begin()
        lines = []
        for kind, some in entries.items():
            lines += [json.dumps({kind: entry}) + "\n" for entry in some[self._held[kind] :]]
        content = "".join(lines).encode()
        if self.size == 0:
            write_whole(self.path, content)
        else:
            with self.path.open("r+b") as file:
                file.seek(self.size)
                file.truncate()
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        self._note(content, {kind: len(some) for kind, some in entries.items()})

    def _note(self, content: bytes, held: dict[str, int]) -> None:
        self.size += len(content)
        self._sha256.update(content)
        self._held = held
        self._stamp = self._stamp_now()

    def _stamp_now(self) -> tuple[int, int] | None:
        """Tell the file from what it was before; None if there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns

    @classmethod
    def read(cls, path: Path, mark: dict) -> tuple["Journal", dict[str, list]]:
        """Read what a checkpoint says is true of a journal.

        Args:
            path: the file.
            mark: see `mark`.

        Returns:
            The journal, to go on with, and lists of what it holds: row, game, evaluation.

        Raises:
            ValueError: it is missing, shorter than that, or not what was written.
        """
        try:
            content = path.read_bytes()[: mark["size"]]
        except OSError as error:
            raise ValueError(
                f"its log {path} cannot be read ({error.strerror or error}): it must lie beside the checkpoint, so copy both"
            ) from None
        journal, entries = cls(path), {"row": [], "game": [], "evaluation": []}
        for line in content.splitlines() if hashlib.sha256(content).hexdigest() == mark["sha256"] else []:
            ((kind, entry),) = json.loads(line).items()
            entries[kind].append(entry)
        journal._note(content, {kind: len(some) for kind, some in entries.items()})
        if journal.mark != mark:
            raise ValueError(f"its log {path} is not the one that was written with it")
        return journal, entries
