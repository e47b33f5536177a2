"""An evidence pack holds as exported, and any change to it or to its store is found offline."""

import json
import random
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from hashlib import sha256
from itertools import product
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import anchors, verify_pack
from ps_integration.workflows.audit_keys import public_key
from ps_integration.workflows.evidence_pack import Places, Scope, _zipped, export
from ps_integration_tests.audit.attacks import (
    KEYS,
    cut,
    delete,
    edit,
    hands_on,
    insert,
    reorder,
    replace,
)
from ps_integration_tests.posting.making import make_firm

MARCH = Scope(period="2026-03", legal_entity="us")
PUBLIC = public_key(KEYS.current)
IN_A_PACK = (*("ledger", "approvals", "posting_lines", "documents", "batches", "batch_makers"),)
ORDERED = ("ledger", "approvals", "audit")
POSITIONS = 5


@pytest.fixture(scope="module")
def desk(template, tmp_path_factory):
    """A firm's folder with a posted store, its anchors, and where its entries came from."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(template, folder / "store.sqlite")
    store = OperationalStore(f"sqlite:///{folder / 'store.sqlite'}", keys=KEYS)
    firm = make_firm()
    anchors.note_head(store, firm, folder)
    with Warehouse(folder / "warehouse.duckdb") as warehouse:
        with store.snapshot() as session:
            billed = session.execute(text("select distinct object_id from posting_lines")).all()
        for seq, (entry_id,) in enumerate(sorted(billed), 1):
            system, _, record = entry_id.partition(":")
            payload = json.dumps({"id": record, "note": "café"})
            told = {"seq": seq, "entry": entry_id, "system": system, "record": record}
            told |= {"payload": payload, "sha": sha256(payload.encode()).hexdigest()}
            raw = {name: told[name] for name in ("seq", "system", "record", "payload", "sha")}
            warehouse.execute(
                "insert into raw.records (raw_seq, system, stream, record_id, payload, "
                "payload_sha256) values ($seq, $system, 'time_entries', $record, $payload, $sha)",
                raw,
            )
            warehouse.execute(
                "insert into canonical.entry_versions (entry_id, version_no, version_sha256, "
                "raw_seq) values ($entry, 1, 'v1', $seq)",
                {"entry": entry_id, "seq": seq},
            )
        yield Places(firm, folder, store, warehouse)
    store.close()


@pytest.fixture(scope="module")
def pack(desk):
    return export(desk, KEYS, MARCH)


def opened(pack, folder):
    path = folder / "pack.zip"
    path.write_bytes(pack)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def judged(pack, folder, key=PUBLIC):
    path = folder / "pack.zip"
    path.write_bytes(pack)
    return verify_pack.main(str(path), key)


def edit_trail(connection, _table, dice):
    """A change of what a trail row says; its code is for who has the key."""
    seq = dice.choice(connection.scalars(text("select seq from audit where action <> 'key'")).all())
    column = dice.choice(["at", "who", "action", "subject", "detail", "sha256", "key_id"])
    value = {"at": "2019-01-01 00:00:00.000000", "detail": "{}"}.get(column, "ab" * 32)
    update = text(f"update audit set {column} = :value where seq = {seq}")
    connection.execute(update, {"value": value})


@contextmanager
def tampered(desk, attack, table, dice):
    """The desk while its store is in an attacker's hands."""
    with hands_on(desk.store) as connection:
        attack(connection, table, dice)

        @contextmanager
        def snapshot():
            with Session(connection) as session:
                yield session

        yield Places(desk.firm, desk.folder, SimpleNamespace(snapshot=snapshot), desk.warehouse)


def test_a_pack_holds_for_a_stranger_with_nothing_but_python(pack, tmp_path):
    (tmp_path / "verify.py").write_bytes(opened(pack, tmp_path)["verify.py"])
    told = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(tmp_path / "pack.zip")]
    result = subprocess.run(
        [*told, PUBLIC], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert [line[:2] for line in result.stdout.splitlines()] == ["ok"] * 5


def test_the_same_state_gives_the_same_bytes(desk, pack):
    assert export(desk, KEYS, MARCH) == pack


def test_one_batch_has_its_own_pack(desk, pack, tmp_path):
    batch = min(json.loads(opened(pack, tmp_path)["batches.json"]))
    small = export(desk, KEYS, Scope(batch_id=batch))
    assert list(json.loads(opened(small, tmp_path)["batches.json"])) == [batch]
    assert judged(small, tmp_path) == 0


def test_nothing_to_pack_is_said(desk):
    with pytest.raises(AskFinanceError, match="no batch"):
        export(desk, KEYS, Scope(period="2031-01", legal_entity="us"))


def test_a_pack_signed_by_another_key_than_the_firms_is_refused(pack, tmp_path, capsys):
    assert judged(pack, tmp_path, "ab" * 32) == 1
    assert "another key" in capsys.readouterr().out


ATTACKS = [
    *((attack, table) for attack in (edit, insert, delete, cut, replace) for table in IN_A_PACK),
    *((attack, "audit") for attack in (edit_trail, insert, delete, cut)),
    *((reorder, table) for table in ORDERED),
]


@pytest.mark.parametrize(
    ("attack", "table"), ATTACKS, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_pack_of_an_attacked_store_does_not_hold(desk, attack, table, tmp_path):
    for position in range(POSITIONS):
        dice = random.Random(f"{table}{position}")
        with tampered(desk, attack, table, dice) as places:
            try:
                found = export(places, KEYS, MARCH)
            except AskFinanceError:  # nothing of it is left
                continue
            assert judged(found, tmp_path) == 1, position


def changed(pack, name, dice):
    """One byte of one file is another one."""
    data = bytearray(pack[name])
    where = dice.randrange(len(data))
    data[where] ^= 1
    return {**pack, name: bytes(data)}


def test_any_changed_byte_of_any_file_is_found(pack, tmp_path):
    files = opened(pack, tmp_path)
    for name in [name for name, data in files.items() if data]:
        dice = random.Random(name)
        for _ in range(3):
            assert judged(_zipped(changed(files, name, dice)), tmp_path) == 1, name


@pytest.mark.parametrize("change", ["delete", "insert"])
def test_a_file_more_or_less_is_found(pack, tmp_path, change):
    files = opened(pack, tmp_path)
    for name in [name for name in files if name.startswith("documents/")]:
        if change == "delete":
            forged = {key: data for key, data in files.items() if key != name}
        else:
            forged = {**files, f"{name}x": files[name]}
        assert judged(_zipped(forged), tmp_path) == 1


def resigned(files):
    """The manifest made anew and signed by a key of the forger's own."""
    own = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
    manifest = json.loads(files["manifest.json"])
    hashes = {n: sha256(d).hexdigest() for n, d in files.items() if not n.startswith("manifest.")}
    public = own.public_key().public_bytes_raw().hex()
    manifest |= {"files": hashes, "public_keys": [public, *manifest["public_keys"]]}
    text = json.dumps(manifest).encode()
    return {**files, "manifest.json": text, "manifest.sig": own.sign(text).hex().encode()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *product(("trail.txt", "rows.jsonl"), ("edit", "insert", "delete", "swap", "cut")),
        ("anchors.jsonl", "edit"),  # fewer anchors say less, and nothing wrong
    ],
)
def test_a_forger_without_the_key_is_found_even_when_the_key_is_not_compared(
    pack, tmp_path, name, kind
):
    files = opened(pack, tmp_path)
    lines = files[name].decode().splitlines()
    for position in range(POSITIONS):
        forged = forge(lines, kind, random.Random(f"{name}{position}"))
        if forged == lines or (name == "rows.jsonl" and kind == "swap"):
            continue  # the order of the rows means nothing
        text = "".join(f"{line}\n" for line in forged).encode()
        assert judged(_zipped(resigned({**files, name: text})), tmp_path, "") == 1, position


def forge(lines, kind, dice):
    one = dice.randrange(len(lines))
    two = dice.randrange(len(lines))
    made = list(lines)
    if kind == "edit":
        digits = [at for at, sign in enumerate(made[one]) if sign in "0123456789abcdef"]
        at = dice.choice(digits)
        made[one] = made[one][:at] + ("1" if made[one][at] != "1" else "2") + made[one][at + 1 :]
    elif kind == "insert":
        made.insert(one, lines[two].replace("0", "7"))
    elif kind == "delete":
        del made[one]
    elif kind == "swap":
        made[one], made[two] = made[two], made[one]
    else:
        made = made[:one]
    return made


# RFC 8032, section 7.1: public key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
            "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("key", "message", "mark"), VECTORS)
def test_signatures_of_the_standard_hold_and_no_others(key, message, mark):
    assert verify_pack.signed(key, mark, bytes.fromhex(message))
    assert not verify_pack.signed(key, mark, bytes.fromhex(message) + b"x")
    with_other = mark[:-2] + f"{int(mark[-2:], 16) ^ 1:02x}"
    assert not verify_pack.signed(key, with_other, bytes.fromhex(message))
