-- Shows that this server takes writes and delivers: both would not be true of a demoted one.
-- KEYS: 1 the node's lease  2 the node's own channel   ARGV: 1 lease (ms)  2 payload
-- Returns 1 if the lease still ran, 0 if the node was as good as dead in between.
local ran = redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'GET')
redis.call('PUBLISH', KEYS[2], ARGV[2])
return ran and 1 or 0
