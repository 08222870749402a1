package device_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/piptest"
)

const (
	firefox  = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	firefox2 = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
	safari   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	curl     = "curl/8.10.1"
)

func newSource(t *testing.T) *device.Source {
	t.Helper()
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	a, err := aead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	return device.New(a)
}

func TestDevices(t *testing.T) {
	s := newSource(t)
	for _, tt := range []struct {
		name, then, now string
		want            pip.Match
	}{
		{"the same", firefox, firefox, pip.DeviceSame},
		{"an update of the browser", firefox, firefox2, pip.DeviceSame},
		{"a telephone", firefox, safari, pip.DeviceChanged},
		{"a program", firefox, curl, pip.DeviceChanged},
		{"nothing said", firefox, "", pip.DeviceChanged},
		{"nothing said, before and now", "", "", pip.DeviceSame},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sealed, err := s.Seal("t-1", s.Observe(tt.then, netip.Addr{}))
			if err != nil {
				t.Fatal(err)
			}
			var f pip.Facts
			for range 2 { // opened, and remembered
				err = s.Gather(context.Background(), &pip.Query{Session: "x", TokenID: "t-1", Footprint: sealed, UserAgent: tt.now}, &f, piptest.For(t, device.Section(), nil))
				if err != nil || f.Device.State != pip.Fresh || f.Device.Match != tt.want {
					t.Errorf("got %+v, %v, want %s", f.Device, err, tt.want)
				}
			}
		})
	}
}

func TestFootprintOfAnotherTokenIsUnknown(t *testing.T) {
	s := newSource(t)
	sealed, err := s.Seal("t-1", s.Observe(firefox, netip.Addr{}))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := newSource(t).Seal("t-1", pip.Footprint{})
	if err != nil {
		t.Fatal(err)
	}
	genuine := pip.Query{Session: "x", TokenID: "t-1", Footprint: sealed, UserAgent: firefox}
	if err := s.Gather(context.Background(), &genuine, &pip.Facts{}, piptest.For(t, device.Section(), nil)); err != nil { // and is remembered from here on
		t.Fatal(err)
	}
	for name, q := range map[string]pip.Query{
		"another token": {Session: "x", TokenID: "t-2", Footprint: sealed, UserAgent: firefox},
		"another key":   {Session: "x", TokenID: "t-1", Footprint: foreign, UserAgent: firefox},
		"none":          {Session: "x", TokenID: "t-1", UserAgent: firefox},
		"cut":           {Session: "x", TokenID: "t-1", Footprint: sealed[:len(sealed)-1], UserAgent: firefox},
		"no base64":     {Session: "x", TokenID: "t-1", Footprint: "!", UserAgent: firefox},
	} {
		var f pip.Facts
		if err := s.Gather(context.Background(), &q, &f, piptest.For(t, device.Section(), nil)); err == nil || f.Device.State != pip.Unknown {
			t.Errorf("%s: got %+v, %v, want unknown and an error", name, f.Device, err)
		}
	}
}

// Sealing that always gave the same ciphertext would tell a thief which tokens
// are of one device.
func TestTwoSealsShareNoCiphertext(t *testing.T) {
	s := newSource(t)
	seen := map[string]bool{}
	for range 100 {
		sealed, err := s.Seal("t-1", s.Observe(firefox, netip.Addr{}))
		if err != nil {
			t.Fatal(err)
		}
		for i := 8; i+16 <= len(sealed); i += 16 { // behind the key's own prefix
			if seen[sealed[i:i+16]] {
				t.Fatal("two seals share a piece of ciphertext")
			}
			seen[sealed[i:i+16]] = true
		}
	}
}

func TestStrangerIsUnseen(t *testing.T) {
	var f pip.Facts
	if err := newSource(t).Gather(context.Background(), &pip.Query{UserAgent: firefox}, &f, piptest.For(t, device.Section(), nil)); err != nil {
		t.Fatal(err)
	}
	if f.Device.Match != pip.DeviceUnseen || f.Device.OS != "Linux" || f.Device.Browser != "Firefox" {
		t.Errorf("got %+v", f.Device)
	}
}

// A client words its User-Agent as it likes. None of its words but what reads
// like a product's name may reach the journal, and still two unknown clients
// are not the same.
func TestForeignAgentIsKeptAsADigest(t *testing.T) {
	s := newSource(t)
	agents := []string{
		"my password is hunter2!", "ward 7 / bed 3 / mr. smith", "x\nforged: line", "患者",
		"averyveryveryveryveryveryverylongname", "token=eyJhbGciOi",
	}
	seen := map[string]bool{}
	for _, agent := range agents {
		f := s.Observe(agent, netip.Addr{})
		if !strings.HasPrefix(f.Browser, "other-") || len(f.Browser) != len("other-")+8 || seen[f.Browser] {
			t.Errorf("%q: got browser %q, want a digest of its own", agent, f.Browser)
		}
		seen[f.Browser] = true
	}
	for _, agent := range []string{firefox, safari, curl} {
		if f := s.Observe(agent, netip.Addr{}); f.Browser == "" || strings.HasPrefix(f.Browser, "other-") {
			t.Errorf("%q: got browser %q, want its family", agent, f.Browser)
		}
	}
}

// A client may send a header of many kilobytes as its User-Agent, another one
// with each request: what is remembered of them stays small.
func TestEndlessAgentsAreNotRemembered(t *testing.T) {
	s := newSource(t)
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := held()
	for i := range 3000 {
		s.Observe(fmt.Sprintf("Agent-%d %s", i, strings.Repeat("x", 30_000)), netip.Addr{})
	}
	if after := held(); after > before+16<<20 {
		t.Errorf("3000 clients cost %d MB", (after-before)>>20)
	}
	runtime.KeepAlive(s)
}
