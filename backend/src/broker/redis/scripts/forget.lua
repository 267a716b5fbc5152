-- Takes a name out of the index if its record has expired.
-- KEYS: 1 record  2 index of its kind   ARGV: 1 name
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], ARGV[1]) end
return 0
