"""The wall (监督大屏)."""
