drop table if exists raw.enrichment_lookup sync
