package operations_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// TestOperatorsCommandTheRunningProcess over the socket in its data folder.
func TestOperatorsCommandTheRunningProcess(t *testing.T) {
	w := rig.New(t, nil)
	info, err := os.Stat(filepath.Join(w.Data, control.Socket))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket: got %v, %v, want mode 0600", info, err)
	}
	c := control.NewClient(w.Data)
	added, err := c.Add(t.Context(), control.NewUser{
		Username: "chief", Email: "chief@demo.hospital.test", Password: rig.DemoPassword, Role: "security",
	})
	if err != nil || added.ID == "" {
		t.Fatalf("add: got %+v, %v", added, err)
	}
	if _, err := c.Add(t.Context(), control.NewUser{Username: "chief", Email: "chief@demo.hospital.test", Password: rig.DemoPassword, Role: "security"}); err == nil {
		t.Error("the same account was added twice")
	}
	chief := w.As("chief")
	chief.Get("/api/admin/users").Is(200)

	doctor := chief.User("doctor").ID
	chief.Post("/api/admin/users/"+doctor+"/ban", map[string]any{"minutes": 5, "reason": "test"}).Is(204)
	if err := c.Unban(t.Context(), "doctor"); err != nil {
		t.Fatal(err)
	}
	w.As("doctor").Get("/api/patients").Is(200)
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
	chief.Get("/api/admin/users").Is(200)
	w.Stop()
	if _, err := c.Users(t.Context(), "", 2); err == nil {
		t.Error("a stopped process answered")
	}
}

// TestAMachineManagesUsersWithAKeyOfItsOwn, and nothing else.
func TestAMachineManagesUsersWithAKeyOfItsOwn(t *testing.T) {
	w := rig.New(t, nil)
	c := control.NewClient(w.Data)
	added, err := c.AddMachine(t.Context(), "siem")
	if err != nil || added.Key == "" {
		t.Fatalf("add: %v", err)
	}
	doctor := w.As("doctor")
	var token struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Role    string `json:"role"`
	}
	siem := w.From("siem", "")
	siem.Post("/auth/machine", map[string]string{"key": "wgm_invented"}).Denied(401, "credentials_invalid")
	siem.Post("/auth/machine", map[string]string{"key": added.Key}).Is(200).Into(&token)
	if token.Role != "machine" || token.Refresh != "" {
		t.Errorf("got role %q, refresh token: %v", token.Role, token.Refresh != "")
	}
	siem.Token = token.Access
	id := siem.User("doctor").ID
	siem.Post("/api/admin/users/"+id+"/ban", map[string]any{"minutes": 5, "reason": "siem rule 7"}).Is(204)
	doctor.Get("/api/patients").Is(401)
	siem.Post("/api/admin/users/"+id+"/unban", nil).Is(204)
	siem.Get("/api/patients").Denied(403, "role_forbidden")

	if err := c.DropMachine(t.Context(), "siem"); err != nil {
		t.Fatal(err)
	}
	siem.Get("/api/admin/users").Denied(401, "session_revoked")
	siem.Token = ""
	siem.Post("/auth/machine", map[string]string{"key": added.Key}).Denied(401, "credentials_invalid")
	if err := c.DropMachine(t.Context(), "doctor"); err == nil {
		t.Error("a doctor is a machine")
	}
}
