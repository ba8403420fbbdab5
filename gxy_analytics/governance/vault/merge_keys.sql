-- Superseded wrappings go: only the newest of each key stays.
optimize table pii.keys final
