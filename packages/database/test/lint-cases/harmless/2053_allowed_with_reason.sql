-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
-- squawk-ignore ban-drop-column
-- holdfast:allow drop-column: no deployed version reads it since the release before last
alter table orders drop column label;
