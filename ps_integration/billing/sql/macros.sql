-- Exact arithmetic of hours, prices and minor units; no value here is ever a double.

-- Hours from seconds, rounded half up at an ERP's quantity scale (10 ** decimals, at most 100000).
create or replace temp macro hours_at(seconds, scale) as cast(
    cast(
        sign(seconds) * ((2 * abs(seconds) * scale + 3600) // 7200) * (100000 // scale)
        as decimal(18, 0)
    ) * cast(0.00001 as decimal(6, 5))
    as decimal(18, 5)
);

-- One line's amount in minor units, rounded once by the legal entity's mode.
create or replace temp macro minor_of(quantity, unit_price, factor, rounding) as cast(
    case
        when rounding = 'half_even'
            then round_even(quantity * unit_price * cast(factor as decimal(5, 0)), 0)
        else round(quantity * unit_price * cast(factor as decimal(5, 0)), 0)
    end as bigint
);

-- Whole seconds of a part of which only a share of the amount fits: seconds * share // amount.
create or replace temp macro share_seconds(seconds, share, amount) as cast(
    if(amount > 0 and share > 0, cast(seconds as hugeint) * share // amount, 0) as bigint
);

-- Whether a part holds about its share of an entry, cut at a second more or less for each part.
create or replace temp macro is_share(part_minor, part_seconds, whole_minor, whole_seconds, part) as
abs(
    cast(part_seconds as hugeint) * whole_minor - cast(whole_seconds as hugeint) * part_minor
) <= (cast(part as hugeint) + 1) * whole_minor;

-- Minor units as an exact amount in major units.
create or replace temp macro major_of(minor, factor) as cast(
    cast(minor as decimal(18, 0)) * case factor
        when 1 then 1.0000
        when 100 then 0.0100
        when 1000 then 0.0010
        else 0.0001
    end as decimal(18, 6)
);

-- 1 / rate at twelve decimals, rounded half up, by whole-number division.
create or replace temp macro inverse_rate(rate) as cast(
    cast(
        (
            2 * cast(1000000000000000000000000 as hugeint)
            + cast(replace(cast(rate as varchar), '.', '') as hugeint)
        ) // (2 * cast(replace(cast(rate as varchar), '.', '') as hugeint))
        as decimal(38, 0)
    ) * cast(0.000000000001 as decimal(13, 12))
    as decimal(28, 12)
);

-- A role as the rate card and the entry may both spell it.
create or replace temp macro role_key(role) as lower(trim(role));

-- An amount as people read it, e.g. 1234.50 GBP.
create or replace temp macro money_text(minor, factor, currency) as
case
    when minor is null then 'no price'
    when factor = 1 then cast(minor as varchar) || ' ' || currency
    else
        case when minor < 0 then '-' else '' end || cast(abs(minor) // factor as varchar) || '.'
        || lpad(
            cast(abs(minor) % factor as varchar),
            cast(length(cast(factor as varchar)) - 1 as integer),
            '0'
        ) || ' ' || currency
end;

-- A decimal without the zeros that only its column type adds.
create or replace temp macro plain_number(value) as rtrim(rtrim(cast(value as varchar), '0'), '.');

-- Text without line breaks and other control characters.
create or replace temp macro one_line(words) as regexp_replace(words, '[[:cntrl:]]+', ' ', 'g');
