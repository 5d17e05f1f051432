"""Identifiers and code lists (代码集): the words every other room uses, each with its source.

Source: domain.md 2 and 3.2; GB/T 39046—2020 annex A where a list is the national one.
"""

from datetime import timedelta, timezone
from enum import StrEnum
from zlib import crc32

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Asia/Shanghai has had no daylight saving since 1991, so a fixed offset is the zone."""

PARTITIONS = 12
"""Partitions of the ledger; the reference partition (参考数据) is number `PARTITIONS`."""

COMMAND_BYTES_MAX = 256 * 1024
REJECT_HEAD_BYTES = 4096
BATCH_COMMANDS_MAX = 500


class SourceClass(StrEnum):
    """来源类别: how a command came to us, which decides what is refused and what only flagged."""

    INTERACTIVE = "interactive"
    IMPORTED = "imported"
    HISTORICAL = "historical"
    SYSTEM = "system"


class ActorKind(StrEnum):
    """行为人类别."""

    STAFF = "staff"
    CITIZEN = "citizen"
    SYSTEM = "system"
    EXTERNAL = "external"


class Channel(StrEnum):
    """办理渠道: 办理形式 of GB/T 39046 A.5, with the channels a hall has besides."""

    WINDOW = "window"
    WEB = "web"
    MOBILE = "mobile"
    COURIER = "courier"
    EMAIL = "email"
    INTERNAL = "internal"
    SELF_SERVICE = "self_service"
    AGENT = "agent"
    HOTLINE = "hotline"
    OTHER = "other"


class Post(StrEnum):
    """岗位: a post is the right to append certain facts (domain.md 2.4)."""

    GUIDE = "guide"
    ACCEPT = "accept"
    REVIEW = "review"
    APPROVE = "approve"
    ISSUE = "issue"
    AGENT = "agent"
    HALL_MANAGER = "hall_manager"
    ITEM_ADMIN = "item_admin"
    CORRECTOR = "corrector"
    CORRECT_APPROVER = "correct_approver"
    CITY_SUPERVISOR = "city_supervisor"
    RATING_OFFICER = "rating_officer"
    CALLBACK_OFFICER = "callback_officer"
    INSPECTOR = "inspector"
    GOV_HEAD = "gov_head"
    """政府负责人: appends nothing; a long extension of a joint case names one who approved it."""


class ProjectType(StrEnum):
    """办件类型: 即办件, 承诺件, 联办件, 上报件."""

    INSTANT = "instant"
    PROMISED = "promised"
    JOINT = "joint"
    ESCALATED = "escalated"


class LimitUnit(StrEnum):
    """时限单位: 工作日, 自然日, 小时."""

    WORKDAY = "workday"
    DAY = "day"
    HOUR = "hour"


UNITS_A_WORKDAY = 56
"""Limits are compared in 1/56 of a working day: 8 hours a day, 5 of 7 days."""
UNITS = {LimitUnit.WORKDAY: UNITS_A_WORKDAY, LimitUnit.DAY: 40, LimitUnit.HOUR: 7}


class CentreLevel(StrEnum):
    """三级体系: 市政务服务中心, 区镇为民服务中心, 村(社区)便民服务中心."""

    CITY = "city"
    TOWN = "town"
    VILLAGE = "village"


class Tier(StrEnum):
    """区镇档次, which sets the area norm and whether 出入境·税务·公积金 must be there."""

    ZONE = "zone"
    KEY_CENTRAL_TOWN = "key_central_town"
    CENTRAL_TOWN = "central_town"
    OTHER_TOWN = "other_town"
    SUBDISTRICT = "subdistrict"
    VILLAGE = "village"
    CITY = "city"


class SpecialKind(StrEnum):
    """特别程序: 听证, 招标, 拍卖, 检验, 检测, 检疫, 鉴定, 专家评审, 公示, 现场核实.

    The first eight are those of 行政许可法 §45.
    """

    HEARING = "hearing"
    TENDER = "tender"
    AUCTION = "auction"
    INSPECT = "inspect"
    TEST = "test"
    QUARANTINE = "quarantine"
    APPRAISE = "appraise"
    EXPERT = "expert"
    PUBLICITY = "publicity"
    SITE = "site"
    OTHER = "other"


class MaterialSource(StrEnum):
    """材料来源: brought by the applicant, 共享数据, 电子证照 (domain.md 2.6).

    What the office gets by itself nobody may be asked for (R11).
    """

    APPLICANT = "applicant"
    SHARED = "shared"
    E_LICENCE = "e_licence"


class AlertLevel(StrEnum):
    """监察级别: 预警, 黄牌, 红牌."""

    REMIND = "remind"
    YELLOW = "yellow"
    RED = "red"


class WindowType(StrEnum):
    """窗口类型 (domain.md 2.3)."""

    PUBLIC_SECURITY = "professional:公安"
    TAX = "professional:税务"
    LABOUR = "professional:人社"
    MEDICAL_INSURANCE = "professional:医保"
    HOUSING_FUND = "professional:公积金"
    MARKET_ENTRY = "professional:市场准入"
    LIVELIHOOD = "comp:livelihood"
    CONSTRUCTION = "comp:construction"
    MUNICIPAL = "comp:municipal"
    OTHER = "comp:other"
    ALL_ROUND = "village:all_round"
    HELP_AGENT = "help_agent"
    ISSUE = "issue"


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """Give the ledger partition of a stream key, in [0, partitions); the same for ever.

    CRC-32 of the UTF-8 key: stable over languages and versions, which Python's `hash` is not.
    """
    return crc32(key.encode()) % partitions
