package admin_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/wardgate/wardgate/pdp/admin/handler"
)

const (
	chosen    = "a lamp on the third stair"
	colleague = "nia@hospital.test"
	networks  = 12 // from which the stranger asks
)

// administrative endpoints are for those who may administer by the policy
// accounts: a stranger reaches none.
func administrative(endpoint string) bool { return strings.Contains(endpoint, " /api/admin/") }

// A trace is what the owner got, in order, and what became of the mails.
type trace struct {
	answers []string
	mails   []string
}

// An owner acts by a script.
type owner struct {
	*actor
	trace   trace
	meanly  func() // what a stranger does meanwhile
	refresh string
}

// wait lets time pass, of which a stranger may make use.
func (o *owner) wait(d time.Duration) {
	for range 4 {
		o.meanly()
		o.clock.Pass(d / 4)
	}
	o.meanly()
}

func (o *owner) ask(endpoint string, fields map[string]string) answer {
	o.t.Helper()
	return o.at(endpoint, "", fields)
}

func (o *owner) at(endpoint, path string, fields map[string]string) answer {
	o.t.Helper()
	o.meanly()
	a := o.do(endpoint, path, fields)
	o.trace.answers = append(o.trace.answers, line(endpoint, a))
	return a
}

func (o *owner) code(to string) string { return o.post.code(o.name, to) }

// logIn goes through both factors, wrongly first.
func (o *owner) logIn(password string, code func() string) {
	o.t.Helper()
	o.ask("POST /auth/login", map[string]string{"email": email, "password": "wrong horse battery"})
	first := o.ask("POST /auth/login", map[string]string{"email": email, "password": password})
	o.ask("POST /auth/login/resend", map[string]string{"challenge": first.text("challenge")})
	o.wait(time.Minute)
	o.ask("POST /auth/login/resend", map[string]string{"challenge": first.text("challenge")})
	o.ask("POST /auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": "000000"})
	tokens := o.ask("POST /auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": code()})
	if tokens.Status != 200 {
		o.t.Errorf("the owner does not get in: %d %s", tokens.Status, tokens.Raw)
		return
	}
	o.device, o.refresh = tokens.text("device"), tokens.text("refresh_token")
	live, err := o.admins[0].Sessions(o.t.Context(), o.account.ID)
	if err != nil || len(live) == 0 {
		o.t.Fatalf("no session (%v)", err)
	}
	o.subject, o.session = o.account.ID, live[0].ID
}

func (o *owner) mailed() string { return o.code(email) }

// script touches every endpoint that is not administrative.
func (o *owner) script() {
	flow := o.ask("POST /auth/signup", map[string]string{"username": "nia", "email": colleague, "password": chosen, "role": "nurse"})
	o.ask("POST /auth/signup/verify", map[string]string{"flow": flow.text("flow"), "code": "000000"})
	o.wait(2 * time.Minute)
	o.ask("POST /auth/signup/verify", map[string]string{"email": colleague, "code": o.code(colleague)})
	o.ask("POST /auth/machine", map[string]string{"key": "wgm_none"})

	o.logIn(passphrase, o.mailed)
	o.ask("GET /api/me", nil)
	o.ask("GET /api/sessions", nil)
	o.ask("GET /api/me/notices", nil)
	step := o.ask("POST /auth/step-up", nil)
	o.ask("POST /auth/step-up/verify", map[string]string{"challenge": step.text("challenge"), "code": "000000"})
	o.ask("POST /auth/step-up/verify", map[string]string{"challenge": step.text("challenge"), "code": o.mailed()})
	o.ask("POST /auth/refresh", map[string]string{"refresh_token": o.refresh})
	o.wait(3 * time.Minute)
	o.refresh = o.ask("POST /auth/refresh", map[string]string{"refresh_token": o.refresh}).text("refresh_token")

	secret := o.ask("POST /api/me/totp", nil).text("secret")
	app := func() string {
		o.wait(time.Minute) // a code is good for one use
		code, err := totp.GenerateCode(secret, o.clock.Now())
		if err != nil {
			o.t.Fatal(err)
		}
		return code
	}
	o.ask("POST /api/me/totp/confirm", map[string]string{"code": "000000"})
	o.ask("POST /api/me/totp/confirm", map[string]string{"code": app()})
	step = o.ask("POST /auth/step-up", nil)
	o.ask("POST /auth/step-up/verify", map[string]string{"challenge": step.text("challenge"), "code": app()})
	o.ask("GET /api/me/totp", nil)
	o.ask("POST /auth/logout", nil)
	o.logIn(passphrase, app)
	o.ask("DELETE /api/me/totp", nil)
	o.at("DELETE /api/sessions/:id", "/api/sessions/"+o.session, nil)
	o.subject, o.session = "", ""

	o.wait(20 * time.Minute)
	lost := o.ask("POST /auth/forgot", map[string]string{"email": email})
	o.ask("POST /auth/reset", map[string]string{"challenge": lost.text("challenge"), "code": "000000", "password": chosen})
	o.wait(2 * time.Minute)
	o.ask("POST /auth/reset", map[string]string{"challenge": lost.text("challenge"), "code": o.mailed(), "password": chosen})
	o.logIn(chosen, o.mailed)
	o.ask("POST /api/me/devices/forget-others", nil)
	o.at("DELETE /api/me/devices/:id", "/api/me/devices/"+o.current(o.ask("GET /api/me/devices", nil)), nil)
	o.logIn(chosen, o.mailed)
	o.ask("GET /api/me/notices", nil)
	o.ask("POST /auth/logout-all", nil)
}

// current is the device on which the session began that asked for them.
func (o *owner) current(devices answer) string {
	o.t.Helper()
	items, _ := devices.Body["items"].([]any)
	for _, item := range items {
		if d, _ := item.(map[string]any); d["current"] == true {
			return fmt.Sprint(d["id"])
		}
	}
	o.t.Fatalf("no device is the current one: %s", devices.Raw)
	return ""
}

// A stranger asks from unfamiliar networks, and has a mailbox of its own.
type stranger struct {
	*actor
	dice       *rand.Rand
	passwords  []string
	challenges []string
	flows      []string
	mine       int // accounts that were begun with its own mailbox
	answers    []string
}

func newStranger(s *stage, seed uint64, passwords ...string) *stranger {
	return &stranger{
		actor:      &actor{stage: s, name: "stranger"},
		dice:       rand.New(rand.NewPCG(seed, 1)),
		passwords:  append(passwords, "wrong horse battery"),
		challenges: []string{"none"}, flows: []string{"none"},
	}
}

func (s *stranger) one(of []string) string { return of[s.dice.IntN(len(of))] }

// guess is never right: codes of mails begin at 100000.
func (s *stranger) guess() string { return fmt.Sprintf("0%05d", s.dice.IntN(100_000)) }

// moves are what a stranger does at each endpoint.
func (s *stranger) moves() map[string]func() map[string]string {
	target := func() string { return s.one([]string{email, colleague, strings.ToUpper(email)}) }
	challenge := func() map[string]string {
		c := s.challenges[len(s.challenges)-1]
		if s.dice.IntN(4) == 0 {
			c = s.one(s.challenges)
		}
		return map[string]string{"challenge": c, "code": s.guess()}
	}
	none := func() map[string]string { return nil }
	return map[string]func() map[string]string{
		"POST /auth/signup": func() map[string]string {
			return map[string]string{"username": s.one([]string{"doctor", "nia", "eve"}), "email": target(), "password": "a password of the stranger", "role": "nurse"}
		},
		"POST /auth/signup/verify": func() map[string]string {
			if s.dice.IntN(2) == 0 {
				return map[string]string{"email": target(), "code": s.guess()}
			}
			return map[string]string{"flow": s.one(s.flows), "code": s.guess()}
		},
		"POST /auth/login": func() map[string]string {
			return map[string]string{"email": target(), "password": s.one(s.passwords)}
		},
		"POST /auth/login/verify": challenge,
		"POST /auth/login/resend": func() map[string]string { return map[string]string{"challenge": s.one(s.challenges)} },
		"POST /auth/forgot":       func() map[string]string { return map[string]string{"email": target()} },
		"POST /auth/reset": func() map[string]string {
			answer := challenge()
			answer["password"] = "another lamp on the stair"
			return answer
		},
		"POST /auth/step-up/verify": challenge,
		"POST /auth/refresh":        func() map[string]string { return map[string]string{"refresh_token": "none"} },
		"POST /auth/machine":        func() map[string]string { return map[string]string{"key": "wgm_none"} },
		"POST /api/me/totp/confirm": func() map[string]string { return map[string]string{"code": s.guess()} },
		"POST /auth/step-up":        none,
		"POST /auth/logout":         none,
		"POST /auth/logout-all":     none,
		"GET /api/me":               none,
		"GET /api/sessions":         none,
		"DELETE /api/sessions/:id":  none,
		"GET /api/me/totp":          none,
		"GET /api/me/devices":       none,
		"GET /api/me/notices":       none,

		"DELETE /api/me/devices/:id":         none,
		"POST /api/me/devices/forget-others": none,

		"POST /api/me/totp":   none,
		"DELETE /api/me/totp": none,
	}
}

// often are the moves that are worth more tries than others.
var often = []string{"POST /auth/signup", "POST /auth/login", "POST /auth/login", "POST /auth/login/verify", "POST /auth/login/verify", "POST /auth/login/verify", "POST /auth/login/verify", "POST /auth/forgot", "POST /auth/reset"}

// move does something somewhere.
func (s *stranger) move() {
	moves := s.moves()
	endpoint := s.one(append(slices.Sorted(maps.Keys(moves)), often...))
	s.process = s.dice.IntN(len(s.servers))
	s.address = fmt.Sprintf("203.0.%d.%d", s.dice.IntN(networks), 1+s.dice.IntN(200))
	a := s.do(endpoint, "", moves[endpoint]())
	if c := a.text("challenge"); c != "" {
		s.challenges = append(s.challenges, c)
	}
	if f := a.text("flow"); f != "" {
		s.flows = append(s.flows, f)
	}
	s.answers = append(s.answers, line(endpoint, a))
}

// besiege spends from every network at once what it has to spend there: more
// wrong codes than are evaluated, if it has the password.
func (s *stranger) besiege() {
	for n := range networks {
		s.process, s.address = n%len(s.servers), fmt.Sprintf("203.0.%d.9", n)
		a := s.do("POST /auth/login", "", map[string]string{"email": email, "password": s.passwords[0]})
		for range 3 {
			s.do("POST /auth/login/verify", "", map[string]string{"challenge": a.text("challenge"), "code": s.guess()})
		}
		s.do("POST /auth/forgot", "", map[string]string{"email": email})
	}
}

// join opens an account of the stranger's own, under a name that the owner has
// or wants, as far as a code of its own mailbox goes.
func (s *stranger) join() {
	s.mine++
	address := fmt.Sprintf("eve%d@elsewhere.test", s.mine)
	form := map[string]string{"username": s.one([]string{"doctor", "nia"}), "email": address, "password": "a password of the stranger", "role": "nurse"}
	a := s.do("POST /auth/signup", "", form)
	answer := map[string]string{"flow": a.text("flow"), "code": s.post.code(s.name, address)}
	b := s.do("POST /auth/signup/verify", "", answer)
	c := s.do("POST /auth/login", "", map[string]string{"email": address, "password": form["password"]})
	s.answers = append(s.answers, line("join", a), line("join", b), line("join", c))
}

// play lets the owner act, with a stranger or without.
func play(t *testing.T, address string, known bool, seed uint64, passwords ...string) (trace, *stage) {
	s := newStage(t, true)
	o := &owner{actor: &actor{stage: s, name: "owner", address: address}, meanly: func() {}}
	if !known {
		o.address = "192.0.2.7" // where the account signs in first, and not again
	}
	o.logIn(passphrase, o.mailed)
	o.ask("POST /auth/logout", nil)
	o.subject, o.session = "", ""
	if !known {
		o.address, o.device = address, ""
	}
	o.wait(24 * time.Hour)
	o.trace = trace{}
	if passwords != nil {
		eve := newStranger(s, seed, passwords...)
		o.meanly = func() {
			// Once it saves its whole budget for the time when the owner is at work.
			if known && (seed == 0 && o.subject != "" || seed > 0 && eve.dice.IntN(12) == 0) {
				eve.besiege()
			}
			for range 2 + eve.dice.IntN(4) {
				eve.move()
			}
			if eve.dice.IntN(8) == 0 {
				eve.join()
			}
		}
	}
	o.script()
	o.trace.mails = s.post.mails("owner", "@hospital.test")
	return o.trace, s
}

// everywhere holds that the owner succeeds at each endpoint that is not
// administrative, and that the stranger has a move there: a new endpoint needs
// a place in both.
func everywhere(t *testing.T, s *stage, alone trace) {
	t.Helper()
	moves := newStranger(s, 0).moves()
	for _, endpoint := range handler.Endpoints(s.admins[0], nil) {
		if administrative(endpoint) {
			continue
		}
		succeeds := func(line string) bool { return strings.HasPrefix(line, endpoint+": 20") }
		if !slices.ContainsFunc(alone.answers, succeeds) && endpoint != "POST /auth/machine" {
			t.Errorf("the owner's script does not succeed at %s", endpoint)
		}
		if moves[endpoint] == nil {
			t.Errorf("the stranger does not try %s", endpoint)
		}
	}
}

// TestAStrangerChangesNothingForTheOwner: what an owner is answered, mailed and
// told to wait is the same with a stranger and without, at every endpoint,
// wherever the owner is and whatever of the two secrets the stranger knows. In an
// unfamiliar place that is so until wrong answers in a row have closed an
// authenticator to all such places; at home and in the hospital always.
func TestAStrangerChangesNothingForTheOwner(t *testing.T) {
	places := []struct {
		name, address string
		known         bool
	}{
		{"at home", "198.51.100.7", true},
		{"in the hospital", "10.0.0.7", true},
		{"in an unfamiliar place", "198.51.100.7", false},
	}
	secrets := map[string][]string{"the address": {}, "address and password": {passphrase, chosen}}
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			alone, s := play(t, place.address, place.known, 0)
			everywhere(t, s, alone)
			for knows, passwords := range secrets {
				for seed := range uint64(2) {
					with, s := play(t, place.address, place.known, seed, passwords...)
					same(t, fmt.Sprintf("%s, seed %d: answers", knows, seed), alone.answers, with.answers)
					same(t, fmt.Sprintf("%s, seed %d: mails", knows, seed), alone.mails, with.mails)
					// Sign-ups for two addresses, passwords and log-ins of one, and the notice.
					if n, most := len(s.post.mails("stranger", "@hospital.test")), 4*(networks*3+24)+1; n > most {
						t.Errorf("the stranger caused %d mails in a day, want at most %d", n, most)
					}
				}
			}
		})
	}
}

// same names the first difference.
func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Errorf("%s differ at %d:\n alone %s\n with a stranger %s", what, i, want[i], got[i])
			return
		}
	}
	if len(want) != len(got) {
		t.Errorf("%s: %d alone, %d with a stranger", what, len(want), len(got))
	}
}

// TestAStrangerCannotTellAccounts: whatever a stranger asks from a dozen
// networks, the answers, the waits and the mails to its own address are the same
// whether or not an account has that address and that name.
func TestAStrangerCannotTellAccounts(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			var answers, mails [2][]string
			for i, known := range []bool{true, false} {
				s := newStage(t, known)
				eve := newStranger(s, seed)
				for range 300 {
					if eve.dice.IntN(10) == 0 {
						eve.join()
					} else {
						eve.move()
					}
					s.clock.Pass(time.Duration(eve.dice.IntN(120)) * time.Second)
				}
				answers[i], mails[i] = eve.answers, s.post.mails("stranger", "@elsewhere.test")
			}
			same(t, "answers for an account and for none", answers[0], answers[1])
			same(t, "mails to the stranger", mails[0], mails[1])
		})
	}
}
