-- latest: said last; first: said first; most_frequent: said on the most rows; longest: the longest
-- text; max: the greatest number, or text; source_order: by the lower source_rank.
select
    rules.field,
    rules.rule
from (
    values
    ('birth_date', 'source_order'),
    ('birth_year', 'source_order'),
    ('city', 'latest'),
    ('country', 'latest'),
    ('email', 'latest'),
    ('first_name', 'most_frequent'),
    ('gender', 'latest'),
    ('household_size', 'latest'),
    ('income_band', 'latest'),
    ('interests', 'latest'),
    ('language', 'latest'),
    ('last_name', 'most_frequent'),
    ('phone', 'latest')
) as rules (field, rule)
