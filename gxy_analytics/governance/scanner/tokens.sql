-- Hashed tokens of the sample by column: words, neighbouring words, and runs of nine digits or more. Compared outside, in memory.
select
    column,
    kind,
    reinterpretAsUInt64(substring(SHA256(concat({salt:String}, kind, ':', token)), 1, 8)) as hashed,
    first_position,
    found
from (
    select
        column,
        arrayJoin(
            arrayConcat(
                arrayMap(word -> ('word', word), words),
                arrayMap((one, other) -> ('pair', concat(one, ' ', other)), arrayPopBack(words), arrayPopFront(words)),
                arrayMap(run -> ('digits', run), extractAll(text, '[0-9]{9,15}'))
            )
        ) as found_token,
        found_token.1 as kind,
        found_token.2 as token,
        min(row_position) as first_position,
        sum(found_rows) as found
    from (
        select
            column,
            substringUTF8(whole, 1, {characters:UInt32}) as text,
            arrayFilter(
                word -> length(word) > 1 and not (word between '0' and ':'),
                tokens(lowerUTF8(text), 'splitByNonAlpha')
            ) as words,
            min(position) as row_position,
            count() as found_rows
        from (
            select column, whole, row_position as position
            from ($sample)
            array join names as column, texts as whole
            where length(whole) > 3
        )
        group by column, whole
        having match(whole, '[A-Za-z\\x80-\\xff]{2}|[0-9]{9}')
            and not match(whole, '^[0-9a-f]{32,64}$$|^[0-9a-f]{8}-[0-9a-f-]{27}$$')
    )
    group by column, found_token
    limit {tokens:UInt32} by column
)
