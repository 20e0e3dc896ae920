-- The exactly-once boundary: one batch of one segment, in one script. (feed.lua stands before it.)
--
-- Redis does not roll a script back, so all checks come before the first write, every write is a final value, and the
-- order is: indexes, documents, parked, feed, checkpoints, wishes. A script that broke half-way is harmless to run again:
-- documents carry the place they were folded to, and the feed tells nothing twice. How far it was to go is written down
-- first: run again it must go there and no further, for the index entries of that place are there, and are taken away by
-- nobody who does not know of them.
--
-- KEYS: checkpoints, leases, parked, wishes, feed, feed_from, writing, serving, then documents, then indexes.
-- ARGV: epoch, expected checkpoint, new checkpoint, the position to be reached in the end (there may be more scripts
--       before that), how many feed entries to keep, then the numbers of generations, documents, parked, feed entries,
--       wishes. Then for each generation its name and its lease's fence; a value for each document ('' deletes); in
--       MessagePack for each index the members to remove, and score and member by turns of those to add; for each parked
--       document its field and value ('' deletes); for each feed entry its position, how many documents it names, its
--       content; the wishes that are done.
-- Returns {1}, or {0, generation, what was found} where a lease is another's or a checkpoint is not the expected one. What
-- answers is announced, and nothing else is: where another worker let the next generation answer, whoever still moves the
-- one before would tell every change a second time, so that is refused too.
local epoch, expected, reached, intended, keep = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local generations, documents = tonumber(ARGV[6]), tonumber(ARGV[7])
local parked, entries, wishes = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local checkpoint_key, lease_key, parked_key, wish_key, feed_key, from_key = unpack(KEYS, 1, 6)
local writing_key, serving_key = KEYS[7], KEYS[8]

local moved, written, names, at = {}, {}, {}, 11
for _ = 1, generations do
  local name, fence = ARGV[at], ARGV[at + 1]
  local lease = redis.call('HGET', lease_key, name) or ''
  if string.sub(lease, 1, #fence) ~= fence then return {0, name, lease} end
  local checkpoint = redis.call('HGET', checkpoint_key, name) or ''
  if checkpoint ~= expected then return {0, name, checkpoint} end
  local view, number = string.match(name, '^(.*)%.(%d+)$')
  local answers = redis.call('HGET', serving_key, view) == number
  if reached ~= expected and answers ~= (entries > 0) then return {0, name, answers and 'answering' or 'not answering'} end
  moved[#moved + 1] = name
  moved[#moved + 1] = reached
  written[#written + 1] = name
  written[#written + 1] = intended
  names[#names + 1] = name
  at = at + 2
end
local values = at
at = at + documents

redis.call('HSET', writing_key, unpack(written))

local function in_chunks(command, key, values, from, upto)
  while from <= upto do
    local last = math.min(from + 799, upto)
    redis.call(command, key, unpack(values, from, last))
    from = last + 1
  end
end

for index, changed in ipairs(cmsgpack.unpack(ARGV[at])) do
  local key, removed, added = KEYS[8 + documents + index], changed[1], changed[2]
  in_chunks('ZREM', key, removed, 1, #removed)
  in_chunks('ZADD', key, added, 1, #added)
end
at = at + 1

for document = 1, documents do
  local value = ARGV[values + document - 1]
  if value == '' then
    redis.call('DEL', KEYS[8 + document])
  else
    redis.call('SET', KEYS[8 + document], value)
  end
end

for _ = 1, parked do
  if ARGV[at + 1] == '' then
    redis.call('HDEL', parked_key, ARGV[at])
  else
    redis.call('HSET', parked_key, ARGV[at], ARGV[at + 1])
  end
  at = at + 2
end

if entries > 0 then
  local announce = announcer(feed_key)
  for _ = 1, entries do
    announce(ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2])
    at = at + 3
  end
  if redis.call('XTRIM', feed_key, 'MAXLEN', '~', keep) > 0 then
    local oldest = redis.call('XRANGE', feed_key, '-', '+', 'COUNT', 1)[1][1]
    redis.call('HSET', from_key, epoch, tonumber(string.match(oldest, '^%d+')) - 1)
  end
end

if reached ~= expected or wishes > 0 then redis.call('HDEL', writing_key, unpack(names)) end
redis.call('HSET', checkpoint_key, unpack(moved))
in_chunks('HDEL', wish_key, ARGV, at, at + wishes - 1)
return {1}
