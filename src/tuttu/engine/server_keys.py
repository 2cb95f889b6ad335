"""Server keys: issued, listed, revoked."""

from tuttu import api
from tuttu.engine.runtime import Runtime


def keys(runtime: Runtime) -> list[api.KeyAnswer]:
    """The server keys: names and scopes, never secrets."""
    return [
        api.KeyAnswer(name=name, scopes=sorted(scopes)) for name, scopes in runtime.keyring.names()
    ]


def issue_key(runtime: Runtime, request: api.KeyRequest) -> api.IssuedKeyAnswer:
    """Issues a server key; its secret is in the answer, and nowhere else."""
    scopes = tuple(sorted({scope.value for scope in request.scopes}))
    secret = runtime.keyring.issue(request.name, scopes)
    return api.IssuedKeyAnswer(name=request.name, scopes=list(scopes), key=secret)


def revoke_key(runtime: Runtime, name: str) -> None:
    """Revokes a server key: it opens nothing any more."""
    runtime.keyring.revoke(name)
