"""A figure of a run that refreshes in place while the run goes on, in a notebook."""

import io
import time

SHARE = 0.015
"""Drawing may take this share of the time of a run; so a figure that takes long to draw is drawn seldom."""
PAUSE = 1.0
"""Seconds between two drawings, at least: faster than this nobody can look."""


def in_notebook() -> bool:
    """Whether this runs in a notebook, rather than in a terminal or under pytest."""
    try:
        return get_ipython().__class__.__module__.split(".")[0] in ("ipykernel", "google")
    except NameError:
        return False


def png_of(figure, dpi: float = 80, **options) -> bytes:
    """A matplotlib figure as a picture."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, **options)
    return drawn.getvalue()


class Place:
    """A place in the output of a cell: what is shown there replaces what was."""

    def __init__(self):
        self.handle = None

    def show(self, content) -> None:
        """Show something that IPython can display."""
        from IPython.display import display

        if self.handle is None:
            self.handle = display(content, display_id=True)
        else:
            self.handle.update(content)


class LiveFigure:
    """A picture in the output of a cell, drawn anew as often as its cost allows. It does nothing outside a notebook."""

    def __init__(self, draw):
        """draw: called without arguments; returns a matplotlib figure."""
        self.draw, self.place = draw, Place()
        self.drawn_at, self.cost = time.perf_counter(), 0.0

    def reserve(self) -> None:
        """Take a place on the page, for the pictures to come."""
        if in_notebook():
            self._show("")

    def refresh(self, at_once: bool = False) -> None:
        """Draw, if it is time to."""
        if not in_notebook():
            return
        started = time.perf_counter()
        if not at_once and started - self.drawn_at < max(PAUSE, self.cost / SHARE):
            return
        from utils import style

        figure = self.draw()
        self._show(style.as_html(png_of(figure), style.in_words(figure)))
        self.drawn_at = time.perf_counter()
        self.cost = self.drawn_at - started

    def _show(self, page: str) -> None:
        from IPython.display import HTML

        self.place.show(HTML(page))
