"""The audit pages (审计台) as HTML: pure, every value escaped, readable without a script."""

from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import orjson

from analytics.audit.case import RESULTS, Found

REASONS = {
    "wrong_case": "录错办件", "wrong_person": "录错人员", "duplicate_entry": "重复录入",
    "test_data": "测试数据", "late_evidence": "证据后到", "typing_error": "录入笔误",
    "other": "其他",
}  # fmt: skip
POSTS = {
    "guide": "导办", "accept": "受理", "review": "审查", "approve": "审批", "issue": "出件",
    "agent": "帮办代办", "corrector": "更正", "correct_approver": "更正审批",
}  # fmt: skip
KINDS = {"citizen": "申请人", "system": "系统", "external": "外部系统", "staff": "工作人员"}
CHANNELS = {
    "window": "窗口", "web": "网上", "mobile": "移动端", "courier": "快递", "email": "电子邮件",
    "internal": "内部", "self_service": "自助", "agent": "代办", "hotline": "热线", "other": "其他",
}  # fmt: skip
OUTCOMES = {"approved": "准予", "rejected": "不予", "partly": "部分准予"}
NOTES = {"late": "补录", "clamped": "时钟已校正", "R01": "未一次性告知", "R03": "错窗受理",
         "R07": "岗位未分离", "R08": "多次补正", "R12": "反复转办", "R14": "违规不受理",
         "R15": "违规收费", "R16": "滥用特别程序", "R20": "文书缺失",
         "R28": "容缺违规"}  # fmt: skip
MACHINERY = (".event_restamped",)
"""Written by the ledger itself beside a correction; folded away on the page."""


def page(title: str, body: str) -> str:
    """Give a whole page."""
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · 办件审计</title>
<link rel="stylesheet" href="/audit/static/desk.css">
<script type="module" src="/audit/static/desk.js"></script>
</head><body>
<header class="top"><a href="/audit" class="brand">台账 <span>办件审计</span></a>
<form action="/audit" role="search"><input name="q" aria-label="办件编号" placeholder="办件编号"
 autocomplete="off" maxlength="64"><button>查找</button></form></header>
<main>{body}</main></body></html>"""


def home(query: str, found: Sequence[Found], note: str) -> str:
    """Give the page of a search; `note` says up to where was looked."""
    rows = "".join(
        f'<li><a href="{_link(each.case_id)}"><b>{escape(each.case_no or each.case_id)}</b>'
        f"<small>{escape(each.case_id)}</small></a></li>"
        for each in found
    )
    if query and not found:
        shown = f'<p class="empty">没有编号以“{escape(query)}”开头的办件。</p>'
    elif query:
        shown = f'<ol class="found">{rows}</ol>'
    else:
        shown = (
            '<p class="empty">输入办件编号或其开头, 回放该办件在任一时刻的样子: '
            "当时入账了什么, 谁办的, 后来谁作了更正。</p>"
        )
    return page("查找", f'<h1>查找办件</h1>{shown}<p class="note">{escape(note)}</p>')


def missing(no: str, sentence: str) -> str:
    """Give the page that says what was not found."""
    body = f'<h1>查不到 {escape(no)}</h1><p class="empty">{escape(sentence)}</p>'
    return page("查不到", body)


def case(now: dict[str, Any], then: dict[str, Any]) -> str:
    """Give the page of a case: `now` as known today, `then` as known at the chosen instant."""
    past = then["later"] > 0
    body = (
        f"<h1>办件 {escape(now['case_no'] or now['case_id'])}</h1>"
        f"{_card(then, past=past)}{_scrubber(now, then)}{_corrections(then)}"
        f'<section><h2>经过 <small>按入账先后</small></h2><ol class="events">'
        f"{''.join(_event(event) for event in then['events'])}</ol>"
        f"{_hidden(then)}</section>"
    )
    return page(f"办件 {now['case_no']}", body)


def _link(case_id: str, at: str = "") -> str:
    return f"/audit/case/{quote(case_id, safe='')}" + (f"?at={quote(at)}" if at else "")


def _card(then: dict[str, Any], *, past: bool) -> str:
    holder = " · ".join(filter(None, (then["holder"]["dept"], then["holder"]["centre"])))
    rows = [("状态", f"<strong>{escape(then['state_name'])}</strong>")]
    if then["truly"]["state"] != then["state"]:
        rows.append(("事后查明当时为", escape(then["truly"]["state_name"])))
    if holder:
        rows.append(("经办", escape(holder)))
    for clock in then["clocks"]:
        hint = " <small>暂定, 该年日历未公布</small>" if clock["provisional"] else ""
        result = f'<em class="{clock["result"]}">{RESULTS[clock["result"]]}</em>'
        rows.append((clock["name"], f"<time>{_day(clock['due'])}</time> {result}{hint}"))
    rows += [
        ("亮灯", f'<em class="{each["level"]}">{each["name"]}</em> {escape(each["reason"])}')
        for each in then["lights"][:1]
    ]
    if then["clocks"] and (used := then["clocks"][0]["decision_working_minutes"]) is not None:
        rows.append(("受理到决定", f"{used // 60} 小时 {used % 60} 分 <small>工作时间</small>"))
    rows += [
        ("评价", f"{rating['stars']} 星 <small>{escape(rating['via'])}</small>")
        for rating in then["ratings"]
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
    as_of = f"截至 <time>{_moment(then['at'])}</time> 已入账的 {then['known']} 条事实"
    warning = (
        f'<p class="past">这是当时的样子, 此后又入账 {then["later"]} 条。'
        f'<a href="{_link(then["case_id"])}">回到现在</a></p>'
        if past
        else ""
    )
    return f'{warning}<dl class="card">{cells}</dl>{_shares(then)}<p class="note">{as_of}</p>'


def _shares(then: dict[str, Any]) -> str:
    """Give who held the case for how long, a bar a holder."""
    whole = sum(each["minutes"] or 0 for each in then["shares"])
    rows = []
    for each in then["shares"]:
        minutes = each["minutes"]
        if minutes is None:
            bar = "时长未知, 该年日历未公布"
        else:
            bar = (
                f'<progress value="{minutes}" max="{max(whole, 1)}"></progress>'
                f" {minutes // 60} 小时 {minutes % 60} 分"
            )
        rows.append(f"<tr><th scope=row>{escape(each['holder'])}</th><td>{bar}</td></tr>")
    if not rows:
        return ""
    head = "<caption>各方持有时长 <small>工作时间</small></caption>"
    return f'<table class="shares">{head}{"".join(rows)}</table>'


def _scrubber(now: dict[str, Any], then: dict[str, Any]) -> str:
    """Give the instants at which something became known, as a slider and as links."""
    instants = list(dict.fromkeys(event["recorded_at"] for event in now["events"]))
    if not instants:
        return ""
    names: dict[str, list[str]] = {}
    for event in now["events"]:
        if not event["type"].endswith(MACHINERY):
            names.setdefault(event["recorded_at"], []).append(event["name"])
    last = max((n for n, at in enumerate(instants) if at <= then["at"]), default=0)
    links = "".join(
        f'<a href="{_link(now["case_id"], at)}"{" aria-current=true" if n == last else ""} '
        f'title="{_moment(at)}">{escape("、".join(names.get(at, [""])))}'
        f"<time>{_moment(at)}</time></a>"
        for n, at in enumerate(instants)
    )
    return (
        f'<nav class="scrub" aria-label="时刻"><input type="range" min="0" '
        f'max="{len(instants) - 1}" value="{last}" aria-label="时刻" hidden>'
        f"<div>{links}</div></nav>"
    )


def _corrections(then: dict[str, Any]) -> str:
    if not then["corrections"]:
        return ""
    rows = "".join(
        f"<li><time>{_moment(fix['at'])}</time> {_fixed(fix)}, "
        f"事由: {REASONS.get(fix['reason'], escape(fix['reason']))}; "
        f"申请人 {escape(fix['requested_by'])}, 审批人 {escape(fix['approved_by'])}</li>"
        for fix in then["corrections"]
    )
    return f"<section><h2>更正</h2><ul class=fixes>{rows}</ul></section>"


def _fixed(fix: dict[str, Any]) -> str:
    if fix["amends"] is None:
        return "作废 " + "、".join(f"<code>{escape(each)}</code>" for each in fix["voids"])
    changes = "、".join(
        f"{escape(name)} {escape(str(change.get('old', '无')))} → "
        f"{escape(str(change.get('new', '无')))}"
        for name, change in fix["changes"].items()
    )
    return f"更正 <code>{escape(fix['amends'])}</code> {changes}"


def _hidden(then: dict[str, Any]) -> str:
    """Give the restatements, which the ledger wrote itself, folded away."""
    rows = [event for event in then["events"] if event["type"].endswith(MACHINERY)]
    if not rows:
        return ""
    shown = "".join(
        f"<li><code>{escape(event['id'])}</code> 重述 "
        f"<code>{escape(event['data']['target'])}</code>{_raw(event)}</li>"
        for event in rows
    )
    return (
        f"<details class=machine><summary>台账自动写入的重述 {len(rows)} 条</summary>"
        f"<ul>{shown}</ul></details>"
    )


def _event(event: dict[str, Any]) -> str:
    if event["type"].endswith(MACHINERY):
        return ""
    gone = event["voided_by"] is not None
    late = event["recorded_at"][:16] != event["occurred_at"][:16]
    tags = [f"<span>{NOTES.get(flag, escape(flag))}</span>" for flag in event["flags"]]
    if late:
        tags.append(f"<span>入账 {_moment(event['recorded_at'])}</span>")
    if event["late_reason"]:
        tags.append(f"<span>缘由: {escape(event['late_reason'])}</span>")
    if gone:
        tags.append(f"<span class=void>已被 {escape(event['voided_by'])} 作废</span>")
    elif event["amended_by"]:
        tags.append(f"<span>已由 {escape(event['amended_by'])} 更正</span>")
    what = OUTCOMES.get(event["data"].get("outcome", ""), "")
    if event["type"] == "rating.submitted":
        what = f"{event['data']['stars']} 星"
    return (
        f"<li{' class=gone' if gone else ''}><time>{_moment(event['occurred_at'])}</time>"
        f"<div><b>{escape(event['name'])}</b> {what} <span class=who>{_who(event)}</span>"
        f"<p class=tags>{''.join(tags)}</p>{_raw(event)}</div></li>"
    )


def _who(event: dict[str, Any]) -> str:
    actor = event["actor"]
    name = actor["staff"] or KINDS.get(actor["kind"], actor["kind"])
    parts = [name, POSTS.get(actor["post"] or "", ""), event["window"] or event["centre"] or "",
             CHANNELS.get(event["channel"] or "", "")]  # fmt: skip
    return " · ".join(escape(part) for part in parts if part)


def _raw(event: dict[str, Any]) -> str:
    """Give what is stored: place in the book, link of the chain, what was said and worked out."""
    said = escape(orjson.dumps(event["data"], option=orjson.OPT_INDENT_2).decode())
    stamped = escape(orjson.dumps(event["stamp"], option=orjson.OPT_INDENT_2).decode())
    return (
        f"<details><summary>原文 <code>{event['position']}</code></summary>"
        f"<dl class=place><dt>事件</dt><dd><code>{escape(event['id'])}</code></dd>"
        f"<dt>位置</dt><dd><code>{event['position']}</code> 分区:偏移</dd>"
        f"<dt>链值</dt><dd><code class=hash>{event['chain']}</code></dd>"
        f"<dt>来源</dt><dd><code>{escape(event['source'])}</code></dd></dl>"
        f"<h3>来源所述</h3><pre>{said}</pre><h3>台账所加</h3><pre>{stamped}</pre></details>"
    )


def _moment(at: str) -> str:
    return escape(at[:16].replace("T", " "))


def _day(at: str) -> str:
    return escape(at[:10])
