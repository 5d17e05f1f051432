"""The sheet as a file: JSON, print-ready HTML, XLSX. The same inputs give the same bytes."""

import json
from datetime import datetime
from fractions import Fraction
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from analytics.assessment.card.figures import SCORE_UNITS, Config, Figure
from analytics.assessment.card.sheet import Event, Row, Sheet, Value
from ledger.contracts.errors import UserError

FEW = "样本不足"
NOTHING = "—"
SUBJECTS = {"window": "窗口", "staff": "人员"}
UNITS = {"count": "", "percent": "%", "minutes": "分钟", "points": "分"}
FORMATS = {"count": "#,##0", "percent": "0.00", "minutes": "0.0", "points": "0.00"}
KINDS = {
    "comp:livelihood": "民生综合", "comp:construction": "建设综合", "comp:municipal": "市政综合",
    "comp:other": "其他综合", "village:all_round": "全科综合", "help_agent": "帮办代办",
    "issue": "统一出件",
}  # fmt: skip
EVENTS_MAX = 200_000
"""Rows of the worksheet of facts; a sheet with more names the command that lists them."""
NO_WINDOW = "无窗口"


def kind_name(kind: str) -> str:
    """Give the Chinese name of a window type."""
    return KINDS.get(kind, kind.partition(":")[2] or kind)


def exact(figure: Figure, value: Value) -> Fraction | None:
    """Give the number that is shown, in its unit: percent, minutes, points; None: nothing."""
    ratio = value.ratio
    if not figure.den:
        return Fraction(value.num) if value.enough else None
    if ratio is None:
        return None
    return (
        ratio
        * {"percent": 100, "points": 1}.get(figure.show, 1)
        / (60 if figure.show == "minutes" else 1)
    )


def decimal(number: Fraction, places: int = 2) -> str:
    """Give a number with so many decimals, rounded half to even."""
    scaled = round(number * 10**places)
    sign, digits = "-" * (scaled < 0), f"{abs(scaled):0{places + 1}d}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def text(figure: Figure, value: Value) -> str:
    """Give a figure as people read it."""
    number = exact(figure, value)
    if number is None:
        return NOTHING
    if not value.enough:
        return FEW
    if figure.show == "count":
        return f"{value.num:,}"
    return decimal(number, 1 if figure.show == "minutes" else 2)


def score_text(score: int | None) -> str:
    """Give a score in points of a hundred."""
    return FEW if score is None else decimal(Fraction(score * 100, SCORE_UNITS))


def rank_text(row: Row) -> str:
    """Give a row's place among its own type in the city."""
    return f"{row.rank[0]}/{row.rank[1]}" if row.rank else NOTHING


def title(made: Sheet) -> str:
    """Give the title of a sheet."""
    where = next((w.centre_name for w in made.windows.values() if w.centre == made.centre), "全市")
    year, month, *day = made.period.split("-")
    when = f"{year}年{int(month)}月" + (f"{int(day[0])}日" if day else "")
    return f"{where} {when}窗口绩效"


def provenance(made: Sheet) -> list[tuple[str, str]]:
    """Give what a sheet was made from, to be printed on it."""
    calendars = "; ".join(f"{key} {notice}" for key, notice in made.calendars) or "未公布"
    rows = [
        ("截面", ",".join(map(str, made.cut))),
        ("日历", calendars),
        ("输入哈希", made.inputs),
        ("口径", f"样本少于 {made.config.min_n} 不计比率; 办件量只在同类窗口之间比较"),
    ]
    if made.config.missing:
        rows.append(("尚未采集", "、".join(made.config.missing)))
    return rows


def name_of(made: Sheet, row: Row) -> tuple[str, str, str]:
    """Give centre, number or id, and type of a row."""
    window = made.windows.get(row.key)
    centre = next((w.centre_name for w in made.windows.values() if w.centre == row.centre), "")
    shown = window.no if window else row.key or NO_WINDOW
    return centre or row.centre or "无中心", shown, kind_name(row.kind)


def as_json(made: Sheet) -> dict[str, Any]:
    """Give the sheet as one object; ratios as numerator and denominator."""
    figures = {figure.code: figure for figure in made.config.figures}
    return {
        "title": title(made), "period": made.period, "centre": made.centre, "cut": made.cut,
        "chain": made.chain, "calendars": [dict(zip(("key", "notice"), each, strict=True))
                                           for each in made.calendars],
        "inputs": made.inputs, "min_n": made.config.min_n, "missing": made.config.missing,
        "figures": [{"code": f.code, "name": f.name, "unit": UNITS[f.show]}
                    for f in made.config.figures],
        "rows": [{
            "subject": row.subject, "centre": row.centre, "key": row.key, "kind": row.kind,
            "score": row.score, "rank": row.rank,
            "parts": {code: decimal(share, 4) for code, share in row.parts.items()},
            "figures": {code: {**value._asdict(), "text": text(figures[code], value)}
                        for code, value in row.values.items()},
        } for row in made.rows],
    }  # fmt: skip


def write(made: Sheet, found: list[Event], path: Path) -> None:
    """Write the sheet by the ending of the file.

    Raises:
        UserError: another ending than .json, .html or .xlsx.

    """
    match path.suffix:
        case ".json":
            said = {**as_json(made), "events": [event._asdict() for event in found]}
            path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
        case ".html":
            path.write_text(as_html(made), "utf-8")
        case ".xlsx":
            path.write_bytes(as_xlsx(made, found))
        case _:
            message = f"{path}: a sheet is written as .xlsx, .html or .json"
            raise UserError(message)


# ----------------------------------------------------------------------------------------- print

STYLE = """
@page { size: A3 landscape; margin: 12mm; }
body { font: 12px/1.5 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; margin: 0; }
h1 { font-size: 20px; text-align: center; margin: 0 0 8px; }
h2 { font-size: 14px; margin: 16px 0 4px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { border: 1px solid #999; padding: 2px 6px; text-align: right; white-space: nowrap; }
th { background: #eee; text-align: center; font-weight: 600; }
td:nth-child(-n+3) { text-align: left; }
.few { color: #777; }
small { color: #555; display: block; font-size: 10px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 12px; font-size: 11px; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
"""


def as_html(made: Sheet) -> str:
    """Give a page that prints as it stands."""
    tables = "".join(
        f"<h2>{name}</h2><table><thead>{_head(made.config, name)}</thead>"
        f"<tbody>{''.join(_row(made, row) for row in made.rows if row.subject == subject)}"
        "</tbody></table>"
        for subject, name in SUBJECTS.items()
    )
    said = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in provenance(made))
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{escape(title(made))}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title(made))}</h1>{tables}<dl>{said}</dl></body></html>\n"
    )


def _head(config: Config, name: str) -> str:
    cells = "".join(
        f"<th>{figure.name}<small>{figure.code} {UNITS[figure.show]}</small></th>"
        for figure in config.figures
    )
    names = f"<th>中心</th><th>{name}</th><th>窗口类型</th>"
    return f"<tr>{names}{cells}<th>绩效得分</th><th>同类位次</th></tr>"


def _row(made: Sheet, row: Row) -> str:
    names = "".join(f"<td>{escape(part)}</td>" for part in name_of(made, row))
    cells = "".join(
        f"<td{'' if value.enough else ' class=few'}>{text(figure, value)}"
        + (f"<small>n={value.n:,}</small></td>" if figure.den and value.n else "</td>")
        for figure in made.config.figures
        for value in [row.values[figure.code]]
    )
    few = "" if row.score is not None else " class=few"
    return f"<tr>{names}{cells}<td{few}>{score_text(row.score)}</td><td>{rank_text(row)}</td></tr>"


# ---------------------------------------------------------------------------------------- a book


def as_xlsx(made: Sheet, found: list[Event]) -> bytes:
    """Give a workbook: windows, staff, provenance, and the facts behind the figures."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    year, month = map(int, made.period.split("-")[:2])
    # The file's own dates are the period's, not the day it was made: same inputs, same bytes.
    book.set_properties({"title": title(made), "author": "台账",
                         "created": datetime(year, month, 1)})  # fmt: skip  # noqa: DTZ001
    head = book.add_format({"bold": True, "bg_color": "#EEEEEE", "border": 1,
                            "text_wrap": True, "align": "center", "valign": "vcenter"})  # fmt: skip
    number = {show: book.add_format({"num_format": how}) for show, how in FORMATS.items()}
    for subject, name in SUBJECTS.items():
        page = book.add_worksheet(f"{name}绩效")
        page.set_landscape()
        page.set_paper(8)  # A3
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        page.freeze_panes(1, 3)
        titles = ["中心", name, "窗口类型"]
        for figure in made.config.figures:
            unit = UNITS[figure.show]
            titles.append(f"{figure.name}{f'({unit})' if unit else ''}\n{figure.code}")
            titles += ["n"] if figure.den else []
        page.write_row(0, 0, [*titles, "绩效得分", "同类位次"], head)
        page.set_column(0, 2, 18)
        page.set_row(0, 32)
        chosen = [row for row in made.rows if row.subject == subject]
        for line, row in enumerate(chosen, 1):
            _write(page, line, made, row, number)
    page = book.add_worksheet("说明")
    page.set_column(0, 0, 12)
    page.set_column(1, 1, 100)
    for line, pair in enumerate(provenance(made)):
        page.write_row(line, 0, pair)
    page = book.add_worksheet("事件")
    page.write_row(0, 0, ["对象", "窗口或人员", "指标的和", "事件", "数"], head)
    page.set_column(0, 4, 24)
    for line, event in enumerate(found[:EVENTS_MAX], 1):
        page.write_row(line, 0, [SUBJECTS[event.subject], event.key or NO_WINDOW, event.measure,
                                 event.fact, event.amount])  # fmt: skip
    if len(found) > EVENTS_MAX:
        page.write(
            EVENTS_MAX + 1, 0, f"另有 {len(found) - EVENTS_MAX:,} 条: taizhang sheet --events"
        )
    book.close()
    return buffer.getvalue()


def _write(page: Any, line: int, made: Sheet, row: Row, number: dict[str, Any]) -> None:  # noqa: ANN401
    page.write_row(line, 0, name_of(made, row))
    column = 3
    for figure in made.config.figures:
        value = row.values[figure.code]
        shown = exact(figure, value)
        if shown is None or not value.enough:
            page.write(line, column, NOTHING if shown is None else FEW)
        else:
            page.write_number(line, column, float(shown), number[figure.show])
        column += 1
        if figure.den:
            page.write_number(line, column, value.n)
            column += 1
    if row.score is None:
        page.write(line, column, FEW)
    else:
        page.write_number(line, column, row.score * 100 / SCORE_UNITS, number["points"])
    page.write_string(line, column + 1, rank_text(row))
