"""The ledger: what is true."""
