"""Checks an evidence pack offline: `python verify.py PACK.zip [PUBLIC-KEY]`.

Needs Python 3.10 or newer and nothing else; it is in every pack, and of no use to its maker's
program. Ask the firm for its public key by another way than the pack, and give it as the second
argument. Every check prints one line. The exit code is 0 when all hold.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from typing import Any

P = 2**255 - 19  # Ed25519 as in RFC 8032, section 5.1
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
AMOUNT_OF_DOCUMENT, AMOUNT_OF_LINE = 10, 14  # places in documents/*.jsonl
Point = tuple[int, int, int, int]
Pack = dict[str, bytes]
Json = dict[str, Any]


def add(a: Point, b: Point) -> Point:
    """Sum of two points in extended coordinates."""
    low, high = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    c, d = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = high - low, d - c, d + c, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n: int, point: Point) -> Point:
    """A point, n times."""
    total = (0, 1, 1, 0)
    while n:
        total = add(total, point) if n & 1 else total
        point, n = add(point, point), n >> 1
    return total


def point_of(data: bytes) -> Point:
    """The point that 32 bytes stand for."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


def signed(public_key: str, signature: str, message: bytes) -> bool:
    """Whether the holder of the public key signed the message."""
    key, mark = bytes.fromhex(public_key), bytes.fromhex(signature)
    s = int.from_bytes(mark[32:], "little")
    if len(key) != 32 or len(mark) != 64 or s >= Q:  # noqa: PLR2004 - lengths of RFC 8032
        return False
    base = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    h = int.from_bytes(hashlib.sha512(mark[:32] + key + message).digest(), "little") % Q
    left, right = times(s, base), add(point_of(mark[:32]), times(h, point_of(key)))
    return not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))


def sha(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def files(pack: Pack, manifest: Json, told_key: str) -> list[str]:
    """The manifest is signed, and names every other file with its hash."""
    own = manifest["public_keys"][0]
    bad = [] if told_key in ("", own) else ["the pack is signed by another key than the one given"]
    if not signed(own, pack["manifest.sig"].decode(), pack["manifest.json"]):
        bad.append("manifest.json is not what was signed")
    found = {name: sha(data) for name, data in pack.items() if not name.startswith("manifest.")}
    names = sorted({*found, *manifest["files"]})
    return bad + [f"{n} was changed" for n in names if found.get(n) != manifest["files"].get(n)]


def chain(pack: Pack, manifest: Json) -> list[str]:
    """Each trail row follows the one before it, up to the head, and passes every anchor."""
    bad: list[str] = []
    hashes: dict[int, str] = {}
    first, last = manifest["trail"]["from"], manifest["trail"]["previous"]
    seq = first - 1
    for text in pack["trail.txt"].decode().splitlines():
        number, stored, body = text.split(" ", 2)
        own = body[1:] if body.startswith("=") else sha(body.encode())
        if int(number) != seq + 1:
            bad.append(f"trail row {seq + 1} is missing")
        elif sha(bytes.fromhex(last) + bytes.fromhex(own)) != stored:
            bad.append(f"trail row {number} was edited, or does not follow the row before it")
        seq, last = int(number), stored
        hashes[seq] = stored
    for text in pack["anchors.jsonl"].decode().splitlines():
        anchor = json.loads(text)
        mark, key = anchor.pop("signature"), anchor["public_key"]
        is_ours = key in manifest["public_keys"]
        if not (is_ours and signed(key, mark, json.dumps(anchor, sort_keys=True).encode())):
            bad.append(f"the anchor of row {anchor['seq']} is not signed by the firm")
        elif anchor["seq"] >= first and hashes.get(anchor["seq"]) != anchor["sha256"]:
            bad.append(f"trail row {anchor['seq']} is not the anchored one: cut or anew")
    return bad


def rows(pack: Pack, manifest: Json, batches: Json) -> list[str]:
    """The trail knows every row in the pack, and the pack has every row the trail knows."""
    texts = pack["rows.jsonl"].decode().splitlines()
    shown = {sha(text.encode()): f"a row of {json.loads(text)[0]}" for text in texts}
    shown.update((sha(pack[n]), n) for n in pack if n.startswith("documents/"))
    about = {*batches, *(ref for batch in batches.values() for ref in batch["proofs"])}
    about.add(manifest["scope"]["group"])
    newest = {}  # a row that was written again is known by its last hash
    for text in pack["trail.txt"].decode().splitlines():
        body = text.split(" ", 2)[2]
        if body.startswith("["):
            for table, identity, own, *of in json.loads(body)[-1].get("rows", []):
                if about.intersection(of):
                    newest[f"{table} {'/'.join(map(str, identity))}"] = own
    known = {own: row for row, own in newest.items()}
    bad = [] if len(set(texts)) == len(texts) else ["a row is in the pack twice"]
    bad += [f"{shown[own]} is not one that the trail knows" for own in shown if own not in known]
    return bad + [f"{known[own]} is missing or edited" for own in known if own not in shown]


def climbs(leaf: str, path: list[list[str]], root: str) -> bool:
    """Whether a Merkle proof leads from a leaf to the root."""
    node = hashlib.sha256(b"\0" + bytes.fromhex(leaf)).digest()
    for side, other in path:
        pair = (bytes.fromhex(other), node) if side == "left" else (node, bytes.fromhex(other))
        node = hashlib.sha256(b"\1" + pair[0] + pair[1]).digest()
    return node.hex() == root


def approvals(pack: Pack, manifest: Json, batches: Json) -> list[str]:
    """What was sent is under the root that somebody else than its makers, or policy, signed."""
    tables: dict[str, list[Json]] = {}
    for text in pack["rows.jsonl"].decode().splitlines():
        table, *values = json.loads(text)
        row = dict(zip(manifest["columns"][table], values, strict=True))
        tables.setdefault(table, []).append(row)
    signs = [row for row in tables.get("approvals", []) if row["decision"] == "approved"]
    makers = {(row["batch_id"], row["maker"]) for row in tables.get("batch_makers", [])}
    doubtful = [sign for sign in signs if (sign["batch_id"], sign["decided_by"]) in makers]
    bad = [f"{sign['batch_id']}: its maker signed it" for sign in doubtful]
    sent = {row["document_ref"] for row in tables.get("ledger", []) if row["to_state"] == "sending"}
    for name, batch in sorted(batches.items()):
        if any((sign["batch_id"], sign["merkle_root"]) == (name, batch["root"]) for sign in signs):
            bad += sealed(pack, name, batch)
        else:
            bad += [f"{ref} was sent unsigned" for ref in batch["proofs"] if ref in sent]
    return bad


def sealed(pack: Pack, name: str, batch: Json) -> list[str]:
    """Header and documents lead to the signed root; lines add up to documents and batch."""
    bad: list[str] = []
    header, total, lines = sha(batch["header"].encode()), 0, 0
    for ref, proof in batch["proofs"].items():
        own = pack[f"documents/{ref}.jsonl"]
        ends = ((header, proof["header"]), (sha(own), proof["document"]))
        if not all(climbs(leaf, path, batch["root"]) for leaf, path in ends):
            bad.append(f"{ref}: the document or the header of {name} is not what was signed")
        first, *rest = map(json.loads, own.decode().splitlines())
        if sum(line[AMOUNT_OF_LINE] for line in rest) != first[AMOUNT_OF_DOCUMENT]:
            bad.append(f"{ref}: its lines do not add up to it")
        total, lines = total + first[AMOUNT_OF_DOCUMENT], lines + len(rest)
    if json.loads(batch["header"])[-3:] != [len(batch["proofs"]), lines, total]:
        bad.append(f"{name}: its totals are not those of its documents and lines")
    return bad


def sources(pack: Pack) -> list[str]:
    """Each billed entry version is in the pack, with the payload it was read from."""
    bad: list[str] = []
    kept = set()
    for text in pack["raw.jsonl"].decode().splitlines():
        row = json.loads(text)
        kept.add(row["raw_seq"])
        if row["payload"] is not None and sha(row["payload"].encode()) != row["payload_sha256"]:
            bad.append(f"raw record {row['raw_seq']} was edited")
    versions = map(json.loads, pack["versions.jsonl"].decode().splitlines())
    known = {(v["entry_id"], v["version_sha256"]) for v in versions if v["raw_seq"] in kept}
    for name in sorted(pack):
        if name.startswith("documents/"):
            lines = [json.loads(text) for text in pack[name].decode().splitlines()[1:]]
            hours = [line for line in lines if line[2] == "time_entry"]
            strange = [line[0] for line in hours if (line[3], line[6]) not in known]
            bad += [f"{name} line {one}: its entry version is not in the pack" for one in strange]
    return bad


def main(path: str, told_key: str = "") -> int:
    """Check a pack; 0 when everything holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            pack = {name: archive.read(name) for name in archive.namelist()}
        manifest, batches = json.loads(pack["manifest.json"]), json.loads(pack["batches.json"])
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        sys.stdout.write(f"FAIL the pack cannot be read: {error!r}\n")
        return 1
    bad = 0
    checks: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("signature and files", lambda: files(pack, manifest, told_key)),
        ("trail and anchors", lambda: chain(pack, manifest)),
        ("rows and trail", lambda: rows(pack, manifest, batches)),
        ("approvals and totals", lambda: approvals(pack, manifest, batches)),
        ("entries and payloads", lambda: sources(pack)),
    )
    for title, check in checks:
        try:
            found = check()
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            found = [f"cannot be read: {error!r}"]
        bad += len(found)
        lines = [f"{'FAIL' if found else 'ok  '} {title}", *(f"       {one}" for one in found)]
        sys.stdout.write("\n".join(lines) + "\n")
    if not told_key:
        sys.stdout.write("note public key not compared: give it as the second argument\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
