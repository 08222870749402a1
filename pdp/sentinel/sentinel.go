// Package sentinel is the trust algorithm of NIST SP 800-207 (section 3.3) run
// without a request: it has each active subject and address judged as signals
// arrive, and commands the policy administrator. It decides nothing itself and
// enforces nothing: verdicts are the rule book's, and their effect is a ban
// that every enforcement point reads.
package sentinel

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// An Order is one verdict to be carried out.
type Order struct {
	Verdict string
	Do      pdp.VerdictAction
	Subject string     // or else
	Address netip.Addr // where strangers are
	Life    time.Duration
}

// A Commander carries orders out. Of all processes over one authority, one
// carries a verdict out, once for as long as it holds: first tells whether
// this call did. With an error the order stands open, and is given again.
type Commander interface {
	CarryOut(ctx context.Context, o Order) (first bool, err error)
}

// An Alert is what the hospital's people and tools are told. It holds ids and
// codes alone.
type Alert struct {
	ID       string            `json:"id"`
	Time     time.Time         `json:"time"`
	Verdict  string            `json:"verdict"`
	Do       pdp.VerdictAction `json:"do"`
	Subject  string            `json:"subject,omitempty"`
	Address  string            `json:"address,omitempty"`
	Until    time.Time         `json:"until"`
	Revision string            `json:"revision"`
}

// A Notifier passes an alert on, to the named channel, without waiting for it to
// arrive. A channel that is not configured is no error.
type Notifier interface {
	Notify(ctx context.Context, channel string, a Alert) error
}

// atLeast is how long a verdict is not repeated, however short it holds: the
// signals that led to it are in their window for as long, and would lead to it
// again.
const atLeast = 10 * time.Minute

// Config is what a Sentinel is made of. All of it is required.
type Config struct {
	Judge     pdp.Judge
	Commander Commander
	Journal   pip.Journal
	Notifier  Notifier
	Log       *slog.Logger
	NewID     func() string
}

// A Sentinel watches. Its Look is called by one goroutine.
type Sentinel struct {
	cfg      Config
	standing map[key]time.Time // verdicts that stand, and until when
}

// key is one verdict about one subject or address.
type key struct{ who, verdict string }

// New returns a Sentinel that has seen nothing, or an error that says what is
// missing.
func New(cfg Config) (*Sentinel, error) {
	if err := required.Parts("sentinel", map[string]bool{
		"Judge": cfg.Judge != nil, "Commander": cfg.Commander != nil, "Journal": cfg.Journal != nil,
		"Notifier": cfg.Notifier != nil, "Log": cfg.Log != nil, "NewID": cfg.NewID != nil,
	}); err != nil {
		return nil, err
	}
	return &Sentinel{cfg: cfg, standing: map[key]time.Time{}}, nil
}

// Look has everybody judged, and carries out what is new. What fails for one
// is logged and tried at the next look; it keeps no other from being judged.
func (s *Sentinel) Look(ctx context.Context, now time.Time, active []pdp.Behaviour) {
	for k, until := range s.standing {
		if !now.Before(until) {
			delete(s.standing, k)
		}
	}
	for i := range active {
		if ctx.Err() != nil {
			return
		}
		verdicts, err := s.cfg.Judge.Verdicts(ctx, active[i])
		if err != nil {
			s.cfg.Log.Error("behaviour not judged", "error", err)
			continue
		}
		for _, v := range verdicts.List {
			if err := s.carryOut(ctx, now, &active[i], v, &verdicts); err != nil {
				s.cfg.Log.Error("verdict not carried out", "verdict", v.ID, "error", err)
			}
		}
	}
}

func (s *Sentinel) carryOut(ctx context.Context, now time.Time, b *pdp.Behaviour, v pdp.Verdict, from *pdp.Verdicts) error {
	k := key{who: b.Subject, verdict: v.ID}
	if b.Subject == "" {
		k.who = b.Address.String()
	}
	if _, stands := s.standing[k]; stands {
		return nil
	}
	life := time.Duration(v.Seconds) * time.Second
	first, err := s.cfg.Commander.CarryOut(ctx, Order{Verdict: v.ID, Do: v.Do, Subject: b.Subject, Address: b.Address, Life: life})
	if err != nil {
		return fmt.Errorf("%s: %w", v.Do, err)
	}
	s.standing[k] = now.Add(max(life, atLeast))
	if !first {
		return nil
	}
	a := Alert{
		ID: s.cfg.NewID(), Time: now, Verdict: v.ID, Do: v.Do, Subject: b.Subject,
		Until: now.Add(life), Revision: from.Revision,
	}
	if b.Subject == "" {
		a.Address = b.Address.String()
	}
	journalled := s.cfg.Journal.Append(context.WithoutCancel(ctx), event(&a, b.Address, from))
	for _, channel := range v.Tell {
		if err := s.cfg.Notifier.Notify(ctx, channel, a); err != nil {
			s.cfg.Log.Error("alert not passed on", "channel", channel, "verdict", v.ID, "error", err)
		}
	}
	if journalled != nil {
		return fmt.Errorf("journal %s: %w", v.ID, journalled)
	}
	return nil
}

// event is the evidence of a verdict: what was seen, and what was done.
func event(a *Alert, at netip.Addr, from *pdp.Verdicts) pip.Event {
	t := pdp.Trace{
		Action: "sentinel." + string(a.Do), Subject: a.Subject, Address: at,
		Detail: "until " + a.Until.UTC().Format(time.RFC3339),
	}
	e := t.Event(pip.KindSession, a.Time)
	e.Outcome = "success"
	e.Change = restriction(a, at)
	judged := pdp.Decision{Reasons: []string{a.Verdict}, Revision: a.Revision, Evidence: pdp.Evidence{Input: from.Input, Measures: from.Measures}}
	judged.Record(&e, nil)
	return e
}

// restriction is what a verdict keeps on the revocation list. A ban is journalled by
// the administrator, as any.
func restriction(a *Alert, at netip.Addr) *pip.Change {
	var name string
	switch a.Do {
	case pdp.ActionStepUp:
		name = pip.OwesStepUp(a.Subject)
	case pdp.ActionBar:
		name = pip.BarredAddress(at)
	}
	if name == "" {
		return nil
	}
	return &pip.Change{What: pip.ChangeRestrict, Of: name, By: "sentinel", Why: a.Verdict, Until: a.Until}
}
