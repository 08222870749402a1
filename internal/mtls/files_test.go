package mtls_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/mtls"
)

// write makes a part's files under the authority in dir, beside it.
func write(t *testing.T, dir, name string, life time.Duration) mtls.Files {
	t.Helper()
	files, err := open(t, dir).Write(dir, name, []string{"pdp.hospital.test", "192.0.2.7"}, life)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func load(t *testing.T, name string, f mtls.Files) *mtls.Part {
	t.Helper()
	p, err := mtls.Load(name, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPartsFromFilesSpeak(t *testing.T) {
	dir := t.TempDir()
	pep := load(t, mtls.PEP, write(t, dir, mtls.PEP, time.Hour))
	records := load(t, mtls.Records, write(t, dir, mtls.Records, time.Hour))
	inference := load(t, mtls.Inference, write(t, dir, mtls.Inference, time.Hour))
	if !speak(t, client(t, pep, mtls.Records), server(t, records, mtls.PEP)) {
		t.Error("the enforcement point does not reach records")
	}
	if speak(t, client(t, inference, mtls.Records), server(t, records, mtls.PEP)) {
		t.Error("inference reaches records")
	}
}

// A peer that holds a session from when its certificate was good must show it
// again.
func TestNoSessionIsResumed(t *testing.T) {
	dir := t.TempDir()
	pep := load(t, mtls.PEP, write(t, dir, mtls.PEP, time.Hour))
	records := server(t, load(t, mtls.Records, write(t, dir, mtls.Records, time.Hour)), mtls.PEP)
	from := client(t, pep, mtls.Records)
	from.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for range 2 {
		l, err := tls.Listen("tcp", "127.0.0.1:0", records)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if conn, err := l.Accept(); err == nil {
				_, _ = conn.Write([]byte{7})
				_ = conn.Close()
			}
		}()
		conn, err := tls.Dial("tcp", l.Addr().String(), from)
		if err != nil {
			t.Fatal(err)
		}
		var b [1]byte
		if _, err := conn.Read(b[:]); err != nil { // session tickets come before the first byte
			t.Fatal(err)
		}
		if conn.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
		_, _ = conn.Close(), l.Close()
	}
}

func TestRenewedFilesAreNoticed(t *testing.T) {
	dir := t.TempDir()
	files := write(t, dir, mtls.PEP, time.Hour)
	part := load(t, mtls.PEP, files)
	first, err := part.GetX509SVID()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files.Certificate, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	half, err := part.GetX509SVID()
	if err != nil || half != first {
		t.Errorf("half a file: got another certificate, %v", err)
	}
	for _, f := range []string{files.Certificate, files.Key} {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, mtls.PEP, time.Hour)
	renewed, err := part.GetX509SVID()
	if err != nil || renewed.Certificates[0].Equal(first.Certificates[0]) {
		t.Errorf("the renewed certificate is not used: %v", err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	good := write(t, dir, mtls.PEP, time.Hour)
	records := write(t, dir, mtls.Records, time.Hour)
	others := t.TempDir()
	foreign := write(t, others, mtls.PEP, time.Hour)
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pep.pem", "pep.key"} {
		if err := os.Remove(filepath.Join(old, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(old, "ca.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	expired := write(t, old, mtls.PEP, -time.Minute)
	open := filepath.Join(t.TempDir(), "open.key")
	raw, err := os.ReadFile(good.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(open, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		files mtls.Files
		says  string
	}{
		{"somebody else's", records, "expected spiffe://wardgate.internal/pep"},
		{"another authority's", mtls.Files{Authority: good.Authority, Certificate: foreign.Certificate, Key: foreign.Key}, "not accepted under"},
		{"expired", expired, "has expired"},
		{"another key", mtls.Files{Authority: good.Authority, Certificate: good.Certificate, Key: records.Key}, "expected a PEM certificate and its key"},
		{"a key for everybody", mtls.Files{Authority: good.Authority, Certificate: good.Certificate, Key: open}, "0600 is needed"},
		{"no authority", mtls.Files{Authority: good.Key, Certificate: good.Certificate, Key: good.Key}, "holds no certificate of an authority"},
		{"nothing", mtls.In(t.TempDir(), mtls.PEP), "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := mtls.Load(mtls.PEP, tt.files)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want it to say %q", err, tt.says)
			}
		})
	}
}

func TestWriteOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, mtls.PEP, time.Hour)
	if _, err := open(t, dir).Write(dir, mtls.PEP, nil, time.Hour); err == nil {
		t.Error("a key was overwritten")
	}
}
