"""The book: the only folder of the ledger that touches the world."""
