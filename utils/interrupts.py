"""Signals that ask a training to stop, kept until they do no harm."""

import os
import signal
import sys
from contextlib import contextmanager, suppress

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Ctrl-C, the end of a job on a cluster, and a terminal that is closed."""


class Interrupts:
    """Within its block a signal is only noted, in `asked`; a second Ctrl-C is a KeyboardInterrupt.

    Not a second signal of another kind: a terminal that is closed may send several.

    A signal that the process was started to ignore, as by `nohup`, stays ignored.
    """

    def __init__(self, signals=SIGNALS):
        """See the class."""
        self.signals = signals
        self.asked = self.pressed = 0
        self._kept_back, self._at_once = False, False

    def __enter__(self) -> "Interrupts":
        self.before = {number: signal.getsignal(number) for number in self.signals}
        for number, handler in self.before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._note)
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler or signal.SIG_DFL)

    @contextmanager
    def at_once(self):
        """Make the first signal a KeyboardInterrupt already: for what may be stopped anywhere."""
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    @contextmanager
    def kept_back(self):
        """Only note further signals, too: for what has to be written to its end."""
        self._kept_back = True
        try:
            yield
        finally:
            self._kept_back = False

    def _note(self, number: int, _) -> None:
        if number == getattr(signal, "SIGHUP", None):
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None and stream.isatty():
                    silence(stream)
        self.asked += 1
        self.pressed += number == signal.SIGINT
        if self._kept_back:
            return
        if self._at_once or self.pressed > 1:
            raise KeyboardInterrupt
        with suppress(RuntimeError, OSError):  # another sentence was just being printed
            print("\nStopping once this iteration is done; Ctrl-C again stops at once.", flush=True)


def silence(stream) -> None:
    """Send what is printed from now on nowhere: where nobody is left to read it, printing is an error."""
    with suppress(AttributeError, OSError, ValueError):  # there is no such stream, or it is closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
