package redisfeed

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
)

var _ revocation.Feed = (*Redis)(nil)

// page is how many sessions are read at once: more would hold up Redis.
const page = 5000

// Why the copy is not believed.
var (
	ErrAbandoned = errors.New("nobody keeps the copy in Redis in step with its authority")
	ErrMissing   = errors.New("there is no copy in Redis")
	ErrSpoilt    = errors.New("the copy in Redis has lost entries")
	errReplaced  = errors.New("the copy in Redis was replaced while it was read")
)

// Snapshot reads what came after since, or all when the copy does not go so
// far.
func (r *Redis) Snapshot(ctx context.Context, since pip.Mark) (pip.Revocations, error) {
	said, err := r.read(ctx, since)
	if err != nil {
		r.lookAgain(ctx)
		return pip.Revocations{}, fmt.Errorf("read the revocation feed: %w", err)
	}
	return said, nil
}

func (r *Redis) read(ctx context.Context, since pip.Mark) (pip.Revocations, error) {
	first, err := r.part(ctx, since, 0)
	if err == nil && (since.Epoch != first.mark.Epoch || first.mark.Behind(since)) {
		since = pip.Mark{}
		first, err = r.part(ctx, since, 0)
	}
	if err != nil {
		return pip.Revocations{}, err
	}
	if !first.alive {
		return pip.Revocations{}, ErrAbandoned
	}
	said := pip.Revocations{Mark: first.mark, Since: since, Sessions: first.sessions, Bans: first.bans}
	for more := first; len(more.sessions) == page; {
		if more, err = r.part(ctx, since, len(said.Sessions)); err != nil {
			return pip.Revocations{}, err
		}
		if more.generation != first.generation {
			return pip.Revocations{}, errReplaced
		}
		said.Sessions = append(said.Sessions, more.sessions...)
	}
	return said, nil
}

// A part is what one transaction read.
type part struct {
	alive      bool
	mark       pip.Mark
	generation string // changes when the copy is replaced as a whole
	bans       []pip.BannedSubject
	sessions   []pip.EndedSession // at most a page
}

// part reads a page of the sessions that came after since, with all else, in
// one transaction. Within one generation sessions are only added at the end.
func (r *Redis) part(ctx context.Context, since pip.Mark, offset int) (part, error) {
	from := "-inf"
	if since != (pip.Mark{}) {
		from = "(" + strconv.FormatUint(since.Sequence, 10)
	}
	var alive, sessionCount, banCount *redis.IntCmd
	var about, bans *redis.MapStringStringCmd
	var sessions *redis.StringSliceCmd
	_, err := r.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		alive = p.Exists(ctx, r.keys.alive)
		about = p.HGetAll(ctx, r.keys.mark)
		sessionCount = p.ZCard(ctx, r.keys.sessions)
		banCount = p.HLen(ctx, r.keys.bans)
		bans = p.HGetAll(ctx, r.keys.bans)
		sessions = p.ZRangeByScore(ctx, r.keys.sessions, &redis.ZRangeBy{Min: from, Max: "+inf", Offset: int64(offset), Count: page})
		return nil
	})
	if err != nil {
		return part{}, err
	}
	got := part{alive: alive.Val() == 1}
	if got.mark, got.generation, err = markOf(about.Val(), sessionCount.Val(), banCount.Val()); err != nil {
		return part{}, err
	}
	if got.bans, err = bansOf(bans.Val()); err != nil {
		return part{}, err
	}
	got.sessions, err = sessionsOf(sessions.Val())
	return got, err
}

// markOf reads what the copy says of itself, and holds it to that: Redis may
// have evicted a key.
func markOf(about map[string]string, sessions, bans int64) (pip.Mark, string, error) {
	if len(about) == 0 {
		return pip.Mark{}, "", ErrMissing
	}
	sequence, err := strconv.ParseUint(about["sequence"], 10, 64)
	whole := about["sessions"] == strconv.FormatInt(sessions, 10) && about["bans"] == strconv.FormatInt(bans, 10)
	if err != nil || about["epoch"] == "" || !whole {
		return pip.Mark{}, "", ErrSpoilt
	}
	return pip.Mark{Epoch: about["epoch"], Sequence: sequence}, about["generation"], nil
}

func bansOf(raw map[string]string) ([]pip.BannedSubject, error) {
	bans := make([]pip.BannedSubject, 0, len(raw))
	for subject, until := range raw {
		micros, err := strconv.ParseInt(until, 10, 64)
		if err != nil {
			return nil, ErrSpoilt
		}
		bans = append(bans, pip.BannedSubject{Subject: subject, Until: time.UnixMicro(micros).UTC()})
	}
	return bans, nil
}

// A session is kept as its id and the second until which it is to be kept.
const memberSize = 16 + 8

func member(e pip.EndedSession) (string, error) {
	id, err := uuid.Parse(e.Session)
	if err != nil {
		return "", errors.New("the id of a session is not a UUID")
	}
	until := e.Until
	if until.Nanosecond() > 0 {
		until = until.Add(time.Second)
	}
	return string(binary.BigEndian.AppendUint64(id[:], uint64(max(0, until.Unix())))), nil
}

func sessionsOf(raw []string) ([]pip.EndedSession, error) {
	sessions := make([]pip.EndedSession, 0, len(raw))
	for _, m := range raw {
		if len(m) != memberSize {
			return nil, ErrSpoilt
		}
		id := uuid.UUID([]byte(m[:16]))
		until := time.Unix(int64(binary.BigEndian.Uint64([]byte(m[16:]))), 0).UTC()
		sessions = append(sessions, pip.EndedSession{Session: id.String(), Until: until})
	}
	return sessions, nil
}
