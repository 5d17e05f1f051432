"""差评闭环 (the negative loop): what follows a rating of one or two stars, domain.md 3.6.

The stream is the rating's, with the key of what was rated; every fact names its rating. Findings,
reasons and calls are codes and numbers: what people said belongs to the vault.
"""

from typing import ClassVar, Literal

from pydantic import Field

from ledger.contracts.events.base import Day, DocNo, Id, Payload

ATTEMPTS_MAX = 20


class LoopPayload(Payload):
    """A fact about one rating."""

    STREAM: ClassVar[str] = "rating"

    rating_id: Id


class NegDispatched(LoopPayload):
    """差评派单: an order to verify and rectify; written by the ledger with the rating itself.

    Source: 12345 work orders of Jiangsu (both low levels); 15 working days to rectify.
    """

    TYPE: ClassVar[str] = "neg.dispatched"

    order_no: str = Field(min_length=1, max_length=100)
    dept: str | None = None
    verify_due: str
    rectify_due: str


class NegPrechecked(LoopPayload):
    """预审: a first look, before anybody asks the rated."""

    TYPE: ClassVar[str] = "neg.prechecked"
    COMMAND: ClassVar[str] = "neg.precheck"

    reasonable: bool
    true_fact: bool
    malicious_suspect: bool = False


class NegVerified(LoopPayload):
    """核实: valid 属实, partly 部分属实, mistaken 误评, malicious 恶意, no_basis 无依据.

    Only `valid` and `partly` are rectified; whether the rating counts is for appeals to say.
    """

    TYPE: ClassVar[str] = "neg.verified"
    COMMAND: ClassVar[str] = "neg.verify"

    finding: Literal["valid", "partly", "mistaken", "malicious", "no_basis"]
    evidence: DocNo | None = None


class NegRectifyPlanned(LoopPayload):
    """整改计划: a complex one is entered in the register, with a day."""

    TYPE: ClassVar[str] = "neg.rectify_planned"
    COMMAND: ClassVar[str] = "neg.plan_rectification"

    by: Day


class NegRectified(LoopPayload):
    """整改完成."""

    TYPE: ClassVar[str] = "neg.rectified"
    COMMAND: ClassVar[str] = "neg.rectify"

    measures_doc: DocNo | None = None


class NegExtensionGranted(LoopPayload):
    """整改延期: once; it moves the due when it was granted before the due passed."""

    TYPE: ClassVar[str] = "neg.extension_granted"
    COMMAND: ClassVar[str] = "neg.grant_extension"

    new_due: Day = Field(description="the last day")
    approver: Id


class NegReplied(LoopPayload):
    """差评回复: the rater was told what was found and done."""

    TYPE: ClassVar[str] = "neg.replied"
    COMMAND: ClassVar[str] = "neg.reply"

    via: Literal["phone", "sms", "mobile", "letter", "visit"] = "phone"


class NegCalledBack(LoopPayload):
    """回访: so many attempts to ask the rater whether it is put right."""

    TYPE: ClassVar[str] = "neg.called_back"
    COMMAND: ClassVar[str] = "neg.call_back"

    reached: bool
    satisfied: bool | None = None
    attempts: int = Field(default=1, ge=1, le=ATTEMPTS_MAX)


class NegInstructed(LoopPayload):
    """批示: somebody above said how to go on."""

    TYPE: ClassVar[str] = "neg.instructed"
    COMMAND: ClassVar[str] = "neg.instruct"

    doc_no: DocNo | None = None


class NegClosed(LoopPayload):
    """差评办结: replied, rectified where it was right, and called back where the name is known."""

    TYPE: ClassVar[str] = "neg.closed"
    COMMAND: ClassVar[str] = "neg.close"


class AppealFiled(LoopPayload):
    """申诉: the rated say that the negative is not theirs; within 5 working days of dispatch."""

    TYPE: ClassVar[str] = "appeal.filed"
    COMMAND: ClassVar[str] = "appeal.file"

    by: Literal["staff", "unit"]
    reason: Literal["mistaken", "malicious", "not_our_fault"]
    evidence: DocNo | None = None


class AppealUpheld(LoopPayload):
    """申诉成立: the rating is kept visible but not adopted (不予采纳)."""

    TYPE: ClassVar[str] = "appeal.upheld"
    COMMAND: ClassVar[str] = "appeal.uphold"

    doc_no: DocNo | None = None


class AppealDenied(LoopPayload):
    """申诉不成立."""

    TYPE: ClassVar[str] = "appeal.denied"
    COMMAND: ClassVar[str] = "appeal.deny"

    doc_no: DocNo | None = None


class RatingClockBreached(LoopPayload):
    """差评超时: a due of the loop passed and nothing had stopped its clock; by the ledger itself.

    C11 核实, 整改, 回访; C12 申诉. Withdrawn when evidence comes late that it was done in time.
    """

    TYPE: ClassVar[str] = "rating.clock_breached"

    clock: Literal["C11.verify", "C11.rectify", "C11.callback", "C12"]
    due: str
