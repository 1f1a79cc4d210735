"""Pictures and films in a notebook."""

import base64
import contextlib
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

try:
    import imageio_ffmpeg

    FFMPEG = shutil.which(imageio_ffmpeg.get_ffmpeg_exe())
except (ImportError, RuntimeError):
    FFMPEG = None

SUFFIX = ".gif" if FFMPEG is None else ".mp4"
"""The format in which films can be written here. Without the program ffmpeg that is an animated GIF: larger, but it moves."""

VALUE_COLOUR = "#56B4E9"


def write_video(path: str | Path, frames: Iterable[np.ndarray], fps: int = 30) -> Path:
    """Write a film whole or not at all. An mp4 takes one frame after the other, so a generator's film may be of any length.

    Args:
        path: where to; the suffix .mp4 or .gif says in which format.
        frames: pictures of one size, uint8, (height, width) grey or (height, width, 3): an array, a list or a generator of them.
        fps: pictures a second.

    Returns:
        The path.

    Raises:
        ValueError: there are no frames, they are not pictures, or the format cannot be written here.
        RuntimeError: the film could not be written.
    """
    path = Path(path)
    if path.suffix not in (".mp4", ".gif"):
        raise ValueError(f"A film is an .mp4 or a .gif; {path} is neither.")
    if path.suffix == ".mp4" and FFMPEG is None:
        raise ValueError(
            "An .mp4 needs the program ffmpeg: run `pip install --force-reinstall imageio-ffmpeg`, or write a .gif."
        )
    frames = _in_colour(frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unfinished = Path(folder) / f"film{path.suffix}"
        if path.suffix == ".gif":
            every = -(-fps // 50)  # many viewers slow down pictures that are shown for less than 20 ms
            first, *rest = map(Image.fromarray, itertools.islice(frames, 0, None, every))
            first.save(unfinished, save_all=True, append_images=rest, duration=1000 * every // fps, loop=0)
        else:
            _run_ffmpeg(unfinished, frames, fps)
        unfinished.replace(path)
    return path


def _in_colour(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the frames one by one, grey ones as red, green and blue. Raises ValueError if they are not the pictures of a film."""
    shape = None
    for frame in map(np.asarray, frames):
        shape = shape or frame.shape
        if frame.shape != shape or frame.shape[2:] not in ((), (3,)) or frame.ndim < 2 or frame.dtype != np.uint8:
            raise ValueError(
                "A film needs uint8 pictures of one size, (height, width) or (height, width, 3); this one has shape "
                f"{frame.shape} and dtype {frame.dtype}, the first {shape}."
            )
        yield np.repeat(frame[..., None], 3, axis=-1) if frame.ndim == 2 else frame
    if shape is None:
        raise ValueError("A film needs at least one frame.")


def _run_ffmpeg(path: Path, frames: Iterator[np.ndarray], fps: int) -> None:
    first = next(frames)
    height, width = first.shape[:2]
    command = [FFMPEG, "-loglevel", "error", "-y"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    command += ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"]  # yuv420p, which every browser plays, needs even sides
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    with tempfile.TemporaryFile() as complaints:
        # in a session of its own, so that Ctrl-C reaches whoever makes the frames, and not ffmpeg
        ffmpeg = subprocess.Popen([*command, str(path)], stdin=subprocess.PIPE, stderr=complaints, start_new_session=True)
        try:
            with contextlib.suppress(BrokenPipeError), ffmpeg.stdin:  # if ffmpeg has ended, it has said why
                for frame in itertools.chain([first], frames):
                    ffmpeg.stdin.write(frame.tobytes())
        finally:
            ffmpeg.wait()
        if ffmpeg.returncode:
            complaints.seek(0)
            why = " ".join(complaints.read().decode().split()) or f"it ended with code {ffmpeg.returncode}"
            raise RuntimeError(f"ffmpeg could not write the film: {why[-200:]}")


def caption_frames(frames: Sequence[np.ndarray], values: Sequence[float], returns: Sequence[float]) -> list[np.ndarray]:
    """Put a strip under each picture of a game: the return so far, the critic's value, and the value's course as a line.

    Args:
        frames: pictures (height, width, 3), uint8.
        values: the value of the state that each shows.
        returns: the score so far at each.

    Returns:
        The pictures, each with a strip under it.
    """
    span = (min(values), max(values))
    captioned = []
    for t, (frame, score) in enumerate(zip(frames, returns, strict=False)):
        words = (f"return {score:g}", f"V {values[t]:.1f}")
        captioned.append(np.vstack([frame, draw_strip(frame.shape[1], [words], values[: t + 1], span)]))
    return captioned


def draw_strip(
    width: int,
    lines: Sequence[tuple[str, str]],
    values: Sequence[float] | None = None,
    span: tuple[float, float] | None = None,
) -> np.ndarray:
    """Draw a strip of text, to go under a picture of a game.

    Args:
        width: that of the picture. The letters grow with it, and shrink where a line would be too long.
        lines: what stands at the left and at the right of each.
        values: if given, the course of the last of them is drawn below the lines.
        span: the lowest and the highest value that there is to be room for; by default those of `values`.

    Returns:
        A picture (height, width, 3), uint8.
    """
    words = _draw_words(width, tuple(lines))
    if values is None:
        return words
    row = len(words) // len(lines)
    low, high = span or (min(values), max(values))
    height = 3 * row  # of the line: lower, its falls could not be seen
    course = Image.new("RGB", (width, height))
    heights = height - 2 - (height - 3) * (np.asarray(values[-width:]) - low) / max(high - low, 1e-6)
    ImageDraw.Draw(course).line(list(enumerate(heights)), fill=VALUE_COLOUR, width=max(1, row // 12))
    return np.vstack([words, course])


@lru_cache(maxsize=1000)  # drawing letters takes longer than anything else
def _draw_words(width: int, lines: tuple[tuple[str, str], ...]) -> np.ndarray:
    size = min(18, max(10, width // 30))
    row = 3 * size // 2
    longest = max(_load_font(size).getlength(f"{left}  {right}") for left, right in lines)
    font = _load_font(min(size, max(5, int(size * (width - 6) / max(longest, 1)))))
    strip = Image.new("RGB", (width, row * len(lines)))
    draw = ImageDraw.Draw(strip)
    for y, (left, right) in enumerate(lines):
        draw.text((3, (y + 0.5) * row), left, fill="white", font=font, anchor="lm")
        draw.text((width - 3, (y + 0.5) * row), right, fill=VALUE_COLOUR, font=font, anchor="rm")
    return np.asarray(strip)


_load_font = cache(ImageFont.load_default)


def display_frames(frames: Iterable[np.ndarray], figsize: tuple[float, float] = (4, 5), fps: int = 30):
    """Show frames as a film in the notebook.

    Args:
        frames: pictures of one size, uint8: (num_frames, height, width) grey or (num_frames, height, width, 3).
        figsize: width and height of the film on the page, in inches as in matplotlib.
        fps: pictures a second.

    Returns:
        An IPython HTML object: make it the last line of a cell, or pass it to `display`.
    """
    with tempfile.TemporaryDirectory() as folder:
        return embed_video(write_video(Path(folder) / f"film{SUFFIX}", frames, fps), figsize)


def embed_video(path: Path, figsize: tuple[float, float] = (4, 5)):
    """Show a film from a file, inside the notebook itself; see `display_frames`."""
    from IPython.display import HTML

    width, height = (round(96 * inches) for inches in figsize)  # 96 CSS pixels to the inch
    size = f"width: {width}px; max-width: 100%; height: {height}px"  # not wider than a narrow page
    style = f'style="{size}; object-fit: contain; image-rendering: pixelated"'
    data = base64.b64encode(path.read_bytes()).decode()
    if path.suffix == ".gif":
        return HTML(f'<img alt="A film" src="data:image/gif;base64,{data}" {style}>')
    return HTML(
        f'<video controls autoplay loop muted playsinline aria-label="A film" {style}>'
        f'<source type="video/mp4" src="data:video/mp4;base64,{data}"></video>'
    )
