"""Files that are written whole or not at all, and new folders."""

import glob
import json
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
        settle(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.unfinished"):
        if not _is_running(left.suffixes[-2][1:]):
            with suppress(OSError):
                left.unlink()


def read_records(path: Path, command: str) -> dict:
    """Return what a file of recorded runs holds.

    Args:
        path: the file, in chapters/.
        command: what records them again.

    Raises:
        ValueError: it is not there or cannot be read; the message says what to do.
    """
    again = f"get it again with `git checkout chapters/{path.name}`, or run `{command}`."
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(f"The recorded runs are not there ({path}): {again}") from None
    except ValueError as error:
        raise ValueError(f"The recorded runs in {path} cannot be read ({error}): {again}") from None


def settle(path: Path) -> None:
    """Wait until a file is on the disk itself, so that a power cut after it is renamed does not leave it empty."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _is_running(process: str) -> bool:
    """Tell whether there is a process of that number; where that is not known, Windows itself keeps its files from being removed."""
    if os.name == "posix" and process.isdecimal():
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return False
        except (OSError, OverflowError):
            return True
        return True
    return False


def new_folder(path: Path) -> Path:
    """Make a new folder, with a number added to its name if it exists already; returns it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = path if number == 1 else path.with_name(f"{path.name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
