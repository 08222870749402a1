// Package redisfeed carries the revocation list over Redis: a Mirror, beside
// the authority, keeps a copy there; a Feed, in every process that decides,
// reads it. Redis is never believed further than that: the copy says up to
// which change of the authority it goes, a key that lives for a moment says
// that a mirror keeps it in step, and what is missing, evicted or behind makes
// the feed an error, after which the authority is asked.
//
// Messages only ring: a client that hears one reads the copy. A lost message costs
// time until the next reading, and never an entry.
package redisfeed

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Config says which Redis. Addresses of one server, of a cluster's nodes, or
// with SentinelMaster of the sentinels that know where that master is.
type Config struct {
	Addresses      []string
	Username       string // of Redis's access control list; "" for the default user
	Password       string
	TLS            *tls.Config // of sentinels too
	SentinelMaster string

	// How sentinels know us; often they have no users. "" asks them without.
	SentinelUsername, SentinelPassword string

	Database int // 0 in a cluster

	Prefix string // of all keys; "{wardgate}:revocations" when empty
}

// Bounds of one exchange with Redis. After them the authority is asked.
const (
	dialTimeout = 500 * time.Millisecond
	ioTimeout   = 700 * time.Millisecond
)

// A Redis is a connection to the copy. Close it after use.
type Redis struct {
	client redis.UniversalClient
	keys   keys
}

// keys of the copy. They share a hash tag, so that a cluster keeps them on one
// node, where scripts and transactions reach them all.
type keys struct{ mark, sessions, bans, alive, ring, staged string }

// New returns a client that connects when it is first used: Redis may be gone
// while Wardgate starts.
func New(c Config) (*Redis, error) {
	if len(c.Addresses) == 0 {
		return nil, errors.New("revocation feed: no address of a Redis")
	}
	prefix := c.Prefix
	if prefix == "" {
		prefix = "{wardgate}:revocations"
	}
	logging.Disable() // what fails is an error here, and the caller logs it once
	return &Redis{
		client: redis.NewUniversalClient(&redis.UniversalOptions{
			Addrs:            c.Addresses,
			Username:         c.Username,
			Password:         c.Password,
			SentinelUsername: c.SentinelUsername,
			SentinelPassword: c.SentinelPassword,
			MasterName:       c.SentinelMaster,
			DB:               c.Database,
			TLSConfig:        c.TLS,

			DialTimeout: dialTimeout, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout,
			DialerRetries: 1, MaxRetries: -1, // the next question is the retry
			ContextTimeoutEnabled: true,
			PoolSize:              4,
			PipelinePoolSize:      -1,

			ClientName:      "wardgate",
			DisableIdentity: true,
			MaintNotificationsConfig: &maintnotifications.Config{
				Mode: maintnotifications.ModeDisabled,
			},
		}),
		keys: keys{
			mark: prefix + ":mark", sessions: prefix + ":sessions", bans: prefix + ":bans",
			alive: prefix + ":alive", ring: prefix + ":ring", staged: prefix + ":staged:",
		},
	}, nil
}

// Close ends all connections.
func (r *Redis) Close() error { return r.client.Close() }

// lookAgain has a cluster asked which node holds the copy. A transaction that
// cannot be sent teaches the client nothing: by itself it would go on calling a
// node that is dead for up to a minute.
func (r *Redis) lookAgain(ctx context.Context) {
	if cluster, is := r.client.(*redis.ClusterClient); is {
		cluster.ReloadState(ctx)
	}
}

// Watch calls ring at the beginning, at every change, and whenever the
// connection came back, until the context ends.
func (r *Redis) Watch(ctx context.Context, ring func()) error {
	subscription := r.client.Subscribe(ctx, r.keys.ring)
	defer subscription.Close()
	messages := subscription.ChannelWithSubscriptions(redis.WithChannelSize(1), redis.WithChannelSendTimeout(time.Second))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-messages:
			if !open {
				return fmt.Errorf("watch the revocation feed: the subscription ended")
			}
			ring()
		}
	}
}
