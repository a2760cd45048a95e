"""The version of zmqlite, in one place."""

__version__ = "0.1.0"
