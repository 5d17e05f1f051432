"""The desk (审计台): read-only pages over the log and the lake."""
