"""The words: frozen models and code lists, no IO."""
