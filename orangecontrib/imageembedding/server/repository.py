"""The embedders named at the start: each is loaded, or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException

from orangecontrib.imageembedding.errors import BackendError
from orangecontrib.imageembedding.server.served import Served

Loader = Callable[[], Served]


class Repository:
    """Loads and unloads; used by one event loop.

    Parameters
    ----------
    models : dict of str to Served
        What is loaded; changed here only.
    loaders : dict of str to callable, optional
        How each is loaded again. One without is only taken out of service, and put back.
    """

    def __init__(
        self, models: dict[str, Served], loaders: Mapping[str, Loader] | None = None
    ) -> None:
        self._models = models
        self._loaders = dict(loaders or {})
        self._kept = {name: model for name, model in models.items() if name not in self._loaders}
        self._turn = asyncio.Lock()
        self.names = tuple(models)

    async def load(self, name: str) -> None:
        """Load an embedder, if it is not; 404 if it was not named at the start."""
        self._check(name)
        async with self._turn:
            if name in self._models:
                return
            if name in self._kept:
                self._models[name] = self._kept[name]
                return
            try:
                self._models[name] = await asyncio.to_thread(self._loaders[name])
            except BackendError as error:
                raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)) from error

    async def unload(self, name: str) -> None:
        """Unload an embedder, if it is loaded; what it has begun is finished before."""
        self._check(name)
        async with self._turn:
            model = self._models.pop(name, None)
            if model is not None and name not in self._kept:
                await model.retire()

    def _check(self, name: str) -> None:
        if name not in self.names:
            known = ", ".join(self.names)
            raise HTTPException(
                HTTPStatus.NOT_FOUND, f"There is no model {name[:80]!r} here, only: {known}."
            )
