package handler

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
)

// me answers who the caller is. Fields that the policy withholds are named in
// "withheld", never shown.
func (h handler) me(c *gin.Context) {
	who := claims(c)
	if who.Subject == "" {
		h.fail(c, admin.Refuse(admin.Unproven, problem.SessionMissing))
		return
	}
	p, err := h.admin.Account(c.Request.Context(), who.Subject)
	if err != nil {
		h.fail(c, err)
		return
	}
	fields := gin.H{"id": p.ID, "username": p.Username, "role": p.Role, "email": p.Email}
	for name, value := range map[string]string{"staff_id": p.Staff, "patient_id": p.Patient, "department_id": p.Department} {
		if value != "" {
			fields[name] = value
		}
	}
	var withheld []string
	for _, name := range who.Withhold {
		if _, shown := fields[name]; shown {
			delete(fields, name)
			withheld = append(withheld, name)
		}
	}
	if len(withheld) > 0 {
		slices.Sort(withheld)
		fields["withheld"] = withheld
	}
	c.JSON(http.StatusOK, fields)
}

// ownRows refuses every row condition but the one that this service can apply:
// sessions of the subject itself. A missing condition is not "all".
func ownRows(who *assertion.Claims) error {
	r := who.Rows
	if r == nil || who.Subject == "" || r.Type != "field" || r.Operator != "eq" ||
		r.Field != "session.account" || r.Value != who.Subject || len(r.Conditions) > 0 {
		return admin.Refuse(admin.Forbidden, "rows_refused")
	}
	return nil
}

type sessionItem struct {
	ID       string    `json:"id"`
	Current  bool      `json:"current"`
	OS       string    `json:"os"`
	Browser  string    `json:"browser"`
	Network  string    `json:"network"`
	Country  string    `json:"country"`
	Created  time.Time `json:"created_at"`
	LastUsed time.Time `json:"last_used_at"`
}

func (h handler) sessions(c *gin.Context) {
	who := claims(c)
	if err := ownRows(who); err != nil {
		h.fail(c, err)
		return
	}
	live, err := h.admin.Sessions(c.Request.Context(), who.Rows.Value)
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]sessionItem, 0, len(live))
	for _, s := range live {
		items = append(items, sessionItem{
			ID: s.ID, Current: s.ID == who.Session,
			OS: s.Footprint.OS, Browser: s.Footprint.Browser,
			Network: s.Footprint.Network, Country: s.Footprint.Country,
			Created: s.Created, LastUsed: s.LastUsed,
		})
	}
	c.JSON(http.StatusOK, gin.H{"items": items, "next": nil})
}

func (h handler) endSession(c *gin.Context) {
	who := claims(c)
	if err := ownRows(who); err != nil {
		h.fail(c, err)
		return
	}
	h.done(c, h.admin.EndOwn(c.Request.Context(), client(c), who.Rows.Value, c.Param("id")))
}
