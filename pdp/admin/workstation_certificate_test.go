package admin_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/clientca/clientcatest"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
)

// machine is a browser on a machine with a certificate, as the enforcement point tells of it.
func (w *ward) machine(c tls.Certificate) admin.Client {
	w.t.Helper()
	name, err := w.known.Named(clientcatest.PEM(c), time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	at := on(home)
	at.Certificate = name
	return at
}

// certified enrols a machine that is known by its certificate, by a code.
func (w *ward) certified(name string) (at admin.Client, id string) {
	w.t.Helper()
	at = w.machine(w.authority.Issue(name, nil))
	s, code, err := w.desk.Register(w.t.Context(), on(home), w.chief(), workstation.Registration{Name: name, Zone: "d-1", Network: "hospital", Proof: workstation.ByCertificate})
	if err != nil {
		w.t.Fatal(err)
	}
	if key, _, err := w.desk.Enrol(w.t.Context(), at, code); err != nil || key != "" {
		w.t.Fatalf("key %t, %v", key != "", err)
	}
	return at, s.ID
}

func (w *ward) isAt(at admin.Client, want string) {
	w.t.Helper()
	got, err := w.desk.At(w.t.Context(), at)
	if err != nil || (got == nil) != (want == "") || got != nil && got.ID != want {
		w.t.Errorf("got %+v, %v, want %q", got, err, want)
	}
}

// A machine with a certificate is a workstation for what its connection has shown: people
// take turns there as at any other.
func TestWorkstationIsKnownByItsCertificate(t *testing.T) {
	w := newWard(t)
	at, id := w.certified("bay 1")
	w.isAt(at, id)
	handle, session := w.logsIn(at, email)
	if where := w.where(handle, home); where == nil || where.ID != id || where.Zone != "d-1" {
		t.Errorf("got %+v", where)
	}
	w.logsIn(at, nurseMail)
	w.over(handle, home)
	if got := text(w.parse(w.goOn(w.taps(at, badgeNo, pin), home).AccessToken), "sid"); got != session {
		t.Errorf("resumed %s, want %s", got, session)
	}

	elsewhere, host, other, half := at, at, w.machine(w.authority.Issue("bay 1", nil)), at
	elsewhere.Address = netip.MustParseAddr("10.1.2.3") // of the row "labs"
	host.Host = wards
	half.Certificate = at.Certificate[:63]
	for name, c := range map[string]admin.Client{"network": elsewhere, "host": host, "machine of the name": other, "half of it": half, "none": on(home)} {
		t.Log(name)
		w.isAt(c, "")
		if c.Host == home {
			w.refusedTap(c, badgeNo, pin, "workstation_missing")
		}
	}
}

// A key that was copied from a machine opens nothing where the machine is known by its
// certificate, and one of another workstation makes it none at all.
func TestStolenKeyIsNoCertificate(t *testing.T) {
	w := newWard(t)
	keyed, first := w.station("bay 1")
	at, second := w.certified("bay 2")
	thief := on(home)
	thief.Station = at.Certificate[:43]
	w.isAt(thief, "")
	both := at
	both.Station = keyed.Station
	w.isAt(both, "") // neither: nothing says which one it is
	w.isAt(keyed, first)
	w.isAt(at, second)
	if err := w.desk.Remove(t.Context(), on(home), "u-officer", first); err != nil {
		t.Fatal(err)
	}
	w.isAt(both, second)
	w.isAt(keyed, "")
}

// The code is not used up by a machine that shows no certificate, or by one that is a
// workstation already. Of many at once one is enrolled.
func TestCertificateIsEnrolledOnce(t *testing.T) {
	w := newWard(t)
	at, _ := w.certified("bay 1")
	register := func(name string, proof workstation.Proof) string {
		t.Helper()
		_, code, err := w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: name, Network: "hospital", Proof: proof})
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	refused := func(c admin.Client, code, reason string) {
		t.Helper()
		key, _, err := w.desk.Enrol(t.Context(), c, code)
		var r *admin.Refusal
		if key != "" || !errors.As(err, &r) || r.Reasons[0] != reason {
			t.Errorf("got %v, want %s", err, reason)
		}
	}
	code, keyed := register("bay 2", workstation.ByCertificate), register("bay 3", workstation.ByKey)
	bare := on(home)
	bare.Station = strings.Repeat("A", 43)
	refused(bare, code, "workstation_certificate_missing")
	refused(at, code, "workstation_certificate_taken")
	refused(at, keyed, "workstation_certificate_taken")
	fresh := w.machine(w.authority.Issue("bay 2", nil))
	elsewhere := fresh
	elsewhere.Address = netip.MustParseAddr("10.1.2.3")
	refused(elsewhere, code, "workstation_network")
	if _, _, err := w.desk.Enrol(t.Context(), fresh, code); err != nil {
		t.Fatal(err)
	}
	refused(fresh, code, "workstation_code_invalid")

	// One machine, several codes at once: it is one workstation.
	twin := w.machine(w.authority.Issue("bay 4", nil))
	var codes []string
	for _, name := range []string{"bay 4", "bay 5", "bay 6", "bay 7"} {
		codes = append(codes, register(name, workstation.ByCertificate))
	}
	var enrolled atomic.Int64
	var group sync.WaitGroup
	for _, one := range codes {
		group.Go(func() {
			if _, _, err := w.desk.Enrol(t.Context(), twin, one); err == nil {
				enrolled.Add(1)
			}
		})
	}
	group.Wait()
	if enrolled.Load() != 1 {
		t.Errorf("one machine is %d workstations", enrolled.Load())
	}
	if got, err := w.desk.At(t.Context(), twin); err != nil || got == nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// An officer names the certificates of machines that are not at hand. What the authority
// did not issue is refused, and says why.
func TestNamedCertificateIsAWorkstationAtOnce(t *testing.T) {
	w := newWard(t)
	c := w.authority.Issue("bay 1", nil)
	s, code, err := w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: "bay 1", Network: "hospital", Certificate: clientcatest.PEM(c)})
	if err != nil || code != "" || s.Enrolled.IsZero() {
		t.Fatalf("got %+v, code %t, %v", s, code != "", err)
	}
	w.isAt(w.machine(c), s.ID)
	for want, one := range map[string]workstation.Registration{
		"issued by another authority": {Certificate: clientcatest.PEM(clientcatest.New(t, "wards", nil).Issue("bay 2", nil))},
		"it has expired":              {Certificate: clientcatest.PEM(w.authority.Issue("bay 2", func(c *x509.Certificate) { c.NotAfter = w.clock.Now().Add(-time.Minute) }))},
		"client authentication":       {Certificate: clientcatest.PEM(w.authority.Issue("bay 2", func(c *x509.Certificate) { c.ExtKeyUsage = nil }))},
		"no PEM":                      {Certificate: "bay 2"},
		"expected none":               {Certificate: clientcatest.PEM(w.authority.Issue("bay 2", nil)), Proof: workstation.ByKey},
		"expected key or certificate": {Proof: "badge"},
	} {
		one.Name, one.Network = "bay 2", "hospital"
		_, code, err := w.desk.Register(t.Context(), on(home), w.chief(), one)
		var m *problem.Malformed
		if code != "" || !errors.As(err, &m) || !strings.Contains(m.Fields[0].Message, want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	_, _, err = w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: "bay 2", Network: "hospital", Certificate: clientcatest.PEM(c)})
	if refusal(err) != "workstation_certificate_taken" {
		t.Errorf("got %v", err)
	}
	if all, err := w.desk.List(t.Context()); err != nil || len(all) != 1 || all[0].Proof != workstation.ByCertificate {
		t.Errorf("got %+v, %v", all, err)
	}
}

// A withdrawn one is none at once, for everybody there, and its certificate may be
// registered again.
func TestWithdrawnCertificateIsNone(t *testing.T) {
	w := newWard(t)
	at, id := w.certified("bay 1")
	handle, session := w.logsIn(at, email)
	w.goOn(handle, home)
	if err := w.desk.Remove(t.Context(), on(home), "u-officer", id); err != nil {
		t.Fatal(err)
	}
	w.isAt(at, "")
	w.over(handle, home)
	w.refusedTap(at, badgeNo, pin, "workstation_missing")
	if !w.revoked.Has(session) {
		t.Error("the session there goes on at enforcement points")
	}
	_, code, err := w.desk.Register(t.Context(), on(home), w.chief(), workstation.Registration{Name: "bay 1", Network: "hospital", Proof: workstation.ByCertificate})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.desk.Enrol(t.Context(), at, code); err != nil {
		t.Error(err)
	}
}

// Without an authority no machine is known by a certificate, whatever it is said to have
// shown.
func TestNoAuthorityNoCertificates(t *testing.T) {
	w := newWard(t)
	at, _ := w.certified("bay 1")
	bare, err := workstation.New(workstation.Parts{Admin: w.admin, Store: w.store, Tables: tables}, home)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := bare.At(t.Context(), at); got != nil || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, r := range []workstation.Registration{{Proof: workstation.ByCertificate}, {Certificate: "x"}} {
		r.Name, r.Network = "bay 2", "hospital"
		if _, _, err := bare.Register(t.Context(), on(home), w.chief(), r); refusal(err) != "workstation_certificates_off" {
			t.Errorf("got %v", err)
		}
	}
}
