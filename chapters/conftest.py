"""What pytest says when somebody calls it in this folder, where there are no tests."""


def pytest_terminal_summary(terminalreporter, config):
    """Say where the tests are."""
    if terminalreporter.stats.get("passed") is None and terminalreporter.stats.get("failed") is None:
        terminalreporter.write_line(f"The tests are in another folder: cd {config.rootpath}, then pytest tests")
