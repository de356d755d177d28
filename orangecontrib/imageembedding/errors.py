"""Every error of this package.

::

    ImageEmbeddingError
    ├── InputError            nothing can be done with this folder, table or option
    ├── ImageError            one image is bad: skip it, keep its row and the reason
    │   ├── FetchError        it could not be had: missing, unreadable, refused
    │   └── DecodeError       it is not a complete image
    ├── SaveError             images cannot be written to a folder: stop the job
    ├── WireError             a message between client and server cannot be read
    │   └── WireSizeError     it holds more than its reader takes
    ├── WorkflowError         a workflow could not be loaded, failed, or did not come to rest
    └── BackendError          the embedder cannot run: stop the job
        ├── WeightsError      its weights could not be had, or are not what they should be
        ├── WorkerError       the process that computes is gone, or cannot be started
        └── ServerError       an embedding server cannot be used
            ├── ServerUnreachableError   unknown name, refused, silent, or disconnected
            ├── ServerCertificateError   it cannot show that it is the one it should be
            ├── ServerKeyError           the API key is missing or wrong (401, 403)
            ├── ServerBusyError          it has had too much to do for too long (429, 503)
            └── ServerAnswerError        it fails, or its answers are not what they should be
    Cancelled                 the user asked to stop; not a failure

A message says what is wrong, where, and what to do about it.
"""


class ImageEmbeddingError(Exception):
    """Base of all errors that a user can cause and mend."""


class InputError(ImageEmbeddingError):
    """The whole input (folder, table, option) cannot be worked on."""


class SaveError(ImageEmbeddingError):
    """Images cannot be written to a folder: the disk is full, or it must not be written to."""


class WorkflowError(ImageEmbeddingError):
    """A workflow could not be loaded, failed in a widget, or did not come to rest."""


class WireError(ImageEmbeddingError):
    """A message between client and server cannot be read."""


class WireSizeError(WireError):
    """A message holds more than its reader takes."""


class ImageError(ImageEmbeddingError):
    """One image is bad; the work continues with the next.

    Parameters
    ----------
    location : str
        Path or URL of the image.
    reason : str
        Why it is skipped, without the location; shown in tables and lists.
    """

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(location, reason)
        self.location = location
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.location}: {self.reason}"


class FetchError(ImageError):
    """The bytes of one image could not be had."""


class DecodeError(ImageError):
    """The bytes are not one complete image that can be read."""


class BackendError(ImageEmbeddingError):
    """The embedder cannot run; no image can be embedded."""


class WeightsError(BackendError):
    """The weights of an embedder could not be had or are damaged."""


class WorkerError(BackendError):
    """The process that computes ended in the middle, or could not be started."""


class ServerError(BackendError):
    """An embedding server cannot be used; the message names it."""


class ServerUnreachableError(ServerError):
    """The server's name is unknown, or it refuses, is silent, or disconnects."""


class ServerCertificateError(ServerError):
    """The server cannot show that it is the one it should be."""


class ServerKeyError(ServerError):
    """The API key for the server is missing or wrong."""


class ServerBusyError(ServerError):
    """The server has had too much to do for too long."""


class ServerAnswerError(ServerError):
    """The server fails, or its answers are not what they should be."""


class Cancelled(Exception):  # noqa: N818 - a request that was met, not an error
    """Raised by a `Progress` to stop the work."""


def causes_of(error: BaseException | None) -> list[BaseException]:
    """List an error and all that led to it, those in groups too (one for each address tried)."""
    if error is None:
        return []
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    found = [error, *causes_of(error.__cause__ or error.__context__)]
    return found + [cause for one in inner for cause in causes_of(one)]
