"""The look of the course's figures. Importing it sets colours that every eye can tell apart (those of Okabe and Ito), and white
paper under them in a dark notebook too.
"""

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure

from utils import jupyter
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
