"""The certificate of RTMPS: clear words about bad files, no restart for new ones."""

import shutil
import subprocess
from pathlib import Path

import pytest

from libs.rtmp import Certificate, CertificateInvalid
from tests.certificates import Pair, make_certificate


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_certificate(tmp_path)


def test_good_files_are_loaded_once(pair: Pair) -> None:
    certificate = Certificate(pair.chain, pair.key)
    assert certificate.context is certificate.context


def test_key_may_stand_in_the_same_file(pair: Pair) -> None:
    pair.chain.write_bytes(pair.chain.read_bytes() + pair.key.read_bytes())
    assert Certificate(pair.chain, pair.chain).context


def test_file_that_is_not_there_is_named(pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(CertificateInvalid, match=r"nowhere\.pem: No such file"):
        Certificate(pair.chain, tmp_path / "nowhere.pem")


def test_folder_is_no_certificate(pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(CertificateInvalid, match=r"cannot be used|Is a directory"):
        Certificate(tmp_path, pair.key)


def test_garbage_is_refused_with_a_reason(pair: Pair) -> None:
    pair.key.write_text("no key")
    with pytest.raises(CertificateInvalid, match=r"cannot be used \(.+\): they are a PEM chain"):
        Certificate(pair.chain, pair.key)


def test_key_of_another_certificate_is_refused(pair: Pair, tmp_path: Path) -> None:
    other = make_certificate(tmp_path / "other")
    with pytest.raises(CertificateInvalid, match="MISMATCH"):
        Certificate(pair.chain, other.key)


def test_key_with_a_password_is_refused_and_nobody_is_asked_for_it(pair: Pair) -> None:
    argv = ["openssl", "ec", "-aes128", "-passout", "pass:secret", "-in", str(pair.key)]
    locked = subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    pair.key.write_bytes(locked.stdout)
    with pytest.raises(CertificateInvalid, match="without password"):
        Certificate(pair.chain, pair.key)


def test_renewed_files_are_loaded_and_bad_ones_change_nothing(pair: Pair, tmp_path: Path) -> None:
    certificate = Certificate(pair.chain, pair.key)
    first = certificate.context
    renewed = make_certificate(tmp_path / "renewed")
    shutil.copy(renewed.chain, pair.chain)
    assert certificate.context is first, "the key is still the old one"
    shutil.copy(renewed.key, pair.key)
    second = certificate.context
    assert second is not first
    pair.key.unlink()
    assert certificate.context is second
