"""Analytics: who judges."""
