"""A figure of a run that refreshes in place while the run goes on, in a notebook."""

import time
from collections.abc import Callable

from matplotlib.figure import Figure

from utils import jupyter
from utils.watching.figures import as_html

SHARE = 0.015
"""Drawing may take this share of the time of a run; so a figure that takes long to draw is drawn seldom."""
PAUSE = 1.0
"""Seconds between two drawings, at least."""


class Place:
    """A place in the output of a cell: what is shown there replaces what was."""

    def __init__(self):
        self.handle = None

    def show(self, page: str) -> None:
        """Show some HTML."""
        from IPython.display import HTML, display

        if self.handle is None:
            self.handle = display(HTML(page), display_id=True)
        else:
            self.handle.update(HTML(page))


class LiveFigure:
    """A picture in the output of a cell, drawn anew as often as its cost allows. It does nothing outside a notebook."""

    def __init__(self, draw: Callable[[], Figure]):
        """Take a place on the page, for the pictures to come; `draw` makes the figure."""
        self.draw, self.place = draw, Place()
        self.drawn_at, self.cost = time.perf_counter(), 0.0
        if jupyter.in_notebook():
            self.place.show("")

    def refresh(self, at_once: bool = False) -> None:
        """Draw, if it is time to."""
        started = time.perf_counter()
        is_time = at_once or started - self.drawn_at >= max(PAUSE, self.cost / SHARE)
        if is_time and jupyter.in_notebook():
            self.place.show(as_html(self.draw()))
            self.drawn_at = time.perf_counter()
            self.cost = self.drawn_at - started
