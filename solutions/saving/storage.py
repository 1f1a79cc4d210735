"""One file with tensors, and a text about them in JSON, under one digest: safetensors, so nothing is unpickled."""

import hashlib
import json
import os
import sys
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor
from tqdm import tqdm

from utils.files import write_whole

ABOUT, DIGEST = "about", "sha256"
"""The two tensors of bytes that hold the text and the digest of the whole file."""


def write(path: Path, tensors: dict[str, Tensor], **about) -> None:
    """Write some tensors, and what is to be said about them, whole or not at all. Raises OSError."""
    hole = os.urandom(32)  # where the digest will be
    text = json.dumps(about).encode()
    tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    try:
        content = save(tensors | {ABOUT: _bytes(text), DIGEST: _bytes(hole)})
    except SafetensorError as error:
        raise OSError(f"safetensors says: {error}") from None
    digest = hashlib.sha256(content.replace(hole, bytes(32))).digest()
    write_whole(path, content.replace(hole, digest))


def read(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Read what `write` wrote. Files of an earlier version, which have no digest, are read too, and it is said.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such a file, or was changed after it was written.
    """
    try:
        content = path.read_bytes()  # at once: a run that goes on may replace the file at any moment
        tensors = load(content)
        if ABOUT not in tensors:
            about = _read_header(path)
            tqdm.write(
                f"{path} is from an earlier version of the course and has no digest: if it was damaged, that would not be noticed.",
                file=sys.stdout,
            )
            return tensors, about
        if DIGEST not in tensors:
            raise ValueError("its digest is missing")
        digest = tensors.pop(DIGEST).numpy().tobytes()
        if hashlib.sha256(content.replace(digest, bytes(32))).digest() != digest:
            raise ValueError("it was changed or damaged after it was written")
        return tensors, json.loads(tensors.pop(ABOUT).numpy().tobytes())
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError, KeyError, TypeError, RuntimeError) as error:  # RecursionError is one, of JSON within JSON
        raise ValueError(" ".join(str(error).split())) from None


def _read_header(path: Path) -> dict:
    """Read the text about a file of an earlier version: it is in the header."""
    with safe_open(path, framework="pt") as file:
        header = file.metadata() or {}
    about = {name: json.loads(entry) for name, entry in header.items()}
    if "args" not in about:
        raise ValueError("it does not say what was trained")
    return about


def _bytes(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)
