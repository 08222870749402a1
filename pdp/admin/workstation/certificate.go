package workstation

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
)

// HasCertificates reports whether machines may be known by a certificate here.
func (d *Desk) HasCertificates() bool { return d.parts.Certified != nil }

// proving is a station as far as a registration says what it is known by: one whose
// certificate is named is enrolled.
func (d *Desk) proving(r Registration, now time.Time) (Station, error) {
	switch {
	case r.Proof == "" && r.Certificate == "" || r.Proof == ByKey && r.Certificate == "":
		return Station{Proof: ByKey}, nil
	case r.Proof == ByKey:
		return Station{}, wrong("certificate", "expected none for a machine that is known by a key; leave it out, or name the proof certificate")
	case r.Proof != ByCertificate && r.Proof != "":
		return Station{}, wrong("proof", "expected key or certificate")
	case d.parts.Certified == nil:
		return Station{}, admin.Refuse(admin.Malformed, reasonNoCertificates)
	case r.Certificate == "":
		return Station{Proof: ByCertificate}, nil
	}
	machine, err := d.parts.Certified(r.Certificate, now)
	if err != nil || machine == "" {
		why := "it names no machine"
		if err != nil {
			why = err.Error()
		}
		return Station{}, wrong("certificate", "expected the certificate (PEM) of a machine, issued for client authentication by the authority in pep.workstation_ca_file: "+why)
	}
	return Station{Proof: ByCertificate, Certificate: machine, Host: d.home, Enrolled: now}, nil
}

func wrong(member, message string) error {
	return &problem.Malformed{Fields: []problem.Field{{Location: "body." + member, Message: message}}}
}

// showsCertificate holds that a machine that is being enrolled shows a certificate where
// that is its proof, and that it is no workstation by its certificate already: it would be
// two at once, and count for none.
func (d *Desk) showsCertificate(ctx context.Context, c admin.Client, proof Proof) error {
	if proof == ByCertificate && (d.parts.Certified == nil || c.Certificate == "") {
		return admin.Refuse(admin.Forbidden, reasonNoCertificate)
	}
	already, err := d.byCertificate(ctx, c)
	if err == nil && already != nil {
		return admin.Refuse(admin.Conflicting, reasonCertified)
	}
	return err
}

// byCertificate is the workstation whose certificate the machine has shown; nil for none.
func (d *Desk) byCertificate(ctx context.Context, c admin.Client) (*Station, error) {
	if d.parts.Certified == nil || len(c.Certificate) != machineText {
		return nil, nil
	}
	return found(d.parts.Store.WorkstationByCertificate(ctx, c.Certificate))
}

// machineText is how long the name of a machine is: a SHA-256 in hex.
const machineText = 64
