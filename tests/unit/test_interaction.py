"""咨询投诉: what the table of questions and complaints cannot say."""

from datetime import timedelta

import pytest

from ledger.rules import alerts
from tests.tabled_ways import DESK, SAYS, Tabled


@pytest.fixture
def talk(hall):
    return Tabled(hall, "interaction")


def bring(talk, status):
    talk.bring_to(status, "complaint")


REFUSED = [  # status | command | other data | other envelope | code
    ("-", "complaint.file", {"case_id": "C1"}, {}, "E_FIELD"),  # lies beside its case
    ("-", "complaint.file", {"complaint_id": "Q9"}, {}, "E_FIELD"),
    ("-", "consult.ask", {"consult_id": "Q9"}, {}, "E_FIELD"),
    ("-", "complaint.file", {"case_id": "Q1"}, {}, "E_REF"),  # a case nobody knows
    ("-", "complaint.file", {"target_dept": "海关"}, {}, "E_REF"),
    ("-", "complaint.file", {"target_staff": "who"}, {}, "E_REF"),
    ("-", "complaint.file", {"text": "张三 …"}, {}, "E_FIELD"),
    ("FIL", "complaint.accept", {"due": "2020-05-31"}, {}, "E_LIMIT"),
    ("ACC", "complaint.extend", {"new_due": "2020-06-05"}, {}, "E_LIMIT"),
    ("ACC", "complaint.extend", {"new_due": "2022-01-01"}, {}, "E_LIMIT"),
    ("FIL", "complaint.close", {"outcome": "settled"}, {}, "E_STATE"),
    ("FIL", "complaint.file", {}, {}, "E_STATE"),
]


@pytest.mark.parametrize(("status", "command", "but", "more", "code"), REFUSED)
def test_each_invariant_refuses(talk, status, command, but, more, code):
    bring(talk, status)
    receipt = talk.say(command, but, **more)

    assert (receipt.status, receipt.code) == ("refused", code), receipt


def test_an_extension_is_granted_once(talk):
    bring(talk, "ACC")
    talk.must("complaint.extend")

    assert talk.say("complaint.extend", {"new_due": "2020-06-20"}).code == "E_STATE"


def test_nothing_happens_before_what_it_needs(talk):
    bring(talk, "ACC")

    assert talk.say("complaint.reply", at=talk.hall.now - timedelta(hours=1)).code == (
        "E_TIME_ORDER"
    )


def test_several_lie_beside_their_case(hall, talk):
    hall.bring_to("ACC")
    for n in (1, 2):
        data = {"complaint_id": f"K{n}", "source": "12345", "case_id": "C1"}
        hall.must("complaint.file", data=data, **DESK)
    hall.must("consult.ask", data={"consult_id": "K3", "topic": "t", "case_id": "C1"}, **DESK)
    hall.must("complaint.accept", data={"complaint_id": "K2", "due": "2020-06-03"},
              who="ro", post="rating_officer")  # fmt: skip
    talk.tick("06-04T00:00")

    assert hall.last("interaction/C1")["data"]["data"]["complaint_id"] == "K2"
    again = hall.say("complaint.accept", data={"complaint_id": "K1", "due": "2020-06-09"},
                     who="ro", post="rating_officer")  # fmt: skip
    assert again.status == "accepted"


def test_a_complaint_about_a_voided_case_is_refused(hall):
    hall.bring_to("VOI")
    data = {"complaint_id": "K1", "source": "12345", "case_id": "C1"}

    assert hall.say("complaint.file", data=data, **DESK).code == "E_REF"


FLAGS = [  # matter | finding | source class of the reply | flags
    ("refused", "confirmed", "interactive", ["R14"]),
    ("refused", "confirmed", "imported", ["R14"]),
    ("refused", "confirmed", "historical", None),
    ("refused", "partly", "interactive", None),
    ("refused", "unfounded", "interactive", None),
    ("delay", "confirmed", "interactive", None),
]


@pytest.mark.parametrize(("matter", "finding", "source", "flags"), FLAGS)
def test_a_confirmed_refusal_of_a_complete_file_is_flagged(talk, matter, finding, source, flags):
    talk.must("complaint.file", {"matter": matter})
    talk.must("complaint.accept")
    talk.must("complaint.reply", {"finding": finding}, source_class=source)

    assert talk.stamp.get("flags") == flags
    assert (talk.stamp["source"], talk.stamp["filed_centre"]) == ("window", "town")
    assert bool(cards(talk.hall, "Q1")) == bool(flags)


def cards(hall, key):
    return [(card.rule, card.level, card.about, card.dept, card.centre, card.status)
            for card in alerts.fold(hall.events(f"supervision/{key}")).values()]  # fmt: skip


def test_a_confirmed_refusal_is_a_red_card_of_the_department_complained_of(talk):
    for step in ("file", "accept", "reply"):
        talk.must(f"complaint.{step}")

    assert cards(talk.hall, "Q1") == [("R14", "red", "Q1", "民政", "town", "open")]
    assert talk.void(3).status == "accepted"
    assert cards(talk.hall, "Q1") == [("R14", "red", "Q1", "民政", "town", "cancelled")]


def test_a_refusal_that_is_confirmed_about_a_case_is_laid_to_where_it_was_refused(talk):
    hall = talk.hall
    hall.bring_to("NAC")
    for number in ("K1", "K2"):
        for step in ("file", "accept", "reply"):
            said, who = SAYS[f"complaint.{step}"]
            data = {**said, "complaint_id": number}
            if step == "file":
                del data["target_dept"]
                data["case_id"] = "C1"
            hall.must(f"complaint.{step}", data=data, **{**who, "centre": "key"})

    assert [card[2:] for card in cards(hall, "C1")] == [
        ("K1", "民政", "town", "open"), ("K2", "民政", "town", "open")
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------ clocks


def test_a_reply_that_is_not_given_by_its_due_is_told_once(talk):
    bring(talk, "ACC")
    talk.tick("06-05T23:59")
    assert talk.kinds[-1] == "complaint.accepted"
    talk.tick("06-06T00:00")
    talk.tick("06-07T00:00")
    talk.must("complaint.reply")

    assert talk.kinds[2:] == ["complaint.clock_breached", "complaint.replied"]
    assert talk.stamp["in_time"] is False


def test_an_extension_in_time_moves_the_due_and_a_late_one_heals_nothing(talk, new_hall):
    bring(talk, "ACC")
    talk.must("complaint.extend")
    talk.tick("06-09T23:59")
    assert talk.kinds[-1] == "complaint.extended"
    talk.must("complaint.reply")
    assert talk.stamp["in_time"] is True

    late = Tabled(new_hall(), "interaction")
    bring(late, "ACC")
    in_time = late.hall.now
    late.tick("06-06T09:00")
    late.must("complaint.extend", at=in_time, late_reason="paper")
    late.must("complaint.reply")
    assert late.stamp["in_time"] is False
    assert late.kinds.count("complaint.clock_breached") == 1


def test_a_late_reply_brings_its_breach_along_and_late_evidence_withdraws_it(talk, new_hall):
    bring(talk, "ACC")
    talk.hall.wait(days=6)
    talk.must("complaint.reply")
    assert talk.kinds[-2:] == ["complaint.replied", "complaint.clock_breached"]

    early = Tabled(new_hall(), "interaction")
    bring(early, "ACC")
    in_time = early.hall.now
    early.tick("06-06T09:00")
    early.must("complaint.reply", at=in_time, late_reason="paper")
    assert early.kinds[-3:] == ["complaint.replied", "interaction.event_voided",
                                "interaction.event_restamped"]  # fmt: skip


def test_what_is_withdrawn_or_history_is_not_due(talk, new_hall):
    bring(talk, "ACC")
    talk.must("complaint.close")
    talk.tick("07-30T09:00")
    assert "complaint.clock_breached" not in talk.kinds

    old = Tabled(new_hall(), "interaction")
    for command in ("complaint.file", "complaint.accept", "complaint.extend"):
        old.must(command, source_class="historical")
    old.tick("07-30T09:00")
    assert "complaint.clock_breached" not in old.kinds


def test_a_voided_extension_makes_a_reply_late_and_the_flag_stays(talk):
    bring(talk, "ACC")
    talk.must("complaint.extend")
    talk.hall.wait(days=6)
    talk.must("complaint.reply")
    assert talk.void(3).status == "accepted"
    restated = talk.hall.events(talk.name)[-2]["data"]["data"]["after"]["data"]["stamp"]

    assert talk.kinds[-1] == "complaint.clock_breached"
    assert (restated["in_time"], restated["flags"]) == (False, ["R14"])


def test_a_voided_complaint_takes_what_followed_along_and_its_breach_goes(talk):
    bring(talk, "ACC")
    talk.tick("06-06T09:00")
    receipt = talk.void(1)
    assert (receipt.code, receipt.legal) == ("E_DEPENDENT", ("interaction/Q1@2",))
    assert talk.void(3).code == "E_STATE"
    assert talk.void(1, 2).status == "accepted"

    assert talk.kinds[-2:] == ["interaction.event_voided", "interaction.event_restamped"]
    assert talk.say("complaint.file").status == "accepted"
