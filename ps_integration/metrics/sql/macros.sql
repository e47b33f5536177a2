-- Whole numbers and exact decimals; no figure here is ever a double.

-- Nearest rank: the smallest value that at least `percent` of the values do not exceed.
create or replace temp macro nearest_rank(x, percent) as list_extract(
    list_sort(list(x) filter (where x is not null)),
    cast((count(x) * percent + 99) // 100 as bigint)
);

-- part / whole with six decimals, rounded half up; null of nothing.
create or replace temp macro share_of(part, whole) as cast(
    cast((cast(part as hugeint) * 2000000 + whole) // nullif(2 * whole, 0) as decimal(18, 0))
    * cast(0.000001 as decimal(7, 6)) as decimal(28, 6)
);

-- Whole seconds from one instant to another, rounded down, also below zero.
create or replace temp macro seconds_between(first, last) as (
    epoch_us(last) - epoch_us(first)
    - (((epoch_us(last) - epoch_us(first)) % 1000000) + 1000000) % 1000000
) // 1000000;
