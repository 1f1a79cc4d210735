"""Files that are written whole or not at all, and new folders."""

import os
from contextlib import suppress
from itertools import count
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, in a folder that is made if need be, so that it is never seen half written.

    Raises:
        OSError: it cannot be written; what was there before stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")  # two processes may write the same file
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def new_folder(path: Path) -> Path:
    """Make a new folder, with a number added to its name if it exists already; returns it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = path if number == 1 else path.with_name(f"{path.name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
