$column != '' and transform(
    $hash,
    (select arrayPushBack(groupArray(identity_hash), '') from $person where kind = '$kind'),
    (select arrayWithConstant(count() + 1, 1) from $person where kind = '$kind'),
    0
) = 1
