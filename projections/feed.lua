-- Announcing in the change feed: put before a script that does. `feed` is the stream's key.
--
-- An entry stands at `<position>-0`. What is told late (a generation that was behind the others of its segment, a document
-- that was folded again) is appended to the newest position instead, at a sequence number that leaves room for each document
-- it names. Telling the same again, after a script broke half-way, appends nothing.
local function announcer(feed)
  local newest = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)[1]
  local last, sequence = 0, 0
  if newest then
    last, sequence = string.match(newest[1], '^(%d+)-(%d+)$')
    last, sequence = tonumber(last), tonumber(sequence)
  end

  local function told(position, content)
    for _, entry in ipairs(redis.call('XRANGE', feed, position, position)) do
      if entry[2][2] == content then return true end
    end
    return false
  end

  return function(position, documents, content)
    if tonumber(position) > last then
      last, sequence = tonumber(position), 0
    elseif documents == 0 or told(position, content) or told(string.format('%.0f', last), content) then
      return
    else
      sequence = sequence + documents
    end
    redis.call('XADD', feed, string.format('%.0f-%.0f', last, sequence), 'e', content)
  end
end

