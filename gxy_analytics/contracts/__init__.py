"""What crosses a border: the event model, the OLTP tables, PII tags. No connection and no rule of one store belongs here."""
