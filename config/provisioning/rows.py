"""Rows of the file: issuers with their keys, Stripe endpoints, staff."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Model

from billing.models import StripeEndpoint
from config.provisioning.report import Line
from config.provisioning.source import Entry
from notifications.models import Reader
from smartbill.models import ApiKey, Issuer
from smartbill.services.keys import save_key

ISSUER = [field.name for field in Issuer._meta.fields if field.editable and field.name != "id"]
ISSUER_NEEDS = ["slug", "provider", "name", "tax_id", "address", "country", "email", "currency", "time_zone"]


def set_issuer(entry: Entry) -> list[Line]:
    """Make an issuer and its API keys as the file says."""
    entry.accept(required=ISSUER_NEEDS, optional=[*ISSUER, "api_keys"])
    values = {key: value for key, value in entry.values.items() if key != "api_keys"}
    issuer = Issuer.objects.filter(slug=values["slug"]).first() or Issuer()
    changed = _assign(entry, issuer, values)
    for field in issuer.settled_fields:
        if field in changed:
            raise entry.error(field, "is settled by the documents of this issuer: make another issuer")
    line = _save(issuer, changed, kind="issuer", name=str(values["slug"]))
    return [line, *(_set_api_key(each, issuer) for each in entry.entries("api_keys"))]


def _set_api_key(entry: Entry, issuer: Issuer) -> Line:
    """Keys are told apart by their public half: a new pair is a new row, and the old one keeps its history."""
    public = "public_key_env" if "public_key_env" in entry.values else "public_key"
    entry.accept(required=["label", "role", public, "private_key_env"], optional=["replace_on"])
    public_key = entry.secret(public) if public.endswith("_env") else entry.text(public)
    private_key = entry.secret("private_key_env")
    key = ApiKey.objects.filter(issuer=issuer, public_key=public_key).first()
    is_new = key is None
    key = key or ApiKey(issuer=issuer, public_key=public_key)
    values = {"label": entry.text("label"), "role": entry.text("role"), **_named(entry, "replace_on")}
    changed = _assign(entry, key, values, exclude=["private_key"])
    is_same = not is_new and key.private_key == private_key
    if not is_same:
        changed.append("private_key")
    if is_new or changed:
        save_key(key, private_key="" if is_same else private_key, actor=None)
    name = f"{issuer.slug}/{key.label}"
    return Line("API key", name, "created") if is_new else Line.of("API key", name, changed)


def set_stripe_endpoint(entry: Entry) -> Line:
    """Make the address at which Stripe delivers events."""
    uuid = "uuid_env" if "uuid_env" in entry.values else "uuid"
    entry.accept(
        required=[uuid, "label", "issuer", "secrets_env"],
        optional=["account_id", "api_version", "livemode", "enabled"],
    )
    issuer = Issuer.objects.filter(slug=entry.text("issuer")).first()
    if issuer is None:
        raise entry.error("issuer", f"there is no issuer {entry.values['issuer']!r}")
    values = _named(entry, "label", "account_id", "api_version", "livemode", "enabled") | {
        "uuid": entry.secret(uuid) if uuid.endswith("_env") else entry.text(uuid),
        "issuer": issuer,
        "secrets": "\n".join(entry.secrets("secrets_env")),
    }
    try:
        found = StripeEndpoint.objects.filter(uuid=values["uuid"]).first()
    except ValidationError as error:
        raise entry.error(uuid, "; ".join(error.messages)) from error
    endpoint = found or StripeEndpoint(api_version=settings.STRIPE_API_VERSION)
    return _save(endpoint, _assign(entry, endpoint, values), kind="Stripe endpoint", name=str(values["label"]))


def set_user(entry: Entry) -> Line:
    """Make a member of staff, or change what the file names of one.

    The password counts for a new one only: a person's own choice is never undone.
    """
    entry.accept(required=["username"], optional=["email", "groups", "language", "password_env", "superuser"])
    user = User.objects.filter(username=entry.values["username"]).first()
    is_new = user is None
    user = user or User(is_staff=True)
    values = {"username": entry.text("username"), **_named(entry, "email")}
    if "superuser" in entry.values:
        values["is_superuser"] = entry.values["superuser"]
    if is_new:
        _set_password(entry, user)
    changed = _assign(entry, user, values)
    user.save()
    if "groups" in entry.values and _set_user_groups(entry, user):
        changed.append("groups")
    if "language" in entry.values:
        reader = Reader.objects.filter(user=user).first() or Reader(user=user)
        changed += (found := _assign(entry, reader, {"language": entry.values["language"]}))
        _save(reader, found, kind="reader", name=user.username)
    return Line("user", user.username, "created") if is_new else Line.of("user", user.username, changed)


def _set_user_groups(entry: Entry, user: User) -> bool:
    """Put the person into exactly the groups that the file names; return whether that changed anything."""
    groups = {_group(entry, name) for name in entry.values["groups"]}
    if set(user.groups.all()) == groups:
        return False
    user.groups.set(groups)
    return True


def _set_password(entry: Entry, user: User) -> None:
    if "password_env" not in entry.values:
        user.set_unusable_password()
        return
    password = entry.secret("password_env")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise entry.error("password_env", " ".join(error.messages)) from error
    user.set_password(password)


def _group(entry: Entry, name: str) -> Group:
    group = Group.objects.filter(name=name).first()
    if group is None:
        raise entry.error("groups", f"there is no group {name!r}")
    return group


def _named(entry: Entry, *keys: str) -> dict[str, Any]:
    """Return those keys that the file names: what it does not name stays as people have set it since."""
    return {key: entry.values[key] for key in keys if key in entry.values}


def _save(row: Model, changed: Sequence[str], *, kind: str, name: str) -> Line:
    is_new = row.pk is None
    if is_new or changed:
        row.save()
    return Line(kind, name, "created") if is_new else Line.of(kind, name, changed)


def _assign(entry: Entry, row: Model, values: Mapping[str, Any], exclude: Collection[str] = ()) -> list[str]:
    """Put the values on the row, validate it, and return the names of the fields that are not what they were."""
    before = {field: getattr(row, field, None) if row.pk else None for field in values}
    for field, value in values.items():
        setattr(row, field, value)
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise entry.error(field, " ".join(problems)) from error
    return [field for field in values if getattr(row, field) != before[field]]
