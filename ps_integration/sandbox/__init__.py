"""A sandbox of vendor servers: real HTTP, real paging, durable state, switchable faults.

Start one by hand::

    from pathlib import Path
    from ps_integration.sandbox.server import SandboxServer
    from ps_integration.sandbox.state import SandboxState

    state = SandboxState(Path("data/sandbox.sqlite"))
    state.register_system("harvest_uk", "harvest", {"account_id": "1", "tokens": ["secret"]})
    state.put("harvest_uk", "clients", "7", {"id": 7, "name": "Acme", ...}, at=state.clock())
    with SandboxServer(state, port=8765) as server:
        print(server.url("harvest_uk"))     # http://127.0.0.1:8765/harvest_uk
        input("Enter stops it")

Documents are kept in the vendor's own JSON shape; what the vendor computes (envelopes, links,
update instants) the server computes. Faults are switched on with `faults.add_fault`, or over HTTP::

    curl -X POST localhost:8765/_sandbox/faults -d '{"kind": "status_503", "system": "harvest_uk",
         "path_pattern": "/v2/time_entries*", "times": 2}'
    curl -X DELETE localhost:8765/_sandbox/faults
    curl -X POST localhost:8765/_sandbox/clock -d '{"now": "2026-03-31T22:00:00+00:00"}'
    curl localhost:8765/_sandbox/requests

Add a vendor server: write `vendors/<vendor>.py` (or a package) that defines
`VENDOR = Vendor(handle=..., refuse=..., defaults=...)` as `vendors/__init__.py` describes. The
name of the module is the name of the vendor; nothing else is touched. Be as strict as the vendor:
refuse unknown parameters and fields, missing headers and pages over the limit as it does.
"""
