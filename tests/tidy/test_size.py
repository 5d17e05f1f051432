"""Files and functions that a reader can hold in mind."""

import ast

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def test_no_file_is_longer_than_a_reader_bears(texts):
    code = (".py", ".js", ".css", ".html", ".sql")
    long = {
        name: count
        for name, text in texts.items()
        if name.endswith(code) and (count := len(text.splitlines())) > FILE_LINES_MAX
    }

    assert long == {}


def test_no_function_is_longer_than_a_page(python):
    long = {
        f"{name}:{node.lineno} {node.name}": count
        for name, text in python.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (count := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    }

    assert long == {}
