"""Access, tenants, the vault, personal data and its end. Nothing that serves a dashboard belongs here."""
