"""Asking a web service: the address, the certificate, the password, and limits on what comes back.

httpx2 is asked for nothing that would send a password elsewhere: it follows no redirect, and neither proxies nor
passwords are taken from the environment.
"""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pacsconf.core.errors import BadAnswer, Refused, SystemFault
from pacsconf.core.secret import Secret
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.values import SecretRef
from pacsconf.systems._http import trust
from pacsconf.systems._http.answers import NOT_FOUND, UNAUTHORIZED, Answer, HungUp, Lost
from pacsconf.systems._http.service import Service

if TYPE_CHECKING:
    from httpx2 import Auth, Client, Request, Response

log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer that are read; ten thousand peers are five million."""


class Web:
    """A web service that answers in JSON. Nothing is opened before the first request."""

    def __init__(
        self,
        service: Service,
        secrets: Callable[[SecretRef, str, str, int], Secret],
        token: SecretRef | None = None,
    ) -> None:
        """`token` is sent instead of the service's login, as a bearer token (RFC 6750)."""
        self.service = service
        self._token = token
        self.endpoint = Endpoint.parse(service.url)
        self._secrets = secrets
        self._client: Client | None = None

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent: encrypted, or it stays on this machine."""
        return self.endpoint.scheme == "https" or self.endpoint.is_loopback

    def get(self, *path: str, query: str = "") -> Any:
        """The JSON at a path of these segments.

        Raises: Unavailable, Refused; BadAnswer for what is no JSON, or not whole.
        """
        answer = self.ask("GET", *path, query=query)
        if not answer.ok:
            raise self.fault(answer, f"{self.at(*path)} cannot be read")
        return answer.json(self.service.name, self.at(*path))

    def find(self, *path: str) -> Any | None:
        """As `get`; None where there is no such thing."""
        answer = self.ask("GET", *path)
        if answer.status == NOT_FOUND:
            if answer.body:
                answer.json(
                    self.service.name, self.at(*path)
                )  # a proxy's page says nothing about what is there
            return None
        if not answer.ok:
            raise self.fault(answer, f"{self.at(*path)} cannot be read")
        return answer.json(self.service.name, self.at(*path))

    def ask(self, method: str, *path: str, body: Any = None, query: str = "") -> Answer:
        """What one request comes to, whatever its status.

        Raises: Unavailable when nothing was sent; Lost when a write was sent and not answered, or not in full;
        BadAnswer for what is read and is cut short or too long.
        """
        url = self.service.url + "".join(f"/{quote(segment, safe='')}" for segment in path)
        url += f"?{query}" if query else ""
        content = None if body is None else json.dumps(body).encode()
        try:
            return self._sent(method, url, content)
        except HungUp as fault:  # a kept connection that the server had closed meanwhile, most often
            if method != "GET":
                raise
            log.debug("%s: asking once more, since %s", self.service.name, fault.message)
            return self._sent(method, url, content)

    def fault(self, answer: Answer, doing: str) -> SystemFault:
        """The exception for an answer that ends what we were `doing`."""
        return answer.fault(self.service.name, doing, self._way_in() if answer.status == UNAUTHORIZED else "")

    def at(self, *path: str) -> str:
        """The place in words, for messages."""
        return "/".join((str(self.endpoint), *path))

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        if self._client is not None:
            self._client.close()
            self._client = None

    # --- one request ------------------------------------------------------------------------------------------

    def _sent(self, method: str, url: str, content: bytes | None) -> Answer:
        client = self._opened()
        headers = {"Content-Type": "application/json"} if content is not None else {}
        with self._asking(method), client.stream(method, url, content=content, headers=headers) as response:
            return Answer(
                response.status_code,
                response.headers.get("content-type", "").lower(),
                self._body(method, response),
                response.headers.get("location", ""),
            )

    def _body(self, method: str, response: Response) -> bytes:
        body = bytearray()
        with self._answering(method):
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise self._too_long(method)
        return bytes(body)

    def _too_long(self, method: str) -> SystemFault:
        why = f"answers with more than {LARGEST // 2**20} MB; the rest was not read"
        if method != "GET":
            return self._lost(f"it {why}", method)
        fix = "Check `url`: this is not what such a server holds."
        return BadAnswer(self.service.name, f"{self.endpoint} {why}", fix=fix)

    def _opened(self) -> Client:
        if self._client is None:
            self._refuse_clear_text()
            import httpx2

            logging.getLogger("httpx2").setLevel(
                logging.WARNING
            )  # it logs whole addresses: a patient's may be one
            self._client = httpx2.Client(
                auth=_auth(self._credentials) if self._needs_secret else None,
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "pacsconf",
                },
                verify=trust.context(self.service),
                trust_env=False,
                follow_redirects=False,
                timeout=httpx2.Timeout(float(self.service.timeout)),
                limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1),
            )
        return self._client

    def _refuse_clear_text(self) -> None:
        if self._needs_secret and not self.is_private and not self.service.allow_clear_text:
            secret = "token" if self._token else "password"
            raise Refused(
                self.service.name,
                f"the {secret} would travel unencrypted to {self.endpoint}, where anyone on the way can read it",
                fix="Write https:// in `url`; only if that is not possible, allow_clear_text: true.",
            )

    @property
    def _needs_secret(self) -> bool:
        return self._token is not None or self.service.login is not None

    def _credentials(self) -> Secret:
        """What stands in the header `Authorization`."""
        if self._token is not None:
            return Secret(f"Bearer {self._resolved(self._token, 'the token').reveal()}")
        login = self.service.login
        assert login is not None, "asked only where there is a login"
        password = self._resolved(login.password, f"the password of {login.user}").reveal()
        return Secret("Basic " + b64encode(f"{login.user}:{password}".encode()).decode())

    def _resolved(self, ref: SecretRef, what: str) -> Secret:
        at = self.endpoint
        secret = self._secrets(ref, at.scheme, at.host, at.port)
        if not secret.reveal():
            fix = f"{ref} gave nothing: put {'the token' if self._token else 'the password'} there."
            raise Refused(self.service.name, f"{what} is empty", fix=fix)
        return secret

    def _way_in(self) -> str:
        """What to do about a refused login."""
        login = self.service.login
        if self._token is not None:
            return (
                f"Check whether {self._token} holds a token still in force; it was sent to {self.endpoint}."
            )
        if login is None:
            return "Name a user under `login`, and where its password is kept."
        return (
            f"Check `login`: whether {login.user} is the user that is meant, and whether {login.password} holds "
            f"its password; it was sent to {self.endpoint}."
        )

    # --- httpx2's exceptions as faults of ours ----------------------------------------------------------------

    @contextmanager
    def _asking(self, method: str) -> Iterator[None]:
        """Until the answer begins."""
        import httpx2

        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as exc:
            raise trust.unreachable(self.service, self.endpoint, exc) from exc
        except httpx2.TimeoutException as exc:
            raise self._lost(f"no answer within {self.service.timeout} s", method) from exc
        except httpx2.RemoteProtocolError as exc:
            why = "it hung up without an answer, or what answers does not speak HTTP"
            raise self._lost(why, method, HungUp) from exc
        except httpx2.TransportError as exc:
            raise self._lost("the connection broke", method, HungUp) from exc

    @contextmanager
    def _answering(self, method: str) -> Iterator[None]:
        """While the answer is read; of a write that was answered by halves it is not known what became of it."""
        import httpx2

        try:
            yield
        except (httpx2.TransportError, httpx2.DecodingError) as exc:
            if method != "GET":
                raise self._lost("it broke off in the middle of its answer", method) from exc
            raise BadAnswer(
                self.service.name,
                f"the answer of {self.endpoint} is not whole. Half an answer would look like deletions",
                fix="Try again; if it stays so, look at the server's log, and at a proxy in between.",
            ) from exc

    def _lost(self, why: str, method: str, kind: type[Lost] = Lost) -> Lost:
        sent = "" if method == "GET" else ". What was sent may have been done"
        return kind(self.service.name, f"{self.endpoint}: {why}{sent}", fix="Check `url`, and that it runs.")


def _auth(credentials: Callable[[], Secret]) -> Auth:
    """Authentication by a header whose secret is looked up at the first request (RFC 7617, RFC 6750)."""
    import httpx2

    class Header(httpx2.Auth):
        _found: Secret | None = None

        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            self._found = self._found or credentials()
            request.headers["Authorization"] = self._found.reveal()
            yield request

    return Header()
