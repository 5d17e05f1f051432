"""The window performance card (窗口绩效) and the satisfaction view: SQL over the lake at a cut."""
