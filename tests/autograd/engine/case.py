"""The register of cases."""

CASES = {}


def case(function):
    """Registers a case under its name."""
    CASES[function.__name__] = function
    return function
