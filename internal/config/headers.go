package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pep/upstream"
)

// Headers are rules for headers between clients and one application. Which of its answers'
// pass is AnswerHeaders.
type Headers struct {
	Request struct {
		Pass   []string          `koanf:"pass"`   // that go on beside the usual ones
		Remove []string          `koanf:"remove"` // of the usual ones
		Set    map[string]string `koanf:"set"`
	} `koanf:"request"`
	Answer struct {
		Remove []string          `koanf:"remove"`
		Set    map[string]string `koanf:"set"`
	} `koanf:"answer"`
}

// said reports whether there is a rule.
func (h *Headers) said() bool {
	return len(h.Request.Pass)+len(h.Request.Remove)+len(h.Request.Set)+len(h.Answer.Remove)+len(h.Answer.Set) > 0
}

// accepted is the word by which a hospital takes it upon itself that an application
// believes headers of anybody who reaches it.
const accepted = "accepted"

// readHeaders reads the rules, and under which headers an application is told who asks.
func (r *appReader) readHeaders() {
	h := &r.from.Headers
	once := map[string]string{}
	sent := &r.to.Headers
	sent.Pass = r.names("headers.request.pass", h.Request.Pass, once, upstream.CheckSent)
	sent.Remove = r.names("headers.request.remove", h.Request.Remove, once, removable(upstream.CheckRemoved, upstream.Forwarded()))
	sent.Set = r.values("headers.request.set", h.Request.Set, once, upstream.CheckSent)
	for _, name := range sent.Pass {
		if slices.Contains(upstream.Forwarded(), name) {
			r.fault("headers.request.pass", "%s goes on anyway", name)
		}
	}
	clear(once)
	passing := slices.Concat(upstream.Answered(), r.to.AnswerHeaders)
	sent.AnswerRemove = r.names("headers.answer.remove", h.Answer.Remove, once, removable(func(name string) error {
		if !slices.Contains(passing, http.CanonicalHeaderKey(name)) {
			return fmt.Errorf("it reaches no client anyway")
		}
		return nil
	}, passing))
	sent.AnswerSet = r.values("headers.answer.set", h.Answer.Set, once, upstream.CheckWritten)
	r.readTold()
}

// removable adds the likely word to why a name need not be removed.
func removable(check func(string) error, known []string) func(string) error {
	return func(name string) error {
		err := check(name)
		if near := tables.Meant(name, known); err != nil && near != "" {
			return fmt.Errorf("%w; was %q meant?", err, near)
		}
		return err
	}
}

// names reads names of headers, each of which stands once.
func (r *appReader) names(member string, list []string, once map[string]string, check func(string) error) (all []string) {
	for _, name := range list {
		if r.isName(member, name, once, check) {
			all = append(all, http.CanonicalHeaderKey(name))
		}
	}
	return all
}

// values reads headers with their values. A fault does not repeat a value.
func (r *appReader) values(member string, set map[string]string, once map[string]string, check func(string) error) map[string]string {
	all := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		is := r.isName(member, name, once, check)
		if err := upstream.CheckValue(set[name]); err != nil {
			r.fault(member, "%q: %w", name, err)
			is = false
		}
		if is {
			all[http.CanonicalHeaderKey(name)] = set[name]
		}
	}
	return all
}

func (r *appReader) isName(member, name string, once map[string]string, check func(string) error) bool {
	if err := check(name); err != nil {
		r.fault(member, "%q: %w", name, err)
		return false
	}
	if other, twice := once[upstream.Folded(name)]; twice {
		r.fault(member, "%q: a rule for it is in %s already", name, other)
		return false
	}
	once[upstream.Folded(name)] = member
	return true
}

// readTold reads under which headers an application is told who asks. One that cannot know
// who forwards to it believes them of anybody who reaches it.
func (r *appReader) readTold() {
	told, once := map[string]string{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.from.Tell.Headers)) {
		fact := r.from.Tell.Headers[name]
		is := r.isName("tell.headers", name, once, upstream.CheckTold)
		if !slices.Contains(upstream.Facts(), fact) {
			r.fault("tell.headers", "%q: expected one of %s%s", name, strings.Join(upstream.Facts(), ", "), meant(fact, upstream.Facts()))
			is = false
		}
		if is {
			told[http.CanonicalHeaderKey(name)] = fact
		}
	}
	r.to.Headers.Tell = told
	if len(r.from.Upstreams) == 0 {
		return // said by unreached
	}
	said, known := r.from.UnauthenticatedIdentity, r.from.Credentials != Credentials{}
	r.to.Unauthenticated = len(r.from.Tell.Headers) > 0 && !known
	switch {
	case said != "" && said != accepted:
		r.fault("unauthenticated_identity", "expected %s, or nothing%s", accepted, meant(said, []string{accepted}))
	case said != "" && !r.to.Unauthenticated:
		r.fault("unauthenticated_identity", "there is nothing to accept: it is told no headers, or knows by its credentials who forwards")
	case said == "" && r.to.Unauthenticated:
		r.fault("tell.headers", "it cannot know who forwards to it, and believes them of anybody who reaches it: expected credentials, or unauthenticated_identity: %s", accepted)
	}
}

// meant names the word that was probably meant.
func meant(word string, known []string) string {
	if near := tables.Meant(word, known); near != "" {
		return fmt.Sprintf("; was %q meant?", near)
	}
	return ""
}

// toldFaults are rules of one application for headers that say who asks, to it or to
// another: no client and no rule may write them.
func (c *Config) toldFaults(list []ParsedApplication) (faults []error) {
	told := map[string]string{}
	for _, one := range list {
		for name := range one.Headers.Tell {
			told[upstream.Folded(name)] = one.Name
		}
		if one.Identity != nil && !strings.EqualFold(one.Identity.Header, "Authorization") {
			told[upstream.Folded(cmp.Or(one.Identity.Header, assertion.StatementHeader))] = one.Name
		}
	}
	for i, one := range list {
		for member, names := range map[string][]string{
			"headers.request.pass": one.Headers.Pass, "headers.request.set": slices.Sorted(maps.Keys(one.Headers.Set)),
		} {
			for _, name := range names {
				if to, is := told[upstream.Folded(name)]; is {
					faults = append(faults, &entryFault{applicationsKey, one.Name, i, member, fmt.Errorf("%q: it says to %s who asks: no client and no rule may", name, to)})
				}
			}
		}
		if one.Identity != nil {
			for name := range one.Headers.Tell {
				if upstream.Folded(name) == upstream.Folded(one.Identity.Header) {
					faults = append(faults, &entryFault{applicationsKey, one.Name, i, "tell.headers", fmt.Errorf("%q: the statement stands there", name)})
				}
			}
		}
	}
	return faults
}
