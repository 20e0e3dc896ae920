-- Announcing in the change feed: put before a script that does. `feed` is the stream's key.
--
-- An entry stands at `<position>-0`. What is told late (a generation that was behind the others of its segment, a document
-- that was folded again) is appended to the newest position instead, at a sequence number that leaves room for each document
-- it names, and with the position it is of. Telling the same of the same position again, after a script broke half-way,
-- appends nothing.
local function announcer(feed)
  local newest = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)[1]
  local last, sequence = 0, 0
  if newest then
    last, sequence = string.match(newest[1], '^(%d+)-(%d+)$')
    last, sequence = tonumber(last), tonumber(sequence)
  end

  local function told(place, position, content)
    for _, entry in ipairs(redis.call('XRANGE', feed, place, place)) do
      local of = entry[2][4] or string.match(entry[1], '^%d+')
      if entry[2][2] == content and of == position then return true end
    end
    return false
  end

  return function(position, documents, content)
    if tonumber(position) > last then
      last, sequence = tonumber(position), 0
      redis.call('XADD', feed, position .. '-0', 'e', content)
    elseif documents > 0 and not told(position, position, content) and not told(string.format('%.0f', last), position, content) then
      sequence = sequence + documents
      redis.call('XADD', feed, string.format('%.0f-%.0f', last, sequence), 'e', content, 'of', position)
    end
  end
end

