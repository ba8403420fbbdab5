optimize table raw.events_rejected final
