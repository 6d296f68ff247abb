"""What one issuer chose, frozen for the provider: the rest of this folder never sees a database row."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`email` is the issuer's own. `rounding_line` permits a line of one cent where the total is unreachable."""

    livemode: bool
    email: str
    mails_customer: bool = False
    rounding_line: bool = False

    @property
    def environment(self) -> str:
        """The name of the environment in the contract table."""
        return "live" if self.livemode else "test"
