"""参考数据 (reference facts): centres, windows, departments, staff, items, calendars.

The published catalogue: what decisions look up. What is done with an item or an office beside it
is told in events/item.py and events/org.py.

They live in the reference partition; a newer fact of the same key replaces the older one
from the moment a partition adopts it (`reference.adopted`), so that a replay decides the same.
Source: domain.md 2, 3.5, 3.8a.
"""

from datetime import date
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ledger.contracts.codes import (
    CentreLevel,
    MaterialSource,
    Post,
    ProjectType,
    SpecialKind,
    Tier,
    WindowType,
)
from ledger.contracts.events.base import (
    MATERIALS_MAX,
    TEXT_MAX,
    DocNo,
    Id,
    Limit,
    Payload,
    Word,
)


class ReferencePayload(Payload):
    """A fact of the reference partition; the stream key is the id of the thing."""

    STREAM: ClassVar[str] = "org"


class CentreOpened(ReferencePayload):
    """为民服务中心 opened, key = centre id."""

    TYPE: ClassVar[str] = "centre.opened"
    COMMAND: ClassVar[str] = "centre.open"

    name: str = Field(min_length=1, max_length=TEXT_MAX)
    level: CentreLevel
    tier: Tier
    town: Id = Field(description="区镇 the centre belongs to: the id of the town's centre")
    hall_area_m2: int | None = Field(default=None, ge=0, le=1_000_000)
    region: Id | None = Field(default=None, description="行政区划 it lies in (region.register)")


class WindowCreated(ReferencePayload):
    """窗口 set up, key = window id; `covers` carries further types of a merged window."""

    TYPE: ClassVar[str] = "window.created"
    COMMAND: ClassVar[str] = "window.create"

    centre: Id
    no: str = Field(min_length=1, max_length=20, description="as painted above it")
    kind: WindowType
    covers: tuple[WindowType, ...] = ()


class DeptRegistered(ReferencePayload):
    """部门 registered, key = department id."""

    TYPE: ClassVar[str] = "dept.registered"
    COMMAND: ClassVar[str] = "dept.register"

    name: str = Field(min_length=1, max_length=TEXT_MAX)
    utility: bool = False
    key_central_only: bool = False


class StaffJoined(ReferencePayload):
    """人员 joined, key = staff id (never a name)."""

    TYPE: ClassVar[str] = "staff.joined"
    COMMAND: ClassVar[str] = "staff.join"

    centre: str | None = Field(default=None, max_length=64)
    dept: str | None = Field(default=None, max_length=64)


class StaffPostGranted(ReferencePayload):
    """岗位 granted to a member of staff, key = staff id."""

    TYPE: ClassVar[str] = "staff.post_granted"
    COMMAND: ClassVar[str] = "staff.grant_post"

    post: Post
    granted_by: Id


class Material(BaseModel):
    """材料 that an item asks for; `deferrable`: it may follow, where the item allows 容缺."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: Id = Field(description="unique in the item")
    name: str = Field(min_length=1, max_length=TEXT_MAX)
    required: bool = True
    deferrable: bool = False
    source: MaterialSource = MaterialSource.APPLICANT


class ItemRegistered(ReferencePayload):
    """事项 registered, key = 实施编码."""

    TYPE: ClassVar[str] = "item.registered"
    COMMAND: ClassVar[str] = "item.register"
    STREAM: ClassVar[str] = "item"

    name: str = Field(min_length=1, max_length=TEXT_MAX)
    dept: Id
    project_type: ProjectType
    statutory: Limit | None = None
    promised: Limit | None = None
    topic: Word | None = Field(default=None, description="市场准入, 出入境 …")
    is_project_item: bool = False
    one_person_ok: bool = False
    deficiency_allowed: bool = Field(default=False, description="容缺受理")
    commitment_allowed: bool = Field(default=False, description="告知承诺")
    special_kinds: tuple[SpecialKind, ...] = Field(
        default=(), description="特别程序 of the item; any other needs an approver"
    )
    window_rule: WindowType | None = None
    reported_to: Id | None = Field(
        default=None, description="数据上报: the platform its cases are reported to"
    )
    physical_result: bool | None = Field(
        default=None, description="a document is handed out: issued before it is archived (归档); "
        "None: nobody said, and either is legal",
    )  # fmt: skip
    materials: tuple[Material, ...] | None = Field(
        default=None, max_length=MATERIALS_MAX, description="材料清单; None: nothing is asked for"
    )


class CalendarPublished(ReferencePayload):
    """日历 of one year, key = `cal-YYYY`: days that differ from "Monday to Friday work".

    Source: the yearly notice of 国务院办公厅; `doc_no` is its number.
    """

    TYPE: ClassVar[str] = "calendar.published"
    COMMAND: ClassVar[str] = "calendar.publish"

    year: int = Field(ge=1900, le=2200)
    doc_no: DocNo
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = Field(default=(), description="调休上班日 at weekends")


class ReferenceAdopted(Payload):
    """A partition begins to decide with reference data up to `offset` (exclusive)."""

    TYPE: ClassVar[str] = "reference.adopted"
    STREAM: ClassVar[str] = "partition"

    offset: int = Field(ge=0)


class ClockTicked(Payload):
    """时钟: a partition's time has reached `to`; every due before it is recorded.

    First of the batch of a tick that records something, and of the first tick of a day: without
    it nobody could tell "nothing was due" from "nobody looked" (decision 0007).
    """

    TYPE: ClassVar[str] = "clock.ticked"
    STREAM: ClassVar[str] = "partition"

    to: AwareDatetime
