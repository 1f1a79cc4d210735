"""The look of the course's figures. Importing it sets colours that every eye can tell apart (those of Okabe and Ito), and white
paper under them in a dark notebook too.
"""

from itertools import compress

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure

from utils import jupyter
from utils.course.measured import expected_curve
from utils.watching.figures import as_html

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

if jupyter.in_notebook():  # its own pictures have no words in their place
    pyplot.switch_backend(matplotlib.get_backend())  # or it would set its own formatter later, in the place of this one
    formatters = jupyter.shell().display_formatter.formatters
    formatters["image/png"].pop(Figure, None)
    formatters["text/html"].for_type(Figure, lambda figure: as_html(figure, figure.dpi, bbox_inches="tight"))


def draw_band(ax, name: str, until: float = float("inf")) -> None:
    """Draw what to expect of a training, behind the learner's own curve: the band of several stored runs, and their mean.

    Args:
        ax: the panel.
        name: that of the curve in chapters/curves.json.
        until: how far to draw it, where the learner's own training is shorter.
    """
    curve = expected_curve(name)
    shown = [step <= until for step in curve["steps"]]
    steps, low, mean, high = (list(compress(curve[key], shown)) for key in ("steps", "low", "mean", "high"))
    ax.fill_between(steps, low, high, color="0.88", lw=0, zorder=0, label=f"the course's {len(curve['seeds'])} runs")
    ax.plot(steps, mean, color="0.6", lw=1.5, zorder=1, label="their mean")
