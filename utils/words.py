"""What a command of the course says in the place of a traceback: one sentence on standard error.

`guard` must come before the imports that take seconds or fail. `utils/__init__.py` calls it for every `python -m` command;
a script that is run by its path calls it at its top. Whoever wants Python's own traceback adds --traceback to the command.
"""

import atexit
import os
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from utils import missing_package
from utils.paths import ROOT

FOLDERS = ("chapters", "play", "solutions", "tests", "utils")


def guard() -> None:
    """Answer errors with a sentence and exit status 1, Ctrl-C with a sentence and 130; take --traceback off the command line."""
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None: the stream was closed before the command began
        stream.reconfigure(errors="replace")  # a console may not know every character
    atexit.register(_flush)
    if "--traceback" in sys.argv:
        sys.argv.remove("--traceback")
    else:
        sys.excepthook = _say


def parsed(cli, *arguments, **options):
    """Call a function of tyro; a ValueError of the settings is raised as it is, where tyro would put it into a box.

    Args:
        cli: `tyro.cli` or one like it.
        arguments, options: for it.

    Returns:
        What it returns.
    """
    said = StringIO()
    try:
        with redirect_stderr(said):
            return cli(*arguments, **options)
    except SystemExit as ending:
        cause = getattr(ending.__context__, "__context__", None)  # tyro's own error lies between
        if cause is not None and _is_a_sentence(cause):
            raise cause from None
        print(said.getvalue(), end="", file=sys.stderr)
        raise


def sentence(error: BaseException) -> str:
    """Return one line about an error: what it says, if that is meant for whoever gave the command, else also how to see more."""
    said = " ".join(str(error).split())
    if _is_a_sentence(error):
        return said
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] not in FOLDERS:
        return missing_package.advice(error)
    if isinstance(error, OSError) and error.strerror:
        what = "a file or the output" if error.filename is None else repr(str(error.filename))
        return (
            f"{what} cannot be used ({error.strerror}): see that it is there, is yours and has room, or choose another place."
        )
    said = said if len(said) <= 300 else f"{said[:300]} ..."
    return f"{type(error).__name__}: {said.rstrip('.')}; run it again with --traceback to see where."


def _is_a_sentence(error: BaseException) -> bool:
    """Tell whether an error was written for people: of a class of the course's own, or a ValueError that the course raised."""
    if type(error).__module__.split(".")[0] in FOLDERS:
        return True
    import traceback  # not at the top: until this module is there, Ctrl-C is not guarded

    last = traceback.extract_tb(error.__traceback__, limit=-1)
    return isinstance(error, ValueError) and any(
        Path(frame.filename).is_relative_to(ROOT) and frame.line.startswith("raise ") for frame in last
    )


def _say(kind: type[BaseException], error: BaseException, trace) -> None:
    if isinstance(error, BrokenPipeError):  # whoever read the output, such as `head`, has gone
        return
    if isinstance(error, KeyboardInterrupt):
        print("\nStopped by Ctrl-C.", file=sys.stderr)
        sys.exit(130)
    print(f"error: {sentence(error)}", file=sys.stderr)


def _flush() -> None:
    """Write what was printed; Python would do so later, and say more about it if it cannot be."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os._exit(1)
    except OSError as error:
        print(f"error: the output cannot be written ({error.strerror}): make room, or write it elsewhere.", file=sys.stderr)
        os._exit(1)
