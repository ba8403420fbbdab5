"""Word lists that invented people are made of, by country. Nobody here exists; domains and networks are reserved ones.

Plain data; shoppers are made of it by `shoppers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Locale:
    """Names and places of one country."""

    language: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]  # (city, region, first digits or letters of its postal codes)
    phone_prefix: str  # E.164, in a range kept for fiction where the country has one


LOCALES = {
    "DE": Locale(
        "de-DE",
        ("Anna", "Clara", "Emma", "Greta", "Hanna", "Ida", "Johanna", "Lena", "Marie", "Paula"),
        ("Anton", "Ben", "Emil", "Felix", "Jonas", "Karl", "Leon", "Max", "Paul", "Theo"),
        ("Bauer", "Becker", "Fischer", "Hoffmann", "Koch", "Neumann", "Richter", "Schmidt", "Vogel", "Wagner", "Weber", "Wolf"),
        (("Berlin", "Berlin", "101"), ("Hamburg", "Hamburg", "203"), ("Köln", "Nordrhein-Westfalen", "506"),
         ("Leipzig", "Sachsen", "041"), ("München", "Bayern", "803")),
        "+4930239900",
    ),
    "US": Locale(
        "en-US",
        ("Abigail", "Chloe", "Emily", "Grace", "Harper", "Isabella", "Mia", "Olivia", "Sophia", "Zoe"),
        ("Aiden", "Daniel", "Ethan", "Henry", "Jack", "Liam", "Lucas", "Mason", "Noah", "Owen"),
        ("Adams", "Baker", "Carter", "Davis", "Garcia", "Johnson", "Lopez", "Miller", "Nguyen", "Rivera", "Smith", "Walker"),
        (("Seattle", "WA", "981"), ("Portland", "OR", "972"), ("Denver", "CO", "802"), ("Austin", "TX", "787"),
         ("Los Angeles", "CA", "900")),
        "+1206555",
    ),
    "IN": Locale(
        "en-IN",
        ("Aditi", "Ananya", "Diya", "Isha", "Kavya", "Meera", "Nisha", "Priya", "Riya", "Sneha"),
        ("Aarav", "Arjun", "Dev", "Ishaan", "Kabir", "Karan", "Rahul", "Rohan", "Varun", "Vikram"),
        ("Bose", "Das", "Gupta", "Iyer", "Joshi", "Khan", "Mehta", "Menon", "Nair", "Patel", "Rao", "Sharma"),
        (("Mumbai", "Maharashtra", "400"), ("Bengaluru", "Karnataka", "560"), ("Chennai", "Tamil Nadu", "600"),
         ("Kochi", "Kerala", "682"), ("Delhi", "Delhi", "110")),
        "+9199000",
    ),
    "JP": Locale(
        "ja-JP",
        ("Aoi", "Haruka", "Hina", "Mei", "Miyu", "Rin", "Sakura", "Yui"),
        ("Daichi", "Haruto", "Kaito", "Ren", "Riku", "Sora", "Takumi", "Yuto"),
        ("Abe", "Fujita", "Hayashi", "Ito", "Kato", "Mori", "Sato", "Suzuki", "Tanaka", "Yamada"),
        (("Tokyo", "Tokyo", "100"), ("Osaka", "Osaka", "530"), ("Kyoto", "Kyoto", "600"), ("Sapporo", "Hokkaido", "060")),
        "+81355550",
    ),
    "GB": Locale(
        "en-GB",
        ("Amelia", "Beth", "Charlotte", "Eleanor", "Freya", "Isla", "Lily", "Rosie"),
        ("Alfie", "Callum", "George", "Harry", "Jamie", "Oliver", "Rory", "Thomas"),
        ("Brown", "Clarke", "Evans", "Green", "Hughes", "Jones", "Khan", "MacLeod", "Patel", "Taylor", "Wilson", "Wood"),
        (("London", "England", "N1 "), ("Edinburgh", "Scotland", "EH1 "), ("Cardiff", "Wales", "CF10 "),
         ("Leeds", "England", "LS1 ")),
        "+442079460",
    ),
    "AU": Locale(
        "en-AU",
        ("Charlotte", "Ella", "Evie", "Matilda", "Ruby", "Willow"),
        ("Angus", "Archie", "Cooper", "Finn", "Hugo", "Lachlan"),
        ("Anderson", "Campbell", "Kelly", "Martin", "Nguyen", "Ryan", "Singh", "Thompson"),
        (("Adelaide", "South Australia", "50"), ("Melbourne", "Victoria", "30"), ("Darwin", "Northern Territory", "08")),
        "+6155501",
    ),
    "CA": Locale(
        "en-CA",
        ("Adele", "Camille", "Hannah", "Maya", "Rose", "Stella"),
        ("Gabriel", "Hudson", "Louis", "Nathan", "Samuel", "William"),
        ("Bouchard", "Côté", "Fraser", "MacDonald", "Roy", "Tremblay", "White", "Wong"),
        (("St. John's", "Newfoundland and Labrador", "A1A "), ("Halifax", "Nova Scotia", "B3H "), ("Toronto", "Ontario", "M5V ")),
        "+17095550",
    ),
}  # fmt: skip

MAIL_DOMAINS = ("example.com", "example.net", "example.org")
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
