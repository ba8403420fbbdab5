"""The backend's OLTP tables into `raw.oltp_*`, incrementally and without personal data. No transformation belongs here."""
