"""Packs a firm's folder that an older release left behind, as a store to upgrade in tests.

`python -m ps_integration_tests.upgrades FOLDER SCHEMA NAME`, with the release's own `schema.sql`.
"""

import sys
from pathlib import Path

from ps_integration_tests.upgrades.packed import pack

if __name__ == "__main__":
    folder, schema, name = sys.argv[1:]
    sys.stdout.write(f"{pack(Path(folder), Path(schema), name)}\n")
