package identity_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
)

const fresh = "a lamp on the third stair"

// counting stands in for bcrypt and counts what bcrypt would do. Its hashes
// look like bcrypt's and cost nothing.
type counting struct {
	mu   sync.Mutex
	work []string
}

func (c *counting) Hash(secret []byte, cost int) ([]byte, error) {
	c.note("hash %d", cost)
	return imitate(secret, cost), nil
}

func (c *counting) Same(hash, secret []byte) bool {
	c.note("compare %s", hash[:7])
	cost, err := strconv.Atoi(string(hash[4:6]))
	return err == nil && bytes.Equal(hash, imitate(secret, cost))
}

func imitate(secret []byte, cost int) []byte {
	sum := sha256.Sum256(secret)
	return fmt.Appendf(nil, "$2a$%02d$%.53s", cost, hex.EncodeToString(sum[:]))
}

func (c *counting) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.work = append(c.work, fmt.Sprintf(format, args...))
}

// Done returns what was done since it was last asked.
func (c *counting) Done() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := strings.Join(c.work, ", ")
	c.work = nil
	return done
}

// desk hands out one record for each code, once.
type desk struct {
	mu     sync.Mutex
	codes  map[string]string // number/code -> patient
	fail   error
	claims int
}

func (d *desk) Enrol(_ context.Context, number, code string, _ time.Time) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return "", d.fail
	}
	patient, found := d.codes[number+"/"+code]
	if !found {
		return "", identity.ErrEnrolment
	}
	delete(d.codes, number+"/"+code)
	d.claims++
	return patient, nil
}

type office struct {
	*world
	hasher *counting
	desk   *desk
	people *identity.Registrar
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{world: newWorld(t), hasher: &counting{}, desk: &desk{codes: map[string]string{"P-1/open-sesame": "p-1"}}}
	o.people = o.registrar(o.store, o.reg)
	return o
}

func (o *office) registrar(store identity.Store, accounts *identity.Accounts) *identity.Registrar {
	auth := identity.NewAuthenticator(accounts, store, identity.NewEmailCode(o.mail, o.vault), identity.Config{Now: o.clock.Now, Hasher: o.hasher})
	return identity.NewRegistrar(auth, o.mail, o.desk)
}

func nurse() pip.SignUpForm {
	return pip.SignUpForm{Username: "Nia", Email: "Nia@Hospital.test", Password: fresh, Role: "nurse"}
}

func patient(name string) pip.SignUpForm {
	return pip.SignUpForm{
		Username: name, Email: name + "@home.test", Password: fresh, Role: "patient", Number: "P-1", Code: "open-sesame",
	}
}

func (o *office) signUp(s pip.SignUpForm) {
	o.t.Helper()
	o.signUpFrom(s, pip.Origin{})
}

func (o *office) signUpFrom(s pip.SignUpForm, from pip.Origin) (flow string) {
	o.t.Helper()
	flow, err := o.people.SignUp(o.t.Context(), s, from)
	if err != nil || flow == "" {
		o.t.Fatalf("sign up: %q, %v", flow, err)
	}
	return flow
}

func (o *office) accounts() []pip.Profile {
	o.t.Helper()
	list, err := o.reg.List(o.t.Context(), "", 100)
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

func TestStaffSignUpWaitsForApproval(t *testing.T) {
	o := newOffice(t)
	o.signUp(nurse())
	if n := len(o.accounts()); n != 1 {
		t.Fatalf("%d accounts before the address is proven, want 1", n)
	}
	p, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: "nia@hospital.test", Code: o.mail.Code(t)}, pip.Origin{}, unopened)
	if err != nil {
		t.Fatal(err)
	}
	if p.Standing != pip.AccountPending || p.Role != "nurse" || p.Username != "nia" || p.Email != "nia@hospital.test" || p.Patient != "" {
		t.Errorf("got %+v", p)
	}
	if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: "nia@hospital.test", Code: o.mail.Code(t)}, pip.Origin{}, unopened); !errors.Is(err, identity.ErrCode) {
		t.Errorf("second use: got %v, want %v", err, identity.ErrCode)
	}
}

func TestPatientSignUpClaimsTheRecord(t *testing.T) {
	o := newOffice(t)
	o.signUp(patient("pat"))
	if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: "pat@home.test", Code: wrong(o.mail.Code(t))}, pip.Origin{}, unopened); !errors.Is(err, identity.ErrCode) {
		t.Errorf("wrong code: got %v, want %v", err, identity.ErrCode)
	}
	if o.desk.claims != 0 {
		t.Error("a wrong e-mailed code used up the enrolment code")
	}
	p, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: "pat@home.test", Code: o.mail.Code(t)}, pip.Origin{}, unopened)
	if err != nil || p.Standing != pip.AccountActive || p.Patient != "p-1" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got := o.accounts(); !slices.Contains(got, p) {
		t.Errorf("stored %+v, want %+v", got, p)
	}
}

func TestSignUpThatClaimsNothingLeavesNothing(t *testing.T) {
	o := newOffice(t)
	cases := []struct {
		name string
		fail error
		code string
		want error
	}{
		{"wrong enrolment code", nil, "close-sesame", identity.ErrCode},
		{"records do not answer", errors.New("no route to records"), "open-sesame", nil},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := patient(fmt.Sprintf("pat%d", i))
			s.Code, o.desk.fail = c.code, c.fail
			o.signUp(s)
			_, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: s.Email, Code: o.mail.Code(t)}, pip.Origin{}, unopened)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			var refusal *pip.Refusal
			if c.want == nil && errors.As(err, &refusal) {
				t.Errorf("a fault was told as the refusal %v", err)
			}
			if n := len(o.accounts()); n != 1 {
				t.Errorf("%d accounts are left, want 1", n)
			}
		})
	}
}

// A sign-up that claims nothing keeps no username either: it was in no use, and the
// patient who mistyped the enrolment code may have it at the next try.
func TestSignUpThatClaimsNothingKeepsNoName(t *testing.T) {
	o := newOffice(t)
	mistyped := patient("pat")
	mistyped.Code = "close-sesame"
	for _, try := range []pip.SignUpForm{mistyped, patient("pat")} {
		o.signUp(try)
		_, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: "pat@home.test", Code: o.mail.Code(t)}, pip.Origin{}, unopened)
		if (err != nil) != (try.Code == mistyped.Code) {
			t.Fatalf("code %s: got %v", try.Code, err)
		}
		o.clock.Pass(time.Hour) // the next mail to the address
	}
	if !slices.ContainsFunc(o.accounts(), func(p pip.Profile) bool { return p.Username == "pat" }) {
		t.Errorf("got %+v", o.accounts())
	}
}

func TestSignUpNamesFaultyFields(t *testing.T) {
	o := newOffice(t)
	cases := []struct {
		name  string
		spoil func(*pip.SignUpForm)
		want  []string
	}{
		{"all at once", func(s *pip.SignUpForm) { *s = pip.SignUpForm{} }, []string{"body.email", "body.password", "body.role", "body.username"}},
		{"security is no role to ask for", func(s *pip.SignUpForm) { s.Role = "security" }, []string{"body.role"}},
		{"common password", func(s *pip.SignUpForm) { s.Password = "P@ssw0rd2026!" }, []string{"body.password"}},
		{"73 bytes", func(s *pip.SignUpForm) { s.Password = fresh + strings.Repeat("x", 73-len(fresh)) }, []string{"body.password"}},
		{"short", func(s *pip.SignUpForm) { s.Password = "k7-Wq.z2p" }, []string{"body.password"}},
		{"username with a blank", func(s *pip.SignUpForm) { s.Username = "n ia" }, []string{"body.username"}},
		{"username that is a link", func(s *pip.SignUpForm) { s.Username = "http://a.test/" }, []string{"body.username"}},
		{"patient without a number and code", func(s *pip.SignUpForm) { s.Role = "patient" }, []string{"body.enrolment_code", "body.patient_number"}},
		{"nurse with a number", func(s *pip.SignUpForm) { s.Number = "P-1" }, []string{"body.patient_number"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := nurse()
			c.spoil(&s)
			var m *problem.Malformed
			if _, err := o.people.SignUp(t.Context(), s, pip.Origin{}); !errors.As(err, &m) {
				t.Fatalf("got %v, want a list of fields", err)
			}
			var got []string
			for _, f := range m.Fields {
				got = append(got, f.Location)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if o.mail.Count() != 0 {
		t.Error("a malformed sign-up sent mail")
	}
}

// What tells them apart is the mail alone.
func TestSignUpDoesTheSameWorkForTakenAndFree(t *testing.T) {
	o := newOffice(t)
	taken, named := nurse(), nurse()
	taken.Email, taken.Username = email, "else"
	named.Email, named.Username = "third@hospital.test", "doctor"
	work := map[string]string{}
	for _, s := range []pip.SignUpForm{nurse(), taken, named} {
		o.signUp(s)
		work[s.Email] = o.hasher.Done()
	}
	if o.mail.Count() != 3 {
		t.Errorf("%d mails, want 3", o.mail.Count())
	}
	for address, done := range work {
		if want := "hash 5"; done != want {
			t.Errorf("%s: did %q, want %q", address, done, want)
		}
	}
	compared := map[string]string{}
	for _, address := range []string{"nia@hospital.test", email, "third@hospital.test", "nobody@hospital.test"} {
		if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: address, Code: "123123"}, pip.Origin{}, unopened); !errors.Is(err, identity.ErrCode) {
			t.Errorf("%s: got %v, want %v", address, err, identity.ErrCode)
		}
		compared[o.hasher.Done()] = address
	}
	if len(compared) != 1 {
		t.Errorf("verifying did different work: %v", compared)
	}
	if n := len(o.accounts()); n != 1 {
		t.Errorf("%d accounts, want 1", n)
	}
}

func TestSignUpMailsAreBounded(t *testing.T) {
	o := newOffice(t)
	for range 10 {
		o.signUp(nurse())
	}
	if n := o.mail.Count(); n != 1 {
		t.Errorf("%d mails in a moment, want 1", n)
	}
	for range 10 {
		o.clock.Pass(time.Minute)
		o.signUp(nurse())
	}
	if n := o.mail.Count(); n != 5 {
		t.Errorf("%d mails in ten minutes, want 5", n)
	}
	o.clock.Pass(time.Hour)
	o.signUp(nurse())
	if n := o.mail.Count(); n != 6 {
		t.Errorf("%d mails after an hour, want 6", n)
	}
}

func TestSignUpEnds(t *testing.T) {
	o := newOffice(t)
	o.signUp(nurse())
	code := o.mail.Code(t)
	o.clock.Pass(15 * time.Minute)
	if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: nurse().Email, Code: code}, pip.Origin{}, unopened); !errors.Is(err, identity.ErrCode) {
		t.Errorf("after a quarter of an hour: got %v, want %v", err, identity.ErrCode)
	}
	if err := o.people.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.clock.Pass(-time.Minute)
	if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: nurse().Email, Code: code}, pip.Origin{}, unopened); !errors.Is(err, identity.ErrCode) {
		t.Errorf("after the clock stepped back: got %v, want %v", err, identity.ErrCode)
	}
	o.clock.Pass(2 * time.Minute)
	o.signUp(nurse())
	newer := o.mail.Code(t)
	for range 3 {
		if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: nurse().Email, Code: wrong(newer)}, pip.Origin{}, unopened); !errors.Is(err, identity.ErrCode) {
			t.Errorf("got %v, want %v", err, identity.ErrCode)
		}
	}
	if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: nurse().Email, Code: newer}, pip.Origin{}, unopened); !errors.Is(err, identity.ErrCode) {
		t.Errorf("fourth attempt: got %v, want %v", err, identity.ErrCode)
	}
}

// However many verify at once, in two processes, one account comes of it.
func TestParallelSignUpsOpenOneAccount(t *testing.T) {
	o := newOffice(t)
	store, accounts, _ := o.process()
	other := o.registrar(store, accounts)
	o.signUp(nurse())
	code := o.mail.Code(t)
	if won := race(60, func(i int) bool {
		people := o.people
		if i%2 == 1 {
			people = other
		}
		_, err := people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: nurse().Email, Code: code}, pip.Origin{}, unopened)
		return err == nil
	}); won != 1 {
		t.Errorf("%d won, want 1", won)
	}
}

// Several people with one enrolment code, each with an address of their own.
func TestParallelClaimsTakeARecordOnce(t *testing.T) {
	o := newOffice(t)
	codes := map[int]string{}
	for i := range 8 {
		o.signUp(patient(fmt.Sprintf("pat%d", i)))
		codes[i] = o.mail.Code(t)
	}
	won := race(len(codes), func(i int) bool {
		_, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: fmt.Sprintf("pat%d@home.test", i), Code: codes[i]}, pip.Origin{}, unopened)
		return err == nil
	})
	if n := len(o.accounts()); won != 1 || n != 2 || o.desk.claims != 1 {
		t.Errorf("%d won, %d accounts, %d claims; want 1, 2, 1", won, n, o.desk.claims)
	}
}

// race runs n calls at once and counts those that report true.
func race(n int, try func(i int) bool) int {
	var won atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if try(i) {
				won.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return int(won.Load())
}

func TestCheckPassword(t *testing.T) {
	cases := []struct {
		passphrase string
		want       error
	}{
		{fresh, nil},
		{"Wardgate-demo-2026", nil},
		{"x7Kq!mZ2#vLp", nil},
		{"grün-und-weit", nil},
		{"password123", password.ErrCommon},
		{"P@$$w0rd!!", password.ErrCommon},
		{"QwertyUiop", password.ErrCommon},
		{"hospital2026", password.ErrCommon},
		{"dragondragon", password.ErrCommon},
		{"1029384756", password.ErrCommon},
		{"abcdefghijkl", password.ErrCommon},
		{"aaaaaaaaaaaa", password.ErrCommon},
		{"abababababab", password.ErrCommon},
		{"short", password.ErrMalformed},
		{strings.Repeat("ü", 37), password.ErrMalformed},
	}
	for _, c := range cases {
		if got := password.Check(c.passphrase); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.passphrase, got, c.want)
		}
	}
}

// A store or a mail server that fails is never a statement about the person.
func TestSignUpFaultsProveNothing(t *testing.T) {
	o := newOffice(t)
	var refusal *pip.Refusal
	o.mail.fail = true
	if _, err := o.people.SignUp(t.Context(), nurse(), pip.Origin{}); err == nil || errors.As(err, &refusal) {
		t.Errorf("mail fails: got %v, want a fault", err)
	}
	for _, address := range []string{email, "nobody@hospital.test"} {
		if _, err := o.people.Forgot(t.Context(), address, pip.Origin{}); err == nil || errors.As(err, &refusal) {
			t.Errorf("mail fails for %s: got %v, want a fault", address, err)
		}
	}
	o.store.Close()
	if _, err := o.people.SignUp(t.Context(), patient("pat"), pip.Origin{}); err == nil || errors.As(err, &refusal) {
		t.Errorf("store fails: got %v, want a fault", err)
	}
	if _, err := o.people.VerifySignUp(t.Context(), pip.SignUpAnswer{Email: email, Code: "123123"}, pip.Origin{}, unopened); err == nil || errors.As(err, &refusal) {
		t.Errorf("store fails: got %v, want a fault", err)
	}
}
