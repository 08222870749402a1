package handler

import (
	"context"
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
	fields, withheld, err := Own(c.Request.Context(), h.admin)
	if err != nil {
		h.fail(c, err)
		return
	}
	answer := gin.H{}
	for name, value := range fields {
		answer[name] = value
	}
	if len(withheld) > 0 {
		answer["withheld"] = withheld
	}
	c.JSON(http.StatusOK, answer)
}

// Own is who asks a guarded request, by field, without the fields that the policy
// withholds, and the names of those, sorted.
func Own(ctx context.Context, a *admin.Admin) (fields map[string]string, withheld []string, err error) {
	who := assertion.From(ctx)
	if who.Subject == "" {
		return nil, nil, admin.Refuse(admin.Unproven, problem.SessionMissing)
	}
	p, err := a.Account(ctx, who.Subject)
	if err != nil {
		return nil, nil, err
	}
	fields = map[string]string{"id": p.ID, "username": p.Username, "role": p.Role, "email": p.Email}
	for name, value := range map[string]string{"staff_id": p.Staff, "patient_id": p.Patient, "department_id": p.Department} {
		if value != "" {
			fields[name] = value
		}
	}
	for _, name := range who.Withhold {
		if _, shown := fields[name]; shown {
			delete(fields, name)
			withheld = append(withheld, name)
		}
	}
	slices.Sort(withheld)
	return fields, withheld, nil
}

// OwnRows is the account whose sessions may be seen and ended. It refuses every row
// condition but the one that this service can apply: sessions of the subject
// itself. A missing condition is not "all".
func OwnRows(who *assertion.Claims) (account string, err error) {
	r := who.Rows
	if r == nil || who.Subject == "" || r.Type != "field" || r.Operator != "eq" ||
		r.Field != "session.account" || r.Value != who.Subject || len(r.Conditions) > 0 {
		return "", admin.Refuse(admin.Forbidden, "rows_refused")
	}
	return who.Subject, nil
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
	account, err := OwnRows(who)
	if err != nil {
		h.fail(c, err)
		return
	}
	live, err := h.admin.Sessions(c.Request.Context(), account)
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
	page(c, items, "")
}

func (h handler) endSession(c *gin.Context) {
	who := claims(c)
	account, err := OwnRows(who)
	if err != nil {
		h.fail(c, err)
		return
	}
	err = h.admin.EndOwn(c.Request.Context(), client(c), account, c.Param("id"))
	if c.Param("id") == who.Session {
		h.left(c, err)
		return
	}
	h.done(c, err)
}
