"""What to say where a package is missing. Needs none itself."""


def advice(error: ImportError) -> str:
    """Say what to do about a package that is missing, or cannot be loaded."""
    return (
        f"This Python lacks a package of the course ({error}). Activate the environment that the README makes (`. .venv/bin/activate`, on "
        "Windows `.venv\\Scripts\\activate`) and try again; if that does not help, run `pip install -r requirements.txt` in it."
    )
