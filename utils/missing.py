"""What to say where a package is missing. Needs none itself."""


def advice(error: ModuleNotFoundError) -> str:
    """The sentences for whoever met a missing package."""
    return (
        f"This Python has no package {error.name!r}. Activate the environment that the README makes (`. .venv/bin/activate`, on "
        "Windows `.venv\\Scripts\\activate`) and try again; if that does not help, run `pip install -r requirements.txt` in it."
    )
