package admin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/pdp/admin"
)

func TestRotationCostsNobodyTheirToken(t *testing.T) {
	w := newWorld(t)
	old := w.login().text("access_token")
	if err := w.keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	soon := w.login().text("access_token")
	if kid(t, old) != kid(t, soon) {
		t.Error("the new key signs before every process can know it")
	}
	w.clock.Pass(2*time.Second + time.Microsecond)
	fresh := w.login().text("access_token")
	if kid(t, old) == kid(t, fresh) {
		t.Error("the new key does not sign")
	}
	w.parse(old)
	set, err := w.keys.JWKS()
	if err != nil || len(set.Keys) != 2 || set.Keys[0].Algorithm != "ES256" || len(set.Keys[0].X) != 43 || len(set.Keys[0].Y) != 43 {
		t.Errorf("JWKS: got %+v, %v", set, err)
	}
	w.clock.Pass(5*time.Minute + 31*time.Second) // the new key is a microsecond younger than the clock
	public := w.keys.Public()
	if _, found := public[kid(t, old)]; found || len(public) != 1 {
		t.Errorf("%d keys verify after the last old token expired, want 1", len(public))
	}
	if err := w.keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "keys", "*"))
	if err != nil || len(files) != 2 {
		t.Errorf("got %d files, want the retired key removed (%v)", len(files), err)
	}
}

func TestKeysAreReadAgain(t *testing.T) {
	w := newWorld(t)
	token := w.login().text("access_token")
	again, err := admin.OpenKeys(filepath.Join(w.dir, "keys"), 0, w.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	w.keys = again
	w.parse(token)
	if got := fmt.Sprint(again); got != "redacted" {
		t.Errorf("printed: got %q", got)
	}
}

func TestKeysRefuseFilesThatOthersCanRead(t *testing.T) {
	w := newWorld(t)
	dir := filepath.Join(w.dir, "keys")
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %d key files, %v", len(files), err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, want 0600 (%v)", info.Mode().Perm(), err)
	}
	if err := os.Chmod(files[0], 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.OpenKeys(dir, 0, w.clock.Now); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestTokensPrintRedacted(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, admin.Tokens{Access: "a", Refresh: "r"}); got != "redacted" {
			t.Errorf("%s: got %q", verb, got)
		}
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := parsed.Header["kid"].(string)
	return id
}
