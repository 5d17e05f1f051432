"""一件事 (bundle): several cases that are one matter to the citizen, domain.md 3.3.

The stream key is the bundle id. Its cases lie in other partitions: that one became a member, and
that a member was concluded, they tell each other (`rules/caused.py`).
"""

from typing import ClassVar

from pydantic import Field

from ledger.contracts.events.base import EventRestamped, EventVoided, Id, Payload

MEMBERS_MAX = 32


class BundlePayload(Payload):
    """A fact about one bundle."""

    STREAM: ClassVar[str] = "bundle"


class BundleOpened(BundlePayload):
    """开立一件事: of a theme (出生, 开办企业 …), led by one department."""

    TYPE: ClassVar[str] = "bundle.opened"
    COMMAND: ClassVar[str] = "bundle.open"

    theme: Id
    lead_dept: Id


class BundleMemberAdded(BundlePayload):
    """一件事件: a case that was accepted as part of the bundle."""

    TYPE: ClassVar[str] = "bundle.member_added"
    COMMAND: ClassVar[str] = "bundle.add_member"

    case_id: Id


class BundleMemberConcluded(BundlePayload):
    """成员办结: the case of a member was concluded; the case's own fact causes it."""

    TYPE: ClassVar[str] = "bundle.member_concluded"
    COMMAND: ClassVar[str] = "bundle.conclude_member"

    case_id: Id


class BundleClosed(BundlePayload):
    """一件事办结: `cases` names the members, all of them concluded."""

    TYPE: ClassVar[str] = "bundle.closed"
    COMMAND: ClassVar[str] = "bundle.close"

    cases: tuple[Id, ...] = Field(min_length=1, max_length=MEMBERS_MAX)


class BundleEventVoided(EventVoided):
    """作废更正 of a fact of a bundle."""

    TYPE: ClassVar[str] = "bundle.event_voided"
    COMMAND: ClassVar[str] = "bundle.void_event"
    STREAM: ClassVar[str] = "bundle"


class BundleEventRestamped(EventRestamped):
    """重述 of a fact of a bundle."""

    TYPE: ClassVar[str] = "bundle.event_restamped"
    STREAM: ClassVar[str] = "bundle"
