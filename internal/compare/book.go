package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// An edit is a change to one file of the rule book. Each must fit: a run in
// which half of the limits were not raised would compare weather.
type edit struct {
	file string
	from *regexp.Regexp
	to   string
	late bool // an earlier build's book has no such place
}

func number(file, name, to string) edit {
	return edit{file: file, from: regexp.MustCompile(`"` + name + `": [0-9]+`), to: `"` + name + `": ` + to}
}

// late is a number that earlier builds do not have.
func late(file, name, to string) edit {
	e := number(file, name, to)
	e.late = true
	return e
}

// edits make the book one under which a fast client is not cut off, with a
// laboratory that Wardgate did not write. What depends on a clock is out of
// reach: tokens and step-ups outlive the run.
var edits = []edit{
	number("authz/tables/limits.rego", "anonymous_requests_per_minute", "1000000"),
	number("authz/tables/limits.rego", "anonymous_burst", "1000000"),
	number("authz/tables/limits.rego", "anonymous_requests_per_minute_on_site", "1000000"),
	number("authz/tables/limits.rego", "anonymous_burst_on_site", "1000000"),
	number("authz/tables/limits.rego", "anonymous_requests_per_minute_off_site", "1000000"),
	late("authz/tables/limits.rego", "fruitless_requests_per_minute", "1000000"),
	late("authz/tables/limits.rego", "fruitless_burst", "1000000"),
	number("authz/tables/limits.rego", "anonymous_denials_recorded", "1000"),
	number("authz/tables/limits.rego", "anonymous_denials_recorded_on_site", "1000"),
	late("authz/tables/limits.rego", "session_refusals_recorded", "1000"),
	late("authz/tables/limits.rego", "session_denials_recorded", "1000"),
	number("authz/tables/limits.rego", "access_token_seconds", "900"),
	number("authz/tables/limits.rego", "elevated_token_seconds", "900"),
	number("authz/tables/limits.rego", "refresh_after_percent", "1"),
	number("authz/tables/limits.rego", "refresh_idle_seconds", "3600"),
	number("authz/tables/limits.rego", "code_seconds", "3600"),
	number("authz/tables/limits.rego", "wrong_passwords_seconds", "3600"),
	number("authz/tables/limits.rego", "known_device_wrong_passwords_seconds", "3600"),
	number("authz/tables/limits.rego", "wrong_passwords", "5"),
	number("authz/tables/limits.rego", "known_device_wrong_passwords", "100"),
	number("authz/tables/thresholds.rego", "elevation_seconds", "900"),
	number("authz/tables/thresholds.rego", "requests_many", "1000000"),
	number("authz/tables/thresholds.rego", "denials_many", "1000000"),
	number("authz/tables/thresholds.rego", "failed_log_ins_many", "1000000"),
	number("authz/tables/thresholds.rego", "predictions_many", "1000000"),
	number("authz/tables/thresholds.rego", "patients_many", "100000"),
	number("authz/tables/thresholds.rego", "patients_far_more", "200000"),
	number("authz/tables/thresholds.rego", "patients_habit_floor", "50000"),
	number("sentinel/tables/verdicts.rego", "requests", "1000000"),
	number("sentinel/tables/verdicts.rego", "denials", "1000000"),
	number("sentinel/tables/verdicts.rego", "sprayed_accounts", "1000000"),
	number("sentinel/tables/verdicts.rego", "patients", "1000000"),
	number("sentinel/tables/verdicts.rego", "predictions", "1000000"),
	number("sentinel/tables/verdicts.rego", "failed_log_in", "1000000"),
	{file: "authz/tables/thresholds.rego", from: regexp.MustCompile(`"127\.0\.0\.1/32"`), to: `"127.0.0.0/24"`},
	{file: "authz/tables/routes.rego", from: regexp.MustCompile(`routes := \[`), to: "routes := [\n" +
		"\t_row(\"GET\", \"/lab/reports/{report}\", \"lab\", \"lab.read\", \"report\", \"none\"),\n" +
		"\t_row(\"POST\", \"/lab/orders\", \"lab\", \"lab.order\", \"report\", \"json\"),\n" +
		"\t_row(\"GET\", \"/lab/patients/{patient}\", \"lab\", \"patient.read\", \"patient\", \"none\"),\n" +
		"\t_row(\"GET\", \"/imaging/{study}\", \"imaging\", \"lab.read\", \"study\", \"none\"),\n" +
		"\t_row(\"GET\", \"/nowhere/{study}\", \"nowhere\", \"lab.read\", \"study\", \"none\"),"},
	{file: "authz/tables/rights.rego", from: regexp.MustCompile(`rights := \{`), to: "rights := {\n\t\"Laboratory\": {\"doctor\": \"any\", \"nurse\": \"any\"},"},
	{file: "authz/tables/rights.rego", from: regexp.MustCompile(`actions := \{`), to: "actions := {\n" +
		"\t\"lab.read\": {\"right\": \"Laboratory\", \"changes\": false},\n" +
		"\t\"lab.order\": {\"right\": \"Laboratory\", \"changes\": true},"},
	{file: "authz/tables/masks.rego", from: regexp.MustCompile(`masks := \{\}`), to: `masks := {"lab.read": {"nurse": {"pointers": ["/items/*/national_id"]}}}`},
}

// unpack writes the rule book that is built into a program, with the edits.
func unpack(binary, folder string) error {
	signed := filepath.Join(folder, "book.tar.gz")
	key := filepath.Join(folder, "book.key")
	if err := writeKey(key); err != nil {
		return err
	}
	// The command runs the book's tests, each of which has five seconds: a busy
	// machine may take longer. Nothing but the book's text is wanted here.
	var out []byte
	var err error
	for range 5 {
		out, err = exec.Command(binary, "policy", "bundle", "--no-tests", "--out", signed, "--signing-key", key, "--key-id", "compare").CombinedOutput()
		if err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("rule book of %s: %w\n%s", binary, err, out)
	}
	if err := untar(signed, filepath.Join(folder, "policies")); err != nil {
		return fmt.Errorf("rule book of %s: %w", binary, err)
	}
	return apply(edits, filepath.Join(folder, "policies"))
}

func apply(edits []edit, book string) error {
	for _, e := range edits {
		file := filepath.Join(book, filepath.FromSlash(e.file))
		raw, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("edit the rule book: %w", err)
		}
		n := len(e.from.FindAll(raw, -1))
		if n == 0 && e.late {
			continue
		}
		if n != 1 {
			return fmt.Errorf("edit the rule book: %s has %d places like %s, expected one", e.file, n, e.from)
		}
		if err := os.WriteFile(file, e.from.ReplaceAllLiteral(raw, []byte(e.to)), 0o600); err != nil {
			return fmt.Errorf("edit the rule book: %w", err)
		}
	}
	return nil
}

func writeKey(file string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func untar(file, folder string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(h.Name, "/")
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(name, ".rego") || !filepath.IsLocal(name) {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		to := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return err
		}
	}
}
