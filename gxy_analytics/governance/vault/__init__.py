"""The vault: keys, what they seal, and the rows of `pii`; what is sealed is decided by who writes them."""
