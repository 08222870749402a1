package outbox_test

import (
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/outbox"
)

var sixDigits = regexp.MustCompile(`[0-9]{6}`)

func TestSendWritesOneWholeMail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	o, err := outbox.New(dir, "wardgate@hospital.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	message := identity.Message{To: "doctor@hospital.test", Subject: "Your Wardgate code", Text: "Your code is 482913\n\nKeep it.\n"}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := o.Send(t.Context(), message); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 20 {
		t.Fatalf("got %d files, want 20 (%v)", len(files), err)
	}
	for _, f := range files {
		check(t, filepath.Join(dir, f.Name()))
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: got mode %v, want 0700 (%v)", info.Mode().Perm(), err)
	}
}

func check(t *testing.T, path string) {
	t.Helper()
	if filepath.Ext(path) != ".eml" {
		t.Errorf("%s is left over", path)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, want 0600 (%v)", info.Mode().Perm(), err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := sixDigits.FindAllString(string(content), -1); len(got) != 1 {
		t.Errorf("the whole file holds %d six-digit numbers, want 1", len(got))
	}
	m, err := mail.ReadMessage(strings.NewReader(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "doctor@hospital.test" {
		t.Errorf("To: got %v, %v", to, err)
	}
	body, err := io.ReadAll(m.Body)
	if err != nil || !strings.Contains(string(body), "Your code is 482913") {
		t.Errorf("body: got %q, %v", body, err)
	}
}

func TestSendRefusesWhatIsNoAddress(t *testing.T) {
	o, err := outbox.New(t.TempDir(), "wardgate@hospital.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Send(t.Context(), identity.Message{To: "a@b.test\r\nBcc: c@d.test"}); err == nil {
		t.Error("an address with a line break was accepted")
	}
}

func TestVoidMailLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	o, err := outbox.New(dir, "wardgate@hospital.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Send(t.Context(), identity.Message{To: "nobody@hospital.test", Subject: "Your Wardgate code", Text: "482913", Void: true}); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("got %d files, want none (%v)", len(files), err)
	}
}
