"""Whether this runs in a notebook, and errors that a notebook shows without a traceback."""

import sys


class PlainError(Exception):
    """An error whose message is all that a notebook shows."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows in the place of the traceback."""
        return str(self).splitlines()


def shell():
    """Return the IPython shell that this runs in, of a notebook or of a terminal; None in plain Python and under pytest."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def in_notebook() -> bool:
    """Tell whether this runs in a notebook, of Jupyter or of Colab."""
    return getattr(shell(), "kernel", None) is not None
