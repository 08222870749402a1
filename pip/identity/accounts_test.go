package identity_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/piptest"
)

func TestParseEmail(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"plain", "a@b.test", "a@b.test"},
		{"upper case", "A.B+c@Hospital.TEST", "a.b+c@hospital.test"},
		{"display name", "A <a@b.test>", ""},
		{"angle brackets", "<a@b.test>", ""},
		{"quoted", `"a b"@b.test`, ""},
		{"comment", "a@b.test (x)", ""},
		{"blank before", " a@b.test", ""},
		{"header injection", "a@b.test\r\nBcc: c@d.test", ""},
		{"two", "a@b.test,c@d.test", ""},
		{"beyond ASCII", "ä@b.test", ""},
		{"no domain", "a@", ""},
		{"empty", "", ""},
		{"too long", string(bytes.Repeat([]byte("a"), 250)) + "@b.test", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := identity.ParseEmail(c.in)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("a@b.test")
	f.Add("A <a@b.test>")
	f.Fuzz(func(t *testing.T, in string) {
		once, err := identity.ParseEmail(in)
		if err != nil {
			return
		}
		if twice, err := identity.ParseEmail(once); err != nil || twice != once {
			t.Errorf("%q became %q, then %q (%v)", in, once, twice, err)
		}
	})
}

func TestAddRefuses(t *testing.T) {
	w := newWorld(t)
	good := identity.NewAccount{Username: "nurse", Email: "nurse@hospital.test", PasswordHash: hash(), Role: "nurse", Standing: pip.AccountActive}
	cases := []struct {
		name  string
		spoil func(*identity.NewAccount)
		want  error
	}{
		{"e-mail in use, other spelling", func(n *identity.NewAccount) { n.Email = "Doctor@Hospital.test" }, identity.ErrTaken},
		{"username in use, other spelling", func(n *identity.NewAccount) { n.Username = "DOCTOR" }, identity.ErrTaken},
		{"no address", func(n *identity.NewAccount) { n.Email = "nurse" }, identity.ErrEmail},
		{"no standing", func(n *identity.NewAccount) { n.Standing = "" }, nil},
		{"unknown role", func(n *identity.NewAccount) { n.Role = "root" }, nil},
		{"plain password", func(n *identity.NewAccount) { n.PasswordHash = passphrase }, nil},
		{"cheap hash", func(n *identity.NewAccount) { n.PasswordHash = "$2a$04$" + hash()[7:] }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := good
			c.spoil(&n)
			_, err := w.reg.Add(t.Context(), n)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := w.reg.Add(t.Context(), good); err != nil {
		t.Errorf("good: %v", err)
	}
	list, err := w.reg.List(t.Context(), "", 10)
	if err != nil || len(list) != 2 || list[1].Email != good.Email {
		t.Errorf("list: got %d accounts, %v, want 2", len(list), err)
	}
}

func TestMessagePrintsRedacted(t *testing.T) {
	m := identity.Message{To: email, Text: "Your code is 123456"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, m); got != "redacted" {
			t.Errorf("%s: got %q", verb, got)
		}
	}
}

// However many names are asked for, each is found that is somebody's.
func TestNamed(t *testing.T) {
	w := newWorld(t)
	nurse := w.add("nurse@hospital.test", "Nurse", pip.AccountDisabled)
	names := []string{"nurse"}
	for i := range 1200 {
		names = append(names, fmt.Sprintf("nobody-%d", i))
	}
	names = append(names, "doctor", "' OR 1=1 --", "")
	got, err := w.store.Named(t.Context(), names)
	if err != nil || len(got) != 2 || got["nurse"] != nurse.ID || got["doctor"] == "" || got["doctor"] == nurse.ID {
		t.Errorf("got %v, %v, want the nurse's and the doctor's", got, err)
	}
	if got, err := w.store.Named(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v for no name", got, err)
	}
	w.store.Close()
	if got, err := w.store.Named(t.Context(), names); err == nil {
		t.Errorf("got %v and no error from a store that is gone", got)
	}
}

// An e-mail address is found in any spelling, and what is none is nobody's.
func TestAddressed(t *testing.T) {
	w := newWorld(t)
	nurse := w.add("nurse@hospital.test", "Nurse", pip.AccountDisabled)
	emails := []string{"nurse@hospital.test", "Nurse@Hospital.TEST", "", "nurse", "a@b@c"}
	for i := range 600 {
		emails = append(emails, fmt.Sprintf("nobody-%d@hospital.test", i))
	}
	got, err := w.reg.Addressed(t.Context(), emails)
	if err != nil || len(got) != 2 || got[emails[0]] != nurse.ID || got[emails[1]] != nurse.ID {
		t.Errorf("got %v, %v, want the nurse under both spellings", got, err)
	}
	w.store.Close()
	if got, err := w.reg.Addressed(t.Context(), emails); err == nil {
		t.Errorf("got %v and no error from a store that is gone", got)
	}
}

func TestSource(t *testing.T) {
	w := newWorld(t)
	list, err := w.reg.List(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	id := list[0].ID
	source := identity.NewSource(w.store, w.clock.Now)
	age := time.Duration(0)
	gather := func(subject string) (pip.Identity, error) {
		var f pip.Facts
		err := source.Gather(t.Context(), &pip.Query{Subject: subject}, &f, piptest.For(t, identity.Section(), nil))
		age = f.Identity.Age
		return f.Identity, err
	}
	known := pip.Identity{Account: pip.AccountActive, Username: "doctor", Role: "doctor", Staff: "s-1", Department: "d-1"}
	cases := []struct {
		name    string
		subject string
		before  func()
		want    pip.Identity
		age     time.Duration // by which the table of freshness decides
		fails   bool
	}{
		{"stranger", "", func() {}, pip.Identity{}, 0, false},
		{"unknown account", "nobody", func() {}, pip.Identity{}, 0, false},
		{"known account", id, func() {}, known, 0, false},
		{"from memory while the store is gone", id, func() { w.store.Close() }, known, 0, false},
		{"a second old", id, func() { w.clock.Pass(time.Second) }, known, time.Second, true},
		{"ten seconds old", id, func() { w.clock.Pass(9 * time.Second) }, known, 10 * time.Second, true},
		{"an hour old", id, func() { w.clock.Pass(time.Hour) }, known, time.Hour + 10*time.Second, true},
		{"of no age after the clock stepped back", id, func() { w.clock.Pass(-2 * time.Hour) }, known, math.MaxInt64, true},
	}
	for _, c := range cases {
		c.before()
		got, err := gather(c.subject)
		state := got.State
		got.Reading = pip.Reading{}
		if got != c.want || state != pip.Fresh || age != c.age || (err != nil) != c.fails {
			t.Errorf("%s: got %+v %v of age %v, %v, want %+v of age %v", c.name, got, state, age, err, c.want, c.age)
		}
	}
}

// hanging is a store whose readings take until somebody lets them go.
type hanging struct {
	identity.AccountStore
	hangs bool
	asked int
}

func (h *hanging) Account(ctx context.Context, _ string) (identity.Record, error) {
	h.asked++
	if h.hangs {
		<-ctx.Done()
		return identity.Record{}, ctx.Err()
	}
	return identity.Record{Standing: pip.AccountActive, Role: "doctor"}, nil
}

// A store that hangs costs a decision a part of its time, once for each reading, and
// never all of it: who is remembered is answered for from memory, with its age.
func TestStoreThatHangsTakesNoDecisionDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &hanging{}
		source := identity.NewSource(store, nil)
		ask := func(account string) (pip.Identity, time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			var f pip.Facts
			begun := time.Now()
			err := source.Gather(ctx, &pip.Query{Subject: account}, &f, piptest.For(t, identity.Section(), nil))
			return f.Identity, time.Since(begun), err
		}
		if got, _, err := ask("u-1"); err != nil || got.Role != "doctor" {
			t.Fatal(got, err)
		}
		time.Sleep(3 * time.Second)
		store.hangs = true
		for i, most := range []time.Duration{20 * time.Millisecond, 0, 0} {
			got, took, err := ask("u-1")
			if err == nil || got.Role != "doctor" || got.State != pip.Fresh || got.Age < 3*time.Second || took != most {
				t.Errorf("question %d: got %+v after %v, %v, want what was known after %v", i, got, took, err, most)
			}
		}
		if store.asked != 2 {
			t.Errorf("the store was asked %d times, want once for all", store.asked)
		}
		if got, took, err := ask("u-2"); err == nil || got.State != pip.Unknown || took > 50*time.Millisecond {
			t.Errorf("who is not remembered: got %+v after %v, %v", got, took, err)
		}
		store.hangs = false
		time.Sleep(3 * time.Second) // the readings under way were given up
		if got, _, err := ask("u-1"); err != nil || got.Age != 0 {
			t.Errorf("afterwards got %+v, %v", got, err)
		}
	})
}

// counted counts what is read of a store that knows nobody.
type counted struct {
	identity.AccountStore
	reads map[string]int
}

func (c counted) Account(_ context.Context, id string) (identity.Record, error) {
	c.reads[id]++
	return identity.Record{}, identity.ErrNotFound
}

// However many ask, whoever asked a moment ago is remembered, and the memory
// has a bound.
func TestMemoryOfManyAccountsIsBounded(t *testing.T) {
	now := time.Now()
	store := counted{reads: map[string]int{}}
	source := identity.NewSource(store, func() time.Time { return now })
	ask := func(id string) {
		t.Helper()
		var f pip.Facts
		if err := source.Gather(t.Context(), &pip.Query{Subject: id}, &f, piptest.For(t, identity.Section(), nil)); err != nil || f.Identity.State != pip.Fresh {
			t.Fatal(f.Identity, err)
		}
	}
	ask("u")
	for i := range 15_000 {
		ask(strconv.Itoa(i))
	}
	if ask("u"); store.reads["u"] != 1 || store.reads["14999"] != 1 {
		t.Errorf("read %d times while it was known", store.reads["u"])
	}
	for i := range 15_000 {
		ask("v" + strconv.Itoa(i))
	}
	if ask("u"); store.reads["u"] != 2 {
		t.Errorf("read %d times: the memory has no bound", store.reads["u"])
	}
}
