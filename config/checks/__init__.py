"""System checks of the settings, each with an id and a hint: what is missing or contradictory must not start."""

from config.checks import background, environment

__all__ = ["background", "environment"]
