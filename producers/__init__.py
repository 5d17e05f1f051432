"""Producers: who writes."""
