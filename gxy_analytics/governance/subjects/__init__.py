"""One person in the warehouse: under which ids somebody is known, and in which tables. What is done there is not said here."""
