"""An imagined city (城): pure and seeded; the same seed gives the same bytes."""
