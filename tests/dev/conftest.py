"""Check jaxtyping's annotations of the reference while the course tests itself."""

from jaxtyping import install_import_hook

from tests.dev.screen import screen, start  # noqa: F401  # fixtures

install_import_hook("solutions", "beartype.beartype")
