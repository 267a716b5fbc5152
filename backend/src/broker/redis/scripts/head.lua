-- The newest position of a room, '0' without one. The stream is the truth; the head outlives it.
-- KEYS: 1 stream  2 head
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last then return last[1] .. string.match(last[2][1], '^%S+') end
return redis.call('HGET', KEYS[2], 'l') or '0'
