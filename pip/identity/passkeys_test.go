package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/passkey"
	"github.com/wardgate/wardgate/pip/identity/passkey/passkeytest"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
)

const (
	home   = "https://home.hospital.test"
	keeper = "keeper@hospital.test"
)

// A holder has an authenticator with a passkey of the account that it added.
type holder struct {
	*world
	keys    *passkey.Passkeys
	auth    *identity.Authenticator
	account string
	device  *passkeytest.Authenticator
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	h := &holder{world: newWorld(t), device: passkeytest.New(home)}
	h.keys, h.auth = h.withPasskeys(h.store, h.reg)
	h.account = h.another("keeper", keeper)
	h.enrol(h.account, h.device)
	return h
}

func (w *world) withPasskeys(store *sqlstore.Store, accounts *identity.Accounts, carried ...identity.Factor) (*passkey.Passkeys, *identity.Authenticator) {
	w.t.Helper()
	keys, err := passkey.New(accounts, w.vault, store, passkey.Config{Origin: home, Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	return keys, identity.NewAuthenticator(accounts, store, identity.NewEmailCode(w.mail, w.vault), identity.Config{
		Now: w.clock.Now, Hasher: &counting{}, Passkeys: keys, Carried: carried,
	})
}

func (w *world) another(username, email string) string {
	w.t.Helper()
	p, err := w.reg.Add(w.t.Context(), identity.NewAccount{
		Username: username, Email: email, PasswordHash: string(imitate([]byte(passphrase), 12)), Role: "doctor", Standing: pip.AccountActive,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p.ID
}

// enrol adds a passkey of the device to the account.
func (h *holder) enrol(account string, device *passkeytest.Authenticator) pip.Passkey {
	h.t.Helper()
	c, err := h.keys.Offer(h.t.Context(), account, "s-1")
	if err != nil {
		h.t.Fatal(err)
	}
	key, err := h.keys.Add(h.t.Context(), account, "s-1", c.ID, "phone", created(h.t, device, c), unnamed)
	if err != nil {
		h.t.Fatal(err)
	}
	return key
}

func created(t *testing.T, device *passkeytest.Authenticator, c pip.Challenge) string {
	t.Helper()
	answer, err := device.Create(c.Shown["passkey"])
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func signed(t *testing.T, device *passkeytest.Authenticator, c pip.Challenge) string {
	t.Helper()
	answer, err := device.Get(c.Shown["passkey"])
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (h *holder) begin() pip.Challenge {
	h.t.Helper()
	c, err := h.auth.Password(h.t.Context(), keeper, passphrase, pip.Origin{})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *holder) unnamed() pip.Challenge {
	h.t.Helper()
	c, err := h.auth.Passkey(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *holder) stepUp() pip.Challenge {
	h.t.Helper()
	c, err := h.auth.StepUp(h.t.Context(), h.account, "s-1")
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *holder) verify(c pip.Challenge, answer string) (pip.Proof, error) {
	return h.auth.Verify(h.t.Context(), c.ID, answer, pip.Origin{})
}

func (h *holder) verifyStepUp(c pip.Challenge, answer string) (pip.Proof, error) {
	return h.auth.VerifyStepUp(h.t.Context(), h.account, "s-1", c.ID, answer)
}

// A mail server that is down keeps no owner of a passkey out.
func TestPasskeyLogsInAndStepsUpWithoutMail(t *testing.T) {
	h := newHolder(t)
	h.mail.fail = true
	c := h.begin()
	if !slices.Equal(c.Methods, []string{"passkey"}) {
		t.Errorf("methods: got %v", c.Methods)
	}
	proof, err := h.verify(c, signed(t, h.device, c))
	if err != nil || proof.Account.ID != h.account || !slices.Equal(proof.AMR, []string{"pwd", "pop", "mfa"}) {
		t.Errorf("log-in: got %v, %v", proof.AMR, err)
	}
	c = h.stepUp()
	proof, err = h.verifyStepUp(c, signed(t, h.device, c))
	if err != nil || proof.Account.ID != h.account || !slices.Equal(proof.AMR, []string{"pop", "mfa"}) {
		t.Errorf("step-up: got %v, %v", proof.AMR, err)
	}
	if h.mail.Count() != 0 {
		t.Error("a mail was sent that was not asked for")
	}
}

func TestPasskeyLogsInWithoutPasswordOrName(t *testing.T) {
	h := newHolder(t)
	c := h.unnamed()
	if strings.Contains(string(c.Shown["passkey"]), "allowCredentials") {
		t.Errorf("a log-in that names no account is told of passkeys: %s", c.Shown["passkey"])
	}
	proof, err := h.verify(c, signed(t, h.device, c))
	if err != nil || proof.Account.ID != h.account || !slices.Equal(proof.AMR, []string{"pop", "mfa"}) {
		t.Fatalf("got %v, %v", proof.AMR, err)
	}
	list, err := h.keys.List(t.Context(), h.account)
	if err != nil || len(list) != 1 || list[0].Name != "phone" || !list[0].LastUsed.Equal(h.clock.Now()) {
		t.Errorf("got %v, %v", list, err)
	}
}

// An answer that was not made for this very challenge, here and now, by the
// account's own passkey, proves nothing.
func TestPasskeyAnswerThatProvesNothing(t *testing.T) {
	h := newHolder(t)
	other := passkeytest.New(home)
	h.enrol(h.another("other", "other@hospital.test"), other)
	set := func(change func(*passkeytest.Authenticator)) func(t *testing.T, c pip.Challenge) string {
		return func(t *testing.T, c pip.Challenge) string {
			device := h.device.Clone()
			device.Count = 1000 // what is refused must not be so for its counter
			change(device)
			return signed(t, device, c)
		}
	}
	tests := map[string]func(t *testing.T, c pip.Challenge) string{
		"another origin":          set(func(d *passkeytest.Authenticator) { d.Origin = "https://home.hospital.test.evil.test" }),
		"a neighbouring origin":   set(func(d *passkeytest.Authenticator) { d.Origin = "https://apps.home.hospital.test" }),
		"another port":            set(func(d *passkeytest.Authenticator) { d.Origin = home + ":8443" }),
		"plain http":              set(func(d *passkeytest.Authenticator) { d.Origin = "http://home.hospital.test" }),
		"another relying party":   set(func(d *passkeytest.Authenticator) { d.Party = "hospital.test" }),
		"a user not verified":     set(func(d *passkeytest.Authenticator) { d.Unverified = true }),
		"another challenge":       set(func(d *passkeytest.Authenticator) { d.Challenge = "bm90IHdoYXQgd2FzIHNob3duIG9mIGl0IGF0IGFsbCE" }),
		"no challenge":            set(func(d *passkeytest.Authenticator) { d.Challenge = "AA" }),
		"an enrolment":            set(func(d *passkeytest.Authenticator) { d.Ceremony = "webauthn.create" }),
		"the handle of another":   set(func(d *passkeytest.Authenticator) { d.Rename("somebody") }),
		"synced all of a sudden":  set(func(d *passkeytest.Authenticator) { d.Synced = true }),
		"another account's":       func(t *testing.T, c pip.Challenge) string { return signed(t, other, anybody(c)) },
		"an unknown passkey":      func(t *testing.T, c pip.Challenge) string { return signed(t, stranger(t, c), anybody(c)) },
		"a code":                  func(*testing.T, pip.Challenge) string { return "123456" },
		"an empty object":         func(*testing.T, pip.Challenge) string { return "{}" },
		"no JSON":                 func(*testing.T, pip.Challenge) string { return "{" },
		"a very long answer":      func(t *testing.T, c pip.Challenge) string { return signed(t, h.device, c) + strings.Repeat(" ", 1<<15) },
		"something behind it":     func(t *testing.T, c pip.Challenge) string { return signed(t, h.device, c) + "{}" },
		"a signature that is not": func(t *testing.T, c pip.Challenge) string { return garble(t, signed(t, h.device, c)) },
	}
	ways := map[string]struct {
		begin  func() pip.Challenge
		verify func(pip.Challenge, string) (pip.Proof, error)
	}{
		"log-in": {h.begin, h.verify}, "log-in without a name": {h.unnamed, h.verify}, "step-up": {h.stepUp, h.verifyStepUp},
	}
	for way, w := range ways {
		for name, answer := range tests {
			if way == "log-in without a name" && name == "another account's" {
				continue // it is that account's log-in
			}
			t.Run(way+"/"+name, func(t *testing.T) {
				h.clock.Pass(time.Hour)
				c := w.begin()
				if proof, err := w.verify(c, answer(t, c)); !errors.Is(err, identity.ErrCode) {
					t.Errorf("got %v, %v, want %v", proof, err, identity.ErrCode)
				}
			})
		}
	}
	c := h.begin()
	h.device.Count = 2000
	if _, err := h.verify(c, signed(t, h.device, c)); err != nil {
		t.Errorf("after all of that the owner: %v", err)
	}
}

// anybody is a challenge that a dishonest client shows to any authenticator.
func anybody(c pip.Challenge) pip.Challenge {
	var o map[string]any
	if err := json.Unmarshal(c.Shown["passkey"], &o); err != nil {
		panic(err)
	}
	delete(o, "allowCredentials")
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return pip.Challenge{ID: c.ID, Shown: map[string]json.RawMessage{"passkey": text}}
}

// stranger has a passkey that was never enrolled.
func stranger(t *testing.T, c pip.Challenge) *passkeytest.Authenticator {
	t.Helper()
	device := passkeytest.New(home)
	if _, err := device.Create([]byte(`{"challenge": "AAAA", "rp": {"id": "home.hospital.test"}, "user": {"id": "AAAA"}}`)); err != nil {
		t.Fatal(err)
	}
	return device
}

func garble(t *testing.T, answer string) string {
	t.Helper()
	var a map[string]any
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		t.Fatal(err)
	}
	a["response"].(map[string]any)["signature"] = "MEUCIQDTGVx2gvNSMmpmZ3DmZb7KcKcBYoC6sKkDPBYt0Uh0cAIgHH3m8ZnNyyIJYqzzc0cW0TSfE1oQXW8LzEAfKkSyfVA"
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An answer is good once, for its own challenge, by what it was asked for.
func TestPasskeyAnswerIsGoodOnce(t *testing.T) {
	h := newHolder(t)
	h.device.Counts = false // of one that does not count, so that the counter does not help
	h.account = h.another("uncounted", "uncounted@hospital.test")
	h.device.Forget()
	h.device.Count = 0
	h.enrol(h.account, h.device)
	named := func() pip.Challenge {
		c, err := h.auth.Password(t.Context(), "uncounted@hospital.test", passphrase, pip.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, begin := range map[string]func() pip.Challenge{"log-in": named, "log-in without a name": h.unnamed} {
		t.Run(name, func(t *testing.T) {
			c := begin()
			answer := signed(t, h.device, c)
			if _, err := h.verify(c, answer); err != nil {
				t.Fatal(err)
			}
			for what, again := range map[string]pip.Challenge{"the same": c, "a new log-in": named(), "a new one without a name": h.unnamed()} {
				if _, err := h.verify(again, answer); !errors.Is(err, identity.ErrCode) {
					t.Errorf("%s: got %v, want %v", what, err, identity.ErrCode)
				}
			}
			if _, err := h.verifyStepUp(h.stepUp(), answer); !errors.Is(err, identity.ErrCode) {
				t.Errorf("a step-up: got %v, want %v", err, identity.ErrCode)
			}
		})
	}
	step := h.stepUp()
	answer := signed(t, h.device, step)
	if _, err := h.verify(step, answer); !errors.Is(err, identity.ErrCode) {
		t.Errorf("the challenge of a step-up at a log-in: got %v", err)
	}
	if _, err := h.auth.VerifyStepUp(t.Context(), h.account, "s-2", step.ID, answer); !errors.Is(err, identity.ErrCode) {
		t.Errorf("in another session: got %v", err)
	}
	if _, err := h.verify(named(), answer); !errors.Is(err, identity.ErrCode) {
		t.Errorf("a step-up's answer at a log-in: got %v", err)
	}
}

func TestChallengesOfPasskeysLiveForMinutes(t *testing.T) {
	h := newHolder(t)
	for name, begin := range map[string]func() pip.Challenge{"log-in": h.begin, "log-in without a name": h.unnamed} {
		c := begin()
		answer := signed(t, h.device, c)
		h.clock.Pass(5 * time.Minute)
		if _, err := h.verify(c, answer); !errors.Is(err, identity.ErrCode) {
			t.Errorf("%s: got %v, want %v", name, err, identity.ErrCode)
		}
	}
}

// Names of challenges that are made up or changed lead nowhere.
func TestChallengeWithoutANameIsOurs(t *testing.T) {
	h := newHolder(t)
	c := h.unnamed()
	answer := signed(t, h.device, c)
	other := h.unnamed()
	ours := strings.Split(c.ID, ".")
	for _, id := range []string{
		"unnamed.", "unnamed..", "unnamed.AAAA.AAAA", c.ID + "0", c.ID + ".", strings.ToUpper(c.ID),
		"unnamed." + ours[1] + "." + strings.Split(other.ID, ".")[2], "unnamed.." + ours[2], other.ID,
	} {
		if _, err := h.verify(pip.Challenge{ID: id}, answer); !errors.Is(err, identity.ErrCode) {
			t.Errorf("%q: got %v, want %v", id, err, identity.ErrCode)
		}
	}
	if _, err := h.verify(c, answer); err != nil {
		t.Errorf("the true one: %v", err)
	}
}

// A counter that goes back is that of a copy: told, and refused.
func TestClonedPasskeyIsRefused(t *testing.T) {
	h := newHolder(t)
	copied := h.device.Clone()
	for range 3 {
		c := h.begin()
		if _, err := h.verify(c, signed(t, h.device, c)); err != nil {
			t.Fatal(err)
		}
	}
	for name, begin := range map[string]func() pip.Challenge{"log-in": h.begin, "log-in without a name": h.unnamed} {
		c := begin()
		_, err := h.verify(c, signed(t, copied, c))
		var r *pip.Refusal
		if !errors.Is(err, identity.ErrCloned) || !errors.As(err, &r) || r.Account != h.account {
			t.Errorf("%s: got %v, want %v of the account", name, err, identity.ErrCloned)
		}
	}
	stopped := h.device.Clone() // at the count that was seen last
	stopped.Counts = false
	c := h.begin()
	if _, err := h.verify(c, signed(t, stopped, c)); !errors.Is(err, identity.ErrCloned) {
		t.Errorf("a counter that stands still: got %v, want %v", err, identity.ErrCloned)
	}
	c = h.begin()
	if _, err := h.verify(c, signed(t, h.device, c)); err != nil {
		t.Errorf("the true one, afterwards: %v", err)
	}
}

// Of one answer that comes many times at once, to two processes, one counts.
func TestOneAnswerOfManyAtOnceCounts(t *testing.T) {
	h := newHolder(t)
	store, accounts, _ := h.process()
	_, second := h.withPasskeys(store, accounts)
	for name, begin := range map[string]func() pip.Challenge{"log-in": h.begin, "log-in without a name": h.unnamed} {
		c := begin()
		answer := signed(t, h.device, c)
		var won atomic.Int64
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				auth := []*identity.Authenticator{h.auth, second}[i%2]
				switch _, err := auth.Verify(context.Background(), c.ID, answer, pip.Origin{}); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, identity.ErrCode):
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("%s: %d won", name, won.Load())
		}
	}
}

// With a passkey the mailbox is no factor: not asked for, nor with a code that was
// mailed before the passkey was added. Without one it is again.
func TestMailedCodeIsNoFactorBesideAPasskey(t *testing.T) {
	h := newHolder(t)
	c := h.begin()
	if err := h.auth.Resend(t.Context(), c.ID); !errors.Is(err, identity.ErrMethod) || h.mail.Count() != 0 {
		t.Errorf("got %v and %d mails, want %v and none", err, h.mail.Count(), identity.ErrMethod)
	}
	answer := signed(t, h.device, c)
	if _, err := h.keys.RemoveAll(t.Context(), h.account, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.verify(c, answer); !errors.Is(err, identity.ErrCode) {
		t.Errorf("a removed passkey, for a challenge from before: got %v, want %v", err, identity.ErrCode)
	}
	mailed := h.begin()
	code := h.mail.Code(t)
	h.device.Forget()
	h.enrol(h.account, h.device)
	if _, err := h.verify(mailed, code); !errors.Is(err, identity.ErrCode) {
		t.Errorf("mailed before the passkey was added: got %v, want %v", err, identity.ErrCode)
	}
}

// An app stands beside passkeys: its codes log in where the passkey is at home.
func TestAppStandsBesidePasskeys(t *testing.T) {
	p := newPhone(t)
	keys, auth := p.withPasskeys(p.store, p.reg, p.apps)
	p.auth = auth
	h := &holder{world: p.world, keys: keys, auth: auth, account: p.account, device: passkeytest.New(home)}
	h.enrol(h.account, h.device)
	p.clock.Pass(time.Minute)
	c := p.begin()
	if !slices.Equal(c.Methods, []string{"passkey", "totp"}) {
		t.Errorf("got %v", c.Methods)
	}
	if proof, err := p.verify(c.ID, p.code(0)); err != nil || !slices.Equal(proof.AMR, []string{"pwd", "otp"}) {
		t.Errorf("the app: got %v, %v", proof.AMR, err)
	}
	c = p.begin()
	if proof, err := p.verify(c.ID, signed(t, h.device, c)); err != nil || !slices.Contains(proof.AMR, "pop") {
		t.Errorf("the passkey: got %v, %v", proof.AMR, err)
	}
}

// A signature cannot be guessed, and trying closes no passkey to its owner:
// neither with wrong answers, nor with wrong codes and passwords.
func TestTryingClosesNoPasskey(t *testing.T) {
	h := newHolder(t)
	for range 60 {
		h.clock.Pass(10 * time.Minute)
		c := h.begin()
		for _, answer := range []string{"000000", "{}", garble(t, signed(t, h.device, c))} {
			if _, err := h.verify(c, answer); !errors.Is(err, identity.ErrCode) {
				t.Fatalf("got %v, want %v", err, identity.ErrCode)
			}
		}
	}
	for range 5 {
		_, _ = h.auth.Password(t.Context(), keeper, "wrong", pip.Origin{}) // refused: the limiter fills
	}
	if err := h.auth.Bar(t.Context(), h.account+"/unfamiliar/", h.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	c := h.unnamed()
	if _, err := h.verify(c, signed(t, h.device, c)); err != nil {
		t.Errorf("the owner, after a stranger's tries: %v", err)
	}
	h.clock.Pass(2 * time.Hour)
	c = h.begin()
	if _, err := h.verify(c, signed(t, h.device, c)); err != nil {
		t.Errorf("the owner, by password and passkey: %v", err)
	}
}

// What is stored opens for its own account and row alone.
func TestPasskeyRowMovedToAnotherAccountOpensNothing(t *testing.T) {
	h := newHolder(t)
	victim := h.another("victim", "victim@hospital.test")
	db := h.db()
	if _, err := db.ExecContext(t.Context(), "UPDATE identity_passkeys SET account = ?", victim); err != nil {
		t.Fatal(err)
	}
	h.device.Rename(victim)
	c := h.unnamed()
	if proof, err := h.verify(c, signed(t, h.device, c)); err == nil {
		t.Errorf("logged in as %v", proof.Account.ID)
	}
}

func TestEndedAccountHasNoPasskey(t *testing.T) {
	h := newHolder(t)
	c, unnamed := h.begin(), h.unnamed()
	disabled := pip.AccountDisabled
	if _, _, err := h.reg.Change(t.Context(), h.account, pip.AccountChange{Standing: &disabled}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]pip.Challenge{"log-in": c, "log-in without a name": unnamed} {
		if _, err := h.verify(c, signed(t, h.device, c)); !errors.Is(err, identity.ErrCode) {
			t.Errorf("%s: got %v, want %v", name, err, identity.ErrCode)
		}
	}
}

func TestEnrolmentThatEnrolsNothing(t *testing.T) {
	h := newHolder(t)
	offer := func() pip.Challenge {
		c, err := h.keys.Offer(t.Context(), h.account, "s-1")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	with := func(change func(*passkeytest.Authenticator)) func() (string, string, string, string) {
		return func() (string, string, string, string) {
			c, device := offer(), passkeytest.New(home)
			change(device)
			return h.account, "s-1", c.ID, created(t, device, c)
		}
	}
	stranger := h.another("stranger", "stranger@hospital.test")
	tests := map[string]func() (account, session, challenge, answer string){
		"another origin":        with(func(d *passkeytest.Authenticator) { d.Origin = "https://evil.test" }),
		"another relying party": with(func(d *passkeytest.Authenticator) { d.Party = "evil.test" }),
		"a user not verified":   with(func(d *passkeytest.Authenticator) { d.Unverified = true }),
		"a log-in":              with(func(d *passkeytest.Authenticator) { d.Ceremony = "webauthn.get" }),
		"another challenge":     with(func(d *passkeytest.Authenticator) { d.Challenge = "bm90IHdoYXQgd2FzIHNob3duIG9mIGl0IGF0IGFsbCE" }),
		"another session": func() (string, string, string, string) {
			c := offer()
			return h.account, "s-2", c.ID, created(t, passkeytest.New(home), c)
		},
		"no session": func() (string, string, string, string) {
			c := offer()
			return h.account, "", c.ID, created(t, passkeytest.New(home), c)
		},
		"another account": func() (string, string, string, string) {
			c := offer()
			return stranger, "s-1", c.ID, created(t, passkeytest.New(home), c)
		},
		"the challenge of a log-in": func() (string, string, string, string) {
			c := h.begin()
			return h.account, "s-1", c.ID, created(t, passkeytest.New(home), offer())
		},
		"the challenge of a step-up": func() (string, string, string, string) {
			c := h.stepUp()
			return h.account, "s-1", c.ID, created(t, passkeytest.New(home), offer())
		},
		"a challenge that is over": func() (string, string, string, string) {
			c := offer()
			h.clock.Pass(5 * time.Minute)
			return h.account, "s-1", c.ID, created(t, passkeytest.New(home), c)
		},
		"no challenge": func() (string, string, string, string) {
			return h.account, "s-1", "", created(t, passkeytest.New(home), offer())
		},
		"no answer": func() (string, string, string, string) { return h.account, "s-1", offer().ID, "{}" },
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			account, session, challenge, answer := tt()
			if _, err := h.keys.Add(t.Context(), account, session, challenge, "key", answer, unnamed); !errors.Is(err, passkey.ErrRefused) {
				t.Errorf("got %v, want %v", err, passkey.ErrRefused)
			}
		})
	}
	if list, err := h.keys.List(t.Context(), h.account); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v", list, err)
	}
}

// The challenge of an enrolment opens no log-in and no step-up.
func TestEnrolmentIsNoLogIn(t *testing.T) {
	h := newHolder(t)
	c, err := h.keys.Offer(t.Context(), h.account, "s-1")
	if err != nil {
		t.Fatal(err)
	}
	h.device.Challenge = challengeIn(t, c)
	answer := signed(t, h.device, h.begin())
	if _, err := h.verify(c, answer); !errors.Is(err, identity.ErrCode) {
		t.Errorf("log-in: got %v, want %v", err, identity.ErrCode)
	}
	if _, err := h.verifyStepUp(c, answer); !errors.Is(err, identity.ErrCode) {
		t.Errorf("step-up: got %v, want %v", err, identity.ErrCode)
	}
	if err := h.auth.Resend(t.Context(), c.ID); !errors.Is(err, identity.ErrCode) {
		t.Errorf("resend: got %v, want %v", err, identity.ErrCode)
	}
}

func challengeIn(t *testing.T, c pip.Challenge) string {
	t.Helper()
	var o struct{ Challenge string }
	if err := json.Unmarshal(c.Shown["passkey"], &o); err != nil {
		t.Fatal(err)
	}
	return o.Challenge
}

func TestEnrolledOnce(t *testing.T) {
	h := newHolder(t)
	c, err := h.keys.Offer(t.Context(), h.account, "s-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.device.Create(c.Shown["passkey"]); err == nil {
		t.Error("the passkeys that the account has are not named to authenticators")
	}
	device := passkeytest.New(home)
	answer := created(t, device, c)
	if _, err := h.keys.Add(t.Context(), h.account, "s-1", c.ID, "key", answer, unnamed); err != nil {
		t.Fatal(err)
	}
	if _, err := h.keys.Add(t.Context(), h.account, "s-1", c.ID, "key", answer, unnamed); !errors.Is(err, passkey.ErrRefused) {
		t.Errorf("again: got %v, want %v", err, passkey.ErrRefused)
	}
}

func TestNameOfAPasskey(t *testing.T) {
	h := newHolder(t)
	for name, fits := range map[string]bool{
		"Phone": true, "هاتف": true, "  blue key ": true, strings.Repeat("ä", 64): true,
		"": false, "   ": false, strings.Repeat("a", 65): false, "two\nlines": false, "a\u202eb": false, "\xff": false,
	} {
		c, err := h.keys.Offer(t.Context(), h.account, "s-1")
		if err != nil {
			t.Fatal(err)
		}
		key, err := h.keys.Add(t.Context(), h.account, "s-1", c.ID, name, created(t, passkeytest.New(home), c), unnamed)
		var m *problem.Malformed
		if fits && (err != nil || key.Name != strings.TrimSpace(name)) || !fits && !errors.As(err, &m) {
			t.Errorf("%q: got %q, %v", name, key.Name, err)
		}
	}
}

func TestAccountHasTwentyPasskeys(t *testing.T) {
	h := newHolder(t)
	for range 19 {
		h.enrol(h.account, passkeytest.New(home))
	}
	if _, err := h.keys.Offer(t.Context(), h.account, "s-1"); !errors.Is(err, passkey.ErrFull) {
		t.Errorf("got %v, want %v", err, passkey.ErrFull)
	}
}

func TestPasskeysAreRemovedByTheirOwnerAlone(t *testing.T) {
	h := newHolder(t)
	second := h.enrol(h.account, passkeytest.New(home))
	stranger := h.another("stranger", "stranger@hospital.test")
	if removed, err := h.keys.Remove(t.Context(), stranger, second.ID); err != nil || removed {
		t.Errorf("another account's: got %t, %v", removed, err)
	}
	if removed, err := h.keys.Remove(t.Context(), h.account, second.ID); err != nil || !removed {
		t.Errorf("got %t, %v", removed, err)
	}
	if list, err := h.keys.List(t.Context(), h.account); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestOriginAtWhichBrowsersUsePasskeys(t *testing.T) {
	for origin, want := range map[string]string{
		"https://home.hospital.test": "home.hospital.test", "https://home.hospital.test:8443": "home.hospital.test",
		"http://localhost:8080":     "localhost",
		"http://home.hospital.test": "", "https://10.0.0.1": "", "https://[::1]:8443": "", "http://127.0.0.1:8080": "",
		"https://home.hospital.test/": "", "https://home.hospital.test/login": "", "home.hospital.test": "", "": "",
		"https://user@home.hospital.test": "", "https://home.hospital.test?x": "",
	} {
		if host, err := passkey.CheckOrigin(origin); host != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", origin, host, err)
		}
	}
}
