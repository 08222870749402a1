package pages

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
	"github.com/wardgate/wardgate/pip"
)

// Stations register and enrol shared machines, and know them again.
type Stations interface {
	Enrol(ctx context.Context, c admin.Client, code string) (key string, s workstation.Station, err error)
	At(ctx context.Context, c admin.Client) (*pip.Workstation, error)
	List(ctx context.Context) ([]workstation.Station, error)
	// Register returns the code that is typed at the machine, this once.
	Register(ctx context.Context, c admin.Client, by string, r workstation.Registration) (s workstation.Station, code string, err error)
	Remove(ctx context.Context, c admin.Client, by, id string) error
	// HasCertificates reports whether machines may be known by a certificate.
	HasCertificates() bool
}

var _ Stations = (*workstation.Desk)(nil)

// workstations serves what is typed at a machine that is to become a workstation, and
// what officers see of all of them.
func (p *Pages) workstations() {
	if p.parts.Stations != nil {
		p.form("/workstation", (*visit).showEnrol, (*visit).enrol)
		p.form(stationsPath, (*visit).showStations, (*visit).register)
		p.post(stationsPath+"/{workstation}/remove", (*visit).showStations, (*visit).withdraw)
	}
}

func (v *visit) showEnrol() {
	v.message("workstation.heading", look.Content{
		Text: []string{v.say("workstation.text")},
		Form: &look.Form{
			Action: "/workstation", Submit: "workstation.submit",
			Fields: []look.Field{{Name: "code", Kind: look.LongCode, Label: "workstation.code", Hint: "workstation.hint"}},
			Back:   &look.Link{Path: "/", Word: "look.back"},
		},
	})
}

func (v *visit) enrol() {
	if !v.required("code") {
		v.showEnrol()
		return
	}
	key, s, err := v.parts.Stations.Enrol(v.r.Context(), v.client, v.code())
	if err != nil {
		v.refused(err, "code")
		v.showEnrol()
		return
	}
	v.keepStation(key)
	v.message("workstation.done", look.Content{
		Text:  []string{v.say("workstation.known", s.Name)},
		Links: v.links("/login", "log_in.heading"),
	})
}

// keepStation gives the browser the key of its workstation. One that is known by its
// certificate has none, and forgets what it had from before.
func (v *visit) keepStation(key string) {
	life := workstation.KeyLife
	if key == "" {
		life = -time.Second
	}
	handler.SetStation(v.w, v.who.Scheme, key, life)
}
