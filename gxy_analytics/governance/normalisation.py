"""Normalising and hashing what identifies a person, exactly as the platforms that receive audiences compare it.

One function a destination where the rules differ: a shared one would match nobody at the other. What may be exported at all, and
who asked, is not decided here. A plain SHA-256 of an e-mail address is still personal data: keep and erase it like the address.

Sources:
- Google: Customer Match and enhanced conversions, "Prepare the data"
  (developers.google.com/display-video/api/guides/audiences/prepare-data, support.google.com/google-ads/answer/13262500).
- Meta: Custom Audiences, "Hashing and normalization"
  (developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from hashlib import sha256

GMAIL = frozenset({"gmail.com", "googlemail.com"})
UNITED_STATES = "us"
ZIP_DIGITS = 5
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""ITU-T E.164: at most 15 digits with the country's code. Seven is the shortest number in use."""
CALLING_CODE = re.compile(r"[1-9][0-9]{0,2}")
HASHED = re.compile(r"[0-9a-fA-F]{64}")
_TRUNK_IN_BRACKETS = re.compile(r"\(0\)")
_DIGIT = re.compile(r"[0-9]")


def hash_value(normalised: str) -> str:
    """SHA-256 of the UTF-8 text, 64 lower-case hex characters; empty for nothing. What is a hash already stays one."""
    if HASHED.fullmatch(normalised):
        return normalised.lower()
    return sha256(normalised.encode()).hexdigest() if normalised else ""


def normalise_email(email: str) -> str:
    """Trimmed and lower case (Meta EMAIL, TikTok; the first half of Google's rule). Empty when it has no part beside its `@`.

    What is a hash already stays one, so that `hash_value` keeps it.
    """
    text = _lower(email)
    if HASHED.fullmatch(text):
        return text
    local, at, domain = text.rpartition("@")
    return text if at and local and domain and not _has_space(text) else ""


def normalise_google_email(email: str) -> str:
    """As `normalise_email`, and without the dots before the `@` of gmail.com and googlemail.com. A `+suffix` stays."""
    text = normalise_email(email)
    local, _, domain = text.rpartition("@")
    if domain not in GMAIL:
        return text
    undotted = local.replace(".", "")
    return f"{undotted}@{domain}" if undotted else ""


def normalise_phone(phone: str, calling_code: str = "") -> str:
    """E.164 with its `+` (Google). Empty when it is no such number.

    A number without `+` or `00` is national: it takes `calling_code` ("49"), and loses one leading zero, the trunk prefix.
    Countries that dial the zero from abroad as well (Italy) must be given with `+`. Without a calling code it is refused, not
    guessed. So is one with letters in it: an extension would be read as more digits. What is a hash already stays one.
    """
    if HASHED.fullmatch(phone.strip()):
        return phone.strip().lower()
    text = _TRUNK_IN_BRACKETS.sub("", unicodedata.normalize("NFKC", phone)).strip()
    if any(character.isalpha() for character in text):
        return ""
    digits = "".join(_DIGIT.findall(text))
    if text.startswith("+"):
        number = f"+{digits}"
    elif digits.startswith("00"):
        number = f"+{digits[2:]}"
    elif CALLING_CODE.fullmatch(calling_code):
        number = f"+{calling_code}{digits.removeprefix('0')}"
    else:
        return ""
    return number if E164.fullmatch(number) else ""


def normalise_meta_phone(phone: str, calling_code: str = "") -> str:
    """Digits only, with the country's code, no `+` and no leading zeros (Meta PHONE)."""
    return normalise_phone(phone, calling_code).removeprefix("+")


def normalise_google_name(name: str) -> str:
    """First or last name: lower case, no white space (Google)."""
    return _without(name, lambda character: character.isspace())


def normalise_meta_name(name: str) -> str:
    """First or last name (Meta FN, LN): lower case, no punctuation, no white space; letters of any script stay as UTF-8."""
    return _without(name, lambda character: not _is_letter(character))


def normalise_meta_initial(first_name: str) -> str:
    """First letter of the first name (Meta FI)."""
    return normalise_meta_name(first_name)[:1]


def normalise_meta_gender(gender: str) -> str:
    """`m` or `f` (Meta GEN), of the letter or the English word; empty for anything else: there is no third value."""
    return {"m": "m", "male": "m", "f": "f", "female": "f"}.get(_lower(gender), "")


def normalise_meta_birth(born: date) -> tuple[str, str, str]:
    """Year of four digits, month and day of two each (Meta DOBY, DOBM, DOBD), to be hashed each by itself."""
    return f"{born.year:04d}", f"{born.month:02d}", f"{born.day:02d}"


def normalise_meta_city(city: str) -> str:
    """Lower case, no spaces, punctuation or digits (Meta CT). Google takes the city as it is, unhashed."""
    return _without(city, lambda character: not _is_letter(character))


def normalise_meta_state(state: str) -> str:
    """The two-letter code, lower case (Meta ST); outside the United States the name, letters only."""
    return _without(state, lambda character: not _is_letter(character))


def normalise_meta_zip(code: str, country: str) -> str:
    """Lower case, no spaces or dashes (Meta ZIP); the first five digits in the United States. `country` is ISO 3166-1 alpha-2."""
    text = _without(code, lambda character: not character.isalnum())
    return text[:ZIP_DIGITS] if _lower(country) == UNITED_STATES else text


def normalise_meta_country(country: str) -> str:
    """ISO 3166-1 alpha-2, lower case (Meta COUNTRY, hashed there). Empty for anything but two letters."""
    text = _lower(country)
    return text if re.fullmatch("[a-z]{2}", text) else ""


def normalise_google_country(country: str) -> str:
    """ISO 3166-1 alpha-2, upper case: Google wants country, zip, city and state unhashed."""
    return normalise_meta_country(country).upper()


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().lower())


def _has_space(text: str) -> bool:
    return any(character.isspace() for character in text)


def _is_letter(character: str) -> bool:
    """Letters and the marks that belong to them, as in Devanagari or a decomposed accent."""
    return unicodedata.category(character)[0] in "LM"


def _without(text: str, is_left_out: Callable[[str], bool]) -> str:
    return unicodedata.normalize("NFC", "".join(character for character in _lower(text) if not is_left_out(character)))
