"""Audit (审计): a case as it was known at any instant."""
