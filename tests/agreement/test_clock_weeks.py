"""Two roads over weeks of clocks: pauses, extensions, transfers, 容缺, voids, amendments."""

import random
from datetime import timedelta

import pytest

from analytics.assessment.second_road import second_road
from analytics.lake.archiver import archive
from analytics.lake.catalog import Lake
from analytics.lake.rebuild import rebuild
from tests.agreement.test_two_roads import events_of, folded, random_cuts

CASES = 14
"""Cases that are told of at a time; each day the oldest give way to new ones."""

DAYS = 30
ITEMS = {
    "slow": {
        "promised": {"n": 3, "unit": "workday"},
        "statutory": {"n": 6, "unit": "workday"},
        "reported_to": "province",
    },
    "natural": {"promised": {"n": 4, "unit": "day"}, "statutory": {"n": 9, "unit": "day"}},
    "hours": {"promised": {"n": 5, "unit": "hour"}, "statutory": {"n": 1, "unit": "workday"}},
    "joint": {
        "project_type": "joint",
        "promised": {"n": 5, "unit": "workday"},
        "reported_to": "nation",
    },
    "quick": {"project_type": "instant", "promised": {"n": 0, "unit": "workday"}},
    "free": {"statutory": {"n": 4, "unit": "workday"}},
}
USUAL = ("submit", "accept", "transfer", "receive_transfer", "decide", "conclude", "issue",
         "deliver")  # fmt: skip
CODES = {
    "accepted", "concluded", "elapsed_days", "promised_early", "promised_met", "promised_broken",
    "statutory_met", "statutory_broken", "overdue_promised", "overdue_statutory", "quick",
    "instant_met", "instant_broken", "visits_once", "told_once", "noticed", "not_accepted",
    "submitted_online", "delivered_in_time", "delivery_broken", "signed_in_time",
    "signing_broken", "signing_refused", "deficiency_met", "deficiency_failed",
    "deficiency_broken", "case_events", "late_entries", "joint_accepted", "remote_accepted",
    "exchanged_in_time", "exchange_broken",
}  # fmt: skip


class Weeks:
    """What happens to a few cases, most of it in order, some of it late or taken back."""

    def __init__(self, city, seed):
        self.city, self.chance = city, random.Random(seed)
        self.done, self.stage, self.told = {}, {}, {}
        self.number, self.oldest = 0, 0

    async def furnish(self):
        for item, more in ITEMS.items():
            data = {"name": item, "dept": "住建", "project_type": "promised", **more}
            await self.city.must("item.register", item, data, source_class="system")

    async def usual(self):
        """Cases that go their way in time, so that every class is in the weeks."""
        owed = {"materials": ["a"], "commitment_doc": "C",
                "due_at": (self.city.clock.now + timedelta(hours=9)).isoformat()}  # fmt: skip
        sure = {
            "S1": ["submit quick", "collect_remote", "accept", "decide", "conclude"],
            "S2": ["submit slow", "notice_supplement", "supplement", "accept", "transfer",
                   "refuse_transfer", "commit_deficiency", "fill_deficiency", "decide",
                   "conclude", "exchange"],
            "S3": ["submit slow", "accept", "commit_deficiency", "fail_deficiency"],
            "S4": ["submit slow", "accept", "commit_deficiency"],
        }  # fmt: skip
        says = {
            "notice_supplement": {"notice_no": "B", "missing": ["m"]},
            "supplement": {"materials": ["m"], "complete": True},
            "collect_remote": {"handling_region": "r"}, "commit_deficiency": owed,
            "transfer": {"transfer_id": "t", "kind": "dispatch", "to_dept": "民政"},
            "refuse_transfer": {"transfer_id": "t", "reason_code": "not_ours"},
            "fill_deficiency": {"materials": ["a"]}, "fail_deficiency": {"materials": ["a"]},
            "decide": {"outcome": "approved", "doc_no": "D"}, "conclude": {"result_code": 0},
            "exchange": {"target": "province", "batch": "b", "ok": True},
        }  # fmt: skip
        for case, course in sure.items():
            for step in course:
                kind, _, item = step.partition(" ")
                data = {"case_no": case, "item": item} if item else says.get(kind, {})
                await self.city.must(f"case.{kind}", case, data, source_class="imported",
                                     channel="window")  # fmt: skip

    def data_of(self, kind):
        """Give what such a fact may say."""
        r, n = self.chance, self.number
        later = self.city.clock.now + timedelta(days=r.randint(0, 3), hours=r.randint(1, 9))
        limits = {"promised": {"n": r.randint(0, 4), "unit": r.choice(("workday", "day"))}}
        return {
            "submit": {"case_no": f"N{n}", "item": r.choice(tuple(ITEMS))},
            "notice_supplement": {"notice_no": f"B{n}", "missing": ["m"]},
            "supplement": {"materials": ["m"], "complete": r.random() < 0.7},
            "accept": limits if r.random() < 0.3 else {},
            "refuse_acceptance": {"reason_code": "not_required"},
            "collect_remote": {"handling_region": "r"},
            "visit": {"hall": f"libao.{later:%Y-%m-%d}", "ticket_id": f"k{n}"},
            "transfer": {"transfer_id": f"t{n}", "kind": "dispatch",
                         **r.choice(({"to_dept": "住建", "to_centre": "haian"},
                                     {"to_dept": "民政"}, {"to_dept": "税务"}))},
            "start_special": {"sp_no": f"s{n}", "kind": "hearing", "days_told": 2,
                              "legal_basis": "§45", "notice_doc": "T",
                              "excluded": r.random() < 0.7},
            "suspend_clock": {"reason_code": "pay", "approver": "boss",
                              **({"legal_basis": "§1"} if r.random() < 0.3 else {})},
            "grant_extension": {"days": r.randint(1, 8), "approver": "boss", "reason_code": "x"},
            "commit_deficiency": {"materials": ["a", "b"], "due_at": later.isoformat(),
                                  "commitment_doc": "C"},
            "fill_deficiency": {"materials": r.choice((["a"], ["b"], ["a", "b"]))},
            "fail_deficiency": {"materials": ["a"]},
            "decide": {"outcome": r.choice(("approved", "approved", "partly", "rejected")),
                       "doc_no": "D"},
            "conclude": {"result_code": r.choice((0, 0, 0, 1, 2, 3, 4, 5, 6))},
            "issue": {"doc_kind": "licence", "doc_name": "证"},
            "deliver": {"method": r.choice(("window", "locker", "courier", "electronic"))},
            "exchange": {"target": r.choice(("province", "province", "nation")), "batch": f"b{n}",
                         "ok": r.random() < 0.8},
            "terminate": {"reason": "applicant_lost", "doc_no": "E"},
        }.get(kind, {})  # fmt: skip

    async def step(self):
        r = self.chance
        self.number += 1
        case = f"C{self.oldest + r.randrange(CASES)}"
        beside = ("notice_supplement", "notice_supplement", "supplement", "supplement",
                  "refuse_acceptance", "collect_remote",
                  "start_special", "end_special", "start_special", "end_special",
                  "suspend_clock", "resume_clock", "grant_extension", "commit_deficiency",
                  "fill_deficiency", "fill_deficiency", "fail_deficiency", "refuse_transfer",
                  "withdraw", "terminate", "visit", "visit", *["exchange"] * 9, *USUAL)  # fmt: skip
        usual = USUAL[self.stage.get(case, 0) % len(USUAL)]
        kind = usual if r.random() < 0.6 else r.choice(beside)
        data = self.data_of(kind)
        if kind in {"receive_transfer", "refuse_transfer", "end_special"}:
            last = self.told.get((case, "transfer_id" if "transfer" in kind else "sp_no"))
            data = {"transfer_id" if "transfer" in kind else "sp_no": last or "none"}
        more = {}
        if r.random() < 0.2:
            more = {"at": self.city.clock.now - timedelta(hours=r.randint(1, 120)),
                    "late_reason": "网断"}  # fmt: skip
        if r.random() < 0.9:
            centre = r.choice(("libao", "qutang"))
            more |= {"centre": centre, "window": f"{centre}-{r.randint(1, 3)}"}
        channel = r.choice(("window", "window", "web", "mobile"))
        receipt = await self.city.say(f"case.{kind}", case, data, source_class="imported",
                                      channel=channel, **more)  # fmt: skip
        if receipt.status == "accepted":
            self.done[receipt.events[0]] = (case, kind, data)
            self.told |= {(case, name): data[name] for name in ("transfer_id", "sp_no")
                          if name in data}  # fmt: skip
            self.stage[case] = self.stage.get(case, 0) + (kind == usual)

    async def take_back(self):
        target = self.chance.choice(tuple(self.done))
        case = self.done[target][0]
        receipt = await self.city.void(case, target)
        if receipt.code == "E_DEPENDENT":
            receipt = await self.city.void(case, target, receipt.legal)
        if receipt.status == "accepted" and self.done[target][1] in USUAL:
            self.stage[case] = USUAL.index(self.done[target][1])

    async def amend(self):
        """Change what a fact said, or when it happened, whatever that may be worth."""
        r = self.chance
        target = r.choice(tuple(self.done))
        case, kind, data = self.done[target]
        other = self.data_of(kind)
        changes = {name: {"old": data.get(name), "new": other.get(name)}
                   for name in (*data, *other)
                   if name not in {"case_no", "transfer_id", "sp_no"}
                   and data.get(name) != other.get(name)}  # fmt: skip
        if not changes:
            return
        receipt = await self.city.say(
            "case.amend_event", case,
            {"target": target, "changes": changes, "reason_code": "typing_error",
             "evidence": "D", "requested_by": "fixer", "approved_by": "checker"},
            staff="fixer", post="corrector",
        )  # fmt: skip
        if receipt.status == "accepted":
            self.done[target] = (case, kind, {**data, **other})

    async def live(self):
        for day in range(DAYS):
            for _ in range(self.chance.randint(15, 35)):
                self.city.clock.now += timedelta(minutes=self.chance.randint(1, 25))
                await self.step()
                if self.done and self.chance.random() < 0.03:
                    await self.take_back()
                if self.done and self.chance.random() < 0.05:
                    await self.amend()
                if self.chance.random() < 0.05:
                    await self.city.tick()
            self.oldest += 2
            tomorrow = self.city.clock.now + timedelta(days=1)
            self.city.clock.now = tomorrow.replace(hour=8, minute=self.chance.randint(0, 59))
            if self.chance.random() < 0.8:
                await self.city.tick()
            if day == DAYS // 3:
                await self.city.calendar(2021, ["2021-01-01", "2021-01-12"], ["2021-01-16"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_weeks_of_clocks_agree_at_random_cuts(city, tmp_path, seed):
    weeks = Weeks(city, seed)
    await weeks.furnish()
    await weeks.usual()
    await weeks.live()
    lake = Lake(str(tmp_path / "lake"))
    await archive(city.log, lake)
    events = await events_of(city.log)
    end = await city.log.end()

    for cut in random_cuts(lake, end, 6, seed):
        live = folded(events, cut)
        assert rebuild(lake, cut) == live, cut
        assert second_road(lake, cut) == live, cut
    missing = CODES - {cell.partition("|")[0] for cell in folded(events, end)}
    assert not missing, missing
