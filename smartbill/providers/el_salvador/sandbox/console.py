"""The control surface under /_sandbox/: the truth about what was issued, and the switches; never part of the API."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from smartbill.providers.el_salvador.sandbox import jsonio
from smartbill.providers.el_salvador.sandbox.clock import Clock
from smartbill.providers.el_salvador.sandbox.envelopes import Answer, json_answer
from smartbill.providers.el_salvador.sandbox.faults import FaultPlan, PlannedFault
from smartbill.providers.el_salvador.sandbox.platform import Platform

Json = dict[str, Any]
PREFIX = "/_sandbox"
_SHOWN = frozenset({"/state", "/documents", "/document", "/calls", "/mails"})


class Console:
    """Answers control requests; a mistake in one is a 400 with the reason."""

    def __init__(self, *, platform: Platform, plan: FaultPlan, clock: Clock) -> None:
        self._platform, self._plan, self._clock = platform, plan, clock
        self._handlers: Mapping[str, Callable[[Json], Any]] = {
            "/state": self._state,
            "/documents": self._documents,
            "/document": self._document,
            "/calls": self._calls,
            "/mails": self._mails,
            "/hacienda": self._hacienda,
            "/regularise": lambda query: {"sealed": self._platform.regularise(query.get("code", ""))},
            "/month-end": lambda query: {"sealed": self._platform.end_month()},
            "/clock": self._set_clock,
            "/faults": self._fault,
            "/faults/clear": self._clear_faults,
            "/reset": self._reset,
        }

    def answer(self, path: str, raw: bytes) -> Answer:
        """Answer a control request whose body is a JSON object or empty."""
        handler = self._handlers.get(path)
        if handler is None:
            return json_answer(404, {"error": f"there is no {PREFIX}{path}"})
        try:
            query = jsonio.loads(raw) if raw else {}
            return json_answer(200, handler(query))
        except (ValueError, TypeError, KeyError) as error:
            return json_answer(400, {"error": str(error)})

    def show(self, path: str, query: Mapping[str, str]) -> Answer:
        """Answer a GET: the truth may be looked at, the switches may not be touched."""
        if path not in _SHOWN:
            return json_answer(405, {"error": f"POST to {PREFIX}{path}"})
        return self.answer(path, jsonio.dumps(query).encode())

    def _state(self, query: Json) -> Json:
        documents = self._platform.store.documents()
        return {
            "hacienda_up": self._platform.hacienda.up,
            "generation": self._platform.hacienda.generation,
            "now": self._clock.now().isoformat(),
            "documents": len(documents),
            "unsealed": sum(document.seal is None for document in documents),
            "faults": [
                {"kind": one.kind, "times": one.times, "struck": one.struck, "match": one.match, "route": one.route}
                for one in self._plan.planned()
            ],
        }

    def _documents(self, query: Json) -> Json:
        found = self._platform.store.documents(query.get("search", ""))
        return {"documents": [document.summary() for document in found]}

    def _document(self, query: Json) -> Json:
        found = [one for one in self._platform.store.documents() if one.code == query["code"]]
        return {"documents": [one.as_json() | {"event": _event(one.invalidation)} for one in found]}

    def _calls(self, query: Json) -> Json:
        calls = self._platform.store.calls()
        counts = Counter(reference for call in calls for reference in call.references)
        return {"calls": [call.as_json() for call in calls], "by_reference": dict(counts)}

    def _mails(self, query: Json) -> Json:
        return {"mails": [mail.as_json() for mail in self._platform.store.mails()]}

    def _hacienda(self, query: Json) -> Json:
        up = query["up"]
        if not isinstance(up, bool):
            raise TypeError("up is true or false")
        self._platform.hacienda.up = up
        return {"up": up}

    def _set_clock(self, query: Json) -> Json:
        if "now" in query:
            self._clock.set(datetime.fromisoformat(query["now"]))
        elif "advance_seconds" in query:
            self._clock.advance(timedelta(seconds=float(query["advance_seconds"])))
        else:
            self._clock.reset()
        return {"now": self._clock.now().isoformat()}

    def _fault(self, query: Json) -> Json:
        for name in ("probability", "seconds"):
            if name in query:
                query[name] = float(query[name])
        self._plan.add(PlannedFault(**query))
        return {"planned": len(self._plan.planned())}

    def _clear_faults(self, query: Json) -> Json:
        self._plan.clear()
        return {"planned": 0}

    def _reset(self, query: Json) -> Json:
        self._plan.clear()
        self._platform.store.reset()
        self._platform.hacienda.up = True
        self._clock.reset()
        return {"documents": 0}


def _event(invalidation: Any) -> Json | None:
    return asdict(invalidation) | {"at": invalidation.at.isoformat()} if invalidation else None
