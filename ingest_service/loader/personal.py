"""Personal data in what a client may write freely (traits, properties, searches, paths): found by name and by form, and left out.

Columns that are personal by contract never exist in `raw`; the vault is filled from the backend alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

REDACTED = "[redacted]"
MAX_DEPTH = 12  # deeper structures are left out whole

# Names of fields, compared without case, '_', '-' and spaces.
_PERSONAL = """
email emailaddress mail useremail customeremail phone phonenumber mobile mobilenumber telephone tel fax
name firstname lastname fullname middlename surname givenname familyname username nickname displayname
address addressline1 addressline2 address1 address2 street streetaddress housenumber postalcode postcode zip zipcode
deliveryaddress billingaddress shippingaddress deliverypostcode billingpostcode deliveryfulladdress billingfulladdress
birthday birthdate dateofbirth dob avatar photo ip ipaddress ssn socialsecuritynumber taxid vatid passport iban
cardnumber creditcard creditcardnumber cvv cvc password
"""
PERSONAL_NAMES = frozenset(_PERSONAL.split())
# In free properties a product or list may be called `name`: there only what can mean nothing but a person is left out.
AMBIGUOUS_NAMES = frozenset({"name", "address", "photo", "mail", "mobile", "zip", "displayname"})
EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
PHONE = re.compile(r"(?<![\w.])\+[1-9](?:[ ().-]?\d){7,14}(?!\w)")
_NAME_NOISE = str.maketrans("", "", "_- ")
_KEY = re.compile(rb'"([^"\\]{1,64})"\s*:')
_SUSPECT = (b"@", b"%40", b'"+', b"\\u")  # forms of addresses and numbers, and escapes that may hide a name
MAX_KNOWN_NAMES = 20_000

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def clean_json(raw: bytes | msgspec.Raw, *, is_about_person: bool) -> tuple[bytes | msgspec.Raw, bool]:
    """The JSON object without personal data, and whether some was left out.

    In an object about a person (traits) every name of the list counts, elsewhere only those that can mean nothing else.
    """
    text = bytes(raw)
    if not any(sign in text for sign in _SUSPECT) and not any(_is_personal(key, is_about_person) for key in _KEY.findall(text)):
        return raw, False
    try:
        given = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return b"{}", True
    removed: list[str] = []
    cleaned = _clean(given, is_about_person, removed, 0)
    return (_encode(cleaned), True) if removed else (raw, False)


@lru_cache(MAX_KNOWN_NAMES)
def _is_personal(name: bytes, is_about_person: bool) -> bool:
    """Whether a field of that name is about a person."""
    plain = name.decode("utf-8", "replace").translate(_NAME_NOISE).lower()
    return plain in PERSONAL_NAMES and (is_about_person or plain not in AMBIGUOUS_NAMES)


def _clean(value: Any, is_about_person: bool, removed: list[str], depth: int) -> Any:
    if depth > MAX_DEPTH:
        removed.append("")
        return None
    if isinstance(value, dict):
        kept = {}
        for key, inner in value.items():
            if inner is not None and _is_personal(key.encode(), is_about_person):
                removed.append(key)
            else:
                kept[_clean(key, is_about_person, removed, depth)] = _clean(inner, is_about_person, removed, depth + 1)
        return kept
    if isinstance(value, list):
        return [_clean(inner, is_about_person, removed, depth + 1) for inner in value]
    if isinstance(value, str):
        found = clean_text(value)
        if found is not value:
            removed.append("")
        return found
    return value


def clean_text(text: str) -> str:
    """The text with e-mail addresses and international phone numbers replaced; the same object where there are none."""
    if "@" not in text and "%40" not in text and "+" not in text:
        return text
    cleaned = PHONE.sub(REDACTED, EMAIL.sub(REDACTED, text))
    return text if cleaned == text else cleaned
