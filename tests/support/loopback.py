"""`httpx.get`, `post` and `delete` for a server on loopback.

httpx's own read the machine's certificates anew at every call: 30 ms of processor, which a server that a test waits for
would need itself.
"""

from __future__ import annotations

import ssl
from functools import partial

import httpx

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

get = partial(httpx.get, verify=_NO_CERTIFICATES, trust_env=False)
post = partial(httpx.post, verify=_NO_CERTIFICATES, trust_env=False)
delete = partial(httpx.delete, verify=_NO_CERTIFICATES, trust_env=False)
