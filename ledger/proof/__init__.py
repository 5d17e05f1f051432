"""The seals: pure."""
