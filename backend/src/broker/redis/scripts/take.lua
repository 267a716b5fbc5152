-- Reads and deletes a record.
-- KEYS: 1 record  2 index of its kind   ARGV: 1 name
local record = redis.call('HMGET', KEYS[1], 'r', 'd')
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return record
