"""Aspose Cloud: stores files, and converts documents from HTML to Word and PDF.

"Authenticating API Requests" of docs.aspose.cloud documents the tokens. Aspose.Words Cloud, version 4.0, and the source
of its own SDK for Python (GetFilesListRequest, UploadFileRequest, ConvertDocumentRequest) document the calls.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

import msgspec
from msgspec.structs import force_setattr
from requests.auth import AuthBase
from urllib3.filepost import encode_multipart_formdata

from providers.errors import NotFound, Refused
from providers.http.response import Response
from providers.http.transport import Transport
from providers.records import read_record
from providers.tokens.requests import Body, Client, ClientAuth, TokenRequest

PROVIDER = "aspose"
SETTINGS = ("ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET")
FOLDER_PATH = "/v4.0/words/storage/folder/"
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

_FILE_PATH = "/v4.0/words/storage/file/"
_CONVERT_PATH = "/v4.0/words/convert"
_MAX_LIST_BYTES = 16 * 1024 * 1024
_MAX_PATH = 1000
_MAX_SIZE = 2**53
_BINARY = "application/octet-stream"
_Text = Annotated[str, msgspec.Meta(max_length=2000)]

Format = Literal["docx", "pdf"]
# The first bytes of each format: ZIP's local file header, and ISO 32000-1, section 7.5.2.
_BEGINNINGS: dict[Format, bytes] = {"docx": b"PK\x03\x04", "pdf": b"%PDF-"}


def token_request(origin: str, client_id: str, client_secret: str) -> TokenRequest:
    """Return the token request: a form with the credentials. The token is a JWT, valid for a day."""
    return TokenRequest(
        provider=PROVIDER,
        url=f"{origin}/connect/token",
        client_id=client_id,
        client_secret=client_secret,
        body=Body.FORM,
        client_auth=ClientAuth.BODY,
        fields={
            "grant_type": "client_credentials",
            "client_id": Client.ID,
            "client_secret": Client.SECRET,
        },
        headers={"Accept": "application/json"},
        default_lifetime=24 * 3600,
        settings=SETTINGS,
    )


class StoredFile(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "name": "Name",
        "path": "Path",
        "is_folder": "IsFolder",
        "size": "Size",
        "modified_at": "ModifiedDate",
    },
):
    """A file or a folder of a storage (the SDK's StorageFile). `size` is in bytes, 0 for a folder.

    All fields may be missing.
    """

    name: _Text | None = None
    path: _Text | None = None
    is_folder: bool = False
    size: Annotated[int, msgspec.Meta(ge=0, le=_MAX_SIZE)] = 0
    modified_at: datetime | None = None

    def __post_init__(self) -> None:
        """Treat a time without a zone as UTC."""
        if self.modified_at is not None and self.modified_at.tzinfo is None:
            force_setattr(self, "modified_at", self.modified_at.replace(tzinfo=UTC))

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read one entry, and ignore undeclared fields and those that cannot be read."""
        return read_record(cls, value)


class AsposeClient:
    """Aspose.Words Cloud; `auth` carries the token. `storage` is used if a call names none.

    If `storage` is None too, the account's default storage is used. A path begins at the storage's root. A path with
    dot segments raises NotFound, and no request is sent.
    """

    def __init__(self, transport: Transport, origin: str, auth: AuthBase, storage: str | None = None) -> None:
        self._transport = transport
        self._origin = transport.allow(origin)
        self._auth = auth
        self._storage = storage

    def files(
        self, folder: str = "/", storage: str | None = None, *, deadline: float | None = None
    ) -> list[StoredFile]:
        """Return the entries of a folder. Raises the transport's ProviderErrors, NoToken and InvalidResponse."""
        answer = self._transport.request(
            PROVIDER,
            "GET",
            self._origin + FOLDER_PATH + _path_in_storage(folder),
            auth=self._auth,
            params=self._in_storage("storageName", storage),
            max_bytes=_MAX_LIST_BYTES,
            deadline=deadline,
        )
        return [StoredFile.from_json(entry) for entry in _list(answer, "Value")]

    def convert(self, html: bytes, format: Format, *, deadline: float | None = None) -> bytes:
        """Return an HTML document as a Word or PDF file.

        Raises the same errors as `files`; InvalidResponse also if the result is not such a file.
        """
        content, content_type = _multipart("document", "report.html", html, "text/html")
        answer = self._transport.request(
            PROVIDER,
            "PUT",
            self._origin + _CONVERT_PATH,
            auth=self._auth,
            headers={"Accept": _BINARY, "Content-Type": content_type},
            params={"format": format},
            content=content,
            max_bytes=MAX_DOCUMENT_BYTES,
            deadline=deadline,
        )
        if not answer.body.startswith(_BEGINNINGS[format]):
            raise answer.invalid(f"the document does not begin as {format} does")
        return answer.body

    def store(
        self, path: str, content: bytes, storage: str | None = None, *, deadline: float | None = None
    ) -> None:
        """Store a file under its whole path. An existing file is replaced.

        Raises the same errors as `files`, and Refused if the response says that the file was not stored.
        """
        place = _path_in_storage(path)
        body, content_type = _multipart("fileContent", place.rpartition("/")[2], content, _BINARY)
        answer = self._transport.request(
            PROVIDER,
            "PUT",
            self._origin + _FILE_PATH + place,
            auth=self._auth,
            headers={"Content-Type": content_type},
            params=self._in_storage("storageName", storage),
            content=body,
            deadline=deadline,
        )
        # A FilesUploadResult has status 200 even if the file was not stored.
        if not _list(answer, "Uploaded"):
            raise Refused("the file was not stored", status=answer.status, **answer.call.fields())

    def _in_storage(self, parameter: str, storage: str | None) -> dict[str, str | int]:
        name = storage or self._storage
        return {parameter: name} if name else {}


def _path_in_storage(path: str) -> str:
    """Return a path quoted for a URL, without slashes at its ends.

    Raises NotFound for a path with dot segments or of more than _MAX_PATH characters.
    """
    segments = [segment for segment in path.split("/") if segment]
    if {".", ".."} & set(segments) or len(path) > _MAX_PATH:
        raise NotFound("not a path in a storage", provider=PROVIDER)
    return quote("/".join(segments))


def _multipart(name: str, file_name: str, content: bytes, content_type: str) -> tuple[bytes, str]:
    """Return a multipart form with one file (RFC 7578), and its content type."""
    return encode_multipart_formdata({name: (file_name, content, content_type)})


def _list(answer: Response, name: str) -> list[Any]:
    body = answer.lenient_json()
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise answer.invalid(f"the answer holds no list {name}")
    return found
