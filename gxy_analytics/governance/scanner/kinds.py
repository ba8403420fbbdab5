"""What personal data looks like: RE2 patterns, which `forms.sql` binds and then verifies (Luhn, truncated addresses).

The vault's names have no form: they belong to `names`.
"""

from __future__ import annotations

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_NO_WORD_BEFORE = "(?:^|[^0-9A-Za-z_.-])"
_NO_WORD_AFTER = "(?:$|[^0-9A-Za-z_.-]|[.](?:$|[^0-9A-Za-z_]))"

_OF_ADDRESS = "[^ \t\r\n@'\"<>(),:;{}=/?&]"
_AT = r"(?:@|%(?:25)?40|\\u0040)"
"""As it is, escaped in a URL once or twice, or in JSON."""
EMAIL = f"{_OF_ADDRESS}{_AT}(?:(?:[^ \t\r\n@'\"<>(),:;{{}}=/?&.]+)[.])+[A-Za-z]{{2,24}}"
PHONE = (
    f"{_NO_WORD_BEFORE}(?:[+]|%2[Bb])[1-9](?:[ ().-]?[0-9]){{7,14}}(?:$|[^0-9A-Za-z_])"
    f"|{_NO_WORD_BEFORE}00[1-9][0-9]{{0,2}}[ ()-](?:[ ().-]?[0-9]){{6,12}}(?:$|[^0-9A-Za-z_])"
    "|[(]0?[1-9][0-9]{1,4}[)][ -]?[0-9]{3,5}[ -]?[0-9]{2,6}(?:$|[^0-9A-Za-z_])"
    f"|{_NO_WORD_BEFORE}[2-9][0-9]{{2}}[-.][0-9]{{3}}[-.][0-9]{{4}}(?:$|[^0-9A-Za-z_.-])"
)
"""International with `+`, `%2B` or `00`, an area code in brackets, and the North American 650-555-1212. Bare digits are an id."""
IPV4 = f"(?:^|//|[^0-9A-Za-z_./-])((?:{_BYTE}[.]){{3}}{_BYTE}){_NO_WORD_AFTER}"
"""Not behind a `/`, `v` or `-`: what user agents and trackers put there is a version."""
IPV6 = (
    "(?:^|[^0-9A-Za-z:.])((?:[23][0-9A-Fa-f]{3}|[Ff][CcDd][0-9A-Fa-f]{2}|[Ff][Ee]80)(?::[0-9A-Fa-f]{0,4}){2,7})"
    "(?:$|[^0-9A-Za-z:.])"
)
"""Global, unique local and link local addresses."""
_GROUPED = "[2-6][0-9]{3}(?:[ -][0-9]{4}){2,3}(?:[ -][0-9]{1,4})?|3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}"
CARD = f"{_NO_WORD_BEFORE}([2-6][0-9]{{11,18}}|{_GROUPED}){_NO_WORD_AFTER}"
"""In one run or in the groups that are printed on a card."""
ISSUED = (
    "^(?:4[0-9]{12}(?:[0-9]{3}){0,2}|(?:5[1-5]|2[2-7])[0-9]{14}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35[0-9]{14}"
    "|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12}|62[0-9]{14,17}|(?:5018|5020|5038|6304|6759|676[1-3])[0-9]{8,15})$"
)
"""Issuer ranges and lengths of payment cards (ISO/IEC 7812): a number of another beginning is none."""
NO_ADDRESS = "(?i)[.](?:png|jpe?g|gif|webp|avif|svg|ico|css|js|mp4|pdf)$"
"""`logo@2x.png` has the form of an e-mail address and is a file."""

PATTERNS = {
    "email": EMAIL,
    "phone": PHONE,
    "ipv4": IPV4,
    "ipv6": IPV6,
    "card": CARD,
    "issued": ISSUED,
    "no_address": NO_ADDRESS,
}
"""As `forms.sql` binds them."""

PERSONAL_COLUMN = (
    r"^(?:.*_)?(?:e_?mail(?:_address)?|phone(?:_number)?|mobile|first_?name|last_?name|full_?name|given_?name|family_?name|surname"
    r"|birth_?(?:date|day)|date_of_birth|street|address_?(?:line)?_?[12]?|iban|passport|card_?number|ip_address|ip)$"
)
"""Names of columns that can mean nothing but personal data: found without reading a row, also while they are empty."""
