-- A mutation that was left half-way would wait for its look-up for ever, and every later one for it.
kill mutation where database = 'raw' and table = 'events' and command like '%enrichment_lookup%' sync
