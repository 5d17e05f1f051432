"""The counter (综合窗口): a page a clerk works at by keyboard, and one a citizen rates on."""
