"""What is taken for a photograph, and what is not."""

import pytest

from domain.partners.photographs import MAX_BYTES, checked_photograph
from domain.problems import ProblemError

BEGINNINGS = {
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
}


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_photographs_pass_as_they_are(kind):
    image = BEGINNINGS[kind].ljust(MAX_BYTES, b"\0")
    assert checked_photograph(image) is image


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_one_byte_too_many_is_too_large(kind):
    with pytest.raises(ProblemError) as caught:
        checked_photograph(BEGINNINGS[kind].ljust(MAX_BYTES + 1, b"\0"))
    assert caught.value.problem.status == 413


@pytest.mark.parametrize(
    "image",
    [
        b"a text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<script>alert(1)</script>",
        b"GIF89a\x01\x00\x01\x00",
        b"%PDF-1.7",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"\xff\xd8",
        b"\x89PNG",
        b" \xff\xd8\xff",
        b"PK\x03\x04",
    ],
)
def test_other_files_are_no_photographs(image):
    with pytest.raises(ProblemError) as caught:
        checked_photograph(image)
    assert caught.value.problem.status == 415


def test_nothing_is_no_photograph():
    with pytest.raises(ProblemError) as caught:
        checked_photograph(b"")
    assert caught.value.problem.status == 400
