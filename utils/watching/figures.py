"""Figures as pictures and as words, for whoever cannot see them."""

import base64
import html
import io

from matplotlib.figure import Figure


def png_of(figure: Figure, dpi: float = 80, **options) -> bytes:
    """Return a figure as a PNG; `options` are those of `savefig`."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, **options)
    return drawn.getvalue()


def in_words(figure: Figure) -> str:
    """Say what a figure shows, from its titles, axes and legends."""
    parts = [figure.get_suptitle()]
    for ax in figure.axes:
        legend = ax.get_legend_handles_labels()[1] if ax.get_legend() else []
        parts += [ax.get_title(), " against ".join(filter(None, [ax.get_ylabel(), ax.get_xlabel()])), ", ".join(legend)]
    words = dict.fromkeys(part.replace("\n", " ") for part in parts if part)
    return f"A figure. {'. '.join(words)}".strip()


def as_html(figure: Figure, dpi: float = 80, **options) -> str:
    """Return a figure as an element of a page, with words in its place for whoever cannot see it."""
    picture = base64.b64encode(png_of(figure, dpi, **options)).decode()
    return f'<img alt="{html.escape(in_words(figure))}" src="data:image/png;base64,{picture}">'
