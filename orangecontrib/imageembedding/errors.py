"""Every error of this package.

::

    ImageEmbeddingError
    ├── InputError            nothing can be done with this folder, table or option
    ├── ImageError            one image is bad: skip it, keep its row and its reason
    │   ├── FetchError        it could not be had: missing, unreadable, refused
    │   └── DecodeError       it is not a complete image
    ├── WorkflowError         a workflow could not be loaded, failed, or did not come to rest
    └── BackendError          the embedder cannot run: stop the job
        └── WeightsError      its weights could not be had, or are not what they should be
    Cancelled                 the user asked to stop; not a failure

A message says what is wrong, where, and what to do about it.
"""


class ImageEmbeddingError(Exception):
    """Base of all errors that a user can cause and mend."""


class InputError(ImageEmbeddingError):
    """The whole input (folder, table, option) cannot be worked on."""


class WorkflowError(ImageEmbeddingError):
    """A workflow could not be loaded, failed in a widget, or did not come to rest."""


class ImageError(ImageEmbeddingError):
    """One image is bad; the others go on.

    Parameters
    ----------
    location : str
        Path or URL of the image.
    reason : str
        Why it is left out, without the location; goes into tables and lists.
    """

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(f"{location}: {reason}")
        self.location = location
        self.reason = reason


class FetchError(ImageError):
    """The bytes of one image could not be had."""


class DecodeError(ImageError):
    """The bytes are not one complete image that can be read."""


class BackendError(ImageEmbeddingError):
    """The embedder cannot run; no image can be embedded."""


class WeightsError(BackendError):
    """The weights of an embedder could not be had or are damaged."""


class Cancelled(Exception):  # noqa: N818 - a request that was met, not an error
    """Raised by a `Progress` to stop the work."""
