"""What the product takes of an upload."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

#: Bytes a request may have beside its file: other fields, headings of the parts.
ROOM_FOR_FIELDS = 1024 * 1024
#: Who picked the wrong file is told so in the form; who sends this many times the limit is cut off.
CUT_OFF_FACTOR = 5


class LimitUploadHandler(FileUploadHandler):
    """Keeps one byte more than IMPORT_MAX_BYTES of a file: enough for the reader to say that it is too large.

    Stands before the handlers that store, so that nothing fills memory or disk while a request is read.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803  the name Django passes
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse at once what is absurdly large.

        Raises:
            RequestDataTooBig: The request as a whole.
        """
        if content_length > CUT_OFF_FACTOR * settings.IMPORT_MAX_BYTES + ROOM_FOR_FIELDS:
            raise RequestDataTooBig("The upload is far larger than IMPORT_MAX_BYTES.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass on what fits, drop the rest."""
        room = settings.IMPORT_MAX_BYTES + 1 - start
        return raw_data[:room] if room > 0 else None

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
