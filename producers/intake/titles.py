"""Titles (表头): what a column of a mapping is called in a template, and back; pure."""

import re

from producers.intake.mapping import Mapping

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ROLES = {
    "case": "办件编号", "activity": "环节", "time": "时间", "external": "来源序号",
    "channel": "申办渠道", "centre": "大厅", "window": "窗口", "dept": "部门", "staff": "经办人",
}  # fmt: skip
"""What a column is for → its title, unless its own name is Chinese already."""


def column_roles(mapping: Mapping) -> dict[str, str]:
    """Give every column that the mapping reads, the indispensable first, and what it is for.

    A column of two uses has the first; one that is only quoted in data or asked in conditions
    has the role "".
    """
    columns = mapping.columns
    named = {
        "case": columns.case, "activity": columns.activity, "time": columns.time,
        "external": columns.external,
    }  # fmt: skip
    for role in ("channel", "centre", "window", "dept", "staff"):
        cell = getattr(mapping, role)
        named[role] = cell.column if cell else None
    roles: dict[str, str] = {}
    for role, column in named.items():
        if column:
            roles.setdefault(column, role)
    for column in sorted(mapping.columns_used()):
        roles.setdefault(column, "")
    return roles


def titles_of(mapping: Mapping) -> dict[str, str]:
    """Give column → title; no two columns share one, and no title is another column's name."""
    roles = column_roles(mapping)
    taken = set(roles)
    titles: dict[str, str] = {}
    for column, role in roles.items():
        own = column if CHINESE.search(column) else ROLES.get(role, column)
        title = mapping.titles.get(column, own)
        if title != column and title in taken:
            title = column
        taken.add(title)
        titles[column] = title
    return titles


def columns_by_title(mapping: Mapping) -> dict[str, str]:
    """Give title → column."""
    return {title: column for column, title in titles_of(mapping).items()}
