"""The rules: pure, total, no clock."""
