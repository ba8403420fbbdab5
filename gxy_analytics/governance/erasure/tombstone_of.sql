transform(
    $hash,
    (select arrayPushBack(groupArray(identity_hash), '') from $person where kind = 'customer'),
    (select arrayPushBack(groupArray(tombstone), '') from $person where kind = 'customer'),
    $column
)
