"""A live Tryton on this machine: a complete ERP as a separate process, filled over its own API.

Needs the extra `tryton`. By hand::

    from pathlib import Path
    from ps_integration.sandbox.servers.tryton.books import sample_books
    from ps_integration.sandbox.servers.tryton.server import serve

    with serve(Path("data/tryton"), sample_books()) as server:
        print(server.url, server.database)     # user "admin", password server.PASSWORD
        input("Enter stops it")

An empty database is made once and kept; filling one with books takes a few seconds.
"""
