-- expect: rewrite-table
-- truth: outside orders ACCESS EXCLUSIVE
-- migrate:up transaction:false
vacuum (full) orders;
