"""Faults of the reads of a night."""

from datetime import timedelta

from ps_integration_tests.quality.clean import STREAMS
from ps_integration_tests.quality.firm import AS_OF
from ps_integration_tests.quality.planter import Planter


def reads(planter: Planter) -> None:
    """IN02, IN03 and IN04, in every system."""
    world, rng = planter.world, planter.world.rng
    streams = [(system, stream) for system, names in STREAMS.items() for stream in names]
    rng.shuffle(streams)
    late = streams[:5]
    known: dict[str, set[str]] = {system: {s for t, s in late if t == system} for system, _ in late}
    for system, stream in late:
        planter.begin()
        # where every stream of a system is stale, the system is
        is_all = known[system] == set(STREAMS[system])
        for row in world.rows("raw.reads", system=system, stream=stream):
            row["started_at"] -= timedelta(days=3)
            row["finished_at"] -= timedelta(days=3)
            row["run_id"] = f"old-{row['run_id']}"
        planter.label("IN02", f"{system}|{'*' if is_all else stream}", "sync_failed", system)
    for system, stream in streams[5:13]:
        planter.begin()
        tonight = world["raw.reads"][system, stream, 0]
        is_less = rng.random() < 0.5
        tonight["records_read"] = rng.randint(0, 300) if is_less else rng.randint(5000, 9000)
        key = f"{system}|{stream}|{'fewer' if is_less else 'more'}"
        planter.label("IN04", key, "unknown", system)
    for turn, (system, stream) in enumerate(streams[13:25]):
        planter.begin()
        name = world["raw.shapes"][system, stream, "$.name", "string"]
        if turn % 3 == 0:
            name["last_seen_at"] = AS_OF - timedelta(days=1)
            change, path = "missing", "$.name"
        else:
            change, path = ("new", "$.extra") if turn % 3 == 1 else ("retyped", "$.name")
            kind = "string" if change == "new" else "integer"
            world["raw.shapes"][system, stream, path, kind] = name | {
                "path": path, "json_type": kind, "first_seen_at": AS_OF - timedelta(hours=1),
            }  # fmt: skip
            if change == "retyped":
                name["last_seen_at"] = AS_OF - timedelta(days=1)
        planter.label("IN03", f"{system}|{stream}|{change}|{path}", "unknown", system)


def calls(planter: Planter) -> None:
    """IN05; the account calls within a day more or less than four fifths of what it may."""
    rng = planter.world.rng
    for system, allowed in (("harvest", 9000), ("clockify", 7000), ("psa", 5000), ("bc", 8000)):
        planter.begin()
        is_near = rng.random() < 0.6
        total = rng.randint(allowed * 4 // 5 + 1, allowed) if is_near else allowed * 4 // 5
        first = rng.randrange(total)
        for hours, count in ((0, first), (12, total - first), (24, allowed)):
            planter.world["raw.calls"][system, hours] = {
                "run_id": f"{hours} hours ago", "system": system, "calls": count,
                "noted_at": AS_OF - timedelta(hours=hours),
            }  # fmt: skip
        if is_near:
            planter.label("IN05", f"{system}|86400", "unknown", system)


READ_PLANTS = (reads, calls)
