package stories_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip/identity/passkey/passkeytest"
)

const home = "https://home.hospital.test"

// asked is what a client is shown of a challenge.
type asked struct {
	Challenge string          `json:"challenge"`
	Methods   []string        `json:"methods"`
	Passkey   json.RawMessage `json:"passkey"`
}

func withHome(c *config.Config) { c.Passkeys.Origin = home }

// enrol adds a passkey of the device to the account of somebody who may.
func enrol(t *testing.T, p *rig.Person, device *passkeytest.Authenticator, name string) (id string) {
	t.Helper()
	var c asked
	p.Post("/auth/passkeys/options", nil).Is(200).Into(&c)
	made, err := device.Create(c.Passkey)
	if err != nil {
		t.Fatal(err)
	}
	var key struct{ ID, Name string }
	p.Post("/auth/passkeys", map[string]any{"challenge": c.Challenge, "name": name, "passkey": json.RawMessage(made)}).Is(201).Into(&key)
	if key.ID == "" || key.Name != name {
		t.Errorf("got %+v", key)
	}
	return key.ID
}

// answer is the body that answers a challenge by a passkey of the device.
func answer(t *testing.T, device *passkeytest.Authenticator, c asked) map[string]any {
	t.Helper()
	signed, err := device.Get(c.Passkey)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"challenge": c.Challenge, "passkey": json.RawMessage(signed)}
}

// enter logs in at path with a first body, and then by passkey.
func enter(t *testing.T, w *rig.World, device *passkeytest.Authenticator, name, path string, first any) *rig.Person {
	t.Helper()
	p := &rig.Person{World: w, Name: name}
	var c asked
	p.Post(path, first).Is(200).Into(&c)
	if fmt.Sprint(c.Methods) != "[passkey]" {
		t.Errorf("methods: got %v", c.Methods)
	}
	var pair rig.Pair
	p.Post("/auth/login/verify", answer(t, device, c)).Is(200).Into(&pair)
	p.Token = pair.Access
	return p
}

func stepUpBy(t *testing.T, p *rig.Person, device *passkeytest.Authenticator) *rig.Person {
	t.Helper()
	var c asked
	p.Post("/auth/step-up", nil).Is(200).Into(&c)
	var pair rig.Pair
	p.Post("/auth/step-up/verify", answer(t, device, c)).Is(200).Into(&pair)
	return &rig.Person{World: p.World, Name: p.Name, Token: pair.Access}
}

// A doctor adds a passkey, logs in and steps up by it, with a password or without, and
// removes it again.
func TestDoctorLivesByAPasskey(t *testing.T) {
	w := rig.New(t, withHome)
	doctor, device := w.As("doctor"), passkeytest.New(home)
	doctor.Post("/auth/passkeys/options", nil).Denied(401, "step_up_required")
	w.Anonymous().Post("/auth/passkeys/options", nil).Denied(401, "session_missing")
	first := enrol(t, doctor.SteppedUp(), device, "phone")
	if !w.HasMail("doctor@demo.hospital.test", "Your account has a new passkey") {
		t.Error("the doctor was not told")
	}
	password := map[string]string{"email": "doctor@demo.hospital.test", "password": rig.DemoPassword}
	var c asked
	w.Anonymous().Post("/auth/login", password).Is(200).Into(&c)
	w.Anonymous().Post("/auth/login/resend", map[string]string{"challenge": c.Challenge}).Denied(403, "method_unavailable")
	w.Anonymous().Post("/auth/login/verify", map[string]any{"challenge": c.Challenge}).Is(400)
	w.Anonymous().Post("/auth/login/verify", map[string]any{"challenge": c.Challenge, "code": "123456", "passkey": map[string]any{}}).Is(400)
	w.Anonymous().Post("/auth/login/verify", map[string]any{"challenge": c.Challenge, "passkey": "text"}).Is(400)
	w.Anonymous().Post("/auth/login/verify", map[string]any{"challenge": c.Challenge, "passkey": map[string]any{}}).Denied(401, "code_invalid")

	again := enter(t, w, device, "doctor", "/auth/login", password)
	again.Get("/api/patients").Is(200)
	doctor = enter(t, w, device, "doctor", "/auth/login/passkey", nil)
	doctor.Get("/api/patients").Is(200)
	doctor.Remove("/auth/passkeys/"+first).Denied(401, "step_up_required")
	elevated := stepUpBy(t, doctor, device)
	second := enrol(t, elevated, passkeytest.New(home), "blue key")
	var list struct {
		Items []struct {
			ID, Name string
			LastUsed string `json:"last_used_at"`
		}
	}
	doctor.Get("/auth/passkeys").Is(200).Into(&list)
	if len(list.Items) != 2 || list.Items[0].Name != "phone" || list.Items[0].LastUsed == "" || list.Items[1].ID != second || list.Items[1].LastUsed != "" {
		t.Errorf("got %+v", list.Items)
	}
	elevated.Remove("/auth/passkeys/" + second).Is(204)
	elevated.Remove("/auth/passkeys/" + second).Is(404)
	again.Get("/api/patients").Denied(401, "session_revoked")
	doctor.Get("/api/patients").Is(200)
	elevated.Remove("/auth/passkeys/" + first).Is(204)
	w.Anonymous().Post("/auth/login", password).Is(200).Into(&c)
	if fmt.Sprint(c.Methods) != "[email]" {
		t.Errorf("without a passkey: got %v", c.Methods)
	}
}

// No other person's passkey is touched, and an officer removes those of somebody who has
// lost them.
func TestPasskeysOfOthers(t *testing.T) {
	w := rig.New(t, withHome)
	device := passkeytest.New(home)
	id := enrol(t, w.As("doctor").SteppedUp(), device, "phone")
	nurse, other := w.As("nurse").SteppedUp(), passkeytest.New(home)
	enrol(t, nurse, other, "phone")
	stepUpBy(t, enter(t, w, other, "nurse", "/auth/login/passkey", nil), other).Remove("/auth/passkeys/" + id).Is(404)
	officer := w.As("security")
	path := "/api/admin/users/" + officer.User("doctor").ID + "/passkeys"
	officer.Remove(path).Denied(401, "step_up_required")
	w.As("patient").Remove(path).Denied(403, "role_forbidden")
	doctor := enter(t, w, device, "doctor", "/auth/login/passkey", nil)
	officer.SteppedUp().Remove(path).Is(204)
	doctor.Get("/api/patients").Denied(401, "session_revoked")
	var c asked
	w.Anonymous().Post("/auth/login/passkey", nil).Is(200).Into(&c)
	w.Anonymous().Post("/auth/login/verify", answer(t, device, c)).Denied(401, "code_invalid")
	if !w.HasMail("doctor@demo.hospital.test", "By: security") {
		t.Error("the doctor was not told")
	}
}

// A copy of a passkey is refused, journalled as an alert, and its owner is told.
func TestCopyOfAPasskeyIsToldOf(t *testing.T) {
	w := rig.New(t, withHome)
	device := passkeytest.New(home)
	enrol(t, w.As("doctor").SteppedUp(), device, "phone")
	copied := device.Clone()
	for range 2 {
		enter(t, w, device, "doctor", "/auth/login/passkey", nil)
	}
	var c asked
	w.Anonymous().Post("/auth/login/passkey", nil).Is(200).Into(&c)
	w.Anonymous().Post("/auth/login/verify", answer(t, copied, c)).Denied(401, "passkey_cloned")
	if !w.HasMail("doctor@demo.hospital.test", "there are two of it") {
		t.Error("the doctor was not told")
	}
}

// Somebody whose passkey is lost is let in by a pass, and adds another: the lost one is
// none any more.
func TestPassReplacesALostPasskey(t *testing.T) {
	w := rig.New(t, withHome)
	lost := passkeytest.New(home)
	enrol(t, w.As("nurse").SteppedUp(), lost, "phone")
	officer := w.As("security")
	var issued struct{ Code string }
	officer.SteppedUp().Post("/api/admin/users/"+officer.User("nurse").ID+"/pass", map[string]string{}).Is(200).Into(&issued)
	finder := enter(t, w, lost, "nurse", "/auth/login/passkey", nil)
	var c asked
	nurse := w.Anonymous()
	nurse.Post("/auth/login", map[string]string{"email": "nurse@demo.hospital.test", "password": rig.DemoPassword}).Is(200).Into(&c)
	var pair rig.Pair
	nurse.Post("/auth/login/verify", map[string]string{"challenge": c.Challenge, "code": issued.Code}).Is(200).Into(&pair)
	nurse = &rig.Person{World: w, Name: "nurse", Token: pair.Access}
	device := passkeytest.New(home)
	enrol(t, nurse, device, "new phone")
	finder.Get("/api/patients").Denied(401, "session_revoked")
	nurse.Get("/api/patients").Is(200)
	w.Anonymous().Post("/auth/login/passkey", nil).Is(200).Into(&c)
	w.Anonymous().Post("/auth/login/verify", answer(t, lost, c)).Denied(401, "code_invalid")
	enter(t, w, device, "nurse", "/auth/login/passkey", nil)
	w.HoldsNoSecret(issued.Code)
}

// A hospital that has doctors edit by passkey alone: an app or a mailed code is not
// enough, and the refusal says what is.
func TestRightThatNeedsAPasskey(t *testing.T) {
	strict := rig.WithTable(t, "authz/tables/thresholds.rego", rig.Row{`phishing_resistant := set()`, `phishing_resistant := {"Add patient"}`})
	w := rig.New(t, func(c *config.Config) { withHome(c); strict(c) })
	doctor, device := w.As("doctor"), passkeytest.New(home)
	patient := map[string]string{"name": "Ada", "contact": "invented", "national_id": "X-1", "purpose_of_visit": "check-up"}
	doctor.Get("/api/patients").Is(200)
	mailed := doctor.SteppedUp()
	denied := mailed.Post("/api/patients", patient)
	denied.Denied(401, "passkey_required")
	if asks := denied.Header.Get("WWW-Authenticate"); !strings.Contains(asks, `error="insufficient_user_authentication"`) || !strings.Contains(asks, `acr_values="phr"`) {
		t.Errorf("got %s", asks)
	}
	enrol(t, mailed, device, "phone")
	stepUpBy(t, doctor, device).Post("/api/patients", patient).Is(201)
	doctor.Post("/api/patients", patient).Denied(401, "passkey_required")
	enter(t, w, device, "doctor", "/auth/login/passkey", nil).Post("/api/patients", patient).Is(201)
}
