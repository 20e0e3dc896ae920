-- The exactly-once boundary: one batch of one segment, in one script.
--
-- Redis does not roll a script back, so all checks come before the first write, every write is a final value, and the
-- order is: indexes, documents, feed, checkpoint. A script that broke half-way is harmless to run again: documents carry
-- the place they were folded to, and feed entries have explicit ids that are appended only beyond the last.
--
-- KEYS: checkpoint, feed, then documents, then indexes.
-- ARGV: epoch, expected position, new position, id of the event there, number of documents, of indexes, of feed
--       entries, how many feed entries to keep; then a value a document ('' deletes); then for each index the number of
--       members to remove, the number to add, the members to remove, and score and member of each to add; then for each
--       feed entry its position and its content.
-- Returns: {1, new position}, or {0, epoch found, position found} where the checkpoint is not the expected one.
local epoch, expected, position, event = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local documents, indexes, entries, keep = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]

local found = redis.call('HMGET', KEYS[1], 'epoch', 'position')
if found[1] ~= epoch or found[2] ~= expected then
  return {0, found[1] or '', found[2] or ''}
end

local function in_chunks(command, key, from, upto)
  while from <= upto do
    local last = math.min(from + 799, upto)
    redis.call(command, key, unpack(ARGV, from, last))
    from = last + 1
  end
end

local at = 9 + documents
for index = 1, indexes do
  local key, removed, added = KEYS[2 + documents + index], tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  in_chunks('ZREM', key, at, at + removed - 1)
  at = at + removed
  in_chunks('ZADD', key, at, at + 2 * added - 1)
  at = at + 2 * added
end

for document = 1, documents do
  local value = ARGV[8 + document]
  if value == '' then
    redis.call('DEL', KEYS[2 + document])
  else
    redis.call('SET', KEYS[2 + document], value)
  end
end

local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local last = newest[1] and tonumber(string.match(newest[1][1], '^%d+')) or 0
for _ = 1, entries do
  if tonumber(ARGV[at]) > last then
    redis.call('XADD', KEYS[2], ARGV[at] .. '-0', 'e', ARGV[at + 1])
  end
  at = at + 2
end
if redis.call('XTRIM', KEYS[2], 'MAXLEN', '~', keep) > 0 then
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1][1]
  redis.call('HSET', KEYS[1], 'feed_from', tonumber(string.match(oldest, '^%d+')) - 1)
end

redis.call('HSET', KEYS[1], 'position', position, 'event', event)
return {1, position}
