-- Answers by inputs, for joinGet. It outlives a restart of the server: a mutation that goes on needs it.
create table raw.enrichment_lookup ($columns, is_known UInt8) engine = Join(any, left, $keys)
