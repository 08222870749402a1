package admin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
)

// A number beside a PIN that may not be chosen is not stored: what is refused changes
// nothing, and what is not journalled is no badge.
func TestRefusedPINChangesNoNumber(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	w.logsIn(at, email)
	written := len(w.journalled("factor.add", "success"))
	var r *admin.Refusal
	if err := w.admin.ChooseBadge(t.Context(), on(home), w.account.ID, "X-9999", "1111"); !errors.As(err, &r) || r.Reasons[0] != "pin_unfit" {
		t.Errorf("got %v, want that the PIN is unfit", err)
	}
	if got := len(w.journalled("factor.add", "success")); got != written {
		t.Errorf("%d entries more", got-written)
	}
	w.refusedTap(at, "X-9999", pin, "badge_refused")
	w.taps(at, badgeNo, pin)
}

// A code that was drawn before somebody else came to the workstation brings no person back to
// it, and neither does one from a workstation that its person has left.
func TestCodeFromBeforeATurnIsVoid(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	two, _ := w.station("bay 2")
	w.logsIn(two, nurseMail)
	first, _ := w.logsIn(at, email)
	code, nonce := w.carry(first, false)
	nurses := w.taps(at, other, "2580")
	if got, err := w.now.Redeem(t.Context(), on(wards), code, nonce); err == nil || got != "" {
		t.Error("the one before came back to the workstation")
	}
	w.goOn(nurses, home)

	code, nonce = w.carry(nurses, false)
	w.taps(two, other, "2580")
	if got, err := w.now.Redeem(t.Context(), on(wards), code, nonce); err == nil || got != "" {
		t.Error("a person is at two workstations")
	}
}

// A step-up on an application's origin, where no cookie tells of the workstation, leaves
// the browser at it: the next who comes finds it empty.
func TestStepUpStaysAtTheWorkstation(t *testing.T) {
	w := newWard(t)
	at, id := w.station("bay 1")
	first, session := w.logsIn(at, email)
	code, nonce := w.carry(first, false)
	carried, err := w.now.Redeem(t.Context(), on(wards), code, nonce)
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := w.admin.StepUp(t.Context(), w.account.ID, session)
	if err != nil {
		t.Fatal(err)
	}
	elevated, _, err := w.now.Elevate(t.Context(), on(wards), browser.StepUp{
		Handle: carried, Account: w.account.ID, Session: session, Challenge: challenge.ID, Code: w.mail.Code(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if where := w.where(elevated, wards); where == nil || where.ID != id {
		t.Errorf("stepped up at %+v, want the workstation", where)
	}
	w.logsIn(at, nurseMail)
	w.over(elevated, wards)
	w.over(carried, wards)
}

// A handle of another session, or of another host, is no step-up.
func TestForeignHandleStepsNobodyUp(t *testing.T) {
	w := newWard(t)
	handle, session := w.begin(home)
	stranger, _ := w.begin(wards)
	nurses, _ := w.begin(home)
	challenge, err := w.admin.StepUp(t.Context(), w.account.ID, session)
	if err != nil {
		t.Fatal(err)
	}
	up := browser.StepUp{Account: w.account.ID, Session: session, Challenge: challenge.ID, Code: w.mail.Code()}
	for _, up.Handle = range []string{"", stranger, nurses} {
		if got, _, err := w.now.Elevate(t.Context(), on(home), up); got != "" || refusal(err) != "session_ended" {
			t.Errorf("got %v, want session_ended", err)
		}
	}
	up.Handle = handle
	if _, _, err := w.now.Elevate(t.Context(), on(home), up); err != nil {
		t.Errorf("the own handle: %v", err)
	}
}

// A disabled account has nothing to resume, nor has one that is enabled again.
func TestDisabledAccountIsNotResumed(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	handle, _ := w.logsIn(at, email)
	for _, change := range []func(context.Context, admin.Client, string, string) error{w.admin.Disable, w.admin.Enable} {
		if err := change(t.Context(), on(home), "u-officer", w.account.ID); err != nil {
			t.Fatal(err)
		}
		w.over(handle, home)
		w.refusedTap(at, badgeNo, pin, "log_in_required")
	}
}

// Neither does a banned one resume anything, nor one whose ban was lifted.
func TestBannedAccountIsNotResumed(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	handle, _ := w.logsIn(at, email)
	if err := w.admin.Ban(t.Context(), on(home), "u-officer", w.account.ID, time.Hour, "test"); err != nil {
		t.Fatal(err)
	}
	w.over(handle, home)
	w.refusedTap(at, badgeNo, pin, "log_in_required")
	if err := w.admin.Unban(t.Context(), on(home), "u-officer", w.account.ID); err != nil {
		t.Fatal(err)
	}
	w.refusedTap(at, badgeNo, pin, "log_in_required")
}

// Nor is what was begun by codes to an address that is the account's no more.
func TestSessionOfAnOldAddressIsNotResumed(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	w.logsIn(at, email)
	if err := w.admin.Change(t.Context(), on(home), "u-officer", w.account.ID, admin.Changes{Email: "moved@hospital.test"}); err != nil {
		t.Fatal(err)
	}
	w.refusedTap(at, badgeNo, pin, "log_in_required")
}

// An officer's new badge opens no badge that wrong PINs have shut: who may give badges has
// three guesses at a PIN too, however many numbers are given.
func TestNewNumberGivesNoNewGuesses(t *testing.T) {
	w := newWard(t)
	at, _ := w.station("bay 1")
	w.logsIn(at, email)
	for _, wrong := range []string{"9021", "9022", "9023"} {
		w.refusedTap(at, badgeNo, wrong, "badge_refused")
	}
	if err := w.admin.GiveBadge(t.Context(), on(home), "u-officer", w.account.ID, "X-1234"); err != nil {
		t.Fatal(err)
	}
	w.refusedTap(at, "X-1234", pin, "badge_refused")
	w.logsIn(at, email)
	w.taps(at, "X-1234", pin)
}
