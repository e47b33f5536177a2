"""The demonstration firm: a made-up consulting group, generated the same way every time.

`documents.documents(day)` is everything its systems hold at the end of a day, in the vendors' own
JSON; `events.changes(before, day)` is what happened in between, as one scripted event.
"""
