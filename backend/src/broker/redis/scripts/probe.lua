-- Shows that this server takes writes and delivers: both would not be true of a demoted one.
-- KEYS: 1 the node's lease  2 the node's own channel   ARGV: 1 lease (ms)  2 payload
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return redis.call('PUBLISH', KEYS[2], ARGV[2])
