"""A web service that answers in JSON, through httpx2: the only place that knows that library.

`Web` asks and answers with parsed JSON or one of our own faults; `Answer` is what one request came to.
"""

from pacsconf.systems._http.answers import Answer, Lost
from pacsconf.systems._http.client import Web
from pacsconf.systems._http.service import Service

__all__ = ["Answer", "Lost", "Service", "Web"]
