package identity_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	rfc6238 "github.com/pquerna/otp/totp"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/totp"
)

const ringer = "ringer@hospital.test"

// A phone is an authenticator app.
type phone struct {
	*world
	apps     *totp.Apps
	auth     *identity.Authenticator
	account  string
	secret   string
	recovery []string
}

// newPhone has a confirmed app for the account of newWorld.
func newPhone(t *testing.T) *phone {
	t.Helper()
	p := &phone{world: newWorld(t)}
	p.apps, p.auth = p.withApps(p.store, p.reg)
	added, err := p.reg.Add(t.Context(), identity.NewAccount{
		Username: "ringer", Email: ringer, PasswordHash: string(imitate([]byte(passphrase), 12)), Role: "doctor", Standing: pip.AccountActive,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.account = added.ID
	p.enrol()
	return p
}

// enrol adds and confirms an app.
func (p *phone) enrol() {
	p.t.Helper()
	var uri string
	var err error
	if p.secret, uri, err = p.apps.Offer(p.t.Context(), p.account); err != nil {
		p.t.Fatal(err)
	}
	if !strings.HasPrefix(uri, "otpauth://totp/Wardgate:ringer?") || !strings.Contains(uri, "secret="+p.secret) {
		p.t.Errorf("got %q", uri)
	}
	if p.recovery, err = p.apps.Confirm(p.t.Context(), p.account, p.code(0), unwritten); err != nil {
		p.t.Fatal(err)
	}
}

func (p *phone) stepUp() pip.Challenge {
	p.t.Helper()
	c, err := p.auth.StepUp(p.t.Context(), p.account, "s-1")
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (w *world) withApps(store *sqlstore.Store, accounts *identity.Accounts) (*totp.Apps, *identity.Authenticator) {
	apps := totp.New(accounts, w.vault, store, "Wardgate", w.clock.Now)
	return apps, identity.NewAuthenticator(accounts, store, identity.NewEmailCode(w.mail, w.vault), identity.Config{
		Now: w.clock.Now, Hasher: &counting{}, Carried: []identity.Factor{apps},
	})
}

// code is what the app shows when its clock is off by so many steps.
func (p *phone) code(steps int) string {
	p.t.Helper()
	code, err := rfc6238.GenerateCode(p.secret, p.clock.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

func (p *phone) begin() pip.Challenge {
	p.t.Helper()
	c, err := p.auth.Password(p.t.Context(), ringer, passphrase, pip.Origin{})
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *phone) verify(challenge, code string) (pip.Proof, error) {
	return p.auth.Verify(p.t.Context(), challenge, code, pip.Origin{})
}

// A mail server that is down keeps nobody with an app out.
func TestAppLogsInWithoutMail(t *testing.T) {
	p := newPhone(t)
	p.mail.fail = true
	p.clock.Pass(time.Minute)
	c := p.begin()
	if !slices.Equal(c.Methods, []string{"totp"}) {
		t.Errorf("methods: got %v", c.Methods)
	}
	proof, err := p.verify(c.ID, p.code(0))
	if err != nil || !slices.Equal(proof.AMR, []string{"pwd", "otp"}) {
		t.Errorf("got %v, %v", proof.AMR, err)
	}
	if p.mail.Count() != 0 {
		t.Error("a mail was sent that nobody asked for")
	}
}

// With an app the mailbox is no factor: not asked for, nor with a code that was
// mailed before the app was added.
func TestMailedCodeIsNoFactorBesideAnApp(t *testing.T) {
	p := newPhone(t)
	for name, begin := range map[string]func() pip.Challenge{"log-in": p.begin, "step-up": p.stepUp} {
		c := begin()
		if err := p.auth.Resend(t.Context(), c.ID); !errors.Is(err, identity.ErrMethod) || p.mail.Count() != 0 {
			t.Errorf("%s: got %v and %d mails, want %v and none", name, err, p.mail.Count(), identity.ErrMethod)
		}
	}
	if err := p.apps.Remove(t.Context(), p.account); err != nil {
		t.Fatal(err)
	}
	c, code := p.begin(), p.mail.Code(t)
	p.enrol()
	if _, err := p.verify(c.ID, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("mailed before the app was added: got %v, want %v", err, identity.ErrCode)
	}
	p.clock.Pass(time.Minute)
	if _, err := p.verify(c.ID, p.code(0)); err != nil {
		t.Errorf("the app, for a challenge from before: %v", err)
	}
}

// A new password by mail is no way round the app.
func TestResetLeavesTheApp(t *testing.T) {
	p := newPhone(t)
	reg := identity.NewRegistrar(p.auth, p.mail, nil)
	c, err := reg.Forgot(t.Context(), ringer, pip.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, string) error { return nil }
	if _, err := reg.Reset(t.Context(), pip.ResetAnswer{Challenge: c.ID, Code: p.mail.Code(t), Password: "a lamp on the third stair"}, pip.Origin{}, unnamed, nothing); err != nil {
		t.Fatal(err)
	}
	logIn, err := p.auth.Password(t.Context(), ringer, "a lamp on the third stair", pip.Origin{})
	if err != nil || !slices.Equal(logIn.Methods, []string{"totp"}) {
		t.Fatalf("got %v, %v", logIn.Methods, err)
	}
	if err := p.auth.Resend(t.Context(), logIn.ID); !errors.Is(err, identity.ErrMethod) {
		t.Errorf("a mailed code after a reset: got %v, want %v", err, identity.ErrMethod)
	}
}

func TestEachFactorHasItsWord(t *testing.T) {
	p := newPhone(t)
	p.clock.Pass(time.Minute)
	for want, code := range map[string]string{"otp": p.code(0), "recovery": p.recovery[0]} {
		if proof, err := p.verify(p.begin().ID, code); err != nil || !slices.Equal(proof.AMR, []string{"pwd", want}) {
			t.Errorf("%s: got %v, %v", want, proof.AMR, err)
		}
	}
	if err := p.apps.Remove(t.Context(), p.account); err != nil {
		t.Fatal(err)
	}
	if proof, err := p.verify(p.begin().ID, p.mail.Code(t)); err != nil || !slices.Equal(proof.AMR, []string{"pwd", "email"}) {
		t.Errorf("email: got %v, %v", proof.AMR, err)
	}
}

func TestAppCodesAreForOneUse(t *testing.T) {
	p := newPhone(t)
	if _, err := p.verify(p.begin().ID, p.code(0)); !errors.Is(err, identity.ErrCode) {
		t.Errorf("the code that confirmed the app: got %v, want %v", err, identity.ErrCode)
	}
	p.clock.Pass(time.Minute)
	if _, err := p.verify(p.begin().ID, p.code(0)); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name  string
		steps int
		pass  time.Duration
		want  error
	}{
		{"replayed", 0, 0, identity.ErrCode},
		{"older than the last one used", -1, 0, identity.ErrCode},
		{"two steps ahead", 2, 0, identity.ErrCode},
		{"one step ahead", 1, 0, nil},
		{"replayed after the clock stepped back", 0, -time.Minute, identity.ErrCode},
		{"two steps late", -2, 5 * time.Minute, identity.ErrCode},
		{"one step late", -1, 0, nil},
	}
	for _, c := range cases {
		p.clock.Pass(c.pass)
		if _, err := p.verify(p.begin().ID, p.code(c.steps)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// One code at many challenges at once, in two processes.
func TestParallelAppCodesWinOnce(t *testing.T) {
	p := newPhone(t)
	p.clock.Pass(time.Minute)
	store, accounts, _ := p.process()
	_, other := p.withApps(store, accounts)
	var challenges []string
	for range 8 {
		challenges = append(challenges, p.begin().ID)
	}
	code := p.code(0)
	if won := race(len(challenges), func(i int) bool {
		auth := p.auth
		if i%2 == 1 {
			auth = other
		}
		_, err := auth.Verify(t.Context(), challenges[i], code, pip.Origin{})
		return err == nil
	}); won != 1 {
		t.Errorf("%d won, want 1", won)
	}
}

func TestRecoveryCodesAreForOneLogIn(t *testing.T) {
	p := newPhone(t)
	if len(p.recovery) != 10 || len(slices.Compact(slices.Sorted(slices.Values(p.recovery)))) != 10 {
		t.Fatalf("got %d recovery codes, want 10", len(p.recovery))
	}
	c, err := p.auth.StepUp(t.Context(), p.account, "s-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.auth.VerifyStepUp(t.Context(), p.account, "s-1", c.ID, p.recovery[0]); !errors.Is(err, identity.ErrCode) {
		t.Errorf("step-up: got %v, want %v", err, identity.ErrCode)
	}
	proof, err := p.verify(p.begin().ID, strings.ToLower(p.recovery[0]))
	if err != nil || !slices.Equal(proof.AMR, []string{"pwd", "recovery"}) {
		t.Errorf("got %v, %v", proof.AMR, err)
	}
	if _, err := p.verify(p.begin().ID, p.recovery[0]); !errors.Is(err, identity.ErrCode) {
		t.Errorf("second use: got %v, want %v", err, identity.ErrCode)
	}
	ids := []string{p.begin().ID, p.begin().ID, p.begin().ID, p.begin().ID}
	if won := race(len(ids), func(i int) bool { _, err := p.verify(ids[i], p.recovery[1]); return err == nil }); won != 1 {
		t.Errorf("%d won with one code, want 1", won)
	}
}

func TestStepUpTakesTheApp(t *testing.T) {
	p := newPhone(t)
	p.clock.Pass(time.Minute)
	c := p.stepUp()
	if !slices.Equal(c.Methods, []string{"totp"}) {
		t.Fatalf("got %v", c.Methods)
	}
	proof, err := p.auth.VerifyStepUp(t.Context(), p.account, "s-1", c.ID, p.code(0))
	if err != nil || !slices.Equal(proof.AMR, []string{"pwd", "otp"}) {
		t.Errorf("got %v, %v", proof.AMR, err)
	}
}

func TestAppIsAddedAndRemoved(t *testing.T) {
	p := newPhone(t)
	if _, _, err := p.apps.Offer(t.Context(), p.account); !errors.Is(err, totp.ErrEnrolled) {
		t.Errorf("second app: got %v, want %v", err, totp.ErrEnrolled)
	}
	if err := p.apps.Remove(t.Context(), p.account); err != nil {
		t.Fatal(err)
	}
	p.clock.Pass(time.Minute)
	c := p.begin()
	if !slices.Equal(c.Methods, []string{"email"}) || p.mail.Count() != 1 {
		t.Errorf("after removal: got %v and %d mails", c.Methods, p.mail.Count())
	}
	for name, code := range map[string]string{"app": p.code(0), "recovery": p.recovery[0]} {
		if _, err := p.verify(c.ID, code); !errors.Is(err, identity.ErrCode) {
			t.Errorf("%s code after removal: got %v, want %v", name, err, identity.ErrCode)
		}
	}
}

func TestOfferEnds(t *testing.T) {
	p := newPhone(t)
	offer := func() {
		t.Helper()
		var err error
		if err = p.apps.Remove(t.Context(), p.account); err == nil {
			p.secret, _, err = p.apps.Offer(t.Context(), p.account)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	offer()
	for range 5 {
		if _, err := p.apps.Confirm(t.Context(), p.account, "12345x", unwritten); !errors.Is(err, identity.ErrCode) {
			t.Errorf("wrong code: got %v, want %v", err, identity.ErrCode)
		}
	}
	if _, err := p.apps.Confirm(t.Context(), p.account, p.code(0), unwritten); !errors.Is(err, identity.ErrCode) {
		t.Errorf("after five wrong codes: got %v, want %v", err, identity.ErrCode)
	}
	offer()
	if c := p.begin(); !slices.Equal(c.Methods, []string{"email"}) {
		t.Errorf("an app that was not confirmed is asked for: %v", c.Methods)
	}
	p.clock.Pass(15 * time.Minute)
	if _, err := p.apps.Confirm(t.Context(), p.account, p.code(0), unwritten); !errors.Is(err, identity.ErrCode) {
		t.Errorf("after a quarter of an hour: got %v, want %v", err, identity.ErrCode)
	}
}
