"""The pages of window performance and satisfaction (窗口绩效, 满意度) as HTML: pure, escaped."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from analytics.assessment.card.export import (
    FEW,
    NO_WINDOW,
    UNITS,
    kind_name,
    provenance,
    rank_text,
    score_text,
    text,
)
from analytics.assessment.card.figures import SCORE_UNITS, Figure
from analytics.assessment.card.sheet import Event, Row, Sheet, Value
from ledger.rules.measures import MEASURES

STARS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
SIDES = {"onsite": "现场", "online": "线上"}
BAR = 160
"""Width of a bar, in pixels of the SVG."""
WORST = 20
RESTATEMENTS_SHOWN = 30
FACTS_SHOWN = 2000
HALL = re.compile(r"\.\d{4}-\d{2}-\d{2}$")
"""How the key of a hall's day ends."""


class Published(NamedTuple):
    """What was published of a centre's month."""

    days: int
    frozen: bool
    restated: Sequence[tuple[str, str, int, int, Sequence[str]]]
    """(day, measure, published, now, causes), oldest first."""


def page(title: str, here: str, made: Sheet, body: str) -> str:
    """Give a whole page with its choice of month and centre."""
    centres = {window.centre: window.centre_name for window in made.windows.values()}
    options = "".join(
        f'<option value="{escape(key)}"{" selected" if key == made.centre else ""}>'
        f"{escape(name)}</option>"
        for key, name in sorted(centres.items())
    )
    whole = "<option value=''>全市</option>" if here == "satisfaction" else ""
    asked = escape(urlencode({"month": made.period, "centre": made.centre}))
    links = "".join(
        f'<a href="/assess/{path}?{asked}"{" aria-current=page" if path == here else ""}>{name}</a>'
        for path, name in (("windows", "窗口绩效"), ("satisfaction", "满意度"))
    )
    said = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in provenance(made))
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · 台账</title>
<link rel="stylesheet" href="/audit/static/desk.css">
<link rel="stylesheet" href="/audit/static/card.css">
</head><body class="wide">
<header class="top"><a href="/assess" class="brand">台账 <span>考核</span></a><nav>{links}</nav>
<form action="/assess/{here}"><input type="month" name="month" aria-label="月份"
 value="{escape(made.period[:7])}" required><select name="centre" aria-label="中心">{whole}{options}
</select><button>查看</button></form></header>
<main><h1>{escape(title)}</h1>{body}
<details class="source"><summary>依据: 截面、日历、输入哈希</summary><dl>{said}</dl></details>
</main></body></html>"""


# ------------------------------------------------------------------------------ window by window


def windows(made: Sheet, name: str, published: Published) -> str:
    """Give the card of a centre's windows and staff for a month."""
    blocks = "".join(
        _cards(made, label, [row for row in made.rows if row.subject == subject])
        for subject, label in (("window", "窗口"), ("staff", "人员"))
    )
    note = (
        '<p class="note">得分只由样本足够的指标折算; 办件量与全市同类窗口的中位数相比。'
        f"灰条为{FEW}。数字通向它的事件。</p>"
    )
    body = f"{note}{blocks}{_published(published)}"
    return page(f"{name} {made.period} 窗口绩效", "windows", made, body)


def _cards(made: Sheet, label: str, rows: list[Row]) -> str:
    shown = [row for row in rows if row.key or any(value.num for value in row.values.values())]
    head = "".join(
        f'<th scope="col">{figure.name}<small>{UNITS[figure.show]}</small></th>'
        for figure in made.config.figures
    )
    body = "".join(_card(made, row) for row in sorted(shown, key=_by_score))
    return (
        f'<section><h2>{label}</h2><div class="scroll"><table class="card-table"><thead><tr>'
        f'<th scope="col">{label}</th><th scope="col">绩效得分</th>'
        f'<th scope="col">同类位次<small>全市同类</small></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _by_score(row: Row) -> tuple[int, str]:
    return (-(row.score if row.score is not None else -1), row.key)


def _card(made: Sheet, row: Row) -> str:
    window = made.windows.get(row.key)
    shown = f"{window.no} 号窗" if window else row.key or NO_WINDOW
    asked = {"month": made.period, "centre": row.centre, "key": row.key}
    cells = "".join(
        _figure(figure, row.values[figure.code], {**asked, "code": figure.code})
        for figure in made.config.figures
    )
    return (
        f'<tr><th scope="row">{escape(shown)}<small>{escape(kind_name(row.kind))}</small></th>'
        f'<td class="score">{_bar(made, row)}</td><td>{rank_text(row)}</td>{cells}</tr>'
    )


def _figure(figure: Figure, value: Value, facts: Mapping[str, str] | None = None) -> str:
    """Give the cell of a figure; `facts`: what to ask for the facts behind it."""
    n = f"<small>n={value.n:,}</small>" if figure.den and value.n else ""
    few = "" if value.enough else ' class="few"'
    shown = text(figure, value)
    if facts and (value.num or value.den):
        shown = f'<a href="/assess/events?{escape(urlencode(facts))}">{shown}</a>'
    return f"<td{few}>{shown}{n}</td>"


def _bar(made: Sheet, row: Row) -> str:
    names = {figure.code: figure.name for figure in made.config.figures}
    told = ", ".join(
        f"{names[code]} {round(share * 100)}% × {made.config.score[code].weight * 100}%"
        for code, share in row.parts.items()
    )
    score = row.score if row.score is not None else 0
    return (
        f'<svg class="bar" viewBox="0 0 {BAR} 10" width="{BAR}" height="10" role="img">'
        f"<title>{escape(told or FEW)}</title>"
        f'<rect class="{"track" if row.score is not None else "none"}" width="{BAR}" height="10"/>'
        f'<rect class="fill" width="{round(BAR * score / SCORE_UNITS)}" height="10"/></svg>'
        f"<b{'' if row.score is not None else ' class=few'}>{score_text(row.score)}</b>"
    )


def _published(published: Published) -> str:
    rows = "".join(
        f"<tr><td>{day}</td><td><code>{escape(code)}</code></td><td>{was:,}</td><td>{now:,}</td>"
        f"<td>{now - was:+,}</td><td>{_causes(causes)}</td></tr>"
        for day, code, was, now, causes in published.restated[-RESTATEMENTS_SHOWN:]
    )
    state = "已月结" if published.frozen else "未月结"
    count = len(published.restated)
    table = (
        f"<details{' open' if count and count <= RESTATEMENTS_SHOWN // 2 else ''}>"
        f"<summary>公布以后的重述 {count} 条, 最近 {min(count, RESTATEMENTS_SHOWN)} 条</summary>"
        '<div class="scroll"><table class="card-table"><thead><tr><th>日期</th><th>指标</th>'
        "<th>公布</th><th>现为</th><th>差</th><th>原因事件</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
        if count
        else '<p class="note">公布以后没有重述。</p>'
    )
    return (
        f"<section><h2>日结与重述</h2><p>日结 {published.days} 天, {state}。</p>{table}</section>"
    )


def _causes(causes: Sequence[str]) -> str:
    shown = " ".join(f"<code>{escape(cause)}</code>" for cause in causes[:3])
    return shown + (f" 等 {len(causes)} 条" if len(causes) > 3 else "")  # noqa: PLR2004


def facts(made: Sheet, figure: Figure, key: str, found: Sequence[Event]) -> str:
    """Give the facts behind one figure of one window or member of staff."""
    window = made.windows.get(key)
    who = f"{window.centre_name} {window.no} 号窗" if window else key or NO_WINDOW
    names = {measure.code: measure.name for measure in MEASURES}
    rows = "".join(
        f"<tr><td>{_fact(event.fact)}</td><td>{names[event.measure]}</td>"
        f"<td>{event.amount:,}</td></tr>"
        for event in found[:FACTS_SHOWN]
    )
    more = f", 列出前 {FACTS_SHOWN:,} 条" if len(found) > FACTS_SHOWN else ""
    body = (
        f'<p class="note">{len(found):,} 条事实{more}; 更正相抵以后仍计数的。</p>'
        '<div class="scroll"><table class="card-table facts"><thead><tr><th>事件</th>'
        f"<th>计入</th><th>数</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
    return page(f"{who} {made.period} {figure.name}的依据", "windows", made, body)


def _fact(fact: str) -> str:
    """Give a fact's id, as a link where it is about a case; of a hall's day there is no page."""
    stream, _, rest = fact.partition("/")
    key = rest.rpartition("@")[0]
    if stream not in {"case", "rating"} or (stream == "rating" and HALL.search(key)):
        return f"<code>{escape(fact)}</code>"
    case = quote(key, safe="")
    return f'<a href="/audit/case/{case}"><code>{escape(fact)}</code></a>'


# ---------------------------------------------------------------------------------- satisfaction


def satisfaction(made: Sheet, name: str, towns: Mapping[str, str]) -> str:
    """Give the ratings of a month: whole, on site against online, by town and by window.

    `towns`: centre → name of its town.
    """
    whole: Counter[str] = Counter()
    sides: dict[str, Counter[str]] = {side: Counter() for side in SIDES}
    by_town: dict[str, Counter[str]] = defaultdict(Counter)
    by_window: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for centre, window, side, code, amount in made.satisfaction:
        whole[code] += amount
        by_town[towns.get(centre, centre or "无中心")][code] += amount
        by_window[centre, window][code] += amount
        if side:
            sides[side][code] += amount
    cards = _headline(made, whole)
    split = "".join(
        f"<div><h3>{label}</h3>{_distribution(sides[side])}"
        f"<p>{_line(made, sides[side], ('K23', 'K28'))}</p></div>"
        for side, label in SIDES.items()
    )
    body = (
        f'{cards}<section><h2>星级分布</h2><div class="pair"><div><h3>全部</h3>'
        f"{_distribution(whole)}</div>{split}</div></section>"
        f"{_table(made, '区镇', [((town,), sums) for town, sums in sorted(by_town.items())])}"
        f"{_negatives(made, by_window)}"
    )
    return page(f"{name} {made.period} 满意度", "satisfaction", made, body)


def _figures(made: Sheet, codes: Iterable[str]) -> list[Figure]:
    return [figure for code in codes for figure in made.config.figures if figure.code == code]


def _sum(formula: Mapping[str, int], sums: Mapping[str, int]) -> int:
    return sum(weight * sums.get(code, 0) for code, weight in formula.items())


def _value(made: Sheet, figure: Figure, sums: Mapping[str, int]) -> Value:
    den = _sum(figure.den, sums)
    return Value(_sum(figure.num, sums), den, den, den >= made.config.min_n)


def _line(made: Sheet, sums: Mapping[str, int], codes: Iterable[str]) -> str:
    return " · ".join(
        f"{figure.name} <b>{text(figure, value)}</b> <small>n={value.n:,}</small>"
        for figure in _figures(made, codes)
        for value in [_value(made, figure, sums)]
    )


def _headline(made: Sheet, sums: Mapping[str, int]) -> str:
    cells = "".join(
        f"<div><dt>{figure.name}</dt><dd>{text(figure, value)}"
        f"{UNITS[figure.show] if value.enough else ''} <small>n={value.n:,}</small></dd></div>"
        for figure in _figures(made, ("K28", "K23", "K22", "K24"))
        for value in [_value(made, figure, sums)]
    )
    bad = sums.get("stars_1", 0) + sums.get("stars_2", 0)
    none = sums.get("not_adopted_1", 0) + sums.get("not_adopted_2", 0)
    return (
        f'<dl class="card">{cells}<div><dt>差评</dt><dd>{bad:,} <small>其中不予采纳 {none:,}'
        "</small></dd></div></dl>"
    )


def _distribution(sums: Mapping[str, int]) -> str:
    """Give five bars, longest = most."""
    most = max([sums.get(f"stars_{stars}", 0) for stars in STARS] + [1])
    total = sum(sums.get(f"stars_{stars}", 0) for stars in STARS)
    rows = ""
    for stars, label in STARS.items():
        count = sums.get(f"stars_{stars}", 0)
        share = f"{round(Fraction(count * 1000, total)) / 10:.1f}%" if total else "—"
        rows += (
            f"<tr><th>{stars} 星 <small>{label}</small></th><td>"
            f'<svg class="bar" viewBox="0 0 {BAR} 10" width="{BAR}" height="10" aria-hidden="true">'
            f'<rect class="s{stars}" width="{round(BAR * count / most)}" height="10"/></svg></td>'
            f"<td>{count:,}</td><td>{share}</td></tr>"
        )
    return f'<table class="stars">{rows}</table>'


def _stack(sums: Mapping[str, int]) -> str:
    total = sum(max(sums.get(f"stars_{stars}", 0), 0) for stars in STARS)
    rects, left = "", 0
    for stars in STARS:
        width = round(BAR * sums.get(f"stars_{stars}", 0) / total) if total else 0
        rects += f'<rect class="s{stars}" x="{left}" width="{width}" height="10"/>'
        left += width
    return (
        f'<svg class="bar" viewBox="0 0 {BAR} 10" width="{BAR}" height="10" aria-hidden="true">'
        f'<rect class="none" width="{BAR}" height="10"/>{rects}</svg>'
    )


def _table(made: Sheet, label: str, rows: Sequence[tuple[Sequence[str], Mapping[str, int]]]) -> str:
    figures = _figures(made, ("K28", "K23", "K22"))
    head = "".join(f"<th>{f.name}<small>{UNITS[f.show]}</small></th>" for f in figures)
    body = "".join(
        f'<tr><th scope="row">{escape(" ".join(names))}</th><td>{_stack(sums)}</td>'
        + "".join(_figure(f, _value(made, f, sums)) for f in figures)
        + f"<td>{sums.get('stars_1', 0) + sums.get('stars_2', 0):,}</td></tr>"
        for names, sums in rows
    )
    return (
        f'<section><h2>按{label}</h2><div class="scroll"><table class="card-table"><thead><tr>'
        f"<th>{label}</th><th>五星 → 一星</th>{head}<th>差评</th></tr></thead>"
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _negatives(made: Sheet, by_window: Mapping[tuple[str, str], Mapping[str, int]]) -> str:
    """Give the windows with most negatives."""

    def bad(sums: Mapping[str, int]) -> int:
        return sums.get("stars_1", 0) + sums.get("stars_2", 0)

    found: list[tuple[Any, Mapping[str, int]]] = sorted(
        (each for each in by_window.items() if bad(each[1])), key=lambda e: (-bad(e[1]), e[0])
    )
    rows = []
    for (centre, key), sums in found[:WORST]:
        window = made.windows.get(key)
        place = (window.centre_name, f"{window.no} 号窗") if window else (centre, NO_WINDOW)
        rows.append((place, sums))
    if not rows:
        return '<section><h2>按窗口</h2><p class="note">没有差评。</p></section>'
    more = f'<p class="note">差评最多的 {len(rows)} 个窗口, 共 {len(found)} 个有差评。</p>'
    return _table(made, "窗口", rows) + more
