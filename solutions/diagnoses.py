"""What ails the runs of chapters 15 to 17, and so the answers to their first exercises: diagnose first."""


def diagnosis_1() -> str:
    """Name the cause of run 1 by its letter in the table."""
    return "T"


def diagnosis_2() -> str:
    """Name the cause of run 2 by its letter in the table."""
    return "N"


def diagnosis_3() -> str:
    """Name the cause of run 3 by its letter in the table."""
    return "Q"


def diagnosis_4() -> str:
    """Name the cause of run 4 by its letter in the table."""
    return "B"


def diagnosis_5() -> str:
    """Name the cause of run 5 by its letter in the table."""
    return "D"


def diagnosis_6() -> str:
    """Name the cause of run 6 by its letter in the table."""
    return "E"


def diagnosis_7() -> str:
    """Name the cause of run 7 by its letter in the table."""
    return "K"


def diagnosis_8() -> str:
    """Name the cause of run 8 by its letter in the table."""
    return "O"


def diagnosis_9() -> str:
    """Name the cause of run 9 by its letter in the table."""
    return "G"
