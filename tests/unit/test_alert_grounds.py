"""监察预警: an alert stands on what was so then; a correction of something else leaves it."""

import pytest

from ledger.rules.effective import current
from tests.ticking import amend
from tests.unit.test_supervision import SCENES, play, raised

CHECKED_LATE = "signed|08-01T09:00|tick|08-10T10:00|case.verify_commitment"
BROKEN = "signed|case.conclude|case.verify_commitment {'kept':false}"
AT_THE_LAST = "=REV generous|06-12T10:00|case.start_special"

# what happened after the alert was raised, and might hide why it was
AFTERWARDS = {
    "a commitment was checked, late": CHECKED_LATE,
    "checked late before any tick": "signed|08-10T10:00|case.verify_commitment",
    "a decision was revoked, late": f"{BROKEN}|06-16T09:00|tick|06-20T10:00|case.revoke_decision",
    "revoked late before any tick": f"{BROKEN}|06-20T10:00|case.revoke_decision",
    "unchecked, then revoked": "signed|case.conclude|08-01T09:00|tick|case.revoke_decision",
    "extended after the special procedure": (
        f"{AT_THE_LAST}|06-15T10:00|case.end_special|06-15T11:00|case.grant_extension"),
    "suspended after the special procedure": (
        f"{AT_THE_LAST}|06-12T11:00|case.end_special|06-12T12:00|case.suspend_clock"
        "|06-16T11:00|case.resume_clock"),
}  # fmt: skip
OF_A_CASE = {**AFTERWARDS, **{" ".join(name): scenes[0] for name, scenes in SCENES.items()}}


@pytest.mark.parametrize("scene", OF_A_CASE.values(), ids=OF_A_CASE)
def test_an_unrelated_correction_leaves_every_alert_as_it_is(new_hall, scene):
    """Amended is the number of the case, on which no rule looks."""
    hall = new_hall()
    play(hall, scene)
    if not hall.events("case/C1"):
        return
    hall.wait(minutes=1)
    before = {alert.alert_id: alert for alert in raised(hall)}
    old = current(hall.events("case/C1"))["case/C1@1"]["data"]["data"]["case_no"]
    receipt = amend(hall, 1, {"case_no": {"old": old, "new": "C9"}})
    assert receipt.status == "accepted", receipt
    after = {alert.alert_id: alert for alert in raised(hall)}

    assert before
    assert {name: after[name] for name in before} == before


# scene | levels and states of R29
COMMITMENTS = [
    (CHECKED_LATE, [("yellow", "open")]),
    ("signed|08-10T10:00|case.verify_commitment", [("yellow", "open")]),
    ("signed|case.conclude|06-20T10:00|case.revoke_decision|08-01T09:00|tick", []),
    ("signed|case.conclude|08-01T09:00|tick|case.revoke_decision", [("yellow", "open")]),
    (f"{BROKEN}|06-15T10:00|case.revoke_decision|08-10T09:00|tick", []),
    (f"{BROKEN}|06-20T10:00|case.revoke_decision", [("yellow", "open")]),
]


@pytest.mark.parametrize(("scene", "wanted"), COMMITMENTS)
def test_a_commitment_is_judged_by_when_it_was_checked_or_the_decision_revoked(
    new_hall, scene, wanted
):
    hall = new_hall()
    play(hall, scene)
    of_the_check = [alert for alert in raised(hall) if alert.rule == "R29"]

    assert [(alert.level, alert.status) for alert in of_the_check] == wanted
    assert all(alert.at[:10] in {"2020-07-31", "2020-06-15"} for alert in of_the_check)


def test_a_check_that_is_entered_late_and_was_in_time_takes_the_card_back(new_hall):
    hall = new_hall()
    play(hall, "signed|08-01T09:00|tick")
    at = hall.now.replace(month=7, day=30)
    told = hall.usual("case.verify_commitment", at=at, late_reason="断网", source_class="imported")
    assert told.status == "accepted", told

    assert [(a.status, a.reason) for a in raised(hall) if a.rule == "R29"] == [
        ("cancelled", "corrected")
    ]
