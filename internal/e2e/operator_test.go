package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/control"
)

// TestOperatorsCommandTheRunningProcess over the socket in its data folder.
func TestOperatorsCommandTheRunningProcess(t *testing.T) {
	w := newWorld(t, nil)
	info, err := os.Stat(filepath.Join(w.data, control.Socket))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket: got %v, %v, want mode 0600", info, err)
	}
	c := control.NewClient(w.data)
	added, err := c.Add(t.Context(), control.NewUser{
		Username: "chief", Email: "chief@demo.hospital.test", Password: demoPassword, Role: "security",
	})
	if err != nil || added.ID == "" {
		t.Fatalf("add: got %+v, %v", added, err)
	}
	if _, err := c.Add(t.Context(), control.NewUser{Username: "chief", Email: "chief@demo.hospital.test", Password: demoPassword, Role: "security"}); err == nil {
		t.Error("the same account was added twice")
	}
	chief := w.as("chief")
	chief.get("/api/admin/users").is(200)

	doctor := chief.user("doctor").ID
	chief.post("/api/admin/users/"+doctor+"/ban", map[string]any{"minutes": 5, "reason": "test"}).is(204)
	if err := c.Unban(t.Context(), "doctor"); err != nil {
		t.Fatal(err)
	}
	w.as("doctor").get("/api/patients").is(200)
	if err := c.Unban(t.Context(), "nobody-at-all"); err == nil {
		t.Error("an unknown user was unbanned")
	}
	if err := c.Approve(t.Context(), "doctor", control.Link{}); err == nil {
		t.Error("an active account was approved")
	}
	page, err := c.Users(t.Context(), "", 2)
	if err != nil || len(page.Items) != 2 || page.Next == "" {
		t.Errorf("list: got %d, next %q, %v", len(page.Items), page.Next, err)
	}
	if err := c.RotateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	chief.get("/api/admin/users").is(200)
	w.stop()
	if _, err := c.Users(t.Context(), "", 2); err == nil {
		t.Error("a stopped process answered")
	}
}

// TestAMachineManagesUsersWithAKeyOfItsOwn, and nothing else.
func TestAMachineManagesUsersWithAKeyOfItsOwn(t *testing.T) {
	w := newWorld(t, nil)
	c := control.NewClient(w.data)
	added, err := c.AddMachine(t.Context(), "siem")
	if err != nil || added.Key == "" {
		t.Fatalf("add: %v", err)
	}
	doctor := w.as("doctor")
	var token struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Role    string `json:"role"`
	}
	siem := w.from("siem", "")
	siem.post("/auth/machine", map[string]string{"key": "wgm_invented"}).denied(401, "credentials_invalid")
	siem.post("/auth/machine", map[string]string{"key": added.Key}).is(200).into(&token)
	if token.Role != "machine" || token.Refresh != "" {
		t.Errorf("got role %q, refresh token: %v", token.Role, token.Refresh != "")
	}
	siem.token = token.Access
	id := siem.user("doctor").ID
	siem.post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "siem rule 7"}).is(204)
	doctor.get("/api/patients").is(401)
	siem.post("/api/admin/users/"+id+"/unban", nil).is(204)
	siem.get("/api/patients").denied(403, "role_forbidden")

	if err := c.DropMachine(t.Context(), "siem"); err != nil {
		t.Fatal(err)
	}
	siem.get("/api/admin/users").denied(401, "session_revoked")
	siem.token = ""
	siem.post("/auth/machine", map[string]string{"key": added.Key}).denied(401, "credentials_invalid")
	if err := c.DropMachine(t.Context(), "doctor"); err == nil {
		t.Error("a doctor is a machine")
	}
}
