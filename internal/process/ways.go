package process

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pep/upstream"
)

// Ways are how the enforcement point reaches applications, by one configuration after the
// other. What a set of them uses ends when the last request under it has ended, and when no
// other set uses it.
type ways struct {
	ground  ground
	journal *journal
	own     map[string]pep.Upstream // Wardgate's own services, by every configuration

	mu      sync.Mutex
	open    []*reached // that some set holds
	current []*reached // of the set that is in force
	over    bool       // nothing is begun any more
	ending  sync.WaitGroup
}

// A wayset is how the applications of one configuration are reached.
type wayset struct {
	ways *ways
	all  []*reached
	anew bool // some of it was in no set before
	drop func()
}

// of makes how the applications of a configuration are reached. What is reached as
// before goes on. All faults are reported.
func (w *ways) of(c *config.Config) (*wayset, error) {
	list, err := c.ParseApplications()
	if err != nil {
		return nil, err
	}
	set := &wayset{ways: w}
	set.drop = sync.OnceFunc(func() { w.release(set.all) })
	var faults []error
	for i := range list {
		if len(list[i].Upstreams) == 0 {
			continue
		}
		ca, err := readCA(&list[i])
		if err != nil {
			faults = append(faults, err)
			continue
		}
		r := w.hold(&c.Applications[i], ca)
		if r == nil {
			if r, err = reachExternal(w.ground, w.journal, &c.Applications[i], &list[i], ca); err != nil {
				faults = append(faults, err)
				continue
			}
			w.add(r)
			set.anew = true
		}
		set.all = append(set.all, r)
	}
	if err := errors.Join(faults...); err != nil {
		set.drop()
		return nil, err
	}
	return set, nil
}

// hold returns what reaches an application whose block says the same, for one set more; nil
// for none.
func (w *ways) hold(block *config.Application, ca string) *reached {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.open {
		if r.ca == ca && reflect.DeepEqual(r.block, *block) {
			r.holders++
			return r
		}
	}
	return nil
}

// add takes in what reaches an application, for one set.
func (w *ways) add(r *reached) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.holders = 1
	w.open = append(w.open, r)
}

// release takes what a set held from it, and ends what no other holds.
func (w *ways) release(all []*reached) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range all {
		if r.holders--; r.holders > 0 {
			continue
		}
		w.open = slices.DeleteFunc(w.open, func(other *reached) bool { return other == r })
		if w.over {
			r.end()
			continue
		}
		w.ending.Go(r.end) // a request that ends does not wait for it
	}
}

// take has a set be the one that is shown and that works.
func (w *ways) take(set *wayset) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = set.all
	for _, r := range set.all {
		if w.over {
			return
		}
		r.begin()
	}
	for _, r := range set.all {
		if set.anew && r.shown.Unauthenticated {
			w.ground.log.Warn("an application is told who asks in headers that it would believe of anybody who reaches it, as accepted by the configuration", "application", r.shown.Name)
		}
	}
}

// run ends everything with the context.
func (w *ways) run(ctx context.Context) {
	<-ctx.Done()
	_ = w.close()
}

func (w *ways) close() error {
	w.mu.Lock()
	w.over = true
	left := slices.Clone(w.open)
	w.mu.Unlock()
	for _, r := range left {
		r.end()
	}
	w.ending.Wait()
	return nil
}

// shown are the applications that are in force, for the board.
func (w *ways) shown() (all []health.Application) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.current {
		all = append(all, r.shown)
	}
	return all
}

// applications are those of a configuration for the enforcement point, which gives the set
// back when no request is under it any more.
func (s *wayset) applications(c *config.Config) (pep.Applications, error) {
	list, err := c.ParseApplications()
	if err != nil {
		return pep.Applications{}, err
	}
	origins, err := c.Origins()
	if err != nil {
		return pep.Applications{}, err
	}
	a := pep.Applications{
		Upstreams: maps.Clone(s.ways.own), Identities: map[string]*upstream.Identity{}, Quotas: map[string]quota.Quota{},
		Origins: origins, Hosts: Hosts(c), Released: s.drop,
	}
	for _, r := range s.all {
		a.Upstreams[r.shown.Name] = r.to
	}
	for _, one := range list {
		one.Quota.PerMinute = cmp.Or(one.Quota.PerMinute, quota.Usual)
		a.Quotas[one.Name] = one.Quota
		if one.Identity != nil {
			a.Identities[one.Name] = one.Identity
		}
		if len(one.Upstreams) == 0 {
			a.Proxied = append(a.Proxied, one.Name)
		}
	}
	return a, nil
}
