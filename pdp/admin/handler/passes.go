package handler

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pdp/admin"
)

// passes serves what lets staff in who have lost their second factor.
func (h handler) passes(router *gin.Engine) {
	if !h.admin.HasPasses() {
		return
	}
	router.POST("/api/admin/users/:id/pass", func(c *gin.Context) {
		if decodeForm(c, form{empty: true}) {
			pass, err := h.admin.IssuePass(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"))
			h.pass(c, pass, err)
		}
	})
	router.POST("/api/passes", h.proposePass)
	router.POST("/api/passes/:id/confirm", func(c *gin.Context) {
		if decodeForm(c, form{empty: true}) {
			pass, err := h.admin.ConfirmPass(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"))
			h.pass(c, pass, err)
		}
	})
}

func (h handler) proposePass(c *gin.Context) {
	var username string
	if !decode(c, texts{"username": &username}) {
		return
	}
	id, expires, err := h.admin.ProposePass(c.Request.Context(), client(c), claims(c).Subject, username)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"pass": id, "expires_in": seconds(expires.Sub(h.admin.Now()))})
}

func (h handler) pass(c *gin.Context, p admin.Pass, err error) {
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"username": p.Username, "code": p.Code, "shift_ends": p.ShiftEnds})
}
