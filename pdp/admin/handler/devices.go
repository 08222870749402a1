package handler

import (
	"time"

	"github.com/gin-gonic/gin"
)

// devices serves what an account is known to log in from, and what its owner is told.
func (h handler) devices(router *gin.Engine) {
	router.GET("/api/me/notices", h.listNotices)
	router.GET("/api/me/devices", h.listDevices)
	router.POST("/api/me/devices/forget-others", h.forgetOthers)
	router.DELETE("/api/me/devices/:id", h.forgetDevice)
}

// A deviceItem is a known device as its owner sees it. What is not known of it is "".
type deviceItem struct {
	ID        string    `json:"id"`
	Current   bool      `json:"current"`
	OS        string    `json:"os"`
	Browser   string    `json:"browser"`
	FirstSeen time.Time `json:"first_seen_at"`
	LastSeen  time.Time `json:"last_seen_at"`
}

func (h handler) listDevices(c *gin.Context) {
	who := claims(c)
	devices, err := h.admin.Devices(c.Request.Context(), who.Subject, who.Session)
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]deviceItem, 0, len(devices))
	for _, d := range devices {
		items = append(items, deviceItem(d))
	}
	page(c, items, "")
}

// forgetDevice ends the session that asks, too, where it began on the device.
func (h handler) forgetDevice(c *gin.Context) {
	who := claims(c)
	left, err := h.admin.ForgetDevice(c.Request.Context(), client(c), who.Subject, who.Session, c.Param("id"))
	if left {
		h.left(c, err)
		return
	}
	h.done(c, err)
}

func (h handler) forgetOthers(c *gin.Context) {
	who := claims(c)
	h.done(c, h.admin.ForgetOtherDevices(c.Request.Context(), client(c), who.Subject, who.Session))
}
