transform(
    $hash,
    (select groupArray(identity_hash) from $person where kind = 'customer'),
    (select groupArray(tombstone) from $person where kind = 'customer'),
    $column
)
