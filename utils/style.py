"""The look of the course's figures. Importing it sets it: colours that every eye can tell apart (those of Okabe and Ito), white
paper under them in a dark notebook too, and for whoever cannot see a figure, words in its place.
"""

import base64
import html
import sys

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure

from utils import live

BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"

matplotlib.rcParams.update(
    {
        "axes.prop_cycle": matplotlib.cycler(color=[BLUE, ORANGE, GREEN, PINK, AMBER, SKY]),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.use": True,
        "figure.facecolor": "white",
        "legend.frameon": False,
    }
)


def in_words(figure: Figure) -> str:
    """What a figure shows, from its titles, axes and legends."""
    parts = [figure.get_suptitle()]
    for ax in figure.axes:
        legend = ax.get_legend_handles_labels()[1] if ax.get_legend() else []
        parts += [ax.get_title(), " against ".join(filter(None, [ax.get_ylabel(), ax.get_xlabel()])), ", ".join(legend)]
    words = dict.fromkeys(part.replace("\n", " ") for part in parts if part)
    return f"A figure. {'. '.join(words)}".strip()


def as_html(picture: bytes, words: str) -> str:
    """A PNG as an element of a page, with words in its place for whoever cannot see it."""
    return f'<img alt="{html.escape(words)}" src="data:image/png;base64,{base64.b64encode(picture).decode()}">'


def _show_with_words(shell) -> None:
    """In a notebook, figures are shown as HTML: the notebook's own pictures have no words."""
    pyplot.switch_backend(matplotlib.get_backend())  # the notebook's own way is set now, and not after this one
    shell.display_formatter.formatters["image/png"].pop(Figure, None)
    shell.display_formatter.formatters["text/html"].for_type(
        Figure, lambda figure: as_html(live.png_of(figure, figure.dpi, bbox_inches="tight"), in_words(figure))
    )


if live.in_notebook() and (shell := sys.modules["IPython"].get_ipython()):
    _show_with_words(shell)
