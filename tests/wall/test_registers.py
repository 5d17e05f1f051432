"""What a wall says of the registers: what is wrong now, where, since when, who has to act."""

from processors.wall import sheet
from processors.wall.local import Scope, local_sheet
from processors.wall.registers import DUE_COLUMNS, TROUBLE_COLUMNS, TROUBLES_MAX

TODAY = "2020-06-01"


def rows(made, table):
    names = {"due": DUE_COLUMNS, "trouble": TROUBLE_COLUMNS}[table]
    return [dict(zip(names, (key, *row), strict=True)) for key, row in made.tables[table].items()]


def told(made):
    return [tuple(row[name] for name in ("level", "centre", "what", "n", "since", "holder"))
            for row in rows(made, "trouble")]  # fmt: skip


def put(city, code, day, centre, holder, n=1):
    key = f"{code}|{day}|{centre}|{holder}"
    city.sums[key] = city.sums.get(key, 0) + n
    city.position += 1
    return city


def added_up(city):
    return sheet.Clerk().sheet(city.picture())


def test_late_cases_say_where_since_when_and_who_holds_them_the_worst_first(city):
    put(city, "late_promised", "2020-05-20", "sanxing", "民政", 3)
    put(city, "late_promised", "2020-05-28", "sanxing", "民政", 1)
    put(city, "late_statutory", "2020-05-29", "haiyong", "", 2)
    made = added_up(city)

    assert told(made) == [
        (2, "haiyong", "法定超期", 2, "2020-05-29", "中心前台窗口"),
        (1, "sanxing", "承诺超期", 4, "2020-05-20", "民政部门"),
    ]
    assert [row["town"] for row in rows(made, "trouble")] == ["haiyong", "sanxing"]


def test_what_is_due_is_counted_by_day_and_department(city):
    for day, n in (("2020-05-31", 9), (TODAY, 2), ("2020-06-02", 5), ("2020-06-03", 7)):
        put(city, "due_open", day, "sanxing", "住建", n)
    put(city, "late_promised", "2020-05-30", "sanxing", "住建", 4)
    made = added_up(city)

    assert rows(made, "due") == [
        {"key": "住建", "today": 2, "tomorrow": 5, "promised": 4, "statutory": 0,
         "since": "2020-05-30"}
    ]  # fmt: skip


def test_a_negative_is_trouble_once_its_due_has_passed(city):
    put(city, "neg_open", TODAY, "sanxing", "verify")
    put(city, "neg_open", "2020-05-29", "sanxing", "callback", 2)
    put(city, "neg_open", "2020-05-01", "haiyong", "appeal")
    made = added_up(city)

    assert told(made) == [
        (2, "haiyong", "差评申诉待裁定逾期", 1, "2020-05-01", "市政务办"),
        (1, "sanxing", "差评待回访逾期", 2, "2020-05-29", "回访专员"),
    ]


def test_what_has_ended_is_no_trouble(city):
    put(city, "late_promised", "2020-05-20", "sanxing", "民政", 1)
    put(city, "late_promised", "2020-05-20", "sanxing", "民政", -1)
    made = added_up(city)

    assert (told(made), rows(made, "due")) == ([], [])


def queue(city, minutes, open_=1):
    city.now = f"{TODAY}T10:00:00+08:00"
    at = 600 - minutes
    put(city, "waiting_from", TODAY, "sanxing", f"{at // 60:02}:{at % 60:02}", 4)
    put(city, "waiting", "", "sanxing", "", 4)
    if open_:
        put(city, "windows_open", TODAY, "sanxing", "sanxing-01", open_)
    return added_up(city)


def test_a_long_queue_is_trouble_and_a_queue_before_closed_windows_is_worse(city):
    assert told(queue(city, 30)) == []
    assert told(queue(city, 31)) == [(1, "sanxing", "排队过久", 8, "09:29", "中心值班主任")]
    assert told(queue(city, 61))[0][:3] == (2, "sanxing", "排队过久")


def test_people_who_wait_while_no_window_is_open_are_told_at_once(city):
    found = told(queue(city, 3, open_=0))

    assert found == [(2, "sanxing", "无窗开放，等候", 4, "09:57", "中心值班主任")]


def test_alerts_come_into_the_same_rows_those_of_one_holder_as_one(city):
    card = {"rule_id": "R12", "name": "反复转办", "centre": "haiyong", "dept": "住建"}
    city.latest["alert/1"] = {**card, "level": "yellow", "since": "2020-05-30T10:00:00+08:00"}
    city.latest["alert/2"] = {**card, "level": "red", "since": "2020-05-31T10:00:00+08:00"}
    city.latest["alert/3"] = {**card, "level": "remind", "since": "2020-05-01T10:00:00+08:00"}
    city.latest["alert/4"] = {**card, "level": "red", "since": "2020-05-01T10:00:00+08:00",
                              "rule_id": "R02", "name": "超期"}  # fmt: skip
    found = told(added_up(city))

    assert found == [(2, "haiyong", "反复转办", 2, "2020-05-30T10:00:00+08:00", "住建部门")]


def test_an_alert_of_a_window_names_it_and_who_sits_there_while_somebody_does(city):
    card = {"rule_id": "R25", "name": "差评集中", "level": "yellow", "centre": "haiyong",
            "window": "haiyong-01", "since": "2020-05-30T10:00:00+08:00"}  # fmt: skip
    city.latest["alert/1"] = card
    city.latest["window.opened/haiyong-01"] = {"staff_id": "haiyong-1043"}
    closed = told(added_up(city))
    put(city, "windows_open", TODAY, "haiyong", "haiyong-01")
    opened = told(added_up(city))

    assert [(row[2], row[5]) for row in (*closed, *opened)] == [
        ("01 号窗差评集中", "中心值班主任"), ("01 号窗差评集中", "在窗工号 1043"),
    ]  # fmt: skip


def test_who_acts_is_a_post_or_a_department_in_chinese(city):
    """A code is no name for who stands before the wall; what is of no centre is the city's."""
    city.latest["dept.registered/D07"] = {"name": "医疗保障局"}
    put(city, "late_statutory", "2020-05-20", "sanxing", "D07")
    put(city, "late_statutory", "2020-05-21", "sanxing", "D08")
    put(city, "late_statutory", "2020-05-22", "sanxing", "卫健委")
    city.latest["alert/1"] = {"rule_id": "R32", "name": "链校验失败", "level": "red",
                              "since": "2020-05-30T10:00:00+08:00"}  # fmt: skip
    made = added_up(city)

    assert [row[5] for row in told(made)] == ["医疗保障局", "D08部门", "卫健委", "市政务办"]


def test_a_local_wall_knows_who_sits_at_its_windows_now(city):
    city.latest["window.opened/sanxing-01"] = {"staff_id": "a-long-staff-number"}
    seen = []
    for code in ("windows_closed", "windows_paused"):
        put(city, code, TODAY, "sanxing", "sanxing-01")
        clerk = sheet.Clerk()
        picture = city.picture()
        whole = clerk.sheet(picture)
        centre = local_sheet(Scope("centre", "sanxing"), whole, picture, clerk.cells)
        at = centre.columns["window"].index("staff") - 1
        seen.append(centre.tables["window"]["sanxing-01"][at])

    assert seen == ["", "…-number"]


def test_what_is_wrong_for_months_is_no_trouble_of_now(city):
    """A hall that is too small would colour its tile until it is rebuilt."""
    card = {"name": "x", "level": "yellow", "centre": "haiyong", "since": "2020-05-30T10:00:00"}
    for n, rule in enumerate(("R06", "R21", "R27", "R20")):
        city.latest[f"alert/{n}"] = {**card, "rule_id": rule}
    made = added_up(city)
    cards = made.columns["town"].index("cards") - 1

    assert [row[3] for row in told(made)] == [1]
    assert made.tables["town"]["haiyong"][cards] == 1


def test_a_town_says_in_which_hour_the_first_wrong_window_was(city):
    for now in ("2020-06-01T09:10:00+08:00", "2020-06-01T08:10:00+08:00"):
        city.count("wrong_window", 3, centre="sanxing-v1", window="w", now=now)
    town = added_up(city)
    columns = town.columns["town"]
    row = town.tables["town"]["sanxing"]

    assert [row[columns.index(name) - 1] for name in ("neg_from", "wrong_from")] == [0, 9]


def test_an_alert_about_what_a_register_tells_is_not_told_again(city):
    put(city, "neg_open", "2020-05-25", "sanxing", "rectify", 1)
    card = {"rule_id": "R24", "name": "差评未处置", "level": "yellow", "dept": "住建",
            "since": "2020-05-25T23:59:59.999+08:00"}  # fmt: skip
    city.latest["alert/1"] = {**card, "centre": "sanxing"}
    city.latest["alert/2"] = {**card, "centre": "haiyong"}
    found = told(added_up(city))

    assert sorted(row[1:3] for row in found) == [
        ("haiyong", "差评未处置"),
        ("sanxing", "差评待整改逾期"),
    ]


def test_a_local_wall_has_its_own_troubles_and_dues_and_the_level_of_the_worst(city):
    put(city, "late_statutory", "2020-05-29", "haiyong", "民政", 2)
    put(city, "late_promised", "2020-05-20", "sanxing-v1", "", 3)
    clerk = sheet.Clerk()
    picture = city.picture()
    whole = clerk.sheet(picture)
    town = local_sheet(Scope("town", "sanxing"), whole, picture, clerk.cells)

    assert [row[2] for row in told(town)] == ["承诺超期"]
    assert [row["promised"] for row in rows(town, "due")] == [3]
    level = sheet.COLUMNS["town"].index("level") - 1
    assert [whole.tables["town"][key][level] for key in ("sanxing", "haiyong")] == [1, 2]


def test_a_local_wall_has_what_is_too_much_for_the_table_of_the_city(city):
    for n in range(TROUBLES_MAX):
        put(city, "late_statutory", "2020-05-29", "haiyong", f"科{n:02}")
    put(city, "late_promised", "2020-05-20", "sanxing", "民政", 3)
    clerk = sheet.Clerk()
    picture = city.picture()
    whole = clerk.sheet(picture)
    centre = local_sheet(Scope("centre", "sanxing"), whole, picture, clerk.cells)

    assert len(told(whole)) == TROUBLES_MAX
    assert [row[2] for row in told(centre)] == ["承诺超期"]
    level = sheet.COLUMNS["town"].index("level") - 1
    assert whole.tables["town"]["sanxing"][level] == 1


def test_the_registers_of_a_new_day_are_those_of_the_day_before(city):
    put(city, "late_promised", "2020-05-20", "sanxing", "民政", 3)
    clerk = sheet.Clerk()
    before = clerk.sheet(city.picture())
    city.tick(now="2020-06-02T00:00:01+08:00")
    after = clerk.sheet(city.picture())

    assert told(before) == told(after) != []
