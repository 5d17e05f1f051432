"""Who acts (应由谁处理): whose move a trouble is now, as a wall says it.

Pure. A post or a department, and of a window the number of who sits at it; the ledger knows no
names, and a wall needs none.
"""

from processors.views.picture import Picture

FRONT, MANAGER, CITY_OFFICE = "中心前台窗口", "中心值班主任", "市政务办"
OFFICES = ("局", "委", "办", "部", "部门", "中心", "公司", "大队", "支队", "所", "站", "科", "联")
"""What a name ends with that is read as an office; 自然资源 alone is read as a field."""
NUMBER_CHARS_MAX = 8
"""Of a staff number on a wall; of a longer one the end."""


def office(dept: str, picture: Picture) -> str:
    """Give a department as who acts: by its id where that is Chinese, else by its name."""
    if not dept:
        return FRONT
    name = dept
    if dept.isascii():
        name = str(picture.latest.get(f"dept.registered/{dept}", {}).get("name", dept))
    return name if name.endswith(OFFICES) else f"{name}部门"


def seated(centre: str, window: str, picture: Picture) -> str:
    """Give the number of who sits at a window now; "" = nobody does, or nobody knows."""
    sums, place = picture.sums, f"{picture.now[:10]}|{centre}|{window}"
    if all(sums.get(f"{code}|{place}", 0) <= 0 for code in ("windows_open", "windows_paused")):
        return ""
    staff = str(picture.latest.get(f"window.opened/{window}", {}).get("staff_id", ""))
    number = staff.removeprefix(f"{centre}-")
    return number if len(number) <= NUMBER_CHARS_MAX else f"…{number[1 - NUMBER_CHARS_MAX :]}"


def at_window(centre: str, window: str, picture: Picture) -> str:
    """Give who acts for a window: who sits there, else who runs the hall."""
    number = seated(centre, window, picture)
    return f"在窗工号 {number}" if number else MANAGER
