"""Check jaxtyping's annotations of the reference while the course tests itself."""

from jaxtyping import install_import_hook

install_import_hook("solutions", "beartype.beartype")
