package location_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/location"
	"github.com/wardgate/wardgate/pip/piptest"
)

func open(t *testing.T, record []byte) location.Source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "countries.mmdb")
	if err := os.WriteFile(file, database(netip.MustParsePrefix("203.0.113.0/24"), record), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := location.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return *s
}

func TestCountry(t *testing.T) {
	flat := open(t, object(text("country_code"), text("DE")))
	nested := open(t, object(text("country"), object(text("iso_code"), text("CH"))))
	odd := open(t, object(text("country_code"), text("<b>")))
	other := open(t, object(text("continent"), text("EU")))
	tests := []struct {
		name   string
		source location.Source
		addr   string
		want   string
	}{
		{"flat", flat, "203.0.113.7", "DE"},
		{"an IPv4 address in IPv6", flat, "::ffff:203.0.113.7", "DE"},
		{"nested", nested, "203.0.113.7", "CH"},
		{"not listed", flat, "198.51.100.1", ""},
		{"the hospital's own", flat, "10.0.0.1", ""},
		{"no code", odd, "203.0.113.7", ""},
		{"no country", other, "203.0.113.7", ""},
		{"no database", location.Source{}, "203.0.113.7", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f pip.Facts
			err := tt.source.Gather(t.Context(), &pip.Query{Address: netip.MustParseAddr(tt.addr)}, &f, piptest.For(t, location.Section(), nil))
			if err != nil || f.Location.Country != tt.want || f.Location.State != pip.Fresh {
				t.Errorf("got %+v, %v, want %q", f.Location, err, tt.want)
			}
		})
	}
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "not-a-database.mmdb")
	if err := os.WriteFile(file, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + ".missing"} {
		if _, err := location.Open(name); err == nil {
			t.Errorf("%s was opened", filepath.Base(name))
		}
	}
}

// database is an MMDB file (format 2.0) with one IPv4 network and its record.
func database(p netip.Prefix, record []byte) []byte {
	nodes := p.Bits()
	var tree []byte
	addr := p.Addr().As4()
	for bit := range nodes {
		// The next node on the way down; behind the last one, the first record,
		// which stands 16 bytes behind the tree.
		next, none := bit+1, nodes
		if next == nodes {
			next = nodes + 16
		}
		left, right := next, none
		if addr[bit/8]>>(7-bit%8)&1 == 1 {
			left, right = none, next
		}
		tree = append(tree, byte(left>>16), byte(left>>8), byte(left), byte(right>>16), byte(right>>8), byte(right))
	}
	out := append(tree, make([]byte, 16)...)
	out = append(out, record...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	return append(out, object(
		text("node_count"), number(6, nodes),
		text("record_size"), number(5, 24),
		text("ip_version"), number(5, 4),
		text("database_type"), text("Countries"),
		text("languages"), []byte{0, 4}, // an empty array
		text("binary_format_major_version"), number(5, 2),
		text("binary_format_minor_version"), number(5, 0),
		text("build_epoch"), []byte{4, 2, 1, 0, 0, 0}, // an extended type: uint64
		text("description"), object(),
	)...)
}

func text(s string) []byte { return append([]byte{2<<5 | byte(len(s))}, s...) }

// number is an unsigned number of two bytes: type 5 is uint16, 6 is uint32.
func number(kind byte, n int) []byte { return []byte{kind<<5 | 2, byte(n >> 8), byte(n)} }

// object is a map of these keys and values.
func object(members ...[]byte) []byte {
	out := []byte{7<<5 | byte(len(members)/2)}
	for _, m := range members {
		out = append(out, m...)
	}
	return out
}
