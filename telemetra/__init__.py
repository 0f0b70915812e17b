"""Telemetra: live feeds become live metrics and moments."""

__version__ = "0.1.0"
