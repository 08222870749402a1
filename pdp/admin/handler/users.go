package handler

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
)

const (
	usersPage    = 50
	maxUsersPage = 200
)

// administration serves the management of users. The policy decided at the
// enforcement point that the caller may.
func (h handler) administration(router *gin.Engine) {
	router.GET("/api/admin/users", h.users)
	router.POST("/api/admin/users/:id/approve", h.approve)
	router.POST("/api/admin/users/:id/ban", h.ban)
	router.POST("/api/admin/users/:id/unban", h.unban)
	router.POST("/api/admin/users/:id/revoke", h.revokeUser)
	router.PATCH("/api/admin/users/:id", h.change)
	router.POST("/api/admin/users/:id/disable", h.disable)
	router.POST("/api/admin/users/:id/enable", h.enable)
	router.POST("/api/admin/users/:id/link", h.link)
	router.POST("/api/admin/users/:id/unlink", h.unlink)
	if h.admin.HasBadges() {
		router.PUT("/api/admin/users/:id/badge", h.giveBadge)
		router.DELETE("/api/admin/users/:id/badge", func(c *gin.Context) {
			h.done(c, h.admin.RemoveBadge(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
		})
	}
	router.GET("/api/admin/bans", h.bans)
	router.POST("/api/admin/bans/lift", h.liftBar)
}

type userItem struct {
	ID          string     `json:"id"`
	Username    string     `json:"username"`
	Email       string     `json:"email"`
	Role        string     `json:"role"`
	Standing    string     `json:"standing"`
	Staff       string     `json:"staff_id,omitempty"`
	Patient     string     `json:"patient_id,omitempty"`
	Department  string     `json:"department_id,omitempty"`
	BannedUntil *time.Time `json:"banned_until,omitempty"`
	BanReason   string     `json:"ban_reason,omitempty"`
}

func (h handler) users(c *gin.Context) {
	limit, ok := pageOf(c)
	if !ok {
		return
	}
	users, next, err := h.admin.Users(c.Request.Context(), c.Query("after"), limit)
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]userItem, 0, len(users))
	for i := range users {
		items = append(items, newUserItem(&users[i]))
	}
	page(c, items, next)
}

// pageOf reads how many are asked for. It answers what is not understood.
func pageOf(c *gin.Context) (limit int, ok bool) {
	text := c.Query("limit")
	if text == "" {
		return usersPage, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxUsersPage {
		write(c, malformed(problem.Field{Location: "query.limit", Message: "expected a number from 1 to 200"}))
		return 0, false
	}
	return n, true
}

func page(c *gin.Context, items any, next string) {
	answer := gin.H{"items": items, "next": nil}
	if next != "" {
		answer["next"] = next
	}
	c.JSON(http.StatusOK, answer)
}

func newUserItem(u *admin.User) userItem {
	item := userItem{
		ID: u.ID, Username: u.Username, Email: u.Email, Role: u.Role, Standing: string(u.Standing),
		Staff: u.Staff, Patient: u.Patient, Department: u.Department, BanReason: u.BanReason,
	}
	if !u.BannedUntil.IsZero() {
		item.BannedUntil = &u.BannedUntil
	}
	return item
}

func (h handler) approve(c *gin.Context) {
	var staff, department string
	if !decodeForm(c, form{optional: texts{"staff_id": &staff, "department_id": &department}, empty: true}) {
		return
	}
	h.done(c, h.admin.Approve(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"), staff, department))
}

func (h handler) giveBadge(c *gin.Context) {
	var number string
	if decode(c, texts{"badge": &number}) {
		h.done(c, h.admin.GiveBadge(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"), number))
	}
}

func (h handler) ban(c *gin.Context) {
	var reason string
	var minutes int64
	if !decodeForm(c, form{required: texts{"reason": &reason}, numbers: map[string]*int64{"minutes": &minutes}}) {
		return
	}
	if minutes < 1 || minutes > int64(admin.MaxBan/time.Minute) {
		write(c, malformed(problem.Field{Location: "body.minutes", Message: "expected a whole number from 1 to 527040"}))
		return
	}
	if !admin.ValidReason(reason) {
		write(c, malformed(problem.Field{Location: "body.reason", Message: "expected 1 to 64 letters, digits, blanks and _.:-"}))
		return
	}
	life := time.Duration(minutes) * time.Minute
	h.done(c, h.admin.Ban(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"), life, reason))
}

func (h handler) unban(c *gin.Context) {
	h.done(c, h.admin.Unban(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
}

func (h handler) revokeUser(c *gin.Context) {
	h.done(c, h.admin.RevokeUser(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
}
