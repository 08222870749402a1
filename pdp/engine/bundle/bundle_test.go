package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/bundle/bundletest"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

var march = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func rsaPair(t testing.TB) bundletest.Pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return bundletest.PairOf(t, key)
}

func book(t testing.TB) rulebook.Files {
	t.Helper()
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t testing.TB, files rulebook.Files, version time.Time, s *bundle.Signer) []byte {
	t.Helper()
	packed, err := bundle.Write(files, nil, version, s)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

func TestWhatWasWrittenIsReadBack(t *testing.T) {
	files := book(t)
	for name, keys := range map[string]bundletest.Pair{"ECDSA": bundletest.NewPair(t), "RSA": rsaPair(t)} {
		t.Run(name, func(t *testing.T) {
			packed := write(t, files, march, keys.Signer(t, "hospital", "production"))
			again := write(t, files, march, keys.Signer(t, "hospital", "production"))
			if !bytes.Equal(packed, again) {
				t.Error("equal books give different bytes")
			}
			b, err := keys.Trust(t, "hospital", "production").Read(packed)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(b.Files, files, bytes.Equal) {
				t.Error("the files are not those that were written")
			}
			if !b.Version.Equal(march) || b.Revision != files.Revision() || b.Key != "hospital" || b.Files.Tests() == 0 {
				t.Errorf("got version %v, revision %s, key %s, %d tests", b.Version, b.Revision, b.Key, b.Files.Tests())
			}
			if _, err := engine.Load(b.Files, points.Sections()); err != nil {
				t.Errorf("the book in the bundle is refused: %v", err)
			}
		})
	}
}

// entry is one file of an archive as an attacker writes it.
type entry struct {
	tar.Header
	body string
}

func repack(t testing.TB, entries []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, e := range entries {
		e.Header.Mode, e.Header.Size = 0o600, int64(len(e.body))
		if e.Header.Typeflag == 0 {
			e.Header.Typeflag = tar.TypeReg
		}
		if err := archive.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func entriesOf(t testing.TB, packed []byte) []entry {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(zipped)
	var out []entry
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{tar.Header{Name: h.Name, Typeflag: h.Typeflag}, string(body)})
	}
}

func named(name, body string) entry { return entry{tar.Header{Name: name}, body} }

func TestWhatIsNotWhollySignedIsRefused(t *testing.T) {
	keys, other := bundletest.NewPair(t), bundletest.NewPair(t)
	trust := keys.Trust(t, "hospital", "production")
	good := write(t, book(t), march, keys.Signer(t, "hospital", "production"))
	edited := func(change func([]entry) []entry) []byte { return repack(t, change(entriesOf(t, good))) }
	replace := func(name string, by func(string) string) []byte {
		return edited(func(all []entry) []entry {
			for i := range all {
				if all[i].Name == name {
					all[i].body = by(all[i].body)
				}
			}
			return all
		})
	}
	add := func(e ...entry) []byte { return edited(func(all []entry) []entry { return append(all, e...) }) }
	drop := func(name string) []byte {
		return edited(func(all []entry) []entry {
			var kept []entry
			for _, e := range all {
				if e.Name != name {
					kept = append(kept, e)
				}
			}
			return kept
		})
	}
	const rights = "/authz/tables/rights.rego"
	tests := []struct {
		name   string
		packed []byte
		want   error
		says   string
	}{
		{"empty file", nil, bundle.ErrMalformed, "gzip"},
		{"no archive", []byte("package authz"), bundle.ErrMalformed, "gzip"},
		{"half written", good[:len(good)/2], bundle.ErrMalformed, "unpacked"},
		{"last byte missing", good[:len(good)-1], bundle.ErrMalformed, "unpacked"},
		{"bytes behind the end", append(bytes.Clone(good), 0), bundle.ErrMalformed, "bytes follow"},
		{"second archive behind the first", append(bytes.Clone(good), good...), bundle.ErrMalformed, "bytes follow"},
		{"unsigned", drop("/.signatures.json"), bundle.ErrUnsigned, "missing"},
		{"no manifest", drop("/.manifest"), bundle.ErrVersion, "missing"},
		{"signed file missing", drop(rights), bundle.ErrSignature, "not found"},
		{"another key", write(t, book(t), march, other.Signer(t, "hospital", "production")), bundle.ErrSignature, "verify"},
		{"unknown key id", write(t, book(t), march, keys.Signer(t, "stranger", "production")), bundle.ErrSignature, "stranger"},
		{"another scope", write(t, book(t), march, keys.Signer(t, "hospital", "test")), bundle.ErrSignature, "scope"},
		{"no scope", write(t, book(t), march, keys.Signer(t, "hospital", "")), bundle.ErrSignature, "scope"},
		{"changed rule", replace(rights, func(s string) string { return s + "\n" }), bundle.ErrSignature, "digest mismatch"},
		{"changed version", replace("/.manifest", func(s string) string { return strings.Replace(s, "2026-03-01", "2027-03-01", 1) }), bundle.ErrSignature, "digest mismatch"},
		{"rule that is not covered", add(named("/authz/rules/evil/evil.rego", "package authz.rules.evil")), bundle.ErrSignature, "not included"},
		{"duplicate", add(named(rights, "package authz.tables")), bundle.ErrMalformed, "twice"},
		{"duplicate without the slash", add(named(rights[1:], "package authz.tables")), bundle.ErrMalformed, "twice"},
		{"path traversal", add(named("../evil.rego", "package evil")), bundle.ErrMalformed, "no path"},
		{"inner path traversal", add(named("authz/../evil.rego", "package evil")), bundle.ErrMalformed, "no path"},
		{"backslash", add(named(`authz\..\evil.rego`, "package evil")), bundle.ErrMalformed, "no path"},
		{"absolute twice", add(named("//etc/evil.rego", "package evil")), bundle.ErrMalformed, "no path"},
		{"hidden rule", add(named("authz/.evil.rego", "package evil")), bundle.ErrMalformed, "hidden"},
		{"symbolic link", add(entry{tar.Header{Name: "evil.rego", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""}), bundle.ErrMalformed, "regular"},
		{"hard link", add(entry{tar.Header{Name: "evil.rego", Typeflag: tar.TypeLink, Linkname: rights}, ""}), bundle.ErrMalformed, "regular"},
		{"device", add(entry{tar.Header{Name: "evil.rego", Typeflag: tar.TypeChar}, ""}), bundle.ErrMalformed, "regular"},
		{"loose data", add(named("authz/data.json", "{}")), bundle.ErrMalformed, "no Rego"},
		{"delta", add(named("patch.json", `{"data":[]}`)), bundle.ErrMalformed, "no Rego"},
		{"WebAssembly", add(named("policy.wasm", "x")), bundle.ErrMalformed, "no Rego"},
		{"second signature", add(named("authz/.signatures.json", "{}")), bundle.ErrMalformed, "no Rego"},
		{"two readings of the manifest", replace("/.manifest", func(s string) string { return `{"revision":"evil",` + s[1:] }), bundle.ErrMalformed, "twice"},
		{"two readings by case", replace("/.manifest", func(s string) string { return `{"ReviSion":"evil",` + s[1:] }), bundle.ErrMalformed, "twice"},
		{"two readings by an odd letter", replace("/.manifest", func(s string) string { return `{"reviſion":"evil",` + s[1:] }), bundle.ErrMalformed, "twice"},
		{"deep manifest", replace("/.manifest", func(string) string { return strings.Repeat("[", 1<<20) }), bundle.ErrMalformed, "deeply"},
		{"a plugin verifies", replace("/.signatures.json", func(s string) string { return `{"plugin":"mine",` + s[1:] }), bundle.ErrSignature, "default kind"},
		{"two tokens", replace("/.signatures.json", func(s string) string { return strings.Replace(s, `["`, `["a.b.c","`, 1) }), bundle.ErrSignature, "default kind"},
		{"too large", bytes.Repeat([]byte{0}, bundle.MaxPacked+1), bundle.ErrMalformed, "exceeds"},
		{"decompression bomb", repack(t, []entry{named("/authz/bomb.rego", strings.Repeat("\n", 64<<20))}), bundle.ErrMalformed, "unpacks to more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := trust.Read(tt.packed)
			if b != nil || !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %q, want it to say %q", err, tt.says)
			}
		})
	}
	if _, err := trust.Read(good); err != nil {
		t.Errorf("the untouched bundle is refused: %v", err)
	}
	if _, err := trust.Read(repack(t, entriesOf(t, good))); err != nil {
		t.Errorf("the bundle packed anew is refused: %v", err)
	}
}

func TestNobodyIsTrustedByDefault(t *testing.T) {
	packed := write(t, book(t), march, bundletest.NewPair(t).Signer(t, "hospital", ""))
	for name, trust := range map[string]*bundle.Trust{"nil": nil, "zero": {}} {
		if _, err := trust.Read(packed); !errors.Is(err, bundle.ErrSignature) {
			t.Errorf("%s: got %v, want %v", name, err, bundle.ErrSignature)
		}
	}
	for name, keys := range map[string]map[string][]byte{
		"no key": {}, "secret instead of a key": {"a": []byte("secret")}, "private key": {"a": bundletest.NewPair(t).Private},
	} {
		if _, err := bundle.NewTrust(keys, ""); err == nil {
			t.Errorf("%s: trusted", name)
		}
	}
}

// The stock program verifies what Wardgate signs, and Wardgate what it signs.
func TestStockOPAAgrees(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return full
	}
	opa := func(args ...string) (string, error) {
		out, err := exec.Command("go", append([]string{"tool", "opa"}, args...)...).CombinedOutput()
		return string(out), err
	}
	keys := bundletest.NewPair(t)
	public, private := file("key.pub", keys.Public), file("key.pem", keys.Private)
	ours := file("ours.tar.gz", write(t, book(t), march, keys.Signer(t, "hospital", "production")))
	verify := func(scope string) (string, error) {
		return opa("build", "-b", ours, "--verification-key", public, "--verification-key-id", "hospital",
			"--signing-alg", "ES256", "--scope", scope, "-o", filepath.Join(dir, "verified.tar.gz"))
	}
	if out, err := verify("production"); err != nil {
		t.Errorf("opa refuses the signature: %s", out)
	}
	if out, err := verify("test"); err == nil || !strings.Contains(out, "scope mismatch") {
		t.Errorf("opa takes another scope: %q", out)
	}
	if out, err := opa("eval", "-b", ours, "--format", "raw", "data.authz.answer.decision"); err != nil || strings.TrimSpace(out) != "false" {
		t.Errorf("opa eval: got %q %v, want false", out, err)
	}

	for name, content := range book(t) {
		file("book/"+name, content)
	}
	file("book/.manifest", []byte(`{"roots":["authz","authz_test","invariants","records","records_test","sentinel","sentinel_test"],"metadata":{"wardgate":{"version":"2026-03-01T12:00:00Z"}}}`))
	theirs := filepath.Join(dir, "theirs.tar.gz")
	claims := file("claims.json", []byte(`{"scope":"production","keyid":"hospital"}`))
	if out, err := opa("build", "-b", filepath.Join(dir, "book"), "--revision", "v7", "--signing-key", private,
		"--signing-alg", "ES256", "--claims-file", claims, "--verification-key-id", "hospital", "-o", theirs); err != nil {
		t.Fatalf("opa build: %v %s", err, out)
	}
	packed, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	b, err := keys.Trust(t, "hospital", "production").Read(packed)
	if err != nil {
		t.Fatal(err)
	}
	if b.Revision != "v7" || !b.Version.Equal(march) {
		t.Errorf("got revision %q, version %v", b.Revision, b.Version)
	}
}

// A statement of a proof comes back as it was signed, and is none for a book that
// was not proved.
func TestProofsAreReadBack(t *testing.T) {
	files, keys := book(t), bundletest.NewPair(t)
	stated := &prove.Statement{Outcome: prove.Proved, Rules: files.Revision(), Invariants: "i", Assumptions: "a", Analyser: "1.0.0", Program: "devel", Proved: 3, Unproved: []string{}}
	packed, err := bundle.Write(files, stated, march, keys.Signer(t, "hospital", ""))
	if err != nil {
		t.Fatal(err)
	}
	b, err := keys.Trust(t, "hospital", "").Read(packed)
	if err != nil || !reflect.DeepEqual(b.Proof, stated) {
		t.Errorf("got %+v %v", b, err)
	}
	if b, err = keys.Trust(t, "hospital", "").Read(write(t, files, march, keys.Signer(t, "hospital", ""))); err != nil || b.Proof != nil {
		t.Errorf("of a book that was not proved: got %+v %v", b.Proof, err)
	}
	entries := entriesOf(t, packed)
	for i := range entries {
		entries[i].body = strings.Replace(entries[i].body, `"proved":3`, `"proved":4`, 1)
	}
	if _, err := keys.Trust(t, "hospital", "").Read(repack(t, entries)); !errors.Is(err, bundle.ErrSignature) {
		t.Errorf("a statement that was changed: got %v", err)
	}
}
