"""机构 (org): regions, centres, departments, staff and agents as they change, domain.md 3.8a.

They lie in the reference partition beside the published catalogue (events/reference.py); the key
is the id of the thing. Documents of the city (routing, rules, config) have their kind as the key.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ledger.contracts.codes import CentreLevel, Post, Tier
from ledger.contracts.events.base import TEXT_MAX, Day, DocNo, Id, Word
from ledger.contracts.events.reference import (
    CalendarPublished,
    ReferencePayload,
    WindowCreated,
)

MANY_MAX = 64
AREA_MAX = 1_000_000
LOAD_MAX = 10**12
Code = Field(pattern=r"^\d{2,12}$", description="行政区划代码, up to 12 digits")
Name = Field(min_length=1, max_length=TEXT_MAX)


# ---------------------------------------------------------------------------------------- regions


class RegionRegistered(ReferencePayload):
    """行政区划登记, or its place in the tree anew; the key never changes, the code may."""

    TYPE: ClassVar[str] = "region.registered"
    COMMAND: ClassVar[str] = "region.register"

    code: str = Code
    name: str = Name
    level: int = Field(ge=3, le=6, description="3 设区市, 4 县级, 5 镇街, 6 村居 (GB/T 39046 A.2)")
    kind: Literal["city", "zone", "town", "subdistrict", "village", "community"]
    parent_id: Id | None = None
    effective_from: Day
    doc_no: DocNo | None = None


class RegionRenamed(ReferencePayload):
    """行政区划更名."""

    TYPE: ClassVar[str] = "region.renamed"
    COMMAND: ClassVar[str] = "region.rename"

    name: str = Name
    effective_from: Day
    doc_no: DocNo | None = None


class RegionRecoded(ReferencePayload):
    """行政区划代码变更: 海门市 320684 became 海门区 320614; centres and cases go on."""

    TYPE: ClassVar[str] = "region.recoded"
    COMMAND: ClassVar[str] = "region.recode"

    code: str = Code
    effective_from: Day
    doc_no: DocNo | None = None


class RegionMerged(ReferencePayload):
    """行政区划合并: this region goes on for others, its predecessors."""

    TYPE: ClassVar[str] = "region.merged"
    COMMAND: ClassVar[str] = "region.merge"

    predecessor_ids: tuple[Id, ...] = Field(min_length=1, max_length=MANY_MAX)
    effective_from: Day
    doc_no: DocNo | None = None


class RegionRetired(ReferencePayload):
    """行政区划撤销."""

    TYPE: ClassVar[str] = "region.retired"
    COMMAND: ClassVar[str] = "region.retire"

    effective_from: Day
    doc_no: DocNo | None = None


# ---------------------------------------------------------------------------------------- centres


class CentrePlanned(ReferencePayload):
    """中心筹建: it is to be opened in a region."""

    TYPE: ClassVar[str] = "centre.planned"
    COMMAND: ClassVar[str] = "centre.plan"

    name: str = Name
    level: CentreLevel
    tier: Tier
    region_id: Id
    doc_no: DocNo | None = None


class CentreRelocated(ReferencePayload):
    """中心迁址."""

    TYPE: ClassVar[str] = "centre.relocated"
    COMMAND: ClassVar[str] = "centre.relocate"

    region_id: Id | None = None
    doc_no: DocNo | None = None


class CentreSuspended(ReferencePayload):
    """中心暂停: until it is opened again."""

    TYPE: ClassVar[str] = "centre.suspended"
    COMMAND: ClassVar[str] = "centre.suspend"

    doc_no: DocNo | None = None


class CentreClosed(ReferencePayload):
    """中心撤销."""

    TYPE: ClassVar[str] = "centre.closed"
    COMMAND: ClassVar[str] = "centre.close"

    doc_no: DocNo | None = None


class CentreAreaMeasured(ReferencePayload):
    """大厅面积核定: what R27 holds against the norm of the tier, before what was published."""

    TYPE: ClassVar[str] = "centre.area_measured"
    COMMAND: ClassVar[str] = "centre.measure_area"

    hall_area_m2: int = Field(ge=0, le=AREA_MAX)
    method: Literal["deed", "survey", "on_site", "declared"]
    doc_no: DocNo | None = None


class CentreTierChanged(ReferencePayload):
    """中心档次变更: other norms and duties of entry from a day on."""

    TYPE: ClassVar[str] = "centre.tier_changed"
    COMMAND: ClassVar[str] = "centre.change_tier"

    tier: Tier
    effective_from: Day
    doc_no: DocNo


class EvidencePayload(ReferencePayload):
    """Something a centre has or no longer has, with evidence."""

    evidence: DocNo | None = None


class CentreSelfServiceOpened(EvidencePayload):
    """自助服务区开放: 24小时自助政务服务区."""

    TYPE: ClassVar[str] = "centre.self_service_opened"
    COMMAND: ClassVar[str] = "centre.open_self_service"


class CentreSelfServiceClosed(EvidencePayload):
    """自助服务区关闭."""

    TYPE: ClassVar[str] = "centre.self_service_closed"
    COMMAND: ClassVar[str] = "centre.close_self_service"


class CentreStationOnline(EvidencePayload):
    """站点上线 on 江苏政务服务网."""

    TYPE: ClassVar[str] = "centre.station_online"
    COMMAND: ClassVar[str] = "centre.bring_station_online"

    station_id: Word | None = None


class CentreStationOffline(EvidencePayload):
    """站点下线 (R27)."""

    TYPE: ClassVar[str] = "centre.station_offline"
    COMMAND: ClassVar[str] = "centre.take_station_offline"


class CentreLineReserved(EvidencePayload):
    """专线预留."""

    TYPE: ClassVar[str] = "centre.line_reserved"
    COMMAND: ClassVar[str] = "centre.reserve_line"


# ------------------------------------------------------------------------------------ departments


class DeptEntryRequired(ReferencePayload):
    """应进驻部门: it has to be at every centre of a level by a day (海政办发〔2020〕14号)."""

    TYPE: ClassVar[str] = "dept.entry_required"
    COMMAND: ClassVar[str] = "dept.require_entry"

    level: CentreLevel = CentreLevel.TOWN
    key_central_only: bool = Field(default=False, description="at 重点中心镇 and zones only")
    deadline: Day
    doc_no: DocNo | None = None


class DeptEntered(ReferencePayload):
    """部门进驻 a centre."""

    TYPE: ClassVar[str] = "dept.entered"
    COMMAND: ClassVar[str] = "dept.enter"

    centre_id: Id
    window_ids: tuple[Id, ...] = Field(default=(), max_length=MANY_MAX)
    mode: Literal["accept", "accept_approve", "consult"] = "accept"


class DeptLeft(ReferencePayload):
    """部门撤出 a centre; without a document it is R27."""

    TYPE: ClassVar[str] = "dept.left"
    COMMAND: ClassVar[str] = "dept.leave"

    centre_id: Id
    doc_no: DocNo | None = None


# -------------------------------------------------------------------------------- staff and agents


class MovePayload(ReferencePayload):
    """A member of staff goes to a centre."""

    to_centre: Id
    from_dept: Id | None = None
    doc_no: DocNo | None = None


class StaffTransferredIn(MovePayload):
    """人员划转: the centre manages them from now on."""

    TYPE: ClassVar[str] = "staff.transferred_in"
    COMMAND: ClassVar[str] = "staff.transfer_in"


class StaffSeconded(MovePayload):
    """人员派驻: they stay with their department."""

    TYPE: ClassVar[str] = "staff.seconded"
    COMMAND: ClassVar[str] = "staff.second"


class StaffLeft(ReferencePayload):
    """人员离任: all posts end with it."""

    TYPE: ClassVar[str] = "staff.left"
    COMMAND: ClassVar[str] = "staff.leave"

    doc_no: DocNo | None = None


class StaffPostRevoked(ReferencePayload):
    """岗位收回."""

    TYPE: ClassVar[str] = "staff.post_revoked"
    COMMAND: ClassVar[str] = "staff.revoke_post"

    post: Post
    revoked_by: Id


class AgentAppointed(ReferencePayload):
    """代办员任命 for a village, key = agent id; every village has one (R27)."""

    TYPE: ClassVar[str] = "agent.appointed"
    COMMAND: ClassVar[str] = "agent.appoint"

    village: Id = Field(description="centre id")
    items_scope: tuple[Id, ...] = Field(default=(), max_length=512, description="(): all items")


class AgentDismissed(ReferencePayload):
    """代办员解任."""

    TYPE: ClassVar[str] = "agent.dismissed"
    COMMAND: ClassVar[str] = "agent.dismiss"

    village: Id
    doc_no: DocNo | None = None


class TrustPayload(ReferencePayload):
    """An applicant and the list of the dishonest, key = reference in the vault (HMAC), no name."""

    effective_from: Day
    doc_no: str = Field(min_length=1, max_length=64, description="文书编号 of the decision")


class ApplicantListed(TrustPayload):
    """列入失信名单: whoever is on it commits to nothing later (容缺), domain.md 3.3."""

    TYPE: ClassVar[str] = "applicant.listed"
    COMMAND: ClassVar[str] = "applicant.list"


class ApplicantUnlisted(TrustPayload):
    """移出失信名单 (信用修复): from that day on it does not hold."""

    TYPE: ClassVar[str] = "applicant.unlisted"
    COMMAND: ClassVar[str] = "applicant.unlist"


# -------------------------------------------------------------------------- documents of the city


class WindowTypeChanged(WindowCreated):
    """窗口调整: a window set up anew, of another type, with the load that speaks for it.

    Source: 海政办发〔2020〕14号 任务(三): windows follow the number of cases and people's habits.
    """

    TYPE: ClassVar[str] = "window.type_changed"
    COMMAND: ClassVar[str] = "window.change_type"

    load_evidence: dict[Id, Annotated[int, Field(ge=0, le=LOAD_MAX)]] = Field(
        min_length=1, max_length=MANY_MAX, description="what was counted → how many"
    )
    doc_no: DocNo | None = None


class WindowRetired(ReferencePayload):
    """窗口撤销: nothing happens there any more."""

    TYPE: ClassVar[str] = "window.retired"
    COMMAND: ClassVar[str] = "window.retire"

    doc_no: DocNo | None = None


class CalendarOverridden(CalendarPublished):
    """日历调整: a published year anew, as a local notice changes it."""

    TYPE: ClassVar[str] = "calendar.overridden"
    COMMAND: ClassVar[str] = "calendar.override"

    reason: str = Name


class DocumentPayload(ReferencePayload):
    """A document that holds from a day on; its text is kept elsewhere, under its hash."""

    version: Word
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    effective_from: Day
    doc_no: DocNo | None = None


class RoutingPublished(DocumentPayload):
    """分窗规则公布."""

    TYPE: ClassVar[str] = "routing.published"
    COMMAND: ClassVar[str] = "routing.publish"


class RulesPublished(DocumentPayload):
    """监察规则公布."""

    TYPE: ClassVar[str] = "rules.published"
    COMMAND: ClassVar[str] = "rules.publish"


class ConfigPublished(DocumentPayload):
    """参数公布."""

    TYPE: ClassVar[str] = "config.published"
    COMMAND: ClassVar[str] = "config.publish"
