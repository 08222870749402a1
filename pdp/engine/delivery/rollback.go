package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wardgate/wardgate/pip"
)

// MaxReason is how long an operator's reason may be, in bytes.
const MaxReason = 200

// leastPrefix is how much of a revision names it.
const leastPrefix = 8

// A Return is an operator's word to go back to an older bundle.
type Return struct {
	To     string // beginning of a revision or digest of a bundle that was in force; "" with Packed
	Packed []byte // the bundle itself; nil with To
	Reason string // why, for the journal
}

// printable reports whether a text is one line without characters that hide or
// turn what follows: an operator's screen shows it as it is.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Rollback puts an older bundle in force, journalled with its reason. It holds
// until a bundle arrives that is newer than all before; a restart does not end
// it. The bundle must be as good as any other, save for its age.
func (f *Follower) Rollback(ctx context.Context, r Return) (Delivered, error) {
	r.Reason = strings.TrimSpace(r.Reason)
	if r.Reason == "" || len(r.Reason) > MaxReason || !printable(r.Reason) {
		return Delivered{}, fmt.Errorf("reason: expected one line of 1 to %d bytes without control characters, for the journal", MaxReason)
	}
	f.turn.Lock()
	defer f.turn.Unlock()
	packed := r.Packed
	if packed == nil {
		known, err := f.find(r.To)
		if err != nil {
			return Delivered{}, err
		}
		if packed, err = f.cache.packed(known); err != nil {
			return Delivered{}, err
		}
	}
	b, c, refusal := f.examine(ctx, packed, false)
	newest := f.cache.mark.Newest
	switch {
	case refusal != nil:
		return Delivered{}, refusal
	case f.same(b):
		return Delivered{}, errors.New("that rule book is in force already")
	case b.Version.After(newest.Version):
		return Delivered{}, errors.New("that rule book is newer than all before; deliver it instead")
	}
	held := &Hold{Time: time.Now().UTC(), Reason: r.Reason}
	if newest.is(b) {
		held = nil // back at the newest: nothing is held any more
	}
	if refusal := f.activate(ctx, b, c, held, pip.Event{Action: "policy.rollback", Subject: "operator", Allow: true, Detail: r.Reason}); refusal != nil {
		f.refused(ctx, refusal, packed)
		return Delivered{}, refusal
	}
	return f.cache.mark.Active, nil
}

// find returns the one bundle that was in force and that a name names.
func (f *Follower) find(name string) (Delivered, error) {
	var found []Delivered
	for _, d := range f.cache.mark.Known {
		long := len(name) >= leastPrefix && (strings.HasPrefix(d.Rules, name) || strings.HasPrefix(d.Digest, name) || strings.HasPrefix(d.Revision, name))
		if d.Revision == name || long {
			found = append(found, d)
		}
	}
	switch {
	case name == "" || len(found) == 0:
		return Delivered{}, fmt.Errorf("no rule book that was in force here is called %q; name the first %d letters of its revision, or a file", name, leastPrefix)
	case len(found) > 1:
		return Delivered{}, fmt.Errorf("%q names %d rule books; name one by its digest, such as %s", name, len(found), found[0].Digest)
	}
	return found[0], nil
}

// Known are the bundles that were in force here and can be gone back to, the
// newest in force first.
func (f *Follower) Known() []Delivered {
	f.turn.Lock()
	defer f.turn.Unlock()
	known := slices.Clone(f.cache.mark.Known)
	slices.Reverse(known)
	return known
}
