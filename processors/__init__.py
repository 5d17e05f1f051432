"""Processors: who watches."""
