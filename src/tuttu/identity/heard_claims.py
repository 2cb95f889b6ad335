"""What sets of links claim, by the definition: from all facts at once, in whatever order."""

from tuttu.identity.evidence import IdentityLink
from tuttu.identity.records import SetEvidence
from tuttu.identity.rules import Rules
from tuttu.identity.sets import Claim, claimed_pair, evidence_id
from tuttu.vocabulary import values
from tuttu.vocabulary.events import Identifier, LinkClaimed, LinksClosed

Moment = tuple[values.Instant, str]


class Claims:
    """All claims of all runs, and of each set the newest run that was closed."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], list[LinkClaimed]] = {}
        self._newest: dict[str, tuple[Moment, LinksClosed]] = {}

    def hear(self, body: LinkClaimed | LinksClosed, time: values.Instant) -> None:
        if isinstance(body, LinkClaimed):
            self._said.setdefault((body.set, body.run), []).append(body)
            return
        moment = time, body.run
        if body.set not in self._newest or self._newest[body.set][0] < moment:
            self._newest[body.set] = moment, body

    def links(self, rules: Rules) -> list[IdentityLink[Identifier]]:
        """Those that count, as these rules read them; of several on a pair the best."""
        best: dict[tuple[str, Identifier, Identifier], IdentityLink[Identifier]] = {}
        for (time, run), closed in self._newest.values():
            for said in self._said.get((closed.set, run), ()):
                pair = claimed_pair(rules, said)
                if pair is None:
                    continue
                id_ = evidence_id(closed.set, Claim(*pair, said.score))
                evidence = SetEvidence(closed.set, closed.strength, time, said.score, id_)
                one, other = rules.of(pair)
                link = IdentityLink(one, other, evidence)
                known = best.setdefault((closed.set, *pair), link)
                if link.evidence.rank < known.evidence.rank:
                    best[closed.set, *pair] = link
        return list(best.values())
