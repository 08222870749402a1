package handler

import (
	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pdp/admin"
)

// change takes what is to change; a member that is not there stays as it is.
func (h handler) change(c *gin.Context) {
	var to admin.Changes
	if !decodeForm(c, form{optional: texts{"username": &to.Username, "email": &to.Email, "role": &to.Role}}) {
		return
	}
	h.done(c, h.admin.Change(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"), to))
}

func (h handler) disable(c *gin.Context) {
	if decodeForm(c, form{empty: true}) {
		h.done(c, h.admin.Disable(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
	}
}

func (h handler) enable(c *gin.Context) {
	if decodeForm(c, form{empty: true}) {
		h.done(c, h.admin.Enable(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
	}
}

func (h handler) link(c *gin.Context) {
	var staff, department string
	if !decodeForm(c, form{required: texts{"staff_id": &staff}, optional: texts{"department_id": &department}}) {
		return
	}
	h.done(c, h.admin.Link(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"), staff, department))
}

func (h handler) unlink(c *gin.Context) {
	if decodeForm(c, form{empty: true}) {
		h.done(c, h.admin.Unlink(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
	}
}
