"""Templates (导入模板): an XLSX file for a mapping, to be filled in and imported.

Three sheets: 办件 to fill in, 说明 that explains every column, 取值 with the words of the lists.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from ledger.contracts.codes import Channel
from ledger.contracts.errors import UserError
from producers.intake.mapping import PLACEHOLDER, Cell, Mapping
from producers.intake.titles import column_roles, titles_of

DATA, NOTES, LISTS = "办件", "说明", "取值"
ROWS_MAX = 1_048_575
"""Below the header of a sheet; all of them get the lists and formats."""
MESSAGE_CHARS_MAX = 255
LISTED_MAX = 30
"""More values are not read in one cell, and a cell ends at 32,767 characters."""
WIDTH_CHARS = 22
NOTE_HEADER = ("列", "系统内名称", "必填", "说明", "允许的取值", "示例")
TEXTS = {
    "case": "本单位系统中的办件编号, 同一件事各行相同; 不得含 / | @, 至多 64 字",
    "activity": "这一行记录的环节, 一行一个环节; 同一件的各行按发生先后排列",
    "time": "环节发生的时刻",
    "external": "这一行在本单位系统中的唯一编号, 不得含空格和 |; 空着则以整行内容代替",
    "channel": "申请人从哪个渠道来",
    "centre": "办理的便民服务中心或政务大厅",
    "window": "办理的窗口编号",
    "dept": "办理的部门",
    "staff": "经办人的工号",
    "": "随环节一起记录",
}
EXAMPLES = {
    "case": "SX-2024-000123", "external": "1", "centre": "sanxing", "window": "w01",
    "dept": "minzheng", "staff": "s001",
}  # fmt: skip
PLURAL = {"centre": "centres", "window": "windows", "dept": "depts", "staff": "staff"}
"""Role → where the mapping's reference block lists what it names."""
EXAMPLE_TIME = datetime(2024, 6, 3, 9, 30)  # noqa: DTZ001  a cell has no zone


class Column(NamedTuple):
    """One column of a template."""

    name: str
    title: str
    role: str
    is_required: bool
    text: str
    allowed: tuple[str, ...]
    """Empty: any."""
    is_closed: bool
    """Any other value will be refused; otherwise the list is what the mapping tells the ledger."""
    example: str


class TemplateExists(UserError):
    """A file of that name is there; it may have been filled in."""


def write_template(path: Path, mapping: Mapping) -> dict[str, Any]:
    """Write a template; no cell of it, and none filled in as text, becomes a formula.

    Raises:
        TemplateExists: nothing is overwritten.

    """
    if path.exists():
        raise TemplateExists(f"{path} is there already and may be filled in; take another name")
    columns = template_columns(mapping)
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(path, options) as book:
        data, notes, lists = (book.add_worksheet(name) for name in (DATA, NOTES, LISTS))
        _write_data(book, data, columns, mapping)
        _write_notes(book, notes, columns, mapping)
        _write_lists(lists, columns)
    return {"template": str(path), "columns": len(columns)}


def template_columns(mapping: Mapping) -> list[Column]:
    """Give the columns that a mapping reads, in the order of the template."""
    titles = titles_of(mapping)
    return [_column(name, role, titles[name], mapping)
            for name, role in column_roles(mapping).items()]  # fmt: skip


def _column(name: str, role: str, title: str, mapping: Mapping) -> Column:
    allowed, is_closed = _allowed(name, role, mapping)
    required = mapping.require.get(name)
    is_required = role in {"case", "activity", "time"} or required is not None
    if role == "time":
        example = f"{EXAMPLE_TIME:{mapping.time_format or '%Y-%m-%d %H:%M:%S'}}"
    else:
        example = allowed[0] if allowed else EXAMPLES.get(role, "")
    text = TEXTS[role]
    if not role:
        quoting = [
            f"{line.type}.{key}" for rule in mapping.rule for line in rule.commands
            for key, value in line.data.items()
            if isinstance(value, str) and name in PLACEHOLDER.findall(value)
        ]  # fmt: skip
        text += f" ({', '.join(dict.fromkeys(quoting))})" if quoting else ""
    if required is not None:
        text = f"只有 {required} 的行会被读入"
    if role == "time":
        text += f"; 日期时间格式的单元格, 或文本 {example}; 不早于 {mapping.not_before}"
    return Column(name, title, role, is_required, text, allowed, is_closed, example)


def _allowed(name: str, role: str, mapping: Mapping) -> tuple[tuple[str, ...], bool]:
    """Give what a column may hold, and whether anything else is refused."""
    if name in mapping.require:
        return (mapping.require[name],), True
    if role == "activity":
        rules = (activity for rule in mapping.rule for activity in rule.activities)
        return tuple(dict.fromkeys(rules)), True
    if role not in PLURAL and role != "channel":
        return (), False
    cell: Cell = getattr(mapping, role)
    if cell.values:
        return (*cell.values, *(word for word in cell.empty if word not in cell.values)), True
    if role == "channel":
        return (*(each.value for each in Channel), *cell.empty), True
    block = mapping.reference
    known: list[str] = []
    if block is not None:
        known = list(getattr(block, PLURAL[role]))
    ours = (each.removeprefix(cell.prefix) for each in known if each.startswith(cell.prefix))
    return tuple(ours), False


def _write_data(book: Any, sheet: Any, columns: list[Column], mapping: Mapping) -> None:  # noqa: ANN401  xlsxwriter has no types
    bold = book.add_format({"bold": True, "bg_color": "#D9E7F5", "border": 1})
    text = book.add_format({"num_format": "@"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        is_time = column.role == "time"
        sheet.set_column(at, at, WIDTH_CHARS, moment if is_time else text)
        sheet.write_string(0, at, column.title, bold)
        rule: dict[str, Any] = {
            "validate": "any", "input_title": column.title[:32],
            "input_message": column.text[:MESSAGE_CHARS_MAX],
        }  # fmt: skip
        if column.allowed:
            first = xl_rowcol_to_cell(1, at, row_abs=True, col_abs=True)
            last = xl_rowcol_to_cell(len(column.allowed), at, row_abs=True, col_abs=True)
            rule |= {
                "validate": "list", "source": f"={LISTS}!{first}:{last}",
                "error_type": "stop" if column.is_closed else "warning",
                "error_title": "取值不在列表中", "error_message": "请从下拉列表中选择",
            }  # fmt: skip
        elif is_time:
            rule |= {
                "validate": "date", "criteria": ">=", "value": mapping.not_before,
                "error_type": "warning", "error_title": "不是日期",
                "error_message": f"请填日期时间, 不早于 {mapping.not_before}",
            }  # fmt: skip
        sheet.data_validation(1, at, ROWS_MAX, at, rule)


def _write_notes(book: Any, sheet: Any, columns: list[Column], mapping: Mapping) -> None:  # noqa: ANN401  xlsxwriter has no types
    bold = book.add_format({"bold": True, "bg_color": "#D9E7F5", "border": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    for at, width in enumerate((16, 24, 6, 48, 48, 30)):
        sheet.set_column(at, at, width)
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(NOTE_HEADER):
        sheet.write_string(0, at, name, bold)
    for row, column in enumerate(columns, 1):
        allowed = "、".join(column.allowed[:LISTED_MAX]) or "任意"
        if len(column.allowed) > LISTED_MAX:
            allowed += f" … 共 {len(column.allowed)} 个, 见“{LISTS}”表"
        if column.allowed and not column.is_closed:
            allowed += " (或台账已登记的其他编号)"
        cells = (column.title, column.name, "是" if column.is_required else "否",
                 column.text, allowed, column.example)  # fmt: skip
        for at, value in enumerate(cells):
            sheet.write_string(row, at, value, wrap)
    rules = (
        f"来源系统: {mapping.source}. 在“{DATA}”表中填写, 一行一个环节.",
        "表头不可改名, 列的次序可以换; 不用的列可以空着.",
        "不要合并单元格; 编号列保持文本格式, 否则长数字的末几位会丢失; 公式须已算出结果.",
        "导入时每一行或被记录, 或列入退回清单并写明行号和原因; 重复导入同一文件不会重复记录.",
    )
    for at, line in enumerate(rules):
        sheet.write_string(len(columns) + 2 + at, 0, line)


def _write_lists(sheet: Any, columns: list[Column]) -> None:  # noqa: ANN401  xlsxwriter has no types
    # Row by row: constant memory keeps one row, and drops what is written above it.
    height = max((len(column.allowed) for column in columns), default=0)
    for at, column in enumerate(columns):
        if column.allowed:
            sheet.write_string(0, at, column.title)
    for row in range(height):
        for at, column in enumerate(columns):
            if row < len(column.allowed):
                sheet.write_string(row + 1, at, column.allowed[row])
