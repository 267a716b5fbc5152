-- Announces who is in a room on a node, and tells the other nodes.
-- KEYS: 1 the announcements of the room, by node  2 channel
-- ARGV: 1 node  2 the announcement, empty if nobody is there  3 expiry (ms)  4 payload
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return redis.call('PUBLISH', KEYS[2], ARGV[4])
