"""The tables that say who the tenants are, what was loaded, and what was built."""
