"""The refusals of the stand-in, in Stripe's words: one exception that carries the answer to send."""

from typing import Any

Json = dict[str, Any]


class StripeFault(Exception):
    """An error answer; the HTTP layer sends it as it is."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"message": message, "type": kind, **more}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param

    @property
    def body(self) -> Json:
        """The JSON document of the answer."""
        return {"error": self.error}


def refused(message: str, *, code: str = "", param: str = "") -> StripeFault:
    """The request cannot be done as asked (400)."""
    return StripeFault(400, message, code=code, param=param)


def missing(kind: str, identifier: str, *, param: str = "id", status: int = 404) -> StripeFault:
    """No object has this id: 404 for the object of the address, 400 for one named by a parameter."""
    return StripeFault(status, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def declined(code: str, *, charge: str, payment_intent: Json) -> StripeFault:
    """The card was refused (402)."""
    return StripeFault(
        402,
        "Your card was declined.",
        kind="card_error",
        code="card_declined",
        decline_code=code,
        charge=charge,
        payment_intent=payment_intent,
    )
