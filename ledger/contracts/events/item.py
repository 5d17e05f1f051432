"""事项的赋权·认领·进驻·指南 (item): what happens to an item after it is registered, domain.md 3.5.

The stream key is the 实施编码, as of `item.registered` (events/reference.py), beside which they lie
in the reference partition. What concerns one centre names it in `centre_id`.
"""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from ledger.contracts.codes import WindowType
from ledger.contracts.events.base import Day, DocNo, EventRestamped, Id, Text, Word
from ledger.contracts.events.reference import ItemRegistered, ReferencePayload

ORGS_MAX = 512
VERSIONS_MAX = 10**6


class GuideElement(StrEnum):
    """指南要素: what a complete 办事指南 has filled in, 25 (domain.md 2.6, from GB/T 36114)."""

    NAME = "事项名称"
    BASE_CODE = "基本编码"
    IMPL_CODE = "实施编码"
    ITEM_TYPE = "事项类型"
    BASIS = "设定依据"
    LEVEL = "行使层级"
    BODY = "实施主体"
    POWER_SOURCE = "权力来源"
    STATUTORY = "法定时限"
    PROMISED = "承诺时限"
    PROJECT_TYPE = "办件类型"
    CONDITIONS = "受理条件"
    PROCESS = "办理流程"
    OBJECTS = "服务对象"
    PLACE = "办理地点"
    HOURS = "办理时间"
    ENQUIRIES = "咨询方式"
    COMPLAINTS = "监督投诉方式"
    FEE = "是否收费"
    SPECIAL = "特别程序"
    VISITS = "到现场次数"
    IN_HALL = "是否进驻大厅"
    ONLINE = "是否网办"
    RESULT = "结果类型"
    MATERIALS = "材料"


class ItemPayload(ReferencePayload):
    """A fact about one item."""

    STREAM: ClassVar[str] = "item"


class ItemRevised(ItemRegistered):
    """事项修订: the whole document anew; it counts for cases accepted from its adoption on."""

    TYPE: ClassVar[str] = "item.revised"
    COMMAND: ClassVar[str] = "item.revise"

    version: int = Field(ge=2, le=VERSIONS_MAX, description="documents so far, this one included")
    doc_no: DocNo | None = None


class ItemRetired(ItemPayload):
    """事项取消: nothing new is given, claimed or published of it; open cases go on."""

    TYPE: ClassVar[str] = "item.retired"
    COMMAND: ClassVar[str] = "item.retire"

    doc_no: DocNo | None = None


class ListPayload(ItemPayload):
    """The right to take an item in is given to centres; `doc_no` names the list for ever."""

    doc_no: Id = Field(description="文书编号 of the list")
    from_org: Id = Field(description="department that gives it")
    to_org: tuple[Id, ...] = Field(min_length=1, max_length=ORGS_MAX, description="centre ids")
    effective_from: Day


class ItemDelegated(ListPayload):
    """赋权: an approval goes down to 区镇 centres (赋权区镇经济社会管理权限清单)."""

    TYPE: ClassVar[str] = "item.delegated"
    COMMAND: ClassVar[str] = "item.delegate"


class ItemExtended(ListPayload):
    """延伸: a public service reaches 区镇 centres (延伸区镇公共服务事项清单)."""

    TYPE: ClassVar[str] = "item.extended"
    COMMAND: ClassVar[str] = "item.extend"


class ItemSunk(ListPayload):
    """下沉: a convenience service goes down to villages."""

    TYPE: ClassVar[str] = "item.sunk"
    COMMAND: ClassVar[str] = "item.sink"


class ItemDelegationRevoked(ItemPayload):
    """收回赋权: a list no longer holds from a day on; open cases finish under it."""

    TYPE: ClassVar[str] = "item.delegation_revoked"
    COMMAND: ClassVar[str] = "item.revoke_delegation"

    doc_no: Id = Field(description="文书编号 of the list that is revoked")
    effective_from: Day = Field(description="the first day on which it does not hold")
    revoked_by: DocNo | None = None


class CentrePayload(ItemPayload):
    """A fact about an item at one centre."""

    centre_id: Id


class ItemClaimed(CentrePayload):
    """认领: a centre claims on 江苏政务服务网 what was given to it."""

    TYPE: ClassVar[str] = "item.claimed"
    COMMAND: ClassVar[str] = "item.claim"

    platform_id: Word | None = Field(default=None, description="its number there")


class ItemClaimConfirmed(CentrePayload):
    """认领确认: by the platform."""

    TYPE: ClassVar[str] = "item.claim_confirmed"
    COMMAND: ClassVar[str] = "item.confirm_claim"


class ItemClaimDeclined(CentrePayload):
    """不予认领: the centre does not take what it was given; without a reason it costs points."""

    TYPE: ClassVar[str] = "item.claim_declined"
    COMMAND: ClassVar[str] = "item.decline_claim"

    reason: Text | None = None


class ItemUnclaimed(CentrePayload):
    """取消认领."""

    TYPE: ClassVar[str] = "item.unclaimed"
    COMMAND: ClassVar[str] = "item.unclaim"

    reason: Text | None = None


class ItemEnteredHall(CentrePayload):
    """事项进驻: taken in there (受理), taken in and decided (受理+审批), only explained (咨询)."""

    TYPE: ClassVar[str] = "item.entered_hall"
    COMMAND: ClassVar[str] = "item.enter_hall"

    window_type: WindowType
    mode: Literal["accept", "accept_approve", "consult"] = "accept"


class ItemLeftHall(CentrePayload):
    """事项撤出."""

    TYPE: ClassVar[str] = "item.left_hall"
    COMMAND: ClassVar[str] = "item.leave_hall"

    doc_no: DocNo | None = None


class GuidePayload(CentrePayload):
    """A guide as it stands: what is filled in, and which document of the item it describes."""

    elements: dict[GuideElement, bool] = Field(description="an absent element is not filled")
    version: int = Field(
        ge=1, le=VERSIONS_MAX, description="documents of the item so far, the newest described"
    )


class GuidePublished(GuidePayload):
    """办事指南公布 at a centre."""

    TYPE: ClassVar[str] = "guide.published"
    COMMAND: ClassVar[str] = "guide.publish"


class GuideUpdated(GuidePayload):
    """办事指南更新."""

    TYPE: ClassVar[str] = "guide.updated"
    COMMAND: ClassVar[str] = "guide.update"


class GuideWithdrawn(CentrePayload):
    """办事指南撤下."""

    TYPE: ClassVar[str] = "guide.withdrawn"
    COMMAND: ClassVar[str] = "guide.withdraw"

    reason: Text | None = None


class ItemOnlineEnabled(CentrePayload):
    """开通网办: depth as on 江苏政务服务网, 4 is 全程网办."""

    TYPE: ClassVar[str] = "item.online_enabled"
    COMMAND: ClassVar[str] = "item.enable_online"

    depth: int = Field(ge=1, le=4)
    url: Text | None = None


class ItemOnlineDisabled(CentrePayload):
    """停止网办."""

    TYPE: ClassVar[str] = "item.online_disabled"
    COMMAND: ClassVar[str] = "item.disable_online"

    reason: Text | None = None


class ItemEventRestamped(EventRestamped, ItemPayload):
    """重述 of a claim: its item has other limits now, or is retired (K14)."""

    TYPE: ClassVar[str] = "item.event_restamped"
