-- expect: nothing
-- truth: orders ACCESS EXCLUSIVE
-- migrate:up
-- holdfast:allow drop-column: no deployed version reads it since the release before last
-- squawk-ignore ban-drop-column
alter table orders drop column label;
