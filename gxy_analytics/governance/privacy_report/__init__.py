"""Reports to a person: everything that is held about her (GDPR Art. 15 and 20, CCPA right to know), as JSON and as a page."""
