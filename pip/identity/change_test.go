package identity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
)

func to[T any](v T) *T { return &v }

func reason(err error) string {
	var r *pip.Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestAccountsAreChanged(t *testing.T) {
	w := newWorld(t)
	other := w.add("nia@hospital.test", "nia", pip.AccountActive)
	cases := []struct {
		name   string
		change pip.AccountChange
		want   string
	}{
		{"username of another", pip.AccountChange{Username: to("Doctor")}, "account_taken"},
		{"address of another", pip.AccountChange{Email: to("DOCTOR@hospital.test")}, "account_taken"},
		{"odd username", pip.AccountChange{Username: to("n/a")}, "username_unfit"},
		{"no address", pip.AccountChange{Email: to("nia")}, "email_malformed"},
		{"no such role", pip.AccountChange{Role: to("surgeon")}, "role_unfit"},
		{"a machine's role", pip.AccountChange{Role: to("machine")}, "role_unfit"},
		{"staff record of another", pip.AccountChange{Staff: to("s-1")}, "staff_taken"},
		{"another standing than expected", pip.AccountChange{From: []pip.Account{pip.AccountPending}}, "standing_unfit"},
		{"another role than expected", pip.AccountChange{OfRole: "nurse"}, "standing_unfit"},
		{"a free staff record", pip.AccountChange{Staff: to("s-2"), Department: to("d-2")}, ""},
		{"a role, while linked", pip.AccountChange{Role: to("nurse")}, "record_linked"},
		{"no record any more", pip.AccountChange{Staff: to(""), Department: to("")}, ""},
		{"a role", pip.AccountChange{Role: to("nurse")}, ""},
		{"name and address", pip.AccountChange{Username: to("Nia.B"), Email: to("Nia.B@hospital.test")}, ""},
		{"disabled", pip.AccountChange{Standing: to(pip.AccountDisabled)}, ""},
		{"enabled without the record of its role", pip.AccountChange{Standing: to(pip.AccountActive)}, ""},
	}
	for _, c := range cases {
		if _, _, err := w.reg.Change(t.Context(), other.ID, c.change); reason(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	p, err := w.reg.Account(t.Context(), other.ID)
	if err != nil || p.Username != "nia.b" || p.Email != "nia.b@hospital.test" || p.Role != "nurse" || p.Standing != pip.AccountPending || p.Staff != "" {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, _, err := w.reg.Change(t.Context(), "nobody", pip.AccountChange{}); reason(err) != "not_found" {
		t.Errorf("no such account: got %v", err)
	}
}

// No other account gets a username that one gave up, by whichever way it is asked for:
// applications may know its person by it. The account itself may have it again.
func TestAUsernameIsNeverAnotherPersons(t *testing.T) {
	w := newWorld(t)
	first, second := w.add("f@hospital.test", "first", pip.AccountActive).ID, w.add("s@hospital.test", "second", pip.AccountActive).ID
	change := func(id, name string) error {
		_, _, err := w.reg.Change(t.Context(), id, pip.AccountChange{Username: to(name)})
		return err
	}
	if err := change(first, "renamed"); err != nil {
		t.Fatal(err)
	}
	if err := change(second, "first"); reason(err) != "account_taken" {
		t.Errorf("another account: got %v", err)
	}
	n := identity.NewAccount{Username: "First", Email: "n@hospital.test", PasswordHash: hash(), Role: "doctor", Standing: pip.AccountActive}
	if _, err := w.reg.Add(t.Context(), n); !errors.Is(err, identity.ErrTaken) {
		t.Errorf("a new account: got %v, want %v", err, identity.ErrTaken)
	}
	n.Username = "third"
	if _, err := w.reg.Add(t.Context(), n); err != nil {
		t.Errorf("its address was taken by the refused one: %v", err)
	}
	for _, name := range []string{"first", "renamed", "first"} {
		if err := change(first, name); err != nil {
			t.Errorf("its own account: %v", err)
		}
	}
}

// A challenge from before a change proves nothing afterwards.
func TestChangeEndsChallenges(t *testing.T) {
	w := newWorld(t)
	c := w.login()
	accounts, err := w.reg.List(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.reg.Change(t.Context(), accounts[0].ID, pip.AccountChange{Email: to("new@hospital.test")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.auth.Verify(t.Context(), c.ID, w.mail.Code(t), pip.Origin{}); !errors.Is(err, identity.ErrCode) {
		t.Errorf("got %v, want %v", err, identity.ErrCode)
	}
}

// Of any number who want one staff record at once, in two processes, one gets it.
func TestOneStaffRecordHasOneAccount(t *testing.T) {
	w := newWorld(t)
	_, second, _ := w.process()
	var ids []string
	for _, name := range []string{"a1", "a2", "a3", "a4", "a5", "a6"} {
		ids = append(ids, w.add(name+"@hospital.test", name, pip.AccountActive).ID)
	}
	won := race(len(ids), func(i int) bool {
		reg := w.reg
		if i%2 == 1 {
			reg = second
		}
		_, _, err := reg.Change(t.Context(), ids[i], pip.AccountChange{Staff: to("s-7")})
		if err != nil && reason(err) != "staff_taken" {
			t.Errorf("got %v", err)
		}
		return err == nil
	})
	if won != 1 {
		t.Errorf("%d accounts have the record, want 1", won)
	}
	n := identity.NewAccount{Username: "a7", Email: "a7@hospital.test", PasswordHash: hash(), Role: "doctor", Standing: pip.AccountActive, Staff: "s-7"}
	if _, err := w.reg.Add(t.Context(), n); !errors.Is(err, identity.ErrStaffTaken) {
		t.Errorf("a new account: got %v, want %v", err, identity.ErrStaffTaken)
	}
}

// A folder from before has accounts that share a record: they are told apart, no
// other joins them, and the one that is left has it alone.
func TestSharedStaffRecordsAreReported(t *testing.T) {
	w := newWorld(t)
	first, second := w.add("b1@hospital.test", "b1", pip.AccountActive).ID, w.add("b2@hospital.test", "b2", pip.AccountActive).ID
	third := w.add("b3@hospital.test", "b3", pip.AccountActive).ID
	db := w.db()
	for _, statement := range []string{
		"UPDATE identity_accounts SET staff = 's-9' WHERE username IN ('b1', 'b2')",
		"DROP TABLE identity_staff_links", "DROP TABLE identity_locks",
		"DROP TABLE identity_passes", "DROP TABLE identity_totp_next", // later migrations come again too
		"DROP TABLE identity_passkeys", "DROP TABLE identity_unnamed_used", "DROP TABLE identity_badges", "DROP TABLE identity_usernames", "DROP TABLE identity_notices",
		"DELETE FROM identity_version WHERE version_id >= 4",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sqlstore.New(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	shared, err := w.reg.SharedStaff(t.Context())
	if err != nil || len(shared) != 1 || !slices.Equal(shared["s-9"], []string{first, second}) {
		t.Errorf("got %v, %v", shared, err)
	}
	if _, _, err := w.reg.Change(t.Context(), third, pip.AccountChange{Staff: to("s-9")}); reason(err) != "staff_taken" {
		t.Errorf("a third: got %v", err)
	}
	if _, _, err := w.reg.Change(t.Context(), first, pip.AccountChange{Staff: to("")}); err != nil {
		t.Fatal(err)
	}
	if shared, err = w.reg.SharedStaff(t.Context()); err != nil || len(shared) != 0 {
		t.Errorf("after one was unlinked: got %v, %v", shared, err)
	}
	if _, _, err := w.reg.Change(t.Context(), first, pip.AccountChange{Staff: to("s-9")}); reason(err) != "staff_taken" {
		t.Errorf("back again: got %v", err)
	}
}

// Officers who disable each other at once leave one.
func TestOneOfficerIsLeft(t *testing.T) {
	w := newWorld(t)
	_, second, _ := w.process()
	var ids []string
	for _, name := range []string{"kim", "lee", "max", "noa"} {
		p, err := w.reg.Add(t.Context(), identity.NewAccount{
			Username: name, Email: name + "@hospital.test", PasswordHash: hash(), Role: "security", Standing: pip.AccountActive,
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	out := []pip.AccountChange{{Standing: to(pip.AccountDisabled)}, {Role: to("doctor")}}
	won := race(len(ids), func(i int) bool {
		reg := w.reg
		if i%2 == 1 {
			reg = second
		}
		_, _, err := reg.Change(t.Context(), ids[i], out[i%2])
		if err != nil && reason(err) != "last_officer" {
			t.Errorf("got %v", err)
		}
		return err == nil
	})
	if won != len(ids)-1 {
		t.Errorf("%d of %d officers are gone, want all but one", won, len(ids))
	}
}

// A machine's account takes no person's record: not when it is added, and not later. A
// refused one leaves nothing behind.
func TestAMachineHasNoPersonsRecord(t *testing.T) {
	w := newWorld(t)
	machine := identity.NewAccount{Username: "scanner", Email: "scanner@hospital.test", PasswordHash: hash(), Role: "machine", Standing: pip.AccountActive}
	for name, give := range map[string]func(*identity.NewAccount){
		"a staff record":     func(n *identity.NewAccount) { n.Staff = "s-7" },
		"a patient's record": func(n *identity.NewAccount) { n.Patient = "p-7" },
	} {
		n := machine
		give(&n)
		if _, err := w.reg.Add(t.Context(), n); err == nil || !strings.Contains(err.Error(), "a machine has no person's record") {
			t.Errorf("added with %s: got %v", name, err)
		}
	}
	added, err := w.reg.Add(t.Context(), machine)
	if err != nil {
		t.Fatalf("after the refusals: %v", err)
	}
	for name, change := range map[string]pip.AccountChange{
		"a staff record": {Staff: to("s-7")}, "a patient's record": {Patient: to("p-7")}, "a person's role": {Role: to("doctor")},
		"both": {Role: to("doctor"), Staff: to("s-7")},
	} {
		if _, _, err := w.reg.Change(t.Context(), added.ID, change); reason(err) != "role_unfit" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if p, err := w.reg.Account(t.Context(), added.ID); err != nil || p.Staff != "" || p.Patient != "" || p.Role != "machine" {
		t.Errorf("got %+v, %v", p, err)
	}
}
