"""Who is who: a roster that cannot be read, or changed unseen, is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from federation.keys.credentials import certify, expiry, make_authority, make_credentials, make_plant_key
from federation.keys.roster import Roster, read_roster, write_roster
from steel.errors import InputError
from steel.names import PATTERN, RESERVED, checked_name


@pytest.fixture
def lines(tmp_path: Path) -> dict[str, str]:
    return {name: make_plant_key(tmp_path / name, tmp_path / f"{name}.pub", name) for name in ("alpha", "beta")}


def test_a_roster_is_read_back_and_its_fingerprints_are_openssh_s(lines: dict[str, str], tmp_path: Path) -> None:
    written = write_roster(tmp_path / "roster.toml", lines)
    assert read_roster(tmp_path / "roster.toml") == written
    assert all(fingerprint.startswith("SHA256:") for fingerprint in written.fingerprints().values())


def test_every_change_is_told(lines: dict[str, str]) -> None:
    roster = Roster(plants=lines)
    swapped = Roster(plants={"alpha": lines["beta"], "beta": lines["alpha"]})
    assert roster.changes_to(swapped) == ["alpha has another key", "beta has another key"]
    assert roster.changes_to(Roster(plants={"beta": lines["beta"]})) == ["alpha is gone"]
    assert Roster(plants={}).changes_to(roster) == ["alpha is new", "beta is new"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("plants = 3", "valid dictionary"),
        ('[plants]\nalpha = "ssh-rsa AAAA"', "ecdsa-sha2-nistp384"),
        ('[plants]\n"../evil" = "x"', "letters"),
        ("[plant]\n", "plants"),
        ("[plants\n", "federation init"),
    ],
)
def test_what_is_no_roster_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "roster.toml").write_text(text, "utf-8")
    with pytest.raises(InputError, match="roster") as refused:
        read_roster(tmp_path / "roster.toml")
    assert reason in str(refused.value)


def test_two_plants_have_two_keys(lines: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a key of its own"):
        Roster(plants={"alpha": lines["alpha"], "beta": lines["alpha"]})


@given(name=st.text(max_size=70))
def test_a_name_is_safe_as_a_file_name_or_refused(name: str) -> None:
    if PATTERN.fullmatch(name) and name.casefold() not in RESERVED:
        assert checked_name(name, "plant") == name
        assert Path(name).name == name
        assert name == name.strip() != ""
    else:
        with pytest.raises(InputError, match="plant"):
            checked_name(name, "plant")


def test_a_certificate_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    keys = make_authority(tmp_path / "keys", "coordinator.example")
    authority, key = keys.ca.read_bytes(), keys.server_key.read_bytes()
    certify(keys, "other.example", timedelta(days=30))
    assert (keys.ca.read_bytes(), keys.server_key.read_bytes()) == (authority, key)
    assert expiry(keys.server_certificate) < datetime.now(UTC) + timedelta(days=31)
    names = x509.load_pem_x509_certificate(keys.server_certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert set(names.value.get_values_for_type(x509.DNSName)) == {"localhost", "other.example"}
    keys.ca_key.unlink()
    with pytest.raises(InputError, match="the file that `federation init` wrote"):
        certify(keys, "other.example")


def test_nothing_is_made_of_nobody(tmp_path: Path) -> None:
    for plants in ((), ("alpha", "alpha"), ("",), ("server.key",)):
        with pytest.raises(InputError):
            make_credentials(tmp_path / "keys", plants)
    assert not (tmp_path / "keys").exists()
