-- Lets a generation answer in place of the one before it, in one segment. (feed.lua stands before it.)
--
-- Readers must not go back in time, and followers must not miss a change: the next generation stands exactly where the
-- present one does. Where nothing answers yet, or what answers is of another log, there is nothing to stand beside: then the
-- feed is whole from here on only. A view that is made for the first time beside others that answer stands no earlier than
-- they do, for an answer is at the place that all views have passed.
--
-- KEYS: goals, serving, previous, checkpoints, leases, feed, feed_from, the feed of the log before.
-- ARGV: view, number of the present generation ('' for none), of the next, the next one's fence, its checkpoint, the feed
--       entry that tells of the switch, the one that tells also of a gap before it.
-- Returns {1}, or {0, what stood in the way}.
local goals, serving, previous, checkpoints, leases, feed, feed_from, ended = unpack(KEYS)
local view, present, coming, fence, checkpoint, told, told_of_a_gap = unpack(ARGV)
local next_name, present_name = view .. '.' .. coming, view .. '.' .. present

if redis.call('HGET', goals, view) ~= coming then return {0, 'goal'} end
if (redis.call('HGET', serving, view) or '') ~= present then return {0, 'serving'} end
if string.sub(redis.call('HGET', leases, next_name) or '', 1, #fence) ~= fence then return {0, 'lease'} end
if redis.call('HGET', checkpoints, next_name) ~= checkpoint then return {0, 'checkpoint'} end
local epoch, position = string.match(checkpoint, '^(%S+) (%d+) ')
local beside = present ~= '' and redis.call('HGET', checkpoints, present_name) or ''
local same_log = string.sub(beside, 1, #epoch + 1) == epoch .. ' '
if same_log and beside ~= checkpoint then return {0, 'position'} end
if present == '' then
  local answering = redis.call('HGETALL', serving)
  local lowest = math.huge
  for at = 1, #answering, 2 do
    local of, reached = string.match(redis.call('HGET', checkpoints, answering[at] .. '.' .. answering[at + 1]), '^(%S+) (%d+) ')
    if of == epoch then lowest = math.min(lowest, tonumber(reached)) end
  end
  if lowest < math.huge and tonumber(position) < lowest then return {0, 'position'} end
end

if not same_log then
  local from = tonumber(redis.call('HGET', feed_from, epoch) or '0')
  redis.call('HSET', feed_from, epoch, math.max(from, tonumber(position)))
  if beside ~= '' then redis.call('EXPIRE', ended, 3600) end  -- of another log: who reads it is told to begin anew
end
announcer(feed)(position, 1, same_log and told or told_of_a_gap)
if present ~= '' then redis.call('HSET', previous, view, present) end
redis.call('HSET', serving, view, coming)
return {1}
