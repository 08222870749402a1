package pep_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

// opened is a WebSocket that is open and carries.
func (s *socketWorld) opened() (net.Conn, *bufio.Reader) {
	s.t.Helper()
	c, in, res := s.dial("", handshake()...)
	if res.StatusCode != http.StatusSwitchingProtocols || !echoes(c, in, "hello") {
		s.t.Fatalf("got %d", res.StatusCode)
	}
	return c, in
}

// denying denies for these reasons from now on.
func (s *socketWorld) denying(reasons ...string) {
	s.set(func() {
		s.decision = func(_ pdp.Request, d *pdp.Decision) {
			*d = pdp.Decision{Revision: d.Revision, Reasons: reasons}
		}
	})
}

func (s *socketWorld) questions() []pdp.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.question)
}

// What is under way is decided again, and ends as soon as the answer is against it.
func TestOpenConnectionsAreDecidedAgain(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	c, in := s.opened()
	s.denying("not_your_patient")
	s.look()
	if !echoes(c, in, "soon") || len(s.questions()) != 1 {
		t.Fatalf("it was decided again at once, %d times", len(s.questions()))
	}
	s.pass(11 * time.Second)
	s.look()
	isOver(t, in)
	if got := s.outcomes(2); len(got) != 2 || got[1] != "0 cut_off not_your_patient" {
		t.Errorf("the journal says %q", got)
	}
	if got := s.journal.of("decision"); len(got) != 1 {
		t.Errorf("the journal has %d decisions: what is decided again is none of a request", len(got))
	}
}

// A rule book that has come into force is asked at once.
func TestANewRuleBookIsAskedAtOnce(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	c, in := s.opened()
	next := hostedTables()
	next.Revision = "revision-2"
	s.set(func() { s.tables = next })
	s.look()
	if !echoes(c, in, "still") || len(s.questions()) != 2 {
		t.Fatalf("the new one was asked %d times", len(s.questions())-1)
	}
	without := hostedTables()
	without.Revision = "revision-3"
	without.Routes = slices.DeleteFunc(without.Routes, func(r pdp.Route) bool { return r.Application == "lab" })
	s.set(func() { s.tables = without })
	s.look()
	isOver(t, in)
	if got := s.outcomes(2); len(got) != 2 || got[1] != "0 cut_off route_unknown" {
		t.Errorf("the journal says %q", got)
	}
}

// What is only not known ends no monitor at once.
func TestWhatIsNotKnownHasItsGrace(t *testing.T) {
	t.Parallel()
	for name, unknown := range map[string]func(*socketWorld){
		"a fact":      func(s *socketWorld) { s.denying("revocation_unknown", "signals_unknown") },
		"the session": func(s *socketWorld) { s.set(func() { s.goesOn = errors.New("SQL is gone") }) },
		"the answer": func(s *socketWorld) {
			s.set(func() { s.decision = func(_ pdp.Request, d *pdp.Decision) { *d = pdp.Decision{} } })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSocketWorld(t, switching, nil)
			c, in := s.opened()
			for range 2 { // it is known again in between
				unknown(s)
				for range 5 {
					s.pass(11 * time.Second)
					s.look()
				}
				if !echoes(c, in, "within it") {
					t.Fatal("it was cut off within its grace")
				}
				s.set(func() { s.decision, s.goesOn = nil, nil })
				s.pass(11 * time.Second)
				s.look()
			}
			unknown(s)
			for range 7 {
				s.pass(11 * time.Second)
				s.look()
			}
			isOver(t, in)
		})
	}
}

// A store of sessions that falls silent keeps nothing open for longer than one that fails.
func TestASilentStoreOfSessionsHasTheSameGrace(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, func(s *socketWorld) { s.config.AgainTime = time.Millisecond })
	_, in := s.opened()
	s.set(func() { s.silent = true })
	for range 7 {
		s.pass(11 * time.Second)
		s.look()
	}
	isOver(t, in)
}

// What is denied now ends now, however long the store of sessions takes for its answers.
func TestASilentStoreKeepsNoDenialWaiting(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, func(s *socketWorld) { s.config.AgainTime = time.Hour })
	var all []*bufio.Reader
	for range 20 { // more than are judged at once
		_, in := s.opened()
		all = append(all, in)
	}
	s.set(func() { s.silent = true })
	s.denying("not_your_patient")
	s.pass(11 * time.Second)
	ctx, stop := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() { s.proxy.Watch(ctx); close(watched) }()
	for _, in := range all {
		isOver(t, in)
	}
	stop()
	<-watched
}

// At a workstation another person may be within a second: its sessions are asked about as often
// as is said of them, from the first second on.
func TestASessionIsAskedAboutWhenItsAnswerSays(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, func(s *socketWorld) { s.askAfter = time.Second })
	c, in := s.opened()
	for range 3 {
		s.look()
		if !echoes(c, in, "still there") {
			t.Fatal("it was cut off")
		}
		s.pass(1100 * time.Millisecond)
	}
	s.mu.Lock()
	asked := len(s.ongoing)
	s.mu.Unlock()
	if asked != 3 || len(s.questions()) != 1 {
		t.Errorf("asked %d times in 3 seconds about the session, and %d times for a decision", asked, len(s.questions())-1)
	}
	s.set(func() { s.goesOn = pdp.ErrSessionOver })
	s.look()
	isOver(t, in)
}

// A ban ends sessions, and what knows sessions may tell first: the journal says that it was one.
func TestASessionThatABanEndedSaysSo(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	_, in := s.opened()
	s.denying("session_revoked", "subject_banned")
	s.set(func() { s.goesOn = pdp.ErrSessionOver })
	s.look() // the rule book is not due
	isOver(t, in)
	if got := s.outcomes(2); len(got) != 2 || got[1] != "0 cut_off subject_banned" {
		t.Errorf("the journal says %q", got)
	}
}

// How often it is decided again, and how long it goes on meanwhile, is the rule book's to say.
func TestTheTableSaysHowLongItGoesOn(t *testing.T) {
	t.Parallel()
	tables := hostedTables()
	tables.UnderWay = pdp.UnderWay{Every: 3 * time.Second, Grace: 5 * time.Second}
	s := newSocketWorld(t, switching, func(s *socketWorld) { s.tables = tables })
	c, in := s.opened()
	s.denying("revocation_unknown")
	for range 2 {
		s.look()
		s.pass(3100 * time.Millisecond)
	}
	s.look() // for 3.1 seconds now
	if !echoes(c, in, "within its grace") || len(s.questions()) != 3 {
		t.Fatalf("it was decided %d times", len(s.questions()))
	}
	s.pass(3100 * time.Millisecond)
	s.look()
	isOver(t, in)
}

// What panics while it is judged ends, and the process goes on.
func TestWhatPanicsEndsTheConnectionAlone(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	_, in := s.opened()
	s.set(func() { s.panics = true })
	s.pass(11 * time.Second)
	s.look()
	isOver(t, in)
	s.set(func() { s.panics = false })
	s.opened()
}

// A definite no beside something that is not known is a no.
func TestANoBesideWhatIsNotKnownHasNoGrace(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	_, in := s.opened()
	s.denying("revocation_unknown", "subject_banned")
	s.pass(11 * time.Second)
	s.look()
	isOver(t, in)
	if got := s.outcomes(2); len(got) != 2 || got[1] != "0 cut_off subject_banned" {
		t.Errorf("the journal says %q", got)
	}
}

// It is the session that has to go on, not the token with which the connection was opened;
// and factors are as old as they were then.
func TestTheSessionIsAskedNotTheToken(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	c, in := s.opened()
	s.pass(2 * time.Hour) // longer than any token
	s.look()
	if !echoes(c, in, "hours later") {
		t.Fatal("it ended with its first token")
	}
	all := s.questions()
	first, again := all[0].Context, all[len(all)-1].Context
	if age := func(c pdp.Context) time.Duration { return c.Time.Sub(c.Credential.AuthTime).Round(time.Second) }; age(first) != age(again) {
		t.Errorf("its factors were %v old, and are %v old", age(first), age(again))
	}
	if again.Time.Sub(first.Time) < 2*time.Hour || again.ID != "" || !all[len(all)-1].Action.Upgrade {
		t.Errorf("it was asked about %+v", all[len(all)-1])
	}
	if o := s.ongoing[0]; o.Handle != aHandle || o.Host != "lab.test" || o.Session == "" {
		t.Errorf("asked for session %q on %q", o.Session, o.Host)
	}
	s.set(func() { s.goesOn = pdp.ErrSessionOver })
	s.pass(11 * time.Second)
	s.look()
	isOver(t, in)
	if got := s.outcomes(2); len(got) != 2 || got[1] != "0 cut_off session_revoked" {
		t.Errorf("the journal says %q", got)
	}
}

// Where it cannot be asked whether a session goes on, what is under way ends with its token.
func TestWithoutSessionsATokenIsTheEnd(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, func(s *socketWorld) { s.config.Sessions = nil })
	c, in := s.opened()
	s.pass(11 * time.Second)
	s.look()
	if !echoes(c, in, "with its token") {
		t.Fatal("it ended before its token")
	}
	s.pass(2 * time.Hour)
	s.look()
	isOver(t, in)
}

// A duty that came later, and that nothing keeps on what is under way, ends it.
func TestALaterDutyThatCannotBeKeptEnds(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	_, in := s.opened()
	s.set(func() {
		s.decision = func(_ pdp.Request, d *pdp.Decision) {
			d.Obligations = []pdp.Obligation{{ID: "mask_response", Type: "mask", Properties: []byte(`{"pointers":["/name"],"pass":[]}`)}}
		}
	})
	s.pass(11 * time.Second)
	s.look()
	isOver(t, in)
	if got := s.outcomes(2); len(got) != 2 || got[1] != "0 cut_off obligation_unmet" {
		t.Errorf("the journal says %q", got)
	}
}

// A stream of events is under way too.
func TestStreamsAreDecidedAgain(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, func(s *socketWorld) {
		s.set(func() { s.head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 101 \r\n" }) // the words by which it goes on
	})
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, browse("GET", "lab.test", "/live", with(sealedFor(t, labOrigin)))); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("got %q, %v", line, err)
	}
	s.outcomes(1)
	s.pass(11 * time.Second)
	s.look()
	s.denying("not_your_patient")
	s.pass(11 * time.Second)
	s.look()
	if rest, err := io.ReadAll(in); err != nil || strings.HasSuffix(string(rest), "0\r\n\r\n") {
		t.Errorf("the client took it for whole: %q, %v", rest, err)
	}
	if got := s.outcomes(2); len(got) != 2 || got[1] != "0 cut_off not_your_patient" {
		t.Errorf("the journal says %q", got)
	}
}

// Of many that are open exactly those end whose session was revoked, at once.
func TestExactlyTheRevokedConnectionsEnd(t *testing.T) {
	t.Parallel()
	told := &revocations{}
	s := newSocketWorld(t, switching, func(s *socketWorld) { s.config.Revocations = told })
	type one struct {
		c  net.Conn
		in *bufio.Reader
	}
	var all []one
	for range 100 {
		c, in := s.opened()
		all = append(all, one{c, in})
	}
	sessions := map[string]bool{}
	for _, q := range s.questions() {
		sessions[q.Context.Credential.Session] = true
	}
	var other []one
	for range 3 { // by a token, which is another session
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		claims := s.tokens.claims()
		claims["sid"] = "5f2b8a3e-0d0c-4c55-9d0e-2f2d3b1a9c11"
		lines := append(handshake(), "Authorization: Bearer "+s.tokens.sign(claims, s.tokens.header()))
		if _, err := io.WriteString(c, browse("GET", "lab.test", "/live", lines...)); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(c)
		if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("got %v, %v", res, err)
		}
		other = append(other, one{c, in})
	}
	for session := range sessions {
		told.revoke(session, "")
	}
	for _, o := range all {
		isOver(t, o.in)
	}
	for _, o := range other {
		if !echoes(o.c, o.in, "still open") {
			t.Error("another session's ended")
		}
	}
}
