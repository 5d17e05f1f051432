"""Routing (分窗): which window type takes an item at a centre; first match wins.

Source: domain.md 5.1, from 海政办发〔2020〕14号 任务(三); rows in its order. Help agents (row 2)
and remote collection come with their streams.
"""

from ledger.contracts.codes import CentreLevel, Tier, WindowType
from ledger.contracts.events.reference import (
    CentreOpened,
    DeptRegistered,
    ItemRegistered,
    WindowCreated,
)

KEY_CENTRAL = (Tier.KEY_CENTRAL_TOWN, Tier.ZONE)
"""Zones count as 重点中心镇 by default (domain.md 5.1, note)."""

MARKET_ENTRY_TOPIC = "市场准入"

BY_DEPT = {
    "公安": WindowType.PUBLIC_SECURITY,
    "公安出入境": WindowType.PUBLIC_SECURITY,
    "税务": WindowType.TAX,
    "人社": WindowType.LABOUR,
    "医保": WindowType.MEDICAL_INSURANCE,
    "公积金": WindowType.HOUSING_FUND,
}
BY_DEPT_COMPREHENSIVE = {
    **dict.fromkeys(("财政", "民政", "残联", "卫健委"), WindowType.LIVELIHOOD),
    **dict.fromkeys(("住建", "城管", "自然资源"), WindowType.CONSTRUCTION),
}


def required_window(
    item: ItemRegistered, dept: DeptRegistered | None, centre: CentreOpened
) -> WindowType | None:
    """Give the window type that takes `item` at `centre`; None: not offered there."""
    if centre.level is CentreLevel.VILLAGE:
        return WindowType.ALL_ROUND
    if item.window_rule is not None:
        return item.window_rule
    in_town = centre.level is CentreLevel.TOWN
    if in_town and dept is not None and dept.key_central_only and centre.tier not in KEY_CENTRAL:
        return None
    if found := BY_DEPT.get(item.dept):
        return found
    if item.topic == MARKET_ENTRY_TOPIC:
        return WindowType.MARKET_ENTRY
    if found := BY_DEPT_COMPREHENSIVE.get(item.dept):
        return found
    if item.dept == "审批局" and item.is_project_item:
        return WindowType.CONSTRUCTION
    if dept is not None and dept.utility:
        return WindowType.MUNICIPAL
    return WindowType.OTHER


def is_wrong(window: WindowCreated, required: WindowType | None) -> bool:
    """Tell whether a window does not take what is required (错窗); a merged window covers more."""
    return required is None or (required != window.kind and required not in window.covers)
