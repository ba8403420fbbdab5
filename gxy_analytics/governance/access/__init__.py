"""Who may read and write what in the warehouse: the specification (data), its two renderings, and making a server follow it."""
