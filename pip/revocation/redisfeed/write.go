package redisfeed

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wardgate/wardgate/pip"
)

// stagedFor is how long a copy that was not put in place takes up memory.
const stagedFor = 5 * time.Minute

// writing puts a change onto the copy, all of it or nothing, if the copy
// stands where the change begins. With a generation the staged sessions take
// the place of those there; without one the given members are added. The bans
// are always all of them.
//
//	KEYS  mark, sessions, bans, alive, staged
//	ARGV  1 epoch and 2 sequence that are there, as text; 3 and 4 those to come;
//	      5 milliseconds to live; 6 generation or ""; 7 channel;
//	      8 how many of what follows are bans' subjects and times; members
var writing = redis.NewScript(`
local there = redis.call('HMGET', KEYS[1], 'epoch', 'sequence')
if (there[1] or '') ~= ARGV[1] or (there[2] or '') ~= ARGV[2] then
  return 0
end
if ARGV[6] ~= '' then
  redis.call('DEL', KEYS[2])
  if redis.call('EXISTS', KEYS[5]) == 1 then
    redis.call('RENAME', KEYS[5], KEYS[2])
    redis.call('PERSIST', KEYS[2])
  end
  redis.call('HSET', KEYS[1], 'generation', ARGV[6])
end
redis.call('DEL', KEYS[3])
local last = 8 + tonumber(ARGV[8])
for i = 9, last, 2 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
end
for i = last + 1, #ARGV do
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[i])
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'sequence', ARGV[4],
  'sessions', redis.call('ZCARD', KEYS[2]), 'bans', redis.call('HLEN', KEYS[3]))
redis.call('SET', KEYS[4], '1', 'PX', ARGV[5])
redis.call('PUBLISH', ARGV[7], ARGV[4])
return 1
`)

// write moves the copy from where it stands to the mark of what is said.
func (r *Redis) write(ctx context.Context, stands place, said pip.Revocations, generation string) error {
	args := []any{
		stands.epoch, stands.sequence, said.Mark.Epoch, strconv.FormatUint(said.Mark.Sequence, 10),
		aliveFor.Milliseconds(), generation, r.keys.ring, 2 * len(said.Bans),
	}
	for _, b := range said.Bans {
		args = append(args, b.Subject, strconv.FormatInt(b.Until.UnixMicro(), 10))
	}
	for _, e := range said.Sessions {
		m, err := member(e)
		if err != nil {
			return err
		}
		args = append(args, m)
	}
	k := r.keys
	written, err := writing.Run(ctx, r.client, []string{k.mark, k.sessions, k.bans, k.alive, k.staged + generation}, args...).Int()
	if err != nil {
		return fmt.Errorf("write to the copy: %w", err)
	}
	if written == 0 {
		return errOvertaken
	}
	return nil
}

// stage writes sessions aside, in pages.
func (r *Redis) stage(ctx context.Context, said pip.Revocations, generation string) error {
	key := r.keys.staged + generation
	score := float64(said.Mark.Sequence)
	for rest := said.Sessions; len(rest) > 0; {
		n := min(len(rest), page)
		members := make([]redis.Z, 0, n)
		for _, e := range rest[:n] {
			m, err := member(e)
			if err != nil {
				return err
			}
			members = append(members, redis.Z{Score: score, Member: m})
		}
		rest = rest[n:]
		_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.ZAdd(ctx, key, members...)
			p.PExpire(ctx, key, stagedFor)
			return nil
		})
		if err != nil {
			return fmt.Errorf("write the copy aside: %w", err)
		}
	}
	return nil
}
