package identity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/pass"
)

// A desk issues passes, and somebody has lost the phone of newPhone.
type passDesk struct {
	*phone
	passes *pass.Passes
	shift  time.Duration
}

func newPassDesk(t *testing.T) *passDesk {
	t.Helper()
	d := &passDesk{phone: newPhone(t), shift: 8 * time.Hour}
	d.passes = pass.New(d.store, d.vault, func() time.Duration { return d.shift }, d.clock.Now)
	d.auth = identity.NewAuthenticator(d.reg, d.store, identity.NewEmailCode(d.mail, d.vault), identity.Config{
		Now: d.clock.Now, Hasher: &counting{}, Carried: []identity.Factor{d.apps}, Passes: d.passes,
	})
	return d
}

func (d *passDesk) issue(first, second string) string {
	d.t.Helper()
	id, _, err := d.passes.Propose(d.t.Context(), d.account, pip.Sponsor{ID: first})
	if err != nil {
		d.t.Fatal(err)
	}
	code, _, err := d.passes.Issue(d.t.Context(), id, pip.Sponsor{ID: second})
	if err != nil {
		d.t.Fatal(err)
	}
	return code
}

func TestPassIsForOneLogInAndOneShift(t *testing.T) {
	d := newPassDesk(t)
	code := d.issue("officer", "")
	c, err := d.auth.StepUp(t.Context(), d.account, "s-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.auth.VerifyStepUp(t.Context(), d.account, "s-1", c.ID, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("step-up: got %v, want %v", err, identity.ErrCode)
	}
	shiftEnds := d.clock.Now().Add(d.shift)
	d.clock.Pass(time.Minute)
	proof, err := d.verify(d.begin().ID, strings.ToLower(code))
	if err != nil || !slices.Equal(proof.AMR, []string{"pwd", "pass"}) || !proof.Until.Equal(shiftEnds) || proof.Account.Role != "doctor" {
		t.Fatalf("got %+v, %v, want until %v", proof, err, shiftEnds)
	}
	if _, err := d.verify(d.begin().ID, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("second use: got %v, want %v", err, identity.ErrCode)
	}
	code = d.issue("officer", "")
	newer := d.issue("officer", "")
	if _, err := d.verify(d.begin().ID, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("an older one beside a newer: got %v, want %v", err, identity.ErrCode)
	}
	d.clock.Pass(15 * time.Minute)
	if _, err := d.verify(d.begin().ID, newer); !errors.Is(err, identity.ErrCode) {
		t.Errorf("too late: got %v, want %v", err, identity.ErrCode)
	}
}

// A pass is one account's alone.
func TestPassOpensNoOtherAccount(t *testing.T) {
	d := newPassDesk(t)
	owner := d.account
	accounts, err := d.reg.List(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	d.account = accounts[0].ID
	if d.account == owner {
		d.account = accounts[1].ID
	}
	code := d.issue("officer", "")
	if _, err := d.verify(d.begin().ID, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("got %v, want %v", err, identity.ErrCode)
	}
}

func TestPassIsIssuedOnce(t *testing.T) {
	d := newPassDesk(t)
	id, _, err := d.passes.Propose(t.Context(), d.account, pip.Sponsor{ID: "first"})
	if err != nil {
		t.Fatal(err)
	}
	for name, second := range map[string]string{"the first again": "first", "the owner": d.account} {
		if _, _, err := d.passes.Issue(t.Context(), id, pip.Sponsor{ID: second}); reason(err) != "pass_unfit" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if won := race(8, func(int) bool {
		_, _, err := d.passes.Issue(t.Context(), id, pip.Sponsor{ID: "second"})
		return err == nil
	}); won != 1 {
		t.Errorf("%d issued it, want 1", won)
	}
	if _, _, err := d.passes.Proposed(t.Context(), id); !errors.Is(err, pass.ErrGone) {
		t.Errorf("issued, and still proposed: %v", err)
	}
	late, _, err := d.passes.Propose(t.Context(), d.account, pip.Sponsor{ID: "first"})
	if err != nil {
		t.Fatal(err)
	}
	d.clock.Pass(15 * time.Minute)
	if _, _, err := d.passes.Issue(t.Context(), late, pip.Sponsor{ID: "second"}); !errors.Is(err, pass.ErrGone) {
		t.Errorf("late: got %v, want %v", err, pass.ErrGone)
	}
	d.shift = 0
	closed, _, err := d.passes.Propose(t.Context(), d.account, pip.Sponsor{ID: "first"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.passes.Issue(t.Context(), closed, pip.Sponsor{ID: "second"}); reason(err) != "pass_unfit" {
		t.Errorf("without a row in the table: got %v", err)
	}
	if _, _, err := d.passes.Propose(t.Context(), d.account, pip.Sponsor{ID: d.account}); err == nil {
		t.Error("somebody vouched for themselves")
	}
}

// Three wrong answers end a challenge, and many one after the other are evaluated no
// more, at passes as at other factors.
func TestWrongPassesAreBounded(t *testing.T) {
	d := newPassDesk(t)
	code := d.issue("officer", "")
	c := d.begin()
	for range 3 {
		if _, err := d.verify(c.ID, "AAAA-BBBB-CCCC"); !errors.Is(err, identity.ErrCode) {
			t.Errorf("got %v, want %v", err, identity.ErrCode)
		}
	}
	if _, err := d.verify(c.ID, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("a worn-out challenge: got %v, want %v", err, identity.ErrCode)
	}
}

// Who has lost the app adds another: the old one is good until the new one is
// confirmed, and for nothing afterwards.
func TestAppIsReplacedWhenTheNewOneIsConfirmed(t *testing.T) {
	d := newPassDesk(t)
	old, recovery := d.secret, d.recovery[0]
	var err error
	if d.secret, _, err = d.apps.OfferAnew(t.Context(), d.account); err != nil {
		t.Fatal(err)
	}
	if _, err := d.apps.Confirm(t.Context(), d.account, "000000", unwritten); !errors.Is(err, identity.ErrCode) {
		t.Errorf("wrong code: got %v", err)
	}
	d.clock.Pass(time.Minute)
	fresh := d.secret
	d.secret = old
	if _, err := d.verify(d.begin().ID, d.code(0)); err != nil {
		t.Errorf("the old app, before: %v", err)
	}
	d.secret = fresh
	if _, err := d.apps.Confirm(t.Context(), d.account, d.code(0), unwritten); err != nil {
		t.Fatal(err)
	}
	d.clock.Pass(time.Minute)
	if _, err := d.verify(d.begin().ID, d.code(0)); err != nil {
		t.Errorf("the new app: %v", err)
	}
	d.secret = old
	for name, code := range map[string]string{"app": d.code(0), "recovery code": recovery} {
		if _, err := d.verify(d.begin().ID, code); !errors.Is(err, identity.ErrCode) {
			t.Errorf("the old %s, after: got %v, want %v", name, err, identity.ErrCode)
		}
	}
}
