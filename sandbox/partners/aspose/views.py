"""Aspose: tokens, a storage of files, and the conversion of HTML to documents.

Tokens follow seed 003 (Aspose Cloud "Authenticating API Requests"). The calls follow the requests and models of
Aspose's own client (github.com/aspose-words-cloud/aspose-words-cloud-python, asposewordscloud/models) and the page
"Convert Documents" of aspose-words-cloud-docs. Errors have the shape of its WordsApiErrorResponse and ApiError. Which
error has which code and status is a guess.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

from flask import Blueprint, Response, request

from sandbox.partners.aspose.documents import WRITERS
from sandbox.partners.aspose.html_blocks import blocks_of
from sandbox.partners.aspose.storages import BadPath, PathNotFound, StorageFull, Storages
from sandbox.partners.credentials import equal
from sandbox.partners.current import current_partners
from sandbox.partners.jwts import BadToken
from sandbox.partners.responses import (
    NO_STORE,
    RequestRefused,
    bearer_token,
    form_fields,
    json_response,
    oauth_error,
)

bp = Blueprint("aspose", __name__)

DOCUMENTED_LIFETIME = 24 * 3600  # "By default, the access_token lifetime is 1 day"
BINARY = "application/octet-stream"
T = TypeVar("T")


@bp.post("/connect/token")
def token() -> Response:
    """Issue an access token for a form with grant_type, client_id and client_secret, as in the document.

    The response has access_token, expires_in and token_type. 400 ``invalid_client`` for a wrong client is a guess: an
    IdentityServer, whose paths these are, answers so. A secret outside the body is refused.
    """
    fields = form_fields()
    if "Authorization" in request.headers:
        raise oauth_error(400, "invalid_request", "The client's id and secret belong into the body")
    if fields.get("grant_type") != "client_credentials":
        raise oauth_error(400, "unsupported_grant_type", "grant_type is not client_credentials")
    _check_client(fields.get("client_id", ""), fields.get("client_secret", ""))
    partners = current_partners()
    audience = partners.credentials["ASPOSE_URL"]
    claims = {"iss": audience, "aud": audience, "client_id": fields["client_id"], "scope": ["api.platform"]}
    body = {
        "access_token": partners.jwts.issue("aspose", DOCUMENTED_LIFETIME, claims),
        "expires_in": partners.jwts.lifetime(DOCUMENTED_LIFETIME),
        "token_type": "Bearer",
    }
    return json_response(body, headers=NO_STORE)


def _check_client(client_id: str, secret: str) -> None:
    credentials = current_partners().credentials
    is_known = equal(client_id, credentials["ASPOSE_CLIENT_ID"])
    if not is_known or not credentials.matches("ASPOSE_CLIENT_SECRET", secret):
        raise oauth_error(400, "invalid_client", "Unknown client or wrong secret")


@bp.get("/v4.0/words/storage/folder", defaults={"path": ""}, strict_slashes=False)
@bp.get("/v4.0/words/storage/folder/<path:path>")
def list_folder(path: str) -> Response:
    """Return the entries of a folder as ``{"Value": [...]}`` (GetFilesListRequest, FilesList, StorageFile)."""
    _require_token()
    entries = _in_storage(lambda storages: storages.list_folder(path, request.args.get("storageName")))
    return json_response({"Value": [entry.as_json() for entry in entries]})


@bp.get("/v4.0/words/storage/file/<path:path>")
def download_file(path: str) -> Response:
    """Return a file's bytes (DownloadFileRequest). The content type is a guess."""
    _require_token()
    file = _in_storage(lambda storages: storages.read(path, request.args.get("storageName")))
    return Response(file.content, content_type=BINARY)


@bp.put("/v4.0/words/storage/file/<path:path>")
def upload_file(path: str) -> Response:
    """Store the multipart part ``fileContent`` (UploadFileRequest) and return the SDK's FilesUploadResult."""
    _require_token()
    content = _part("fileContent")
    name = _in_storage(lambda storages: storages.write(path, content, request.args.get("storageName")))
    return json_response({"Uploaded": [name], "Errors": []})


@bp.put("/v4.0/words/convert")
def convert_document() -> Response:
    """Convert the HTML in the multipart part ``document`` to ``format`` (ConvertDocumentRequest).

    Returns the file. With ``outPath`` the file is stored there in ``storage`` and the status is 200, as the page
    "Convert Documents" says; the empty body is a guess. The sandbox takes only HTML in UTF-8 and writes docx and pdf.
    """
    _require_token()
    page = _page(_part("document"))
    write = WRITERS.get(request.args.get("format", "").lower())
    if write is None:
        raise _refusal(400, "UnsupportedFormat", f"format: the sandbox knows {' and '.join(WRITERS)}")
    made = write(blocks_of(page))
    out_path = request.args.get("outPath")
    if out_path is None:
        return Response(made, content_type=BINARY)
    _in_storage(lambda storages: storages.write(out_path, made, request.args.get("storage")))
    return Response(content_type=BINARY)


def _require_token() -> None:
    """Raise RequestRefused without a valid token. The document names "401 Unauthorized" for it."""
    partners = current_partners()
    try:
        claims = partners.jwts.claims("aspose", bearer_token() or "")
        if claims["aud"] != partners.credentials["ASPOSE_URL"]:
            raise BadToken("The token is for another audience")
    except BadToken as bad:
        refused = _refusal(401, "Unauthorized", str(bad))
        refused.response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        raise refused from None


def _part(name: str) -> bytes:
    """Return a file part of a multipart body. Case does not matter: Aspose writes ``document`` and ``Document``."""
    if request.mimetype != "multipart/form-data":
        raise _refusal(400, "InvalidRequest", "Send multipart/form-data")
    parts = [part for key, part in request.files.items(multi=True) if key.lower() == name.lower()]
    if len(parts) != 1:
        raise _refusal(400, "InvalidRequest", f"Send one file part named {name}")
    content: bytes = parts[0].read()
    return content


def _page(content: bytes) -> str:
    try:
        page = content.decode()
    except UnicodeDecodeError:
        page = ""
    if "<" not in page:
        raise _refusal(400, "UnsupportedDocument", "The sandbox converts HTML in UTF-8 alone")
    return page


def _in_storage(action: Callable[[Storages], T]) -> T:
    """Call ``action`` with the storages; its exceptions become Aspose's errors."""
    try:
        return action(current_partners().storages)
    except PathNotFound:
        _refuse(404, "NotFound", "No such storage, folder or file")
    except BadPath:
        _refuse(400, "InvalidPath", "The path is none that a file can have")
    except StorageFull:
        _refuse(413, "StorageFull", "The storage holds as much as the sandbox keeps")


def _refuse(status: int, code: str, message: str) -> NoReturn:
    raise _refusal(status, code, message) from None


def _refusal(status: int, code: str, message: str) -> RequestRefused:
    now = datetime.fromtimestamp(int(current_partners().clock.now()), UTC)
    error = {
        "Code": code,
        "Message": message,
        "Description": message,
        "DateTime": now.isoformat(),
        "InnerError": None,
    }
    return RequestRefused(json_response({"RequestId": str(uuid.uuid4()), "Error": error}, status))
