-- expect: nothing
-- truth: none
-- migrate:up
alter type status add value if not exists 'refunded';
