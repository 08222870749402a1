package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
)

const (
	usersPage    = 50
	maxUsersPage = 200
)

// administration serves the management of users. The policy decided at the
// enforcement point that the caller may.
func (f face) administration(router *gin.Engine) {
	router.GET("/api/admin/users", f.users)
	router.POST("/api/admin/users/:id/approve", f.approve)
	router.POST("/api/admin/users/:id/ban", f.ban)
	router.POST("/api/admin/users/:id/unban", f.unban)
	router.POST("/api/admin/users/:id/revoke", f.revokeUser)
	router.GET("/api/admin/bans", f.bans)
	router.POST("/api/admin/bans/lift", f.liftBar)
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

func (f face) users(c *gin.Context) {
	limit, ok := pageOf(c)
	if !ok {
		return
	}
	users, next, err := f.admin.Users(c.Request.Context(), c.Query("after"), limit)
	if err != nil {
		f.fail(c, err)
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

func newUserItem(u *User) userItem {
	item := userItem{
		ID: u.ID, Username: u.Username, Email: u.Email, Role: u.Role, Standing: string(u.Standing),
		Staff: u.Staff, Patient: u.Patient, Department: u.Department, BanReason: u.BanReason,
	}
	if !u.BannedUntil.IsZero() {
		item.BannedUntil = &u.BannedUntil
	}
	return item
}

func (f face) approve(c *gin.Context) {
	var staff, department string
	if !decodeForm(c, form{optional: texts{"staff_id": &staff, "department_id": &department}, empty: true}) {
		return
	}
	f.done(c, f.admin.Approve(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"), staff, department))
}

func (f face) ban(c *gin.Context) {
	var reason string
	var minutes int64
	if !decodeForm(c, form{required: texts{"reason": &reason}, numbers: map[string]*int64{"minutes": &minutes}}) {
		return
	}
	if minutes < 1 || minutes > int64(maxBan/time.Minute) {
		write(c, malformed(problem.Field{Location: "body.minutes", Message: "expected a whole number from 1 to 527040"}))
		return
	}
	if !reasonForm.MatchString(reason) {
		write(c, malformed(problem.Field{Location: "body.reason", Message: "expected 1 to 64 letters, digits, blanks and _.:-"}))
		return
	}
	life := time.Duration(minutes) * time.Minute
	f.done(c, f.admin.Ban(c.Request.Context(), client(c), claims(c).Subject, c.Param("id"), life, reason))
}

func (f face) unban(c *gin.Context) {
	f.done(c, f.admin.Unban(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
}

func (f face) revokeUser(c *gin.Context) {
	f.done(c, f.admin.RevokeUser(c.Request.Context(), client(c), claims(c).Subject, c.Param("id")))
}
