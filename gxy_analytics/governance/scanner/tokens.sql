-- Hashed tokens of the sample by column: words, neighbouring words, and runs of nine digits or more. Compared outside, in memory.
select
    column,
    kind,
    reinterpretAsUInt64(substring(SHA256(concat({salt:String}, kind, ':', token)), 1, 8)) as hashed,
    min(first_position) as position,
    sum(found) as rows
from (
    select
        column,
        arrayJoin(
            arrayConcat(
                arrayMap(word -> ('word', word), words),
                arrayMap((one, other) -> ('pair', concat(one, ' ', other)), arrayPopBack(words), arrayPopFront(words)),
                arrayMap(run -> ('digits', run), extractAll(beginning, '[0-9]{9,15}'))
            )
        ) as found_token,
        found_token.1 as kind,
        found_token.2 as token,
        min(row_position) as first_position,
        count() as found
    from (
        select column, row_position, substringUTF8(text, 1, {characters:UInt32}) as beginning,
            extractAll(lowerUTF8(beginning), '[\\p{L}\\p{M}]{2,}') as words
        from ($sample)
        array join names as column, texts as text
        where match(text, '[A-Za-z\\x80-\\xff]{2}|[0-9]{9}') and not match(text, '^[0-9a-f]{32,64}$$|^[0-9a-f]{8}-[0-9a-f-]{27}$$')
    )
    group by column, found_token
)
group by column, kind, hashed
limit {tokens:UInt32} by column
