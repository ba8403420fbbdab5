$column != '' and $hash in (select identity_hash from $person where kind = '$kind')
