package process

import (
	"net/http"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/admin/pages"
)

// administration serves the policy administrator to people, by pages, and to
// programs, as JSON.
func administration(g ground, a *administrator, sealer admin.Sealer, tables func() *pdp.Tables) (http.Handler, error) {
	log := g.log.With("part", "admin")
	parts := pages.Parts{
		Admin: a.Admin, Browsers: a.door, Sealer: sealer, Tables: tables, Log: log,
		Origins: a.door.Apps, PasskeyOrigin: g.config.PasskeyOrigin(),
	}
	if a.door.desk != nil {
		parts.Stations = a.door.desk
	}
	p, err := pages.New(parts)
	if err != nil {
		return nil, err
	}
	return p.Before(handler.New(a.Admin, a.door, a.door.desk, g.key, log), g.key), nil
}
